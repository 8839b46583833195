//! The encoder judged by two decoders.

use proptest::prelude::*;
use strikeline_aac::{AacEncoder, AacSettings, AccessUnits};

#[path = "support/decoders.rs"]
mod decoders;
#[path = "support/fuzz_body.rs"]
mod fuzz_body;

const DELAY: usize = AacEncoder::DELAY as usize;

fn encode(settings: &AacSettings, samples: &[f32]) -> AccessUnits {
    let mut encoder = AacEncoder::new(settings);
    let mut units = AccessUnits::new();
    encoder.encode(samples, &mut units);
    encoder.finish(&mut units);
    units
}

/// What symphonia decodes, from the first sample on.
fn round_trip(settings: &AacSettings, samples: &[f32]) -> Vec<f32> {
    let units = encode(settings, samples);
    let mut decoded = decoders::symphonia(settings, &units).unwrap();
    decoded.drain(..DELAY * usize::from(settings.channels()));
    assert!(decoded.len() >= samples.len());
    decoded.truncate(samples.len());
    decoded
}

/// Signal to noise in dB.
fn signal_to_noise(samples: &[f32], decoded: &[f32]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v * v)).sum::<f64>();
    let noise = power(&mut samples.iter().zip(decoded).map(|(a, b)| a - b));
    10.0 * (power(&mut samples.iter().copied()) / noise).log10()
}

fn noise(length: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..length).map(|_| next() * 0.5).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is encoded, both decoders read it without a warning, and to the same samples.
    #[test]
    fn two_decoders_agree(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
        if let Some(encoded) = fuzz_body::run(&bytes) {
            let fuzz_body::Encoded { settings, samples, units } = encoded;
            let decoded = decoders::symphonia(&settings, &units);
            prop_assert!(decoded.is_ok(), "{decoded:?}");
            let decoded = decoded.unwrap();
            prop_assert_eq!(decoded.len(), units.len() * 1024 * usize::from(settings.channels()));
            let largest = |values: &[f32]| values.iter().filter(|v| v.is_finite()).fold(0.0f32, |m, v| m.max(v.abs()));
            // Short of noise, what is silent stays silent, and nothing gets much louder.
            prop_assert!(largest(&decoded) <= 4.0 * largest(&samples).min(16.0) + 0.01);
            if !units.is_empty() && let Some(other) = decoders::ffmpeg(&settings, &units) {
                prop_assert!(other.is_ok(), "{other:?}");
                let other = other.unwrap();
                prop_assert_eq!(other.len(), decoded.len());
                let difference = decoded.iter().zip(&other).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
                prop_assert!(difference <= 2e-5 * largest(&decoded).max(1.0), "the decoders differ by {difference}");
            }
        }
    }
}

#[test]
fn an_impulse_is_late_by_exactly_the_delay() {
    for (rate, channels) in [(48_000, 2), (44_100, 1), (8000, 1), (96_000, 2), (32_000, 2)] {
        let settings = AacSettings::new(rate, channels, rate * u32::from(channels) * 4).unwrap();
        let channels = usize::from(channels);
        for position in [0, 1, 447, 448, 575, 576, 1023, 1024, 1600, 2047, 3333, 5119] {
            let mut samples = vec![0.0; 5120 * channels];
            samples[position * channels] = 0.9;
            let decoded = decoders::symphonia(&settings, &encode(&settings, &samples)).unwrap();
            let first = decoded.iter().step_by(channels).map(|v| v.abs()).enumerate();
            let (largest, value) = first.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            assert_eq!(largest, position + DELAY, "{rate} Hz, sample {position}");
            assert!(value > 0.3, "{rate} Hz, sample {position}: {value}");
        }
    }
}

#[test]
fn the_lengths_of_blocks_do_not_matter() {
    let settings = AacSettings::new(44_100, 2, 128_000).unwrap();
    let samples = noise(30_001, 5);
    let whole = encode(&settings, &samples);
    for length in [1, 2, 3, 1023, 1024, 2048, 7777] {
        let mut encoder = AacEncoder::new(&settings);
        let mut units = AccessUnits::new();
        samples.chunks(length).for_each(|block| encoder.encode(block, &mut units));
        encoder.finish(&mut units);
        assert!(units.iter().eq(whole.iter()), "blocks of {length}");
    }
}

