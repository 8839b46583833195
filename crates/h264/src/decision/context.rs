//! What all decisions about a slice share.

use std::cmp::Ordering;

use super::ages::Refinement;
use super::coding::Rate;
use super::masking::{Fineness, Texture};
use crate::grid::{MacroblockGrid, MacroblockPosition, SourceChange};
use crate::motion::search::SearchEffort;
use crate::prediction::reference::{ContentId, Reconstruction, Reference};
use crate::prediction::vectors::{PartitionMotion, Vector};
use crate::prediction::weights::Weights;
use crate::residual::code::Quantisers;
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::Instructions;
use crate::source::history::{GivenPicture, SourceHistory, WholeMotion};
use strikeline_picture::Scroll;

/// QP of the slices of all pictures but the first. What changes in later pictures mostly changes again soon, so it can be
/// coded coarser.
pub(crate) fn later_qp(base: u8) -> u8 {
    (base + (base / 6).min(4)).saturating_sub(2).min(51)
}

/// How the source of a row of macroblocks has changed, and of the rows above and below it.
#[derive(Debug)]
pub(crate) struct RowChanges {
    pub(crate) above: Vec<SourceChange>,
    pub(crate) here: Vec<SourceChange>,
    pub(crate) below: Vec<SourceChange>,
}

impl RowChanges {
    /// Before the first row. `columns`: macroblocks in a row.
    pub(crate) fn new(columns: usize) -> RowChanges {
        let row = || vec![SourceChange::New; columns];
        RowChanges { above: row(), here: row(), below: row() }
    }

    /// Goes on to the next row. That below is to be filled in then.
    pub(crate) fn next_row(&mut self) {
        std::mem::swap(&mut self.above, &mut self.here);
        std::mem::swap(&mut self.here, &mut self.below);
    }
}

/// What all macroblocks of a slice share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SliceContext<'a> {
    pub(crate) given: GivenPicture<'a>,
    pub(crate) grid: MacroblockGrid,
    /// Reference list 0; empty for an I slice. The first entry is the previous picture, for macroblocks that have not
    /// changed. The second, which may be the same picture, is for those that have moved: a vector is predicted from
    /// neighbours with the same reference, so vectors of unchanged macroblocks do not disturb those of moved ones.
    pub(crate) references: &'a [Reference<'a>],
    /// By QP.
    pub(crate) quantisers: &'a [Quantisers],
    /// SliceQPY.
    pub(crate) qp: u8,
    /// The same of all slices but the first.
    pub(crate) later_qp: u8,
    pub(crate) fineness: Fineness,
    /// By how many eighths more bits are worth than usual at a QP: more than none only where a higher QP is not possible.
    pub(crate) thrift: u8,
    /// The id of what is new in this picture.
    pub(crate) content: ContentId,
    /// Whether the picture was coded already, so that its reconstruction holds what is not to be in it.
    pub(crate) is_repeated: bool,
    pub(crate) scroll: Option<Scroll>,
    /// Weights of the reference, and the reference as it is with them, for searches. Then there is one reference, and no macroblock is
    /// copied from it.
    pub(crate) weighted: Option<(Weights, &'a Reconstruction)>,
    /// For an I slice, if the pictures after it are known: which macroblocks stay as they are for some of them.
    pub(crate) lasting: Option<&'a [bool]>,
    /// Whether the deblocking filter is applied to the picture.
    pub(crate) deblocks: bool,
    /// How motion is searched, if it is.
    pub(crate) search: Option<SearchEffort>,
    /// The scroll's vector for the second reference.
    pub(crate) scroll_vector: Option<Vector>,
    pub(crate) instructions: Instructions,
}

