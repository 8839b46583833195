//! AVX2 for samples between those of a reference picture. Each function computes what its portable counterpart in
//! `prediction/interpolation.rs` does, for blocks of 16 bytes in width.
//!
//! A register holds 16 sums of 16 bits, or the bytes of two rows.

use std::arch::x86_64::*;

use super::sse2::row;
use crate::prediction::inter::OUT_STRIDE;
use crate::prediction::interpolation::{InterpolateChroma, InterpolateLuma};
use strikeline_picture::Plane;

/// Two rows of 16 bytes in each register.
type RowPairs = [__m256i; 8];

/// Rows of a plane whose bounds were checked.
#[derive(Clone, Copy)]
struct Rows {
    first: *const u8,
    stride: usize,
}

impl Rows {
    /// Checks that `count` rows of `bytes` bytes lie within the samples.
    ///
    /// # Panics
    /// When they do not.
    #[inline(always)]
    fn of(samples: Plane<'_>, bytes: usize, count: usize) -> Rows {
        let checked = &samples.data[..(count - 1) * samples.stride + bytes];
        Rows { first: checked.as_ptr(), stride: samples.stride }
    }

    /// 16 bytes of row `index`, from byte `column` on.
    ///
    /// # Safety
    /// They must be among those that were checked.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn at(self, column: usize, index: usize) -> __m128i {
        // SAFETY: the caller answers for the bounds.
        unsafe { row(self.first.add(column), self.stride, index) }
    }

    /// The same of two rows.
    ///
    /// # Safety
    /// As for [`Self::at`].
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn pair(self, column: usize, index: usize) -> __m256i {
        // SAFETY: the caller answers for the bounds.
        let (upper, lower) = unsafe { (self.at(column, index), self.at(column, index + 1)) };
        joined(upper, lower)
    }

    /// The same of one row: its first 8 bytes in the low halves of the lower lane, the others in those of the upper lane.
    ///
    /// # Safety
    /// As for [`Self::at`].
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn spread(self, column: usize, index: usize) -> __m256i {
        // SAFETY: the caller answers for the bounds.
        let bytes = unsafe { self.at(column, index) };
        _mm256_permute4x64_epi64::<0b01_01_00_00>(_mm256_castsi128_si256(bytes))
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn joined(lower: __m128i, upper: __m128i) -> __m256i {
    _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(lower), upper)
}

/// Two bytes in each lane of 16 bits, as weights.
#[target_feature(enable = "avx2")]
#[inline]
fn weights(first: i8, second: i8) -> __m256i {
    _mm256_set1_epi16(i16::from_le_bytes([first as u8, second as u8]))
}

/// The six-tap filter: (1, −5, 20, 20, −5, 1) over three pairs of neighbours.
#[target_feature(enable = "avx2")]
#[inline]
fn six_taps(pairs: [__m256i; 3]) -> __m256i {
    let [first, middle, last] = pairs;
    let outer = _mm256_add_epi16(
        _mm256_maddubs_epi16(first, weights(1, -5)),
        _mm256_maddubs_epi16(last, weights(-5, 1)),
    );
    _mm256_add_epi16(outer, _mm256_maddubs_epi16(middle, weights(20, 20)))
}

/// (x + 2^(`BITS` − 1)) >> `BITS`. The instruction multiplies, and shifts by 15 with rounding.
#[target_feature(enable = "avx2")]
#[inline]
fn shifted<const BITS: i32>(sums: __m256i) -> __m256i {
    _mm256_mulhrs_epi16(sums, _mm256_set1_epi16(1 << (15 - BITS)))
}

/// Two rows of 16 lanes as bytes.
#[target_feature(enable = "avx2")]
#[inline]
fn narrowed(upper: __m256i, lower: __m256i) -> __m256i {
    _mm256_permute4x64_epi64::<0xD8>(_mm256_packus_epi16(upper, lower))
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(rows: &[__m256i], out: &mut [u8]) {
    for (pair, rows) in out.as_chunks_mut::<{ 2 * OUT_STRIDE }>().0.iter_mut().zip(rows) {
        // SAFETY: there is room for the 32 bytes that are stored; the store needs no alignment.
        unsafe { _mm256_storeu_si256(<[u8]>::as_mut_ptr(pair).cast(), *rows) };
    }
}

/// The sums b1 of a row of the window.
///
/// # Safety
/// 24 bytes of the row must have been checked.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn row_sums(window: Rows, index: usize) -> __m256i {
    // SAFETY: the caller answers for the bounds.
    let both = unsafe { joined(window.at(0, index), window.at(8, index)) };
    let places = |places: __m128i| _mm256_shuffle_epi8(both, _mm256_broadcastsi128_si256(places));
    six_taps([
        places(_mm_setr_epi8(0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8)),
        places(_mm_setr_epi8(2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10)),
        places(_mm_setr_epi8(4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12)),
    ])
}

/// The samples b of pairs of rows, from row `first` of the window on.
///
/// # Safety
/// 24 bytes of these rows must have been checked.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn between_columns(window: Rows, first: usize, pairs: &mut [__m256i]) {
    for (index, pair) in pairs.iter_mut().enumerate() {
        let y = first + index * 2;
        // SAFETY: the caller answers for the bounds.
        let (upper, lower) = unsafe { (row_sums(window, y), row_sums(window, y + 1)) };
        *pair = narrowed(shifted::<5>(upper), shifted::<5>(lower));
    }
}

