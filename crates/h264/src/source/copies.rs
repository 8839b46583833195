//! Copies of source pictures, and how the current one is completed where only parts of it were given.

use super::history::{GivenPicture, SourceHistory, WholeMotion};
use crate::buffer_pool::BufferPool;
use crate::grid::{MacroblockGrid, SourceChange, TILE};
use crate::prediction::reference::{ContentId, PaddedSamples, PaddedSize};
use crate::simd::{BlockSize, copy_wide};
use std::ops::Range;
use strikeline_picture::{Picture, PictureSize, Plane, Rectangle};

/// Source samples of one earlier picture, without padding.
#[derive(Debug)]
pub(super) struct SourceCopy {
    pub(super) luma: PaddedSamples,
    pub(super) chroma: PaddedSamples,
    /// Per macroblock, in raster order.
    pub(super) content_ids: Vec<ContentId>,
}

/// Whether a macroblock was told to have moved, so that it is known without the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It was not: it is in the picture, or has not changed.
    No,
    /// All of it has moved.
    Moved,
    /// Some of it has moved, the rest has not changed.
    PartlyMoved,
}

/// A part of a picture in luma samples, within the picture; with even sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceArea {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) top: usize,
    pub(super) bottom: usize,
}

/// Macroblocks side by side in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct MacroblockColumns {
    pub(super) first: usize,
    pub(super) end: usize,
}

impl SourceArea {
    /// All of a picture.
    pub(super) fn of_picture(size: PictureSize) -> SourceArea {
        SourceArea { left: 0, right: size.width() as usize, top: 0, bottom: size.height() as usize }
    }

    /// A macroblock, as far as it lies within the picture.
    pub(super) fn of_macroblock(size: PictureSize, column: usize, row: usize) -> SourceArea {
        let SourceArea { right, bottom, .. } = SourceArea::of_picture(size);
        let (left, top) = (column * 16, row * 16);
        SourceArea { left, right: right.min(left + 16), top, bottom: bottom.min(top + 16) }
    }

    /// What it has in common with `part`.
    pub(super) fn common(self, part: &Rectangle) -> Option<SourceArea> {
        let common = SourceArea {
            left: self.left.max(part.left as usize),
            right: self.right.min(part.right as usize),
            top: self.top.max(part.top as usize),
            bottom: self.bottom.min(part.bottom as usize),
        };
        (common.left < common.right && common.top < common.bottom).then_some(common)
    }

    /// Whether all of `other` lies in it.
    fn covers(self, other: SourceArea) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }
}

impl SourceHistory {
    /// Takes the macroblocks of a row that were told to have moved, and marks them as new. Returns the columns of all that are
    /// new; `touched` has those that were new before.
    pub(super) fn take_told(
        &mut self,
        given: GivenPicture<'_>,
        row: usize,
        touched: Range<usize>,
        changes: &mut [SourceChange],
    ) -> Range<usize> {
        self.told.fill(Told::No);
        let Some((parts, motion)) = given.moved() else { return touched };
        let row_area = self.area(0, self.grid.columns, row);
        let in_row = parts.iter().filter_map(|part| row_area.common(part));
        let mut all = touched;
        for part in in_row.clone() {
            let columns = part.left / 16..part.right.div_ceil(16).min(self.grid.columns);
            all = match all.is_empty() {
                true => columns.clone(),
                false => all.start.min(columns.start)..all.end.max(columns.end),
            };
            for column in columns {
                let area = self.area(column, column + 1, row);
                if self.told[column] == Told::No && changes[column] == SourceChange::New {
                    // It is in the picture.
                    continue;
                }
                changes[column] = SourceChange::New;
                if part.covers(area) {
                    self.told[column] = Told::Moved;
                } else if self.told[column] == Told::No {
                    self.told[column] = Told::PartlyMoved;
                }
            }
        }
        let columns = self.grid.columns;
        let whole_areas: Vec<SourceArea> = (0..columns)
            .filter(|&column| self.told[column] == Told::PartlyMoved)
            .map(|column| self.area(column, column + 1, row))
            .collect();
        let (current, previous) = (self.slot(0), self.slot(1));
        let Ok([current, previous]) = self.copies.get_disjoint_mut([current, previous]) else { return all };
        for area in whole_areas {
            current.take(previous.planes(area, WholeMotion::by(0, 0)), area);
        }
        for part in in_row {
            // Other macroblocks of it are in the picture.
            let mut column = part.left / 16;
            while column * 16 < part.right {
                let first = column;
                while column * 16 < part.right && self.told[column] != Told::No {
                    column += 1;
                }
                let (left, right) = (part.left.max(first * 16), part.right.min(column * 16));
                if left < right {
                    let area = SourceArea { left, right, ..part };
                    current.take(previous.planes(area, motion), area);
                }
                column += usize::from(column == first);
            }
        }
        all
    }

