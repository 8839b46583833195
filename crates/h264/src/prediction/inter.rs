//! Prediction from samples of an earlier picture at quarter-sample vectors (ITU-T H.264, 8.4.2.2).

use super::reference::PaddedSamples;
use super::vectors::Vector;
use crate::simd::BlockSize;
use strikeline_picture::Plane;

/// Bytes from one row of a prediction to the next.
const OUT_STRIDE: usize = 16;

/// A block to be predicted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InterBlock {
    /// Its first column and row in the current picture, in luma samples, or in pairs of chroma samples.
    pub(crate) x: usize,
    pub(crate) y: usize,
    /// Its size in the same unit.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// In quarter luma samples.
    pub(crate) vector: Vector,
}

/// Predicts luma samples into rows of `out`, 16 bytes apart. The reference must hold 2 samples before and 3 after the
/// block that the vector points to.
pub(crate) fn predict_luma(reference: &PaddedSamples, block: InterBlock, out: &mut [u8]) {
    let InterBlock { x, y, width, height, vector } = block;
    let (x, y) = (x as isize + isize::from(vector.x >> 2), y as isize + isize::from(vector.y >> 2));
    let block = ReferenceBlock { x, y, width, height };
    let (fraction_x, fraction_y) = (vector.x & 3, vector.y & 3);
    if fraction_x == 0 && fraction_y == 0 {
        copy_rows(reference.plane_at(x, y), out, BlockSize { bytes: width, rows: height });
        return;
    }
    let mut first = [0u8; 256];
    let mut second = [0u8; 256];
    // Figure 8-4 and equations 8-241 to 8-261: b is half a sample to the right of G, h below it, j both; m and s
    // are the h and b of the next sample. Quarter positions average the two nearest of these.
    let right = ReferenceBlock { x: x + isize::from(fraction_x == 3), ..block };
    let below = ReferenceBlock { y: y + isize::from(fraction_y == 3), ..block };
    match (fraction_x, fraction_y) {
        (_, 0) => half_right(reference, block, &mut first),
        (0, _) => half_below(reference, block, &mut first),
        (2, _) | (_, 2) => half_both(reference, block, &mut first),
        _ => half_right(reference, below, &mut first),
    }
    let averaged = match (fraction_x, fraction_y) {
        (2, 0) | (0, 2) | (2, 2) => false,
        (_, 0) => {
            copy(reference, right, &mut second);
            true
        }
        (0, _) => {
            copy(reference, below, &mut second);
            true
        }
        (2, _) => {
            half_right(reference, below, &mut second);
            true
        }
        _ => {
            half_below(reference, right, &mut second);
            true
        }
    };
    if averaged {
        for (a, b) in first.iter_mut().zip(&second).take(16 * height) {
            *a = (u16::from(*a) + u16::from(*b)).div_ceil(2) as u8;
        }
    }
    for (out, row) in out.chunks_mut(OUT_STRIDE).zip(first.as_chunks::<16>().0).take(height) {
        out[..width].copy_from_slice(&row[..width]);
    }
}

/// Copies rows of 16 or 8 bytes.
#[inline]
fn copy_rows(from: Plane<'_>, to: &mut [u8], size: BlockSize) {
    #[inline(always)]
    fn all<const WIDTH: usize>(from: Plane<'_>, to: &mut [u8], rows: usize) {
        for row in 0..rows {
            if let (Some(from), Some(to)) = (
                from.data[row * from.stride..].first_chunk::<WIDTH>(),
                to[row * OUT_STRIDE..].first_chunk_mut::<WIDTH>(),
            ) {
                *to = *from;
            }
        }
    }
    if size.bytes == 16 {
        all::<16>(from, to, size.rows);
    } else {
        all::<8>(from, to, size.rows);
    }
}

/// A block of luma samples of the reference.
#[derive(Debug, Clone, Copy)]
struct ReferenceBlock {
    /// Its first column and row, which may lie in the padding.
    x: isize,
    y: isize,
    width: usize,
    height: usize,
}

/// Copies the samples G.
fn copy(reference: &PaddedSamples, block: ReferenceBlock, out: &mut [u8; 256]) {
    let ReferenceBlock { x, y, width, height } = block;
    let rows = reference.at(x, y).chunks(reference.stride());
    for (out, row) in out.as_chunks_mut::<16>().0.iter_mut().zip(rows).take(height) {
        out[..width].copy_from_slice(&row[..width]);
    }
}

