//! Neighbouring macroblocks, and the motion vectors that follow from them (ITU-T H.264, 6.4.11, 8.4.1.1 and 8.4.1.3).

use super::vectors::{PartitionMotion, Vector};
use crate::grid::{MacroblockRun, TILE, TilePart, tile_parts};

/// The kinds of macroblocks that neighbours distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum MacroblockKind {
    /// Outside the picture, or not yet coded.
    #[default]
    Unavailable,
    /// P_Skip or B_Skip.
    Skipped,
    Inter,
    /// B_Direct_16x16.
    Direct,
    Intra16x16,
    Intra4x4,
    /// I_PCM: samples without any coding.
    Pcm,
}

impl MacroblockKind {
    #[inline]
    pub(crate) fn is_intra(self) -> bool {
        matches!(self, MacroblockKind::Intra16x16 | MacroblockKind::Intra4x4 | MacroblockKind::Pcm)
    }

    #[inline]
    pub(crate) fn is_available(self) -> bool {
        self != MacroblockKind::Unavailable
    }
}

/// refIdx of a partition that does not exist (outside the picture or not yet coded).
pub(crate) const NO_PARTITION: i8 = -2;
/// refIdx of a partition that is not predicted from another picture.
pub(crate) const NOT_INTER: i8 = -1;

/// Intra_4x4 prediction mode DC, which also stands in for the modes of other macroblocks (8.3.1.1).
pub(crate) const MODE_DC: u8 = 2;

/// A coded macroblock, as its neighbours see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodedMacroblock {
    pub(crate) kind: MacroblockKind,
    /// coded_block_pattern: luma in bits 0–3, chroma in bits 4–5.
    pub(crate) pattern: u8,
    /// coded_block_flag of the DC blocks: luma, Cb, Cr in bits 0–2.
    pub(crate) dc_flags: u8,
    pub(crate) chroma_mode: u8,
    /// QPY; `None` where it is that of the macroblock before, as nothing else was written.
    pub(crate) qp: Option<u8>,
    /// Non-zero levels per 4×4 block: luma in raster order, 4 of Cb, 4 of Cr.
    pub(crate) counts: [u8; 24],
    /// refIdx of each 8×8 quarter.
    pub(crate) references: [i8; 4],
    pub(crate) vectors: [Vector; 4],
    /// Absolute vector differences, at most 255.
    pub(crate) differences: [[u8; 2]; 4],
    /// Intra_4x4 modes of the right column and the bottom row.
    pub(crate) right_modes: [u8; 4],
    pub(crate) bottom_modes: [u8; 4],
}

impl CodedMacroblock {
    pub(crate) const UNAVAILABLE: CodedMacroblock = CodedMacroblock {
        kind: MacroblockKind::Unavailable,
        pattern: 0,
        dc_flags: 0,
        chroma_mode: 0,
        qp: None,
        counts: [0; 24],
        references: [NO_PARTITION; 4],
        vectors: [Vector::ZERO; 4],
        differences: [[0; 2]; 4],
        right_modes: [MODE_DC; 4],
        bottom_modes: [MODE_DC; 4],
    };

    /// I_PCM, which counts as if everything in it were coded (9.2.1, 9.3.3.1.1).
    pub(crate) const PCM: CodedMacroblock = CodedMacroblock {
        kind: MacroblockKind::Pcm,
        pattern: 0x2F,
        dc_flags: 7,
        counts: [16; 24],
        references: [NOT_INTER; 4],
        ..CodedMacroblock::UNAVAILABLE
    };

    /// P_Skip.
    pub(crate) const fn skipped(vector: Vector) -> CodedMacroblock {
        CodedMacroblock {
            kind: MacroblockKind::Skipped,
            references: [0; 4],
            vectors: [vector; 4],
            ..CodedMacroblock::UNAVAILABLE
        }
    }

    /// The motion of an 8×8 quarter.
    #[inline]
    pub(crate) fn motion(&self, quarter: usize) -> PartitionMotion {
        PartitionMotion { reference: self.references[quarter], vector: self.vectors[quarter] }
    }

    /// Whether a quarter is predicted from `motion`.
    #[inline]
    pub(crate) fn has_motion(&self, quarter: usize, motion: PartitionMotion) -> bool {
        self.motion(quarter) == motion
    }
}

