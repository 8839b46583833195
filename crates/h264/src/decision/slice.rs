//! Slice data: the macroblocks of a picture, in raster order (ITU-T H.264, 7.3.4).

use super::ages::{FINAL_AGE, MacroblockAges};
use super::coding::{Coding, MacroblockToCode};
use super::context::{RowChanges, SliceContext};
use super::mode_decision::ModeDecision;
use super::motion_search::InterPartition;
use super::repeats::find_repeats;
use super::slice_writer::SliceWriter;
use super::thresholds::NEGLIGIBLE;
use super::unchanged::UnchangedMacroblock;
use crate::deblocking::BlockEdges;
use crate::grid::{MacroblockPosition, MacroblockRun, SourceChange, TILE};
use crate::motion::colocated::StillQuarters;
use crate::motion::field::MotionField;
use crate::prediction::coarse_rows::CoarseRows;
use crate::prediction::vectors::{PartitionMotion, Vector, VectorRange};
use crate::samples::MacroblockBuffer;
use crate::source::block::source_block;
use crate::source::history::{ChangeSearch, SourceHistory};

/// What an encoder keeps from picture to picture for the decisions about slices.
#[derive(Debug)]
pub(crate) struct SliceState<'a> {
    pub(crate) history: &'a mut SourceHistory,
    pub(crate) ages: &'a mut MacroblockAges,
    pub(crate) motion: &'a mut MotionField,
    /// For the deblocking filter, where it is applied: one per macroblock, in raster order.
    pub(crate) edges: Option<&'a mut [BlockEdges]>,
    /// To be filled in, if B pictures may follow.
    pub(crate) still: Option<&'a mut StillQuarters>,
    /// Memory for codings that are compared.
    pub(crate) codings: &'a mut [Coding; 2],
}

/// All macroblocks of a slice.
#[derive(Debug)]
pub(crate) struct CodedMacroblocks {
    /// The RBSP of the slice.
    pub(crate) rbsp: Vec<u8>,
    /// How many were neither unchanged nor moved.
    pub(crate) new: usize,
    /// How many had moved by the scroll.
    pub(crate) moved: usize,
}

/// Encodes one picture as one slice.
#[derive(Debug)]
pub(crate) struct SliceEncoder<'a> {
    context: SliceContext<'a>,
    state: SliceState<'a>,
    written: SliceWriter<'a>,
    /// The rows of a macroblock that leave it from one picture to the next.
    leaving: CoarseRows,
    /// QPY of the last macroblock of the row before.
    row_qp: u8,
}

