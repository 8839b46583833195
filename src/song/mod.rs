//! The parsed music: a Standard MIDI File read into notes with exact times.
//!
//! The format is that of "Standard MIDI Files 1.0" (RP-001, MIDI Manufacturers Association, 1996), formats 0,
//! 1 and 2, also within a RIFF file (RMID). Damaged files are read as far as they can be, and the song's
//! warnings say what was skipped and where.
//!
//! * Formats 0 and 1: tempo, metre and markers of all tracks hold for all tracks.
//! * Format 2: the selected tracks are independent sequences, and are put one after the other. Each begins
//!   where the one before has its End of Track, with the default tempo and metre until it sets its own. Tracks
//!   that are not selected take no time.
//!
//! [`Song::at_speed`] and [`Song::looped`] make slower, faster and repeated songs of a song, and [`Song::read_with_events`]
//! also reads what a synthesiser needs to play all of the file.
//!
//! ```
//! use strikeline::song::{Song, SongOptions};
//!
//! // Format 0, one track, 96 ticks per quarter note; a kick, and a snare one quarter note later.
//! let file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x0B\
//!              \0\x99\x24\x64\x60\x26\x50\0\xFF\x2F\0";
//! let song = Song::read(file, &SongOptions::default())?;
//! assert_eq!(song.notes()[1].key, 38);
//! assert_eq!(song.notes()[1].time.as_seconds(), 0.5);
//! # Ok::<(), strikeline::song::SongError>(())
//! ```

mod beats;
mod channel_state;
mod chart;
mod drum;
mod drum_map;
mod error;
mod general_midi;
mod input;
mod lanes;
mod messages;
mod midi;
mod no_notes;
mod parts;
mod passage;
mod phrases;
mod point;
mod select;
pub(crate) mod short_names;
mod speed;
mod strokes;
mod technique;
mod tempo_map;
mod text_encoding;
mod tick_clocks;
mod ticked;
mod timeline;
mod title;
mod transform;
#[cfg(test)]
pub(crate) mod vision;
mod warning;

use std::path::Path;

use strikeline_picture::Time;

use beats::BeatGrid;
use transform::SongBeats;

pub use beats::{Beat, CountInBeat};
pub use chart::{
    ChartFormat, ChartInfo, ChartKit, Difficulty, DifficultyError, PackedFile, Stem, StemKind, read_packed,
};
pub use drum::{DrumInfo, DrumShape, LaneId, Mark, Rgb};
pub use drum_map::{Backdrop, DrumMap};
pub use error::SongError;
pub use input::holds_chart;
pub use lanes::{KeyCount, Lane, LaneLayout, LanePlace};
pub use messages::{ChannelMessage, SongEvent, SongEvents, SongMessage, SongPart, SynthesizerKind};
pub use no_notes::{LikelyDrums, NoNotes};
pub use parts::{PartInfo, PartKind, PartReason, PartRole, Program};
pub use passage::{Passage, PassageChoice, PassageChoiceError, PassageError};
pub use phrases::{Phrase, PhraseKind};
pub use point::{SongPoint, SongPointError};
pub use select::{Channel, ChannelSelection, DrumSelection, SelectionError, TrackIndex, TrackSelection};
pub use speed::{Speed, SpeedError};
pub use technique::{HiHatState, Openness, Stroke, Technique};
pub use tempo_map::{DEFAULT_MICROS_PER_QUARTER, Division, TempoMap, TimeCodeRate};
pub use text_encoding::{TextEncoding, UnknownTextEncoding};
pub use timeline::{Timeline, TimelinePiece};
pub use warning::SongWarning;

/// The longest time from a song's start to a note. A later note is taken as a sign of a damaged file.
pub const MAX_SONG_TIME: Time = Time::from_nanos(48 * 3600 * 1_000_000_000);

/// The largest song or chart that [`Song::open`] reads: room for twenty million hits.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// Which notes are taken from a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SongOptions {
    /// Which notes are drums: by default those of the parts that the file declares as drums.
    pub drums: DrumSelection,
    /// The tracks whose notes are taken; all by default.
    pub tracks: TrackSelection,
    /// Whether a file without such notes is a song, too: one without notes, and with the warning
    /// [`SongWarning::NoNotes`]. By default it is the error [`SongError::NoNotes`].
    pub may_lack_notes: bool,
    /// The difficulty of a chart that is taken; expert by default. Other files have none.
    pub difficulty: Difficulty,
    /// The encoding of the file's texts; by default it is found in the texts.
    pub text_encoding: Option<TextEncoding>,
}

