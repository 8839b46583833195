use super::*;
use crate::Samples;
use crate::testing::{Random, mono, read_all, stereo};

fn by_library(samples: &[f32], rate: u32, channels: u32) -> f64 {
    let mut meter = ebur128::EbuR128::new(channels, rate, ebur128::Mode::I).unwrap();
    meter.add_frames_f32(samples).unwrap();
    meter.loudness_global().unwrap()
}

/// Stereo noise whose level goes up and down.
fn waves(rate: u32, seconds: f64, level: f32) -> Vec<f32> {
    let mut random = Random(7);
    (0..(seconds * f64::from(rate)) as usize)
        .flat_map(|n| {
            let t = n as f64 / f64::from(rate);
            let swell = (0.5 + 0.5 * (t * 1.3).sin()) as f32;
            let tone = (t * std::f64::consts::TAU * 220.0).sin() as f32;
            [level * swell * (0.7 * random.noise() + 0.3 * tone), level * swell * random.noise()]
        })
        .collect()
}

/// Hits four times a second that decay within 100 ms, as loud as `level`.
fn hits(seconds: usize, level: f32) -> Vec<f32> {
    let mut random = Random(3);
    (0..48_000 * seconds)
        .flat_map(|n| {
            let decay = (-((n % 12_000) as f32) / 2000.0).exp();
            let body = (n as f32 * 0.025).sin();
            let sample = level * decay * (0.6 * body + 0.4 * random.noise());
            [sample, 0.8 * sample]
        })
        .collect()
}

#[test]
fn a_sine_of_full_scale_is_3_01_lufs_below_full_scale() {
    // ITU-R BS.1770-4, Annex 1: 0 dBFS, 1 kHz (997 Hz) on one front channel reads -3.01 LKFS.
    let samples: Vec<f32> = (0..480_000)
        .map(|n| (f64::from(n) * std::f64::consts::TAU * 997.0 / 48_000.0).sin() as f32)
        .collect();
    let lufs = measure(Samples::new(mono(48_000), samples)).unwrap().integrated_lufs().unwrap();
    assert!((lufs + 3.01).abs() < 0.01, "{lufs}");
}

#[test]
fn the_meter_agrees_with_a_library_at_all_usual_rates() {
    for rate in [8_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
        let samples = waves(rate, 7.3, 0.2);
        let ours = measure(Samples::new(stereo(rate), samples.clone())).unwrap();
        let theirs = by_library(&samples, rate, 2);
        assert!((ours.integrated_lufs().unwrap() - theirs).abs() < 0.02, "{rate} {ours:?} {theirs}");
    }
}

#[test]
fn long_silence_and_a_soft_part_are_gated_away() {
    let mut samples = waves(48_000, 5.0, 0.3);
    samples.extend(vec![0.0; 2 * 48_000 * 20]);
    samples.extend(waves(48_000, 8.0, 0.01));
    let ours = measure(Samples::new(stereo(48_000), samples.clone())).unwrap().integrated_lufs().unwrap();
    assert!((ours - by_library(&samples, 48_000, 2)).abs() < 0.02);
    let loud_part = by_library(&samples[..480_000], 48_000, 2);
    assert!((ours - loud_part).abs() < 1.0, "{ours} {loud_part}");
}

#[test]
fn silence_and_what_is_too_short_get_no_gain() {
    for samples in [vec![], vec![0.0; 96_000], waves(48_000, 0.3, 0.3)] {
        let measured = measure(Samples::new(stereo(48_000), samples)).unwrap();
        assert_eq!(measured.integrated_lufs(), None);
        let plan = measured.plan(&LoudnessTarget::default());
        assert_eq!((plan.gain_db, plan.expected_lufs), (0.0, None));
    }
}

#[test]
fn samples_that_are_not_finite_do_not_poison_the_rest() {
    let mut samples = waves(48_000, 3.0, 0.3);
    samples[1000] = f32::NAN;
    samples[1003] = f32::INFINITY;
    let measured = measure(Samples::new(stereo(48_000), samples)).unwrap();
    assert!(measured.integrated_lufs().unwrap().is_finite());
}

#[test]
fn next_to_nothing_stays_soft() {
    let make = || Ok(Samples::new(stereo(48_000), waves(48_000, 4.0, 0.001)));
    let (_, plan) = normalise(make, &LoudnessTarget::default()).unwrap();
    assert_eq!(plan.gain_db, 20.0);
}

#[test]
fn what_comes_out_has_the_loudness_asked_for_though_the_limiter_takes_from_it() {
    for (level, lufs) in [(0.05, -16.0), (0.2, -14.0), (0.9, -14.0), (0.9, -23.0), (0.1, -16.0)] {
        let samples = hits(12, level);
        let make = || Ok(Samples::new(stereo(48_000), samples.clone()));
        let target =
            LoudnessTarget { lufs, max_gain_db: 30.0, max_limiting_lu: 6.0, ..LoudnessTarget::default() };
        let (source, plan) = normalise(make, &target).unwrap();
        let heard = by_library(&read_all(source), 48_000, 2);
        assert!((heard - plan.expected_lufs.unwrap()).abs() < 0.4, "{level} {lufs}: {heard} {plan:?}");
        assert!((heard - lufs).abs() < 0.5, "{level} {lufs}: {heard} {plan:?}");
    }
}

#[test]
fn the_limiter_takes_no_more_than_it_may() {
    let samples = hits(8, 0.2);
    for most in [0.0, 1.0, 3.0] {
        let make = || Ok(Samples::new(stereo(48_000), samples.clone()));
        let target = LoudnessTarget { lufs: -8.0, max_limiting_lu: most, ..LoudnessTarget::default() };
        let (source, plan) = normalise(make, &target).unwrap();
        let heard = by_library(&read_all(source), 48_000, 2);
        let taken = plan.measured_lufs.unwrap() + plan.gain_db - heard;
        assert!((taken - most).abs() < 0.5, "{most}: {taken} {plan:?}");
    }
}

#[test]
fn values_out_of_range_are_named() {
    let target = LoudnessTarget { lufs: 3.0, ..LoudnessTarget::default() };
    let error = target.check().unwrap_err();
    assert_eq!(error.to_string(), "a loudness of 3 LUFS is not usable: give one from -70 to 0 LUFS");
    let target = LoudnessTarget { ceiling_dbtp: f64::NAN, ..LoudnessTarget::default() };
    assert!(target.check().is_err());
}
