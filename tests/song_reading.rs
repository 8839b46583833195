//! Reading songs: times against a slow reference, formats, and files that are damaged in every way.

use proptest::prelude::*;
use strikeline::song::{
    Channel, ChannelSelection, Division, DrumSelection, MAX_SONG_TIME, MarkerKind, Note, Song, SongError,
    SongOptions, SongWarning, TrackIndex, TrackSelection,
};
use strikeline_picture::Time;

// A writer of MIDI files that shares nothing with the reader.

/// Something in a track. Each stands some ticks after the one before.
#[derive(Debug, Clone)]
enum Event {
    /// Channel from 0, key, velocity (from 1).
    Hit(u8, u8, u8),
    /// A note-off with its own status byte.
    Off(u8, u8),
    /// A note-on without velocity, which is a note-off.
    SilentHit(u8, u8),
    Tempo(u32),
    /// Any other event, as its bytes.
    Raw(Vec<u8>),
}

type Track = Vec<(u32, Event)>;

fn variable_length(mut value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7F) as u8];
    while value > 0x7F {
        value >>= 7;
        bytes.insert(0, (value & 0x7F) as u8 | 0x80);
    }
    bytes
}

fn meta(kind: u8, payload: &[u8]) -> Event {
    Event::Raw([&[0xFF, kind], variable_length(payload.len() as u32).as_slice(), payload].concat())
}

fn chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    [name.as_slice(), &(payload.len() as u32).to_be_bytes(), payload].concat()
}

fn header(format: u16, tracks: u16, division: [u8; 2]) -> Vec<u8> {
    chunk(b"MThd", &[&format.to_be_bytes()[..], &tracks.to_be_bytes(), &division].concat())
}

/// A track's events without their chunk, ended after `last_delta` ticks.
fn track_bytes(track: &Track, running_status: bool, last_delta: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut status = None;
    for (delta, event) in track {
        bytes.extend(variable_length(*delta));
        let message = match *event {
            Event::Hit(channel, key, velocity) => [0x90 | channel, key, velocity],
            Event::SilentHit(channel, key) => [0x90 | channel, key, 0],
            Event::Off(channel, key) => [0x80 | channel, key, 64],
            Event::Tempo(micros) => {
                status = None;
                bytes.extend([0xFF, 0x51, 3]);
                bytes.extend(&micros.to_be_bytes()[1..]);
                continue;
            }
            Event::Raw(ref raw) => {
                status = None;
                bytes.extend(raw);
                continue;
            }
        };
        let spared = usize::from(running_status && status == Some(message[0]));
        bytes.extend(&message[spared..]);
        status = Some(message[0]);
    }
    bytes.extend(variable_length(last_delta));
    bytes.extend([0xFF, 0x2F, 0]);
    bytes
}

fn file(format: u16, division: [u8; 2], tracks: &[Track]) -> Vec<u8> {
    file_with(format, division, tracks, true)
}

fn file_with(format: u16, division: [u8; 2], tracks: &[Track], running_status: bool) -> Vec<u8> {
    let mut bytes = header(format, tracks.len() as u16, division);
    for track in tracks {
        bytes.extend(chunk(b"MTrk", &track_bytes(track, running_status, 0)));
    }
    bytes
}

fn quarter(ticks: u16) -> [u8; 2] {
    ticks.to_be_bytes()
}

/// The drum channel, from 0.
const DRUMS: u8 = 9;

fn hit(key: u8) -> Event {
    Event::Hit(DRUMS, key, 100)
}

fn read(bytes: &[u8]) -> Result<Song, SongError> {
    Song::read(bytes, &SongOptions::default())
}

fn all_channels() -> SongOptions {
    SongOptions { drums: DrumSelection::Channels(ChannelSelection::ALL), ..SongOptions::default() }
}

fn keys_and_seconds(song: &Song) -> Vec<(u8, f64)> {
    song.notes().iter().map(|note| (note.key, note.time.as_seconds())).collect()
}

// The reference: one tick after the other.

/// Microseconds from the start to `tick`, times the ticks in a quarter note. `tempos` has (tick, tempo), in the
/// order in which later ones win.
fn slow_clock(tempos: &[(u64, u32)], tick: u64) -> u128 {
    let tempo_at = |tick: u64| {
        let mut found = (0, 500_000);
        for (at, tempo) in tempos {
            if *at <= tick && *at >= found.0 {
                found = (*at, *tempo);
            }
        }
        u128::from(found.1)
    };
    (0..tick).map(tempo_at).sum()
}

