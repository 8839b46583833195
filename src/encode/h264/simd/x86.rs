//! SSE2, which every x86-64 processor has.

use std::arch::x86_64::*;

/// Checks that `rows` rows of 16 bytes lie within the samples, and gives the first.
///
/// # Panics
/// When they do not.
#[inline(always)]
fn checked(samples: &[u8], stride: usize, rows: usize) -> *const u8 {
    let bytes = if rows == 0 { 0 } else { (rows - 1) * stride + 16 };
    samples[..bytes].as_ptr()
}

/// Row `row`, which [`checked`] has found to be there.
#[target_feature(enable = "sse2")]
#[inline]
unsafe fn row(first: *const u8, stride: usize, row: usize) -> __m128i {
    // SAFETY: the caller has had this row checked; the load needs no alignment.
    unsafe { _mm_loadu_si128(first.add(row * stride).cast()) }
}

/// Sums of absolute differences of the first and of the last 8 bytes of `rows` rows of 16 bytes.
#[target_feature(enable = "sse2")]
pub(super) fn half_differences(
    a: &[u8],
    a_stride: usize,
    b: &[u8],
    b_stride: usize,
    rows: usize,
) -> [u32; 2] {
    let (a, b) = (checked(a, a_stride, rows), checked(b, b_stride, rows));
    let mut sums = _mm_setzero_si128();
    for index in 0..rows {
        // SAFETY: `index` is below the number of rows checked.
        let (a, b) = unsafe { (row(a, a_stride, index), row(b, b_stride, index)) };
        // Sums each half of a register.
        sums = _mm_add_epi64(sums, _mm_sad_epu8(a, b));
    }
    [_mm_cvtsi128_si32(sums) as u32, _mm_cvtsi128_si32(_mm_srli_si128::<8>(sums)) as u32]
}

/// Sum of squared differences over `rows` rows of 16 bytes.
#[target_feature(enable = "sse2")]
pub(super) fn squared_error(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> u32 {
    let (a, b) = (checked(a, a_stride, rows), checked(b, b_stride, rows));
    let zero = _mm_setzero_si128();
    let mut sums = zero;
    for index in 0..rows {
        // SAFETY: `index` is below the number of rows checked.
        let (a, b) = unsafe { (row(a, a_stride, index), row(b, b_stride, index)) };
        let difference = _mm_or_si128(_mm_subs_epu8(a, b), _mm_subs_epu8(b, a));
        let (low, high) = (_mm_unpacklo_epi8(difference, zero), _mm_unpackhi_epi8(difference, zero));
        sums = _mm_add_epi32(sums, _mm_add_epi32(_mm_madd_epi16(low, low), _mm_madd_epi16(high, high)));
    }
    let sums = _mm_add_epi32(sums, _mm_srli_si128::<8>(sums));
    _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_srli_si128::<4>(sums))) as u32
}

/// Sum of absolute differences of 16 bytes.
#[target_feature(enable = "sse2")]
#[inline]
pub(super) fn difference_of_16(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    // SAFETY: both have the 16 bytes that are loaded.
    let sums = unsafe { _mm_sad_epu8(row(a.as_ptr(), 0, 0), row(b.as_ptr(), 0, 0)) };
    (_mm_cvtsi128_si32(sums) + _mm_cvtsi128_si32(_mm_srli_si128::<8>(sums))) as u32
}

/// Whether `rows` rows of 16 bytes are equal.
#[target_feature(enable = "sse2")]
pub(super) fn equal_rows(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> bool {
    let (a, b) = (checked(a, a_stride, rows), checked(b, b_stride, rows));
    // Most blocks that differ do so in the first rows.
    (0..rows).step_by(4).all(|first| {
        let mut same = _mm_set1_epi8(-1);
        for index in first..rows.min(first + 4) {
            // SAFETY: `index` is below the number of rows checked.
            let (a, b) = unsafe { (row(a, a_stride, index), row(b, b_stride, index)) };
            same = _mm_and_si128(same, _mm_cmpeq_epi8(a, b));
        }
        _mm_movemask_epi8(same) == 0xFFFF
    })
}

/// Copies `rows` rows of 16 bytes.
#[target_feature(enable = "sse2")]
#[inline]
pub(super) fn copy(from: &[u8], from_stride: usize, to: &mut [u8], to_stride: usize, rows: usize) {
    let from = checked(from, from_stride, rows);
    // The same check, for the other side.
    checked(to, to_stride, rows);
    let to = to.as_mut_ptr();
    for index in 0..rows {
        // SAFETY: `index` is below the number of rows checked; the store needs no alignment.
        unsafe { _mm_storeu_si128(to.add(index * to_stride).cast(), row(from, from_stride, index)) };
    }
}

/// Swaps row and column within each of four 4×4 blocks that lie side by side.
#[target_feature(enable = "sse2")]
#[inline]
pub(super) fn transpose(strip: &[[i16; 16]; 4]) -> [[i16; 16]; 4] {
    let mut out = [[0i16; 16]; 4];
    for half in [0, 8] {
        let load = |row: usize| {
            let part: &[i16] = &strip[row][half..half + 8];
            // SAFETY: the slice has the 16 bytes that are loaded.
            unsafe { _mm_loadu_si128(part.as_ptr().cast()) }
        };
        let (a, b, c, d) = (load(0), load(1), load(2), load(3));
        // Pairs of rows, then all four, of the left and the right block; then both blocks side by side.
        let (left_ab, right_ab) = (_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b));
        let (left_cd, right_cd) = (_mm_unpacklo_epi16(c, d), _mm_unpackhi_epi16(c, d));
        let (left_01, left_23) = (_mm_unpacklo_epi32(left_ab, left_cd), _mm_unpackhi_epi32(left_ab, left_cd));
        let (right_01, right_23) =
            (_mm_unpacklo_epi32(right_ab, right_cd), _mm_unpackhi_epi32(right_ab, right_cd));
        let rows = [
            _mm_unpacklo_epi64(left_01, right_01),
            _mm_unpackhi_epi64(left_01, right_01),
            _mm_unpacklo_epi64(left_23, right_23),
            _mm_unpackhi_epi64(left_23, right_23),
        ];
        for (out, row) in out.iter_mut().zip(rows) {
            let part: &mut [i16] = &mut out[half..half + 8];
            // SAFETY: the slice has the 16 bytes that are stored.
            unsafe { _mm_storeu_si128(part.as_mut_ptr().cast(), row) };
        }
    }
    out
}
