//! Source samples of earlier pictures, and how those of the current picture relate to them.

use super::changed_area::{is_in_changed_parts, mark_changed_parts};
use super::copies::{SourceArea, SourceCopy, Told, given_planes};
use super::differences::{Comparison, for_runs};
use crate::buffer_pool::BufferPool;
use crate::grid::{MacroblockGrid, MacroblockPosition, SourceChange};
use crate::prediction::reference::ContentId;
use crate::prediction::vectors::Vector;
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::{BlockSize, Instructions, equal_rows};
use strikeline_picture::{FrameChange, Picture, PictureSize, Plane, Rectangle, UnchangedSamples};

/// A motion by whole samples, in luma and in chroma: the samples at (x, y) were at (x + `x`, y + `y`) in an earlier
/// picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WholeMotion {
    /// How many pictures before the current one.
    distance: u32,
    pub(super) x: isize,
    pub(super) y: isize,
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

/// Source samples of the current picture and of earlier ones. Those of the current picture are complete as far as its rows
/// were taken ([`SourceHistory::take_row`]), also where the picture that was given is undefined.
#[derive(Debug)]
pub(crate) struct SourceHistory {
    size: PictureSize,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) grid: MacroblockGrid,
    /// Picture `n` is at `n % length`; one more than there are earlier pictures.
    pub(super) copies: Vec<SourceCopy>,
    frame: usize,
    /// Per macroblock of a row: whether it was told to have moved.
    pub(super) told: Vec<Told>,
    /// For [`Comparison`]: one byte per column.
    differences: Vec<u8>,
}

/// A picture to be encoded, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenPicture<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) change: &'a FrameChange,
}

impl<'a> GivenPicture<'a> {
    /// The parts whose samples are those of the previous picture elsewhere, and their motion.
    pub(super) fn moved(&self) -> Option<(&'a [Rectangle], WholeMotion)> {
        let moved = &self.change.moved;
        let is_told = self.change.changed.parts().is_some() && !moved.is_empty();
        let [x, y] = moved.by.map(|by| by.checked_neg());
        let motion = WholeMotion::by(x?, y?);
        (is_told && moved.is_possible(self.picture.size)).then_some((&moved.parts, motion))
    }

    /// Whether the macroblock at `position` may differ from that of the previous picture.
    pub(crate) fn may_differ(&self, position: MacroblockPosition) -> bool {
        let lies_in = |parts: &[Rectangle]| is_in_changed_parts(parts, position.column(), position.row());
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

impl SourceHistory {
    /// For `length` earlier pictures.
    pub(crate) fn new(
        size: PictureSize,
        grid: MacroblockGrid,
        length: usize,
        buffers: &BufferPool,
    ) -> SourceHistory {
        let (width, height) = (size.width() as usize, size.height() as usize);
        SourceHistory {
            size,
            width,
            height,
            grid,
            copies: (0..=length).map(|_| SourceCopy::new(size, grid, buffers)).collect(),
            frame: 0,
            told: vec![Told::No; grid.columns],
            differences: vec![0; width],
        }
    }

    /// Before the first macroblock of picture `frame`.
    pub(crate) fn begin_picture(&mut self, frame: u32) {
        self.frame = frame as usize;
    }

    pub(super) fn slot(&self, distance: u32) -> usize {
        (self.frame + self.copies.len() - distance as usize) % self.copies.len()
    }

    /// Columns `first..end` of a row of macroblocks, as far as they lie within the picture.
    pub(super) fn area(&self, first: usize, end: usize, row: usize) -> SourceArea {
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

    /// The current picture, as far as its rows were taken.
    pub(crate) fn current(&self) -> Picture<'_> {
        self.copies[self.slot(0)].picture(self.size)
    }

    /// The picture before the current one.
    pub(crate) fn previous(&self) -> Picture<'_> {
        self.previous_copy().picture(self.size)
    }

    /// The same, as it is kept.
    pub(super) fn previous_copy(&self) -> &SourceCopy {
        &self.copies[self.slot(1)]
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
        let area = self.area(position.column(), position.column() + 1, position.row());
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
        let area = self.area(position.column(), position.column() + 1, position.row());
        let changed = given.change.changed.parts();
        let told = given.moved().filter(|_| {
            !changed.is_some_and(|parts| is_in_changed_parts(parts, position.column(), position.row()))
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
