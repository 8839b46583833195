//! Sound made slower or faster, its pitch kept.
//!
//! The sound is taken apart into tones, and hits and noise, which are stretched in different ways (Driedger, Müller and Ewert,
//! "Improving time-scale modification of music signals using harmonic-percussive separation", IEEE Signal Processing Letters
//! 21, 2014). Tones go through a phase vocoder.
//!
//! A hit must stay sharp, sound once, and come at its moment. So each hit is found, and the sound around it is copied as it
//! is, to where it belongs. Between hits, short pieces are left out or repeated where the sound is most like itself (after
//! Verhelst and Roelands, "An overlap-add technique based on waveform similarity (WSOLA)", ICASSP 1993), with cross-fades.
//!
//! All of it is additions, multiplications, divisions and square roots, with tables made by a library: the same on every
//! machine.

mod fourier;
mod hits;
mod pieces;
mod separation;
mod splice;
mod vocoder;
mod window;

use std::collections::VecDeque;

use hits::{Hit, HitFinder};
pub use pieces::{Piece, Pieces, PiecesError};
use separation::Separation;
use splice::{Anchor, Lengths, Splice};
use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use vocoder::Vocoder;
use window::Window;

use crate::seek;

/// Sample frames that are taken from the source at once.
const BLOCK: usize = 1024;

/// The slowest and the fastest speed.
pub const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=4.0;

/// Why a speed is not usable.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("a speed of {speed} is not usable: give one from {} to {}", SPEEDS.start(), SPEEDS.end())]
pub struct SpeedError {
    /// The speed asked for.
    pub speed: f64,
}

/// A source that is played slower or faster at the same pitch.
///
/// Sample frame `n` of the source is heard at `n / speed`: hits to within about 2 ms, soft ones that are not found and what
/// lies between hits to within about 25 ms. Of hits less than 10 ms apart, the loudest is at its moment. The length is that of
/// the source divided by the speed, rounded. Nothing is delayed. It needs about two seconds of the source in memory.
pub struct Stretched<S> {
    source: S,
    speed: f64,
    lengths: Lengths,
    separation: Separation,
    /// Hits and noise of the source.
    window: Window,
    /// The tones of the source.
    tones: Window,
    vocoder: Vocoder,
    finder: HitFinder,
    /// The same for what the tones leave.
    rest_finder: HitFinder,
    rest_hits: VecDeque<Hit>,
    /// Hits that were found and not yet heard.
    hits: VecDeque<Hit>,
    /// The hit that is being heard or was heard last.
    last: Anchor,
    /// The next sample frame to give out.
    position: i64,
    /// What is heard at `position` is the source's sample frame `position + shift`.
    shift: i64,
    /// Up to here, the sound is copied as it is.
    locked: i64,
    /// Hits and noise as they are heard.
    output: VecDeque<f32>,
    /// Tones as they are heard.
    toned: VecDeque<f32>,
}

impl<S: AudioSource> Stretched<S> {
    /// `source` at `speed` times its tempo: 0.5 takes twice as long, 2 half as long.
    ///
    /// # Errors
    /// When the speed is not in [`SPEEDS`].
    pub fn new(source: S, speed: f64) -> Result<Stretched<S>, SpeedError> {
        if !SPEEDS.contains(&speed) {
            return Err(SpeedError { speed });
        }
        let rate = source.format().rate().get();
        let start = Anchor { source: 0, heard: 0 };
        let lengths = Lengths::new(rate, speed);
        let channels = source.format().samples_per_frame();
        // About 85 ms: 4096 sample frames at 48 kHz.
        let length = ((rate as usize * 3 / 50).max(32) + 1).next_power_of_two();
        Ok(Stretched {
            separation: Separation::new(length, channels),
            window: Window::new(channels),
            tones: Window::new(channels),
            vocoder: Vocoder::new(length, channels, speed),
            finder: HitFinder::new(rate),
            rest_finder: HitFinder::new(rate),
            rest_hits: VecDeque::new(),
            source,
            speed,
            lengths,
            hits: VecDeque::new(),
            last: start,
            position: 0,
            shift: 0,
            locked: 0,
            output: VecDeque::new(),
            toned: VecDeque::new(),
        })
    }

