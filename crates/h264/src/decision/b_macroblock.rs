//! Macroblocks of B slices: which of the two pictures around it each is predicted from, and with which motion.

use super::b_slice::BetweenPlace;
use super::coding::{Coding, MacroblockToCode, order};
use super::mode_decision::ModeDecision;
use super::searched::{DIVIDE_AS_TRIED_FROM, INTRA_FROM, SKIP_UP_TO, weighted_error};
use super::thresholds::INTRA_4X4_IN_P_FROM;
use crate::motion::quarters::QuarterMotions;
use crate::motion::search::{BlockSearch, FoundMotion, Interpolated, SearchEffort};
use crate::prediction::bidirectional::{LISTS, TwoListMotion, TwoListPartition, average};
use crate::prediction::inter::{InterBlock, predict_luma};
use crate::prediction::neighbours::Neighbours;
use crate::prediction::reference::Reconstruction;
use crate::prediction::vectors::{Vector, VectorRange};
use strikeline_picture::Plane;

/// Estimated bits of mb_type for one list, and for both.
const ONE_LIST_BITS: u32 = 3;
const BOTH_LISTS_BITS: u32 = 5;
/// The same of mb_type where quarters have motion of their own.
const QUARTERS_BITS: u32 = 5;

/// Sum of absolute differences of luma, per bit's worth, up to which direct mode is taken without a search.
const DIRECT_UP_TO: u32 = 16;

/// What is known of the motion of a macroblock before it is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BetweenMotion {
    /// Which quarters hardly move in the reference after this picture, a bit each.
    pub(crate) still: u8,
    /// Vectors from the P picture after to that before, here and at macroblocks that are coded later.
    pub(crate) passing: [Vector; 3],
    pub(crate) place: BetweenPlace,
}

impl BetweenMotion {
    /// The vectors in a list of what passes here.
    fn vectors(&self, list: usize) -> [Vector; 3] {
        let BetweenPlace { before, after, group } = self.place;
        let frames = [before, -after][list];
        let part = |component: i16| (i32::from(component) * i32::from(frames) / i32::from(group)) as i16;
        self.passing.map(|vector| Vector { x: part(vector.x), y: part(vector.y) })
    }
}

/// The best motion that was found in one list.
struct ListSearch {
    found: FoundMotion,
    /// The same for each quarter, of what was tried.
    quarters: [FoundMotion; 4],
    /// Luma as it is predicted.
    luma: [u8; 256],
    /// Per quarter, the sum of absolute differences that it leaves.
    differences: [u32; 4],
}

impl ListSearch {
    fn vector_cost(&self) -> u32 {
        self.found.cost - self.found.difference
    }
}

/// What is known of direct mode.
struct DirectTrial {
    /// Per quarter, the sum of absolute differences of luma that it leaves.
    luma: [u32; 4],
    /// Squared error without residual, as [`weighted_error`] has it, if it is not coded.
    error: u32,
    /// Whether the macroblock is coded in it, with a residual.
    is_coded: bool,
}

/// A way to predict a macroblock, and what it costs in differences and bits.
#[derive(Clone, Copy)]
struct Way {
    partition: TwoListPartition,
    cost: u32,
}

impl ModeDecision<'_, '_> {
    /// A macroblock of a B slice.
    pub(crate) fn between(
        &mut self,
        block: &MacroblockToCode<'_>,
        between: &BetweenMotion,
        codings: &mut [Coding; 2],
    ) {
        self.drops_single_levels = true;
        let rate = block.rate;
        let [best, other] = codings;
        let around = self.written.around_in_both(block.position.column());
        let range = VectorRange::of(self.context.grid, block.position);
        let direct = TwoListPartition::direct(&around, between.still);
        let mut trial = DirectTrial { luma: [u32::MAX; 4], error: u32::MAX, is_coded: false };
        // openh264's decoder does not filter the edges within such a macroblock.
        let is_allowed = !self.context.deblocks || direct.moves_as_one();
        if is_allowed && direct.is_within(&range) {
            trial = self.try_direct(best, block, &direct);
            let is_good = best.macroblock.coded.pattern == 0
                || trial.luma.iter().sum::<u32>() <= rate.lambda * DIRECT_UP_TO;
            if trial.is_coded && is_good {
                self.write_two_lists(best, block, &direct);
                return;
            }
        }
        let searched = [0, 1].map(|list| self.search_list(block, list, &around[list], (&direct, between)));
        let way = self.best_way(block, &searched, (&direct, trial.luma));
        let intra = (way.cost > rate.lambda * INTRA_FROM)
            .then(|| self.best_intra_luma(block))
            .filter(|intra| intra.cost <= way.cost * 2);
        let [mut best, mut other] = [best, other];
        let mut partition = Some(direct);
        if !trial.is_coded {
            // Direct mode without residual is a way, too, if it is possible at all.
            best.cost = trial.error;
        }
        if !trial.is_coded || way.partition != direct {
            self.predict_two_lists(other, block, &way.partition);
            self.code_two_lists(other, block, &way.partition);
            if other.cost < best.cost {
                partition = Some(way.partition);
            } else if !trial.is_coded {
                self.predict_two_lists(best, block, &direct);
                self.leave_direct(best, block, &direct, trial.error);
            }
            order(&mut best, &mut other);
        }
        if let Some(intra) = intra {
            let tries_4x4 = way.cost > rate.lambda * INTRA_4X4_IN_P_FROM;
            let intra = self.with_chroma(intra, block);
            self.code_intra_16x16(other, block, &intra);
            self.weigh(other, block);
            if other.cost < best.cost {
                partition = None;
            }
            order(&mut best, &mut other);
            if tries_4x4 && self.code_intra_4x4(other, block, &intra) {
                self.weigh(other, block);
                if other.cost < best.cost {
                    partition = None;
                }
                order(&mut best, &mut other);
            }
        }
        match partition {
            Some(partition) => self.write_two_lists(best, block, &partition),
            None => self.written.write_coding(block, best),
        }
    }

