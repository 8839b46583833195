//! Vector code without a second version of the arithmetic.
//!
//! The loops of this encoder are written so that the compiler turns them into vector instructions: SSE2 on
//! x86-64 and NEON on AArch64, which these targets always have. [`Instructions::run`] compiles a loop once
//! more for AVX2 and picks that at run time. All versions come from the same integer source, so they cannot
//! differ in what they compute.

#![allow(
    unsafe_code,
    reason = "calling code for instructions that were seen to be there; loads that were checked together"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_4x4;
mod block4x4;
mod differences;
mod residual;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use block4x4::{Choice, Trial};

/// Which instructions the inner loops may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instructions {
    /// What every processor of the target has.
    Baseline,
    /// AVX2 and the bit manipulation that comes with it, seen on this processor.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2Seen),
}

/// Proof that the processor has AVX2, BMI1 and BMI2: only [`Instructions::detect`] makes one, and only after it looked.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx2Seen(());

impl Instructions {
    /// The best of this processor.
    pub(crate) fn detect() -> Instructions {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
        {
            return Instructions::Avx2(Avx2Seen(()));
        }
        Instructions::Baseline
    }

    /// Does `work`.
    pub(crate) fn run(self, work: impl Work) {
        match self {
            Instructions::Baseline => work.run(),
            // SAFETY: the value is proof that the processor has AVX2, BMI1 and BMI2, which is all that `with_avx2` asks
            // for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe { with_avx2(work) },
        }
    }
}

/// Something to be compiled once per set of instructions.
pub(crate) trait Work {
    /// To be `#[inline(always)]`, and so everything hot that it calls: code is compiled for AVX2 where it is
    /// inlined.
    fn run(self);
}

/// `work`, compiled for AVX2, BMI1 and BMI2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn with_avx2(work: impl Work) {
    work.run();
}

/// Sum of absolute differences over `rows` rows of 16 bytes.
#[inline(always)]
pub(crate) fn difference_sum(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> u32 {
    let [left, right] = half_differences(a, a_stride, b, b_stride, rows);
    left + right
}

impl Instructions {
    /// Sum of squared differences over `rows` rows of 16 bytes.
    #[inline]
    pub(crate) fn squared_error(
        self,
        a: &[u8],
        a_stride: usize,
        b: &[u8],
        b_stride: usize,
        rows: usize,
    ) -> u32 {
        match self {
            // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Baseline => unsafe { x86::squared_error(a, a_stride, b, b_stride, rows) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Baseline => squared_error_portable(a, a_stride, b, b_stride, rows),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::squared_error(a, a_stride, b, b_stride, rows)
            },
        }
    }
}

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

/// Whether `rows` rows of `bytes` bytes, at most 16, are equal.
#[inline]
pub(crate) fn equal_rows(
    a: &[u8],
    a_stride: usize,
    b: &[u8],
    b_stride: usize,
    bytes: usize,
    rows: usize,
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if bytes == 16 {
        // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
        return unsafe { x86::equal_rows(a, a_stride, b, b_stride, rows) };
    }
    (0..rows).all(|row| a[row * a_stride..][..bytes] == b[row * b_stride..][..bytes])
}

/// Copies `rows` rows of 16 bytes.
#[inline]
pub(crate) fn copy(from: &[u8], from_stride: usize, to: &mut [u8], to_stride: usize, rows: usize) {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::copy(from, from_stride, to, to_stride, rows);
    }
    #[cfg(not(target_arch = "x86_64"))]
    for row in 0..rows {
        to[row * to_stride..][..16].copy_from_slice(&from[row * from_stride..][..16]);
    }
}

/// Copies `rows` rows of `bytes` bytes, a multiple of 16.
pub(crate) fn copy_wide(
    from: &[u8],
    from_stride: usize,
    to: &mut [u8],
    to_stride: usize,
    (bytes, rows): (usize, usize),
) {
    // Calling for a copy of each row is slower than copying few bytes.
    const FEW: usize = 96;
    if bytes <= FEW {
        for left in (0..bytes).step_by(16) {
            copy(&from[left..], from_stride, &mut to[left..], to_stride, rows);
        }
        return;
    }
    for row in 0..rows {
        to[row * to_stride..][..bytes].copy_from_slice(&from[row * from_stride..][..bytes]);
    }
}

