//! Slice data: the decisions about each macroblock of a picture, in raster order (ITU-T H.264, 7.3.4).

use super::choice::Division;
use super::intra::Sides;
use super::macroblock::{Macroblock, Quantisers, SourceBlock};
use super::neighbours::{Coded, Kind, Motion, Rows, Vector};
use super::parameter_sets::MacroblockGrid;
use super::reference::{Reconstruction, SourceCopy, Stamp};
use super::simd::{Instructions, copy, difference_sum, equal, mark_differences};
use super::writer::MacroblockWriter;
use crate::encode::hints::{Damage, Scroll};
use crate::picture::Picture;

/// QP of a slice. What the first picture does not get right is copied through the whole segment, so it is
/// coded finer.
pub(super) fn slice_qp(base: u8, intra: bool) -> u8 {
    if intra { base.saturating_sub(3) } else { base }
}

/// How often a block that stands still is coded again before what remains is accepted.
const REFINEMENTS: u8 = 2;
/// How much finer each of these is coded.
const REFINEMENT_STEP: u8 = 6;

/// An entry of reference list 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    /// How many frames back it lies.
    pub(super) distance: u32,
    pub(super) picture: &'a Reconstruction,
    /// What was to be encoded there.
    pub(super) source: &'a SourceCopy,
}

/// Encodes one picture as one slice.
#[derive(Debug)]
pub(super) struct SliceEncoder<'a> {
    pub(super) picture: &'a Picture<'a>,
    pub(super) grid: MacroblockGrid,
    /// Reference list 0; empty for an I slice.
    pub(super) references: &'a [Reference<'a>],
    /// The source of the picture before; damage is relative to it.
    pub(super) previous: Option<&'a SourceCopy>,
    pub(super) current: &'a mut Reconstruction,
    pub(super) source: &'a mut SourceCopy,
    pub(super) refinements: &'a mut [u8],
    pub(super) rows: &'a mut Rows,
    pub(super) quantisers: &'a [Quantisers],
    /// SliceQPY.
    pub(super) qp: u8,
    /// QPY of the macroblock before.
    pub(super) last_qp: u8,
    /// [`lambda`](super::choice::lambda) of `qp`.
    pub(super) lambda: u32,
    /// Names what is new in this picture.
    pub(super) stamp: Stamp,
    pub(super) scroll: Option<Scroll>,
    pub(super) damage: Option<Damage<'a>>,
    pub(super) instructions: Instructions,
    pub(super) writer: MacroblockWriter,
}

/// Where a macroblock lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) column: usize,
    pub(super) row: usize,
    /// In raster order.
    pub(super) index: usize,
}

impl Place {
    pub(super) fn x(self) -> usize {
        self.column * 16
    }

    pub(super) fn y(self) -> usize {
        self.row * 16
    }

    pub(super) fn sides(self) -> Sides {
        Sides { left: self.column > 0, above: self.row > 0 }
    }
}

/// Room for the samples of a macroblock that reaches beyond the picture.
struct Scratch {
    luma: [u8; 256],
    chroma: [u8; 128],
}

