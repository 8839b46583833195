//! The options of every subcommand that reads a song.

use std::path::{Path, PathBuf};

use strikeline::song::{
    ChannelSelection, Song, SongEvents, SongOptions, SongWarning, TextEncoding, TrackSelection,
};

/// The song to read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SongArgs {
    /// MIDI file.
    #[arg(value_name = "SONG")]
    pub song: PathBuf,

    #[command(flatten)]
    selection: SongSelection,
}

/// Which of a file's notes are drums.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SongSelection {
    /// Channels with drums: numbers from 1 to 16 joined by commas, or all.
    #[arg(long, value_name = "CHANNELS", default_value = "10")]
    channel: ChannelSelection,

    /// Tracks with drums: numbers from 1 joined by commas, or all.
    ///
    /// Tempo, metre and markers come from all tracks. In a format 2 file the tracks are independent
    /// sequences: those chosen are played one after the other, each with its own tempo.
    #[arg(long, value_name = "TRACKS", default_value = "all")]
    track: TrackSelection,

    /// Encoding of the file's texts, such as windows-1252, shift_jis or gbk [default: found in the texts].
    #[arg(long, value_name = "NAME")]
    text_encoding: Option<TextEncoding>,
}

impl SongArgs {
    /// Reads the song, and prints warnings about it on stderr unless `quiet`.
    ///
    /// # Errors
    /// As [`Song::open`]; each names the file.
    pub(crate) fn open(&self, quiet: bool) -> anyhow::Result<Song> {
        self.selection.open(&self.song, quiet)
    }

    /// The same, and the messages that a synthesiser needs of it.
    ///
    /// # Errors
    /// As [`SongArgs::open`].
    pub(crate) fn open_with_events(&self, quiet: bool) -> anyhow::Result<(Song, SongEvents)> {
        let (song, events) = Song::open_with_events(&self.song, &self.selection.options())?;
        self.selection.tell_warnings(&song, &self.song, quiet);
        Ok((song, events))
    }
}

impl SongSelection {
    /// The same for the file at `path`.
    pub(crate) fn open(&self, path: &Path, quiet: bool) -> anyhow::Result<Song> {
        let song = Song::open(path, &self.options())?;
        self.tell_warnings(&song, path, quiet);
        Ok(song)
    }

    fn options(&self) -> SongOptions {
        SongOptions { channels: self.channel, tracks: self.track.clone(), text_encoding: self.text_encoding }
    }

    fn tell_warnings(&self, song: &Song, path: &Path, quiet: bool) {
        if !quiet {
            for warning in warnings(song) {
                eprintln!("warning: {}: {warning}", path.display());
            }
        }
    }
}

/// The text of a warning, with the option that helps.
fn describe_warning(warning: &SongWarning) -> String {
    match warning {
        SongWarning::SequencesJoined { .. } => format!("{warning}; --track chooses some of them"),
        _ => warning.to_string(),
    }
}

/// What is wrong with the file. Keys without a drum are not among it: which these are depends on the drum map.
pub(crate) fn warnings(song: &Song) -> Vec<String> {
    song.warnings().iter().map(describe_warning).collect()
}