/// Whether `time` is the nanosecond next to `numerator / denominator` microseconds.
fn is_nearest(time: Time, numerator: u128, denominator: u128) -> bool {
    let exact = numerator * 1_000;
    let given = time.as_nanos() as u128 * denominator;
    exact.abs_diff(given) * 2 <= denominator
}

/// The tick of each event.
fn ticks(track: &Track) -> impl Iterator<Item = (u64, &Event)> {
    track.iter().scan(0, |tick, (delta, event)| {
        *tick += u64::from(*delta);
        Some((*tick, event))
    })
}

fn tempos(track: &Track) -> Vec<(u64, u32)> {
    let tempo = |(tick, event): (u64, &Event)| match event {
        Event::Tempo(micros) => Some((tick, *micros)),
        _ => None,
    };
    ticks(track).filter_map(tempo).collect()
}

/// Tick, key, velocity, channel of each hit.
fn hits(track: &Track) -> Vec<(u64, u8, u8, u8)> {
    let hit = |(tick, event): (u64, &Event)| match event {
        Event::Hit(channel, key, velocity) => Some((tick, *key, *velocity, *channel)),
        _ => None,
    };
    ticks(track).filter_map(hit).collect()
}

// Random songs.

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..16_u8, 0..128_u8, 1..128_u8).prop_map(|(channel, key, velocity)| Event::Hit(channel, key, velocity)),
        2 => (0..16_u8, 0..128_u8).prop_map(|(channel, key)| Event::Off(channel, key)),
        2 => (0..16_u8, 0..128_u8).prop_map(|(channel, key)| Event::SilentHit(channel, key)),
        2 => (1..=0xFF_FFFF_u32).prop_map(Event::Tempo),
        1 => proptest::collection::vec(0..128_u8, 0..20).prop_map(|data| {
            Event::Raw([&[0xF0], variable_length(data.len() as u32 + 1).as_slice(), &data, &[0xF7]].concat())
        }),
        1 => (0x60..0x7E_u8, proptest::collection::vec(any::<u8>(), 0..200)).prop_map(|(kind, data)| meta(kind, &data)),
        1 => (0..128_u8, 0..128_u8).prop_map(|(number, value)| Event::Raw(vec![0xB9, number, value])),
    ]
}

fn any_track() -> impl Strategy<Value = Track> {
    proptest::collection::vec((0..40_u32, any_event()), 0..40)
}