    /// Judges direct mode, and codes the macroblock in it if that promises to need no residual.
    fn try_direct(
        &self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        direct: &TwoListPartition,
    ) -> DirectTrial {
        let instructions = self.context.instructions;
        self.predict_two_lists(out, block, direct);
        let predicted = out.predicted.samples();
        let luma = instructions.quarter_differences::<16>(block.source.luma, predicted.luma);
        let chroma = instructions.difference_sum::<8>(block.source.chroma, predicted.chroma);
        let is_coded = luma.iter().sum::<u32>() + chroma <= block.rate.lambda * SKIP_UP_TO;
        if is_coded {
            self.code_two_lists(out, block, direct);
            return DirectTrial { luma, error: out.cost, is_coded };
        }
        DirectTrial { luma, error: weighted_error(block.source, predicted, instructions), is_coded }
    }

    /// Makes a coding one in direct mode without residual; it is predicted already.
    fn leave_direct(
        &self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        direct: &TwoListPartition,
        error: u32,
    ) {
        (out.macroblock, _) = direct.macroblock(&self.written.around_in_both(block.position.column()));
        out.skip = None;
        out.reconstruction.clone_from(&out.predicted);
        (out.bits, out.cost) = (0, error);
    }

    /// The pictures before and after this one.
    fn pictures(&self) -> [&Reconstruction; LISTS] {
        [0, 1].map(|list: usize| self.context.references[list].picture)
    }

    /// Searches the motion of a macroblock in one list.
    fn search_list(
        &self,
        block: &MacroblockToCode<'_>,
        list: usize,
        around: &Neighbours<'_>,
        (direct, between): (&TwoListPartition, &BetweenMotion),
    ) -> ListSearch {
        let instructions = self.context.instructions;
        let reference = &self.pictures()[list].luma;
        let mut search = BlockSearch {
            reference,
            source: block.source.luma,
            position: block.position,
            range: VectorRange::of(self.context.grid, block.position),
            predicted: around.predicted_vector_of_whole(0),
            lambda: block.rate.lambda,
            effort: self.context.search.unwrap_or(SearchEffort::NONE),
            instructions,
            quarters: QuarterMotions::NONE,
            interpolated: Interpolated::NONE,
        };
        let [here, right, below] = between.vectors(list);
        let direct = direct.motion(0).vectors[list].unwrap_or(Vector::ZERO);
        let beside = [around.left.vectors[1], around.above.vectors[2], around.above_right.vectors[2]];
        let [left, above, above_right] = beside;
        let found = search.run(&[direct, here, left, above, above_right, right, below], None);
        let mut luma = search.interpolated.samples;
        if search.interpolated.vector != Some(found.vector) {
            let (x, y) = (block.position.x(), block.position.y());
            let whole = InterBlock { x, y, width: 16, height: 16, vector: found.vector };
            predict_luma(reference, whole, &mut luma, instructions);
        }
        let differences =
            instructions.quarter_differences::<16>(block.source.luma, Plane { data: &luma, stride: 16 });
        ListSearch { found, quarters: search.quarters.found(), luma, differences }
    }

