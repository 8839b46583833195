//! Prediction from samples of an earlier picture at quarter-sample vectors (ITU-T H.264, 8.4.2.2).

use super::interpolation::{InterpolateChroma, InterpolateLuma};
use super::reference::PaddedSamples;
use super::vectors::Vector;
use crate::simd::{BlockSize, Instructions, copy};
use strikeline_picture::Plane;

/// Bytes from one row of a prediction to the next.
pub(crate) const OUT_STRIDE: usize = 16;

/// A block to be predicted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InterBlock {
    /// Its first column and row in the current picture, in luma samples, or in pairs of chroma samples.
    pub(crate) x: usize,
    pub(crate) y: usize,
    /// Its size in the same unit: 16 or 8 luma samples wide, or half of that.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// In quarter luma samples.
    pub(crate) vector: Vector,
}

/// Predicts luma samples into rows of `out`, 16 bytes apart. The reference must hold 2 samples before and 3 after the
/// block that the vector points to.
pub(crate) fn predict_luma(
    reference: &PaddedSamples,
    block: InterBlock,
    out: &mut [u8],
    instructions: Instructions,
) {
    let InterBlock { x, y, width, height, vector } = block;
    let (x, y) = (x as isize + isize::from(vector.x >> 2), y as isize + isize::from(vector.y >> 2));
    let fraction = ((vector.x & 3) as usize, (vector.y & 3) as usize);
    if fraction == (0, 0) {
        copy_rows(reference.plane_at(x, y), out, BlockSize { bytes: width, rows: height });
        return;
    }
    let samples = reference.plane_at(x - 2, y - 2);
    if width == 16 {
        instructions.interpolate_luma(InterpolateLuma { samples, fraction, height, out });
    } else {
        instructions.run(InterpolateLuma::<8> { samples, fraction, height, out });
    }
}

/// Predicts pairs of chroma samples into rows of `out`, 16 bytes apart.
pub(crate) fn predict_chroma(
    reference: &PaddedSamples,
    block: InterBlock,
    out: &mut [u8],
    instructions: Instructions,
) {
    let InterBlock { x, y, width, height, vector } = block;
    let (pair, y) = (x as isize + isize::from(vector.x >> 3), y as isize + isize::from(vector.y >> 3));
    let fraction = ((vector.x & 7) as u16, (vector.y & 7) as u16);
    let bytes = width * 2;
    let samples = reference.plane_at(pair * 2, y);
    if fraction == (0, 0) {
        copy_rows(samples, out, BlockSize { bytes, rows: height });
    } else if bytes == 16 {
        instructions.interpolate_chroma(InterpolateChroma { samples, fraction, height, out });
    } else {
        instructions.run(InterpolateChroma::<8> { samples, fraction, height, out });
    }
}

/// Copies rows of 16 or 8 bytes.
#[inline]
fn copy_rows(from: Plane<'_>, to: &mut [u8], size: BlockSize) {
    if size.bytes == 16 {
        copy(from, to, OUT_STRIDE, size.rows);
        return;
    }
    for row in 0..size.rows {
        if let (Some(from), Some(to)) =
            (from.data[row * from.stride..].first_chunk::<8>(), to[row * OUT_STRIDE..].first_chunk_mut::<8>())
        {
            *to = *from;
        }
    }
}
