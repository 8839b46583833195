//! The motions that a macroblock gets when it is predicted from earlier pictures.

use super::candidates::Candidates;
use super::coding::MacroblockToCode;
use super::context::SliceContext;
use super::thresholds::{SEARCH_FROM, SPLIT_FROM};
use crate::grid::MacroblockPosition;
use crate::macroblock::{Macroblock, Prediction};
use crate::prediction::inter::{InterBlock, predict_chroma, predict_luma};
use crate::prediction::neighbours::{
    MacroblockKind, NO_MOTION, Neighbours, PartitionShape, PartitionToPredict,
};
use crate::prediction::reference::Reference;
use crate::prediction::vectors::{PartitionMotion, Vector, VectorRange, scroll_vector};
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::Instructions;

/// How an inter macroblock is divided into partitions, and the motion of each quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InterPartition {
    shape: PartitionShape,
    motions: [PartitionMotion; 4],
}

impl InterPartition {
    pub(crate) const fn whole(motion: PartitionMotion) -> InterPartition {
        InterPartition { shape: PartitionShape::Whole, motions: [motion; 4] }
    }

    /// Whether it is one partition, with `vector` in the first reference.
    pub(crate) fn is_whole_of(&self, vector: Vector) -> bool {
        *self == InterPartition::whole(PartitionMotion::new(0, vector))
    }

    /// The fewest partitions with these motions of the quarters.
    pub(crate) fn of(motions: [PartitionMotion; 4]) -> InterPartition {
        let shape = PartitionShape::of_equals(|a, b| motions[a] == motions[b]);
        InterPartition { shape, motions }
    }

    /// For each partition its first quarter.
    pub(crate) fn partitions(&self) -> &'static [usize] {
        self.shape.first_quarters()
    }

    /// Inter prediction of a whole macroblock (8.4.2).
    pub(crate) fn predict(
        &self,
        references: &[Reference<'_>],
        position: MacroblockPosition,
        predicted: &mut MacroblockBuffer,
        instructions: Instructions,
    ) {
        for part in self.parts(position) {
            let PartitionBlock { right, below, reference, luma } = part;
            let out = &mut predicted.luma[below * 16 + right..];
            predict_luma(&references[reference].picture.luma, luma, out, instructions);
        }
        self.predict_chroma(references, position, predicted, instructions);
    }

    /// The same of chroma alone.
    pub(crate) fn predict_chroma(
        &self,
        references: &[Reference<'_>],
        position: MacroblockPosition,
        predicted: &mut MacroblockBuffer,
        instructions: Instructions,
    ) {
        for part in self.parts(position) {
            let PartitionBlock { right, below, reference, luma: InterBlock { x, y, width, height, vector } } =
                part;
            let chroma = InterBlock { x: x / 2, y: y / 2, width: width / 2, height: height / 2, vector };
            let out = &mut predicted.chroma[below / 2 * 16 + right..];
            predict_chroma(&references[reference].picture.chroma, chroma, out, instructions);
        }
    }

    /// Its partitions, as blocks to be predicted.
    #[inline]
    fn parts(&self, position: MacroblockPosition) -> impl Iterator<Item = PartitionBlock> + '_ {
        let (width, height) = self.shape.size();
        self.shape.first_quarters().iter().map(move |&first| {
            let PartitionMotion { reference, vector } = self.motions[first];
            let (right, below) = (first % 2 * 8, first / 2 * 8);
            let (x, y) = (position.x() + right, position.y() + below);
            let luma = InterBlock { x, y, width, height, vector };
            PartitionBlock { right, below, reference: reference as usize, luma }
        })
    }

    /// The inter macroblock, without residual.
    pub(crate) fn macroblock(&self, references_in_use: u8, around: &Neighbours<'_>) -> Macroblock {
        let shape = self.shape;
        let prediction = Prediction::Inter { shape, references_in_use };
        let mut macroblock = Macroblock::new(prediction, MacroblockKind::Inter);
        let magnitude = |component: i16| component.unsigned_abs().min(255) as u8;
        if shape == PartitionShape::Whole {
            let PartitionMotion { reference, vector } = self.motions[0];
            let difference = vector.minus(around.predicted_vector_of_whole(reference));
            macroblock.coded.references = [reference; 4];
            macroblock.coded.vectors = [vector; 4];
            macroblock.coded.differences = [[magnitude(difference.x), magnitude(difference.y)]; 4];
            macroblock.differences = [difference; 4];
            return macroblock;
        }
        let mut so_far = [NO_MOTION; 4];
        for &first in shape.first_quarters() {
            let PartitionMotion { reference, vector } = self.motions[first];
            let partition = PartitionToPredict { shape, first, reference };
            let difference = vector.minus(around.predicted_vector(partition, &so_far));
            for &quarter in shape.quarters(first) {
                so_far[quarter] = self.motions[first];
                macroblock.coded.references[quarter] = reference;
                macroblock.coded.vectors[quarter] = vector;
                macroblock.coded.differences[quarter] = [magnitude(difference.x), magnitude(difference.y)];
                macroblock.differences[quarter] = difference;
            }
        }
        macroblock
    }
}