    /// The best way to predict a macroblock, by differences of luma and bits.
    fn best_way(
        &self,
        block: &MacroblockToCode<'_>,
        searched: &[ListSearch; LISTS],
        (direct, direct_luma): (&TwoListPartition, [u32; 4]),
    ) -> Way {
        let instructions = self.context.instructions;
        let lambda = block.rate.lambda;
        let [first, second] = searched;
        let mut mean = first.luma;
        average(&mut mean, &second.luma, 16, 16, instructions);
        let both_differences =
            instructions.quarter_differences::<16>(block.source.luma, Plane { data: &mean, stride: 16 });
        let vectors = [first.found.vector, second.found.vector].map(Some);
        let [first_only, second_only, both] =
            [[vectors[0], None], [None, vectors[1]], vectors].map(|vectors| TwoListMotion { vectors });
        let vector_costs = searched.each_ref().map(ListSearch::vector_cost);
        let both_bits = vector_costs[0] + vector_costs[1] + lambda * BOTH_LISTS_BITS;
        let one_bits = vector_costs.map(|cost| cost + lambda * ONE_LIST_BITS);
        let sum =
            |differences: &[u32; 4]| differences.iter().fold(0, |sum: u32, part| sum.saturating_add(*part));
        let mut best = Way { partition: *direct, cost: sum(&direct_luma).saturating_add(lambda) };
        let wholes = [
            (both, sum(&both_differences) + both_bits),
            (first_only, first.found.difference + one_bits[0]),
            (second_only, second.found.difference + one_bits[1]),
        ];
        for (motion, cost) in wholes {
            if cost < best.cost {
                best = Way { partition: TwoListPartition::whole(motion), cost };
            }
        }
        if best.cost < lambda * DIVIDE_AS_TRIED_FROM {
            return best;
        }
        let mut motions = [TwoListMotion::ZERO; 4];
        let mut is_direct = [false; 4];
        let mut cost = lambda * QUARTERS_BITS;
        for quarter in 0..4 {
            let tried = |list: usize| {
                let FoundMotion { vector, cost, .. } = searched[list].quarters[quarter];
                let mut vectors = [None; LISTS];
                vectors[list] = Some(vector);
                (TwoListMotion { vectors }, cost + lambda * ONE_LIST_BITS, false)
            };
            let ways = [
                (direct.motion(quarter), direct_luma[quarter].saturating_add(lambda), true),
                (both, both_differences[quarter] + both_bits, false),
                (first_only, first.differences[quarter] + one_bits[0], false),
                (second_only, second.differences[quarter] + one_bits[1], false),
                tried(0),
                tried(1),
            ];
            let [mut chosen, ..] = ways;
            for way in &ways[1..] {
                if way.1 < chosen.1 {
                    chosen = *way;
                }
            }
            (motions[quarter], is_direct[quarter]) = (chosen.0, chosen.2);
            cost += chosen.1;
        }
        if cost < best.cost {
            best = Way { partition: TwoListPartition::of(motions, is_direct), cost };
        }
        best
    }

    fn predict_two_lists(
        &self,
        out: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &TwoListPartition,
    ) {
        partition.predict(self.pictures(), block.position, &mut out.predicted, self.context.instructions);
    }

    /// Codes a macroblock, which is predicted, without residual if that is cheaper, and calculates the cost.
    fn code_two_lists(&self, out: &mut Coding, block: &MacroblockToCode<'_>, partition: &TwoListPartition) {
        let instructions = self.context.instructions;
        let around = self.written.around_in_both(block.position.column());
        let (macroblock, second) = partition.macroblock(&around);
        out.macroblock = macroblock;
        out.skip = None;
        out.reconstruction.clone_from(&out.predicted);
        self.code_residual(out, block);
        let motion_bits = out.macroblock.list_and_vector_bits(&second);
        let predicted_error = weighted_error(block.source, out.predicted.samples(), instructions);
        let bits_without = if partition.is_direct() { 0 } else { motion_bits + 3 };
        let without = predicted_error.saturating_add(block.rate.worth(bits_without));
        if out.macroblock.coded.pattern != 0 {
            out.bits = motion_bits + out.macroblock.residual_bits();
            self.weigh(out, block);
            if out.cost < without {
                return;
            }
            (out.macroblock, _) = partition.macroblock(&around);
            out.reconstruction.clone_from(&out.predicted);
        }
        (out.bits, out.cost) = (bits_without, without);
    }

    /// Calculates the cost of a coding.
    fn weigh(&self, coding: &mut Coding, block: &MacroblockToCode<'_>) {
        let error = weighted_error(block.source, coding.reconstruction.samples(), self.context.instructions);
        coding.cost = error.saturating_add(block.rate.worth(coding.bits));
    }

    fn write_two_lists(
        &mut self,
        coding: &mut Coding,
        block: &MacroblockToCode<'_>,
        partition: &TwoListPartition,
    ) {
        let around = self.written.around_in_both(block.position.column());
        let (_, second) = partition.macroblock(&around);
        self.written.write_two_lists(block, coding, &second);
    }
}
