//! New macroblocks of pictures that change everywhere: their motion is searched.

use super::coding::{Coding, MacroblockToCode, order};
use super::context::SliceContext;
use super::mode_decision::ModeDecision;
use super::motion_search::{InterChoice, InterPartition, InterProgress};
use crate::motion::field::MotionField;
use crate::motion::quarters::QuarterMotions;
use crate::motion::search::{BlockSearch, FoundMotion, Interpolated, SearchEffort};
use crate::prediction::vectors::{PartitionMotion, Vector, VectorRange};
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::Instructions;

/// Sums of absolute differences, per bit's worth: up to which P_Skip is tried, and from which intra prediction is.
pub(super) const SKIP_UP_TO: u32 = 160;
pub(super) const INTRA_FROM: u32 = 30;
/// The same from which several partitions are tried.
const DIVIDE_FROM: u32 = 120;
/// The same where the partitions get vectors that were tried already.
pub(super) const DIVIDE_AS_TRIED_FROM: u32 = 60;
/// Bits that several partitions take besides their vectors: two, or four.
const DIVISION_BITS: [u32; 2] = [6, 12];

/// What is known of P_Skip.
struct SkipTrial {
    /// Its vector, where that is in range, and what it leaves.
    motion: Option<FoundMotion>,
    /// Squared error, as [`weighted_error`] has it; known where the macroblock is not skipped at once.
    error: u32,
    /// Whether the macroblock is coded with its vector, with a residual.
    is_coded: bool,
}

/// What is done of a coding already.
#[derive(Clone, Copy)]
enum Start<'a> {
    Nothing,
    /// Luma is predicted, as this.
    Luma(&'a [u8; 256]),
    /// All is predicted: the squared error, as [`weighted_error`] has it.
    Predicted(u32),
    /// All is predicted, with that error, and coded.
    Coded(u32),
}

impl ModeDecision<'_, '_> {
    /// A new macroblock of a P slice whose motion is searched. `skip_vector`: that of P_Skip.
    pub(crate) fn searched(
        &mut self,
        block: &MacroblockToCode<'_>,
        skip_vector: Vector,
        (field, effort): (&MotionField, SearchEffort),
        codings: &mut [Coding; 2],
    ) {
        self.drops_single_levels = true;
        let context = self.context;
        let rate = block.rate;
        let range = VectorRange::of(context.grid, block.position);
        let [best, other] = codings;
        let mut skip = match range.contains(skip_vector) {
            true => self.try_skip(best, block, skip_vector),
            false => SkipTrial { motion: None, error: u32::MAX, is_coded: false },
        };
        if skip.is_coded && best.skip.is_some() {
            self.written.write_coding(block, best);
            return;
        }
        if skip.motion.is_some() {
            skip.error = weighted_error(block.source, best.predicted.samples(), context.instructions);
        }
        let around = self.written.around(block.position.column());
        let mut search = BlockSearch {
            reference: &context.weighted.map_or(context.references[0].picture, |(_, picture)| picture).luma,
            source: block.source.luma,
            position: block.position,
            range,
            predicted: around.predicted_vector_of_whole(0),
            lambda: rate.lambda,
            effort,
            instructions: context.instructions,
            quarters: QuarterMotions::NONE,
            interpolated: Interpolated::NONE,
        };
        let [here, right, below] = field.around(block.position);
        let neighbours = [around.left.vectors[1], around.above.vectors[2], around.above_right.vectors[2]];
        let [left, above, above_right] = neighbours;
        let expected = field.expected(block.position);
        let found =
            search.run(&[skip_vector, left, above, above_right, here, right, below, expected], skip.motion);
        let ways = InterWays::of(&mut search, found, &[left, above, above_right, here]);
        let skipped = InterPartition::whole(PartitionMotion::new(0, skip_vector));
        let luma = &search.interpolated;
        let start = match skip {
            SkipTrial { is_coded: true, error, .. } if ways.first == skipped => Start::Coded(error),
            SkipTrial { motion: Some(_), error, .. } if ways.first == skipped => Start::Predicted(error),
            // Samples are weighted after they are interpolated, so these are not quite the prediction.
            _ if context.weighted.is_some() => Start::Nothing,
            _ if luma.vector.is_some_and(|vector| ways.first.is_whole_of(vector)) => {
                Start::Luma(&luma.samples)
            }
            _ => Start::Nothing,
        };
        self.predict_from(start, best, block, &ways.first);
        let intra = (ways.cost > rate.lambda * INTRA_FROM).then(|| self.best_intra_luma(block));
        if let Some(intra) = intra.filter(|intra| intra.cost <= ways.cost * 2) {
            let intra = self.with_chroma(intra, block);
            // Chroma is weighed as if both predictions left the same of it.
            let InterWays { cost, first, divided } = ways;
            let cost = cost + intra.chroma_cost;
            let progress = match start {
                Start::Coded(_) => InterProgress::Coded,
                _ => InterProgress::Predicted,
            };
            let inter = InterChoice { cost, whole: first, progress, divided };
            self.code_best(block, &inter, &intra, skip_vector, codings);
            return;
        }
        self.code_or_leave(best, block, &ways.first, start, skip_vector);
        let [mut best, mut other] = [best, other];
        if let Some(divided) = ways.divided {
            self.predict_from(Start::Nothing, other, block, &divided);
            self.code_or_leave(other, block, &divided, Start::Nothing, skip_vector);
            order(&mut best, &mut other);
        }
        if skip.error <= best.cost && best.skip.is_none() {
            if ways.first != skipped || ways.divided.is_some() {
                self.predict(&mut best.predicted, block, &skipped);
            }
            self.without_residual(best, block, &skipped, skip_vector);
        }
        self.written.write_coding(block, best);
    }

