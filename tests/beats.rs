//! Beats, bars and the count-in, against a slow reference and by name.

use proptest::prelude::*;
use strikeline::song::{Beat, ChannelSelection, DrumSelection, MAX_SONG_TIME, Song, SongOptions};
use strikeline_picture::Time;

// A writer of MIDI files that shares nothing with the reader.

/// An event's bytes, and the ticks since the one before.
type Event = (u32, Vec<u8>);

const TICKS: u16 = 480;

fn hit() -> Vec<u8> {
    vec![0x99, 36, 100]
}

fn tempo(micros_per_quarter: u32) -> Vec<u8> {
    [&[0xFF, 0x51, 3], &micros_per_quarter.to_be_bytes()[1..]].concat()
}

/// The denominator is `1 << power`.
fn metre(numerator: u8, power: u8) -> Vec<u8> {
    vec![0xFF, 0x58, 4, numerator, power, 24, 8]
}

fn text() -> Vec<u8> {
    vec![0xFF, 1, 1, b'x']
}

fn variable_length(mut value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7F) as u8];
    while value > 0x7F {
        value >>= 7;
        bytes.insert(0, (value & 0x7F) as u8 | 0x80);
    }
    bytes
}

/// A file of tracks, each of which ends at its last event.
fn file(format: u16, division: u16, tracks: &[Vec<Event>]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    for number in [format, tracks.len() as u16, division] {
        bytes.extend(number.to_be_bytes());
    }
    for track in tracks {
        let mut events = Vec::new();
        for (delta, event) in track.iter().chain([&(0, vec![0xFF, 0x2F, 0])]) {
            events.extend(variable_length(*delta));
            events.extend(event);
        }
        bytes.extend(b"MTrk");
        bytes.extend((events.len() as u32).to_be_bytes());
        bytes.extend(events);
    }
    bytes
}

fn read(format: u16, tracks: &[Vec<Event>]) -> Song {
    Song::read(&file(format, TICKS, tracks), &SongOptions::default()).unwrap()
}

fn song(track: Vec<Event>) -> Song {
    read(0, &[track])
}

/// Seconds, bar, beat.
fn listed(song: &Song) -> Vec<(f64, u32, u8)> {
    song.beats().iter().map(|beat| (beat.time.as_seconds(), beat.bar, beat.beat)).collect()
}

/// Seconds of the bar lines.
fn bars(song: &Song) -> Vec<f64> {
    song.beats().iter().filter(|beat| beat.is_bar()).map(|beat| beat.time.as_seconds()).collect()
}

/// Seconds and numbers.
fn counted(song: &Song) -> Vec<(f64, u8)> {
    song.count_in().iter().map(|beat| (beat.time.as_seconds(), beat.number)).collect()
}

// Beats by name.

#[test]
fn without_metre_and_tempo_there_are_four_beats_of_half_a_second_up_to_the_bar_line_after_the_end() {
    let beats = listed(&song(vec![(0, hit()), (1_921, text())]));
    let expected: Vec<_> = (0..=8_u32).map(|n| (f64::from(n) / 2.0, n / 4 + 1, (n % 4) as u8 + 1)).collect();
    assert_eq!(beats, expected);
}

#[test]
fn a_song_that_ends_on_a_bar_line_ends_with_that_bar_line() {
    assert_eq!(bars(&song(vec![(0, hit()), (3_840, text())])), [0.0, 2.0, 4.0]);
    assert_eq!(listed(&song(vec![(0, hit())])), [(0.0, 1, 1)]);
}

#[test]
fn a_tempo_in_the_middle_of_a_beat_moves_the_beats_after_it_exactly() {
    // Half of the second beat takes twice as long.
    let song = song(vec![(0, hit()), (720, tempo(1_000_000)), (480, tempo(333_333)), (720, text())]);
    let times: Vec<_> = song.beats().iter().map(|beat| beat.time.as_nanos()).collect();
    let after = 1_750_000_000 - 166_666_500_i64;
    assert_eq!(times, [0, 500_000_000, 1_250_000_000, after + 333_333_000, after + 666_666_000]);
}

#[test]
fn seven_eight_has_seven_beats_of_an_eighth() {
    let song = song(vec![(0, metre(7, 3)), (0, hit()), (1_680, text())]);
    assert_eq!(bars(&song), [0.0, 1.75]);
    let last = song.beats()[6];
    assert_eq!((last.time.as_seconds(), last.bar, last.beat), (1.5, 1, 7));
}

