//! What all decisions about a slice share.

use crate::grid::{MacroblockGrid, MacroblockPosition};
use crate::prediction::reference::{ContentId, Reference};
use crate::prediction::vectors::{PartitionMotion, Vector};
use crate::residual::code::Quantisers;
use crate::simd::Instructions;
use crate::source::history::{SourceHistory, WholeMotion};
use strikeline_picture::{FrameChange, Picture, Scroll};

/// How much lower the QP of the first picture is than that of later ones, and of macroblocks that come in at the edge
/// of the picture: they will be visible until they have crossed it.
const FINER: u8 = 12;

/// QP of a slice. Errors of the first picture are copied through the whole segment, so it is coded finer. What
/// changes in later pictures mostly changes again soon, so it can be coded coarser.
pub(crate) fn slice_qp(base: u8, intra: bool) -> u8 {
    let later = (base + (base / 6).min(4)).saturating_sub(2);
    if intra { later.saturating_sub(FINER) } else { later.min(51) }
}

/// What all macroblocks of a slice share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SliceContext<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) change: &'a FrameChange,
    pub(crate) grid: MacroblockGrid,
    /// Reference list 0; empty for an I slice. The first entry is the previous picture, for macroblocks that have not
    /// changed. The second, which may be the same picture, is for those that have moved: a vector is predicted from
    /// neighbours with the same reference, so vectors of unchanged macroblocks do not disturb those of moved ones.
    pub(crate) references: &'a [Reference<'a>],
    /// By QP.
    pub(crate) quantisers: &'a [Quantisers],
    /// SliceQPY.
    pub(crate) qp: u8,
    /// The id of what is new in this picture.
    pub(crate) content: ContentId,
    pub(crate) scroll: Option<Scroll>,
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

    /// Whether both entries of the reference list are the same picture.
    pub(crate) fn has_one_reference_picture(&self) -> bool {
        self.references[0].distance == self.references[1].distance
    }

    /// QPY of a new macroblock: finer where it comes in with the scroll.
    pub(crate) fn qp_of_new(&self, position: MacroblockPosition) -> u8 {
        let enters = self.scroll_vector.is_some_and(|vector| {
            let (x, y) = (
                position.x() as i32 + i32::from(vector.x) / 4,
                position.y() as i32 + i32::from(vector.y) / 4,
            );
            let (right, bottom) = (self.grid.columns as i32 * 16 - 16, self.grid.rows as i32 * 16 - 16);
            x < 0 || y < 0 || x > right || y > bottom
        });
        if enters { self.qp.saturating_sub(FINER) } else { self.qp }
    }

    /// Whether the source of `picture` at a macroblock is that of an earlier picture at the position that a motion
    /// points to: then the reconstruction can be copied from there with the same coding errors.
    pub(crate) fn is_exact(
        &self,
        history: &SourceHistory,
        picture: &Picture<'_>,
        position: MacroblockPosition,
        motion: PartitionMotion,
    ) -> bool {
        WholeMotion::of(motion.vector, self.references[motion.reference as usize].distance)
            .is_some_and(|motion| history.has_moved(picture, position, motion))
    }
}
