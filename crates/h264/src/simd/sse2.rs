//! SSE2, which every x86-64 processor has.

use std::arch::x86_64::*;

/// Checks that `rows` rows of 16 bytes lie within the samples, and returns a pointer to the first.
///
/// # Panics
/// When they do not.
#[inline(always)]
pub(crate) fn checked(samples: &[u8], stride: usize, rows: usize) -> *const u8 {
    let bytes = if rows == 0 { 0 } else { (rows - 1) * stride + 16 };
    samples[..bytes].as_ptr()
}

/// Row `row`, which [`checked`] has checked.
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) unsafe fn row(first: *const u8, stride: usize, row: usize) -> __m128i {
    // SAFETY: the caller has had this row checked; the load needs no alignment.
    unsafe { _mm_loadu_si128(first.add(row * stride).cast()) }
}

/// Sums of absolute differences of the first and of the last 8 bytes of `rows` rows of 16 bytes.
#[target_feature(enable = "sse2")]
pub(crate) fn half_differences(
    a: &[u8],
    a_stride: usize,
    b: &[u8],
    b_stride: usize,
    rows: usize,
) -> [u32; 2] {
    let (a, b) = (checked(a, a_stride, rows), checked(b, b_stride, rows));
    let mut sums = _mm_setzero_si128();
    let mut add = |index: usize| {
        // SAFETY: `index` is below the number of rows checked.
        let (a, b) = unsafe { (row(a, a_stride, index), row(b, b_stride, index)) };
        // Sums each half of a register.
        sums = _mm_add_epi64(sums, _mm_sad_epu8(a, b));
    };
    let mut index = 0;
    while index + 4 <= rows {
        add(index);
        add(index + 1);
        add(index + 2);
        add(index + 3);
        index += 4;
    }
    (index..rows).for_each(add);
    [_mm_cvtsi128_si32(sums) as u32, _mm_cvtsi128_si32(_mm_srli_si128::<8>(sums)) as u32]
}

