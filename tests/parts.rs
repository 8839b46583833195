//! Which notes of a file are drums: what it declares, what its tracks are called, what was chosen.

use proptest::prelude::*;
use strikeline::song::{
    Channel, ChannelMessage, ChannelSelection, DrumSelection, PartKind, PartReason, Passage, Song, SongError,
    SongMessage, SongOptions, SongWarning, SynthesizerKind,
};
use strikeline_picture::Time;

/// An event and the ticks before it.
type Event = (u8, Vec<u8>);

fn file(format: u16, tracks: &[Vec<Event>]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    for field in [format, tracks.len() as u16, 96] {
        bytes.extend(field.to_be_bytes());
    }
    for track in tracks {
        let mut events: Vec<u8> =
            track.iter().flat_map(|(delta, event)| std::iter::once(*delta).chain(event.clone())).collect();
        events.extend([0, 0xFF, 0x2F, 0]);
        bytes.extend(b"MTrk");
        bytes.extend((events.len() as u32).to_be_bytes());
        bytes.extend(events);
    }
    bytes
}

fn sysex(data: &[u8]) -> Vec<u8> {
    [&[0xF0, data.len() as u8 + 1], data, &[0xF7]].concat()
}

fn gm_reset() -> Vec<u8> {
    sysex(&[0x7E, 0x7F, 9, 1])
}

fn gm2_reset() -> Vec<u8> {
    sysex(&[0x7E, 0x7F, 9, 3])
}

fn gs_reset() -> Vec<u8> {
    sysex(&[0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7F, 0, 0x41])
}

fn xg_reset() -> Vec<u8> {
    sysex(&[0x43, 0x10, 0x4C, 0, 0, 0x7E, 0])
}

/// GS, "Use for Rhythm Part", for a channel from 1.
fn gs_part(channel: u8, mode: u8) -> Vec<u8> {
    let block = match channel {
        10 => 0,
        1..=9 => channel,
        _ => channel - 1,
    };
    sysex(&[0x41, 0x10, 0x42, 0x12, 0x40, 0x10 | block, 0x15, mode, 0])
}

/// XG, "Part Mode".
fn xg_part(channel: u8, mode: u8) -> Vec<u8> {
    sysex(&[0x43, 0x10, 0x4C, 8, channel - 1, 7, mode])
}

fn bank(channel: u8, coarse: u8) -> Vec<u8> {
    vec![0xB0 | (channel - 1), 0, coarse]
}

fn program(channel: u8, program: u8) -> Vec<u8> {
    vec![0xC0 | (channel - 1), program]
}

fn note(channel: u8, key: u8) -> Vec<u8> {
    vec![0x90 | (channel - 1), key, 100]
}

fn port(port: u8) -> Vec<u8> {
    vec![0xFF, 0x21, 1, port]
}

fn text(kind: u8, text: &str) -> Vec<u8> {
    [&[0xFF, kind, text.len() as u8], text.as_bytes()].concat()
}

fn read(bytes: &[u8]) -> Song {
    let options = SongOptions { may_lack_notes: true, ..SongOptions::default() };
    Song::read(bytes, &options).unwrap()
}

/// The keys of the drums of a file of one track, without times between the events.
fn drums(events: &[Vec<u8>]) -> Vec<u8> {
    let track: Vec<Event> = events.iter().map(|event| (1, event.clone())).collect();
    keys(&read(&file(0, &[track])))
}

fn keys(song: &Song) -> Vec<u8> {
    song.notes().iter().map(|note| note.key).collect()
}

#[test]
fn the_drum_parts_of_real_declarations_are_read() {
    let song = read(include_bytes!("songs/gs_sysex_channel11_is_second_drum_part.mid"));
    assert_eq!(keys(&song), [36, 49, 38, 57]);
    assert_eq!(song.synthesizer_kind(), Some(SynthesizerKind::Gs));
    let song = read(include_bytes!("songs/gm2_bank120_drums_on_channel11.mid"));
    assert_eq!(keys(&song), [36, 38, 42]);
    assert_eq!(song.synthesizer_kind(), Some(SynthesizerKind::GeneralMidi2));
}

