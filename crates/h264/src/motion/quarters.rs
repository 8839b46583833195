//! Vectors of the quarters of a macroblock, found while one for the whole is searched.

use super::search::FoundMotion;
use crate::prediction::vectors::Vector;

/// The best vector of whole samples for each 8×8 quarter, of those that were judged for the whole block.
#[derive(Debug)]
pub(crate) struct QuarterMotions {
    // Not four structs: so all four are updated at once.
    costs: [i32; 4],
    differences: [u32; 4],
    vectors: [[i16; 2]; 4],
}

impl QuarterMotions {
    /// Before any vector was judged.
    pub(crate) const NONE: QuarterMotions =
        QuarterMotions { costs: [i32::MAX; 4], differences: [u32::MAX; 4], vectors: [[0; 2]; 4] };

    /// Takes a vector for the quarters for which it is better. `bits`: what those of the vector are worth.
    #[inline]
    pub(super) fn offer(&mut self, vector: Vector, differences: [u32; 4], bits: u32) {
        for (quarter, difference) in differences.into_iter().enumerate() {
            let cost = (difference + bits) as i32;
            let is_better = cost < self.costs[quarter];
            self.costs[quarter] = if is_better { cost } else { self.costs[quarter] };
            self.differences[quarter] = if is_better { difference } else { self.differences[quarter] };
            self.vectors[quarter] = if is_better { [vector.x, vector.y] } else { self.vectors[quarter] };
        }
    }

    pub(crate) fn found(&self) -> [FoundMotion; 4] {
        std::array::from_fn(|quarter| {
            let [x, y] = self.vectors[quarter];
            let (difference, cost) = (self.differences[quarter], self.costs[quarter] as u32);
            FoundMotion { vector: Vector { x, y }, difference, cost }
        })
    }
}
