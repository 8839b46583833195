//! Source samples of earlier pictures, and how those of the current picture relate to them.

use super::changed_area::mark_changed_parts;
use super::differences::FindDifferences;
use crate::buffer_pool::BufferPool;
use crate::grid::{MacroblockGrid, MacroblockPosition, SourceChange, TILE};
use crate::prediction::reference::{ContentId, PaddedSamples, PaddedSize};
use crate::prediction::vectors::Vector;
use crate::samples::MacroblockSamples;
use crate::simd::{BlockSize, Instructions, copy_wide, equal_rows};
use strikeline_picture::{FrameChange, Picture, PictureSize, Plane, UnchangedSamples};

/// A motion by whole samples, in luma and in chroma: the samples at (x, y) were at (x + `x`, y + `y`) in an earlier
/// picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WholeMotion {
    /// How many pictures before the current one.
    distance: u32,
    x: isize,
    y: isize,
}

impl WholeMotion {
    /// Since the previous picture, by an even number of samples each way.
    pub(crate) fn by(x: i32, y: i32) -> WholeMotion {
        WholeMotion { distance: 1, x: x as isize, y: y as isize }
    }

    /// `None` when the vector is zero, or not whole in luma and chroma.
    pub(crate) fn of(vector: Vector, distance: u32) -> Option<WholeMotion> {
        (vector.is_whole() && vector != Vector::ZERO).then(|| WholeMotion {
            distance,
            x: isize::from(vector.x / 4),
            y: isize::from(vector.y / 4),
        })
    }
}

/// Source samples of one earlier picture, without padding.
#[derive(Debug)]
struct SourceCopy {
    luma: PaddedSamples,
    chroma: PaddedSamples,
    /// Per macroblock, in raster order.
    content_ids: Vec<ContentId>,
}

/// Source samples of earlier pictures. Those of the oldest are replaced in place by the current ones, a few rows after
/// these were encoded.
#[derive(Debug)]
pub(crate) struct SourceHistory {
    size: PictureSize,
    width: usize,
    height: usize,
    grid: MacroblockGrid,
    /// Picture `n` is at `n % length`.
    copies: Vec<SourceCopy>,
    /// Of each macroblock of the current picture.
    content_ids: Vec<ContentId>,
    frame: usize,
    /// Rows of macroblocks of the oldest picture that are replaced already.
    replaced: usize,
    /// For [`FindDifferences`]: one byte per column.
    differences: Vec<u8>,
}

/// A part of a picture in luma samples, within the picture. Begins where a macroblock does.
#[derive(Debug, Clone, Copy)]
struct SourceArea {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

/// What [`SourceHistory::find_changes`] compares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChangeSearch<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) change: &'a FrameChange,
    /// The scroll, where it is a whole number of samples.
    pub(crate) motion: Option<WholeMotion>,
    /// Becomes the id of what is not unchanged.
    pub(crate) content: ContentId,
    pub(crate) instructions: Instructions,
}

/// An area of the current picture that is compared with an earlier picture, moved.
#[derive(Debug, Clone, Copy)]
struct Comparison<'a> {
    picture: &'a Picture<'a>,
    area: SourceArea,
    motion: WholeMotion,
    instructions: Instructions,
}

impl SourceHistory {
    /// For `length` earlier pictures.
    pub(crate) fn new(
        size: PictureSize,
        grid: MacroblockGrid,
        length: usize,
        buffers: &BufferPool,
    ) -> SourceHistory {
        let (width, height) = (size.width() as usize, size.height() as usize);
        let luma = PaddedSize { width, height, pad_x: 0, pad_y: 0 };
        let chroma = PaddedSize { height: height / 2, ..luma };
        let copy = || SourceCopy {
            luma: PaddedSamples::new(luma, buffers),
            chroma: PaddedSamples::new(chroma, buffers),
            content_ids: vec![0; grid.len()],
        };
        SourceHistory {
            size,
            width,
            height,
            grid,
            copies: (0..length).map(|_| copy()).collect(),
            content_ids: vec![0; grid.len()],
            frame: 0,
            replaced: 0,
            differences: vec![0; width],
        }
    }

    /// Before the first macroblock of picture `frame`.
    pub(crate) fn begin_picture(&mut self, frame: u32) {
        self.frame = frame as usize;
        self.replaced = 0;
    }

    fn slot(&self, distance: u32) -> usize {
        (self.frame + self.copies.len() - distance as usize) % self.copies.len()
    }

    /// Columns `first..end` of a row of macroblocks, as far as they lie within the picture.
    fn area(&self, first: usize, end: usize, row: usize) -> SourceArea {
        SourceArea {
            left: first * 16,
            right: (end * 16).min(self.width),
            top: row * 16,
            bottom: (row * 16 + 16).min(self.height),
        }
    }

