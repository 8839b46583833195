//! A source of samples, cut to an exact length.

use strikeline_audio::{AudioError, AudioSource};

/// Gives exactly as many sample frames as are wanted: silence follows the end of the source. Samples that are not finite are
/// silenced.
#[derive(Debug)]
pub(super) struct ExactBlocks<S> {
    source: S,
    channels: usize,
    /// Sample frames that are still to be given.
    left: u64,
    ended: bool,
    block: Vec<f32>,
}

impl<S: AudioSource> ExactBlocks<S> {
    /// `frames` sample frames of `source`.
    pub(super) fn new(source: S, frames: u64) -> ExactBlocks<S> {
        let channels = source.format().samples_per_frame();
        ExactBlocks { source, channels, left: frames, ended: false, block: Vec::new() }
    }

    /// The next `frames` sample frames; fewer at the end only, and none after it.
    pub(super) fn next_block(&mut self, frames: usize) -> Result<&[f32], AudioError> {
        let frames = usize::try_from(self.left).unwrap_or(usize::MAX).min(frames);
        self.block.resize(frames * self.channels, 0.0);
        let mut filled = 0;
        while filled < self.block.len() && !self.ended {
            let rest = &mut self.block[filled..];
            let read = self.source.read(rest)?.min(rest.len() / self.channels);
            self.ended = read == 0;
            filled += read * self.channels;
        }
        let (heard, silence) = self.block.split_at_mut(filled);
        silence.fill(0.0);
        for sample in heard {
            if !sample.is_finite() {
                *sample = 0.0;
            }
        }
        self.left -= frames as u64;
        Ok(&self.block)
    }
}
