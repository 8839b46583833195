//! Sources of samples.

use crate::AudioFormat;

/// Error of a source of samples or packets: says what, where, and what helps.
pub type AudioError = Box<dyn std::error::Error + Send + Sync>;

/// Gives samples, in order, in blocks of any length.
///
/// Samples are `f32`; full scale is -1 to 1, and more is allowed until the sound is encoded. The channels of a sample frame
/// lie one behind the other (interleaved). The same source gives the same samples, however long the blocks are.
pub trait AudioSource: Send {
    /// Rate and channels; they never change.
    fn format(&self) -> AudioFormat;

    /// Fills `block` with the next sample frames, and returns how many. Fewer than fit only at the end; 0 from then on.
    /// The length of `block` is a multiple of the number of channels. What is behind the returned frames is undefined.
    ///
    /// # Errors
    /// When there is no going on. The source is not read again then.
    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError>;

    /// The number of sample frames that are still to come, where that is known exactly.
    fn remaining(&self) -> Option<u64> {
        None
    }
}

impl<S: AudioSource + ?Sized> AudioSource for Box<S> {
    fn format(&self) -> AudioFormat {
        (**self).format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        (**self).read(block)
    }

    fn remaining(&self) -> Option<u64> {
        (**self).remaining()
    }
}

/// Silence of a given length.
#[derive(Debug, Clone)]
pub struct Silence {
    format: AudioFormat,
    left: u64,
}

impl Silence {
    /// `frames` sample frames of silence.
    pub fn new(format: AudioFormat, frames: u64) -> Silence {
        Silence { format, left: frames }
    }
}

impl AudioSource for Silence {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let fit = block.len() / self.format.samples_per_frame();
        let frames = usize::try_from(self.left).unwrap_or(usize::MAX).min(fit);
        block[..frames * self.format.samples_per_frame()].fill(0.0);
        self.left -= frames as u64;
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.left)
    }
}
