//! Slice data: the decisions about each macroblock of a picture, in raster order (ITU-T H.264, 7.3.4).

use crate::bits::parameter_sets::MacroblockGrid;
use crate::decision::ages::{Calm, SETTLED, TILE};
use crate::decision::mode_decision::Coding;
use crate::decision::motion_search::Division;
use crate::entropy::writer::MacroblockWriter;
use crate::prediction::intra::Sides;
use crate::prediction::neighbours::{Coded, Kind, Motion, Rows, Vector};
use crate::prediction::reference::{Reconstruction, Stamp};
use crate::residual::macroblock::{Levels, Macroblock, Predicted, Quantisers, SourceBlock};
use crate::simd::{Instructions, copy_wide};
use crate::source::block::{Scratch, source_block};
use crate::source::history::{Change, Move, SourceHistory};
use strikeline_picture::{FrameChange, Picture, Scroll};

/// QP of a slice. What the first picture does not get right is copied through the whole segment, so it is coded finer;
/// what changes in later ones mostly changes again soon, so it can be coded coarser.
pub(crate) fn slice_qp(base: u8, intra: bool) -> u8 {
    let later = (base + (base / 6).min(4)).saturating_sub(2);
    if intra { later.saturating_sub(FINER) } else { later.min(51) }
}

/// How much finer than what changes the first picture is coded, and what comes in at the edge of the picture: it will be
/// seen all the way across.
const FINER: u8 = 12;
/// The most bits of a macroblock (A.3.1), less those of mb_skip_flag and mb_skip_run.
const MOST_BITS: u32 = 3200 - 32;

/// An entry of reference list 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference<'a> {
    /// How many frames back it lies.
    pub(crate) distance: u32,
    pub(crate) picture: &'a Reconstruction,
}

/// Encodes one picture as one slice.
#[derive(Debug)]
pub(crate) struct SliceEncoder<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) grid: MacroblockGrid,
    /// Reference list 0; empty for an I slice. The first is the picture before, for what stands still. The second, maybe
    /// the same picture, is for what moves: a block's vector is predicted from neighbours with its own reference, so
    /// those that stand still do not spoil the vectors of those that move.
    pub(crate) references: &'a [Reference<'a>],
    pub(crate) history: &'a mut SourceHistory,
    pub(crate) current: &'a mut Reconstruction,
    pub(crate) calm: &'a mut Calm,
    pub(crate) rows: &'a mut Rows,
    pub(crate) quantisers: &'a [Quantisers],
    /// SliceQPY.
    pub(crate) qp: u8,
    /// QPY of the macroblock before.
    pub(crate) last_qp: u8,
    /// Names what is new in this picture.
    pub(crate) stamp: Stamp,
    pub(crate) scroll: Option<Scroll>,
    /// The scroll's vector for the second reference.
    pub(crate) moving: Option<Vector>,
    pub(crate) change: &'a FrameChange,
    pub(crate) instructions: Instructions,
    pub(crate) writer: MacroblockWriter,
}

/// Where a macroblock lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) column: usize,
    pub(crate) row: usize,
    /// In raster order.
    pub(crate) index: usize,
}

impl Place {
    pub(crate) fn x(self) -> usize {
        self.column * 16
    }

    pub(crate) fn y(self) -> usize {
        self.row * 16
    }

    pub(crate) fn sides(self) -> Sides {
        Sides { left: self.column > 0, above: self.row > 0 }
    }
}

