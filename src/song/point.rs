//! Points of a song: a time, the start of a bar, or the start of a section.

use std::str::FromStr;

use strikeline_picture::{ExactTime, GivenTime, TimeTextError};

use super::Song;
use super::passage::PassageError;

/// A point of a song in words, before it is known of which song.
///
/// As text: a time as [`GivenTime`] reads it, such as `42.5`, `1:02:03.5` or `-2`; `bar:17`; or `section:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SongPoint {
    /// A time from the song's start; may be negative.
    Time(ExactTime),
    /// The start of a bar, counted from 1.
    Bar(u32),
    /// The start of a section, by the name of its marker.
    Section(String),
}

/// Why a text was not understood as a point of a song.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SongPointError {
    /// It is not a time.
    #[error("{0}; a point can also be a bar such as bar:17, or section:NAME")]
    Time(#[from] TimeTextError),
    /// It names no bar.
    #[error("{given:?} names no bar: give a number from 1, such as bar:17")]
    Bar {
        /// The text.
        given: String,
    },
    /// It names no section.
    #[error(
        "{given:?} names no section: write the name of a marker of the song after section:, as in section:Chorus"
    )]
    Section {
        /// The text.
        given: String,
    },
}

impl SongPoint {
    /// The time of the point in `song`. A time may lie outside of the song.
    ///
    /// # Errors
    /// When the song has no such bar or section; the error lists those there are.
    pub fn of(&self, song: &Song) -> Result<ExactTime, PassageError> {
        match self {
            SongPoint::Time(time) => Ok(*time),
            SongPoint::Bar(bar) => song.bar_start(*bar).map(ExactTime::from),
            SongPoint::Section(name) => song.section_start(name).map(ExactTime::from),
        }
    }
}

impl FromStr for SongPoint {
    type Err = SongPointError;

    fn from_str(text: &str) -> Result<SongPoint, SongPointError> {
        let trimmed = text.trim();
        if let Some(bar) = trimmed.strip_prefix("bar:") {
            let bar = bar.trim();
            let digits = bar.bytes().all(|byte| byte.is_ascii_digit());
            let number = bar.parse().ok().filter(|number| digits && *number > 0);
            return number.map(SongPoint::Bar).ok_or_else(|| SongPointError::Bar { given: text.to_owned() });
        }
        if let Some(name) = trimmed.strip_prefix("section:") {
            return match name.trim() {
                "" => Err(SongPointError::Section { given: text.to_owned() }),
                name => Ok(SongPoint::Section(name.to_owned())),
            };
        }
        Ok(SongPoint::Time(trimmed.parse::<GivenTime>()?.time()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_as_times_bars_and_sections() {
        let time = |text: &str| SongPoint::Time(text.parse::<GivenTime>().unwrap().time());
        for (text, point) in [
            ("42", time("42")),
            ("0:42", time("42")),
            ("-1.5", time("-3/2")),
            ("bar:17", SongPoint::Bar(17)),
            ("bar: 17 ", SongPoint::Bar(17)),
            ("section:Verse 1", SongPoint::Section("Verse 1".into())),
            (" section: 1:02 ", SongPoint::Section("1:02".into())),
        ] {
            assert_eq!(text.parse(), Ok(point), "{text}");
        }
        for (text, hint) in [
            ("", "42.5"),
            ("Verse", "section:NAME"),
            ("--force", "bar:17"),
            ("bar:", "bar:17"),
            ("bar:0", "from 1"),
            ("bar:-1", "from 1"),
            ("bar:+1", "from 1"),
            ("bar:1.5", "from 1"),
            ("bar:99999999999", "from 1"),
            ("section:", "marker"),
            ("section: ", "marker"),
        ] {
            let error = text.parse::<SongPoint>().unwrap_err().to_string();
            assert!(error.contains(hint), "{error}");
        }
    }
}