    /// Finds for each macroblock of a row how its source relates to earlier pictures.
    pub(crate) fn find_changes(
        &mut self,
        search: ChangeSearch<'_>,
        row: usize,
        changes: &mut [SourceChange],
    ) {
        let ChangeSearch { picture, change, motion, content, instructions } = search;
        let content_ids = row * self.grid.columns..(row + 1) * self.grid.columns;
        if self.frame == 0 {
            changes.fill(SourceChange::New);
            self.content_ids[content_ids].fill(content);
            return;
        }
        let checked = cfg!(debug_assertions)
            && (change.changed.parts().is_none() || change.unchanged_samples == UnchangedSamples::Present);
        let touched = match change.changed.parts() {
            Some(parts) if checked => {
                mark_changed_parts(parts, row, changes);
                0..changes.len()
            }
            Some(parts) => mark_changed_parts(parts, row, changes),
            None => {
                changes.fill(SourceChange::New);
                0..changes.len()
            }
        };
        // Whole rows of samples, because memory is read fastest in order.
        for_runs(
            &mut changes[..touched.end],
            touched.start,
            |change| change == SourceChange::New || checked,
            |first, run| {
                let area = self.area(first, first + run.len(), row);
                let compare = Comparison { picture, area, motion: WholeMotion::by(0, 0), instructions };
                self.compare(compare, |index, differs| {
                    debug_assert!(
                        !differs || run[index] == SourceChange::New,
                        "the picture has changed outside of the parts given"
                    );
                    run[index] = if differs { SourceChange::New } else { SourceChange::Unchanged };
                });
            },
        );
        let content_ids = &mut self.content_ids[content_ids];
        for_runs(
            &mut changes[..touched.end],
            touched.start,
            |change| change != SourceChange::Unchanged,
            |first, run| content_ids[first..first + run.len()].fill(content),
        );
        let Some(motion) = motion else { return };
        for_runs(
            &mut changes[..touched.end],
            touched.start,
            |change| change == SourceChange::New,
            |first, run| {
                // Samples beyond the edges of the picture are not in the source.
                let inside = |column: &usize| self.is_known(self.area(*column, column + 1, row), motion);
                let Some(start) = (first..first + run.len()).find(inside) else { return };
                let count = (start..first + run.len()).take_while(inside).count();
                let area = self.area(start, start + count, row);
                let run = &mut run[start - first..][..count];
                let compare = Comparison { picture, area, motion, instructions };
                self.compare(compare, |index, differs| {
                    if !differs {
                        run[index] = SourceChange::Moved;
                    }
                });
            },
        );
    }

