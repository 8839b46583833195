//! Claps, clicks, scratches and whistles.

use super::*;

pub(super) fn clap() -> Recipe {
    let bands = [(650.0, -8.0, 0.02), (1_150.0, 0.0, 0.02), (2_200.0, -2.0, 0.018), (4_500.0, -9.0, 0.015)];
    Recipe::new(
        -27.5,
        0.05,
        vec![
            rustling(0.0, noise(&bands).wide(0.6))
                .strikes([(0.0, 0.7), (0.0095, 0.85), (0.0195, 1.0), (0.0285, 0.9)])
                .variations(4),
            rustling(
                -3.0,
                noise(&[
                    (700.0, -8.0, 0.18),
                    (1_200.0, 0.0, 0.20),
                    (2_400.0, -4.0, 0.17),
                    (5_000.0, -10.0, 0.13),
                ])
                .wide(0.9),
            )
            .strikes([(0.029, 1.0)])
            .variations(3),
        ],
    )
}

pub(super) fn slap() -> Recipe {
    Recipe::new(
        -29.0,
        0.0,
        vec![
            rustling(
                0.0,
                noise(&[(900.0, -5.0, 0.12), (2_500.0, 0.0, 0.16), (5_000.0, -2.0, 0.14)]).attack(0.0008),
            )
            .strikes([(0.0, 1.0), (0.016, 0.5)])
            .variations(3),
        ],
    )
}

pub(super) fn finger_snap() -> Recipe {
    Recipe::new(
        -33.0,
        0.0,
        vec![
            rustling(0.0, noise(&[(1_900.0, 0.0, 0.035), (3_200.0, -2.0, 0.025), (6_000.0, -8.0, 0.015)]))
                .variations(3),
            rustling(-10.0, noise(&[(2_200.0, 0.0, 0.14)]).wide(0.9)).variations(3),
        ],
    )
}

pub(super) fn high_q() -> Recipe {
    Recipe::new(-33.0, 0.0, vec![gliding(0.0, Glide::new(4_200.0, 500.0, 0.016).envelope(0.0003, 0.0, 0.09))])
}

pub(super) fn square_click() -> Recipe {
    Recipe::new(
        -36.0,
        0.0,
        vec![gliding(
            0.0,
            Glide::new(1_600.0, 1_600.0, 1.0)
                .overtones(&[1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14])
                .envelope(0.0002, 0.004, 0.02),
        )],
    )
    .room(-32.0)
}

pub(super) fn metronome_click() -> Recipe {
    Recipe::new(
        -33.0,
        0.0,
        vec![
            ringing(0.0, partials(&[(1_480.0, 0.7, 0.035), (2_210.0, 1.0, 0.03), (3_650.0, 0.5, 0.02)])),
            rustling(-6.0, noise(&[(3_000.0, 0.0, 0.008), (7_000.0, -3.0, 0.006)]).wide(0.1)).slope(1.2),
        ],
    )
    .room(-32.0)
}

pub(super) fn metronome_bell() -> Recipe {
    Recipe::new(
        -33.0,
        0.0,
        vec![
            ringing(
                0.0,
                partials(&[
                    (2_780.0, 0.6, 0.7),
                    (5_560.0, 1.0, 0.7),
                    (7_350.0, 0.3, 0.5),
                    (11_300.0, 0.3, 0.3),
                ]),
            ),
            rustling(-18.0, noise(&[(6_000.0, 0.0, 0.008)]).wide(0.1)).slope(1.2),
        ],
    )
    .room(-32.0)
}

pub(super) fn scratch(push: bool) -> Recipe {
    let (from, to) = if push { (500.0, 1_900.0) } else { (1_700.0, 450.0) };
    Recipe::new(
        -33.0,
        0.0,
        vec![
            gliding(
                -4.0,
                Glide::new(from, to, 0.05).overtones(&[1.0, 0.7, 0.5, 0.4, 0.3]).envelope(0.001, 0.05, 0.08),
            ),
            rustling(0.0, noise(&[(1_100.0, 0.0, 0.14), (2_300.0, 0.0, 0.12), (4_500.0, -4.0, 0.10)]))
                .variations(2),
        ],
    )
    .exclusive(ChokeGroup::Scratch)
}

pub(super) fn whistle(long: bool) -> Recipe {
    let hold = if long { 0.45 } else { 0.10 };
    Recipe::new(
        -25.5,
        -0.2,
        vec![
            gliding(
                0.0,
                Glide::new(2_250.0, 2_420.0, 0.02)
                    .overtones(&[1.0, 0.08, 0.15, 0.02, 0.04])
                    .envelope(0.002, hold, 0.09)
                    .tremble(32.0, 0.5),
            ),
            rustling(-20.0, noise(&[(2_500.0, 0.0, hold * 2.0), (6_000.0, -2.0, hold * 2.0)])),
        ],
    )
    .exclusive(ChokeGroup::Whistle)
    .voices(2)
}

pub(super) fn applause() -> Recipe {
    Recipe::new(
        -33.0,
        0.0,
        vec![rustling(
            0.0,
            noise(&[(900.0, -3.0, 3.5), (1_500.0, 0.0, 3.5), (3_000.0, -4.0, 3.0), (6_000.0, -10.0, 2.5)])
                .grains(300.0)
                .wide(1.0),
        )],
    )
    .voices(2)
}
