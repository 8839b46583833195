//! The macroblocks of a slice, by either kind of entropy coding.

use super::cabac::CabacWriter;
pub(crate) use super::cabac_bidirectional::ListToWrite;
use super::cavlc::CavlcWriter;
use crate::bits::bit_writer::BitWriter;
use crate::grid::MacroblockRun;
use crate::macroblock::{Levels, Macroblock, Prediction, SliceKind};
use crate::prediction::intra::{ChromaMode, Mode16x16};
use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind, NeighbourRows, Neighbours};
use crate::prediction::vectors::Vector;
use crate::settings::EntropyCoding;
use crate::simd::Instructions;

/// What the entropy coding of a slice begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SliceStart {
    pub(crate) entropy_coding: EntropyCoding,
    pub(crate) slice: SliceKind,
    /// SliceQPY.
    pub(crate) qp: u8,
    pub(crate) instructions: Instructions,
}

/// Codes the macroblocks of one slice.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one per picture")]
pub(crate) enum MacroblockWriter {
    Cabac(CabacWriter),
    Cavlc(CavlcWriter),
}

impl MacroblockWriter {
    /// `bits` end with a slice header, aligned for CABAC.
    pub(crate) fn new(mut bits: BitWriter, start: SliceStart) -> MacroblockWriter {
        let SliceStart { entropy_coding, slice, qp, instructions } = start;
        match entropy_coding {
            EntropyCoding::Cabac => {
                let bytes = std::mem::take(bits.bytes_mut());
                MacroblockWriter::Cabac(CabacWriter::new(bytes, slice, qp, instructions))
            }
            EntropyCoding::Cavlc => MacroblockWriter::Cavlc(CavlcWriter::new(bits, slice == SliceKind::I)),
        }
    }

    /// P_Skip or B_Skip.
    #[inline]
    pub(crate) fn skipped(&mut self, around: &Neighbours<'_>) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.skipped(around),
            MacroblockWriter::Cavlc(writer) => writer.skipped(),
        }
    }

    /// P_Skip with vector zero for each macroblock of a run, the end of each macroblock included. `last`: whether the
    /// run ends the slice.
    pub(crate) fn skip_run(&mut self, rows: &mut NeighbourRows, run: MacroblockRun, last: bool) {
        self.write_skip_run(rows, run, last);
        rows.set_skipped(run);
    }

    /// P_Skip with `vector`, which is not zero, for each macroblock of a run, the end of each macroblock included.
    /// `last`: whether the run ends the slice.
    pub(crate) fn moved_skip_run(
        &mut self,
        rows: &mut NeighbourRows,
        run: MacroblockRun,
        vector: Vector,
        last: bool,
    ) {
        self.write_skip_run(rows, run, last);
        rows.set_run(run, CodedMacroblock::skipped(vector));
    }

    fn write_skip_run(&mut self, rows: &NeighbourRows, run: MacroblockRun, last: bool) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.skip_run(rows, run, last),
            MacroblockWriter::Cavlc(writer) => writer.skip_run(run.len()),
        }
    }

    /// P_L0_16x16 with the predicted vector and no residual, if the entropy coding has a fast path for it; returns
    /// whether it has.
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
                let mut macroblock =
                    Macroblock::new(Prediction::Intra16x16(mode), MacroblockKind::Intra16x16);
                macroblock.coded.chroma_mode = chroma_mode as u8;
                writer.macroblock(&macroblock, &Levels::ZERO, around);
            }
        }
    }

    /// Any other macroblock. `second`: list 1 of an inter macroblock of a B slice.
    pub(crate) fn macroblock(
        &mut self,
        macroblock: &Macroblock,
        levels: &Levels,
        around: &Neighbours<'_>,
        second: Option<ListToWrite<'_>>,
    ) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.macroblock(macroblock, levels, around, second),
            MacroblockWriter::Cavlc(writer) => writer.macroblock(macroblock, levels, around),
        }
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
        match self {
            MacroblockWriter::Cabac(writer) => {
                writer.macroblock_within(most, macroblock, levels, around, second)
            }
            MacroblockWriter::Cavlc(writer) => writer.macroblock_within(most, macroblock, levels, around),
        }
    }

    /// I_PCM with the samples of a macroblock: luma, Cb, Cr.
    pub(crate) fn pcm(&mut self, samples: &[u8; 384], around: &Neighbours<'_>) {
        match self {
            MacroblockWriter::Cabac(writer) => writer.pcm(samples, around),
            MacroblockWriter::Cavlc(writer) => writer.pcm(samples),
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
