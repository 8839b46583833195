//! What the drum kit and its player promise.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use strikeline_audio::AudioSource;
use strikeline_picture::Time;
use strikeline_sound::kit::{DrumKit, DrumPlayer, Hit, KitError};

const RATE: u32 = 48_000;

static KIT: LazyLock<Arc<DrumKit>> = LazyLock::new(|| Arc::new(DrumKit::new(RATE).unwrap()));

/// Drums that a usual song has.
const MAIN_DRUMS: [u8; 24] =
    [35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 59];

fn hit(seconds: f64, key: u8, velocity: u8) -> Hit {
    Hit { time: Time::from_seconds(seconds), key, velocity, damped: None }
}

fn play(hits: &[Hit], seconds: f64) -> Vec<f32> {
    play_in_blocks(hits, seconds, &[65_536])
}

fn play_in_blocks(hits: &[Hit], seconds: f64, frames: &[usize]) -> Vec<f32> {
    let mut player = DrumPlayer::new(&KIT, hits.iter().copied(), (seconds * f64::from(RATE)) as u64);
    let mut samples = Vec::new();
    for frames in frames.iter().cycle() {
        let mut block = vec![f32::NAN; frames * 2];
        let read = player.read(&mut block).unwrap();
        samples.extend_from_slice(&block[..read * 2]);
        if read < *frames {
            assert_eq!(player.remaining(), Some(0));
            break;
        }
    }
    samples
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum()
}

/// The energy of the differences of successive samples over that of the samples: grows with the mean frequency.
fn brightness(samples: &[f32]) -> f64 {
    let differences: Vec<f32> = samples.windows(3).map(|three| three[2] - three[0]).collect();
    energy(&differences) / energy(samples)
}

#[test]
fn every_key_at_every_velocity_is_heard_and_stays_below_full_scale() {
    for key in 0..=127 {
        for velocity in [0, 1, 20, 64, 100, 127, 255] {
            let samples = KIT.render(key, velocity);
            let peak = peak(&samples);
            assert!(samples.iter().all(|sample| sample.is_finite()), "{key} {velocity}");
            assert!(peak > 1e-4 && peak < 0.9, "key {key}, velocity {velocity}: peak {peak}");
        }
    }
}

#[test]
fn every_sound_begins_in_its_first_frame_and_ends_in_silence() {
    for key in 0..=127 {
        let samples = KIT.render(key, 127);
        let peak = peak(&samples);
        assert!(samples[0].abs() > peak * 1e-5 || samples[1].abs() > peak * 1e-5, "key {key}");
        // 0.5 ms.
        let early = samples[..48].iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
        assert!(early > peak * 0.1, "key {key}: only {early} of {peak}");
        let end = &samples[samples.len() - 200..];
        assert!(end.iter().all(|sample| sample.abs() < peak * 2e-3), "key {key}");
        assert!(samples.len() < 8 * 2 * RATE as usize, "key {key}");
    }
}

/// Guards against samples that depend on the machine or the compiler. When a recipe changes, so do these numbers.
#[test]
fn the_samples_are_the_same_on_every_machine() {
    let sums = [36, 38, 46, 49, 54, 71].map(|key| {
        KIT.render(key, 100).iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, sample| {
            (hash ^ u64::from(sample.to_bits())).wrapping_mul(0x0100_0000_01B3)
        })
    });
    let expected = [
        0xE1D9_0A03_0F52_ADEB,
        0x73B1_AE88_862B_C3E1,
        0x4002_006E_165C_EEB7,
        0xBB8F_B695_AF40_5BCD,
        0x0760_BA89_99AC_296D,
        0xA67D_4BB4_50A3_991D,
    ];
    assert_eq!(sums, expected, "{sums:#018x?}");
}

#[test]
fn no_sound_has_a_constant_part() {
    for key in 0..=127 {
        let samples = KIT.render(key, 127);
        for channel in 0..2 {
            let sum: f64 = samples.iter().skip(channel).step_by(2).map(|&sample| f64::from(sample)).sum();
            // Over at least half a second, as it is heard in a song.
            let frames = (samples.len() / 2).max(RATE as usize / 2) as f64;
            let mean = sum / frames / f64::from(peak(&samples));
            assert!(mean.abs() < 3e-3, "key {key}: {mean}");
        }
    }
}

