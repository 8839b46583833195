//! The part of a source that a stretch needs in memory.

use std::collections::VecDeque;

use strikeline_audio::{AudioError, AudioSource};

use crate::seek;

/// Sample frames that are taken from the source at once.
const BLOCK: usize = 1024;

/// Samples of a source around the present, by their position. All outside is silence.
#[derive(Debug)]
pub(super) struct Window {
    channels: usize,
    /// Position of the first sample frame that is kept.
    start: i64,
    samples: Vec<f32>,
    /// The sums of the channels.
    mono: Vec<f32>,
    ended: bool,
}

impl Window {
    pub(super) fn new(channels: usize) -> Window {
        Window { channels, start: 0, samples: Vec::new(), mono: Vec::new(), ended: false }
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Position behind the last sample frame taken.
    pub(super) fn until(&self) -> i64 {
        self.start + self.mono.len() as i64
    }

    /// The length of the source, once its end was seen.
    pub(super) fn end(&self) -> Option<i64> {
        self.ended.then(|| self.until())
    }

    /// Takes a block; returns the sums of its channels.
    pub(super) fn take<S: AudioSource>(&mut self, source: &mut S) -> Result<&[f32], AudioError> {
        let (old, old_mono) = (self.samples.len(), self.mono.len());
        self.samples.resize(old + BLOCK * self.channels, 0.0);
        let read = seek::read_fully(source, &mut self.samples[old..])?;
        self.samples.truncate(old + read * self.channels);
        self.ended = read < BLOCK;
        for sample in &mut self.samples[old..] {
            if !sample.is_finite() {
                *sample = 0.0;
            }
        }
        self.mono
            .extend(self.samples[old..].chunks_exact(self.channels).map(|frame| frame.iter().sum::<f32>()));
        Ok(&self.mono[old_mono..])
    }

    /// Lets go of all in front of a position.
    pub(super) fn forget(&mut self, before: i64) {
        let frames = (before - self.start).clamp(0, self.mono.len() as i64) as usize;
        // Moving what is left has a price: not for little.
        if frames > 8 * BLOCK {
            self.samples.drain(..frames * self.channels);
            self.mono.drain(..frames);
            self.start += frames as i64;
        }
    }

    /// Fills `to` with the sums of the channels from a position on.
    pub(super) fn mono(&self, position: i64, to: &mut [f32]) {
        let silent = (self.start - position).clamp(0, to.len() as i64) as usize;
        let (silence, to) = to.split_at_mut(silent);
        silence.fill(0.0);
        let from = (position - self.start).clamp(0, self.mono.len() as i64) as usize;
        let there = (self.mono.len() - from).min(to.len());
        to[..there].copy_from_slice(&self.mono[from..from + there]);
        to[there..].fill(0.0);
    }

    /// Appends `frames` sample frames from a position on to `to`.
    pub(super) fn copy(&self, position: i64, frames: i64, to: &mut VecDeque<f32>) {
        let silent = (self.start - position).clamp(0, frames);
        to.extend(std::iter::repeat_n(0.0, silent as usize * self.channels));
        let from = (position - self.start).clamp(0, self.mono.len() as i64);
        let there = (self.mono.len() as i64 - from).min(frames - silent);
        let range = from as usize * self.channels..(from + there) as usize * self.channels;
        to.extend(&self.samples[range]);
        to.extend(std::iter::repeat_n(0.0, (frames - silent - there) as usize * self.channels));
    }
}
