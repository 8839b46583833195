//! A drum kit made by computation, and the player that turns hits into samples.
//!
//! No recorded sounds are used: each drum is computed from decaying partials and shaped noise the first time that it is
//! needed. The same sample rate gives the same samples on every machine.
//!
//! Every key from 0 to 127 has a sound: those of General MIDI (35 to 81), of GM 2 and Roland GS (25 to 34, 82 to 88), of
//! Yamaha XG (13 to 20), and those that electronic drum kits send for the edges of the hi-hat (22 to 24, 26). Other keys
//! have a short, neutral tick. The kit is heard from the drummer's seat: the hi-hat is on the left, the floor toms and the
//! ride on the right.

mod drums;
mod player;
mod sound;
mod synthesis;

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use rayon::prelude::*;
use strikeline_picture::Time;

pub use player::DrumPlayer;
use sound::DrumSound;
use synthesis::{Channels, SharedNoise};

/// A stroke on a drum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hit {
    /// When it begins, from the start of the sound; may be negative.
    pub time: Time,
    /// The key of the General MIDI percussion map, 0 to 127.
    pub key: u8,
    /// How hard: 1 to 127. 0 is taken as 1, more than 127 as 127.
    pub velocity: u8,
    /// When the drum is damped, as a cymbal that is grasped: it falls silent within 50 ms. `None` when it rings as long as it can.
    pub damped: Option<Time>,
}

/// The error of a drum kit that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KitError {
    /// The sample rate is too low or too high. Take one from [`DrumKit::RATES`] and resample.
    #[error(
        "the drum kit cannot be made at {rate} Hz: give a sample rate from {} to {} Hz",
        DrumKit::RATES.start(),
        DrumKit::RATES.end()
    )]
    Rate {
        /// The rate that was asked for, in Hz.
        rate: u32,
    },
}

/// The sounds of a drum kit at one sample rate.
///
/// A sound is computed when it is first needed, and kept. Those of a usual song take about 50 MB at 48,000 Hz, those of
/// all keys about 130 MB; in proportion at other rates. Many players may share a kit.
pub struct DrumKit {
    rate: u32,
    noise: OnceLock<SharedNoise>,
    sounds: Vec<OnceLock<DrumSound>>,
}

impl DrumKit {
    /// The sample rates at which a kit can be made, in Hz.
    pub const RATES: RangeInclusive<u32> = 8_000..=192_000;

    /// A kit of `rate` sample frames per second, in stereo. No sound is computed yet.
    ///
    /// # Errors
    /// When the rate is not among [`Self::RATES`].
    pub fn new(rate: u32) -> Result<DrumKit, KitError> {
        if !Self::RATES.contains(&rate) {
            return Err(KitError::Rate { rate });
        }
        Ok(DrumKit { rate, noise: OnceLock::new(), sounds: (0..128).map(|_| OnceLock::new()).collect() })
    }

    /// Sample frames per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Computes the sounds of `keys` that are not there yet, in the current pool of threads of rayon.
    pub fn prepare(&self, keys: impl IntoIterator<Item = u8>) {
        let mut used = [false; 128];
        for key in keys {
            used[usize::from(key.min(127))] = true;
        }
        let missing: Vec<u8> = (0..128_u8)
            .filter(|&key| used[usize::from(key)] && self.sounds[usize::from(key)].get().is_none())
            .collect();
        missing.par_iter().for_each_init(Channels::default, |channels, &key| {
            self.sound_with(key, channels);
        });
    }

    /// The sound of a key; keys above 127 have that of 127.
    fn sound(&self, key: u8) -> &DrumSound {
        match self.sounds.get(usize::from(key)).and_then(OnceLock::get) {
            Some(sound) => sound,
            None => self.sound_with(key, &mut Channels::default()),
        }
    }

    /// The sound of a key, computed with the help of `channels` if it is not there yet.
    fn sound_with(&self, key: u8, channels: &mut Channels) -> &DrumSound {
        let key = key.min(127);
        self.sounds[usize::from(key)].get_or_init(|| {
            let noise = self.noise.get_or_init(|| SharedNoise::new(self.rate));
            DrumSound::new(&drums::recipe(key), key, self.rate, noise, channels)
        })
    }

    /// One stroke, alone: interleaved stereo samples until it has faded away. For a metronome, for example: keys 33 and
    /// 34 (metronome), 76 and 77 (wood blocks), 75 (claves), 37 (side stick).
    pub fn render(&self, key: u8, velocity: u8) -> Vec<f32> {
        self.sound(key).render(velocity)
    }
}

impl std::fmt::Debug for DrumKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ready = self.sounds.iter().filter(|sound| sound.get().is_some()).count();
        f.debug_struct("DrumKit").field("rate", &self.rate).field("ready", &ready).finish()
    }
}