#[test]
fn velocity_makes_every_drum_louder_and_the_main_drums_brighter() {
    for key in 0..=127 {
        let mut before = (0.0, 0.0);
        for velocity in [1, 16, 40, 64, 90, 110, 127] {
            let samples = KIT.render(key, velocity);
            let now = (energy(&samples), brightness(&samples[..9_600.min(samples.len())]));
            assert!(now.0 > before.0 * 1.2, "key {key}, velocity {velocity}: no louder");
            if MAIN_DRUMS.contains(&key) {
                assert!(
                    now.1 > before.1 * 0.999,
                    "key {key}, velocity {velocity}: {} after {}",
                    now.1,
                    before.1
                );
            }
            before = now;
        }
    }
}

#[test]
fn a_hit_begins_in_the_frame_nearest_to_its_time() {
    for (nanos, frame) in
        [(0, 0), (10_000_000, 480), (10_010_000, 480), (10_011_000, 481), (123_456_789, 5_926)]
    {
        for key in [36, 38, 42, 49, 70] {
            let samples =
                play(&[Hit { time: Time::from_nanos(nanos), key, velocity: 100, damped: None }], 0.5);
            let onset = samples.iter().position(|sample| *sample != 0.0).unwrap() / 2;
            assert_eq!(onset, frame, "key {key} at {nanos} ns");
        }
    }
}

#[test]
fn a_single_hit_sounds_as_the_kit_renders_it_up_to_its_small_variation() {
    let played = play(&[hit(0.0, 38, 100)], 0.4);
    let rendered = KIT.render(38, 100);
    let ratio = energy(&played) / energy(&rendered[..played.len().min(rendered.len())]);
    assert!((0.6..1.6).contains(&ratio), "{ratio}");
}

#[test]
fn strokes_that_follow_each_other_differ_a_little_and_the_same_at_every_run() {
    let hits = [hit(0.0, 38, 100), hit(1.0, 38, 100)];
    let samples = play(&hits, 2.0);
    let (first, second) = samples.split_at(2 * RATE as usize);
    assert_ne!(first, second);
    let ratio = energy(first) / energy(second);
    assert!((0.7..1.4).contains(&ratio), "{ratio}");
    assert_eq!(samples, play(&hits, 2.0));
}

#[test]
fn closed_and_pedal_hats_stop_open_ones_without_a_click() {
    for open in [46, 26, 23, 24] {
        for closed in [42, 44, 22] {
            let alone = play(&[hit(0.0, open, 110)], 1.0);
            let closed_alone = play(&[hit(0.3, closed, 1)], 1.0);
            let choked = play(&[hit(0.0, open, 110), hit(0.3, closed, 1)], 1.0);
            let at = |seconds: f64| (seconds * f64::from(RATE)) as usize * 2;
            let rest: Vec<f32> = choked.iter().zip(&closed_alone).map(|(all, closed)| all - closed).collect();
            assert_eq!(alone[..at(0.3)], choked[..at(0.3)]);
            assert!(peak(&rest[at(0.33)..]) < 1e-6, "{closed} does not stop {open}");
            // The fade adds nothing that the hat has not.
            assert!(peak(&rest[at(0.3)..]) <= peak(&alone[at(0.3)..]) + 1e-6);
        }
    }
}

#[test]
fn groups_of_general_midi_stop_each_other() {
    for (ringing, stopping) in [(81, 80), (72, 71), (74, 73), (79, 78), (87, 86), (63, 62)] {
        let samples = play(&[hit(0.0, ringing, 100), hit(0.1, stopping, 1)], 1.0);
        let alone = play(&[hit(0.1, stopping, 1)], 1.0);
        let late = (0.13 * f64::from(RATE)) as usize * 2;
        let rest =
            samples.iter().zip(&alone).skip(late).map(|(all, one)| (all - one).abs()).fold(0.0, f32::max);
        assert!(rest < 1e-6, "{stopping} does not stop {ringing}: {rest}");
    }
}

#[test]
fn other_drums_ring_on() {
    let alone = play(&[hit(0.0, 49, 100)], 2.0);
    let with_hat = play(&[hit(0.0, 49, 100), hit(0.5, 42, 1)], 2.0);
    let late = 2 * RATE as usize;
    assert!(energy(&with_hat[late..]) > 0.9 * energy(&alone[late..]));
}

#[test]
fn hits_before_the_beginning_are_heard_as_they_ring_on() {
    let whole = play(&[hit(0.5, 49, 100), hit(1.25, 36, 90), hit(2.0, 49, 80)], 3.0);
    let late = play(&[hit(-0.5, 49, 100), hit(0.25, 36, 90), hit(1.0, 49, 80)], 2.0);
    assert_eq!(whole[2 * RATE as usize..], late[..]);
}

