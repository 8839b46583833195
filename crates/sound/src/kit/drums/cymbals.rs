//! Hi-hats and cymbals: many inharmonic partials, and noise whose highs decay first.

use super::*;
use crate::kit::synthesis::random;

/// Where partials are, how loud, and how long.
struct Plate {
    seed: u32,
    count: u32,
    /// The lowest and highest frequency, in Hz.
    range: (f32, f32),
    /// The change of level per octave, in dB.
    tilt: f32,
    /// Seconds to decay by 60 dB at the lowest and highest frequency.
    decay: (f32, f32),
}

impl Plate {
    /// Partials spread over the octaves evenly but irregularly.
    fn partials(&self) -> Partials {
        let (low, high) = self.range;
        let octaves = libm::log2f(high / low);
        let rows = (0..self.count).map(|index| {
            let seed = self.seed * 10_007 + index * 13;
            let place = (index as f32 + 0.5 + 0.48 * random(seed)) / self.count as f32;
            let level = self.tilt * place * octaves + 5.0 * random(seed + 1);
            let decay = self.decay.0 * libm::powf(self.decay.1 / self.decay.0, place);
            partial((
                low * libm::exp2f(place * octaves),
                libm::powf(10.0, level / 20.0),
                decay * (1.0 + 0.3 * random(seed + 2)),
            ))
        });
        Partials::new(rows).scattered()
    }
}

const HAT_PAN: f32 = -0.35;

fn hat(level: f32, decay: f32, wash: f32) -> Recipe {
    let ring = Plate { seed: 3, count: 34, range: (400.0, 14_000.0), tilt: 2.5, decay: (decay * 0.7, decay) };
    Recipe::new(
        level,
        HAT_PAN,
        vec![
            ringing(-5.0, ring.partials().wide(0.3)),
            rustling(
                wash,
                noise(&[
                    (3_200.0, 1.2, -14.0, decay * 0.8),
                    (5_500.0, 1.2, -5.0, decay * 0.95),
                    (8_000.0, 1.2, 0.0, decay),
                    (11_000.0, 1.2, 0.0, decay),
                    (15_000.0, 1.2, -3.0, decay * 0.8),
                ])
                .low_cut(2_500.0)
                .wide(0.6),
            )
            .slope(1.05)
            .variations(3),
            rustling(
                -6.0,
                noise(&[(4_500.0, 0.8, 0.0, 0.02), (9_500.0, 0.8, 2.0, 0.015)]).low_cut(1_500.0).wide(0.3),
            )
            .slope(1.4)
            .variations(3),
        ],
    )
}

pub(super) fn closed_hat() -> Recipe {
    hat(-28.0, 0.16, 0.0).stops(ChokeGroup::HiHat).voices(3)
}

pub(super) fn closed_hat_edge() -> Recipe {
    hat(-26.0, 0.22, 2.0).stops(ChokeGroup::HiHat).voices(3)
}

pub(super) fn pedal_hat() -> Recipe {
    let mut recipe = hat(-30.0, 0.13, 0.0);
    recipe
        .parts
        .push(rustling(-8.0, noise(&[(600.0, 0.8, 0.0, 0.05), (1_500.0, 0.8, -3.0, 0.04)])).variations(3));
    recipe.stops(ChokeGroup::HiHat).voices(3)
}

pub(super) fn half_open_hat(seconds: f32) -> Recipe {
    hat(-26.0, seconds, 2.0).stopped(ChokeGroup::HiHat).voices(3)
}

pub(super) fn open_hat() -> Recipe {
    hat(-25.0, 1.1, 1.0).stopped(ChokeGroup::HiHat).voices(4)
}

pub(super) fn open_hat_edge() -> Recipe {
    hat(-24.0, 1.3, 2.0).stopped(ChokeGroup::HiHat).voices(4)
}

struct Cymbal {
    level: f32,
    pan: f32,
    seed: u32,
    /// The scale of its frequencies.
    tune: f32,
    /// Seconds to decay by 60 dB.
    decay: f32,
    /// Seconds in which the wash builds up.
    build_up: f32,
    /// Levels of body, wash and stick, in dB.
    parts: (f32, f32, f32),
}

