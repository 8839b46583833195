//! Reconstructed pictures that later pictures are predicted from, with their borders extended as
//! reference sample access beyond the picture requires (ITU-T H.264, 8.4.2.2).

use crate::bits::parameter_sets::MacroblockGrid;
use crate::buffer_pool::BufferPool;
use strikeline_picture::Plane;

/// Luma samples that each side of a reconstructed picture is extended by.
pub(crate) const PADDING: usize = 64;

/// Samples in memory, with room around the visible part.
#[derive(Debug, Default, Clone)]
pub(crate) struct Samples {
    data: Vec<u8>,
    stride: usize,
    /// Index of the sample at (0, 0).
    origin: usize,
    /// Bytes per row and rows, without the room around.
    width: usize,
    height: usize,
    pad_x: usize,
    pad_y: usize,
    /// Where the memory goes back to.
    buffers: Option<BufferPool>,
}

impl Samples {
    /// `width` in bytes; the last two say how much room is around. They hold anything.
    pub(crate) fn new(
        width: usize,
        height: usize,
        [pad_x, pad_y]: [usize; 2],
        buffers: &BufferPool,
    ) -> Samples {
        let stride = width + 2 * pad_x;
        Samples {
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

    /// As a plane; for samples without anything around them.
    pub(crate) fn as_plane(&self) -> Plane<'_> {
        debug_assert_eq!((self.pad_x, self.pad_y), (0, 0));
        Plane { data: &self.data, stride: self.stride }
    }

    /// Repeats the outermost samples of the block of 16 × `rows` bytes at (x, y) into the border, as far
    /// as the block touches the picture's edges. A sample is `N` bytes.
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

impl Drop for Samples {
    fn drop(&mut self) {
        if let Some(buffers) = &self.buffers {
            buffers.put(std::mem::take(&mut self.data));
        }
    }
}

/// Names what a macroblock's samples are: equal stamps at one place mean equal samples.
pub(crate) type Stamp = u32;

/// A reconstructed picture: luma, and Cb and Cr interleaved.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reconstruction {
    pub(crate) luma: Samples,
    pub(crate) chroma: Samples,
    /// Per macroblock, in raster order.
    pub(crate) stamps: Vec<Stamp>,
}

impl Reconstruction {
    pub(crate) fn new(grid: MacroblockGrid, buffers: &BufferPool) -> Reconstruction {
        let (width, height) = (grid.columns * 16, grid.rows * 16);
        Reconstruction {
            luma: Samples::new(width, height, [PADDING, PADDING], buffers),
            chroma: Samples::new(width, height / 2, [PADDING, PADDING / 2], buffers),
            stamps: vec![0; grid.len()],
        }
    }

    /// Call when the samples of a macroblock have changed.
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
