//! All edges of a picture, macroblock by macroblock (ITU-T H.264, 8.7).

use super::edges::{BlockEdges, STRONGEST, Strengths};
use super::filter::{EdgeLimits, Line, Sides};
use super::limits::Limits;
use crate::grid::MacroblockGrid;
use crate::prediction::reference::Reconstruction;
use crate::residual::quantiser::chroma_qp;
use crate::simd::{PlaneMut, SimdKernel, interleaved};

/// Filters a reconstructed picture. Its borders are to be extended after that.
#[derive(Debug)]
pub(super) struct DeblockPicture<'a> {
    pub(super) grid: MacroblockGrid,
    pub(super) picture: &'a mut Reconstruction,
    /// Of all macroblocks, in raster order.
    pub(super) edges: &'a [BlockEdges],
    /// In the same order; becomes true for those of which samples may have changed.
    pub(super) changed: &'a mut [bool],
}

impl SimdKernel for DeblockPicture<'_> {
    #[inline(always)]
    fn run(self) {
        let DeblockPicture { grid, picture, edges, changed } = self;
        for index in 0..grid.len() {
            let (column, row) = (index % grid.columns, index / grid.columns);
            let here = &edges[index];
            let (x, y) = ((column * 16) as isize, (row * 16) as isize);
            let inner = EdgeLevel::of(here.qp, here.qp);
            // Edges between columns, from the left on, then those between rows.
            if column > 0 {
                let left = &edges[index - 1];
                let strengths = here.left_edge(left);
                let level = EdgeLevel::of(here.qp, left.qp);
                if level.applies(strengths) {
                    (changed[index - 1], changed[index]) = (true, true);
                    luma_columns(picture.luma.plane_at_mut(x - 4, y), &level, strengths);
                    chroma_columns(picture.chroma.plane_at_mut(x - 4, y / 2), &level, strengths);
                }
            }
            let columns = here.inner_columns();
            for (edge, strengths) in (1..4).zip(columns) {
                if inner.applies(strengths) {
                    changed[index] = true;
                    luma_columns(picture.luma.plane_at_mut(x + edge * 4 - 4, y), &inner, strengths);
                }
            }
            if inner.applies(columns[1]) {
                chroma_columns(picture.chroma.plane_at_mut(x + 4, y / 2), &inner, columns[1]);
            }
            if row > 0 {
                let above = &edges[index - grid.columns];
                let strengths = here.upper_edge(above);
                let level = EdgeLevel::of(here.qp, above.qp);
                if level.applies(strengths) {
                    (changed[index - grid.columns], changed[index]) = (true, true);
                    luma_rows(picture.luma.plane_at_mut(x, y - 4), &level, strengths);
                    chroma_rows(picture.chroma.plane_at_mut(x, y / 2 - 2), &level, strengths);
                }
            }
            let rows = here.inner_rows();
            for (edge, strengths) in (1..4).zip(rows) {
                if inner.applies(strengths) {
                    changed[index] = true;
                    luma_rows(picture.luma.plane_at_mut(x, y + edge * 4 - 4), &inner, strengths);
                }
            }
            if inner.applies(rows[1]) {
                chroma_rows(picture.chroma.plane_at_mut(x, y / 2 + 2), &inner, rows[1]);
            }
        }
    }
}

/// The limits of an edge.
struct EdgeLevel {
    luma: Limits,
    chroma: Limits,
}

impl EdgeLevel {
    /// Between macroblocks with these QPs.
    #[inline(always)]
    fn of(one: u8, other: u8) -> EdgeLevel {
        let mean = |one: u8, other: u8| (one + other).div_ceil(2);
        EdgeLevel {
            luma: Limits::of(mean(one, other)),
            chroma: Limits::of(mean(chroma_qp(one), chroma_qp(other))),
        }
    }

    /// Whether anything is filtered.
    #[inline(always)]
    fn applies(&self, strengths: Strengths) -> bool {
        strengths != [0; 4] && !(self.luma.are_zero() && self.chroma.are_zero())
    }
}

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
#[inline(always)]
fn luma_columns(samples: PlaneMut<'_>, level: &EdgeLevel, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    // Each time the index of a byte, 4 bits of its row and 3 of its column, is rotated by one bit: see `shuffled`.
    let mut lines = shuffled(shuffled(shuffled(shuffled(row_pairs(data, stride)))));
    filter_luma_lines(&mut lines, level, strengths);
    store_row_pairs(data, stride, &shuffled(shuffled(shuffled(lines))));
}

