//! Finds when a recording begins, from the hits of the song that it is a recording of.
//!
//! Where a hit is, the recording gets louder. For every offset that may be, the rises of the recording at the hits are added
//! up: at the right offset the sum is highest. Rhythms repeat, so offsets that are whole beats or bars away come close to it.
//! The offset counts only where it explains the hits better than each of these rivals, all through the song, and not by
//! chance; else all of them are named.

mod envelope;
mod refine;
mod rises;
mod search;
mod tempo;

pub use envelope::{Band, Envelope};
pub use search::{Alignment, Candidate};
use strikeline_audio::{AudioError, AudioSource};
use strikeline_picture::Time;

/// The fewest hits that say anything.
pub const FEWEST_HITS: usize = 24;

/// A hit of the song.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SongHit {
    /// When it is, in the song.
    pub time: Time,
    /// How hard it is: from 0 to 1.
    pub strength: f32,
    /// Where most of its sound is.
    pub band: Band,
}

/// What may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlignSettings {
    /// The earliest offset.
    pub earliest: Time,
    /// The latest offset.
    pub latest: Time,
}

impl Default for AlignSettings {
    /// From a minute before to a minute behind.
    fn default() -> AlignSettings {
        let minute = 60_000_000_000;
        AlignSettings { earliest: Time::from_nanos(-minute), latest: Time::from_nanos(minute) }
    }
}

/// Why no offset was found. None of them is a guess: give the offset by hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlignError {
    /// The song has too few hits.
    #[error(
        "the song has {hits} hits; to find its place in a recording takes {FEWEST_HITS}: give the offset"
    )]
    FewHits {
        /// How many it has.
        hits: usize,
    },
    /// The range of offsets is empty, or longer than an hour.
    #[error("offsets from {} s to {} s cannot be searched: give a range of at most an hour", .0.earliest.as_seconds(), .0.latest.as_seconds())]
    Range(AlignSettings),
    /// Nothing gets louder in the recording.
    #[error("the recording is silent, or as loud throughout: give the offset")]
    Silent,
    /// The hits do not fit the recording anywhere.
    #[error(
        "the song's hits do not fit the recording at any offset (the best is {best}): is it this song, at this tempo? If so, give the offset"
    )]
    NotFound {
        /// The best of the offsets, which is too bad.
        best: Candidate,
    },
    /// Several offsets fit.
    #[error("several offsets fit: {}: listen which is right, and give that", list(.candidates))]
    Ambiguous {
        /// The best first; at least two.
        candidates: Vec<Candidate>,
    },
    /// The recording is at another tempo than the song.
    #[error(
        "the recording seems to run at {:.2} % of the song's tempo: it fits at {} where the song begins and at {} where it ends; change the tempo of one of them",
        100.0 * .tempo, .first, .last
    )]
    Tempo {
        /// The tempo of the recording divided by that of the song.
        tempo: f64,
        /// Where the beginning of the song fits.
        first: Candidate,
        /// Where its end fits.
        last: Candidate,
    },
    /// The recording could not be read.
    #[error("{0}")]
    Source(AudioError),
}

fn list(candidates: &[Candidate]) -> String {
    candidates.iter().map(Candidate::to_string).collect::<Vec<_>>().join(", ")
}

/// Finds the offset of a recording: the moment of the song at which its first sample is heard, to about 1 ms. What is heard
/// at `t` in the recording is then heard at `t + offset` in the song; a positive offset is a recording that begins later than
/// the song.
///
/// All of the recording is read, at most its first 6 h; of an hour, 12 MB are kept.
///
/// # Errors
/// When the offset is not sure; see [`AlignError`].
pub fn align(
    recording: impl AudioSource,
    hits: &[SongHit],
    settings: &AlignSettings,
) -> Result<Alignment, AlignError> {
    let envelope = Envelope::measure(recording).map_err(AlignError::Source)?;
    envelope.align(hits, settings)
}

#[cfg(test)]
mod tests;
