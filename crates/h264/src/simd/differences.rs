//! Sums of absolute and of squared differences of whole macroblocks.

#[cfg(any(test, not(target_arch = "x86_64")))]
use super::primitives::{difference_of_16, half_differences_portable};
use super::{Instructions, difference_sum};
#[cfg(target_arch = "x86_64")]
use super::{avx2_differences, sse2};

use strikeline_picture::Plane;

impl Instructions {
    /// Sum of absolute differences over `ROWS` rows of 16 bytes.
    #[inline(always)]
    pub(crate) fn difference_sum<const ROWS: usize>(self, a: Plane<'_>, b: Plane<'_>) -> u32 {
        match self {
            Instructions::Baseline => difference_sum(a, b, ROWS),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe {
                avx2_differences::difference_sum::<ROWS>(a.data, a.stride, b.data, b.stride)
            },
        }
    }

    /// Sum of squared differences over `ROWS` rows of 16 bytes.
    #[inline(always)]
    pub(crate) fn squared_error<const ROWS: usize>(self, a: Plane<'_>, b: Plane<'_>) -> u32 {
        let Plane { data: a, stride: a_stride } = a;
        let Plane { data: b, stride: b_stride } = b;
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { sse2::squared_error(a, a_stride, b, b_stride, ROWS) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => squared_error_portable(a, a_stride, b, b_stride, ROWS),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe {
                avx2_differences::squared_error::<ROWS>(a, a_stride, b, b_stride)
            },
        }
    }

    /// Sums of absolute differences between 16 rows of 16 bytes and three predictions: the byte `flat` everywhere, the
    /// row `above` in each row, and the column `left` in each column.
    #[inline(always)]
    pub(crate) fn luma_differences(
        self,
        source: Plane<'_>,
        flat: u8,
        above: &[u8; 16],
        left: &[u8; 16],
    ) -> [u32; 3] {
        let Plane { data: source, stride } = source;
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { sse2::luma_differences(source, stride, flat, above, left) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => luma_differences_portable(source, stride, flat, above, left),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe {
                avx2_differences::luma_differences(source, stride, flat, above, left)
            },
        }
    }

    /// The same for 8 rows of 8 pairs. `flat`: a row for the first four rows, and one for the last four.
    #[inline(always)]
    pub(crate) fn chroma_differences(
        self,
        source: Plane<'_>,
        flat: &[[u8; 16]; 2],
        above: &[u8; 16],
        left: &[u8; 16],
    ) -> [u32; 3] {
        let Plane { data: source, stride } = source;
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { sse2::chroma_differences(source, stride, flat, above, left) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => chroma_differences_portable(source, stride, flat, above, left),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe {
                avx2_differences::chroma_differences(source, stride, flat, above, left)
            },
        }
    }

    /// Sums of absolute differences of the four quarters of `ROWS` rows of 16 bytes.
    #[inline(always)]
    pub(crate) fn quarter_differences<const ROWS: usize>(self, a: Plane<'_>, b: Plane<'_>) -> [u32; 4] {
        let Plane { data: a, stride: a_stride } = a;
        let Plane { data: b, stride: b_stride } = b;
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { sse2::quarter_differences::<ROWS>(a, a_stride, b, b_stride) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => quarter_differences_portable(a, a_stride, b, b_stride, ROWS),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe {
                avx2_differences::quarter_differences::<ROWS>(a, a_stride, b, b_stride)
            },
        }
    }

    /// The same of 16 rows, for the blocks one sample above, below, to the left and to the right of a block. `b` begins one
    /// row and one column before that block.
    #[inline(always)]
    pub(crate) fn differences_around(self, a: Plane<'_>, b: Plane<'_>) -> [[u32; 4]; 4] {
        match self {
            Instructions::Baseline => AROUND.map(|(x, y)| {
                let b = Plane { data: &b.data[y * b.stride + x..], stride: b.stride };
                self.quarter_differences::<16>(a, b)
            }),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2_differences::differences_around(a, b) },
        }
    }
}

/// Columns and rows of the four blocks of [`Instructions::differences_around`].
pub(super) const AROUND: [(usize, usize); 4] = [(1, 0), (1, 2), (0, 1), (2, 1)];

