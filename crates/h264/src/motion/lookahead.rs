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
                let last = vectors[position.index()];
                let before = |count: usize| {
                    position.index().checked_sub(count).map_or(Vector::ZERO, |index| vectors[index])
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
                vectors[position.index()] = found.vector;
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
        const LIMITS: [f32; 4] = [f32::INFINITY, 24.0, 10.0, 5.0];
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

#[cfg(test)]
mod tests {
    use super::*;
    use strikeline_picture::Plane;

    const WIDTH: usize = 256;
    const HEIGHT: usize = 192;

    /// A texture that has moved to the right by `moved` samples, its luma from 16 on and its chroma from 128 on times `share`.
    fn planes(moved: usize, share: f64) -> [Vec<u8>; 2] {
        let corner = |x: usize, y: usize| {
            let mixed = ((x * 7919 + y * 104_729) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (mixed >> 40) as f64 / f64::from(1 << 23) - 1.0
        };
        let texture = |x: usize, y: usize| {
            // Smooth between corners 16 samples apart.
            let (x, y) = (x + 200 - moved, y + 16);
            let (right, down) = ((x % 16) as f64 / 16.0, (y % 16) as f64 / 16.0);
            let row = |y: usize| corner(x / 16, y) * (1.0 - right) + corner(x / 16 + 1, y) * right;
            (row(y / 16) * (1.0 - down) + row(y / 16 + 1) * down) * share
        };
        let luma = (0..WIDTH * HEIGHT)
            .map(|at| (16.0 + 100.0 * share + 45.0 * texture(at % WIDTH, at / WIDTH)).round() as u8);
        let chroma = (0..WIDTH * HEIGHT / 2)
            .map(|at| (128.0 + 30.0 * texture(at % WIDTH / 2 * 2, at / WIDTH * 2)).round() as u8);
        [luma.collect(), chroma.collect()]
    }

    fn lookahead(pictures: &[[Vec<u8>; 2]]) -> Lookahead {
        let size = PictureSize::new(WIDTH as u32, HEIGHT as u32).unwrap();
        let mut lookahead = Lookahead::new(size, 4, &BufferPool::default(), Instructions::detect());
        for (place, [luma, chroma]) in pictures.iter().enumerate() {
            let plane = |data| Plane { data, stride: WIDTH };
            lookahead.take(place, &Picture::nv12(size, plane(luma), plane(chroma)));
        }
        lookahead
    }

    #[test]
    fn motion_is_found_farther_the_later_a_picture_is() {
        let mut lookahead = lookahead(&[0, 12, 24, 36, 48].map(|moved| planes(moved, 1.0)));
        for (place, scale, moved) in [(1, 1, 12), (2, 2, 24), (4, 2, 48)] {
            lookahead.difference(place, scale);
            assert_eq!(lookahead.weights(), None);
            let vectors: Vec<Vector> = (2..10).flat_map(|row| lookahead.row_vectors(row)).collect();
            let right = vectors.iter().filter(|vector| **vector == Vector { x: -4 * moved, y: 0 }).count();
            assert!(right * 3 > vectors.len() * 2, "picture {place}: {right} of {}", vectors.len());
        }
        lookahead.advance(2);
        lookahead.difference(2, 1);
        let vectors: Vec<Vector> = lookahead.row_vectors(5).collect();
        assert!(vectors.contains(&Vector { x: -96, y: 0 }), "{vectors:?}");
    }

    #[test]
    fn a_fade_is_told_from_motion() {
        let mut lookahead =
            lookahead(&[(0, 1.0), (0, 0.75), (4, 0.5), (4, 1.0)].map(|(moved, share)| planes(moved, share)));
        for (place, share) in [(1, 0.75), (2, 0.5)] {
            lookahead.difference(place, 1);
            let Weights { luma, chroma } = lookahead.weights().unwrap();
            let close = |weight: Weight, black: f64| {
                (f64::from(weight.factor) - 64.0 * share).abs() <= 5.0
                    && (f64::from(weight.offset) - black * (1.0 - share)).abs() <= 9.0
            };
            assert!(close(luma, 16.0), "picture {place}: {luma:?}");
            assert!(chroma.iter().all(|weight| close(*weight, 128.0)), "picture {place}: {chroma:?}");
        }
        lookahead.difference(3, 1);
        assert_eq!(lookahead.weights(), None, "it has only moved");
    }
}
