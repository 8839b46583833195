//! Phrases: stretches of a song that mean something of their own, as charts of rhythm games mark them.

use strikeline_picture::Time;

/// A stretch of the song with a meaning of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    /// When it begins.
    pub start: Time,
    /// When it ends; later than `start`. What is struck exactly then does not belong to it.
    pub end: Time,
    /// What it means.
    pub kind: PhraseKind,
}

/// What a [`Phrase`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PhraseKind {
    /// Played without a mistake it earns star power (overdrive).
    StarPower,
    /// A solo.
    Solo,
    /// The drums that are struck in it are played as a roll: as fast as one can.
    Roll,
}

impl Phrase {
    /// Whether what is struck at `time` belongs to it.
    pub fn contains(&self, time: Time) -> bool {
        self.start <= time && time < self.end
    }
}
