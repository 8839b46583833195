//! The comparison of sources. The standard leaves open how an encoder finds what has changed.

use crate::simd::Work;

/// Collects per column where any row differs; ends once every macroblock's width of columns holds a difference.
pub(crate) struct FindDifferences<'a> {
    pub(crate) samples: &'a [u8],
    pub(crate) stride: usize,
    pub(crate) earlier: &'a [u8],
    pub(crate) earlier_stride: usize,
    pub(crate) rows: usize,
    pub(crate) differences: &'a mut [u8],
}

impl Work for FindDifferences<'_> {
    #[inline(always)]
    fn run(self) {
        let length = self.differences.len();
        let pair = |row: usize| {
            let samples = &self.samples[row * self.stride..][..length];
            (samples, &self.earlier[row * self.earlier_stride..][..length])
        };
        // Four rows at a time, so that what was found so far is read and written less often.
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
                    samples: &samples,
                    stride: width,
                    earlier: &earlier,
                    earlier_stride: width,
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
