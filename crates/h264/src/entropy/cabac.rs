//! Context-adaptive binary arithmetic coding of macroblocks (ITU-T H.264, 7.3.5, 9.3.2, 9.3.3).

use crate::entropy::arithmetic::ArithmeticEncoder;
use crate::entropy::cabac_macroblock::{WriteMacroblock, write_intra_type_prefix, write_skip_flag};
use crate::prediction::neighbours::{Coded, Kind, Neighbours, Rows, parts};
use crate::residual::macroblock::{Levels, Macroblock};
use crate::simd::Instructions;

/// Codes the macroblocks of one slice.
#[derive(Debug)]
pub(crate) struct CabacWriter {
    pub(crate) encoder: ArithmeticEncoder,
    instructions: Instructions,
    intra_slice: bool,
    /// Whether mb_qp_delta of the macroblock before was not zero.
    pub(crate) last_delta_was_coded: bool,
}

impl CabacWriter {
    /// `bytes` end with an aligned slice header.
    pub(crate) fn new(bytes: Vec<u8>, intra_slice: bool, qp: u8, instructions: Instructions) -> CabacWriter {
        CabacWriter {
            encoder: ArithmeticEncoder::new(bytes, intra_slice, qp),
            instructions,
            intra_slice,
            last_delta_was_coded: false,
        }
    }

    /// P_Skip.
    #[inline]
    pub(crate) fn skipped(&mut self, around: &Neighbours<'_>) {
        self.encoder.bins(|e| write_skip_flag(e, true, around));
        self.last_delta_was_coded = false;
    }

    /// P_Skip, `count` times from column `first` on, each with its end_of_slice_flag.
    pub(crate) fn skip_run(&mut self, rows: &Rows, first: usize, count: usize, last: bool) {
        let counts = |coded: &Coded| !matches!(coded.kind, Kind::Unavailable | Kind::Skipped);
        let left = counts(rows.around(first).left);
        let above = |column: usize| counts(rows.around(column).above);
        self.encoder.bin(11 + count_of(left, above(first)), true);
        self.encoder.terminate(last && count == 1);
        let end = first + count - usize::from(last);
        // Tiles above that stand still need not be looked into, and often are many.
        let mut still = 0;
        for (tile, first, end) in parts(first + 1, end) {
            if rows.is_still_above(tile) {
                still += end - first;
                continue;
            }
            self.encoder.set_equal_bins_and_ends(11, std::mem::take(&mut still));
            self.encoder.set_bins_and_ends((first..end).map(|column| 11 + usize::from(above(column))));
        }
        self.encoder.set_equal_bins_and_ends(11, still);
        if last && count > 1 {
            self.encoder.bin(11 + usize::from(above(end)), true);
            self.encoder.terminate(true);
        }
        self.last_delta_was_coded = false;
    }

    #[inline]
    pub(crate) fn end_of_macroblock(&mut self, last_of_slice: bool) {
        self.encoder.terminate(last_of_slice);
    }

    /// The finished slice data, after the bytes that were given at the start.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.encoder.flush();
        self.encoder.bytes
    }

    /// [`Self::macroblock`], unless it takes more than `most` bits; whether it did not.
    pub(crate) fn macroblock_within(
        &mut self,
        most: usize,
        macroblock: &Macroblock,
        levels: &Levels,
        around: &Neighbours<'_>,
    ) -> bool {
        let (before, delta, mark) = (self.encoder.length(), self.last_delta_was_coded, self.encoder.mark());
        self.macroblock(macroblock, levels, around);
        if self.encoder.length() - before <= most {
            return true;
        }
        self.encoder.rewind(&mark);
        self.last_delta_was_coded = delta;
        false
    }

    /// P_L0_16x16 with the predicted vector and no residual: what [`Self::macroblock`] makes of it, in fewer steps.
    pub(crate) fn predicted_motion(&mut self, reference: u8, references_in_use: u8, around: &Neighbours<'_>) {
        let Neighbours { left, above, .. } = around;
        self.encoder.bins(|e| {
            write_skip_flag(e, false, around);
            for context in 14..17 {
                e.bin(context, false);
            }
            if references_in_use > 1 {
                let first = 54 + increment(left.references[1] > 0, above.references[2] > 0);
                for bin in 0..=reference {
                    e.bin(if bin == 0 { first } else { 57 + usize::from(bin).min(2) }, bin < reference);
                }
            }
            for (part, base) in [(0, 40), (1, 47)] {
                let sum = u32::from(left.differences[1][part]) + u32::from(above.differences[2][part]);
                e.bin(base + usize::from(sum > 2) + usize::from(sum > 32), false);
            }
            // coded_block_pattern, all zero.
            let without = |coded: &Coded, quarter: usize| {
                coded.kind.is_available() && coded.pattern >> quarter & 1 == 0
            };
            e.bin(73 + increment(without(left, 1), without(above, 2)), false);
            e.bin(73 + increment(true, without(above, 3)), false);
            e.bin(73 + increment(without(left, 3), true), false);
            e.bin(73 + increment(true, true), false);
            let any = |coded: &Coded| coded.pattern >> 4 != 0;
            e.bin(77 + increment(any(left), any(above)), false);
        });
        self.last_delta_was_coded = false;
    }

    /// I_PCM with the samples of a macroblock: luma, Cb, Cr.
    pub(crate) fn samples(&mut self, samples: &[u8; 384], around: &Neighbours<'_>) {
        self.encoder.bins(|e| {
            if !self.intra_slice {
                write_skip_flag(e, false, around);
            }
            let first = write_intra_type_prefix(e, self.intra_slice, around);
            e.bin(first, true);
            e.terminate(true);
        });
        self.encoder.flush();
        self.encoder.append_bytes(samples);
        self.last_delta_was_coded = false;
    }

    /// macroblock_layer (7.3.5).
    pub(crate) fn macroblock(&mut self, macroblock: &Macroblock, levels: &Levels, around: &Neighbours<'_>) {
        let CabacWriter { encoder, instructions, intra_slice, last_delta_was_coded } = self;
        instructions.run(WriteMacroblock {
            encoder,
            intra_slice: *intra_slice,
            last_delta_was_coded,
            macroblock,
            levels,
            around,
        });
    }
}

/// condTermFlagA + 2 · condTermFlagB.
#[inline]
pub(crate) fn increment(left: bool, above: bool) -> usize {
    usize::from(left) + 2 * usize::from(above)
}

/// condTermFlagA + condTermFlagB.
#[inline]
pub(crate) fn count_of(left: bool, above: bool) -> usize {
    usize::from(left) + usize::from(above)
}