impl SliceContext<'_> {
    /// The scroll, where it is a whole number of samples in the second reference.
    pub(crate) fn scroll_motion(&self) -> Option<WholeMotion> {
        let distance = self.references.get(1).map_or(0, |reference| reference.distance);
        self.scroll_vector.and_then(|vector| WholeMotion::of(vector, distance))
    }

    /// A QP, with what a bit is worth in this slice.
    pub(crate) fn rate_of(&self, qp: u8) -> Rate {
        Rate::of(qp).thrifty(self.thrift)
    }

    /// Weights what a macroblock is predicted as.
    pub(crate) fn weigh(&self, predicted: &mut MacroblockBuffer) {
        if let Some((weights, _)) = &self.weighted {
            weights.apply(predicted, self.instructions);
        }
    }

    /// Whether all entries of the reference list are the same picture.
    pub(crate) fn has_one_reference_picture(&self) -> bool {
        self.references.iter().all(|reference| reference.distance == self.references[0].distance)
    }

    /// QPY of a macroblock of an I slice.
    pub(crate) fn qp_of_intra(&self, position: MacroblockPosition, source: MacroblockSamples<'_>) -> u8 {
        /// By how much a macroblock that does not last is finer than in P slices.
        const PASSING: u8 = 2;
        /// By how much one that lasts is finer than usual, in a picture of which it is not expected.
        const LASTING: u8 = 6;
        let lasts = self.lasting.map(|lasting| lasting[position.index()]);
        if lasts == Some(false) {
            return self.later_qp.saturating_sub(PASSING).max(self.qp);
        }
        let qp = match Texture::of(source) {
            Texture::Dithered => self.fineness.qp_if_dithered(self.qp),
            Texture::Smooth => self.qp,
            Texture::Edges => self.qp_of_moved(),
        };
        let is_finer = lasts == Some(true) && self.fineness.is_detailed;
        qp.saturating_sub(if is_finer { LASTING } else { 0 })
    }

    /// QPY of a macroblock that has moved on and is coded once more.
    pub(crate) fn qp_of_moved(&self) -> u8 {
        self.later_qp.saturating_sub(self.fineness.edges)
    }

    /// QPY of an unchanged macroblock at a refinement.
    pub(crate) fn qp_of_refinement(&self, source: MacroblockSamples<'_>, refinement: Refinement) -> u8 {
        let qp = self.qp.saturating_sub(refinement.qp_step);
        let is_dithered = refinement.is_last && Texture::of(source) == Texture::Dithered;
        if is_dithered { self.fineness.qp_if_dithered(qp) } else { qp }
    }

    /// QPY of a new macroblock: finer where its content will be moved on, so that its errors will be seen for long.
    pub(crate) fn qp_of_new(
        &self,
        position: MacroblockPosition,
        source: MacroblockSamples<'_>,
        changes: &RowChanges,
    ) -> u8 {
        let moves_on = self.scroll_vector.is_some_and(|vector| {
            let toward = |vector: i16, before: SourceChange, after: SourceChange| match vector.cmp(&0) {
                Ordering::Less => after == SourceChange::Moved,
                Ordering::Equal => false,
                Ordering::Greater => before == SourceChange::Moved,
            };
            let column = position.column();
            let beside = |column: Option<usize>| {
                column.and_then(|column| changes.here.get(column).copied()).unwrap_or(SourceChange::New)
            };
            toward(vector.y, changes.above[column], changes.below[column])
                || toward(vector.x, beside(column.checked_sub(1)), beside(Some(column + 1)))
        });
        if !moves_on {
            return self.qp;
        }
        let finer = match Texture::of(source) {
            Texture::Edges => self.fineness.new_with_edges,
            Texture::Dithered | Texture::Smooth => self.fineness.new,
        };
        self.qp.saturating_sub(finer)
    }

    /// Whether the source at a macroblock is that of an earlier picture at the position that a motion
    /// points to: then the reconstruction can be copied from there with the same coding errors.
    pub(crate) fn is_exact(
        &self,
        history: &SourceHistory,
        position: MacroblockPosition,
        motion: PartitionMotion,
    ) -> bool {
        WholeMotion::of(motion.vector, self.references[motion.reference as usize].distance)
            .is_some_and(|motion| history.has_moved(position, motion))
    }
}
