//! Prediction from samples of the same picture (ITU-T H.264, 8.3).

use super::reference::PaddedSamples;
use crate::grid::{AvailableSides, MacroblockPosition};
use crate::simd::{Instructions, column, difference_of_16, pair_column};
use strikeline_picture::Plane;

/// Intra16x16PredMode (Table 8-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode16x16 {
    Vertical,
    Horizontal,
    Dc,
    Plane,
}

impl Mode16x16 {
    /// In the order in which they are tried.
    pub(crate) const ALL: [Mode16x16; 4] =
        [Mode16x16::Dc, Mode16x16::Vertical, Mode16x16::Horizontal, Mode16x16::Plane];
}

/// intra_chroma_pred_mode (Table 8-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChromaMode {
    Dc,
    Horizontal,
    Vertical,
    Plane,
}

impl ChromaMode {
    /// In the order in which they are tried.
    pub(crate) const ALL: [ChromaMode; 4] =
        [ChromaMode::Dc, ChromaMode::Vertical, ChromaMode::Horizontal, ChromaMode::Plane];
}

/// The samples around a 16×16 luma block.
#[derive(Debug)]
pub(crate) struct LumaEdges {
    sides: AvailableSides,
    left: [u8; 16],
    above: [u8; 16],
    corner: u8,
}

impl LumaEdges {
    /// The samples around the macroblock at `position` of the picture that is being coded.
    pub(crate) fn read(luma: &PaddedSamples, position: MacroblockPosition) -> LumaEdges {
        let (x, y, sides) = (position.x() as isize, position.y() as isize, position.sides());
        let mut edges = LumaEdges { sides, left: [0; 16], above: [0; 16], corner: 0 };
        if sides.left {
            edges.left = column(luma.at(x - 1, y), luma.stride());
        }
        if sides.above {
            edges.above = *luma.at(x, y - 1).first_chunk().unwrap_or(&[0; 16]);
        }
        if sides.left && sides.above {
            edges.corner = luma.at(x - 1, y - 1)[0];
        }
        edges
    }

    /// Whether all samples that the mode needs are available.
    pub(crate) fn allows(&self, mode: Mode16x16) -> bool {
        match mode {
            Mode16x16::Vertical => self.sides.above,
            Mode16x16::Horizontal => self.sides.left,
            Mode16x16::Dc => true,
            Mode16x16::Plane => self.sides.left && self.sides.above,
        }
    }

    /// Sums of absolute differences between 16 rows of the source and the first three modes of [`Mode16x16::ALL`].
    /// Those of modes that are not allowed are undefined.
    pub(crate) fn differences(&self, source: Plane<'_>, instructions: Instructions) -> [u32; 3] {
        instructions.luma_differences(source, self.dc(), &self.above, &self.left)
    }

    /// Predicts the 16×16 samples (8.3.3).
    pub(crate) fn predict(&self, mode: Mode16x16, out: &mut [u8; 256]) {
        let rows = out.as_chunks_mut::<16>().0;
        match mode {
            Mode16x16::Vertical => rows.fill(self.above),
            Mode16x16::Horizontal => rows.iter_mut().zip(self.left).for_each(|(row, left)| row.fill(left)),
            Mode16x16::Dc => rows.fill([self.dc(); 16]),
            Mode16x16::Plane => {
                let horizontal = (5 * slope(&self.above, self.corner) + 32) >> 6;
                let vertical = (5 * slope(&self.left, self.corner) + 32) >> 6;
                let base = 16 * (i32::from(self.left[15]) + i32::from(self.above[15])) + 16;
                // All sums are below 2^15.
                let mut sums: [i16; 16] =
                    std::array::from_fn(|x| (base - 7 * vertical + horizontal * (x as i32 - 7)) as i16);
                for row in rows {
                    *row = sums.map(|sum| (sum >> 5).clamp(0, 255) as u8);
                    sums.iter_mut().for_each(|sum| *sum += vertical as i16);
                }
            }
        }
    }

    fn dc(&self) -> u8 {
        let sum = |edge: &[u8; 16]| difference_of_16(edge, &[0; 16]);
        let dc = match (self.sides.left, self.sides.above) {
            (true, true) => (sum(&self.left) + sum(&self.above) + 16) >> 5,
            (true, false) => (sum(&self.left) + 8) >> 4,
            (false, true) => (sum(&self.above) + 8) >> 4,
            (false, false) => 128,
        };
        dc as u8
    }
}

/// H or V of 8.3.3.4 for one edge: how much higher its second half is than its first.
fn slope(edge: &[u8; 16], corner: u8) -> i32 {
    let nearer: i32 =
        (0..7).map(|i| (i as i32 + 1) * (i32::from(edge[8 + i]) - i32::from(edge[6 - i]))).sum();
    nearer + 8 * (i32::from(edge[15]) - i32::from(corner))
}

/// One pair four times, then another four times.
fn pairs(left: [u8; 2], right: [u8; 2]) -> [u8; 16] {
    let four = |pair| u128::from(u64::from(u16::from_le_bytes(pair)) * 0x0001_0001_0001_0001);
    (four(left) | four(right) << 64).to_le_bytes()
}

/// The samples around an 8×8 block of both chroma components, in pairs.
#[derive(Debug)]
pub(crate) struct ChromaEdges {
    sides: AvailableSides,
    left: [u8; 16],
    above: [u8; 16],
    corner: [u8; 2],
}

