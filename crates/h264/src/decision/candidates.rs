//! The motions that are tried for a macroblock.

use crate::prediction::neighbours::{CodedMacroblock, Neighbours};
use crate::prediction::vectors::{PartitionMotion, Vector, VectorRange};

/// A few motions without repetition, in the order in which they are to be tried.
#[derive(Debug)]
pub(crate) struct Candidates {
    list: [PartitionMotion; Candidates::MOST],
    length: usize,
}

impl Candidates {
    const MOST: usize = 12;

    pub(crate) fn new() -> Candidates {
        Candidates { list: [PartitionMotion::new(0, Vector::ZERO); Candidates::MOST], length: 0 }
    }

    /// Adds a motion unless it is in the list already, is out of range, or the list is full.
    pub(crate) fn add(&mut self, motion: PartitionMotion, range: &VectorRange) {
        if self.length < Self::MOST && range.contains(motion.vector) && !self.as_slice().contains(&motion) {
            self.list[self.length] = motion;
            self.length += 1;
        }
    }

    /// Adds the motions of the neighbouring macroblocks.
    pub(crate) fn add_neighbours(&mut self, around: &Neighbours<'_>, range: &VectorRange) {
        let mut add = |coded: &CodedMacroblock, quarter: usize| {
            if coded.references[quarter] >= 0 {
                self.add(coded.motion(quarter), range);
            }
        };
        add(around.left, 1);
        add(around.above, 2);
        add(around.above_right, 2);
        add(around.above_left, 3);
    }

    pub(crate) fn as_slice(&self) -> &[PartitionMotion] {
        &self.list[..self.length]
    }
}
