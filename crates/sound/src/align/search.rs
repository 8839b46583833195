//! Tries all offsets.

use std::fmt;

use strikeline_picture::Time;

use super::envelope::{Band, Envelope, PER_DB, STEPS};
use super::{AlignError, AlignSettings, FEWEST_HITS, SongHit};

/// Steps of the envelope in a step of the search.
const COARSE: usize = 4;
/// Offsets closer together than this are one, in steps of the search: 60 ms.
const APART: usize = 15;
/// Hits this close are one, in steps of the envelope.
const SAME: f64 = 25.0;
/// Rivals that are looked at.
const RIVALS: usize = 24;
/// The rise of the recording at the hits that is asked for: the mean, in standard deviations of all rises.
const LEAST_RISE: f64 = 0.5;
/// How sure it must be that an offset is better than a rival: in standard errors.
const LEAST_LEAD: f64 = 2.0;

/// The offset of a recording, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alignment {
    /// The moment of the song at which the first sample of the recording is heard.
    pub offset: Time,
    /// How far the recording rises at the hits, in standard deviations of all its rises; 0.5 is the least that counts.
    pub rise: f64,
    /// The best of the other offsets.
    pub rival: Option<Candidate>,
    /// By how many standard errors the hits fit better here than at any rival; 2 is the least that counts.
    pub lead: f64,
    /// Where the last third of the song fits better than the first, in seconds; what a tempo that is a little off would do.
    pub drift_seconds: f64,
}

/// An offset that may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The moment of the song at which the first sample of the recording would be heard.
    pub offset: Time,
    /// How far the recording rises at the hits then, in standard deviations of all its rises.
    pub rise: f64,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.3} s (fits by {:.2})", self.offset.as_seconds(), self.rise)
    }
}

/// A hit, for the search.
struct Hit {
    /// In steps of the envelope.
    time: f64,
    weight: f32,
    band: usize,
}

/// The rises of the recording: of the low, the middle and the high band and of all, in standard deviations, about 0.
struct Rises([Vec<f32>; 4]);

impl Envelope {
    /// Finds the offset; see [`super::align`]. Several songs can be tried with one envelope.
    ///
    /// # Errors
    /// When the offset is not sure.
    pub fn align(&self, hits: &[SongHit], settings: &AlignSettings) -> Result<Alignment, AlignError> {
        if hits.len() < FEWEST_HITS {
            return Err(AlignError::FewHits { hits: hits.len() });
        }
        let per_step = 1_000_000_000 / (STEPS as i64 / COARSE as i64);
        let first = settings.earliest.as_nanos().div_euclid(per_step);
        let last = settings.latest.as_nanos().div_euclid(per_step) + 1;
        let longest = 3_600_000_000_000 / per_step;
        if settings.latest < settings.earliest
            || last.saturating_sub(first) > longest + 1
            || first.abs().max(last.abs()) > 1 << 40
        {
            return Err(AlignError::Range(*settings));
        }
        let rises = Rises::new(self).ok_or(AlignError::Silent)?;
        let mut hits: Vec<Hit> = hits
            .iter()
            .map(|hit| Hit {
                time: hit.time.as_nanos() as f64 * STEPS as f64 / 1e9,
                weight: if hit.strength > 0.0 { 0.3 + 0.7 * hit.strength.min(1.0) } else { 0.3 },
                band: match hit.band {
                    Band::Low => 0,
                    Band::Middle => 1,
                    Band::High => 2,
                    Band::Any => 3,
                },
            })
            .collect();
        hits.sort_by(|a, b| a.time.total_cmp(&b.time));
        let times = std::array::from_fn(|band| {
            hits.iter().filter(|hit| hit.band == band).map(|hit| (hit.time, hit.weight)).collect()
        });
        let search = Search {
            envelope: self,
            rises,
            times,
            first_hit: hits.first().map_or(0.0, |hit| hit.time),
            last_hit: hits.last().map_or(0.0, |hit| hit.time),
            hits: &hits,
            first,
            count: (last - first + 1) as usize,
        };
        search.run()
    }
}

