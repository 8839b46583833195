//! Source samples of earlier pictures, and how those of the current picture relate to them.

use super::changed_area::{is_in_changed_parts, mark_changed_parts};
use super::differences::FindDifferences;
use crate::buffer_pool::BufferPool;
use crate::grid::{MacroblockGrid, MacroblockPosition, SourceChange, TILE};
use crate::prediction::reference::{ContentId, PaddedSamples, PaddedSize};
use crate::prediction::vectors::Vector;
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::{BlockSize, Instructions, copy_wide, equal_rows};
use std::ops::Range;
use strikeline_picture::{FrameChange, Picture, PictureSize, Plane, Rectangle, UnchangedSamples};

/// A motion by whole samples, in luma and in chroma: the samples at (x, y) were at (x + `x`, y + `y`) in an earlier
/// picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Source samples of the current picture and of earlier ones. Those of the current picture are complete as far as its rows
/// were taken ([`SourceHistory::take_row`]), also where the picture that was given is undefined.
#[derive(Debug)]
pub(crate) struct SourceHistory {
    size: PictureSize,
    width: usize,
    height: usize,
    grid: MacroblockGrid,
    /// Picture `n` is at `n % length`; one more than there are earlier pictures.
    copies: Vec<SourceCopy>,
    frame: usize,
    /// Per macroblock of a row: whether it was told to have moved.
    told: Vec<Told>,
    /// For [`FindDifferences`]: one byte per column.
    differences: Vec<u8>,
}

/// Whether a macroblock was told to have moved, so that it is known without the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It was not: it is in the picture, or has not changed.
    No,
    /// All of it has moved.
    Moved,
    /// Some of it has moved, the rest has not changed.
    PartlyMoved,
}

/// A part of a picture in luma samples, within the picture; with even sides.
#[derive(Debug, Clone, Copy)]
struct SourceArea {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

/// A picture to be encoded, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenPicture<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) change: &'a FrameChange,
}

impl<'a> GivenPicture<'a> {
    /// The parts whose samples are those of the previous picture elsewhere, and their motion.
    fn moved(&self) -> Option<(&'a [Rectangle], WholeMotion)> {
        let moved = &self.change.moved;
        let is_told = self.change.changed.parts().is_some() && !moved.is_empty();
        let [x, y] = moved.by.map(|by| by.checked_neg());
        let motion = WholeMotion::by(x?, y?);
        (is_told && moved.is_possible(self.picture.size)).then_some((&moved.parts, motion))
    }

    /// Whether the macroblock at `position` may differ from that of the previous picture.
    pub(crate) fn may_differ(&self, position: MacroblockPosition) -> bool {
        let lies_in = |parts: &[Rectangle]| is_in_changed_parts(parts, position.column, position.row);
        self.change.changed.parts().is_none_or(lies_in)
            || self.moved().is_some_and(|(parts, _)| lies_in(parts))
    }
}

/// What [`SourceHistory::take_row`] compares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChangeSearch<'a> {
    pub(crate) given: GivenPicture<'a>,
    /// The scroll, where it is a whole number of samples.
    pub(crate) motion: Option<WholeMotion>,
    /// Becomes the id of what is not unchanged.
    pub(crate) content: ContentId,
    pub(crate) instructions: Instructions,
}

