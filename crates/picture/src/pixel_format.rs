//! How luma and chroma samples lie in memory.

use crate::{Picture, PictureSize};

/// How fine chroma is, compared with luma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChromaFormat {
    /// 4:2:0: half as many columns, and half as many rows. Left-sited (ITU-T H.264, Annex E, `chroma_sample_loc_type` 0).
    Yuv420,
    /// 4:2:2: half as many columns, which lie on every other column of luma.
    Yuv422,
    /// 4:4:4: as fine as luma.
    Yuv444,
}

impl ChromaFormat {
    /// How many columns and rows of luma there are for one of chroma.
    pub const fn divisors(self) -> (u32, u32) {
        match self {
            ChromaFormat::Yuv420 => (2, 2),
            ChromaFormat::Yuv422 => (2, 1),
            ChromaFormat::Yuv444 => (1, 1),
        }
    }
}

/// Bits of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BitDepth {
    /// In a byte. Limited range: luma from 16 to 235, chroma from 16 to 240.
    Eight,
    /// In two bytes, little-endian. In memory they hold 16 bits, of which the upper 10 are wanted when they have been rounded:
    /// 256 times the values of 8 bits.
    Ten,
}

impl BitDepth {
    /// Bytes of a sample in memory.
    pub const fn bytes(self) -> u32 {
        match self {
            BitDepth::Eight => 1,
            BitDepth::Ten => 2,
        }
    }

    /// How many there are.
    pub const fn bits(self) -> u32 {
        match self {
            BitDepth::Eight => 8,
            BitDepth::Ten => 10,
        }
    }
}

/// How the samples of a [`Picture`] lie in its two planes: luma, and interleaved chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PixelFormat {
    /// How fine chroma is.
    pub chroma: ChromaFormat,
    /// Bits of each sample.
    pub depth: BitDepth,
}

impl Default for PixelFormat {
    fn default() -> PixelFormat {
        PixelFormat::NV12
    }
}

impl PixelFormat {
    /// 4:2:0, 8 bits: what nearly all videos have.
    pub const NV12: PixelFormat = PixelFormat::new(ChromaFormat::Yuv420, BitDepth::Eight);
    /// 4:2:2, 8 bits.
    pub const NV16: PixelFormat = PixelFormat::new(ChromaFormat::Yuv422, BitDepth::Eight);
    /// 4:4:4, 8 bits.
    pub const NV24: PixelFormat = PixelFormat::new(ChromaFormat::Yuv444, BitDepth::Eight);
    /// 4:2:0, 10 bits.
    pub const P010: PixelFormat = PixelFormat::new(ChromaFormat::Yuv420, BitDepth::Ten);
    /// 4:2:2, 10 bits.
    pub const P210: PixelFormat = PixelFormat::new(ChromaFormat::Yuv422, BitDepth::Ten);
    /// 4:4:4, 10 bits.
    pub const P410: PixelFormat = PixelFormat::new(ChromaFormat::Yuv444, BitDepth::Ten);

    /// All of them.
    pub const ALL: [PixelFormat; 6] = [
        PixelFormat::NV12,
        PixelFormat::NV16,
        PixelFormat::NV24,
        PixelFormat::P010,
        PixelFormat::P210,
        PixelFormat::P410,
    ];

    const fn new(chroma: ChromaFormat, depth: BitDepth) -> PixelFormat {
        PixelFormat { chroma, depth }
    }

    /// Its name, as it is usual for three planes: `yuv420p`, or with 10 bits `yuv420p10`.
    pub const fn name(self) -> &'static str {
        match (self.chroma, self.depth) {
            (ChromaFormat::Yuv420, BitDepth::Eight) => "yuv420p",
            (ChromaFormat::Yuv422, BitDepth::Eight) => "yuv422p",
            (ChromaFormat::Yuv444, BitDepth::Eight) => "yuv444p",
            (ChromaFormat::Yuv420, BitDepth::Ten) => "yuv420p10",
            (ChromaFormat::Yuv422, BitDepth::Ten) => "yuv422p10",
            (ChromaFormat::Yuv444, BitDepth::Ten) => "yuv444p10",
        }
    }

    /// Bytes of a row of luma, without padding.
    pub const fn luma_row_bytes(self, size: PictureSize) -> u32 {
        size.width() * self.depth.bytes()
    }

    /// Bytes of a row of chroma, which has a Cb and a Cr for each place, without padding.
    pub const fn chroma_row_bytes(self, size: PictureSize) -> u32 {
        size.width() / self.chroma.divisors().0 * 2 * self.depth.bytes()
    }

    /// Rows of chroma.
    pub const fn chroma_rows(self, size: PictureSize) -> u32 {
        size.height() / self.chroma.divisors().1
    }

    /// Bytes of the samples for `pixels` pixels, of which there is an even number each way.
    pub const fn bytes_of(self, pixels: u64) -> u64 {
        let (columns, rows) = self.chroma.divisors();
        (pixels + pixels * 2 / (columns * rows) as u64) * self.depth.bytes() as u64
    }
}

