//! Samples between those of a reference picture.

use super::Instructions;
#[cfg(target_arch = "x86_64")]
use super::avx2_interpolation;
use crate::prediction::interpolation::{InterpolateChroma, InterpolateLuma};

impl Instructions {
    /// Interpolates a luma block of 16 columns.
    #[inline]
    pub(crate) fn interpolate_luma(self, work: InterpolateLuma<'_, 16>) {
        match self {
            Instructions::Baseline => self.run(work),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2_interpolation::luma(work) },
        }
    }

    /// Interpolates a chroma block of 8 pairs.
    #[inline]
    pub(crate) fn interpolate_chroma(self, work: InterpolateChroma<'_, 16>) {
        match self {
            Instructions::Baseline => self.run(work),
            // SAFETY: the value is proof that the processor has AVX2, which is all that the function requires.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe { avx2_interpolation::chroma(work) },
        }
    }
}
