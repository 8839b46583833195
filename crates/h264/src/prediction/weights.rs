//! Weighted prediction: samples of a reference picture made brighter or darker, for fades (ITU-T H.264, 8.4.2.3.2).

use super::reference::{PaddedSamples, Reconstruction};
use crate::samples::MacroblockBuffer;
use crate::simd::{Instructions, SimdKernel};

/// luma_log2_weight_denom and chroma_log2_weight_denom.
pub(crate) const LOG_DENOMINATOR: u32 = 6;
/// The weight that changes nothing.
pub(crate) const ONE: i16 = 1 << LOG_DENOMINATOR;

/// What is done with each sample: it becomes `sample * factor / ONE + offset`, rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weight {
    /// 0 to 127: luma_weight_l0 or chroma_weight_l0.
    pub(crate) factor: i16,
    /// −128 to 127: luma_offset_l0 or chroma_offset_l0.
    pub(crate) offset: i16,
}

impl Weight {
    pub(crate) const NONE: Weight = Weight { factor: ONE, offset: 0 };

    /// The nearest possible one. `None` when the change is beyond what can be said.
    pub(crate) fn nearest(factor: f64, offset: f64) -> Option<Weight> {
        let (factor, offset) = ((factor * f64::from(ONE)).round(), offset.round());
        let is_possible = (0.0..=127.0).contains(&factor) && (-128.0..=127.0).contains(&offset);
        is_possible.then_some(Weight { factor: factor as i16, offset: offset as i16 })
    }
}

/// The weights of a reference picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weights {
    pub(crate) luma: Weight,
    /// Cb, Cr.
    pub(crate) chroma: [Weight; 2],
}

impl Weights {
    pub(crate) const NONE: Weights = Weights { luma: Weight::NONE, chroma: [Weight::NONE; 2] };

    /// Weights a prediction.
    pub(crate) fn apply(&self, predicted: &mut MacroblockBuffer, instructions: Instructions) {
        let MacroblockBuffer { luma, chroma } = predicted;
        instructions.run(WeightSamples { samples: luma, weights: [self.luma; 2] });
        instructions.run(WeightSamples { samples: chroma, weights: self.chroma });
    }

    /// Makes `to` the picture `from`, weighted, with its borders.
    pub(crate) fn copy(&self, from: &Reconstruction, to: &mut Reconstruction, instructions: Instructions) {
        let planes =
            [(&from.luma, &mut to.luma, [self.luma; 2]), (&from.chroma, &mut to.chroma, self.chroma)];
        for (from, to, weights) in planes {
            copy_weighted(from, to, weights, instructions);
        }
    }
}

/// Makes `to` the samples `from`, weighted, with their borders. The two weights are those of samples in turn.
pub(crate) fn copy_weighted(
    from: &PaddedSamples,
    to: &mut PaddedSamples,
    weights: [Weight; 2],
    instructions: Instructions,
) {
    to.copy_all(from);
    instructions.run(WeightSamples { samples: to.all_mut(), weights });
}

struct WeightSamples<'a> {
    samples: &'a mut [u8],
    weights: [Weight; 2],
}

impl SimdKernel for WeightSamples<'_> {
    #[inline(always)]
    fn run(self) {
        const ROUND: i16 = 1 << (LOG_DENOMINATOR - 1);
        let [even, odd] = self.weights;
        // At most 127 · 255 + 32: 16 bits hold it.
        for pair in self.samples.as_chunks_mut::<2>().0 {
            let weighted = |sample: u8, weight: Weight| {
                let product = (i16::from(sample) * weight.factor + ROUND) >> LOG_DENOMINATOR;
                (product + weight.offset).clamp(0, 255) as u8
            };
            *pair = [weighted(pair[0], even), weighted(pair[1], odd)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_weighted_as_the_standard_says() {
        for (factor, offset) in [(64, 0), (0, 16), (127, -128), (33, 8), (90, 127)] {
            let mut samples: Vec<u8> = (0..=255).flat_map(|sample| [sample, sample]).collect();
            let weights = [Weight { factor, offset }, Weight::NONE];
            for instructions in [Instructions::Baseline, Instructions::detect()] {
                let mut out = samples.clone();
                instructions.run(WeightSamples { samples: &mut out, weights });
                for (pair, sample) in out.as_chunks::<2>().0.iter().zip(0..) {
                    let exact =
                        (f64::from(sample) * f64::from(factor) / 64.0 + 0.5).floor() + f64::from(offset);
                    assert_eq!(f64::from(pair[0]), exact.clamp(0.0, 255.0), "{sample}, {factor}, {offset}");
                    assert_eq!(i32::from(pair[1]), sample);
                }
            }
            samples.reverse();
        }
    }
}