#[test]
fn compound_metres_have_dotted_beats_and_three_eight_has_not() {
    let six_eight = song(vec![(0, metre(6, 3)), (0, hit()), (1_440, text())]);
    assert_eq!(listed(&six_eight), [(0.0, 1, 1), (0.75, 1, 2), (1.5, 2, 1)]);
    let twelve_eight = song(vec![(0, metre(12, 3)), (0, hit()), (1, text())]);
    assert_eq!(twelve_eight.beats().len(), 5);
    let three_eight = song(vec![(0, metre(3, 3)), (0, hit()), (1, text())]);
    assert_eq!(listed(&three_eight), [(0.0, 1, 1), (0.25, 1, 2), (0.5, 1, 3), (0.75, 2, 1)]);
    let six_four = song(vec![(0, metre(6, 2)), (0, hit()), (1, text())]);
    assert_eq!(six_four.beats().len(), 7);
}

#[test]
fn a_metre_begins_a_bar_where_it_stands() {
    let song = song(vec![(0, hit()), (1_200, metre(3, 2)), (1_440, metre(4, 2)), (1, text())]);
    let expected = [
        (0.0, 1, 1),
        (0.5, 1, 2),
        (1.0, 1, 3),
        (1.25, 2, 1),
        (1.75, 2, 2),
        (2.25, 2, 3),
        (2.75, 3, 1),
        (3.25, 3, 2),
        (3.75, 3, 3),
        (4.25, 3, 4),
        (4.75, 4, 1),
    ];
    assert_eq!(listed(&song), expected);
}

#[test]
fn the_metre_is_taken_from_any_track_and_the_last_at_a_tick_counts() {
    let tracks = [vec![(0, metre(3, 2)), (0, hit()), (1, text())], vec![(0, metre(7, 2)), (0, metre(2, 2))]];
    assert_eq!(bars(&read(1, &tracks)), [0.0, 1.0]);
}

#[test]
fn sequences_of_format_2_begin_a_bar_each_with_the_default_metre_and_tempo() {
    let tracks = [
        vec![(0, metre(3, 2)), (0, tempo(1_000_000)), (0, hit()), (1_920, text())],
        vec![(0, hit()), (480, text())],
    ];
    let beats = listed(&read(2, &tracks));
    let first = [(0.0, 1, 1), (1.0, 1, 2), (2.0, 1, 3), (3.0, 2, 1)];
    let second = [(4.0, 3, 1), (4.5, 3, 2), (5.0, 3, 3), (5.5, 3, 4), (6.0, 4, 1)];
    assert_eq!(beats, [&first[..], &second].concat());
    let options = SongOptions { tracks: "2".parse().unwrap(), ..SongOptions::default() };
    let song = Song::read(&file(2, TICKS, &tracks), &options).unwrap();
    assert_eq!(bars(&song), [0.0, 2.0]);
}

#[test]
fn time_code_has_no_beats() {
    let bytes = file(0, u16::from_be_bytes([0xE7, 40]), &[vec![(0, metre(3, 2)), (0, hit()), (900, text())]]);
    let song = Song::read(&bytes, &SongOptions::default()).unwrap();
    assert_eq!((song.beats(), song.count_in()), (vec![], vec![]));
}

#[test]
fn a_song_made_of_notes_has_beats_up_to_its_end() {
    let notes = song(vec![(0, hit()), (2_000, hit())]).notes().to_vec();
    assert_eq!(bars(&Song::from_notes(notes)), [0.0, 2.0, 4.0]);
    assert_eq!(listed(&Song::from_notes(vec![])), [(0.0, 1, 1)]);
}

#[test]
fn beats_that_are_too_fast_give_way_to_bars_and_bars_that_are_too_fast_to_nothing() {
    // Beats of 40 ms; then of 20 ms, in bars of 80 ms; then as usual.
    let track = vec![
        (0, hit()),
        (0, tempo(40_000)),
        (3_840, tempo(20_000)),
        (3_840, tempo(500_000)),
        (1_920, text()),
    ];
    let beats = listed(&song(track));
    let expected =
        [(0.0, 1, 1), (0.16, 2, 1), (0.48, 5, 1), (0.98, 5, 2), (1.48, 5, 3), (1.98, 5, 4), (2.48, 6, 1)];
    assert_eq!(beats, expected);
}

