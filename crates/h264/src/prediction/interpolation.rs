//! Samples between those of a reference picture (ITU-T H.264, 8.4.2.2.1 and 8.4.2.2.2), in loops that the compiler turns
//! into vector code.

use super::inter::OUT_STRIDE;
use crate::simd::SimdKernel;
use strikeline_picture::Plane;

/// Rows of filtered samples that a block of 16 rows needs for the samples j.
const ROWS_OF_J: usize = 16 + 5;

/// Interpolates a luma block of `WIDTH` columns (8.4.2.2.1).
pub(crate) struct InterpolateLuma<'a, const WIDTH: usize> {
    /// Of the reference, from two columns and two rows before the block on.
    pub(crate) samples: Plane<'a>,
    /// Quarters of a sample to the right and down, not both 0.
    pub(crate) fraction: (usize, usize),
    /// Rows, at most 16.
    pub(crate) height: usize,
    pub(crate) out: &'a mut [u8],
}

impl<const WIDTH: usize> SimdKernel for InterpolateLuma<'_, WIDTH> {
    #[inline(always)]
    fn run(self) {
        let InterpolateLuma { samples, fraction: (right, below), height, out } = self;
        let from = Window::<WIDTH> { samples };
        // Figure 8-4 and equations 8-241 to 8-261: b is half a sample to the right of G, h below it, j both; m and s
        // are the h and b of the next sample. Quarter positions average the two nearest of these.
        let (next_column, next_row) = (usize::from(right == 3), usize::from(below == 3));
        // Not a function that takes a closure: closures are not compiled for the instructions of the kernel.
        macro_rules! write_rows {
            ($y:ident => $row:expr) => {
                for $y in 0..height {
                    if let Some(out) = out[$y * OUT_STRIDE..].first_chunk_mut::<WIDTH>() {
                        *out = $row;
                    }
                }
            };
        }
        match (right, below) {
            (2, 0) => write_rows!(y => from.b(y)),
            (_, 0) => write_rows!(y => mean(from.b(y), from.g(y, next_column))),
            (0, 2) => write_rows!(y => from.h(y, 0)),
            (0, _) => write_rows!(y => mean(from.h(y, 0), from.g(y + next_row, 0))),
            (2, _) | (_, 2) => {
                let mut sums = [[0; WIDTH]; ROWS_OF_J];
                for (row, sums) in sums.iter_mut().enumerate().take(height + 5) {
                    *sums = from.row_sum(row);
                }
                match (right, below) {
                    (2, 2) => write_rows!(y => j(&sums, y)),
                    (2, _) => {
                        write_rows!(y => mean(j(&sums, y), rounded(&sums[(y + next_row + 2) % ROWS_OF_J])))
                    }
                    _ => write_rows!(y => mean(j(&sums, y), from.h(y, next_column))),
                }
            }
            _ => write_rows!(y => mean(from.b(y + next_row), from.h(y, next_column))),
        }
    }
}

/// The reference around a block.
#[derive(Clone, Copy)]
struct Window<'a, const WIDTH: usize> {
    samples: Plane<'a>,
}

impl<'a, const WIDTH: usize> Window<'a, WIDTH> {
    /// Samples of a row, both counted from the first sample of the window.
    #[inline(always)]
    fn at(&self, column: usize, row: usize) -> &'a [u8; WIDTH] {
        self.samples.data[row * self.samples.stride + column..].first_chunk().unwrap_or(&[0; WIDTH])
    }

    /// The samples G of row `y`, from column `right` on.
    #[inline(always)]
    fn g(&self, y: usize, right: usize) -> [u8; WIDTH] {
        *self.at(2 + right, y + 2)
    }

    /// The sums b1 of row `row` of the window.
    #[inline(always)]
    fn row_sum(&self, row: usize) -> [i16; WIDTH] {
        let at = |tap| self.at(tap, row);
        six_taps([at(0), at(1), at(2), at(3), at(4), at(5)])
    }

    /// The samples b of row `y`.
    #[inline(always)]
    fn b(&self, y: usize) -> [u8; WIDTH] {
        rounded(&self.row_sum(y + 2))
    }

    /// The samples h of row `y`, from column `right` on.
    #[inline(always)]
    fn h(&self, y: usize, right: usize) -> [u8; WIDTH] {
        let at = |tap| self.at(2 + right, y + tap);
        rounded(&six_taps([at(0), at(1), at(2), at(3), at(4), at(5)]))
    }
}

