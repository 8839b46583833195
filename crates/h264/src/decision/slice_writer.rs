//! The output of a slice: its bits, and the reconstruction.

use super::coding::{Coding, MacroblockToCode};
use super::context::SliceContext;
use super::repeats::RepeatedMacroblock;
use crate::entropy::writer::{ListToWrite, MacroblockWriter};
use crate::grid::{MacroblockGrid, MacroblockPosition, MacroblockRun};
use crate::macroblock::{Levels, Macroblock};
use crate::prediction::bidirectional::{LISTS, SecondList};
use crate::prediction::coarse_rows::CoarseRows;
use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind, NOT_INTER, NeighbourRows, Neighbours};
use crate::prediction::reference::{ContentId, PaddedSamples, Reconstruction};
use crate::prediction::vectors::{PartitionMotion, Vector};
use crate::samples::{MacroblockBuffer, MacroblockSamples};

/// The most bits of a macroblock (A.3.1), less those of mb_skip_flag and mb_skip_run.
const MAX_BITS: u32 = 3200 - 32;

/// Writes the macroblocks of a slice in raster order, and keeps the reconstruction and what later macroblocks need to
/// know of their neighbours.
#[derive(Debug)]
pub(crate) struct SliceWriter<'a> {
    grid: MacroblockGrid,
    /// The id of what is new in this picture.
    content: ContentId,
    /// QPY of the previous macroblock.
    last_qp: u8,
    writer: MacroblockWriter,
    rows: &'a mut NeighbourRows,
    /// The same macroblocks by their motion in list 1, in a B slice.
    second_rows: Option<&'a mut NeighbourRows>,
    current: &'a mut Reconstruction,
}