#[test]
fn bars_go_on_as_counted_when_the_tempo_becomes_too_fast_in_the_middle_of_one() {
    let song = song(vec![(0, hit()), (480, tempo(40_000)), (3_840, text())]);
    let bar = |n: u32| 0.5 + 0.12 + 0.16 * f64::from(n);
    assert_eq!(bars(&song), [0.0, bar(0), bar(1), bar(2)].map(|time| Time::from_seconds(time).as_seconds()));
}

#[test]
fn beats_that_are_no_whole_ticks_are_at_the_nearest_tick_and_do_not_drift() {
    // Three ticks in a quarter, one and a half in a beat; a tempo, of the same speed, where the second beat is.
    let track = vec![(0, metre(3, 3)), (0, hit()), (2, tempo(500_000)), (40_000_000, text())];
    let song = Song::read(&file(0, 3, &[track]), &SongOptions::default()).unwrap();
    let ticks: Vec<_> =
        song.beats().iter().map(|beat| (beat.time.as_seconds() * 6.0).round() as u64).collect();
    assert_eq!(ticks[..6], [0, 2, 3, 5, 6, 8]);
    assert!(ticks.chunks_exact(2).zip(0..).all(|(pair, quarter)| pair == [quarter * 3, quarter * 3 + 2]));
}

#[test]
fn a_bar_line_displaces_a_beat_just_before_it() {
    let song = song(vec![(0, hit()), (490, metre(4, 2)), (1_920, text())]);
    assert_eq!(listed(&song)[..3], [(0.0, 1, 1), (490.0 / 960.0, 2, 1), (970.0 / 960.0, 2, 2)].map(nanos));
}

/// Seconds to the nanosecond.
fn nanos((seconds, bar, beat): (f64, u32, u8)) -> (f64, u32, u8) {
    (Time::from_seconds(seconds).as_seconds(), bar, beat)
}

#[test]
fn billions_of_beats_that_are_too_fast_cost_nothing() {
    let mut track = vec![(0, hit()), (0, tempo(1)), (0, metre(1, 15))];
    track.extend((0..16).map(|_| (0x0FFF_FFFF, text())));
    track.extend([(0, metre(4, 2)), (0, tempo(500_000)), (0, hit())]);
    let bytes = file(0, 1, &[track]);
    let song = Song::read(&bytes, &SongOptions::default()).unwrap();
    let second = 16.0 * f64::from(0x0FFF_FFFF) * 1e-6;
    assert_eq!(listed(&song), [nanos((second, u32::MAX, 1))]);
    assert_eq!(song.count_in(), []);
}

#[test]
fn beats_end_where_songs_must_end() {
    // As dense as can be, and years long.
    let mut track = vec![(0, hit()), (0, tempo(50_000)), (0, metre(1, 2))];
    track.extend((0..200).map(|_| (0x0FFF_FFFF, text())));
    let song = Song::read(&file(0, 1, &[track]), &SongOptions::default()).unwrap();
    let beats = song.beats();
    assert_eq!(song.end(), MAX_SONG_TIME);
    assert_eq!(beats.len(), 48 * 3600 * 20 + 1);
    assert_eq!(beats.last().unwrap().time, MAX_SONG_TIME);
}

// The count-in by name.

#[test]
fn a_first_hit_at_the_start_is_counted_in_before_it() {
    assert_eq!(counted(&song(vec![(0, hit())])), [(-2.0, 1), (-1.5, 2), (-1.0, 3), (-0.5, 4)]);
    let slow_waltz = song(vec![(0, tempo(1_000_000)), (0, metre(3, 2)), (0, hit()), (9_999, text())]);
    assert_eq!(counted(&slow_waltz), [(-3.0, 1), (-2.0, 2), (-1.0, 3)]);
    let six_eight = song(vec![(0, metre(6, 3)), (0, hit())]);
    assert_eq!(counted(&six_eight), [(-1.5, 1), (-0.75, 2)]);
}

