//! The sound of a drum, computed: its parts, and how loud each is for a velocity.

use super::synthesis::{Channels, Choke, Recipe, SharedNoise, render_part, room};

/// Channels of every sound.
pub(super) const CHANNELS: usize = 2;
/// The span over which the level of a sound is measured, in seconds.
const LEVEL_SPAN: f32 = 0.1;
/// The level of the whole kit relative to what the recipes say, in dB: a groove stays 6 dB below full scale.
const KIT_LEVEL: f32 = -3.0;
const FULL_VELOCITY: u8 = 127;
/// How much of a sound is given to the room, in seconds.
const ROOM_SPAN: f32 = 0.25;
/// The velocity at which the level of a sound is what its recipe says.
const LEVEL_VELOCITY: u8 = 100;

/// All that is needed to play a drum.
pub(super) struct DrumSound {
    pub(super) parts: Vec<SoundPart>,
    pub(super) choke: Choke,
    /// How many strokes ring at the same time.
    pub(super) voices: usize,
    /// Sample frames until the longest part has faded away.
    pub(super) frames: usize,
}

/// A part of a sound that gets louder with velocity at its own rate: so timbre changes with velocity.
pub(super) struct SoundPart {
    /// Interleaved stereo samples. Strokes take turns with them.
    pub(super) variations: Vec<Vec<f32>>,
    /// Gain at full velocity.
    gain: f32,
    /// How much faster than the whole drum it gets softer, in dB per dB.
    slope: f32,
    /// How far its level wanders from stroke to stroke, in dB.
    wander: f32,
}

impl DrumSound {
    pub(super) fn new(
        recipe: &Recipe,
        key: u8,
        rate: u32,
        shared: &SharedNoise,
        channels: &mut Channels,
    ) -> DrumSound {
        let mut parts = Vec::with_capacity(recipe.parts.len() + 1);
        for (index, part) in recipe.parts.iter().enumerate() {
            let seed = u32::from(key) * 1_000 + index as u32 * 50;
            let variations: Vec<Vec<f32>> = (0..part.variations.max(1))
                .map(|variation| {
                    render_part(part, recipe.pan, rate, seed + u32::from(variation), shared, channels)
                })
                .collect();
            let level = variations.first().map_or(0.0, |samples| level(samples, rate));
            if level > 1e-9 {
                let gain = amplitude(part.level) / level;
                parts.push(SoundPart { variations, gain, slope: part.slope, wander: part.wander });
            }
        }
        let frames = parts.iter().flat_map(|part| &part.variations).map(|samples| samples.len() / CHANNELS);
        let frames = frames.max().unwrap_or(0);
        let mut sound = DrumSound { parts, choke: recipe.choke, voices: recipe.voices, frames };
        let span = (LEVEL_SPAN * rate as f32) as usize;
        let whole = level(&sound.mix(LEVEL_VELOCITY, span), rate);
        let scale = if whole > 1e-9 { amplitude(recipe.level + KIT_LEVEL) / whole } else { 0.0 };
        for part in &mut sound.parts {
            part.gain *= scale;
        }
        let room = room(&sound.mix(FULL_VELOCITY, (ROOM_SPAN * rate as f32) as usize), rate);
        sound.frames = sound.frames.max(room.len() / CHANNELS);
        sound.parts.push(SoundPart {
            variations: vec![room],
            gain: amplitude(recipe.room),
            slope: 1.0,
            wander: 0.0,
        });
        sound
    }

    /// The first stroke at `velocity`, whole.
    pub(super) fn render(&self, velocity: u8) -> Vec<f32> {
        self.mix(velocity, self.frames)
    }

    fn mix(&self, velocity: u8, frames: usize) -> Vec<f32> {
        let mut mixed = vec![0.0; frames * CHANNELS];
        for part in &self.parts {
            let gain = part.gain(velocity, 0.0);
            for (sum, sample) in mixed.iter_mut().zip(part.variations.first().into_iter().flatten()) {
                *sum += gain * sample;
            }
        }
        mixed
    }
}

impl SoundPart {
    /// The gain at a velocity. `chance` is -1 to 1.
    pub(super) fn gain(&self, velocity: u8, chance: f32) -> f32 {
        self.gain * amplitude(velocity_level(velocity) * self.slope + chance * self.wander)
    }
}

/// The level of a velocity below full velocity, in dB.
fn velocity_level(velocity: u8) -> f32 {
    let velocity = f32::from(velocity.clamp(1, 127));
    34.0 * libm::log10f((velocity + 4.0) / 131.0)
}

/// dB to a factor.
pub(super) fn amplitude(level: f32) -> f32 {
    libm::powf(10.0, level / 20.0)
}

/// RMS of the first 100 ms.
fn level(samples: &[f32], rate: u32) -> f32 {
    let span = (LEVEL_SPAN * rate as f32) as usize * CHANNELS;
    let energy: f32 = samples.iter().take(span).map(|sample| sample * sample).sum();
    (energy / span as f32).sqrt()
}
