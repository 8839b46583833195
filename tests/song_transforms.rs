//! Songs that are slowed down, sped up or repeated, and the messages that a synthesiser plays.

use proptest::prelude::*;
use strikeline::song::{
    Channel, ChannelMessage, ChannelSelection, DrumSelection, Note, Passage, PassageChoice, PassageError,
    Song, SongEvent, SongEvents, SongMessage, SongOptions, SongPart, Speed, SynthesizerKind, TrackIndex,
};
use strikeline_picture::Time;

// A writer of MIDI files that shares nothing with the reader.

/// An event's bytes, and the ticks since the one before.
type Event = (u32, Vec<u8>);

fn variable_length(mut value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7F) as u8];
    while value > 0x7F {
        value >>= 7;
        bytes.insert(0, (value & 0x7F) as u8 | 0x80);
    }
    bytes
}

/// A file of tracks at 480 ticks per quarter note (so a quarter note is half a second at first).
fn file(format: u16, tracks: &[Vec<Event>]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    for number in [format, tracks.len() as u16, 480] {
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

fn read(format: u16, tracks: &[Vec<Event>]) -> (Song, SongEvents) {
    let options =
        SongOptions { drums: DrumSelection::Channels(ChannelSelection::default()), ..SongOptions::default() };
    Song::read_with_events(&file(format, tracks), &options).unwrap()
}

fn marker(name: &str) -> Vec<u8> {
    [&[0xFF, 6, name.len() as u8], name.as_bytes()].concat()
}

fn sysex(data: &[u8]) -> Vec<u8> {
    let mut event = vec![0xF0];
    event.extend(variable_length(data.len() as u32 + 1));
    event.extend(data);
    event.push(0xF7);
    event
}

fn text() -> Vec<u8> {
    vec![0xFF, 1, 1, b'x']
}

fn seconds(seconds: f64) -> Time {
    Time::from_seconds(seconds)
}

fn passage(from: f64, to: f64) -> Passage {
    Passage::new(seconds(from), seconds(to)).unwrap()
}

/// Four bars of 4/4 at 120, with a hit on each beat, sections at bars 1, 2 and 4, and a bass that holds a note over each bar
/// line; the bass changes its program in bar 3. The last bar has a hit on its first beat only.
fn four_bars() -> Vec<Vec<Event>> {
    let hit = |delta: u32| (delta, vec![0x99, 36, 100]);
    let mut drums = vec![(0, marker("Intro")), hit(0)];
    for beat in 1..=12 {
        if beat == 4 {
            drums.extend([(480, marker("Verse")), hit(0)]);
        } else if beat == 12 {
            drums.extend([(480, marker("Chorus")), hit(0)]);
        } else {
            drums.push(hit(480));
        }
    }
    drums.push((480, text()));
    let bass = vec![
        (0, vec![0xC0, 32]),
        (0, vec![0xB0, 7, 90]),
        (960, vec![0x90, 40, 80]),
        (1920, vec![0x80, 40, 0]),
        (0, vec![0x90, 41, 80]),
        (960, vec![0xC0, 33]),
        (0, vec![0xE0, 0, 0x50]),
        (960, vec![0x90, 41, 0]),
    ];
    vec![drums, bass]
}

fn times(notes: &[Note]) -> Vec<f64> {
    notes.iter().map(|note| note.time.as_seconds()).collect()
}

fn notes_of(events: &[SongEvent]) -> Vec<(f64, u8, bool)> {
    events
        .iter()
        .filter_map(|event| match event.message {
            SongMessage::Channel(_, ChannelMessage::NoteOn { key, .. }) => {
                Some((event.time.as_seconds(), key, true))
            }
            SongMessage::Channel(_, ChannelMessage::NoteOff { key }) => {
                Some((event.time.as_seconds(), key, false))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn all_messages_of_all_tracks_are_given_in_the_order_of_the_file() {
    // Channel 10 is made melodic.
    let drums = DrumSelection::Channels(ChannelSelection::default());
    let options = SongOptions { drums, ..SongOptions::default() };
    let bytes = file(
        1,
        &[
            vec![
                (0, sysex(&[0x7E, 0x7F, 0x09, 0x01])),
                (0, sysex(&[0x41, 0x10, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, 0x41])),
                (0, sysex(&[0x43, 0x10, 0x4C, 0x00, 0x00, 0x7E, 0x00])),
                (0, sysex(&[0x41, 0x10, 0x42, 0x12, 0x40, 0x1A, 0x15, 0x02, 0x0F])),
                (0, sysex(&[0x41, 0x10, 0x42, 0x12, 0x40, 0x10, 0x15, 0x00, 0x1B])),
                (0, sysex(&[0x41, 0x10, 0x42, 0x12, 0x40, 0x19, 0x15, 0x01, 0x11])),
                (0, sysex(&[0x7F, 0x7F, 0x04, 0x01, 0x00, 0x40])),
                (0, sysex(&[1, 2, 3])),
                (480, vec![0x90, 60, 64]),
            ],
            vec![
                (0, vec![0xB2, 0, 8]),
                (0, vec![0xC2, 5]),
                (0, vec![0xA2, 60, 3]),
                (0, vec![0xD2, 4]),
                (0, vec![0xE2, 0, 0x40]),
                (480, vec![0x99, 38, 1]),
                (0, vec![0x99, 38, 0]),
            ],
        ],
    );
    let (_, events) = Song::read_with_events(&bytes, &options).unwrap();
    let channel = |number| Channel::from_number(number).unwrap();
    let of = |number, message| SongMessage::Channel(channel(number), message);
    let expected = [
        SongMessage::Reset(SynthesizerKind::GeneralMidi),
        SongMessage::Reset(SynthesizerKind::Gs),
        SongMessage::Reset(SynthesizerKind::Xg),
        SongMessage::DrumPart(channel(11), true),
        SongMessage::DrumPart(channel(10), false),
        SongMessage::DrumPart(channel(9), true),
        SongMessage::MasterVolume(0x2000),
        of(3, ChannelMessage::Controller { controller: 0, value: 8 }),
        of(3, ChannelMessage::Program(5)),
        of(3, ChannelMessage::KeyPressure { key: 60, pressure: 3 }),
        of(3, ChannelMessage::Pressure(4)),
        of(3, ChannelMessage::PitchBend(0)),
        of(1, ChannelMessage::NoteOn { key: 60, velocity: 64 }),
        of(10, ChannelMessage::NoteOn { key: 38, velocity: 1 }),
        of(10, ChannelMessage::NoteOff { key: 38 }),
    ];
    assert_eq!(events.events().iter().map(|event| event.message).collect::<Vec<_>>(), expected);
    let shown: Vec<bool> = events.events().iter().rev().take(3).map(|event| event.shown).collect();
    assert_eq!(shown, [true, true, false]);
    let notes = |part| events.part(part).filter(|event| event.is_note()).count();
    assert_eq!([SongPart::All, SongPart::Drums, SongPart::Accompaniment].map(notes), [3, 2, 1]);
    assert_eq!(events.part(SongPart::Drums).count(), 14);
    assert_eq!(events.last_note(SongPart::Drums), Some(seconds(0.5)));
    assert_eq!(events.end(), seconds(0.5));
    assert!(size_of::<SongEvent>() <= 24);
}

#[test]
fn sequences_of_format_2_follow_each_other_in_the_messages_as_in_the_notes() {
    let options = SongOptions { tracks: "1,3".parse().unwrap(), ..SongOptions::default() };
    let sequence = |program| vec![(0, vec![0xC0, program]), (480, vec![0x99, 36, 9]), (480, text())];
    let bytes = file(2, &[sequence(1), sequence(2), sequence(3)]);
    let (song, events) = Song::read_with_events(&bytes, &options).unwrap();
    assert_eq!(times(song.notes()), [0.5, 1.5]);
    let at: Vec<_> = events.events().iter().map(|event| event.time.as_seconds()).collect();
    assert_eq!(at, [0.0, 0.5, 1.0, 1.5]);
}

#[test]
fn sections_are_found_by_name_and_the_last_ends_with_its_bar() {
    let (song, _) = read(1, &four_bars());
    assert_eq!(song.section("Intro"), Ok(passage(0.0, 2.0)));
    assert_eq!(song.section(" verse "), Ok(passage(2.0, 6.0)));
    // The file ends in the middle of bar 4.
    assert_eq!(song.end(), seconds(6.5));
    assert_eq!(song.section("CHORUS"), Ok(passage(6.0, 8.0)));
    let error = song.section("Bridge").unwrap_err().to_string();
    assert_eq!(error, "the song has no section \"Bridge\"; its sections are Intro, Verse, Chorus");
    let of = |text: &str| text.parse::<PassageChoice>().unwrap().of(&song);
    assert_eq!(of("section:verse"), Ok(passage(2.0, 6.0)));
    assert_eq!(of("bar:2..bar:3"), Ok(passage(2.0, 4.0)));
    assert_eq!(of("1.5s..bar:5"), Ok(passage(1.5, 8.0)));
    assert_eq!(of("bar:2..bar:6").unwrap_err().to_string(), "the song has no bar 6; its bars are 1 to 5");
    assert!(matches!(of("bar:3..bar:2"), Err(PassageError::Empty { .. })));
    assert!(matches!(of("1s..8.1s"), Err(PassageError::OutsideSong { .. })));
    assert!(matches!(of("7s..8s"), Err(PassageError::OutsideSong { .. })));
}

#[test]
fn a_repeated_section_keeps_its_bars_and_its_count_in() {
    let (song, _) = read(1, &four_bars());
    let song = song.looped(song.section("Chorus").unwrap(), 3).unwrap();
    assert_eq!(times(song.notes()), [0.0, 2.0, 4.0]);
    assert_eq!(song.end(), seconds(6.0));
    let beats: Vec<_> =
        song.beats().iter().map(|beat| (beat.time.as_seconds(), beat.bar, beat.beat)).collect();
    let pass = |start: f64| [1, 2, 3, 4].map(|beat: u8| (start + f64::from(beat - 1) / 2.0, 4, beat));
    assert_eq!(beats, [pass(0.0).as_slice(), &pass(2.0), &pass(4.0), &[(6.0, 5, 1)]].concat());
    let counted: Vec<_> = song.count_in().iter().map(|beat| (beat.time.as_seconds(), beat.number)).collect();
    assert_eq!(counted, [(-2.0, 1), (-1.5, 2), (-1.0, 3), (-0.5, 4)]);
    let markers: Vec<_> =
        song.markers().iter().map(|marker| (marker.time.as_seconds(), &*marker.text)).collect();
    assert_eq!(markers, [(0.0, "Chorus"), (2.0, "Chorus"), (4.0, "Chorus")]);
    assert_eq!(song.tempo_changes().len(), 1);
    assert_eq!(song.timeline().source_at(seconds(4.25)), Some(seconds(6.25)));
    assert_eq!(song.timeline().source_at(seconds(-1.0)), None);
}

#[test]
fn a_loop_begins_with_the_section_and_tempo_that_hold_and_returns_to_them() {
    let mut tracks = four_bars();
    // 240 in bar 3.
    tracks.push(vec![(3840, vec![0xFF, 0x51, 3, 0x03, 0xD0, 0x90])]);
    let (song, _) = read(1, &tracks);
    let song = song.looped(passage(3.0, 5.0), 2).unwrap();
    let tempos: Vec<_> = song
        .tempo_changes()
        .iter()
        .map(|change| (change.time.as_seconds(), change.micros_per_quarter))
        .collect();
    assert_eq!(tempos, [(0.0, 500_000), (1.0, 250_000), (2.0, 500_000), (3.0, 250_000)]);
    let markers: Vec<_> =
        song.markers().iter().map(|marker| (marker.time.as_seconds(), &*marker.text)).collect();
    assert_eq!(markers, [(0.0, "Verse"), (2.0, "Verse")]);
    assert_eq!(times(song.notes()), [0.0, 0.5, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.25, 3.5, 3.75]);
}

#[test]
fn notes_and_settings_start_afresh_at_each_seam() {
    let (_, events) = read(1, &four_bars());
    let looped = events.looped(passage(2.0, 6.0), 2).unwrap();
    let bass: Vec<SongEvent> = looped.events().iter().filter(|event| !event.shown).copied().collect();
    let one = Channel::from_index(0);
    let messages: Vec<_> = bass.iter().map(|event| (event.time.as_seconds(), event.message)).collect();
    let of = |message| SongMessage::Channel(one, message);
    let set = |controller, value| of(ChannelMessage::Controller { controller, value });
    let on = of(ChannelMessage::NoteOn { key: 41, velocity: 80 });
    let off = of(ChannelMessage::NoteOff { key: 41 });
    let program = |program| of(ChannelMessage::Program(program));
    let bend = |bend| of(ChannelMessage::PitchBend(bend));
    assert_eq!(
        messages,
        [
            // What bar 1 has set up.
            (0.0, set(0, 0)),
            (0.0, set(32, 0)),
            (0.0, program(32)),
            (0.0, set(7, 90)),
            // The note that began before ends unheard at 3 s in the song.
            (1.0, on),
            (2.0, program(33)),
            (2.0, bend(2048)),
            (3.0, off),
            (4.0, set(0, 0)),
            (4.0, set(32, 0)),
            (4.0, program(32)),
            (4.0, bend(0)),
            (5.0, on),
            (6.0, program(33)),
            (6.0, bend(2048)),
            (7.0, off),
        ]
    );
    // A loop that cuts the note ends it at the seam and at the end.
    let looped = events.looped(passage(3.0, 4.0), 2).unwrap();
    let notes: Vec<_> = notes_of(looped.events()).into_iter().filter(|(_, key, _)| *key == 41).collect();
    assert_eq!(notes, [(0.0, 41, true), (1.0, 41, false), (1.0, 41, true), (2.0, 41, false)]);
    // The hits have no ends of their own.
    let hits: Vec<_> = notes_of(looped.events()).into_iter().filter(|(_, key, _)| *key == 36).collect();
    let pass = |start: f64| [(start, 36, true), (start + 0.5, 36, true), (start + 1.0, 36, false)];
    assert_eq!(hits, [pass(0.0), pass(1.0)].concat());
}

#[test]
fn what_would_be_too_long_is_refused() {
    let (song, events) = read(1, &four_bars());
    for times in [0, 100_000] {
        assert!(matches!(song.looped(passage(0.0, 2.0), times), Err(PassageError::TooLong { .. })));
        assert!(matches!(events.looped(passage(0.0, 2.0), times), Err(PassageError::TooLong { .. })));
    }
    assert!(matches!(song.looped(passage(-1.0, 2.0), 1), Err(PassageError::OutsideSong { .. })));
}

#[test]
fn half_the_speed_takes_twice_the_time() {
    let (song, events) = read(1, &four_bars());
    let slow = Speed::new(1, 2).unwrap();
    let (slow_song, slow_events) = (song.at_speed(slow), events.at_speed(slow));
    assert_eq!(slow_song.end(), seconds(13.0));
    assert_eq!(
        times(slow_song.notes()),
        times(song.notes()).iter().map(|time| time * 2.0).collect::<Vec<_>>()
    );
    assert_eq!(slow_song.tempo_changes()[0].micros_per_quarter, 1_000_000);
    assert_eq!(slow_song.count_in()[0].time, seconds(-4.0));
    assert_eq!(slow_song.beats()[4].time, seconds(4.0));
    assert_eq!(slow_song.beats()[4].bar, 2);
    assert_eq!(slow_song.section("Verse"), Ok(passage(4.0, 12.0)));
    assert_eq!(slow_song.timeline().source_at(seconds(4.0)), Some(seconds(2.0)));
    assert_eq!(slow_song.timeline().source_at(seconds(-4.0)), Some(seconds(-2.0)));
    assert_eq!(slow_events.events().last().map(|event| event.time), Some(seconds(12.0)));
    // The other way round, it is the song again.
    let again = slow_song.at_speed(Speed::new(2, 1).unwrap());
    assert_eq!(again.notes(), song.notes());
    assert_eq!(again.beats(), song.beats());
    assert_eq!(again.timeline(), song.timeline());
}

/// Songs of up to three tracks, with hits, notes, markers, tempo and metre changes.
fn any_tracks() -> impl Strategy<Value = Vec<Vec<Event>>> {
    let event = prop_oneof![
        4 => (35_u8..50, 1_u8..128).prop_map(|(key, velocity)| vec![0x99, key, velocity]),
        2 => (35_u8..50).prop_map(|key| vec![0x89, key, 0]),
        2 => (40_u8..45, 0_u8..128).prop_map(|(key, velocity)| vec![0x90, key, velocity]),
        1 => (0_u8..128).prop_map(|program| vec![0xC0, program]),
        1 => (0_u8..120, 0_u8..128).prop_map(|(controller, value)| vec![0xB0, controller, value]),
        1 => "[A-D]".prop_map(|name| marker(&name)),
        1 => (150_000_u32..900_000).prop_map(|micros| [&[0xFF, 0x51, 3], &micros.to_be_bytes()[1..]].concat()),
        1 => (2_u8..8, 2_u8..4).prop_map(|(numerator, power)| vec![0xFF, 0x58, 4, numerator, power, 24, 8]),
    ];
    let track = proptest::collection::vec((0_u32..1_000, event), 1..40);
    proptest::collection::vec(track, 1..4).prop_map(|mut tracks| {
        tracks[0].insert(0, (100, vec![0x99, 36, 100]));
        tracks
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_normal_speed_and_one_pass_through_everything_change_nothing(tracks in any_tracks()) {
        let (song, events) = read(1, &tracks);
        prop_assert_eq!(&song.at_speed(Speed::NORMAL), &song);
        prop_assert_eq!(&events.at_speed(Speed::NORMAL), &events);

        let whole = Passage::new(Time::ZERO, song.end()).unwrap();
        let looped = song.looped(whole, 1).unwrap();
        prop_assert_eq!(looped.notes(), song.notes());
        prop_assert_eq!(looped.beats(), song.beats());
        prop_assert_eq!(looped.count_in(), song.count_in());
        prop_assert_eq!(looped.markers(), song.markers());
        prop_assert_eq!(looped.tempo_changes(), song.tempo_changes());
        prop_assert_eq!(looped.meter_changes(), song.meter_changes());
        prop_assert_eq!(looped.end(), song.end());
        prop_assert_eq!(
            notes_of(events.looped(whole, 1).unwrap().events()).iter().filter(|note| note.2).count(),
            notes_of(events.events()).iter().filter(|note| note.2).count()
        );
        for time in [0.0, 0.25, 1.0] {
            prop_assert_eq!(looped.timeline().source_at(seconds(time)).is_some(), seconds(time) < song.end());
        }
    }

    #[test]
    fn no_note_is_lost_or_doubled(
        tracks in any_tracks(),
        cut in 0.1_f64..0.9,
        repeats in 1_u32..4,
        speed in 500_u32..=2_000,
    ) {
        let (song, events) = read(1, &tracks);
        let end = song.end().as_nanos();
        let middle = Time::from_nanos((end as f64 * cut) as i64).max(Time::from_nanos(1));
        let first = Passage::new(Time::ZERO, middle).unwrap();
        let second = Passage::new(middle, song.end()).unwrap();
        let looped = [first, second].map(|passage| song.looped(passage, repeats).unwrap());
        prop_assert_eq!(
            looped.iter().map(|song| song.notes().len()).sum::<usize>(),
            song.notes().len() * repeats as usize
        );
        prop_assert_eq!(looped[0].end() + looped[1].end(), Time::from_nanos(end * i64::from(repeats)));
        for (passage, song_loop) in [first, second].iter().zip(&looped) {
            // Each note maps back to a note of the song, and the beats go on.
            for note in song_loop.notes() {
                let source = song_loop.timeline().source_at(note.time).unwrap_or(passage.to());
                let is_of_song = song.notes().iter().any(|other| {
                    (other.key, other.velocity, other.channel) == (note.key, note.velocity, note.channel)
                        && (other.time == source || other.time == passage.to())
                });
                prop_assert!(is_of_song);
                prop_assert!(note.time + note.duration <= song_loop.end());
            }
            let beats = song_loop.beats();
            prop_assert!(beats.is_sorted_by(|a, b| (b.time - a.time).as_nanos() >= 50_000_000));
            // But for songs whose last bar line is left out, because it is too close to another beat.
            if song.beats().last().is_some_and(|beat| beat.is_bar() && beat.time >= song.end()) {
                prop_assert!(beats.last().is_some_and(|beat| beat.is_bar() && beat.time >= song_loop.end()));
            }
            // Picture and sound agree.
            let heard = events.looped(*passage, repeats).unwrap();
            let shown: Vec<_> = heard.events().iter().filter_map(|event| match event.message {
                SongMessage::Channel(_, ChannelMessage::NoteOn { key, velocity }) if event.shown => {
                    Some((event.time, event.track, key, velocity))
                }
                _ => None,
            }).collect();
            let mut shown_in_order = shown.clone();
            shown_in_order.sort_by_key(|(time, track, key, _)| (*time, *track, *key));
            let drawn: Vec<_> =
                song_loop.notes().iter().map(|note| (note.time, note.track, note.key, note.velocity)).collect();
            prop_assert_eq!(shown_in_order, drawn);
            prop_assert!(heard.events().is_sorted_by_key(|event| event.time));
        }
        let speed = Speed::new(speed, 1_000).unwrap();
        let slow = song.at_speed(speed);
        prop_assert_eq!(slow.notes().len(), song.notes().len());
        prop_assert_eq!(slow.end(), speed.played(song.end()));
        prop_assert!(slow.notes().is_sorted_by_key(|note| note.time));
        prop_assert!(slow.beats().is_sorted_by_key(|beat| beat.time));
    }
}

#[test]
fn a_song_of_notes_alone_can_be_changed_too() {
    let note = |time: f64| Note {
        time: seconds(time),
        duration: Time::ZERO,
        track: TrackIndex::from_index(0),
        channel: Channel::DRUMS,
        key: 36,
        velocity: 100,
        technique: Default::default(),
    };
    let song = Song::from_notes(vec![note(0.0), note(1.0), note(2.0)]);
    let looped = song.looped(passage(0.0, 2.0), 2).unwrap().at_speed(Speed::new(1, 2).unwrap());
    // The note at the very end belongs to the passage, as it does to the song.
    assert_eq!(times(looped.notes()), [0.0, 2.0, 4.0, 4.0, 6.0, 8.0]);
}
