//! Decaying partials: the modes of membranes, bars and plates.

use std::f32::consts::TAU;

use super::{Channels, decay_per_frame, random};

/// Sample frames that are computed side by side.
const LANES: usize = 16;
/// A partial is left out when it is so far below the start of the loudest, in dB.
const END_LEVEL: f32 = 66.0;
/// Sample frames after which the frequency of a bending partial is set anew; a multiple of [`LANES`].
const BEND_FRAMES: usize = 32;
/// Below this frequency, in Hz, decaying partials have a constant part that matters.
const LOW: f32 = 250.0;

/// A sinus that decays exponentially.
#[derive(Debug, Clone, Copy)]
pub(in crate::kit) struct Partial {
    /// In Hz.
    pub(in crate::kit) frequency: f32,
    pub(in crate::kit) amplitude: f32,
    /// Seconds in which it decays by 60 dB.
    pub(in crate::kit) decay: f32,
}

/// A pitch that starts higher and falls: of all partials alike.
#[derive(Debug, Clone, Copy)]
pub(in crate::kit) struct Bend {
    /// How much higher it starts, as a share of the frequency.
    pub(in crate::kit) depth: f32,
    /// The time in which the rest of the way shrinks to 1/e, in seconds.
    pub(in crate::kit) time: f32,
}

/// Partials that are struck together.
#[derive(Debug, Clone)]
pub(in crate::kit) struct Partials {
    pub(in crate::kit) partials: Vec<Partial>,
    pub(in crate::kit) bend: Option<Bend>,
    /// How far the partials are spread between left and right, 0 to 1.
    pub(in crate::kit) width: f32,
    /// Phases: 0 begins each sinus near 0; 1 spreads them at random.
    pub(in crate::kit) scatter: f32,
    /// Seconds in which the partials rise; more than 0.
    pub(in crate::kit) attack: f32,
}

impl Partials {
    pub(in crate::kit) fn new(partials: impl IntoIterator<Item = Partial>) -> Partials {
        Partials {
            partials: partials.into_iter().collect(),
            bend: None,
            width: 0.0,
            scatter: 0.0,
            attack: 0.0003,
        }
    }

    pub(in crate::kit) fn bend(mut self, depth: f32, time: f32) -> Partials {
        self.bend = Some(Bend { depth, time });
        self
    }

    pub(in crate::kit) fn wide(mut self, width: f32) -> Partials {
        self.width = width;
        self
    }

    pub(in crate::kit) fn scattered(mut self) -> Partials {
        self.scatter = 1.0;
        self
    }

    pub(in crate::kit) fn attack(mut self, seconds: f32) -> Partials {
        self.attack = seconds;
        self
    }

    pub(super) fn render(&self, rate: f32, seed: u32, sum: &mut Channels) {
        let loudest = self.partials.iter().map(|partial| partial.amplitude).fold(1e-9, f32::max);
        let frames = |partial: &Partial| {
            let level = END_LEVEL + 20.0 * libm::log10f(partial.amplitude / loudest);
            (partial.decay * level.max(0.0) / 60.0 * rate) as usize / LANES * LANES + LANES
        };
        let heard =
            || self.partials.iter().enumerate().filter(|(_, partial)| partial.frequency < rate * 0.45);
        let length = heard().map(|(_, partial)| frames(partial)).max().unwrap_or(0);
        sum.clear(length);
        for (index, partial) in heard() {
            let phase = 0.15 + self.scatter * TAU * random(seed * 977 + index as u32 * 7);
            let place = match index % 3 {
                1 if self.width > 0.0 => &mut sum.left,
                2 if self.width > 0.0 => &mut sum.right,
                _ => &mut sum.middle,
            };
            let samples = &mut place[..frames(partial)];
            let mut oscillator = Oscillator::new(partial, phase, rate);
            match self.bend {
                None => oscillator.add_to(samples),
                Some(bend) => {
                    for (block, samples) in samples.chunks_mut(BEND_FRAMES).enumerate() {
                        let time = block as f32 * BEND_FRAMES as f32 / rate;
                        let factor = 1.0 + bend.depth * libm::expf(-time / bend.time);
                        oscillator.tune(partial.frequency * factor, rate);
                        oscillator.add_to(samples);
                    }
                }
            }
        }
        self.spread(sum);
        sum.rise(self.attack, rate);
        if self.partials.iter().any(|partial| partial.frequency < LOW) {
            take_constant_part(&mut sum.left, rate);
            take_constant_part(&mut sum.right, rate);
        }
    }

    /// Adds what is in the middle to both channels, and brings left and right nearer to each other.
    fn spread(&self, sum: &mut Channels) {
        let (near, far) = (1.0 + self.width, 1.0 - self.width);
        for ((left, right), middle) in sum.left.iter_mut().zip(&mut sum.right).zip(&sum.middle) {
            (*left, *right) = (middle + near * *left + far * *right, middle + far * *left + near * *right);
        }
    }
}