    /// The source back, at an unknown position.
    pub fn into_inner(self) -> S {
        self.source
    }

    /// Where a sample frame of the source is heard.
    fn heard(&self, source: i64) -> i64 {
        (source as f64 / self.speed).round() as i64
    }

    /// The sample frames of the output, once the end of the source was seen.
    fn end(&self) -> Option<i64> {
        self.window.end().map(|end| self.heard(end))
    }

    /// Takes the source up to this sample frame.
    fn take(&mut self, until: i64) -> Result<(), AudioError> {
        let channels = self.window.channels();
        let (mut tones, mut rest) = (Vec::new(), Vec::new());
        while self.window.end().is_none() && self.window.until() < until {
            let mut block = vec![0.0; BLOCK * channels];
            let read = seek::read_fully(&mut self.source, &mut block)?;
            block.truncate(read * channels);
            for sample in &mut block {
                // What is 80 dB above full scale is no sound, and its powers would be no numbers.
                *sample = if sample.is_finite() { sample.clamp(-1e4, 1e4) } else { 0.0 };
            }
            tones.clear();
            rest.clear();
            if self.speed == 1.0 {
                rest.extend_from_slice(&block);
            } else {
                self.separation.take(&block, &mut tones, &mut rest);
                if read < BLOCK {
                    self.separation.finish(&mut tones, &mut rest);
                }
            }
            let from = self.window.until();
            self.window.push(&rest);
            self.tones.push(&tones);
            let mono: Vec<f32> = block.chunks_exact(channels).map(|frame| frame.iter().sum()).collect();
            self.finder.add(&mono, &mut self.hits);
            self.rest_finder.add(self.window.mono_from(from), &mut self.rest_hits);
            if read < BLOCK {
                self.window.finish();
                self.tones.finish();
                self.finder.finish(&mut self.hits);
                self.rest_finder.finish(&mut self.rest_hits);
            }
        }
        self.add_rest_hits();
        self.thin_out();
        Ok(())
    }

    /// Makes the next stretch of the tones.
    fn advance_tones(&mut self) -> Result<(), AudioError> {
        self.take(self.vocoder.needs())?;
        self.vocoder.go_on(&self.tones, &mut self.toned);
        self.tones.forget(self.vocoder.needs_from());
        Ok(())
    }

    /// Makes the next stretch of sound: up to and with the next splice.
    fn advance(&mut self) -> Result<(), AudioError> {
        self.take(self.position + self.shift + self.lengths.horizon)?;
        if self.speed == 1.0 {
            self.copy(self.position + self.lengths.run);
            self.forget();
            return Ok(());
        }
        match self.next_splice() {
            Some(splice) => {
                self.copy(splice.at);
                self.fade(&splice);
                if let Some(anchor) = splice.anchor {
                    self.arrive(anchor);
                }
            }
            None => {
                let until = self.position.max(self.locked) + self.lengths.run;
                let next = self.hits.front().map_or(i64::MAX, |hit| self.heard(hit.position));
                let room = next - self.lengths.before - self.lengths.fade - self.position;
                self.copy(until.min(self.position + room.max(1)));
            }
        }
        self.forget();
        Ok(())
    }

    /// Adds the hits that are found only where the tones are taken away. Those that are also found in the whole sound are
    /// there more exact.
    fn add_rest_hits(&mut self) {
        for hit in self.rest_hits.drain(..) {
            let at = self.hits.partition_point(|other| other.position < hit.position);
            let near = |other: Option<&Hit>| {
                other.is_some_and(|other| (other.position - hit.position).abs() < self.lengths.apart / 2)
            };
            let known = near(self.hits.get(at)) || near(at.checked_sub(1).and_then(|at| self.hits.get(at)));
            let heard = hit.position <= self.last.source + self.lengths.apart / 2;
            if !known && !heard {
                self.hits.insert(at, hit);
            }
        }
    }

