//! AVX2 for single 4×4 blocks. Each function computes what its portable counterpart does.

use std::arch::x86_64::*;

use super::avx2::{bytes, lanes, store_bytes, store_lanes, unsigned_lanes};
use crate::prediction::intra4x4::{Intra4x4Choice, Intra4x4Trial};
use crate::residual::quantiser::Quantiser;
use crate::residual::transform::CoefficientBlock;

const NO: i8 = -1;

/// Intra_4x4's cheapest mode; see [`super::Instructions::best_mode_4x4`].
#[target_feature(enable = "avx2")]
pub(crate) fn best_mode(trial: &Intra4x4Trial<'_>) -> Intra4x4Choice {
    let e = bytes(trial.edges);
    let before = _mm_shuffle_epi8(e, _mm_setr_epi8(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
    let after = _mm_shuffle_epi8(e, _mm_setr_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15));
    // The instruction rounds up: the first of the two steps must not.
    let outer = _mm_avg_epu8(before, after);
    let excess = _mm_and_si128(_mm_xor_si128(before, after), _mm_set1_epi8(1));
    let three = _mm_avg_epu8(_mm_sub_epi8(outer, excess), e);
    let two = _mm_avg_epu8(e, after);
    let [e, two, three] = [e, two, three].map(|edge| _mm256_broadcastsi128_si256(edge));
    let dc = _mm256_set1_epi8(trial.dc as i8);
    // Two modes in each, the even one first; the bytes of a half are the samples, rows first.
    let modes_01 = _mm256_shuffle_epi8(
        e,
        _mm256_setr_epi8(
            5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8, //
            3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0,
        ),
    );
    let mode_3 = _mm256_shuffle_epi8(
        three,
        _mm256_broadcastsi128_si256(_mm_setr_epi8(6, 7, 8, 9, 7, 8, 9, 10, 8, 9, 10, 11, 9, 10, 11, 12)),
    );
    let modes_23 = _mm256_blend_epi32::<0xF0>(dc, mode_3);
    let modes_45 = _mm256_or_si256(
        _mm256_shuffle_epi8(
            three,
            _mm256_setr_epi8(
                4, 5, 6, 7, 3, 4, 5, 6, 2, 3, 4, 5, 1, 2, 3, 4, //
                NO, NO, NO, NO, 4, 5, 6, 7, 3, NO, NO, NO, 2, 4, 5, 6,
            ),
        ),
        _mm256_shuffle_epi8(
            two,
            _mm256_setr_epi8(
                NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, //
                4, 5, 6, 7, NO, NO, NO, NO, NO, 4, 5, 6, NO, NO, NO, NO,
            ),
        ),
    );
    let modes_67 = _mm256_or_si256(
        _mm256_shuffle_epi8(
            three,
            _mm256_setr_epi8(
                NO, 4, 5, 6, NO, 3, NO, 4, NO, 2, NO, 3, NO, 1, NO, 2, //
                NO, NO, NO, NO, 6, 7, 8, 9, NO, NO, NO, NO, 7, 8, 9, 10,
            ),
        ),
        _mm256_shuffle_epi8(
            two,
            _mm256_setr_epi8(
                3, NO, NO, NO, 2, NO, 3, NO, 1, NO, 2, NO, 0, NO, 1, NO, //
                5, 6, 7, 8, NO, NO, NO, NO, 6, 7, 8, 9, NO, NO, NO, NO,
            ),
        ),
    );
    let [e, two, three] = [e, two, three].map(|edge| _mm256_castsi256_si128(edge));
    let mode_8 = _mm_or_si128(
        _mm_or_si128(
            _mm_shuffle_epi8(three, _mm_setr_epi8(NO, 2, NO, 1, NO, 1, NO, 0, NO, 0, NO, NO, NO, NO, NO, NO)),
            _mm_shuffle_epi8(two, _mm_setr_epi8(2, NO, 1, NO, 1, NO, 0, NO, 0, NO, NO, NO, NO, NO, NO, NO)),
        ),
        _mm_shuffle_epi8(e, _mm_setr_epi8(NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0, 0, 0, 0, 0, 0)),
    );
    let block = bytes(trial.block);
    let both = _mm256_broadcastsi128_si256(block);
    let total = |first: __m256i, second: __m256i| {
        let (first, second) = (_mm256_sad_epu8(first, both), _mm256_sad_epu8(second, both));
        _mm256_add_epi64(_mm256_unpacklo_epi64(first, second), _mm256_unpackhi_epi64(first, second))
    };
    let totals = _mm256_packs_epi32(total(modes_01, modes_23), total(modes_45, modes_67));
    // Those of even modes and of odd ones.
    let (even, odd) = (_mm256_castsi256_si128(totals), _mm256_extracti128_si256::<1>(totals));
    let differences = _mm_or_si128(even, _mm_slli_epi32::<16>(odd));
    // Twice the cost, and one more for all but the predicted mode, so that this wins against equals.
    let numbers = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7);
    let is_predicted = _mm_cmpeq_epi16(numbers, _mm_set1_epi16(i16::from(trial.predicted_mode)));
    let lambda = trial.lambda as i16;
    let surcharge = _mm_blendv_epi8(_mm_set1_epi16(8 * lambda + 1), _mm_set1_epi16(2 * lambda), is_predicted);
    let bits = _mm_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128);
    let allowed = _mm_and_si128(bits, _mm_set1_epi16(trial.allowed as i16));
    let forbidden = _mm_cmpeq_epi16(allowed, _mm_setzero_si128());
    let costs = _mm_add_epi16(_mm_slli_epi16::<1>(differences), surcharge);
    let least = _mm_cvtsi128_si32(_mm_minpos_epu16(_mm_or_si128(costs, forbidden))) as u32;
    let (mut cost, mut mode) = (least & 0xFFFF, (least >> 16) as u8);
    if trial.allowed >> 8 & 1 == 1 {
        let differences = _mm_sad_epu8(mode_8, block);
        let differences = (_mm_cvtsi128_si32(differences) + _mm_extract_epi16::<4>(differences)) as u32;
        let surcharge = if trial.predicted_mode == 8 { 2 * trial.lambda } else { 8 * trial.lambda + 1 };
        let cost_8 = 2 * differences + surcharge;
        if cost_8 < cost {
            (cost, mode) = (cost_8, 8);
        }
    }
    let mut all = [[0; 16]; 10];
    let pairs = all.as_chunks_mut::<2>().0.iter_mut();
    for (pair, modes) in pairs.zip([modes_01, modes_23, modes_45, modes_67]) {
        store_bytes(_mm256_castsi256_si128(modes), &mut pair[0]);
        store_bytes(_mm256_extracti128_si256::<1>(modes), &mut pair[1]);
    }
    store_bytes(mode_8, &mut all[8]);
    Intra4x4Choice { cost: cost >> 1, mode, predicted: all[usize::from(mode) % 10] }
}

