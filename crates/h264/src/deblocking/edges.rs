//! What decides how strongly the edges of a macroblock are filtered (ITU-T H.264, 8.7.2.1).

use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind};
use crate::prediction::reference::Reference;
use crate::prediction::vectors::Vector;

/// bS of an edge of 16 samples: for each four of them.
pub(super) type Strengths = [u8; 4];

/// bS of the edges between macroblocks of which one is intra.
pub(super) const STRONGEST: u8 = 4;

/// A coded macroblock, as the filter sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockEdges {
    pub(super) is_intra: bool,
    /// qPp: QPY, or 0 for I_PCM.
    pub(super) qp: u8,
    /// A bit for each 4×4 luma block in raster order: whether it has levels.
    coded: u16,
    /// By how many frames the picture that each quarter is predicted from comes before this one.
    distances: [u8; 4],
    vectors: [Vector; 4],
}

impl BlockEdges {
    pub(crate) const NONE: BlockEdges =
        BlockEdges { is_intra: false, qp: 0, coded: 0, distances: [0; 4], vectors: [Vector::ZERO; 4] };

    /// `qp`: QPY. `references`: reference list 0.
    pub(crate) fn of(macroblock: &CodedMacroblock, qp: u8, references: &[Reference<'_>]) -> BlockEdges {
        let is_coded = |index: usize| macroblock.counts[index] != 0;
        BlockEdges {
            is_intra: macroblock.kind.is_intra(),
            qp: if macroblock.kind == MacroblockKind::Pcm { 0 } else { qp },
            coded: (0..16).fold(0, |bits, index| bits | u16::from(is_coded(index)) << index),
            distances: macroblock.references.map(|reference| {
                usize::try_from(reference)
                    .ok()
                    .and_then(|at| references.get(at))
                    .map_or(0, |entry| entry.distance as u8)
            }),
            vectors: macroblock.vectors,
        }
    }

    /// Whether no edge within it is filtered.
    fn is_plain(&self) -> bool {
        let same = |quarter: usize| {
            self.distances[quarter] == self.distances[0] && self.vectors[quarter] == self.vectors[0]
        };
        !self.is_intra && self.coded == 0 && (1..4).all(same)
    }

    /// bS of the vertical edges within it, at columns 4, 8 and 12.
    pub(super) fn inner_columns(&self) -> [Strengths; 3] {
        self.inner(|edge, part| (part * 4 + edge, part * 4 + edge + 1))
    }

    /// bS of the horizontal edges within it, at rows 4, 8 and 12.
    pub(super) fn inner_rows(&self) -> [Strengths; 3] {
        self.inner(|edge, part| (edge * 4 + part, edge * 4 + 4 + part))
    }

    /// `blocks`: those on both sides of an edge, by the number of the edge and that of the part of it.
    fn inner(&self, blocks: impl Fn(usize, usize) -> (usize, usize)) -> [Strengths; 3] {
        if self.is_intra {
            return [[3; 4]; 3];
        }
        if self.is_plain() {
            return [[0; 4]; 3];
        }
        std::array::from_fn(|edge| {
            std::array::from_fn(|part| {
                let (before, after) = blocks(edge, part);
                strength((self, before), (self, after))
            })
        })
    }

    /// bS of the edge to the macroblock on the left.
    pub(super) fn left_edge(&self, left: &BlockEdges) -> Strengths {
        self.outer(left, |part| (part * 4 + 3, part * 4))
    }

    /// bS of the edge to the macroblock above.
    pub(super) fn upper_edge(&self, above: &BlockEdges) -> Strengths {
        self.outer(above, |part| (12 + part, part))
    }

    fn outer(&self, other: &BlockEdges, blocks: impl Fn(usize) -> (usize, usize)) -> Strengths {
        if self.is_intra || other.is_intra {
            return [STRONGEST; 4];
        }
        std::array::from_fn(|part| {
            let (before, after) = blocks(part);
            strength((other, before), (self, after))
        })
    }
}

/// bS between two blocks of inter macroblocks, each given by its macroblock and its index in it.
fn strength((one, block): (&BlockEdges, usize), (other, other_block): (&BlockEdges, usize)) -> u8 {
    if one.coded >> block & 1 == 1 || other.coded >> other_block & 1 == 1 {
        return 2;
    }
    let quarter = |block: usize| block / 8 * 2 + block % 4 / 2;
    let (a, b) = (quarter(block), quarter(other_block));
    let difference = one.vectors[a].minus(other.vectors[b]);
    let is_far = difference.x.unsigned_abs() >= 4 || difference.y.unsigned_abs() >= 4;
    u8::from(is_far || one.distances[a] != other.distances[b])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::neighbours::NOT_INTER;
    use crate::prediction::reference::Reconstruction;

    fn inter(x: i16) -> CodedMacroblock {
        CodedMacroblock {
            kind: MacroblockKind::Inter,
            references: [0; 4],
            vectors: [Vector { x, y: 0 }; 4],
            ..CodedMacroblock::UNAVAILABLE
        }
    }

    #[test]
    fn edges_are_filtered_by_what_is_on_both_sides() {
        let picture = Reconstruction::default();
        let list = [1, 1, 2].map(|distance| Reference { distance, picture: &picture });
        let edges = |coded: &CodedMacroblock| BlockEdges::of(coded, 30, &list);
        let plain = edges(&inter(0));
        assert_eq!(plain.inner_columns(), [[0; 4]; 3]);
        assert_eq!(plain.left_edge(&edges(&inter(3))), [0; 4]);
        assert_eq!(plain.left_edge(&edges(&inter(-4))), [1; 4]);
        let references = |reference| edges(&CodedMacroblock { references: [reference; 4], ..inter(0) });
        assert_eq!(plain.upper_edge(&references(1)), [0; 4], "the same picture twice in the list");
        assert_eq!(plain.upper_edge(&references(2)), [1; 4]);
        let mut coded = inter(0);
        coded.counts[6] = 1;
        let coded = edges(&coded);
        assert_eq!(coded.inner_columns(), [[0; 4], [0, 2, 0, 0], [0, 2, 0, 0]]);
        assert_eq!(coded.inner_rows(), [[0, 0, 2, 0], [0, 0, 2, 0], [0; 4]]);
        let intra = CodedMacroblock {
            kind: MacroblockKind::Intra4x4,
            references: [NOT_INTER; 4],
            ..CodedMacroblock::UNAVAILABLE
        };
        assert_eq!(edges(&intra).inner_rows(), [[3; 4]; 3]);
        assert_eq!(plain.left_edge(&edges(&intra)), [4; 4]);
    }
}
