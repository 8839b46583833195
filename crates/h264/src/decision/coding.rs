//! Ways to code a macroblock, and what they cost.

use crate::grid::MacroblockPosition;
use crate::macroblock::{Levels, Macroblock, Prediction};
use crate::prediction::coarse_rows::CoarseRows;
use crate::prediction::intra::Mode16x16;
use crate::prediction::neighbours::MacroblockKind;
use crate::prediction::vectors::Vector;
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::Instructions;

/// A QP, and what a bit is worth at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) qp: u8,
    /// Sum of absolute differences that a bit is worth.
    pub(crate) lambda: u32,
}

impl Rate {
    pub(crate) fn of(qp: u8) -> Rate {
        // About 2^((QP − 12) / 6), in whole numbers: the same on every machine.
        const SIXTEENTHS: [u32; 6] = [16, 18, 20, 23, 25, 29];
        Rate { qp, lambda: (SIXTEENTHS[usize::from(qp % 6)] << (qp / 6) >> 6).max(1) }
    }

    /// The same where bits are worth more: by an eighth for each of `steps`.
    pub(crate) fn thrifty(self, steps: u8) -> Rate {
        Rate { lambda: self.lambda * (8 + u32::from(steps)) / 8, ..self }
    }

    /// Squared error that bits are worth.
    pub(crate) fn worth(self, bits: u32) -> u32 {
        bits.saturating_mul(self.lambda * self.lambda * 7) / 8
    }
}

/// A macroblock to be coded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MacroblockToCode<'a> {
    pub(crate) position: MacroblockPosition,
    pub(crate) source: MacroblockSamples<'a>,
    pub(crate) rate: Rate,
    /// Which of its rows are coarse then.
    pub(crate) coarse: CoarseRows,
}

/// A macroblock coded in one way, not yet written.
#[derive(Debug, Clone)]
pub(crate) struct Coding {
    /// Squared error plus what the bits are worth; set where codings are compared.
    pub(crate) cost: u32,
    /// Estimated bits.
    pub(crate) bits: u32,
    pub(crate) macroblock: Macroblock,
    pub(crate) levels: Levels,
    /// What it is predicted as, where that is needed after it is coded.
    pub(crate) predicted: MacroblockBuffer,
    /// As a decoder will show it.
    pub(crate) reconstruction: MacroblockBuffer,
    /// The vector, where the macroblock can be written as P_Skip.
    pub(crate) skip: Option<Vector>,
}

impl Coding {
    pub(crate) const EMPTY: Coding = Coding {
        cost: u32::MAX,
        bits: 0,
        macroblock: Macroblock::new(Prediction::Intra16x16(Mode16x16::Dc), MacroblockKind::Intra16x16),
        levels: Levels::ZERO,
        predicted: MacroblockBuffer::EMPTY,
        reconstruction: MacroblockBuffer::EMPTY,
        skip: None,
    };

    /// Calculates the cost.
    pub(crate) fn calculate_cost(&mut self, block: &MacroblockToCode<'_>, instructions: Instructions) {
        let error = block.source.squared_error(self.reconstruction.samples(), instructions);
        self.cost = error.saturating_add(block.rate.worth(self.bits));
    }
}

/// Makes the cheaper one the first; the first of two equals stays.
pub(crate) fn order<'a>(best: &mut &'a mut Coding, other: &mut &'a mut Coding) {
    if other.cost < best.cost {
        std::mem::swap(best, other);
    }
}
