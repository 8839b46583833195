//! Tries all offsets.

use std::fmt;

use strikeline_picture::Time;

use super::envelope::{Band, Envelope, STEPS};
use super::rises::{COARSE, Rises};
use super::{AlignError, AlignSettings, FEWEST_HITS, SongHit};

/// Offsets closer together than this are one, in steps of the search: 60 ms.
const APART: usize = 15;
/// The share of song or recording, whichever is shorter, that must lie in the other.
const LEAST_OVERLAP: f64 = 0.5;
/// Hits this close are one, in steps of the envelope.
const SAME: f64 = 25.0;
/// Rivals that are looked at.
const RIVALS: usize = 24;
/// The rise of the recording at the hits that is asked for: the mean, in standard deviations of all rises.
pub(super) const LEAST_RISE: f64 = 0.5;
/// How sure it must be that an offset is better than a rival: in standard errors.
const LEAST_LEAD: f64 = 2.2;

/// The offset of a recording, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alignment {
    /// The moment of the song at which the first sample of the recording is heard.
    pub offset: Time,
    /// How far the recording rises at the hits, in standard deviations of all its rises; 0.5 is the least that counts.
    pub rise: f64,
    /// The best of the other offsets.
    pub rival: Option<Candidate>,
    /// By how many standard errors the hits fit better here than at any rival, 2.2 is the least that
    /// counts; infinite without a rival.
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
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// In steps of the envelope.
    pub(super) time: f64,
    pub(super) weight: f32,
    pub(super) band: usize,
    /// Whether no other hit is within 30 ms.
    pub(super) alone: bool,
}

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
                alone: false,
            })
            .collect();
        hits.sort_by(|a, b| a.time.total_cmp(&b.time));
        for n in 0..hits.len() {
            let apart =
                |other: Option<&Hit>| other.is_none_or(|other| (hits[n].time - other.time).abs() > 30.0);
            hits[n].alone = apart(n.checked_sub(1).and_then(|n| hits.get(n))) && apart(hits.get(n + 1));
        }
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

pub(super) struct Search<'a> {
    pub(super) envelope: &'a Envelope,
    rises: Rises,
    pub(super) hits: &'a [Hit],
    /// The times and weights of the hits of each band.
    times: [Vec<(f64, f32)>; 4],
    first_hit: f64,
    last_hit: f64,
    /// The first offset and how many, in steps of the search.
    pub(super) first: i64,
    count: usize,
}

impl Search<'_> {
    fn run(&self) -> Result<Alignment, AlignError> {
        let fits = self.fits(self.hits);
        let peaks = peaks(&fits);
        let weight: f64 = self.hits.iter().map(|hit| f64::from(hit.weight)).sum();
        let candidate = |index: usize| Candidate {
            offset: self.refined(index, self.hits),
            rise: f64::from(fits[index]) / weight,
        };
        let Some(&highest) = peaks.first() else {
            return Err(AlignError::Silent);
        };
        // What explains much less is no rival, nor does an offset count by which song and recording hardly meet.
        let meets = |peak: &usize| self.overlap(*peak) >= LEAST_OVERLAP;
        let peaks: Vec<usize> =
            peaks.into_iter().filter(|peak| fits[*peak] > 0.6 * fits[highest] && meets(peak)).collect();
        let Some(&best) = peaks.first() else {
            return Err(AlignError::NotFound { best: candidate(highest) });
        };
        let rivals = &peaks[1..];
        let found = candidate(best);
        let leads: Vec<(usize, f64)> = rivals.iter().map(|rival| (*rival, self.lead(best, *rival))).collect();
        let lead = leads.iter().map(|(_, lead)| *lead).fold(f64::INFINITY, f64::min);

        if let Some(error) = self.drift(best, &found) {
            return Err(error);
        }
        if found.rise < LEAST_RISE {
            return Err(self.other_tempo().unwrap_or(AlignError::NotFound { best: found }));
        }
        if lead < LEAST_LEAD {
            let near = leads.iter().filter(|(_, lead)| *lead < LEAST_LEAD).take(5);
            let mut candidates = vec![found];
            candidates.extend(near.map(|(rival, _)| candidate(*rival)));
            return Err(AlignError::Ambiguous { candidates });
        }
        let (start, end) = self.thirds(best);
        let (first, last) = (self.refined(best, start), self.refined(best, end));
        Ok(Alignment {
            offset: found.offset,
            rise: found.rise,
            rival: rivals.first().map(|rival| candidate(*rival)),
            lead,
            drift_seconds: (last - first).as_seconds(),
        })
    }

    /// The sum of the rises at the hits, for every offset.
    pub(super) fn fits(&self, hits: &[Hit]) -> Vec<f32> {
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
        // Half of what there is at a hit: more speaks for an offset, less against it.
        let half = 0.25 * (self.mean_rise(best) + self.mean_rise(rival));
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
                        let difference = f64::from(*weight) * (f64::from(rise) - half);
                        sum += sign * difference;
                        power += difference * difference;
                    }
                }
            }
        }
        sum / power.sqrt()
    }

    /// The time that song and recording have in common by an offset, as a share of the shorter of them.
    fn overlap(&self, index: usize) -> f64 {
        let offset = (self.first + index as i64) as f64 * COARSE as f64;
        let recording = self.envelope.steps() as f64;
        let common = (self.last_hit - offset).min(recording) - (self.first_hit - offset).max(0.0);
        common / (self.last_hit - self.first_hit).min(recording).max(1.0)
    }

    /// The mean rise at all hits.
    fn mean_rise(&self, index: usize) -> f64 {
        let (mut sum, mut count) = (0.0, 1e-9);
        for (band, times) in self.times.iter().enumerate() {
            for rise in times.iter().filter_map(|(time, _)| self.rise(*time, band, index)) {
                sum += f64::from(rise);
                count += 1.0;
            }
        }
        sum / count
    }

    /// The highest rise near a moment of the song, for the offset with a number; `None` outside the recording.
    fn rise(&self, time: f64, band: usize, index: usize) -> Option<f32> {
        let place = (time / COARSE as f64).round() as i64 - self.first - index as i64;
        let rises = &self.rises.0[band];
        let place = usize::try_from(place).ok().filter(|place| *place < rises.len())?;
        let near = &rises[place.saturating_sub(2)..(place + 3).min(rises.len())];
        Some(near.iter().fold(-1.0_f32, |highest, rise| highest.max(*rise)).min(4.0))
    }
}

/// The highest places, none close to a higher one; the highest first.
pub(super) fn peaks(fits: &[f32]) -> Vec<usize> {
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
