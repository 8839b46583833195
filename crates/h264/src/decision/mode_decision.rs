//! Which prediction a new macroblock gets.

use super::coding::{Coding, MacroblockToCode, Rate, order};
use super::context::SliceContext;
use super::intra4x4::CodeLuma4x4;
use super::motion_search::{InterChoice, InterPartition, InterProgress, MotionSearch};
use super::slice_writer::SliceWriter;
use super::thresholds::{
    INTRA_4X4_FROM, INTRA_4X4_IN_P_FROM, MIN_CODED_BITS, MIN_INTRA_4X4_BITS, MIN_INTRA_16X16_BITS,
    NEGLIGIBLE, ONLY_INTRA_4X4_FROM, SPLIT_FROM,
};
use crate::grid::MacroblockPosition;
use crate::macroblock::{Macroblock, Prediction};
use crate::prediction::coarse_rows::CoarseRows;
use crate::prediction::intra::{ChromaEdges, ChromaMode, LumaEdges, Mode16x16};
use crate::prediction::neighbours::MacroblockKind;
use crate::prediction::vectors::{PartitionMotion, Vector, VectorRange};
use crate::residual::code::CodeResidual;
use crate::samples::MacroblockSamples;
use crate::source::history::SourceHistory;
use strikeline_picture::Plane;

/// The best Intra_16x16 prediction of a macroblock, and the sums of absolute differences that it leaves.
pub(crate) struct IntraChoice {
    pub(crate) luma_cost: u32,
    pub(crate) chroma_cost: u32,
    mode: Mode16x16,
    chroma_mode: ChromaMode,
    edges: LumaEdges,
    chroma_edges: ChromaEdges,
}

/// The same of luma alone.
pub(crate) struct IntraLumaChoice {
    pub(crate) cost: u32,
    mode: Mode16x16,
    edges: LumaEdges,
}

/// Decides how macroblocks are predicted, and writes them. The parameter `codings` of its methods is memory for codings
/// that are compared.
#[derive(Debug)]
pub(crate) struct ModeDecision<'a, 'w> {
    pub(super) context: &'a SliceContext<'a>,
    history: &'a SourceHistory,
    pub(super) written: &'a mut SliceWriter<'w>,
    /// See [`CodeResidual::drops_single_levels`].
    pub(super) drops_single_levels: bool,
}

impl<'a, 'w> ModeDecision<'a, 'w> {
    pub(crate) fn new(
        context: &'a SliceContext<'a>,
        history: &'a SourceHistory,
        written: &'a mut SliceWriter<'w>,
    ) -> ModeDecision<'a, 'w> {
        ModeDecision { context, history, written, drops_single_levels: false }
    }

    /// A new macroblock of a P slice. `skip_vector`: that of P_Skip.
    pub(crate) fn inter(
        &mut self,
        block: &MacroblockToCode<'_>,
        skip_vector: Vector,
        codings: &mut [Coding; 2],
    ) {
        let context = self.context;
        let &MacroblockToCode { position, source, rate, .. } = block;
        let range = VectorRange::of(context.grid, position);
        let is_exact = |motion: PartitionMotion| context.is_exact(self.history, position, motion);
        if skip_vector.is_whole() && range.contains(skip_vector) {
            let reference = context.references[0].picture;
            let skipped = reference.samples_at(position, skip_vector);
            // Any other coding costs some bits.
            let is_good = source.squared_error(skipped, context.instructions) <= rate.worth(MIN_CODED_BITS);
            let is_exact = is_exact(PartitionMotion::new(0, skip_vector));
            if is_good || is_exact {
                self.written.copy_block(reference, position, skip_vector, is_exact);
                self.written.skip(position, skip_vector);
                return;
            }
        }
        let around = self.written.around(position.column());
        let search = MotionSearch { context, block: *block, around, range, skip_vector };
        let candidates = search.candidates();
        let exact = candidates.as_slice().iter().find(|&&motion| is_exact(motion));
        if let Some(&motion) = exact {
            let references_in_use = context.references.len() as u8;
            let macroblock = InterPartition::whole(motion).macroblock(references_in_use, &around);
            let reference = context.references[motion.reference as usize].picture;
            self.written.copy_block(reference, position, motion.vector, true);
            self.written.write_motion(position, &macroblock);
            return;
        }
        let intra = self.best_intra(block);
        // Stop early only when hardly anything is left: small errors that are accepted remain for good.
        let intra_cost = intra.luma_cost + intra.chroma_cost;
        if intra_cost <= NEGLIGIBLE {
            let [best, _] = codings;
            self.code_intra_16x16(best, block, &intra);
            self.written.write_coding(block, best);
            return;
        }
        let inter = search.best(&candidates, intra_cost);
        self.code_best(block, &inter, &intra, skip_vector, codings);
    }

