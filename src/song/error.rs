//! Why there is no song.

use std::io;
use std::path::PathBuf;

use strikeline_files::why_unreadable;
use strikeline_picture::shown;

use super::{Difficulty, NoNotes, SongWarning, TrackIndex};

/// Why a file could not be read as a song. Byte positions count from 0 at the start of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SongError {
    /// An error in this file.
    #[error("{}: {problem}", shown(path))]
    InFile {
        /// The file, as it was given.
        path: PathBuf,
        /// What is wrong with it; never `InFile` again.
        problem: Box<SongError>,
    },
    /// The file could not be read; check that it exists and that you may read it.
    #[error("cannot be read: {}", why_unreadable(reason))]
    Unreadable {
        /// What the system says.
        reason: io::Error,
    },
    /// The file is larger than [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES); a drum song has some kilobytes. Check its path.
    #[error("too large for a MIDI song: over {} MiB; check that the file is a MIDI file", limit >> 20)]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is of another kind; export the song as a Standard MIDI File.
    #[error(
        "not a MIDI file{}; give a MIDI file (.mid, .midi, .rmi) or a chart (a folder, notes.chart, .sng)",
        looks_like.map(|kind| format!(": it looks like {kind}")).unwrap_or_default()
    )]
    NotMidi {
        /// What the file seems to be, such as "a PNG picture"; `None` when that is not known.
        looks_like: Option<&'static str>,
    },
    /// The file begins as MIDI, but cannot be read; export or download it again.
    #[error("the MIDI file is damaged at byte {offset}: {reason}; export or download it again")]
    Damaged {
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The file does not have a track that was chosen; choose one of those listed.
    #[error("there is no track {track}; {}", list_tracks(tracks))]
    NoSuchTrack {
        /// The track that was chosen.
        track: TrackIndex,
        /// The tracks there are, with name and number of notes.
        tracks: Vec<(TrackIndex, Option<String>, u64)>,
    },
    /// There are no drums in the file or on the chosen tracks; choose a channel or other tracks. The text lists where there
    /// are notes.
    #[error("{0}")]
    NoNotes(Box<NoNotes>),
    /// A folder or a `.sng` file without a chart in it; give one of the files themselves.
    #[error(
        "no chart in this folder or file: looked for notes.mid, notes.chart and other .chart files{}{}",
        list_midi_files(midi_files),
        also(damage)
    )]
    NoChart {
        /// The MIDI files that are there, by name.
        midi_files: Vec<String>,
        /// The first thing that is wrong with a `.sng` file, if anything is.
        damage: Option<Box<SongWarning>>,
    },
    /// The chart has no drums; it is for other instruments.
    #[error(
        "the chart has no drums: its sections ExpertDrums, HardDrums, MediumDrums and EasyDrums are missing or have no gems{}{}",
        list_sections(sections),
        also(damage)
    )]
    NoDrums {
        /// Its other sections, by name.
        sections: Vec<String>,
        /// The first thing that is wrong with the file, if anything is.
        damage: Option<Box<SongWarning>>,
    },
    /// The chart does not say how long a tick is; its section `[Song]` is damaged.
    #[error(
        "the chart does not say how many ticks a quarter note has: Resolution is missing in [Song]; export it again{}",
        also(damage)
    )]
    NoResolution {
        /// The first thing that is wrong with the file, if anything is.
        damage: Option<Box<SongWarning>>,
    },
    /// The chart does not have the difficulty; choose one of those listed.
    #[error("the chart has no {difficulty} difficulty; {}", list_difficulties(difficulties))]
    NoSuchDifficulty {
        /// The difficulty that was chosen.
        difficulty: Difficulty,
        /// Those there are, with the number of gems.
        difficulties: Vec<(Difficulty, u64)>,
    },
    /// A `.sng` file is damaged; download it again.
    #[error("the .sng file is damaged at byte {offset}: {reason}; download it again")]
    SngDamaged {
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// As [`SongError::TooLong`], in a text file.
    #[error(
        "the note in line {line} would sound after {hours} hours, and a song may last {limit_hours}: its position is \
         wrong, or a tempo before it; export or download the chart again"
    )]
    TooLongAtLine {
        /// The line, counted from 1.
        line: u64,
        /// When it would sound, in hours rounded down.
        hours: u64,
        /// The longest song, in hours.
        limit_hours: u64,
    },
    /// A note lies further from the start than [`MAX_SONG_TIME`](super::MAX_SONG_TIME): the time before
    /// some event is damaged, or the tempo is. Export or download the file again.
    #[error(
        "the note at byte {offset} (track {track}) would sound after {hours} hours, and a song may last {limit_hours}: \
         the file is damaged there or before, or its tempo is wrong; export or download it again"
    )]
    TooLong {
        /// The track with the note.
        track: TrackIndex,
        /// Where the note is in the file.
        offset: u64,
        /// When it would sound, in hours rounded down.
        hours: u64,
        /// The longest song, in hours.
        limit_hours: u64,
    },
}

/// `; also: …`; nothing where nothing is wrong.
fn also(damage: &Option<Box<SongWarning>>) -> String {
    damage.as_ref().map(|damage| format!("; also: {damage}")).unwrap_or_default()
}

/// `1 note`, `2 notes`.
pub(super) fn plural(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Tracks that an error lists at most.
pub(super) const LISTED_TRACKS: usize = 30;

/// `the file has 2 tracks: 1 "Drums" (96 notes), 2 (no notes)`.
fn list_tracks(tracks: &[(TrackIndex, Option<String>, u64)]) -> String {
    let mut text = format!("the file has {}", plural(tracks.len() as u64, "track"));
    for (place, (track, name, notes)) in tracks.iter().take(LISTED_TRACKS).enumerate() {
        text.push_str(if place == 0 { ": " } else { ", " });
        text.push_str(&track.to_string());
        if let Some(name) = name {
            text.push_str(&format!(" \"{name}\""));
        }
        match notes {
            0 => text.push_str(" (no notes)"),
            notes => text.push_str(&format!(" ({})", plural(*notes, "note"))),
        }
    }
    if tracks.len() > LISTED_TRACKS {
        text.push_str(", …");
    }
    text
}

/// `; there are the MIDI files a.mid, b.mid: give one of them`; nothing where there are none.
fn list_midi_files(files: &[String]) -> String {
    let listed = files.iter().take(LISTED_TRACKS).cloned().collect::<Vec<_>>().join(", ");
    let more = if files.len() > LISTED_TRACKS { ", …" } else { "" };
    match files.len() {
        0 => String::new(),
        1 => format!("; there is the MIDI file {listed}: give that"),
        _ => format!("; there are the MIDI files {listed}{more}: give one of them"),
    }
}

/// `; it has ExpertSingle, Events`; nothing where there are none.
fn list_sections(sections: &[String]) -> String {
    if sections.is_empty() { String::new() } else { format!("; it has {}", sections.join(", ")) }
}

/// `it has hard (8 gems), expert (17 gems)`.
fn list_difficulties(difficulties: &[(Difficulty, u64)]) -> String {
    let listed: Vec<String> = difficulties
        .iter()
        .map(|(difficulty, gems)| format!("{difficulty} ({})", plural(*gems, "gem")))
        .collect();
    if listed.is_empty() {
        "it has no gems at all".to_owned()
    } else {
        format!("it has {}", listed.join(", "))
    }
}
