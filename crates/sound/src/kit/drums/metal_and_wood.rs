//! Bells, bars and blocks.

use super::*;

/// A block, with its lowest partial in Hz and seconds to decay.
fn block(level: f32, pan: f32, frequency: f32, decay: f32, click: f32) -> Recipe {
    Recipe::new(
        level,
        pan,
        vec![
            ringing(
                0.0,
                partials(&[
                    (frequency, 1.0, decay),
                    (frequency * 1.47, 0.35, decay * 0.6),
                    (frequency * 2.56, 0.22, decay * 0.45),
                    (frequency * 3.9, 0.12, decay * 0.3),
                    (frequency * 5.4, 0.06, decay * 0.2),
                ]),
            ),
            rustling(click, noise(&[(frequency * 2.0, 0.0, 0.012), (6_000.0, -6.0, 0.008)]).wide(0.2))
                .slope(1.3)
                .variations(3),
        ],
    )
}

pub(super) fn wood_block(high: bool) -> Recipe {
    block(-28.0, 0.15, if high { 965.0 } else { 690.0 }, 0.09, -11.0)
}

pub(super) fn claves() -> Recipe {
    block(-29.5, -0.15, 2_350.0, 0.11, -19.0)
}

pub(super) fn castanets() -> Recipe {
    let mut recipe = block(-36.0, 0.1, 1_850.0, 0.045, -7.0);
    for part in &mut recipe.parts {
        *part = part.clone().strikes([(0.0, 1.0), (0.011, 0.55)]);
    }
    recipe
}

pub(super) fn sticks() -> Recipe {
    block(-33.0, 0.0, 2_650.0, 0.05, -3.0)
}

/// What keys without a drum sound like; the pitch follows the key a little.
pub(super) fn neutral(key: u8) -> Recipe {
    block(-34.0, 0.0, 520.0 + 6.0 * f32::from(key), 0.06, -6.0)
}

pub(super) fn cowbell() -> Recipe {
    Recipe::new(
        -28.5,
        0.1,
        vec![
            ringing(
                0.0,
                partials(&[
                    (562.0, 1.0, 0.30),
                    (845.0, 0.9, 0.36),
                    (1_420.0, 0.25, 0.18),
                    (1_692.0, 0.35, 0.22),
                    (2_530.0, 0.30, 0.16),
                    (3_390.0, 0.18, 0.12),
                    (4_230.0, 0.12, 0.10),
                    (5_600.0, 0.08, 0.07),
                ]),
            ),
            ringing(
                -12.0,
                partials(&[
                    (1_130.0, 0.6, 0.06),
                    (2_140.0, 1.0, 0.05),
                    (3_020.0, 0.9, 0.04),
                    (5_100.0, 0.7, 0.03),
                ]),
            )
            .slope(1.3),
            rustling(-16.0, noise(&[(3_000.0, 0.0, 0.012), (7_000.0, -3.0, 0.008)]).wide(0.2))
                .slope(1.4)
                .variations(3),
        ],
    )
}

pub(super) fn agogo(high: bool) -> Recipe {
    let f = if high { 1_290.0 } else { 960.0 };
    Recipe::new(
        -31.0,
        -0.2,
        vec![
            ringing(
                0.0,
                partials(&[
                    (f, 1.0, 0.45),
                    (f * 1.51, 0.25, 0.30),
                    (f * 2.58, 0.6, 0.34),
                    (f * 3.76, 0.6, 0.26),
                    (f * 5.2, 0.5, 0.2),
                    (f * 7.1, 0.3, 0.14),
                ]),
            ),
            rustling(-16.0, noise(&[(3_500.0, 0.0, 0.012), (8_000.0, -3.0, 0.008)]).wide(0.2))
                .slope(1.4)
                .variations(3),
        ],
    )
}

pub(super) fn triangle(open: bool) -> Recipe {
    let (decay, level) = if open { (3.0, -33.0) } else { (0.25, -36.0) };
    let recipe = Recipe::new(
        level,
        0.25,
        vec![
            ringing(
                0.0,
                partials(&[
                    (1_190.0, 0.15, decay * 0.6),
                    (2_310.0, 0.35, decay),
                    (3_870.0, 0.6, decay),
                    (4_920.0, 0.7, decay),
                    (5_015.0, 0.4, decay * 0.9),
                    (6_750.0, 0.9, decay * 0.95),
                    (8_620.0, 1.0, decay * 0.85),
                    (10_900.0, 0.8, decay * 0.7),
                    (13_300.0, 0.4, decay * 0.5),
                ])
                .scattered()
                .wide(0.3),
            ),
            rustling(-12.0, noise(&[(6_000.0, 0.0, 0.010), (11_000.0, 0.0, 0.008)]).wide(0.2))
                .slope(1.3)
                .variations(3),
        ],
    );
    if open { recipe.damped(ChokeGroup::Triangle) } else { recipe.damps(ChokeGroup::Triangle) }
}

/// Small bars struck one after the other, downwards.
pub(super) fn bell_tree() -> Recipe {
    let parts = (0..6)
        .map(|voice| {
            let strikes =
                (0..4).map(move |step| (0.018 * (voice + 6 * step) as f32, 1.0 - 0.15 * step as f32));
            let f = 8_300.0 - 620.0 * voice as f32;
            let bars =
                partials(&[(f, 1.0, 1.4), (f * 0.62, 0.6, 1.6), (f * 1.43, 0.6, 1.2)]).scattered().wide(0.6);
            ringing(-0.5 * voice as f32, bars).strikes(strikes)
        })
        .collect();
    Recipe::new(-36.0, 0.2, parts).voices(2)
}