fn any_tracks() -> impl Strategy<Value = Vec<Track>> {
    // A hit somewhere, so that it is a song.
    proptest::collection::vec(any_track(), 1..4).prop_map(|mut tracks| {
        tracks[0].push((1, hit(36)));
        tracks
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_hit_is_at_the_nanosecond_that_the_slow_reference_says(
        tracks in any_tracks(), division in 1..0x8000_u16, running_status: bool,
    ) {
        let format = u16::from(tracks.len() > 1);
        let song = Song::read(&file_with(format, quarter(division), &tracks, running_status), &all_channels())?;
        prop_assert_eq!(song.warnings(), &[]);
        let tempos: Vec<_> = tracks.iter().flat_map(tempos).collect();
        for (index, track) in (0..).zip(&tracks) {
            // Of one track, the hits of one key keep their order.
            for key in 0..128 {
                let read = song.notes().iter().filter(|note| note.key == key && note.track.index() == index);
                let written: Vec<_> = hits(track).into_iter().filter(|hit| hit.1 == key).collect();
                prop_assert_eq!(read.clone().count(), written.len());
                for (note, (tick, _, velocity, channel)) in read.zip(written) {
                    prop_assert_eq!((note.velocity, note.channel.index()), (velocity, channel));
                    let exact = slow_clock(&tempos, tick);
                    prop_assert!(is_nearest(note.time, exact, u128::from(division)), "{:?} at {tick}", note);
                }
            }
        }
        let order = |note: &Note| (note.time, note.track, note.key);
        prop_assert!(song.notes().is_sorted_by_key(order));
    }

    #[test]
    fn sequences_of_format_2_follow_one_another_each_with_its_own_tempo(
        tracks in any_tracks(), division in 1..0x8000_u16,
    ) {
        let song = Song::read(&file(2, quarter(division), &tracks), &all_channels())?;
        let mut start = Time::ZERO;
        for (index, track) in (0..).zip(&tracks) {
            let tempos = tempos(track);
            let mut read: Vec<_> = song.notes().iter().filter(|note| note.track.index() == index).collect();
            let mut written = hits(track);
            read.sort_by_key(|note| (note.time, note.key));
            written.sort_by_key(|hit| (hit.0, hit.1));
            prop_assert_eq!(read.len(), written.len());
            for (note, (tick, ..)) in read.iter().zip(written) {
                let exact = slow_clock(&tempos, tick);
                prop_assert!(is_nearest(note.time - start, exact, u128::from(division)));
            }
            let length = slow_clock(&tempos, ticks(track).last().map_or(0, |(tick, _)| tick));
            start = start + Time::from_nanos((length as f64 * 1e3 / f64::from(division)).round() as i64);
        }
        prop_assert!((song.end() - start).as_nanos().abs() <= tracks.len() as i64);
    }

    #[test]
    fn time_code_takes_no_notice_of_tempo(
        tracks in any_tracks(), rate in 0..4_usize, ticks_per_frame in 1..=255_u8,
    ) {
        // Frames per second as the header has it, and exactly.
        let (code, frames, seconds) = [(24, 24, 1), (25, 25, 1), (29, 30_000, 1_001), (30, 30, 1)][rate];
        let song = Song::read(&file(1, [256_u16.wrapping_sub(code) as u8, ticks_per_frame], &tracks), &all_channels())?;
        prop_assert!(song.tempo_changes().is_empty());
        let mut written: Vec<_> = tracks.iter().flat_map(hits).map(|hit| hit.0).collect();
        written.sort_unstable();
        for (note, tick) in song.notes().iter().zip(written) {
            let micros = u128::from(tick) * seconds * 1_000_000;
            prop_assert!(is_nearest(note.time, micros, frames * u128::from(ticks_per_frame)));
        }
    }

    #[test]
    fn of_a_file_that_is_cut_all_that_precedes_the_cut_is_kept(track in any_track(), cut in any::<prop::sample::Index>()) {
        let mut track = track;
        track.insert(0, (0, hit(36)));
        let whole = file(0, quarter(96), &[track.clone()]);
        let cut = cut.index(whole.len());
        let first_event = 14 + 8;
        // What the track is, event by event, up to the cut.
        let kept = (0..=track.len())
            .rev()
            .find(|events| first_event + track_bytes(&track[..*events].to_vec(), true, 0).len() - 4 <= cut)
            .map_or(0, |events| hits(&track[..events].to_vec()).len());
        match Song::read(&whole[..cut], &all_channels()) {
            Ok(song) => {
                prop_assert_eq!(song.notes().len(), kept);
                prop_assert!(!song.warnings().is_empty());
                let whole = Song::read(&whole, &all_channels())?;
                let hit = |note: &Note| (note.time, note.key, note.velocity, note.channel);
                let earlier = |note: &&Note| note.time < song.last_note();
                let read = song.notes().iter().filter(earlier).map(hit);
                prop_assert!(read.eq(whole.notes().iter().filter(earlier).map(hit)));
            }
            Err(SongError::NoNotes(why)) => {
                prop_assert_eq!(kept, 0);
                prop_assert!(why.damage.is_some());
            }
            Err(_) => prop_assert!(cut < first_event && kept == 0),
        }
    }
}

/// A way to damage a file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Put(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        4 => (place(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        4 => (place(), prop_oneof![Just(0), Just(0x7F), Just(0x80), Just(0xFF), any::<u8>()])
            .prop_map(|(at, byte)| Damage::Put(at, byte)),
        1 => (place(), proptest::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, more)| Damage::Insert(at, more)),
        1 => (place(), 1..20_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => place().prop_map(Damage::Cut),
    ]
}

fn damage(bytes: &mut Vec<u8>, damage: &Damage) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    match damage {
        Damage::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Damage::Put(at, byte) => bytes[at.index(length)] = *byte,
        Damage::Insert(at, more) => {
            let at = at.index(length);
            bytes.splice(at..at, more.iter().copied());
        }
        Damage::Remove(at, count) => {
            let at = at.index(length);
            bytes.drain(at..length.min(at + count));
        }
        Damage::Cut(at) => bytes.truncate(at.index(length)),
    }
}