#[test]
fn gs_and_xg_messages_make_a_part_drums_and_melodic_again() {
    for part in [gs_part, xg_part] {
        assert_eq!(drums(&[note(3, 1), part(3, 1), note(3, 2), note(10, 3), part(3, 0), note(3, 4)]), [2, 3]);
        assert_eq!(drums(&[part(10, 0), note(10, 1), note(3, 2)]), [0_u8; 0]);
        assert_eq!(drums(&[part(16, 2), part(1, 3), note(16, 1), note(1, 2), note(10, 3)]), [1, 2, 3]);
    }
}

#[test]
fn a_reset_brings_channel_10_back() {
    for reset in [gm_reset(), gm2_reset(), gs_reset(), xg_reset()] {
        assert_eq!(
            drums(&[gs_part(10, 0), gs_part(3, 1), note(3, 1), reset, note(3, 2), note(10, 3)]),
            [1, 3]
        );
    }
}

#[test]
fn banks_count_from_the_next_program_change_on_and_only_where_they_mean_drums() {
    // XG: every bank says something.
    assert_eq!(
        drums(&[
            xg_reset(),
            bank(3, 127),
            note(3, 1),
            program(3, 0),
            note(3, 2),
            bank(3, 0),
            note(3, 3),
            program(3, 0),
            note(3, 4)
        ]),
        [2, 3]
    );
    assert_eq!(drums(&[xg_reset(), bank(10, 0), program(10, 0), note(10, 1)]), [0_u8; 0]);
    assert_eq!(drums(&[xg_reset(), bank(3, 126), program(3, 0), note(3, 1)]), [1]);
    assert_eq!(drums(&[xg_reset(), bank(10, 127), program(10, 0), note(10, 1)]), [1]);
    // Without a bank, a program changes nothing.
    assert_eq!(drums(&[xg_reset(), program(10, 0), note(10, 1)]), [1]);
    // General MIDI 2.
    assert_eq!(drums(&[gm2_reset(), bank(3, 120), program(3, 0), note(3, 1)]), [1]);
    assert_eq!(drums(&[gm2_reset(), bank(10, 121), program(10, 0), note(10, 1)]), [0_u8; 0]);
    assert_eq!(drums(&[gm2_reset(), bank(10, 0), program(10, 0), note(10, 1)]), [1]);
    // Neither.
    assert_eq!(drums(&[bank(3, 120), program(3, 0), note(3, 1)]), [1]);
    assert_eq!(drums(&[gs_reset(), bank(3, 120), program(3, 0), note(3, 1)]), [0_u8; 0]);
    for reset in [gm_reset(), gs_reset()] {
        for coarse in [0, 1, 121, 126, 127] {
            let on_10 = [reset.clone(), bank(10, coarse), program(10, 0), note(10, 1)];
            assert_eq!(drums(&on_10), [1], "bank {coarse}");
            let on_3 = [reset.clone(), bank(3, coarse), program(3, 0), note(3, 1)];
            assert_eq!(drums(&on_3), [0_u8; 0], "bank {coarse}");
        }
    }
}

#[test]
fn declarations_of_one_track_hold_for_all_in_the_order_of_time() {
    let declares = vec![(10, gs_part(3, 1)), (20, gs_part(3, 0))];
    let plays = vec![(5, note(3, 1)), (10, note(3, 2)), (20, note(3, 3))];
    let song = read(&file(1, &[plays.clone(), declares.clone()]));
    assert_eq!(keys(&song), [2]);
    // Each track of a file of format 2 is a song of its own.
    let song = read(&file(2, &[declares, plays]));
    assert_eq!(keys(&song), [0_u8; 0]);
}

#[test]
fn the_channels_of_two_ports_are_two_parts() {
    let first = vec![(0, port(0)), (0, gs_part(10, 0)), (1, note(10, 1))];
    let second = vec![(0, port(1)), (1, note(10, 2)), (1, note(3, 3))];
    let song = read(&file(1, &[first, second]));
    assert_eq!(keys(&song), [2]);
    let parts: Vec<_> =
        song.parts().iter().map(|part| (part.port, part.channel.number(), part.kind())).collect();
    assert_eq!(parts, [(0, 10, PartKind::Melodic), (1, 3, PartKind::Melodic), (1, 10, PartKind::Drums)]);
    // A message in a track without a port is for all.
    let for_all = vec![(0, gs_part(3, 1))];
    let plays = vec![(0, port(1)), (1, note(3, 3))];
    assert_eq!(keys(&read(&file(1, &[for_all, plays]))), [3]);
}

