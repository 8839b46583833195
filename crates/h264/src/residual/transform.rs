//! Transforms of residuals and their scan (ITU-T H.264, 8.5.6 and 8.5.12.2; the forward direction is the encoder's choice
//! and follows from them).
//!
//! Four 4×4 blocks that lie side by side make a [`Strip`]. All arithmetic goes over its 16 lanes at once.

use crate::residual::quantiser::Quantiser;
use crate::simd::{nonzero_mask, transpose};

/// Four 4×4 blocks side by side. As samples: `[row][4 · block + column]`. As coefficients:
/// `[horizontal frequency][4 · block + vertical frequency]`.
pub(crate) type Strip = [[i16; 16]; 4];

/// The coefficients of a 4×4 block in zig-zag order (Figure 6-8 a).
pub(crate) type Block = [i16; 16];

/// For each place of the zig-zag scan its horizontal and vertical frequency.
#[rustfmt::skip]
pub(crate) const ZIGZAG: [(usize, usize); 16] = [
    (0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (2, 0), (3, 0), (2, 1),
    (1, 2), (0, 3), (1, 3), (2, 2), (3, 1), (3, 2), (2, 3), (3, 3),
];

/// Transforms and quantises residuals. Where `dc` is given, the DC coefficients go there, and become zero among the levels.
/// The levels go into `strip` and, in zig-zag order, into the blocks; only if any is not zero. Gives for each block which
/// levels are not zero, the first in the lowest bit.
#[inline]
pub(crate) fn analyse(
    residual: &Strip,
    quantiser: &Quantiser,
    dc: Option<&mut [i16; 4]>,
    strip: &mut Strip,
    levels: [&mut Block; 4],
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

/// Adds to the prediction, four rows of 16 samples, what levels stand for; `strip` is left out where all are
/// zero. `dc`: DC coefficients that were coded apart.
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

#[inline(always)]
fn forward_pass(m: &Strip) -> Strip {
    let mut out = [[0; 16]; 4];
    for lane in 0..16 {
        let (a, b, c, d) = (m[0][lane], m[1][lane], m[2][lane], m[3][lane]);
        let (sum, inner_sum, difference, inner_difference) = (a + d, b + c, a - d, b - c);
        out[0][lane] = sum + inner_sum;
        out[1][lane] = 2 * difference + inner_difference;
        out[2][lane] = sum - inner_sum;
        out[3][lane] = difference - 2 * inner_difference;
    }
    out
}

/// Residual samples to coefficients.
#[inline(always)]
pub(crate) fn forward(residual: &Strip) -> Strip {
    forward_pass(&transpose(&forward_pass(residual)))
}

#[inline(always)]
fn inverse_pass(m: &Strip) -> Strip {
    let mut out = [[0i16; 16]; 4];
    for lane in 0..16 {
        let (a, b, c, d) = (m[0][lane], m[1][lane], m[2][lane], m[3][lane]);
        let even_sum = a.wrapping_add(c);
        let even_difference = a.wrapping_sub(c);
        let odd_difference = (b >> 1).wrapping_sub(d);
        let odd_sum = b.wrapping_add(d >> 1);
        out[0][lane] = even_sum.wrapping_add(odd_sum);
        out[1][lane] = even_difference.wrapping_add(odd_difference);
        out[2][lane] = even_difference.wrapping_sub(odd_difference);
        out[3][lane] = even_sum.wrapping_sub(odd_sum);
    }
    out
}

/// 8.5.12.2: scaled coefficients to residual samples. Each row is transformed before the columns are.
#[inline(always)]
pub(crate) fn inverse(coefficients: &Strip) -> Strip {
    let mut residual = inverse_pass(&transpose(&inverse_pass(coefficients)));
    for row in &mut residual {
        for sample in row {
            *sample = sample.wrapping_add(32) >> 6;
        }
    }
    residual
}

/// How many levels of a block are not zero, and about how many bits it takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weight {
    pub(crate) count: u8,
    pub(crate) bits: u32,
}

impl Weight {
    /// Of levels in zig-zag order. `mask` tells which are not zero, the first in the lowest bit.
    #[inline]
    pub(crate) fn of(levels: &Block, mask: u16) -> Weight {
        let mut left = u32::from(mask);
        let Some(last) = left.checked_ilog2() else { return Weight::default() };
        let mut count = 0;
        // The map up to the last.
        let mut bits = 2 + last * 3 / 4;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            count += 1;
            // Sign and the first bin of each level, and twice the logarithm of it.
            bits += 2 * (16 - levels[place as usize & 15].unsigned_abs().leading_zeros());
        }
        Weight { count, bits }
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
    fn fine_quantisation_gives_the_residual_back() {
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

    #[test]
    fn rows_are_transformed_before_columns() {
        // b >> 1 of an odd coefficient in both directions rounds differently in the other order.
        let mut strip = [[0; 16]; 4];
        strip[1][1] = 75;
        strip[3][1] = 77;
        let residual = inverse(&strip);
        // By hand from equations 8-338 to 8-353: row 1 holds (0, 75, 0, 77).
        let row = [75 + (77 >> 1), (75 >> 1) - 77, -((75 >> 1) - 77), -(75 + (77 >> 1))];
        for x in 0..4 {
            let column = [row[x], row[x] >> 1, -(row[x] >> 1), -row[x]];
            for y in 0..4 {
                assert_eq!(residual[y][x], (column[y] + 32) >> 6);
            }
        }
    }
}
