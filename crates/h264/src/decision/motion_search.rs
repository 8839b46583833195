//! Which motions a macroblock gets when it is predicted from earlier pictures.

use crate::decision::mode_decision::{Block, POOR};
use crate::decision::slice::{Place, SliceEncoder};
use crate::prediction::inter::{predict_chroma, predict_luma};
use crate::prediction::motion::{Candidates, Reach, scroll_vector, vector_bits};
use crate::prediction::neighbours::{Kind, Motion, NO_PARTITION, Shape, Vector};
use crate::residual::macroblock::{Macroblock, Predicted, Prediction, SourceBlock};

/// Differences per bit's worth from which motions around the best are searched.
const HOPELESS: u32 = 2000;

/// How an inter macroblock is divided, and the motion of each quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Division {
    shape: Shape,
    motions: [Motion; 4],
}

impl Division {
    pub(crate) const fn whole(motion: Motion) -> Division {
        Division { shape: Shape::Whole, motions: [motion; 4] }
    }

    /// The coarsest division that has these motions.
    fn of(motions: [Motion; 4]) -> Division {
        let same = |a: usize, b: usize| motions[a] == motions[b];
        let shape = match (same(0, 1) && same(2, 3), same(0, 2) && same(1, 3)) {
            (true, true) => Shape::Whole,
            (true, false) => Shape::Rows,
            (false, true) => Shape::Columns,
            (false, false) => Shape::Quarters,
        };
        Division { shape, motions }
    }
}

/// What inter prediction can do for a macroblock.
pub(crate) struct InterChoice {
    /// Of the best.
    pub(crate) cost: u32,
    pub(crate) whole: Division,
    pub(crate) divided: Option<Division>,
}

