//! Karaoke files (.kar), which have title and artist in text events.
//!
//! By the convention of the program Soft Karaoke, text events that begin with `@` tell about the song: `@K` the kind of file,
//! `@L` the language, `@T` first the title, then the artist or who made the file. The first track's name is another.

use crate::song::ticked::TickedSong;

/// Names the song as its karaoke lines do, if it has such lines.
pub(super) fn take_names(read: &mut TickedSong) {
    let is_karaoke = read.texts.iter().any(|text| text.starts_with("@K") || text.starts_with("@L"));
    if !is_karaoke {
        return;
    }
    let mut names = read.texts.iter().filter_map(|text| text.strip_prefix("@T")).map(str::trim);
    let mut name = || names.find(|name| !name.is_empty()).map(str::to_owned);
    let (title, artist) = (name(), name());
    if title.is_some() {
        (read.title, read.artist) = (title, artist);
    }
}