    /// Of hits that are close together, only the strongest is brought to its place, and the others with it.
    fn thin_out(&mut self) {
        let mut n = 0;
        while n + 1 < self.hits.len() {
            let (hit, next) = (self.hits[n], self.hits[n + 1]);
            if next.position - hit.position >= self.lengths.apart {
                n += 1;
            } else if next.strength > hit.strength {
                self.hits.remove(n);
            } else {
                self.hits.remove(n + 1);
            }
        }
    }

    fn arrive(&mut self, anchor: Anchor) {
        self.hits.retain(|hit| hit.position > anchor.source);
        self.last = anchor;
        let next = self.hits.front().map_or(i64::MAX, |hit| hit.position);
        let in_source = next.saturating_sub(anchor.source);
        let heard = (in_source as f64 / self.speed) as i64;
        let room = in_source.min(heard).min(1 << 32) * 2 / 5;
        self.locked = anchor.heard + room.min(self.lengths.after);
    }

    /// Gives out the source as it is, up to a moment.
    fn copy(&mut self, until: i64) {
        let until = self.end().map_or(until, |end| until.min(end));
        if until > self.position {
            let start = self.position + self.shift;
            self.window.copy(start, until - self.position, &mut self.output);
            self.position = until;
        }
    }

    fn fade(&mut self, splice: &Splice) {
        let end = self.end().unwrap_or(i64::MAX);
        let frames = splice.frames.min(end - self.position).max(0);
        let (mut old, mut new) = (VecDeque::new(), VecDeque::new());
        self.window.copy(self.position + self.shift, frames, &mut old);
        self.window.copy(self.position + splice.shift, frames, &mut new);
        let channels = self.window.channels();
        for (n, (old, new)) in old.iter().zip(&new).enumerate() {
            let x = ((n / channels) as f32 + 0.5) / splice.frames as f32;
            // A polynomial with the shape of a raised cosine.
            let new_share = x * x * (3.0 - 2.0 * x);
            let old_share = 1.0 - new_share;
            let power =
                new_share * new_share + old_share * old_share + 2.0 * new_share * old_share * splice.likeness;
            self.output.push_back((old * old_share + new * new_share) / power.sqrt());
        }
        self.position += frames;
        self.shift = splice.shift;
    }

    /// Lets go of what is not needed any more.
    fn forget(&mut self) {
        let Lengths { search, run, fade, .. } = self.lengths;
        let now = self.position + self.shift.min((self.position as f64 * self.speed) as i64 - self.position);
        self.window.forget(now - 2 * (search + fade) - 4 * run);
    }
}

impl<S: AudioSource> AudioSource for Stretched<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let mut filled = 0;
        while filled < block.len() {
            if self.output.is_empty() {
                if self.end().is_some_and(|end| self.position >= end) {
                    break;
                }
                self.advance()?;
            }
            if self.speed == 1.0 {
                let take = self.output.len().min(block.len() - filled);
                for (to, from) in block[filled..].iter_mut().zip(self.output.drain(..take)) {
                    *to = from;
                }
                filled += take;
                continue;
            }
            if self.toned.is_empty() {
                self.advance_tones()?;
            }
            let take = self.output.len().min(self.toned.len()).min(block.len() - filled);
            let hits_and_tones = self.output.drain(..take).zip(self.toned.drain(..take));
            for (to, (hits, tones)) in block[filled..].iter_mut().zip(hits_and_tones) {
                *to = hits + tones;
            }
            filled += take;
        }
        Ok(filled / self.window.channels())
    }

    fn remaining(&self) -> Option<u64> {
        let end = match self.end() {
            Some(end) => end,
            None => {
                let left = i64::try_from(self.source.remaining()?).ok()?;
                // At speed 1 nothing is taken apart.
                let taken = self.separation.taken().max(self.window.until());
                self.heard(taken.saturating_add(left))
            }
        };
        let made = self.position - (self.output.len() / self.window.channels()) as i64;
        u64::try_from(end - made).ok()
    }
}

#[cfg(test)]
mod tests;