    /// Judges P_Skip, and codes the macroblock with its vector if that promises to need no residual.
    fn try_skip(&self, out: &mut Coding, block: &MacroblockToCode<'_>, skip_vector: Vector) -> SkipTrial {
        let skipped = InterPartition::whole(PartitionMotion::new(0, skip_vector));
        self.predict(&mut out.predicted, block, &skipped);
        let predicted = out.predicted.samples();
        let [luma, chroma] = block.source.differences(predicted, self.context.instructions);
        let is_coded = luma + chroma <= block.rate.lambda * SKIP_UP_TO;
        if is_coded {
            out.reconstruction.clone_from(&out.predicted);
            self.code_predicted_inter(out, block, &skipped, skip_vector);
        }
        let motion = FoundMotion { vector: skip_vector, difference: luma, cost: luma };
        SkipTrial { motion: Some(motion), error: u32::MAX, is_coded }
    }

    fn predict(&self, out: &mut MacroblockBuffer, block: &MacroblockToCode<'_>, partition: &InterPartition) {
        let SliceContext { references, instructions, .. } = *self.context;
        partition.predict(references, block.position, out, instructions);
        self.context.weigh(out);
    }

    /// Completes the prediction of a macroblock.
    fn predict_from(
        &self,
        start: Start<'_>,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &InterPartition,
    ) {
        let SliceContext { references, instructions, .. } = *self.context;
        match start {
            Start::Nothing => self.predict(&mut out.predicted, block, partition),
            Start::Luma(luma) => {
                out.predicted.luma = *luma;
                partition.predict_chroma(references, block.position, &mut out.predicted, instructions);
            }
            Start::Predicted(_) | Start::Coded(_) => {}
        }
    }

    /// Codes a macroblock, which is predicted, in one way, without residual if that is cheaper, and calculates the cost.
    fn code_or_leave(
        &self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &InterPartition,
        start: Start<'_>,
        skip_vector: Vector,
    ) {
        let instructions = self.context.instructions;
        let predicted_error = match start {
            Start::Predicted(error) | Start::Coded(error) => error,
            Start::Nothing | Start::Luma(_) => {
                weighted_error(block.source, out.predicted.samples(), instructions)
            }
        };
        if !matches!(start, Start::Coded(_)) {
            out.reconstruction.clone_from(&out.predicted);
            self.code_predicted_inter(out, block, partition, skip_vector);
        }
        if out.macroblock.coded.pattern == 0 {
            out.cost = predicted_error.saturating_add(block.rate.worth(out.bits));
            return;
        }
        let error = weighted_error(block.source, out.reconstruction.samples(), instructions);
        out.cost = error.saturating_add(block.rate.worth(out.bits));
        let bits = out.macroblock.shape_and_vector_bits();
        let cost = predicted_error.saturating_add(block.rate.worth(bits));
        if cost <= out.cost {
            self.without_residual(out, block, partition, skip_vector);
            out.cost = cost;
        }
    }

