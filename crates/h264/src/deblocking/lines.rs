//! Filters of single edges of luma and chroma, in loops that the compiler turns into vector code. For AVX2 there are others, in
//! `simd/avx2_deblocking.rs`.

use super::edges::{STRONGEST, Strengths};
use super::filter::{EdgeLimits, Line, Sides};
use super::limits::Limits;
use crate::simd::{PlaneMut, interleaved};

/// The limits of 16 lines. `part`: which of the four strengths a line has.
#[inline(always)]
fn limits_of(limits: &Limits, strengths: Strengths, part: impl Fn(usize) -> usize) -> EdgeLimits {
    let changes = strengths.map(|strength| limits.most_change(strength));
    let mut most_change = [0; 16];
    for (line, most) in most_change.iter_mut().enumerate() {
        *most = changes[part(line) & 3];
    }
    EdgeLimits { alpha: limits.alpha, beta: limits.beta, most_change }
}

#[inline(always)]
fn widened(bytes: &[u8; 16]) -> Line {
    let mut line = [0; 16];
    for (wide, byte) in line.iter_mut().zip(bytes) {
        *wide = i16::from(*byte);
    }
    line
}

#[inline(always)]
fn narrowed(line: &Line) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (byte, wide) in bytes.iter_mut().zip(line) {
        *byte = *wide as u8;
    }
    bytes
}

/// Filters luma between two columns. `samples`: from four columns before the edge on.
#[inline]
pub(crate) fn luma_columns(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    // Each time the index of a byte, 4 bits of its row and 3 of its column, is rotated by one bit: see `shuffled`.
    let mut lines = shuffled(shuffled(shuffled(shuffled(row_pairs(data, stride)))));
    filter_luma_lines(&mut lines, limits, strengths);
    store_row_pairs(data, stride, &shuffled(shuffled(shuffled(lines))));
}

/// Filters luma between two rows. `samples`: from four rows before the edge on.
#[inline]
pub(crate) fn luma_rows(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let mut lines = [[0; 16]; 8];
    for (row, line) in lines.iter_mut().enumerate() {
        *line = *data[row * stride..].first_chunk().unwrap_or(&[0; 16]);
    }
    filter_luma_lines(&mut lines, limits, strengths);
    for (row, line) in lines.iter().enumerate() {
        data[row * stride..][..16].copy_from_slice(line);
    }
}

/// Filters the eight lines along an edge of luma, four on each side of it.
#[inline(always)]
fn filter_luma_lines(lines: &mut [[u8; 16]; 8], limits: &Limits, strengths: Strengths) {
    let limits = limits_of(limits, strengths, |line| line / 4);
    let [p3, p2, p1, p0, q0, q1, q2, q3] = lines;
    if strengths[0] == STRONGEST {
        let mut sides = Sides {
            p: [widened(p0), widened(p1), widened(p2), widened(p3)],
            q: [widened(q0), widened(q1), widened(q2), widened(q3)],
        };
        limits.filter_luma_strongly(&mut sides);
        let Sides { p, q } = &sides;
        (*p0, *p1, *p2) = (narrowed(&p[0]), narrowed(&p[1]), narrowed(&p[2]));
        (*q0, *q1, *q2) = (narrowed(&q[0]), narrowed(&q[1]), narrowed(&q[2]));
    } else {
        let mut sides =
            Sides { p: [widened(p0), widened(p1), widened(p2)], q: [widened(q0), widened(q1), widened(q2)] };
        limits.filter_luma(&mut sides);
        let Sides { p, q } = &sides;
        (*p0, *p1) = (narrowed(&p[0]), narrowed(&p[1]));
        (*q0, *q1) = (narrowed(&q[0]), narrowed(&q[1]));
    }
}

/// Filters chroma between two columns of pairs. `samples`: from two pairs before the edge on.
#[inline]
pub(crate) fn chroma_columns(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    // Rows and columns are swapped: a line is eight rows of Cb, then the same of Cr.
    let mut lines = shuffled(shuffled(shuffled(row_pairs(data, stride))));
    filter_chroma_lines(&mut lines, limits, strengths, |line| line % 8 / 2);
    store_row_pairs(data, stride, &shuffled(shuffled(shuffled(lines))));
}

