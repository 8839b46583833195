//! The conversion of sample rates, judged by mathematics and by soxr.

mod support;

use proptest::prelude::*;
use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use strikeline_sound::resample::{MIN_RATE, ResampleError, Resampled, resampled_length};
use support::*;

/// Samples in memory.
#[derive(Debug)]
struct Samples {
    format: AudioFormat,
    samples: Vec<f32>,
    given: usize,
}

impl Samples {
    fn new(rate: u32, channels: u16, samples: Vec<f32>) -> Samples {
        Samples { format: AudioFormat::new(rate, channels).unwrap(), samples, given: 0 }
    }
}

impl AudioSource for Samples {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let count = block.len().min(self.samples.len() - self.given);
        block[..count].copy_from_slice(&self.samples[self.given..self.given + count]);
        self.given += count;
        Ok(count / self.format.samples_per_frame())
    }

    fn remaining(&self) -> Option<u64> {
        Some(((self.samples.len() - self.given) / self.format.samples_per_frame()) as u64)
    }
}

fn resampled(rate: u32, channels: u16, samples: Vec<f32>, new: u32) -> Vec<f32> {
    let mut source = Resampled::new(Samples::new(rate, channels, samples), new).unwrap();
    let promised = source.remaining().unwrap();
    let read = read_all(&mut source);
    assert_eq!(read.len() as u64, promised * u64::from(channels));
    read
}

fn sine(rate: u32, frequency: f64, frames: u32) -> Vec<f32> {
    let step = frequency / f64::from(rate) * std::f64::consts::TAU;
    (0..frames).map(|frame| (0.5 * (f64::from(frame) * step).sin()) as f32).collect()
}

/// Rates to convert between; with a short table of exact positions, and with one that is interpolated.
const PAIRS: [(u32, u32); 8] = [
    (44_100, 48_000),
    (48_000, 44_100),
    (96_000, 48_000),
    (8_000, 48_000),
    (44_101, 48_000),
    (47_999, 44_103),
    (384_000, 48_000),
    (11_025, 44_100),
];

#[test]
fn an_impulse_stays_where_it_is() {
    for (old, new) in PAIRS {
        for at in [0, 1, 1234, 4999] {
            let mut samples = vec![0.0; 5000];
            samples[at] = 1.0;
            let converted = resampled(old, 1, samples, new);
            let peak = (0..converted.len())
                .max_by(|a, b| converted[*a].abs().total_cmp(&converted[*b].abs()))
                .unwrap();
            let wanted = at as f64 * f64::from(new) / f64::from(old);
            assert!(
                (peak as f64 - wanted).abs() <= 0.5001 || peak + 1 == converted.len(),
                "{old} to {new}: {peak} {wanted}"
            );
        }
    }
}

#[test]
fn tones_that_fit_are_kept_and_others_are_not_heard() {
    for (old, new) in PAIRS {
        let nyquist = f64::from(old.min(new)) / 2.0;
        let frames = old / 2;
        for part in [0.01, 0.3, 0.9] {
            let converted = resampled(old, 1, sine(old, part * nyquist, frames), new);
            let wanted = sine(new, part * nyquist, converted.len() as u32);
            // What lies outside of the sound is silence, so a steady tone begins and ends with a ripple.
            let edge = converted.len() / 10;
            let inner = edge..converted.len() - edge;
            let likeness = likeness(&converted[inner.clone()], &wanted[inner]);
            assert!(likeness > 110.0, "{old} to {new}, {part} of the Nyquist frequency: {likeness:.1} dB");
        }
        if old > new {
            let converted = resampled(old, 1, sine(old, 1.01 * nyquist, frames), new);
            let edge = converted.len() / 10;
            let loudest =
                converted[edge..converted.len() - edge].iter().fold(0.0f32, |most, x| most.max(x.abs()));
            assert!(loudest < 0.5e-5, "{old} to {new}: {loudest}");
        }
    }
}

