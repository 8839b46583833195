//! What has changed in the source since earlier pictures, and what of that has only moved.

use crate::bits::parameter_sets::MacroblockGrid;
use crate::buffer_pool::BufferPool;
use crate::decision::ages::TILE;
use crate::prediction::neighbours::Vector;
use crate::prediction::reference::{Samples, Stamp};
use crate::simd::{Instructions, copy_wide, equal_rows};
use crate::source::changed_area::mark_damage;
use crate::source::differences::FindDifferences;
use strikeline_picture::{FrameChange, Picture, PictureSize, Plane, UnchangedSamples};

/// How a macroblock's source relates to earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is that of the picture before.
    None,
    /// It is that of another place of an earlier picture, exactly.
    Moved,
    New,
}

/// A whole-sample motion to be looked for: the source at (x, y) was at (x + `x`, y + `y`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    /// In how many pictures.
    pub(crate) distance: u32,
    x: isize,
    y: isize,
}

impl Move {
    /// Within one picture, by an even number of samples each way.
    pub(crate) fn by(x: i32, y: i32) -> Move {
        Move { distance: 1, x: x as isize, y: y as isize }
    }

    /// `None` unless the vector is whole in luma and chroma.
    pub(crate) fn of(vector: Vector, distance: u32) -> Option<Move> {
        (vector.is_whole() && vector != Vector::ZERO).then(|| Move {
            distance,
            x: isize::from(vector.x / 4),
            y: isize::from(vector.y / 4),
        })
    }
}

/// Source samples of one earlier picture, without anything around them.
#[derive(Debug)]
struct SourceCopy {
    luma: Samples,
    chroma: Samples,
    /// Per macroblock, in raster order.
    stamps: Vec<Stamp>,
}

/// Source samples of earlier pictures. The oldest is replaced by the one being encoded, in place and some rows behind.
#[derive(Debug)]
pub(crate) struct SourceHistory {
    size: PictureSize,
    width: usize,
    height: usize,
    grid: MacroblockGrid,
    /// Picture `n` lies at `n % length`.
    copies: Vec<SourceCopy>,
    /// Names the source of each macroblock of the picture being encoded.
    stamps: Vec<Stamp>,
    frame: usize,
    /// Rows of macroblocks of the oldest picture that are gone.
    replaced: usize,
    /// Per byte of a row of samples, whether any sample below differs.
    differences: Vec<u8>,
}

