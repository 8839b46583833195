//! AVX2 for the deblocking filter (ITU-T H.264, 8.7.2). Each function computes what its portable counterpart in
//! `deblocking/lines.rs` does, on bytes: a register holds 16 lines that cross the edge.

use std::arch::x86_64::*;

use super::PlaneMut;
use crate::deblocking::edges::{STRONGEST, Strengths};
use crate::deblocking::limits::Limits;

/// The samples along an edge: four lines before it, the nearest last, and four after it.
type LumaLines = [__m128i; 8];
/// The same of chroma: two lines before it and two after it.
type ChromaLines = [__m128i; 4];

/// The limits of 16 lines.
#[derive(Clone, Copy)]
struct LaneLimits {
    alpha: __m128i,
    beta: __m128i,
    /// tC0.
    most_change: __m128i,
    /// Where bS is 0.
    is_off: __m128i,
}

impl LaneLimits {
    #[target_feature(enable = "avx2")]
    #[inline]
    fn of(limits: &Limits, strengths: Strengths) -> LaneLimits {
        let fours = _mm_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        let strengths = _mm_shuffle_epi8(_mm_cvtsi32_si128(i32::from_le_bytes(strengths)), fours);
        let [weak, middle, strong] = limits.most_change;
        let table = _mm_cvtsi32_si128(i32::from_le_bytes([0, weak, middle, strong]));
        LaneLimits {
            alpha: _mm_set1_epi8(limits.alpha as i8),
            beta: _mm_set1_epi8(limits.beta as i8),
            most_change: _mm_shuffle_epi8(table, strengths),
            is_off: _mm_cmpeq_epi8(strengths, _mm_setzero_si128()),
        }
    }

    /// filterSamplesFlag (8.7.2).
    #[target_feature(enable = "avx2")]
    #[inline]
    fn allow(&self, [p1, p0, q0, q1]: ChromaLines) -> __m128i {
        let [step, p_step, q_step] = [difference(p0, q0), difference(p1, p0), difference(q1, q0)];
        let room = _mm_min_epu8(_mm_subs_epu8(self.beta, p_step), _mm_subs_epu8(self.beta, q_step));
        let room = _mm_min_epu8(_mm_subs_epu8(self.alpha, step), room);
        let is_off = _mm_or_si128(self.is_off, _mm_cmpeq_epi8(room, _mm_setzero_si128()));
        _mm_xor_si128(is_off, _mm_set1_epi8(-1))
    }
}

/// Absolute differences.
#[target_feature(enable = "avx2")]
#[inline]
fn difference(a: __m128i, b: __m128i) -> __m128i {
    _mm_or_si128(_mm_subs_epu8(a, b), _mm_subs_epu8(b, a))
}

/// Where the absolute difference is below a limit, of the lines that are filtered.
#[target_feature(enable = "avx2")]
#[inline]
fn is_below(a: __m128i, b: __m128i, limit: __m128i, is_filtered: __m128i) -> __m128i {
    let room = _mm_subs_epu8(limit, difference(a, b));
    _mm_andnot_si128(_mm_cmpeq_epi8(room, _mm_setzero_si128()), is_filtered)
}

/// (a + b) >> 1. The instruction rounds up.
#[target_feature(enable = "avx2")]
#[inline]
fn lower_mean(a: __m128i, b: __m128i) -> __m128i {
    let excess = _mm_and_si128(_mm_xor_si128(a, b), _mm_set1_epi8(1));
    _mm_sub_epi8(_mm_avg_epu8(a, b), excess)
}

/// (2a + b + c + 2) >> 2.
#[target_feature(enable = "avx2")]
#[inline]
fn smoothed(a: __m128i, b: __m128i, c: __m128i) -> __m128i {
    _mm_avg_epu8(a, lower_mean(b, c))
}

