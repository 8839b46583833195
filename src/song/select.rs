//! Which channels and which tracks of a file are taken as drums, and the numbers that users give them.

use std::fmt;
use std::str::FromStr;

/// One of the 16 MIDI channels.
///
/// On the wire channels count from 0, people count them from 1; the type keeps the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(u8);

impl Channel {
    /// Channel 10, where General MIDI has its drums.
    pub const DRUMS: Channel = Channel(9);

    /// From the number on the wire, 0 to 15; higher bits are ignored.
    pub const fn from_index(index: u8) -> Channel {
        Channel(index & 0x0F)
    }

    /// From the number people use, 1 to 16; `None` for any other.
    pub const fn from_number(number: u8) -> Option<Channel> {
        if 1 <= number && number <= 16 { Some(Channel(number - 1)) } else { None }
    }

    /// The number on the wire, 0 to 15.
    pub const fn index(self) -> u8 {
        self.0
    }

    /// The number people use, 1 to 16.
    pub const fn number(self) -> u8 {
        self.0 + 1
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// A track's place in the file. Users see the tracks numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackIndex(u16);

impl TrackIndex {
    /// From the index, counted from 0.
    pub const fn from_index(index: u16) -> TrackIndex {
        TrackIndex(index)
    }

    /// From the number people use, counted from 1; `None` for 0 and above 65,536.
    pub fn from_number(number: u32) -> Option<TrackIndex> {
        u16::try_from(number.checked_sub(1)?).ok().map(TrackIndex)
    }

    /// The index, counted from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The number people use, counted from 1.
    pub const fn number(self) -> u32 {
        self.0 as u32 + 1
    }
}

impl fmt::Display for TrackIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// Which notes of a file are drums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DrumSelection {
    /// Those of the parts that are drums by what the file declares: channel 10, unless the file makes it melodic, and every
    /// channel that it makes a drum part (GS, XG, General MIDI 2). Where these have no notes, the tracks that are
    /// drums by their names or by those of their instruments. [`Song::parts`](super::Song::parts) tells what was decided.
    #[default]
    Declared,
    /// All notes on these channels, whatever the file declares.
    Channels(ChannelSelection),
}

/// Some of the 16 channels; channel 10 by default.
///
/// As text: a channel's number from 1 to 16, several with commas between them, or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelSelection(u16);

impl ChannelSelection {
    /// Every channel.
    pub const ALL: ChannelSelection = ChannelSelection(u16::MAX);

    /// One channel only.
    pub const fn only(channel: Channel) -> ChannelSelection {
        ChannelSelection(1 << channel.0)
    }

    /// This selection and one channel more.
    pub const fn and(self, channel: Channel) -> ChannelSelection {
        ChannelSelection(self.0 | 1 << channel.0)
    }

    /// Whether the channel is taken.
    pub const fn contains(self, channel: Channel) -> bool {
        self.0 >> channel.0 & 1 == 1
    }
}

impl Default for ChannelSelection {
    fn default() -> ChannelSelection {
        ChannelSelection::only(Channel::DRUMS)
    }
}

impl FromStr for ChannelSelection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<ChannelSelection, SelectionError> {
        if text == "all" {
            return Ok(ChannelSelection::ALL);
        }
        let refuse = || SelectionError { given: text.to_owned(), what: "channel", highest: 16 };
        let mut selection = ChannelSelection(0);
        for part in text.split(',') {
            let number = part.trim().parse().map_err(|_| refuse())?;
            selection = selection.and(Channel::from_number(number).ok_or_else(refuse)?);
        }
        Ok(selection)
    }
}

impl fmt::Display for ChannelSelection {
    /// Reads on from "no notes on": `channel 10`, `channels 1, 2`, `any channel`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == ChannelSelection::ALL {
            return f.write_str("any channel");
        }
        let channels = (0..16).map(Channel::from_index).filter(|channel| self.contains(*channel));
        write_numbered(f, "channel", channels)
    }
}

/// The tracks whose notes are taken; all by default.
///
/// As text: a track's number from 1, several with commas between them, or `all`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TrackSelection {
    /// Every track.
    #[default]
    All,
    /// These tracks only. (Tempo, metre and markers still come from all tracks, except in format 2.)
    Only(Vec<TrackIndex>),
}

impl TrackSelection {
    /// Whether the track is taken.
    pub fn contains(&self, track: TrackIndex) -> bool {
        match self {
            TrackSelection::All => true,
            TrackSelection::Only(tracks) => tracks.contains(&track),
        }
    }
}

impl FromStr for TrackSelection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<TrackSelection, SelectionError> {
        if text == "all" {
            return Ok(TrackSelection::All);
        }
        let refuse = || SelectionError { given: text.to_owned(), what: "track", highest: 65_536 };
        let number = |part: &str| {
            let number = part.trim().parse().map_err(|_| refuse())?;
            TrackIndex::from_number(number).ok_or_else(refuse)
        };
        Ok(TrackSelection::Only(text.split(',').map(number).collect::<Result<_, _>>()?))
    }
}

impl fmt::Display for TrackSelection {
    /// Reads on from "in": `any track`, `track 2`, `tracks 2, 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrackSelection::All => f.write_str("any track"),
            TrackSelection::Only(tracks) => write_numbered(f, "track", tracks.iter().copied()),
        }
    }
}

/// Why a text was not understood as a choice of channels or tracks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is not a choice of {what}s: give numbers from 1 to {highest} joined by commas, as in 1,2, or \"all\""
)]
pub struct SelectionError {
    given: String,
    what: &'static str,
    highest: u32,
}

/// Writes `channel 10` or `channels 1, 2`.
fn write_numbered<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    numbers: impl Iterator<Item = T> + Clone,
) -> fmt::Result {
    f.write_str(what)?;
    if numbers.clone().nth(1).is_some() {
        f.write_str("s")?;
    }
    for (place, number) in numbers.enumerate() {
        f.write_str(if place == 0 { " " } else { ", " })?;
        number.fmt(f)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_counted_from_one_by_people_and_from_zero_on_the_wire() {
        assert_eq!(Channel::from_number(10), Some(Channel::DRUMS));
        assert_eq!(Channel::DRUMS.index(), 9);
        assert_eq!(Channel::from_number(0), None);
        assert_eq!(Channel::from_number(17), None);
    }

    #[test]
    fn selections_are_read_from_numbers_lists_and_all() {
        let both: ChannelSelection = "1, 10".parse().unwrap();
        assert!(both.contains(Channel::DRUMS) && both.contains(Channel::from_index(0)));
        assert!(!both.contains(Channel::from_index(1)));
        assert_eq!(both.to_string(), "channels 1, 10");
        assert_eq!("all".parse(), Ok(ChannelSelection::ALL));
        let tracks: TrackSelection = "2".parse().unwrap();
        assert_eq!(tracks, TrackSelection::Only(vec![TrackIndex::from_index(1)]));
        assert_eq!(tracks.to_string(), "track 2");
        for bad in ["", "0", "17", "-1", "1,", "ten", "1;2"] {
            assert!(bad.parse::<ChannelSelection>().is_err(), "{bad}");
        }
        for bad in ["", "0", "65537", "a"] {
            assert!(bad.parse::<TrackSelection>().is_err(), "{bad}");
        }
    }
}
