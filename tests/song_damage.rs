//! Songs with one damaged byte: what is not damaged is read as before.

use std::ops::Range;

use proptest::prelude::*;
use strikeline::song::{ChannelSelection, DrumSelection, Note, Song, SongOptions};

/// What happens to a byte.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Changed(u8),
    Removed,
    Inserted(u8),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        // A byte that differs is made of the one that is there.
        (1..=255_u8).prop_map(Damage::Changed),
        Just(Damage::Removed),
        any::<u8>().prop_map(Damage::Inserted),
    ]
}

fn damaged(file: &[u8], at: usize, damage: Damage) -> Vec<u8> {
    let mut bytes = file.to_vec();
    match damage {
        Damage::Changed(difference) => bytes[at] ^= difference,
        Damage::Removed => drop(bytes.remove(at)),
        Damage::Inserted(byte) => bytes.insert(at, byte),
    }
    bytes
}

/// A track of a file.
#[derive(Debug, Clone, Default)]
struct Track {
    bytes: Vec<u8>,
    /// Where each of its hits ends, and its tick, channel (from 0) and key.
    hits: Vec<(usize, u64, u8, u8)>,
    /// Where tempos are.
    tempos: Vec<Range<usize>>,
}

fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7F) as u8];
    while value > 0x7F {
        value >>= 7;
        bytes.insert(0, (value & 0x7F) as u8 | 0x80);
    }
    bytes
}

/// How a track is written.
#[derive(Debug, Clone)]
struct Style {
    running_status: bool,
    /// Note-offs as such, or as note-ons without velocity.
    note_offs: bool,
    channel: u8,
    /// Ticks of a sixteenth note.
    step: u32,
    /// Keys, and of each a bar of 16 steps as bits, and the velocity.
    drums: Vec<(u8, u16, u8)>,
    bars: usize,
    /// A marker at every so many bars.
    markers: usize,
}

fn any_style() -> impl Strategy<Value = Style> {
    let drums = proptest::collection::vec((35..82_u8, any::<u16>(), 20..128_u8), 1..6);
    let step = prop_oneof![Just(24_u32), Just(30), Just(48), Just(60), Just(120), Just(240)];
    (any::<bool>(), any::<bool>(), 0..16_u8, step, drums, 4..24_usize, 2..9_usize).prop_map(
        |(running_status, note_offs, channel, step, drums, bars, markers)| Style {
            running_status,
            note_offs,
            channel,
            step,
            drums,
            bars,
            markers,
        },
    )
}

impl Style {
    fn write(&self) -> Track {
        let mut events: Vec<(u64, Vec<u8>)> = Vec::new();
        for bar in 0..self.bars {
            let start = bar as u64 * 16 * u64::from(self.step);
            if bar % self.markers == 0 {
                events.push((start, [b"\xFF\x06\x05Part".as_slice(), &[b'A' + (bar % 26) as u8]].concat()));
            }
            for step in 0..16 {
                for &(key, pattern, velocity) in &self.drums {
                    if pattern >> step & 1 == 1 {
                        let tick = start + step * u64::from(self.step);
                        // Two velocities for each drum, as people play.
                        let velocity = if step % 4 == 0 { velocity } else { velocity / 2 + 1 };
                        events.push((tick, vec![0x90 | self.channel, key, velocity]));
                        let off = if self.note_offs { [0x80, 64] } else { [0x90, 0] };
                        let end = tick + u64::from(self.step) / 2;
                        events.push((end, vec![off[0] | self.channel, key, off[1]]));
                    }
                }
            }
        }
        events.sort_by_key(|event| event.0);
        let (mut track, mut now, mut status) = (Track::default(), 0, None);
        for (tick, event) in events {
            track.bytes.extend(number((tick - now) as u32));
            now = tick;
            let spared = usize::from(self.running_status && status == Some(event[0]));
            status = (event[0] < 0xF0).then_some(event[0]);
            track.bytes.extend(&event[spared..]);
            if event[0] >> 4 == 9 && event[2] > 0 {
                track.hits.push((track.bytes.len(), tick, self.channel, event[1]));
            }
        }
        track.bytes.extend(b"\0\xFF\x2F\0");
        track
    }
}

/// A conductor's track, and the tracks of these styles; and where in the file each track's events are.
fn write_file(styles: &[Style]) -> (Vec<u8>, Vec<Track>, Vec<Range<usize>>) {
    let mut tempo = Track::default();
    tempo
        .bytes
        .extend(b"\0\xFF\x03\x04Song\0\xFF\x51\x03\x07\xA1\x20\0\xFF\x58\x04\x04\x02\x18\x08\0\xFF\x2F\0");
    tempo.tempos.push(8..15);
    let tracks: Vec<Track> = std::iter::once(tempo).chain(styles.iter().map(Style::write)).collect();
    let mut file = b"MThd\0\0\0\x06\0\x01".to_vec();
    file.extend((tracks.len() as u16).to_be_bytes());
    file.extend(480_u16.to_be_bytes());
    let mut places = Vec::new();
    for track in &tracks {
        file.extend(b"MTrk");
        file.extend((track.bytes.len() as u32).to_be_bytes());
        places.push(file.len()..file.len() + track.bytes.len());
        file.extend(&track.bytes);
    }
    (file, tracks, places)
}

