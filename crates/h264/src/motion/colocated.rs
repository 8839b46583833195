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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::neighbours::{MacroblockKind, NOT_INTER};
    use crate::prediction::vectors::Vector;

    #[test]
    fn what_moves_by_a_quarter_of_a_sample_at_most_is_still() {
        let moving = |references: [i8; 4], x: [i16; 4]| CodedMacroblock {
            kind: MacroblockKind::Inter,
            references,
            vectors: x.map(|x| Vector { x, y: -1 }),
            ..CodedMacroblock::UNAVAILABLE
        };
        let intra = CodedMacroblock {
            kind: MacroblockKind::Intra4x4,
            references: [NOT_INTER; 4],
            ..CodedMacroblock::UNAVAILABLE
        };
        let mut still = StillQuarters::new(MacroblockGrid { columns: 3, rows: 2 });
        still.store_row(1, &[moving([0; 4], [0, 1, -1, 2]), moving([0, 1, 0, 1], [0; 4]), intra], &[]);
        assert_eq!([0, 3, 4, 5].map(|index| still.at(index)), [0, 0b0111, 0b0101, 0]);
        // In a B slice, list 1 counts where list 0 is not used.
        let first = moving([NOT_INTER, NOT_INTER, 0, NOT_INTER], [0, 0, 9, 0]);
        let second = moving([0, NOT_INTER, 0, 0], [1, 0, 0, 4]);
        still.store_row(0, &[first, intra, intra], &[second, intra, intra]);
        assert_eq!(still.at(0), 0b0001);
    }
}
