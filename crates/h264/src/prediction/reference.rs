//! Reconstructed pictures that later pictures are predicted from, with their borders extended as the access to
//! reference samples beyond the picture requires (ITU-T H.264, 8.4.2.2).

use super::PADDING;
use super::coarse_rows::CoarseMap;
use super::vectors::Vector;
use crate::buffer_pool::BufferPool;
use crate::grid::{MacroblockGrid, MacroblockPosition, MacroblockRun};
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::{BlockSize, PlaneMut, copy, copy_wide};
use strikeline_picture::Plane;

/// PaddedSamples in memory, with room around the visible part.
/// The size of [`PaddedSamples`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaddedSize {
    /// Bytes per row, without padding.
    pub(crate) width: usize,
    /// Rows, without padding.
    pub(crate) height: usize,
    /// Bytes of padding at either end of a row.
    pub(crate) pad_x: usize,
    /// Rows of padding above and below.
    pub(crate) pad_y: usize,
}

/// Rows of samples in memory, with padding on all sides.
#[derive(Debug, Default, Clone)]
pub(crate) struct PaddedSamples {
    data: Vec<u8>,
    stride: usize,
    /// Index of the sample at (0, 0).
    origin: usize,
    /// Bytes per row and rows, without the padding.
    width: usize,
    height: usize,
    pad_x: usize,
    pad_y: usize,
    /// The pool that the memory is returned to.
    buffers: Option<BufferPool>,
}

impl PaddedSamples {
    /// Samples with undefined content.
    pub(crate) fn new(size: PaddedSize, buffers: &BufferPool) -> PaddedSamples {
        let PaddedSize { width, height, pad_x, pad_y } = size;
        let stride = width + 2 * pad_x;
        PaddedSamples {
            data: buffers.take(stride * (height + 2 * pad_y)),
            stride,
            origin: pad_y * stride + pad_x,
            width,
            height,
            pad_x,
            pad_y,
            buffers: Some(buffers.clone()),
        }
    }

    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Index of byte `x` of row `y`; both may be negative, into the extended border.
    #[inline]
    pub(crate) fn index(&self, x: isize, y: isize) -> usize {
        (self.origin as isize + y * self.stride as isize + x) as usize
    }

    /// The bytes from byte `x` of row `y` on.
    #[inline]
    pub(crate) fn at(&self, x: isize, y: isize) -> &[u8] {
        &self.data[self.index(x, y)..]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, x: isize, y: isize) -> &mut [u8] {
        let index = self.index(x, y);
        &mut self.data[index..]
    }

    /// From byte `x` of row `y` on.
    #[inline(always)]
    pub(crate) fn plane_at(&self, x: isize, y: isize) -> Plane<'_> {
        Plane { data: self.at(x, y), stride: self.stride }
    }

    /// From byte `x` of row `y` on.
    #[inline(always)]
    pub(crate) fn plane_at_mut(&mut self, x: isize, y: isize) -> PlaneMut<'_> {
        let stride = self.stride;
        PlaneMut { data: self.at_mut(x, y), stride }
    }

    /// All of them; for samples without padding.
    pub(crate) fn as_plane(&self) -> Plane<'_> {
        debug_assert_eq!((self.pad_x, self.pad_y), (0, 0));
        Plane { data: &self.data, stride: self.stride }
    }

    /// Becomes as another of the same size.
    pub(crate) fn copy_all(&mut self, other: &PaddedSamples) {
        self.data.copy_from_slice(&other.data);
    }

    /// All bytes, with the padding.
    pub(crate) fn all_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// Repeats the outermost samples of the 16 × 16 bytes at (x, y) into the padding, as for luma.
    pub(crate) fn extend_luma(&mut self, x: usize, y: usize) {
        if x == 0 || x + 16 == self.width || y == 0 || y + 16 == self.height {
            self.extend_from::<1>(x, y, 16);
        }
    }

    /// Repeats the outermost samples of the block of 16 × `rows` bytes at (x, y) into the padding, where the block
    /// touches an edge of the picture. A sample has `N` bytes.
    fn extend_from<const N: usize>(&mut self, x: usize, y: usize, rows: usize) {
        let (left, right) = (x == 0, x + 16 == self.width);
        for row in y..y + rows {
            let start = self.index(0, row as isize);
            if left {
                let (border, picture) =
                    self.data[start - self.pad_x..][..self.pad_x + N].split_at_mut(self.pad_x);
                border.chunks_exact_mut(N).for_each(|sample| sample.copy_from_slice(picture));
            }
            if right {
                let (picture, border) = self.data[start + self.width - N..][..N + self.pad_x].split_at_mut(N);
                border.chunks_exact_mut(N).for_each(|sample| sample.copy_from_slice(picture));
            }
        }
        let from = if left { -(self.pad_x as isize) } else { x as isize };
        let to = (x + 16 + if right { self.pad_x } else { 0 }) as isize;
        let length = (to - from) as usize;
        if y == 0 {
            let source = self.index(from, 0);
            for row in 1..=self.pad_y {
                self.data.copy_within(source..source + length, source - row * self.stride);
            }
        }
        if y + rows == self.height {
            let source = self.index(from, self.height as isize - 1);
            for row in 1..=self.pad_y {
                self.data.copy_within(source..source + length, source + row * self.stride);
            }
        }
    }
}

