//! Tones whose pitch glides or trembles: whistles, the cuica, electronic drums.

use std::f32::consts::TAU;

use super::{Channels, decay_per_frame, random};

/// A tone with overtones.
#[derive(Debug, Clone)]
pub(in crate::kit) struct Glide {
    /// Frequency at the beginning and in the end, in Hz.
    pub(in crate::kit) from: f32,
    pub(in crate::kit) to: f32,
    /// The time in which the rest of the way shrinks to 1/e, in seconds.
    pub(in crate::kit) time: f32,
    /// Amplitudes of the fundamental and the overtones.
    pub(in crate::kit) overtones: Vec<f32>,
    /// Seconds in which it rises.
    pub(in crate::kit) attack: f32,
    /// Seconds at full level.
    pub(in crate::kit) hold: f32,
    /// Seconds in which it then decays by 60 dB.
    pub(in crate::kit) decay: f32,
    /// Tremble of pitch and level: times per second, and share.
    pub(in crate::kit) tremble: (f32, f32),
}

impl Glide {
    pub(in crate::kit) fn new(from: f32, to: f32, time: f32) -> Glide {
        Glide {
            from,
            to,
            time,
            overtones: vec![1.0],
            attack: 0.0005,
            hold: 0.0,
            decay: 0.2,
            tremble: (0.0, 0.0),
        }
    }

    pub(in crate::kit) fn overtones(mut self, overtones: &[f32]) -> Glide {
        self.overtones = overtones.to_vec();
        self
    }

    pub(in crate::kit) fn envelope(mut self, attack: f32, hold: f32, decay: f32) -> Glide {
        (self.attack, self.hold, self.decay) = (attack, hold, decay);
        self
    }

    pub(in crate::kit) fn tremble(mut self, per_second: f32, share: f32) -> Glide {
        self.tremble = (per_second, share);
        self
    }

    pub(super) fn render(&self, rate: f32, seed: u32, sum: &mut Channels) {
        let frames = ((self.hold + self.decay) * rate) as usize;
        let shrink = decay_per_frame(self.decay, rate);
        let rise = libm::expf(-1.0 / (self.attack.max(1e-5) * rate));
        let near = libm::expf(-1.0 / (self.time.max(1e-5) * rate));
        let (mut phase, mut level, mut missing, mut way) = (0.02 * random(seed).abs() + 0.02, 1.0, 0.95, 1.0);
        let hold = (self.hold * rate) as usize;
        let (tremble_rate, share) = self.tremble;
        sum.clear(frames);
        for (frame, (left, right)) in sum.left.iter_mut().zip(&mut sum.right).enumerate() {
            let tremble = if share > 0.0 {
                libm::sinf(TAU * fraction(frame as f32 / rate * tremble_rate))
            } else {
                0.0
            };
            let frequency = (self.to + (self.from - self.to) * way) * (1.0 + share * 0.1 * tremble);
            let mut sample = 0.0;
            for (index, amplitude) in self.overtones.iter().enumerate() {
                let times = (index + 1) as f32;
                if frequency * times < rate * 0.45 {
                    sample += amplitude * libm::sinf(TAU * fraction(phase * times));
                }
            }
            sample *= level * (1.0 - missing) * (1.0 - share * (0.5 + 0.5 * tremble));
            phase = fraction(phase + frequency / rate);
            way *= near;
            missing *= rise;
            if frame >= hold {
                level *= shrink;
            }
            (*left, *right) = (sample, sample);
        }
    }
}

fn fraction(number: f32) -> f32 {
    number - libm::floorf(number)
}