#[test]
fn a_sweep_comes_out_as_soxr_makes_it() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (old, new) in [(44_100u32, 48_000u32), (48_000, 44_100)] {
        let sweep: Vec<f32> = (0..old)
            .map(|frame| {
                let time = f64::from(frame) / f64::from(old);
                (0.5 * (std::f64::consts::TAU * (20.0 * time + 9000.0 * time * time)).sin()) as f32
            })
            .collect();
        let raw = folder.path().join("sweep.f32");
        write_floats(&raw, &sweep);
        let filter = format!("aresample={new}:resampler=soxr:precision=28");
        let rate = old.to_string();
        let judge = ffmpeg(&[
            "-f",
            "f32le",
            "-ar",
            &rate,
            "-ac",
            "1",
            "-i",
            raw.to_str().unwrap(),
            "-af",
            &filter,
            "-f",
            "f32le",
            "-",
        ]);
        let judge: Vec<f32> =
            judge.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
        let converted = resampled(old, 1, sweep, new);
        assert!(converted.len().abs_diff(judge.len()) <= 1);
        let inner = 2000..converted.len() - 2000;
        let likeness = likeness(&converted[inner.clone()], &judge[inner]);
        assert!(likeness > 90.0, "{old} to {new}: {likeness:.1} dB");
    }
}

#[test]
fn the_same_samples_come_out_on_every_machine() {
    let mut state = 7u32;
    let noise: Vec<f32> = (0..4000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    for (old, new, wanted) in [(44_100, 48_000, EXACT_TABLE), (44_101, 48_000, INTERPOLATED_TABLE)] {
        let converted = resampled(old, 2, noise.clone(), new);
        let bytes = converted.iter().flat_map(|sample| sample.to_le_bytes());
        // FNV-1a.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        assert_eq!(hash, wanted, "{old} to {new}: {hash:#x}");
    }
}

const EXACT_TABLE: u64 = 0x82aa_17fb_1a78_5eb1;
const INTERPOLATED_TABLE: u64 = 0x6fdb_5a08_b708_fe08;

#[test]
fn extreme_rates_are_converted_or_refused_in_words() {
    let make = |old, new| {
        Resampled::new(Samples::new(old, 1, vec![0.25; 3000]), new).map(|mut source| read_all(&mut source))
    };
    assert_eq!(make(1, 48_000).unwrap_err(), ResampleError::TooLow { rate: 1 });
    assert_eq!(make(48_000, MIN_RATE - 1).unwrap_err(), ResampleError::TooLow { rate: MIN_RATE - 1 });
    assert!(matches!(make(48_000, 0).unwrap_err(), ResampleError::Format(_)));
    assert_eq!(make(1, 1).unwrap(), vec![0.25; 3000]);
    assert_eq!(make(MIN_RATE, 768_000).unwrap().len(), 3000 * 768);
    assert_eq!(make(768_000, MIN_RATE).unwrap().len(), 4);
    assert_eq!(make(767_999, 1001).unwrap().len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_length_is_exact_and_blocks_do_not_matter(
        old in MIN_RATE..100_000,
        new in MIN_RATE..100_000,
        frames in 0usize..6000,
        channels in 1u16..4,
        block in 1usize..700,
    ) {
        let samples: Vec<f32> = (0..frames * usize::from(channels)).map(|index| (index * 37 % 101) as f32 / 101.0).collect();
        let whole = resampled(old, channels, samples.clone(), new);
        prop_assert_eq!(
            Some(whole.len() as u64 / u64::from(channels)),
            resampled_length(frames as u64, old, new)
        );
        let mut source = Resampled::new(Samples::new(old, channels, samples), new).unwrap();
        let mut pieces = Vec::new();
        let mut room = vec![0.0; block * usize::from(channels)];
        loop {
            let read = source.read(&mut room).unwrap();
            pieces.extend_from_slice(&room[..read * usize::from(channels)]);
            if read < block {
                break;
            }
        }
        prop_assert!(whole == pieces);
    }
}
