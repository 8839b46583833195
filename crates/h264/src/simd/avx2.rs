//! AVX2, for processors on which it was detected. Each function computes what its portable counterpart does.

use std::arch::x86_64::*;

use super::sse2::{checked, row};
use crate::residual::quantiser::Quantiser;
use crate::residual::strips::{AnalyseChroma, AnalyseLuma, ChromaLevels, LumaLevels, StripLevels};
use crate::residual::transform::{CoefficientBlock, Strip};

/// Four rows of 16 lanes.
type FourRows = [__m256i; 4];

/// 16 lanes.
#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn lanes(values: &[i16; 16]) -> __m256i {
    // SAFETY: the array has the 32 bytes that are loaded; the load needs no alignment.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

/// 16 unsigned lanes.
#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn unsigned_lanes(values: &[u16; 16]) -> __m256i {
    // SAFETY: the array has the 32 bytes that are loaded; the load needs no alignment.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn store_lanes(values: __m256i, to: &mut [i16; 16]) {
    // SAFETY: the array has the 32 bytes that are stored; the store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), values) };
}

#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn bytes(values: &[u8; 16]) -> __m128i {
    // SAFETY: the array has the 16 bytes that are loaded; the load needs no alignment.
    unsafe { _mm_loadu_si128(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn store_bytes(values: __m128i, to: &mut [u8; 16]) {
    // SAFETY: the array has the 16 bytes that are stored; the store needs no alignment.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), values) };
}

#[target_feature(enable = "avx2")]
#[inline]
fn forward_pass([a, b, c, d]: FourRows) -> FourRows {
    let (sum, inner_sum) = (_mm256_add_epi16(a, d), _mm256_add_epi16(b, c));
    let (difference, inner_difference) = (_mm256_sub_epi16(a, d), _mm256_sub_epi16(b, c));
    [
        _mm256_add_epi16(sum, inner_sum),
        _mm256_add_epi16(_mm256_slli_epi16::<1>(difference), inner_difference),
        _mm256_sub_epi16(sum, inner_sum),
        _mm256_sub_epi16(difference, _mm256_slli_epi16::<1>(inner_difference)),
    ]
}

#[target_feature(enable = "avx2")]
#[inline]
fn inverse_pass([a, b, c, d]: FourRows) -> FourRows {
    let (even_sum, even_difference) = (_mm256_add_epi16(a, c), _mm256_sub_epi16(a, c));
    let odd_difference = _mm256_sub_epi16(_mm256_srai_epi16::<1>(b), d);
    let odd_sum = _mm256_add_epi16(b, _mm256_srai_epi16::<1>(d));
    [
        _mm256_add_epi16(even_sum, odd_sum),
        _mm256_add_epi16(even_difference, odd_difference),
        _mm256_sub_epi16(even_difference, odd_difference),
        _mm256_sub_epi16(even_sum, odd_sum),
    ]
}

/// Swaps row and column within each of four 4×4 blocks that lie side by side.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose([a, b, c, d]: FourRows) -> FourRows {
    // Each half of a register holds two blocks: pairs of rows, then all four, of the left and of the right one.
    let (left_ab, right_ab) = (_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b));
    let (left_cd, right_cd) = (_mm256_unpacklo_epi16(c, d), _mm256_unpackhi_epi16(c, d));
    let (left_01, left_23) =
        (_mm256_unpacklo_epi32(left_ab, left_cd), _mm256_unpackhi_epi32(left_ab, left_cd));
    let (right_01, right_23) =
        (_mm256_unpacklo_epi32(right_ab, right_cd), _mm256_unpackhi_epi32(right_ab, right_cd));
    [
        _mm256_unpacklo_epi64(left_01, right_01),
        _mm256_unpackhi_epi64(left_01, right_01),
        _mm256_unpacklo_epi64(left_23, right_23),
        _mm256_unpackhi_epi64(left_23, right_23),
    ]
}

/// The sums of the four lanes of each block, twice as 32 bits in its place.
#[target_feature(enable = "avx2")]
#[inline]
fn block_sums(lanes: __m256i) -> __m256i {
    let pairs = _mm256_madd_epi16(lanes, _mm256_set1_epi16(1));
    _mm256_add_epi32(pairs, _mm256_shuffle_epi32::<0b10_11_00_01>(pairs))
}

