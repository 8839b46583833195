//! Passages of a song: from one moment to another, by time, by bar, or by the name of a section.

use std::str::FromStr;

use strikeline_picture::Time;

use super::{MAX_SONG_TIME, MarkerKind, Song, SongPoint};

/// A passage of a song: from one moment to before another, later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    from: Time,
    to: Time,
}

/// Why a passage cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassageError {
    /// It ends where it begins, or before; give a later end.
    #[error("a passage from {} s to {} s has no length: its end must be later than its start", from.as_seconds(), to.as_seconds())]
    Empty {
        /// Its start.
        from: Time,
        /// Its end.
        to: Time,
    },
    /// It is not within the song; choose an earlier one.
    #[error(
        "the passage from {} s to {} s is not within the song, which goes from 0 s to {} s",
        from.as_seconds(),
        to.as_seconds(),
        end.as_seconds()
    )]
    OutsideSong {
        /// The passage's start.
        from: Time,
        /// The passage's end.
        to: Time,
        /// Where the latest passage may end.
        end: Time,
    },
    /// No marker of the song has this name; choose one of those that are listed.
    #[error("the song has no section {name:?}; {}", list_sections(sections))]
    NoSuchSection {
        /// The name.
        name: String,
        /// The names that there are, in order of time.
        sections: Vec<String>,
    },
    /// The song has no such bar; choose one within the range.
    #[error("the song has no bar {bar}; {}", match bars {
        Some((first, last)) => format!("its bars are {first} to {last}"),
        None => "it counts in time code and has no bars".to_owned(),
    })]
    NoSuchBar {
        /// The bar.
        bar: u32,
        /// The first and the last bar that there are. A passage may end where the last one begins.
        bars: Option<(u32, u32)>,
    },
    /// What is repeated would be too long, or have too many notes; choose fewer repetitions, at least one.
    #[error(
        "{times} repetitions of {} s cannot be played: there must be at least one, and in all at most {} hours and {} notes or \
         other events",
        passage.length().as_seconds(),
        MAX_SONG_TIME.as_nanos() / 3_600_000_000_000,
        MAX_LOOPED_EVENTS
    )]
    TooLong {
        /// The passage.
        passage: Passage,
        /// How often it was to be played.
        times: u32,
    },
}

/// The most notes, and the most other events, that a looped song may have.
pub(super) const MAX_LOOPED_EVENTS: usize = 20_000_000;

impl Passage {
    /// From `from` to before `to`.
    ///
    /// # Errors
    /// When `to` is not later than `from`.
    pub fn new(from: Time, to: Time) -> Result<Passage, PassageError> {
        if from < to { Ok(Passage { from, to }) } else { Err(PassageError::Empty { from, to }) }
    }

    /// Where it begins.
    pub const fn from(self) -> Time {
        self.from
    }

    /// Where it ends.
    pub const fn to(self) -> Time {
        self.to
    }

    /// How long it is; more than 0.
    pub fn length(self) -> Time {
        self.to - self.from
    }

    /// The length of `times` repetitions.
    pub(super) fn total(self, times: u32) -> Result<Time, PassageError> {
        let nanos = i128::from(self.length().as_nanos()) * i128::from(times);
        match i64::try_from(nanos).map(Time::from_nanos) {
            Ok(total) if times > 0 && total <= MAX_SONG_TIME => Ok(total),
            _ => Err(PassageError::TooLong { passage: self, times }),
        }
    }
}

/// A choice of a passage in words, before it is known of which song.
///
/// As text:
///
/// * `section:NAME`: from the marker of that name to the next marker;
/// * `8s..16s`: from 8 to 16 seconds;
/// * `bar:9..bar:17`: from the start of bar 9 to the start of bar 17, which are eight bars.
///
/// Either end of a range is a [`SongPoint`]: `0:42..bar:17` and `section:Verse..section:Chorus` are ranges, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassageChoice {
    /// A section, by the name of its marker.
    Section(String),
    /// From one point to another.
    Between(SongPoint, SongPoint),
}