/// Whatever the file says, a song is in order and no longer than its bytes allow, and errors can be shown.
fn check_whatever_it_is(bytes: &[u8]) {
    let one_track = TrackSelection::Only(vec![TrackIndex::from_index(1)]);
    for options in
        [all_channels(), SongOptions::default(), SongOptions { tracks: one_track, ..all_channels() }]
    {
        match Song::read(bytes, &options) {
            Ok(song) => {
                assert!(song.notes().is_sorted_by_key(|note| (note.time, note.track, note.key)));
                assert!(!song.notes().is_empty() && song.notes().len() * 3 <= bytes.len());
                assert!(song.notes()[0].time >= Time::ZERO && song.last_note() <= MAX_SONG_TIME);
                assert!(song.notes().iter().all(|note| {
                    note.duration >= Time::ZERO && note.key < 128 && (1..128).contains(&note.velocity)
                }));
                assert!(song.warnings().len() <= 60);
                song.warnings().iter().for_each(|warning| assert!(!warning.to_string().is_empty()));
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_do_harm(
        tracks in any_tracks(), format in 0..3_u16, division in 1..0x8000_u16,
        damages in proptest::collection::vec(any_damage(), 1..6),
    ) {
        let mut bytes = file(format, quarter(division), &tracks);
        for one in &damages {
            damage(&mut bytes, one);
        }
        check_whatever_it_is(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_do_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..400), format in 0..4_u16, tracks: u16, division: [u8; 2],
    ) {
        check_whatever_it_is(&bytes);
        check_whatever_it_is(&[header(format, tracks, division), bytes.clone()].concat());
        check_whatever_it_is(&[header(format, tracks, division), chunk(b"MTrk", &bytes)].concat());
        check_whatever_it_is(&[b"RIFF\xFF\xFF\xFF\xFFRMIDdata".as_slice(), &bytes].concat());
    }
}

// Behaviour by name.

#[test]
fn a_note_ends_at_its_note_off_at_a_silent_hit_or_at_the_next_hit_of_its_key() {
    let track = vec![
        (0, hit(36)),
        (96, Event::Off(DRUMS, 36)),
        (96, hit(36)),
        (48, Event::SilentHit(DRUMS, 36)),
        (48, hit(36)),
        (24, hit(36)),
        (0, Event::Off(DRUMS, 36)),
        (0, hit(38)),
    ];
    let song = read(&file(0, quarter(96), &[track])).unwrap();
    let durations: Vec<_> = song.notes().iter().map(|note| (note.key, note.duration.as_seconds())).collect();
    assert_eq!(durations, [(36, 0.5), (36, 0.25), (36, 0.125), (36, 0.0), (38, 0.0)]);
}

#[test]
fn tempo_in_the_last_track_holds_for_all_tracks() {
    let tracks = [vec![(96, hit(36)), (96, hit(38))], vec![(96, Event::Tempo(1_000_000))]];
    let song = read(&file(1, quarter(96), &tracks)).unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.5), (38, 1.5)]);
    let changes: Vec<_> = song
        .tempo_changes()
        .iter()
        .map(|change| (change.time.as_seconds(), change.quarters_per_minute()))
        .collect();
    assert_eq!(changes, [(0.0, 120.0), (0.5, 60.0)]);
}

#[test]
fn sysex_escapes_and_unknown_events_are_passed_over() {
    let track = vec![
        (0, Event::Raw(vec![0xF0, 5, 0x7E, 0x7F, 0x09, 0x01, 0xF7])),
        (0, Event::Raw(vec![0xF7, 2, 0xF3, 0x01])),
        (0, meta(0x4B, b"whatever")),
        (0, meta(0x7F, &[0; 300])),
        (0, Event::Raw(vec![0xC9, 0])),
        (0, Event::Raw(vec![0xE9, 0, 64])),
        (96, hit(36)),
    ];
    let song = read(&file(0, quarter(96), &[track])).unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.5)]);
    assert_eq!(song.warnings(), []);
}

#[test]
fn channels_and_tracks_are_chosen() {
    let tracks =
        [vec![(0, Event::Hit(0, 60, 1)), (0, hit(36))], vec![(0, hit(38)), (0, Event::Hit(0, 61, 1))]];
    let bytes = file(1, quarter(96), &tracks);
    let keys = |channels: &str, tracks: &str| -> Vec<u8> {
        let drums = DrumSelection::Channels(channels.parse().unwrap());
        let options = SongOptions { drums, tracks: tracks.parse().unwrap(), ..SongOptions::default() };
        Song::read(&bytes, &options).unwrap().notes().iter().map(|note| note.key).collect()
    };
    assert_eq!(keys("10", "all"), [36, 38]);
    assert_eq!(keys("1", "all"), [60, 61]);
    assert_eq!(keys("all", "2"), [38, 61]);
    assert_eq!(keys("1,10", "1,2"), [36, 60, 38, 61]);
}

