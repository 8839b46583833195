//! Kick, snare and toms: membranes with a shell.

use super::*;

/// Modes of an ideal membrane relative to the lowest: zeros of Bessel functions (Fletcher and Rossing, "The Physics of
/// Musical Instruments", 18.1), the higher ones lowered a little by the air.
const MEMBRANE: [f32; 8] = [1.0, 1.58, 2.10, 2.28, 2.61, 2.88, 3.12, 3.45];

pub(super) fn acoustic_kick() -> Recipe {
    Recipe::new(
        -23.5,
        0.0,
        vec![
            ringing(
                0.0,
                partials(&[(51.0, 1.0, 0.40), (82.0, 0.55, 0.20), (118.0, 0.30, 0.12)])
                    .bend(0.85, 0.026)
                    .attack(0.0025),
            ),
            ringing(
                -14.0,
                partials(&[(163.0, 1.0, 0.10), (228.0, 0.8, 0.09), (310.0, 0.6, 0.08), (430.0, 0.4, 0.07)]),
            )
            .slope(1.1),
            rustling(
                -26.0,
                noise(&[
                    (420.0, 0.0, 0.25),
                    (900.0, -3.0, 0.22),
                    (2_200.0, -1.0, 0.20),
                    (4_000.0, -5.0, 0.16),
                ])
                .wide(0.6),
            )
            .slope(1.1)
            .variations(3),
            rustling(
                -19.0,
                noise(&[(1_900.0, 0.0, 0.055), (3_600.0, 0.0, 0.050), (6_500.0, -9.0, 0.035)])
                    .wide(0.1)
                    .attack(0.0006),
            )
            .slope(1.35)
            .variations(3),
        ],
    )
}

pub(super) fn kick() -> Recipe {
    Recipe::new(
        -23.5,
        0.0,
        vec![
            ringing(
                0.0,
                partials(&[(56.0, 1.0, 0.34), (91.0, 0.6, 0.17), (136.0, 0.35, 0.10)])
                    .bend(1.1, 0.020)
                    .attack(0.0020),
            ),
            ringing(
                -13.0,
                partials(&[(178.0, 1.0, 0.08), (252.0, 0.8, 0.07), (355.0, 0.6, 0.06), (500.0, 0.4, 0.05)]),
            )
            .slope(1.1),
            rustling(
                -27.0,
                noise(&[
                    (450.0, 0.0, 0.22),
                    (1_000.0, -3.0, 0.18),
                    (2_400.0, -1.0, 0.16),
                    (4_500.0, -4.0, 0.13),
                ])
                .wide(0.6),
            )
            .slope(1.1)
            .variations(3),
            rustling(
                -18.0,
                noise(&[(2_300.0, 0.0, 0.050), (4_200.0, 0.0, 0.045), (7_500.0, -7.0, 0.03)])
                    .wide(0.1)
                    .attack(0.0006),
            )
            .slope(1.35)
            .variations(3),
        ],
    )
}

/// A snare: level in dB, pitch, level of the wires, and how long the skin rings.
fn snare_drum(level: f32, tune: f32, wires: f32, ring: f32) -> Recipe {
    let modes = MEMBRANE.iter().enumerate().map(|(index, ratio)| {
        let amplitude = [1.0, 0.75, 0.4, 0.4, 0.3, 0.22, 0.2, 0.15][index];
        let decay = [0.34, 0.20, 0.13, 0.15, 0.10, 0.10, 0.08, 0.08][index];
        partial((188.0 * tune * ratio, amplitude, ring * decay))
    });
    Recipe::new(
        level,
        0.0,
        vec![
            ringing(0.0, Partials::new(modes).bend(0.16, 0.010).attack(0.0008)).slope(0.95),
            rustling(
                wires,
                noise(&[
                    (520.0 * tune, -6.0, 0.30),
                    (1_050.0 * tune, -3.0, 0.34),
                    (2_100.0, -1.0, 0.38),
                    (4_200.0, 0.0, 0.40),
                    (7_500.0, -1.0, 0.38),
                    (12_500.0, -6.0, 0.30),
                ])
                .attack(0.0025)
                .wide(0.6),
            )
            .slope(1.06)
            .variations(4),
            rustling(
                wires - 5.5,
                noise(&[
                    (420.0 * tune, -2.0, 0.06),
                    (1_100.0 * tune, -1.0, 0.065),
                    (2_400.0, 0.0, 0.06),
                    (4_800.0, 0.0, 0.05),
                    (9_500.0, -3.0, 0.04),
                ])
                .attack(0.0007)
                .wide(0.2),
            )
            .slope(1.25)
            .variations(4),
        ],
    )
}

