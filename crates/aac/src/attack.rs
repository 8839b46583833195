//! Finds attacks: moments at which the sound gets louder so suddenly that noise before them would be heard.

use crate::window::{LONG, SHORT, SHORT_START};

/// Samples of a step in which energy is measured.
const STEP: usize = 64;
/// Steps that belong to one block.
pub(crate) const STEPS: usize = LONG / STEP;
/// Where the samples begin, in a block of 2048, that decide whether it must be short: an attack before them lies in
/// the slope of the block before, one behind `LONG` samples more belongs to the next block.
pub(crate) const REGION_START: usize = SHORT_START + SHORT;

/// By how much a step must be louder than what was before.
const HIGH_RATIO: f32 = 8.0;
const FULL_RATIO: f32 = 8.0;
/// What remains of the loudness before, per step.
const DECAY: f32 = 0.85;
/// Energy of a step below which there is no attack: about -80 dB of full scale.
const FLOOR: f32 = STEP as f32 * 10.0;

/// An attack in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attack {
    /// The step in which it begins, from the start of the region.
    pub(crate) step: usize,
}

/// Watches one channel.
#[derive(Debug, Default)]
pub(crate) struct AttackDetector {
    previous: [f32; 2],
    high: f32,
    full: f32,
}

impl AttackDetector {
    /// The first attack in the next `LONG` samples.
    pub(crate) fn next(&mut self, samples: &[f32]) -> Option<Attack> {
        let mut found = None;
        for (step, samples) in samples.chunks_exact(STEP).enumerate() {
            let (mut high, mut full) = (0.0f32, 0.0f32);
            let [mut before, mut last] = self.previous;
            for &sample in samples {
                // A high-pass filter: the second difference.
                let difference = sample - 2.0 * last + before;
                high += difference * difference;
                full += sample * sample;
                (before, last) = (last, sample);
            }
            self.previous = [before, last];
            let louder = high > HIGH_RATIO * self.high && high > FLOOR
                || full > FULL_RATIO * self.full && full > FLOOR * 100.0;
            if louder && found.is_none() {
                found = Some(Attack { step });
            }
            self.high = high.max(self.high * DECAY);
            self.full = full.max(self.full * DECAY);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(n: usize, hertz: f32) -> f32 {
        8000.0 * (n as f32 * hertz * std::f32::consts::TAU / 48_000.0).sin()
    }

    #[test]
    fn a_hit_is_found_where_it_is() {
        for position in [0, 64, 500, 1000] {
            let mut detector = AttackDetector::default();
            let quiet: Vec<f32> = (0..2 * LONG).map(|n| sine(n, 440.0) * 0.01).collect();
            detector.next(&quiet[..LONG]);
            let mut loud = quiet[LONG..].to_vec();
            for (n, sample) in loud[position..].iter_mut().enumerate() {
                *sample += sine(n, 3000.0);
            }
            assert_eq!(detector.next(&loud), Some(Attack { step: position / STEP }));
        }
    }

    #[test]
    fn steady_tones_are_no_attacks() {
        for hertz in [30.0, 50.0, 100.0, 440.0, 5000.0, 15_000.0] {
            let mut detector = AttackDetector::default();
            let tone: Vec<f32> = (0..LONG * 20).map(|n| sine(n, hertz)).collect();
            let attacks = tone.chunks(LONG).map(|block| detector.next(block)).skip(1).flatten().count();
            assert_eq!(attacks, 0, "{hertz} Hz");
        }
    }
}
