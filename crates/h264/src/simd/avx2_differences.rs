//! AVX2 for sums of absolute and of squared differences. Each function computes what its portable counterpart does.

use std::arch::x86_64::*;

use super::differences::AROUND;
use super::sse2::{self, checked, row};
use strikeline_picture::Plane;

/// Sum of absolute differences over `ROWS` rows of 16 bytes.
#[target_feature(enable = "avx2")]
pub(crate) fn difference_sum<const ROWS: usize>(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize) -> u32 {
    let (a, b) = (checked(a, a_stride, ROWS), checked(b, b_stride, ROWS));
    let mut sums = _mm_setzero_si128();
    for index in 0..ROWS {
        // SAFETY: `index` is below the number of rows checked.
        let (a, b) = unsafe { (row(a, a_stride, index), row(b, b_stride, index)) };
        sums = _mm_add_epi32(sums, _mm_sad_epu8(a, b));
    }
    (_mm_cvtsi128_si32(sums) + _mm_extract_epi32::<2>(sums)) as u32
}

/// Sum of squared differences over `ROWS` rows of 16 bytes.
#[target_feature(enable = "avx2")]
pub(crate) fn squared_error<const ROWS: usize>(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize) -> u32 {
    let (a, b) = (checked(a, a_stride, ROWS), checked(b, b_stride, ROWS));
    let mut sums = _mm256_setzero_si256();
    for index in 0..ROWS {
        // SAFETY: `index` is below the number of rows checked.
        let (a, b) = unsafe { (row(a, a_stride, index), row(b, b_stride, index)) };
        let difference = _mm256_sub_epi16(_mm256_cvtepu8_epi16(a), _mm256_cvtepu8_epi16(b));
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(difference, difference));
    }
    let sums = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let sums = _mm_add_epi32(sums, _mm_srli_si128::<8>(sums));
    _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_srli_si128::<4>(sums))) as u32
}

/// [`super::sse2::luma_differences`], compiled for AVX2.
#[target_feature(enable = "avx2")]
pub(crate) fn luma_differences(
    source: &[u8],
    stride: usize,
    flat: u8,
    above: &[u8; 16],
    left: &[u8; 16],
) -> [u32; 3] {
    sse2::luma_differences(source, stride, flat, above, left)
}

/// [`super::sse2::chroma_differences`], compiled for AVX2.
#[target_feature(enable = "avx2")]
pub(crate) fn chroma_differences(
    source: &[u8],
    stride: usize,
    flat: &[[u8; 16]; 2],
    above: &[u8; 16],
    left: &[u8; 16],
) -> [u32; 3] {
    sse2::chroma_differences(source, stride, flat, above, left)
}

/// [`super::sse2::quarter_differences`], compiled for AVX2.
#[target_feature(enable = "avx2")]
pub(crate) fn quarter_differences<const ROWS: usize>(
    a: &[u8],
    a_stride: usize,
    b: &[u8],
    b_stride: usize,
) -> [u32; 4] {
    sse2::quarter_differences::<ROWS>(a, a_stride, b, b_stride)
}

/// See [`super::Instructions::differences_around`].
#[target_feature(enable = "avx2")]
pub(crate) fn differences_around(a: Plane<'_>, b: Plane<'_>) -> [[u32; 4]; 4] {
    let first = checked(a.data, a.stride, 16);
    let around = b.data[..17 * b.stride + 18].as_ptr();
    let mut sums = [[_mm_setzero_si128(); 4]; 2];
    for (half, sums) in sums.iter_mut().enumerate() {
        for index in half * 8..half * 8 + 8 {
            // SAFETY: 16 rows were checked.
            let source = unsafe { row(first, a.stride, index) };
            for (sum, (x, y)) in sums.iter_mut().zip(AROUND) {
                // SAFETY: 18 rows of 18 bytes were checked, and no place is beyond 2.
                let other = unsafe { row(around.add(x), b.stride, index + y) };
                *sum = _mm_add_epi32(*sum, _mm_sad_epu8(source, other));
            }
        }
    }
    let mut out = [[0; 4]; 4];
    for (place, out) in out.iter_mut().enumerate() {
        // Each half holds its sum in the lowest lane.
        let all = _mm_castps_si128(_mm_shuffle_ps::<0b10_00_10_00>(
            _mm_castsi128_ps(sums[0][place]),
            _mm_castsi128_ps(sums[1][place]),
        ));
        // SAFETY: there is room for the 16 bytes that are stored.
        unsafe { _mm_storeu_si128(<[u32]>::as_mut_ptr(out).cast(), all) };
    }
    out
}
