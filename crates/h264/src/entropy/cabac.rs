//! Context-adaptive binary arithmetic coding of macroblocks (ITU-T H.264, 7.3.5, 9.3.2, 9.3.3).

use super::arithmetic::ArithmeticEncoder;
use super::cabac_bidirectional::ListToWrite;
use super::cabac_contexts::{count_of, increment};
use super::cabac_macroblock::{WriteMacroblock, write_intra_type_prefix, write_skip_flag};
use crate::grid::{MacroblockRun, TilePart, tile_parts};
use crate::macroblock::{Levels, Macroblock, SliceKind};
use crate::prediction::intra::{ChromaMode, Mode16x16};
use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind, NeighbourRows, Neighbours};
use crate::simd::Instructions;

/// Codes the macroblocks of one slice.
#[derive(Debug)]
pub(crate) struct CabacWriter {
    pub(crate) encoder: ArithmeticEncoder,
    instructions: Instructions,
    slice: SliceKind,
    /// Whether mb_qp_delta of the previous macroblock was not zero.
    pub(crate) last_delta_was_coded: bool,
}

impl CabacWriter {
    /// `bytes` end with an aligned slice header.
    pub(crate) fn new(bytes: Vec<u8>, slice: SliceKind, qp: u8, instructions: Instructions) -> CabacWriter {
        CabacWriter {
            encoder: ArithmeticEncoder::new(bytes, slice == SliceKind::I, qp),
            instructions,
            slice,
            last_delta_was_coded: false,
        }
    }

    /// P_Skip or B_Skip.
    #[inline]
    pub(crate) fn skipped(&mut self, around: &Neighbours<'_>) {
        let slice = self.slice;
        self.encoder.bins(|e| write_skip_flag(e, slice, true, around));
        self.last_delta_was_coded = false;
    }

    /// P_Skip for each macroblock of a run, each with its end_of_slice_flag. `last`: whether the run ends the slice.
    pub(crate) fn skip_run(&mut self, rows: &NeighbourRows, run: MacroblockRun, last: bool) {
        let (first, count) = (run.first, run.len());
        let counts = |coded: &CodedMacroblock| {
            !matches!(coded.kind, MacroblockKind::Unavailable | MacroblockKind::Skipped)
        };
        let left = counts(rows.around(first).left);
        let above = |column: usize| counts(rows.around(column).above);
        self.encoder.bin(11 + count_of(left, above(first)), true);
        self.encoder.terminate(last && count == 1);
        let end = first + count - usize::from(last);
        // Below tiles that are skipped as a whole, which are often many, all contexts are equal.
        let mut equal = 0;
        for TilePart { tile, first, end } in tile_parts(first + 1, end) {
            if rows.is_skipped_above(tile) {
                equal += end - first;
                continue;
            }
            self.encoder.set_equal_bins_and_ends(11, std::mem::take(&mut equal));
            self.encoder.set_bins_and_ends((first..end).map(|column| 11 + usize::from(above(column))));
        }
        self.encoder.set_equal_bins_and_ends(11, equal);
        if last && count > 1 {
            self.encoder.bin(11 + usize::from(above(end)), true);
            self.encoder.terminate(true);
        }
        self.last_delta_was_coded = false;
    }

    /// end_of_slice_flag.
    #[inline]
    pub(crate) fn end_of_macroblock(&mut self, last_of_slice: bool) {
        self.encoder.terminate(last_of_slice);
    }