#[test]
fn a_file_without_drum_notes_says_where_there_are_notes() {
    let track = vec![(0, Event::Hit(2, 60, 1)), (0, Event::Hit(2, 61, 1)), (0, Event::Hit(0, 60, 1))];
    let error = read(&file(0, quarter(96), &[track])).unwrap_err().to_string();
    for part in
        ["none on channel 10", "1 note on channel 1", "2 notes on channel 3", "channel 3 has the most notes"]
    {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
    let error = read(&file(0, quarter(96), &[vec![]])).unwrap_err().to_string();
    assert!(error.contains("no notes at all"), "{error}");
}

#[test]
fn a_track_that_is_not_there_is_refused_with_a_list_of_those_that_are() {
    let tracks = [vec![(0, meta(3, b"Conductor"))], vec![(0, meta(3, b"Kit")), (0, hit(36))]];
    let options = SongOptions { tracks: "3".parse().unwrap(), ..SongOptions::default() };
    let error = Song::read(&file(1, quarter(96), &tracks), &options).unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no track 3; the file has 2 tracks: 1 \"Conductor\" (no notes), 2 \"Kit\" (1 note)"
    );
}

#[test]
fn names_markers_and_metre_are_read() {
    let track = vec![
        (0, meta(3, b"My Song")),
        (0, meta(2, "© Somebody".as_bytes())),
        (0, meta(1, b"a comment")),
        (0, hit(36)),
        (96, meta(6, b"Verse")),
        (0, meta(0x58, &[7, 3, 24, 8])),
        (96, meta(7, b"Lights")),
    ];
    let song = read(&file(0, quarter(96), &[track])).unwrap();
    assert_eq!(song.title(), Some("My Song"));
    assert_eq!(song.copyright(), Some("© Somebody"));
    assert_eq!(song.texts(), ["a comment"]);
    let markers: Vec<_> = song
        .markers()
        .iter()
        .map(|marker| (marker.time.as_seconds(), marker.text.as_str(), marker.kind))
        .collect();
    assert_eq!(markers, [(0.5, "Verse", MarkerKind::Marker), (1.0, "Lights", MarkerKind::Cue)]);
    let metres: Vec<_> = song
        .meter_changes()
        .iter()
        .map(|metre| (metre.time.as_seconds(), metre.numerator, metre.denominator))
        .collect();
    assert_eq!(metres, [(0.0, 4, 4), (0.5, 7, 8)]);
    assert_eq!(song.division(), Division::TicksPerQuarter(96));
    assert_eq!(song.notes()[0].channel, Channel::DRUMS);
}

#[test]
fn a_song_within_a_riff_file_is_read() {
    let inner = file(0, quarter(96), &[vec![(96, hit(36))]]);
    let mut riff = b"RIFF\0\0\0\0RMIDLIST\x04\0\0\0INFOdata".to_vec();
    riff.extend((inner.len() as u32).to_le_bytes());
    riff.extend(&inner);
    assert_eq!(keys_and_seconds(&read(&riff).unwrap()), [(36, 0.5)]);
}

#[test]
fn wrong_track_lengths_lose_no_notes() {
    let tracks = [vec![(0, hit(36))], vec![(0, hit(38))]];
    let whole = file(1, quarter(96), &tracks);
    for length in [0_u32, 3, 17, 0x7FFF_FFFF, u32::MAX] {
        let mut bytes = whole.clone();
        bytes[18..22].copy_from_slice(&length.to_be_bytes());
        let song = read(&bytes).unwrap();
        assert_eq!(keys_and_seconds(&song), [(36, 0.0), (38, 0.0)], "length {length}");
        let track = TrackIndex::from_index(0);
        assert_eq!(song.warnings(), [SongWarning::TrackLength { track, offset: 14 }], "length {length}");
    }
}

#[test]
fn a_damaged_name_of_a_track_loses_no_notes() {
    let whole = file(1, quarter(96), &[vec![(0, hit(36))], vec![(0, hit(38))], vec![(0, hit(40))]]);
    let second = whole.windows(4).enumerate().filter(|(_, name)| *name == b"MTrk").nth(1).unwrap().0;
    for at in second..second + 4 {
        for byte in [0, b'x', 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            let song = read(&bytes).unwrap();
            assert_eq!(keys_and_seconds(&song), [(36, 0.0), (38, 0.0), (40, 0.0)]);
            let (track, offset) = (TrackIndex::from_index(1), second as u64);
            assert_eq!(song.warnings(), [SongWarning::TrackChunkName { track, offset }]);
        }
    }
}

