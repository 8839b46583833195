//! Which prediction a macroblock gets when it does not simply stand still.

use super::inter::{predict_chroma, predict_luma};
use super::intra::{ChromaEdges, ChromaMode, LumaEdges, Mode16x16};
use super::intra4x4::code_luma_4x4;
use super::macroblock::{CodeResidual, Levels, Macroblock, Predicted, Prediction, SourceBlock};
use super::motion::{Candidates, Reach, scroll_vector, vector_bits};
use super::neighbours::{Kind, Motion, NO_PARTITION, Shape, Vector};
use super::simd::{difference_sum, quarter_differences};
use super::slice::{Place, SliceEncoder};

/// Bits that a macroblock that is not skipped takes, and that its neighbours do because it is not.
const LEAST_BITS: u32 = 20;
/// Differences of a whole macroblock that are not worth looking for better.
const NEGLIGIBLE: u32 = 16;
/// Differences per bit's worth from which finer divisions and smaller blocks are tried.
const POOR: u32 = 24;
/// The same for 4×4 blocks in place of inter prediction.
const BAD: u32 = 400;
/// The same for a search.
const HOPELESS: u32 = 2000;

/// How an inter macroblock is divided, and the motion of each quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Division {
    shape: Shape,
    motions: [Motion; 4],
}

impl Division {
    pub(super) const fn whole(motion: Motion) -> Division {
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

/// An Intra_16x16 prediction and what it leaves.
struct IntraChoice {
    luma_cost: u32,
    chroma_cost: u32,
    mode: Mode16x16,
    chroma_mode: ChromaMode,
    predicted: Predicted,
}

/// What inter prediction can do for a macroblock.
struct InterChoice {
    /// Of the best.
    cost: u32,
    whole: Division,
    divided: Option<Division>,
}

/// A macroblock coded in one way, not yet written.
#[derive(Debug, Clone)]
pub(super) struct Coding {
    /// Squared error, and then bits as well.
    cost: u32,
    /// About how many.
    bits: u32,
    macroblock: Macroblock,
    levels: Levels,
    /// What a decoder will show.
    predicted: Predicted,
    /// The vector, when it comes out as P_Skip.
    skip: Option<Vector>,
}

impl Coding {
    pub(super) const EMPTY: Coding = Coding {
        cost: u32::MAX,
        bits: 0,
        macroblock: Macroblock::new(Prediction::Intra16x16(Mode16x16::Dc), Kind::Intra16x16),
        levels: Levels::ZERO,
        predicted: Predicted::EMPTY,
        skip: None,
    };
}

/// Makes the cheaper one the first; the first of two equals stays.
fn order<'a>(best: &mut &'a mut Coding, other: &mut &'a mut Coding) {
    if other.cost < best.cost {
        std::mem::swap(best, other);
    }
}

/// A QP and what a bit is worth at it.
#[derive(Debug, Clone, Copy)]
struct Rate {
    qp: u8,
    lambda: u32,
}

/// A macroblock to be coded.
#[derive(Debug, Clone, Copy)]
struct Block<'a> {
    place: Place,
    source: SourceBlock<'a>,
    rate: Rate,
}

impl Rate {
    fn of(qp: u8) -> Rate {
        Rate { qp, lambda: lambda(qp) }
    }

    /// Squared error that bits are worth.
    fn worth(self, bits: u32) -> u32 {
        bits * self.lambda * self.lambda * 7 / 8
    }
}