/// One struck drum: a note-on event and the time to its note-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// When it is struck, from the song's start: 0 to [`MAX_SONG_TIME`], in a song that is slowed down to twice that.
    pub time: Time,
    /// Time to the note-off, or to the next note of the same key, track and channel if that comes first. Zero when there
    /// is neither: drum parts often have no note-offs.
    pub duration: Time,
    /// Its track.
    pub track: TrackIndex,
    /// Its channel.
    pub channel: Channel,
    /// The key, 0 to 127. A [`DrumMap`] says which drum that is.
    pub key: u8,
    /// How hard it is struck, 1 to 127.
    pub velocity: u8,
    /// How it is struck otherwise.
    pub technique: Technique,
}

/// How the tracks of a file belong together (SMF 1.0, "Header Chunks").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Format 0: one track.
    SingleTrack,
    /// Format 1: tracks to be played together.
    Parallel,
    /// Format 2: independent sequences.
    Sequential,
}

impl Format {
    /// The number in the file's header: 0, 1 or 2.
    pub const fn number(self) -> u16 {
        match self {
            Format::SingleTrack => 0,
            Format::Parallel => 1,
            Format::Sequential => 2,
        }
    }
}

/// What a track holds. It counts all notes, also those that the options leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackInfo {
    /// Its index in the file.
    pub track: TrackIndex,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Events of all kinds that were read.
    pub events: u64,
    /// Notes on each channel, by the channel's index.
    pub notes: [u32; 16],
    /// Whether the options select it.
    pub selected: bool,
}

impl TrackInfo {
    /// Notes on all channels.
    pub fn note_count(&self) -> u64 {
        self.notes.iter().map(|notes| u64::from(*notes)).sum()
    }

    /// The channels with notes, and how many each has.
    pub fn channels(&self) -> impl Iterator<Item = (Channel, u32)> {
        (0..).map(Channel::from_index).zip(self.notes).filter(|(_, notes)| *notes > 0)
    }
}

/// A change of tempo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TempoChange {
    /// When it takes effect.
    pub time: Time,
    /// Microseconds per quarter note: 1 to 16,777,215 in a MIDI file as it was read, and more in slow songs from other files.
    /// A chart has tempos that are no whole number of them; they are rounded here, and in no other time of the song.
    pub micros_per_quarter: u32,
}

impl TempoChange {
    /// Quarter notes per minute.
    pub fn quarters_per_minute(self) -> f64 {
        60e6 / f64::from(self.micros_per_quarter)
    }
}

/// A change of metre (time signature).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeterChange {
    /// When it takes effect.
    pub time: Time,
    /// Beats in a bar, 1 to 255.
    pub numerator: u8,
    /// The note value of a beat: 4 for quarter notes; a power of two up to 32,768.
    pub denominator: u16,
}

/// A named moment of the song: a Marker or Cue Point event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// When it is.
    pub time: Time,
    /// Its text.
    pub text: String,
    /// Which of the two events it is.
    pub kind: MarkerKind,
}

/// Which meta event a [`Marker`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerKind {
    /// Marker: a part of the music, such as "First Verse".
    Marker,
    /// Cue Point: an event that goes with the music, such as a light or a scene.
    Cue,
}

/// A drum song: as it was read, or changed by [`Song::at_speed`] or [`Song::looped`].
#[derive(Debug, Clone, PartialEq)]
pub struct Song {
    format: Format,
    division: Division,
    title: Option<String>,
    artist: Option<String>,
    chart: Option<ChartInfo>,
    /// The name of its file, without the extension.
    file_name: Option<String>,
    text_encoding: TextEncoding,
    copyright: Option<String>,
    texts: Vec<String>,
    tracks: Vec<TrackInfo>,
    parts: Vec<PartInfo>,
    synthesizer_kind: Option<SynthesizerKind>,
    tempo_changes: Vec<TempoChange>,
    meter_changes: Vec<MeterChange>,
    markers: Vec<Marker>,
    phrases: Vec<Phrase>,
    beats: SongBeats,
    notes: Vec<Note>,
    end: Time,
    timeline: Timeline,
    warnings: Vec<SongWarning>,
}

