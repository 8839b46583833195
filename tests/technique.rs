//! How drums are struck: the pedal of an electronic hi-hat, cymbals that are grasped, flams and drags.

use proptest::prelude::*;
use strikeline::song::{DrumMap, HiHatState, Note, Openness, Song, SongOptions, Stroke};

/// A file of format 0 with 500 ticks in a second. Each event stands some ticks after the one before.
fn song(events: &[(u32, &[u8])]) -> Song {
    let mut track = Vec::new();
    for (delta, event) in events {
        if *delta >= 128 {
            track.push(0x80 | (delta >> 7) as u8);
        }
        track.push((delta & 0x7F) as u8);
        track.extend(*event);
    }
    track.extend([0, 0xFF, 0x2F, 0]);
    // 250 ticks in a quarter note of half a second.
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\xFAMTrk".to_vec();
    bytes.extend((track.len() as u32).to_be_bytes());
    bytes.extend(track);
    Song::read(&bytes, &SongOptions::default()).unwrap()
}

fn openness(song: &Song) -> Vec<Option<u8>> {
    song.notes().iter().map(|note| note.technique.openness.get()).collect()
}

/// Time and duration of the notes, and whether they are choked, in milliseconds.
fn chokes(song: &Song) -> Vec<(i64, i64, bool)> {
    let millis = |time: strikeline_picture::Time| time.as_nanos() / 1_000_000;
    let choke = |note: &Note| (millis(note.time), millis(note.duration), note.technique.is_choked);
    song.notes().iter().map(choke).collect()
}

fn strokes(hits: &[(u32, u8, u8)]) -> Vec<Stroke> {
    let mut events: Vec<(u32, [u8; 3])> = Vec::new();
    let mut before = 0;
    for (millis, key, velocity) in hits {
        events.push((millis / 2 - before, [0x99, *key, *velocity]));
        before = millis / 2;
    }
    let events: Vec<(u32, &[u8])> = events.iter().map(|(delta, event)| (*delta, &event[..])).collect();
    song(&events).notes().iter().map(|note| note.technique.stroke).collect()
}

#[test]
fn a_recording_of_a_module_tells_the_pedal_and_the_choke() {
    let bytes = include_bytes!("songs/roland_td_hihat_edge_22_24_26_choke.mid");
    let song = Song::read(bytes, &SongOptions::default()).unwrap();
    let keys: Vec<u8> = song.notes().iter().map(|note| note.key).collect();
    assert_eq!(keys, [22, 26, 24, 40, 58, 59, 55, 52, 50, 48, 39, 45]);
    // Controller 4 is 90 at first, then 0.
    assert_eq!(openness(&song)[..3], [Some(37), Some(127), Some(127)]);
    // The crash's edge, 125 ms after it is struck.
    let choked: Vec<_> = chokes(&song).into_iter().filter(|(_, _, is_choked)| *is_choked).collect();
    assert_eq!(choked, [(1_500, 125, true)]);
}

#[test]
fn openness_is_unknown_without_a_pedal_that_moves() {
    let pedal = |value| [0xB9, 4, value];
    let hit = [0x99, 42, 100];
    assert_eq!(openness(&song(&[(0, &hit)])), [None]);
    assert_eq!(openness(&song(&[(0, &pedal(0)), (0, &hit), (9, &pedal(0)), (0, &hit)])), [None, None]);
    let moved = song(&[(0, &hit), (9, &pedal(127)), (0, &hit), (9, &pedal(27)), (0, &hit)]);
    assert_eq!(openness(&moved), [None, Some(0), Some(100)]);
    // The pedal of another channel is another hi-hat's.
    assert_eq!(openness(&song(&[(0, &[0xB8, 4, 1]), (0, &[0xB8, 4, 9]), (0, &hit)])), [None]);
}