impl SliceEncoder<'_> {
    /// The finished slice data.
    pub(super) fn encode(mut self) -> Vec<u8> {
        self.rows.begin_picture();
        let mut changed = vec![false; self.grid.columns];
        for row in 0..self.grid.rows {
            self.find_changes(row, &mut changed);
            for (column, &changed) in changed.iter().enumerate() {
                let place = Place { column, row, index: row * self.grid.columns + column };
                self.macroblock(place, changed);
                self.writer.end_of_macroblock(place.index + 1 == self.grid.len());
            }
            self.rows.end_row();
        }
        self.writer.finish()
    }

    /// Marks the macroblocks of a row whose source is not that of the picture before.
    fn find_changes(&self, row: usize, changed: &mut [bool]) {
        let Some(previous) = self.previous else {
            changed.fill(true);
            return;
        };
        let mut damaged = vec![true; changed.len()];
        if let Some(damage) = self.damage {
            mark_damage(damage, row, &mut damaged);
        }
        changed.fill(false);
        // Whole rows of samples, because memory is read fastest in order.
        let (width, height) = (self.picture.size.width() as usize, self.picture.size.height() as usize);
        for run in damaged.chunk_by(|a, b| a == b).scan(0, |end, run| {
            *end += run.len();
            Some((*end - run.len(), *end, run[0]))
        }) {
            let (first, end, damaged) = run;
            if !damaged && !cfg!(debug_assertions) {
                continue;
            }
            let (left, right) = (first * 16, (end * 16).min(width));
            let marks = &mut changed[first..end];
            for (plane, copy, rows) in [
                (self.picture.luma, &previous.luma, row * 16..(row * 16 + 16).min(height)),
                (self.picture.chroma, &previous.chroma, row * 8..(row * 8 + 8).min(height / 2)),
            ] {
                for y in rows {
                    let earlier = &copy.at(left as isize, y as isize)[..right - left];
                    mark_differences(&plane.row(y, width)[left..right], earlier, marks);
                }
            }
            debug_assert!(
                damaged || !marks.contains(&true),
                "the picture has changed outside of the damage given"
            );
        }
    }

    fn macroblock(&mut self, place: Place, changed: bool) {
        if !changed && self.is_settled(place) {
            self.stand_still(place);
            return;
        }
        let mut scratch = Scratch { luma: [0; 256], chroma: [0; 128] };
        let picture = self.picture;
        let source = source_block(picture, place, &mut scratch);
        let stamp = match self.previous {
            Some(previous) if !changed => previous.stamps[place.index],
            _ => self.stamp,
        };
        if self.source.stamps[place.index] != stamp {
            keep_source(source, self.source, place);
            self.source.stamps[place.index] = stamp;
        }
        if self.references.is_empty() {
            self.refinements[place.index] = 0;
            self.intra(place, source);
            return;
        }
        let skip_vector = self.rows.around(place.column).skip_vector();
        let first = self.references[0];
        if first.source.stamps[place.index] == stamp && skip_vector == Vector::ZERO {
            let refined = self.refinements[place.index];
            if refined >= REFINEMENTS || self.is_close(source, place) {
                self.refinements[place.index] = REFINEMENTS;
                self.stand_still(place);
            } else {
                self.refinements[place.index] = refined + 1;
                let finer = self.qp.saturating_sub((refined + 1) * REFINEMENT_STEP);
                self.refine(place, source, finer);
            }
            return;
        }
        self.refinements[place.index] = 0;
        self.inter(place, source, skip_vector);
    }

    /// Whether an unchanged block is as good as it gets, kept where it must be, and free: what most of most
    /// pictures is.
    #[inline]
    fn is_settled(&self, place: Place) -> bool {
        let (Some(previous), [first, ..]) = (self.previous, self.references) else { return false };
        let stamp = previous.stamps[place.index];
        self.refinements[place.index] >= REFINEMENTS
            && self.source.stamps[place.index] == stamp
            && first.source.stamps[place.index] == stamp
            && self.rows.around(place.column).skip_vector() == Vector::ZERO
    }

    /// Whether the first reference shows this block about as well as coding it once more would.
    fn is_close(&self, source: SourceBlock<'_>, place: Place) -> bool {
        let reference = self.references[0].picture;
        let (x, y) = (place.x() as isize, place.y() as isize);
        let luma = reference.luma.at(x, y);
        let chroma = reference.chroma.at(x, y / 2);
        let limit = if self.qp < 12 { 0 } else { 2 * u32::from(self.qp) };
        difference_sum(source.luma, source.luma_stride, luma, reference.luma.stride(), 16)
            + difference_sum(source.chroma, source.chroma_stride, chroma, reference.chroma.stride(), 8)
            <= limit
    }

    /// P_Skip at vector zero. The samples are copied only if this buffer does not hold them already.
    pub(super) fn stand_still(&mut self, place: Place) {
        let reference = self.references[0].picture;
        let stamp = reference.stamps[place.index];
        if self.current.stamps[place.index] != stamp {
            self.store(place, (0, Vector::ZERO));
            self.current.stamps[place.index] = stamp;
        }
        self.skip(place, Vector::ZERO);
    }

    pub(super) fn skip(&mut self, place: Place, vector: Vector) {
        self.writer.skipped(&self.rows.around(place.column));
        self.rows.set(place.column, Coded::skipped(vector));
    }

    /// Writes the whole block's prediction into the current picture.
    pub(super) fn store(&mut self, place: Place, (reference, vector): Motion) {
        if vector.is_whole() {
            let from = self.references[reference as usize].picture;
            let (x, y) = (place.x() as isize, place.y() as isize);
            let (from_x, from_y) = (x + isize::from(vector.x / 4), y + isize::from(vector.y / 4));
            let to = &mut *self.current;
            let stride = to.luma.stride();
            copy(from.luma.at(from_x, from_y), stride, to.luma.at_mut(x, y), stride, 16);
            let stride = to.chroma.stride();
            copy(from.chroma.at(from_x, from_y / 2), stride, to.chroma.at_mut(x, y / 2), stride, 8);
        } else {
            self.predict(place, &Division::whole((reference, vector))).store(
                self.current,
                place.column,
                place.row,
            );
        }
        self.current.extend_border(place.column, place.row);
    }

    pub(super) fn write(&mut self, place: Place, mut macroblock: Macroblock, qp: u8) {
        let codes_qp = macroblock.coded.pattern != 0 || macroblock.coded.kind == Kind::Intra16x16;
        if codes_qp {
            macroblock.qp_delta = i32::from(qp) - i32::from(self.last_qp);
            // 7.4.5: the delta wraps around and is within −26 … 25.
            if macroblock.qp_delta > 25 {
                macroblock.qp_delta -= 52;
            } else if macroblock.qp_delta < -26 {
                macroblock.qp_delta += 52;
            }
            self.last_qp = qp;
        }
        self.writer.macroblock(&macroblock, &self.rows.around(place.column));
        self.rows.set(place.column, macroblock.coded);
    }
}

