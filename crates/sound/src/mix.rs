//! Several sources at once, each at its own level and moment; sound made louder, shorter or longer.

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

use crate::seek;

/// Sample frames that are mixed at once.
const BLOCK: usize = 1024;

/// Why sources cannot be mixed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixError {
    /// A source has another format than the mix. Convert it before.
    #[error("a source with {found} cannot be mixed with {expected}: convert its rate and channels first")]
    Format {
        /// The format of the mix.
        expected: AudioFormat,
        /// The format of the source.
        found: AudioFormat,
    },
    /// A gain that is not a number, or more than [`MAX_GAIN_DB`].
    #[error("a gain of {decibels} dB is not usable: give at most {MAX_GAIN_DB} dB")]
    Gain {
        /// The gain asked for.
        decibels: f64,
    },
}

/// The highest gain, in dB. There is no lowest: negative infinity is silence.
pub const MAX_GAIN_DB: f64 = 60.0;

/// The factor of a gain in dB: 10^(`decibels` / 20).
///
/// # Errors
/// When the gain is not a number or more than [`MAX_GAIN_DB`].
pub fn amplitude(decibels: f64) -> Result<f32, MixError> {
    if decibels.is_nan() || decibels > MAX_GAIN_DB {
        return Err(MixError::Gain { decibels });
    }
    Ok(if decibels == 0.0 { 1.0 } else { libm::pow(10.0, decibels / 20.0) as f32 })
}

/// The sum of several sources of one format, of an exact length. Without sources it is silence.
///
/// An error of a source is the error of the mix.
pub struct Mixer {
    format: AudioFormat,
    left: u64,
    inputs: Vec<Input>,
    scratch: Vec<f32>,
}

struct Input {
    source: Box<dyn AudioSource>,
    amplitude: f32,
    /// Sample frames of silence still in front of it.
    before: u64,
    /// Sample frames still to be read away from its start.
    dropped: u64,
    ended: bool,
}

impl Mixer {
    /// A mix of `frames` sample frames, so far silent.
    pub fn new(format: AudioFormat, frames: u64) -> Mixer {
        Mixer { format, left: frames, inputs: Vec::new(), scratch: Vec::new() }
    }

    /// Adds a source, made louder by `gain_db`, whose first sample frame is heard at sample frame `offset` of the mix. With a
    /// negative offset, its first `-offset` sample frames are not heard: they are read away before the first block.
    ///
    /// # Errors
    /// When the source has another format, or the gain is not usable.
    pub fn add(
        &mut self,
        source: impl AudioSource + 'static,
        gain_db: f64,
        offset: i64,
    ) -> Result<(), MixError> {
        let found = source.format();
        if found != self.format {
            return Err(MixError::Format { expected: self.format, found });
        }
        self.inputs.push(Input {
            source: Box::new(source),
            amplitude: amplitude(gain_db)?,
            before: u64::try_from(offset).unwrap_or(0),
            dropped: if offset < 0 { offset.unsigned_abs() } else { 0 },
            ended: false,
        });
        Ok(())
    }
}

impl Input {
    /// Adds its next sample frames to `block`.
    fn add_to(&mut self, block: &mut [f32], scratch: &mut [f32]) -> Result<(), AudioError> {
        let channels = self.source.format().samples_per_frame();
        if self.dropped > 0 {
            let dropped = std::mem::take(&mut self.dropped);
            self.ended = seek::skip(&mut self.source, dropped)? < dropped;
        }
        let frames = block.len() / channels;
        let silent = usize::try_from(self.before).unwrap_or(usize::MAX).min(frames);
        self.before -= silent as u64;
        let block = &mut block[silent * channels..];
        if self.ended || block.is_empty() {
            return Ok(());
        }
        let scratch = &mut scratch[..block.len()];
        let read = seek::read_fully(&mut self.source, scratch)?;
        self.ended = read * channels < block.len();
        for (sum, sample) in block.iter_mut().zip(&scratch[..read * channels]) {
            *sum += sample * self.amplitude;
        }
        Ok(())
    }
}

impl AudioSource for Mixer {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.format.samples_per_frame();
        let frames = usize::try_from(self.left).unwrap_or(usize::MAX).min(block.len() / channels);
        let block = &mut block[..frames * channels];
        self.scratch.resize(BLOCK * channels, 0.0);
        for part in block.chunks_mut(BLOCK * channels) {
            part.fill(0.0);
            for input in &mut self.inputs {
                input.add_to(part, &mut self.scratch)?;
            }
        }
        self.left -= frames as u64;
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.left)
    }
}

/// A source made louder or softer.
#[derive(Debug, Clone)]
pub struct Gain<S> {
    source: S,
    amplitude: f32,
}

impl<S: AudioSource> Gain<S> {
    /// `source`, louder by `gain_db`; 0 dB changes nothing, negative infinity is silence.
    ///
    /// # Errors
    /// When the gain is not usable.
    pub fn new(source: S, gain_db: f64) -> Result<Gain<S>, MixError> {
        Ok(Gain { source, amplitude: amplitude(gain_db)? })
    }
}

impl<S: AudioSource> AudioSource for Gain<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let frames = self.source.read(block)?;
        for sample in &mut block[..frames * self.source.format().samples_per_frame()] {
            *sample *= self.amplitude;
        }
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        self.source.remaining()
    }
}

