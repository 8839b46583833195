//! Which prediction a macroblock gets when it does not simply stand still.

use super::inter::{predict_chroma, predict_luma};
use super::intra::{ChromaEdges, ChromaMode, LumaEdges, Mode16x16};
use super::intra4x4::code_luma_4x4;
use super::macroblock::{CodeResidual, Macroblock, Predicted, Prediction, SourceBlock};
use super::motion::{Candidates, Reach, scroll_vector, vector_bits};
use super::neighbours::{Kind, Motion, NO_PARTITION, Shape, Vector};
use super::simd::{difference_sum, quarter_differences};
use super::slice::{Place, SliceEncoder, same_source};

/// Differences of a whole macroblock that are not worth looking for better.
const NEGLIGIBLE: u32 = 16;
/// Differences per bit's worth from which finer divisions and smaller blocks are tried.
const POOR: u32 = 24;
/// The same for 4×4 blocks in place of inter prediction.
const BAD: u32 = 400;
/// Bits by which intra prediction may look worse than inter and still be tried.
const MARGIN: u32 = 16;
/// The same for a search.
const HOPELESS: u32 = 500;

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
struct Trial {
    cost: u32,
    macroblock: Macroblock,
    /// What a decoder will show.
    predicted: Predicted,
    /// The vector, when it comes out as P_Skip.
    skip: Option<Vector>,
}

/// The one that costs less; the first of two equals.
fn better(best: Option<Trial>, trial: Trial) -> Trial {
    match best {
        Some(best) if best.cost <= trial.cost => best,
        _ => trial,
    }
}