/// The samples of a macroblock; where it reaches beyond the picture the last column and row are repeated.
fn source_block<'a>(picture: &Picture<'a>, place: Place, scratch: &'a mut Scratch) -> SourceBlock<'a> {
    let (x, y) = (place.x(), place.y());
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    let (luma, chroma) = (picture.luma, picture.chroma);
    if x + 16 <= width && y + 16 <= height {
        return SourceBlock {
            luma: &luma.data[y * luma.stride + x..],
            luma_stride: luma.stride,
            chroma: &chroma.data[y / 2 * chroma.stride + x..],
            chroma_stride: chroma.stride,
        };
    }
    let visible = (width - x).min(16);
    for (row, out) in scratch.luma.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let source = &luma.row((y + row).min(height - 1), width)[x..];
        out[..visible].copy_from_slice(&source[..visible]);
        let last = out[visible - 1];
        out[visible..].fill(last);
    }
    for (row, out) in scratch.chroma.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let source = &chroma.row((y / 2 + row).min(height / 2 - 1), width)[x..];
        out[..visible].copy_from_slice(&source[..visible]);
        let last = [out[visible - 2], out[visible - 1]];
        out[visible..].chunks_exact_mut(2).for_each(|pair| pair.copy_from_slice(&last));
    }
    SourceBlock { luma: &scratch.luma, luma_stride: 16, chroma: &scratch.chroma, chroma_stride: 16 }
}

/// Whether the block equals the one at luma sample (x, y) of an earlier source.
#[inline]
pub(super) fn same_source(source: SourceBlock<'_>, earlier: &SourceCopy, x: usize, y: usize) -> bool {
    let (x, y) = (x as isize, y as isize);
    let (luma, chroma) = (earlier.luma.at(x, y), earlier.chroma.at(x, y / 2));
    equal(source.luma, source.luma_stride, luma, earlier.luma.stride(), 16)
        && equal(source.chroma, source.chroma_stride, chroma, earlier.chroma.stride(), 8)
}

fn keep_source(source: SourceBlock<'_>, kept: &mut SourceCopy, place: Place) {
    let (x, y) = (place.x() as isize, place.y() as isize);
    let stride = kept.luma.stride();
    copy(source.luma, source.luma_stride, kept.luma.at_mut(x, y), stride, 16);
    copy(source.chroma, source.chroma_stride, kept.chroma.at_mut(x, y / 2), stride, 8);
}

/// Marks the macroblocks of a row that a rectangle of the damage touches.
fn mark_damage(damage: Damage<'_>, row: usize, damaged: &mut [bool]) {
    damaged.fill(false);
    let (top, bottom) = (row as u64 * 16, row as u64 * 16 + 16);
    for rectangle in damage.rectangles {
        let rows_meet = u64::from(rectangle.top) < bottom && u64::from(rectangle.bottom) > top;
        if rows_meet && rectangle.top < rectangle.bottom && rectangle.left < rectangle.right {
            let end = (rectangle.right.div_ceil(16) as usize).min(damaged.len());
            let start = (rectangle.left as usize / 16).min(end);
            damaged[start..end].fill(true);
        }
    }
}