/// Sum of squared differences over `rows` rows of 16 bytes.
#[target_feature(enable = "sse2")]
pub(crate) fn squared_error(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> u32 {
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
pub(crate) fn difference_of_16(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    // SAFETY: both have the 16 bytes that are loaded.
    let sums = unsafe { _mm_sad_epu8(row(a.as_ptr(), 0, 0), row(b.as_ptr(), 0, 0)) };
    total(sums)
}

/// See [`super::means`].
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn means(bytes: &[u8; 18]) -> ([u8; 16], [u8; 16]) {
    let first = bytes.as_ptr();
    // SAFETY: the last load ends with the last of the 18 bytes.
    let (a, b, c) = unsafe { (row(first, 1, 0), row(first, 1, 1), row(first, 1, 2)) };
    // The instruction rounds up: the first of the two steps must not.
    let outer = _mm_avg_epu8(a, c);
    let excess = _mm_and_si128(_mm_xor_si128(a, c), _mm_set1_epi8(1));
    let three = _mm_avg_epu8(_mm_sub_epi8(outer, excess), b);
    (stored(_mm_avg_epu8(b, c)), stored(three))
}

/// The differences of 16 bytes.
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn subtract(a: &[u8; 16], b: &[u8; 16]) -> [i16; 16] {
    // SAFETY: both have the 16 bytes that are loaded.
    let (a, b) = unsafe { (row(a.as_ptr(), 0, 0), row(b.as_ptr(), 0, 0)) };
    let zero = _mm_setzero_si128();
    let first = _mm_sub_epi16(_mm_unpacklo_epi8(a, zero), _mm_unpacklo_epi8(b, zero));
    let last = _mm_sub_epi16(_mm_unpackhi_epi8(a, zero), _mm_unpackhi_epi8(b, zero));
    let mut out = [0; 16];
    let (left, right): (&mut [i16], &mut [i16]) = out.split_at_mut(8);
    // SAFETY: both have the 16 bytes that are stored.
    unsafe {
        _mm_storeu_si128(left.as_mut_ptr().cast(), first);
        _mm_storeu_si128(right.as_mut_ptr().cast(), last);
    }
    out
}

/// See [`super::interleaved`].
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn interleaved(a: &[u8; 16], b: &[u8; 16]) -> [[u8; 16]; 2] {
    // SAFETY: both have the 16 bytes that are loaded.
    let (a, b) = unsafe { (row(a.as_ptr(), 0, 0), row(b.as_ptr(), 0, 0)) };
    [stored(_mm_unpacklo_epi8(a, b)), stored(_mm_unpackhi_epi8(a, b))]
}

/// 16 bytes.
#[target_feature(enable = "sse2")]
#[inline]
fn stored(bytes: __m128i) -> [u8; 16] {
    let mut out = [0; 16];
    // SAFETY: there is room for the 16 bytes that are stored.
    unsafe { _mm_storeu_si128(<[u8]>::as_mut_ptr(&mut out).cast(), bytes) };
    out
}

/// Eight pairs as eight of the first and eight of the second.
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn part_pairs(pairs: &[u8; 16]) -> [u8; 16] {
    // SAFETY: the array has the 16 bytes that are loaded.
    let pairs = unsafe { row(pairs.as_ptr(), 0, 0) };
    let first = _mm_and_si128(pairs, _mm_set1_epi16(0xFF));
    stored(_mm_packus_epi16(first, _mm_srli_epi16::<8>(pairs)))
}

/// The reverse of [`part_pairs`].
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn join_pairs(parts: &[u8; 16]) -> [u8; 16] {
    // SAFETY: the array has the 16 bytes that are loaded.
    let parts = unsafe { row(parts.as_ptr(), 0, 0) };
    stored(_mm_unpacklo_epi8(parts, _mm_srli_si128::<8>(parts)))
}

/// One bit per level: whether it is not zero.
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn nonzero_mask(levels: &[i16; 16]) -> u32 {
    let (first, last) = levels.split_at(8);
    // SAFETY: both have the 16 bytes that are loaded.
    let (first, last) =
        unsafe { (_mm_loadu_si128(first.as_ptr().cast()), _mm_loadu_si128(last.as_ptr().cast())) };
    let zero = _mm_setzero_si128();
    let zeros = _mm_packs_epi16(_mm_cmpeq_epi16(first, zero), _mm_cmpeq_epi16(last, zero));
    !_mm_movemask_epi8(zeros) as u32 & 0xFFFF
}

/// One bit per byte: whether it is not zero.
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn nonzero_bytes(bytes: &[u8; 16]) -> u16 {
    // SAFETY: the array has the 16 bytes that are loaded.
    let bytes = unsafe { row(bytes.as_ptr(), 0, 0) };
    !_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128())) as u16
}

