//! One of the two ways to code macroblocks.

use crate::bits::bit_writer::BitWriter;
use crate::entropy::cabac::CabacWriter;
use crate::entropy::cavlc::CavlcWriter;
use crate::prediction::intra::{ChromaMode, Mode16x16};
use crate::prediction::neighbours::{Coded, Kind, Neighbours, Rows, Vector};
use crate::residual::macroblock::{Levels, Macroblock, Prediction};
use crate::settings::EntropyCoding;
use crate::simd::Instructions;

/// Codes the macroblocks of one slice.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one per picture")]
pub(crate) enum MacroblockWriter {
    Cabac(CabacWriter),
    Cavlc(CavlcWriter),
}

impl MacroblockWriter {
    /// `bits` end with a slice header, aligned for CABAC.
    pub(crate) fn new(
        coding: EntropyCoding,
        mut bits: BitWriter,
        intra_slice: bool,
        qp: u8,
        instructions: Instructions,
    ) -> MacroblockWriter {
        match coding {
            EntropyCoding::Cabac => {
                let bytes = std::mem::take(bits.bytes_mut());
                MacroblockWriter::Cabac(CabacWriter::new(bytes, intra_slice, qp, instructions))
            }
            EntropyCoding::Cavlc => MacroblockWriter::Cavlc(CavlcWriter::new(bits, intra_slice)),
        }
    }

    /// P_Skip.
    #[inline]
    pub(crate) fn skipped(&mut self, around: &Neighbours<'_>) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.skipped(around),
            MacroblockWriter::Cavlc(writer) => writer.skipped(),
        }
    }

    /// P_Skip with vector zero, `count` times from column `first` on; the end of each macroblock included. `last`: whether
    /// they end the slice.
    pub(crate) fn skip_run(&mut self, rows: &mut Rows, first: usize, count: usize, last: bool) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.skip_run(rows, first, count, last),
            MacroblockWriter::Cavlc(writer) => writer.skip_run(count),
        }
        rows.set_still(first, first + count);
    }

    /// P_Skip with a vector that is not zero, `count` times from column `first` on; the end of each macroblock included.
    /// `last`: whether they end the slice.
    pub(crate) fn moved_run(
        &mut self,
        rows: &mut Rows,
        (first, count): (usize, usize),
        vector: Vector,
        last: bool,
    ) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.skip_run(rows, first, count, last),
            MacroblockWriter::Cavlc(writer) => writer.skip_run(count),
        }
        rows.set_run(first, first + count, Coded::skipped(vector));
    }

    /// P_L0_16x16 with the predicted vector and no residual, where there is a quicker way to write it; whether there is.
    #[inline]
    pub(crate) fn predicted_motion(
        &mut self,
        reference: u8,
        references_in_use: u8,
        around: &Neighbours<'_>,
    ) -> bool {
        let MacroblockWriter::Cabac(writer) = self else { return false };
        writer.predicted_motion(reference, references_in_use, around);
        true
    }

    /// I_16x16 without residual in an I slice.
    pub(crate) fn predicted_intra(
        &mut self,
        mode: Mode16x16,
        chroma_mode: ChromaMode,
        around: &Neighbours<'_>,
    ) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.predicted_intra(mode, chroma_mode, around),
            MacroblockWriter::Cavlc(writer) => {
                let mut macroblock = Macroblock::new(Prediction::Intra16x16(mode), Kind::Intra16x16);
                macroblock.coded.chroma_mode = chroma_mode as u8;
                writer.macroblock(&macroblock, &Levels::ZERO, around);
            }
        }
    }

    /// Any other macroblock.
    pub(crate) fn macroblock(&mut self, macroblock: &Macroblock, levels: &Levels, around: &Neighbours<'_>) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.macroblock(macroblock, levels, around),
            MacroblockWriter::Cavlc(writer) => writer.macroblock(macroblock, levels, around),
        }
    }

    /// [`Self::macroblock`], unless it takes more than `most` bits; whether it did not.
    pub(crate) fn macroblock_within(
        &mut self,
        most: usize,
        macroblock: &Macroblock,
        levels: &Levels,
        around: &Neighbours<'_>,
    ) -> bool {
        match self {
            MacroblockWriter::Cabac(writer) => writer.macroblock_within(most, macroblock, levels, around),
            MacroblockWriter::Cavlc(writer) => writer.macroblock_within(most, macroblock, levels, around),
        }
    }

    /// I_PCM with the samples of a macroblock: luma, Cb, Cr.
    pub(crate) fn samples(&mut self, samples: &[u8; 384], around: &Neighbours<'_>) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.samples(samples, around),
            MacroblockWriter::Cavlc(writer) => writer.samples(samples),
        }
    }

    /// After every macroblock.
    #[inline]
    pub(crate) fn end_of_macroblock(&mut self, last_of_slice: bool) {
        if let MacroblockWriter::Cabac(writer) = self {
            writer.end_of_macroblock(last_of_slice);
        }
    }

    /// The finished slice, header included.
    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            MacroblockWriter::Cabac(writer) => writer.finish(),
            MacroblockWriter::Cavlc(writer) => writer.finish(),
        }
    }
}
