use proptest::prelude::*;

use super::*;
use crate::Samples;
use crate::testing::{Random, mono, read_all, read_in_blocks, stereo};

const RATE: u32 = 48_000;

/// Hits at given sample frames: noise and a low tone that decay, on top of a soft chord.
fn drums(at: &[usize], frames: usize) -> Vec<f32> {
    let mut random = Random(9);
    let mut samples: Vec<f32> =
        (0..frames).map(|n| 0.02 * ((n as f32 * 0.0288).sin() + (n as f32 * 0.0363).sin())).collect();
    for (number, start) in at.iter().enumerate() {
        let level = [1.0, 0.4, 0.7, 0.25][number % 4];
        let low = if number % 2 == 0 { 0.009 } else { 0.025 };
        for (n, sample) in samples[*start..].iter_mut().take(12_000).enumerate() {
            let decay = (-(n as f32) / 2500.0).exp();
            *sample += 0.4 * level * decay * ((n as f32 * low).sin() + 0.7 * random.noise());
        }
    }
    samples
}

/// Where in `out`, within `range` of `near`, the 8 ms from `start` of `samples` are heard, and how alike they are: of the
/// differences from sample to sample, so that high frequencies count. Also how alike the second place is, 3 ms or more away.
fn found(samples: &[f32], start: usize, out: &[f32], near: i64, range: i64) -> (i64, f32, f32) {
    let difference = |samples: &[f32], at: i64| -> Vec<f32> {
        let sample = |n: i64| usize::try_from(n).ok().and_then(|n| samples.get(n)).copied().unwrap_or(0.0);
        (at..at + 384).map(|n| sample(n) - sample(n - 1)).collect()
    };
    let hit = difference(samples, start as i64);
    let places: Vec<(i64, f32)> =
        (near - range..=near + range).map(|at| (at, likeness(&hit, &difference(out, at)))).collect();
    let best = places.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    let second = places.iter().filter(|place| (place.0 - best.0).abs() > 144).map(|place| place.1);
    (best.0 - near, best.1, second.fold(0.0, f32::max))
}

fn grid(gap: usize, frames: usize) -> Vec<usize> {
    // A little off the grid, as humans play.
    (1..(frames - 14_000) / gap).map(|n| n * gap + (n * 7919) % 700).collect()
}

#[test]
fn each_hit_comes_at_its_moment_to_2_ms_and_once() {
    for speed in [0.5, 0.6, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0] {
        for gap in [5_000, 9_000, 24_000] {
            let frames = 240_000;
            let at = grid(gap, frames);
            let source = Samples::new(mono(RATE), drums(&at, frames));
            let original = drums(&at, frames);
            let out = read_all(Stretched::new(source, speed).unwrap());
            for start in &at {
                let expected = (*start as f64 / speed).round() as i64;
                let (late, alike, again) = found(&original, *start, &out, expected, 1_000);
                assert!(late.abs() <= 96, "speed {speed}, gap {gap}, hit at {start}: late {late}");
                assert!(
                    alike > 0.95 && again < 0.5,
                    "speed {speed}, gap {gap}, hit at {start}: {alike}, {again}"
                );
            }
        }
    }
}

#[test]
fn the_length_is_exact_and_known_before() {
    for (frames, speed) in [(0, 0.5), (1, 2.0), (7, 0.7), (100_003, 0.61), (48_000, 1.0), (50_000, 1.999)] {
        let source = Samples::new(stereo(RATE), vec![0.25; 2 * frames]);
        let stretched = Stretched::new(source, speed).unwrap();
        let expected = (frames as f64 / speed).round() as u64;
        assert_eq!(stretched.remaining(), Some(expected));
        assert_eq!(read_all(stretched).len() as u64, 2 * expected);
    }
}

#[test]
fn at_speed_1_nothing_changes() {
    let samples = drums(&grid(9_000, 96_000), 96_000);
    assert_eq!(read_all(Stretched::new(Samples::new(mono(RATE), samples.clone()), 1.0).unwrap()), samples);
}

#[test]
fn a_tone_keeps_its_pitch_and_its_level() {
    let samples: Vec<f32> = (0..4 * RATE).map(|n| (n as f32 * 0.0576).sin()).collect();
    for speed in [0.5, 0.8, 1.3, 2.0] {
        let out = read_all(Stretched::new(Samples::new(mono(RATE), samples.clone()), speed).unwrap());
        let inner = &out[4_800..out.len() - 4_800];
        let crossings = inner.windows(2).filter(|pair| pair[0] <= 0.0 && pair[1] > 0.0).count();
        let frequency = crossings as f64 / inner.len() as f64 * f64::from(RATE);
        assert!((frequency - 440.0).abs() < 2.0, "{speed}: {frequency} Hz");
        let power = inner.iter().map(|sample| sample * sample).sum::<f32>() / inner.len() as f32;
        assert!((power - 0.5).abs() < 0.03, "{speed}: {power}");
    }
}

