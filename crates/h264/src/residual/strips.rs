//! Four 4×4 blocks side by side: from residual to levels, and back into the prediction.

use super::quantiser::Quantiser;
use super::transform::{CoefficientBlock, Strip, ZIGZAG, forward, inverse};
use crate::simd::nonzero_mask;
use strikeline_picture::Plane;

/// Transforms and quantises the difference between source and prediction of a macroblock's luma.
#[derive(Debug)]
pub(crate) struct AnalyseLuma<'a> {
    pub(crate) source: Plane<'a>,
    pub(crate) predicted: &'a [u8; 256],
    pub(crate) quantiser: &'a Quantiser,
    /// Where given, the DC coefficients are stored here and become zero among the levels.
    pub(crate) dc: Option<&'a mut [i16; 16]>,
    /// The levels, and the same in zig-zag order. Strips of which all levels are zero are left as they are.
    pub(crate) strips: &'a mut [Strip; 4],
    pub(crate) levels: &'a mut [CoefficientBlock; 16],
}

/// The same for chroma: 8 rows of 8 pairs, Cb and Cr. DC coefficients and levels are those of Cb, then Cr.
#[derive(Debug)]
pub(crate) struct AnalyseChroma<'a> {
    pub(crate) source: Plane<'a>,
    pub(crate) predicted: &'a [u8; 128],
    pub(crate) quantiser: &'a Quantiser,
    pub(crate) dc: &'a mut [[i16; 4]; 2],
    pub(crate) strips: &'a mut [Strip; 2],
    pub(crate) levels: &'a mut [CoefficientBlock; 8],
}

/// Levels of a macroblock's luma or chroma: `S` strips and `B` blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StripLevels<'a, Dc, const S: usize, const B: usize> {
    pub(crate) strips: &'a [Strip; S],
    /// For each block whether each level is not zero, the first in the lowest bit.
    pub(crate) masks: &'a [u16; B],
    /// DC coefficients that are coded separately; otherwise zeros.
    pub(crate) dc: &'a Dc,
}

/// Levels of luma.
pub(crate) type LumaLevels<'a> = StripLevels<'a, [i16; 16], 4, 16>;
/// Levels of chroma.
pub(crate) type ChromaLevels<'a> = StripLevels<'a, [[i16; 4]; 2], 2, 8>;

/// Transforms and quantises residuals. Where `dc` is given, the DC coefficients are stored there and become zero among
/// the levels. The levels are stored in `strip` and, in zig-zag order, in the blocks, unless all are zero. Returns a
/// mask for each block: whether each level is not zero, the first in the lowest bit.
#[inline]
pub(crate) fn analyse(
    residual: &Strip,
    quantiser: &Quantiser,
    dc: Option<&mut [i16; 4]>,
    strip: &mut Strip,
    levels: [&mut CoefficientBlock; 4],
) -> [u16; 4] {
    let mut coefficients = forward(residual);
    if let Some(dc) = dc {
        for (block, dc) in dc.iter_mut().enumerate() {
            *dc = std::mem::take(&mut coefficients[0][block * 4]);
        }
    }
    if quantiser.quantise(&mut coefficients) == [0; 16] {
        return [0; 4];
    }
    *strip = coefficients;
    let mut masks = [0; 4];
    for (block, (levels, mask)) in levels.into_iter().zip(&mut masks).enumerate() {
        for (level, (horizontal, vertical)) in levels.iter_mut().zip(ZIGZAG) {
            *level = strip[horizontal][(block * 4 + vertical) & 15];
        }
        *mask = nonzero_mask(levels) as u16;
    }
    masks
}

/// Adds the residual that levels stand for to the prediction, four rows of 16 samples. `strip` is `None` where all
/// levels are zero. `dc`: DC coefficients that are coded separately.
#[inline]
pub(crate) fn rebuild(
    strip: Option<&Strip>,
    dc: &[i16; 4],
    quantiser: &Quantiser,
    predicted: &mut [[u8; 16]],
) {
    let mut strip = strip.copied().unwrap_or_default();
    quantiser.scale(&mut strip);
    // Of the two, one is zero.
    (0..4).for_each(|block| strip[0][block * 4] |= dc[block]);
    for (row, predicted) in inverse(&strip).iter().zip(predicted) {
        for (sample, &residual) in predicted.iter_mut().zip(row) {
            *sample = i16::from(*sample).wrapping_add(residual).clamp(0, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(seed: i16) -> Strip {
        let mut strip = [[0; 16]; 4];
        for (y, row) in strip.iter_mut().enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = ((y as i16 * 37 + x as i16 * 91 + seed * 53) % 511) - 255;
            }
        }
        strip
    }

    #[test]
    fn fine_quantisation_restores_the_residual() {
        for seed in 0..20 {
            let residual = ramp(seed);
            let quantiser = Quantiser::new(0, 32, 32767);
            let mut strip = forward(&residual);
            quantiser.quantise(&mut strip);
            quantiser.scale(&mut strip);
            for (row, original) in inverse(&strip).iter().zip(&residual) {
                for (got, wanted) in row.iter().zip(original) {
                    assert!((got - wanted).abs() <= 1, "{got} {wanted}");
                }
            }
        }
    }
}
