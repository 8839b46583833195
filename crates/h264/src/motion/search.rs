//! The search for the vector of a block of 16×16: the best of some candidates, from there downhill by whole samples, then by
//! halves and quarters.

use crate::grid::MacroblockPosition;
use crate::prediction::inter::{InterBlock, predict_luma};
use crate::prediction::reference::PaddedSamples;
use crate::prediction::vectors::{Vector, VectorRange};
use crate::simd::{Instructions, difference_sum};
use strikeline_picture::Plane;

/// Quarters of a sample.
const WHOLE: i16 = 4;

/// A vector that was found, and what it leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FoundMotion {
    pub(crate) vector: Vector,
    /// Sum of absolute differences of luma.
    pub(crate) difference: u32,
    /// The same with the worth of the vector's bits.
    pub(crate) cost: u32,
}

/// How thoroughly vectors are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SearchEffort {
    /// Most steps by whole samples.
    pub(crate) whole_steps: u32,
    /// Sizes of the steps after that, in quarters of a sample.
    pub(crate) fine_steps: &'static [i16],
    /// Most steps of each of these sizes.
    pub(crate) steps_each: u32,
}

/// A block of 16×16 luma samples whose motion is searched.
#[derive(Debug)]
pub(crate) struct BlockSearch<'a> {
    pub(crate) reference: &'a PaddedSamples,
    pub(crate) source: Plane<'a>,
    pub(crate) position: MacroblockPosition,
    pub(crate) range: VectorRange,
    /// What the vector is predicted as.
    pub(crate) predicted: Vector,
    /// Sum of absolute differences that a bit is worth.
    pub(crate) lambda: u32,
    pub(crate) effort: SearchEffort,
    pub(crate) instructions: Instructions,
}

impl BlockSearch<'_> {
    /// The best vector that is found. `known`: one that was judged already.
    pub(crate) fn run(&self, candidates: &[Vector], known: Option<FoundMotion>) -> FoundMotion {
        let mut best = self.whole(Vector::ZERO);
        let mut tried = [Vector::ZERO; 12];
        let mut count = 1;
        for vector in candidates.iter().chain([&self.predicted]) {
            let vector = self.to_whole(*vector);
            if tried[..count].contains(&vector) || !self.range.contains(vector) || count == tried.len() {
                continue;
            }
            tried[count] = vector;
            count += 1;
            let found = self.whole(vector);
            if found.cost < best.cost {
                best = found;
            }
        }
        let good_enough = self.lambda * 16;
        if let Some(known) = known
            && known.cost <= best.cost
            && known.difference <= good_enough
        {
            return known;
        }
        let around;
        (best, around) = self.downhill(best, WHOLE, self.effort.whole_steps, Self::whole);
        if best.difference > good_enough {
            best = self.between(best, around);
            if let Some(known) = known
                && known.cost < best.cost
            {
                best = known;
            }
            for &step in self.effort.fine_steps {
                (best, _) = self.downhill(best, step, self.effort.steps_each, Self::fine);
            }
        }
        match known {
            Some(known) if known.cost <= best.cost => known,
            _ => best,
        }
    }

    /// Steps to the best of four neighbours for as long as it is better. Returns the differences of the last four that were
    /// judged, too: above, below, to the left and to the right.
    fn downhill(
        &self,
        mut best: FoundMotion,
        step: i16,
        most: u32,
        judge: impl Fn(&Self, Vector) -> FoundMotion,
    ) -> (FoundMotion, [u32; 4]) {
        let mut around = [u32::MAX; 4];
        // The neighbour that the last step came from is known.
        let mut from = best;
        for _ in 0..most {
            let centre = best;
            for ((x, y), around) in
                [(0, -step), (0, step), (-step, 0), (step, 0)].into_iter().zip(&mut around)
            {
                let vector = Vector { x: centre.vector.x + x, y: centre.vector.y + y };
                *around = from.difference;
                if vector == from.vector {
                    continue;
                }
                *around = u32::MAX;
                if self.range.contains(vector) {
                    let found = judge(self, vector);
                    *around = found.difference;
                    if found.cost < best.cost {
                        best = found;
                    }
                }
            }
            if best.vector == centre.vector {
                break;
            }
            from = centre;
        }
        (best, around)
    }

    /// Tries the vector at which the differences would be least if they grew evenly on both sides of it. `around`: the
    /// differences one sample above, below, to the left and to the right.
    fn between(&self, best: FoundMotion, [above, below, left, right]: [u32; 4]) -> FoundMotion {
        let quarters = |before: u32, after: u32| {
            let (before, after, here) = (i64::from(before), i64::from(after), i64::from(best.difference));
            let rise = before.max(after) - here;
            if before.min(after) < here || rise <= 0 {
                return 0;
            }
            // Rounded to the nearest: at most two.
            ((4 * (before - after) + rise * (before - after).signum()) / (2 * rise)) as i16
        };
        let (x, y) = (quarters(left, right), quarters(above, below));
        let vector = Vector { x: best.vector.x + x, y: best.vector.y + y };
        if (x, y) == (0, 0) || !self.range.contains(vector) {
            return best;
        }
        let found = self.fine(vector);
        if found.cost < best.cost { found } else { best }
    }

    fn to_whole(&self, vector: Vector) -> Vector {
        Vector { x: (vector.x + 2) & !3, y: (vector.y + 2) & !3 }
    }

    /// Judges a vector of whole samples.
    fn whole(&self, vector: Vector) -> FoundMotion {
        let x = self.position.x() as isize + isize::from(vector.x / WHOLE);
        let y = self.position.y() as isize + isize::from(vector.y / WHOLE);
        self.judged(vector, difference_sum(self.source, self.reference.plane_at(x, y), 16))
    }

    /// Judges any vector.
    fn fine(&self, vector: Vector) -> FoundMotion {
        let mut predicted = [0; 256];
        let (x, y) = (self.position.x(), self.position.y());
        let block = InterBlock { x, y, width: 16, height: 16, vector };
        predict_luma(self.reference, block, &mut predicted, self.instructions);
        self.judged(vector, difference_sum(self.source, Plane { data: &predicted, stride: 16 }, 16))
    }

    fn judged(&self, vector: Vector, difference: u32) -> FoundMotion {
        let cost = difference + self.lambda * vector.minus(self.predicted).bits();
        FoundMotion { vector, difference, cost }
    }
}
