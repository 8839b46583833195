//! The motion of a whole picture, from which searches in the next one begin.

use crate::grid::{MacroblockGrid, MacroblockPosition};
use crate::prediction::vectors::Vector;

/// The vector of each macroblock of the picture coded last; as far as rows of the current one are stored, theirs.
#[derive(Debug)]
pub(crate) struct MotionField {
    grid: MacroblockGrid,
    /// In raster order; zero where there is none.
    vectors: Vec<Vector>,
    /// The same of the current picture, as they were found before it is coded; zero where nothing is known.
    expected: Vec<Vector>,
}

impl MotionField {
    pub(crate) fn new(grid: MacroblockGrid) -> MotionField {
        MotionField {
            grid,
            vectors: vec![Vector::ZERO; grid.len()],
            expected: vec![Vector::ZERO; grid.len()],
        }
    }

    /// Becomes as another of the same size.
    pub(crate) fn copy_from(&mut self, other: &MotionField) {
        self.vectors.copy_from_slice(&other.vectors);
    }

    /// Stores the vectors of a row of macroblocks.
    pub(crate) fn store_row(&mut self, row: usize, vectors: impl Iterator<Item = Vector>) {
        let stored = &mut self.vectors[row * self.grid.columns..][..self.grid.columns];
        stored.iter_mut().zip(vectors).for_each(|(stored, vector)| *stored = vector);
    }

    /// Says what vectors a row of the current picture may have.
    pub(crate) fn expect_row(&mut self, row: usize, vectors: impl Iterator<Item = Vector>) {
        let stored = &mut self.expected[row * self.grid.columns..][..self.grid.columns];
        stored.iter_mut().zip(vectors).for_each(|(stored, vector)| *stored = vector);
    }

    /// What vector a macroblock of the current picture may have.
    pub(crate) fn expected(&self, position: MacroblockPosition) -> Vector {
        self.expected[position.index()]
    }

    /// The vectors at a macroblock, to the right of it and below it: these follow it in coding order, so the current picture
    /// has none for them yet.
    pub(crate) fn around(&self, position: MacroblockPosition) -> [Vector; 3] {
        let (column, row, index) = (position.column(), position.row(), position.index());
        let right = if column + 1 < self.grid.columns { index + 1 } else { index };
        let below = if row + 1 < self.grid.rows { index + self.grid.columns } else { index };
        [index, right, below].map(|index| self.vectors[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_stored_yet_are_of_the_picture_before() {
        let grid = MacroblockGrid { columns: 3, rows: 2 };
        let mut field = MotionField::new(grid);
        let vector = |x: i16| Vector { x, y: -x };
        (0..2).for_each(|row| field.store_row(row, (0..3).map(|column| vector(row as i16 * 3 + column))));
        assert_eq!(field.around(grid.position(1, 0)), [1, 2, 4].map(vector));
        field.store_row(0, (10..13).map(vector));
        assert_eq!(field.around(grid.position(0, 1)), [3, 4, 3].map(vector));
        assert_eq!(field.around(grid.position(2, 1)), [5, 5, 5].map(vector));
    }
}