/// Why a text was not understood as a choice of a passage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is not a passage: give section:NAME, a range of times such as 8s..16s or 0:42..1:02.5, or a range of bars \
     such as bar:9..bar:17"
)]
pub struct PassageChoiceError {
    given: String,
}

impl PassageChoice {
    /// The passage of `song` that is chosen.
    ///
    /// # Errors
    /// When the song has no such section or bar, or the passage is empty or not within the song.
    pub fn of(&self, song: &Song) -> Result<Passage, PassageError> {
        match self {
            PassageChoice::Section(name) => song.section(name),
            PassageChoice::Between(from, to) => {
                let passage = Passage::new(from.of(song)?.rounded(), to.of(song)?.rounded())?;
                song.check_passage(passage)?;
                Ok(passage)
            }
        }
    }
}

impl FromStr for PassageChoice {
    type Err = PassageChoiceError;

    fn from_str(text: &str) -> Result<PassageChoice, PassageChoiceError> {
        let refuse = || PassageChoiceError { given: text.to_owned() };
        let point = |text: &str| text.parse::<SongPoint>().map_err(|_| refuse());
        if text.trim_start().starts_with("section:") {
            // The name of a section may have dots in it.
            let named = |point: &SongPoint| !matches!(point, SongPoint::Time(_));
            if let Some((from, to)) = text.rsplit_once("..")
                && let Some(to) = to.parse().ok().filter(named)
            {
                return Ok(PassageChoice::Between(point(from)?, to));
            }
            return match point(text)? {
                SongPoint::Section(name) => Ok(PassageChoice::Section(name)),
                _ => Err(refuse()),
            };
        }
        let (from, to) = text.split_once("..").ok_or_else(refuse)?;
        Ok(PassageChoice::Between(point(from)?, point(to)?))
    }
}

impl Song {
    /// The section that a marker of this name begins: to the next marker of another time. The last section goes to the
    /// first bar line after the last note, or where there is none to the song's end, so that it can be repeated in time.
    ///
    /// Capital and small letters, and space at the ends, make no difference. Of several markers of the name, the first
    /// one counts. Cue points are no sections.
    ///
    /// # Errors
    /// When there is no such section; the error lists those there are.
    pub fn section(&self, name: &str) -> Result<Passage, PassageError> {
        let from = self.section_start(name)?;
        let sections = self.markers().iter().filter(|marker| marker.kind == MarkerKind::Marker);
        let next = sections.map(|marker| marker.time).find(|time| *time > from);
        let to = match next {
            Some(next) => next,
            None => {
                let last_note = self.last_note();
                let after = |beat: &&super::Beat| beat.is_bar() && beat.time > last_note && beat.time > from;
                self.beats().iter().find(after).map_or(self.latest_end(), |beat| beat.time)
            }
        };
        Passage::new(from, to)
    }

    /// Where the section begins that a marker of this name begins, as [`Song::section`] finds it.
    ///
    /// # Errors
    /// When there is no such section; the error lists those there are.
    pub fn section_start(&self, name: &str) -> Result<Time, PassageError> {
        let plain = |name: &str| name.trim().to_lowercase();
        let wanted = plain(name);
        let sections = self.markers().iter().filter(|marker| marker.kind == MarkerKind::Marker);
        if let Some(found) = sections.clone().find(|marker| plain(&marker.text) == wanted) {
            return Ok(found.time);
        }
        let mut names: Vec<String> = Vec::new();
        for section in sections {
            if names.last() != Some(&section.text) {
                names.push(section.text.clone());
            }
        }
        Err(PassageError::NoSuchSection { name: name.to_owned(), sections: names })
    }