/// Whether all levels of a strip are zero, as the squares of its differences are small.
#[target_feature(enable = "avx2")]
#[inline]
fn is_negligible(residual: FourRows, quantiser: &Quantiser) -> bool {
    let [a, b, c, d] = residual.map(|row| _mm256_madd_epi16(row, row));
    let pairs = _mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
    let squares = _mm256_add_epi32(pairs, _mm256_shuffle_epi32::<0b10_11_00_01>(pairs));
    let limit = _mm256_set1_epi32(quantiser.smallest_effective_squares() as i32 - 1);
    let is_effective = _mm256_cmpgt_epi32(squares, limit);
    _mm256_testz_si256(is_effective, is_effective) != 0
}

/// The DC coefficients of a strip.
#[target_feature(enable = "avx2")]
#[inline]
fn dc_of([a, b, c, d]: FourRows) -> [i16; 4] {
    let sums = block_sums(_mm256_add_epi16(_mm256_add_epi16(a, b), _mm256_add_epi16(c, d)));
    let (left, right) = (_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    // Each is there twice.
    let sums = _mm_packs_epi32(left, right);
    let dc = _mm_shuffle_epi8(sums, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1));
    let dc = _mm_cvtsi128_si64(dc);
    [dc as i16, (dc >> 16) as i16, (dc >> 32) as i16, (dc >> 48) as i16]
}

/// Transforms and quantises a strip. Where `dc` is given, the first row of coefficients is stored there, and the DC
/// coefficients become zero among the levels. Stores the levels in both orders, unless all are zero. Returns for each
/// block whether each level is not zero, the first in the lowest bit.
#[target_feature(enable = "avx2")]
#[inline]
fn analyse(
    residual: FourRows,
    quantiser: &Quantiser,
    dc: Option<&mut [i16; 16]>,
    strip: &mut Strip,
    levels: [&mut CoefficientBlock; 4],
) -> [u16; 4] {
    let mut rows = forward_pass(transpose(forward_pass(residual)));
    if let Some(dc) = dc {
        store_lanes(rows[0], dc);
        rows[0] = _mm256_and_si256(rows[0], _mm256_set1_epi64x(!0xFFFF));
    }
    let mut any = _mm256_setzero_si256();
    for (index, row) in rows.iter_mut().enumerate() {
        let multipliers = unsigned_lanes(&quantiser.multipliers[index]);
        let biases = unsigned_lanes(&quantiser.biases[index]);
        let magnitude = _mm256_add_epi16(_mm256_abs_epi16(*row), biases);
        let level = _mm256_mulhi_epu16(magnitude, multipliers);
        any = _mm256_or_si256(any, level);
        // A coefficient of zero has the level zero, too.
        *row = _mm256_sign_epi16(level, *row);
    }
    if _mm256_testz_si256(any, any) != 0 {
        return [0; 4];
    }
    for (row, out) in rows.into_iter().zip(strip) {
        store_lanes(row, out);
    }
    scan(rows, levels)
}

/// Stores the levels of four blocks in zig-zag order. Returns for each block whether each level is not zero.
#[target_feature(enable = "avx2")]
#[inline]
fn scan([a, b, c, d]: FourRows, levels: [&mut CoefficientBlock; 4]) -> [u16; 4] {
    // Bytes of the first eight and of the last eight levels, from rows 0 and 1 and from rows 2 and 3 of a block.
    const NO: i8 = -1;
    let both = |mask: __m128i| _mm256_broadcastsi128_si256(mask);
    let first_of_upper = both(_mm_setr_epi8(0, 1, 8, 9, 2, 3, 4, 5, 10, 11, NO, NO, NO, NO, NO, NO));
    let first_of_lower = both(_mm_setr_epi8(NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0, 1, 8, 9, 2, 3));
    let last_of_upper = both(_mm_setr_epi8(12, 13, 6, 7, 14, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO));
    let last_of_lower = both(_mm_setr_epi8(NO, NO, NO, NO, NO, NO, 4, 5, 10, 11, 12, 13, 6, 7, 14, 15));
    let zero = _mm256_setzero_si256();
    let halves =
        |upper: __m256i, lower: __m256i, left: &mut CoefficientBlock, right: &mut CoefficientBlock| {
            let first = _mm256_or_si256(
                _mm256_shuffle_epi8(upper, first_of_upper),
                _mm256_shuffle_epi8(lower, first_of_lower),
            );
            let last = _mm256_or_si256(
                _mm256_shuffle_epi8(upper, last_of_upper),
                _mm256_shuffle_epi8(lower, last_of_lower),
            );
            store_lanes(_mm256_permute2x128_si256::<0x20>(first, last), left);
            store_lanes(_mm256_permute2x128_si256::<0x31>(first, last), right);
            let zeros = _mm256_cmpeq_epi8(_mm256_packs_epi16(first, last), zero);
            !_mm256_movemask_epi8(zeros) as u32
        };
    let [first, second, third, fourth] = levels;
    let even = halves(_mm256_unpacklo_epi64(a, b), _mm256_unpacklo_epi64(c, d), first, third);
    let odd = halves(_mm256_unpackhi_epi64(a, b), _mm256_unpackhi_epi64(c, d), second, fourth);
    [even as u16, odd as u16, (even >> 16) as u16, (odd >> 16) as u16]
}

