//! Songs that are played with a SoundFont, against FluidSynth's rendering of the same file with the same SoundFont.
//!
//! FluidSynth plays each note late: it looks for events once in 64 sample frames, counts time in whole milliseconds, and
//! keeps the silent millisecond with which SoundFonts begin a note. How much that is on average is measured here, and
//! taken off.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use strikeline::song::{ChannelSelection, DrumSelection, Song, SongOptions, SongPart};
use strikeline::sound::midi_events;
use strikeline_audio::AudioSource;
use strikeline_picture::Time;
use strikeline_sound::soundfont::{MidiPlayer, MidiPlayerOptions, SoundFont};

/// High, so that FluidSynth looks for events often.
const RATE: u32 = 96_000;

const FONT: &str = "/usr/share/sounds/sf2/TimGM6mb.sf2";

/// Channel, program, volume, and the keys that are played.
struct Part {
    channel: u8,
    program: u8,
    volume: u8,
    keys: [u8; 3],
}

const PARTS: [Part; 8] = [
    Part { channel: 0, program: 0, volume: 100, keys: [48, 60, 72] },
    Part { channel: 1, program: 25, volume: 80, keys: [45, 57, 69] },
    Part { channel: 2, program: 33, volume: 110, keys: [28, 35, 43] },
    Part { channel: 3, program: STRINGS, volume: 90, keys: [55, 62, 67] },
    Part { channel: 4, program: 56, volume: 70, keys: [60, 65, 72] },
    Part { channel: 5, program: 11, volume: 127, keys: [65, 72, 84] },
    Part { channel: 6, program: 73, volume: 100, keys: [72, 76, 84] },
    Part { channel: 9, program: 0, volume: 100, keys: [36, 38, 42] },
];

/// String ensemble.
const STRINGS: u8 = 48;

/// Ticks per quarter note; one is 1/2400 s.
const TICKS: u32 = 1_200;

/// Notes of one part, and when each begins, in seconds.
fn song_of(part: &Part) -> (Vec<u8>, Vec<f64>) {
    let variable_length = |value: u32| {
        let mut bytes = vec![(value & 0x7F) as u8];
        let mut rest = value >> 7;
        while rest > 0 {
            bytes.insert(0, (rest & 0x7F) as u8 | 0x80);
            rest >>= 7;
        }
        bytes
    };
    let channel = part.channel;
    let mut track = vec![0, 0xB0 | channel, 7, part.volume, 0, 0xC0 | channel, part.program];
    let (mut now, mut onsets) = (0, Vec::new());
    for index in 0..12 {
        // A time that falls on all parts of a millisecond and of a block.
        let wait = 1_201 + index * 37;
        let key = part.keys[index as usize % 3];
        let velocity = [127, 90, 60, 110][index as usize % 4];
        track.extend(variable_length(wait));
        track.extend([0x90 | channel, key, velocity]);
        track.extend(variable_length(600));
        track.extend([0x80 | channel, key, 0]);
        onsets.push(f64::from(now + wait) / 2_400.0);
        now += wait + 600;
    }
    track.extend([0, 0xFF, 0x2F, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01".to_vec();
    file.extend((TICKS as u16).to_be_bytes());
    file.extend(b"MTrk");
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    (file, onsets)
}

/// Left and right added, as FluidSynth plays the song; `None`, and a line that says so, where that cannot be.
fn fluidsynth(song: &Path) -> Option<Vec<f32>> {
    let raw = song.with_extension("raw");
    let options = ["-ni", "-q", "-g", "0.5", "-R", "0", "-C", "0", "-O", "float", "-T", "raw", "-r"];
    let run = Command::new("fluidsynth")
        .args(options)
        .arg(RATE.to_string())
        .arg("-F")
        .args([&raw])
        .arg(FONT)
        .arg(song)
        .output();
    if run.is_err() || !Path::new(FONT).exists() {
        eprintln!("skipped: fluidsynth or {FONT} is not installed, so nothing was compared with it");
        return None;
    }
    let samples: Vec<f32> = fs::read(raw)
        .unwrap()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    Some(mono(&samples))
}

fn mono(samples: &[f32]) -> Vec<f32> {
    samples.chunks_exact(2).map(|frame| frame[0] + frame[1]).collect()
}

fn ours(song: &[u8], font: &SoundFont, frames: usize) -> Vec<f32> {
    let options =
        SongOptions { drums: DrumSelection::Channels(ChannelSelection::ALL), ..SongOptions::default() };
    let (_, events) = Song::read_with_events(song, &options).unwrap();
    let events = midi_events(&events, SongPart::All, Time::ZERO);
    let dry = MidiPlayerOptions { effects: false, ..MidiPlayerOptions::default() };
    let mut player = MidiPlayer::new(font, events, RATE, frames as u64, &dry).unwrap();
    let mut samples = vec![0.0; frames * 2];
    assert_eq!(player.read(&mut samples).unwrap(), frames);
    mono(&samples)
}

/// When the sound of a note is first a tenth as loud as it gets, in seconds after the note's time.
fn onset(samples: &[f32], note: f64) -> f64 {
    let first = ((note - 0.005) * f64::from(RATE)) as usize;
    let near = &samples[first..first + RATE as usize / 10];
    let peak = near.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let begins = near.iter().position(|sample| sample.abs() >= peak / 10.0).unwrap();
    (first + begins) as f64 / f64::from(RATE) - note
}

fn decibels(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    10.0 * (sum / samples.len() as f64).log10()
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn onsets_and_levels_are_those_of_fluidsynth() {
    let folder = tempfile::tempdir().unwrap();
    let mut font = None;
    let (mut late, mut louder) = (Vec::new(), Vec::new());
    for part in &PARTS {
        let (song, notes) = song_of(part);
        let path: PathBuf = folder.path().join(format!("{}.mid", part.channel));
        fs::write(&path, &song).unwrap();
        let Some(theirs) = fluidsynth(&path) else {
            return;
        };
        let font = font.get_or_insert_with(|| SoundFont::open(Path::new(FONT)).unwrap());
        assert_eq!(font.warnings(), []);
        let ours = ours(&song, font, theirs.len());
        louder.push(decibels(&ours) - decibels(&theirs));
        if part.program == STRINGS {
            // They swell so slowly that they have no moment at which they begin.
            continue;
        }
        late.extend(notes.iter().map(|note| (onset(&theirs, *note) - onset(&ours, *note)) * 1_000.0));
    }
    let (usual_lateness, usual_level) = (median(&late), median(&louder));
    let range = |values: &[f64], usual: f64| {
        let apart = |value: &f64| value - usual;
        let (low, high) =
            (values.iter().map(apart).reduce(f64::min), values.iter().map(apart).reduce(f64::max));
        (low.unwrap(), high.unwrap())
    };
    let (earliest, latest) = range(&late, usual_lateness);
    let (softest, loudest) = range(&louder, usual_level);
    println!(
        "FluidSynth plays notes {usual_lateness:.2} ms later; apart from that {earliest:+.2} to {latest:+.2} ms"
    );
    println!("our level is {usual_level:+.1} dB; apart from that {softest:+.1} to {loudest:+.1} dB");
    // A silent millisecond, and the rest.
    assert!((1.0..4.0).contains(&usual_lateness));
    assert!(earliest > -2.0 && latest < 2.0);
    assert!(softest > -3.0 && loudest < 3.0);
}
