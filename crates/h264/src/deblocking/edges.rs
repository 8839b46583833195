//! What decides how strongly the edges of a macroblock are filtered (ITU-T H.264, 8.7.2.1).

use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind};
use crate::prediction::reference::Reference;
use crate::prediction::vectors::Vector;
use crate::simd::nonzero_bytes;

/// bS of an edge of 16 samples: for each four of them.
pub(crate) type Strengths = [u8; 4];

/// bS of the edges between macroblocks of which one is intra.
pub(crate) const STRONGEST: u8 = 4;

/// A coded macroblock, as the filter sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockEdges {
    pub(super) is_intra: bool,
    /// qPp: QPY, or 0 for I_PCM.
    pub(super) qp: u8,
    /// A bit for each 4×4 luma block in raster order: whether it has levels.
    coded: u16,
    /// Which picture each quarter is predicted from, by how many frames it comes before this one; in a B slice, which lists.
    pictures: [u8; 4],
    /// In the first list that is used.
    vectors: [Vector; 4],
    /// In list 1, if both are used.
    second_vectors: [Vector; 4],
}

impl BlockEdges {
    pub(crate) const NONE: BlockEdges = BlockEdges {
        is_intra: false,
        qp: 0,
        coded: 0,
        pictures: [0; 4],
        vectors: [Vector::ZERO; 4],
        second_vectors: [Vector::ZERO; 4],
    };

