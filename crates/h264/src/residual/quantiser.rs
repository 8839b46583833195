//! Quantisation and scaling of transformed residuals (ITU-T H.264, 8.5.8 to 8.5.11 and the scaling of 8.5.12.1; the way
//! from coefficients to levels is the encoder's choice and follows from them).

use super::transform::Strip;

/// normAdjust4x4 (equation 8-315), by QP % 6, for the three classes of frequency pairs: both even, both
/// odd, mixed.
const SCALE: [[i32; 3]; 6] =
    [[10, 16, 13], [11, 18, 14], [13, 20, 16], [14, 23, 18], [16, 25, 20], [18, 29, 23]];

/// The factor of a coefficient before a shift of 15 + QP / 6. It undoes the gains of forward and inverse transform:
/// 2^21 over the scale and the squared norms of the basis functions (16, 25, 20 times the scale).
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

/// chroma_qp_index_offset: chroma is coded a little finer than luma, which gives both about the same error.
pub(crate) const CHROMA_QP_OFFSET: i8 = -1;

/// QPc for a luma QP (Table 8-15) with [`CHROMA_QP_OFFSET`].
pub(crate) fn chroma_qp(qp: u8) -> u8 {
    const ABOVE_29: [u8; 22] =
        [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];
    let qp = qp.saturating_add_signed(CHROMA_QP_OFFSET);
    if qp < 30 { qp } else { ABOVE_29[usize::from(qp) - 30] }
}

/// The tables of [`Quantiser`] for a single block: four values for each horizontal frequency. For AVX2 only.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone)]
pub(crate) struct BlockTables {
    pub(crate) multipliers: [u16; 16],
    pub(crate) biases: [u16; 16],
    pub(crate) scales: [i16; 16],
}

/// The tables of one QP.
#[derive(Debug, Clone)]
pub(crate) struct Quantiser {
    qp: u8,
    /// Levels per coefficient times 2^16, by horizontal frequency, repeated over the lanes of a strip.
    pub(crate) multipliers: [[u16; 16]; 4],
    /// What is added to a coefficient before it is multiplied, in the same order: less than half a level.
    pub(crate) biases: [[u16; 16]; 4],
    /// Scales (LevelScale / 16) shifted by QP / 6, in the same order.
    pub(crate) scales: [[i16; 16]; 4],
    /// The same three for a single block.
    #[cfg(target_arch = "x86_64")]
    pub(crate) of_block: BlockTables,
    /// Of DC coefficients, before the shift.
    dc_multiplier: i32,
    /// Added before the shift: less than a half, so that small coefficients become zero.
    rounding: i32,
    smallest_effective_difference: u32,
    #[cfg(target_arch = "x86_64")]
    smallest_effective_squares: u32,
    /// The smallest sum of four DC coefficients of chroma, without signs, for which a level can be other than zero.
    smallest_effective_chroma_dc: u32,
    /// Limit of the entropy coding. Only levels of DC coefficients that are transformed twice can reach it.
    largest_level: i32,
}

impl Quantiser {
    /// `rounding_64ths`: what is added before rounding down, in 64ths of a level.
    pub(crate) fn new(qp: u8, rounding_64ths: i32, largest_level: i32) -> Quantiser {
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
        #[cfg(target_arch = "x86_64")]
        let of_block = BlockTables {
            multipliers: std::array::from_fn(|index| multipliers[index / 4][index % 4]),
            biases: std::array::from_fn(|index| biases[index / 4][index % 4]),
            scales: std::array::from_fn(|index| scales[index / 4][index % 4]),
        };
        let mut quantiser = Quantiser {
            qp,
            multipliers,
            biases,
            scales,
            #[cfg(target_arch = "x86_64")]
            of_block,
            dc_multiplier: QUANT[remainder][0],
            rounding,
            smallest_effective_difference,
            #[cfg(target_arch = "x86_64")]
            smallest_effective_squares: 0,
            smallest_effective_chroma_dc: 0,
            largest_level,
        };
        quantiser.smallest_effective_difference = quantiser.find_smallest_effective_difference();
        #[cfg(target_arch = "x86_64")]
        {
            quantiser.smallest_effective_squares = quantiser.find_smallest_effective_squares();
        }
        let needed = (1 << (quantiser.shift() + 1)) - (quantiser.rounding << 1);
        quantiser.smallest_effective_chroma_dc = (needed as u32).div_ceil(quantiser.dc_multiplier as u32);
        quantiser
    }

    /// The smallest sum of absolute differences of a block for which a level can be other than zero.
    ///
    /// A coefficient is at most that sum times the largest weight of its basis function: 1 for an even frequency and 2
    /// for an odd one, in each direction. DC coefficients that are transformed twice are considered separately.
    #[inline]
    pub(crate) fn smallest_effective_difference(&self) -> u32 {
        self.smallest_effective_difference
    }

