//! Residuals of whole macroblocks: to levels, and back into the prediction.

#[cfg(target_arch = "x86_64")]
use super::Avx2Seen;
#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::{Instructions, join_pairs, part_pairs, subtract};
use crate::residual::quantiser::Quantiser;
use crate::residual::transform::{Block, Strip, analyse, rebuild};

impl Instructions {
    /// Transforms and quantises source minus prediction of a macroblock's luma. Where `dc` is given, the DC coefficients go
    /// there, and become zero among the levels. The levels go into `strips` and, in zig-zag order, into `levels`, of both
    /// only what lies beside a level other than zero. Gives for each block, in raster order, which levels are not zero, the
    /// first in the lowest bit.
    pub(crate) fn analyse_luma(
        self,
        (source, stride): (&[u8], usize),
        predicted: &[u8; 256],
        quantiser: &Quantiser,
        dc: Option<&mut [i16; 16]>,
        strips: &mut [Strip; 4],
        levels: &mut [Block; 16],
    ) -> [u16; 16] {
        match self {
            Instructions::Baseline => {
                analyse_luma_portable((source, stride), predicted, quantiser, dc, strips, levels)
            }
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::analyse_luma(source, stride, predicted, quantiser, dc, strips, levels)
            },
        }
    }

    /// Adds to the prediction what the levels of a macroblock's luma stand for. `masks` tells which are not zero; `dc` are
    /// DC coefficients that were coded apart.
    pub(crate) fn rebuild_luma(
        self,
        strips: &[Strip; 4],
        masks: &[u16; 16],
        dc: &[i16; 16],
        quantiser: &Quantiser,
        predicted: &mut [u8; 256],
    ) {
        match self {
            Instructions::Baseline => rebuild_luma_portable(strips, masks, dc, quantiser, predicted),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::rebuild_luma(strips, masks, dc, quantiser, predicted);
            },
        }
    }

    /// [`Self::analyse_luma`] for 8 rows of 8 pairs, Cb and Cr. The DC coefficients and blocks are those of Cb, then Cr.
    pub(crate) fn analyse_chroma(
        self,
        (source, stride): (&[u8], usize),
        predicted: &[u8; 128],
        quantiser: &Quantiser,
        dc: &mut [[i16; 4]; 2],
        strips: &mut [Strip; 2],
        levels: &mut [Block; 8],
    ) -> [u16; 8] {
        match self {
            Instructions::Baseline => {
                analyse_chroma_portable((source, stride), predicted, quantiser, dc, strips, levels)
            }
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::analyse_chroma(source, stride, predicted, quantiser, dc, strips, levels)
            },
        }
    }

    /// [`Self::rebuild_luma`] for 8 rows of 8 pairs, Cb and Cr.
    pub(crate) fn rebuild_chroma(
        self,
        strips: &[Strip; 2],
        masks: &[u16; 8],
        dc: &[[i16; 4]; 2],
        quantiser: &Quantiser,
        predicted: &mut [u8; 128],
    ) {
        match self {
            Instructions::Baseline => rebuild_chroma_portable(strips, masks, dc, quantiser, predicted),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Seen(())) => unsafe {
                avx2::rebuild_chroma(strips, masks, dc, quantiser, predicted);
            },
        }
    }
}

/// 16 samples of a row.
fn row_of(samples: &[u8], stride: usize, row: usize) -> &[u8; 16] {
    samples[row * stride..].first_chunk().unwrap_or(&[0; 16])
}

fn analyse_luma_portable(
    (source, stride): (&[u8], usize),
    predicted: &[u8; 256],
    quantiser: &Quantiser,
    mut dc: Option<&mut [i16; 16]>,
    strips: &mut [Strip; 4],
    levels: &mut [Block; 16],
) -> [u16; 16] {
    let mut masks = [0; 16];
    let places = strips.iter_mut().zip(levels.as_chunks_mut::<4>().0).zip(masks.as_chunks_mut::<4>().0);
    for (index, ((strip, levels), masks)) in places.enumerate() {
        let residual = std::array::from_fn(|y| {
            let row = index * 4 + y;
            subtract(row_of(source, stride, row), &predicted.as_chunks().0[row])
        });
        let dc = dc.as_deref_mut().map(|dc| &mut dc.as_chunks_mut().0[index]);
        *masks = analyse(&residual, quantiser, dc, strip, levels.each_mut());
    }
    masks
}