/// The samples h of pairs of rows, from byte `column` of the window on.
///
/// # Safety
/// Two rows for each pair and five more must have been checked.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn between_rows(window: Rows, column: usize, pairs: &mut [__m256i]) {
    // SAFETY: the caller answers for the bounds, here and below.
    let spread = |index: usize| unsafe { window.spread(column, index) };
    let mut above = spread(0);
    let mut next = |index: usize| {
        let here = spread(index);
        _mm256_unpacklo_epi8(std::mem::replace(&mut above, here), here)
    };
    // Each row beside the one below it.
    let mut beside = [next(1), next(2), next(3), next(4)];
    for (index, pair) in pairs.iter_mut().enumerate() {
        let [a, b, c, d] = beside;
        let (e, f) = (next(index * 2 + 5), next(index * 2 + 6));
        let (upper, lower) = (six_taps([a, c, e]), six_taps([b, d, f]));
        *pair = narrowed(shifted::<5>(upper), shifted::<5>(lower));
        beside = [c, d, e, f];
    }
}

/// The samples j of a row, from the sums b1 of six rows. See the portable function of the same name.
#[target_feature(enable = "avx2")]
#[inline]
fn j(sums: &[__m256i; 6]) -> __m256i {
    let [r0, r1, r2, r3, r4, r5] = *sums;
    let (a, b, c) = (_mm256_add_epi16(r0, r5), _mm256_add_epi16(r1, r4), _mm256_add_epi16(r2, r3));
    let quarter = _mm256_srai_epi16::<2>(_mm256_sub_epi16(a, b));
    let inner = _mm256_srai_epi16::<2>(_mm256_adds_epi16(_mm256_subs_epi16(quarter, b), c));
    shifted::<6>(_mm256_add_epi16(inner, c))
}

/// Interpolates a luma block of 16 columns; see [`InterpolateLuma`].
#[target_feature(enable = "avx2")]
pub(crate) fn luma(work: InterpolateLuma<'_, 16>) {
    let InterpolateLuma { samples, fraction: (right, below), height, out } = work;
    debug_assert!(height.is_multiple_of(2));
    let height = height.min(16);
    let window = Rows::of(samples, 24, height + 5);
    let (next_column, next_row) = (usize::from(right == 3), usize::from(below == 3));
    let zero = _mm256_setzero_si256();
    let (mut one, mut other): (RowPairs, RowPairs) = ([zero; 8], [zero; 8]);
    let (one, other) = (&mut one[..height / 2], &mut other[..height / 2]);
    let average = |one: &mut [__m256i], other: &[__m256i]| {
        one.iter_mut().zip(other).for_each(|(one, other)| *one = _mm256_avg_epu8(*one, *other));
    };
    // SAFETY: 24 bytes of `height` + 5 rows were checked. No row after these is read, and of each 16 bytes from a column of at
    // most 3 on, or, for the sums b1, from column 0 and column 8 on.
    unsafe {
        let whole = |column: usize, first: usize, pairs: &mut [__m256i]| {
            for (index, pair) in pairs.iter_mut().enumerate() {
                *pair = window.pair(column, first + index * 2);
            }
        };
        if right == 2 && below != 0 || right != 0 && below == 2 {
            let mut sums = [zero; 21];
            for (index, sums) in sums[..height + 5].iter_mut().enumerate() {
                *sums = row_sums(window, index);
            }
            for (pair, sums) in one.iter_mut().zip(sums.windows(7).step_by(2)) {
                if let (Some(upper), Some(lower)) = (sums.first_chunk(), sums.last_chunk()) {
                    *pair = narrowed(j(upper), j(lower));
                }
            }
            match (right, below) {
                (2, 2) => return store(one, out),
                (2, _) => {
                    let sums = sums[2 + next_row..].as_chunks::<2>().0;
                    for (pair, [upper, lower]) in other.iter_mut().zip(sums) {
                        *pair = narrowed(shifted::<5>(*upper), shifted::<5>(*lower));
                    }
                }
                _ => between_rows(window, 2 + next_column, other),
            }
        } else if below == 0 {
            between_columns(window, 2, one);
            if right == 2 {
                return store(one, out);
            }
            whole(2 + next_column, 2, other);
        } else if right == 0 {
            between_rows(window, 2, one);
            if below == 2 {
                return store(one, out);
            }
            whole(2, 2 + next_row, other);
        } else {
            between_columns(window, 2 + next_row, one);
            between_rows(window, 2 + next_column, other);
        }
    }
    average(one, other);
    store(one, out);
}

/// Interpolates a chroma block of 8 pairs; see [`InterpolateChroma`].
#[target_feature(enable = "avx2")]
pub(crate) fn chroma(work: InterpolateChroma<'_, 16>) {
    let InterpolateChroma { samples, fraction: (right, below), height, out } = work;
    debug_assert!(height.is_multiple_of(2));
    let height = height.min(16);
    let rows = Rows::of(samples, 18, height + 1);
    let across = weights(8 - right as i8, right as i8);
    let (here, lower) = (_mm256_set1_epi16(8 - below as i16), _mm256_set1_epi16(below as i16));
    let filtered = |index: usize| {
        // SAFETY: of `height` + 1 rows 18 bytes were checked.
        let (first, next) = unsafe { (rows.spread(0, index), rows.spread(2, index)) };
        _mm256_maddubs_epi16(_mm256_unpacklo_epi8(first, next), across)
    };
    let mut pairs: RowPairs = [_mm256_setzero_si256(); 8];
    let pairs = &mut pairs[..height / 2];
    let mut above = filtered(0);
    let mut next = |index: usize| {
        let row = filtered(index);
        let sum = _mm256_add_epi16(_mm256_mullo_epi16(above, here), _mm256_mullo_epi16(row, lower));
        above = row;
        shifted::<6>(sum)
    };
    for (index, pair) in pairs.iter_mut().enumerate() {
        let upper = next(index * 2 + 1);
        *pair = narrowed(upper, next(index * 2 + 2));
    }
    store(pairs, out);
}
