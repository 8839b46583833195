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
            let level = self.tilt * place * octaves + 4.0 * random(seed + 1);
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

/// A hi-hat: level in dB; seconds to decay, of the attack and of what rings on; the level of what rings on.
fn hat(level: f32, attack: f32, decay: f32, ring: f32) -> Recipe {
    let plate =
        Plate { seed: 3, count: 40, range: (420.0, 14_000.0), tilt: 2.5, decay: (decay * 1.1, decay) };
    Recipe::new(
        level,
        HAT_PAN,
        vec![
            ringing(ring - 1.0, plate.partials().wide(0.3).attack(0.001)).slope(0.9),
            rustling(
                ring,
                noise(&[
                    (1_600.0, -15.0, decay),
                    (3_600.0, -9.0, decay * 0.8),
                    (5_500.0, -4.0, decay),
                    (8_000.0, 0.0, decay),
                    (11_000.0, -1.0, decay),
                    (15_000.0, -3.0, decay),
                ])
                .attack(0.001)
                .wide(0.6),
            )
            .slope(1.02)
            .variations(3),
            rustling(
                -2.0,
                noise(&[
                    (1_000.0, -14.0, attack * 0.6),
                    (4_500.0, -4.0, attack * 0.8),
                    (7_500.0, 0.0, attack),
                    (11_000.0, 0.0, attack),
                    (15_000.0, 0.0, attack),
                ])
                .attack(0.0010)
                .wide(0.4),
            )
            .slope(1.25)
            .variations(3),
        ],
    )
    .room(-26.0)
}

pub(super) fn closed_hat() -> Recipe {
    hat(-37.0, 0.16, 0.24, -4.0).damps(ChokeGroup::HiHat).voices(3)
}

pub(super) fn closed_hat_edge() -> Recipe {
    hat(-35.5, 0.17, 0.32, 0.0).damps(ChokeGroup::HiHat).voices(3)
}

/// The cymbals closed by the foot.
pub(super) fn pedal_hat() -> Recipe {
    let mut recipe = hat(-37.0, 0.13, 0.20, -6.0);
    let thump = noise(&[(320.0, 0.0, 0.06), (900.0, -5.0, 0.06), (2_000.0, -5.0, 0.05)]);
    recipe.parts.push(rustling(-7.0, thump.attack(0.001)).slope(0.9).variations(3));
    recipe.damps(ChokeGroup::HiHat).voices(3)
}

/// `decay` is 0.3 to 1 s.
pub(super) fn half_open_hat(decay: f32) -> Recipe {
    hat(-35.5, 0.15, decay, 2.0).damped(ChokeGroup::HiHat).voices(3)
}

pub(super) fn open_hat() -> Recipe {
    hat(-36.5, 0.22, 1.7, 2.0).damped(ChokeGroup::HiHat).voices(4)
}

pub(super) fn open_hat_edge() -> Recipe {
    hat(-35.0, 0.25, 1.9, 3.0).damped(ChokeGroup::HiHat).voices(4)
}

struct Cymbal {
    level: f32,
    pan: f32,
    seed: u32,
    /// The scale of its frequencies.
    tune: f32,
    /// Seconds to decay by 60 dB, around 4 kHz.
    decay: f32,
    /// Seconds in which the wash builds up.
    build_up: f32,
    /// Levels in dB: the low partials of the stroke, those that ring on, the high ones, the wash, the stick.
    parts: [f32; 5],
}

