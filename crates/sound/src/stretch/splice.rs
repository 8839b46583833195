//! Decides where pieces of hits and noise are left out or repeated.

use strikeline_audio::AudioSource;

use super::Stretched;

/// A moment of the source, and where it is heard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    pub(super) source: i64,
    pub(super) heard: i64,
}

/// Another place of the source takes over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Splice {
    /// Where the cross-fade begins, in what is heard.
    pub(super) at: i64,
    pub(super) frames: i64,
    pub(super) shift: i64,
    /// How alike the two places are, from 0 to 1.
    pub(super) likeness: f32,
    /// The hit that comes to its place with it.
    pub(super) anchor: Option<Anchor>,
}

/// Lengths in sample frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths {
    /// In front of a hit, copied as it is.
    pub(super) before: i64,
    /// Behind a hit: at least, never heard again; and at most, copied as it is.
    pub(super) guard: i64,
    pub(super) after: i64,
    /// Hits closer together than this belong together.
    pub(super) apart: i64,
    /// A cross-fade.
    pub(super) fade: i64,
    /// Compared to find where the sound is like itself.
    pub(super) compared: i64,
    /// How far to search to both sides.
    pub(super) search: i64,
    /// Copied as it is between two cross-fades.
    pub(super) run: i64,
    /// How far hits are looked for ahead.
    pub(super) horizon: i64,
}

impl Lengths {
    pub(super) fn new(rate: u32, speed: f64) -> Lengths {
        let frames = |milliseconds: f64| (milliseconds * f64::from(rate) / 1000.0).round() as i64;
        // Jumps of less than 12 ms are not worth a cross-fade.
        let run = (12.0 / (speed - 1.0).abs().max(0.01)).clamp(40.0, 150.0);
        Lengths {
            before: frames(4.0),
            guard: frames(10.0),
            after: frames(45.0),
            apart: frames(10.0),
            fade: frames(7.0).max(1),
            compared: frames(10.0).max(1),
            search: frames(7.0),
            run: frames(run).max(2),
            horizon: frames(600.0).max(64),
        }
    }
}

impl<S: AudioSource> Stretched<S> {
    /// Where the next cross-fade is, and to which place of the source.
    pub(super) fn next_splice(&mut self) -> Option<Splice> {
        let Lengths { before, guard, fade, search, run, horizon, .. } = self.lengths;
        let from = self.position.max(self.locked);
        // Hits that came too close to the last one sound with it.
        while self.hits.front().is_some_and(|hit| self.heard(hit.position) - before - 1 <= from) {
            self.hits.pop_front();
        }
        let next = self.hits.front().map(|hit| hit.position);
        let next = next.filter(|hit| *hit <= self.position + self.shift + horizon);
        let next = next.or(self.window.end()).map(|source| Anchor { source, heard: self.heard(source) });
        // Between hits that are close together there is less room for everything.
        let gap = next.map_or(i64::MAX, |next| next.source - self.last.source).max(4);
        let (before, guard, fade) = (before.min(gap / 4), guard.min(gap / 4), fade.min(gap / 4));
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
pub(super) fn likeness(a: &[f32], b: &[f32]) -> f32 {
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