#[test]
fn chosen_channels_override_what_is_declared() {
    let bytes = file(0, &[vec![(0, gs_part(3, 1)), (0, note(3, 1)), (0, note(10, 2)), (0, note(4, 3))]]);
    let chosen = |channels: &str| {
        let drums = DrumSelection::Channels(channels.parse().unwrap());
        Song::read(&bytes, &SongOptions { drums, ..SongOptions::default() }).unwrap()
    };
    assert_eq!(keys(&chosen("4")), [3]);
    assert_eq!(keys(&chosen("10")), [2]);
    assert_eq!(keys(&chosen("all")), [1, 2, 3]);
    let song = chosen("4");
    let roles: Vec<_> =
        song.parts().iter().map(|part| (part.roles[0].is_drums, part.roles[0].reason)).collect();
    assert_eq!(roles, [(false, PartReason::Chosen), (true, PartReason::Chosen), (false, PartReason::Chosen)]);
}

#[test]
fn names_count_where_nothing_else_makes_drums() {
    let named = |name: &str, channel| {
        file(
            1,
            &[vec![(0, text(3, "Bass")), (0, note(1, 30))], vec![(0, text(3, name)), (0, note(channel, 36))]],
        )
    };
    for name in ["Drums", "DRUM KIT", "Percussion 1", "Schlagzeug", "ドラム"] {
        let song = read(&named(name, 1));
        assert_eq!(keys(&song), [36], "{name}");
        assert!(
            matches!(&song.warnings(), [SongWarning::DrumsByName { parts }]
                if parts.len() == 1 && parts[0].0.number() == 2 && parts[0].2 == name),
            "{:?}",
            song.warnings()
        );
        // The same channel, but two parts: one is drums by its name.
        let kinds: Vec<_> = song.parts().iter().map(|part| (part.kind(), part.notes)).collect();
        assert_eq!(kinds, [(PartKind::Drums, 1), (PartKind::Melodic, 1)]);
    }
    assert_eq!(keys(&read(&named("Steel Drums", 1))), [0_u8; 0]);
    // Channel 10 is there.
    let song = read(&file(1, &[vec![(0, note(10, 35))], vec![(0, text(3, "Drums")), (0, note(2, 36))]]));
    assert_eq!(keys(&song), [35]);
    assert!(song.warnings().is_empty());
    // The name of an instrument, for one channel.
    let track =
        vec![(0, vec![0xFF, 0x20, 1, 4]), (0, text(4, "Drum Kit")), (0, note(5, 36)), (0, note(6, 37))];
    assert_eq!(keys(&read(&file(0, &[track]))), [36]);
    // The only track has the title of the song.
    let track = vec![(0, text(3, "Drums of War")), (0, note(5, 36)), (0, note(6, 37))];
    assert_eq!(keys(&read(&file(0, &[track]))), [0_u8; 0]);
}

#[test]
fn a_file_without_drums_names_the_part_with_the_keys_of_drums() {
    let bass = (0..20).map(|_| (1, note(1, 60))).collect();
    let kit: Vec<Event> =
        (0..4).flat_map(|_| [(1, note(3, 36)), (1, note(3, 38)), (1, note(3, 42))]).collect();
    let bytes = file(1, &[bass, [vec![(0, text(3, "Beat"))], kit].concat()]);
    let error = Song::read(&bytes, &SongOptions::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("channel 3 \"Beat\""), "{text}");
    let SongError::NoNotes(why) = error else { unreachable!("{text}") };
    assert_eq!(why.likely.map(|likely| likely.channel.number()), Some(3));
    // The same as a song to be inspected.
    let song = read(&bytes);
    assert!(song.notes().is_empty());
    assert!(matches!(song.warnings(), [SongWarning::NoNotes(_)]), "{:?}", song.warnings());
    let notes: Vec<_> = song.parts().iter().map(|part| (part.notes, part.hits)).collect();
    assert_eq!(notes, [(20, 0), (12, 0)]);
    // Nothing assumes a note.
    assert_eq!((song.beats().is_empty(), song.count_in().is_empty()), (false, true));
    assert_eq!(song.last_note().as_nanos(), 0);
}

