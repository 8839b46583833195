//! Shakers, rattles and scrapers.

use super::*;

pub(super) fn tambourine() -> Recipe {
    let jingles = partials(&[
        (4_350.0, 0.5, 0.40),
        (5_720.0, 0.8, 0.44),
        (7_180.0, 1.0, 0.44),
        (8_330.0, 0.9, 0.40),
        (9_640.0, 0.8, 0.36),
        (11_300.0, 0.6, 0.15),
        (13_100.0, 0.4, 0.12),
    ])
    .scattered()
    .wide(0.4);
    Recipe::new(
        -31.0,
        -0.15,
        vec![
            ringing(-3.0, jingles).strikes([
                (0.0, 1.0),
                (0.013, 0.7),
                (0.031, 0.6),
                (0.052, 0.4),
                (0.080, 0.25),
            ]),
            rustling(
                0.0,
                noise(&[(5_500.0, -4.0, 0.32), (8_500.0, 0.0, 0.36), (12_500.0, -2.0, 0.30)]).grains(1_800.0),
            )
            .variations(3),
            rustling(-17.0, noise(&[(450.0, 0.0, 0.05), (1_200.0, -4.0, 0.035)])).variations(3),
        ],
    )
}

fn rattle(level: f32, pan: f32, centre: f32, strikes: &[(f32, f32)], decay: f32) -> Recipe {
    let burst =
        noise(&[(centre * 0.7, -9.0, decay), (centre, 0.0, decay), (centre * 1.55, -4.0, decay * 0.8)])
            .grains(4_000.0)
            .attack(0.0015);
    Recipe::new(level, pan, vec![rustling(0.0, burst).strikes(strikes.iter().copied()).variations(4)])
}

pub(super) fn cabasa() -> Recipe {
    rattle(-32.0, 0.25, 9_000.0, &[(0.0, 1.0), (0.018, 0.8), (0.034, 0.5), (0.05, 0.25)], 0.07)
}

pub(super) fn maracas() -> Recipe {
    rattle(-35.0, 0.3, 8_000.0, &[(0.0, 1.0), (0.012, 0.4)], 0.055)
}

pub(super) fn shaker() -> Recipe {
    rattle(-34.0, -0.3, 8_500.0, &[(0.0, 0.8), (0.022, 0.9), (0.045, 0.5)], 0.09)
}

pub(super) fn jingle_bell() -> Recipe {
    let bells = partials(&[
        (3_900.0, 0.6, 0.16),
        (4_650.0, 0.8, 0.18),
        (5_900.0, 1.0, 0.18),
        (7_400.0, 0.8, 0.15),
        (9_800.0, 0.5, 0.12),
        (12_000.0, 0.3, 0.10),
    ])
    .scattered()
    .wide(0.5);
    Recipe::new(
        -32.0,
        -0.25,
        vec![
            ringing(0.0, bells).strikes([
                (0.0, 1.0),
                (0.017, 0.6),
                (0.042, 0.7),
                (0.071, 0.4),
                (0.11, 0.3),
                (0.16, 0.15),
            ]),
            rustling(-5.0, noise(&[(6_000.0, 0.0, 0.2), (9_500.0, 0.0, 0.18)]).grains(1_200.0)).variations(3),
        ],
    )
}

/// Teeth that rattle against a box, slower and softer.
pub(super) fn vibraslap() -> Recipe {
    let strikes = (0..36).map(|stroke| {
        let stroke = stroke as f32;
        (0.026 * stroke + 0.0003 * stroke * stroke, libm::expf(-0.075 * stroke))
    });
    let strikes: Vec<(f32, f32)> = strikes.collect();
    Recipe::new(
        -33.0,
        0.3,
        vec![
            ringing(
                0.0,
                partials(&[
                    (2_150.0, 0.6, 0.03),
                    (3_300.0, 0.9, 0.032),
                    (5_400.0, 1.0, 0.028),
                    (7_300.0, 0.8, 0.022),
                ]),
            )
            .strikes(strikes.clone()),
            rustling(-4.0, noise(&[(2_800.0, -3.0, 0.012), (5_600.0, 0.0, 0.012), (9_000.0, -3.0, 0.01)]))
                .strikes(strikes),
        ],
    )
    .voices(2)
}

/// A stick drawn over notches.
pub(super) fn guiro(long: bool) -> Recipe {
    let (count, first, last) = if long { (38, 0.0145, 0.0105) } else { (12, 0.0085, 0.0060) };
    let mut at = 0.0;
    let strikes: Vec<(f32, f32)> = (0..count)
        .map(|notch| {
            let place = notch as f32 / count as f32;
            let strike = (at, (0.75 + 0.25 * place) * if notch % 3 == 1 { 0.8 } else { 1.0 });
            at += first + (last - first) * place;
            strike
        })
        .collect();
    Recipe::new(
        -33.0,
        0.2,
        vec![
            rustling(0.0, noise(&[(2_600.0, 0.0, 0.014), (4_300.0, -2.0, 0.011), (7_000.0, -7.0, 0.008)]))
                .strikes(strikes.clone())
                .variations(2),
            ringing(-8.0, partials(&[(1_150.0, 1.0, 0.02), (2_350.0, 0.6, 0.015)])).strikes(strikes),
        ],
    )
    .exclusive(ChokeGroup::Guiro)
    .voices(2)
}