/// A part of a source.
#[derive(Debug, Clone)]
pub struct Cut<S> {
    source: S,
    skip: u64,
    left: u64,
}

impl<S: AudioSource> Cut<S> {
    /// The source without its first `skip` sample frames, and of the rest at most `frames`.
    pub fn new(source: S, skip: u64, frames: u64) -> Cut<S> {
        Cut { source, skip, left: frames }
    }
}

impl<S: AudioSource> AudioSource for Cut<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let skip = std::mem::take(&mut self.skip);
        if skip > 0 && seek::skip(&mut self.source, skip)? < skip {
            self.left = 0;
        }
        let channels = self.source.format().samples_per_frame();
        let fit = usize::try_from(self.left).unwrap_or(usize::MAX).min(block.len() / channels);
        let frames = seek::read_fully(&mut self.source, &mut block[..fit * channels])?;
        self.left = if frames < fit { 0 } else { self.left - frames as u64 };
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        if self.left == 0 {
            return Some(0);
        }
        Some(self.source.remaining()?.saturating_sub(self.skip).min(self.left))
    }
}

/// A source with silence in front and behind, of an exact length.
#[derive(Debug, Clone)]
pub struct Padded<S> {
    source: S,
    before: u64,
    left: u64,
    ended: bool,
}

impl<S: AudioSource> Padded<S> {
    /// `before` sample frames of silence, the source, and silence up to `frames` sample frames in all; what is longer is cut
    /// off.
    pub fn new(source: S, before: u64, frames: u64) -> Padded<S> {
        Padded { source, before, left: frames, ended: false }
    }
}

impl<S: AudioSource> AudioSource for Padded<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.source.format().samples_per_frame();
        let frames = usize::try_from(self.left).unwrap_or(usize::MAX).min(block.len() / channels);
        let block = &mut block[..frames * channels];
        let silent = usize::try_from(self.before).unwrap_or(usize::MAX).min(frames);
        self.before -= silent as u64;
        let (silence, block) = block.split_at_mut(silent * channels);
        silence.fill(0.0);
        if !block.is_empty() {
            let read = if self.ended { 0 } else { seek::read_fully(&mut self.source, block)? };
            self.ended = self.ended || read * channels < block.len();
            block[read * channels..].fill(0.0);
        }
        self.left -= frames as u64;
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Samples;
    use crate::testing::{mono, read_all, read_in_blocks};

    fn ramp(frames: usize) -> Samples {
        Samples::new(mono(1000), (1..=frames).map(|n| n as f32).collect::<Vec<_>>())
    }

    #[test]
    fn a_mix_starts_late_or_early_by_its_offsets_and_is_silent_where_sources_are_not() {
        let mut mixer = Mixer::new(mono(1000), 6);
        mixer.add(ramp(2), 0.0, 1).unwrap();
        mixer.add(ramp(4), 20.0, -2).unwrap();
        assert_eq!(read_all(mixer), [30.0, 41.0, 2.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_source_that_lies_wholly_before_the_mix_is_not_heard() {
        let mut mixer = Mixer::new(mono(1000), 2);
        mixer.add(ramp(2), 0.0, i64::MIN).unwrap();
        mixer.add(ramp(2), 0.0, i64::MAX).unwrap();
        assert_eq!(read_all(mixer), [0.0, 0.0]);
    }

    #[test]
    fn another_format_or_an_unusable_gain_is_refused() {
        let mut mixer = Mixer::new(AudioFormat::STEREO_48K, 2);
        assert!(matches!(mixer.add(ramp(2), 0.0, 0), Err(MixError::Format { .. })));
        assert!(matches!(Gain::new(ramp(2), f64::NAN), Err(MixError::Gain { .. })));
        assert!(matches!(Gain::new(ramp(2), 61.0), Err(MixError::Gain { .. })));
        assert_eq!(read_all(Gain::new(ramp(2), f64::NEG_INFINITY).unwrap()), [0.0, 0.0]);
    }

    #[test]
    fn cut_and_padded_know_what_remains() {
        let cut = Cut::new(ramp(5), 2, 9);
        assert_eq!(cut.remaining(), Some(3));
        assert_eq!(read_all(cut), [3.0, 4.0, 5.0]);
        assert_eq!(read_all(Cut::new(ramp(5), 7, 9)), [0.0; 0]);
        let padded = Padded::new(ramp(2), 1, 5);
        assert_eq!(padded.remaining(), Some(5));
        assert_eq!(read_all(padded), [0.0, 1.0, 2.0, 0.0, 0.0]);
        assert_eq!(read_all(Padded::new(ramp(2), 1, 2)), [0.0, 1.0]);
    }

    proptest! {
        #[test]
        fn blocks_of_any_length_give_the_same_samples(blocks in prop::collection::vec(1_usize..40, 1..8), offset in -20_i64..20) {
            let make = || {
                let mut mixer = Mixer::new(mono(1000), 90);
                mixer.add(ramp(30), -3.0, offset).unwrap();
                mixer.add(Padded::new(Cut::new(ramp(50), 3, 40), 5, 70), 1.0, -offset).unwrap();
                mixer
            };
            prop_assert_eq!(read_in_blocks(make(), &blocks), read_all(make()));
        }
    }
}
