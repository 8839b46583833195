//! Reads any bytes as a chart and checks what must hold of every song. The fuzz targets and `tests/chart_damage.rs` run it.

use strikeline::song::{
    Difficulty, DrumMap, Lane, LaneLayout, MAX_SONG_TIME, Passage, Song, SongOptions, Speed,
};
use strikeline_picture::Time;

/// The warnings that a song has at most, and the one that says how many more there were.
const MOST_WARNINGS: usize = 51;

/// Reads `bytes` as a song, with `ini` as its `song.ini`, and checks it. Returns whether it is a chart.
pub(crate) fn run(bytes: &[u8], ini: &[u8]) -> bool {
    let mut is_chart = false;
    for difficulty in [Difficulty::Expert, Difficulty::Easy] {
        let options = SongOptions { difficulty, ..SongOptions::default() };
        match Song::read_with_ini(bytes, ini, &options) {
            Ok(song) => {
                check(&song, bytes);
                is_chart |= song.chart().is_some();
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    // Messages for a synthesiser, and twice the same.
    if let Ok((song, events)) = Song::read_with_events(bytes, &SongOptions::default()) {
        assert!(events.events().is_sorted_by_key(|event| (event.time, event.track)));
        assert!(Song::read(bytes, &SongOptions::default()).is_ok_and(|other| other == song));
    }
    is_chart
}

fn check(song: &Song, bytes: &[u8]) {
    let notes = song.notes();
    assert!(!notes.is_empty());
    assert!(notes.is_sorted_by_key(|note| (note.time, note.track, note.key)));
    // The shortest note takes three bytes.
    assert!(notes.len() * 3 <= bytes.len());
    assert!(notes[0].time >= Time::ZERO && song.last_note() <= MAX_SONG_TIME);
    assert!(notes.iter().all(|note| note.duration >= Time::ZERO && (1..=127).contains(&note.velocity)));
    assert!(song.phrases().is_sorted_by_key(|phrase| phrase.start));
    assert!(song.phrases().iter().all(|phrase| phrase.start < phrase.end && phrase.end <= MAX_SONG_TIME));
    assert!(song.markers().is_sorted_by_key(|marker| marker.time));
    assert!(song.beats().is_sorted_by_key(|beat| beat.time));
    assert!(song.warnings().len() <= MOST_WARNINGS);
    song.warnings().iter().for_each(|warning| assert!(!warning.to_string().is_empty()));
    let lanes = LaneLayout::for_song(song, &DrumMap::default());
    let shown: u64 = lanes.kick_and_lanes().map(Lane::note_count).sum();
    assert_eq!(shown, notes.len() as u64);
    if let Some(chart) = song.chart() {
        let gems = chart.difficulties.iter().find(|(difficulty, _)| *difficulty == chart.difficulty);
        assert_eq!(gems.map(|(_, gems)| *gems), Some(notes.len() as u64));
    }
    let half = Passage::new(Time::ZERO, Time::from_nanos(song.end().as_nanos() / 2));
    if let Ok(looped) = half.and_then(|half| song.looped(half, 2)) {
        assert!(looped.notes().is_sorted_by_key(|note| (note.time, note.track, note.key)));
    }
    if let Ok(speed) = "0.5".parse::<Speed>() {
        assert_eq!(song.at_speed(speed).notes().len(), notes.len());
    }
}