    /// The macroblocks `first..end` of a row, cut where those that are known in another way begin or end.
    pub(super) fn equally_known(&self, first: usize, end: usize) -> impl Iterator<Item = MacroblockColumns> {
        let told = &self.told;
        let mut next = first;
        std::iter::from_fn(move || {
            let first = next;
            let is_told = *told[..end].get(first)?;
            next += told[first..end].iter().take_while(|&&told| told == is_told).count();
            Some(MacroblockColumns { first, end: next })
        })
    }

    /// Copies what of a row of macroblocks the current picture's memory does not hold.
    pub(super) fn take_changes(
        &mut self,
        given: GivenPicture<'_>,
        row: usize,
        changes: &[SourceChange],
        content: ContentId,
    ) {
        let columns = self.grid.columns;
        let start = row * columns;
        let (current, previous) = (self.slot(0), self.slot(1));
        let [current, previous] = match self.copies.get_disjoint_mut([current, previous]) {
            Ok(copies) => copies,
            // There are always two.
            Err(_) => return,
        };
        let (size, grid) = ((self.width, self.height), self.grid);
        let origin = |current: &SourceCopy, column: usize| match changes[column] {
            SourceChange::Unchanged => {
                let index = start + column;
                // What was told to have moved was taken already, but is not another content.
                (current.content_ids[index] != previous.content_ids[index]).then_some(Origin::Previous)
            }
            _ if self.told[column] != Told::No => Some(Origin::Current),
            _ => Some(Origin::Picture),
        };
        let mut column = 0;
        while column < columns {
            let tile = column..(column + TILE).min(columns);
            let is_unchanged = changes[tile.clone()].iter().all(|&change| change == SourceChange::Unchanged);
            let ids = start + tile.start..start + tile.end;
            if is_unchanged && current.content_ids[ids.clone()] == previous.content_ids[ids] {
                column = tile.end;
                continue;
            }
            while column < tile.end {
                let first = column;
                let from = origin(current, column);
                while column < tile.end && origin(current, column) == from {
                    column += 1;
                }
                let area = SourceArea {
                    left: first * 16,
                    right: (column * 16).min(size.0),
                    top: row * 16,
                    bottom: (row * 16 + 16).min(size.1),
                };
                debug_assert!(column <= grid.columns);
                let ids = start + first..start + column;
                match from {
                    None => {}
                    Some(Origin::Previous) => {
                        current.content_ids[ids.clone()].copy_from_slice(&previous.content_ids[ids]);
                        current.take(previous.planes(area, WholeMotion::by(0, 0)), area);
                    }
                    Some(Origin::Current) => current.content_ids[ids].fill(content),
                    Some(Origin::Picture) => {
                        current.content_ids[ids].fill(content);
                        current.take(given_planes(given.picture, area), area);
                    }
                }
            }
        }
    }
}

/// Where the source of a macroblock is copied from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The picture that was given.
    Picture,
    /// The copy of the previous picture.
    Previous,
    /// Nowhere: it was taken already.
    Current,
}

impl SourceCopy {
    /// With undefined samples.
    pub(super) fn new(size: PictureSize, grid: MacroblockGrid, buffers: &BufferPool) -> SourceCopy {
        let (width, height) = (size.width() as usize, size.height() as usize);
        let luma = PaddedSize { width, height, pad_x: 0, pad_y: 0 };
        let chroma = PaddedSize { height: height / 2, ..luma };
        SourceCopy {
            luma: PaddedSamples::new(luma, buffers),
            chroma: PaddedSamples::new(chroma, buffers),
            content_ids: vec![0; grid.len()],
        }
    }

    pub(super) fn picture(&self, size: PictureSize) -> Picture<'_> {
        Picture::nv12(size, self.luma.as_plane(), self.chroma.as_plane())
    }

    /// Luma and chroma from where an area has moved from.
    pub(super) fn planes(&self, area: SourceArea, motion: WholeMotion) -> [Plane<'_>; 2] {
        let left = area.left as isize + motion.x;
        [
            self.luma.plane_at(left, area.top as isize + motion.y),
            self.chroma.plane_at(left, area.top as isize / 2 + motion.y / 2),
        ]
    }

    /// Copies an area of a picture, whose luma and chroma begin with it.
    pub(super) fn take(&mut self, from: [Plane<'_>; 2], SourceArea { left, right, top, bottom }: SourceArea) {
        let bytes = right - left;
        let [luma, chroma] = from;
        for (from, copy, top, bottom) in
            [(luma, &mut self.luma, top, bottom), (chroma, &mut self.chroma, top / 2, bottom / 2)]
        {
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

/// Luma and chroma of a picture from the first sample of an area on.
pub(super) fn given_planes<'p>(picture: &Picture<'p>, area: SourceArea) -> [Plane<'p>; 2] {
    [from_position(picture.luma, area.left, area.top), from_position(picture.chroma, area.left, area.top / 2)]
}

/// A plane from byte `x` of row `y` on.
#[inline(always)]
fn from_position(plane: Plane<'_>, x: usize, y: usize) -> Plane<'_> {
    Plane { data: &plane.data[y * plane.stride + x..], ..plane }
}
