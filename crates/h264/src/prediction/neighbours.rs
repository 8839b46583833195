//! What a macroblock leaves behind for the ones after it, and who its neighbours are (ITU-T H.264, 6.4.11
//! and 8.4.1.3).

use crate::decision::ages::TILE;

/// A motion vector in quarter luma samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Vector {
    pub(crate) x: i16,
    pub(crate) y: i16,
}

impl Vector {
    pub(crate) const ZERO: Vector = Vector { x: 0, y: 0 };

    /// Whether it points at whole samples in both luma and chroma.
    #[inline]
    pub(crate) fn is_whole(self) -> bool {
        (self.x | self.y) & 7 == 0
    }

    /// Difference per component; vectors are at most 2^13 (see [`crate::prediction::motion::Reach`]).
    pub(crate) fn minus(self, other: Vector) -> Vector {
        Vector { x: self.x - other.x, y: self.y - other.y }
    }
}

/// Kinds of macroblocks as far as neighbours care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    /// Outside the picture, or not yet coded.
    #[default]
    Unavailable,
    Skipped,
    Inter,
    Intra16x16,
    Intra4x4,
    /// I_PCM: samples as they are.
    Samples,
}

impl Kind {
    #[inline]
    pub(crate) fn is_intra(self) -> bool {
        matches!(self, Kind::Intra16x16 | Kind::Intra4x4 | Kind::Samples)
    }

    #[inline]
    pub(crate) fn is_available(self) -> bool {
        self != Kind::Unavailable
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
pub(crate) struct Coded {
    pub(crate) kind: Kind,
    /// coded_block_pattern: luma in bits 0–3, chroma in bits 4–5.
    pub(crate) pattern: u8,
    /// coded_block_flag of the DC blocks: luma, Cb, Cr in bits 0–2.
    pub(crate) dc_flags: u8,
    pub(crate) chroma_mode: u8,
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

impl Coded {
    pub(crate) const UNAVAILABLE: Coded = Coded {
        kind: Kind::Unavailable,
        pattern: 0,
        dc_flags: 0,
        chroma_mode: 0,
        counts: [0; 24],
        references: [NO_PARTITION; 4],
        vectors: [Vector::ZERO; 4],
        differences: [[0; 2]; 4],
        right_modes: [MODE_DC; 4],
        bottom_modes: [MODE_DC; 4],
    };

    /// I_PCM, which counts as if everything in it were coded (9.2.1, 9.3.3.1.1).
    pub(crate) const SAMPLES: Coded = Coded {
        kind: Kind::Samples,
        pattern: 0x2F,
        dc_flags: 7,
        counts: [16; 24],
        references: [NOT_INTER; 4],
        ..Coded::UNAVAILABLE
    };

    pub(crate) const fn skipped(vector: Vector) -> Coded {
        Coded { kind: Kind::Skipped, references: [0; 4], vectors: [vector; 4], ..Coded::UNAVAILABLE }
    }
}

/// The coded macroblocks around the current one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbours<'a> {
    /// A.
    pub(crate) left: &'a Coded,
    /// B.
    pub(crate) above: &'a Coded,
    /// C.
    pub(crate) above_right: &'a Coded,
    /// D.
    pub(crate) above_left: &'a Coded,
}

/// The macroblocks of this row so far and of the row above, with a place outside the picture at either end.
#[derive(Debug)]
pub(crate) struct Rows {
    current: Vec<Coded>,
    above: Vec<Coded>,
    /// Per tile of the row, whether all of it is skipped at vector zero.
    current_still: Vec<bool>,
    above_still: Vec<bool>,
}

impl Rows {
    pub(crate) fn new(columns: usize) -> Rows {
        let row = || vec![Coded::UNAVAILABLE; columns + 2];
        let still = || vec![false; columns.div_ceil(TILE)];
        Rows { current: row(), above: row(), current_still: still(), above_still: still() }
    }

    /// Before the first macroblock of a picture.
    pub(crate) fn begin_picture(&mut self) {
        self.current.fill(Coded::UNAVAILABLE);
        self.above.fill(Coded::UNAVAILABLE);
        self.current_still.fill(false);
        self.above_still.fill(false);
    }

    /// After the last macroblock of a row.
    pub(crate) fn end_row(&mut self) {
        std::mem::swap(&mut self.current, &mut self.above);
        std::mem::swap(&mut self.current_still, &mut self.above_still);
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
    pub(crate) fn set(&mut self, column: usize, coded: Coded) {
        self.current[column + 1] = coded;
        self.current_still[column / TILE] = false;
    }

    /// Makes the macroblocks from column `first` to before `end` alike.
    pub(crate) fn set_run(&mut self, first: usize, end: usize, coded: Coded) {
        self.current[first + 1..=end].fill(coded);
        parts(first, end).for_each(|(tile, ..)| self.current_still[tile] = false);
    }

    /// Makes the macroblocks from column `first` to before `end` skipped ones with vector zero.
    pub(crate) fn set_still(&mut self, first: usize, end: usize) {
        let columns = self.current.len() - 2;
        for (tile, first, end) in parts(first, end) {
            if !self.current_still[tile] {
                self.current[first + 1..=end].fill(Coded::skipped(Vector::ZERO));
                self.current_still[tile] = first % TILE == 0 && (end % TILE == 0 || end == columns);
            }
        }
    }

    /// Whether all macroblocks of a tile of the row above are skipped ones with vector zero.
    #[inline]
    pub(crate) fn is_still_above(&self, tile: usize) -> bool {
        self.above_still[tile]
    }
}

/// What of each tile lies in a run of macroblocks: the tile, the first column and the end.
pub(crate) fn parts(first: usize, end: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let tiles = if first < end { first / TILE..end.div_ceil(TILE) } else { 0..0 };
    tiles.map(move |tile| (tile, first.max(tile * TILE), end.min((tile + 1) * TILE)))
}

/// How an inter macroblock is divided (Table 7-13); every 8×8 quarter stays whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Whole,
    /// Two of 16×8.
    Rows,
    /// Two of 8×16.
    Columns,
    Quarters,
}

impl Shape {
    /// For each partition its first quarter.
    pub(crate) const fn first_quarters(self) -> &'static [usize] {
        match self {
            Shape::Whole => &[0],
            Shape::Rows => &[0, 2],
            Shape::Columns => &[0, 1],
            Shape::Quarters => &[0, 1, 2, 3],
        }
    }

    /// The quarters of the partition that begins with `first`.
    pub(crate) const fn quarters(self, first: usize) -> &'static [usize] {
        match (self, first) {
            (Shape::Whole, _) => &[0, 1, 2, 3],
            (Shape::Rows, 0) => &[0, 1],
            (Shape::Rows, _) => &[2, 3],
            (Shape::Columns, 0) => &[0, 2],
            (Shape::Columns, _) => &[1, 3],
            (Shape::Quarters, 0) => &[0],
            (Shape::Quarters, 1) => &[1],
            (Shape::Quarters, 2) => &[2],
            (Shape::Quarters, _) => &[3],
        }
    }
}