/// Filters luma between two rows. `samples`: from four rows before the edge on.
#[inline(always)]
fn luma_rows(samples: PlaneMut<'_>, level: &EdgeLevel, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let mut lines = [[0; 16]; 8];
    for (row, line) in lines.iter_mut().enumerate() {
        *line = *data[row * stride..].first_chunk().unwrap_or(&[0; 16]);
    }
    filter_luma_lines(&mut lines, level, strengths);
    for (row, line) in lines.iter().enumerate() {
        data[row * stride..][..16].copy_from_slice(line);
    }
}

/// Filters the eight lines along an edge of luma, four on each side of it.
#[inline(always)]
fn filter_luma_lines(lines: &mut [[u8; 16]; 8], level: &EdgeLevel, strengths: Strengths) {
    let limits = limits_of(&level.luma, strengths, |line| line / 4);
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
#[inline(always)]
fn chroma_columns(samples: PlaneMut<'_>, level: &EdgeLevel, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    // Rows and columns are swapped: a line is eight rows of Cb, then the same of Cr.
    let mut lines = shuffled(shuffled(shuffled(row_pairs(data, stride))));
    filter_chroma_lines(&mut lines, level, strengths, |line| line % 8 / 2);
    store_row_pairs(data, stride, &shuffled(shuffled(shuffled(lines))));
}

/// Filters chroma between two rows. `samples`: from two rows before the edge on.
#[inline(always)]
fn chroma_rows(samples: PlaneMut<'_>, level: &EdgeLevel, strengths: Strengths) {
    let PlaneMut { data, stride } = samples;
    let mut lines = [[0; 16]; 4];
    for (row, line) in lines.iter_mut().enumerate() {
        *line = *data[row * stride..].first_chunk().unwrap_or(&[0; 16]);
    }
    filter_chroma_lines(&mut lines, level, strengths, |line| line / 4);
    for (row, line) in lines.iter().enumerate().skip(1).take(2) {
        data[row * stride..][..16].copy_from_slice(line);
    }
}

/// Filters the four lines along an edge of chroma, two on each side of it.
#[inline(always)]
fn filter_chroma_lines(
    lines: &mut [[u8; 16]; 4],
    level: &EdgeLevel,
    strengths: Strengths,
    part: impl Fn(usize) -> usize,
) {
    let limits = limits_of(&level.chroma, strengths, part);
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
    use crate::buffer_pool::BufferPool;
    use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind};
    use crate::prediction::reference::Reference;
    use crate::prediction::vectors::Vector;
    use crate::simd::Instructions;

    /// A picture of small steps, and macroblocks of all kinds in it, both from `seed`; filtered, with what has changed.
    fn filtered(seed: usize, instructions: Instructions) -> (Vec<u8>, Vec<bool>) {
        let grid = MacroblockGrid { columns: 4, rows: 3 };
        let mut picture = Reconstruction::new(grid, &BufferPool::default());
        let mixed = |index: usize| (index + seed * 977).wrapping_mul(0x9E37_79B9) >> 16;
        for y in 0..48isize {
            for x in 0..64isize {
                let step = mixed((x / 4 + y / 4 * 16) as usize) % 24;
                picture.luma.at_mut(x, y)[0] = (100 + step + mixed((x + y * 64) as usize) % 3) as u8;
                picture.chroma.at_mut(x, y / 2)[0] = (90 + step * 2) as u8;
            }
        }
        let nowhere = Reconstruction::default();
        let list = [Reference { distance: 1, picture: &nowhere }];
        let edges: Vec<_> = (0..grid.len())
            .map(|index| {
                let mut coded = CodedMacroblock::skipped(Vector { x: (mixed(index) % 3 * 4) as i16, y: 0 });
                match mixed(index + 50) % 4 {
                    0 => coded.kind = MacroblockKind::Intra4x4,
                    1 => coded.counts[mixed(index) % 16] = 1,
                    _ => {}
                }
                BlockEdges::of(&coded, (24 + mixed(index) % 20) as u8, &list)
            })
            .collect();
        let mut changed = vec![false; grid.len()];
        instructions.run(DeblockPicture {
            grid,
            picture: &mut picture,
            edges: &edges,
            changed: &mut changed,
        });
        let planes = [(&picture.luma, 48), (&picture.chroma, 24)];
        let rows = planes.into_iter().flat_map(|(plane, rows)| (0..rows).map(move |y| &plane.at(0, y)[..64]));
        (rows.flatten().copied().collect(), changed)
    }

    #[test]
    fn all_instructions_filter_alike() {
        for seed in 0..40 {
            assert_eq!(filtered(seed, Instructions::Baseline), filtered(seed, Instructions::detect()));
        }
    }

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