impl<'a> SliceWriter<'a> {
    /// Begins a slice. `current` becomes the reconstruction.
    pub(crate) fn new(
        context: &SliceContext<'_>,
        writer: MacroblockWriter,
        rows: &'a mut NeighbourRows,
        current: &'a mut Reconstruction,
    ) -> SliceWriter<'a> {
        rows.begin_picture();
        SliceWriter {
            grid: context.grid,
            content: context.content,
            last_qp: context.qp,
            writer,
            rows,
            second_rows: None,
            current,
        }
    }

    /// Makes it a B slice.
    pub(crate) fn with_second_list(self, rows: &'a mut NeighbourRows) -> SliceWriter<'a> {
        rows.begin_picture();
        SliceWriter { second_rows: Some(rows), ..self }
    }

    /// The neighbours of the macroblock of this row in column `column`.
    #[inline]
    pub(crate) fn around(&self, column: usize) -> Neighbours<'_> {
        self.rows.around(column)
    }

    /// The same in both lists of a B slice.
    pub(crate) fn around_in_both(&self, column: usize) -> [Neighbours<'_>; LISTS] {
        let rows: &NeighbourRows = self.rows;
        [rows.around(column), self.second_rows.as_deref().unwrap_or(rows).around(column)]
    }

    /// The reconstruction so far.
    pub(crate) fn current(&self) -> &Reconstruction {
        self.current
    }

    /// The luma samples of the reconstruction, to try a coding in them, and the neighbours of a macroblock.
    pub(crate) fn luma_and_neighbours(&mut self, column: usize) -> (&mut PaddedSamples, Neighbours<'_>) {
        (&mut self.current.luma, self.rows.around(column))
    }

    /// The vectors of the macroblocks of this row, which is written; zero where one is not predicted from another picture.
    pub(crate) fn row_vectors(&self) -> impl Iterator<Item = Vector> + '_ {
        self.rows.current_row().iter().map(|coded| coded.vectors[3])
    }

    /// The macroblocks of this row, which is written.
    pub(crate) fn row(&self) -> &[CodedMacroblock] {
        self.rows.current_row()
    }

    /// The same in list 1 of a B slice.
    pub(crate) fn row_in_second_list(&self) -> &[CodedMacroblock] {
        self.second_rows.as_deref().map_or(&[], |rows| rows.current_row())
    }

    /// Ends a row of macroblocks.
    pub(crate) fn end_row(&mut self) {
        self.rows.end_row();
        if let Some(rows) = &mut self.second_rows {
            rows.end_row();
        }
    }

    /// Ends a macroblock that was written by itself, not in a run.
    #[inline]
    pub(crate) fn end_of_macroblock(&mut self, position: MacroblockPosition) {
        self.writer.end_of_macroblock(position.index() + 1 == self.grid.len());
    }

    /// Ends the slice: its RBSP.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }

    /// Copies a run of macroblocks from another picture, displaced by a whole-sample vector.
    pub(crate) fn copy_run(&mut self, from: &Reconstruction, run: MacroblockRun, vector: Vector) {
        self.current.copy_run(from, run, vector);
        self.extend_borders(run);
    }

    /// Copies a macroblock from another picture, displaced by a whole-sample vector. Its samples count as new. `is_exact`:
    /// whether its source is that of the other picture, so that it has the same errors; otherwise it counts as coarse.
    pub(crate) fn copy_block(
        &mut self,
        from: &Reconstruction,
        position: MacroblockPosition,
        vector: Vector,
        is_exact: bool,
    ) {
        self.copy_run(from, position.run(), vector);
        self.current.content_ids[position.index()] = self.content;
        let coarse = if is_exact { from.coarse.at(position, vector) } else { CoarseRows::ALL };
        self.current.coarse.set(position.index(), coarse);
    }

    /// Makes the content of a run of macroblocks new.
    pub(crate) fn mark_new(&mut self, run: MacroblockRun) {
        let start = run.row * self.grid.columns;
        self.current.content_ids[start + run.first..start + run.end].fill(self.content);
    }

    /// Takes over which rows are coarse for a run of macroblocks from another picture, displaced by a whole-sample vector.
    pub(crate) fn move_coarse_rows(&mut self, from: &Reconstruction, run: MacroblockRun, vector: Vector) {
        self.current.coarse.copy_run(&from.coarse, self.grid, run, vector);
    }

    /// Which rows of a macroblock are coarse.
    pub(crate) fn coarse_rows(&self, position: MacroblockPosition) -> CoarseRows {
        self.current.coarse.get(position.index())
    }

    /// Makes no row of a macroblock coarse.
    pub(crate) fn mark_fine(&mut self, position: MacroblockPosition) {
        self.current.coarse.set(position.index(), CoarseRows::NONE);
    }

    /// Takes over the content id of a macroblock from another picture. Returns whether the reconstruction held other
    /// samples; these are then to be copied.
    #[inline]
    pub(crate) fn take_content_id(&mut self, from: &Reconstruction, index: usize) -> bool {
        let id = from.content_ids[index];
        let differs = self.current.content_ids[index] != id;
        self.current.content_ids[index] = id;
        self.current.coarse.set(index, from.coarse.get(index));
        differs
    }

    /// Extends the picture's borders where a run of macroblocks lies at them. To be called after their samples have
    /// changed.
    fn extend_borders(&mut self, run: MacroblockRun) {
        if run.row == 0 || run.row + 1 == self.grid.rows {
            (run.first..run.end).for_each(|column| self.current.extend_border(column, run.row));
        } else {
            self.current.extend_border(run.first, run.row);
            self.current.extend_border(run.end - 1, run.row);
        }
    }

    /// Whether a run ends the slice.
    fn is_last(&self, run: MacroblockRun) -> bool {
        run.row * self.grid.columns + run.end == self.grid.len()
    }

    /// Writes a run of P_Skip with vector zero, the end of each macroblock included.
    pub(crate) fn skip_run(&mut self, run: MacroblockRun) {
        let last = self.is_last(run);
        self.writer.skip_run(self.rows, run, last);
    }

    /// Writes a run of P_Skip with a vector that is not zero, the end of each macroblock included.
    pub(crate) fn moved_skip_run(&mut self, run: MacroblockRun, vector: Vector) {
        let last = self.is_last(run);
        self.writer.moved_skip_run(self.rows, run, vector, last);
    }

    /// Writes P_Skip.
    pub(crate) fn skip(&mut self, position: MacroblockPosition, vector: Vector) {
        self.writer.skipped(&self.rows.around(position.column()));
        self.rows.set(position.column(), CodedMacroblock::skipped(vector));
    }

    /// Writes P_L0_16x16 with the predicted vector and no residual, if the entropy coding has a fast path for it;
    /// returns whether it has.
    pub(crate) fn predicted_motion(
        &mut self,
        position: MacroblockPosition,
        motion: PartitionMotion,
        references_in_use: u8,
    ) -> bool {
        let around = self.rows.around(position.column());
        if !self.writer.predicted_motion(motion.reference as u8, references_in_use, &around) {
            return false;
        }
        let (references, vectors) = ([motion.reference; 4], [motion.vector; 4]);
        let kind = MacroblockKind::Inter;
        let coded = CodedMacroblock { kind, references, vectors, ..CodedMacroblock::UNAVAILABLE };
        self.rows.set(position.column(), coded);
        true
    }

    /// Writes an inter macroblock without residual.
    pub(crate) fn write_motion(&mut self, position: MacroblockPosition, macroblock: &Macroblock) {
        self.writer.macroblock(macroblock, &Levels::ZERO, &self.rows.around(position.column()), None);
        self.rows.set(position.column(), macroblock.coded);
    }

    /// Writes a run of an I slice as continuations of the macroblock to its left, the end of each macroblock included,
    /// if each row of that repeats one sample; returns whether it does. The source of the run must be that
    /// macroblock's: it gets the same coding errors.
    pub(crate) fn repeat_run(&mut self, run: MacroblockRun) -> bool {
        let Some(repeated) = RepeatedMacroblock::left_of(run, self.current) else { return false };
        repeated.fill(run, self.current);
        self.mark_new(run);
        self.current.coarse.fill(run, CoarseRows::NONE);
        for column in run.first..run.end {
            let position = self.grid.position(column, run.row);
            let (mode, chroma_mode) = repeated.modes(position, self.current);
            self.writer.predicted_intra(mode, chroma_mode, &self.rows.around(column));
            self.end_of_macroblock(position);
            let coded = CodedMacroblock {
                kind: MacroblockKind::Intra16x16,
                chroma_mode: chroma_mode as u8,
                references: [NOT_INTER; 4],
                ..CodedMacroblock::UNAVAILABLE
            };
            self.rows.set(column, coded);
        }
        self.extend_borders(run);
        true
    }

    /// Writes a coding and stores its reconstruction; as I_PCM, if it takes more bits than are allowed (A.3.1).
    pub(crate) fn write_coding(&mut self, block: &MacroblockToCode<'_>, coding: &mut Coding) {
        let position = block.position;
        let Coding { macroblock, .. } = coding;
        macroblock.qp_delta = self.qp_delta(&macroblock.coded, block.rate.qp);
        let fits = match coding.skip {
            Some(vector) => {
                self.skip(position, vector);
                true
            }
            None => self.write_macroblock(position, coding, None),
        };
        self.set_in_second_list(position, CodedMacroblock::PCM);
        self.store(block, coding, fits);
    }

    /// The same of an inter macroblock of a B slice. Without a residual, one in direct mode is skipped.
    pub(crate) fn write_two_lists(
        &mut self,
        block: &MacroblockToCode<'_>,
        coding: &mut Coding,
        second: &SecondList,
    ) {
        let position = block.position;
        let Coding { macroblock, .. } = coding;
        macroblock.qp_delta = self.qp_delta(&macroblock.coded, block.rate.qp);
        let is_skipped = macroblock.coded.kind == MacroblockKind::Direct && macroblock.coded.pattern == 0;
        let fits = if is_skipped {
            self.writer.skipped(&self.rows.around(position.column()));
            let skipped = CodedMacroblock { kind: MacroblockKind::Skipped, ..macroblock.coded };
            self.rows.set(position.column(), skipped);
            true
        } else {
            self.write_macroblock(position, coding, Some(second))
        };
        self.set_in_second_list(position, if fits { second.coded } else { CodedMacroblock::PCM });
        self.store(block, coding, fits);
    }

    /// Writes B_Skip for a macroblock in direct mode whose samples are those of `from` at its position.
    pub(crate) fn skip_two_lists(
        &mut self,
        position: MacroblockPosition,
        from: &Reconstruction,
        macroblock: &Macroblock,
        second: &SecondList,
    ) {
        if self.take_content_id(from, position.index()) {
            self.copy_run(from, position.run(), Vector::ZERO);
        }
        self.writer.skipped(&self.rows.around(position.column()));
        let skipped = CodedMacroblock { kind: MacroblockKind::Skipped, ..macroblock.coded };
        self.rows.set(position.column(), skipped);
        self.set_in_second_list(position, second.coded);
    }

    /// Keeps what a macroblock of a B slice is in list 1. One that is not predicted from another picture is like any such.
    fn set_in_second_list(&mut self, position: MacroblockPosition, coded: CodedMacroblock) {
        if let Some(rows) = &mut self.second_rows {
            rows.set(position.column(), coded);
        }
    }

    /// Stores the reconstruction of a macroblock that was written, or writes it as I_PCM if it did not fit.
    fn store(&mut self, block: &MacroblockToCode<'_>, coding: &Coding, fits: bool) {
        let position = block.position;
        self.current.content_ids[position.index()] = self.content;
        self.current.coarse.set(position.index(), block.coarse);
        if fits {
            self.current.store(&coding.reconstruction, position);
        } else {
            self.write_pcm(position, block.source);
        }
        self.current.extend_border(position.column(), position.row());
    }

    /// Writes a macroblock unless it takes more than the allowed bits (A.3.1); returns whether it was written. `second`: list 1 of an
    /// inter macroblock of a B slice.
    fn write_macroblock(
        &mut self,
        position: MacroblockPosition,
        coding: &Coding,
        second: Option<&SecondList>,
    ) -> bool {
        let Coding { macroblock, levels, bits, .. } = coding;
        let around = self.rows.around(position.column());
        let around_second = self.second_rows.as_deref().map(|rows| rows.around(position.column()));
        let second = second.zip(around_second.as_ref()).map(|(second, around)| ListToWrite {
            coded: &second.coded,
            differences: &second.differences,
            around,
        });
        // The estimate is never wrong by that factor.
        if *bits <= MAX_BITS / 6 {
            self.writer.macroblock(macroblock, levels, &around, second);
        } else if !self.writer.macroblock_within(MAX_BITS as usize, macroblock, levels, &around, second) {
            return false;
        }
        // Equation 7-37, for samples of 8 bits.
        self.last_qp = ((i32::from(self.last_qp) + macroblock.qp_delta + 52) % 52) as u8;
        self.rows.set(position.column(), CodedMacroblock { qp: Some(self.last_qp), ..macroblock.coded });
        true
    }

    /// mb_qp_delta of a macroblock with QP `qp`.
    fn qp_delta(&self, coded: &CodedMacroblock, qp: u8) -> i32 {
        if coded.pattern == 0 && coded.kind != MacroblockKind::Intra16x16 {
            return 0;
        }
        // 7.4.5: the delta wraps around and is within −26 … 25.
        match i32::from(qp) - i32::from(self.last_qp) {
            delta @ 26.. => delta - 52,
            delta @ ..-26 => delta + 52,
            delta => delta,
        }
    }

    /// I_PCM: the samples without coding.
    fn write_pcm(&mut self, position: MacroblockPosition, source: MacroblockSamples<'_>) {
        let mut samples = MacroblockBuffer::EMPTY;
        samples.read(source);
        self.current.store(&samples, position);
        self.writer.pcm(&samples.planar(), &self.rows.around(position.column()));
        self.rows.set(position.column(), CodedMacroblock::PCM);
    }
}
