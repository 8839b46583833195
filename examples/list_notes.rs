//! Lists the notes of songs: one line for each path that stands on standard input.
//!
//!     ls *.mid | cargo run --example list_notes
//!
//! A line has the notes of all channels, separated by blanks: track, channel, time in microseconds, key and velocity,
//! joined by colons; or `error: ` and what is wrong with the file.

#![allow(clippy::disallowed_methods, reason = "an example prints")]

use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;

use strikeline::song::{ChannelSelection, DrumSelection, Song, SongOptions};

fn main() -> io::Result<()> {
    let options =
        SongOptions { drums: DrumSelection::Channels(ChannelSelection::ALL), ..SongOptions::default() };
    let mut out = BufWriter::new(io::stdout().lock());
    for path in io::stdin().lock().lines() {
        match Song::open(Path::new(&path?), &options) {
            Ok(song) => {
                for (place, note) in song.notes().iter().enumerate() {
                    let micros = note.time.as_nanos() / 1000;
                    let separator = if place == 0 { "" } else { " " };
                    let (track, channel) = (note.track.number(), note.channel.number());
                    write!(out, "{separator}{track}:{channel}:{micros}:{}:{}", note.key, note.velocity)?;
                }
                writeln!(out)?;
            }
            Err(error) => writeln!(out, "error: {error}")?,
        }
        out.flush()?;
    }
    Ok(())
}