impl SliceEncoder<'_> {
    /// A macroblock of a P slice whose source is new.
    pub(super) fn inter(
        &mut self,
        place: Place,
        source: SourceBlock<'_>,
        skip_vector: Vector,
        codings: &mut [Coding; 2],
    ) {
        let reach = Reach::of(self.grid, place.column, place.row);
        let rate = Rate::of(self.block_qp(place));
        let block = Block { place, source, rate };
        if skip_vector.is_whole() && reach.contains(skip_vector) {
            // Whatever is better costs some bits.
            let is_good = self.squared_error_at(source, place, skip_vector) <= rate.worth(LEAST_BITS);
            if is_good || self.is_exact(place, (0, skip_vector)) {
                self.copy_block(place, (0, skip_vector));
                self.skip(place, skip_vector);
                return;
            }
        }
        let candidates = self.candidates(place, skip_vector, &reach);
        let exact = candidates.as_slice().iter().find(|&&motion| self.is_exact(place, motion));
        if let Some(&motion) = exact {
            let macroblock = self.inter_macroblock(place, &Division::whole(motion));
            self.copy_block(place, motion);
            self.write_motion(place, macroblock);
            return;
        }
        let intra = self.best_intra(&block);
        let [mut best, mut other] = codings.each_mut();
        // Leave early only when all but nothing is left: small errors that are accepted stay for good.
        let intra_cost = intra.luma_cost + intra.chroma_cost;
        if intra_cost <= NEGLIGIBLE {
            self.try_intra_16x16(best, &block, &intra);
            self.finish(&block, best);
            return;
        }
        let inter = self.best_inter(&block, &candidates, skip_vector, &reach, intra_cost);
        // Coding is dear, so only what can still win is coded to see.
        best.cost = u32::MAX;
        if inter.cost <= intra_cost * 2 {
            self.try_inter(best, &block, &inter.whole, skip_vector);
            if let Some(divided) = inter.divided {
                self.try_inter(other, &block, &divided, skip_vector);
                order(&mut best, &mut other);
            }
        }
        if best.cost == u32::MAX || intra_cost <= inter.cost {
            self.try_intra_16x16(other, &block, &intra);
            order(&mut best, &mut other);
            if inter.cost > rate.lambda * BAD && self.try_intra_4x4(other, &block, &intra) {
                order(&mut best, &mut other);
            }
        }
        self.finish(&block, best);
    }

    /// Codes a block that stands still once more, with another QP.
    pub(super) fn refine(
        &mut self,
        place: Place,
        source: SourceBlock<'_>,
        qp: u8,
        codings: &mut [Coding; 2],
    ) {
        let division = Division::whole((0, Vector::ZERO));
        let block = Block { place, source, rate: Rate::of(qp) };
        let [coding, _] = codings;
        self.try_inter(coding, &block, &division, Vector::ZERO);
        self.finish(&block, coding);
    }

    fn candidates(&self, place: Place, skip_vector: Vector, reach: &Reach) -> Candidates {
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
    fn best_inter(
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
        let (reference, vector) = motion;
        let (luma, chroma) = if vector.is_whole() {
            let from = self.references[reference as usize].picture;
            let x = place.x() as isize + isize::from(vector.x / 4);
            let y = place.y() as isize + isize::from(vector.y / 4);
            let (luma, chroma) = (from.luma.at(x, y), from.chroma.at(x, y / 2));
            (
                quarter_differences(source.luma, source.luma_stride, luma, from.luma.stride(), 16),
                quarter_differences(source.chroma, source.chroma_stride, chroma, from.chroma.stride(), 8),
            )
        } else {
            let mut predicted = Predicted::EMPTY;
            self.predict(place, &Division::whole(motion), &mut predicted);
            (
                quarter_differences(source.luma, source.luma_stride, &predicted.luma, 16, 16),
                quarter_differences(source.chroma, source.chroma_stride, &predicted.chroma, 16, 8),
            )
        };
        std::array::from_fn(|quarter| luma[quarter] + chroma[quarter])
    }

    /// Inter prediction of a whole macroblock (8.4.2).
    fn predict(&self, place: Place, division: &Division, predicted: &mut Predicted) {
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

    fn predicted_vector(&self, place: Place, reference: i8) -> Vector {
        const NOTHING: [Motion; 4] = [(NO_PARTITION, Vector::ZERO); 4];
        self.rows.around(place.column).predicted_vector(Shape::Whole, 0, reference, &NOTHING)
    }

    /// An inter macroblock without residual.
    pub(super) fn inter_macroblock(&self, place: Place, division: &Division) -> Macroblock {
        let references_in_use = self.references.len() as u8;
        let shape = division.shape;
        let mut macroblock = Macroblock::new(Prediction::Inter { shape, references_in_use }, Kind::Inter);
        let around = self.rows.around(place.column);
        let mut so_far = [(NO_PARTITION, Vector::ZERO); 4];
        for &first in shape.first_quarters() {
            let (reference, vector) = division.motions[first];
            let difference = vector.minus(around.predicted_vector(shape, first, reference, &so_far));
            let magnitude = |component: i16| component.unsigned_abs().min(255) as u8;
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

    fn try_inter(&self, out: &mut Coding, block: &Block<'_>, division: &Division, skip_vector: Vector) {
        let &Block { place, source, rate } = block;
        out.macroblock = self.inter_macroblock(place, division);
        self.predict(place, division, &mut out.predicted);
        self.code_residual(out, source, rate);
        let skippable = out.macroblock.coded.pattern == 0 && *division == Division::whole((0, skip_vector));
        out.skip = skippable.then_some(skip_vector);
        let bits = if skippable {
            0
        } else {
            out.macroblock.shape_and_vector_bits() + out.macroblock.residual_bits(&out.levels)
        };
        out.bits = bits;
        out.cost = out.cost.saturating_add(rate.worth(bits));
    }

    /// The squared error becomes the cost.
    fn code_residual(&self, coding: &mut Coding, source: SourceBlock<'_>, rate: Rate) {
        let work = CodeResidual {
            macroblock: &mut coding.macroblock,
            levels: &mut coding.levels,
            source,
            predicted: &mut coding.predicted,
            quantisers: &self.quantisers[usize::from(rate.qp)],
            instructions: self.instructions,
        };
        coding.cost = work.run();
    }

    fn try_intra_16x16(&self, out: &mut Coding, block: &Block<'_>, choice: &IntraChoice) {
        let &Block { source, rate, .. } = block;
        out.macroblock = Macroblock::new(Prediction::Intra16x16(choice.mode), Kind::Intra16x16);
        out.macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        out.predicted = choice.predicted.clone();
        if choice.luma_cost + choice.chroma_cost == 0 {
            out.cost = 0;
        } else {
            self.code_residual(out, source, rate);
        }
        let bits = 5 + out.macroblock.residual_bits(&out.levels);
        out.skip = None;
        out.bits = bits;
        out.cost = out.cost.saturating_add(rate.worth(bits));
    }

    /// Whether it was worth it; if not, what is in `out` is of no use.
    fn try_intra_4x4(&mut self, out: &mut Coding, block: &Block<'_>, choice: &IntraChoice) -> bool {
        let &Block { place, source, rate } = block;
        out.cost = u32::MAX;
        if choice.luma_cost <= rate.lambda * POOR {
            return false;
        }
        let around = self.rows.around(place.column);
        let at = (place.x(), place.y());
        let luma = &mut self.current.luma;
        let quantiser = &self.quantisers[usize::from(rate.qp)].intra_luma;
        let (levels, limit) = (&mut out.levels, choice.luma_cost);
        let Some(macroblock) =
            code_luma_4x4(luma, levels, at, source, &around, quantiser, (rate.lambda, limit))
        else {
            return false;
        };
        out.macroblock = macroblock;
        out.predicted.read_luma(&self.current.luma, place.column, place.row);
        out.predicted.chroma = choice.predicted.chroma;
        out.macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        self.code_residual(out, source, rate);
        let modes = out.macroblock.coded_modes.iter().map(|mode| if mode.is_some() { 4 } else { 1 });
        let bits = 2 + modes.sum::<u32>() + out.macroblock.residual_bits(&out.levels);
        out.skip = None;
        out.bits = bits;
        out.cost = out.cost.saturating_add(rate.worth(bits));
        true
    }

    /// Makes a coding the macroblock.
    fn finish(&mut self, block: &Block<'_>, coding: &mut Coding) {
        let place = block.place;
        self.current.stamps[place.index] = self.stamp;
        let Coding { macroblock, levels, .. } = coding;
        macroblock.qp_delta = self.qp_delta(&macroblock.coded, block.rate.qp);
        if coding.skip.is_none() && self.is_too_long(place, macroblock, levels, coding.bits) {
            self.write_samples(place, block.source);
        } else {
            coding.predicted.store(self.current, place.column, place.row);
            match coding.skip {
                Some(vector) => self.skip(place, vector),
                None => self.write(place, macroblock, levels),
            }
        }
        self.current.extend_border(place.column, place.row);
    }

    /// A macroblock of an I slice.
    pub(super) fn intra(&mut self, place: Place, source: SourceBlock<'_>, codings: &mut [Coding; 2]) {
        let rate = Rate::of(self.qp);
        let block = Block { place, source, rate };
        let choice = self.best_intra(&block);
        let [mut best, mut other] = codings.each_mut();
        self.try_intra_16x16(best, &block, &choice);
        if self.try_intra_4x4(other, &block, &choice) {
            order(&mut best, &mut other);
        }
        self.finish(&block, best);
    }

    fn best_intra(&self, block: &Block<'_>) -> IntraChoice {
        let &Block { place, source, rate } = block;
        let mut best = Predicted::EMPTY;
        let mut trial = Predicted::EMPTY;
        let edges = LumaEdges::read(&self.current.luma, place.x(), place.y(), place.sides());
        let (mut luma_cost, mut mode) = (u32::MAX, Mode16x16::Dc);
        for candidate in Mode16x16::ALL.into_iter().filter(|&mode| edges.allows(mode)) {
            edges.predict(candidate, &mut trial.luma);
            let cost = difference_sum(source.luma, source.luma_stride, &trial.luma, 16, 16);
            if cost < luma_cost {
                (luma_cost, mode, best.luma) = (cost, candidate, trial.luma);
            }
            if luma_cost == 0 || candidate == Mode16x16::Horizontal && luma_cost <= rate.lambda * POOR {
                break;
            }
        }
        let edges = ChromaEdges::read(&self.current.chroma, place.x(), place.y() / 2, place.sides());
        let (mut chroma_cost, mut chroma_mode) = (u32::MAX, ChromaMode::Dc);
        for candidate in ChromaMode::ALL.into_iter().filter(|&mode| edges.allows(mode)) {
            edges.predict(candidate, &mut trial.chroma);
            let cost = difference_sum(source.chroma, source.chroma_stride, &trial.chroma, 16, 8);
            if cost < chroma_cost {
                (chroma_cost, chroma_mode, best.chroma) = (cost, candidate, trial.chroma);
            }
            if chroma_cost == 0 || candidate == ChromaMode::Horizontal && chroma_cost <= rate.lambda * POOR {
                break;
            }
        }
        IntraChoice { luma_cost, chroma_cost, mode, chroma_mode, predicted: best }
    }
}

/// Sum of absolute differences that one bit is worth at a QP.
pub(super) fn lambda(qp: u8) -> u32 {
    // About 2^((QP − 12) / 6), in whole numbers: the same on every machine.
    const SIXTEENTHS: [u32; 6] = [16, 18, 20, 23, 25, 29];
    (SIXTEENTHS[usize::from(qp % 6)] << (qp / 6) >> 6).max(1)
}
