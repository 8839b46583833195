use proptest::prelude::*;

use super::*;
use crate::Samples;
use crate::testing::{Random, mono, read_all, read_in_blocks, stereo};

/// The true peak by a library, in dBTP.
fn true_peak(samples: &[f32], rate: u32) -> f64 {
    let mut meter = ebur128::EbuR128::new(2, rate, ebur128::Mode::TRUE_PEAK).unwrap();
    meter.add_frames_f32(samples).unwrap();
    let peak = meter.true_peak(0).unwrap().max(meter.true_peak(1).unwrap());
    20.0 * peak.log10()
}

fn noise(frames: usize, level: f32) -> Vec<f32> {
    let mut random = Random(11);
    (0..2 * frames).map(|_| level * random.noise()).collect()
}

#[test]
fn what_is_below_the_ceiling_comes_out_as_it_went_in() {
    let samples = noise(10_000, 0.3);
    let out = read_all(Limiter::new(Samples::new(stereo(48_000), samples.clone()), -1.0).unwrap());
    assert_eq!(out, samples);
}

#[test]
fn a_peak_is_turned_down_where_it_is_and_nothing_moves() {
    let mut samples = vec![0.0; 2000];
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample = 0.1 * (n as f32 * 0.05).sin();
    }
    samples[1000] = 3.0;
    let out = read_all(Limiter::new(Samples::new(mono(8_000), samples.clone()), -1.0).unwrap());
    assert_eq!(out.len(), samples.len());
    let loudest = (0..2000).max_by(|a, b| out[*a].abs().total_cmp(&out[*b].abs())).unwrap();
    assert_eq!(loudest, 1000);
    assert!(out[1000] > 0.8 && out[1000] < 0.892);
    // Far ahead of it nothing has changed.
    assert_eq!(out[..900], samples[..900]);
}

#[test]
fn a_peak_in_front_of_the_first_sample_is_turned_down() {
    // Between the silence and the first of these samples the sound is louder than at any of them.
    let mut samples = vec![0.0; 4000];
    samples[..8].copy_from_slice(&[5.0, 5.0, -4.0, -4.0, 4.0, 4.0, 0.1, 0.1]);
    for rate in [32_000, 48_000] {
        let out = read_all(Limiter::new(Samples::new(stereo(rate), samples.clone()), -1.0).unwrap());
        let peak = true_peak(&out, rate);
        assert!(peak <= -1.0, "{rate} Hz: {peak}");
    }
}

#[test]
fn an_unusable_ceiling_is_refused_and_bad_samples_are_silence() {
    assert!(Limiter::new(Samples::new(mono(8_000), vec![]), 1.0).is_err());
    assert!(Limiter::new(Samples::new(mono(8_000), vec![]), f64::NAN).is_err());
    let samples = vec![f32::NAN, f32::INFINITY, 0.5, f32::NEG_INFINITY, 0.5];
    assert_eq!(
        read_all(Limiter::new(Samples::new(mono(8_000), samples), -1.0).unwrap()),
        [0.0, 0.0, 0.5, 0.0, 0.5]
    );
    assert_eq!(read_all(Limiter::new(Samples::new(mono(1), vec![2.0; 3]), 0.0).unwrap()).len(), 3);
}

#[test]
fn the_reduction_is_known() {
    let mut limiter = Limiter::new(Samples::new(stereo(48_000), noise(20_000, 4.0)), -1.0).unwrap();
    assert_eq!(limiter.reduction_db(), 0.0);
    let mut block = vec![0.0; 40_000];
    limiter.read(&mut block).unwrap();
    assert!(limiter.reduction_db() > 12.0 && limiter.reduction_db() < 22.0, "{}", limiter.reduction_db());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_meter_reads_more_than_the_ceiling(
        seed in any::<u64>(),
        rate in prop::sample::select(vec![32_000_u32, 44_100, 48_000, 96_000]),
        ceiling in -12.0..0.0_f64,
        level in 0.1..20.0_f32,
        smoothing in 0.0..0.95_f32,
        bursts in 0.0..0.01_f32,
    ) {
        let mut random = Random(seed);
        let (mut low, mut burst) = ([0.0_f32; 2], 1.0_f32);
        let samples: Vec<f32> = (0..2 * 12_000)
            .map(|n| {
                if random.unit() < bursts {
                    burst = 2.0 * random.unit() * random.unit();
                }
                let state = &mut low[n % 2];
                *state = smoothing * *state + (1.0 - smoothing) * random.noise();
                level * burst * *state
            })
            .collect();
        let out = read_all(Limiter::new(Samples::new(stereo(rate), samples), ceiling).unwrap());
        let peak = true_peak(&out, rate);
        prop_assert!(peak <= ceiling, "{} > {}", peak, ceiling);
    }

    #[test]
    fn blocks_of_any_length_give_the_same_samples(
        blocks in prop::collection::vec(1_usize..3000, 1..6),
        frames in 0_usize..5000,
    ) {
        let make = || Limiter::new(Samples::new(stereo(48_000), noise(frames, 2.0)), -1.0).unwrap();
        let out = read_all(make());
        prop_assert_eq!(out.len(), 2 * frames);
        prop_assert_eq!(read_in_blocks(make(), &blocks), out);
    }
}
