//! New macroblocks of pictures that change everywhere: their motion is searched.

use super::coding::{Coding, MacroblockToCode};
use super::context::SliceContext;
use super::mode_decision::ModeDecision;
use super::motion_search::{InterChoice, InterPartition};
use crate::motion::field::MotionField;
use crate::motion::search::{BlockSearch, FoundMotion, SearchEffort};
use crate::prediction::vectors::{PartitionMotion, Vector, VectorRange};
use crate::samples::MacroblockSamples;
use crate::simd::Instructions;

/// Sums of absolute differences, per bit's worth: up to which P_Skip is tried, and from which intra prediction is.
const SKIP_UP_TO: u32 = 160;
const INTRA_FROM: u32 = 30;

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
        let &MacroblockToCode { position, source, rate, .. } = block;
        let range = VectorRange::of(context.grid, position);
        let [best, _] = codings;
        let skipped = InterPartition::whole(PartitionMotion::new(0, skip_vector));
        let mut known = None;
        let mut is_coded = false;
        let (mut skip_error, mut unchanged) = (u32::MAX, u32::MAX);
        if range.contains(skip_vector) {
            skipped.predict(context.references, position, &mut best.reconstruction, context.instructions);
            let predicted = best.reconstruction.samples();
            let [luma, chroma] = source.differences(predicted);
            skip_error = weighted_error(source, predicted, context.instructions);
            unchanged = skip_error;
            if luma + chroma <= rate.lambda * SKIP_UP_TO {
                self.code_predicted_inter(best, block, &skipped, skip_vector);
                if best.skip.is_some() {
                    self.written.write_coding(block, best);
                    return;
                }
                is_coded = true;
            }
            known = Some(FoundMotion { vector: skip_vector, difference: luma, cost: luma });
        }
        let around = self.written.around(position.column);
        let predicted = around.predicted_vector_of_whole(0);
        let search = BlockSearch {
            reference: &context.references[0].picture.luma,
            source: source.luma,
            position,
            range,
            predicted,
            lambda: rate.lambda,
            effort,
            instructions: context.instructions,
        };
        let [here, right, below] = field.around(position);
        let candidates = [
            skip_vector,
            around.left.vectors[1],
            around.above.vectors[2],
            around.above_right.vectors[2],
            here,
            right,
            below,
        ];
        let found = search.run(&candidates, known);
        let whole = InterPartition::whole(PartitionMotion::new(0, found.vector));
        let intra = (found.cost > rate.lambda * INTRA_FROM).then(|| self.best_intra(block));
        match intra {
            Some(intra) if intra.luma_cost <= found.cost * 2 => {
                // Chroma is weighed as if both predictions left the same of it.
                let cost = found.cost + intra.chroma_cost;
                let inter = InterChoice { cost, whole, divided: None };
                self.code_best(block, &inter, &intra, skip_vector, codings);
            }
            _ => {
                if !is_coded || found.vector != skip_vector {
                    whole.predict(
                        context.references,
                        position,
                        &mut best.reconstruction,
                        context.instructions,
                    );
                    unchanged = weighted_error(source, best.reconstruction.samples(), context.instructions);
                    self.code_predicted_inter(best, block, &whole, skip_vector);
                }
                self.leave_residual_out(best, block, &whole, unchanged, skip_vector);
                if skip_error <= best.cost && best.skip.is_none() {
                    skipped.predict(
                        context.references,
                        position,
                        &mut best.reconstruction,
                        context.instructions,
                    );
                    self.without_residual(best, block, &skipped, skip_vector);
                }
                self.written.write_coding(block, best);
            }
        }
    }

    /// Calculates the cost of a coding, and takes its residual away if that makes it cheaper. `unchanged`: the
    /// error of the prediction.
    fn leave_residual_out(
        &self,
        coding: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &InterPartition,
        unchanged: u32,
        skip_vector: Vector,
    ) {
        let SliceContext { references, instructions, .. } = *self.context;
        let error = weighted_error(block.source, coding.reconstruction.samples(), instructions);
        coding.cost = error.saturating_add(block.rate.worth(coding.bits));
        if coding.macroblock.coded.pattern == 0 {
            return;
        }
        let bits = coding.macroblock.shape_and_vector_bits();
        let cost = unchanged.saturating_add(block.rate.worth(bits));
        if cost <= coding.cost {
            partition.predict(references, block.position, &mut coding.reconstruction, instructions);
            self.without_residual(coding, block, partition, skip_vector);
            coding.cost = cost;
        }
    }

    /// Makes a coding one without residual; its reconstruction is the prediction.
    fn without_residual(
        &self,
        coding: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &InterPartition,
        skip_vector: Vector,
    ) {
        let around = self.written.around(block.position.column);
        coding.macroblock = partition.macroblock(self.context.references.len() as u8, &around);
        let skipped = InterPartition::whole(PartitionMotion::new(0, skip_vector));
        coding.skip = (*partition == skipped).then_some(skip_vector);
        coding.bits = if coding.skip.is_some() { 0 } else { coding.macroblock.shape_and_vector_bits() + 3 };
    }
}

/// Squared error in which that of chroma counts for as many samples as luma has: errors that are left in chroma are moved on
/// from picture to picture, and add up.
fn weighted_error(
    source: MacroblockSamples<'_>,
    other: MacroblockSamples<'_>,
    instructions: Instructions,
) -> u32 {
    const CHROMA: u32 = 4;
    instructions.squared_error(source.luma, other.luma, 16)
        + CHROMA * instructions.squared_error(source.chroma, other.chroma, 8)
}
