//! Reads arbitrary bytes as a song: no panic, no endless loop, no more memory than the bytes warrant.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run song fuzz/corpus/song examples/songs -- -max_len=4096 -rss_limit_mb=512

#![no_main]

use libfuzzer_sys::fuzz_target;
use strikeline::song::{ChannelSelection, DrumMap, Lane, LaneLayout, MAX_SONG_TIME, Song, SongOptions};
use strikeline_picture::Time;

fuzz_target!(|bytes: &[u8]| {
    let options = SongOptions { channels: ChannelSelection::ALL, ..SongOptions::default() };
    match Song::read(bytes, &options) {
        Ok(song) => {
            assert!(song.notes().is_sorted_by_key(|note| (note.time, note.track, note.key)));
            // The shortest hit: a delta, a key and a velocity.
            assert!(song.notes().len() * 3 <= bytes.len());
            assert!(song.notes()[0].time >= Time::ZERO && song.last_note() <= MAX_SONG_TIME);
            let lanes = LaneLayout::for_song(&song, &DrumMap::default());
            let hits: u64 = lanes.kick_and_lanes().map(Lane::note_count).sum();
            assert_eq!(hits, song.notes().len() as u64);
            for warning in song.warnings() {
                assert!(!warning.to_string().is_empty());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
