//! Slice data of a B slice: the macroblocks of a picture between two that are coded already (ITU-T H.264, 7.3.4).

use super::b_macroblock::BetweenMotion;
use super::coding::{Coding, MacroblockToCode};
use super::context::SliceContext;
use super::mode_decision::ModeDecision;
use super::slice_writer::SliceWriter;
use crate::deblocking::BlockEdges;
use crate::grid::MacroblockPosition;
use crate::motion::colocated::StillQuarters;
use crate::motion::field::MotionField;
use crate::prediction::bidirectional::TwoListPartition;
use crate::prediction::coarse_rows::CoarseRows;
use crate::prediction::reference::UNDEFINED;
use crate::samples::MacroblockBuffer;
use crate::source::block::source_block;
use crate::source::history::{SourceHistory, WholeMotion};

/// Where a B picture lies between the P pictures around it, in frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BetweenPlace {
    /// To its references before and after it.
    pub(crate) before: i16,
    pub(crate) after: i16,
    /// From one P picture to the other.
    pub(crate) group: i16,
}

/// What an encoder keeps for B slices.
#[derive(Debug)]
pub(crate) struct BSliceState<'a> {
    pub(crate) history: &'a SourceHistory,
    /// Motion of the P picture after it.
    pub(crate) motion: &'a MotionField,
    /// Of the reference after it.
    pub(crate) colocated: &'a StillQuarters,
    /// To be filled in, if it is the reference of others.
    pub(crate) still: Option<&'a mut StillQuarters>,
    /// For the deblocking filter, where it is applied: one per macroblock, in raster order.
    pub(crate) edges: Option<&'a mut [BlockEdges]>,
    /// Memory for codings that are compared.
    pub(crate) codings: &'a mut [Coding; 2],
}

/// Encodes one picture as one B slice.
#[derive(Debug)]
pub(crate) struct BSliceEncoder<'a> {
    /// Its references are the entries of list 0 and of list 1.
    pub(crate) context: SliceContext<'a>,
    pub(crate) place: BetweenPlace,
    pub(crate) state: BSliceState<'a>,
    pub(crate) written: SliceWriter<'a>,
}

impl BSliceEncoder<'_> {
    /// Encodes all macroblocks: the RBSP of the slice.
    pub(crate) fn encode(mut self) -> Vec<u8> {
        let grid = self.context.grid;
        let mut row_qp = self.context.qp;
        for row in 0..grid.rows {
            for column in 0..grid.columns {
                let position = grid.position(column, row);
                self.encode_macroblock(position);
                self.written.end_of_macroblock(position);
            }
            let (first, second) = (self.written.row(), self.written.row_in_second_list());
            if let Some(still) = &mut self.state.still {
                still.store_row(row, first, second);
            }
            if let Some(edges) = &mut self.state.edges {
                let edges = &mut edges[row * grid.columns..];
                for ((edges, first), second) in edges.iter_mut().zip(first).zip(second) {
                    row_qp = first.qp.unwrap_or(row_qp);
                    *edges = BlockEdges::of_two_lists(first, second, row_qp);
                }
            }
            self.written.end_row();
        }
        self.written.finish()
    }

    /// Skips a macroblock that is the same in both references and whose source is, too; returns whether it does.
    fn skip_unchanged(&mut self, position: MacroblockPosition) -> bool {
        let BSliceState { history, colocated, .. } = &self.state;
        let [before, after] = [0, 1].map(|list: usize| self.context.references[list].picture);
        let id = before.content_ids[position.index()];
        if id == UNDEFINED || after.content_ids[position.index()] != id {
            return false;
        }
        let around = self.written.around_in_both(position.column());
        let direct = TwoListPartition::direct(&around, colocated.at(position.index()));
        if !direct.stands_still()
            || !history.given_has_moved(self.context.given, position, WholeMotion::by(0, 0))
        {
            return false;
        }
        let (macroblock, second) = direct.macroblock(&around);
        self.written.skip_two_lists(position, before, &macroblock, &second);
        true
    }

    fn encode_macroblock(&mut self, position: MacroblockPosition) {
        if self.skip_unchanged(position) {
            return;
        }
        let BSliceState { history, motion, colocated, codings, .. } = &mut self.state;
        let mut padded = MacroblockBuffer::EMPTY;
        let source = source_block(self.context.given.picture, position, &mut padded);
        let rate = self.context.rate_of(self.context.qp);
        let block = MacroblockToCode { position, source, rate, coarse: CoarseRows::NONE };
        let between = BetweenMotion {
            still: colocated.at(position.index()),
            passing: motion.around(position),
            place: self.place,
        };
        ModeDecision::new(&self.context, history, &mut self.written).between(&block, &between, codings);
    }
}