/// Swaps row and column within each of four 4×4 blocks that lie side by side.
#[inline(always)]
pub(crate) fn transpose(strip: &[[i16; 16]; 4]) -> [[i16; 16]; 4] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::transpose(strip)
    }
    #[cfg(not(target_arch = "x86_64"))]
    transpose_portable(strip)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline(always)]
fn transpose_portable(strip: &[[i16; 16]; 4]) -> [[i16; 16]; 4] {
    let mut out = [[0; 16]; 4];
    for (j, out) in out.iter_mut().enumerate() {
        for block in 0..4 {
            for i in 0..4 {
                out[block * 4 + i] = strip[i][block * 4 + j];
            }
        }
    }
    out
}

/// The means of each byte and the next, from the second byte on, and those of each byte, twice, and its neighbours.
#[inline(always)]
pub(crate) fn means(bytes: &[u8; 18]) -> ([u8; 16], [u8; 16]) {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::means(bytes)
    }
    #[cfg(not(target_arch = "x86_64"))]
    means_portable(bytes)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn means_portable(bytes: &[u8; 18]) -> ([u8; 16], [u8; 16]) {
    let at = |index: usize| u16::from(bytes[index]);
    (
        std::array::from_fn(|index| (at(index + 1) + at(index + 2)).div_ceil(2) as u8),
        std::array::from_fn(|index| ((at(index) + 2 * at(index + 1) + at(index + 2) + 2) >> 2) as u8),
    )
}

/// The differences of 16 bytes.
#[inline(always)]
pub(crate) fn subtract(a: &[u8; 16], b: &[u8; 16]) -> [i16; 16] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::subtract(a, b)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| i16::from(a[index]) - i16::from(b[index]))
}

/// The first byte of each of 16 rows.
#[inline]
pub(crate) fn column(samples: &[u8], stride: usize) -> [u8; 16] {
    #[cfg(target_arch = "x86_64")]
    {
        x86::column(samples, stride)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|row| samples[row * stride])
}

/// The first two bytes of each of 8 rows.
#[inline]
pub(crate) fn pair_column(samples: &[u8], stride: usize) -> [u8; 16] {
    #[cfg(target_arch = "x86_64")]
    {
        x86::pair_column(samples, stride)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| samples[index / 2 * stride + index % 2])
}

/// Eight pairs as eight of the first and eight of the second.
#[inline(always)]
pub(crate) fn part_pairs(pairs: &[u8; 16]) -> [u8; 16] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::part_pairs(pairs)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| pairs[index % 8 * 2 + index / 8])
}

/// And back.
#[inline(always)]
pub(crate) fn join_pairs(parts: &[u8; 16]) -> [u8; 16] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::join_pairs(parts)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| parts[index / 2 + index % 2 * 8])
}

/// One bit per level of a block, the first in the lowest: whether it is not zero.
#[inline(always)]
pub(crate) fn nonzero_mask(levels: &[i16; 16]) -> u32 {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::nonzero_mask(levels)
    }
    #[cfg(not(target_arch = "x86_64"))]
    nonzero_mask_portable(levels)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn nonzero_mask_portable(levels: &[i16; 16]) -> u32 {
    levels.iter().rev().fold(0, |mask, &level| mask << 1 | u32::from(level != 0))
}

/// Sum of absolute differences of 16 bytes.
#[inline(always)]
pub(crate) fn difference_of_16(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::difference_of_16(a, b)
    }
    #[cfg(not(target_arch = "x86_64"))]
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
}

