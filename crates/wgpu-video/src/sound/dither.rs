//! Samples of 16 bits from samples of `f32`.

/// Full scale of 16 bits. A power of two: samples that were of 16 bits before come out as they were.
const FULL_SCALE: f32 = 32_768.0;

/// A number that makes the sum with any sample so large that its fraction is rounded away, half to even.
const ROUNDING: f32 = 12_582_912.0;

/// Rounds to 16 bits, with noise whose density is triangular over two steps (TPDF; Lipshitz, Wannamaker and Vanderkooy,
/// "Quantization and Dither: A Theoretical Survey", 1992), so that what is lost is noise and not distortion.
///
/// A sample that is exact in 16 bits is left as it is: silence stays silence, and a recording of 16 bits is not changed. The
/// noise depends on the number of the sample alone.
#[derive(Debug)]
pub(super) struct Dither {
    state: u64,
}

impl Dither {
    pub(super) fn new() -> Dither {
        Dither { state: 0x9E37_79B9_7F4A_7C15 }
    }

    /// The next sample, clipped to full scale.
    pub(super) fn quantise(&mut self, sample: f32) -> i16 {
        // Two halves of the upper bits of a linear congruential generator (Knuth's MMIX).
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [.., a, b, c, d] = self.state.to_le_bytes();
        let difference = i32::from(u16::from_le_bytes([c, d])) - i32::from(u16::from_le_bytes([a, b]));
        let noise = difference as f32 / 65_536.0;
        let scaled = (sample * FULL_SCALE).clamp(-FULL_SCALE, FULL_SCALE - 1.0);
        let exact = (scaled + ROUNDING) - ROUNDING == scaled;
        let noisy = if exact { scaled } else { scaled + noise };
        ((noisy + ROUNDING) - ROUNDING).clamp(-FULL_SCALE, FULL_SCALE - 1.0) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_16_bits_come_out_as_they_were() {
        let mut dither = Dither::new();
        for value in i16::MIN..=i16::MAX {
            assert_eq!(dither.quantise(f32::from(value) / FULL_SCALE), value);
        }
    }

    #[test]
    fn full_scale_is_clipped_and_not_wrapped() {
        let mut dither = Dither::new();
        for (sample, expected) in [(1.0, 32_767), (-1.0, -32_768), (1e30, 32_767), (-7.0, -32_768)] {
            assert_eq!(dither.quantise(sample), expected);
        }
        for _ in 0..1000 {
            assert!(dither.quantise(0.999_98) > 32_000 && dither.quantise(-0.999_99) < -32_000);
        }
    }

    #[test]
    fn the_mean_of_what_comes_out_is_what_went_in() {
        for steps in [0.1, 0.25, 0.5, 0.9, 100.3, -3.7] {
            let mut dither = Dither::new();
            let sum: i64 = (0..100_000).map(|_| i64::from(dither.quantise(steps / FULL_SCALE))).sum();
            assert!((sum as f32 / 100_000.0 - steps).abs() < 0.01, "{steps}: {sum}");
        }
    }
}