#[test]
fn claims_of_many_tracks_and_huge_events_cost_no_memory() {
    // Tracks that are not there, and a text of 256 MiB that is not there either.
    let track = [&[0, 0x99, 36, 100, 0, 0xFF, 1][..], &variable_length(0x0FFF_FFFF)].concat();
    let mut bytes = header(1, u16::MAX, quarter(96));
    bytes.extend(b"MTrk\xFF\xFF\xFF\xFF");
    bytes.extend(track);
    let song = read(&bytes).unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.0)]);
    assert!(song.warnings().contains(&SongWarning::TrackCount { declared: u16::MAX, found: 1 }));
}

#[test]
fn a_damaged_event_costs_itself_and_is_reported_with_its_place() {
    let tracks = [
        vec![(0, hit(36)), (0, Event::Raw(vec![0x99, 0xC5, 100])), (0, hit(39)), (96, hit(40))],
        vec![(0, hit(38))],
    ];
    let song = read(&file(1, quarter(96), &tracks)).unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.0), (39, 0.0), (38, 0.0), (40, 0.5)]);
    assert_eq!(
        song.warnings()[0].to_string(),
        "a message at byte 26 (track 1) was lost: a data byte above 127; its time was kept"
    );
}

/// A file of one track with these events, which are bytes; 480 ticks per quarter note, so that 480 ticks are half a second.
fn file_of(events: &[u8]) -> Vec<u8> {
    [header(0, 1, quarter(480)), chunk(b"MTrk", events)].concat()
}

fn warnings(song: &Song) -> Vec<String> {
    song.warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn running_status_goes_on_after_a_marker_as_drum_programs_write_it() {
    // Mido, midicsv and symusic agree.
    let song = read(&file_of(
        b"\0\x99\x24\x64\x83\x60\x24\0\0\xFF\x06\x05Verse\0\x26\x64\x83\x60\x26\0\0\x2A\x64\x83\x60\x2A\0\0\xFF\x2F\0",
    ))
    .unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.0), (38, 0.5), (42, 1.0)]);
    let text = warnings(&song).concat();
    assert!(
        text.starts_with(
            "an event at byte 39 (track 1) was mended: it has no status byte, though a meta event"
        ),
        "{text}"
    );
}

#[test]
fn running_status_goes_on_after_a_system_exclusive_message() {
    // Midicsv agrees.
    let song = read(&file_of(
        b"\0\x99\x24\x64\x83\x60\x24\0\0\xF0\x05\x7E\x7F\x09\x01\xF7\0\x26\x64\x83\x60\x26\0\0\xFF\x2F\0",
    ))
    .unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.0), (38, 0.5)]);
    assert_eq!(song.warnings().len(), 1);
}

#[test]
fn a_velocity_above_127_is_127_and_costs_no_other_note() {
    // Mido (clip=True) and FluidSynth agree.
    let song = read(&file_of(
        b"\0\x99\x24\x64\x81\x70\x99\x26\xFF\x81\x70\x99\x2A\x64\x81\x70\x99\x31\x64\0\xFF\x2F\0",
    ))
    .unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.0), (38, 0.25), (42, 0.5), (49, 0.75)]);
    assert_eq!(song.notes()[1].velocity, 127);
    assert_eq!(
        warnings(&song),
        ["an event at byte 26 (track 1) was mended: a velocity above 127; read as 127"]
    );
}

#[test]
fn notes_after_an_end_mark_are_read_if_nothing_is_wrong_with_them() {
    // So does mido; midicsv and FluidSynth stop at the first end mark.
    let song = read(&file_of(b"\0\x99\x24\x64\0\xFF\x2F\0\x83\x60\x99\x26\x64\0\xFF\x2F\0")).unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.0), (38, 0.5)]);
    assert!(warnings(&song).concat().contains("byte 26"), "{:?}", song.warnings());
    // Here they are not events to the end.
    let song = read(&file_of(b"\0\x99\x24\x64\0\xFF\x2F\0\x83\x60\x99\x26\x64\0\0\0\0")).unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.0)]);
    assert!(matches!(song.warnings(), [SongWarning::AfterEndOfTrack { offset: 30, count: 9, .. }]));
}