impl SliceEncoder<'_> {
    /// The finished slice data. `codings` is room to work in.
    pub(crate) fn encode(mut self, codings: &mut [Coding; 2]) -> Vec<u8> {
        self.rows.begin_picture();
        let distance = self.references.get(1).map_or(0, |reference| reference.distance);
        let motion = self.moving.and_then(|vector| Move::of(vector, distance));
        // Sources are looked for above as well as below, so they are kept for some rows.
        let vertical = self.moving.map_or(0, |vector| usize::from(vector.y.unsigned_abs()) / 64);
        let behind = 4.max(vertical + 2);
        let mut changes = vec![Change::New; self.grid.columns];
        for row in 0..self.grid.rows {
            let how = (self.stamp, self.instructions);
            self.history.find_changes(self.picture, row, self.change, motion, how, &mut changes);
            self.calm.begin_row(row, &changes);
            if self.references.is_empty() {
                self.intra_row(row, codings);
            } else {
                self.copy_known(row, &changes);
                self.row(row, &changes, codings);
            }
            self.rows.end_row();
            if let Some(row) = row.checked_sub(behind) {
                self.history.keep(self.picture, row, self.calm.quiet_tiles(row));
            }
        }
        for row in self.grid.rows.saturating_sub(behind)..self.grid.rows {
            self.history.keep(self.picture, row, self.calm.quiet_tiles(row));
        }
        self.writer.finish()
    }

    /// Brings what stands still and what has moved into the current picture, whole runs at once.
    fn copy_known(&mut self, row: usize, changes: &[Change]) {
        let start = row * self.grid.columns;
        let mut column = 0;
        while column < changes.len() {
            let first = column;
            match changes[column] {
                Change::New => column += 1,
                Change::Moved => {
                    while column < changes.len() && changes[column] == Change::Moved {
                        column += 1;
                    }
                    self.current.stamps[start + first..start + column].fill(self.stamp);
                    self.calm.changed_run(row, first, column);
                    if let Some(vector) = self.moving {
                        self.copy_run(first, column, row, (1, vector));
                    }
                }
                Change::None if self.calm.quiet_tiles(row)[column / TILE] => {
                    column = (column / TILE + 1) * TILE;
                }
                Change::None => {
                    let reference = self.references[0].picture;
                    while column < changes.len()
                        && changes[column] == Change::None
                        && self.calm.age(start + column) <= SETTLED
                        && self.current.stamps[start + column] != reference.stamps[start + column]
                    {
                        self.current.stamps[start + column] = reference.stamps[start + column];
                        column += 1;
                    }
                    if column > first {
                        self.copy_run(first, column, row, (0, Vector::ZERO));
                    } else {
                        column += 1;
                    }
                }
            }
        }
    }

    /// Copies the macroblocks from `first` to before `end` from where a whole-sample vector points.
    fn copy_run(&mut self, first: usize, end: usize, row: usize, (reference, vector): Motion) {
        let from = self.references[reference as usize].picture;
        let bytes = (end - first) * 16;
        let (x, y) = ((first * 16) as isize, (row * 16) as isize);
        let (dx, dy) = (isize::from(vector.x / 4), isize::from(vector.y / 4));
        let to = self.current.luma.at_mut(x, y);
        copy_wide(from.luma.at(x + dx, y + dy), from.luma.stride(), to, from.luma.stride(), (bytes, 16));
        let (source, to) = (from.chroma.at(x + dx, (y + dy) / 2), self.current.chroma.at_mut(x, y / 2));
        copy_wide(source, from.chroma.stride(), to, from.chroma.stride(), (bytes, 8));
        self.extend_borders(row, first, end);
    }

    /// Call when the samples of the macroblocks from `first` to before `end` have changed.
    pub(crate) fn extend_borders(&mut self, row: usize, first: usize, end: usize) {
        if row == 0 || row + 1 == self.grid.rows {
            (first..end).for_each(|column| self.current.extend_border(column, row));
        } else {
            self.current.extend_border(first, row);
            self.current.extend_border(end - 1, row);
        }
    }

    fn row(&mut self, row: usize, changes: &[Change], codings: &mut [Coding; 2]) {
        let start = row * self.grid.columns;
        let mut column = 0;
        while column < changes.len() {
            let place = Place { column, row, index: start + column };
            if let Some(vector) = self.moving
                && changes[column] == Change::Moved
            {
                let count = self.moved_as_around(column, changes, vector);
                if count > 0 {
                    let last = place.index + count == self.grid.len();
                    self.writer.moved_run(self.rows, (column, count), vector, last);
                    column += count;
                    continue;
                }
            }
            let skip_vector = self.rows.around(column).skip_vector();
            match changes[column] {
                Change::None if skip_vector == Vector::ZERO => {
                    // Once one is skipped at vector zero, so can be those that follow it.
                    let count = self.calm.end_of_still(row, column, changes) - column;
                    if count > 0 {
                        let last = place.index + count == self.grid.len();
                        self.writer.skip_run(self.rows, column, count, last);
                        column += count;
                        continue;
                    }
                    self.stand_still(place, codings);
                }
                Change::None => self.keep_still(place, skip_vector),
                Change::Moved => self.moved(place, skip_vector),
                Change::New => self.new_block(place, skip_vector, codings),
            }
            self.writer.end_of_macroblock(place.index + 1 == self.grid.len());
            column += 1;
        }
    }

    pub(crate) fn new_block(&mut self, place: Place, skip_vector: Vector, codings: &mut [Coding; 2]) {
        let mut scratch = Scratch { luma: [0; 256], chroma: [0; 128] };
        let source = source_block(self.picture, place, &mut scratch);
        self.calm.changed(place);
        if self.references.is_empty() {
            self.intra(place, source, codings);
        } else {
            self.inter(place, source, skip_vector, codings);
        }
    }

    /// How many macroblocks from column `first` on have moved like those to the left and above: they can be skipped, as
    /// their P_Skip does just that (8.4.1.1), whatever lies above to the right.
    fn moved_as_around(&self, first: usize, changes: &[Change], vector: Vector) -> usize {
        let moves_so = |coded: &Coded, quarter: usize| {
            coded.references[quarter] == 0 && coded.vectors[quarter] == vector
        };
        let one_picture = self.references[0].distance == self.references[1].distance;
        if !one_picture || vector == Vector::ZERO || !moves_so(self.rows.around(first).left, 1) {
            return 0;
        }
        let goes_on =
            |&column: &usize| changes[column] == Change::Moved && moves_so(self.rows.around(column).above, 2);
        (first..changes.len()).take_while(goes_on).count()
    }

    /// A block that is exactly what the scroll says.
    fn moved(&mut self, place: Place, skip_vector: Vector) {
        let Some(vector) = self.moving else { return };
        if skip_vector == vector && self.references[0].distance == self.references[1].distance {
            self.skip(place, vector);
            return;
        }
        let around = self.rows.around(place.column);
        if self.predicted_vector(place, 1) == vector
            && self.writer.predicted_motion(1, self.references.len() as u8, &around)
        {
            let (references, vectors) = ([1; 4], [vector; 4]);
            let coded = Coded { kind: Kind::Inter, references, vectors, ..Coded::UNAVAILABLE };
            self.rows.set(place.column, coded);
            return;
        }
        let macroblock = self.inter_macroblock(place, &Division::whole((1, vector)));
        self.write_motion(place, macroblock);
    }

    /// Sum of squared differences to the first reference at a whole-sample vector.
    pub(crate) fn squared_error_at(&self, source: SourceBlock<'_>, place: Place, vector: Vector) -> u32 {
        let reference = self.references[0].picture;
        let x = place.x() as isize + isize::from(vector.x / 4);
        let y = place.y() as isize + isize::from(vector.y / 4);
        let (luma, chroma) = (reference.luma.at(x, y), reference.chroma.at(x, y / 2));
        let instructions = self.instructions;
        instructions.squared_error(source.luma, source.luma_stride, luma, reference.luma.stride(), 16)
            + instructions.squared_error(
                source.chroma,
                source.chroma_stride,
                chroma,
                reference.chroma.stride(),
                8,
            )
    }

    /// Whether the source here is the source there, moved: then so is its reconstruction, errors and all.
    pub(crate) fn is_exact(&self, picture: &Picture<'_>, place: Place, (reference, vector): Motion) -> bool {
        Move::of(vector, self.references[reference as usize].distance)
            .is_some_and(|motion| self.history.has_moved(picture, place.column, place.row, motion))
    }

    pub(crate) fn skip(&mut self, place: Place, vector: Vector) {
        self.writer.skipped(&self.rows.around(place.column));
        self.rows.set(place.column, Coded::skipped(vector));
    }

    /// Copies a block from where a whole-sample motion points.
    pub(crate) fn copy_block(&mut self, place: Place, motion: Motion) {
        self.copy_run(place.column, place.column + 1, place.row, motion);
        self.current.stamps[place.index] = self.stamp;
    }

    /// Writes a macroblock without residual.
    pub(crate) fn write_motion(&mut self, place: Place, macroblock: Macroblock) {
        self.writer.macroblock(&macroblock, &Levels::ZERO, &self.rows.around(place.column));
        self.rows.set(place.column, macroblock.coded);
    }

    /// Writes a macroblock that has been brought into the current picture, unless it takes more bits than may be
    /// (A.3.1); whether it did not. `estimate`: about how many it takes.
    pub(crate) fn write(
        &mut self,
        place: Place,
        macroblock: &Macroblock,
        levels: &Levels,
        estimate: u32,
    ) -> bool {
        let around = self.rows.around(place.column);
        // The estimate is never off by so much.
        if estimate <= MOST_BITS / 6 {
            self.writer.macroblock(macroblock, levels, &around);
        } else if !self.writer.macroblock_within(MOST_BITS as usize, macroblock, levels, &around) {
            return false;
        }
        self.last_qp = self.last_qp.wrapping_add_signed(macroblock.qp_delta as i8) % 52;
        self.rows.set(place.column, macroblock.coded);
        true
    }

    /// mb_qp_delta of a macroblock with QP `qp`.
    pub(crate) fn qp_delta(&self, coded: &Coded, qp: u8) -> i32 {
        if coded.pattern == 0 && coded.kind != Kind::Intra16x16 {
            return 0;
        }
        // 7.4.5: the delta wraps around and is within −26 … 25.
        match i32::from(qp) - i32::from(self.last_qp) {
            delta @ 26.. => delta - 52,
            delta @ ..-26 => delta + 52,
            delta => delta,
        }
    }

    /// I_PCM: the samples as they are.
    pub(crate) fn write_samples(&mut self, place: Place, source: SourceBlock<'_>) {
        let mut predicted = Predicted::EMPTY;
        predicted.read(source);
        predicted.store(self.current, place.column, place.row);
        self.writer.samples(&predicted.planar(), &self.rows.around(place.column));
        self.rows.set(place.column, Coded::SAMPLES);
    }

    /// QPY of a new block: finer where it comes in with the scroll.
    pub(crate) fn block_qp(&self, place: Place) -> u8 {
        let enters = self.moving.is_some_and(|vector| {
            let (x, y) =
                (place.x() as i32 + i32::from(vector.x) / 4, place.y() as i32 + i32::from(vector.y) / 4);
            let (right, bottom) = (self.grid.columns as i32 * 16 - 16, self.grid.rows as i32 * 16 - 16);
            x < 0 || y < 0 || x > right || y > bottom
        });
        if enters { self.qp.saturating_sub(FINER) } else { self.qp }
    }
}