    /// Codes a new macroblock of a P slice in the best of several ways.
    pub(super) fn code_best(
        &mut self,
        block: &MacroblockToCode<'_>,
        inter: &InterChoice,
        intra: &IntraChoice,
        skip_vector: Vector,
        codings: &mut [Coding; 2],
    ) {
        let (context, rate) = (self.context, block.rate);
        let intra_cost = intra.luma_cost + intra.chroma_cost;
        let [mut best, mut other] = codings.each_mut();
        // Coding takes long, so only what can still be the best is coded.
        let tries_inter = inter.cost * 2 <= intra_cost * 3;
        let tries_intra = !tries_inter || intra_cost <= inter.cost;
        let tries_intra_4x4 = tries_intra
            && inter.cost > rate.lambda * INTRA_4X4_IN_P_FROM
            && intra.luma_cost > rate.lambda * SPLIT_FROM;
        best.cost = u32::MAX;
        if tries_inter {
            match inter.progress {
                InterProgress::Nothing => self.code_inter(best, block, &inter.whole, skip_vector),
                InterProgress::Predicted => {
                    best.reconstruction.clone_from(&best.predicted);
                    self.code_predicted_inter(best, block, &inter.whole, skip_vector);
                }
                InterProgress::Coded => {}
            }
            if let Some(divided) = inter.divided {
                best.calculate_cost(block, context.instructions);
                self.code_inter(other, block, &divided, skip_vector);
                other.calculate_cost(block, context.instructions);
                order(&mut best, &mut other);
            } else if tries_intra {
                best.calculate_cost(block, context.instructions);
            }
        }
        if tries_intra && (!tries_inter || best.cost > rate.worth(MIN_INTRA_16X16_BITS)) {
            self.code_intra_16x16(other, block, intra);
            if tries_inter || tries_intra_4x4 {
                other.calculate_cost(block, context.instructions);
                order(&mut best, &mut other);
            } else {
                std::mem::swap(&mut best, &mut other);
            }
        }
        if tries_intra_4x4
            && best.cost > rate.worth(MIN_INTRA_4X4_BITS)
            && self.code_intra_4x4(other, block, intra)
        {
            other.calculate_cost(block, context.instructions);
            order(&mut best, &mut other);
        }
        self.written.write_coding(block, best);
    }

    /// Codes an unchanged macroblock of a P slice once more. P_Skip would give it the vector zero.
    pub(crate) fn refine(&mut self, block: &MacroblockToCode<'_>, codings: &mut [Coding; 2]) {
        let partition = InterPartition::whole(PartitionMotion::new(0, Vector::ZERO));
        let [coding, _] = codings;
        self.code_inter(coding, block, &partition, Vector::ZERO);
        self.written.write_coding(block, coding);
    }

    /// Codes a macroblock once more that has moved by the scroll.
    pub(crate) fn refine_moved(
        &mut self,
        block: &MacroblockToCode<'_>,
        vector: Vector,
        skip_vector: Vector,
        codings: &mut [Coding; 2],
    ) {
        let can_be_skipped = skip_vector == vector && self.context.has_one_reference_picture();
        let motion = PartitionMotion::new(if can_be_skipped { 0 } else { 1 }, vector);
        let [coding, _] = codings;
        self.code_inter(coding, block, &InterPartition::whole(motion), skip_vector);
        self.written.write_coding(block, coding);
    }

