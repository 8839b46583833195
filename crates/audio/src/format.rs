//! Sample rate and number of channels.

use std::fmt;
use std::num::{NonZeroU16, NonZeroU32};

/// How samples follow each other: so many sample frames per second, each with a sample for every channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudioFormat {
    rate: NonZeroU32,
    channels: NonZeroU16,
}

/// The error of a format that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{rate} Hz with {channels} channels is not usable: give a rate from 1 to {} Hz, and 1 to {} channels",
    AudioFormat::MAX_RATE,
    AudioFormat::MAX_CHANNELS
)]
pub struct AudioFormatError {
    rate: u32,
    channels: u16,
}

impl AudioFormat {
    /// The highest rate, in Hz.
    pub const MAX_RATE: u32 = 768_000;
    /// The most channels.
    pub const MAX_CHANNELS: u16 = 32;

    /// Stereo at 48,000 Hz.
    pub const STEREO_48K: AudioFormat =
        AudioFormat { rate: NonZeroU32::new(48_000).unwrap(), channels: NonZeroU16::new(2).unwrap() };

    /// `rate` sample frames per second, in Hz, with `channels` samples each: 1 is mono, 2 is stereo (left, right).
    ///
    /// # Errors
    /// When one of them is 0 or more than [`Self::MAX_RATE`] or [`Self::MAX_CHANNELS`].
    pub fn new(rate: u32, channels: u16) -> Result<AudioFormat, AudioFormatError> {
        match (NonZeroU32::new(rate), NonZeroU16::new(channels)) {
            (Some(rate), Some(channels))
                if rate.get() <= Self::MAX_RATE && channels.get() <= Self::MAX_CHANNELS =>
            {
                Ok(AudioFormat { rate, channels })
            }
            _ => Err(AudioFormatError { rate, channels }),
        }
    }

    /// Sample frames per second, in Hz.
    pub const fn rate(self) -> NonZeroU32 {
        self.rate
    }

    /// Samples in a sample frame.
    pub const fn channels(self) -> NonZeroU16 {
        self.channels
    }

    /// Samples in a sample frame, to compute with.
    pub const fn samples_per_frame(self) -> usize {
        self.channels.get() as usize
    }

    /// The number of sample frames from time 0 to `nanos` nanoseconds, rounded to the nearest; negative for a negative
    /// time.
    pub fn frames_at(self, nanos: i64) -> i64 {
        let scaled = i128::from(nanos) * i128::from(self.rate.get());
        let half = 500_000_000;
        i64::try_from((scaled + half).div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz, ", self.rate)?;
        match self.channels.get() {
            1 => f.write_str("mono"),
            2 => f.write_str("stereo"),
            channels => write!(f, "{channels} channels"),
        }
    }
}