/// Whether `rows` rows of 16 bytes are equal.
#[target_feature(enable = "sse2")]
pub(crate) fn equal_rows(a: &[u8], a_stride: usize, b: &[u8], b_stride: usize, rows: usize) -> bool {
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
pub(crate) fn copy(from: &[u8], from_stride: usize, to: &mut [u8], to_stride: usize, rows: usize) {
    let from = checked(from, from_stride, rows);
    // The same check for the destination.
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
pub(crate) fn transpose(strip: &[[i16; 16]; 4]) -> [[i16; 16]; 4] {
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

/// The first byte of each of 16 rows.
#[inline]
pub(crate) fn column(samples: &[u8], stride: usize) -> [u8; 16] {
    let first = samples[..15 * stride + 1].as_ptr();
    // SAFETY: 16 rows were checked.
    std::array::from_fn(|row| unsafe { *first.add(row * stride) })
}

/// The first two bytes of each of 8 rows.
#[inline]
pub(crate) fn pair_column(samples: &[u8], stride: usize) -> [u8; 16] {
    let first = samples[..7 * stride + 2].as_ptr();
    let mut pairs = [[0; 2]; 8];
    for (row, pair) in pairs.iter_mut().enumerate() {
        // SAFETY: 8 rows were checked, and arrays of bytes need no alignment.
        *pair = unsafe { *first.add(row * stride).cast() };
    }
    *pairs.as_flattened().as_array().unwrap_or(&[0; 16])
}

/// Adds the two halves of a sum of absolute differences.
#[target_feature(enable = "sse2")]
#[inline]
fn total(sums: __m128i) -> u32 {
    (_mm_cvtsi128_si32(sums) + _mm_cvtsi128_si32(_mm_srli_si128::<8>(sums))) as u32
}

/// See [`super::Instructions::luma_differences`].
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn luma_differences(
    source: &[u8],
    stride: usize,
    flat: u8,
    above: &[u8; 16],
    left: &[u8; 16],
) -> [u32; 3] {
    let first = checked(source, stride, 16);
    let flat = _mm_set1_epi8(flat as i8);
    // SAFETY: the array has the 16 bytes that are loaded.
    let above = unsafe { row(above.as_ptr(), 0, 0) };
    let mut sums = [_mm_setzero_si128(); 3];
    for (index, &left) in left.iter().enumerate() {
        // SAFETY: 16 rows were checked.
        let source = unsafe { row(first, stride, index) };
        let left = _mm_set1_epi8(left as i8);
        sums[0] = _mm_add_epi32(sums[0], _mm_sad_epu8(source, flat));
        sums[1] = _mm_add_epi32(sums[1], _mm_sad_epu8(source, above));
        sums[2] = _mm_add_epi32(sums[2], _mm_sad_epu8(source, left));
    }
    [total(sums[0]), total(sums[1]), total(sums[2])]
}

/// See [`super::Instructions::chroma_differences`].
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn chroma_differences(
    source: &[u8],
    stride: usize,
    flat: &[[u8; 16]; 2],
    above: &[u8; 16],
    left: &[u8; 16],
) -> [u32; 3] {
    let first = checked(source, stride, 8);
    // SAFETY: the arrays have the 16 bytes that are loaded.
    let (flat, above) =
        unsafe { ([row(flat[0].as_ptr(), 0, 0), row(flat[1].as_ptr(), 0, 0)], row(above.as_ptr(), 0, 0)) };
    let mut sums = [_mm_setzero_si128(); 3];
    for (index, &left) in left.as_chunks().0.iter().enumerate() {
        // SAFETY: 8 rows were checked.
        let source = unsafe { row(first, stride, index) };
        let left = _mm_set1_epi16(i16::from_le_bytes(left));
        sums[0] = _mm_add_epi32(sums[0], _mm_sad_epu8(source, flat[index / 4]));
        sums[1] = _mm_add_epi32(sums[1], _mm_sad_epu8(source, above));
        sums[2] = _mm_add_epi32(sums[2], _mm_sad_epu8(source, left));
    }
    [total(sums[0]), total(sums[1]), total(sums[2])]
}

/// See [`super::Instructions::quarter_differences`].
#[target_feature(enable = "sse2")]
#[inline]
pub(crate) fn quarter_differences<const ROWS: usize>(
    a: &[u8],
    a_stride: usize,
    b: &[u8],
    b_stride: usize,
) -> [u32; 4] {
    let (a, b) = (checked(a, a_stride, ROWS), checked(b, b_stride, ROWS));
    let mut sums = [_mm_setzero_si128(); 2];
    for index in 0..ROWS {
        // SAFETY: `index` is below the number of rows checked.
        let (a, b) = unsafe { (row(a, a_stride, index), row(b, b_stride, index)) };
        let half = index / (ROWS / 2);
        sums[half] = _mm_add_epi32(sums[half], _mm_sad_epu8(a, b));
    }
    // Each half holds its sum in the lowest lane.
    let all = _mm_castps_si128(_mm_shuffle_ps::<0b10_00_10_00>(
        _mm_castsi128_ps(sums[0]),
        _mm_castsi128_ps(sums[1]),
    ));
    let mut out = [0; 4];
    // SAFETY: there is room for the 16 bytes that are stored.
    unsafe { _mm_storeu_si128(<[u32]>::as_mut_ptr(&mut out).cast(), all) };
    out
}
