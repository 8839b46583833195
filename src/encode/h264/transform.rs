//! Transforms, quantisation and scaling of residuals (ITU-T H.264, 8.5.6 to 8.5.12; the forward direction
//! is the encoder's choice and follows from them).
//!
//! Four 4×4 blocks that lie side by side make a [`Strip`]. All arithmetic goes over its 16 lanes at once.

use super::simd::Work;

/// Four 4×4 blocks side by side. As samples: `[row][4 · block + column]`. As coefficients:
/// `[horizontal frequency][4 · block + vertical frequency]`.
pub(super) type Strip = [[i16; 16]; 4];

/// The coefficients of a 4×4 block in zig-zag order (Figure 6-8 a).
pub(super) type Block = [i16; 16];

/// For each place of the zig-zag scan its horizontal and vertical frequency.
#[rustfmt::skip]
pub(super) const ZIGZAG: [(usize, usize); 16] = [
    (0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (2, 0), (3, 0), (2, 1),
    (1, 2), (0, 3), (1, 3), (2, 2), (3, 1), (3, 2), (2, 3), (3, 3),
];

/// normAdjust4x4 (equation 8-315), by QP % 6, for the three classes of frequency pairs: both even, both
/// odd, mixed.
const SCALE: [[i32; 3]; 6] =
    [[10, 16, 13], [11, 18, 14], [13, 20, 16], [14, 23, 18], [16, 25, 20], [18, 29, 23]];

/// What a coefficient is multiplied by before a shift of 15 + QP / 6, to undo the gains of forward and
/// inverse transform: 2^21 over the scale and the squared norms of the basis functions (16, 25, 20 times the scale).
#[rustfmt::skip]
const QUANT: [[i32; 3]; 6] = [
    [13107, 5243, 8066], [11916, 4660, 7490], [10082, 4194, 6554],
    [9362, 3647, 5825], [8192, 3355, 5243], [7282, 2893, 4559],
];

const fn class(horizontal: usize, vertical: usize) -> usize {
    match (horizontal % 2, vertical % 2) {
        (0, 0) => 0,
        (1, 1) => 1,
        _ => 2,
    }
}

/// chroma_qp_index_offset: colour is coded finer than brightness, which gives it about the same error.
pub(super) const CHROMA_QP_OFFSET: i8 = -2;

/// QPc for a luma QP (Table 8-15) with [`CHROMA_QP_OFFSET`].
pub(super) fn chroma_qp(qp: u8) -> u8 {
    const ABOVE_29: [u8; 22] =
        [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];
    let qp = qp.saturating_add_signed(CHROMA_QP_OFFSET);
    if qp < 30 { qp } else { ABOVE_29[usize::from(qp) - 30] }
}

/// Everything that follows from one QP.
#[derive(Debug, Clone)]
pub(super) struct Quantiser {
    qp: u8,
    /// Levels per coefficient times 2^16, by horizontal frequency, repeated over the lanes of a strip.
    multipliers: [[u16; 16]; 4],
    /// What is added to a coefficient before it is multiplied, in the same order: less than half a level.
    biases: [[u16; 16]; 4],
    /// Scales (LevelScale / 16) shifted by QP / 6, in the same order.
    scales: [[i16; 16]; 4],
    /// Added before the shift: under a half, so that small coefficients become zero.
    rounding: i32,
    smallest_effective_difference: u32,
    /// Only levels of DC coefficients that were transformed twice can come near it.
    largest_level: i32,
}

impl Quantiser {
    /// `rounding_64ths`: what is added before rounding down, in 64ths of a level.
    pub(super) fn new(qp: u8, rounding_64ths: i32, largest_level: i32) -> Quantiser {
        let remainder = usize::from(qp % 6);
        let mut multipliers = [[0; 16]; 4];
        let mut biases = [[0; 16]; 4];
        let mut scales = [[0; 16]; 4];
        for horizontal in 0..4 {
            for lane in 0..16 {
                let class = class(horizontal, lane % 4);
                let multiplier = (QUANT[remainder][class] * 2) >> (qp / 6);
                multipliers[horizontal][lane] = multiplier as u16;
                biases[horizontal][lane] = ((rounding_64ths << 10) / multiplier) as u16;
                scales[horizontal][lane] = (SCALE[remainder][class] << (qp / 6)) as i16;
            }
        }
        let rounding = (rounding_64ths << (15 + qp / 6)) >> 6;
        let smallest_effective_difference = 0;
        let mut quantiser = Quantiser {
            qp,
            multipliers,
            biases,
            scales,
            rounding,
            smallest_effective_difference,
            largest_level,
        };
        quantiser.smallest_effective_difference = quantiser.find_smallest_effective_difference();
        quantiser
    }

    /// The smallest sum of absolute differences of a block from which a level other than zero can come.
    ///
    /// A coefficient is at most that sum times the largest weight of its basis function: 1 for an even
    /// frequency and 2 for an odd one, each way. DC levels that are transformed once more come later.
    pub(super) fn smallest_effective_difference(&self) -> u32 {
        self.smallest_effective_difference
    }

    fn find_smallest_effective_difference(&self) -> u32 {
        // Two frequencies each way stand for all.
        let needed = |horizontal: usize, vertical: usize| {
            let multiplier = u32::from(self.multipliers[horizontal][vertical]);
            let coefficient =
                (1u32 << 16).div_ceil(multiplier) - u32::from(self.biases[horizontal][vertical]);
            coefficient.div_ceil(1 << (horizontal + vertical))
        };
        let of_dc = (((1 << self.shift()) - self.rounding) as u32)
            .div_ceil(QUANT[usize::from(self.qp % 6)][0] as u32);
        needed(0, 0).min(needed(0, 1)).min(needed(1, 1)).min(of_dc)
    }

    fn shift(&self) -> u32 {
        15 + u32::from(self.qp / 6)
    }

    /// Quantises the coefficients of a strip in place. Gives for each column of lanes whether any level is not zero.
    #[inline(always)]
    pub(super) fn quantise(&self, strip: &mut Strip) -> [i16; 16] {
        let mut any = [0; 16];
        for ((row, multipliers), biases) in strip.iter_mut().zip(&self.multipliers).zip(&self.biases) {
            for lane in 0..16 {
                let value = row[lane];
                let magnitude = value.unsigned_abs() + biases[lane];
                let level = ((u32::from(magnitude) * u32::from(multipliers[lane])) >> 16) as i16;
                row[lane] = if value < 0 { -level } else { level };
                any[lane] |= level;
            }
        }
        any
    }

    /// 8.5.12.1: levels back to coefficients. The DC places hold nonsense where DC is coded apart.
    #[inline(always)]
    pub(super) fn scale(&self, strip: &mut Strip) {
        for (row, scales) in strip.iter_mut().zip(&self.scales) {
            for (level, &scale) in row.iter_mut().zip(scales) {
                *level = level.wrapping_mul(scale);
            }
        }
    }

    /// A level of a transformed DC coefficient; `value` carries `1 << extra_bits` times the usual gain.
    #[inline]
    fn dc_level(&self, value: i32, extra_bits: u32) -> i16 {
        let shift = self.shift() + extra_bits;
        let level =
            (value.abs() * QUANT[usize::from(self.qp % 6)][0] + (self.rounding << extra_bits)) >> shift;
        let level = level.min(self.largest_level);
        (if value < 0 { -level } else { level }) as i16
    }

    /// The 16 DC coefficients of an Intra_16x16 macroblock, as a matrix of rows, to levels.
    pub(super) fn quantise_luma_dc(&self, dc: &[i32; 16]) -> [i16; 16] {
        hadamard_4x4(dc).map(|value| self.dc_level((value + value.signum()) / 2, 1))
    }

    /// 8.5.10: Intra_16x16 DC levels, as a matrix, to the DC coefficients of the blocks.
    pub(super) fn scale_luma_dc(&self, levels: &[i16; 16]) -> [i16; 16] {
        let scale = SCALE[usize::from(self.qp % 6)][0] * 16;
        let period = u32::from(self.qp / 6);
        hadamard_4x4(&levels.map(i32::from)).map(|value| {
            let scaled = if period >= 6 {
                (value * scale) << (period - 6)
            } else {
                (value * scale + (1 << (5 - period))) >> (6 - period)
            };
            scaled as i16
        })
    }

    /// The four DC coefficients of a chroma component, in raster order, to levels.
    pub(super) fn quantise_chroma_dc(&self, dc: &[i32; 4]) -> [i16; 4] {
        hadamard_2x2(dc).map(|value| self.dc_level(value, 1))
    }

    /// 8.5.11: chroma DC levels to the DC coefficients of the blocks.
    pub(super) fn scale_chroma_dc(&self, levels: &[i16; 4]) -> [i16; 4] {
        let scale = SCALE[usize::from(self.qp % 6)][0] * 16;
        hadamard_2x2(&levels.map(i32::from)).map(|value| (((value * scale) << (self.qp / 6)) >> 5) as i16)
    }
}

/// Transforms and quantises source minus prediction, four rows of 16 samples.
#[derive(Debug)]
pub(super) struct Analyse<'a> {
    pub(super) source: &'a [u8],
    pub(super) stride: usize,
    pub(super) predicted: &'a [[u8; 16]; 4],
    pub(super) quantiser: &'a Quantiser,
    /// Whether the DC coefficients are coded apart: they become zero in the strip.
    pub(super) dc_apart: bool,
    /// Becomes the DC coefficients.
    pub(super) dc: &'a mut [i32],
    /// Becomes the levels.
    pub(super) strip: &'a mut Strip,
    /// Becomes whether each block has a level other than zero.
    pub(super) any: &'a mut [bool; 4],
}