#[test]
fn a_part_tells_why_it_is_what_it_is() {
    let track = vec![
        (0, gs_reset()),
        (0, gs_part(11, 1)),
        (0, program(11, 40)),
        (0, program(1, 32)),
        (1, note(1, 30)),
        (1, note(10, 36)),
        (1, note(11, 38)),
        (1, gs_part(11, 0)),
        (0, program(11, 73)),
        (1, note(11, 60)),
        (1, note(11, 61)),
    ];
    let song = read(&file(0, &[track]));
    let parts: Vec<_> = song
        .parts()
        .iter()
        .map(|part| {
            let roles: Vec<_> =
                part.roles.iter().map(|role| (role.is_drums, role.reason, role.notes)).collect();
            let programs: Vec<_> = part.programs.iter().filter_map(|program| program.name()).collect();
            (part.channel.number(), part.hits, roles, programs)
        })
        .collect();
    assert_eq!(
        parts,
        [
            (1, 0, vec![(false, PartReason::Channel, 1)], vec!["Acoustic Bass"]),
            (10, 1, vec![(true, PartReason::Channel, 1)], vec![]),
            (11, 1, vec![(true, PartReason::Gs, 1), (false, PartReason::Gs, 2)], vec!["Brush Set", "Flute"]),
        ]
    );
}

#[test]
fn a_channel_10_that_the_file_makes_melodic_is_told() {
    let bytes = file(0, &[vec![(0, gs_part(10, 0)), (0, note(10, 60))]]);
    let error = Song::read(&bytes, &SongOptions::default()).unwrap_err().to_string();
    assert!(error.contains("makes channel 10 melodic") && error.contains("1 note on channel 10"), "{error}");
}

#[test]
fn a_note_that_begins_as_a_drum_ends_as_one() {
    let track = vec![
        (0, gs_part(3, 1)),
        (0, note(3, 36)),
        (1, gs_part(3, 0)),
        (1, vec![0x82, 36, 0]),
        (1, note(3, 36)),
        (1, vec![0x82, 36, 0]),
    ];
    let options = SongOptions::default();
    let (song, events) = Song::read_with_events(&file(0, &[track]), &options).unwrap();
    assert!(song.notes()[0].duration > Time::ZERO);
    let shown: Vec<bool> =
        events.events().iter().filter(|event| event.is_note()).map(|event| event.shown).collect();
    assert_eq!(shown, [true, true, false, false]);
}

#[test]
fn as_many_tracks_as_a_file_can_have_are_read() {
    for format in [1, 2] {
        let tracks = vec![vec![(0, bank(3, 120)), (0, program(3, 0)), (0, note(3, 36))]; 65_535];
        let options = SongOptions::default();
        let (song, events) = Song::read_with_events(&file(format, &tracks), &options).unwrap();
        assert_eq!(song.notes().len(), 65_535);
        assert_eq!(events.events().iter().filter(|event| event.shown).count(), 65_535);
        assert!(!song.beats().is_empty());
    }
}

/// What a track may say.
#[derive(Debug, Clone)]
enum Said {
    Reset(SynthesizerKind),
    Gs(u8, u8),
    Xg(u8, u8),
    Bank(u8, u8),
    Program(u8),
    Note(u8, u8),
    Port(u8),
}