/// Takes away what does not swing around 0, by a filter of one zero and one pole at 12 Hz.
fn take_constant_part(samples: &mut [f32], rate: f32) {
    let keep = libm::expf(-TAU * 12.0 / rate);
    let (mut input_before, mut output) = (0.0, 0.0);
    for sample in samples {
        output = *sample - input_before + keep * output;
        input_before = *sample;
        *sample = output;
    }
}

/// Points that turn around 0 and come nearer to it, one for each of [`LANES`] successive sample frames.
struct Oscillator {
    cosine: [f32; LANES],
    sine: [f32; LANES],
    /// The turn from one sample frame to that which is [`LANES`] later.
    turn: (f32, f32),
    decay: f32,
}

impl Oscillator {
    fn new(partial: &Partial, phase: f32, rate: f32) -> Oscillator {
        let mut oscillator = Oscillator {
            cosine: [partial.amplitude * libm::cosf(phase); LANES],
            sine: [partial.amplitude * libm::sinf(phase); LANES],
            turn: (0.0, 0.0),
            decay: decay_per_frame(partial.decay, rate),
        };
        oscillator.tune(partial.frequency, rate);
        oscillator
    }

    /// Goes on with another frequency from the first lane on.
    fn tune(&mut self, frequency: f32, rate: f32) {
        let angle = TAU * frequency / rate;
        let (mut cosine, mut sine) = (self.cosine[0], self.sine[0]);
        let (step_cosine, step_sine) = (self.decay * libm::cosf(angle), self.decay * libm::sinf(angle));
        let mut turn = (1.0, 0.0);
        for lane in 0..LANES {
            self.cosine[lane] = cosine;
            self.sine[lane] = sine;
            (cosine, sine) =
                (cosine * step_cosine - sine * step_sine, cosine * step_sine + sine * step_cosine);
            turn = (turn.0 * step_cosine - turn.1 * step_sine, turn.0 * step_sine + turn.1 * step_cosine);
        }
        self.turn = turn;
    }

    /// Adds the next samples; whole multiples of [`LANES`].
    fn add_to(&mut self, samples: &mut [f32]) {
        let (turn_cosine, turn_sine) = self.turn;
        let (mut cosine, mut sine) = (self.cosine, self.sine);
        for samples in samples.as_chunks_mut::<LANES>().0 {
            for lane in 0..LANES {
                samples[lane] += sine[lane];
                let turned = cosine[lane] * turn_cosine - sine[lane] * turn_sine;
                sine[lane] = cosine[lane] * turn_sine + sine[lane] * turn_cosine;
                cosine[lane] = turned;
            }
        }
        (self.cosine, self.sine) = (cosine, sine);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f32 = 48_000.0;

    fn rendered(partials: &Partials) -> Channels {
        let mut sum = Channels::default();
        partials.render(RATE, 1, &mut sum);
        sum
    }

    #[test]
    fn a_partial_has_its_frequency_and_decay() {
        let partial = Partial { frequency: 1_234.5, amplitude: 0.8, decay: 0.5 };
        let sum = rendered(&Partials::new([partial]));
        for (frame, sample) in sum.left.iter().enumerate() {
            let time = frame as f64 / f64::from(RATE);
            let risen = 1.0 - 0.96 * (-time / 0.0003).exp();
            let expected = 0.8
                * risen
                * 10.0_f64.powf(-3.0 * time / 0.5)
                * (std::f64::consts::TAU * 1_234.5 * time + 0.15).sin();
            assert!((f64::from(*sample) - expected).abs() < 2e-4, "{frame}: {sample}, not {expected}");
        }
        assert_eq!(sum.left, sum.right);
        // 66 dB at 60 dB in 0.5 s.
        assert!((sum.left.len() as f32 - 0.55 * RATE).abs() < 32.0);
    }

    #[test]
    fn a_bend_ends_at_the_frequency() {
        let partial = Partial { frequency: 400.0, amplitude: 1.0, decay: 2.0 };
        let sum = rendered(&Partials::new([partial]).bend(1.0, 0.02));
        let crossings = |part: &[f32]| part.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert_eq!(crossings(&sum.left[9_600..][..12_000]), 100, "in the end 400 Hz");
        assert!((12..=16).contains(&crossings(&sum.left[..960])), "more than 600 Hz in the first 20 ms");
    }

    #[test]
    fn partials_too_high_for_the_sample_rate_are_left_out() {
        let low = Partial { frequency: 3_000.0, amplitude: 1.0, decay: 0.1 };
        let high = Partial { frequency: 30_000.0, ..low };
        assert_eq!(rendered(&Partials::new([low, high])).left, rendered(&Partials::new([low])).left);
        assert!(rendered(&Partials::new([high])).left.is_empty());
    }

    #[test]
    fn width_makes_the_channels_differ() {
        let partials = (0..9).map(|index| Partial {
            frequency: 1_000.0 + 370.0 * index as f32,
            amplitude: 1.0,
            decay: 0.2,
        });
        let sum = rendered(&Partials::new(partials).wide(0.6));
        assert!(sum.left.iter().zip(&sum.right).any(|(left, right)| (left - right).abs() > 0.1));
    }
}