#[inline(always)]
fn six_taps(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32) -> i32 {
    a + f - 5 * (b + e) + 20 * (c + d)
}

#[inline(always)]
fn rounded(value: i32, shift: u32) -> u8 {
    ((value + (1 << (shift - 1))) >> shift).clamp(0, 255) as u8
}

/// The samples b.
fn half_right(reference: &PaddedSamples, block: ReferenceBlock, out: &mut [u8; 256]) {
    let ReferenceBlock { x, y, width, height } = block;
    let rows = reference.at(x - 2, y).chunks(reference.stride());
    for (out, row) in out.as_chunks_mut::<16>().0.iter_mut().zip(rows).take(height) {
        let row = &row[..width + 5];
        for (column, out) in out.iter_mut().enumerate().take(width) {
            let s = |offset: usize| i32::from(row[column + offset]);
            *out = rounded(six_taps(s(0), s(1), s(2), s(3), s(4), s(5)), 5);
        }
    }
}

/// The samples h.
fn half_below(reference: &PaddedSamples, block: ReferenceBlock, out: &mut [u8; 256]) {
    let ReferenceBlock { x, y, width, height } = block;
    let stride = reference.stride();
    let samples = reference.at(x, y - 2);
    for (y, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate().take(height) {
        let row = |offset: usize| &samples[(y + offset) * stride..][..width];
        let (a, b, c, d, e, f) = (row(0), row(1), row(2), row(3), row(4), row(5));
        for (column, out) in out.iter_mut().enumerate().take(width) {
            let s = |row: &[u8]| i32::from(row[column]);
            *out = rounded(six_taps(s(a), s(b), s(c), s(d), s(e), s(f)), 5);
        }
    }
}

/// The samples j.
fn half_both(reference: &PaddedSamples, block: ReferenceBlock, out: &mut [u8; 256]) {
    let ReferenceBlock { x, y, width, height } = block;
    let stride = reference.stride();
    let samples = reference.at(x - 2, y - 2);
    let mut sums = [[0i32; 16]; 21];
    for (y, sums) in sums.iter_mut().enumerate().take(height + 5) {
        let row = &samples[y * stride..][..width + 5];
        for (column, sum) in sums.iter_mut().enumerate().take(width) {
            let s = |offset: usize| i32::from(row[column + offset]);
            *sum = six_taps(s(0), s(1), s(2), s(3), s(4), s(5));
        }
    }
    for (y, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate().take(height) {
        for (column, out) in out.iter_mut().enumerate().take(width) {
            let s = |offset: usize| sums[y + offset][column];
            *out = rounded(six_taps(s(0), s(1), s(2), s(3), s(4), s(5)), 10);
        }
    }
}

/// Predicts pairs of chroma samples into rows of `out`, 16 bytes apart.
pub(crate) fn predict_chroma(reference: &PaddedSamples, block: InterBlock, out: &mut [u8]) {
    let InterBlock { x, y, width, height, vector } = block;
    let (pair, y) = (x as isize + isize::from(vector.x >> 3), y as isize + isize::from(vector.y >> 3));
    let (right, below) = (i32::from(vector.x & 7), i32::from(vector.y & 7));
    let stride = reference.stride();
    let bytes = width * 2;
    if right == 0 && below == 0 {
        copy_rows(reference.plane_at(pair * 2, y), out, BlockSize { bytes, rows: height });
        return;
    }
    let source = reference.at(pair * 2, y);
    // Equation 8-270.
    let weights = [(8 - right) * (8 - below), right * (8 - below), (8 - right) * below, right * below];
    for (y, out) in out.chunks_mut(OUT_STRIDE).enumerate().take(height) {
        let upper = &source[y * stride..][..bytes + 2];
        let lower = &source[(y + 1) * stride..][..bytes + 2];
        for (i, out) in out.iter_mut().enumerate().take(bytes) {
            let sum = weights[0] * i32::from(upper[i])
                + weights[1] * i32::from(upper[i + 2])
                + weights[2] * i32::from(lower[i])
                + weights[3] * i32::from(lower[i + 2]);
            *out = ((sum + 32) >> 6) as u8;
        }
    }
}