impl SliceEncoder<'_> {
    /// A macroblock of a P slice that does not simply stand still.
    pub(super) fn inter(&mut self, place: Place, source: SourceBlock<'_>, skip_vector: Vector) {
        let reach = Reach::of(self.grid, place.column, place.row);
        let skip = (0, skip_vector);
        if reach.contains(skip_vector) && self.is_exact(place, source, skip) {
            self.store(place, skip);
            self.current.stamps[place.index] = self.stamp;
            self.skip(place, skip_vector);
            return;
        }
        let candidates = self.candidates(place, skip_vector, &reach);
        let exact = candidates.as_slice().iter().find(|&&motion| self.is_exact(place, source, motion));
        if let Some(&motion) = exact {
            let macroblock = self.inter_macroblock(place, &Division::whole(motion));
            self.store(place, motion);
            self.current.stamps[place.index] = self.stamp;
            self.write(place, macroblock, self.last_qp);
            return;
        }
        let intra = self.best_intra(place, source);
        // Leave early only when all but nothing is left: small errors that are accepted stay for good.
        let intra_cost = intra.luma_cost + intra.chroma_cost;
        if intra_cost <= NEGLIGIBLE {
            let trial = self.try_intra_16x16(source, &intra, self.qp);
            self.finish(place, trial, self.qp);
            return;
        }
        let inter = self.best_inter(place, source, &candidates, skip_vector, &reach, intra_cost);
        // Coding is dear, so only what can still win is coded to see.
        let mut best = None;
        if inter.cost <= intra_cost * 2 {
            best = Some(self.try_inter(place, source, &inter.whole, skip_vector, self.qp));
            if let Some(divided) = inter.divided {
                best = Some(better(best, self.try_inter(place, source, &divided, skip_vector, self.qp)));
            }
        }
        if best.is_none() || intra_cost <= inter.cost + self.lambda * MARGIN {
            best = Some(better(best, self.try_intra_16x16(source, &intra, self.qp)));
            if inter.cost > self.lambda * BAD
                && let Some(trial) = self.try_intra_4x4(place, source, &intra)
            {
                best = Some(better(best, trial));
            }
        }
        if let Some(best) = best {
            self.finish(place, best, self.qp);
        }
    }

    /// Codes a block that stands still once more, with another QP.
    pub(super) fn refine(&mut self, place: Place, source: SourceBlock<'_>, qp: u8) {
        let division = Division::whole((0, Vector::ZERO));
        let trial = self.try_inter(place, source, &division, Vector::ZERO, qp);
        self.finish(place, trial, qp);
    }

    fn candidates(&self, place: Place, skip_vector: Vector, reach: &Reach) -> Candidates {
        let mut candidates = Candidates::new();
        candidates.add((0, skip_vector), reach);
        for (index, reference) in (0..).zip(self.references) {
            if let Some(vector) = self.scroll.and_then(|scroll| scroll_vector(scroll, reference.distance)) {
                candidates.add((index, vector), reach);
            }
        }
        candidates.add_neighbours(&self.rows.around(place.column), reach);
        (0..self.references.len() as i8).for_each(|index| candidates.add((index, Vector::ZERO), reach));
        candidates
    }

    /// Whether the source here is the source there, moved: then so is its reconstruction, errors and all.
    fn is_exact(&self, place: Place, source: SourceBlock<'_>, (reference, vector): Motion) -> bool {
        if !vector.is_whole() {
            return false;
        }
        let x = place.x() as isize + isize::from(vector.x / 4);
        let y = place.y() as isize + isize::from(vector.y / 4);
        let inside = |start: isize, blocks: usize| start >= 0 && start <= (blocks as isize - 1) * 16;
        inside(x, self.grid.columns)
            && inside(y, self.grid.rows)
            && same_source(source, self.references[reference as usize].source, x as usize, y as usize)
    }

    /// The best candidate for the whole, and the best division into several if that promises to be better;
    /// by differences and vector bits.
    fn best_inter(
        &self,
        place: Place,
        source: SourceBlock<'_>,
        candidates: &Candidates,
        skip_vector: Vector,
        reach: &Reach,
        intra_cost: u32,
    ) -> InterChoice {
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
            let cost = differences.iter().sum::<u32>() + self.lambda * bits(motion);
            if cost < best.0 {
                best = (cost, motion);
            }
        }
        let mut choice = InterChoice { cost: best.0, whole: Division::whole(best.1), divided: None };
        if best.0.min(intra_cost) > self.lambda * POOR {
            let divided = Division::of(quarters.map(|quarter| quarter.1));
            let header = if divided.shape == Shape::Quarters { 8 } else { 4 };
            let vectors = divided.shape.first_quarters().iter().map(|&first| bits(divided.motions[first]));
            let differences = quarters.iter().map(|quarter| quarter.0).sum::<u32>();
            let cost = differences + self.lambda * (header + vectors.sum::<u32>());
            if cost < best.0 && divided.shape != Shape::Whole {
                choice.cost = cost;
                choice.divided = Some(divided);
            }
        }
        if choice.cost.min(intra_cost) > self.lambda * HOPELESS
            && let Some((differences, motion)) = self.search(place, source, best.1, reach)
        {
            let cost = differences + self.lambda * 12;
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
            let predicted = self.predict(place, &Division::whole(motion));
            (
                quarter_differences(source.luma, source.luma_stride, &predicted.luma, 16, 16),
                quarter_differences(source.chroma, source.chroma_stride, &predicted.chroma, 16, 8),
            )
        };
        std::array::from_fn(|quarter| luma[quarter] + chroma[quarter])
    }

    /// Inter prediction of a whole macroblock (8.4.2).
    pub(super) fn predict(&self, place: Place, division: &Division) -> Predicted {
        let mut predicted = Predicted::EMPTY;
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
        predicted
    }

    fn predicted_vector(&self, place: Place, reference: i8) -> Vector {
        const NOTHING: [Motion; 4] = [(NO_PARTITION, Vector::ZERO); 4];
        self.rows.around(place.column).predicted_vector(Shape::Whole, 0, reference, &NOTHING)
    }

    /// An inter macroblock without residual.
    fn inter_macroblock(&self, place: Place, division: &Division) -> Macroblock {
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

    fn try_inter(
        &self,
        place: Place,
        source: SourceBlock<'_>,
        division: &Division,
        skip_vector: Vector,
        qp: u8,
    ) -> Trial {
        let mut macroblock = self.inter_macroblock(place, division);
        let vectors = macroblock.shape_and_vector_bits();
        let mut predicted = self.predict(place, division);
        let quantisers = &self.quantisers[usize::from(qp)];
        let work =
            CodeResidual { macroblock: &mut macroblock, source, predicted: &mut predicted, quantisers };
        self.instructions.run(work);
        let skip = (macroblock.coded.pattern == 0 && *division == Division::whole((0, skip_vector)))
            .then_some(skip_vector);
        let bits = if skip.is_some() { 0 } else { vectors + macroblock.residual_bits() };
        Trial { cost: self.cost(source, &predicted, bits), macroblock, predicted, skip }
    }

    fn try_intra_16x16(&self, source: SourceBlock<'_>, choice: &IntraChoice, qp: u8) -> Trial {
        let quantisers = &self.quantisers[usize::from(qp)];
        let mut macroblock = Macroblock::new(Prediction::Intra16x16(choice.mode), Kind::Intra16x16);
        macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        let mut predicted = choice.predicted.clone();
        let work =
            CodeResidual { macroblock: &mut macroblock, source, predicted: &mut predicted, quantisers };
        self.instructions.run(work);
        let bits = 5 + macroblock.residual_bits();
        Trial { cost: self.cost(source, &predicted, bits), macroblock, predicted, skip: None }
    }

    /// `None` when it is not worth it.
    fn try_intra_4x4(
        &mut self,
        place: Place,
        source: SourceBlock<'_>,
        choice: &IntraChoice,
    ) -> Option<Trial> {
        if choice.luma_cost <= self.lambda * POOR {
            return None;
        }
        let quantisers = &self.quantisers[usize::from(self.qp)];
        let around = self.rows.around(place.column);
        let at = (place.x(), place.y());
        let luma = &mut self.current.luma;
        let quantiser = &quantisers.intra_luma;
        let mut macroblock =
            code_luma_4x4(luma, at, source, &around, quantiser, self.lambda, choice.luma_cost)?;
        let mut predicted = choice.predicted.clone();
        predicted.read_luma(&self.current.luma, place.column, place.row);
        macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        let work =
            CodeResidual { macroblock: &mut macroblock, source, predicted: &mut predicted, quantisers };
        self.instructions.run(work);
        let modes: u32 = macroblock.coded_modes.iter().map(|mode| if mode.is_some() { 4 } else { 1 }).sum();
        let bits = 2 + modes + macroblock.residual_bits();
        Some(Trial { cost: self.cost(source, &predicted, bits), macroblock, predicted, skip: None })
    }

    /// Squared error and bits, weighed.
    fn cost(&self, source: SourceBlock<'_>, reconstructed: &Predicted, bits: u32) -> u32 {
        squared_error(source.luma, source.luma_stride, &reconstructed.luma, 16)
            + squared_error(source.chroma, source.chroma_stride, &reconstructed.chroma, 8)
            + bits * self.lambda * self.lambda * 7 / 8
    }

    /// Makes a trial the macroblock.
    fn finish(&mut self, place: Place, trial: Trial, qp: u8) {
        trial.predicted.store(self.current, place.column, place.row);
        self.current.extend_border(place.column, place.row);
        self.current.stamps[place.index] = self.stamp;
        match trial.skip {
            Some(vector) => self.skip(place, vector),
            None => self.write(place, trial.macroblock, qp),
        }
    }

    /// A macroblock of an I slice.
    pub(super) fn intra(&mut self, place: Place, source: SourceBlock<'_>) {
        let choice = self.best_intra(place, source);
        let mut best = self.try_intra_16x16(source, &choice, self.qp);
        if let Some(trial) = self.try_intra_4x4(place, source, &choice) {
            best = better(Some(best), trial);
        }
        self.finish(place, best, self.qp);
    }

    fn best_intra(&self, place: Place, source: SourceBlock<'_>) -> IntraChoice {
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
            if luma_cost == 0 {
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
            if chroma_cost == 0 {
                break;
            }
        }
        IntraChoice { luma_cost, chroma_cost, mode, chroma_mode, predicted: best }
    }
}

/// Over `rows` rows of 16 bytes.
fn squared_error(a: &[u8], a_stride: usize, b: &[u8], rows: usize) -> u32 {
    let mut sum = 0;
    for (row, b) in b.as_chunks::<16>().0.iter().enumerate().take(rows) {
        let a = &a[row * a_stride..][..16];
        sum += a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum::<u32>();
    }
    sum
}

/// Sum of absolute differences that one bit is worth at a QP.
pub(super) fn lambda(qp: u8) -> u32 {
    // About 2^((QP − 12) / 6), in whole numbers: the same on every machine.
    const SIXTEENTHS: [u32; 6] = [16, 18, 20, 23, 25, 29];
    (SIXTEENTHS[usize::from(qp % 6)] << (qp / 6) >> 6).max(1)
}
