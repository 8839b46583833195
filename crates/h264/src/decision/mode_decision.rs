//! Which prediction a macroblock gets when it does not simply stand still.

use crate::decision::motion_search::Division;
use crate::decision::slice::{Place, SliceEncoder};
use crate::prediction::intra::{ChromaEdges, ChromaMode, LumaEdges, Mode16x16};
use crate::prediction::intra4x4::code_luma_4x4;
use crate::prediction::motion::Reach;
use crate::prediction::neighbours::{Kind, Vector};
use crate::residual::macroblock::{CodeResidual, Levels, Macroblock, Predicted, Prediction, SourceBlock};
use crate::simd::{Instructions, difference_sum};

/// Bits that a macroblock that is not skipped takes, and that its neighbours do because it is not.
const LEAST_BITS: u32 = 20;
/// What Intra_16x16 and Intra_4x4 nearly always cost at least, bits and errors together, as bits. Much more than that would
/// let errors stay that are small but for good.
const LEAST_INTRA_BITS: u32 = 16;
const LEAST_INTRA_4X4_BITS: u32 = 60;
/// Differences of a whole macroblock that are not worth looking for better.
const NEGLIGIBLE: u32 = 16;
/// Differences per bit's worth from which finer divisions and smaller blocks are tried.
pub(crate) const POOR: u32 = 24;
/// The same for 4×4 blocks in place of inter prediction.
const BAD: u32 = 400;
/// Differences in luma per bit's worth from which 4×4 blocks are tried in I slices, and from which nothing else is.
const UNEVEN: u32 = 128;
const DETAILED: u32 = 300;

/// An Intra_16x16 prediction and what it leaves.
struct IntraChoice {
    luma_cost: u32,
    chroma_cost: u32,
    mode: Mode16x16,
    chroma_mode: ChromaMode,
    edges: LumaEdges,
    chroma_edges: ChromaEdges,
}

/// A macroblock coded in one way, not yet written.
#[derive(Debug, Clone)]
pub(crate) struct Coding {
    /// Squared error and what the bits are worth, where there are several to choose from.
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
    pub(crate) const EMPTY: Coding = Coding {
        cost: u32::MAX,
        bits: 0,
        macroblock: Macroblock::new(Prediction::Intra16x16(Mode16x16::Dc), Kind::Intra16x16),
        levels: Levels::ZERO,
        predicted: Predicted::EMPTY,
        skip: None,
    };
}

impl Coding {
    /// Finds the cost.
    fn judge(&mut self, block: &Block<'_>, instructions: Instructions) {
        let error = self.predicted.squared_error(block.source, instructions);
        self.cost = error.saturating_add(block.rate.worth(self.bits));
    }
}

/// Makes the cheaper one the first; the first of two equals stays.
fn order<'a>(best: &mut &'a mut Coding, other: &mut &'a mut Coding) {
    if other.cost < best.cost {
        std::mem::swap(best, other);
    }
}

/// A QP and what a bit is worth at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) qp: u8,
    pub(crate) lambda: u32,
}

