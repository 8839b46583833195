//! The difficulties of a chart.

use std::fmt;
use std::str::FromStr;

/// How hard a part of a chart is to play. Every difficulty has notes of its own; `Expert` has all of the music.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Difficulty {
    /// Easy.
    Easy,
    /// Medium.
    Medium,
    /// Hard.
    Hard,
    /// Expert.
    #[default]
    Expert,
}

impl Difficulty {
    /// All of them, from easy to expert.
    pub const ALL: [Difficulty; 4] =
        [Difficulty::Easy, Difficulty::Medium, Difficulty::Hard, Difficulty::Expert];

    /// Its name in small letters: `easy`, `medium`, `hard` or `expert`.
    pub const fn name(self) -> &'static str {
        match self {
            Difficulty::Easy => "easy",
            Difficulty::Medium => "medium",
            Difficulty::Hard => "hard",
            Difficulty::Expert => "expert",
        }
    }

    /// Its place in [`Difficulty::ALL`], which is also its number in the text events of charts.
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Difficulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text was not understood as a difficulty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a difficulty: give expert, hard, medium or easy")]
pub struct DifficultyError {
    given: String,
}

impl FromStr for Difficulty {
    type Err = DifficultyError;

    fn from_str(text: &str) -> Result<Difficulty, DifficultyError> {
        Difficulty::ALL
            .into_iter()
            .find(|difficulty| difficulty.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| DifficultyError { given: text.to_owned() })
    }
}