/// Sums of absolute differences of the first and of the last 8 bytes of `rows` rows of 16 bytes.
#[inline(never)]
fn half_differences(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> [u32; 2] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        x86::half_differences(a, a_stride, b, b_stride, rows)
    }
    #[cfg(not(target_arch = "x86_64"))]
    half_differences_portable(a, a_stride, b, b_stride, rows)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn half_differences_portable(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> [u32; 2] {
    let mut sums = [0; 2];
    for row in 0..rows {
        let (a, b) = (&a[row * a_stride..][..16], &b[row * b_stride..][..16]);
        for (sum, (a, b)) in sums.iter_mut().zip(a.chunks_exact(8).zip(b.chunks_exact(8))) {
            *sum += a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>();
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_transposed_and_rows_copied_as_they_say() {
        let strip = std::array::from_fn(|y| std::array::from_fn(|x| (y * 16 + x) as i16 - 20));
        assert_eq!(transpose(&strip), transpose_portable(&strip));
        assert_eq!(transpose(&strip)[1][4..8], [strip[0][5], strip[1][5], strip[2][5], strip[3][5]]);
        let from: Vec<u8> = (0..3000u32).map(|index| (index * 7 / 3) as u8).collect();
        for bytes in [16, 48, 96, 112] {
            let mut to = vec![0; 3000];
            copy_wide(&from, 150, &mut to, 130, (bytes, 8));
            for (index, &byte) in to.iter().enumerate() {
                let (x, y) = (index % 130, index / 130);
                assert_eq!(byte, if x < bytes && y < 8 { from[y * 150 + x] } else { 0 });
            }
        }
    }

    #[test]
    fn masks_tell_which_levels_are_not_zero() {
        for seed in 0..300u32 {
            let levels =
                std::array::from_fn(|index| (seed.wrapping_mul(index as u32 * 77 + 5) >> 3 & 0x8101) as i16);
            assert_eq!(nonzero_mask(&levels), nonzero_mask_portable(&levels));
        }
        assert_eq!(nonzero_mask(&[0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, i16::MIN]), 0x8004);
    }

    #[test]
    fn vector_and_portable_sums_agree() {
        let bytes: Vec<u8> =
            (0..2000u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for offset in 0..40 {
            let (a, b) = (&bytes[offset..], &bytes[900 + 3 * offset..]);
            let expected = half_differences_portable(a, 31, b, 40, 16);
            let (first, second) = (a.first_chunk().unwrap(), b.first_chunk().unwrap());
            let parts = part_pairs(first);
            assert_eq!(parts, std::array::from_fn(|index| first[index % 8 * 2 + index / 8]));
            assert_eq!(join_pairs(&parts), *first);
            let neighbours: &[u8; 18] = a.first_chunk().unwrap();
            assert_eq!(means(neighbours), means_portable(neighbours));
            let differences = std::array::from_fn(|index| i16::from(a[index]) - i16::from(b[index]));
            assert_eq!(subtract(first, second), differences);
            let squared = (0..16).flat_map(|row| a[row * 31..][..16].iter().zip(&b[row * 40..][..16]));
            let squared: u32 = squared.map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum();
            for instructions in [Instructions::Baseline, Instructions::detect()] {
                assert_eq!(instructions.squared_error(a, 31, b, 40, 16), squared);
            }
            assert_eq!(squared_error_portable(a, 31, b, 40, 16), squared);
            assert_eq!(half_differences(a, 31, b, 40, 16), expected);
            assert_eq!(difference_sum(a, 31, b, 40, 16), expected[0] + expected[1]);
            for (b, b_stride) in [(a, 31), (b, 40), (&bytes[offset + 31..], 31)] {
                let plain = (0..16).all(|row| a[row * 31..][..16] == b[row * b_stride..][..16]);
                assert_eq!(equal_rows(a, 31, b, b_stride, 16, 16), plain);
                assert!(equal_rows(a, 31, &bytes[offset..], 31, 16, 16));
            }
            assert_eq!(column(a, 31), std::array::from_fn(|row| a[row * 31]));
            assert_eq!(pair_column(a, 31), std::array::from_fn(|index| a[index / 2 * 31 + index % 2]));
        }
    }
}
