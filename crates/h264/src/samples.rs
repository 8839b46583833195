//! The samples of one macroblock.

use crate::simd::copy;
use crate::simd::{Instructions, difference_sum};
use strikeline_picture::Plane;

/// The samples of a macroblock within a picture: 16 rows of luma and 8 rows of interleaved chroma, of 16 bytes each,
/// from the start of each plane on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MacroblockSamples<'a> {
    pub(crate) luma: Plane<'a>,
    pub(crate) chroma: Plane<'a>,
}

impl MacroblockSamples<'_> {
    /// Sum of absolute differences of luma and chroma.
    #[inline(always)]
    pub(crate) fn difference(self, other: MacroblockSamples<'_>) -> u32 {
        difference_sum(self.luma, other.luma, 16) + difference_sum(self.chroma, other.chroma, 8)
    }

    /// The same of luma, and of chroma.
    #[inline(always)]
    pub(crate) fn differences(self, other: MacroblockSamples<'_>, instructions: Instructions) -> [u32; 2] {
        [
            instructions.difference_sum::<16>(self.luma, other.luma),
            instructions.difference_sum::<8>(self.chroma, other.chroma),
        ]
    }

    /// Difference between the largest and the smallest luma sample.
    pub(crate) fn luma_range(self) -> u8 {
        let (mut least, mut most) = ([u8::MAX; 16], [0; 16]);
        for row in self.luma.data.chunks(self.luma.stride).take(16) {
            for ((least, most), &sample) in least.iter_mut().zip(&mut most).zip(row) {
                *least = sample.min(*least);
                *most = sample.max(*most);
            }
        }
        let least = least.into_iter().min().unwrap_or(0);
        most.into_iter().max().unwrap_or(0).saturating_sub(least)
    }

    /// Sum of squared differences of luma and chroma.
    #[inline(always)]
    pub(crate) fn squared_error(self, other: MacroblockSamples<'_>, instructions: Instructions) -> u32 {
        instructions.squared_error::<16>(self.luma, other.luma)
            + instructions.squared_error::<8>(self.chroma, other.chroma)
    }
}

/// Memory for the samples of a macroblock: 16 rows of luma and 8 rows of interleaved chroma, of 16 bytes each. Holds a
/// prediction, then the reconstruction; or a source that reaches beyond the picture.
#[derive(Debug, Clone)]
pub(crate) struct MacroblockBuffer {
    pub(crate) luma: [u8; 256],
    pub(crate) chroma: [u8; 128],
}

impl MacroblockBuffer {
    pub(crate) const EMPTY: MacroblockBuffer = MacroblockBuffer { luma: [0; 256], chroma: [0; 128] };

    /// Copies samples into it.
    pub(crate) fn read(&mut self, samples: MacroblockSamples<'_>) {
        copy(samples.luma, &mut self.luma, 16, 16);
        copy(samples.chroma, &mut self.chroma, 16, 8);
    }

    pub(crate) fn samples(&self) -> MacroblockSamples<'_> {
        MacroblockSamples {
            luma: Plane { data: &self.luma, stride: 16 },
            chroma: Plane { data: &self.chroma, stride: 16 },
        }
    }

    /// The samples of luma, then Cb, then Cr, each in raster order, as I_PCM has them (ITU-T H.264, 7.3.5).
    pub(crate) fn planar(&self) -> [u8; 384] {
        std::array::from_fn(|index| match index {
            0..256 => self.luma[index],
            _ => self.chroma[index % 64 * 2 + (index - 256) / 64],
        })
    }
}
