//! Band-pass filters.

use std::f32::consts::PI;

/// Filters that are computed side by side.
pub(super) const BANDS: usize = 8;
/// Centre over bandwidth of each of the two stages of a filter.
const SHARPNESS: f32 = 1.2;

/// Band-pass filters of four poles with the same input: two stages each. State variable filters in the form of A. Simper,
/// "Solving the continuous SVF equations using trapezoidal integration and equivalent currents" (2013).
pub(super) struct BandPasses {
    a1: [f32; BANDS],
    a2: [f32; BANDS],
    a3: [f32; BANDS],
    stages: [Stage; 2],
}

#[derive(Clone, Copy, Default)]
struct Stage {
    first: [f32; BANDS],
    second: [f32; BANDS],
}

impl BandPasses {
    /// Filters with these centres, in Hz: at most [`BANDS`].
    pub(super) fn new(centres: &[f32], rate: f32) -> BandPasses {
        let mut filters =
            BandPasses { a1: [0.0; BANDS], a2: [0.0; BANDS], a3: [0.0; BANDS], stages: Default::default() };
        for (band, centre) in centres.iter().take(BANDS).enumerate() {
            let g = libm::tanf(PI * centre / rate);
            filters.a1[band] = 1.0 / (1.0 + g * (g + 1.0 / SHARPNESS));
            filters.a2[band] = g * filters.a1[band];
            filters.a3[band] = g * filters.a2[band];
        }
        filters
    }

    pub(super) fn next(&mut self, input: f32) -> [f32; BANDS] {
        let mut signal = [input; BANDS];
        for stage in &mut self.stages {
            for (band, signal) in signal.iter_mut().enumerate() {
                let rest = *signal - stage.second[band];
                let passed = self.a1[band] * stage.first[band] + self.a2[band] * rest;
                let low = stage.second[band] + self.a2[band] * stage.first[band] + self.a3[band] * rest;
                stage.first[band] = 2.0 * passed - stage.first[band];
                stage.second[band] = 2.0 * low - stage.second[band];
                *signal = passed;
            }
        }
        signal
    }
}
