//! Transforms of residuals and their scan (ITU-T H.264, 8.5.6 and 8.5.12.2; the forward direction is the encoder's
//! choice and follows from them).
//!
//! Four 4×4 blocks that lie side by side make a [`Strip`]. All arithmetic is done on its 16 lanes at once.

use crate::simd::transpose;

/// Four 4×4 blocks side by side. As samples: `[row][4 · block + column]`. As coefficients:
/// `[horizontal frequency][4 · block + vertical frequency]`.
pub(crate) type Strip = [[i16; 16]; 4];

/// The coefficients or levels of a 4×4 block in zig-zag order (Figure 6-8 a).
pub(crate) type CoefficientBlock = [i16; 16];

/// For each position of the zig-zag scan its horizontal and vertical frequency.
#[rustfmt::skip]
pub(crate) const ZIGZAG: [(usize, usize); 16] = [
    (0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (2, 0), (3, 0), (2, 1),
    (1, 2), (0, 3), (1, 3), (2, 2), (3, 1), (3, 2), (2, 3), (3, 3),
];

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

#[cfg(test)]
mod tests {
    use super::*;

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
