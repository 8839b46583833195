//! What each part of the sound costs: CPU time for a minute of a drum groove in stereo at 48 kHz, which the built-in kit
//! plays. Everything runs in turn, in every round, on one thread.
//!
//!     cargo bench --bench sound -- [ROUNDS]

use std::sync::Arc;
use std::time::Duration;

use strikeline::song::{DrumMap, Song, SongOptions};
use strikeline::sound::hits;
use strikeline_audio::{AudioError, AudioFormat, AudioSource, PacketSource};
use strikeline_picture::Time;
use strikeline_sound::kit::{DrumKit, DrumPlayer, Hit};
use strikeline_sound::limiter::Limiter;
use strikeline_sound::loudness::measure;
use strikeline_sound::mix::Gain;
use strikeline_sound::resample::Resampled;
use strikeline_sound::stretch::Stretched;
use wgpu_video::sound::{AudioEncoding, FlacDepth};
use wgpu_video::stream::process_cpu_time;

type Failure = AudioError;

const RATE: u32 = 48_000;
const FRAMES: u64 = 60 * RATE as u64;

/// Sound that is in memory already.
#[derive(Clone)]
struct Recorded {
    samples: Arc<[f32]>,
    at: usize,
    format: AudioFormat,
}

impl AudioSource for Recorded {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let count = block.len().min(self.samples.len() - self.at);
        block[..count].copy_from_slice(&self.samples[self.at..self.at + count]);
        self.at += count;
        Ok(count / self.format.samples_per_frame())
    }

    fn remaining(&self) -> Option<u64> {
        Some(((self.samples.len() - self.at) / self.format.samples_per_frame()) as u64)
    }
}

/// Reads all of a source, and returns its samples.
fn drain(mut source: impl AudioSource) -> Result<Vec<f32>, Failure> {
    let (mut samples, mut block) = (Vec::new(), vec![0.0; 8192]);
    loop {
        let read = source.read(&mut block)? * source.format().samples_per_frame();
        if read == 0 {
            return Ok(samples);
        }
        samples.extend_from_slice(&block[..read]);
    }
}

fn drain_packets(mut packets: Box<dyn PacketSource + '_>) -> Result<(), Failure> {
    while packets.next_packet()?.is_some() {}
    Ok(())
}

fn play(hits: &[Hit]) -> Result<Vec<f32>, Failure> {
    let kit = Arc::new(DrumKit::new(RATE)?);
    kit.prepare(hits.iter().map(|hit| hit.key));
    drain(DrumPlayer::new(&kit, hits.iter().copied(), FRAMES))
}

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5).max(1);
    let song = Song::open("examples/songs/groove.mid".as_ref(), &SongOptions::default())?;
    let hits: Vec<Hit> = hits(&song, &DrumMap::general_midi(), Time::ZERO).collect();
    let samples: Arc<[f32]> = play(&hits)?.into();
    let sound = |rate| -> Result<Recorded, Failure> {
        Ok(Recorded { samples: samples.clone(), at: 0, format: AudioFormat::new(rate, 2)? })
    };
    type Part<'a> = (&'static str, Box<dyn Fn() -> Result<(), Failure> + 'a>);
    let encode = |encoding: AudioEncoding| {
        move || -> Result<(), Failure> { drain_packets(encoding.encode(sound(RATE)?, FRAMES)?) }
    };
    let parts: [Part<'_>; 8] = [
        ("drum kit: computing the sounds and playing", Box::new(|| play(&hits).map(drop))),
        ("AAC-LC, 192 kbit/s", Box::new(encode(AudioEncoding::default()))),
        ("FLAC, 16 bits", Box::new(encode(AudioEncoding::Flac { depth: FlacDepth::Bits16 }))),
        ("PCM, 16 bits", Box::new(encode(AudioEncoding::Pcm))),
        ("measuring the loudness", Box::new(|| measure(sound(RATE)?).map(drop))),
        (
            "limiter, 6 dB too loud",
            Box::new(|| drain(Limiter::new(Gain::new(sound(RATE)?, 6.0)?, -1.0)?).map(drop)),
        ),
        ("stretching to a speed of 0.8", Box::new(|| drain(Stretched::new(sound(RATE)?, 0.8)?).map(drop))),
        ("resampling 44.1 to 48 kHz", Box::new(|| drain(Resampled::new(sound(44_100)?, RATE)?).map(drop))),
    ];
    let mut taken = vec![Vec::new(); parts.len()];
    for _ in 0..rounds {
        for ((_, run), taken) in parts.iter().zip(&mut taken) {
            let before = process_cpu_time();
            run()?;
            taken.push(process_cpu_time() - before);
        }
    }
    println!("{:<44} {:>12}   least to most, {rounds} rounds", "60 s of stereo at 48 kHz", "CPU s, median");
    for ((name, _), mut taken) in parts.iter().zip(taken) {
        taken.sort();
        let [least, median, most] =
            [0, taken.len() / 2, taken.len() - 1].map(|at| taken.get(at).map_or(0.0, Duration::as_secs_f64));
        println!("{name:<44} {median:>12.3}   {least:.3} to {most:.3}");
    }
    Ok(())
}
