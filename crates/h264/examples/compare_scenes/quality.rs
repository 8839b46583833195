//! How much a decoded video differs from its source.

use crate::y4m::Clip;

/// Width and height of a tile in luma samples.
const TILE: usize = 64;

/// Sums over all frames so far.
#[derive(Default)]
pub(crate) struct Quality {
    /// Squared errors of Y, Cb and Cr.
    squares: [u64; 3],
    /// Luma samples.
    samples: u64,
    similarity: f64,
    blocks: u64,
    /// The largest mean squared error of a tile of luma.
    worst_tile: f64,
}

/// What a row of the table shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    /// In dB, of Y, Cb and Cr, from the mean squared error over all frames.
    pub(crate) psnr: [f64; 3],
    /// Mean structural similarity of luma over blocks of 8×8.
    pub(crate) ssim: f64,
    /// PSNR in dB of the worst tile of 64×64 luma samples in any frame.
    pub(crate) worst_tile: f64,
}

impl Quality {
    /// Adds a frame; `decoded` holds luma, then interleaved chroma.
    pub(crate) fn add(&mut self, clip: &Clip, index: usize, decoded: &[u8]) {
        let (width, height) = (clip.size.width() as usize, clip.size.height() as usize);
        let source = clip.samples(index);
        let luma = width * height;
        for (part, sum) in self.squares[1..].iter_mut().enumerate() {
            let pairs = source[luma + part..].iter().step_by(2).zip(decoded[luma + part..].iter().step_by(2));
            *sum += pairs.map(|(a, b)| square(*a, *b)).sum::<u64>();
        }
        self.samples += luma as u64;
        for top in (0..height).step_by(TILE) {
            for left in (0..width).step_by(TILE) {
                let (tile_width, rows) = (TILE.min(width - left), TILE.min(height - top));
                let mut sum = 0;
                for y in top..top + rows {
                    let at = y * width + left;
                    let pairs = source[at..][..tile_width].iter().zip(&decoded[at..][..tile_width]);
                    sum += pairs.map(|(a, b)| square(*a, *b)).sum::<u64>();
                }
                self.squares[0] += sum;
                self.worst_tile = self.worst_tile.max(sum as f64 / (tile_width * rows) as f64);
            }
        }
        for top in (0..height / 8 * 8).step_by(8) {
            for left in (0..width / 8 * 8).step_by(8) {
                self.similarity += similarity(source, decoded, top * width + left, width);
                self.blocks += 1;
            }
        }
    }

    pub(crate) fn score(&self) -> Score {
        let chroma = self.samples as f64 / 4.0;
        let [y, cb, cr] = self.squares.map(|sum| sum as f64);
        Score {
            psnr: [psnr(y / self.samples as f64), psnr(cb / chroma), psnr(cr / chroma)],
            ssim: self.similarity / self.blocks as f64,
            worst_tile: psnr(self.worst_tile),
        }
    }
}

fn square(a: u8, b: u8) -> u64 {
    u64::from(a.abs_diff(b)).pow(2)
}

/// In dB; 100 where there is no error.
fn psnr(mean_square: f64) -> f64 {
    if mean_square <= 0.0 { 100.0 } else { 10.0 * (255.0 * 255.0 / mean_square).log10() }
}

/// Structural similarity of the block of 8×8 that begins at `at` (Wang et al., "Image quality assessment: from error
/// visibility to structural similarity", 2004, equation 13), over the whole block.
fn similarity(source: &[u8], decoded: &[u8], at: usize, stride: usize) -> f64 {
    const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
    const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
    let (mut a, mut b, mut aa, mut bb, mut ab) = (0, 0, 0, 0, 0);
    for y in 0..8 {
        let rows = source[at + y * stride..][..8].iter().zip(&decoded[at + y * stride..][..8]);
        for (x, y) in rows.map(|(x, y)| (u32::from(*x), u32::from(*y))) {
            a += x;
            b += y;
            aa += x * x;
            bb += y * y;
            ab += x * y;
        }
    }
    let of = |sum: u32| f64::from(sum) / 64.0;
    let (a, b) = (of(a), of(b));
    let (variance_a, variance_b, covariance) = (of(aa) - a * a, of(bb) - b * b, of(ab) - a * b);
    (2.0 * a * b + C1) * (2.0 * covariance + C2) / ((a * a + b * b + C1) * (variance_a + variance_b + C2))
}