    /// The source of the previous picture. It is to be used in place of the current one where that has not changed, as
    /// the current one may be undefined outside of the changed rectangles.
    pub(crate) fn previous(&self) -> Picture<'_> {
        let copy = &self.copies[self.slot(1)];
        Picture { size: self.size, luma: copy.luma.as_plane(), chroma: copy.chroma.as_plane() }
    }

    /// The source of a macroblock that is that of an earlier picture, moved; `None` where it reaches beyond the picture.
    pub(crate) fn moved_source(
        &self,
        position: MacroblockPosition,
        motion: WholeMotion,
    ) -> Option<MacroblockSamples<'_>> {
        let (x, y) = (position.x(), position.y());
        if x + 16 > self.width || y + 16 > self.height {
            return None;
        }
        let copy = &self.copies[self.slot(motion.distance)];
        let (x, y) = (x as isize + motion.x, y as isize + motion.y);
        Some(MacroblockSamples { luma: copy.luma.plane_at(x, y), chroma: copy.chroma.plane_at(x, y / 2) })
    }

    /// Whether the source of a macroblock is that of an earlier picture, moved.
    pub(crate) fn has_moved(
        &self,
        picture: &Picture<'_>,
        position: MacroblockPosition,
        motion: WholeMotion,
    ) -> bool {
        let area = self.area(position.column, position.column + 1, position.row);
        if !self.is_known(area, motion) {
            return false;
        }
        let copy = &self.copies[self.slot(motion.distance)];
        let bytes = area.right - area.left;
        let same = |plane: Plane<'_>, earlier: &PaddedSamples, top: usize, rows: usize, y: isize| {
            let from = earlier.plane_at(area.left as isize + motion.x, top as isize + y);
            equal_rows(from_position(plane, area.left, top), from, BlockSize { bytes, rows })
        };
        let rows = area.bottom - area.top;
        same(picture.luma, &copy.luma, area.top, rows, motion.y)
            && same(picture.chroma, &copy.chroma, area.top / 2, rows / 2, motion.y / 2)
    }

    /// Whether the area that `area` has moved from lies within the samples that are kept.
    fn is_known(&self, area: SourceArea, motion: WholeMotion) -> bool {
        let first = if motion.distance as usize == self.copies.len() { self.replaced * 16 } else { 0 };
        let within = |start: usize, end: usize, delta: isize, first: usize, last: usize| {
            start as isize + delta >= first as isize && end as isize + delta <= last as isize
        };
        within(area.left, area.right, motion.x, 0, self.width)
            && within(area.top, area.bottom, motion.y, first, self.height)
    }

    /// Compares an area with one of an earlier picture. Reports for each of its macroblocks whether anything differs.
    fn compare(&mut self, comparison: Comparison<'_>, mut report: impl FnMut(usize, bool)) {
        let Comparison { picture, area, motion: WholeMotion { distance, x, y }, instructions } = comparison;
        let slot = self.slot(distance);
        let bytes = area.right - area.left;
        let differences = &mut self.differences[..bytes];
        differences.fill(0);
        let copy = &self.copies[slot];
        for (plane, earlier, top, bottom, y) in [
            (picture.luma, &copy.luma, area.top, area.bottom, y),
            (picture.chroma, &copy.chroma, area.top / 2, area.bottom / 2, y / 2),
        ] {
            instructions.run(FindDifferences {
                samples: from_position(plane, area.left, top),
                earlier: earlier.plane_at(area.left as isize + x, top as isize + y),
                rows: bottom - top,
                differences,
            });
        }
        for (index, block) in differences.chunks(16).enumerate() {
            let differs = match block.as_array::<16>() {
                Some(block) => u128::from_ne_bytes(*block) != 0,
                None => block.iter().any(|&difference| difference != 0),
            };
            report(index, differs);
        }
    }

    /// Replaces the oldest picture's samples of a row of macroblocks by the current ones, where they differ.
    /// `unchanged`: per tile, whether it has not changed for longer than pictures are kept.
    pub(crate) fn keep(&mut self, picture: &Picture<'_>, row: usize, unchanged: &[bool]) {
        let start = row * self.grid.columns;
        let (slot, previous) = (self.slot(0), self.slot(1));
        self.replaced = row + 1;
        let mut column = 0;
        while column < self.grid.columns {
            if unchanged[column / TILE] {
                column = (column / TILE + 1) * TILE;
                continue;
            }
            let end = (column / TILE * TILE + TILE).min(self.grid.columns);
            let differs = |column: &usize| {
                self.copies[slot].content_ids[start + *column] != self.content_ids[start + *column]
            };
            let Some(first) = (column..end).find(differs) else {
                column = end;
                continue;
            };
            column = first;
            let origin = |column: usize| {
                let content = *self.content_ids.get(start..)?.get(..self.grid.columns)?.get(column)?;
                if self.copies[slot].content_ids[start + column] == content {
                    None
                } else if self.copies[previous].content_ids[start + column] == content {
                    Some(Origin::Previous)
                } else {
                    Some(Origin::Picture)
                }
            };
            let first = column;
            let Some(from) = origin(column) else {
                column += 1;
                continue;
            };
            while origin(column) == Some(from) {
                column += 1;
            }
            let area = self.area(first, column, row);
            self.copies[slot].content_ids[start + first..start + column]
                .copy_from_slice(&self.content_ids[start + first..start + column]);
            match from {
                Origin::Picture => self.copies[slot].take(picture.luma, picture.chroma, area),
                Origin::Previous => {
                    // The two differ, or the content_ids would not.
                    if let Ok([copy, previous]) = self.copies.get_disjoint_mut([slot, previous]) {
                        copy.take(previous.luma.as_plane(), previous.chroma.as_plane(), area);
                    }
                }
            }
        }
    }
}

/// Where the source of a macroblock is copied from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The current picture.
    Picture,
    /// The copy of the previous picture.
    Previous,
}

impl SourceCopy {
    /// Copies an area of a picture.
    fn take(
        &mut self,
        luma: Plane<'_>,
        chroma: Plane<'_>,
        SourceArea { left, right, top, bottom }: SourceArea,
    ) {
        let bytes = right - left;
        for (plane, copy, top, bottom) in
            [(luma, &mut self.luma, top, bottom), (chroma, &mut self.chroma, top / 2, bottom / 2)]
        {
            let from = from_position(plane, left, top);
            let rows = bottom - top;
            let to = copy.plane_at_mut(left as isize, top as isize);
            let wide = bytes & !15;
            copy_wide(from, to, BlockSize { bytes: wide, rows });
            // The last macroblock may reach beyond the picture.
            if wide < bytes {
                let to = copy.plane_at_mut(left as isize, top as isize);
                for row in 0..rows {
                    to.data[row * to.stride..][wide..bytes].copy_from_slice(&from.row(row, bytes)[wide..]);
                }
            }
        }
    }
}

/// A plane from byte `x` of row `y` on.
#[inline(always)]
fn from_position(plane: Plane<'_>, x: usize, y: usize) -> Plane<'_> {
    Plane { data: &plane.data[y * plane.stride + x..], ..plane }
}

/// Calls `body` with each run of changes from `first` on for which `belongs` holds, and the index of its first.
fn for_runs(
    changes: &mut [SourceChange],
    mut first: usize,
    belongs: impl Fn(SourceChange) -> bool,
    mut body: impl FnMut(usize, &mut [SourceChange]),
) {
    while let Some(skipped) = changes[first..].iter().position(|&change| belongs(change)) {
        first += skipped;
        let length = changes[first..].iter().take_while(|&&change| belongs(change)).count();
        body(first, &mut changes[first..first + length]);
        first += length;
    }
}
