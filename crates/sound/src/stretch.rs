//! Sound made slower or faster, its pitch kept.
//!
//! Drums are hits: a hit must stay sharp, sound once, and come at its moment. So each hit is found, and the sound around it
//! is copied as it is, to where it belongs. Between hits, short pieces are left out or repeated where the sound is most like
//! itself (after Verhelst and Roelands, "An overlap-add technique based on waveform similarity (WSOLA)", ICASSP 1993), with
//! cross-fades. All of it is additions, multiplications and square roots: the same on every machine.

mod hits;
mod pieces;
mod window;

use std::collections::VecDeque;

use hits::{Hit, HitFinder};
pub use pieces::{Piece, Pieces, PiecesError};
use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use window::Window;

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
/// Sample frame `n` of the source is heard at `n / speed`: hits to within 2 ms, what lies between them to within about 25 ms.
/// The length is that of the source divided by the speed, rounded. Nothing is delayed. It needs about a second of the source
/// in memory.
pub struct Stretched<S> {
    source: S,
    speed: f64,
    lengths: Lengths,
    window: Window,
    finder: HitFinder,
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
    output: VecDeque<f32>,
}

/// A moment of the source, and where it is heard.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    source: i64,
    heard: i64,
}

/// Another place of the source takes over.
#[derive(Debug, Clone, Copy)]
struct Splice {
    /// Where the cross-fade begins, in what is heard.
    at: i64,
    frames: i64,
    shift: i64,
    /// How alike the two places are, from 0 to 1.
    likeness: f32,
    /// The hit that comes to its place with it.
    anchor: Option<Anchor>,
}

/// Lengths in sample frames.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    /// In front of a hit, copied as it is.
    before: i64,
    /// Behind a hit: at least, never heard again; and at most, copied as it is.
    guard: i64,
    after: i64,
    /// Hits closer together than this belong together.
    apart: i64,
    /// A cross-fade.
    fade: i64,
    /// Compared to find where the sound is like itself.
    compared: i64,
    /// How far to search to both sides.
    search: i64,
    /// Copied as it is between two cross-fades.
    run: i64,
    /// How far hits are looked for ahead.
    horizon: i64,
}

