//! What was wrong with a song file that was read nevertheless.

use std::fmt;

use super::error::{LISTED_TRACKS, plural};
use super::{Channel, KeyCount, NoNotes, TrackIndex};

/// A fault in a file, and how the file was read in spite of it.
///
/// Byte positions count from 0 at the start of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SongWarning {
    /// The header chunk does not begin the file; what stands before it was skipped.
    LeadingBytes {
        /// How many bytes were skipped.
        count: u64,
    },
    /// The header names a format other than 0, 1 and 2; it was read as format 1.
    UnknownFormat {
        /// The format.
        format: u16,
    },
    /// Format 2: independent sequences, which were put one after the other.
    SequencesJoined {
        /// How many.
        count: usize,
    },
    /// The header gives another number of tracks than there are. Those that are there were read.
    TrackCount {
        /// As the header has it.
        declared: u16,
        /// As found.
        found: usize,
    },
    /// The file holds more tracks than the format can count; the rest was skipped.
    TooManyTracks {
        /// Where the first track that was skipped begins.
        offset: u64,
    },
    /// The name of a track's chunk is damaged; it was read as a track.
    TrackChunkName {
        /// The track.
        track: TrackIndex,
        /// Where its chunk begins.
        offset: u64,
    },
    /// A track's length is wrong; it was taken to last until the next track or the end of the file.
    TrackLength {
        /// The track.
        track: TrackIndex,
        /// Where its chunk begins.
        offset: u64,
    },
    /// The file ends within a track.
    CutShort {
        /// The track.
        track: TrackIndex,
        /// Where the file ends.
        offset: u64,
        /// Bytes of the track that are missing.
        missing: u64,
    },
    /// Something that is no chunk of a MIDI file was skipped.
    BytesSkipped {
        /// Where it begins.
        offset: u64,
        /// How many bytes it has.
        count: u64,
    },
    /// A second MIDI file follows in the same file; it was skipped.
    SecondFile {
        /// Where it begins.
        offset: u64,
    },
    /// Bytes of a track cannot be read as events. What comes before and after them was read; how long they last is not
    /// known, so that what comes after them in this track may be early.
    TrackDamaged {
        /// The track.
        track: TrackIndex,
        /// Where the first of them is.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
        /// How many they are.
        lost: u64,
        /// How many bytes the track has.
        length: u64,
        /// Whether the last of them are the last of the track.
        to_end: bool,
    },
    /// Damaged events of a track, of which something was assumed; the rest of the track was read.
    EventsMended {
        /// The track.
        track: TrackIndex,
        /// Where the first of them begins.
        offset: u64,
        /// How many.
        count: u64,
        /// What is wrong with them, and what was assumed.
        reason: &'static str,
    },
    /// Damaged messages of a track that were left out; the rest of the track was read.
    EventsLeftOut {
        /// The track.
        track: TrackIndex,
        /// Where the first of them begins.
        offset: u64,
        /// How many.
        count: u64,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// Events without meaning were skipped; the rest of the track was read.
    EventsSkipped {
        /// The track.
        track: TrackIndex,
        /// Where the first of them begins.
        offset: u64,
        /// How many.
        count: u64,
        /// What is wrong with the first.
        reason: &'static str,
    },
    /// A track stops without an End of Track event: it is cut short, or its last event swallowed the rest.
    NoEndOfTrack {
        /// The track.
        track: TrackIndex,
        /// Where the last event begins.
        offset: u64,
    },
    /// What follows the End of Track event in a track was skipped.
    AfterEndOfTrack {
        /// The track.
        track: TrackIndex,
        /// Where it begins.
        offset: u64,
        /// How many bytes it has.
        count: u64,
    },
    /// Keys that the drum map does not know: they are drawn in the lane [`LaneId::Other`](super::LaneId::Other).
    UnmappedKeys {
        /// Each key with its number of notes.
        keys: Vec<KeyCount>,
    },
    /// The file declares no drums, and channel 10 has no notes. These tracks were taken for drums because of their names, or
    /// those of their instruments.
    DrumsByName {
        /// Track, channel, and the name of the track or the instrument, of the first 30.
        parts: Vec<(TrackIndex, Channel, String)>,
    },
    /// There are no drums. Only with [`SongOptions::may_lack_notes`](super::SongOptions::may_lack_notes); else this is an error.
    NoNotes(Box<NoNotes>),
    /// Lines of a text file were skipped; the rest was read.
    LinesSkipped {
        /// The file, such as `notes.chart`.
        file: &'static str,
        /// The first of them, counted from 1.
        line: u64,
        /// How many.
        count: u64,
        /// What is wrong with them.
        reason: &'static str,
        /// Whether they stand where notes do.
        may_hold_notes: bool,
    },
    /// A chart in text ends in the middle of a section; what comes before was read.
    ChartCutShort {
        /// The section, such as `ExpertDrums`.
        section: String,
    },
    /// Channels or tracks were chosen, but a chart in text has none; all of it was read.
    ChoiceIgnored,
    /// `song.ini` could not be read; the song was read without it.
    NoIni {
        /// What the system says.
        reason: String,
    },
    /// An anchor of a chart says another time than its tempos; the tempos count.
    AnchorDiffers {
        /// The line of the first such anchor, counted from 1.
        line: u64,
        /// The time that it says, in microseconds.
        anchor_micros: u64,
        /// The time by the tempos, in microseconds.
        tempo_micros: u64,
    },
    /// Markers of a chart in a MIDI file have no end; they were left out.
    MarkersWithoutEnd {
        /// The track.
        track: TrackIndex,
        /// How many.
        count: u64,
    },
    /// Solos of a chart have no end; they were left out.
    SoloWithoutEnd {
        /// How many.
        count: u64,
    },
    /// A `.sng` file of a version that is not known; it was read as version 1.
    UnknownSngVersion {
        /// The version.
        version: u32,
    },
    /// A tag in a `.sng` file was left out.
    SngTag {
        /// Where its value begins.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file that a `.sng` file lists does not lie in it, or its name has control characters; it was left out.
    SngEntryOutside {
        /// Where its entry begins.
        offset: u64,
        /// Its name.
        name: String,
    },
    /// There were more warnings than are listed.
    More {
        /// How many are not listed.
        count: u64,
    },
}

impl SongWarning {
    /// Whether notes of the file may be missing in the song because of this. Where that is not known, they may.
    pub fn loses_notes(&self) -> bool {
        match self {
            // Everything was read, or what was left out cannot hold notes.
            SongWarning::LeadingBytes { .. }
            | SongWarning::UnknownFormat { .. }
            | SongWarning::SequencesJoined { .. }
            | SongWarning::EventsMended { .. }
            | SongWarning::TrackChunkName { .. }
            | SongWarning::DrumsByName { .. }
            | SongWarning::NoNotes(_)
            | SongWarning::NoIni { .. }
            | SongWarning::ChoiceIgnored
            | SongWarning::AnchorDiffers { .. }
            | SongWarning::MarkersWithoutEnd { .. }
            | SongWarning::SoloWithoutEnd { .. }
            | SongWarning::SngTag { .. }
            | SongWarning::UnmappedKeys { .. } => false,
            SongWarning::LinesSkipped { may_hold_notes, .. } => *may_hold_notes,
            SongWarning::TrackCount { declared, found } => usize::from(*declared) > *found,
            SongWarning::TooManyTracks { .. }
            | SongWarning::TrackLength { .. }
            | SongWarning::CutShort { .. }
            | SongWarning::BytesSkipped { .. }
            | SongWarning::SecondFile { .. }
            | SongWarning::TrackDamaged { .. }
            | SongWarning::ChartCutShort { .. }
            | SongWarning::SngEntryOutside { .. }
            | SongWarning::EventsLeftOut { .. }
            | SongWarning::EventsSkipped { .. }
            | SongWarning::UnknownSngVersion { .. }
            | SongWarning::NoEndOfTrack { .. }
            | SongWarning::AfterEndOfTrack { .. } => true,
            // What is not listed may be anything.
            SongWarning::More { .. } => true,
        }
    }
}

impl fmt::Display for SongWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SongWarning::LeadingBytes { count } => {
                write!(f, "the MIDI header begins only at byte {count}; what stands before it was skipped")
            }
            SongWarning::UnknownFormat { format } => {
                write!(f, "the header names format {format}, which does not exist; read as format 1")
            }
            SongWarning::SequencesJoined { count } => write!(
                f,
                "a format 2 file with {count} independent sequences; they are played one after the other"
            ),
            SongWarning::TrackCount { declared, found } => {
                write!(f, "the header says {declared} tracks, the file has {found}")
            }
            SongWarning::TooManyTracks { offset } => {
                write!(f, "more than 65535 tracks; those from byte {offset} on were skipped")
            }
            SongWarning::TrackChunkName { track, offset } => {
                write!(f, "the chunk at byte {offset} has a damaged name; read as track {track}")
            }
            SongWarning::TrackLength { track, offset } => write!(
                f,
                "the length of track {track} (byte {offset}) is wrong; read up to the next track or the end"
            ),
            SongWarning::CutShort { track, offset, missing } => write!(
                f,
                "the file ends at byte {offset} within track {track}, {} too early; \
                 the notes before that are kept",
                plural(*missing, "byte")
            ),
            SongWarning::BytesSkipped { offset, count } => {
                write!(f, "{} at byte {offset} skipped: not part of a MIDI file", plural(*count, "byte"))
            }
            SongWarning::SecondFile { offset } => {
                write!(f, "a second MIDI file begins at byte {offset}; skipped")
            }
            SongWarning::TrackDamaged { track, offset, reason, lost, length, to_end } => {
                let rest = if *to_end {
                    "up to the track's end"
                } else {
                    "notes may be missing there, and what follows in the track may be early"
                };
                write!(f, "track {track} is damaged at byte {offset}: {reason}; {} of its {length} ", lost)?;
                write!(f, "bytes were skipped, {rest}")
            }
            SongWarning::EventsMended { track, offset, count: 1, reason } => {
                write!(f, "an event at byte {offset} (track {track}) was mended: {reason}")
            }
            SongWarning::EventsMended { track, offset, count, reason } => {
                write!(f, "{count} events from byte {offset} on (track {track}) were mended: {reason}")
            }
            SongWarning::EventsLeftOut { track, offset, count: 1, reason } => {
                write!(f, "a message at byte {offset} (track {track}) was lost: {reason}")
            }
            SongWarning::EventsLeftOut { track, offset, count, reason } => {
                write!(f, "{count} messages from byte {offset} on (track {track}) were lost: {reason}")
            }
            SongWarning::EventsSkipped { track, offset, count: 1, reason } => {
                write!(f, "an event at byte {offset} (track {track}) was skipped: {reason}")
            }
            SongWarning::EventsSkipped { track, offset, count, reason } => {
                write!(f, "{count} events from byte {offset} on (track {track}) were skipped: {reason}")
            }
            SongWarning::NoEndOfTrack { track, offset } => {
                write!(f, "track {track} stops at byte {offset} without an end mark; it may be cut short")
            }
            SongWarning::AfterEndOfTrack { track, offset, count } => {
                write!(
                    f,
                    "{} after the end mark of track {track} (byte {offset}) skipped",
                    plural(*count, "byte")
                )
            }
            SongWarning::LinesSkipped { file, line, count: 1, reason, .. } => {
                write!(f, "line {line} of {file} was skipped: {reason}")
            }
            SongWarning::LinesSkipped { file, line, count, reason, .. } => {
                write!(f, "{count} lines of {file}, the first of them line {line}, were skipped: {reason}")
            }
            SongWarning::ChartCutShort { section } => {
                write!(f, "the chart ends in the middle of its section {section}; the rest is missing")
            }
            SongWarning::ChoiceIgnored => {
                f.write_str("a chart in text has no channels and tracks to choose from; all of it was read")
            }
            SongWarning::NoIni { reason } => write!(f, "song.ini cannot be read: {reason}"),
            SongWarning::AnchorDiffers { line, anchor_micros, tempo_micros } => write!(
                f,
                "the anchor in line {line} of notes.chart says {:.3} s, its tempos say {:.3} s; the tempos count",
                *anchor_micros as f64 / 1e6,
                *tempo_micros as f64 / 1e6
            ),
            SongWarning::MarkersWithoutEnd { track, count } => {
                write!(
                    f,
                    "{} of the chart in track {track} without an end; left out",
                    plural(*count, "marker")
                )
            }
            SongWarning::SoloWithoutEnd { count } => {
                write!(f, "{} of the chart without an end; left out", plural(*count, "solo"))
            }
            SongWarning::UnknownSngVersion { version } => {
                write!(f, "version {version} of .sng files is not known; read as version 1")
            }
            SongWarning::SngTag { offset, reason } => {
                write!(f, "a tag at byte {offset} of the .sng file was left out: {reason}")
            }
            SongWarning::SngEntryOutside { offset, name } => write!(
                f,
                "the file {name:?}, which byte {offset} of the .sng file lists, lies outside of it, or its name has control characters; left out"
            ),
            SongWarning::UnmappedKeys { keys } => {
                f.write_str("keys for which the drum map has no drum, drawn in the lane of other keys: ")?;
                for (place, KeyCount { key, notes }) in keys.iter().enumerate() {
                    let separator = if place == 0 { "" } else { ", " };
                    write!(f, "{separator}{key} ({})", plural(*notes, "note"))?;
                }
                Ok(())
            }
            SongWarning::DrumsByName { parts } => {
                f.write_str("nothing in the file is declared as drums, and channel 10 has no notes; taken for drums by name: ")?;
                for (place, (track, channel, name)) in parts.iter().enumerate() {
                    let separator = if place == 0 { "" } else { ", " };
                    write!(f, "{separator}\"{name}\" (track {track}, channel {channel})")?;
                }
                if parts.len() == LISTED_TRACKS { f.write_str(", …") } else { Ok(()) }
            }
            SongWarning::NoNotes(why) => why.fmt(f),
            SongWarning::More { count } => write!(f, "and {count} more warnings"),
        }
    }
}

/// Warnings. Only the first are stored: a hostile file has millions of faults.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    kept: Vec<SongWarning>,
    dropped: u64,
}

impl Warnings {
    const LIMIT: usize = 50;

    pub(super) fn push(&mut self, warning: SongWarning) {
        if self.kept.len() < Warnings::LIMIT {
            self.kept.push(warning);
        } else {
            self.dropped += 1;
        }
    }

    pub(super) fn first(&self) -> Option<&SongWarning> {
        self.kept.first()
    }

    pub(super) fn into_vec(mut self) -> Vec<SongWarning> {
        if self.dropped > 0 {
            self.kept.push(SongWarning::More { count: self.dropped });
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_that_are_missing_lose_notes_and_tracks_too_many_do_not() {
        let count = |declared, found| SongWarning::TrackCount { declared, found }.loses_notes();
        assert!(count(3, 2) && !count(2, 3));
        assert!(!SongWarning::UnmappedKeys { keys: Vec::new() }.loses_notes());
        assert!(SongWarning::More { count: 1 }.loses_notes());
    }
}