/// The coded macroblocks around the current one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbours<'a> {
    /// A.
    pub(crate) left: &'a CodedMacroblock,
    /// B.
    pub(crate) above: &'a CodedMacroblock,
    /// C.
    pub(crate) above_right: &'a CodedMacroblock,
    /// D.
    pub(crate) above_left: &'a CodedMacroblock,
}

/// The macroblocks of this row so far and of the row above, with an unavailable one at either end.
#[derive(Debug)]
pub(crate) struct NeighbourRows {
    current: Vec<CodedMacroblock>,
    above: Vec<CodedMacroblock>,
    /// Per tile of the row, whether all of it is skipped at vector zero.
    current_skipped: Vec<bool>,
    above_skipped: Vec<bool>,
}

impl NeighbourRows {
    pub(crate) fn new(columns: usize) -> NeighbourRows {
        let row = || vec![CodedMacroblock::UNAVAILABLE; columns + 2];
        let skipped = || vec![false; columns.div_ceil(TILE)];
        NeighbourRows { current: row(), above: row(), current_skipped: skipped(), above_skipped: skipped() }
    }

    /// Before the first macroblock of a picture.
    pub(crate) fn begin_picture(&mut self) {
        self.current.fill(CodedMacroblock::UNAVAILABLE);
        self.above.fill(CodedMacroblock::UNAVAILABLE);
        self.current_skipped.fill(false);
        self.above_skipped.fill(false);
    }

    /// After the last macroblock of a row.
    pub(crate) fn end_row(&mut self) {
        std::mem::swap(&mut self.current, &mut self.above);
        std::mem::swap(&mut self.current_skipped, &mut self.above_skipped);
    }

    /// The macroblocks of this row; those that are not coded yet are of an earlier one.
    pub(crate) fn current_row(&self) -> &[CodedMacroblock] {
        &self.current[1..self.current.len() - 1]
    }

    #[inline]
    pub(crate) fn around(&self, column: usize) -> Neighbours<'_> {
        Neighbours {
            left: &self.current[column],
            above: &self.above[column + 1],
            above_right: &self.above[column + 2],
            above_left: &self.above[column],
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, column: usize, coded: CodedMacroblock) {
        self.current[column + 1] = coded;
        self.current_skipped[column / TILE] = false;
    }

    /// Sets all macroblocks of a run of this row.
    pub(crate) fn set_run(&mut self, run: MacroblockRun, coded: CodedMacroblock) {
        self.current[run.first + 1..=run.end].fill(coded);
        tile_parts(run.first, run.end).for_each(|part| self.current_skipped[part.tile] = false);
    }

    /// Makes the macroblocks of a run of this row skipped ones with vector zero.
    pub(crate) fn set_skipped(&mut self, run: MacroblockRun) {
        let columns = self.current.len() - 2;
        for TilePart { tile, first, end } in tile_parts(run.first, run.end) {
            if !self.current_skipped[tile] {
                self.current[first + 1..=end].fill(CodedMacroblock::skipped(Vector::ZERO));
                self.current_skipped[tile] = first % TILE == 0 && (end % TILE == 0 || end == columns);
            }
        }
    }

    /// Whether all macroblocks of a tile of the row above are skipped ones with vector zero.
    #[inline]
    pub(crate) fn is_skipped_above(&self, tile: usize) -> bool {
        self.above_skipped[tile]
    }
}

/// How an inter macroblock is divided (Table 7-13); every 8×8 quarter stays whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartitionShape {
    Whole,
    /// Two of 16×8.
    Rows,
    /// Two of 8×16.
    Columns,
    Quarters,
}

impl PartitionShape {
    /// The fewest partitions, by whether two quarters have the same motion.
    pub(crate) fn of_equals(same: impl Fn(usize, usize) -> bool) -> PartitionShape {
        match (same(0, 1) && same(2, 3), same(0, 2) && same(1, 3)) {
            (true, true) => PartitionShape::Whole,
            (true, false) => PartitionShape::Rows,
            (false, true) => PartitionShape::Columns,
            (false, false) => PartitionShape::Quarters,
        }
    }

    /// Width and height of a partition, in luma samples.
    pub(crate) const fn size(self) -> (usize, usize) {
        match self {
            PartitionShape::Whole => (16, 16),
            PartitionShape::Rows => (16, 8),
            PartitionShape::Columns => (8, 16),
            PartitionShape::Quarters => (8, 8),
        }
    }

