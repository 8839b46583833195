//! The search for the vector of a block of 16×16: the best of some candidates, from there downhill by whole samples, then by
//! halves and quarters.

use super::quarters::QuarterMotions;
use crate::grid::MacroblockPosition;
use crate::prediction::inter::{InterBlock, predict_luma};
use crate::prediction::reference::PaddedSamples;
use crate::prediction::vectors::{Vector, VectorRange};
use crate::settings::Effort;
use crate::simd::Instructions;
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
    /// Whether quarters of a macroblock are searched, too. Otherwise they get the best of the vectors that are tried for the whole.
    pub(crate) divides: bool,
}

impl SearchEffort {
    /// Only what is tried is judged.
    pub(crate) const NONE: SearchEffort =
        SearchEffort { whole_steps: 0, fine_steps: &[], steps_each: 0, divides: false };

    pub(crate) fn of(effort: Effort) -> SearchEffort {
        let (whole_steps, fine_steps, steps_each): (_, &[_], _) = match effort {
            Effort::Fast => (8, &[], 0),
            Effort::Balanced => (16, &[1], 1),
            Effort::Small => (32, &[2, 1], 2),
        };
        SearchEffort { whole_steps, fine_steps, steps_each, divides: effort == Effort::Small }
    }

    /// The same in B pictures, where more is known of the motion before it is searched.
    pub(crate) fn of_between(effort: Effort) -> SearchEffort {
        SearchEffort::of(if effort == Effort::Small { effort } else { Effort::Fast })
    }
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
    pub(crate) quarters: QuarterMotions,
    pub(crate) interpolated: Interpolated,
}

/// The prediction that was interpolated last.
#[derive(Debug)]
pub(crate) struct Interpolated {
    /// `None` if none was.
    pub(crate) vector: Option<Vector>,
    pub(crate) samples: [u8; 256],
}

impl Interpolated {
    pub(crate) const NONE: Interpolated = Interpolated { vector: None, samples: [0; 256] };
}