fn cymbal(cymbal: &Cymbal) -> Recipe {
    let Cymbal { level, pan, seed, tune, decay, build_up, parts: (body, wash, stick) } = *cymbal;
    let low =
        Plate { seed, count: 36, range: (240.0 * tune, 2_600.0 * tune), tilt: -1.0, decay: (decay, decay) };
    let high = Plate {
        seed: seed + 1,
        count: 44,
        range: (2_000.0 * tune, 13_000.0),
        tilt: -1.5,
        decay: (decay, decay * 0.5),
    };
    Recipe::new(
        level,
        pan,
        vec![
            ringing(body, low.partials().wide(0.5)).slope(0.9),
            ringing(body + 1.0, high.partials().wide(0.6).attack(build_up * 0.5)),
            rustling(
                wash,
                noise(&[
                    (900.0 * tune, 0.9, -9.0, decay * 0.6),
                    (1_900.0 * tune, 0.9, -4.0, decay * 0.6),
                    (3_800.0 * tune, 0.9, 0.0, decay * 0.55),
                    (6_500.0 * tune, 1.0, 0.0, decay * 0.45),
                    (10_000.0, 1.0, -1.0, decay * 0.35),
                    (14_500.0, 1.0, -4.0, decay * 0.25),
                ])
                .attack(build_up)
                .low_cut(500.0)
                .wide(0.8),
            )
            .slope(1.15)
            .variations(2),
            rustling(
                stick,
                noise(&[(3_000.0, 0.7, 0.0, 0.03), (8_000.0, 0.7, 0.0, 0.02)]).low_cut(800.0).wide(0.3),
            )
            .slope(1.2)
            .variations(3),
        ],
    )
}

pub(super) fn crash(number: u32) -> Recipe {
    let (pan, tune, seed, decay) = if number == 0 { (-0.3, 1.0, 20, 2.8) } else { (0.3, 0.86, 30, 3.2) };
    cymbal(&Cymbal { level: -20.0, pan, seed, tune, decay, build_up: 0.006, parts: (-5.0, 0.0, -9.0) })
        .voices(4)
}

pub(super) fn splash() -> Recipe {
    cymbal(&Cymbal {
        level: -22.0,
        pan: -0.1,
        seed: 40,
        tune: 1.5,
        decay: 1.0,
        build_up: 0.002,
        parts: (-6.0, 0.0, -8.0),
    })
}

pub(super) fn china() -> Recipe {
    cymbal(&Cymbal {
        level: -20.0,
        pan: 0.4,
        seed: 50,
        tune: 0.7,
        decay: 1.7,
        build_up: 0.004,
        parts: (-4.0, 1.0, -8.0),
    })
}

pub(super) fn ride(number: u32) -> Recipe {
    let (tune, seed) = if number == 0 { (1.0, 60) } else { (0.9, 70) };
    cymbal(&Cymbal {
        level: -26.0,
        pan: 0.35,
        seed,
        tune,
        decay: 2.4,
        build_up: 0.003,
        parts: (0.0, -5.0, -3.0),
    })
    .voices(5)
}

pub(super) fn ride_bell() -> Recipe {
    let mut recipe = cymbal(&Cymbal {
        level: -24.0,
        pan: 0.35,
        seed: 60,
        tune: 1.0,
        decay: 2.0,
        build_up: 0.003,
        parts: (-8.0, -12.0, -8.0),
    });
    recipe.parts.push(ringing(
        0.0,
        partials(&[
            (815.0, 0.7, 1.5),
            (1_290.0, 0.6, 1.4),
            (2_230.0, 1.0, 1.3),
            (3_310.0, 0.8, 1.1),
            (4_480.0, 0.6, 0.9),
            (5_790.0, 0.4, 0.7),
            (7_300.0, 0.25, 0.5),
        ])
        .wide(0.2),
    ));
    recipe.voices(5)
}
