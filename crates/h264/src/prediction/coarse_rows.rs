//! Which rows of a reconstructed picture are coded coarsely, to be coded once more when they have moved on.

use super::vectors::Vector;
use crate::grid::{MacroblockGrid, MacroblockPosition, MacroblockRun};

/// The rows of a macroblock that are coded coarsely: a bit for each two of them, the lowest for the first two. Pictures
/// move by an even number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CoarseRows(u8);

impl CoarseRows {
    pub(crate) const NONE: CoarseRows = CoarseRows(0);
    pub(crate) const ALL: CoarseRows = CoarseRows(u8::MAX);

    /// The rows that will have left their macroblock in the next picture, if that moves on as this one has, which is
    /// predicted with `vector`.
    pub(crate) fn that_leave(vector: Vector) -> CoarseRows {
        let pairs = u32::from(vector.y.unsigned_abs() / 8);
        CoarseRows(match vector.y {
            0 => u8::MAX,
            ..0 => !u8::MAX.checked_shr(pairs).unwrap_or(0),
            _ => !u8::MAX.checked_shl(pairs).unwrap_or(0),
        })
    }

    /// Whether a row is among both.
    #[inline]
    pub(crate) fn meet(self, other: CoarseRows) -> bool {
        self.0 & other.0 != 0
    }
}

/// The coarse rows of all macroblocks of a picture.
#[derive(Debug, Default, Clone)]
pub(crate) struct CoarseMap {
    columns: usize,
    /// In raster order.
    rows: Vec<CoarseRows>,
}

impl CoarseMap {
    pub(crate) fn new(grid: MacroblockGrid) -> CoarseMap {
        CoarseMap { columns: grid.columns, rows: vec![CoarseRows::NONE; grid.len()] }
    }

    pub(crate) fn get(&self, index: usize) -> CoarseRows {
        self.rows[index]
    }

    pub(crate) fn set(&mut self, index: usize, rows: CoarseRows) {
        self.rows[index] = rows;
    }

    /// Sets those of a run of macroblocks.
    pub(crate) fn fill(&mut self, run: MacroblockRun, rows: CoarseRows) {
        self.rows[run.row * self.columns..][run.first..run.end].fill(rows);
    }

    /// Sets those of a run of macroblocks to what a whole-sample vector points to in another picture.
    pub(crate) fn copy_run(
        &mut self,
        from: &CoarseMap,
        grid: MacroblockGrid,
        run: MacroblockRun,
        vector: Vector,
    ) {
        let pair = (run.row * 8) as isize + isize::from(vector.y / 8);
        let (row, offset) = (pair.div_euclid(8), pair.rem_euclid(8));
        let row_of = |row: isize| {
            let row = usize::try_from(row).ok().filter(|row| *row < grid.rows)?;
            Some(&from.rows[row * grid.columns..][run.first..run.end])
        };
        let to = &mut self.rows[run.row * grid.columns..][run.first..run.end];
        if vector.x == 0
            && offset != 0
            && let (Some(upper), Some(lower)) = (row_of(row), row_of(row + 1))
        {
            for ((to, upper), lower) in to.iter_mut().zip(upper).zip(lower) {
                *to = CoarseRows(upper.0 >> offset | lower.0 << (8 - offset));
            }
            return;
        }
        for (to, column) in to.iter_mut().zip(run.first..) {
            *to = from.at(grid.position(column, run.row), vector);
        }
    }

    /// The coarse rows of what a whole-sample vector points to. Beyond the picture they are those at its edge.
    pub(crate) fn at(&self, position: MacroblockPosition, vector: Vector) -> CoarseRows {
        let of = |column: isize, row: isize| {
            let column = column.clamp(0, self.columns as isize - 1) as usize;
            let last_row = self.rows.len() / self.columns - 1;
            self.rows[row.clamp(0, last_row as isize) as usize * self.columns + column].0
        };
        let pair = (position.row() * 8) as isize + isize::from(vector.y / 8);
        let (row, offset) = (pair.div_euclid(8), pair.rem_euclid(8));
        let rows = |column: isize| match offset {
            0 => of(column, row),
            _ => of(column, row) >> offset | of(column, row + 1) << (8 - offset),
        };
        let x = position.x() as isize + isize::from(vector.x / 4);
        // Between two columns it is enough that one of them is coarse.
        CoarseRows(rows(x.div_euclid(16)) | rows((x + 15).div_euclid(16)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: MacroblockGrid = MacroblockGrid { columns: 3, rows: 4 };

    fn down(rows: i16) -> Vector {
        Vector { x: 0, y: -4 * rows }
    }

    #[test]
    fn coarse_rows_move_with_the_samples() {
        let mut map = CoarseMap::new(GRID);
        map.set(GRID.position(1, 1).index(), CoarseRows::ALL);
        let moved = |column, row, vector| map.at(GRID.position(column, row), vector).0;
        // By six rows: ten stay in their macroblock, six are in the next one.
        assert_eq!((moved(1, 1, down(6)), moved(1, 2, down(6))), (0b1111_1000, 0b0000_0111));
        assert_eq!((moved(1, 0, down(-6)), moved(1, 1, down(-6))), (0b1110_0000, 0b0001_1111));
        assert_eq!(moved(1, 2, down(16)), 0xFF);
        for vector in [down(6), down(-6), down(16), Vector { x: -32, y: 0 }] {
            let mut copied = CoarseMap::new(GRID);
            copied.copy_run(&map, GRID, MacroblockRun { row: 2, first: 0, end: 3 }, vector);
            let columns = [0, 1, 2];
            assert_eq!(
                columns.map(|column| copied.get(6 + column).0),
                columns.map(|column| moved(column, 2, vector))
            );
        }
        assert_eq!([0, 1, 2].map(|column| moved(column, 1, Vector { x: -32, y: 0 })), [0, 0xFF, 0xFF]);
    }

    #[test]
    fn rows_are_leaving_on_the_side_that_they_move_to() {
        let upper = CoarseRows(0b0000_0111);
        let leaves = |vector| upper.meet(CoarseRows::that_leave(vector));
        let expected = [false, false, false, true, true, true];
        assert_eq!([2, 8, 10, 12, 16, 40].map(|rows| leaves(down(rows))), expected);
        assert_eq!([2, 16].map(|rows| leaves(down(-rows))), [true, true]);
        assert!(leaves(Vector { x: 8, y: 0 }));
    }
}