#[test]
fn a_pedal_that_counts_the_other_way_round_is_told_by_the_keys() {
    let events = |closed: u8, open: u8, times| -> Vec<(u32, Vec<u8>)> {
        let bar = [
            (9, vec![0xB9, 4, closed]),
            (9, vec![0x99, 42, 100]),
            (9, vec![0xB9, 4, open]),
            (9, vec![0x99, 46, 100]),
        ];
        std::iter::repeat_n(bar, times).flatten().collect()
    };
    let openness_of = |events: &[(u32, Vec<u8>)]| {
        let events: Vec<(u32, &[u8])> = events.iter().map(|(delta, event)| (*delta, &event[..])).collect();
        openness(&song(&events))
    };
    let usual = [Some(7), Some(127)];
    assert_eq!(openness_of(&events(120, 0, 6)), usual.repeat(6));
    assert_eq!(openness_of(&events(7, 127, 6)), usual.repeat(6));
    // Too few to be sure, and as many that say the contrary.
    assert_eq!(openness_of(&events(7, 127, 3)), [Some(120), Some(0)].repeat(3));
    let both = [events(7, 127, 6), events(120, 0, 6)].concat();
    assert_eq!(openness_of(&both)[..2], [Some(120), Some(0)]);
}

#[test]
fn a_hi_hat_is_closed_half_open_or_open() {
    let map = DrumMap::general_midi();
    let state = |key, openness: Option<u8>| {
        let mut note = song(&[(0, &[0x99, key, 100])]).notes()[0];
        note.technique.openness = openness.map_or(Openness::UNKNOWN, Openness::new);
        HiHatState::of(&note, &map)
    };
    assert_eq!(state(42, None), Some(HiHatState::Closed));
    assert_eq!(state(46, None), Some(HiHatState::Open));
    for key in [42, 46] {
        assert_eq!(state(key, Some(0)), Some(HiHatState::Closed));
        assert_eq!(state(key, Some(42)), Some(HiHatState::Closed));
        assert_eq!(state(key, Some(43)), Some(HiHatState::Half));
        assert_eq!(state(key, Some(84)), Some(HiHatState::Half));
        assert_eq!(state(key, Some(85)), Some(HiHatState::Open));
        assert_eq!(state(key, Some(127)), Some(HiHatState::Open));
    }
    assert_eq!(state(44, Some(127)), Some(HiHatState::Closed));
    assert_eq!(state(38, Some(127)), None);
    assert_eq!(state(3, Some(127)), None);
}

#[test]
fn pressure_that_comes_at_once_chokes_the_last_note_of_its_key() {
    let hit: &[u8] = &[0x99, 49, 100];
    let off: &[u8] = &[0x89, 49, 64];
    let grasp: &[u8] = &[0xA9, 49, 127];
    let release: &[u8] = &[0xA9, 49, 0];
    // After the note-off that a module sends soon, and before it.
    assert_eq!(chokes(&song(&[(0, hit), (50, off), (100, grasp), (5, release)])), [(0, 300, true)]);
    assert_eq!(chokes(&song(&[(0, hit), (50, grasp), (5, release), (100, off)])), [(0, 100, true)]);
    // The last note only; a second grasp changes nothing.
    let twice = song(&[(0, hit), (100, hit), (50, grasp), (1, release), (50, grasp)]);
    assert_eq!(chokes(&twice), [(0, 200, false), (200, 100, true)]);
    // Pressure that grows is no choke, nor is one on another key or before the hit, or long after.
    assert_eq!(chokes(&song(&[(0, hit), (5, &[0xA9, 49, 30]), (5, grasp)])), [(0, 0, false)]);
    assert_eq!(chokes(&song(&[(0, hit), (5, &[0xA9, 49, 64])])), [(0, 0, false)]);
    assert_eq!(chokes(&song(&[(0, hit), (5, &[0xA9, 50, 127])])), [(0, 0, false)]);
    assert_eq!(chokes(&song(&[(0, grasp), (5, hit)])), [(10, 0, false)]);
    let long: Vec<(u32, &[u8])> = [(0, hit), (4_001, grasp)].to_vec();
    assert_eq!(chokes(&song(&long)), [(0, 0, false)]);
}