/// Equations 8-241 and 8-242: at least −2550 and at most 10710.
#[inline(always)]
fn six_taps<const WIDTH: usize>(taps: [&[u8; WIDTH]; 6]) -> [i16; WIDTH] {
    let [a, b, c, d, e, f] = taps;
    let mut sums = [0; WIDTH];
    for x in 0..WIDTH {
        let s = |row: &[u8; WIDTH]| i16::from(row[x]);
        sums[x] = s(a) + s(f) - 5 * (s(b) + s(e)) + 20 * (s(c) + s(d));
    }
    sums
}

/// Equations 8-243 and 8-244.
#[inline(always)]
fn rounded<const WIDTH: usize>(sums: &[i16; WIDTH]) -> [u8; WIDTH] {
    let mut out = [0; WIDTH];
    for x in 0..WIDTH {
        out[x] = ((sums[x] + 16) >> 5).clamp(0, 255) as u8;
    }
    out
}

/// The samples j of row `y` (equations 8-245 to 8-247).
///
/// With a, b and c the sums of the outer, middle and inner two, (a − 5b + 20c + 512) >> 10 equals
/// ((((a − b) >> 2) − b + c) >> 2) + c + 32) >> 6, as shifts round down each time. 16 bits hold all of it except where the
/// result is clipped anyway, and there saturation keeps the sign and more than 255.
#[inline(always)]
fn j<const WIDTH: usize>(sums: &[[i16; WIDTH]; ROWS_OF_J], y: usize) -> [u8; WIDTH] {
    let mut out = [0; WIDTH];
    let Some([r0, r1, r2, r3, r4, r5]) = sums.get(y..).and_then(|rows| rows.first_chunk()) else {
        return out;
    };
    for x in 0..WIDTH {
        let (a, b, c) = (r0[x] + r5[x], r1[x] + r4[x], r2[x] + r3[x]);
        let inner = ((a - b) >> 2).saturating_sub(b).saturating_add(c) >> 2;
        out[x] = ((inner + c + 32) >> 6).clamp(0, 255) as u8;
    }
    out
}

#[inline(always)]
pub(super) fn mean<const WIDTH: usize>(one: [u8; WIDTH], other: [u8; WIDTH]) -> [u8; WIDTH] {
    let mut out = [0; WIDTH];
    for x in 0..WIDTH {
        out[x] = ((u16::from(one[x]) + u16::from(other[x]) + 1) >> 1) as u8;
    }
    out
}

/// Interpolates a block of interleaved chroma samples, `BYTES` bytes wide (8.4.2.2.2).
pub(crate) struct InterpolateChroma<'a, const BYTES: usize> {
    /// Of the reference, from the first pair of the block on.
    pub(crate) samples: Plane<'a>,
    /// Eighths of a sample to the right and down.
    pub(crate) fraction: (u16, u16),
    pub(crate) height: usize,
    pub(crate) out: &'a mut [u8],
}

impl<const BYTES: usize> SimdKernel for InterpolateChroma<'_, BYTES> {
    #[inline(always)]
    fn run(self) {
        let InterpolateChroma { samples: Plane { data, stride }, fraction: (right, below), height, out } =
            self;
        // Equation 8-270.
        let weights = [(8 - right) * (8 - below), right * (8 - below), (8 - right) * below, right * below];
        for y in 0..height {
            let at = y * stride;
            let taps = [
                bytes_at::<BYTES>(data, at),
                bytes_at(data, at + 2),
                bytes_at(data, at + stride),
                bytes_at(data, at + stride + 2),
            ];
            if let Some(out) = out[y * OUT_STRIDE..].first_chunk_mut::<BYTES>() {
                *out = weighted(taps, weights);
            }
        }
    }
}

#[inline(always)]
fn bytes_at<const BYTES: usize>(data: &[u8], at: usize) -> &[u8; BYTES] {
    data[at..].first_chunk().unwrap_or(&[0; BYTES])
}