    /// For each partition its first quarter.
    pub(crate) const fn first_quarters(self) -> &'static [usize] {
        match self {
            PartitionShape::Whole => &[0],
            PartitionShape::Rows => &[0, 2],
            PartitionShape::Columns => &[0, 1],
            PartitionShape::Quarters => &[0, 1, 2, 3],
        }
    }

    /// The quarters of the partition that begins with `first`.
    pub(crate) const fn quarters(self, first: usize) -> &'static [usize] {
        match (self, first) {
            (PartitionShape::Whole, _) => &[0, 1, 2, 3],
            (PartitionShape::Rows, 0) => &[0, 1],
            (PartitionShape::Rows, _) => &[2, 3],
            (PartitionShape::Columns, 0) => &[0, 2],
            (PartitionShape::Columns, _) => &[1, 3],
            (PartitionShape::Quarters, 0) => &[0],
            (PartitionShape::Quarters, 1) => &[1],
            (PartitionShape::Quarters, 2) => &[2],
            (PartitionShape::Quarters, _) => &[3],
        }
    }
}

/// A partition of an inter macroblock whose vector is to be predicted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartitionToPredict {
    pub(crate) shape: PartitionShape,
    /// The first of its quarters.
    pub(crate) first: usize,
    /// refIdxL0.
    pub(crate) reference: i8,
}

/// The motion of a partition that does not exist or is not coded yet.
pub(crate) const NO_MOTION: PartitionMotion = PartitionMotion::new(NO_PARTITION, Vector::ZERO);

impl Neighbours<'_> {
    /// mvpL0 of a partition (8.4.1.3). `so_far` holds the motion of the macroblock's earlier quarters.
    pub(crate) fn predicted_vector(
        &self,
        partition: PartitionToPredict,
        so_far: &[PartitionMotion; 4],
    ) -> Vector {
        let PartitionToPredict { shape, first, reference } = partition;
        let of = |coded: &CodedMacroblock, quarter: usize| coded.motion(quarter);
        let a = match first {
            0 => of(self.left, 1),
            2 => of(self.left, 3),
            inner => so_far[inner - 1],
        };
        let b = match first {
            0 => of(self.above, 2),
            1 => of(self.above, 3),
            inner => so_far[inner - 2],
        };
        let c = match (shape, first) {
            (PartitionShape::Whole | PartitionShape::Rows, 0) | (_, 1) => of(self.above_right, 2),
            (_, 0) => of(self.above, 3),
            (PartitionShape::Quarters, 2) => so_far[1],
            _ => NO_MOTION,
        };
        let d = match first {
            0 => of(self.above_left, 3),
            1 => of(self.above, 2),
            2 => of(self.left, 1),
            _ => so_far[0],
        };
        let c = if c.reference == NO_PARTITION { d } else { c };
        let directional = match (shape, first) {
            (PartitionShape::Rows, 0) => Some(b),
            (PartitionShape::Rows, _) | (PartitionShape::Columns, 0) => Some(a),
            (PartitionShape::Columns, _) => Some(c),
            _ => None,
        };
        match directional {
            Some(neighbour) if neighbour.reference == reference => neighbour.vector,
            _ => median_prediction(a, b, c, reference),
        }
    }

    /// mvpL0 of a macroblock that is predicted as a whole (8.4.1.3).
    #[inline]
    pub(crate) fn predicted_vector_of_whole(&self, reference: i8) -> Vector {
        let partition = PartitionToPredict { shape: PartitionShape::Whole, first: 0, reference };
        self.predicted_vector(partition, &[NO_MOTION; 4])
    }

    /// Whether a neighbour is predicted from this list: then so is a macroblock in spatial direct mode (refIdxL0 and refIdxL1 in
    /// 8.4.1.2.2; they are 0 where there is one reference picture).
    pub(crate) fn use_list(&self) -> bool {
        let c = match self.above_right.references[2] {
            NO_PARTITION => self.above_left.references[3],
            reference => reference,
        };
        self.left.references[1] >= 0 || self.above.references[2] >= 0 || c >= 0
    }

    /// The vector of a P_Skip macroblock (8.4.1.1).
    pub(crate) fn skip_vector(&self) -> Vector {
        let makes_zero = |coded: &CodedMacroblock, quarter: usize| {
            !coded.kind.is_available() || coded.has_motion(quarter, PartitionMotion::new(0, Vector::ZERO))
        };
        if makes_zero(self.left, 1) || makes_zero(self.above, 2) {
            return Vector::ZERO;
        }
        self.predicted_vector_of_whole(0)
    }
}