/// The new p0 and q0 where bS is below 4 (equations 8-475 to 8-477): changed by at most `most`.
#[target_feature(enable = "avx2")]
#[inline]
fn stepped([p1, p0, q0, q1]: ChromaLines, most: __m128i) -> [__m128i; 2] {
    let ones = _mm_set1_epi8(-1);
    // 66 + ((p1 − q1) >> 2), then the step from p0 to q0 over 161; each mean adds half of what it is a mean of.
    let outer = _mm_avg_epu8(p1, _mm_xor_si128(q1, ones));
    let outer = _mm_avg_epu8(outer, _mm_set1_epi8(3));
    let odd = _mm_and_si128(_mm_xor_si128(p0, q0), _mm_set1_epi8(1));
    let inner = _mm_avg_epu8(_mm_xor_si128(p0, ones), q0);
    let step = _mm_adds_epu8(inner, _mm_avg_epu8(outer, odd));
    let zero = _mm_set1_epi8(161u8 as i8);
    let up = _mm_min_epu8(_mm_subs_epu8(step, zero), most);
    let down = _mm_min_epu8(_mm_subs_epu8(zero, step), most);
    // One of the two is zero.
    [_mm_subs_epu8(_mm_adds_epu8(p0, up), down), _mm_adds_epu8(_mm_subs_epu8(q0, up), down)]
}

/// Luma where bS is below 4 (8.7.2.3). Returns whether any line may have changed; of these the inner four.
#[target_feature(enable = "avx2")]
#[inline]
fn filter_luma(lines: &mut LumaLines, limits: &LaneLimits) -> bool {
    let [_, p2, p1, p0, q0, q1, q2, _] = *lines;
    let is_filtered = limits.allow([p1, p0, q0, q1]);
    if _mm_testz_si128(is_filtered, is_filtered) != 0 {
        return false;
    }
    let is_p_smooth = is_below(p2, p0, limits.beta, is_filtered);
    let is_q_smooth = is_below(q2, q0, limits.beta, is_filtered);
    // A set byte is −1.
    let most = _mm_sub_epi8(_mm_sub_epi8(limits.most_change, is_p_smooth), is_q_smooth);
    let middle = _mm_avg_epu8(p0, q0);
    let second = |outer: __m128i, inner: __m128i, is_smooth: __m128i| {
        let most = _mm_and_si128(limits.most_change, is_smooth);
        let least = _mm_subs_epu8(inner, most);
        _mm_min_epu8(_mm_max_epu8(lower_mean(outer, middle), least), _mm_adds_epu8(inner, most))
    };
    [lines[3], lines[4]] = stepped([p1, p0, q0, q1], _mm_and_si128(most, is_filtered));
    (lines[2], lines[5]) = (second(p2, p1, is_p_smooth), second(q2, q1, is_q_smooth));
    true
}

