//! Pictures that wait to be encoded, because a later one is encoded first.

use super::changed_area::is_in_changed_parts;
use super::copies::{SourceArea, SourceCopy, given_planes};
use super::history::{GivenPicture, SourceHistory, WholeMotion};
use crate::buffer_pool::BufferPool;
use crate::grid::MacroblockGrid;
use crate::simd::{BlockSize, equal_rows};
use strikeline_picture::{Picture, PictureSize, UnchangedSamples};

/// Whole copies of pictures, in the order of showing.
#[derive(Debug)]
pub(crate) struct PendingPictures {
    size: PictureSize,
    grid: MacroblockGrid,
    copies: Vec<SourceCopy>,
    /// How many of them wait.
    count: usize,
}

impl PendingPictures {
    /// For at most `most` pictures.
    pub(crate) fn new(
        size: PictureSize,
        grid: MacroblockGrid,
        most: usize,
        buffers: &BufferPool,
    ) -> PendingPictures {
        let copies = (0..most).map(|_| SourceCopy::new(size, grid, buffers)).collect();
        PendingPictures { size, grid, copies, count: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Forgets the first `count` of them.
    pub(crate) fn advance(&mut self, count: usize) {
        self.copies.rotate_left(count);
        self.count -= count;
    }

    /// The one at `place`.
    pub(crate) fn picture(&self, place: usize) -> Picture<'_> {
        self.copies[place].picture(self.size)
    }

    /// For each macroblock, in raster order, whether it is the same in all of them.
    pub(crate) fn lasting(&self) -> Vec<bool> {
        let [first, later @ ..] = &self.copies[..self.count] else { return Vec::new() };
        let here = WholeMotion::by(0, 0);
        let is_lasting = |index: usize| {
            let (column, row) = (index % self.grid.columns, index / self.grid.columns);
            let area = SourceArea::of_macroblock(self.size, column, row);
            let (bytes, rows) = (area.right - area.left, area.bottom - area.top);
            let [luma, chroma] = first.planes(area, here);
            later.iter().rev().all(|later| {
                let other = later.planes(area, here);
                equal_rows(luma, other[0], BlockSize { bytes, rows })
                    && equal_rows(chroma, other[1], BlockSize { bytes, rows: rows / 2 })
            })
        };
        (0..self.grid.len()).map(is_lasting).collect()
    }

    /// Adds a picture; there must be room. In `history`, the first one that waits is the current picture.
    pub(crate) fn push(&mut self, given: GivenPicture<'_>, history: &SourceHistory) {
        let (before, rest) = self.copies.split_at_mut(self.count);
        let Some(copy) = rest.first_mut() else { return };
        self.count += 1;
        let whole = SourceArea::of_picture(self.size);
        let change = given.change;
        let Some(parts) =
            change.changed.parts().filter(|_| change.unchanged_samples == UnchangedSamples::Undefined)
        else {
            copy.take(given_planes(given.picture, whole), whole);
            return;
        };
        let previous = before.last().unwrap_or(history.previous_copy());
        let here = WholeMotion::by(0, 0);
        copy.take(previous.planes(whole, here), whole);
        if let Some((moved, motion)) = given.moved() {
            for area in moved.iter().filter_map(|part| whole.common(part)) {
                copy.take(previous.planes(area, motion), area);
            }
        }
        // What has changed is in the picture, in whole macroblocks.
        for row in 0..self.grid.rows {
            for column in (0..self.grid.columns).filter(|&column| is_in_changed_parts(parts, column, row)) {
                let area = SourceArea::of_macroblock(self.size, column, row);
                copy.take(given_planes(given.picture, area), area);
            }
        }
    }
}
