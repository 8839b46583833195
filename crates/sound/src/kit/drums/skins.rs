//! Kick, snare and toms: membranes with a shell.

use super::*;

/// Modes of an ideal membrane relative to the lowest: zeros of Bessel functions (Fletcher and Rossing, "The Physics of
/// Musical Instruments", 18.1), the higher ones lowered a little by the air.
const MEMBRANE: [f32; 8] = [1.0, 1.58, 2.10, 2.28, 2.61, 2.88, 3.12, 3.45];

pub(super) fn acoustic_kick() -> Recipe {
    Recipe::new(
        -17.0,
        0.0,
        vec![
            ringing(
                0.0,
                partials(&[(50.0, 1.0, 0.42), (79.0, 0.45, 0.26), (116.0, 0.20, 0.15)]).bend(0.55, 0.030),
            ),
            ringing(
                -12.0,
                partials(&[(150.0, 1.0, 0.10), (205.0, 0.8, 0.09), (290.0, 0.6, 0.07), (410.0, 0.4, 0.05)]),
            )
            .slope(1.1),
            rustling(
                -17.0,
                noise(&[(300.0, 0.8, 0.0, 0.16), (700.0, 0.8, -6.0, 0.10), (1_600.0, 0.8, -10.0, 0.06)]),
            )
            .slope(1.1)
            .variations(3),
            rustling(-22.0, noise(&[(2_400.0, 0.7, 0.0, 0.022), (4_800.0, 0.8, -8.0, 0.015)]).wide(0.1))
                .slope(1.5)
                .variations(3),
        ],
    )
}

pub(super) fn kick() -> Recipe {
    Recipe::new(
        -17.0,
        0.0,
        vec![
            ringing(
                0.0,
                partials(&[(57.0, 1.0, 0.30), (92.0, 0.4, 0.18), (140.0, 0.2, 0.11)]).bend(0.9, 0.020),
            ),
            ringing(
                -11.0,
                partials(&[(172.0, 1.0, 0.08), (240.0, 0.8, 0.07), (350.0, 0.6, 0.05), (520.0, 0.4, 0.04)]),
            )
            .slope(1.1),
            rustling(
                -17.0,
                noise(&[(350.0, 0.8, 0.0, 0.12), (900.0, 0.8, -6.0, 0.07), (2_000.0, 0.8, -9.0, 0.05)]),
            )
            .slope(1.15)
            .variations(3),
            rustling(-19.0, noise(&[(3_000.0, 0.7, 0.0, 0.018), (5_500.0, 0.8, -5.0, 0.012)]).wide(0.1))
                .slope(1.5)
                .variations(3),
        ],
    )
}

fn snare_drum(level: f32, tune: f32, wires: f32, ring: f32) -> Recipe {
    let modes = MEMBRANE.iter().enumerate().map(|(index, ratio)| {
        let index = index as f32;
        partial((182.0 * tune * ratio, 1.0 / (1.0 + 0.7 * index), ring * (0.20 - 0.014 * index)))
    });
    Recipe::new(
        level,
        0.0,
        vec![
            ringing(0.0, Partials::new(modes).bend(0.12, 0.012)).slope(0.95),
            rustling(
                wires,
                noise(&[
                    (420.0 * tune, 0.9, -8.0, 0.16),
                    (1_000.0 * tune, 0.8, -4.0, 0.20),
                    (2_200.0, 0.8, 0.0, 0.22),
                    (4_500.0, 0.8, 0.0, 0.21),
                    (8_000.0, 0.9, -2.0, 0.18),
                    (13_000.0, 0.9, -7.0, 0.14),
                ])
                .wide(0.5),
            )
            .slope(1.08)
            .variations(4),
            rustling(
                wires - 6.0,
                noise(&[(1_800.0, 0.7, 0.0, 0.03), (4_200.0, 0.7, 0.0, 0.022), (9_000.0, 0.8, -3.0, 0.016)])
                    .wide(0.2),
            )
            .slope(1.35)
            .variations(4),
        ],
    )
}

pub(super) fn snare() -> Recipe {
    snare_drum(-18.0, 1.0, -1.0, 1.0)
}

pub(super) fn electric_snare() -> Recipe {
    let mut recipe = snare_drum(-18.0, 1.18, 1.0, 1.25);
    recipe.parts.push(gliding(-6.0, Glide::new(420.0, 210.0, 0.012).envelope(0.0004, 0.0, 0.16)));
    recipe
}

/// A roll of half a second.
pub(super) fn snare_roll() -> Recipe {
    let mut recipe = snare();
    for (index, part) in recipe.parts.iter_mut().enumerate() {
        let index = index as f32;
        let strikes: Vec<(f32, f32)> = (0..14)
            .map(|stroke| (0.037 * stroke as f32, 0.6 + 0.03 * ((stroke * 7 % 5) as f32 - index)))
            .collect();
        *part = part.clone().strikes(strikes);
    }
    recipe.voices(2)
}

pub(super) fn side_stick() -> Recipe {
    Recipe::new(
        -23.0,
        -0.05,
        vec![
            ringing(
                0.0,
                partials(&[
                    (430.0, 0.5, 0.07),
                    (815.0, 0.7, 0.06),
                    (1_690.0, 1.0, 0.055),
                    (2_480.0, 0.7, 0.04),
                    (3_900.0, 0.35, 0.025),
                    (5_600.0, 0.2, 0.02),
                ]),
            ),
            rustling(-7.0, noise(&[(2_500.0, 0.6, 0.0, 0.016), (6_500.0, 0.7, -3.0, 0.012)]).wide(0.2))
                .slope(1.3)
                .variations(3),
            rustling(-16.0, noise(&[(3_500.0, 0.6, 0.0, 0.08), (7_500.0, 0.7, -4.0, 0.07)])).variations(3),
        ],
    )
}

/// Toms from the lowest (0, low floor tom) to the highest (5).
pub(super) fn tom(number: usize) -> Recipe {
    const TUNING: [(f32, f32, f32); 6] = [
        (72.0, 0.75, 0.45),
        (86.0, 0.68, 0.32),
        (104.0, 0.60, 0.15),
        (124.0, 0.54, 0.0),
        (148.0, 0.48, -0.15),
        (176.0, 0.43, -0.28),
    ];
    let (frequency, decay, pan) = TUNING.get(number).copied().unwrap_or((120.0, 0.5, 0.0));
    let modes = MEMBRANE.iter().enumerate().map(|(index, ratio)| {
        let amplitude = [1.0, 0.5, 0.25, 0.22, 0.14, 0.10, 0.07, 0.05][index];
        partial((frequency * ratio, amplitude, decay / (1.0 + 0.55 * index as f32)))
    });
    Recipe::new(
        -18.0,
        pan,
        vec![
            ringing(0.0, Partials::new(modes).bend(0.22, 0.045)),
            rustling(
                -15.0,
                noise(&[
                    (frequency * 3.0, 0.7, 0.0, 0.14),
                    (frequency * 7.0, 0.7, -4.0, 0.09),
                    (frequency * 16.0, 0.7, -9.0, 0.06),
                ]),
            )
            .slope(1.15)
            .variations(3),
            rustling(-18.0, noise(&[(1_500.0, 0.7, 0.0, 0.025), (3_800.0, 0.7, -4.0, 0.018)]).wide(0.2))
                .slope(1.5)
                .variations(3),
        ],
    )
}