/// A macroblock to be coded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) place: Place,
    pub(crate) source: SourceBlock<'a>,
    pub(crate) rate: Rate,
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
    pub(crate) fn inter(
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
            if is_good || self.is_exact(self.picture, place, (0, skip_vector)) {
                self.copy_block(place, (0, skip_vector));
                self.skip(place, skip_vector);
                return;
            }
        }
        let candidates = self.candidates(place, skip_vector, &reach);
        let exact = candidates.as_slice().iter().find(|&&motion| self.is_exact(self.picture, place, motion));
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
            self.code_intra_16x16(best, &block, &intra);
            self.finish(&block, best);
            return;
        }
        let inter = self.best_inter(&block, &candidates, skip_vector, &reach, intra_cost);
        // Coding is dear, so only what can still win is coded to see.
        let tries_inter = inter.cost * 2 <= intra_cost * 3;
        let tries_intra = !tries_inter || intra_cost <= inter.cost;
        let tries_intra_4x4 =
            tries_intra && inter.cost > rate.lambda * BAD && intra.luma_cost > rate.lambda * POOR;
        best.cost = u32::MAX;
        if tries_inter {
            self.code_inter(best, &block, &inter.whole, skip_vector);
            if let Some(divided) = inter.divided {
                best.judge(&block, self.instructions);
                self.code_inter(other, &block, &divided, skip_vector);
                other.judge(&block, self.instructions);
                order(&mut best, &mut other);
            } else if tries_intra {
                best.judge(&block, self.instructions);
            }
        }
        if tries_intra && (!tries_inter || best.cost > rate.worth(LEAST_INTRA_BITS)) {
            self.code_intra_16x16(other, &block, &intra);
            if tries_inter || tries_intra_4x4 {
                other.judge(&block, self.instructions);
                order(&mut best, &mut other);
            } else {
                std::mem::swap(&mut best, &mut other);
            }
        }
        if tries_intra_4x4
            && best.cost > rate.worth(LEAST_INTRA_4X4_BITS)
            && self.code_intra_4x4(other, &block, &intra)
        {
            other.judge(&block, self.instructions);
            order(&mut best, &mut other);
        }
        self.finish(&block, best);
    }

    /// Codes a block that stands still once more, with another QP.
    pub(crate) fn refine(
        &mut self,
        place: Place,
        source: SourceBlock<'_>,
        qp: u8,
        codings: &mut [Coding; 2],
    ) {
        let division = Division::whole((0, Vector::ZERO));
        let block = Block { place, source, rate: Rate::of(qp) };
        let [coding, _] = codings;
        self.code_inter(coding, &block, &division, Vector::ZERO);
        self.finish(&block, coding);
    }

    /// Codes a block as an inter macroblock.
    fn code_inter(&self, out: &mut Coding, block: &Block<'_>, division: &Division, skip_vector: Vector) {
        let &Block { place, source, rate } = block;
        out.macroblock = self.inter_macroblock(place, division);
        self.predict(place, division, &mut out.predicted);
        self.code_residual(out, source, rate);
        let skippable = out.macroblock.coded.pattern == 0 && *division == Division::whole((0, skip_vector));
        out.skip = skippable.then_some(skip_vector);
        let bits = if skippable {
            0
        } else {
            out.macroblock.shape_and_vector_bits() + out.macroblock.residual_bits()
        };
        out.bits = bits;
    }

    fn code_residual(&self, coding: &mut Coding, source: SourceBlock<'_>, rate: Rate) {
        let work = CodeResidual {
            macroblock: &mut coding.macroblock,
            levels: &mut coding.levels,
            source,
            predicted: &mut coding.predicted,
            quantisers: &self.quantisers[usize::from(rate.qp)],
            instructions: self.instructions,
        };
        work.run();
    }

    fn code_intra_16x16(&self, out: &mut Coding, block: &Block<'_>, choice: &IntraChoice) {
        let &Block { source, rate, .. } = block;
        out.macroblock = Macroblock::new(Prediction::Intra16x16(choice.mode), Kind::Intra16x16);
        out.macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        choice.edges.predict(choice.mode, &mut out.predicted.luma);
        choice.chroma_edges.predict(choice.chroma_mode, &mut out.predicted.chroma);
        if choice.luma_cost + choice.chroma_cost != 0 {
            self.code_residual(out, source, rate);
        }
        out.skip = None;
        out.bits = 5 + out.macroblock.residual_bits();
    }

    /// Whether it was worth it; if not, what is in `out` is of no use.
    fn code_intra_4x4(&mut self, out: &mut Coding, block: &Block<'_>, choice: &IntraChoice) -> bool {
        let &Block { place, source, rate } = block;
        let around = self.rows.around(place.column);
        let at = (place.x(), place.y());
        let luma = &mut self.current.luma;
        let quantiser = &self.quantisers[usize::from(rate.qp)].intra_luma;
        let (levels, limit) = (&mut out.levels, choice.luma_cost);
        let Some(macroblock) = code_luma_4x4(
            luma,
            levels,
            at,
            source,
            &around,
            (quantiser, self.instructions),
            (rate.lambda, limit),
        ) else {
            return false;
        };
        out.macroblock = macroblock;
        out.predicted.read_luma(&self.current.luma, place.column, place.row);
        choice.chroma_edges.predict(choice.chroma_mode, &mut out.predicted.chroma);
        out.macroblock.coded.chroma_mode = choice.chroma_mode as u8;
        self.code_residual(out, source, rate);
        let modes = out.macroblock.coded_modes.iter().map(|mode| if mode.is_some() { 4 } else { 1 });
        out.skip = None;
        out.bits = 2 + modes.sum::<u32>() + out.macroblock.residual_bits();
        true
    }

    /// Makes a coding the macroblock.
    fn finish(&mut self, block: &Block<'_>, coding: &mut Coding) {
        let place = block.place;
        self.current.stamps[place.index] = self.stamp;
        let Coding { macroblock, levels, .. } = coding;
        macroblock.qp_delta = self.qp_delta(&macroblock.coded, block.rate.qp);
        let fits = match coding.skip {
            Some(vector) => {
                self.skip(place, vector);
                true
            }
            None => self.write(place, macroblock, levels, coding.bits),
        };
        if fits {
            coding.predicted.store(self.current, place.column, place.row);
        } else {
            self.write_samples(place, block.source);
        }
        self.current.extend_border(place.column, place.row);
    }

    /// A macroblock of an I slice.
    pub(crate) fn intra(&mut self, place: Place, source: SourceBlock<'_>, codings: &mut [Coding; 2]) {
        let rate = Rate::of(self.qp);
        let block = Block { place, source, rate };
        let choice = self.best_intra(&block);
        let [mut best, mut other] = codings.each_mut();
        let is_uneven = choice.luma_cost > rate.lambda * UNEVEN;
        let is_detailed = choice.luma_cost > rate.lambda * DETAILED;
        let has_4x4 = is_uneven && self.code_intra_4x4(best, &block, &choice);
        if !has_4x4 {
            self.code_intra_16x16(best, &block, &choice);
        } else if !is_detailed {
            self.code_intra_16x16(other, &block, &choice);
            best.judge(&block, self.instructions);
            other.judge(&block, self.instructions);
            order(&mut best, &mut other);
        }
        self.finish(&block, best);
    }

    fn best_intra(&self, block: &Block<'_>) -> IntraChoice {
        let &Block { place, source, rate } = block;
        let good_enough =
            |cost: u32, is_third: bool| cost <= rate.lambda || is_third && cost <= rate.lambda * POOR;
        let edges = LumaEdges::read(&self.current.luma, place.x(), place.y(), place.sides());
        let costs = edges.differences(source.luma, source.luma_stride, self.instructions);
        let (mut luma_cost, mut mode) = (u32::MAX, Mode16x16::Dc);
        for (index, candidate) in Mode16x16::ALL.into_iter().enumerate() {
            if !edges.allows(candidate) {
                continue;
            }
            let cost = costs.get(index).copied().unwrap_or_else(|| {
                let mut trial = [0; 256];
                edges.predict(candidate, &mut trial);
                difference_sum(source.luma, source.luma_stride, &trial, 16, 16)
            });
            if cost < luma_cost {
                (luma_cost, mode) = (cost, candidate);
            }
            if good_enough(luma_cost, index == 2) {
                break;
            }
        }
        let chroma_edges = ChromaEdges::read(&self.current.chroma, place.x(), place.y() / 2, place.sides());
        let costs = chroma_edges.differences(source.chroma, source.chroma_stride, self.instructions);
        let (mut chroma_cost, mut chroma_mode) = (u32::MAX, ChromaMode::Dc);
        for (index, candidate) in ChromaMode::ALL.into_iter().enumerate() {
            if !chroma_edges.allows(candidate) {
                continue;
            }
            let cost = costs.get(index).copied().unwrap_or_else(|| {
                let mut trial = [0; 128];
                chroma_edges.predict(candidate, &mut trial);
                difference_sum(source.chroma, source.chroma_stride, &trial, 16, 8)
            });
            if cost < chroma_cost {
                (chroma_cost, chroma_mode) = (cost, candidate);
            }
            if good_enough(chroma_cost, index == 2) {
                break;
            }
        }
        IntraChoice { luma_cost, chroma_cost, mode, chroma_mode, edges, chroma_edges }
    }
}

/// Sum of absolute differences that one bit is worth at a QP.
pub(crate) fn lambda(qp: u8) -> u32 {
    // About 2^((QP − 12) / 6), in whole numbers: the same on every machine.
    const SIXTEENTHS: [u32; 6] = [16, 18, 20, 23, 25, 29];
    (SIXTEENTHS[usize::from(qp % 6)] << (qp / 6) >> 6).max(1)
}