    /// A macroblock of an I slice.
    pub(crate) fn intra(
        &mut self,
        position: MacroblockPosition,
        source: MacroblockSamples<'_>,
        codings: &mut [Coding; 2],
    ) {
        let rate = self.context.rate_of(self.context.qp_of_intra(position, source));
        let instructions = self.context.instructions;
        let block = MacroblockToCode { position, source, rate, coarse: CoarseRows::NONE };
        let choice = self.best_intra(&block);
        let [mut best, mut other] = codings.each_mut();
        let tries_4x4 = choice.luma_cost > rate.lambda * INTRA_4X4_FROM;
        let only_4x4 = choice.luma_cost > rate.lambda * ONLY_INTRA_4X4_FROM;
        let has_4x4 = tries_4x4 && self.code_intra_4x4(best, &block, &choice);
        if !has_4x4 {
            self.code_intra_16x16(best, &block, &choice);
        } else if !only_4x4 {
            self.code_intra_16x16(other, &block, &choice);
            best.calculate_cost(&block, instructions);
            other.calculate_cost(&block, instructions);
            order(&mut best, &mut other);
        }
        self.written.write_coding(&block, best);
    }

    /// Codes a block as an inter macroblock.
    pub(super) fn code_inter(
        &self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &InterPartition,
        skip_vector: Vector,
    ) {
        let SliceContext { references, instructions, .. } = *self.context;
        partition.predict(references, block.position, &mut out.reconstruction, instructions);
        self.context.weigh(&mut out.reconstruction);
        self.code_predicted_inter(out, block, partition, skip_vector);
    }

    /// The same where the prediction is in `out.reconstruction` already.
    pub(super) fn code_predicted_inter(
        &self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &InterPartition,
        skip_vector: Vector,
    ) {
        let references = self.context.references;
        let around = self.written.around(block.position.column());
        out.macroblock = partition.macroblock(references.len() as u8, &around);
        self.code_residual(out, block);
        let skipped = InterPartition::whole(PartitionMotion::new(0, skip_vector));
        let skippable = out.macroblock.coded.pattern == 0 && *partition == skipped;
        out.skip = skippable.then_some(skip_vector);
        out.bits = if skippable {
            0
        } else {
            out.macroblock.shape_and_vector_bits() + out.macroblock.residual_bits()
        };
    }

    /// Codes the residual of a macroblock whose prediction is in `coding.reconstruction`.
    pub(super) fn code_residual(&self, coding: &mut Coding, block: &MacroblockToCode<'_>) {
        let work = CodeResidual {
            macroblock: &mut coding.macroblock,
            levels: &mut coding.levels,
            source: block.source,
            predicted: &mut coding.reconstruction,
            quantisers: &self.context.quantisers[usize::from(block.rate.qp)],
            drops_single_levels: self.drops_single_levels,
            instructions: self.context.instructions,
        };
        work.run();
    }

    /// Codes a block as Intra_16x16.
    pub(super) fn code_intra_16x16(
        &self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        choice: &IntraChoice,
    ) {
        out.macroblock = Macroblock::new(Prediction::Intra16x16(choice.mode), MacroblockKind::Intra16x16);
        out.macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        choice.edges.predict(choice.mode, &mut out.reconstruction.luma);
        choice.chroma_edges.predict(choice.chroma_mode, &mut out.reconstruction.chroma);
        if choice.luma_cost + choice.chroma_cost != 0 {
            self.code_residual(out, block);
        }
        out.skip = None;
        out.bits = 5 + out.macroblock.residual_bits();
    }