impl Rises {
    /// `None` where nothing rises.
    fn new(envelope: &Envelope) -> Option<Rises> {
        let count = envelope.steps() / COARSE;
        let mut all = vec![0.0_f32; count];
        let mut any = false;
        let mut bands = [const { Vec::new() }; 4];
        for (band, levels) in bands.iter_mut().zip(&envelope.levels) {
            let mut rises = rises(levels);
            if standardise(&mut rises) {
                any = true;
                for (all, rise) in all.iter_mut().zip(&rises) {
                    *all += rise;
                }
            }
            *band = rises;
        }
        standardise(&mut all);
        bands[3] = all;
        any.then_some(Rises(bands))
    }
}

/// How far the 8 ms from each step on are above the 20 ms before, in dB.
fn rises(levels: &[u8]) -> Vec<f32> {
    let mut sums = vec![0_u32; levels.len() + 1];
    for (n, level) in levels.iter().enumerate() {
        sums[n + 1] = sums[n].wrapping_add(u32::from(*level));
    }
    let mean = |from: usize, to: usize| sums[to].wrapping_sub(sums[from]) as f32 / (to - from) as f32;
    let rise = |n: usize| {
        if n < 22 || n + 8 > levels.len() { 0.0 } else { (mean(n, n + 8) - mean(n - 22, n - 2)).max(0.0) }
    };
    let coarse = |n: usize| rise(n).max(rise(n + COARSE / 2)).min(24.0 * PER_DB) / PER_DB;
    let sharp: Vec<f32> = (0..levels.len() / COARSE).map(|n| coarse(n * COARSE)).collect();
    // Humans are some milliseconds off.
    let at = |n: usize| sharp.get(n).copied().unwrap_or(0.0);
    (0..sharp.len()).map(|n| 0.5 * at(n) + 0.25 * (at(n.wrapping_sub(1)) + at(n + 1))).collect()
}

/// Takes the mean of two seconds around from each value, and divides by the standard deviation. False where all are alike.
fn standardise(values: &mut [f32]) -> bool {
    let half = STEPS as usize / COARSE;
    let mut sums = vec![0.0_f64; values.len() + 1];
    for (n, value) in values.iter().enumerate() {
        sums[n + 1] = sums[n] + f64::from(*value);
    }
    let count = values.len();
    let mut power = 0.0;
    for (n, value) in values.iter_mut().enumerate() {
        let (from, to) = (n.saturating_sub(half), (n + half).min(count));
        *value -= ((sums[to] - sums[from]) / (to - from).max(1) as f64) as f32;
        power += f64::from(*value * *value);
    }
    let deviation = (power / count.max(1) as f64).sqrt();
    if deviation < 0.05 {
        values.fill(0.0);
        return false;
    }
    let scale = (1.0 / deviation) as f32;
    for value in values {
        *value *= scale;
    }
    true
}

struct Search<'a> {
    envelope: &'a Envelope,
    rises: Rises,
    hits: &'a [Hit],
    /// The times and weights of the hits of each band.
    times: [Vec<(f64, f32)>; 4],
    first_hit: f64,
    last_hit: f64,
    /// The first offset and how many, in steps of the search.
    first: i64,
    count: usize,
}

