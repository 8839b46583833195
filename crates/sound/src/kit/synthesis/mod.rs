//! The materials of drum sounds: decaying partials, shaped noise, gliding tones, and their repetition.
//!
//! Everything that reaches a sample is computed by +, -, *, / and square roots, which are the same on every machine, and
//! by the functions of `libm`.

mod filters;
mod glide;
mod noise;
mod partials;
mod room;

pub(super) use glide::Glide;
pub(super) use noise::{Band, Noise, SharedNoise};
pub(super) use partials::{Partial, Partials};
pub(super) use room::room;

use super::sound::CHANNELS;

/// The most parts of a recipe.
pub(super) const MAX_PARTS: usize = 8;
/// The end of each part, over which it fades to nothing, in seconds.
const END_FADE: f32 = 0.005;

/// How a drum is made.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    /// RMS of the first 100 ms at velocity 100, in dB of full scale.
    pub(super) level: f32,
    /// -1 (left) to 1 (right).
    pub(super) pan: f32,
    pub(super) parts: Vec<Part>,
    /// How much of the room is heard, in dB.
    pub(super) room: f32,
    pub(super) choke: Choke,
    /// How many strokes ring at the same time.
    pub(super) voices: usize,
}

/// Which strokes that still ring a stroke stops, and which stop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choke {
    /// None.
    None,
    /// It is stopped by strokes that damp its group.
    Damped(ChokeGroup),
    /// It stops the damped strokes of its group.
    Damps(ChokeGroup),
    /// Only one of its group sounds: it stops all others, and they stop it.
    Exclusive(ChokeGroup),
}

/// Drums that stop each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChokeGroup {
    Conga,
    Cuica,
    Guiro,
    HiHat,
    Scratch,
    Surdo,
    Triangle,
    Whistle,
}

impl Choke {
    /// The time in which a stroke of this kind makes one of the kind `ringing` fade, in seconds; `None` where it does not.
    pub(super) fn fade(self, ringing: Choke) -> Option<f32> {
        match (self, ringing) {
            (Choke::Damps(group), Choke::Damped(other)) if group == other => {
                Some(if group == ChokeGroup::HiHat { 0.025 } else { 0.012 })
            }
            (Choke::Exclusive(group), Choke::Exclusive(other)) if group == other => Some(0.012),
            _ => None,
        }
    }
}

/// A part of a drum's sound.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// RMS of the first 100 ms relative to that of the other parts at full velocity, in dB.
    pub(super) level: f32,
    /// How its level follows velocity: 1 as the whole drum, more for what is heard in hard strokes only.
    pub(super) slope: f32,
    pub(super) material: Material,
    /// When it is struck.
    pub(super) strikes: Vec<Strike>,
    /// How many differ, to be taken in turn.
    pub(super) variations: u8,
    /// How far its level wanders from stroke to stroke, in dB.
    pub(super) wander: f32,
}

/// What a part consists of.
#[derive(Debug, Clone)]
pub(super) enum Material {
    Partials(Partials),
    Noise(Noise),
    Glide(Glide),
}

/// One of several strikes that make a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strike {
    /// In seconds from the beginning.
    pub(super) at: f32,
    pub(super) gain: f32,
}

impl Part {
    pub(super) fn new(level: f32, material: Material) -> Part {
        Part { level, slope: 1.0, material, strikes: Vec::new(), variations: 1, wander: 0.7 }
    }

    pub(super) fn slope(mut self, slope: f32) -> Part {
        self.slope = slope;
        self
    }

    pub(super) fn variations(mut self, variations: u8) -> Part {
        self.variations = variations;
        self
    }

    /// Is struck at each `at`, in seconds, with a gain, instead of once.
    pub(super) fn strikes(mut self, strikes: impl IntoIterator<Item = (f32, f32)>) -> Part {
        self.strikes = strikes.into_iter().map(|(at, gain)| Strike { at, gain }).collect();
        self
    }
}

/// Samples of the two channels, and of what is in their middle. Used again for one part after the other.
#[derive(Debug, Default)]
pub(super) struct Channels {
    pub(super) left: Vec<f32>,
    pub(super) right: Vec<f32>,
    pub(super) middle: Vec<f32>,
}

impl Channels {
    /// Silence.
    pub(super) fn clear(&mut self, frames: usize) {
        for channel in [&mut self.left, &mut self.right, &mut self.middle] {
            channel.clear();
            channel.resize(frames, 0.0);
        }
    }

    /// Multiplies by 1 - 0.96 e^(-t/attack): something is heard at once.
    fn rise(&mut self, attack: f32, rate: f32) {
        let shrink = libm::expf(-1.0 / (attack * rate));
        let mut missing = 0.96;
        for (left, right) in self.left.iter_mut().zip(&mut self.right) {
            *left *= 1.0 - missing;
            *right *= 1.0 - missing;
            missing *= shrink;
        }
    }
}

/// Interleaved stereo samples of a part. The same seed gives the same samples.
pub(super) fn render_part(
    part: &Part,
    pan: f32,
    rate: u32,
    seed: u32,
    shared: &SharedNoise,
    once: &mut Channels,
) -> Vec<f32> {
    let rate = rate as f32;
    match &part.material {
        Material::Partials(partials) => partials.render(rate, seed, once),
        Material::Noise(noise) => noise.render(rate, seed, shared, once),
        Material::Glide(glide) => glide.render(rate, seed, once),
    }
    fade_end(&mut once.left, rate);
    fade_end(&mut once.right, rate);
    let gains = [(1.0 - pan).min(1.0), (1.0 + pan).min(1.0)];
    let frames = once.left.iter().zip(&once.right).map(|(left, right)| [gains[0] * left, gains[1] * right]);
    if part.strikes.is_empty() {
        let mut samples = Vec::with_capacity(once.left.len() * CHANNELS);
        samples.extend(frames.flatten());
        return samples;
    }
    let last = part.strikes.iter().map(|strike| (strike.at * rate) as usize).max().unwrap_or(0);
    let mut samples = vec![0.0; (last + once.left.len()) * CHANNELS];
    for strike in &part.strikes {
        let from = (strike.at * rate) as usize * CHANNELS;
        let place = samples.get_mut(from..).unwrap_or_default().chunks_exact_mut(CHANNELS);
        for (sums, frame) in place.zip(frames.clone()) {
            for (sum, sample) in sums.iter_mut().zip(frame) {
                *sum += strike.gain * sample;
            }
        }
    }
    samples
}

fn fade_end(samples: &mut [f32], rate: f32) {
    let fade = ((END_FADE * rate) as usize).min(samples.len() / 2).max(1);
    for (index, sample) in samples.iter_mut().rev().take(fade).enumerate() {
        *sample *= index as f32 / fade as f32;
    }
}

/// A number from -1 to 1 that looks random; the same for the same seed.
pub(super) fn random(seed: u32) -> f32 {
    let mut bits = seed.wrapping_mul(0x9E37_79B9).wrapping_add(0x85EB_CA6B);
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x21F0_AAAD);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x735A_2D97);
    bits ^= bits >> 15;
    bits as i32 as f32 / 2_147_483_648.0
}

/// The factor by which an amplitude shrinks from one sample frame to the next, if it decays by 60 dB in `seconds`.
fn decay_per_frame(seconds: f32, rate: f32) -> f32 {
    libm::expf(-6.907_755 / (seconds.max(1e-4) * rate))
}