#[test]
fn events_without_meaning_are_skipped_and_counted() {
    let nonsense = [
        Event::Tempo(0),
        meta(0x58, &[0, 2, 24, 8]),
        meta(0x58, &[4, 200, 24, 8]),
        meta(0x54, &[99; 5]),
        Event::Raw(vec![0xF8]),
    ];
    let mut track: Track = nonsense.into_iter().map(|event| (0, event)).collect();
    track.push((96, hit(36)));
    let song = read(&file(0, quarter(96), &[track])).unwrap();
    assert_eq!(keys_and_seconds(&song), [(36, 0.5)]);
    assert!(matches!(song.warnings(), [SongWarning::EventsSkipped { offset: 22, count: 5, .. }]));
}

#[test]
fn a_song_of_years_is_refused_with_the_place_of_the_note() {
    let track = vec![(0, hit(36)), (0x0FFF_FFFF, Event::Raw(vec![0xF8])), (0, hit(38))];
    let error = read(&file(0, quarter(1), &[track])).unwrap_err();
    assert!(matches!(error, SongError::TooLong { offset: 31, hours: 37_282, .. }), "{error:?}");
    // Far away, but no note: no harm.
    let track = vec![(0, hit(36)), (0x0FFF_FFFF, meta(1, b"end"))];
    assert_eq!(keys_and_seconds(&read(&file(0, quarter(1), &[track])).unwrap()), [(36, 0.0)]);
}

#[test]
fn what_surrounds_the_song_is_skipped_with_a_warning() {
    let song = file(0, quarter(96), &[vec![(0, hit(36))]]);
    let in_archive = [&[0; 128], song.as_slice(), b"\0\0\0"].concat();
    let warnings = read(&in_archive).unwrap().warnings().to_vec();
    let after = (128 + song.len()) as u64;
    assert_eq!(
        warnings,
        [SongWarning::LeadingBytes { count: 128 }, SongWarning::BytesSkipped { offset: after, count: 3 }]
    );
    let twice = [song.as_slice(), &song].concat();
    assert_eq!(read(&twice).unwrap().warnings(), [SongWarning::SecondFile { offset: song.len() as u64 }]);
    let unknown_chunk = [&song[..14], &chunk(b"XFIH", b"karaoke"), &song[14..]].concat();
    assert_eq!(read(&unknown_chunk).unwrap().warnings(), []);
}

#[test]
fn files_of_other_kinds_are_called_by_their_name() {
    for (bytes, kind) in [
        (b"RIFF\0\0\0\0WAVEfmt ".as_slice(), "WAV"),
        (b"\x89PNG\r\n\x1A\n", "PNG"),
        (b"<?xml version=\"1.0\"?><score-partwise>", "MusicXML"),
        (b"PK\x03\x04....", "ZIP"),
        (b"", "an empty file"),
        (b"just words\n", "a text file"),
    ] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains("not a MIDI file") && error.contains(kind), "{error}");
    }
    let error = read(b"MThd\0\0\0\x06\0\0\0\x01\0\0MTrk").unwrap_err().to_string();
    assert!(error.contains("byte 12") && error.contains("how long a tick is"), "{error}");
}

#[test]
fn the_example_songs_are_read_without_a_warning() {
    for (name, hits) in [("groove", 496), ("odd-metre", 392), ("blast", 1208), ("percussion", 128)] {
        let path = format!("{}/examples/songs/{name}.mid", env!("CARGO_MANIFEST_DIR"));
        let song = Song::open(path.as_ref(), &SongOptions::default()).unwrap();
        assert_eq!((song.notes().len(), song.warnings()), (hits, [].as_slice()), "{name}");
        assert!(song.title().is_some() && !song.markers().is_empty(), "{name}");
    }
}

// Texts.

/// A song with these texts: the kind of meta event, and its bytes.
fn song_with_texts(texts: &[(u8, &[u8])]) -> Vec<u8> {
    let mut track: Track = texts.iter().map(|(kind, bytes)| (0, meta(*kind, bytes))).collect();
    track.push((0, hit(36)));
    file(0, quarter(480), &[track])
}

fn title_in(bytes: &[u8], encoding: Option<&str>) -> Option<String> {
    let text_encoding = encoding.map(|name| name.parse().unwrap());
    let options = SongOptions { text_encoding, ..SongOptions::default() };
    Song::read(&song_with_texts(&[(3, bytes)]), &options).unwrap().title().map(str::to_owned)
}