/// Luma where bS is 4 (8.7.2.4). Returns whether any line may have changed.
#[target_feature(enable = "avx2")]
#[inline]
fn filter_luma_strongly(lines: &mut LumaLines, limits: &LaneLimits) -> bool {
    let [_, p2, p1, p0, q0, q1, q2, _] = *lines;
    let is_filtered = limits.allow([p1, p0, q0, q1]);
    if _mm_testz_si128(is_filtered, is_filtered) != 0 {
        return false;
    }
    let small = _mm_set1_epi8((_mm_cvtsi128_si32(limits.alpha) as u8 / 4 + 2) as i8);
    let is_small = is_below(p0, q0, small, is_filtered);
    let wide = lines.map(|line| _mm256_cvtepu8_epi16(line));
    // From the nearest to the farthest line on one side; `q` are the two on the other.
    let strong = |p: [__m256i; 4], q: [__m256i; 2]| {
        let inner = _mm256_add_epi16(p[1], _mm256_add_epi16(p[0], q[0]));
        let second = _mm256_add_epi16(p[2], inner);
        let first = _mm256_add_epi16(_mm256_add_epi16(inner, inner), _mm256_add_epi16(p[2], q[1]));
        let outer = _mm256_add_epi16(p[3], p[2]);
        let third = _mm256_add_epi16(_mm256_add_epi16(outer, outer), second);
        let narrow = |sums: __m256i| {
            _mm_packus_epi16(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums))
        };
        let eighth = |sums| narrow(_mm256_srli_epi16::<3>(_mm256_add_epi16(sums, _mm256_set1_epi16(4))));
        let quarter = |sums| narrow(_mm256_srli_epi16::<2>(_mm256_add_epi16(sums, _mm256_set1_epi16(2))));
        [eighth(first), quarter(second), eighth(third)]
    };
    let [w0, w1, w2, w3, w4, w5, w6, w7] = wide;
    let is_p_strong = is_below(p2, p0, limits.beta, is_small);
    let is_q_strong = is_below(q2, q0, limits.beta, is_small);
    let choose = |old, new, is_new| _mm_blendv_epi8(old, new, is_new);
    let [first, second, third] = strong([w3, w2, w1, w0], [w4, w5]);
    lines[3] = choose(choose(p0, smoothed(p1, p0, q1), is_filtered), first, is_p_strong);
    (lines[2], lines[1]) = (choose(p1, second, is_p_strong), choose(p2, third, is_p_strong));
    let [first, second, third] = strong([w4, w5, w6, w7], [w3, w2]);
    lines[4] = choose(choose(q0, smoothed(q1, q0, p1), is_filtered), first, is_q_strong);
    (lines[5], lines[6]) = (choose(q1, second, is_q_strong), choose(q2, third, is_q_strong));
    true
}

/// Chroma, by bS. Returns whether any of the inner two lines may have changed.
#[target_feature(enable = "avx2")]
#[inline]
fn filter_chroma(lines: &mut ChromaLines, limits: &LaneLimits, is_strongest: bool) -> bool {
    let [p1, p0, q0, q1] = *lines;
    let is_filtered = limits.allow(*lines);
    if _mm_testz_si128(is_filtered, is_filtered) != 0 {
        return false;
    }
    if is_strongest {
        lines[1] = _mm_blendv_epi8(p0, smoothed(p1, p0, q1), is_filtered);
        lines[2] = _mm_blendv_epi8(q0, smoothed(q1, q0, p1), is_filtered);
    } else {
        let most = _mm_add_epi8(limits.most_change, _mm_set1_epi8(1));
        [lines[1], lines[2]] = stepped(*lines, _mm_and_si128(most, is_filtered));
    }
    true
}

#[target_feature(enable = "avx2")]
#[inline]
fn filter_luma_lines(lines: &mut LumaLines, limits: &Limits, strengths: Strengths) -> bool {
    let lanes = LaneLimits::of(limits, strengths);
    if strengths[0] == STRONGEST { filter_luma_strongly(lines, &lanes) } else { filter_luma(lines, &lanes) }
}

/// Filters luma between two rows. `samples`: from four rows before the edge on.
#[target_feature(enable = "avx2")]
pub(crate) fn luma_rows(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let first = data[..7 * stride + 16].as_mut_ptr();
    let mut lines: LumaLines = [_mm_setzero_si128(); 8];
    for (row, line) in lines.iter_mut().enumerate() {
        // SAFETY: 16 bytes of eight rows were checked.
        *line = unsafe { _mm_loadu_si128(first.add(row * stride).cast()) };
    }
    if filter_luma_lines(&mut lines, limits, strengths) {
        let [_, a, b, c, d, e, f, _] = lines;
        for (index, line) in [a, b, c, d, e, f].into_iter().enumerate() {
            // SAFETY: as above.
            unsafe { _mm_storeu_si128(first.add((index + 1) * stride).cast(), line) };
        }
    }
}

