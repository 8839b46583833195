//! Single 4×4 blocks of Intra_4x4.

#[cfg(target_arch = "x86_64")]
use super::avx2_4x4;
use super::{Instructions, nonzero_mask, subtract};
use crate::prediction::intra4x4::{Intra4x4Choice, Intra4x4Trial, best_mode};
use crate::residual::quantiser::Quantiser;
use crate::residual::transform::{CoefficientBlock, Strip, ZIGZAG, forward, inverse};

impl Instructions {
    /// The cheapest mode of a block: of equals the predicted one, or else the first.
    #[inline]
    pub(crate) fn best_mode_4x4(self, trial: &Intra4x4Trial<'_>) -> Intra4x4Choice {
        match self {
            Instructions::Baseline => best_mode(trial),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2_4x4::best_mode(trial) },
        }
    }

    /// Transforms and quantises one block's residual. Unless all levels are zero, they are stored in zig-zag order, and
    /// their residual is added to the prediction. Returns whether each level is not zero, the first in the lowest bit.
    #[inline]
    pub(crate) fn code_4x4(
        self,
        block: &[u8; 16],
        predicted: &mut [u8; 16],
        quantiser: &Quantiser,
        levels: &mut CoefficientBlock,
    ) -> u16 {
        match self {
            Instructions::Baseline => code_portable(block, predicted, quantiser, levels),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2_4x4::code(block, predicted, quantiser, levels) },
        }
    }
}

fn code_portable(
    block: &[u8; 16],
    predicted: &mut [u8; 16],
    quantiser: &Quantiser,
    levels: &mut CoefficientBlock,
) -> u16 {
    let differences = subtract(block, predicted);
    let mut strip: Strip = [[0; 16]; 4];
    for (row, differences) in strip.iter_mut().zip(differences.as_chunks::<4>().0) {
        row[..4].copy_from_slice(differences);
    }
    let mut strip = forward(&strip);
    if quantiser.quantise(&mut strip) == [0; 16] {
        return 0;
    }
    for (level, (horizontal, vertical)) in levels.iter_mut().zip(ZIGZAG) {
        *level = strip[horizontal][vertical];
    }
    quantiser.scale(&mut strip);
    for (row, residual) in predicted.as_chunks_mut::<4>().0.iter_mut().zip(&inverse(&strip)) {
        for (sample, &residual) in row.iter_mut().zip(residual) {
            *sample = i16::from(*sample).wrapping_add(residual).clamp(0, 255) as u8;
        }
    }
    nonzero_mask(levels) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32) -> u32 {
        let mixed = (seed ^ 0x5851_F42D).wrapping_mul(0x9E37_79B9);
        (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B) >> 24
    }

    /// Samples near one value, or arbitrary ones.
    fn samples(seed: u32, spread: u32) -> [u8; 16] {
        std::array::from_fn(|index| {
            let value = noise(seed * 64 + index as u32);
            if spread >= 256 { value as u8 } else { (100 + value * spread / 256) as u8 }
        })
    }

    #[test]
    fn all_instructions_choose_the_same_modes() {
        let mut chosen = [0; 9];
        for seed in 0..5000 {
            let spread = [256, 30, 6, 2][seed as usize % 4];
            let (block, mut edges) = (samples(seed * 2, spread), samples(seed * 2 + 1, spread));
            let last = edges[12];
            edges[13..].fill(last);
            for allowed in [0b1_1111_1111, 0b1_0000_0110, 0b0_1000_1101, 0b0_0000_0100] {
                let predicted_mode = if allowed & 1 == 1 && allowed & 2 == 2 { seed % 9 } else { 2 } as u8;
                let trial = Intra4x4Trial {
                    block: &block,
                    edges: &edges,
                    dc: noise(seed) as u8,
                    allowed,
                    predicted_mode,
                    lambda: [1, 4, 116][seed as usize % 3],
                };
                let choice = Instructions::detect().best_mode_4x4(&trial);
                assert_eq!(choice, Instructions::Baseline.best_mode_4x4(&trial), "{trial:?}");
                chosen[usize::from(choice.mode)] += 1;
            }
        }
        assert!(chosen.iter().all(|&count| count > 20), "{chosen:?}");
    }

    #[test]
    fn all_instructions_code_blocks_alike() {
        for seed in 0..5000 {
            let spread = [256, 30, 6, 90][seed as usize % 4];
            let quantiser = Quantiser::new((seed * 7 % 52) as u8, 21, 32767);
            let (block, predicted) = (samples(seed * 2, spread), samples(seed * 2 + 1, spread));
            let outcome = |instructions: Instructions| {
                let (mut predicted, mut levels) = (predicted, [0; 16]);
                let mask = instructions.code_4x4(&block, &mut predicted, &quantiser, &mut levels);
                (mask, levels, predicted)
            };
            assert_eq!(outcome(Instructions::detect()), outcome(Instructions::Baseline), "{seed}");
        }
    }
}
