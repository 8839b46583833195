//! Plays the drums of a MIDI file on the kit, says how loud they are and how long it took, and writes a WAV file.
//!
//! `cargo run --release -p strikeline-sound --example kit_song -- SONG.mid [OUTPUT.wav] [--rate 48000] [--all-channels]`
//!
//! Reads notes on channel 10 only, or on all channels with `--all-channels`.

#[path = "../kit_table/wav.rs"]
mod wav;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};
use strikeline_audio::AudioSource;
use strikeline_picture::Time;
use strikeline_sound::kit::{DrumKit, DrumPlayer, Hit};

type Failure = Box<dyn std::error::Error>;

/// How long the player goes on after the last hit, in seconds.
const TAIL: f64 = 3.0;

fn main() -> Result<(), Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut rate = 48_000;
    let mut all_channels = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rate" => rate = arguments.next().ok_or("--rate needs a value")?.parse()?,
            "--all-channels" => all_channels = true,
            path => paths.push(path.into()),
        }
    }
    let song = paths.first().ok_or("name a MIDI file")?;
    let hits = read_hits(&std::fs::read(song)?, all_channels)?;
    let last = hits.iter().map(|hit| hit.time.as_seconds()).fold(0.0, f64::max);
    let seconds = last + TAIL;
    let frames = (seconds * f64::from(rate)) as u64;

    let kit = Arc::new(DrumKit::new(rate)?);
    let started = Instant::now();
    kit.prepare(hits.iter().map(|hit| hit.key));
    let prepared = started.elapsed().as_secs_f64();
    let mut player = DrumPlayer::new(&kit, hits.iter().copied(), frames);
    let mut block = vec![0.0; 2 * 1_024];
    let mut samples: Vec<[f32; 2]> = Vec::new();
    let (mut peak, mut loudest, mut energy, mut done) = (0.0_f32, 0, 0.0, 0);
    let mut playing = 0.0;
    loop {
        let started = Instant::now();
        let read = player.read(&mut block).map_err(|error| error.to_string())?;
        playing += started.elapsed().as_secs_f64();
        if read == 0 {
            break;
        }
        for (index, frame) in block[..read * 2].chunks_exact(2).enumerate() {
            let level = frame[0].abs().max(frame[1].abs());
            if level > peak {
                (peak, loudest) = (level, done + index);
            }
            energy += f64::from(frame[0] * frame[0] + frame[1] * frame[1]);
        }
        if paths.len() > 1 {
            samples.extend(block[..read * 2].chunks_exact(2).map(|frame| [frame[0], frame[1]]));
        }
        done += read;
    }
    let rms = (energy / (done as f64 * 2.0)).sqrt();
    println!(
        "{} hits, {seconds:.1} s; peak {:.1} dB at {:.3} s, RMS {:.1} dB; sounds computed in {:.1} ms, played in {:.1} ms: {:.0} x real time",
        hits.len(),
        20.0 * peak.log10(),
        loudest as f64 / f64::from(rate),
        20.0 * rms.log10(),
        prepared * 1e3,
        playing * 1e3,
        seconds / (prepared + playing)
    );
    if let Some(path) = paths.get(1) {
        wav::write(path, &samples, rate)?;
    }
    Ok(())
}

/// The notes of a MIDI file, in seconds.
fn read_hits(file: &[u8], all_channels: bool) -> Result<Vec<Hit>, Failure> {
    let song = Smf::parse(file)?;
    let Timing::Metrical(division) = song.header.timing else {
        return Err("SMPTE time is not read here".into());
    };
    let mut events = Vec::new();
    for track in &song.tracks {
        let mut tick = 0_u64;
        for event in track {
            tick += u64::from(event.delta.as_int());
            events.push((tick, event.kind));
        }
    }
    events.sort_by_key(|event| event.0);
    let (mut seconds, mut before, mut tempo) = (0.0, 0, 500_000.0);
    let mut hits = Vec::new();
    for (tick, kind) in events {
        seconds += (tick - before) as f64 * tempo / 1e6 / f64::from(division.as_int());
        before = tick;
        match kind {
            TrackEventKind::Meta(MetaMessage::Tempo(micros)) => tempo = f64::from(micros.as_int()),
            TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { key, vel } }
                if vel.as_int() > 0 && (all_channels || channel.as_int() == 9) =>
            {
                hits.push(Hit {
                    time: Time::from_seconds(seconds),
                    key: key.as_int(),
                    velocity: vel.as_int(),
                    damped: None,
                });
            }
            _ => {}
        }
    }
    Ok(hits)
}