/// A partition to be predicted.
struct PartitionBlock {
    /// Its first column and row in the macroblock, in luma samples.
    right: usize,
    below: usize,
    /// refIdxL0.
    reference: usize,
    luma: InterBlock,
}

/// What is done of an inter coding already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InterProgress {
    Nothing,
    /// It is predicted.
    Predicted,
    /// It is predicted and coded.
    Coded,
}

/// The best motions that were found for a macroblock.
pub(crate) struct InterChoice {
    /// Of the best.
    pub(crate) cost: u32,
    pub(crate) whole: InterPartition,
    /// What of that is done in the first of the codings that are compared.
    pub(crate) progress: InterProgress,
    /// Several partitions, where they promise to be better.
    pub(crate) divided: Option<InterPartition>,
}

/// A motion, and the sum of absolute differences to the source that it leaves, with or without the worth of bits.
#[derive(Debug, Clone, Copy)]
struct JudgedMotion {
    cost: u32,
    motion: PartitionMotion,
}

/// Searches motions for one macroblock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MotionSearch<'a> {
    pub(crate) context: &'a SliceContext<'a>,
    pub(crate) block: MacroblockToCode<'a>,
    pub(crate) around: Neighbours<'a>,
    pub(crate) range: VectorRange,
    /// The vector of P_Skip.
    pub(crate) skip_vector: Vector,
}