impl<'a> SliceEncoder<'a> {
    pub(crate) fn new(
        context: SliceContext<'a>,
        state: SliceState<'a>,
        written: SliceWriter<'a>,
    ) -> SliceEncoder<'a> {
        let leaving = context.scroll_vector.map_or(CoarseRows::NONE, CoarseRows::that_leave);
        SliceEncoder { context, state, written, leaving, row_qp: context.qp }
    }

    /// Encodes all macroblocks.
    pub(crate) fn encode(mut self) -> CodedMacroblocks {
        let SliceContext { given, grid, content, instructions, .. } = self.context;
        let motion = self.context.scroll_motion();
        let search = ChangeSearch { given, motion, content, instructions };
        let mut changes = RowChanges::new(grid.columns);
        let (mut new, mut moved) = (0, 0);
        self.state.history.take_row(search, 0, &mut changes.below);
        for row in 0..grid.rows {
            changes.next_row();
            if row + 1 < grid.rows {
                self.state.history.take_row(search, row + 1, &mut changes.below);
            } else {
                changes.below.fill(SourceChange::New);
            }
            if self.context.weighted.is_some() {
                changes.here.fill(SourceChange::New);
            }
            self.state.ages.begin_row(row, &changes.here);
            if self.context.references.is_empty() {
                self.encode_intra_row(row);
            } else {
                self.copy_unchanged_and_moved(row, &changes.here);
                self.encode_inter_row(row, &changes);
            }
            let count = |of: SourceChange| changes.here.iter().filter(|&&change| change == of).count();
            new += count(SourceChange::New);
            moved += count(SourceChange::Moved);
            if self.context.search.is_some() {
                self.state.motion.store_row(row, self.written.row_vectors());
            }
            if let Some(still) = &mut self.state.still {
                still.store_row(row, self.written.row(), &[]);
            }
            self.store_edges(row);
            self.written.end_row();
        }
        CodedMacroblocks { rbsp: self.written.finish(), new, moved }
    }

    /// Stores what the deblocking filter needs to know of a row.
    fn store_edges(&mut self, row: usize) {
        let Some(edges) = &mut self.state.edges else { return };
        let columns = self.context.grid.columns;
        for (edges, coded) in edges[row * columns..].iter_mut().zip(self.written.row()) {
            self.row_qp = coded.qp.unwrap_or(self.row_qp);
            *edges = BlockEdges::of(coded, self.row_qp, self.context.references);
        }
    }

    /// Copies unchanged and moved macroblocks of a row into the reconstruction, whole runs at once.
    fn copy_unchanged_and_moved(&mut self, row: usize, changes: &[SourceChange]) {
        let start = row * self.context.grid.columns;
        let SliceContext { references, is_repeated, .. } = self.context;
        let mut column = 0;
        while column < changes.len() {
            let first = column;
            match changes[column] {
                SourceChange::New => column += 1,
                SourceChange::Moved => {
                    while column < changes.len() && changes[column] == SourceChange::Moved {
                        column += 1;
                    }
                    let run = MacroblockRun { row, first, end: column };
                    self.written.mark_new(run);
                    self.state.ages.mark_changed_run(run);
                    if let Some(vector) = self.context.scroll_vector {
                        self.written.copy_run(references[1].picture, run, vector);
                        self.find_what_to_refine(run, vector);
                    }
                }
                SourceChange::Unchanged if !is_repeated && self.state.ages.idle_tiles(row)[column / TILE] => {
                    column = (column / TILE + 1) * TILE;
                }
                SourceChange::Unchanged => {
                    let reference = references[0].picture;
                    while column < changes.len()
                        && changes[column] == SourceChange::Unchanged
                        && (is_repeated || self.state.ages.age(start + column) <= FINAL_AGE)
                        && self.written.take_content_id(reference, start + column)
                    {
                        column += 1;
                    }
                    if column > first {
                        let run = MacroblockRun { row, first, end: column };
                        self.written.copy_run(reference, run, Vector::ZERO);
                    } else {
                        column += 1;
                    }
                }
            }
        }
    }

    /// Finds out which macroblocks of a run that has moved are to be coded once more. Their samples are in the reconstruction
    /// already.
    fn find_what_to_refine(&mut self, run: MacroblockRun, vector: Vector) {
        self.written.move_coarse_rows(self.context.references[1].picture, run, vector);
        for column in run.first..run.end {
            let position = self.context.grid.position(column, run.row);
            if self.is_due(position)
                && self.state.history.source_within(position).is_none_or(|source| {
                    source.difference(self.written.current().samples_at(position, Vector::ZERO)) <= NEGLIGIBLE
                })
            {
                self.written.mark_fine(position);
            }
        }
    }

    /// Whether a moved macroblock is to be coded once more: it has coarse rows, and these are in no macroblock for longer.
    fn is_due(&self, position: MacroblockPosition) -> bool {
        self.written.coarse_rows(position).meet(self.leaving)
    }

    /// Encodes a row of an I slice.
    fn encode_intra_row(&mut self, row: usize) {
        let repeats = find_repeats(&self.context, &self.state.history.current(), row);
        let mut column = 0;
        while column < self.context.grid.columns {
            let count = repeats[column..].iter().take_while(|&&repeats| repeats).count();
            let run = MacroblockRun { row, first: column, end: column + count };
            if count > 0 && self.written.repeat_run(run) {
                self.state.ages.mark_changed_run(run);
                column += count;
                continue;
            }
            let position = self.context.grid.position(column, row);
            self.encode_intra(position);
            self.written.end_of_macroblock(position);
            column += 1;
        }
    }

    /// Encodes a row of a P slice.
    fn encode_inter_row(&mut self, row: usize, row_changes: &RowChanges) {
        let changes = row_changes.here.as_slice();
        let mut column = 0;
        while column < changes.len() {
            let position = self.context.grid.position(column, row);
            if let Some(vector) = self.context.scroll_vector
                && changes[column] == SourceChange::Moved
            {
                let end = column + self.moved_like_neighbours(position, changes, vector);
                if end > column {
                    self.written.moved_skip_run(MacroblockRun { row, first: column, end }, vector);
                    column = end;
                    continue;
                }
            }
            let skip_vector = self.written.around(column).skip_vector();
            match changes[column] {
                SourceChange::Unchanged if skip_vector == Vector::ZERO => {
                    // When one is skipped with vector zero, the ones after it can be skipped too.
                    let end = self.state.ages.end_of_skip_run(row, column, changes);
                    if end > column {
                        self.written.skip_run(MacroblockRun { row, first: column, end });
                        column = end;
                        continue;
                    }
                    self.encode_unchanged(position);
                }
                SourceChange::Unchanged => self.encode_unchanged_if_skip_moves(position, skip_vector),
                SourceChange::Moved => self.encode_moved(position, skip_vector),
                SourceChange::New => self.encode_new(position, skip_vector, row_changes),
            }
            self.written.end_of_macroblock(position);
            column += 1;
        }
    }

    /// How many macroblocks from `first` on have moved like those to the left and above. They can be skipped, as
    /// P_Skip gives them the same vector (8.4.1.1), whatever lies above to the right.
    fn moved_like_neighbours(
        &self,
        first: MacroblockPosition,
        changes: &[SourceChange],
        vector: Vector,
    ) -> usize {
        let (first, row) = (first.column(), first.row());
        let motion = PartitionMotion::new(0, vector);
        if !self.context.has_one_reference_picture()
            || vector == Vector::ZERO
            || !self.written.around(first).left.has_motion(1, motion)
        {
            return 0;
        }
        let continues = |&column: &usize| {
            changes[column] == SourceChange::Moved
                && self.written.around(column).above.has_motion(2, motion)
                && !self.is_due(self.context.grid.position(column, row))
        };
        (first..changes.len()).take_while(continues).count()
    }

    /// A macroblock of an I slice.
    fn encode_intra(&mut self, position: MacroblockPosition) {
        let SliceState { history, ages, codings, .. } = &mut self.state;
        let mut padded = MacroblockBuffer::EMPTY;
        let source = source_block(&history.current(), position, &mut padded);
        ages.mark_changed(position);
        ModeDecision::new(&self.context, history, &mut self.written).intra(position, source, codings);
    }

    /// A macroblock of a P slice that is neither unchanged nor moved by the scroll.
    fn encode_new(&mut self, position: MacroblockPosition, skip_vector: Vector, changes: &RowChanges) {
        let SliceState { history, ages, motion, codings, .. } = &mut self.state;
        let mut padded = MacroblockBuffer::EMPTY;
        // Put together in place, as this is done for each macroblock.
        let mut block = MacroblockToCode {
            position,
            source: source_block(&history.current(), position, &mut padded),
            rate: self.context.rate_of(self.context.qp),
            coarse: CoarseRows::ALL,
        };
        ages.mark_changed(position);
        let qp = self.context.qp_of_new(position, block.source, changes);
        if qp != self.context.qp {
            block.rate = self.context.rate_of(qp);
        }
        if qp < self.context.qp {
            block.coarse = CoarseRows::NONE;
        }
        let mut decision = ModeDecision::new(&self.context, history, &mut self.written);
        match self.context.search {
            Some(effort) => decision.searched(&block, skip_vector, (motion, effort), codings),
            None => decision.inter(&block, skip_vector, codings),
        }
    }

    /// A macroblock that has moved by the scroll. Its samples are in the reconstruction already.
    fn encode_moved(&mut self, position: MacroblockPosition, skip_vector: Vector) {
        let Some(vector) = self.context.scroll_vector else { return };
        if self.is_due(position) {
            let SliceState { history, codings, .. } = &mut self.state;
            if let Some(source) = history.source_within(position) {
                let rate = self.context.rate_of(self.context.qp_of_moved());
                let block = MacroblockToCode { position, source, rate, coarse: CoarseRows::NONE };
                let mut decision = ModeDecision::new(&self.context, history, &mut self.written);
                decision.refine_moved(&block, vector, skip_vector, codings);
                return;
            }
        }
        if skip_vector == vector && self.context.has_one_reference_picture() {
            self.written.skip(position, vector);
            return;
        }
        let references_in_use = self.context.references.len() as u8;
        let motion = PartitionMotion::new(1, vector);
        let around = self.written.around(position.column());
        if around.predicted_vector_of_whole(1) == vector
            && self.written.predicted_motion(position, motion, references_in_use)
        {
            return;
        }
        let around = self.written.around(position.column());
        let macroblock = InterPartition::whole(motion).macroblock(references_in_use, &around);
        self.written.write_motion(position, &macroblock);
    }

    /// An unchanged macroblock to which P_Skip gives the vector zero: it is skipped, or refined where that is due.
    fn encode_unchanged(&mut self, position: MacroblockPosition) {
        let SliceState { history, ages, codings, .. } = &mut self.state;
        if let Some(refinement) = ages.due_refinement(position.index()) {
            let block = UnchangedMacroblock::new(&self.context, history, position);
            let mut padded = MacroblockBuffer::EMPTY;
            let source = block.source(&mut padded);
            if !block.is_close(source) {
                let rate = self.context.rate_of(self.context.qp_of_refinement(source, refinement));
                let coarse = if refinement.is_last { CoarseRows::NONE } else { CoarseRows::ALL };
                let block = MacroblockToCode { position, source, rate, coarse };
                ModeDecision::new(&self.context, history, &mut self.written).refine(&block, codings);
                return;
            }
        }
        self.written.skip(position, Vector::ZERO);
    }

    /// An unchanged macroblock to which P_Skip gives another vector than zero.
    fn encode_unchanged_if_skip_moves(&mut self, position: MacroblockPosition, skip_vector: Vector) {
        let range = VectorRange::of(self.context.grid, position);
        if skip_vector.is_whole() && range.contains(skip_vector) {
            let block = UnchangedMacroblock::new(&self.context, self.state.history, position);
            if block.is_equal_at(skip_vector) {
                self.state.ages.defer_refinement(position);
                self.written.skip(position, skip_vector);
                return;
            }
            if block.is_better_at(skip_vector) {
                self.written.copy_block(self.context.references[0].picture, position, skip_vector, true);
                self.state.ages.mark_changed(position);
                self.written.skip(position, skip_vector);
                return;
            }
        }
        self.state.ages.defer_refinement(position);
        let references_in_use = self.context.references.len() as u8;
        let around = self.written.around(position.column());
        let partition = InterPartition::whole(PartitionMotion::new(0, Vector::ZERO));
        let macroblock = partition.macroblock(references_in_use, &around);
        self.written.write_motion(position, &macroblock);
    }
}