#[test]
fn a_first_hit_later_in_the_song_is_counted_in_with_the_songs_own_beats() {
    let song = song(vec![(0, text()), (960, tempo(1_000_000)), (2_880, hit())]);
    assert_eq!(counted(&song), [(3.0, 1), (4.0, 2), (5.0, 3), (6.0, 4)]);
}

#[test]
fn a_pickup_is_counted_in_up_to_it() {
    assert_eq!(counted(&song(vec![(1_440, hit())])), [(-0.5, 4), (0.0, 1), (0.5, 2), (1.0, 3)]);
    let off_beat = song(vec![(1_680, hit())]);
    assert_eq!(counted(&off_beat), [(0.0, 1), (0.5, 2), (1.0, 3), (1.5, 4)]);
}

#[test]
fn a_pickup_that_is_written_as_a_short_bar_is_counted_in_with_the_metre_that_it_leads_to() {
    let song = |at| {
        let rest = 960 - at;
        song(vec![(0, metre(2, 2)), (at, hit()), (rest, metre(4, 2)), (1_920, text())])
    };
    assert_eq!(counted(&song(0)), [(-2.0, 3), (-1.5, 4), (-1.0, 1), (-0.5, 2)]);
    assert_eq!(counted(&song(480)), [(-1.5, 4), (-1.0, 1), (-0.5, 2), (0.0, 3)]);
    assert_eq!(counted(&song(960)), [(-1.0, 1), (-0.5, 2), (0.0, 3), (0.5, 4)]);
}

#[test]
fn a_hit_that_is_a_little_off_its_beat_is_counted_in_as_if_it_were_on_it() {
    for at in [1_910, 1_920, 1_930, 1_979] {
        let song = song(vec![(at, hit()), (9_999, text())]);
        assert_eq!(counted(&song), [(0.0, 1), (0.5, 2), (1.0, 3), (1.5, 4)], "{at}");
    }
    assert_eq!(counted(&song(vec![(1_980, hit()), (9_999, text())])).last(), Some(&(2.0, 1)));
}

#[test]
fn of_a_long_bar_the_last_four_beats_are_counted() {
    let eleven_eight = song(vec![(0, metre(11, 3)), (0, hit())]);
    assert_eq!(counted(&eleven_eight), [(-1.0, 8), (-0.75, 9), (-0.5, 10), (-0.25, 11)]);
    assert_eq!(song(vec![(0, metre(8, 3)), (0, hit())]).count_in().len(), 8);
}

#[test]
fn what_is_too_slow_or_too_fast_to_count_is_not_counted() {
    assert_eq!(counted(&song(vec![(0, tempo(4_000_001)), (0, hit())])), []);
    assert_eq!(counted(&song(vec![(0, tempo(49_999)), (0, hit())])), []);
    assert_eq!(counted(&song(vec![(0, tempo(4_000_000)), (0, hit())])).len(), 4);
    assert_eq!(Song::from_notes(vec![]).count_in(), []);
}

// The reference: one beat after the other.

/// Tempo and metre changes of a random song, by delta.
#[derive(Debug, Clone)]
enum Change {
    Tempo(u32),
    Metre(u8, u8),
    Nothing,
}