impl Drop for PaddedSamples {
    fn drop(&mut self) {
        if let Some(buffers) = &self.buffers {
            buffers.put(std::mem::take(&mut self.data));
        }
    }
}

/// Identifies the samples of a macroblock: at one position, equal ids mean equal samples, unless they are [`UNDEFINED`].
pub(crate) type ContentId = u32;
/// The id of undefined samples, and of those that no other picture has.
pub(crate) const UNDEFINED: ContentId = 0;

/// An entry of reference list 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference<'a> {
    /// How many frames before the current one.
    pub(crate) distance: u32,
    pub(crate) picture: &'a Reconstruction,
}

/// A reconstructed picture: luma, and Cb and Cr interleaved.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reconstruction {
    pub(crate) luma: PaddedSamples,
    pub(crate) chroma: PaddedSamples,
    /// Per macroblock, in raster order.
    pub(crate) content_ids: Vec<ContentId>,
    pub(crate) coarse: CoarseMap,
}

impl Reconstruction {
    /// A picture with undefined content.
    pub(crate) fn new(grid: MacroblockGrid, buffers: &BufferPool) -> Reconstruction {
        let (width, height) = (grid.columns * 16, grid.rows * 16);
        let luma = PaddedSize { width, height, pad_x: PADDING, pad_y: PADDING };
        let chroma = PaddedSize { height: height / 2, pad_y: PADDING / 2, ..luma };
        Reconstruction {
            luma: PaddedSamples::new(luma, buffers),
            chroma: PaddedSamples::new(chroma, buffers),
            content_ids: vec![0; grid.len()],
            coarse: CoarseMap::new(grid),
        }
    }

    /// The samples that the macroblock at `position` is predicted from with `vector`, which points at whole samples.
    #[inline(always)]
    pub(crate) fn samples_at(&self, position: MacroblockPosition, vector: Vector) -> MacroblockSamples<'_> {
        let x = position.x() as isize + isize::from(vector.x / 4);
        let y = position.y() as isize + isize::from(vector.y / 4);
        MacroblockSamples { luma: self.luma.plane_at(x, y), chroma: self.chroma.plane_at(x, y / 2) }
    }

    /// Copies a run of macroblocks from another picture, displaced by `vector`, which points at whole samples. The
    /// borders are not extended.
    pub(crate) fn copy_run(&mut self, from: &Reconstruction, run: MacroblockRun, vector: Vector) {
        let bytes = run.len() * 16;
        let (x, y) = ((run.first * 16) as isize, (run.row * 16) as isize);
        let (dx, dy) = (isize::from(vector.x / 4), isize::from(vector.y / 4));
        let size = BlockSize { bytes, rows: 16 };
        copy_wide(from.luma.plane_at(x + dx, y + dy), self.luma.plane_at_mut(x, y), size);
        let source = from.chroma.plane_at(x + dx, (y + dy) / 2);
        copy_wide(source, self.chroma.plane_at_mut(x, y / 2), BlockSize { rows: 8, ..size });
    }

    /// Copies a macroblock's samples into the picture. The borders are not extended.
    pub(crate) fn store(&mut self, samples: &MacroblockBuffer, position: MacroblockPosition) {
        let (x, y) = (position.x() as isize, position.y() as isize);
        let MacroblockSamples { luma, chroma } = samples.samples();
        let to = self.luma.plane_at_mut(x, y);
        copy(luma, to.data, to.stride, 16);
        let to = self.chroma.plane_at_mut(x, y / 2);
        copy(chroma, to.data, to.stride, 8);
    }

    /// Copies the luma samples of a macroblock out of the picture.
    pub(crate) fn read_luma(&self, position: MacroblockPosition, luma: &mut [u8; 256]) {
        copy(self.luma.plane_at(position.x() as isize, position.y() as isize), luma, 16, 16);
    }

    /// Extends the picture's border where the macroblock lies at it. To be called after its samples have changed.
    #[inline]
    pub(crate) fn extend_border(&mut self, column: usize, row: usize) {
        let (x, y) = (column * 16, row * 16);
        if x == 0 || x + 16 == self.luma.width || y == 0 || y + 16 == self.luma.height {
            self.luma.extend_from::<1>(x, y, 16);
            self.chroma.extend_from::<2>(x, y / 2, 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_repeat_the_outermost_samples() {
        let grid = MacroblockGrid { columns: 2, rows: 2 };
        let mut picture = Reconstruction::new(grid, &BufferPool::default());
        for y in 0..32 {
            for x in 0..32 {
                picture.luma.at_mut(x, y)[0] = (y * 7 + x) as u8;
                picture.chroma.at_mut(x, y / 2)[0] = (y / 2 * 5 + x * 3) as u8;
            }
        }
        for block in 0..4 {
            picture.extend_border(block % 2, block / 2);
        }
        for y in -64isize..96 {
            for x in -64isize..96 {
                let (inside_x, inside_y) = (x.clamp(0, 31), y.clamp(0, 31));
                assert_eq!(picture.luma.at(x, y)[0], picture.luma.at(inside_x, inside_y)[0]);
                let (pair, part) = (x.div_euclid(2), x.rem_euclid(2));
                let expected =
                    picture.chroma.at(pair.clamp(0, 15) * 2 + part, y.div_euclid(2).clamp(0, 15))[0];
                assert_eq!(picture.chroma.at(x, y.div_euclid(2))[0], expected);
            }
        }
    }
}