/// 8.4.1.3.1, with C already replaced by D where it does not exist.
fn median_prediction(a: PartitionMotion, b: PartitionMotion, c: PartitionMotion, reference: i8) -> Vector {
    if b.reference == NO_PARTITION && c.reference == NO_PARTITION && a.reference != NO_PARTITION {
        return a.vector;
    }
    let mut same = [a, b, c].into_iter().filter(|neighbour| neighbour.reference == reference);
    if let (Some(only), None) = (same.next(), same.next()) {
        return only.vector;
    }
    // Vectors of neighbours that are missing or intra count as zero, which is what they hold.
    let (a, b, c) = (a.vector, b.vector, c.vector);
    Vector { x: median(a.x, b.x, c.x), y: median(a.y, b.y, c.y) }
}

fn median(a: i16, b: i16, c: i16) -> i16 {
    a.max(b).min(a.min(b).max(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inter(reference: i8, x: i16, y: i16) -> CodedMacroblock {
        CodedMacroblock {
            kind: MacroblockKind::Inter,
            references: [reference; 4],
            vectors: [Vector { x, y }; 4],
            ..CodedMacroblock::UNAVAILABLE
        }
    }

    fn intra() -> CodedMacroblock {
        CodedMacroblock {
            kind: MacroblockKind::Intra16x16,
            references: [NOT_INTER; 4],
            ..CodedMacroblock::UNAVAILABLE
        }
    }

    fn predict(
        a: &CodedMacroblock,
        b: &CodedMacroblock,
        c: &CodedMacroblock,
        d: &CodedMacroblock,
    ) -> (Vector, Vector) {
        let around = Neighbours { left: a, above: b, above_right: c, above_left: d };
        (around.predicted_vector_of_whole(0), around.skip_vector())
    }

    #[test]
    fn the_only_neighbour_with_the_same_reference_is_taken_before_the_median() {
        let (whole, skip) =
            predict(&inter(0, 4, 8), &inter(1, 100, 100), &inter(1, 90, 90), &CodedMacroblock::UNAVAILABLE);
        assert_eq!((whole, skip), (Vector { x: 4, y: 8 }, Vector { x: 4, y: 8 }));
        let (whole, _) =
            predict(&inter(0, 4, 8), &inter(0, 8, 0), &inter(0, 6, 20), &CodedMacroblock::UNAVAILABLE);
        assert_eq!(whole, Vector { x: 6, y: 8 });
    }

    #[test]
    fn a_missing_above_right_neighbour_is_replaced_by_above_left() {
        let none = CodedMacroblock::UNAVAILABLE;
        let (whole, _) = predict(&inter(0, 1, 1), &inter(0, 2, 2), &none, &inter(0, 3, 3));
        assert_eq!(whole, Vector { x: 2, y: 2 });
        let (whole, skip) = predict(&inter(1, 9, 9), &none, &none, &none);
        assert_eq!(whole, Vector { x: 9, y: 9 }, "only A exists: its vector, whatever it refers to");
        assert_eq!(skip, Vector::ZERO, "B does not exist");
    }

    #[test]
    fn an_intra_neighbour_does_not_make_a_skipped_vector_zero() {
        let moving = inter(0, 0, -32);
        let (_, skip) = predict(&intra(), &moving, &moving, &CodedMacroblock::UNAVAILABLE);
        assert_eq!(skip, Vector { x: 0, y: -32 });
        let (_, skip) = predict(&inter(0, 0, 0), &moving, &moving, &CodedMacroblock::UNAVAILABLE);
        assert_eq!(skip, Vector::ZERO);
        let (_, skip) = predict(&inter(1, 0, 0), &moving, &moving, &CodedMacroblock::UNAVAILABLE);
        assert_eq!(skip, Vector { x: 0, y: -32 }, "zero, but not from the first reference");
    }
}
