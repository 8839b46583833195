//! Small operations on samples and levels, for instructions that every processor of the target has: SSE2 on x86-64.

use strikeline_picture::Plane;

#[cfg(target_arch = "x86_64")]
use super::sse2;

/// Rows of samples to write to; otherwise as [`Plane`].
#[derive(Debug)]
pub(crate) struct PlaneMut<'a> {
    pub(crate) data: &'a mut [u8],
    pub(crate) stride: usize,
}

/// Size of a block of samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockSize {
    /// Of each row.
    pub(crate) bytes: usize,
    pub(crate) rows: usize,
}

/// Sum of absolute differences over `rows` rows of 16 bytes.
#[inline(always)]
pub(crate) fn difference_sum(a: Plane<'_>, b: Plane<'_>, rows: usize) -> u32 {
    let [left, right] = half_differences(a.data, a.stride, b.data, b.stride, rows);
    left + right
}

/// Whether two blocks, at most 16 bytes wide, are equal.
#[inline(always)]
pub(crate) fn equal_rows(a: Plane<'_>, b: Plane<'_>, BlockSize { bytes, rows }: BlockSize) -> bool {
    #[cfg(target_arch = "x86_64")]
    if bytes == 16 {
        // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
        return unsafe { sse2::equal_rows(a.data, a.stride, b.data, b.stride, rows) };
    }
    (0..rows).all(|row| a.row(row, bytes) == b.row(row, bytes))
}

/// Copies `rows` rows of 16 bytes.
#[inline(always)]
pub(crate) fn copy(from: Plane<'_>, to: &mut [u8], to_stride: usize, rows: usize) {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::copy(from.data, from.stride, to, to_stride, rows);
    }
    #[cfg(not(target_arch = "x86_64"))]
    for row in 0..rows {
        to[row * to_stride..][..16].copy_from_slice(from.row(row, 16));
    }
}

/// Copies a block whose width is a multiple of 16 bytes.
#[inline(always)]
pub(crate) fn copy_wide(from: Plane<'_>, to: PlaneMut<'_>, BlockSize { bytes, rows }: BlockSize) {
    copy_wide_rows(from.data, from.stride, to.data, to.stride, bytes, rows);
}

// Not structs: these stay in registers.
fn copy_wide_rows(
    from: &[u8],
    from_stride: usize,
    to: &mut [u8],
    to_stride: usize,
    bytes: usize,
    rows: usize,
) {
    // A call for each row is slower than copying few bytes.
    const FEW: usize = 96;
    if bytes <= FEW {
        for left in (0..bytes).step_by(16) {
            let from = Plane { data: &from[left..], stride: from_stride };
            copy(from, &mut to[left..], to_stride, rows);
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
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::transpose(strip)
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

/// For each of the bytes 1 to 16: the mean of it and the next one; and the mean of the one before, itself twice, and
/// the next. Halves are rounded up.
#[inline(always)]
pub(crate) fn means(bytes: &[u8; 18]) -> ([u8; 16], [u8; 16]) {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::means(bytes)
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
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::subtract(a, b)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| i16::from(a[index]) - i16::from(b[index]))
}

/// The first byte of each of 16 rows.
#[inline]
pub(crate) fn column(samples: &[u8], stride: usize) -> [u8; 16] {
    #[cfg(target_arch = "x86_64")]
    {
        sse2::column(samples, stride)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|row| samples[row * stride])
}

/// The first two bytes of each of 8 rows.
#[inline]
pub(crate) fn pair_column(samples: &[u8], stride: usize) -> [u8; 16] {
    #[cfg(target_arch = "x86_64")]
    {
        sse2::pair_column(samples, stride)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| samples[index / 2 * stride + index % 2])
}

/// Eight pairs as eight of the first and eight of the second.
#[inline(always)]
pub(crate) fn part_pairs(pairs: &[u8; 16]) -> [u8; 16] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::part_pairs(pairs)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| pairs[index % 8 * 2 + index / 8])
}

/// Eight of the first and eight of the second as eight pairs: the reverse of [`part_pairs`].
#[inline(always)]
pub(crate) fn join_pairs(parts: &[u8; 16]) -> [u8; 16] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::join_pairs(parts)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|index| parts[index / 2 + index % 2 * 8])
}

/// The bytes of two blocks in turn.
#[inline(always)]
pub(crate) fn interleaved(a: &[u8; 16], b: &[u8; 16]) -> [[u8; 16]; 2] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::interleaved(a, b)
    }
    #[cfg(not(target_arch = "x86_64"))]
    interleaved_portable(a, b)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn interleaved_portable(a: &[u8; 16], b: &[u8; 16]) -> [[u8; 16]; 2] {
    [0, 8].map(|first| std::array::from_fn(|index| if index % 2 == 0 { a } else { b }[first + index / 2]))
}

/// One bit per level of a block, the first in the lowest: whether it is not zero.
#[inline(always)]
pub(crate) fn nonzero_mask(levels: &[i16; 16]) -> u32 {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::nonzero_mask(levels)
    }
    #[cfg(not(target_arch = "x86_64"))]
    nonzero_mask_portable(levels)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn nonzero_mask_portable(levels: &[i16; 16]) -> u32 {
    levels.iter().rev().fold(0, |mask, &level| mask << 1 | u32::from(level != 0))
}

