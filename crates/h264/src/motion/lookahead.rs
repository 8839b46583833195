//! How well pictures that wait are predicted from an earlier one, judged at half size before they are encoded.

use super::quarters::QuarterMotions;
use super::search::{BlockSearch, Interpolated, SearchEffort};
use crate::buffer_pool::BufferPool;
use crate::grid::MacroblockGrid;
use crate::prediction::PADDING;
use crate::prediction::reference::{PaddedSamples, PaddedSize};
use crate::prediction::vectors::{Vector, VectorRange};
use crate::simd::{Instructions, SimdKernel};
use strikeline_picture::{Picture, PictureSize};

/// Pictures at half size: an earlier one, and those that wait.
#[derive(Debug)]
pub(crate) struct Lookahead {
    /// Of whole pictures, and of those at half size.
    whole: MacroblockGrid,
    half: MacroblockGrid,
    /// The first is the earlier one.
    pictures: Vec<PaddedSamples>,
    /// For each block of 16×16 at half size, in raster order: its vector, as it was found last.
    vectors: Vec<Vector>,
    instructions: Instructions,
}

impl Lookahead {
    /// For at most `most` pictures that wait.
    pub(crate) fn new(
        size: PictureSize,
        most: usize,
        buffers: &BufferPool,
        instructions: Instructions,
    ) -> Lookahead {
        let whole = MacroblockGrid::covering(size.width(), size.height());
        let half = MacroblockGrid::covering(size.width() / 2, size.height() / 2);
        let padded =
            PaddedSize { width: half.columns * 16, height: half.rows * 16, pad_x: PADDING, pad_y: PADDING };
        Lookahead {
            whole,
            half,
            pictures: (0..=most).map(|_| PaddedSamples::new(padded, buffers)).collect(),
            vectors: vec![Vector::ZERO; half.len()],
            instructions,
        }
    }

    /// Takes the picture at `place`; 0 is the earlier one.
    pub(crate) fn take(&mut self, place: usize, picture: &Picture<'_>) {
        let (width, height) = (picture.size.width() as usize / 2, picture.size.height() as usize / 2);
        let half = &mut self.pictures[place];
        let (full_width, full_height) = (self.half.columns * 16, self.half.rows * 16);
        for y in 0..full_height {
            let source = y.min(height - 1) * 2;
            let row = &mut half.at_mut(0, y as isize)[..full_width];
            self.instructions.run(HalveRow {
                rows: [source, source + 1].map(|y| picture.luma.row(y, width * 2)),
                out: &mut row[..width],
            });
            let last = row[width - 1];
            row[width..].fill(last);
        }
        for row in 0..self.half.rows {
            for column in 0..self.half.columns {
                half.extend_luma(column * 16, row * 16);
            }
        }
    }

    /// Forgets the earlier picture, and the first `count` that waited, of which the last becomes the earlier one.
    pub(crate) fn advance(&mut self, count: usize) {
        self.pictures.rotate_left(count);
    }

    /// The sum of absolute differences that the best motions leave of the picture at `place`, as it is predicted from the earlier one.
    /// `scale`: how many times as far as in the last search things may have moved.
    pub(crate) fn difference(&mut self, place: usize, scale: i16) -> u64 {
        let [earlier, rest @ ..] = self.pictures.as_slice() else { return 0 };
        let picture = &rest[place - 1];
        let effort = SearchEffort { whole_steps: 8, ..SearchEffort::NONE };
        let mut sum = 0;
        for row in 0..self.half.rows {
            for column in 0..self.half.columns {
                let position = self.half.position(column, row);
                let at = |vectors: &[Vector], before: usize| {
                    position.index.checked_sub(before).map_or(Vector::ZERO, |index| vectors[index])
                };
                let [left, above] = [1, self.half.columns].map(|before| at(&self.vectors, before));
                let last = self.vectors[position.index];
                let scaled = Vector { x: last.x.saturating_mul(scale), y: last.y.saturating_mul(scale) };
                let mut search = BlockSearch {
                    reference: earlier,
                    source: picture.plane_at(position.x() as isize, position.y() as isize),
                    position,
                    range: VectorRange::of(self.half, position),
                    predicted: left,
                    lambda: 1,
                    effort,
                    instructions: self.instructions,
                    quarters: QuarterMotions::NONE,
                    interpolated: Interpolated::NONE,
                };
                let found = search.run(&[scaled, left, above, last], None);
                self.vectors[position.index] = found.vector;
                let quarters = search.quarters.found();
                sum += quarters.iter().map(|quarter| u64::from(quarter.difference)).sum::<u64>();
            }
        }
        sum
    }

    /// Vectors of the last search, for the macroblocks of a row of the whole picture.
    pub(crate) fn row_vectors(&self, row: usize) -> impl Iterator<Item = Vector> + '_ {
        let row = (row / 2).min(self.half.rows - 1) * self.half.columns;
        (0..self.whole.columns).map(move |column| {
            let Vector { x, y } = self.vectors[row + (column / 2).min(self.half.columns - 1)];
            Vector { x: x.saturating_mul(2), y: y.saturating_mul(2) }
        })
    }
}

/// A row of half the size: the means of two by two samples, rounded.
struct HalveRow<'a> {
    rows: [&'a [u8]; 2],
    out: &'a mut [u8],
}

impl SimdKernel for HalveRow<'_> {
    #[inline(always)]
    fn run(self) {
        let [upper, lower] = self.rows.map(|row| row.as_chunks::<2>().0);
        for (out, (upper, lower)) in self.out.iter_mut().zip(upper.iter().zip(lower)) {
            let sum: u16 = upper.iter().chain(lower).map(|&sample| u16::from(sample)).sum();
            *out = ((sum + 2) >> 2) as u8;
        }
    }
}
