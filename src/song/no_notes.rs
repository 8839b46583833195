//! A file without drums: what was looked for, what there is instead, and what to do.

use std::fmt;

use super::error::{LISTED_TRACKS, plural};
use super::{Channel, ChannelSelection, DrumSelection, PartInfo, SongWarning, TrackIndex, TrackSelection};

/// Why a song has no notes. As text: what was looked for, where there are notes, and which of them are probably drums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoNotes {
    /// Which notes were to be taken for drums.
    pub drums: DrumSelection,
    /// The chosen tracks.
    pub tracks: TrackSelection,
    /// Notes on each track and channel of the file.
    pub elsewhere: Vec<(TrackIndex, Channel, u64)>,
    /// The part of the selected tracks that is most probably drums, to judge by its keys; else the one with the most notes.
    pub likely: Option<LikelyDrums>,
    /// The first thing that is wrong with the file, if anything is.
    pub damage: Option<SongWarning>,
}

/// The part of a file that may be drums, though nothing says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikelyDrums {
    /// Its channel.
    pub channel: Channel,
    /// The first of its names, if it has any.
    pub name: Option<String>,
    /// Notes.
    pub notes: u64,
    /// Whether its keys are those of drums. If not, it is only the part with the most notes.
    pub has_drum_keys: bool,
}

impl LikelyDrums {
    /// Chooses among the parts that are no drums.
    pub(super) fn find<'a>(parts: impl Iterator<Item = &'a PartInfo>) -> Option<LikelyDrums> {
        let best =
            parts.max_by_key(|part| (part.has_drum_keys, part.notes, std::cmp::Reverse(part.channel)))?;
        Some(LikelyDrums {
            channel: best.channel,
            name: best.names.first().cloned(),
            notes: best.notes,
            has_drum_keys: best.has_drum_keys,
        })
    }
}

impl NoNotes {
    /// Whether the chosen tracks have notes on a channel.
    fn has_notes_on(&self, channel: Channel) -> bool {
        self.elsewhere
            .iter()
            .any(|(track, of, notes)| *of == channel && *notes > 0 && self.tracks.contains(*track))
    }
}

impl fmt::Display for NoNotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.drums {
            DrumSelection::Declared if self.has_notes_on(Channel::DRUMS) => {
                f.write_str("no drum notes: the file makes channel 10 melodic, and declares no other channel as drums")?;
            }
            DrumSelection::Declared => {
                f.write_str(
                    "no drum notes: there are none on channel 10, and no other channel is declared as drums",
                )?;
            }
            DrumSelection::Channels(channels) => write!(f, "no drum notes: there are none on {channels}")?,
        }
        if self.tracks != TrackSelection::All {
            write!(f, " in {}", self.tracks)?;
        }
        let channels = match &self.drums {
            DrumSelection::Declared => ChannelSelection::only(Channel::DRUMS),
            DrumSelection::Channels(channels) => *channels,
        };
        let mut in_tracks = [0; 16];
        let mut in_others = Vec::new();
        for (track, channel, notes) in &self.elsewhere {
            if self.tracks.contains(*track) {
                in_tracks[usize::from(channel.index())] += notes;
            } else if channels.contains(*channel) && !in_others.contains(track) {
                in_others.push(*track);
            }
        }
        let on_channels = (0..).map(Channel::from_index).zip(in_tracks).filter(|(_, notes)| *notes > 0);
        for (place, (channel, notes)) in on_channels.enumerate() {
            f.write_str(if place == 0 { "; there are " } else { ", " })?;
            write!(f, "{} on channel {channel}", plural(notes, "note"))?;
        }
        if let Some(LikelyDrums { channel, name, has_drum_keys, .. }) = &self.likely {
            let name = name.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
            if *has_drum_keys {
                write!(f, "; channel {channel}{name} is probably drums, by its keys")?;
            } else {
                write!(
                    f,
                    "; no channel has keys like those of drums, and channel {channel}{name} has the most notes"
                )?;
            }
        }
        if let Some(first) = in_others.first() {
            f.write_str(if in_others.len() == 1 {
                "; there are notes in track"
            } else {
                "; there are notes in tracks"
            })?;
            for (place, track) in in_others.iter().take(LISTED_TRACKS).enumerate() {
                f.write_str(if place == 0 { " " } else { ", " })?;
                write!(f, "{track}")?;
            }
            write!(f, " (choose track {first}, or all)")?;
        }
        if self.elsewhere.is_empty() {
            f.write_str(", nor on any other: the file has no notes at all")?;
        }
        match &self.damage {
            Some(damage) => write!(f, "; also: {damage}"),
            None => Ok(()),
        }
    }
}