fn read(bytes: &[u8]) -> Option<Song> {
    let options =
        SongOptions { drums: DrumSelection::Channels(ChannelSelection::ALL), ..SongOptions::default() };
    Song::read(bytes, &options).ok()
}

type Hit = (i64, u8, u8, u8);

/// Time, channel, key and velocity of a track's notes.
fn hits_of(song: &Song, track: usize) -> Vec<Hit> {
    let hit = |note: &Note| (note.time.as_nanos(), note.channel.index(), note.key, note.velocity);
    let mut hits: Vec<Hit> =
        song.notes().iter().filter(|note| note.track.index() == track).map(hit).collect();
    hits.sort_unstable();
    hits
}

/// Those that are in one list and not in the other, both sorted.
fn missing(of: &[Hit], from: &[Hit]) -> usize {
    let mut rest = from.iter().peekable();
    of.iter()
        .filter(|hit| {
            while rest.next_if(|other| other < hit).is_some() {}
            rest.next_if_eq(hit).is_none()
        })
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn one_damaged_byte_leaves_other_tracks_and_what_is_before_it_as_they_were(
        styles in proptest::collection::vec(any_style(), 1..4), place: prop::sample::Index, damage in any_damage(),
    ) {
        let (file, tracks, places) = write_file(&styles);
        prop_assume!(tracks.iter().any(|track| !track.hits.is_empty()));
        // Somewhere in the tracks' events, but not in what times all of them.
        let positions: Vec<(usize, usize)> = places
            .iter()
            .enumerate()
            .flat_map(|(track, place)| place.clone().map(move |at| (track, at)))
            .filter(|(track, at)| {
                tracks[*track].tempos.iter().all(|tempo| !tempo.contains(&(at - places[*track].start)))
            })
            .collect();
        let (track, at) = positions[place.index(positions.len())];
        let before = read(&file).unwrap();
        let Some(after) = read(&damaged(&file, at, damage)) else {
            let others: usize = (0..tracks.len()).filter(|other| *other != track).map(|other| tracks[other].hits.len()).sum();
            prop_assert_eq!(others, 0, "nothing was read");
            return Ok(());
        };
        // A byte that says 'tempo' could be made by chance.
        prop_assume!(after.tempo_changes() == before.tempo_changes());
        for other in (0..tracks.len()).filter(|other| *other != track) {
            prop_assert_eq!(hits_of(&after, other), hits_of(&before, other), "track {}", other);
        }
        // The hits that end before the byte. At the beginning of a track little is known of what is usual in it, and the
        // bytes may be read in another way, too.
        let offset = at - places[track].start;
        if offset < 256 {
            return Ok(());
        }
        let safe = tracks[track].hits.iter().filter(|hit| hit.0 <= offset).count();
        let last = tracks[track].hits[..safe].last().map_or(-1, |hit| hit.1 as i64 * 500_000_000 / 480);
        let early = |song: &Song| -> Vec<Hit> {
            hits_of(song, track).into_iter().filter(|hit| hit.0 < last).collect()
        };
        prop_assert_eq!(missing(&early(&before), &hits_of(&after, track)), 0);
    }
}

#[test]
fn most_of_a_song_survives_a_damaged_byte() {
    // Every byte of a song in turn, damaged in some way.
    for running_status in [false, true] {
        let style = Style {
            running_status,
            note_offs: !running_status,
            channel: 9,
            step: 120,
            drums: vec![(36, 0b0000_0001_0000_0001, 110), (38, 0b0001_0000_0001_0000, 100), (42, 0x5555, 70)],
            bars: 8,
            markers: 4,
        };
        let (file, tracks, places) = write_file(&[style]);
        let before = hits_of(&read(&file).unwrap(), 1);
        assert_eq!(before.len(), tracks[1].hits.len());
        let kinds = |hits: &[Hit]| -> Vec<Hit> {
            let mut kinds: Vec<Hit> = hits.iter().map(|hit| (0, hit.1, hit.2, 0)).collect();
            kinds.sort_unstable();
            kinds
        };
        let (mut lost, mut made_up, mut trials) = (0, 0, 0);
        for at in places[1].clone() {
            for damage in
                [Damage::Changed(0x80), Damage::Changed(0x15), Damage::Removed, Damage::Inserted(0x47)]
            {
                let after =
                    read(&damaged(&file, at, damage)).map(|song| hits_of(&song, 1)).unwrap_or_default();
                lost += missing(&kinds(&before), &kinds(&after));
                made_up += missing(&kinds(&after), &kinds(&before));
                trials += 1;
            }
        }
        let share = |count: usize| count as f64 / (trials * before.len()) as f64;
        println!("running status {running_status}: lost {:.4}, made up {:.4}", share(lost), share(made_up));
        assert!(share(lost) < 0.03, "{}", share(lost));
        assert!(share(made_up) < 0.02, "{}", share(made_up));
    }
}
