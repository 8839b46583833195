//! How well pictures that wait are predicted from an earlier one, judged at half size before they are encoded.

use super::quarters::QuarterMotions;
use super::search::{BlockSearch, Interpolated, SearchEffort};
use crate::buffer_pool::BufferPool;
use crate::grid::MacroblockGrid;
use crate::prediction::PADDING;
use crate::prediction::reference::{PaddedSamples, PaddedSize};
use crate::prediction::vectors::{Vector, VectorRange};
use crate::prediction::weights::{ONE, Weight, Weights, copy_weighted};
use crate::simd::{Instructions, SimdKernel};
use strikeline_picture::{Picture, PictureSize};

/// Pictures at half size: an earlier one, and those that wait.
#[derive(Debug)]
pub(crate) struct Lookahead {
    /// Of whole pictures, and of those at half size.
    whole: MacroblockGrid,
    half: MacroblockGrid,
    /// The first is the earlier one.
    pictures: Vec<HalfPicture>,
    /// The earlier one, weighted.
    weighted: PaddedSamples,
    /// The weights of the earlier picture in the last search, if with them it is a better prediction.
    weights: Option<Weights>,
    /// For each block of 16×16 at half size, in raster order: its vector, as it was found last.
    vectors: Vec<Vector>,
    instructions: Instructions,
}

/// A picture at half size.
#[derive(Debug)]
struct HalfPicture {
    luma: PaddedSamples,
    /// Of each macroblock, in raster order.
    means: Vec<Mean>,
}