/// Filters chroma between two rows. `samples`: from two rows before the edge on.
#[inline]
pub(crate) fn chroma_rows(samples: PlaneMut<'_>, limits: &Limits, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let mut lines = [[0; 16]; 4];
    for (row, line) in lines.iter_mut().enumerate() {
        *line = *data[row * stride..].first_chunk().unwrap_or(&[0; 16]);
    }
    filter_chroma_lines(&mut lines, limits, strengths, |line| line / 4);
    for (row, line) in lines.iter().enumerate().skip(1).take(2) {
        data[row * stride..][..16].copy_from_slice(line);
    }
}

/// Filters the four lines along an edge of chroma, two on each side of it.
#[inline(always)]
fn filter_chroma_lines(
    lines: &mut [[u8; 16]; 4],
    limits: &Limits,
    strengths: Strengths,
    part: impl Fn(usize) -> usize,
) {
    let limits = limits_of(limits, strengths, part);
    let [p1, p0, q0, q1] = lines;
    let mut sides = Sides { p: [widened(p0), widened(p1)], q: [widened(q0), widened(q1)] };
    limits.filter_chroma(&mut sides, strengths[0] == STRONGEST);
    (*p0, *q0) = (narrowed(&sides.p[0]), narrowed(&sides.q[0]));
}

/// Rows of 8 bytes, two in each line.
#[inline(always)]
fn row_pairs<const PAIRS: usize>(data: &[u8], stride: usize) -> [[u8; 16]; PAIRS] {
    let mut lines = [[0; 16]; PAIRS];
    for (pair, line) in lines.iter_mut().enumerate() {
        let row = |row: usize| {
            u128::from(u64::from_le_bytes(*data[row * stride..].first_chunk().unwrap_or(&[0; 8])))
        };
        *line = (row(pair * 2) | row(pair * 2 + 1) << 64).to_le_bytes();
    }
    lines
}

/// The reverse of [`row_pairs`].
#[inline(always)]
fn store_row_pairs<const PAIRS: usize>(data: &mut [u8], stride: usize, lines: &[[u8; 16]; PAIRS]) {
    for (pair, line) in lines.iter().enumerate() {
        let both = u128::from_le_bytes(*line);
        data[pair * 2 * stride..][..8].copy_from_slice(&(both as u64).to_le_bytes());
        data[(pair * 2 + 1) * stride..][..8].copy_from_slice(&((both >> 64) as u64).to_le_bytes());
    }
}

/// The bytes of the first half and those of the second in turn: the highest bit of a byte's index becomes the lowest.
#[inline(always)]
fn shuffled<const LINES: usize>(lines: [[u8; 16]; LINES]) -> [[u8; 16]; LINES] {
    let mut out = [[0; 16]; LINES];
    for (pair, out) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        *out = interleaved(&lines[pair], &lines[pair + LINES / 2]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_lines_and_back() {
        let samples: Vec<u8> = (0..16 * 20).map(|index| (index * 7 % 251) as u8).collect();
        let lines: [_; 8] = shuffled(shuffled(shuffled(shuffled(row_pairs(&samples, 20)))));
        for (x, line) in lines.iter().enumerate() {
            assert_eq!(*line, std::array::from_fn(|y| samples[y * 20 + x]));
        }
        let pairs: [_; 4] = shuffled(shuffled(shuffled(row_pairs(&samples, 20))));
        for (x, line) in pairs.iter().enumerate() {
            assert_eq!(*line, std::array::from_fn(|at| samples[at % 8 * 20 + x * 2 + at / 8]));
        }
        let mut copy = vec![0; samples.len()];
        store_row_pairs(&mut copy, 20, &shuffled(shuffled(shuffled(lines))));
        assert!((0..16).all(|y| copy[y * 20..][..8] == samples[y * 20..][..8]));
    }
}
