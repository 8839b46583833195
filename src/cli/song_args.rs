//! The options of every subcommand that reads a song.

use std::path::Path;

use strikeline::song::{ChannelSelection, DrumMap, LaneLayout, Song, SongOptions, TrackSelection};

/// Which of a file's notes are drums.
#[derive(Debug, Clone, clap::Args)]
pub struct SongArgs {
    /// Channels with drums: numbers from 1 to 16 joined by commas, or all.
    #[arg(long, value_name = "CHANNELS", default_value = "10")]
    pub channel: ChannelSelection,

    /// Tracks with drums: numbers from 1 joined by commas, or all.
    #[arg(long, value_name = "TRACKS", default_value = "all")]
    pub track: TrackSelection,
}

/// Reads `path`, and prints what was wrong with it on stderr unless `quiet`.
pub fn open(args: &SongArgs, path: &Path, quiet: bool) -> anyhow::Result<Song> {
    let options = SongOptions { channels: args.channel, tracks: args.track.clone() };
    let song = Song::open(path, &options)?;
    if !quiet {
        for warning in warnings(&song) {
            eprintln!("warning: {}: {warning}", path.display());
        }
    }
    Ok(song)
}

/// What was wrong with the file, and what no drum is known for.
pub fn warnings(song: &Song) -> Vec<String> {
    let mut warnings: Vec<String> = song.warnings().iter().map(ToString::to_string).collect();
    let layout = LaneLayout::for_song(song, &DrumMap::general_midi());
    let unmapped: Vec<String> =
        layout.unmapped().iter().map(|key| format!("{} ({} hits)", key.key, key.hits)).collect();
    if !unmapped.is_empty() {
        warnings.push(format!("no drum is known for key {}: shown in the lane Other", unmapped.join(", ")));
    }
    warnings
}