fn any_changes(tempos: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = Vec<(u32, Change)>> {
    let change = prop_oneof![
        tempos.prop_map(Change::Tempo),
        (1..14_u8, 0..5_u8).prop_map(|(numerator, power)| Change::Metre(numerator, power)),
        Just(Change::Nothing),
    ];
    proptest::collection::vec((0..3_000_u32, change), 0..12)
}

fn track(changes: &[(u32, Change)]) -> Vec<Event> {
    let event = |(delta, change): &(u32, Change)| match change {
        Change::Tempo(micros) => (*delta, tempo(*micros)),
        Change::Metre(numerator, power) => (*delta, metre(*numerator, *power)),
        Change::Nothing => (*delta, text()),
    };
    [(0, hit())].into_iter().chain(changes.iter().map(event)).collect()
}

/// Walks tick by tick; a tick has a beat when as many ticks have passed as a beat takes. `division` is such that
/// beats are whole ticks.
fn slow_beats(changes: &[(u32, Change)], division: u32) -> Vec<Beat> {
    let end: u32 = changes.iter().map(|(delta, _)| delta).sum();
    let (mut micros_per_quarter, mut numerator, mut beat_ticks) = (500_000, 4, division);
    let (mut elapsed, mut passed, mut bar, mut beat) = (0_u128, 0, 0, 0);
    let mut beats = Vec::new();
    let mut rest = changes;
    let mut next = changes.first().map_or(0, |(delta, _)| *delta);
    for tick in 0.. {
        let mut due = tick == 0;
        while let [(_, change), later @ ..] = rest
            && next == tick
        {
            match change {
                Change::Tempo(micros) => micros_per_quarter = *micros,
                Change::Metre(above, power) => {
                    let compound = *power == 3 && *above > 3 && *above % 3 == 0;
                    let values = if compound { 3 } else { 1 };
                    (numerator, beat_ticks, due) =
                        (*above / values as u8, (division * 4 * values) >> power, true);
                }
                Change::Nothing => {}
            }
            rest = later;
            next += later.first().map_or(0, |(delta, _)| *delta);
        }
        if due || passed == beat_ticks {
            passed = 0;
            beat = if due || beat == numerator { 1 } else { beat + 1 };
            bar += u32::from(beat == 1);
            let nanos = (elapsed * 1_000 + u128::from(division) / 2) / u128::from(division);
            beats.push(Beat { time: Time::from_nanos(nanos as i64), bar, beat });
            if tick >= end && beat == 1 {
                break;
            }
        }
        passed += 1;
        elapsed += u128::from(micros_per_quarter);
    }
    // Of two that are too close, the bar line, else the first.
    let mut kept: Vec<Beat> = Vec::new();
    for beat in beats {
        match kept.last() {
            Some(last) if (beat.time - last.time).as_nanos() < 50_000_000 => {
                if beat.is_bar() && !last.is_bar() {
                    kept.pop();
                    kept.push(beat);
                }
            }
            _ => kept.push(beat),
        }
    }
    kept
}

/// What holds of the beats of any song.
fn check_beats(song: &Song) {
    let beats = song.beats();
    assert!(beats.iter().all(|beat| (Time::ZERO..=MAX_SONG_TIME).contains(&beat.time)));
    assert!(beats.iter().all(|beat| beat.bar >= 1 && beat.beat >= 1));
    for pair in beats.windows(2) {
        assert!((pair[1].time - pair[0].time).as_nanos() >= 50_000_000, "{pair:?}");
        assert!((pair[0].bar, pair[0].beat) < (pair[1].bar, pair[1].beat) || pair[0].bar == u32::MAX);
    }
    let count = song.count_in();
    assert!(
        count.len() <= 8 && count.iter().all(|beat| beat.time < song.notes()[0].time && beat.number >= 1)
    );
    for pair in count.windows(2) {
        let gap = (pair[1].time - pair[0].time).as_nanos();
        assert!((50_000_000..=4_000_000_000).contains(&gap), "{pair:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn beats_are_those_of_the_slow_reference(
        // So slow that a sixteenth takes 50 ms.
        changes in any_changes(200_000..=0xFF_FFFF), division in 1..20_u16,
    ) {
        let division = division * 4;
        let song = Song::read(&file(0, division, &[track(&changes)]), &SongOptions::default())?;
        prop_assert_eq!(song.beats(), slow_beats(&changes, division.into()));
        check_beats(&song);
    }

    #[test]
    fn beats_of_any_song_are_in_order_and_not_too_close(
        tracks in proptest::collection::vec(any_changes(1..=0xFF_FFFF), 1..4), division in 1..0x8000_u16, format in 1..3_u16,
    ) {
        let tracks: Vec<_> = tracks.iter().map(|changes| track(changes)).collect();
        check_beats(&Song::read(&file(format, division, &tracks), &SongOptions::default())?);
    }

    #[test]
    fn beats_of_damaged_files_do_no_harm(
        tracks in proptest::collection::vec(any_changes(1..=0xFF_FFFF), 1..4), division in 1..0x8000_u16, format in 0..3_u16,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let tracks: Vec<_> = tracks.iter().map(|changes| track(changes)).collect();
        let mut bytes = file(format, division, &tracks);
        for (place, byte) in damage {
            let length = bytes.len();
            bytes[place.index(length)] = byte;
        }
        let options = SongOptions { drums: DrumSelection::Channels(ChannelSelection::ALL), ..SongOptions::default() };
        if let Ok(song) = Song::read(&bytes, &options) {
            check_beats(&song);
        }
    }
}
