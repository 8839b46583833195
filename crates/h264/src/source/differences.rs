//! Comparison of source samples with those of an earlier picture, many macroblocks at once.

use super::copies::SourceArea;
use crate::grid::SourceChange;
use crate::simd::{Instructions, SimdKernel};
use strikeline_picture::Plane;

/// Finds the columns of bytes in which any row differs: these become nonzero in `differences`. Stops early once each
/// macroblock, which is 16 columns, has a difference.
pub(crate) struct FindDifferences<'a> {
    pub(crate) samples: Plane<'a>,
    pub(crate) earlier: Plane<'a>,
    pub(crate) rows: usize,
    /// One byte per column.
    pub(crate) differences: &'a mut [u8],
}

impl SimdKernel for FindDifferences<'_> {
    #[inline(always)]
    fn run(self) {
        let length = self.differences.len();
        let pair = |row: usize| (self.samples.row(row, length), self.earlier.row(row, length));
        // Four rows at a time, so that the differences are read and written less often.
        let fours = self.rows / 4 * 4;
        for row in (0..fours).step_by(4) {
            if all_differ(self.differences) {
                return;
            }
            let [(a, b), (c, d), (e, f), (g, h)] = [pair(row), pair(row + 1), pair(row + 2), pair(row + 3)];
            for (index, difference) in self.differences.iter_mut().enumerate() {
                *difference |= (a[index] ^ b[index])
                    | (c[index] ^ d[index])
                    | (e[index] ^ f[index])
                    | (g[index] ^ h[index]);
            }
        }
        for row in fours..self.rows {
            let (samples, earlier) = pair(row);
            for ((difference, a), b) in self.differences.iter_mut().zip(samples).zip(earlier) {
                *difference |= a ^ b;
            }
        }
    }
}

/// Whether there is a difference in each 16 columns.
#[inline(always)]
fn all_differ(differences: &[u8]) -> bool {
    let (blocks, rest) = differences.as_chunks::<16>();
    blocks.iter().all(|block| u128::from_ne_bytes(*block) != 0)
        && (rest.is_empty() || rest.iter().any(|&difference| difference != 0))
}

/// Two areas of the same size that are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison<'a> {
    pub(super) area: SourceArea,
    /// Luma and chroma from the first sample of the area on.
    pub(super) samples: [Plane<'a>; 2],
    pub(super) earlier: [Plane<'a>; 2],
    pub(super) instructions: Instructions,
}

impl Comparison<'_> {
    /// Compares. Reports for each macroblock of the area whether anything differs. `differences` has a byte per column of
    /// the picture.
    pub(super) fn run(self, differences: &mut [u8], mut report: impl FnMut(usize, bool)) {
        let Comparison { area, samples, earlier, instructions } = self;
        let differences = &mut differences[..area.right - area.left];
        differences.fill(0);
        let rows = area.bottom - area.top;
        for ((samples, earlier), rows) in samples.into_iter().zip(earlier).zip([rows, rows / 2]) {
            instructions.run(FindDifferences { samples, earlier, rows, differences });
        }
        for (index, block) in differences.chunks(16).enumerate() {
            let differs = match block.as_array::<16>() {
                Some(block) => u128::from_ne_bytes(*block) != 0,
                None => block.iter().any(|&difference| difference != 0),
            };
            report(index, differs);
        }
    }
}

/// Calls `body` with each run of changes from `first` on for which `belongs` holds, and the index of its first.
pub(super) fn for_runs(
    changes: &mut [SourceChange],
    mut first: usize,
    belongs: impl Fn(SourceChange) -> bool,
    mut body: impl FnMut(usize, &mut [SourceChange]),
) {
    while let Some(skipped) = changes[first..].iter().position(|&change| belongs(change)) {
        first += skipped;
        let length = changes[first..].iter().take_while(|&&change| belongs(change)).count();
        body(first, &mut changes[first..first + length]);
        first += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Instructions;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_macroblock_differs_if_any_sample_of_it_does(
            width in 1usize..70,
            rows in 1usize..17,
            changed in prop::collection::vec((0usize..70, 0usize..17), 0..12),
        ) {
            let (samples, mut earlier) = (vec![7; width * rows], vec![7; width * rows]);
            let mut expected = vec![false; width.div_ceil(16)];
            for (x, y) in changed.into_iter().filter(|(x, y)| *x < width && *y < rows) {
                earlier[y * width + x] = 8;
                expected[x / 16] = true;
            }
            for instructions in [Instructions::Baseline, Instructions::detect()] {
                let mut differences = vec![0; width];
                instructions.run(FindDifferences {
                    samples: Plane { data: &samples, stride: width },
                    earlier: Plane { data: &earlier, stride: width },
                    rows,
                    differences: &mut differences,
                });
                let found: Vec<bool> =
                    differences.chunks(16).map(|block| block.iter().any(|&difference| difference != 0)).collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