pub(super) fn snare() -> Recipe {
    snare_drum(-23.0, 1.0, -6.5, 1.0)
}

pub(super) fn electric_snare() -> Recipe {
    let mut recipe = snare_drum(-24.0, 1.13, -4.0, 0.9);
    recipe.parts.push(gliding(-8.0, Glide::new(520.0, 235.0, 0.010).envelope(0.0006, 0.0, 0.14)));
    recipe
}

/// A roll of half a second.
pub(super) fn snare_roll() -> Recipe {
    let mut recipe = snare();
    for part in &mut recipe.parts {
        let strikes = (0..14).map(|stroke| (0.037 * stroke as f32, 0.75 - 0.04 * (stroke * 7 % 5) as f32));
        *part = part.clone().strikes(strikes);
    }
    recipe.voices(2)
}

pub(super) fn side_stick() -> Recipe {
    Recipe::new(
        -30.0,
        -0.05,
        vec![
            ringing(
                0.0,
                partials(&[
                    (268.0, 0.25, 0.12),
                    (472.0, 0.3, 0.10),
                    (935.0, 0.8, 0.075),
                    (1_240.0, 0.7, 0.07),
                    (1_760.0, 1.0, 0.065),
                    (2_530.0, 0.6, 0.05),
                    (3_900.0, 0.4, 0.04),
                    (5_400.0, 0.3, 0.03),
                ])
                .attack(0.0004),
            ),
            rustling(
                -9.0,
                noise(&[(1_700.0, 0.0, 0.03), (4_500.0, 0.0, 0.025), (9_000.0, -4.0, 0.018)])
                    .wide(0.2)
                    .attack(0.0004),
            )
            .slope(1.3)
            .variations(3),
            rustling(
                -18.0,
                noise(&[(1_500.0, 0.0, 0.25), (3_500.0, 0.0, 0.22), (7_500.0, -4.0, 0.18)]).wide(0.8),
            )
            .variations(3),
        ],
    )
}

/// Toms from the lowest (0, low floor tom) to the highest (5).
pub(super) fn tom(number: usize) -> Recipe {
    // The lowest mode in Hz, seconds to decay by 60 dB, and pan.
    const TOMS: [(f32, f32, f32); 6] = [
        (70.0, 1.15, 0.45),
        (83.0, 1.05, 0.32),
        (99.0, 0.95, 0.15),
        (117.0, 0.86, 0.0),
        (140.0, 0.78, -0.15),
        (168.0, 0.70, -0.28),
    ];
    let (frequency, decay, pan) = TOMS.get(number).copied().unwrap_or((120.0, 0.8, 0.0));
    let modes = MEMBRANE.iter().enumerate().map(|(index, ratio)| {
        let amplitude = [1.0, 0.55, 0.3, 0.28, 0.2, 0.16, 0.12, 0.1][index];
        let share = [1.0, 0.55, 0.32, 0.30, 0.22, 0.20, 0.16, 0.14][index];
        partial((frequency * ratio, amplitude, decay * share))
    });
    Recipe::new(
        -23.5,
        pan,
        vec![
            ringing(0.0, Partials::new(modes).bend(0.16, 0.060).attack(0.0015)),
            rustling(
                -21.0,
                noise(&[
                    (frequency * 4.0, 0.0, 0.25),
                    (frequency * 8.0, -3.0, 0.20),
                    (frequency * 16.0, -6.0, 0.16),
                    (frequency * 32.0, -10.0, 0.12),
                ])
                .wide(0.5),
            )
            .slope(1.1)
            .variations(3),
            rustling(
                -16.5,
                noise(&[
                    (1_000.0, 0.0, 0.08),
                    (2_100.0, 0.0, 0.07),
                    (4_200.0, -3.0, 0.055),
                    (8_500.0, -10.0, 0.04),
                ])
                .attack(0.0005)
                .wide(0.2),
            )
            .slope(1.35)
            .variations(3),
        ],
    )
}