#[test]
fn bytes_above_7f_are_windows_1252_rather_than_latin_1() {
    let title = b"Don\x92t Stop \x96 \x93live\x94 \x80";
    assert_eq!(title_in(title, None).as_deref(), Some("Don’t Stop – “live” €"));
    assert_eq!(title_in(b"Gr\xFC\xDFe", None).as_deref(), Some("Grüße"));
}

#[test]
fn a_title_and_a_marker_in_shift_jis_are_read() {
    let texts: [(u8, &[u8]); 2] =
        [(3, b"\x83\x68\x83\x89\x83\x80\x82\xCC\x97\xFB\x8F\x4B"), (6, b"\x83\x54\x83\x72")];
    let song = read(&song_with_texts(&texts)).unwrap();
    assert_eq!((song.title(), song.markers()[0].text.as_str()), (Some("ドラムの練習"), "サビ"));
    assert_eq!(song.text_encoding().name(), "Shift_JIS");
}

#[test]
fn chinese_and_cyrillic_titles_are_read() {
    // As Python's codecs decode them.
    let gbk = b"\xD0\xA1\xD0\xC7\xD0\xC7 \xB9\xC4";
    assert_eq!(title_in(gbk, Some("gbk")).as_deref(), Some("小星星 鼓"));
    let cyrillic = b"\xC1\xE0\xF0\xE0\xE1\xE0\xED\xFB";
    assert_eq!(title_in(cyrillic, None).as_deref(), Some("Барабаны"));
    assert_eq!(title_in(cyrillic, Some("cp1251")).as_deref(), Some("Барабаны"));
    assert_eq!(title_in(cyrillic, Some("windows-1252")).as_deref(), Some("Áàðàáàíû"));
}

#[test]
fn utf_16_is_read_with_and_without_a_mark() {
    assert_eq!(title_in(b"\x5C\x0F\x66\x1F\x66\x1F", None).as_deref(), Some("小星星"));
    for (title, text) in [("Grüße", "Grüße"), ("Drum Cover", "Drum Cover"), ("Барабаны", "Барабаны")]
    {
        let big: Vec<u8> = title.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = title.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(title_in(&big, None).as_deref(), Some(text), "big endian");
        assert_eq!(title_in(&little, None).as_deref(), Some(text), "little endian");
        assert_eq!(title_in(&[b"\xFE\xFF", big.as_slice()].concat(), None).as_deref(), Some(text));
        assert_eq!(title_in(&[b"\xFF\xFE", little.as_slice()].concat(), None).as_deref(), Some(text));
    }
    assert_eq!(title_in("\u{FEFF}Grüße".as_bytes(), None).as_deref(), Some("Grüße"));
}

#[test]
fn a_karaoke_file_has_its_title_in_text_events() {
    let texts: [(u8, &[u8]); 6] = [
        (3, b"Soft Karaoke"),
        (1, b"@KMIDI KARAOKE FILE"),
        (1, b"@LENGL"),
        (1, b"@TA Song"),
        (1, b"@TSomebody"),
        (1, b"\\Tra la"),
    ];
    let song = read(&song_with_texts(&texts)).unwrap();
    assert_eq!((song.title(), song.artist()), (Some("A Song"), Some("Somebody")));
    let song = read(&song_with_texts(&[(3, b"Kit"), (1, b"@Tom: mix this")])).unwrap();
    assert_eq!((song.title(), song.artist()), (Some("Kit"), None));
}

#[test]
fn a_copyright_notice_is_no_section_and_a_song_without_title_is_shown_by_its_file() {
    use strikeline::highway::HighwayContent;
    use strikeline::song::DrumMap;

    let texts: [(u8, &[u8]); 4] =
        [(3, b"Drums"), (6, b"(C) 2001 Somebody"), (6, b"Copyright Somebody"), (6, b"Verse")];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Rock Beat.mid");
    std::fs::write(&path, song_with_texts(&texts)).unwrap();
    let song = Song::open(&path, &SongOptions::default()).unwrap();
    assert_eq!((song.title(), song.shown_title()), (Some("Drums"), Some("Rock Beat")));
    let content = HighwayContent::from_song(&song, &DrumMap::default());
    assert_eq!(content.title.as_deref(), Some("Rock Beat"));
    let sections: Vec<&str> = content.sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(sections, ["Verse"]);
}