impl Work for Analyse<'_> {
    #[inline(always)]
    fn run(self) {
        let mut differences = [[0; 16]; 4];
        for (y, out) in differences.iter_mut().enumerate() {
            let source = self.source[y * self.stride..].first_chunk::<16>().unwrap_or(&[0; 16]);
            for (out, (a, b)) in out.iter_mut().zip(source.iter().zip(&self.predicted[y])) {
                *out = i16::from(*a) - i16::from(*b);
            }
        }
        let mut strip = forward(&differences);
        for (block, dc) in self.dc.iter_mut().enumerate().take(4) {
            *dc = i32::from(strip[0][block * 4]);
        }
        if self.dc_apart {
            (0..4).for_each(|block| strip[0][block * 4] = 0);
        }
        let lanes = self.quantiser.quantise(&mut strip);
        let blocks = lanes.as_chunks::<4>().0;
        for (any, lanes) in self.any.iter_mut().zip(blocks) {
            *any = *lanes != [0; 4];
        }
        *self.strip = strip;
    }
}

/// Adds to the prediction what levels stand for, four rows of 16 samples.
#[derive(Debug)]
pub(super) struct Rebuild<'a> {
    pub(super) strip: &'a Strip,
    /// DC coefficients that were coded apart.
    pub(super) dc: Option<[i16; 4]>,
    pub(super) quantiser: &'a Quantiser,
    pub(super) predicted: &'a mut [[u8; 16]; 4],
}