impl Song {
    /// Reads a MIDI file, or a chart of a rhythm game (`notes.chart`, `.sng`), that is in memory.
    ///
    /// A MIDI file with a track that is named `PART DRUMS` is a chart, unless `options` choose channels or tracks.
    ///
    /// Time and memory grow in proportion to the length of `bytes`, whatever they contain.
    ///
    /// # Errors
    /// When it is not a MIDI file, has no drums on the tracks and channels of `options`, or lasts too long: see
    /// [`SongError`].
    pub fn read(bytes: &[u8], options: &SongOptions) -> Result<Song, SongError> {
        input::read(bytes, None, options, None)
    }

    /// The same with the `song.ini` that belongs to a chart, which is in memory, too. It does not matter to other files.
    ///
    /// # Errors
    /// As [`Song::read`]. A damaged `song.ini` is no error, but a warning.
    pub fn read_with_ini(bytes: &[u8], ini: &[u8], options: &SongOptions) -> Result<Song, SongError> {
        input::read(bytes, Some(ini), options, None)
    }

    /// Reads a MIDI file, or a chart of a rhythm game: its file (`notes.mid`, `notes.chart`, `.sng`), its `song.ini`, or its
    /// folder. What the `song.ini` beside a chart says counts, and the recordings beside it are listed in [`ChartInfo::stems`].
    ///
    /// # Errors
    /// As [`Song::read`], and when the file cannot be read or is larger than [`MAX_FILE_BYTES`], or a folder has no chart. Each
    /// error names the file.
    pub fn open(path: &Path, options: &SongOptions) -> Result<Song, SongError> {
        input::open(path, options, None)
    }

    /// A song of these notes, which are sorted. It has no tracks, and the default tempo and metre.
    pub fn from_notes(mut notes: Vec<Note>) -> Song {
        sort_notes(&mut notes);
        let end = notes.iter().map(|note| note.time + note.duration).max().unwrap_or_default();
        Song {
            format: Format::SingleTrack,
            division: Division::TicksPerQuarter(480),
            title: None,
            artist: None,
            chart: None,
            file_name: None,
            text_encoding: TextEncoding::UTF_8,
            copyright: None,
            texts: Vec::new(),
            tracks: Vec::new(),
            parts: Vec::new(),
            synthesizer_kind: None,
            tempo_changes: vec![TempoChange {
                time: Time::ZERO,
                micros_per_quarter: DEFAULT_MICROS_PER_QUARTER,
            }],
            meter_changes: vec![MeterChange { time: Time::ZERO, numerator: 4, denominator: 4 }],
            markers: Vec::new(),
            phrases: Vec::new(),
            beats: SongBeats::Grid(BeatGrid::plain(end)),
            notes,
            end,
            timeline: Timeline::as_written(),
            warnings: Vec::new(),
        }
    }

    /// The notes in order of time. Notes at the same time are in order of track, then key, then as in the file. A song
    /// that was read from a file has at least one, unless [`SongOptions::may_lack_notes`] is set.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// When the last note is struck.
    pub fn last_note(&self) -> Time {
        self.notes.last().map(|note| note.time).unwrap_or_default()
    }

    /// When the last track ends; usually some time after the last note. At most [`MAX_SONG_TIME`], in a song that is slowed
    /// down twice that.
    pub fn end(&self) -> Time {
        self.end
    }

    /// How the file's tracks belong together.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The unit of time in the file.
    pub fn division(&self) -> Division {
        self.division
    }

    /// The title: the first track's name (formats 0 and 1), if it has one; of a karaoke file (.kar) what its title line says,
    /// and of a chart what its tags say.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The artist, where the file says one.
    pub fn artist(&self) -> Option<&str> {
        self.artist.as_deref()
    }

    /// What the chart says about itself, if the song was read from one.
    pub fn chart(&self) -> Option<&ChartInfo> {
        self.chart.as_ref()
    }

    /// The encoding of the file's texts: as the options say, or as it was found. UTF-8 also where all is ASCII. A text with a
    /// byte-order mark may have another.
    pub fn text_encoding(&self) -> TextEncoding {
        self.text_encoding
    }

