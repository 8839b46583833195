//! The part of a source that a stretch needs in memory.

use std::collections::VecDeque;

/// What is not needed any more is let go of when it is so many sample frames.
const LEAST_FORGOTTEN: usize = 8192;

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

    /// Takes the next samples.
    pub(super) fn push(&mut self, samples: &[f32]) {
        self.samples.extend_from_slice(samples);
        self.mono.extend(samples.chunks_exact(self.channels).map(|frame| frame.iter().sum::<f32>()));
    }

    /// The sums of the channels from a position on that is kept.
    pub(super) fn mono_from(&self, position: i64) -> &[f32] {
        let from = (position - self.start).clamp(0, self.mono.len() as i64) as usize;
        &self.mono[from..]
    }

    /// The source has ended.
    pub(super) fn finish(&mut self) {
        self.ended = true;
    }

    /// Fills `to` with sample frames from a position on.
    pub(super) fn fill(&self, position: i64, to: &mut [f32]) {
        let frames = (to.len() / self.channels) as i64;
        let silent = (self.start - position).clamp(0, frames);
        let (silence, to) = to.split_at_mut(silent as usize * self.channels);
        silence.fill(0.0);
        let from = (position - self.start).clamp(0, self.mono.len() as i64) as usize * self.channels;
        let there = (self.samples.len() - from).min(to.len());
        to[..there].copy_from_slice(&self.samples[from..from + there]);
        to[there..].fill(0.0);
    }

    /// Lets go of all in front of a position.
    pub(super) fn forget(&mut self, before: i64) {
        let frames = (before - self.start).clamp(0, self.mono.len() as i64) as usize;
        // Moving what is left has a price: not for little.
        if frames > LEAST_FORGOTTEN {
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