impl SliceEncoder<'_> {
    pub(crate) fn candidates(&self, place: Place, skip_vector: Vector, reach: &Reach) -> Candidates {
        let mut candidates = Candidates::new();
        candidates.add((0, skip_vector), reach);
        if let Some(vector) = self.moving {
            candidates.add((1, vector), reach);
        }
        let [first, second] =
            [0, 1].map(|index: usize| self.references.get(index).map_or(0, |entry| entry.distance));
        if first != second
            && let Some(vector) = self.scroll.and_then(|scroll| scroll_vector(scroll, first))
        {
            candidates.add((0, vector), reach);
        }
        candidates.add_neighbours(&self.rows.around(place.column), reach);
        candidates.add((0, Vector::ZERO), reach);
        if first != second {
            candidates.add((1, Vector::ZERO), reach);
        }
        candidates
    }

    /// The best candidate for the whole, and the best division into several if that promises to be better;
    /// by differences and vector bits.
    pub(crate) fn best_inter(
        &self,
        block: &Block<'_>,
        candidates: &Candidates,
        skip_vector: Vector,
        reach: &Reach,
        intra_cost: u32,
    ) -> InterChoice {
        let &Block { place, source, rate } = block;
        let bits = |motion: Motion| {
            if motion == (0, skip_vector) {
                0
            } else {
                4 + vector_bits(motion.1.minus(self.predicted_vector(place, motion.0)))
            }
        };
        // Zero is always within reach, so there is a candidate that replaces this one.
        let mut best = (u32::MAX, (0, Vector::ZERO));
        let mut quarters = [best; 4];
        for &motion in candidates.as_slice() {
            let differences = self.differences(place, source, motion);
            for (quarter, difference) in quarters.iter_mut().zip(differences) {
                if difference < quarter.0 {
                    *quarter = (difference, motion);
                }
            }
            let cost = differences.iter().sum::<u32>() + rate.lambda * bits(motion);
            if cost < best.0 {
                best = (cost, motion);
            }
        }
        let mut choice = InterChoice { cost: best.0, whole: Division::whole(best.1), divided: None };
        if best.0.min(intra_cost) > rate.lambda * POOR {
            let divided = Division::of(quarters.map(|quarter| quarter.1));
            let header = if divided.shape == Shape::Quarters { 8 } else { 4 };
            let vectors = divided.shape.first_quarters().iter().map(|&first| bits(divided.motions[first]));
            let differences = quarters.iter().map(|quarter| quarter.0).sum::<u32>();
            let cost = differences + rate.lambda * (header + vectors.sum::<u32>());
            if cost < best.0 && divided.shape != Shape::Whole {
                choice.cost = cost;
                choice.divided = Some(divided);
            }
        }
        if choice.cost.min(intra_cost) > rate.lambda * HOPELESS
            && let Some((differences, motion)) = self.search(place, source, best.1, reach)
        {
            let cost = differences + rate.lambda * 12;
            if cost < best.0 {
                choice.cost = choice.cost.min(cost);
                choice.whole = Division::whole(motion);
            }
        }
        choice
    }

    /// Looks around `motion` in ever smaller steps, down to quarters of a sample, for as long as it gets better.
    fn search(
        &self,
        place: Place,
        source: SourceBlock<'_>,
        motion: Motion,
        reach: &Reach,
    ) -> Option<(u32, Motion)> {
        let total = |motion: Motion| self.differences(place, source, motion).iter().sum::<u32>();
        let mut best = (total(motion), motion);
        for step in [16, 8, 4, 2, 1] {
            for _ in 0..2 {
                let (_, (reference, centre)) = best;
                let around = [(step, 0), (-step, 0), (0, step), (0, -step)];
                let found = around
                    .into_iter()
                    .map(|(x, y)| (reference, Vector { x: centre.x + x, y: centre.y + y }))
                    .filter(|motion| reach.contains(motion.1))
                    .map(|motion| (total(motion), motion))
                    .min_by_key(|found| found.0);
                match found {
                    Some(found) if found.0 < best.0 => best = found,
                    _ => break,
                }
            }
        }
        (best.1 != motion).then_some(best)
    }

    /// Per quarter, the sum of absolute differences between the source and what a motion predicts, in luma
    /// and chroma.
    fn differences(&self, place: Place, source: SourceBlock<'_>, motion: Motion) -> [u32; 4] {
        let ((reference, vector), by) = (motion, self.instructions);
        let (luma, chroma) = if vector.is_whole() {
            let from = self.references[reference as usize].picture;
            let x = place.x() as isize + isize::from(vector.x / 4);
            let y = place.y() as isize + isize::from(vector.y / 4);
            let (luma, chroma) = (from.luma.at(x, y), from.chroma.at(x, y / 2));
            (
                by.quarter_differences::<16>(source.luma, source.luma_stride, luma, from.luma.stride()),
                by.quarter_differences::<8>(
                    source.chroma,
                    source.chroma_stride,
                    chroma,
                    from.chroma.stride(),
                ),
            )
        } else {
            let mut predicted = Predicted::EMPTY;
            self.predict(place, &Division::whole(motion), &mut predicted);
            (
                by.quarter_differences::<16>(source.luma, source.luma_stride, &predicted.luma, 16),
                by.quarter_differences::<8>(source.chroma, source.chroma_stride, &predicted.chroma, 16),
            )
        };
        std::array::from_fn(|quarter| luma[quarter] + chroma[quarter])
    }

    /// Inter prediction of a whole macroblock (8.4.2).
    pub(crate) fn predict(&self, place: Place, division: &Division, predicted: &mut Predicted) {
        for &first in division.shape.first_quarters() {
            let (reference, vector) = division.motions[first];
            let picture = self.references[reference as usize].picture;
            let (right, below) = (first % 2 * 8, first / 2 * 8);
            let width = if matches!(division.shape, Shape::Columns | Shape::Quarters) { 8 } else { 16 };
            let height = if matches!(division.shape, Shape::Rows | Shape::Quarters) { 8 } else { 16 };
            let (x, y) = (place.x() + right, place.y() + below);
            let out = &mut predicted.luma[below * 16 + right..];
            predict_luma(&picture.luma, (x, y), vector, (width, height), out, 16);
            let out = &mut predicted.chroma[below / 2 * 16 + right..];
            predict_chroma(&picture.chroma, (x / 2, y / 2), vector, (width / 2, height / 2), out, 16);
        }
    }

    pub(crate) fn predicted_vector(&self, place: Place, reference: i8) -> Vector {
        const NOTHING: [Motion; 4] = [(NO_PARTITION, Vector::ZERO); 4];
        self.rows.around(place.column).predicted_vector(Shape::Whole, 0, reference, &NOTHING)
    }

    /// An inter macroblock without residual.
    pub(crate) fn inter_macroblock(&self, place: Place, division: &Division) -> Macroblock {
        let references_in_use = self.references.len() as u8;
        let shape = division.shape;
        let mut macroblock = Macroblock::new(Prediction::Inter { shape, references_in_use }, Kind::Inter);
        let around = self.rows.around(place.column);
        let magnitude = |component: i16| component.unsigned_abs().min(255) as u8;
        if shape == Shape::Whole {
            let (reference, vector) = division.motions[0];
            let difference = vector.minus(self.predicted_vector(place, reference));
            macroblock.coded.references = [reference; 4];
            macroblock.coded.vectors = [vector; 4];
            macroblock.coded.differences = [[magnitude(difference.x), magnitude(difference.y)]; 4];
            macroblock.differences = [difference; 4];
            return macroblock;
        }
        let mut so_far = [(NO_PARTITION, Vector::ZERO); 4];
        for &first in shape.first_quarters() {
            let (reference, vector) = division.motions[first];
            let difference = vector.minus(around.predicted_vector(shape, first, reference, &so_far));
            for &quarter in shape.quarters(first) {
                so_far[quarter] = (reference, vector);
                macroblock.coded.references[quarter] = reference;
                macroblock.coded.vectors[quarter] = vector;
                macroblock.coded.differences[quarter] = [magnitude(difference.x), magnitude(difference.y)];
                macroblock.differences[quarter] = difference;
            }
        }
        macroblock
    }
}