    /// `qp`: QPY. `references`: reference list 0.
    pub(crate) fn of(macroblock: &CodedMacroblock, qp: u8, references: &[Reference<'_>]) -> BlockEdges {
        BlockEdges {
            is_intra: macroblock.kind.is_intra(),
            qp: if macroblock.kind == MacroblockKind::Pcm { 0 } else { qp },
            coded: nonzero_bytes(macroblock.counts.first_chunk().unwrap_or(&[0; 16])),
            pictures: macroblock.references.map(|reference| {
                usize::try_from(reference)
                    .ok()
                    .and_then(|at| references.get(at))
                    .map_or(0, |entry| entry.distance as u8)
            }),
            vectors: macroblock.vectors,
            second_vectors: [Vector::ZERO; 4],
        }
    }

    /// A macroblock of a B slice, by its motion in list 0 and in list 1.
    pub(crate) fn of_two_lists(first: &CodedMacroblock, second: &CodedMacroblock, qp: u8) -> BlockEdges {
        let mut edges = BlockEdges::of(first, qp, &[]);
        for quarter in 0..4 {
            let motions = [first.motion(quarter), second.motion(quarter)];
            let [in_first, in_second] = motions.map(|motion| motion.reference >= 0);
            let [one, other] = motions.map(|motion| motion.vector);
            edges.pictures[quarter] = u8::from(in_first) | u8::from(in_second) << 1;
            edges.vectors[quarter] = if in_first { one } else { other };
            edges.second_vectors[quarter] = if in_first { other } else { Vector::ZERO };
        }
        edges
    }

    /// Whether no edge within it is filtered.
    fn is_plain(&self) -> bool {
        let same = |quarter: usize| {
            self.pictures[quarter] == self.pictures[0]
                && self.vectors[quarter] == self.vectors[0]
                && self.second_vectors[quarter] == self.second_vectors[0]
        };
        !self.is_intra && self.coded == 0 && (1..4).all(same)
    }

    /// bS of the vertical edges within it, at columns 4, 8 and 12.
    #[inline(always)]
    pub(super) fn inner_columns(&self) -> [Strengths; 3] {
        let coded = self.coded | self.coded >> 1;
        self.inner([0, 1, 2].map(|edge| column_of(coded >> edge)), [(0, 1), (2, 3)])
    }

    /// bS of the horizontal edges within it, at rows 4, 8 and 12.
    #[inline(always)]
    pub(super) fn inner_rows(&self) -> [Strengths; 3] {
        let coded = self.coded | self.coded >> 4;
        self.inner([0, 4, 8].map(|edge| row_of(coded >> edge)), [(0, 2), (1, 3)])
    }

    /// `coded`: for each edge, which parts of it have levels on one side or the other. `quarters`: those on both sides of the
    /// first and of the second half of the edge in the middle.
    #[inline(always)]
    fn inner(&self, coded: [Parts; 3], quarters: [(usize, usize); 2]) -> [Strengths; 3] {
        if self.is_intra {
            return [[3; 4]; 3];
        }
        if self.is_plain() {
            return [[0; 4]; 3];
        }
        let [first, middle, last] = coded;
        let moved = quarters.map(|(before, after)| self.has_other_motion(before, self, after));
        // Within a quarter, motion is the same.
        [strengths(first, [false; 2]), strengths(middle, moved), strengths(last, [false; 2])]
    }

    /// bS of the edge to the macroblock on the left.
    #[inline(always)]
    pub(super) fn left_edge(&self, left: &BlockEdges) -> Strengths {
        self.outer(left, column_of(self.coded | left.coded >> 3), [(1, 0), (3, 2)])
    }

    /// bS of the edge to the macroblock above.
    #[inline(always)]
    pub(super) fn upper_edge(&self, above: &BlockEdges) -> Strengths {
        self.outer(above, row_of(self.coded | above.coded >> 12), [(2, 0), (3, 1)])
    }

    /// `coded` and `quarters` as for [`Self::inner`]; the first of the quarters is the other macroblock's.
    #[inline(always)]
    fn outer(&self, other: &BlockEdges, coded: Parts, quarters: [(usize, usize); 2]) -> Strengths {
        if self.is_intra || other.is_intra {
            return [STRONGEST; 4];
        }
        strengths(coded, quarters.map(|(before, after)| other.has_other_motion(before, self, after)))
    }

    /// Whether a quarter moves otherwise than one of another inter macroblock beside it.
    #[inline(always)]
    fn has_other_motion(&self, quarter: usize, other: &BlockEdges, other_quarter: usize) -> bool {
        let is_far = |one: Vector, other: Vector| {
            let difference = one.minus(other);
            difference.x.unsigned_abs() >= 4 || difference.y.unsigned_abs() >= 4
        };
        is_far(self.vectors[quarter], other.vectors[other_quarter])
            || is_far(self.second_vectors[quarter], other.second_vectors[other_quarter])
            || self.pictures[quarter] != other.pictures[other_quarter]
    }
}

/// For each of the four parts of an edge 0 or 1, in a byte of its own, the first in the lowest.
type Parts = u32;

/// Every fourth of 16 bits.
#[inline(always)]
fn column_of(bits: u16) -> Parts {
    let bits = u32::from(bits);
    bits & 1 | (bits & 1 << 4) << 4 | (bits & 1 << 8) << 8 | (bits & 1 << 12) << 12
}

/// The lowest four of 16 bits.
#[inline(always)]
fn row_of(bits: u16) -> Parts {
    // Four copies, each 7 places after the one before: of the n-th copy, bit n is the lowest of a byte.
    (u32::from(bits & 15) * (1 | 1 << 7 | 1 << 14 | 1 << 21)) & 0x0101_0101
}

/// bS of an edge between inter macroblocks or within one. `coded`: which parts of it have levels on one side or the other.
/// `moved`: whether the motion is different on both sides, for its first and for its second half.
#[inline(always)]
fn strengths(coded: Parts, moved: [bool; 2]) -> Strengths {
    let [first, second] = moved.map(u32::from);
    let moved = first * 0x0101 + second * 0x0101_0000;
    (coded << 1 | moved & !coded).to_le_bytes()
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

    /// bS between two blocks of inter macroblocks, each given by its macroblock and its index in it, as 8.7.2.1 says.
    fn strength((one, block): (&BlockEdges, usize), (other, other_block): (&BlockEdges, usize)) -> u8 {
        if one.coded >> block & 1 == 1 || other.coded >> other_block & 1 == 1 {
            return 2;
        }
        let quarter = |block: usize| block / 8 * 2 + block % 4 / 2;
        let (a, b) = (quarter(block), quarter(other_block));
        let lists = [(one.vectors, other.vectors), (one.second_vectors, other.second_vectors)];
        let is_far = lists.into_iter().any(|(one, other)| {
            let difference = one[a].minus(other[b]);
            difference.x.abs() >= 4 || difference.y.abs() >= 4
        });
        u8::from(is_far || one.pictures[a] != other.pictures[b])
    }

    #[test]
    fn all_parts_of_edges_are_filtered_as_the_standard_says() {
        let mut seed = 1u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        let mut any = || BlockEdges {
            is_intra: false,
            qp: 30,
            coded: (next(1 << 16) & next(1 << 16) & next(1 << 16)) as u16,
            pictures: [0; 4].map(|_: u8| 1 + next(16) as u8 / 15),
            vectors: [0; 4].map(|_: u8| Vector { x: next(7) as i16, y: next(6) as i16 }),
            second_vectors: [0; 4].map(|_: u8| Vector { x: next(5) as i16, y: next(16) as i16 / 15 * 4 }),
        };
        for _ in 0..2000 {
            let (one, other) = (any(), any());
            for part in 0..4 {
                for edge in 0..3 {
                    let (before, after) = (part * 4 + edge, part * 4 + edge + 1);
                    assert_eq!(one.inner_columns()[edge][part], strength((&one, before), (&one, after)));
                    let (before, after) = (edge * 4 + part, edge * 4 + 4 + part);
                    assert_eq!(one.inner_rows()[edge][part], strength((&one, before), (&one, after)));
                }
                let (before, after) = (part * 4 + 3, part * 4);
                assert_eq!(one.left_edge(&other)[part], strength((&other, before), (&one, after)));
                let (before, after) = (12 + part, part);
                assert_eq!(one.upper_edge(&other)[part], strength((&other, before), (&one, after)));
            }
        }
    }
}
