//! Finds out that a recording is at another tempo than the song.

use strikeline_picture::Time;

use super::AlignError;
use super::envelope::STEPS;
use super::search::{Candidate, Hit, LEAST_RISE, Search, peaks};

/// A rise that is not by chance, also where many tempos are tried.
const SURE_RISE: f64 = 1.2 * LEAST_RISE;
/// Hits with which other tempos are tried, in the middle of the song.
const TRIED_HITS: usize = 400;
/// The longest time that they span, in steps of the envelope.
const TRIED_STEPS: f64 = 40.0 * STEPS as f64;
/// Tempos that are tried to each side.
const TEMPOS: i32 = 80;
/// From one tempo to the next: 0.05 %, which shifts the ends by 10 ms.
const TEMPO_STEP: f64 = 0.000_5;

impl Search<'_> {
    fn best(&self, hits: &[Hit]) -> Option<Candidate> {
        let fits = self.fits(hits);
        let peak = peaks(&fits).first().copied()?;
        let weight: f64 = hits.iter().map(|hit| f64::from(hit.weight)).sum();
        Some(Candidate { offset: self.refined(peak, hits), rise: f64::from(fits[peak]) / weight })
    }

    /// Whether the first and the last third of the song fit well, at offsets near each other, and better than the whole
    /// song at one offset.
    pub(super) fn drift(&self, whole: &Candidate) -> Option<AlignError> {
        let third = self.hits.len() / 3;
        let (start, end) = (&self.hits[..third], &self.hits[self.hits.len() - third..]);
        let (first, last) = (self.best(start)?, self.best(end)?);
        let seconds = (end[third / 2].time - start[third / 2].time) / STEPS as f64;
        let drift = (last.offset - first.offset).as_seconds();
        let rise = first.rise.min(last.rise);
        let off = drift.abs() > 0.025 && drift.abs() < 0.03 * seconds;
        let tempo = seconds / (seconds - drift);
        (rise >= SURE_RISE && off && whole.rise < 0.8 * rise).then_some(AlignError::Tempo {
            tempo,
            first,
            last,
        })
    }

    /// Whether a part of the song fits at another tempo, up to 4 % slower or faster.
    pub(super) fn other_tempo(&self) -> Option<AlignError> {
        let middle = self.hits.len() / 2;
        let centre = self.hits.get(middle)?.time;
        let from = middle.saturating_sub(TRIED_HITS / 2);
        let near = |hit: &&Hit| (hit.time - centre).abs() <= 0.5 * TRIED_STEPS;
        let hits: Vec<Hit> = self.hits[from..].iter().take(TRIED_HITS).filter(near).copied().collect();
        if hits.len() < super::FEWEST_HITS {
            return None;
        }
        let mut best: Option<(f64, Candidate)> = None;
        for number in (-TEMPOS..=TEMPOS).filter(|number| *number != 0) {
            let tempo = 1.0 + TEMPO_STEP * f64::from(number);
            let at_tempo = |hit: &Hit| Hit { time: centre + (hit.time - centre) / tempo, ..*hit };
            let hits: Vec<Hit> = hits.iter().map(at_tempo).collect();
            let fits = self.fits(&hits);
            let Some(peak) = peaks(&fits).first().copied() else { continue };
            let weight: f64 = hits.iter().map(|hit| f64::from(hit.weight)).sum();
            let rise = f64::from(fits[peak]) / weight;
            if best.is_none_or(|(_, best)| rise > best.rise) {
                best = Some((tempo, Candidate { offset: self.refined(peak, &hits), rise }));
            }
        }
        let (tempo, found) = best.filter(|(_, best)| best.rise >= SURE_RISE)?;
        // What is heard at t / tempo is at t in the song: the offset goes with the song.
        let at = |time: f64| {
            let seconds = (time - centre) / STEPS as f64 * (1.0 - 1.0 / tempo);
            Candidate { offset: found.offset + Time::from_seconds(seconds), rise: found.rise }
        };
        let (first, last) = (at(self.hits.first()?.time), at(self.hits.last()?.time));
        Some(AlignError::Tempo { tempo, first, last })
    }
}
