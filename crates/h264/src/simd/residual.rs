//! Residuals of whole macroblocks: to levels, and back into the prediction.

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::{Instructions, join_pairs, part_pairs, subtract};
use crate::residual::quantiser::Quantiser;
use crate::residual::strips::{
    AnalyseChroma, AnalyseLuma, ChromaLevels, LumaLevels, StripLevels, analyse, rebuild,
};
use strikeline_picture::Plane;

impl Instructions {
    /// Returns for each block, in raster order, whether each level is not zero, the first in the lowest bit.
    pub(crate) fn analyse_luma(self, work: AnalyseLuma<'_>) -> [u16; 16] {
        match self {
            Instructions::Baseline => analyse_luma_portable(work),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2::analyse_luma(work) },
        }
    }

    /// Adds the residual that levels stand for to the prediction.
    pub(crate) fn rebuild_luma(
        self,
        levels: LumaLevels<'_>,
        quantiser: &Quantiser,
        predicted: &mut [u8; 256],
    ) {
        match self {
            Instructions::Baseline => rebuild_luma_portable(levels, quantiser, predicted),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2::rebuild_luma(levels, quantiser, predicted) },
        }
    }

    /// Returns for each block, those of Cb and then those of Cr, whether each level is not zero, the first in the
    /// lowest bit.
    pub(crate) fn analyse_chroma(self, work: AnalyseChroma<'_>) -> [u16; 8] {
        match self {
            Instructions::Baseline => analyse_chroma_portable(work),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2::analyse_chroma(work) },
        }
    }

    /// Adds the residual that levels stand for to the prediction: 8 rows of 8 pairs, Cb and Cr.
    pub(crate) fn rebuild_chroma(
        self,
        levels: ChromaLevels<'_>,
        quantiser: &Quantiser,
        predicted: &mut [u8; 128],
    ) {
        match self {
            Instructions::Baseline => rebuild_chroma_portable(levels, quantiser, predicted),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2::rebuild_chroma(levels, quantiser, predicted) },
        }
    }
}

/// 16 samples of a row.
fn row_of(samples: Plane<'_>, row: usize) -> &[u8; 16] {
    samples.data[row * samples.stride..].first_chunk().unwrap_or(&[0; 16])
}

fn analyse_luma_portable(work: AnalyseLuma<'_>) -> [u16; 16] {
    let AnalyseLuma { source, predicted, quantiser, mut dc, strips, levels } = work;
    let mut masks = [0; 16];
    let places = strips.iter_mut().zip(levels.as_chunks_mut::<4>().0).zip(masks.as_chunks_mut::<4>().0);
    for (index, ((strip, levels), masks)) in places.enumerate() {
        let residual = std::array::from_fn(|y| {
            let row = index * 4 + y;
            subtract(row_of(source, row), &predicted.as_chunks().0[row])
        });
        let dc = dc.as_deref_mut().map(|dc| &mut dc.as_chunks_mut().0[index]);
        *masks = analyse(&residual, quantiser, dc, strip, levels.each_mut());
    }
    masks
}

fn rebuild_luma_portable(levels: LumaLevels<'_>, quantiser: &Quantiser, predicted: &mut [u8; 256]) {
    let StripLevels { strips, masks, dc } = levels;
    let parts = strips.iter().zip(masks.as_chunks::<4>().0).zip(dc.as_chunks::<4>().0);
    for (((strip, masks), dc), predicted) in parts.zip(predicted.as_chunks_mut::<64>().0) {
        let strip = (*masks != [0; 4]).then_some(strip);
        if strip.is_some() || *dc != [0; 4] {
            rebuild(strip, dc, quantiser, predicted.as_chunks_mut::<16>().0);
        }
    }
}

fn analyse_chroma_portable(work: AnalyseChroma<'_>) -> [u16; 8] {
    let AnalyseChroma { source, predicted, quantiser, dc, strips, levels } = work;
    let mut masks = [0; 8];
    let [a, b, c, d, e, f, g, h] = levels;
    for (half, (strip, levels)) in strips.iter_mut().zip([[a, b, e, f], [c, d, g, h]]).enumerate() {
        let residual = std::array::from_fn(|y| {
            let row = half * 4 + y;
            subtract(&part_pairs(row_of(source, row)), &part_pairs(&predicted.as_chunks().0[row]))
        });
        let mut strip_dc = [0; 4];
        let strip_masks = analyse(&residual, quantiser, Some(&mut strip_dc), strip, levels);
        for block in 0..4 {
            let place = half * 2 + block % 2;
            dc[block / 2][place] = strip_dc[block];
            masks[block / 2 * 4 + place] = strip_masks[block];
        }
    }
    masks
}