impl ChromaEdges {
    /// The samples around the macroblock at `position` of the picture that is being coded.
    pub(crate) fn read(chroma: &PaddedSamples, position: MacroblockPosition) -> ChromaEdges {
        let (x, y, sides) = (position.x() as isize, (position.y() / 2) as isize, position.sides());
        let mut edges = ChromaEdges { sides, left: [0; 16], above: [0; 16], corner: [0; 2] };
        if sides.left {
            edges.left = pair_column(chroma.at(x - 2, y), chroma.stride());
        }
        if sides.above {
            edges.above = *chroma.at(x, y - 1).first_chunk().unwrap_or(&[0; 16]);
        }
        if sides.left && sides.above {
            edges.corner = *chroma.at(x - 2, y - 1).first_chunk().unwrap_or(&[0; 2]);
        }
        edges
    }

    /// Whether all samples that the mode needs are available.
    pub(crate) fn allows(&self, mode: ChromaMode) -> bool {
        match mode {
            ChromaMode::Dc => true,
            ChromaMode::Horizontal => self.sides.left,
            ChromaMode::Vertical => self.sides.above,
            ChromaMode::Plane => self.sides.left && self.sides.above,
        }
    }

    /// Sums of absolute differences between 8 rows of the source and the first three modes of [`ChromaMode::ALL`].
    /// Those of modes that are not allowed are undefined.
    pub(crate) fn differences(&self, source: Plane<'_>, instructions: Instructions) -> [u32; 3] {
        instructions.chroma_differences(source, &self.dc(), &self.above, &self.left)
    }

    /// Predicts 8 rows of 8 interleaved pairs (8.3.4).
    pub(crate) fn predict(&self, mode: ChromaMode, out: &mut [u8; 128]) {
        let rows = out.as_chunks_mut::<16>().0;
        match mode {
            ChromaMode::Dc => {
                for (rows, dc) in rows.as_chunks_mut::<4>().0.iter_mut().zip(self.dc()) {
                    rows.fill(dc);
                }
            }
            ChromaMode::Horizontal => {
                for (row, &pair) in rows.iter_mut().zip(self.left.as_chunks::<2>().0) {
                    *row = pairs(pair, pair);
                }
            }
            ChromaMode::Vertical => rows.fill(self.above),
            ChromaMode::Plane => self.predict_plane(rows),
        }
    }

    /// 8.3.4.4.
    fn predict_plane(&self, rows: &mut [[u8; 16]]) {
        // Per component, of the sample at (0, 0), of a step to the right and of a step down.
        let planes: [[i32; 3]; 2] = std::array::from_fn(|part| {
            let at = |edge: &[u8; 16], index: isize| {
                i32::from(if index < 0 { self.corner[part] } else { edge[index as usize * 2 + part] })
            };
            let slope = |edge: &[u8; 16]| -> i32 {
                (0..4).map(|i| (i as i32 + 1) * (at(edge, 4 + i) - at(edge, 2 - i))).sum()
            };
            let horizontal = (34 * slope(&self.above) + 32) >> 6;
            let vertical = (34 * slope(&self.left) + 32) >> 6;
            let base = 16 * (at(&self.left, 7) + at(&self.above, 7)) + 16;
            [base - 3 * (horizontal + vertical), horizontal, vertical]
        });
        // All sums are below 2^15.
        let mut sums: [i16; 16] =
            std::array::from_fn(|x| (planes[x % 2][0] + planes[x % 2][1] * (x as i32 / 2)) as i16);
        let steps: [i16; 16] = std::array::from_fn(|x| planes[x % 2][2] as i16);
        for row in rows {
            *row = sums.map(|sum| (sum >> 5).clamp(0, 255) as u8);
            sums.iter_mut().zip(steps).for_each(|(sum, step)| *sum += step);
        }
    }

    /// Rows of the upper and of the lower two blocks. Each 4×4 block has its own order of preference (8.3.4.1 to
    /// 8.3.4.3): the two on the diagonal take both edges, the upper right one prefers the one above, the lower left one
    /// the one to the left.
    fn dc(&self) -> [[u8; 16]; 2] {
        // Per half of an edge, of Cb and Cr.
        let sums = |edge: &[u8; 16]| {
            [0, 1].map(|half: usize| {
                const EVERY_OTHER: u64 = 0x00FF_00FF_00FF_00FF;
                let four = u64::from_le_bytes(edge.as_chunks().0[half]);
                // The highest word of the product is the sum of all words.
                [four & EVERY_OTHER, four >> 8 & EVERY_OTHER]
                    .map(|words| (words.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u32)
            })
        };
        let (above, left) = (sums(&self.above), sums(&self.left));
        let one = |[cb, cr]: [u32; 2]| [((cb + 2) >> 2) as u8, ((cr + 2) >> 2) as u8];
        let both = |above: [u32; 2], left: [u32; 2]| {
            [0, 1].map(|part: usize| ((above[part] + left[part] + 4) >> 3) as u8)
        };
        match (self.sides.above, self.sides.left) {
            (true, true) => {
                [pairs(both(above[0], left[0]), one(above[1])), pairs(one(left[1]), both(above[1], left[1]))]
            }
            (true, false) => [pairs(one(above[0]), one(above[1])); 2],
            (false, true) => left.map(|left| pairs(one(left), one(left))),
            (false, false) => [[128; 16]; 2],
        }
    }
}