#[inline(always)]
fn weighted<const BYTES: usize>(taps: [&[u8; BYTES]; 4], weights: [u16; 4]) -> [u8; BYTES] {
    let mut out = [0; BYTES];
    for x in 0..BYTES {
        let sum = weights[0] * u16::from(taps[0][x])
            + weights[1] * u16::from(taps[1][x])
            + weights[2] * u16::from(taps[2][x])
            + weights[3] * u16::from(taps[3][x]);
        out[x] = ((sum + 32) >> 6) as u8;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Instructions;
    use proptest::prelude::*;

    const STRIDE: usize = 40;

    /// 8.4.2.2.1 as it is written there, for one sample; G is at (2, 2) of the window.
    fn luma_sample(samples: &[u8], x: usize, y: usize, fraction: (usize, usize)) -> u8 {
        let at = |x: i32, y: i32| i32::from(samples[(y + 2) as usize * STRIDE + (x + 2) as usize]);
        let taps = |s: [i32; 6]| s[0] - 5 * s[1] + 20 * s[2] + 20 * s[3] - 5 * s[4] + s[5];
        let (x, y) = (x as i32, y as i32);
        let b1 = |x: i32, y: i32| taps(std::array::from_fn(|tap| at(x + tap as i32 - 2, y)));
        let h1 = |x: i32, y: i32| taps(std::array::from_fn(|tap| at(x, y + tap as i32 - 2)));
        let clip = |value: i32, shift: i32| ((value + (1 << (shift - 1))) >> shift).clamp(0, 255);
        let (b, h, m, s) =
            (clip(b1(x, y), 5), clip(h1(x, y), 5), clip(h1(x + 1, y), 5), clip(b1(x, y + 1), 5));
        let j = clip(taps(std::array::from_fn(|tap| b1(x, y + tap as i32 - 2))), 10);
        let mean = |one: i32, other: i32| (one + other + 1) >> 1;
        let value = match fraction {
            (1, 0) => mean(at(x, y), b),
            (2, 0) => b,
            (3, 0) => mean(b, at(x + 1, y)),
            (0, 1) => mean(at(x, y), h),
            (0, 2) => h,
            (0, 3) => mean(h, at(x, y + 1)),
            (1, 1) => mean(b, h),
            (2, 1) => mean(b, j),
            (3, 1) => mean(b, m),
            (1, 2) => mean(h, j),
            (2, 2) => j,
            (3, 2) => mean(j, m),
            (1, 3) => mean(h, s),
            (2, 3) => mean(j, s),
            _ => mean(s, m),
        };
        value as u8
    }

    /// `interpolate`: of a block of `WIDTH` columns.
    fn check<const WIDTH: usize>(
        samples: &[u8],
        fraction: (usize, usize),
        height: usize,
        interpolate: impl Fn(Instructions, &mut [u8]),
    ) {
        for instructions in [Instructions::Baseline, Instructions::detect()] {
            let mut out = [0; 256];
            interpolate(instructions, &mut out);
            for (y, row) in out.as_chunks::<16>().0.iter().enumerate().take(height) {
                for (x, &sample) in row[..WIDTH].iter().enumerate() {
                    assert_eq!(sample, luma_sample(samples, x, y, fraction), "{fraction:?} at ({x}, {y})");
                }
            }
        }
    }

    fn check_all(samples: &[u8]) {
        for fraction in (1..16).map(|index| (index % 4, index / 4)) {
            let plane = Plane { data: samples, stride: STRIDE };
            for height in [16, 8] {
                check::<16>(samples, fraction, height, |instructions, out| {
                    instructions.interpolate_luma(InterpolateLuma { samples: plane, fraction, height, out });
                });
            }
            check::<8>(samples, fraction, 8, |instructions, out| {
                instructions.run(InterpolateLuma::<8> { samples: plane, fraction, height: 8, out });
            });
        }
    }

    #[test]
    fn the_most_extreme_samples_are_interpolated_as_the_standard_says() {
        // Sums of either sign beyond 16 bits: rows and columns of the filter's signs, in all combinations.
        for pattern in 0..64u32 {
            let signs = |index: usize| pattern >> (index % 6) & 1 == 1;
            let samples: Vec<u8> = (0..STRIDE * 24)
                .map(|index| if signs(index % STRIDE) != signs(index / STRIDE) { 255 } else { 0 })
                .collect();
            check_all(&samples);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn luma_is_interpolated_as_the_standard_says(
            samples in prop::collection::vec(prop_oneof![Just(0u8), Just(255u8), any::<u8>()], STRIDE * 24)
        ) {
            check_all(&samples);
        }

        #[test]
        fn chroma_is_interpolated_as_the_standard_says(
            samples in prop::collection::vec(any::<u8>(), STRIDE * 10),
            right in 0..8u16,
            below in 0..8u16,
        ) {
            for instructions in [Instructions::Baseline, Instructions::detect()] {
                let mut out = [0; 128];
                let plane = Plane { data: &samples, stride: STRIDE };
                instructions.interpolate_chroma(InterpolateChroma { samples: plane, fraction: (right, below), height: 8, out: &mut out });
                for (at, &sample) in out.iter().enumerate() {
                    let s = |x: usize, y: usize| u32::from(samples[(at / 16 + y) * STRIDE + at % 16 + x * 2]);
                    let (r, b) = (u32::from(right), u32::from(below));
                    let sum = (8 - r) * (8 - b) * s(0, 0) + r * (8 - b) * s(1, 0) + (8 - r) * b * s(0, 1) + r * b * s(1, 1);
                    prop_assert_eq!(u32::from(sample), (sum + 32) >> 6);
                }
            }
        }
    }
}