fn rebuild_chroma_portable(levels: ChromaLevels<'_>, quantiser: &Quantiser, predicted: &mut [u8; 128]) {
    let StripLevels { strips, masks, dc } = levels;
    for (half, (strip, predicted)) in strips.iter().zip(predicted.as_chunks_mut::<64>().0).enumerate() {
        let places = [half * 2, half * 2 + 1];
        let [[a, b], [c, d]] = [0, 1].map(|part: usize| places.map(|place| dc[part][place]));
        let dc = [a, b, c, d];
        let any = [0, 4].iter().any(|part| places.iter().any(|place| masks[part + place] != 0));
        if !any && dc == [0; 4] {
            continue;
        }
        let rows = predicted.as_chunks_mut::<16>().0;
        rows.iter_mut().for_each(|row| *row = part_pairs(row));
        rebuild(any.then_some(strip), &dc, quantiser, rows);
        rows.iter_mut().for_each(|row| *row = join_pairs(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32) -> u8 {
        let mixed = (seed ^ 0x5851_F42D).wrapping_mul(0x9E37_79B9);
        ((mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B) >> 24) as u8
    }

    /// Samples near one value, or arbitrary ones.
    fn samples<const N: usize>(seed: u32, spread: u32) -> [u8; N] {
        std::array::from_fn(|index| {
            let value = u32::from(noise(seed * 4096 + index as u32));
            if spread >= 256 { value as u8 } else { (100 + value * spread / 256) as u8 }
        })
    }

    #[test]
    fn all_instructions_find_the_same_levels_and_samples() {
        let best = Instructions::detect();
        for seed in 0..400 {
            let spread = [256, 3, 12, 40, 1][seed as usize % 5];
            let quantiser = Quantiser::new((seed * 7 % 52) as u8, 21, 32767);
            let (source, predicted): ([u8; 20 * 16], [u8; 256]) =
                (samples(seed, spread), samples(seed + 1000, spread));
            for apart in [false, true] {
                let outcome = |instructions: Instructions| {
                    let (mut strips, mut levels, mut dc) = ([[[0; 16]; 4]; 4], [[0; 16]; 16], [0; 16]);
                    let mut rebuilt = predicted;
                    let masks = instructions.analyse_luma(AnalyseLuma {
                        source: Plane { data: &source, stride: 20 },
                        predicted: &predicted,
                        quantiser: &quantiser,
                        dc: apart.then_some(&mut dc),
                        strips: &mut strips,
                        levels: &mut levels,
                    });
                    let coefficients = dc;
                    // Some without DC, to have strips of every kind.
                    dc[..4].fill(0);
                    let found = StripLevels { strips: &strips, masks: &masks, dc: &dc };
                    instructions.rebuild_luma(found, &quantiser, &mut rebuilt);
                    (masks, coefficients, levels, strips, rebuilt)
                };
                assert_eq!(outcome(best), outcome(Instructions::Baseline), "luma {seed}");
            }
            let predicted = predicted.first_chunk().unwrap();
            let outcome = |instructions: Instructions| {
                let (mut strips, mut levels, mut dc) = ([[[0; 16]; 4]; 2], [[0; 16]; 8], [[0; 4]; 2]);
                let mut rebuilt = *predicted;
                let masks = instructions.analyse_chroma(AnalyseChroma {
                    source: Plane { data: &source, stride: 20 },
                    predicted,
                    quantiser: &quantiser,
                    dc: &mut dc,
                    strips: &mut strips,
                    levels: &mut levels,
                });
                let found = StripLevels { strips: &strips, masks: &masks, dc: &dc };
                instructions.rebuild_chroma(found, &quantiser, &mut rebuilt);
                (masks, dc, levels, strips, rebuilt)
            };
            assert_eq!(outcome(best), outcome(Instructions::Baseline), "chroma {seed}");
        }
    }

    #[test]
    fn masks_have_a_bit_for_each_level_that_is_not_zero() {
        let quantiser = Quantiser::new(20, 21, 32767);
        for instructions in [Instructions::Baseline, Instructions::detect()] {
            let (mut strips, mut levels) = ([[[0; 16]; 4]; 4], [[0; 16]; 16]);
            let source: [u8; 256] = samples(3, 60);
            let masks = instructions.analyse_luma(AnalyseLuma {
                source: Plane { data: &source, stride: 16 },
                predicted: &[128; 256],
                quantiser: &quantiser,
                dc: None,
                strips: &mut strips,
                levels: &mut levels,
            });
            for (mask, levels) in masks.iter().zip(levels) {
                let expected = levels.iter().rev().fold(0, |mask, &level| mask << 1 | u16::from(level != 0));
                assert_eq!(*mask, expected);
            }
        }
    }
}