/// A partition's reference and vector.
pub(crate) type Motion = (i8, Vector);

impl Neighbours<'_> {
    /// mvpLX of 8.4.1.3 for the partition of `shape` that begins with quarter `first` and has `reference`.
    /// `so_far` holds the motion of the macroblock's earlier quarters.
    pub(crate) fn predicted_vector(
        &self,
        shape: Shape,
        first: usize,
        reference: i8,
        so_far: &[Motion; 4],
    ) -> Vector {
        let of = |coded: &Coded, quarter: usize| (coded.references[quarter], coded.vectors[quarter]);
        const NONE: Motion = (NO_PARTITION, Vector::ZERO);
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
            (Shape::Whole | Shape::Rows, 0) | (_, 1) => of(self.above_right, 2),
            (_, 0) => of(self.above, 3),
            (Shape::Quarters, 2) => so_far[1],
            _ => NONE,
        };
        let d = match first {
            0 => of(self.above_left, 3),
            1 => of(self.above, 2),
            2 => of(self.left, 1),
            _ => so_far[0],
        };
        let c = if c.0 == NO_PARTITION { d } else { c };
        let directional = match (shape, first) {
            (Shape::Rows, 0) => Some(b),
            (Shape::Rows, _) | (Shape::Columns, 0) => Some(a),
            (Shape::Columns, _) => Some(c),
            _ => None,
        };
        match directional {
            Some(neighbour) if neighbour.0 == reference => neighbour.1,
            _ => median_prediction(a, b, c, reference),
        }
    }

    /// The vector of a skipped macroblock (8.4.1.1).
    pub(crate) fn skip_vector(&self) -> Vector {
        let stands_still = |coded: &Coded, quarter: usize| {
            !coded.kind.is_available()
                || (coded.references[quarter] == 0 && coded.vectors[quarter] == Vector::ZERO)
        };
        if stands_still(self.left, 1) || stands_still(self.above, 2) {
            return Vector::ZERO;
        }
        self.predicted_vector(Shape::Whole, 0, 0, &[(NO_PARTITION, Vector::ZERO); 4])
    }
}