#[cfg(any(test, not(target_arch = "x86_64")))]
fn squared_error_portable(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> u32 {
    let mut sums = [0i32; 8];
    for row in 0..rows {
        let (a, b) = (&a[row * a_stride..][..16], &b[row * b_stride..][..16]);
        let mut differences = [0i16; 16];
        for (difference, (a, b)) in differences.iter_mut().zip(a.iter().zip(b)) {
            *difference = i16::from(*a) - i16::from(*b);
        }
        for (sum, pair) in sums.iter_mut().zip(differences.as_chunks::<2>().0) {
            *sum += i32::from(pair[0]) * i32::from(pair[0]) + i32::from(pair[1]) * i32::from(pair[1]);
        }
    }
    sums.iter().sum::<i32>() as u32
}

/// Sums of absolute differences between the rows of the source and each of three predictions.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn row_differences<const ROWS: usize>(
    source: &[u8],
    stride: usize,
    rows: impl Fn(usize) -> [[u8; 16]; 3],
) -> [u32; 3] {
    let mut sums = [0; 3];
    for index in 0..ROWS {
        let source = source[index * stride..].first_chunk().unwrap_or(&[0; 16]);
        for (sum, row) in sums.iter_mut().zip(rows(index)) {
            *sum += difference_of_16(source, &row);
        }
    }
    sums
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn luma_differences_portable(
    source: &[u8],
    stride: usize,
    flat: u8,
    above: &[u8; 16],
    left: &[u8; 16],
) -> [u32; 3] {
    row_differences::<16>(source, stride, |row| [[flat; 16], *above, [left[row]; 16]])
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn chroma_differences_portable(
    source: &[u8],
    stride: usize,
    flat: &[[u8; 16]; 2],
    above: &[u8; 16],
    left: &[u8; 16],
) -> [u32; 3] {
    row_differences::<8>(source, stride, |row| {
        [flat[row / 4], *above, std::array::from_fn(|index| left[row * 2 + index % 2])]
    })
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn quarter_differences_portable(
    a: &[u8],
    a_stride: usize,
    b: &[u8],
    b_stride: usize,
    rows: usize,
) -> [u32; 4] {
    let half = rows / 2;
    let [left_above, right_above] = half_differences_portable(a, a_stride, b, b_stride, half);
    let [left, right] =
        half_differences_portable(&a[half * a_stride..], a_stride, &b[half * b_stride..], b_stride, half);
    [left_above, right_above, left, right]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_instructions_find_the_same_differences() {
        let bytes: Vec<u8> =
            (0..3000u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let plane = |data, stride| Plane { data, stride };
        for offset in 0..60 {
            let (a, b) = (&bytes[offset..], &bytes[900 + 5 * offset..]);
            let (above, left): (&[u8; 16], &[u8; 16]) =
                (b.first_chunk().unwrap(), b[20..].first_chunk().unwrap());
            let flat = [*b[40..].first_chunk().unwrap(), *b[60..].first_chunk().unwrap()];
            let squared = (0..16).flat_map(|row| a[row * 31..][..16].iter().zip(&b[row * 40..][..16]));
            let squared: u32 = squared.map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum();
            assert_eq!(squared_error_portable(a, 31, b, 40, 16), squared);
            assert_eq!(squared_error_portable(a, 31, b, 40, 16), squared);
            for instructions in [Instructions::Baseline, Instructions::detect()] {
                assert_eq!(instructions.squared_error::<16>(plane(a, 31), plane(b, 40)), squared);
                assert_eq!(
                    instructions.luma_differences(plane(a, 31), flat[0][0], above, left),
                    luma_differences_portable(a, 31, flat[0][0], above, left)
                );
                assert_eq!(
                    instructions.chroma_differences(plane(a, 31), &flat, above, left),
                    chroma_differences_portable(a, 31, &flat, above, left)
                );
                assert_eq!(
                    instructions.quarter_differences::<16>(plane(a, 31), plane(b, 40)),
                    quarter_differences_portable(a, 31, b, 40, 16)
                );
                let around =
                    AROUND.map(|(x, y)| quarter_differences_portable(a, 31, &b[y * 40 + x..], 40, 16));
                assert_eq!(instructions.differences_around(plane(a, 31), plane(b, 40)), around);
                assert_eq!(
                    instructions.quarter_differences::<8>(plane(a, 31), plane(b, 40)),
                    quarter_differences_portable(a, 31, b, 40, 8)
                );
            }
        }
    }
}
