//! Reads arbitrary bytes as a song: no panic, no endless loop, no more memory than the bytes warrant.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run song fuzz/corpus/song examples/songs -- -max_len=4096 -rss_limit_mb=512

#![no_main]

use libfuzzer_sys::fuzz_target;
use strikeline::song::{
    ChannelSelection, DrumMap, DrumSelection, Lane, LaneLayout, MAX_SONG_TIME, PartInfo, Passage, Song,
    SongOptions,
};
use strikeline_picture::Time;

fuzz_target!(|bytes: &[u8]| {
    // By what the file declares: the parts have all notes, and those that are drums are the song's.
    let declared = SongOptions { may_lack_notes: true, ..SongOptions::default() };
    if let Ok((song, events)) = Song::read_with_events(bytes, &declared) {
        let count = |notes: fn(&PartInfo) -> u64| song.parts().iter().map(notes).sum::<u64>();
        assert_eq!(count(|part| part.hits), song.notes().len() as u64);
        assert_eq!(count(|part| part.notes), song.tracks().iter().map(|track| track.note_count()).sum());
        assert!(events.events().iter().filter(|event| event.shown).count() >= song.notes().len());
    }

    let options =
        SongOptions { drums: DrumSelection::Channels(ChannelSelection::ALL), ..SongOptions::default() };
    match Song::read_with_events(bytes, &options) {
        Ok((song, events)) => {
            assert!(events.events().is_sorted_by_key(|event| (event.time, event.track)));
            // The shortest event: a delta and a program.
            assert!(events.events().len() * 2 <= bytes.len());
            assert!(Song::read(bytes, &options).is_ok_and(|other| other == song));
            let half = Passage::new(Time::ZERO, Time::from_nanos(song.end().as_nanos() / 2));
            if let Ok(looped) = half.and_then(|half| song.looped(half, 2)) {
                assert!(looped.notes().is_sorted_by_key(|note| (note.time, note.track, note.key)));
                assert!(looped.beats().is_sorted_by_key(|beat| beat.time));
            }
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
