//! Finds out that a recording is at another tempo than the song.

use strikeline_picture::Time;

use super::envelope::STEPS;
use super::rises::COARSE;
use super::search::{Candidate, Hit, LEAST_RISE, Search, peaks};
use super::{AlignError, FEWEST_HITS};

/// A rise that is not by chance, also where many tempos are tried.
const SURE_RISE: f64 = 1.2 * LEAST_RISE;
/// How far the thirds of a song may drift apart and still be at the same place of the rhythm, in steps of the search: 100 ms.
const DRIFT: usize = 25;
/// Hits with which other tempos are tried, in the middle of the song.
const TRIED_HITS: usize = 400;
/// The longest time that they span, in steps of the envelope.
const TRIED_STEPS: f64 = 40.0 * STEPS as f64;
/// Tempos that are tried to each side.
const TEMPOS: i32 = 80;
/// From one tempo to the next: 0.05 %, which shifts the ends by 10 ms.
const TEMPO_STEP: f64 = 0.000_5;

impl Search<'_> {
    fn candidate(&self, hits: &[Hit], fits: &[f32], index: usize) -> Candidate {
        let weight: f64 = hits.iter().map(|hit| f64::from(hit.weight)).sum();
        Candidate { offset: self.refined(index, hits), rise: f64::from(fits[index]) / weight }
    }

    /// The first and the last third of the hits that are in the recording by an offset.
    pub(super) fn thirds(&self, index: usize) -> (&[Hit], &[Hit]) {
        let offset = (self.first + index as i64) as f64 * COARSE as f64;
        let end = offset + self.envelope.steps() as f64;
        let first = self.hits.partition_point(|hit| hit.time < offset);
        let behind = self.hits.partition_point(|hit| hit.time < end);
        let inside = self.hits.get(first..behind).unwrap_or_default();
        let third = inside.len() / 3;
        (&inside[..third], &inside[inside.len() - third..])
    }

    /// Whether the first and the last third of the song fit well, at offsets near each other, and better than the whole
    /// song at one offset.
    pub(super) fn drift(&self, index: usize, whole: &Candidate) -> Option<AlignError> {
        let (start, end) = self.thirds(index);
        let third = start.len();
        if third < FEWEST_HITS / 3 {
            return None;
        }
        let seconds = (end[third / 2].time - start[third / 2].time) / STEPS as f64;
        let (first_fits, last_fits) = (self.fits(start), self.fits(end));
        let error = |first: usize, last: usize| {
            let first = self.candidate(start, &first_fits, first);
            let last = self.candidate(end, &last_fits, last);
            let drift = (last.offset - first.offset).as_seconds();
            let rise = first.rise.min(last.rise);
            let off = drift.abs() > 0.02 && drift.abs() < 0.03 * seconds;
            let tempo = seconds / (seconds - drift);
            (rise >= SURE_RISE && off && whole.rise < 0.8 * rise).then_some(AlignError::Tempo {
                tempo,
                first,
                last,
            })
        };
        // Next to the offset of the whole song, for rhythms repeat; else anywhere.
        let near = |fits: &[f32]| {
            let range = index.saturating_sub(DRIFT)..(index + DRIFT + 1).min(fits.len());
            range.max_by(|a, b| fits[*a].total_cmp(&fits[*b])).unwrap_or(index)
        };
        let anywhere = |fits: &[f32]| peaks(fits).first().copied();
        error(near(&first_fits), near(&last_fits))
            .or_else(|| error(anywhere(&first_fits)?, anywhere(&last_fits)?))
    }

    /// Whether a part of the song fits at another tempo, up to 4 % slower or faster.
    pub(super) fn other_tempo(&self) -> Option<AlignError> {
        let middle = self.hits.len() / 2;
        let centre = self.hits.get(middle)?.time;
        let from = middle.saturating_sub(TRIED_HITS / 2);
        let near = |hit: &&Hit| (hit.time - centre).abs() <= 0.5 * TRIED_STEPS;
        let hits: Vec<Hit> = self.hits[from..].iter().take(TRIED_HITS).filter(near).copied().collect();
        if hits.len() < FEWEST_HITS {
            return None;
        }
        let mut best: Option<(f64, Candidate)> = None;
        for number in (-TEMPOS..=TEMPOS).filter(|number| *number != 0) {
            let tempo = 1.0 + TEMPO_STEP * f64::from(number);
            let at_tempo = |hit: &Hit| Hit { time: centre + (hit.time - centre) / tempo, ..*hit };
            let hits: Vec<Hit> = hits.iter().map(at_tempo).collect();
            let fits = self.fits(&hits);
            let Some(peak) = peaks(&fits).first().copied() else { continue };
            let candidate = self.candidate(&hits, &fits, peak);
            if best.is_none_or(|(_, best)| candidate.rise > best.rise) {
                best = Some((tempo, candidate));
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