/// Levels to residual samples. `dc`: DC coefficients that were coded separately, in lanes 0, 4, 8 and 12.
#[target_feature(enable = "avx2")]
#[inline]
fn residual(strip: &Strip, dc: __m256i, quantiser: &Quantiser) -> FourRows {
    let mut rows = [_mm256_setzero_si256(); 4];
    for (index, row) in rows.iter_mut().enumerate() {
        *row = _mm256_mullo_epi16(lanes(&strip[index]), lanes(&quantiser.scales[index]));
    }
    rows[0] = _mm256_or_si256(rows[0], dc);
    let round = |row: __m256i| _mm256_srai_epi16::<6>(_mm256_add_epi16(row, _mm256_set1_epi16(32)));
    let [a, b, c, d] = inverse_pass(transpose(inverse_pass(rows)));
    [round(a), round(b), round(c), round(d)]
}

/// The DC coefficients of four blocks, in lanes 0, 4, 8 and 12.
#[target_feature(enable = "avx2")]
#[inline]
fn spread(dc: &[i16; 4]) -> __m256i {
    // SAFETY: the array has the 8 bytes that are loaded.
    _mm256_cvtepu16_epi64(unsafe { _mm_loadl_epi64(dc.as_ptr().cast()) })
}

/// The residual of blocks that have DC coefficients only: the same for all samples of a block.
#[target_feature(enable = "avx2")]
#[inline]
fn flat_residual(dc: __m256i) -> FourRows {
    let rounded = _mm256_srai_epi16::<6>(_mm256_add_epi16(dc, _mm256_set1_epi16(32)));
    let words = _mm256_set_epi64x(
        0x0908_0908_0908_0908,
        0x0100_0100_0100_0100,
        0x0908_0908_0908_0908,
        0x0100_0100_0100_0100,
    );
    [_mm256_shuffle_epi8(rounded, words); 4]
}

/// Quantised residual of a macroblock's luma; see [`AnalyseLuma`].
#[target_feature(enable = "avx2")]
pub(crate) fn analyse_luma(work: AnalyseLuma<'_>) -> [u16; 16] {
    let AnalyseLuma { source, predicted, quantiser, mut dc, strips, levels } = work;
    let first = checked(source.data, source.stride, 16);
    let predicted = predicted.as_chunks::<16>().0;
    let mut masks = [0; 16];
    let levels = levels.as_chunks_mut::<4>().0;
    let places = strips.iter_mut().zip(levels).zip(masks.as_chunks_mut::<4>().0);
    for (index, ((strip, levels), masks)) in places.enumerate() {
        let difference = |y: usize| {
            // SAFETY: 16 rows were checked.
            let source_row = unsafe { row(first, source.stride, index * 4 + y) };
            let predicted = bytes(&predicted[index * 4 + y]);
            _mm256_sub_epi16(_mm256_cvtepu8_epi16(source_row), _mm256_cvtepu8_epi16(predicted))
        };
        let residual = [difference(0), difference(1), difference(2), difference(3)];
        if is_negligible(residual, quantiser) {
            if let Some(dc) = dc.as_deref_mut() {
                dc[index * 4..][..4].copy_from_slice(&dc_of(residual));
            }
            continue;
        }
        let mut coefficients = [0; 16];
        *masks =
            analyse(residual, quantiser, dc.is_some().then_some(&mut coefficients), strip, levels.each_mut());
        if let Some(dc) = dc.as_deref_mut() {
            for block in 0..4 {
                dc[index * 4 + block] = coefficients[block * 4];
            }
        }
    }
    masks
}

