//! Sources that can go to any of their sample frames, and sound in memory.

use std::sync::Arc;

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

/// A source that can go to any of its sample frames.
pub trait SeekableSource: AudioSource {
    /// Goes to sample frame `frame`, counted from 0 at the first: the next read begins with it, and gives the same samples
    /// as a source that was read up to there. At or behind the end, reads give 0 frames.
    ///
    /// # Errors
    /// When there is no going there. The source is not read again then.
    fn seek(&mut self, frame: u64) -> Result<(), AudioError>;
}

impl<S: SeekableSource + ?Sized> SeekableSource for Box<S> {
    fn seek(&mut self, frame: u64) -> Result<(), AudioError> {
        (**self).seek(frame)
    }
}

/// Samples in memory. A copy shares them.
#[derive(Debug, Clone)]
pub struct Samples {
    format: AudioFormat,
    samples: Arc<[f32]>,
    /// Index of the next sample; a multiple of the channels.
    next: usize,
}

impl Samples {
    /// Interleaved samples. Those of an incomplete sample frame at the end are not given.
    pub fn new(format: AudioFormat, samples: impl Into<Arc<[f32]>>) -> Samples {
        Samples { format, samples: samples.into(), next: 0 }
    }

    fn left(&self) -> usize {
        (self.samples.len() - self.next) / self.format.samples_per_frame()
    }
}

impl AudioSource for Samples {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.format.samples_per_frame();
        let frames = self.left().min(block.len() / channels);
        let end = self.next + frames * channels;
        block[..frames * channels].copy_from_slice(&self.samples[self.next..end]);
        self.next = end;
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.left() as u64)
    }
}

impl SeekableSource for Samples {
    fn seek(&mut self, frame: u64) -> Result<(), AudioError> {
        let channels = self.format.samples_per_frame();
        let frames = (self.samples.len() / channels) as u64;
        self.next = frame.min(frames) as usize * channels;
        Ok(())
    }
}

/// Fills as much of `block` as there is, in as many reads as that takes; returns the sample frames. Fewer than fit only at
/// the end.
pub(crate) fn read_fully<S: AudioSource + ?Sized>(
    source: &mut S,
    block: &mut [f32],
) -> Result<usize, AudioError> {
    let channels = source.format().samples_per_frame();
    let mut filled = 0;
    while filled * channels < block.len() {
        let frames = source.read(&mut block[filled * channels..])?;
        if frames == 0 {
            break;
        }
        filled += frames;
    }
    Ok(filled)
}

/// Reads up to `frames` sample frames away; returns how many there were.
pub(crate) fn skip<S: AudioSource + ?Sized>(source: &mut S, frames: u64) -> Result<u64, AudioError> {
    let channels = source.format().samples_per_frame();
    let mut block = vec![0.0; 1024 * channels];
    let mut skipped = 0;
    while skipped < frames {
        let fit = (frames - skipped).min(1024) as usize;
        let read = source.read(&mut block[..fit * channels])?;
        if read == 0 {
            break;
        }
        skipped += read as u64;
    }
    Ok(skipped)
}
