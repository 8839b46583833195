//! What B slices need to know of the motion of the picture in list 1 (ITU-T H.264, 8.4.1.2.2).

use crate::grid::MacroblockGrid;
use crate::prediction::neighbours::CodedMacroblock;

/// Which quarters of a picture hardly move (colZeroFlag).
#[derive(Debug)]
pub(crate) struct StillQuarters {
    columns: usize,
    /// For each macroblock in raster order, a bit for each quarter.
    quarters: Vec<u8>,
}

impl StillQuarters {
    pub(crate) fn new(grid: MacroblockGrid) -> StillQuarters {
        StillQuarters { columns: grid.columns, quarters: vec![0; grid.len()] }
    }

    /// Stores a row of macroblocks. `second`: the same in list 1, of a B slice.
    pub(crate) fn store_row(&mut self, row: usize, first: &[CodedMacroblock], second: &[CodedMacroblock]) {
        let stored = &mut self.quarters[row * self.columns..][..self.columns];
        for (column, (stored, coded)) in stored.iter_mut().zip(first).enumerate() {
            // The motion in list 0 counts, unless there is none.
            let is_still = |quarter: &usize| {
                let motion = match second.get(column) {
                    Some(second) if coded.references[*quarter] < 0 => second.motion(*quarter),
                    _ => coded.motion(*quarter),
                };
                motion.reference == 0 && motion.vector.x.abs() <= 1 && motion.vector.y.abs() <= 1
            };
            *stored = (0..4).filter(is_still).map(|quarter| 1 << quarter).sum();
        }
    }

    /// Those of a macroblock, a bit each.
    pub(crate) fn at(&self, index: usize) -> u8 {
        self.quarters[index]
    }
}