impl Search<'_> {
    fn run(&self) -> Result<Alignment, AlignError> {
        let fits = self.fits(self.hits);
        let peaks = peaks(&fits);
        let Some(&highest) = peaks.first() else {
            return Err(AlignError::Silent);
        };
        // What explains much less is no rival.
        let peaks: Vec<usize> = peaks.into_iter().filter(|peak| fits[*peak] > 0.6 * fits[highest]).collect();
        // The highest may be so by chance, with another that is better where the two differ.
        let mut best = highest;
        for peak in &peaks {
            if *peak != best && self.lead(best, *peak) < 0.0 {
                best = *peak;
            }
        }
        let rivals: Vec<usize> = peaks.into_iter().filter(|peak| *peak != best).collect();
        let weight: f64 = self.hits.iter().map(|hit| f64::from(hit.weight)).sum();
        let candidate = |index: usize| Candidate {
            offset: self.refined(index, self.hits),
            rise: f64::from(fits[index]) / weight,
        };
        let found = candidate(best);
        let leads: Vec<(usize, f64)> = rivals.iter().map(|rival| (*rival, self.lead(best, *rival))).collect();
        let lead = leads.iter().map(|(_, lead)| *lead).fold(f64::INFINITY, f64::min);

        if let Some(error) = self.tempo() {
            return Err(error);
        }
        if found.rise < LEAST_RISE {
            return Err(AlignError::NotFound { best: found });
        }
        if lead < LEAST_LEAD {
            let near = leads.iter().filter(|(_, lead)| *lead < LEAST_LEAD).take(5);
            let mut candidates = vec![found];
            candidates.extend(near.map(|(rival, _)| candidate(*rival)));
            return Err(AlignError::Ambiguous { candidates });
        }
        let third = self.hits.len() / 3;
        let first = self.refined(best, &self.hits[..third]);
        let last = self.refined(best, &self.hits[2 * third..]);
        Ok(Alignment {
            offset: found.offset,
            rise: found.rise,
            rival: rivals.first().map(|rival| candidate(*rival)),
            lead,
            drift_seconds: (last - first).as_seconds(),
        })
    }

    /// The sum of the rises at the hits, for every offset.
    fn fits(&self, hits: &[Hit]) -> Vec<f32> {
        let mut fits = vec![0.0_f32; self.count];
        for hit in hits {
            let rises = &self.rises.0[hit.band];
            // At offset number n the hit is at step `start - n` of the recording.
            let start = (hit.time / COARSE as f64).round() as i64 - self.first;
            let from = (start - rises.len() as i64 + 1).clamp(0, self.count as i64);
            let to = (start + 1).clamp(from, self.count as i64);
            if from < to {
                let places = &rises[(start - to + 1) as usize..=(start - from) as usize];
                for (fit, rise) in fits[from as usize..to as usize].iter_mut().zip(places.iter().rev()) {
                    *fit += hit.weight * rise;
                }
            }
        }
        fits
    }

    /// By how many standard errors one offset fits better than another: the rises at what only it explains, less those at
    /// what only the other explains. Were both as good, each would have either sign. Only what lies in the recording and,
    /// by both offsets, in the song, has a say: a recording may begin late or end early.
    fn lead(&self, best: usize, rival: usize) -> f64 {
        let (mut sum, mut power) = (0.0, 1e-9);
        for (mine, other, sign) in [(best, rival, 1.0), (rival, best, -1.0)] {
            let apart = (other as f64 - mine as f64) * COARSE as f64;
            for (band, times) in self.times.iter().enumerate() {
                let mut next = 0;
                for (time, weight) in times {
                    // The moment of the song that this hit of the recording is by the other offset.
                    let there = time + apart;
                    while times.get(next).is_some_and(|(time, _)| *time < there - SAME) {
                        next += 1;
                    }
                    let both = times.get(next).is_some_and(|(time, _)| *time <= there + SAME);
                    let outside = there < self.first_hit - SAME || there > self.last_hit + SAME;
                    if both || outside {
                        continue;
                    }
                    if let Some(rise) = self.rise(*time, band, mine) {
                        let difference = f64::from(weight * rise);
                        sum += sign * difference;
                        power += difference * difference;
                    }
                }
            }
        }
        sum / power.sqrt()
    }

    /// The highest rise near a moment of the song, for the offset with a number; `None` outside the recording.
    fn rise(&self, time: f64, band: usize, index: usize) -> Option<f32> {
        let place = (time / COARSE as f64).round() as i64 - self.first - index as i64;
        let rises = &self.rises.0[band];
        let place = usize::try_from(place).ok().filter(|place| *place < rises.len())?;
        let near = &rises[place.saturating_sub(2)..(place + 3).min(rises.len())];
        Some(near.iter().fold(-1.0_f32, |highest, rise| highest.max(*rise)).min(4.0))
    }

    /// The offset with a number to about a millisecond: where the levels behind the hits are highest above those before.
    fn refined(&self, index: usize, hits: &[Hit]) -> Time {
        const NEAR: i64 = 16;
        const SIDE: i64 = 6;
        let offset = (self.first + index as i64) * COARSE as i64;
        let steps = self.envelope.steps() as i64;
        let mut fits = vec![0_f64; 2 * NEAR as usize + 1];
        for hit in hits {
            for (n, fit) in fits.iter_mut().enumerate() {
                let place = hit.time - (offset + n as i64 - NEAR) as f64;
                let at = place.round() as i64;
                if at < SIDE || at + SIDE > steps {
                    continue;
                }
                for (band, levels) in self.envelope.levels.iter().enumerate() {
                    if hit.band == 3 || hit.band == band || band > 0 {
                        let sum = |from: i64, to: i64| {
                            levels[from as usize..to as usize]
                                .iter()
                                .map(|level| i64::from(*level))
                                .sum::<i64>()
                        };
                        let step = (sum(at, at + SIDE) - sum(at - SIDE, at)).max(0);
                        *fit += f64::from(hit.weight) * step as f64;
                    }
                }
            }
        }
        let fits = smooth(&fits);
        let best = (1..fits.len() - 1).max_by(|a, b| fits[*a].total_cmp(&fits[*b])).unwrap_or(NEAR as usize);
        // The top of a parabola through three values.
        let (before, top, behind) = (fits[best - 1], fits[best], fits[best + 1]);
        let bend = before - 2.0 * top + behind;
        let fraction = if bend < 0.0 { (0.5 * (before - behind) / bend).clamp(-0.5, 0.5) } else { 0.0 };
        let steps = (offset + best as i64 - NEAR) as f64 + fraction;
        Time::from_nanos((steps * 1e9 / STEPS as f64).round() as i64)
    }

    /// Whether the first and the last third fit well, but at different offsets near each other.
    fn tempo(&self) -> Option<AlignError> {
        let third = self.hits.len() / 3;
        let best = |hits: &[Hit]| {
            let fits = self.fits(hits);
            let peak = peaks(&fits).first().copied()?;
            let sum: f64 = hits.iter().map(|hit| f64::from(hit.weight)).sum();
            let rise = f64::from(fits[peak]) / sum;
            Some((Candidate { offset: self.refined(peak, hits), rise }, peak))
        };
        let (first, _) = best(&self.hits[..third])?;
        let (last, _) = best(&self.hits[2 * third..])?;
        let seconds =
            (self.hits[self.hits.len() - 1 - third / 2].time - self.hits[third / 2].time) / STEPS as f64;
        let drift = (last.offset - first.offset).as_seconds();
        let sure = first.rise.min(last.rise) >= 1.2 * LEAST_RISE;
        let off = drift.abs() > 0.025 && drift.abs() < 0.03 * seconds;
        // A recording that is slower is heard later and later: at the same offset its end lies behind the song's.
        let tempo = seconds / (seconds - drift);
        (sure && off).then_some(AlignError::Tempo { tempo, first, last })
    }
}