#[test]
fn an_unusable_speed_is_refused() {
    for speed in [0.0, -1.0, 0.2, 4.1, f64::NAN, f64::INFINITY] {
        assert!(Stretched::new(Samples::new(mono(RATE), vec![]), speed).is_err());
        let piece = Piece { start: 0, frames: 10, speed };
        assert!(Pieces::new(Samples::new(mono(RATE), vec![]), vec![piece], 0).is_err());
    }
}

#[test]
fn a_loop_begins_with_whole_hits_at_exact_moments() {
    let at = grid(12_000, 200_000);
    let samples = drums(&at, 200_000);
    let start = at[3] as u64;
    let pieces = vec![
        Piece { start: 0, frames: start + 48_000, speed: 1.0 },
        Piece { start, frames: 48_000, speed: 1.0 },
        Piece { start, frames: 48_000, speed: 0.5 },
    ];
    let pieces = Pieces::new(Samples::new(mono(RATE), samples.clone()), pieces, 480).unwrap();
    let out = read_all(pieces);
    let start = start as usize;
    assert_eq!(out.len(), start + 48_000 + 48_000 + 96_000);
    assert_eq!(out[..start + 47_000], samples[..start + 47_000]);
    let second = start + 48_000;
    assert_eq!(out[second..second + 47_000], samples[start..start + 47_000]);
    let third = second + 48_000;
    let (late, alike, again) = found(&samples, start, &out, third as i64, 2_000);
    assert!(late.abs() <= 96 && alike > 0.95 && again < 0.5, "{late} {alike} {again}");
}

#[test]
fn pieces_from_the_very_start_or_behind_the_end_are_silence_there() {
    let source = || Samples::new(mono(RATE), vec![1.0; 1000]);
    let again = Piece { start: 0, frames: 1000, speed: 1.0 };
    let out = read_all(Pieces::new(source(), vec![again, again], 100).unwrap());
    assert_eq!(out.len(), 2000);
    assert!(out[899] == 1.0 && out[999] < 0.01 && out[1000] == 1.0);
    let behind = Piece { start: 5000, frames: 10, speed: 1.0 };
    assert_eq!(read_all(Pieces::new(source(), vec![behind], 100).unwrap()), [0.0; 10]);
    assert_eq!(read_all(Pieces::new(source(), vec![], 100).unwrap()), [0.0; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_sound_at_any_speed_has_its_length_in_blocks_of_any_length(
        blocks in prop::collection::vec(1_usize..3000, 1..6),
        frames in 0_usize..60_000,
        speed in 0.25..4.0_f64,
        rate in prop::sample::select(vec![1_u32, 50, 8_000, 48_000, 192_000]),
        hits in prop::collection::vec(0_usize..60_000, 0..40),
        bad in any::<bool>(),
    ) {
        let mut random = Random(frames as u64);
        let mut samples: Vec<f32> = (0..frames).map(|_| 0.01 * random.noise()).collect();
        for hit in hits {
            if hit < frames {
                for sample in &mut samples[hit..frames.min(hit + 400)] {
                    *sample += random.noise();
                }
                if bad {
                    samples[hit] = f32::NAN;
                }
            }
        }
        let make = || Stretched::new(Samples::new(mono(rate), samples.clone()), speed).unwrap();
        let out = read_all(make());
        prop_assert_eq!(out.len(), (frames as f64 / speed).round() as usize);
        prop_assert!(out.iter().all(|sample| sample.is_finite()));
        prop_assert_eq!(read_in_blocks(make(), &blocks), out);
    }

    #[test]
    fn any_pieces_have_the_sum_of_their_lengths(
        blocks in prop::collection::vec(1_usize..3000, 1..6),
        pieces in prop::collection::vec((0_u64..9_000, 0_u64..6_000, prop::sample::select(vec![0.5, 1.0, 1.7])), 0..5),
        fade in 0_u64..600,
    ) {
        let samples = drums(&[500, 3_000, 5_000], 20_000)[..8_000].to_vec();
        let pieces: Vec<Piece> =
            pieces.into_iter().map(|(start, frames, speed)| Piece { start, frames, speed }).collect();
        let make = || Pieces::new(Samples::new(mono(RATE), samples.clone()), pieces.clone(), fade).unwrap();
        let out = read_all(make());
        prop_assert_eq!(out.len() as u64, pieces.iter().map(Piece::heard).sum::<u64>());
        prop_assert_eq!(read_in_blocks(make(), &blocks), out);
    }
}