/// A part of a picture in luma samples, both within the picture.
#[derive(Debug, Clone, Copy)]
struct Area {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
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
        let copy = || SourceCopy {
            luma: Samples::new(width, height, [0, 0], buffers),
            chroma: Samples::new(width, height / 2, [0, 0], buffers),
            stamps: vec![0; grid.len()],
        };
        SourceHistory {
            size,
            width,
            height,
            grid,
            copies: (0..length).map(|_| copy()).collect(),
            stamps: vec![0; grid.len()],
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

    /// What of a row of macroblocks lies within the picture.
    fn area(&self, first: usize, end: usize, row: usize) -> Area {
        Area {
            left: first * 16,
            right: (end * 16).min(self.width),
            top: row * 16,
            bottom: (row * 16 + 16).min(self.height),
        }
    }

    /// Tells for each macroblock of a row what has happened to its source. `stamp` becomes the name of what is not
    /// that of the picture before.
    pub(crate) fn find_changes(
        &mut self,
        picture: &Picture<'_>,
        row: usize,
        change: &FrameChange,
        motion: Option<Move>,
        (stamp, instructions): (Stamp, Instructions),
        changes: &mut [Change],
    ) {
        let stamps = row * self.grid.columns..(row + 1) * self.grid.columns;
        if self.frame == 0 {
            changes.fill(Change::New);
            self.stamps[stamps].fill(stamp);
            return;
        }
        let checked = cfg!(debug_assertions)
            && (change.changed.parts().is_none() || change.unchanged_samples == UnchangedSamples::Present);
        let touched = match change.changed.parts() {
            Some(parts) if checked => {
                mark_damage(parts, row, changes);
                0..changes.len()
            }
            Some(parts) => mark_damage(parts, row, changes),
            None => {
                changes.fill(Change::New);
                0..changes.len()
            }
        };
        // Whole rows of samples, because memory is read fastest in order.
        for_runs(
            &mut changes[..touched.end],
            touched.start,
            |change| change == Change::New || checked,
            |first, run| {
                let area = self.area(first, first + run.len(), row);
                self.compare(picture, area, (0, 0, 1), instructions, |index, differs| {
                    debug_assert!(
                        !differs || run[index] == Change::New,
                        "the picture has changed outside of the parts given"
                    );
                    run[index] = if differs { Change::New } else { Change::None };
                });
            },
        );
        let stamps = &mut self.stamps[stamps];
        for_runs(
            &mut changes[..touched.end],
            touched.start,
            |change| change != Change::None,
            |first, run| stamps[first..first + run.len()].fill(stamp),
        );
        let Some(motion) = motion else { return };
        for_runs(
            &mut changes[..touched.end],
            touched.start,
            |change| change == Change::New,
            |first, run| {
                // What lies beyond the picture's edge is not known from the source.
                let inside = |column: &usize| self.is_known(self.area(*column, column + 1, row), motion);
                let Some(start) = (first..first + run.len()).find(inside) else { return };
                let count = (start..first + run.len()).take_while(inside).count();
                let area = self.area(start, start + count, row);
                let run = &mut run[start - first..][..count];
                let from = (motion.x, motion.y, motion.distance);
                self.compare(picture, area, from, instructions, |index, differs| {
                    if !differs {
                        run[index] = Change::Moved;
                    }
                });
            },
        );
    }

    /// The source of the picture before. Where nothing has changed that is the source of this one too, and what is
    /// looked at there: the picture itself may not be known outside of the parts that have changed.
    pub(crate) fn before(&self) -> Picture<'_> {
        let copy = &self.copies[self.slot(1)];
        Picture { size: self.size, luma: copy.luma.as_plane(), chroma: copy.chroma.as_plane() }
    }

