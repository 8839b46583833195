//! Macroblocks of P slices whose source has not changed.

use super::context::SliceContext;
use crate::grid::MacroblockPosition;
use crate::prediction::reference::{PaddedSamples, Reconstruction};
use crate::prediction::vectors::{PartitionMotion, Vector};
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::{BlockSize, equal_rows};
use crate::source::block::source_block;
use crate::source::history::SourceHistory;

/// A macroblock whose source is that of the previous picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnchangedMacroblock<'a> {
    context: &'a SliceContext<'a>,
    history: &'a SourceHistory,
    position: MacroblockPosition,
}

impl<'a> UnchangedMacroblock<'a> {
    pub(crate) fn new(
        context: &'a SliceContext<'a>,
        history: &'a SourceHistory,
        position: MacroblockPosition,
    ) -> UnchangedMacroblock<'a> {
        UnchangedMacroblock { context, history, position }
    }

    /// Its source.
    pub(crate) fn source(&self, padded: &'a mut MacroblockBuffer) -> MacroblockSamples<'a> {
        source_block(&self.history.current(), self.position, padded)
    }

    /// Whether the first reference picture also holds these samples where a whole-sample vector points, with no larger
    /// error than at this position.
    pub(crate) fn is_better_at(&self, vector: Vector) -> bool {
        let motion = PartitionMotion::new(0, vector);
        if !self.context.is_exact(self.history, self.position, motion) {
            return false;
        }
        let mut padded = MacroblockBuffer::EMPTY;
        let source = source_block(&self.history.current(), self.position, &mut padded);
        self.error_at(source, vector) <= self.error_at(source, Vector::ZERO)
    }

    /// Whether the first reference picture holds the same samples where a whole-sample vector points as at this
    /// position.
    pub(crate) fn is_equal_at(&self, vector: Vector) -> bool {
        let Reconstruction { luma, chroma, .. } = self.context.references[0].picture;
        let (x, y) = (self.position.x() as isize, self.position.y() as isize);
        let (from_x, from_y) = (x + isize::from(vector.x / 4), y + isize::from(vector.y / 4));
        let same = |samples: &PaddedSamples, y: isize, from_y: isize, rows: usize| {
            equal_rows(
                samples.plane_at(x, y),
                samples.plane_at(from_x, from_y),
                BlockSize { bytes: 16, rows },
            )
        };
        same(luma, y, from_y, 16) && same(chroma, y / 2, from_y / 2, 8)
    }

    /// Whether the error of the first reference picture is so small that coding the macroblock once more would hardly
    /// reduce it.
    pub(crate) fn is_close(&self, source: MacroblockSamples<'_>) -> bool {
        let qp = self.context.qp;
        let limit = if qp < 12 { 0 } else { 2 * u32::from(qp) };
        self.error_at(source, Vector::ZERO) <= limit
    }

    /// Sum of absolute differences to the first reference picture at a whole-sample vector.
    fn error_at(&self, source: MacroblockSamples<'_>, vector: Vector) -> u32 {
        source.difference(self.context.references[0].picture.samples_at(self.position, vector))
    }
}
