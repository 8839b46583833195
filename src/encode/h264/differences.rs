//! The comparison of sources. The standard leaves open how an encoder finds what has changed.

use super::simd::Work;

/// Collects per column where any row differs; ends once every macroblock's width of columns holds a difference.
pub(super) struct FindDifferences<'a> {
    pub(super) samples: &'a [u8],
    pub(super) stride: usize,
    pub(super) earlier: &'a [u8],
    pub(super) earlier_stride: usize,
    pub(super) rows: usize,
    pub(super) differences: &'a mut [u8],
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
