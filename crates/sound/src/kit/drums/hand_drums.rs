//! Drums played with the hands: congas, bongos, timbales, surdo, cuica.

use super::*;

/// A small drum: lowest mode in Hz, seconds to decay, and the level of the slap in dB.
fn hand_drum(level: f32, pan: f32, frequency: f32, decay: f32, slap: f32) -> Recipe {
    Recipe::new(
        level,
        pan,
        vec![
            ringing(
                0.0,
                partials(&[
                    (frequency, 1.0, decay),
                    (frequency * 1.52, 0.30, decay * 0.45),
                    (frequency * 2.02, 0.22, decay * 0.35),
                    (frequency * 2.74, 0.16, decay * 0.25),
                    (frequency * 3.6, 0.10, decay * 0.2),
                    (frequency * 4.9, 0.06, decay * 0.15),
                ])
                .bend(0.05, 0.015),
            ),
            rustling(
                slap,
                noise(&[(900.0, 0.0, 0.03), (2_200.0, -2.0, 0.022), (5_000.0, -6.0, 0.015)]).wide(0.2),
            )
            .slope(1.35)
            .variations(3),
        ],
    )
}

pub(super) fn bongo(high: bool) -> Recipe {
    if high {
        hand_drum(-27.0, -0.2, 560.0, 0.20, -11.0)
    } else {
        hand_drum(-26.0, -0.05, 400.0, 0.25, -12.0)
    }
}

pub(super) fn conga_mute() -> Recipe {
    hand_drum(-28.0, 0.1, 430.0, 0.12, -7.0).damps(ChokeGroup::Conga)
}

pub(super) fn conga(high: bool) -> Recipe {
    if high {
        hand_drum(-25.0, 0.1, 272.0, 0.48, -15.0).damped(ChokeGroup::Conga)
    } else {
        hand_drum(-24.0, 0.25, 202.0, 0.55, -17.0)
    }
}

pub(super) fn timbale(high: bool) -> Recipe {
    let (frequency, pan) = if high { (330.0, -0.25) } else { (220.0, -0.1) };
    let mut recipe = hand_drum(-25.0, pan, frequency, 0.75, -10.0);
    recipe.parts.push(ringing(
        -9.0,
        partials(&[
            (frequency * 3.13, 0.8, 0.4),
            (frequency * 4.37, 1.0, 0.35),
            (frequency * 6.21, 0.8, 0.3),
            (frequency * 8.9, 0.6, 0.22),
            (frequency * 12.7, 0.4, 0.15),
        ])
        .scattered()
        .wide(0.2),
    ));
    recipe
}

pub(super) fn surdo(mute: bool) -> Recipe {
    let decay = if mute { 0.18 } else { 1.5 };
    let recipe = hand_drum(-23.5, 0.1, if mute { 92.0 } else { 84.0 }, decay, -18.0);
    if mute { recipe.damps(ChokeGroup::Surdo) } else { recipe.damped(ChokeGroup::Surdo) }
}

pub(super) fn cuica(mute: bool) -> Recipe {
    let overtones = [1.0, 0.45, 0.2, 0.12, 0.06, 0.04];
    let glide = if mute {
        Glide::new(560.0, 680.0, 0.04).envelope(0.001, 0.06, 0.12)
    } else {
        Glide::new(250.0, 330.0, 0.10).envelope(0.001, 0.18, 0.22)
    };
    Recipe::new(
        -26.0,
        0.2,
        vec![
            gliding(0.0, glide.overtones(&overtones)),
            rustling(-16.0, noise(&[(1_500.0, 0.0, 0.2), (3_500.0, -4.0, 0.15)])).variations(2),
        ],
    )
    .exclusive(ChokeGroup::Cuica)
}