#[test]
fn flams_and_drags_are_told_by_soft_strokes_just_before() {
    use Stroke::{Drag, Flam, Single};
    assert_eq!(strokes(&[(0, 38, 50), (30, 38, 110)]), [Single, Flam]);
    assert_eq!(strokes(&[(0, 38, 40), (40, 38, 45), (80, 38, 110)]), [Single, Single, Drag]);
    // Two in a bar.
    assert_eq!(
        strokes(&[(0, 38, 50), (30, 38, 110), (500, 38, 50), (530, 38, 110)]),
        [Single, Flam, Single, Flam]
    );
    // Not soft, too far, too close, another drum.
    assert_eq!(strokes(&[(0, 38, 100), (30, 38, 110)]), [Single; 2]);
    assert_eq!(strokes(&[(0, 38, 50), (60, 38, 110)]), [Single; 2]);
    assert_eq!(strokes(&[(0, 38, 50), (2, 38, 110)]), [Single; 2]);
    assert_eq!(strokes(&[(0, 38, 50), (30, 40, 110)]), [Single; 2]);
    // Other strokes nearby: a roll.
    assert_eq!(strokes(&[(0, 38, 50), (30, 38, 110), (80, 38, 50)]), [Single; 3]);
    assert_eq!(strokes(&[(0, 38, 110), (50, 38, 50), (80, 38, 110)]), [Single; 3]);
}

proptest! {
    #[test]
    fn even_rolls_have_no_flams(
        gap in 4..60_u32,
        velocities in prop::collection::vec(1..128_u8, 4..40),
    ) {
        let hits: Vec<(u32, u8, u8)> =
            (0..).zip(&velocities).map(|(index, velocity)| (index * 2 * (gap / 2), 38, *velocity)).collect();
        prop_assert!(strokes(&hits).iter().all(|stroke| *stroke == Stroke::Single));
    }

    #[test]
    fn no_note_is_lost_and_only_strokes_are_set(
        hits in prop::collection::vec((0..120_u32, prop::sample::select(vec![36_u8, 38, 42]), 1..128_u8), 1..60),
    ) {
        let mut time = 0;
        let hits: Vec<(u32, u8, u8)> = hits
            .into_iter()
            .map(|(gap, key, velocity)| {
                time += gap / 2 * 2;
                (time, key, velocity)
            })
            .collect();
        let found = strokes(&hits);
        prop_assert_eq!(found.len(), hits.len());
        // The right value, from all hits of each key at once. Notes of one time are in the order of their keys.
        let mut sorted = hits.clone();
        sorted.sort_by_key(|(time, key, _)| (*time, *key));
        for key in [36, 38, 42] {
            let of_key: Vec<(usize, i64, u32)> = (0..)
                .zip(&sorted)
                .filter(|(_, hit)| hit.1 == key)
                .map(|(index, hit)| (index, i64::from(hit.0), u32::from(hit.2)))
                .collect();
            for (place, (index, time, velocity)) in of_key.iter().enumerate() {
                let before = |count: usize| place.checked_sub(count).map(|place| (of_key[place].1, of_key[place].2));
                let next = of_key.get(place + 1).map_or(i64::MAX, |hit| hit.1 - time);
                let leads = |grace: (i64, u32), later: i64| {
                    (4..=45).contains(&(later - grace.0)) && grace.1 * 4 <= velocity * 3
                };
                let free = |earliest: i64, other: Option<(i64, u32)>, gap: i64| {
                    next > 2 * gap && other.is_none_or(|other| earliest - other.0 > 2 * gap)
                };
                let expected = match (before(1), before(2)) {
                    (Some(first), Some(second)) if leads(first, *time) && leads(second, first.0) => {
                        let gap = (time - first.0).max(first.0 - second.0);
                        if free(second.0, before(3), gap) { Stroke::Drag } else { Stroke::Single }
                    }
                    (Some(first), second) if leads(first, *time) => {
                        if free(first.0, second, time - first.0) { Stroke::Flam } else { Stroke::Single }
                    }
                    _ => Stroke::Single,
                };
                prop_assert_eq!(found[*index], expected, "hit {} of key {}", place, key);
            }
        }
    }
}