    /// Makes a coding one without residual; its reconstruction is what is predicted already.
    fn without_residual(
        &self,
        coding: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &InterPartition,
        skip_vector: Vector,
    ) {
        coding.reconstruction.clone_from(&coding.predicted);
        let around = self.written.around(block.position.column());
        coding.macroblock = partition.macroblock(self.context.references.len() as u8, &around);
        let skipped = InterPartition::whole(PartitionMotion::new(0, skip_vector));
        coding.skip = (*partition == skipped).then_some(skip_vector);
        coding.bits = if coding.skip.is_some() { 0 } else { coding.macroblock.shape_and_vector_bits() + 3 };
    }
}

/// The ways of inter prediction that are coded.
struct InterWays {
    /// The least, in differences and bits.
    cost: u32,
    first: InterPartition,
    /// Another one, with several partitions, to be compared with the first.
    divided: Option<InterPartition>,
}

impl InterWays {
    /// `found`: the best vector of the whole. `candidates`: other vectors for the quarters.
    fn of(search: &mut BlockSearch<'_>, found: FoundMotion, candidates: &[Vector]) -> InterWays {
        let whole = InterPartition::whole(PartitionMotion::new(0, found.vector));
        let per_bit = found.cost / search.lambda;
        if search.effort.divides && per_bit >= DIVIDE_FROM {
            let division = divide(search, found, candidates);
            return InterWays {
                cost: division.as_ref().map_or(found.cost, |division| division.cost),
                first: whole,
                divided: division.map(|division| division.partition),
            };
        }
        let is_worth_it = per_bit >= DIVIDE_AS_TRIED_FROM;
        match is_worth_it.then(|| Division::of(search, search.quarters.found(), found)).flatten() {
            Some(Division { partition, cost }) => InterWays { cost, first: partition, divided: None },
            None => InterWays { cost: found.cost, first: whole, divided: None },
        }
    }
}

/// A macroblock that is divided into partitions, and what that costs in differences and bits.
struct Division {
    partition: InterPartition,
    cost: u32,
}

impl Division {
    /// With these vectors of the quarters, if it is better than `found`, the best vector of the whole.
    fn of(search: &BlockSearch<'_>, quarters: [FoundMotion; 4], found: FoundMotion) -> Option<Division> {
        let partition = InterPartition::of(quarters.map(|quarter| PartitionMotion::new(0, quarter.vector)));
        let [two, four] = DIVISION_BITS;
        let (shape, header) = match partition.partitions() {
            [_] => return None,
            shape @ [_, _] => (shape, two),
            shape => (shape, four),
        };
        let differences: u32 = quarters.iter().map(|quarter| quarter.difference).sum();
        let vectors: u32 = shape.iter().map(|&first| quarters[first].cost - quarters[first].difference).sum();
        let cost = differences + vectors + search.lambda * header;
        (cost < found.cost).then_some(Division { partition, cost })
    }
}

/// Searches a vector for each quarter of a macroblock.
fn divide(search: &mut BlockSearch<'_>, found: FoundMotion, candidates: &[Vector]) -> Option<Division> {
    let quarters = [0, 1, 2, 3].map(|quarter| search.run_quarter(quarter, found.vector, candidates));
    Division::of(search, quarters, found)
}

/// Squared error in which that of chroma counts for as many samples as luma has: errors that are left in chroma are moved on
/// from picture to picture, and add up.
pub(super) fn weighted_error(
    source: MacroblockSamples<'_>,
    other: MacroblockSamples<'_>,
    instructions: Instructions,
) -> u32 {
    const CHROMA: u32 = 4;
    instructions.squared_error::<16>(source.luma, other.luma)
        + CHROMA * instructions.squared_error::<8>(source.chroma, other.chroma)
}