impl BlockSearch<'_> {
    /// The best vector that is found. `known`: one that was judged already.
    pub(crate) fn run(&mut self, candidates: &[Vector], known: Option<FoundMotion>) -> FoundMotion {
        let mut best = self.whole(Vector::ZERO);
        let mut tried = [Vector::ZERO; 12];
        let mut count = 1;
        let predicted = self.predicted;
        for vector in candidates.iter().chain([&predicted]) {
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
        (best, around) = self.downhill_by_whole(best);
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

    /// The best vector of an 8×8 quarter, from `start` or one of the candidates on.
    pub(crate) fn run_quarter(
        &mut self,
        quarter: usize,
        start: Vector,
        candidates: &[Vector],
    ) -> FoundMotion {
        let judge = |search: &mut Self, vector: Vector| search.of_quarter(quarter, vector);
        let mut best = judge(self, start);
        let range = self.range;
        for &vector in candidates.iter().filter(|&&vector| vector != start && range.contains(vector)) {
            let found = judge(self, vector);
            if found.cost < best.cost {
                best = found;
            }
        }
        for (step, most) in [(WHOLE, 4), (2, 1), (1, 1)] {
            (best, _) = self.downhill(best, step, most, judge);
        }
        best
    }

    /// Judges a vector of an 8×8 quarter.
    fn of_quarter(&self, quarter: usize, vector: Vector) -> FoundMotion {
        let (right, below) = (quarter % 2 * 8, quarter / 2 * 8);
        let (x, y) = (self.position.x() + right, self.position.y() + below);
        let mut predicted = [0; 128];
        let block = InterBlock { x, y, width: 8, height: 8, vector };
        predict_luma(self.reference, block, &mut predicted, self.instructions);
        let source = self.source.data[below * self.source.stride + right..].chunks(self.source.stride);
        let rows = source.zip(predicted.as_chunks::<16>().0);
        let difference = rows.map(|(source, predicted)| difference_of_8(source, predicted)).sum();
        self.judged(vector, difference)
    }

    /// As [`Self::downhill`], by whole samples: all four neighbours are judged at once.
    fn downhill_by_whole(&mut self, mut best: FoundMotion) -> (FoundMotion, [u32; 4]) {
        let mut around = [u32::MAX; 4];
        for _ in 0..self.effort.whole_steps {
            let centre = best.vector;
            let [above, below] = [-WHOLE, WHOLE].map(|y| Vector { y: centre.y + y, ..centre });
            let [left, right] = [-WHOLE, WHOLE].map(|x| Vector { x: centre.x + x, ..centre });
            let vectors = [above, below, left, right];
            if !vectors.iter().all(|vector| self.range.contains(*vector)) {
                return self.downhill(best, WHOLE, self.effort.whole_steps, Self::whole);
            }
            let reference = self.plane_at(Vector { x: left.x, y: above.y });
            let differences = self.instructions.differences_around(self.source, reference);
            for ((vector, differences), around) in vectors.into_iter().zip(differences).zip(&mut around) {
                let found = self.take(vector, differences);
                *around = found.difference;
                if found.cost < best.cost {
                    best = found;
                }
            }
            if best.vector == centre {
                break;
            }
        }
        (best, around)
    }

    /// Steps to the best of four neighbours for as long as it is better. Returns the differences of the last four that were
    /// judged, too: above, below, to the left and to the right.
    fn downhill(
        &mut self,
        mut best: FoundMotion,
        step: i16,
        most: u32,
        judge: impl Fn(&mut Self, Vector) -> FoundMotion,
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
    fn between(&mut self, best: FoundMotion, [above, below, left, right]: [u32; 4]) -> FoundMotion {
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

    /// The reference where a vector of whole samples points to.
    fn plane_at(&self, vector: Vector) -> Plane<'_> {
        let x = self.position.x() as isize + isize::from(vector.x / WHOLE);
        let y = self.position.y() as isize + isize::from(vector.y / WHOLE);
        self.reference.plane_at(x, y)
    }

    /// Judges a vector of whole samples.
    fn whole(&mut self, vector: Vector) -> FoundMotion {
        let differences = self.instructions.quarter_differences::<16>(self.source, self.plane_at(vector));
        self.take(vector, differences)
    }

    /// Judges a vector of whole samples by the differences of the quarters.
    fn take(&mut self, vector: Vector, differences: [u32; 4]) -> FoundMotion {
        let found = self.judged(vector, differences.iter().sum());
        self.quarters.offer(vector, differences, found.cost - found.difference);
        found
    }

    /// Judges any vector.
    fn fine(&mut self, vector: Vector) -> FoundMotion {
        self.interpolated.vector = Some(vector);
        let predicted = &mut self.interpolated.samples;
        let (x, y) = (self.position.x(), self.position.y());
        let block = InterBlock { x, y, width: 16, height: 16, vector };
        predict_luma(self.reference, block, predicted, self.instructions);
        let difference =
            self.instructions.difference_sum::<16>(self.source, Plane { data: predicted, stride: 16 });
        self.judged(vector, difference)
    }

    fn judged(&self, vector: Vector, difference: u32) -> FoundMotion {
        let cost = difference + self.lambda * vector.minus(self.predicted).bits();
        FoundMotion { vector, difference, cost }
    }
}

/// Sum of absolute differences of 8 samples.
fn difference_of_8(one: &[u8], other: &[u8; 16]) -> u32 {
    one.iter().zip(&other[..8]).map(|(one, other)| u32::from(one.abs_diff(*other))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer_pool::BufferPool;
    use crate::grid::MacroblockGrid;
    use crate::prediction::reference::Reconstruction;

    const GRID: MacroblockGrid = MacroblockGrid { columns: 6, rows: 6 };

    /// A smooth texture that is different everywhere.
    fn textured() -> Reconstruction {
        let mut picture = Reconstruction::new(GRID, &BufferPool::default());
        for y in 0..96 {
            for x in 0..96 {
                let (u, v) = (x as f64, y as f64);
                let value = (u / 9.0).sin() * 50.0 + (v / 11.0).cos() * 50.0 + (u * v / 900.0).sin() * 20.0;
                picture.luma.at_mut(x, y)[0] = (128.0 + value) as u8;
            }
        }
        (0..36).for_each(|index| picture.extend_border(index % 6, index / 6));
        picture
    }

    fn block_search<'a>(
        source: &'a [u8; 256],
        picture: &'a Reconstruction,
        effort: SearchEffort,
    ) -> BlockSearch<'a> {
        let position = GRID.position(2, 2);
        BlockSearch {
            reference: &picture.luma,
            source: Plane { data: source, stride: 16 },
            position,
            range: VectorRange::of(GRID, position),
            predicted: Vector::ZERO,
            lambda: 1,
            effort,
            instructions: Instructions::detect(),
            quarters: QuarterMotions::NONE,
            interpolated: Interpolated::NONE,
        }
    }

    fn search(source: &[u8; 256], picture: &Reconstruction, effort: SearchEffort) -> FoundMotion {
        block_search(source, picture, effort).run(&[Vector { x: 8, y: -4 }], None)
    }

    #[test]
    fn each_quarter_has_the_best_of_the_vectors_that_were_tried() {
        let picture = textured();
        let [left, right] = [Vector { x: 20, y: -24 }, Vector { x: -28, y: 16 }];
        let mut source = [0; 256];
        for (x, vector) in [(0, left), (8, right)] {
            let block = InterBlock { x: 32 + x, y: 32, width: 8, height: 16, vector };
            predict_luma(&picture.luma, block, &mut source[x..], Instructions::Baseline);
        }
        let quick = SearchEffort { whole_steps: 2, fine_steps: &[], steps_each: 0, divides: false };
        let mut search = block_search(&source, &picture, quick);
        search.run(&[left, right], None);
        assert_eq!(search.quarters.found().map(|found| found.vector), [left, right, left, right]);
        assert_eq!(search.quarters.found().map(|found| found.difference), [0; 4]);
    }

    #[test]
    fn motion_by_quarters_of_a_sample_is_found() {
        let picture = textured();
        let careful = SearchEffort { whole_steps: 16, fine_steps: &[2, 1], steps_each: 2, divides: false };
        for vector in [(0, 0), (4, 8), (6, -6), (13, 3), (-9, 10), (-15, -7), (22, 1)] {
            let vector = Vector { x: vector.0, y: vector.1 };
            let mut source = [0; 256];
            let block = InterBlock { x: 32, y: 32, width: 16, height: 16, vector };
            predict_luma(&picture.luma, block, &mut source, Instructions::Baseline);
            let found = search(&source, &picture, careful);
            let off = found.vector.minus(vector);
            assert!(off.x.abs() <= 1 && off.y.abs() <= 1, "{vector:?}: {found:?}");
            assert!(found.difference <= 256, "{vector:?}: {found:?}");
        }
    }

    #[test]
    fn no_vector_beyond_the_range_is_found() {
        let picture = textured();
        let far = SearchEffort { whole_steps: 200, fine_steps: &[2, 1], steps_each: 9, divides: false };
        let range = VectorRange::of(GRID, GRID.position(2, 2));
        for level in [0, 90, 255] {
            assert!(range.contains(search(&[level; 256], &picture, far).vector));
        }
    }
}