/// Two areas of the same size that are compared.
#[derive(Debug, Clone, Copy)]
struct Comparison<'a> {
    area: SourceArea,
    /// Luma and chroma from the first sample of the area on.
    samples: [Plane<'a>; 2],
    earlier: [Plane<'a>; 2],
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
            copies: (0..=length).map(|_| copy()).collect(),
            frame: 0,
            told: vec![Told::No; grid.columns],
            differences: vec![0; width],
        }
    }

    /// Before the first macroblock of picture `frame`.
    pub(crate) fn begin_picture(&mut self, frame: u32) {
        self.frame = frame as usize;
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

    /// Takes the samples of a row of macroblocks of the current picture, and finds for each macroblock how it relates to earlier
    /// pictures.
    pub(crate) fn take_row(&mut self, search: ChangeSearch<'_>, row: usize, changes: &mut [SourceChange]) {
        let ChangeSearch { given, motion, content, instructions } = search;
        let ids = row * self.grid.columns..(row + 1) * self.grid.columns;
        let current = self.slot(0);
        if self.frame == 0 {
            changes.fill(SourceChange::New);
            self.copies[current].content_ids[ids].fill(content);
            let area = self.area(0, self.grid.columns, row);
            self.copies[current].take(given_planes(given.picture, area), area);
            return;
        }
        let change = given.change;
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
        let touched = self.take_told(given, row, touched, changes);
        // Whole rows of samples, because memory is read fastest in order.
        let (current, previous) = (self.slot(0), self.slot(1));
        let mut differences = std::mem::take(&mut self.differences);
        for_runs(
            &mut changes[..touched.end],
            touched.start,
            |change| change == SourceChange::New || checked,
            |first, run| {
                for part in self.equally_known(first, first + run.len()) {
                    let area = self.area(part.first, part.end, row);
                    let here = WholeMotion::by(0, 0);
                    let comparison = Comparison {
                        area,
                        samples: match self.told[part.first] {
                            Told::No => given_planes(given.picture, area),
                            Told::Moved | Told::PartlyMoved => self.copies[current].planes(area, here),
                        },
                        earlier: self.copies[previous].planes(area, here),
                        instructions,
                    };
                    let run = &mut run[part.first - first..part.end - first];
                    comparison.run(&mut differences, |index, differs| {
                        debug_assert!(
                            !differs || run[index] == SourceChange::New,
                            "the picture has changed outside of the parts given"
                        );
                        run[index] = if differs { SourceChange::New } else { SourceChange::Unchanged };
                    });
                }
            },
        );
        self.take_changes(given, row, changes, content);
        if let Some(motion) = motion {
            let is_told = given.moved().is_some_and(|(_, told)| told == motion);
            for_runs(
                &mut changes[..touched.end],
                touched.start,
                |change| change == SourceChange::New,
                |first, run| {
                    // Samples beyond the edges of the picture are not in the source.
                    let inside = |column: &usize| self.is_known(self.area(*column, column + 1, row), motion);
                    let Some(start) = (first..first + run.len()).find(inside) else { return };
                    let end = start + (start..first + run.len()).take_while(inside).count();
                    for part in self.equally_known(start, end) {
                        let run = &mut run[part.first - first..part.end - first];
                        if is_told && self.told[part.first] == Told::Moved {
                            run.fill(SourceChange::Moved);
                            continue;
                        }
                        let area = self.area(part.first, part.end, row);
                        let comparison = Comparison {
                            area,
                            samples: self.copies[current].planes(area, WholeMotion::by(0, 0)),
                            earlier: self.copies[self.slot(motion.distance)].planes(area, motion),
                            instructions,
                        };
                        comparison.run(&mut differences, |index, differs| {
                            if !differs {
                                run[index] = SourceChange::Moved;
                            }
                        });
                    }
                },
            );
        }
        self.differences = differences;
    }

    /// Takes the macroblocks of a row that were told to have moved, and marks them as new. Returns the columns of all that are
    /// new; `touched` has those that were new before.
    fn take_told(
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
    fn equally_known(&self, first: usize, end: usize) -> impl Iterator<Item = MacroblockColumns> {
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
    fn take_changes(
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

    /// The current picture, as far as its rows were taken.
    pub(crate) fn current(&self) -> Picture<'_> {
        let copy = &self.copies[self.slot(0)];
        Picture::nv12(self.size, copy.luma.as_plane(), copy.chroma.as_plane())
    }

    /// The samples of a macroblock of the current picture; `None` where it reaches beyond the picture.
    pub(crate) fn source_within(&self, position: MacroblockPosition) -> Option<MacroblockSamples<'_>> {
        let (x, y) = (position.x(), position.y());
        if x + 16 > self.width || y + 16 > self.height {
            return None;
        }
        let copy = &self.copies[self.slot(0)];
        let (x, y) = (x as isize, y as isize);
        Some(MacroblockSamples { luma: copy.luma.plane_at(x, y), chroma: copy.chroma.plane_at(x, y / 2) })
    }

    /// Whether the source of a macroblock of the current picture, which was taken, is that of an earlier picture, moved.
    pub(crate) fn has_moved(&self, position: MacroblockPosition, motion: WholeMotion) -> bool {
        let area = self.area(position.column, position.column + 1, position.row);
        let samples = self.copies[self.slot(0)].planes(area, WholeMotion::by(0, 0));
        self.equals_earlier(samples, area, motion)
    }

    /// The same of a picture that was not taken yet.
    pub(crate) fn given_has_moved(
        &self,
        given: GivenPicture<'_>,
        position: MacroblockPosition,
        motion: WholeMotion,
    ) -> bool {
        let area = self.area(position.column, position.column + 1, position.row);
        let changed = given.change.changed.parts();
        let told = given.moved().filter(|_| {
            !changed.is_some_and(|parts| is_in_changed_parts(parts, position.column, position.row))
        });
        let Some((parts, told_motion)) = told else {
            return self.equals_earlier(given_planes(given.picture, area), area, motion);
        };
        let mut block = MacroblockBuffer::EMPTY;
        let previous = &self.copies[self.slot(1)];
        let common: Vec<SourceArea> = parts.iter().filter_map(|part| area.common(part)).collect();
        let whole = std::iter::once((area, WholeMotion::by(0, 0)));
        for (part, motion) in whole.chain(common.into_iter().map(|part| (part, told_motion))) {
            let [luma, chroma] = previous.planes(part, motion);
            let (x, y, bytes) = (part.left - area.left, part.top - area.top, part.right - part.left);
            for row in 0..part.bottom - part.top {
                block.luma[(y + row) * 16 + x..][..bytes].copy_from_slice(luma.row(row, bytes));
            }
            for row in 0..(part.bottom - part.top) / 2 {
                block.chroma[(y / 2 + row) * 16 + x..][..bytes].copy_from_slice(chroma.row(row, bytes));
            }
        }
        let samples = block.samples();
        self.equals_earlier([samples.luma, samples.chroma], area, motion)
    }

    fn equals_earlier(&self, samples: [Plane<'_>; 2], area: SourceArea, motion: WholeMotion) -> bool {
        if !self.is_known(area, motion) {
            return false;
        }
        let earlier = self.copies[self.slot(motion.distance)].planes(area, motion);
        let bytes = area.right - area.left;
        let rows = area.bottom - area.top;
        equal_rows(samples[0], earlier[0], BlockSize { bytes, rows })
            && equal_rows(samples[1], earlier[1], BlockSize { bytes, rows: rows / 2 })
    }

    /// Whether the area that `area` has moved from lies within the picture.
    fn is_known(&self, area: SourceArea, motion: WholeMotion) -> bool {
        let within = |start: usize, end: usize, delta: isize, last: usize| {
            start as isize + delta >= 0 && end as isize + delta <= last as isize
        };
        within(area.left, area.right, motion.x, self.width)
            && within(area.top, area.bottom, motion.y, self.height)
    }
}

/// Macroblocks side by side in a row.
#[derive(Debug, Clone, Copy)]
struct MacroblockColumns {
    first: usize,
    end: usize,
}

impl SourceArea {
    /// What it has in common with `part`.
    fn common(self, part: &Rectangle) -> Option<SourceArea> {
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

impl Comparison<'_> {
    /// Compares. Reports for each macroblock of the area whether anything differs. `differences` has a byte per column of
    /// the picture.
    fn run(self, differences: &mut [u8], mut report: impl FnMut(usize, bool)) {
        let Comparison { area, samples, earlier, instructions } = self;
        let differences = &mut differences[..area.right - area.left];
        differences.fill(0);
        let rows = area.bottom - area.top;
        for ((samples, earlier), rows) in samples.into_iter().zip(earlier).zip([rows, rows / 2]) {
            instructions.run(FindDifferences { samples, earlier, rows, differences });
        }
        for (index, block) in differences.chunks(16).enumerate() {
            let differs = match block.as_array::<16>() {
                Some(block) => u128::from_ne_bytes(*block) != 0,
                None => block.iter().any(|&difference| difference != 0),
            };
            report(index, differs);
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
    /// Luma and chroma from where an area has moved from.
    fn planes(&self, area: SourceArea, motion: WholeMotion) -> [Plane<'_>; 2] {
        let left = area.left as isize + motion.x;
        [
            self.luma.plane_at(left, area.top as isize + motion.y),
            self.chroma.plane_at(left, area.top as isize / 2 + motion.y / 2),
        ]
    }

    /// Copies an area of a picture, whose luma and chroma begin with it.
    fn take(&mut self, from: [Plane<'_>; 2], SourceArea { left, right, top, bottom }: SourceArea) {
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
fn given_planes<'p>(picture: &Picture<'p>, area: SourceArea) -> [Plane<'p>; 2] {
    [from_position(picture.luma, area.left, area.top), from_position(picture.chroma, area.left, area.top / 2)]
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