impl MotionSearch<'_> {
    /// The motions that are worth trying.
    pub(crate) fn candidates(&self) -> Candidates {
        let (context, range) = (self.context, &self.range);
        let mut candidates = Candidates::new();
        candidates.add(PartitionMotion::new(0, self.skip_vector), range);
        if let Some(vector) = context.scroll_vector {
            candidates.add(PartitionMotion::new(1, vector), range);
        }
        let [first, second] =
            [0, 1].map(|index: usize| context.references.get(index).map_or(0, |entry| entry.distance));
        if first != second
            && let Some(vector) = context.scroll.and_then(|scroll| scroll_vector(scroll, first))
        {
            candidates.add(PartitionMotion::new(0, vector), range);
        }
        candidates.add_neighbours(&self.around, range);
        candidates.add(PartitionMotion::new(0, Vector::ZERO), range);
        if first != second {
            candidates.add(PartitionMotion::new(1, Vector::ZERO), range);
        }
        candidates
    }

    /// The best candidate for the whole macroblock, and the best division into several partitions if that promises to
    /// be better; by differences and vector bits. `intra_cost`: what intra prediction costs.
    pub(crate) fn best(&self, candidates: &Candidates, intra_cost: u32) -> InterChoice {
        let rate = self.block.rate;
        let bits = |motion: PartitionMotion| {
            if motion == PartitionMotion::new(0, self.skip_vector) {
                0
            } else {
                4 + motion.vector.minus(self.around.predicted_vector_of_whole(motion.reference)).bits()
            }
        };
        // Zero is always within range, so there is a candidate that replaces this one.
        let mut best = JudgedMotion { cost: u32::MAX, motion: PartitionMotion::new(0, Vector::ZERO) };
        let mut quarters = [best; 4];
        for &motion in candidates.as_slice() {
            let differences = self.differences(motion);
            for (quarter, cost) in quarters.iter_mut().zip(differences) {
                if cost < quarter.cost {
                    *quarter = JudgedMotion { cost, motion };
                }
            }
            let cost = differences.iter().sum::<u32>() + rate.lambda * bits(motion);
            if cost < best.cost {
                best = JudgedMotion { cost, motion };
            }
        }
        let mut choice = InterChoice {
            cost: best.cost,
            whole: InterPartition::whole(best.motion),
            progress: InterProgress::Nothing,
            divided: None,
        };
        if best.cost.min(intra_cost) > rate.lambda * SPLIT_FROM {
            let divided = InterPartition::of(quarters.map(|quarter| quarter.motion));
            let header = if divided.shape == PartitionShape::Quarters { 8 } else { 4 };
            let vectors = divided.shape.first_quarters().iter().map(|&first| bits(divided.motions[first]));
            let differences = quarters.iter().map(|quarter| quarter.cost).sum::<u32>();
            let cost = differences + rate.lambda * (header + vectors.sum::<u32>());
            if cost < best.cost && divided.shape != PartitionShape::Whole {
                choice.cost = cost;
                choice.divided = Some(divided);
            }
        }
        if choice.cost.min(intra_cost) > rate.lambda * SEARCH_FROM
            && let Some(found) = self.search_around(best.motion)
        {
            let cost = found.cost + rate.lambda * 12;
            if cost < best.cost {
                choice.cost = choice.cost.min(cost);
                choice.whole = InterPartition::whole(found.motion);
            }
        }
        choice
    }

    /// Searches around `motion` in ever smaller steps, down to quarters of a sample, for as long as it gets better.
    fn search_around(&self, motion: PartitionMotion) -> Option<JudgedMotion> {
        let judged = |motion: PartitionMotion| JudgedMotion {
            cost: self.differences(motion).iter().sum::<u32>(),
            motion,
        };
        let mut best = judged(motion);
        for step in [16, 8, 4, 2, 1] {
            for _ in 0..2 {
                let PartitionMotion { reference, vector: centre } = best.motion;
                let around = [(step, 0), (-step, 0), (0, step), (0, -step)];
                let found = around
                    .into_iter()
                    .map(|(x, y)| Vector { x: centre.x + x, y: centre.y + y })
                    .filter(|vector| self.range.contains(*vector))
                    .map(|vector| judged(PartitionMotion { reference, vector }))
                    .min_by_key(|found| found.cost);
                match found {
                    Some(found) if found.cost < best.cost => best = found,
                    _ => break,
                }
            }
        }
        (best.motion != motion).then_some(best)
    }

    /// Per quarter, the sum of absolute differences between the source and the prediction of a motion, in luma and
    /// chroma.
    fn differences(&self, motion: PartitionMotion) -> [u32; 4] {
        let (source, references) = (self.block.source, self.context.references);
        let instructions = self.context.instructions;
        let quarters = |prediction: MacroblockSamples<'_>| {
            let luma = instructions.quarter_differences::<16>(source.luma, prediction.luma);
            let chroma = instructions.quarter_differences::<8>(source.chroma, prediction.chroma);
            std::array::from_fn(|quarter| luma[quarter] + chroma[quarter])
        };
        if motion.vector.is_whole() {
            let picture = references[motion.reference as usize].picture;
            return quarters(picture.samples_at(self.block.position, motion.vector));
        }
        let mut predicted = MacroblockBuffer::EMPTY;
        InterPartition::whole(motion).predict(references, self.block.position, &mut predicted, instructions);
        quarters(predicted.samples())
    }
}