impl Picture<'_> {
    /// Appends the planes one after the other to `out`, without padding: luma, Cb, Cr. Samples of 10 bits are rounded to the
    /// nearest value, and lie in the lower bits of two bytes, little-endian.
    pub fn append_planar(&self, out: &mut Vec<u8>) {
        let Picture { size, format, luma, chroma } = self;
        let (luma_row, chroma_row) =
            (format.luma_row_bytes(*size) as usize, format.chroma_row_bytes(*size) as usize);
        let chroma_rows = format.chroma_rows(*size) as usize;
        out.reserve(format.bytes_of(u64::from(size.width()) * u64::from(size.height())) as usize);
        for y in 0..size.height() as usize {
            let row = luma.row(y, luma_row);
            match format.depth {
                BitDepth::Eight => out.extend_from_slice(row),
                BitDepth::Ten => {
                    out.extend(row.as_chunks::<2>().0.iter().flat_map(|&sample| of_ten_bits(sample)))
                }
            }
        }
        for component in 0..2 {
            for y in 0..chroma_rows {
                let row = chroma.row(y, chroma_row);
                match format.depth {
                    BitDepth::Eight => out.extend(row.as_chunks::<2>().0.iter().map(|pair| pair[component])),
                    BitDepth::Ten => out.extend(row.as_chunks::<4>().0.iter().flat_map(|pair| {
                        let [a, b, c, d] = *pair;
                        of_ten_bits(if component == 0 { [a, b] } else { [c, d] })
                    })),
                }
            }
        }
    }
}

/// The nearest value of 10 bits to one of 16.
fn of_ten_bits(sample: [u8; 2]) -> [u8; 2] {
    let sample = u32::from(u16::from_le_bytes(sample));
    (((sample + 32) >> 6).min(1023) as u16).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plane;

    #[test]
    fn formats_have_as_many_bytes_as_their_planes() {
        let size = PictureSize::new(64, 66).unwrap();
        for (format, bytes) in [
            (PixelFormat::NV12, 64 * 66 * 3 / 2),
            (PixelFormat::NV16, 64 * 66 * 2),
            (PixelFormat::NV24, 64 * 66 * 3),
            (PixelFormat::P010, 64 * 66 * 3),
            (PixelFormat::P210, 64 * 66 * 4),
            (PixelFormat::P410, 64 * 66 * 6),
        ] {
            assert_eq!(format.bytes_of(64 * 66), bytes, "{}", format.name());
            let planes = format.luma_row_bytes(size) * size.height()
                + format.chroma_row_bytes(size) * format.chroma_rows(size);
            assert_eq!(u64::from(planes), bytes, "{}", format.name());
        }
    }

    #[test]
    fn planes_are_taken_apart_and_ten_bits_are_rounded() {
        let size = PictureSize::new(64, 64).unwrap();
        for format in PixelFormat::ALL {
            let (row, chroma_row) =
                (format.luma_row_bytes(size) as usize, format.chroma_row_bytes(size) as usize);
            let stride = row.max(chroma_row) + 12;
            // Luma 100, Cb 50, Cr 70 on the scale of 8 bits, a little more in 16.
            let fill = |values: [u8; 2]| {
                let samples = values.map(|value| u16::from(value) * 256 + 31);
                let bytes = samples.map(u16::to_le_bytes).concat();
                let cell = if format.depth == BitDepth::Ten { bytes } else { values.to_vec() };
                cell.iter().copied().cycle().take(stride * 64).collect::<Vec<_>>()
            };
            let (luma, chroma) = (fill([100, 100]), fill([50, 70]));
            let luma = Plane { data: &luma, stride: stride.next_multiple_of(4) };
            let chroma = Plane { data: &chroma, stride: stride.next_multiple_of(4) };
            let mut out = Vec::new();
            Picture { size, format, luma, chroma }.append_planar(&mut out);
            assert_eq!(out.len() as u64, format.bytes_of(64 * 64));
            let samples: Vec<u16> = match format.depth {
                BitDepth::Eight => out.iter().map(|&byte| u16::from(byte) * 4).collect(),
                BitDepth::Ten => {
                    out.as_chunks::<2>().0.iter().map(|&bytes| u16::from_le_bytes(bytes)).collect()
                }
            };
            let chroma_samples = (samples.len() - 64 * 64) / 2;
            let (luma, rest) = samples.split_at(64 * 64);
            let (cb, cr) = rest.split_at(chroma_samples);
            assert!(luma.iter().all(|&sample| sample == 400), "{}", format.name());
            assert!(cb.iter().all(|&sample| sample == 200) && cr.iter().all(|&sample| sample == 280));
        }
        assert_eq!(of_ten_bits(31_u16.to_le_bytes()), [0, 0]);
        assert_eq!(of_ten_bits(32_u16.to_le_bytes()), [1, 0]);
        assert_eq!(of_ten_bits([255, 255]), 1023_u16.to_le_bytes());
    }
}