    /// Whether the source at an area was, moved, that of an earlier picture.
    pub(crate) fn has_moved(&self, picture: &Picture<'_>, column: usize, row: usize, motion: Move) -> bool {
        let area = self.area(column, column + 1, row);
        if !self.is_known(area, motion) {
            return false;
        }
        let copy = &self.copies[self.slot(motion.distance)];
        let bytes = area.right - area.left;
        let same = |plane: Plane<'_>, earlier: &Samples, top: usize, rows: usize, y: isize| {
            let from = earlier.at(area.left as isize + motion.x, top as isize + y);
            equal_rows(
                &plane.data[top * plane.stride + area.left..],
                plane.stride,
                from,
                earlier.stride(),
                bytes,
                rows,
            )
        };
        let rows = area.bottom - area.top;
        same(picture.luma, &copy.luma, area.top, rows, motion.y)
            && same(picture.chroma, &copy.chroma, area.top / 2, rows / 2, motion.y / 2)
    }

    /// Whether the place that an area has moved from lies within what is kept.
    fn is_known(&self, area: Area, motion: Move) -> bool {
        let first = if motion.distance as usize == self.copies.len() { self.replaced * 16 } else { 0 };
        let within = |start: usize, end: usize, delta: isize, first: usize, last: usize| {
            start as isize + delta >= first as isize && end as isize + delta <= last as isize
        };
        within(area.left, area.right, motion.x, 0, self.width)
            && within(area.top, area.bottom, motion.y, first, self.height)
    }

    /// Compares an area, which begins at a macroblock, with the earlier picture `distance` back at an offset. Tells for
    /// each of its macroblocks whether anything differs.
    fn compare(
        &mut self,
        picture: &Picture<'_>,
        area: Area,
        (x, y, distance): (isize, isize, u32),
        instructions: Instructions,
        mut tell: impl FnMut(usize, bool),
    ) {
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
                samples: &plane.data[top * plane.stride + area.left..],
                stride: plane.stride,
                earlier: earlier.at(area.left as isize + x, top as isize + y),
                earlier_stride: earlier.stride(),
                rows: bottom - top,
                differences,
            });
        }
        for (index, block) in differences.chunks(16).enumerate() {
            let differs = match block.as_array::<16>() {
                Some(block) => u128::from_ne_bytes(*block) != 0,
                None => block.iter().any(|&difference| difference != 0),
            };
            tell(index, differs);
        }
    }

    /// Keeps the source of a row of macroblocks in place of the oldest picture's, where they differ. `same`: per tile,
    /// whether it is known not to have changed for longer than pictures are kept.
    pub(crate) fn keep(&mut self, picture: &Picture<'_>, row: usize, same: &[bool]) {
        let start = row * self.grid.columns;
        let (slot, before) = (self.slot(0), self.slot(1));
        self.replaced = row + 1;
        let mut column = 0;
        while column < self.grid.columns {
            if same[column / TILE] {
                column = (column / TILE + 1) * TILE;
                continue;
            }
            let end = (column / TILE * TILE + TILE).min(self.grid.columns);
            let differs =
                |column: &usize| self.copies[slot].stamps[start + *column] != self.stamps[start + *column];
            let Some(first) = (column..end).find(differs) else {
                column = end;
                continue;
            };
            column = first;
            let origin = |column: usize| {
                let stamp = *self.stamps.get(start..)?.get(..self.grid.columns)?.get(column)?;
                if self.copies[slot].stamps[start + column] == stamp {
                    None
                } else if self.copies[before].stamps[start + column] == stamp {
                    Some(Origin::Before)
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
            self.copies[slot].stamps[start + first..start + column]
                .copy_from_slice(&self.stamps[start + first..start + column]);
            match from {
                Origin::Picture => self.copies[slot].take(picture.luma, picture.chroma, area),
                Origin::Before => {
                    // The two differ, or the stamps would not.
                    if let Ok([copy, before]) = self.copies.get_disjoint_mut([slot, before]) {
                        copy.take(before.luma.as_plane(), before.chroma.as_plane(), area);
                    }
                }
            }
        }
    }
}

/// Where the source of a macroblock is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Picture,
    /// In the picture before.
    Before,
}

impl SourceCopy {
    fn take(&mut self, luma: Plane<'_>, chroma: Plane<'_>, Area { left, right, top, bottom }: Area) {
        let bytes = right - left;
        for (plane, copy, top, bottom) in
            [(luma, &mut self.luma, top, bottom), (chroma, &mut self.chroma, top / 2, bottom / 2)]
        {
            let from = &plane.data[top * plane.stride + left..];
            let (stride, rows) = (copy.stride(), bottom - top);
            let to = copy.at_mut(left as isize, top as isize);
            let wide = bytes & !15;
            copy_wide(from, plane.stride, to, stride, (wide, rows));
            // The last macroblock may reach beyond the picture.
            if wide < bytes {
                for row in 0..rows {
                    to[row * stride..][wide..bytes].copy_from_slice(&from[row * plane.stride..][wide..bytes]);
                }
            }
        }
    }
}

/// Calls `body` with each run of changes from `first` on that `belongs` holds for, and where it begins.
fn for_runs(
    changes: &mut [Change],
    mut first: usize,
    belongs: impl Fn(Change) -> bool,
    mut body: impl FnMut(usize, &mut [Change]),
) {
    while let Some(skipped) = changes[first..].iter().position(|&change| belongs(change)) {
        first += skipped;
        let length = changes[first..].iter().take_while(|&&change| belongs(change)).count();
        body(first, &mut changes[first..first + length]);
        first += length;
    }
}