/// One bit per byte, the first in the lowest: whether it is not zero.
#[inline(always)]
pub(crate) fn nonzero_bytes(bytes: &[u8; 16]) -> u16 {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::nonzero_bytes(bytes)
    }
    #[cfg(not(target_arch = "x86_64"))]
    nonzero_bytes_portable(bytes)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn nonzero_bytes_portable(bytes: &[u8; 16]) -> u16 {
    bytes.iter().rev().fold(0, |mask, &byte| mask << 1 | u16::from(byte != 0))
}

/// Sum of absolute differences of 16 bytes.
#[inline(always)]
pub(crate) fn difference_of_16(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::difference_of_16(a, b)
    }
    #[cfg(not(target_arch = "x86_64"))]
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
}

/// Sums of absolute differences of the first and of the last 8 bytes of `rows` rows of 16 bytes.
#[inline(never)]
fn half_differences(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> [u32; 2] {
    // SAFETY: SSE2 is part of x86-64, and is all that the function requires.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        sse2::half_differences(a, a_stride, b, b_stride, rows)
    }
    #[cfg(not(target_arch = "x86_64"))]
    half_differences_portable(a, a_stride, b, b_stride, rows)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
pub(super) fn half_differences_portable(
    a: &[u8],
    a_stride: usize,
    b: &[u8],
    b_stride: usize,
    rows: usize,
) -> [u32; 2] {
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
    fn blocks_are_transposed_and_rows_are_copied() {
        let strip = std::array::from_fn(|y| std::array::from_fn(|x| (y * 16 + x) as i16 - 20));
        assert_eq!(transpose(&strip), transpose_portable(&strip));
        assert_eq!(transpose(&strip)[1][4..8], [strip[0][5], strip[1][5], strip[2][5], strip[3][5]]);
        let from: Vec<u8> = (0..3000u32).map(|index| (index * 7 / 3) as u8).collect();
        for bytes in [16, 48, 96, 112] {
            let mut to = vec![0; 3000];
            let plane = Plane { data: &from, stride: 150 };
            copy_wide(plane, PlaneMut { data: &mut to, stride: 130 }, BlockSize { bytes, rows: 8 });
            for (index, &byte) in to.iter().enumerate() {
                let (x, y) = (index % 130, index / 130);
                assert_eq!(byte, if x < bytes && y < 8 { from[y * 150 + x] } else { 0 });
            }
        }
    }

    #[test]
    fn masks_have_a_bit_for_each_level_that_is_not_zero() {
        for seed in 0..300u32 {
            let levels =
                std::array::from_fn(|index| (seed.wrapping_mul(index as u32 * 77 + 5) >> 3 & 0x8101) as i16);
            assert_eq!(nonzero_mask(&levels), nonzero_mask_portable(&levels));
            let bytes = levels.map(|level| (level >> 8 | level & 1) as u8);
            assert_eq!(nonzero_bytes(&bytes), nonzero_bytes_portable(&bytes));
        }
        assert_eq!(nonzero_mask(&[0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, i16::MIN]), 0x8004);
    }

    #[test]
    fn vector_and_portable_sums_agree() {
        let bytes: Vec<u8> =
            (0..2000u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let size = BlockSize { bytes: 16, rows: 16 };
        let plane = |data, stride| Plane { data, stride };
        for offset in 0..40 {
            let (a, b) = (&bytes[offset..], &bytes[900 + 3 * offset..]);
            let expected = half_differences_portable(a, 31, b, 40, 16);
            let (first, second) = (a.first_chunk().unwrap(), b.first_chunk().unwrap());
            let parts = part_pairs(first);
            assert_eq!(parts, std::array::from_fn(|index| first[index % 8 * 2 + index / 8]));
            assert_eq!(join_pairs(&parts), *first);
            assert_eq!(interleaved(first, second), interleaved_portable(first, second));
            let neighbours: &[u8; 18] = a.first_chunk().unwrap();
            assert_eq!(means(neighbours), means_portable(neighbours));
            let differences = std::array::from_fn(|index| i16::from(a[index]) - i16::from(b[index]));
            assert_eq!(subtract(first, second), differences);
            assert_eq!(half_differences(a, 31, b, 40, 16), expected);
            assert_eq!(difference_sum(plane(a, 31), plane(b, 40), 16), expected[0] + expected[1]);
            for (b, b_stride) in [(a, 31), (b, 40), (&bytes[offset + 31..], 31)] {
                let plain = (0..16).all(|row| a[row * 31..][..16] == b[row * b_stride..][..16]);
                assert_eq!(equal_rows(plane(a, 31), plane(b, b_stride), size), plain);
                assert!(equal_rows(plane(a, 31), plane(&bytes[offset..], 31), size));
            }
            assert_eq!(column(a, 31), std::array::from_fn(|row| a[row * 31]));
            assert_eq!(pair_column(a, 31), std::array::from_fn(|index| a[index / 2 * 31 + index % 2]));
        }
    }
}
