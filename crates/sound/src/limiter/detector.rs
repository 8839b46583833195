//! Finds the peaks between samples.

use super::smoother;

/// Sample frames before and behind an instant that have a say in it.
pub(super) const REACH: usize = 12;
/// Weights of one instant between two samples.
type Taps = [f32; 2 * REACH];

/// Sample frames that are looked at together.
const GROUP: usize = 64;

/// Finds how far each sample frame must be turned down so that neither it nor the sound next to it passes the ceiling.
#[derive(Debug)]
pub(super) struct PeakDetector {
    ceiling: f32,
    channels: usize,
    /// Weights for 1/4, 1/2 and 3/4 of the way from one sample to the next.
    phases: [Taps; 3],
    /// Samples below this have nothing above the ceiling between them, whatever they are.
    quiet: f32,
    /// The highest peak between the last sample frame and the next.
    between: f32,
}

impl PeakDetector {
    pub(super) fn new(ceiling: f32, channels: usize) -> PeakDetector {
        let phases = [taps(0.25), taps(0.5), taps(0.75)];
        let highest =
            phases.iter().map(|taps| taps.iter().map(|tap| tap.abs()).sum::<f32>()).fold(1.0, f32::max);
        PeakDetector { ceiling, channels, phases, quiet: 0.999 * ceiling / highest, between: 0.0 }
    }

    /// Appends the gain of each sample frame of `input` from `first` on that has [`REACH`] sample frames behind it. Returns
    /// the first that has not. In front of `first` there must be [`REACH`] sample frames.
    pub(super) fn detect(&mut self, input: &[f32], first: usize, gains: &mut Vec<u32>) -> usize {
        let end = (input.len() / self.channels).saturating_sub(REACH).max(first);
        let mut start = first;
        while start < end {
            let group = (end - start).min(GROUP);
            // The taps of the instants behind sample frame n reach from n - REACH + 1 to n + REACH.
            let around = &input[(start - REACH) * self.channels..(start + group + REACH) * self.channels];
            let loudest = loudest(around);
            if loudest < self.quiet {
                gains.extend(std::iter::repeat_n(smoother::FULL, group));
                self.between = 0.0;
            } else {
                self.detect_group(around, group, gains);
            }
            start += group;
        }
        end
    }

    fn detect_group(&mut self, around: &[f32], group: usize, gains: &mut Vec<u32>) {
        let mut samples = [0.0_f32; GROUP];
        let mut between = [0.0_f32; GROUP];
        for channel in 0..self.channels {
            let mut line = [0.0_f32; GROUP + 2 * REACH];
            for (to, frame) in line.iter_mut().zip(around.chunks_exact(self.channels)) {
                *to = frame[channel];
            }
            for (peak, sample) in samples.iter_mut().zip(&line[REACH..]) {
                *peak = peak.max(sample.abs());
            }
            for taps in &self.phases {
                let mut sums = [0.0_f32; GROUP];
                for (offset, tap) in taps.iter().enumerate() {
                    for (sum, sample) in sums.iter_mut().zip(&line[offset + 1..offset + 1 + GROUP]) {
                        *sum += tap * sample;
                    }
                }
                for (peak, sum) in between.iter_mut().zip(&sums) {
                    *peak = peak.max(sum.abs());
                }
            }
        }
        for (sample, behind) in samples.iter().zip(&between).take(group) {
            let peak = sample.max(self.between).max(*behind);
            self.between = *behind;
            gains.push(if peak > self.ceiling {
                (self.ceiling / peak * smoother::FULL as f32) as u32
            } else {
                smoother::FULL
            });
        }
    }
}

fn loudest(samples: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let chunks = samples.chunks_exact(8);
    let rest = chunks.remainder().iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    for chunk in chunks {
        for (lane, sample) in lanes.iter_mut().zip(chunk) {
            *lane = if sample.abs() > *lane { sample.abs() } else { *lane };
        }
    }
    lanes.iter().fold(rest, |peak, lane| peak.max(*lane))
}

/// A sinc in a Kaiser window, whose sum is 1: the sound `fraction` of the way from one sample to the next.
fn taps(fraction: f64) -> Taps {
    const BETA: f64 = 6.0;
    let weight = |index: usize| {
        let x = index as f64 - (REACH as f64 - 1.0) - fraction;
        let across = x / REACH as f64;
        let window = bessel(BETA * (1.0 - across * across).max(0.0).sqrt()) / bessel(BETA);
        let angle = std::f64::consts::PI * x;
        libm::sin(angle) / angle * window
    };
    let weights: [f64; 2 * REACH] = std::array::from_fn(weight);
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| (weight / sum) as f32)
}

/// The modified Bessel function of the first kind and order 0, by its power series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..40 {
        let half = x / (2.0 * f64::from(n));
        term *= half * half;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sound_between_samples_is_that_of_a_sine() {
        for fraction in [0.25, 0.5, 0.75] {
            let taps = taps(fraction);
            // Up to 0.8 of half the sample rate.
            for step in 1..=8 {
                let angle = std::f64::consts::PI * 0.1 * f64::from(step);
                let sum: f64 = taps
                    .iter()
                    .enumerate()
                    .map(|(n, tap)| f64::from(*tap) * (angle * n as f64 + 0.3).sin())
                    .sum();
                let exact = (angle * (REACH as f64 - 1.0 + fraction) + 0.3).sin();
                assert!((sum - exact).abs() < 0.01, "{fraction} {step} {sum} {exact}");
            }
        }
    }

    #[test]
    fn a_peak_between_samples_turns_both_down() {
        // A quarter of the sample rate, samples at 45 degrees: the peaks lie half-way, 3 dB above.
        let input: Vec<f32> = (0..200).map(|n| if n % 4 < 2 { 0.9 } else { -0.9 }).collect();
        let mut gains = Vec::new();
        PeakDetector::new(1.0, 1).detect(&input, REACH, &mut gains);
        let gain = gains[80] as f32 / smoother::FULL as f32;
        assert!((gain - 1.0 / (0.9 * 2.0_f32.sqrt())).abs() < 0.005, "{gain}");
    }
}
