//! Which vector instructions are used.

/// Which instructions the inner loops may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instructions {
    /// What every processor of the target has.
    Baseline,
    /// AVX2, BMI1 and BMI2, which were detected on this processor.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2Token),
}

/// Proof that the processor has AVX2, BMI1 and BMI2: only [`Instructions::detect`] makes one, after it has checked.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx2Token(());

impl Instructions {
    /// The best that this processor has.
    pub(crate) fn detect() -> Instructions {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
        {
            return Instructions::Avx2(Avx2Token(()));
        }
        Instructions::Baseline
    }

    /// Runs `kernel`, compiled for these instructions.
    pub(crate) fn run(self, kernel: impl SimdKernel) {
        match self {
            Instructions::Baseline => kernel.run(),
            // SAFETY: the value is proof that the processor has AVX2, BMI1 and BMI2, which is all that `with_avx2` asks
            // for.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(Avx2Token(())) => unsafe { with_avx2(kernel) },
        }
    }
}

/// A loop that is compiled once per set of instructions.
pub(crate) trait SimdKernel {
    /// Must be `#[inline(always)]`, and everything hot that it calls too: code is compiled for AVX2 where it is
    /// inlined.
    fn run(self);
}

/// Runs `kernel`, compiled for AVX2, BMI1 and BMI2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn with_avx2(kernel: impl SimdKernel) {
    kernel.run();
}