/// The mean samples of a macroblock: Y, Cb and Cr.
type Mean = [f32; 3];

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
            pictures: (0..=most)
                .map(|_| HalfPicture {
                    luma: PaddedSamples::new(padded, buffers),
                    means: vec![[0.0; 3]; whole.len()],
                })
                .collect(),
            weighted: PaddedSamples::new(padded, buffers),
            weights: None,
            vectors: vec![Vector::ZERO; half.len()],
            instructions,
        }
    }

    /// Takes the picture at `place`; 0 is the earlier one.
    pub(crate) fn take(&mut self, place: usize, picture: &Picture<'_>) {
        let (width, height) = (picture.size.width() as usize / 2, picture.size.height() as usize / 2);
        let HalfPicture { luma: half, means } = &mut self.pictures[place];
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
        for (index, mean) in means.iter_mut().enumerate() {
            let (column, row) = (index % self.whole.columns, index / self.whole.columns);
            *mean = mean_of(picture, half, column, row);
        }
    }

    /// Forgets the earlier picture, and the first `count` that waited, of which the last becomes the earlier one.
    pub(crate) fn advance(&mut self, count: usize) {
        self.pictures.rotate_left(count);
    }

    /// The sum of absolute differences that the best motions leave of the picture at `place`, as it is predicted from the earlier one,
    /// weighted if that is better. `scale`: how many times as far as in the last search things may have moved.
    pub(crate) fn difference(&mut self, place: usize, scale: i16) -> u64 {
        /// A weighted picture must leave less than so many quarters of the differences.
        const QUARTERS: u64 = 3;
        let mut vectors = std::mem::take(&mut self.vectors);
        let without = self.search(&self.pictures[0].luma, place, scale, &mut vectors);
        self.vectors = vectors;
        self.weights = None;
        let Some(weights) = self.fade(place) else { return without };
        let mut weighted = std::mem::take(&mut self.weighted);
        copy_weighted(&self.pictures[0].luma, &mut weighted, [weights.luma; 2], self.instructions);
        let mut vectors = self.vectors.clone();
        let with = self.search(&weighted, place, 1, &mut vectors);
        self.weighted = weighted;
        if with * 4 >= without * QUARTERS {
            return without;
        }
        (self.vectors, self.weights) = (vectors, Some(weights));
        with
    }

    /// The weights with which the picture was better predicted in the last search.
    pub(crate) fn weights(&self) -> Option<Weights> {
        self.weights
    }

    /// Searches the best motions. `vectors`: those of the last search, which become those of this one.
    fn search(&self, earlier: &PaddedSamples, place: usize, scale: i16, vectors: &mut [Vector]) -> u64 {
        let picture = &self.pictures[place].luma;
        let effort = SearchEffort { whole_steps: 8, ..SearchEffort::NONE };
        let mut sum = 0;
        for row in 0..self.half.rows {
            for column in 0..self.half.columns {
                let position = self.half.position(column, row);
                let last = vectors[position.index];
                let before = |count: usize| {
                    position.index.checked_sub(count).map_or(Vector::ZERO, |index| vectors[index])
                };
                let [left, above] = [1, self.half.columns].map(before);
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
                vectors[position.index] = found.vector;
                let quarters = search.quarters.found();
                sum += quarters.iter().map(|quarter| u64::from(quarter.difference)).sum::<u64>();
            }
        }
        sum
    }

    /// How the earlier picture becomes most like the one at `place` by one factor and offset for all of it: found on the means of
    /// macroblocks by least squares, from which those that are far off are left out. `None` if there is no such change, or if it
    /// explains only the smaller part of the picture.
    fn fade(&self, place: usize) -> Option<Weights> {
        /// How far off a mean may be in each round.
        const LIMITS: [f32; 4] = [f32::INFINITY, 24.0, 8.0, 3.0];
        let means = self.pictures[0].means.iter().zip(&self.pictures[place].means);
        let (mut factor, mut offsets) = (1.0, [0.0; 3]);
        let mut count = 0.0;
        for limit in LIMITS {
            count = 0.0;
            let (mut earlier, mut later, mut square, mut product) = ([0.0; 3], [0.0; 3], 0.0, 0.0);
            for (from, to) in means.clone() {
                if (to[0] - factor * from[0] - offsets[0]).abs() > limit {
                    continue;
                }
                count += 1.0;
                (0..3).for_each(|part| {
                    earlier[part] += f64::from(from[part]);
                    later[part] += f64::from(to[part]);
                });
                square += f64::from(from[0]).powi(2);
                product += f64::from(from[0]) * f64::from(to[0]);
            }
            let variance = square * count - earlier[0] * earlier[0];
            if count < 16.0 || variance <= 0.0 {
                return None;
            }
            let slope = (product * count - earlier[0] * later[0]) / variance;
            factor = slope as f32;
            offsets = std::array::from_fn(|part| ((later[part] - slope * earlier[part]) / count) as f32);
        }
        if count * 2.0 < means.len() as f64 {
            return None;
        }
        // The factor as it can be said, and offsets that fit it.
        let said = f64::from((f64::from(factor) * f64::from(ONE)).round() as f32) / f64::from(ONE);
        let [luma, cb, cr] = offsets.map(|offset| Weight::nearest(said, f64::from(offset)));
        let weights = Weights { luma: luma?, chroma: [cb?, cr?] };
        (weights != Weights::NONE).then_some(weights)
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

/// The mean samples of a macroblock. `half`: luma at half size.
fn mean_of(picture: &Picture<'_>, half: &PaddedSamples, column: usize, row: usize) -> Mean {
    let mut sums = [0_u32; 3];
    let luma = half.plane_at(column as isize * 8, row as isize * 8);
    for y in 0..8 {
        sums[0] += luma.data[y * luma.stride..][..8].iter().map(|&sample| u32::from(sample)).sum::<u32>();
    }
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize / 2);
    // Of the macroblocks that reach beyond the picture, the last rows and columns are taken more than once.
    for y in 0..8 {
        let samples = picture.chroma.row((row * 8 + y).min(height - 1), width);
        for x in 0..8 {
            let at = (column * 16 + x * 2).min(width - 2);
            sums[1] += u32::from(samples[at]);
            sums[2] += u32::from(samples[at + 1]);
        }
    }
    sums.map(|sum| sum as f32 / 64.0)
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