impl Lengths {
    fn new(rate: u32, speed: f64) -> Lengths {
        let frames = |milliseconds: f64| (milliseconds * f64::from(rate) / 1000.0).round() as i64;
        // Jumps of less than 12 ms are not worth a cross-fade.
        let run = (12.0 / (speed - 1.0).abs().max(0.01)).clamp(40.0, 150.0);
        Lengths {
            before: frames(4.0),
            guard: frames(10.0),
            after: frames(45.0),
            apart: frames(30.0),
            fade: frames(7.0).max(1),
            compared: frames(10.0).max(1),
            search: frames(7.0),
            run: frames(run).max(2),
            horizon: frames(600.0).max(64),
        }
    }
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
        Ok(Stretched {
            window: Window::new(source.format().samples_per_frame()),
            finder: HitFinder::new(rate),
            source,
            speed,
            lengths,
            hits: VecDeque::new(),
            last: start,
            position: 0,
            shift: 0,
            locked: 0,
            output: VecDeque::new(),
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
        while self.window.end().is_none() && self.window.until() < until {
            let added = self.window.take(&mut self.source)?;
            self.finder.add(added, &mut self.hits);
        }
        if self.window.end().is_some() {
            self.finder.finish(&mut self.hits);
        }
        self.thin_out();
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

    /// Where the next cross-fade is, and to which place of the source.
    fn next_splice(&mut self) -> Option<Splice> {
        let Lengths { before, guard, fade, search, run, horizon, .. } = self.lengths;
        let from = self.position.max(self.locked);
        // Hits that came too close to the last one sound with it.
        while self.hits.front().is_some_and(|hit| self.heard(hit.position) - before - 1 <= from) {
            self.hits.pop_front();
        }
        let next = self.hits.front().map(|hit| hit.position);
        let next = next.filter(|hit| *hit <= self.position + self.shift + horizon);
        let next = next.or(self.window.end()).map(|source| Anchor { source, heard: self.heard(source) });
        // Places of the source that a cross-fade may touch lie behind the last hit and in front of the next.
        let first = self.last.source + guard;
        let end = next.map_or(i64::MAX / 2, |next| next.source - before);

        if let Some(next) = next {
            let shift = next.source - next.heard;
            let latest = (next.heard - before - fade).min(end - fade - self.shift);
            let earliest = from.max(first - shift);
            if next.heard - before - from <= 2 * run && earliest <= latest {
                if shift == self.shift {
                    self.arrive(next);
                    return None;
                }
                let (at, likeness) = self.most_alike_moment(shift, earliest.max(latest - 2 * run), latest);
                return Some(Splice { at, frames: fade, shift, likeness, anchor: Some(next) });
            }
            let room = next.heard - before - from;
            if room <= fade {
                // No room is left: a short cross-fade right in front of the hit.
                let frames = room.clamp(1, fade);
                return Some(Splice { at: from, frames, shift, likeness: 0.5, anchor: Some(next) });
            }
        }
        let at = (from + run).min(end - fade - self.shift).max(from);
        // The old place must not come to the next hit while it fades out.
        let fade = fade.min(end - at - self.shift).max(fade / 4 + 1);
        let ideal = (at as f64 * self.speed).round() as i64 - at;
        if (ideal - self.shift).abs() * 4 < fade {
            return None;
        }
        // From the new place there must be a way to the next hit.
        let last_chance = next.map_or(at, |next| (at + fade).max(first - (next.source - next.heard)));
        let (lowest, highest) = (first - at, end - fade - last_chance);
        let shifts = (ideal - search).max(lowest)..=(ideal + search).min(highest);
        let (shift, likeness) = if shifts.is_empty() {
            (ideal.clamp(lowest.min(highest), highest), 0.0)
        } else {
            self.most_alike_shift(at, shifts)
        };
        Some(Splice { at, frames: fade, shift, likeness, anchor: None })
    }

    /// Of several places to go on from at a moment, that which is most like what would have come.
    fn most_alike_shift(&self, at: i64, shifts: std::ops::RangeInclusive<i64>) -> (i64, f32) {
        let compared = self.lengths.compared;
        let mut old = vec![0.0; compared as usize];
        self.window.mono(at + self.shift, &mut old);
        let mut places = vec![0.0; (compared + shifts.end() - shifts.start()) as usize];
        self.window.mono(at + shifts.start(), &mut places);
        let likeness = |n: usize| likeness(&old, &places[n..n + compared as usize]);
        let best = best_of(0..(shifts.end() - shifts.start() + 1) as usize, likeness);
        (shifts.start() + best.0 as i64, best.1)
    }

    /// Of several moments at which to go on from another place, that at which the two are most alike.
    fn most_alike_moment(&self, shift: i64, earliest: i64, latest: i64) -> (i64, f32) {
        let compared = self.lengths.compared;
        let mut old = vec![0.0; (compared + latest - earliest) as usize];
        let mut new = old.clone();
        self.window.mono(earliest + self.shift, &mut old);
        self.window.mono(earliest + shift, &mut new);
        let likeness = |n: usize| likeness(&old[n..n + compared as usize], &new[n..n + compared as usize]);
        let best = best_of(0..(latest - earliest + 1) as usize, likeness);
        (earliest + best.0 as i64, best.1)
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

/// The index with the highest value, the first of equals; every fourth is tried, then its neighbours.
fn best_of(indices: std::ops::Range<usize>, value: impl Fn(usize) -> f32) -> (usize, f32) {
    let mut best = (indices.start, f32::NEG_INFINITY);
    let mut consider = |index: usize| {
        let value = value(index);
        if value > best.1 {
            best = (index, value);
        }
        best.0
    };
    let mut near = indices.start;
    for index in indices.clone().step_by(4) {
        near = consider(index);
    }
    for index in near.saturating_sub(3).max(indices.start)..(near + 4).min(indices.end) {
        consider(index);
    }
    (best.0, best.1.clamp(0.0, 1.0))
}

/// The correlation of two pieces of sound, from -1 to 1.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [[0.0_f32; 8]; 3];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            sums[0][lane] += a[lane] * b[lane];
            sums[1][lane] += a[lane] * a[lane];
            sums[2][lane] += b[lane] * b[lane];
        }
    }
    let [ab, aa, bb] = sums.map(|lanes| lanes.iter().sum::<f32>());
    ab / (aa * bb + 1e-20).sqrt()
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
            let take = self.output.len().min(block.len() - filled);
            for (to, from) in block[filled..].iter_mut().zip(self.output.drain(..take)) {
                *to = from;
            }
            filled += take;
        }
        Ok(filled / self.window.channels())
    }

    fn remaining(&self) -> Option<u64> {
        let end = match self.end() {
            Some(end) => end,
            None => {
                self.heard(self.window.until().saturating_add(i64::try_from(self.source.remaining()?).ok()?))
            }
        };
        let made = self.position - (self.output.len() / self.window.channels()) as i64;
        u64::try_from(end - made).ok()
    }
}

#[cfg(test)]
mod tests;