    /// Codes a block as Intra_4x4. Returns whether it can be better than Intra_16x16; if not, `out` is undefined.
    pub(super) fn code_intra_4x4(
        &mut self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        choice: &IntraChoice,
    ) -> bool {
        let &MacroblockToCode { position, source, rate, .. } = block;
        let (luma, around) = self.written.luma_and_neighbours(position.column());
        let work = CodeLuma4x4 {
            position,
            source: source.luma,
            luma,
            levels: &mut out.levels,
            around: &around,
            quantiser: &self.context.quantisers[usize::from(rate.qp)].intra_luma,
            lambda: rate.lambda,
            limit: choice.luma_cost,
            instructions: self.context.instructions,
        };
        let Some(macroblock) = work.run() else { return false };
        out.macroblock = macroblock;
        self.written.current().read_luma(position, &mut out.reconstruction.luma);
        choice.chroma_edges.predict(choice.chroma_mode, &mut out.reconstruction.chroma);
        out.macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        self.code_residual(out, block);
        let modes = out.macroblock.coded_modes.iter().map(|mode| if mode.is_some() { 4 } else { 1 });
        out.skip = None;
        out.bits = 2 + modes.sum::<u32>() + out.macroblock.residual_bits();
        true
    }

    /// The Intra_16x16 and chroma modes with the smallest differences. Later modes are not tried once one is good
    /// enough.
    pub(super) fn best_intra(&self, block: &MacroblockToCode<'_>) -> IntraChoice {
        self.with_chroma(self.best_intra_luma(block), block)
    }

    /// The Intra_16x16 mode with the smallest differences.
    pub(super) fn best_intra_luma(&self, block: &MacroblockToCode<'_>) -> IntraLumaChoice {
        let &MacroblockToCode { position, source, rate, .. } = block;
        let instructions = self.context.instructions;
        let edges = LumaEdges::read(&self.written.current().luma, position);
        let costs = edges.differences(source.luma, instructions);
        let (mut cost, mut mode) = (u32::MAX, Mode16x16::Dc);
        for (index, candidate) in Mode16x16::ALL.into_iter().enumerate() {
            if !edges.allows(candidate) {
                continue;
            }
            let candidate_cost = costs.get(index).copied().unwrap_or_else(|| {
                let mut trial = [0; 256];
                edges.predict(candidate, &mut trial);
                instructions.difference_sum::<16>(source.luma, Plane { data: &trial, stride: 16 })
            });
            if candidate_cost < cost {
                (cost, mode) = (candidate_cost, candidate);
            }
            if is_good_enough(rate, cost, index) {
                break;
            }
        }
        IntraLumaChoice { cost, mode, edges }
    }

    /// The choice with the chroma mode with the smallest differences.
    pub(super) fn with_chroma(&self, luma: IntraLumaChoice, block: &MacroblockToCode<'_>) -> IntraChoice {
        let &MacroblockToCode { position, source, rate, .. } = block;
        let instructions = self.context.instructions;
        let chroma_edges = ChromaEdges::read(&self.written.current().chroma, position);
        let costs = chroma_edges.differences(source.chroma, instructions);
        let (mut chroma_cost, mut chroma_mode) = (u32::MAX, ChromaMode::Dc);
        for (index, candidate) in ChromaMode::ALL.into_iter().enumerate() {
            if !chroma_edges.allows(candidate) {
                continue;
            }
            let cost = costs.get(index).copied().unwrap_or_else(|| {
                let mut trial = [0; 128];
                chroma_edges.predict(candidate, &mut trial);
                instructions.difference_sum::<8>(source.chroma, Plane { data: &trial, stride: 16 })
            });
            if cost < chroma_cost {
                (chroma_cost, chroma_mode) = (cost, candidate);
            }
            if is_good_enough(rate, chroma_cost, index) {
                break;
            }
        }
        let IntraLumaChoice { cost: luma_cost, mode, edges } = luma;
        IntraChoice { luma_cost, chroma_cost, mode, chroma_mode, edges, chroma_edges }
    }
}

/// Whether no intra mode after the one at `index` is tried.
fn is_good_enough(rate: Rate, cost: u32, index: usize) -> bool {
    cost <= rate.lambda || index == 2 && cost <= rate.lambda * SPLIT_FROM
}
