//! The metronome: where clicks begin, and how they sound.

use proptest::prelude::*;
use strikeline_audio::{AudioFormat, AudioSource};
use strikeline_picture::Time;
use strikeline_sound::click::{Accent, Click, ClickTrack};

fn click(seconds: f64, accent: Accent) -> Click {
    Click { time: Time::from_seconds(seconds), accent }
}

fn samples(mut source: ClickTrack, block: usize) -> Vec<f32> {
    let channels = source.format().samples_per_frame();
    let mut samples = Vec::new();
    let mut buffer = vec![f32::NAN; block * channels];
    loop {
        let frames = source.read(&mut buffer).unwrap();
        samples.extend(&buffer[..frames * channels]);
        if frames == 0 {
            return samples;
        }
    }
}

fn mono(clicks: &[Click], rate: u32, seconds: f64) -> Vec<f32> {
    let format = AudioFormat::new(rate, 1).unwrap();
    samples(ClickTrack::new(clicks.to_vec(), format, (seconds * f64::from(rate)) as u64, 1.0), 777)
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// How much of a frequency there is.
fn strength(samples: &[f32], hertz: f64, rate: u32) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * hertz * index as f64 / f64::from(rate);
        real += f64::from(*sample) * phase.cos();
        imaginary += f64::from(*sample) * phase.sin();
    }
    real.hypot(imaginary)
}

#[test]
fn a_click_begins_at_its_very_sample_at_any_rate() {
    for rate in [8_000, 44_100, 48_000, 192_000] {
        for seconds in [0.0, 0.1, 0.123_456_789] {
            let heard = mono(&[click(seconds, Accent::Weak)], rate, 0.3);
            let first = heard.iter().position(|sample| *sample != 0.0).unwrap();
            assert_eq!(first as i64, (seconds * f64::from(rate)).round() as i64, "{seconds} s at {rate} Hz");
            let last = heard.iter().rposition(|sample| *sample != 0.0).unwrap();
            assert!(last - first <= rate as usize * 60 / 1_000);
            assert!((peak(&heard) - 0.35).abs() < 1e-6);
        }
    }
}

#[test]
fn a_strong_click_is_higher_and_louder() {
    let strong = mono(&[click(0.0, Accent::Strong)], 48_000, 0.1);
    let weak = mono(&[click(0.0, Accent::Weak)], 48_000, 0.1);
    assert!(peak(&strong) > peak(&weak) * 1.3);
    let pitch = |samples: &[f32]| {
        let candidates = (200..4_000).step_by(20).map(f64::from);
        candidates
            .max_by(|a, b| strength(samples, *a, 48_000).total_cmp(&strength(samples, *b, 48_000)))
            .unwrap()
    };
    assert!((pitch(&strong) - 1_760.0).abs() <= 20.0);
    assert!((pitch(&weak) - 1_174.66).abs() <= 20.0);
    // Nothing harsh: hardly anything above 8 kHz, and no jump at the end.
    let above = (8_000..20_000).step_by(250).map(|hertz| strength(&strong, f64::from(hertz), 48_000));
    assert!(above.fold(0.0, f64::max) < strength(&strong, 1_760.0, 48_000) / 30.0);
    assert!(strong[2_870..].iter().all(|sample| sample.abs() < 1e-4));
}

#[test]
fn clicks_that_began_before_the_start_ring_on() {
    let whole = mono(&[click(0.02, Accent::Strong)], 48_000, 0.2);
    let late = mono(&[click(-0.01, Accent::Strong), click(-1.0, Accent::Weak)], 48_000, 0.1);
    let begins = (0.03 * 48_000.0) as usize;
    assert_eq!(late[..2_000], whole[begins..begins + 2_000]);
}

#[test]
fn of_two_clicks_at_one_time_the_strong_one_is_heard() {
    let both = [click(0.01, Accent::Weak), click(0.01, Accent::Strong)];
    assert_eq!(mono(&both, 48_000, 0.1), mono(&both[1..], 48_000, 0.1));
}

#[test]
fn all_channels_get_the_same_and_the_gain_is_a_factor() {
    let format = AudioFormat::new(48_000, 3).unwrap();
    let heard = samples(ClickTrack::new([click(0.0, Accent::Strong)], format, 4_800, 0.5), 100);
    assert_eq!(heard.len(), 14_400);
    assert!(heard.chunks_exact(3).all(|frame| frame[0] == frame[1] && frame[1] == frame[2]));
    assert!((peak(&heard) - 0.25).abs() < 1e-6);
}

proptest! {
    #[test]
    fn blocks_of_any_length_give_the_same_clicks(
        times in proptest::collection::vec((-100_i64..1_000, any::<bool>()), 0..30),
        block in 1_usize..5_000,
        length in 0_u64..48_000,
    ) {
        let clicks = times.iter().map(|(millis, strong)| Click {
            time: Time::from_nanos(millis * 1_000_000),
            accent: if *strong { Accent::Strong } else { Accent::Weak },
        });
        let format = AudioFormat::STEREO_48K;
        let track = || ClickTrack::new(clicks.clone(), format, length, 1.0);
        let whole = samples(track(), 50_000);
        prop_assert_eq!(whole.len() as u64, length * 2);
        prop_assert_eq!(samples(track(), block), whole);
    }
}