/// A mean of 11 values around each, those near counting more.
fn smooth(values: &[f64]) -> Vec<f64> {
    const REACH: usize = 6;
    let mean = |at: usize| {
        let range = at.saturating_sub(REACH - 1)..(at + REACH).min(values.len());
        let weighted =
            range.map(|n| (values[n] * (REACH - n.abs_diff(at)) as f64, (REACH - n.abs_diff(at)) as f64));
        let (sum, weights) =
            weighted.fold((0.0, 0.0), |(sum, weights), (value, weight)| (sum + value, weights + weight));
        sum / weights
    };
    (0..values.len()).map(mean).collect()
}

/// The highest places, none close to a higher one; the highest first.
fn peaks(fits: &[f32]) -> Vec<usize> {
    let top = |n: &usize| {
        let before = n.checked_sub(1).map_or(f32::NEG_INFINITY, |n| fits[n]);
        let behind = fits.get(n + 1).copied().unwrap_or(f32::NEG_INFINITY);
        fits[*n] > 0.0 && fits[*n] >= before && fits[*n] > behind
    };
    let mut tops: Vec<usize> = (0..fits.len()).filter(top).collect();
    tops.sort_by(|a, b| fits[*b].total_cmp(&fits[*a]).then(a.cmp(b)));
    let mut peaks: Vec<usize> = Vec::new();
    for top in tops {
        if peaks.iter().all(|peak| peak.abs_diff(top) >= APART) {
            peaks.push(top);
            if peaks.len() > RIVALS {
                break;
            }
        }
    }
    peaks
}