    /// The smallest sum of squared differences of a block for which a level can be other than zero; DC coefficients that are
    /// transformed twice are not considered.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) fn smallest_effective_squares(&self) -> u32 {
        self.smallest_effective_squares
    }

    /// By the inequality of Cauchy and Schwarz: the square of a coefficient is at most that sum times the squares of its
    /// basis function: 4 for an even frequency and 10 for an odd one, in each direction.
    #[cfg(any(test, target_arch = "x86_64"))]
    fn find_smallest_effective_squares(&self) -> u32 {
        let needed = |horizontal: usize, vertical: usize| {
            let norm = [4, 10][horizontal] * [4, 10][vertical];
            self.smallest_effective_coefficient(horizontal, vertical).pow(2).div_ceil(norm)
        };
        needed(0, 0).min(needed(0, 1)).min(needed(1, 1))
    }

    /// The smallest coefficient of which the level is not zero. Frequencies 0 and 1 represent all even and odd ones.
    fn smallest_effective_coefficient(&self, horizontal: usize, vertical: usize) -> u32 {
        let multiplier = u32::from(self.multipliers[horizontal][vertical]);
        (1u32 << 16).div_ceil(multiplier) - u32::from(self.biases[horizontal][vertical])
    }

    fn find_smallest_effective_difference(&self) -> u32 {
        let needed = |horizontal: usize, vertical: usize| {
            let coefficient = self.smallest_effective_coefficient(horizontal, vertical);
            coefficient.div_ceil(1 << (horizontal + vertical))
        };
        let of_dc = (((1 << self.shift()) - self.rounding) as u32).div_ceil(self.dc_multiplier as u32);
        needed(0, 0).min(needed(0, 1)).min(needed(1, 1)).min(of_dc)
    }

    fn shift(&self) -> u32 {
        15 + u32::from(self.qp / 6)
    }

    /// Quantises the coefficients of a strip in place. Returns for each lane a
    /// value that is not zero if any level is not zero.
    #[inline(always)]
    pub(crate) fn quantise(&self, strip: &mut Strip) -> [i16; 16] {
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

    /// 8.5.12.1: levels back to coefficients. The DC coefficients are undefined where DC is coded separately.
    #[inline(always)]
    pub(crate) fn scale(&self, strip: &mut Strip) {
        for (row, scales) in strip.iter_mut().zip(&self.scales) {
            for (level, &scale) in row.iter_mut().zip(scales) {
                *level = level.wrapping_mul(scale);
            }
        }
    }

    /// A level of a transformed DC coefficient; `value` has `1 << extra_bits` times the usual gain.
    #[inline]
    fn dc_level(&self, value: i32, extra_bits: u32) -> i16 {
        let shift = self.shift() + extra_bits;
        let level = (value.abs() * self.dc_multiplier + (self.rounding << extra_bits)) >> shift;
        let level = level.min(self.largest_level);
        (if value < 0 { -level } else { level }) as i16
    }

    /// The 16 DC coefficients of an Intra_16x16 macroblock, as a matrix of rows, to levels.
    pub(crate) fn quantise_luma_dc(&self, dc: &[i32; 16]) -> [i16; 16] {
        hadamard_4x4(dc).map(|value| self.dc_level((value + value.signum()) / 2, 1))
    }

    /// 8.5.10: Intra_16x16 DC levels, as a matrix, to the DC coefficients of the blocks.
    pub(crate) fn scale_luma_dc(&self, levels: &[i16; 16]) -> [i16; 16] {
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
    #[inline]
    pub(crate) fn quantise_chroma_dc(&self, dc: &[i16; 4]) -> [i16; 4] {
        // What is transformed is at most the sum.
        let sum: u32 = dc.iter().map(|dc| u32::from(dc.unsigned_abs())).sum();
        if sum < self.smallest_effective_chroma_dc {
            return [0; 4];
        }
        hadamard_2x2(&dc.map(i32::from)).map(|value| self.dc_level(value, 1))
    }

    /// 8.5.11: chroma DC levels to the DC coefficients of the blocks.
    pub(crate) fn scale_chroma_dc(&self, levels: &[i16; 4]) -> [i16; 4] {
        let scale = SCALE[usize::from(self.qp % 6)][0] * 16;
        hadamard_2x2(&levels.map(i32::from)).map(|value| (((value * scale) << (self.qp / 6)) >> 5) as i16)
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

#[cfg(test)]
mod tests {
    use super::super::transform::forward;
    use super::*;

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
            assert_eq!(quantiser.quantise_chroma_dc(&[dc as i16, 0, 0, 0]), [0; 4]);
            // The limit for four of them is exact.
            let limit = quantiser.smallest_effective_chroma_dc as i32;
            if limit <= i32::from(i16::MAX) {
                assert_eq!(quantiser.dc_level(limit - 1, 1), 0);
                assert_eq!(quantiser.dc_level(limit, 1), 1);
                assert_eq!(quantiser.quantise_chroma_dc(&[-limit as i16, 0, 0, 0]), [-1; 4]);
            }
        }
    }

    #[test]
    fn smaller_squares_than_the_smallest_effective_ones_become_zero() {
        const BASIS: [[i16; 4]; 4] = [[1, 1, 1, 1], [2, 1, -1, -2], [1, -1, -1, 1], [1, -2, 2, -1]];
        for qp in 0..52 {
            let quantiser = Quantiser::new(qp, 21, 32767);
            let limit = quantiser.find_smallest_effective_squares();
            // A multiple of a basis function has the largest coefficient of all blocks with the same squares.
            for (place, size) in (0..16).flat_map(|place| (1..120).map(move |size| (place, size))) {
                let mut strip = [[0; 16]; 4];
                for index in 0..16 {
                    strip[index / 4][index % 4] =
                        BASIS[place / 4][index / 4] * BASIS[place % 4][index % 4] * size;
                }
                let squares: u32 =
                    strip.as_flattened().iter().map(|&sample| u32::from(sample.unsigned_abs()).pow(2)).sum();
                if squares < limit {
                    assert_eq!(quantiser.quantise(&mut forward(&strip)), [0; 16], "QP {qp}, {strip:?}");
                }
            }
        }
    }
}
