//! All edges of a picture, macroblock by macroblock (ITU-T H.264, 8.7).

use super::edges::{BlockEdges, Strengths};
use super::limits::Limits;
use crate::grid::MacroblockGrid;
use crate::prediction::reference::Reconstruction;
use crate::residual::quantiser::chroma_qp;
use crate::simd::{EdgeKind, Instructions};

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

impl DeblockPicture<'_> {
    pub(super) fn run(self, instructions: Instructions) {
        let DeblockPicture { grid, picture, edges, changed } = self;
        let Reconstruction { luma, chroma, .. } = picture;
        let (mut inner_qp, mut inner) = (0, EdgeLevel::of(0, 0));
        for index in 0..grid.len() {
            let (column, row) = (index % grid.columns, index / grid.columns);
            let here = &edges[index];
            let (x, y) = ((column * 16) as isize, (row * 16) as isize);
            if here.qp != inner_qp {
                (inner_qp, inner) = (here.qp, EdgeLevel::of(here.qp, here.qp));
            }
            // Mostly, the QP is the same on both sides.
            let level_to = |other: u8| if other == here.qp { inner } else { EdgeLevel::of(here.qp, other) };
            // Edges between columns, from the left on, then those between rows.
            if column > 0 {
                let left = &edges[index - 1];
                let strengths = here.left_edge(left);
                let level = level_to(left.qp);
                if level.applies(strengths) {
                    (changed[index - 1], changed[index]) = (true, true);
                    instructions.filter_edge(
                        EdgeKind::LumaColumns,
                        luma.plane_at_mut(x - 4, y),
                        &level.luma,
                        strengths,
                    );
                    instructions.filter_edge(
                        EdgeKind::ChromaColumns,
                        chroma.plane_at_mut(x - 4, y / 2),
                        &level.chroma,
                        strengths,
                    );
                }
            }
            let columns = here.inner_columns();
            for (edge, strengths) in (1..4).zip(columns) {
                if inner.applies(strengths) {
                    changed[index] = true;
                    instructions.filter_edge(
                        EdgeKind::LumaColumns,
                        luma.plane_at_mut(x + edge * 4 - 4, y),
                        &inner.luma,
                        strengths,
                    );
                }
            }
            if inner.applies(columns[1]) {
                instructions.filter_edge(
                    EdgeKind::ChromaColumns,
                    chroma.plane_at_mut(x + 4, y / 2),
                    &inner.chroma,
                    columns[1],
                );
            }
            if row > 0 {
                let above = &edges[index - grid.columns];
                let strengths = here.upper_edge(above);
                let level = level_to(above.qp);
                if level.applies(strengths) {
                    (changed[index - grid.columns], changed[index]) = (true, true);
                    instructions.filter_edge(
                        EdgeKind::LumaRows,
                        luma.plane_at_mut(x, y - 4),
                        &level.luma,
                        strengths,
                    );
                    instructions.filter_edge(
                        EdgeKind::ChromaRows,
                        chroma.plane_at_mut(x, y / 2 - 2),
                        &level.chroma,
                        strengths,
                    );
                }
            }
            let rows = here.inner_rows();
            for (edge, strengths) in (1..4).zip(rows) {
                if inner.applies(strengths) {
                    changed[index] = true;
                    instructions.filter_edge(
                        EdgeKind::LumaRows,
                        luma.plane_at_mut(x, y + edge * 4 - 4),
                        &inner.luma,
                        strengths,
                    );
                }
            }
            if inner.applies(rows[1]) {
                instructions.filter_edge(
                    EdgeKind::ChromaRows,
                    chroma.plane_at_mut(x, y / 2 + 2),
                    &inner.chroma,
                    rows[1],
                );
            }
        }
    }
}

/// The limits of an edge.
#[derive(Clone, Copy)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer_pool::BufferPool;
    use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind};
    use crate::prediction::reference::Reference;
    use crate::prediction::vectors::Vector;

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
        DeblockPicture { grid, picture: &mut picture, edges: &edges, changed: &mut changed }
            .run(instructions);
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
}