    /// The first copyright notice, if there is one. It often has the artist's name.
    pub fn copyright(&self) -> Option<&str> {
        self.copyright.as_deref()
    }

    /// The first few text events: comments, credits.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// All tracks, in the file's order.
    pub fn tracks(&self) -> &[TrackInfo] {
        &self.tracks
    }

    /// The parts with notes: what each plays, whether it is drums, and why. In order of track (format 2), port and channel.
    pub fn parts(&self) -> &[PartInfo] {
        &self.parts
    }

    /// The kind of synthesiser that the file is made for, where it says so by a reset, or by declaring a drum part as only one
    /// kind does. Of several the last counts, but others count more than General MIDI 1, which the others can play as well.
    pub fn synthesizer_kind(&self) -> Option<SynthesizerKind> {
        self.synthesizer_kind
    }

    /// The tempo changes in order of time. The first is at the start, with the default of 120 quarter notes per minute if
    /// the file has none there. Empty when the file counts in time code.
    pub fn tempo_changes(&self) -> &[TempoChange] {
        &self.tempo_changes
    }

    /// The metre changes in order of time. The first is at the start, with the default of 4/4 if the file has none there.
    pub fn meter_changes(&self) -> &[MeterChange] {
        &self.meter_changes
    }

    /// Markers and cue points in order of time.
    pub fn markers(&self) -> &[Marker] {
        &self.markers
    }

    /// Star power, solos and rolls, as charts of rhythm games mark them, in order of their starts.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// The beats by time, of a song as it was read: from the start, to the first bar line at or after the [end](Song::end), but not beyond
    /// [`MAX_SONG_TIME`]. They are computed at each call.
    ///
    /// * A beat is one note value of the metre's denominator; in 6/8, 9/8 and so on (a numerator above 3 that is
    ///   divisible by 3, over 8) it is three.
    /// * A metre begins a new bar where it stands, also when it is in the middle of one. So does each sequence of
    ///   a file of format 2; the bars are counted on.
    /// * Beats that are shorter than 50 ms are left out, but for the first of each bar; bars that are shorter
    ///   than 100 ms, too. So no two beats are closer than 50 ms.
    /// * A file that counts in time code has none.
    pub fn beats(&self) -> Vec<Beat> {
        self.beats.beats()
    }

    /// The beats to count before the first note, by time: as many as are in a bar of the metre that holds there.
    ///
    /// They are the song's [beats](Song::beats) just before the note, and where those are too few, what would
    /// be before the song's start with the metre and tempo it starts with: a first note at the start, in 4/4 at
    /// 120, is counted in at -2.0, -1.5, -1.0 and -0.5 seconds as 1, 2, 3, 4. A note on the fourth beat is counted
    /// in as 4, 1, 2, 3.
    ///
    /// * A first bar that has a metre of its own, with fewer beats than the next one, is a pickup: it is counted
    ///   as the end of a bar of that next metre. In a bar of 1/4 before bars of 4/4, a first note at the start is
    ///   counted in as 4, 1, 2, 3, too.
    /// * A note that is late by less than an eighth of the beat is taken to be on it.
    /// * Of bars of more than 8 beats the last 4 are counted.
    /// * Nothing is counted that is followed by more than 4 seconds of silence, and none of the beats that are
    ///   too fast to be among the song's.
    /// * A song without notes or without beats has no count-in.
    pub fn count_in(&self) -> Vec<CountInBeat> {
        self.notes.first().map(|first| self.beats.count_in(first.time)).unwrap_or_default()
    }

    /// What was wrong with the file, and how it was read nevertheless.
    pub fn warnings(&self) -> &[SongWarning] {
        &self.warnings
    }
}

/// Puts notes in the order that [`Song::notes`] promises. Tracks are in order already, which the stable sort
/// makes use of.
fn sort_notes(notes: &mut [Note]) {
    notes.sort_by_key(|note| (note.time, note.track, note.key));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_takes_24_bytes() {
        assert_eq!(size_of::<Note>(), 24);
    }

    #[test]
    fn an_unreadable_file_is_named_in_the_error() {
        let error = Song::open(Path::new("/nonexistent/song.mid"), &SongOptions::default()).unwrap_err();
        assert!(error.to_string().starts_with("/nonexistent/song.mid: cannot be read: "), "{error}");
    }
}