    /// The finished slice data, after the bytes given to [`Self::new`].
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.encoder.flush();
        self.encoder.bytes
    }

    /// [`Self::macroblock`], unless it takes more than `most` bits; returns whether it was written.
    pub(crate) fn macroblock_within(
        &mut self,
        most: usize,
        macroblock: &Macroblock,
        levels: &Levels,
        around: &Neighbours<'_>,
        second: Option<ListToWrite<'_>>,
    ) -> bool {
        let (before, delta, position) =
            (self.encoder.length(), self.last_delta_was_coded, self.encoder.position());
        self.macroblock(macroblock, levels, around, second);
        if self.encoder.length() - before <= most {
            return true;
        }
        self.encoder.rewind(&position);
        self.last_delta_was_coded = delta;
        false
    }

    /// P_L0_16x16 with the predicted vector and no residual: the same bins as from [`Self::macroblock`], in fewer
    /// steps.
    pub(crate) fn predicted_motion(&mut self, reference: u8, references_in_use: u8, around: &Neighbours<'_>) {
        let Neighbours { left, above, .. } = around;
        self.encoder.bins(|e| {
            write_skip_flag(e, SliceKind::P, false, around);
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
            let without = |coded: &CodedMacroblock, quarter: usize| {
                coded.kind.is_available() && coded.pattern >> quarter & 1 == 0
            };
            e.bin(73 + increment(without(left, 1), without(above, 2)), false);
            e.bin(73 + increment(true, without(above, 3)), false);
            e.bin(73 + increment(without(left, 3), true), false);
            e.bin(73 + increment(true, true), false);
            let any = |coded: &CodedMacroblock| coded.pattern >> 4 != 0;
            e.bin(77 + increment(any(left), any(above)), false);
        });
        self.last_delta_was_coded = false;
    }

    /// I_16x16 without residual in an I slice: the same bins as from [`Self::macroblock`], in fewer steps.
    pub(crate) fn predicted_intra(
        &mut self,
        mode: Mode16x16,
        chroma_mode: ChromaMode,
        around: &Neighbours<'_>,
    ) {
        let Neighbours { left, above, .. } = around;
        let is_whole = |coded: &CodedMacroblock| {
            !matches!(coded.kind, MacroblockKind::Unavailable | MacroblockKind::Intra4x4)
        };
        let has_chroma_mode =
            |coded: &CodedMacroblock| usize::from(coded.kind.is_intra() && coded.chroma_mode != 0);
        let has_dc = |coded: &CodedMacroblock| !coded.kind.is_available() || coded.dc_flags & 1 == 1;
        let delta = 60 + usize::from(self.last_delta_was_coded);
        self.encoder.bins(|e| {
            e.bin(3 + usize::from(is_whole(left)) + usize::from(is_whole(above)), true);
            e.terminate(false);
            // No coded_block_pattern, then the mode.
            e.bin(6, false);
            e.bin(7, false);
            e.bin(9, mode as u8 & 2 != 0);
            e.bin(10, mode as u8 & 1 != 0);
            let chroma_mode = chroma_mode as u8;
            for bin in 0..3.min(chroma_mode + 1) {
                let context = if bin == 0 { 64 + has_chroma_mode(left) + has_chroma_mode(above) } else { 67 };
                e.bin(context, bin < chroma_mode);
            }
            e.bin(delta, false);
            e.bin(85 + increment(has_dc(left), has_dc(above)), false);
        });
        self.last_delta_was_coded = false;
    }

    /// I_PCM with the samples of a macroblock: luma, Cb, Cr.
    pub(crate) fn pcm(&mut self, samples: &[u8; 384], around: &Neighbours<'_>) {
        self.encoder.bins(|e| {
            if self.slice != SliceKind::I {
                write_skip_flag(e, self.slice, false, around);
            }
            let first = write_intra_type_prefix(e, self.slice, around);
            e.bin(first, true);
            e.terminate(true);
        });
        self.encoder.flush();
        self.encoder.append_bytes(samples);
        self.last_delta_was_coded = false;
    }

    /// macroblock_layer (7.3.5). `second`: list 1 of an inter macroblock of a B slice.
    pub(crate) fn macroblock(
        &mut self,
        macroblock: &Macroblock,
        levels: &Levels,
        around: &Neighbours<'_>,
        second: Option<ListToWrite<'_>>,
    ) {
        let CabacWriter { encoder, instructions, slice, last_delta_was_coded } = self;
        let slice = *slice;
        instructions.run(WriteMacroblock {
            encoder,
            slice,
            last_delta_was_coded,
            macroblock,
            levels,
            around,
            second,
        });
    }
}