/// Rows 0 and 1, and rows 2 and 3.
type Halves = (__m128i, __m128i);

#[target_feature(enable = "avx2")]
#[inline]
fn forward_pass((upper, lower): Halves) -> Halves {
    let lower = _mm_shuffle_epi32::<0b01_00_11_10>(lower);
    let (sums, differences) = (_mm_add_epi16(upper, lower), _mm_sub_epi16(upper, lower));
    let (outer, inner) = (_mm_unpacklo_epi64(sums, differences), _mm_unpackhi_epi64(sums, differences));
    let second = _mm_set_epi64x(-1, 0);
    (
        _mm_add_epi16(_mm_add_epi16(outer, _mm_and_si128(outer, second)), inner),
        _mm_sub_epi16(outer, _mm_add_epi16(inner, _mm_and_si128(inner, second))),
    )
}

#[target_feature(enable = "avx2")]
#[inline]
fn inverse_pass((upper, lower): Halves) -> Halves {
    let even = _mm_unpacklo_epi64(_mm_add_epi16(upper, lower), _mm_sub_epi16(upper, lower));
    let odd = _mm_unpackhi_epi64(
        _mm_add_epi16(upper, _mm_srai_epi16::<1>(lower)),
        _mm_sub_epi16(_mm_srai_epi16::<1>(upper), lower),
    );
    (_mm_add_epi16(even, odd), _mm_shuffle_epi32::<0b01_00_11_10>(_mm_sub_epi16(even, odd)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn transpose((upper, lower): Halves) -> Halves {
    let (even, odd) = (_mm_unpacklo_epi16(upper, lower), _mm_unpackhi_epi16(upper, lower));
    (_mm_unpacklo_epi16(even, odd), _mm_unpackhi_epi16(even, odd))
}

#[target_feature(enable = "avx2")]
#[inline]
fn joined((upper, lower): Halves) -> __m256i {
    _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(upper), lower)
}

#[target_feature(enable = "avx2")]
#[inline]
fn halves(rows: __m256i) -> Halves {
    (_mm256_castsi256_si128(rows), _mm256_extracti128_si256::<1>(rows))
}

/// Codes a block's residual; see [`super::Instructions::code_4x4`].
#[target_feature(enable = "avx2")]
pub(crate) fn code(
    block: &[u8; 16],
    predicted: &mut [u8; 16],
    quantiser: &Quantiser,
    levels: &mut CoefficientBlock,
) -> u16 {
    let prediction = _mm256_cvtepu8_epi16(bytes(predicted));
    let residual = _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes(block)), prediction);
    let coefficients = joined(forward_pass(transpose(forward_pass(halves(residual)))));
    let tables = &quantiser.of_block;
    let magnitude = _mm256_add_epi16(_mm256_abs_epi16(coefficients), unsigned_lanes(&tables.biases));
    let level = _mm256_mulhi_epu16(magnitude, unsigned_lanes(&tables.multipliers));
    if _mm256_testz_si256(level, level) != 0 {
        return 0;
    }
    // A coefficient of zero has the level zero, too.
    let level = _mm256_sign_epi16(level, coefficients);
    let (upper, lower) = halves(level);
    let first = _mm_or_si128(
        _mm_shuffle_epi8(upper, _mm_setr_epi8(0, 1, 8, 9, 2, 3, 4, 5, 10, 11, NO, NO, NO, NO, NO, NO)),
        _mm_shuffle_epi8(lower, _mm_setr_epi8(NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0, 1, 8, 9, 2, 3)),
    );
    let last = _mm_or_si128(
        _mm_shuffle_epi8(upper, _mm_setr_epi8(12, 13, 6, 7, 14, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO)),
        _mm_shuffle_epi8(lower, _mm_setr_epi8(NO, NO, NO, NO, NO, NO, 4, 5, 10, 11, 12, 13, 6, 7, 14, 15)),
    );
    store_lanes(joined((first, last)), levels);
    let zeros = _mm_cmpeq_epi8(_mm_packs_epi16(first, last), _mm_setzero_si128());
    let scaled = _mm256_mullo_epi16(level, lanes(&tables.scales));
    let residual = joined(inverse_pass(transpose(inverse_pass(halves(scaled)))));
    let residual = _mm256_srai_epi16::<6>(_mm256_add_epi16(residual, _mm256_set1_epi16(32)));
    let (upper, lower) = halves(_mm256_add_epi16(prediction, residual));
    store_bytes(_mm_packus_epi16(upper, lower), predicted);
    !_mm_movemask_epi8(zeros) as u16
}
