//! The faults of one track, gathered so that each kind makes one warning.

use super::events::{StepContent, TrackStep};
use crate::song::TrackIndex;
use crate::song::warning::{SongWarning, Warnings};

/// What is wrong with the events of a track.
#[derive(Debug, Default)]
pub(super) struct TrackFaults {
    /// Events that were read in spite of something: what, where the first is, how many.
    mended: Vec<(&'static str, u64, u64)>,
    /// Messages that were left out: why, where the first is, how many.
    left_out: Vec<(&'static str, u64, u64)>,
    /// Events without meaning: what is wrong with the first, where it is, how many.
    skipped: Option<(&'static str, u64, u64)>,
    /// Bytes that are no events: what is wrong at the first, where it is, how many, and where the last ones end.
    lost: Option<(&'static str, u64, u64, u64)>,
}

impl TrackFaults {
    /// Takes note of what is wrong with a step.
    pub(super) fn take(&mut self, step: &TrackStep<'_>) {
        if let Some(reason) = step.fault {
            let is_left_out = matches!(step.what, StepContent::LeftOut);
            count(if is_left_out { &mut self.left_out } else { &mut self.mended }, step.offset, reason);
        }
        match step.what {
            StepContent::Skipped(reason) => self.skip(step.offset, reason),
            StepContent::Lost(count, reason) => {
                let lost = self.lost.get_or_insert((reason, step.offset, 0, 0));
                lost.2 += count;
                lost.3 = step.offset + count;
            }
            StepContent::Event(_) | StepContent::LeftOut => {}
        }
    }

    /// Takes note of an event without meaning.
    pub(super) fn skip(&mut self, offset: u64, reason: &'static str) {
        self.skipped.get_or_insert((reason, offset, 0)).2 += 1;
    }

    /// Whether bytes up to the end of the track, at `end`, were lost.
    pub(super) fn lost_to(&self, end: u64) -> bool {
        self.lost.is_some_and(|(.., lost_to)| lost_to == end)
    }

    /// The warnings, for a track whose events begin at `start` and end at `end` in the file.
    pub(super) fn warn(self, track: TrackIndex, (start, end): (u64, u64), warnings: &mut Warnings) {
        let to_end = self.lost_to(end);
        if let Some((reason, offset, lost, _)) = self.lost {
            let length = end - start;
            warnings.push(SongWarning::TrackDamaged { track, offset, reason, lost, length, to_end });
        }
        for (reason, offset, count) in self.left_out {
            warnings.push(SongWarning::EventsLeftOut { track, offset, count, reason });
        }
        for (reason, offset, count) in self.mended {
            warnings.push(SongWarning::EventsMended { track, offset, count, reason });
        }
        if let Some((reason, offset, count)) = self.skipped {
            warnings.push(SongWarning::EventsSkipped { track, offset, count, reason });
        }
    }
}

/// Counts one more event for a reason. There are about a dozen reasons.
fn count(faults: &mut Vec<(&'static str, u64, u64)>, offset: u64, reason: &'static str) {
    match faults.iter_mut().find(|(known, ..)| *known == reason) {
        Some((.., count)) => *count += 1,
        None => faults.push((reason, offset, 1)),
    }
}