fn cymbal(cymbal: &Cymbal) -> Recipe {
    let Cymbal { level, pan, seed, tune, decay, build_up, parts: [stroke, body, high, wash, stick] } =
        *cymbal;
    let stroke_plate =
        Plate { seed, count: 18, range: (380.0 * tune, 1_900.0 * tune), tilt: -2.0, decay: (0.45, 0.30) };
    let body_plate = Plate {
        seed: seed + 1,
        count: 30,
        range: (290.0 * tune, 3_000.0 * tune),
        tilt: 1.5,
        decay: (decay * 1.25, decay * 1.15),
    };
    let high_plate = Plate {
        seed: seed + 2,
        count: 48,
        range: (2_300.0 * tune, 10_500.0),
        tilt: -2.0,
        decay: (decay * 1.15, decay * 0.6),
    };
    Recipe::new(
        level,
        pan,
        vec![
            ringing(stroke, stroke_plate.partials().wide(0.4).attack(0.002)),
            ringing(body, body_plate.partials().wide(0.5).attack(0.002)).slope(0.88),
            ringing(high, high_plate.partials().wide(0.6).attack(build_up)).slope(1.12),
            rustling(
                wash,
                noise(&[
                    (950.0 * tune, -13.0, decay * 0.7),
                    (1_900.0 * tune, -7.0, decay * 0.75),
                    (3_800.0 * tune, 0.0, decay * 0.8),
                    (5_800.0 * tune, -1.0, decay * 0.7),
                    (8_500.0, -3.0, decay * 0.6),
                    (12_500.0, -7.0, decay * 0.4),
                ])
                .attack(build_up * 0.6)
                .wide(0.8),
            )
            .slope(1.25)
            .variations(2),
            rustling(
                stick,
                noise(&[
                    (1_800.0, -8.0, 0.05),
                    (4_000.0, 0.0, 0.07),
                    (7_500.0, 0.0, 0.09),
                    (13_000.0, -1.0, 0.10),
                ])
                .attack(0.0004)
                .wide(0.3),
            )
            .slope(1.2)
            .variations(3),
        ],
    )
}

pub(super) fn crash(number: u32) -> Recipe {
    let (pan, tune, seed, decay) = if number == 0 { (-0.3, 1.0, 20, 4.2) } else { (0.3, 0.88, 30, 4.6) };
    let parts = [-1.0, -10.0, -1.0, -2.0, -12.0];
    cymbal(&Cymbal { level: -29.0, pan, seed, tune, decay, build_up: 0.018, parts }).voices(4)
}

pub(super) fn splash() -> Recipe {
    let parts = [-8.0, -11.0, -2.0, -1.5, -8.0];
    cymbal(&Cymbal { level: -31.0, pan: -0.1, seed: 40, tune: 1.45, decay: 1.5, build_up: 0.004, parts })
}

pub(super) fn china() -> Recipe {
    let parts = [-3.0, -6.0, -1.0, 0.0, -10.0];
    cymbal(&Cymbal { level: -30.0, pan: 0.4, seed: 50, tune: 0.72, decay: 2.2, build_up: 0.006, parts })
}

pub(super) fn ride(number: u32) -> Recipe {
    let (tune, seed) = if number == 0 { (1.0, 60) } else { (0.92, 70) };
    let parts = [-14.0, -7.0, -0.5, -6.0, 0.0];
    cymbal(&Cymbal { level: -34.0, pan: 0.35, seed, tune, decay: 3.0, build_up: 0.003, parts }).voices(5)
}

pub(super) fn ride_bell() -> Recipe {
    let parts = [-14.0, -12.0, -12.0, -14.0, -7.0];
    let mut recipe =
        cymbal(&Cymbal { level: -32.0, pan: 0.35, seed: 60, tune: 1.0, decay: 2.6, build_up: 0.003, parts });
    let bell = partials(&[
        (805.0, 0.3, 5.0),
        (1_275.0, 0.3, 4.8),
        (2_230.0, 0.8, 4.4),
        (2_870.0, 0.9, 4.0),
        (3_920.0, 1.0, 3.4),
        (5_060.0, 0.7, 2.6),
        (6_410.0, 0.5, 1.9),
        (8_250.0, 0.35, 1.1),
    ]);
    recipe.parts.push(ringing(0.0, bell.wide(0.2).attack(0.0005)));
    recipe.voices(5)
}