/// Adds the residual of a macroblock's luma to the prediction; see [`super::Instructions::rebuild_luma`].
#[target_feature(enable = "avx2")]
pub(crate) fn rebuild_luma(levels: LumaLevels<'_>, quantiser: &Quantiser, predicted: &mut [u8; 256]) {
    let StripLevels { strips, masks, dc } = levels;
    let parts = strips.iter().zip(masks.as_chunks::<4>().0).zip(dc.as_chunks::<4>().0);
    for (((strip, masks), dc), predicted) in parts.zip(predicted.as_chunks_mut::<64>().0) {
        let dc = spread(dc);
        let rows = if *masks != [0; 4] {
            residual(strip, dc, quantiser)
        } else if _mm256_testz_si256(dc, dc) == 0 {
            flat_residual(dc)
        } else {
            continue;
        };
        let predicted = predicted.as_chunks_mut::<16>().0;
        for pair in 0..2 {
            let sum = |row: usize| _mm256_add_epi16(_mm256_cvtepu8_epi16(bytes(&predicted[row])), rows[row]);
            let (upper, lower) = (sum(pair * 2), sum(pair * 2 + 1));
            let both = _mm256_permute4x64_epi64::<0xD8>(_mm256_packus_epi16(upper, lower));
            store_bytes(_mm256_castsi256_si128(both), &mut predicted[pair * 2]);
            store_bytes(_mm256_extracti128_si256::<1>(both), &mut predicted[pair * 2 + 1]);
        }
    }
}

/// Eight pairs as 8 lanes of the first and 8 of the second.
#[target_feature(enable = "avx2")]
#[inline]
fn parted(pairs: __m128i) -> __m256i {
    const NO: i8 = -1;
    let places = _mm256_setr_epi8(
        0, NO, 2, NO, 4, NO, 6, NO, 8, NO, 10, NO, 12, NO, 14, NO, //
        1, NO, 3, NO, 5, NO, 7, NO, 9, NO, 11, NO, 13, NO, 15, NO,
    );
    _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(pairs), places)
}

/// Quantised residual of a macroblock's chroma; see [`AnalyseChroma`].
#[target_feature(enable = "avx2")]
pub(crate) fn analyse_chroma(work: AnalyseChroma<'_>) -> [u16; 8] {
    let AnalyseChroma { source, predicted, quantiser, dc, strips, levels } = work;
    let first = checked(source.data, source.stride, 8);
    let predicted = predicted.as_chunks::<16>().0;
    let mut masks = [0; 8];
    let [a, b, c, d, e, f, g, h] = levels;
    for (half, (strip, levels)) in strips.iter_mut().zip([[a, b, e, f], [c, d, g, h]]).enumerate() {
        let difference = |y: usize| {
            // SAFETY: 8 rows were checked.
            let source_row = unsafe { row(first, source.stride, half * 4 + y) };
            _mm256_sub_epi16(parted(source_row), parted(bytes(&predicted[half * 4 + y])))
        };
        let residual = [difference(0), difference(1), difference(2), difference(3)];
        if is_negligible(residual, quantiser) {
            let [a, b, c, d] = dc_of(residual);
            [dc[0][half * 2], dc[0][half * 2 + 1], dc[1][half * 2], dc[1][half * 2 + 1]] = [a, b, c, d];
            continue;
        }
        let mut coefficients = [0; 16];
        let strip_masks = analyse(residual, quantiser, Some(&mut coefficients), strip, levels);
        for block in 0..4 {
            let place = half * 2 + block % 2;
            dc[block / 2][place] = coefficients[block * 4];
            masks[block / 2 * 4 + place] = strip_masks[block];
        }
    }
    masks
}

/// Adds the residual of a macroblock's chroma to the prediction; see [`super::Instructions::rebuild_chroma`].
#[target_feature(enable = "avx2")]
pub(crate) fn rebuild_chroma(levels: ChromaLevels<'_>, quantiser: &Quantiser, predicted: &mut [u8; 128]) {
    let StripLevels { strips, masks, dc } = levels;
    for (half, (strip, predicted)) in strips.iter().zip(predicted.as_chunks_mut::<64>().0).enumerate() {
        let places = [half * 2, half * 2 + 1];
        let [[a, b], [c, d]] = [0, 1].map(|part: usize| places.map(|place| dc[part][place]));
        let dc = spread(&[a, b, c, d]);
        let any = [0, 4].iter().any(|part| places.iter().any(|place| masks[part + place] != 0));
        let rows = if any {
            residual(strip, dc, quantiser)
        } else if _mm256_testz_si256(dc, dc) == 0 {
            flat_residual(dc)
        } else {
            continue;
        };
        for (pairs, row) in predicted.as_chunks_mut::<16>().0.iter_mut().zip(rows) {
            let sum = _mm256_add_epi16(parted(bytes(pairs)), row);
            let sum = _mm256_packus_epi16(sum, sum);
            let (first, second) = (_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
            store_bytes(_mm_unpacklo_epi8(first, second), pairs);
        }
    }
}