#[test]
fn times_beyond_all_measure_are_no_trouble() {
    for nanos in [i64::MIN, i64::MAX, -1, 1] {
        play(
            &[
                Hit { time: Time::from_nanos(nanos), key: 255, velocity: 255, damped: None },
                hit(0.1, 36, 100),
            ],
            0.5,
        );
    }
    assert!(play(&[hit(0.0, 36, 100)], 0.0).is_empty());
    let mut endless = DrumPlayer::new(&KIT, [hit(0.0, 36, 100)], u64::MAX);
    assert_eq!(endless.read(&mut [0.0; 512]).unwrap(), 256);
    assert_eq!(endless.read(&mut []).unwrap(), 0);
}

#[test]
fn repeated_strokes_do_not_grow_without_bound() {
    for key in [36, 38, 42, 46, 49, 51] {
        let single = peak(&play(&[hit(0.0, key, 127)], 1.0));
        // 2,500 strokes per second, and all at once.
        let many: Vec<Hit> = (0..5_000).map(|index| hit(f64::from(index) * 0.0004, key, 127)).collect();
        let most = peak(&play(&many, 2.0));
        assert!(most < single * 12.0, "key {key}: {most}, a single one {single}");
        let at_once = peak(&play(&[hit(0.0, key, 127); 1_000], 1.0));
        assert!(at_once <= single * 1.01, "key {key}: {at_once}");
    }
}

#[test]
fn of_strokes_at_once_the_loudest_is_heard() {
    let loud_last = play(&[hit(0.1, 38, 40), hit(0.1, 38, 120)], 0.5);
    let loud_first = play(&[hit(0.1, 38, 120), hit(0.1, 38, 40)], 0.5);
    assert_eq!(loud_last, loud_first);
    assert!(energy(&loud_last) > 10.0 * energy(&play(&[hit(0.1, 38, 40)], 0.5)));
}

#[test]
fn the_order_of_hits_given_does_not_matter() {
    let mut hits =
        vec![hit(0.0, 36, 100), hit(0.0, 46, 90), hit(0.0, 42, 90), hit(0.4, 38, 100), hit(0.4, 38, 20)];
    let sorted = play(&hits, 1.0);
    hits.reverse();
    assert_eq!(sorted, play(&hits, 1.0));
}

#[test]
fn a_kit_is_made_at_usual_rates_and_refused_beyond() {
    for rate in [8_000, 22_050, 44_100, 96_000, 192_000] {
        let kit = DrumKit::new(rate).unwrap();
        for key in [0, 36, 38, 42, 49, 81] {
            let samples = kit.render(key, 100);
            assert!(
                samples.iter().all(|sample| sample.is_finite()) && peak(&samples) > 0.001,
                "{rate} Hz, {key}"
            );
        }
    }
    for rate in [0, 7_999, 192_001, u32::MAX] {
        assert_eq!(DrumKit::new(rate).unwrap_err(), KitError::Rate { rate });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_samples_do_not_depend_on_the_length_of_blocks(
        hits in prop::collection::vec((-0.5..1.0_f64, 35..60_u8, 1..=127_u8), 0..40),
        blocks in prop::collection::vec(1..3_000_usize, 1..6),
    ) {
        let hits: Vec<Hit> = hits.into_iter().map(|(seconds, key, velocity)| hit(seconds, key, velocity)).collect();
        prop_assert_eq!(play(&hits, 1.0), play_in_blocks(&hits, 1.0, &blocks));
    }
}

#[test]
fn a_damped_cymbal_sounds_as_usual_until_then_and_is_silent_50_ms_later() {
    let rings = play(&[hit(0.1, 49, 100)], 1.5);
    let damped = [Hit { damped: Some(Time::from_seconds(0.6)), ..hit(0.1, 49, 100) }];
    let cut = play(&damped, 1.5);
    let sample = |seconds: f64| (seconds * f64::from(RATE)) as usize * 2;
    assert_eq!(cut[..sample(0.6)], rings[..sample(0.6)]);
    assert!(energy(&cut[sample(0.62)..sample(0.65)]) > 0.0);
    assert!(cut[sample(0.651)..].iter().all(|sample| *sample == 0.0));
    assert!(energy(&rings[sample(0.651)..]) > 0.0);
    assert_eq!(play_in_blocks(&damped, 1.5, &[1, 777, 64]), cut);
    // Another stroke on it rings on; one that is damped before time 0 is not heard.
    let again = play(&[damped[0], hit(0.5, 49, 100)], 1.5);
    assert!(energy(&again[sample(0.7)..]) > 0.0);
    let before = Hit { damped: Some(Time::from_seconds(-0.1)), ..hit(-0.5, 49, 100) };
    assert_eq!(energy(&play(&[before], 0.5)), 0.0);
}