impl Work for Rebuild<'_> {
    #[inline(always)]
    fn run(self) {
        let mut strip = *self.strip;
        self.quantiser.scale(&mut strip);
        if let Some(dc) = self.dc {
            (0..4).for_each(|block| strip[0][block * 4] = dc[block]);
        }
        for (row, predicted) in inverse(&strip).iter().zip(self.predicted) {
            for (sample, &residual) in predicted.iter_mut().zip(row) {
                *sample = i16::from(*sample).wrapping_add(residual).clamp(0, 255) as u8;
            }
        }
    }
}

fn hadamard_2x2(m: &[i32; 4]) -> [i32; 4] {
    let [a, b, c, d] = *m;
    [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
}

/// Its own transpose and, up to a factor of 16, its own inverse.
fn hadamard_4x4(m: &[i32; 16]) -> [i32; 16] {
    let mut half = [0; 16];
    for i in 0..4 {
        let (a, b, c, d) = (m[i], m[4 + i], m[8 + i], m[12 + i]);
        half[i] = a + b + c + d;
        half[4 + i] = a + b - c - d;
        half[8 + i] = a - b - c + d;
        half[12 + i] = a - b + c - d;
    }
    let mut whole = [0; 16];
    for (row, out) in half.chunks_exact(4).zip(whole.chunks_exact_mut(4)) {
        let (a, b, c, d) = (row[0], row[1], row[2], row[3]);
        out[0] = a + b + c + d;
        out[1] = a + b - c - d;
        out[2] = a - b - c + d;
        out[3] = a - b + c - d;
    }
    whole
}

/// Swaps the two indices within each block.
#[inline(always)]
fn transpose(strip: &Strip) -> Strip {
    let mut out = [[0; 16]; 4];
    for (j, out) in out.iter_mut().enumerate() {
        for block in 0..4 {
            for i in 0..4 {
                out[block * 4 + i] = strip[i][block * 4 + j];
            }
        }
    }
    out
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
pub(super) fn forward(residual: &Strip) -> Strip {
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
pub(super) fn inverse(coefficients: &Strip) -> Strip {
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
pub(super) struct Weight {
    pub(super) count: u8,
    pub(super) bits: u32,
}

impl Weight {
    /// Of levels in zig-zag order.
    #[inline(always)]
    pub(super) fn of(levels: &[i16]) -> Weight {
        let (mut count, mut bits, mut last) = (0, 2, 0);
        for (place, &level) in levels.iter().enumerate() {
            if level != 0 {
                // Sign and the first bin of each level, and twice the logarithm of it.
                bits += 2 * (16 - level.unsigned_abs().leading_zeros());
                count += 1;
                last = place as u32;
            }
        }
        // And the map up to the last.
        Weight { count, bits: if count == 0 { 0 } else { bits + last * 3 / 4 } }
    }
}

/// Puts the levels of block `block` of a strip into `out`, in zig-zag order.
#[inline(never)]
pub(super) fn zigzag(strip: &Strip, block: usize, out: &mut Block) -> Weight {
    for (out, (horizontal, vertical)) in out.iter_mut().zip(ZIGZAG) {
        *out = strip[horizontal][(block * 4 + vertical) & 15];
    }
    Weight::of(out)
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
    fn smaller_differences_than_the_smallest_effective_one_become_zero() {
        for qp in 0..52 {
            let quantiser = Quantiser::new(qp, 21, 32767);
            let limit = quantiser.smallest_effective_difference() as i16;
            for place in 0..16 {
                let mut strip = [[0; 16]; 4];
                strip[place / 4][place % 4] = (limit - 1).min(255);
                strip[place % 4][4 + place / 4] = -(limit - 1).min(255);
                assert_eq!(quantiser.quantise(&mut forward(&strip)), [0; 16], "QP {qp}");
            }
            let dc = (i32::from(limit) - 1).min(255);
            assert_eq!(
                quantiser.quantise_luma_dc(&[dc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
                [0; 16]
            );
            assert_eq!(quantiser.quantise_chroma_dc(&[dc, 0, 0, 0]), [0; 4]);
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