    /// Where bar number `bar` begins; bars count from 1.
    ///
    /// # Errors
    /// When there is no such bar; the error says which there are.
    pub fn bar_start(&self, bar: u32) -> Result<Time, PassageError> {
        let beats = self.beats();
        let begins = beats.iter().find(|beat| beat.bar == bar && beat.is_bar()).map(|beat| beat.time);
        begins.ok_or_else(|| PassageError::NoSuchBar {
            bar,
            bars: beats.iter().map(|beat| beat.bar).min().zip(beats.iter().map(|beat| beat.bar).max()),
        })
    }

    /// Where a passage can end at the latest: at the song's end, or the bar line after it.
    pub(super) fn latest_end(&self) -> Time {
        self.beats().last().map_or(self.end(), |beat| beat.time.max(self.end()))
    }

    /// Whether a passage is within the song.
    pub(super) fn check_passage(&self, passage: Passage) -> Result<(), PassageError> {
        let (from, to, end) = (passage.from, passage.to, self.latest_end());
        if from < Time::ZERO || from > self.end().max(self.last_note()) || to > end {
            return Err(PassageError::OutsideSong { from, to, end });
        }
        Ok(())
    }
}

/// Sections that an error lists at most.
const LISTED_SECTIONS: usize = 30;

fn list_sections(sections: &[String]) -> String {
    if sections.is_empty() {
        return "it has no markers; give seconds or bars".to_owned();
    }
    let mut text = "its sections are ".to_owned();
    for (place, name) in sections.iter().take(LISTED_SECTIONS).enumerate() {
        text.push_str(if place == 0 { "" } else { ", " });
        text.push_str(name);
    }
    if sections.len() > LISTED_SECTIONS {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_read_as_sections_seconds_and_bars() {
        let time = |seconds| SongPoint::Time(Time::from_seconds(seconds).into());
        let section = |name: &str| SongPoint::Section(name.into());
        let between = PassageChoice::Between;
        assert_eq!("section:Verse 1".parse(), Ok(PassageChoice::Section("Verse 1".into())));
        assert_eq!("section: a..b ".parse(), Ok(PassageChoice::Section("a..b".into())));
        assert_eq!("8s..16s".parse(), Ok(between(time(8.0), time(16.0))));
        assert_eq!("8.25 s .. 16".parse(), Ok(between(time(8.25), time(16.0))));
        assert_eq!("bar:9..bar:17".parse(), Ok(between(SongPoint::Bar(9), SongPoint::Bar(17))));
        assert_eq!("2s..bar:3".parse(), Ok(between(time(2.0), SongPoint::Bar(3))));
        assert_eq!("0:08..1:00.5".parse(), Ok(between(time(8.0), time(60.5))));
        assert_eq!("-1s..2s".parse(), Ok(between(time(-1.0), time(2.0))));
        assert_eq!("1e1s..2e1".parse(), Ok(between(time(10.0), time(20.0))));
        assert_eq!("2s..section:B".parse(), Ok(between(time(2.0), section("B"))));
        assert_eq!("section:A..section:B".parse(), Ok(between(section("A"), section("B"))));
        assert_eq!("section:a..b..bar:3".parse(), Ok(between(section("a..b"), SongPoint::Bar(3))));
        let bad = [
            "",
            "section:",
            "section: ",
            "8s",
            "8s..",
            "..8s",
            "8s-16s",
            "bar:0..bar:2",
            "bar:..bar:2",
            "bar:+1..bar:2",
            "section:..bar:3",
            "bar:1..bar",
            "nans..1s",
            "infs..1s",
            "8m..9m",
            "1.2.3s..4s",
            "s..1s",
            "Verse",
            "99999999999s..1s",
        ];
        for text in bad {
            assert!(text.parse::<PassageChoice>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_passage_has_a_length() {
        assert!(matches!(Passage::new(Time::ZERO, Time::ZERO), Err(PassageError::Empty { .. })));
        let passage = Passage::new(Time::ZERO, Time::from_seconds(1.0)).unwrap();
        assert_eq!(passage.total(3), Ok(Time::from_seconds(3.0)));
        assert!(passage.total(0).is_err() && passage.total(u32::MAX).is_err());
    }
}