fn rebuild_luma_portable(
    strips: &[Strip; 4],
    masks: &[u16; 16],
    dc: &[i16; 16],
    quantiser: &Quantiser,
    predicted: &mut [u8; 256],
) {
    let parts = strips.iter().zip(masks.as_chunks::<4>().0).zip(dc.as_chunks::<4>().0);
    for (((strip, masks), dc), predicted) in parts.zip(predicted.as_chunks_mut::<64>().0) {
        let strip = (*masks != [0; 4]).then_some(strip);
        if strip.is_some() || *dc != [0; 4] {
            rebuild(strip, dc, quantiser, predicted.as_chunks_mut::<16>().0);
        }
    }
}

fn analyse_chroma_portable(
    (source, stride): (&[u8], usize),
    predicted: &[u8; 128],
    quantiser: &Quantiser,
    dc: &mut [[i16; 4]; 2],
    strips: &mut [Strip; 2],
    levels: &mut [Block; 8],
) -> [u16; 8] {
    let mut masks = [0; 8];
    let [a, b, c, d, e, f, g, h] = levels;
    for (half, (strip, levels)) in strips.iter_mut().zip([[a, b, e, f], [c, d, g, h]]).enumerate() {
        let residual = std::array::from_fn(|y| {
            let row = half * 4 + y;
            subtract(&part_pairs(row_of(source, stride, row)), &part_pairs(&predicted.as_chunks().0[row]))
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

fn rebuild_chroma_portable(
    strips: &[Strip; 2],
    masks: &[u16; 8],
    dc: &[[i16; 4]; 2],
    quantiser: &Quantiser,
    predicted: &mut [u8; 128],
) {
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

    /// Samples around a middle one, and at times anything.
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
                    let masks = instructions.analyse_luma(
                        (&source, 20),
                        &predicted,
                        &quantiser,
                        apart.then_some(&mut dc),
                        &mut strips,
                        &mut levels,
                    );
                    let coefficients = dc;
                    // Some without DC, to have strips of every sort.
                    dc[..4].fill(0);
                    instructions.rebuild_luma(&strips, &masks, &dc, &quantiser, &mut rebuilt);
                    (masks, coefficients, levels, strips, rebuilt)
                };
                assert_eq!(outcome(best), outcome(Instructions::Baseline), "luma {seed}");
            }
            let predicted = predicted.first_chunk().unwrap();
            let outcome = |instructions: Instructions| {
                let (mut strips, mut levels, mut dc) = ([[[0; 16]; 4]; 2], [[0; 16]; 8], [[0; 4]; 2]);
                let mut rebuilt = *predicted;
                let masks = instructions.analyse_chroma(
                    (&source, 20),
                    predicted,
                    &quantiser,
                    &mut dc,
                    &mut strips,
                    &mut levels,
                );
                instructions.rebuild_chroma(&strips, &masks, &dc, &quantiser, &mut rebuilt);
                (masks, dc, levels, strips, rebuilt)
            };
            assert_eq!(outcome(best), outcome(Instructions::Baseline), "chroma {seed}");
        }
    }

    #[test]
    fn masks_tell_which_levels_are_not_zero() {
        let quantiser = Quantiser::new(20, 21, 32767);
        for instructions in [Instructions::Baseline, Instructions::detect()] {
            let (mut strips, mut levels) = ([[[0; 16]; 4]; 4], [[0; 16]; 16]);
            let source: [u8; 256] = samples(3, 60);
            let masks = instructions.analyse_luma(
                (&source, 16),
                &[128; 256],
                &quantiser,
                None,
                &mut strips,
                &mut levels,
            );
            for (mask, levels) in masks.iter().zip(levels) {
                let expected = levels.iter().rev().fold(0, |mask, &level| mask << 1 | u16::from(level != 0));
                assert_eq!(*mask, expected);
            }
        }
    }
}