impl Said {
    fn bytes(&self) -> Vec<u8> {
        match *self {
            Said::Reset(SynthesizerKind::GeneralMidi) => gm_reset(),
            Said::Reset(SynthesizerKind::GeneralMidi2) => gm2_reset(),
            Said::Reset(SynthesizerKind::Gs) => gs_reset(),
            Said::Reset(SynthesizerKind::Xg) => xg_reset(),
            Said::Gs(channel, mode) => gs_part(channel, mode),
            Said::Xg(channel, mode) => xg_part(channel, mode),
            Said::Bank(channel, coarse) => bank(channel, coarse),
            Said::Program(channel) => program(channel, 0),
            Said::Note(channel, key) => note(channel, key),
            Said::Port(number) => port(number),
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let channel = || prop::sample::select(vec![1_u8, 9, 10, 11, 16]);
    let kinds = vec![
        SynthesizerKind::GeneralMidi,
        SynthesizerKind::GeneralMidi2,
        SynthesizerKind::Gs,
        SynthesizerKind::Xg,
    ];
    prop_oneof![
        1 => prop::sample::select(kinds).prop_map(Said::Reset),
        1 => (channel(), 0..3_u8).prop_map(|(channel, mode)| Said::Gs(channel, mode)),
        1 => (channel(), 0..3_u8).prop_map(|(channel, mode)| Said::Xg(channel, mode)),
        2 => (channel(), prop::sample::select(vec![0_u8, 8, 64, 120, 121, 126, 127]))
            .prop_map(|(channel, coarse)| Said::Bank(channel, coarse)),
        2 => channel().prop_map(Said::Program),
        6 => (channel(), 0..128_u8).prop_map(|(channel, key)| Said::Note(channel, key)),
        1 => (0..3_u8).prop_map(Said::Port),
    ]
}

/// A synthesiser that remembers all of its 128 ports and 16 channels, and plays one event at a time.
struct Slow {
    kinds: Vec<Option<SynthesizerKind>>,
    drums: Vec<Vec<bool>>,
    banks: Vec<Vec<Option<u8>>>,
}

impl Slow {
    fn new() -> Slow {
        let drums = (0..16).map(|index| index == 9).collect();
        Slow { kinds: vec![None; 128], drums: vec![drums; 128], banks: vec![vec![None; 16]; 128] }
    }

    /// Whether a note is a drum, for a note.
    fn play(&mut self, said: &Said, port: Option<u8>) -> Option<(u8, bool)> {
        let ports = port.map_or(0..128, |port| usize::from(port)..usize::from(port) + 1);
        let own = usize::from(port.unwrap_or(0));
        match *said {
            Said::Reset(kind) => {
                for port in ports {
                    self.kinds[port] = Some(kind);
                    self.drums[port] = (0..16).map(|index| index == 9).collect();
                    self.banks[port] = vec![None; 16];
                }
            }
            Said::Gs(channel, mode) | Said::Xg(channel, mode) => {
                for port in ports {
                    self.drums[port][usize::from(channel) - 1] = mode > 0;
                }
            }
            Said::Bank(channel, coarse) => self.banks[own][usize::from(channel) - 1] = Some(coarse),
            Said::Program(channel) => {
                let index = usize::from(channel) - 1;
                let is_drums = &mut self.drums[own][index];
                match (self.kinds[own], self.banks[own][index]) {
                    (_, None) | (Some(SynthesizerKind::Gs), _) => {}
                    (Some(SynthesizerKind::Xg), Some(bank)) => *is_drums = bank == 126 || bank == 127,
                    (_, Some(120)) => *is_drums = true,
                    (Some(SynthesizerKind::GeneralMidi2), Some(121)) => *is_drums = false,
                    _ => {}
                }
            }
            Said::Note(channel, key) => return Some((key, self.drums[own][usize::from(channel) - 1])),
            Said::Port(_) => {}
        }
        None
    }
}

/// The keys of all notes in the order in which they are played, and whether they are drums.
fn slowly(format: u16, tracks: &[Vec<(u8, Said)>]) -> Vec<(usize, u8, bool)> {
    let mut events = Vec::new();
    for (track, said) in tracks.iter().enumerate() {
        let (mut tick, mut port) = (0_u64, None);
        for (index, (delta, said)) in said.iter().enumerate() {
            tick += u64::from(*delta);
            if let Said::Port(number) = said {
                port = Some(*number);
            }
            let sequence = if format == 2 { track } else { 0 };
            events.push((sequence, tick, track, index, port, said));
        }
    }
    events.sort_by_key(|(sequence, tick, track, index, ..)| (*sequence, *tick, *track, *index));
    let mut synthesisers = vec![Slow::new()];
    synthesisers.resize_with(tracks.len().max(1), Slow::new);
    let play = |(sequence, _, track, _, port, said): (usize, u64, usize, usize, Option<u8>, &Said)| {
        let (key, is_drum) = synthesisers[sequence].play(said, port)?;
        Some((track, key, is_drum))
    };
    events.into_iter().filter_map(play).collect()
}

proptest! {
    #[test]
    fn drums_are_those_of_a_slow_synthesiser(
        format in 0..3_u16,
        tracks in prop::collection::vec(prop::collection::vec((0..3_u8, said()), 0..40), 1..4),
    ) {
        let tracks = if format == 0 { vec![tracks.concat()] } else { tracks };
        let written: Vec<Vec<Event>> = tracks
            .iter()
            .map(|track| track.iter().map(|(delta, said)| (*delta, said.bytes())).collect())
            .collect();
        let bytes = file(format, &written);
        let options = SongOptions { may_lack_notes: true, ..SongOptions::default() };
        let (song, events) = Song::read_with_events(&bytes, &options).unwrap();
        let expected = slowly(format, &tracks);

        let mut drums: Vec<(usize, u8)> =
            expected.iter().filter(|(.., is_drum)| *is_drum).map(|(track, key, _)| (*track, *key)).collect();
        let mut read: Vec<(usize, u8)> =
            song.notes().iter().map(|note| (note.track.index(), note.key)).collect();
        drums.sort_unstable();
        read.sort_unstable();
        prop_assert_eq!(&read, &drums);

        // What is heard as drums is what is shown.
        let mut shown: Vec<(usize, u8)> = events
            .events()
            .iter()
            .filter(|event| event.shown)
            .filter_map(|event| match event.message {
                SongMessage::Channel(_, ChannelMessage::NoteOn { key, .. }) => {
                    Some((event.track.index(), key))
                }
                _ => None,
            })
            .collect();
        shown.sort_unstable();
        prop_assert_eq!(shown, drums);

        // The parts have all notes.
        let notes: u64 = song.parts().iter().map(|part| part.notes).sum();
        let hits: u64 = song.parts().iter().map(|part| part.hits).sum();
        prop_assert_eq!((notes, hits), (expected.len() as u64, song.notes().len() as u64));
        for part in song.parts() {
            let in_roles: u64 = part.roles.iter().map(|role| role.notes).sum();
            prop_assert_eq!(in_roles, part.notes);
        }
    }

    #[test]
    fn a_loop_begins_with_the_drum_parts_of_its_moment(
        track in prop::collection::vec((0..3_u8, said()), 1..60),
        from in 0..100_i64,
        length in 1..101_i64,
    ) {
        let written: Vec<Event> = track.iter().map(|(delta, said)| (*delta, said.bytes())).collect();
        // One port: what a synthesiser plays has no others.
        let written = written.into_iter().filter(|(_, event)| !event.starts_with(&[0xFF, 0x21])).collect();
        let options = SongOptions { may_lack_notes: true, ..SongOptions::default() };
        let (song, events) = Song::read_with_events(&file(0, &[written]), &options).unwrap();
        let end = song.end().as_nanos();
        let from = end * from / 100;
        let to = from + (end - from) * length / 100;
        let Ok(passage) = Passage::new(Time::from_nanos(from), Time::from_nanos(to)) else { return Ok(()) };
        let looped = events.looped(passage, 2).unwrap();
        let mut synthesiser = Slow::new();
        for event in looped.events() {
            let said = match event.message {
                SongMessage::Reset(kind) => Said::Reset(kind),
                SongMessage::DrumPart(channel, is_drums) => Said::Gs(channel.number(), is_drums.into()),
                SongMessage::Channel(channel, message) => match message {
                    ChannelMessage::Program(_) => Said::Program(channel.number()),
                    ChannelMessage::Controller { controller: 0, value } => Said::Bank(channel.number(), value),
                    ChannelMessage::NoteOn { key, .. } => Said::Note(channel.number(), key),
                    _ => continue,
                },
                SongMessage::MasterVolume(_) => continue,
            };
            if let Some((_, is_drum)) = synthesiser.play(&said, Some(0)) {
                prop_assert_eq!(is_drum, event.shown);
            }
        }
    }

    #[test]
    fn chosen_channels_are_taken_whatever_is_declared(
        track in prop::collection::vec((0..3_u8, said()), 0..40),
        channels in 1..0x10000_u32,
    ) {
        let written: Vec<Event> = track.iter().map(|(delta, said)| (*delta, said.bytes())).collect();
        let numbers: Vec<String> =
            (1..17).filter(|number| channels >> (number - 1) & 1 == 1).map(|number| number.to_string()).collect();
        let selection: ChannelSelection = numbers.join(",").parse().unwrap();
        let drums = DrumSelection::Channels(selection);
        let options = SongOptions { drums, may_lack_notes: true, ..SongOptions::default() };
        let song = Song::read(&file(0, &[written]), &options).unwrap();
        let expected = track.iter().filter(|(_, said)| match said {
            Said::Note(channel, _) => {
                Channel::from_number(*channel).is_some_and(|channel| selection.contains(channel))
            }
            _ => false,
        });
        prop_assert_eq!(song.notes().len(), expected.count());
    }
}