/// Filters luma between two columns. `samples`: from four columns before the edge on.
#[target_feature(enable = "avx2")]
pub(crate) fn luma_columns(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let first = data[..15 * stride + 8].as_mut_ptr();
    // SAFETY: 8 bytes of 16 rows were checked.
    let row = |row: usize| unsafe { _mm_loadl_epi64(first.add(row * stride).cast()) };
    // Rows 0 and 8, 1 and 9, …: four times bytes of the first and the second half in turn, which rotates the index of a byte,
    // 4 bits of its row and 3 of its column, by one bit each time.
    let mut lines: LumaLines =
        [0, 1, 2, 3, 4, 5, 6, 7].map(|index| _mm_unpacklo_epi8(row(index), row(index + 8)));
    for _ in 0..3 {
        lines = in_turn(lines);
    }
    if filter_luma_lines(&mut lines, limits, strengths) {
        for _ in 0..3 {
            lines = in_turn(lines);
        }
        for (pair, line) in lines.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                _mm_storel_epi64(first.add(pair * 2 * stride).cast(), *line);
                _mm_storeh_pd(first.add((pair * 2 + 1) * stride).cast(), _mm_castsi128_pd(*line));
            }
        }
    }
}

/// The bytes of the first four lines and of the last four in turn.
#[target_feature(enable = "avx2")]
#[inline]
fn in_turn([a, b, c, d, e, f, g, h]: LumaLines) -> LumaLines {
    [
        _mm_unpacklo_epi8(a, e),
        _mm_unpackhi_epi8(a, e),
        _mm_unpacklo_epi8(b, f),
        _mm_unpackhi_epi8(b, f),
        _mm_unpacklo_epi8(c, g),
        _mm_unpackhi_epi8(c, g),
        _mm_unpacklo_epi8(d, h),
        _mm_unpackhi_epi8(d, h),
    ]
}

/// Filters chroma between two rows. `samples`: from two rows before the edge on.
#[target_feature(enable = "avx2")]
pub(crate) fn chroma_rows(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let first = data[..3 * stride + 16].as_mut_ptr();
    // SAFETY: 16 bytes of four rows were checked.
    let mut lines: ChromaLines =
        [0, 1, 2, 3].map(|row| unsafe { _mm_loadu_si128(first.add(row * stride).cast()) });
    if filter_chroma(&mut lines, &LaneLimits::of(limits, strengths), strengths[0] == STRONGEST) {
        // SAFETY: as above.
        unsafe {
            _mm_storeu_si128(first.add(stride).cast(), lines[1]);
            _mm_storeu_si128(first.add(2 * stride).cast(), lines[2]);
        }
    }
}

/// Filters chroma between two columns of pairs. `samples`: from two pairs before the edge on.
#[target_feature(enable = "avx2")]
pub(crate) fn chroma_columns(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let first = data[..7 * stride + 8].as_mut_ptr();
    // SAFETY: 8 bytes of eight rows were checked.
    let row = |row: usize| unsafe { _mm_loadl_epi64(first.add(row * stride).cast()) };
    // As for luma, with pairs in place of bytes: 3 bits of the row and 2 of the column.
    let mut lines: ChromaLines = [0, 1, 2, 3].map(|index| _mm_unpacklo_epi16(row(index), row(index + 4)));
    for _ in 0..2 {
        lines = pairs_in_turn(lines);
    }
    if filter_chroma(&mut lines, &LaneLimits::of(limits, strengths), strengths[0] == STRONGEST) {
        for _ in 0..2 {
            lines = pairs_in_turn(lines);
        }
        for (pair, line) in lines.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                _mm_storel_epi64(first.add(pair * 2 * stride).cast(), *line);
                _mm_storeh_pd(first.add((pair * 2 + 1) * stride).cast(), _mm_castsi128_pd(*line));
            }
        }
    }
}

/// The pairs of the first two lines and of the last two in turn.
#[target_feature(enable = "avx2")]
#[inline]
fn pairs_in_turn([a, b, c, d]: ChromaLines) -> ChromaLines {
    [_mm_unpacklo_epi16(a, c), _mm_unpackhi_epi16(a, c), _mm_unpacklo_epi16(b, d), _mm_unpackhi_epi16(b, d)]
}