#[test]
fn the_bitrate_is_met_where_the_sound_needs_it() {
    for (rate, channels) in [(48_000u32, 2u16), (44_100, 2), (44_100, 1), (16_000, 1), (96_000, 2)] {
        let samples = noise(rate as usize * 6 * usize::from(channels), 9);
        for per_sample in [0.6, 1.0, 1.5, 2.0, 2.7, 3.4] {
            let bitrate = (per_sample * f64::from(rate) * f64::from(channels)) as u32;
            let settings = AacSettings::new(rate, channels, bitrate).unwrap();
            let bits: usize = encode(&settings, &samples).iter().map(|unit| unit.len() * 8).sum();
            let wanted = 6.0 * f64::from(bitrate);
            // The reservoir is used up once.
            let most = 1.03 * wanted + 6144.0 * f64::from(channels);
            assert!(
                (0.97 * wanted..most).contains(&(bits as f64)),
                "{rate} Hz, {channels} channels, {bitrate}: {bits}"
            );
        }
    }
}

#[test]
fn silence_takes_next_to_nothing() {
    let settings = AacSettings::new(48_000, 2, 192_000).unwrap();
    let samples = vec![0.0; 48_000 * 2];
    assert!(encode(&settings, &samples).iter().all(|unit| unit.len() < 16));
    assert!(round_trip(&settings, &samples).iter().all(|&v| v == 0.0));
}

#[test]
fn tones_are_kept_well() {
    for rate in [44_100, 48_000] {
        let settings = AacSettings::new(rate, 2, 192_000).unwrap();
        let tone = |n: usize| {
            let t = n as f64 / f64::from(rate) * std::f64::consts::TAU;
            [(0.5 * (440.0 * t).sin()) as f32, (0.3 * (1000.0 * t).sin() + 0.3 * (310.0 * t).sin()) as f32]
        };
        let samples: Vec<f32> = (0..rate as usize * 2).flat_map(tone).collect();
        let ratio = signal_to_noise(&samples, &round_trip(&settings, &samples));
        assert!(ratio > 40.0, "{rate} Hz: {ratio} dB");
    }
}

#[test]
fn what_is_beyond_full_scale_is_kept() {
    let settings = AacSettings::new(48_000, 1, 128_000).unwrap();
    let samples: Vec<f32> = (0..20_000).map(|n| (n as f32 * 0.05).sin() * 3.0).collect();
    let ratio = signal_to_noise(&samples, &round_trip(&settings, &samples));
    assert!(ratio > 35.0, "{ratio} dB");
}

#[test]
fn a_sample_that_is_not_finite_counts_as_zero() {
    let settings = AacSettings::new(48_000, 1, 128_000).unwrap();
    let mut samples = noise(9000, 3);
    let mut marred = samples.clone();
    for (position, bad) in [(0, f32::NAN), (4000, f32::INFINITY), (8999, f32::NEG_INFINITY)] {
        (samples[position], marred[position]) = (0.0, bad);
    }
    assert!(encode(&settings, &samples).iter().eq(encode(&settings, &marred).iter()));
}

/// The bytes themselves: on another machine, or with other optimisation, they must be the same. A change of the
/// encoder that is meant to change them changes this number.
#[test]
fn every_machine_makes_the_same_bytes() {
    const CHECKSUM: u64 = 0xfecb_fd04_04ef_143f;
    let settings = AacSettings::new(44_100, 2, 96_000).unwrap();
    let mut samples = noise(60_000, 11);
    // Noise that comes in bursts, so that there are windows of all kinds.
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample *= if n % 9000 < 4000 { 0.01 } else { 1.0 / (1 + n % 9000 / 500) as f32 };
    }
    // FNV-1a.
    let bytes = encode(&settings, &samples).iter().flatten().copied().collect::<Vec<u8>>();
    let checksum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum: u64, &b| (sum ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    assert_eq!(checksum, CHECKSUM, "{checksum:#018x}");
}