/// 8.4.1.3.1, with C already replaced by D where it does not exist.
fn median_prediction(a: Motion, b: Motion, c: Motion, reference: i8) -> Vector {
    if b.0 == NO_PARTITION && c.0 == NO_PARTITION && a.0 != NO_PARTITION {
        return a.1;
    }
    let mut same = [a, b, c].into_iter().filter(|neighbour| neighbour.0 == reference);
    if let (Some(only), None) = (same.next(), same.next()) {
        return only.1;
    }
    // Vectors of neighbours that are missing or intra count as zero, which is what they hold.
    Vector { x: median(a.1.x, b.1.x, c.1.x), y: median(a.1.y, b.1.y, c.1.y) }
}

fn median(a: i16, b: i16, c: i16) -> i16 {
    a.max(b).min(a.min(b).max(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inter(reference: i8, x: i16, y: i16) -> Coded {
        Coded {
            kind: Kind::Inter,
            references: [reference; 4],
            vectors: [Vector { x, y }; 4],
            ..Coded::UNAVAILABLE
        }
    }

    fn intra() -> Coded {
        Coded { kind: Kind::Intra16x16, references: [NOT_INTER; 4], ..Coded::UNAVAILABLE }
    }

    const SO_FAR: [Motion; 4] = [(NO_PARTITION, Vector::ZERO); 4];

    fn predict(a: &Coded, b: &Coded, c: &Coded, d: &Coded) -> (Vector, Vector) {
        let around = Neighbours { left: a, above: b, above_right: c, above_left: d };
        (around.predicted_vector(Shape::Whole, 0, 0, &SO_FAR), around.skip_vector())
    }

    #[test]
    fn the_only_neighbour_with_the_same_reference_is_taken_before_the_median() {
        let (whole, skip) =
            predict(&inter(0, 4, 8), &inter(1, 100, 100), &inter(1, 90, 90), &Coded::UNAVAILABLE);
        assert_eq!((whole, skip), (Vector { x: 4, y: 8 }, Vector { x: 4, y: 8 }));
        let (whole, _) = predict(&inter(0, 4, 8), &inter(0, 8, 0), &inter(0, 6, 20), &Coded::UNAVAILABLE);
        assert_eq!(whole, Vector { x: 6, y: 8 });
    }

    #[test]
    fn a_missing_above_right_neighbour_is_replaced_by_above_left() {
        let none = Coded::UNAVAILABLE;
        let (whole, _) = predict(&inter(0, 1, 1), &inter(0, 2, 2), &none, &inter(0, 3, 3));
        assert_eq!(whole, Vector { x: 2, y: 2 });
        let (whole, skip) = predict(&inter(1, 9, 9), &none, &none, &none);
        assert_eq!(whole, Vector { x: 9, y: 9 }, "only A exists: its vector, whatever it refers to");
        assert_eq!(skip, Vector::ZERO, "B does not exist");
    }

    #[test]
    fn an_intra_neighbour_does_not_make_a_skipped_vector_zero() {
        let moving = inter(0, 0, -32);
        let (_, skip) = predict(&intra(), &moving, &moving, &Coded::UNAVAILABLE);
        assert_eq!(skip, Vector { x: 0, y: -32 });
        let (_, skip) = predict(&inter(0, 0, 0), &moving, &moving, &Coded::UNAVAILABLE);
        assert_eq!(skip, Vector::ZERO);
        let (_, skip) = predict(&inter(1, 0, 0), &moving, &moving, &Coded::UNAVAILABLE);
        assert_eq!(skip, Vector { x: 0, y: -32 }, "zero, but not from the first reference");
    }
}
