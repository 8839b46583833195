//! The options of every subcommand that reads a song.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use strikeline_picture::shown;

use super::headings;
use crate::cli::UsageError;
use crate::cli::files::STANDARD_INPUT;
use crate::cli::formats::is_standard_stream;
use crate::cli::given;
use crate::cli::messages::Messages;
use crate::cli::remedies;
use strikeline::song::{
    ChannelSelection, Difficulty, DrumSelection, MAX_FILE_BYTES, Song, SongError, SongEvents, SongOptions,
    SongWarning, TextEncoding, TrackSelection,
};

/// The song to read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SongArgs {
    /// MIDI file, or chart of a rhythm game; - for standard input
    ///
    /// The chart's folder, notes.mid, notes.chart, song.ini, or a .sng file.
    #[arg(value_name = "SONG", help_heading = "Arguments")]
    pub song: PathBuf,

    #[command(flatten)]
    selection: SongSelection,
}

/// Which of a file's notes are drums.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::INPUT)]
pub(crate) struct SongSelection {
    /// Channels with drums, whatever the file declares [default: the drum parts of the file]
    ///
    /// Numbers from 1 to 16 joined by commas, or all. The drum parts are channel 10 and those that the file declares as drums (GS, XG, General MIDI 2). If these have no
    /// notes, they are the tracks with names such as "Drums". `strikeline inspect` lists all parts.
    #[arg(long, value_name = "CHANNELS", hide_short_help = true)]
    channel: Option<ChannelSelection>,

    /// Tracks with drums: numbers from 1 joined by commas, or all
    ///
    /// Tempo, metre and markers come from all tracks. In a format 2 file the tracks are independent
    /// sequences: those chosen are played one after the other, each with its own tempo.
    #[arg(long, value_name = "TRACKS", hide_short_help = true, default_value = "all")]
    track: TrackSelection,

    /// Difficulty of a chart: expert, hard, medium or easy
    ///
    /// A MIDI file is a chart if it has a track with the name PART DRUMS, unless --channel or --track is given.
    #[arg(long, value_name = "DIFFICULTY", hide_short_help = true, default_value = "expert")]
    difficulty: Difficulty,

    /// Encoding of the file's texts, such as windows-1252, shift_jis or gbk [default: detected from all texts of the file]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    text_encoding: Option<TextEncoding>,

    /// End with an error (exit code 1) if notes of the file may be lost because it is damaged
    ///
    /// Without this option the program prints a warning, and uses what can be read. Notes on keys without a drum are not
    /// lost: they are shown in the lane "Other".
    #[arg(long, hide_short_help = true)]
    strict: bool,
}

impl SongArgs {
    /// The name of the song's file for messages.
    pub(crate) fn name(&self) -> &Path {
        named(&self.song)
    }

    /// Reads the song, and tells `messages` the warnings about it.
    ///
    /// # Errors
    /// As [`Song::open`]; and with `--strict` when notes may be lost. Each names the file.
    pub(crate) fn open(&self, messages: &mut Messages) -> anyhow::Result<Song> {
        self.selection.open(&self.song, messages)
    }

    /// As [`SongArgs::open`], and also returns the messages that a synthesiser needs.
    ///
    /// # Errors
    /// As [`SongArgs::open`].
    pub(crate) fn open_with_events(&self, messages: &mut Messages) -> anyhow::Result<(Song, SongEvents)> {
        self.selection.open_with_events(&self.song, messages)
    }

    /// Reads the song for a report on it. Songs without drums are accepted, and `--strict` is not applied: call
    /// [`SongArgs::check`] for that.
    ///
    /// # Errors
    /// As [`Song::open`], except for songs without notes.
    pub(crate) fn open_for_report(&self) -> anyhow::Result<Song> {
        let options = SongOptions { may_lack_notes: true, ..self.selection.options() };
        read_song(&self.song, &options)
    }

    /// Applies `--strict` to `song`.
    ///
    /// # Errors
    /// With `--strict` when notes of the song may be lost.
    pub(crate) fn check(&self, song: &Song) -> Result<(), NotesLost> {
        self.selection.strict(song, &self.song)
    }
}

