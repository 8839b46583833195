//! Sums of absolute differences of whole macroblocks.

use super::Instructions;
#[cfg(target_arch = "x86_64")]
use super::{Avx2Seen, avx2, x86};
#[cfg(any(test, not(target_arch = "x86_64")))]
use super::{difference_of_16, half_differences_portable};

impl Instructions {
    /// Sums of absolute differences of 16 rows of 16 bytes to the same byte everywhere, to a row, and to a column.
    #[inline]
    pub(crate) fn luma_differences(
        self,
        source: &[u8],
        stride: usize,
        flat: u8,
        above: &[u8; 16],
        left: &[u8; 16],
    ) -> [u32; 3] {
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { x86::luma_differences(source, stride, flat, above, left) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => luma_differences_portable(source, stride, flat, above, left),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::luma_differences(source, stride, flat, above, left)
            },
        }
    }

    /// The same for 8 rows of 8 pairs. `flat`: what all of the first four and of the last four rows are compared with.
    #[inline]
    pub(crate) fn chroma_differences(
        self,
        source: &[u8],
        stride: usize,
        flat: &[[u8; 16]; 2],
        above: &[u8; 16],
        left: &[u8; 16],
    ) -> [u32; 3] {
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { x86::chroma_differences(source, stride, flat, above, left) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => chroma_differences_portable(source, stride, flat, above, left),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::chroma_differences(source, stride, flat, above, left)
            },
        }
    }

    /// Sums of absolute differences of the four quarters of `ROWS` rows of 16 bytes.
    #[inline]
    pub(crate) fn quarter_differences<const ROWS: usize>(
        self,
        a: &[u8],
        a_stride: usize,
        b: &[u8],
        b_stride: usize,
    ) -> [u32; 4] {
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { x86::quarter_differences::<ROWS>(a, a_stride, b, b_stride) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => quarter_differences_portable(a, a_stride, b, b_stride, ROWS),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::quarter_differences::<ROWS>(a, a_stride, b, b_stride)
            },
        }
    }
}

/// Sums over rows of absolute differences to three kinds of rows.
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
        for offset in 0..60 {
            let (a, b) = (&bytes[offset..], &bytes[900 + 5 * offset..]);
            let (above, left): (&[u8; 16], &[u8; 16]) =
                (b.first_chunk().unwrap(), b[20..].first_chunk().unwrap());
            let flat = [*b[40..].first_chunk().unwrap(), *b[60..].first_chunk().unwrap()];
            for instructions in [Instructions::Baseline, Instructions::detect()] {
                assert_eq!(
                    instructions.luma_differences(a, 31, flat[0][0], above, left),
                    luma_differences_portable(a, 31, flat[0][0], above, left)
                );
                assert_eq!(
                    instructions.chroma_differences(a, 31, &flat, above, left),
                    chroma_differences_portable(a, 31, &flat, above, left)
                );
                assert_eq!(
                    instructions.quarter_differences::<16>(a, 31, b, 40),
                    quarter_differences_portable(a, 31, b, 40, 16)
                );
                assert_eq!(
                    instructions.quarter_differences::<8>(a, 31, b, 40),
                    quarter_differences_portable(a, 31, b, 40, 8)
                );
            }
        }
    }
}