impl SongSelection {
    /// Reads the song at `path`, and gives `messages` the warnings about it.
    ///
    /// # Errors
    /// As [`SongArgs::open`].
    pub(crate) fn open(&self, path: &Path, messages: &mut Messages) -> anyhow::Result<Song> {
        let song = read_song(path, &self.options())?;
        self.check(&song, path, messages)?;
        Ok(song)
    }

    /// As [`SongSelection::open`], and also returns the messages that a synthesiser needs.
    pub(crate) fn open_with_events(
        &self,
        path: &Path,
        messages: &mut Messages,
    ) -> anyhow::Result<(Song, SongEvents)> {
        let options = self.options();
        let (song, events) = match standard_input(path)? {
            Some(bytes) => Song::read_with_events(&bytes, &options).map_err(in_standard_input)?,
            None => Song::open_with_events(path, &options)?,
        };
        self.check(&song, path, messages)?;
        Ok((song, events))
    }

    fn options(&self) -> SongOptions {
        let drums = self.channel.map_or(DrumSelection::Declared, DrumSelection::Channels);
        SongOptions {
            drums,
            tracks: self.track.clone(),
            difficulty: self.difficulty,
            text_encoding: self.text_encoding,
            ..SongOptions::default()
        }
    }

    fn check(&self, song: &Song, path: &Path, messages: &mut Messages) -> Result<(), NotesLost> {
        // The error contains the warnings.
        self.strict(song, path)?;
        warnings(song).iter().for_each(|warning| messages.warn_about(named(path), warning));
        if song.chart().is_none() {
            let why = "it is for charts, and this song is none";
            given::without_effect(&["difficulty"], why)
                .iter()
                .for_each(|warning| messages.warn_about(named(path), warning));
        }
        Ok(())
    }

    fn strict(&self, song: &Song, path: &Path) -> Result<(), NotesLost> {
        let losses: Vec<String> =
            song.warnings().iter().filter(|warning| warning.loses_notes()).map(describe_warning).collect();
        if self.strict && !losses.is_empty() {
            return Err(NotesLost { path: named(path).to_owned(), losses });
        }
        Ok(())
    }
}

/// The song at `path`, or from standard input for `-`.
fn read_song(path: &Path, options: &SongOptions) -> anyhow::Result<Song> {
    match standard_input(path)? {
        Some(bytes) => Ok(Song::read(&bytes, options).map_err(in_standard_input)?),
        None => Ok(Song::open(path, options)?),
    }
}

/// All of standard input, if `path` stands for it.
fn standard_input(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    if !is_standard_stream(path) {
        return Ok(None);
    }
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        let text = "cannot read the song from standard input, which is a terminal: redirect a file or the output of a program \
                    to it, such as `strikeline render - < song.mid`, or give the name of a file (./- for one called -)";
        return Err(UsageError(text.to_owned()).into());
    }
    let mut bytes = Vec::new();
    let read = input.by_ref().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|reason| in_standard_input(SongError::Unreadable { reason }))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(in_standard_input(SongError::TooLarge { limit: MAX_FILE_BYTES }).into());
    }
    Ok(Some(bytes))
}

fn in_standard_input(problem: SongError) -> SongError {
    SongError::InFile { path: STANDARD_INPUT.into(), problem: Box::new(problem) }
}

/// The name of `path` for messages.
fn named(path: &Path) -> &Path {
    if is_standard_stream(path) { Path::new(STANDARD_INPUT) } else { path }
}

/// Notes of a song may be lost, and `--strict` was given.
#[derive(Debug, thiserror::Error)]
#[error("{}: notes may be lost:\n  {}", shown(path), losses.join("\n  "))]
pub(crate) struct NotesLost {
    path: PathBuf,
    losses: Vec<String>,
}

/// The text of a warning, with the option that helps, if there is one.
fn describe_warning(warning: &SongWarning) -> String {
    match warning {
        SongWarning::DrumsByName { .. } => format!("{warning}; --channel chooses others"),
        SongWarning::NoNotes(why) => match remedies::of_no_notes(why) {
            Some(remedy) => format!("{warning}; {remedy}"),
            None => warning.to_string(),
        },
        SongWarning::SequencesJoined { .. } => format!("{warning}; --track chooses some of them"),
        _ => warning.to_string(),
    }
}

/// The warnings about the file. Keys without a drum are not among them, because they depend on the drum map.
pub(crate) fn warnings(song: &Song) -> Vec<String> {
    song.warnings().iter().map(describe_warning).collect()
}
