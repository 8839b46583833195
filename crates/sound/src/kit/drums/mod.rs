//! Which key is which drum, and how each drum is made.

mod cymbals;
mod effects;
mod hand_drums;
mod metal_and_wood;
mod shakers;
mod skins;

use super::synthesis::{Band, Choke, ChokeGroup, Glide, Material, Noise, Part, Partial, Partials, Recipe};

/// The drum of a key.
pub(super) fn recipe(key: u8) -> Recipe {
    match key {
        13 | 86 => hand_drums::surdo(true),
        14 | 87 => hand_drums::surdo(false),
        15 | 27 => effects::high_q(),
        16 | 28 => effects::slap(),
        17 | 29 => effects::scratch(true),
        18 | 30 => effects::scratch(false),
        19 => effects::finger_snap(),
        20 | 32 => effects::square_click(),
        21 | 55 => cymbals::splash(),
        22 => cymbals::closed_hat_edge(),
        23 => cymbals::half_open_hat(0.35),
        24 => cymbals::half_open_hat(0.55),
        25 => skins::snare_roll(),
        26 => cymbals::open_hat_edge(),
        31 => metal_and_wood::sticks(),
        33 => effects::metronome_click(),
        34 => effects::metronome_bell(),
        35 => skins::acoustic_kick(),
        36 => skins::kick(),
        37 => skins::side_stick(),
        38 => skins::snare(),
        39 => effects::clap(),
        40 => skins::electric_snare(),
        41 => skins::tom(0),
        43 => skins::tom(1),
        45 => skins::tom(2),
        47 => skins::tom(3),
        48 => skins::tom(4),
        50 => skins::tom(5),
        42 => cymbals::closed_hat(),
        44 => cymbals::pedal_hat(),
        46 => cymbals::open_hat(),
        49 => cymbals::crash(0),
        57 => cymbals::crash(1),
        51 => cymbals::ride(0),
        59 => cymbals::ride(1),
        52 => cymbals::china(),
        53 => cymbals::ride_bell(),
        54 => shakers::tambourine(),
        56 => metal_and_wood::cowbell(),
        58 => shakers::vibraslap(),
        60 => hand_drums::bongo(true),
        61 => hand_drums::bongo(false),
        62 => hand_drums::conga_mute(),
        63 => hand_drums::conga(true),
        64 => hand_drums::conga(false),
        65 => hand_drums::timbale(true),
        66 => hand_drums::timbale(false),
        67 => metal_and_wood::agogo(true),
        68 => metal_and_wood::agogo(false),
        69 => shakers::cabasa(),
        70 => shakers::maracas(),
        71 => effects::whistle(false),
        72 => effects::whistle(true),
        73 => shakers::guiro(false),
        74 => shakers::guiro(true),
        75 => metal_and_wood::claves(),
        76 => metal_and_wood::wood_block(true),
        77 => metal_and_wood::wood_block(false),
        78 => hand_drums::cuica(true),
        79 => hand_drums::cuica(false),
        80 => metal_and_wood::triangle(false),
        81 => metal_and_wood::triangle(true),
        82 => shakers::shaker(),
        83 => shakers::jingle_bell(),
        84 => metal_and_wood::bell_tree(),
        85 => metal_and_wood::castanets(),
        88 => effects::applause(),
        _ => metal_and_wood::neutral(key),
    }
}

impl Recipe {
    /// A drum whose first 100 ms have the RMS `level`, in dB of full scale, at velocity 100.
    fn new(level: f32, pan: f32, parts: Vec<Part>) -> Recipe {
        Recipe { level, pan, parts, room: -21.0, choke: Choke::None, voices: 4 }
    }

    fn room(mut self, level: f32) -> Recipe {
        self.room = level;
        self
    }

    fn voices(mut self, voices: usize) -> Recipe {
        self.voices = voices;
        self
    }

    fn damps(mut self, group: ChokeGroup) -> Recipe {
        self.choke = Choke::Damps(group);
        self
    }

    fn damped(mut self, group: ChokeGroup) -> Recipe {
        self.choke = Choke::Damped(group);
        self
    }

    fn exclusive(mut self, group: ChokeGroup) -> Recipe {
        self.choke = Choke::Exclusive(group);
        self
    }
}

/// Frequency in Hz, amplitude, and seconds to decay by 60 dB.
fn partial((frequency, amplitude, decay): (f32, f32, f32)) -> Partial {
    Partial { frequency, amplitude, decay }
}

/// Frequency in Hz, level in dB, and seconds to decay by 60 dB.
fn band((frequency, level, decay): (f32, f32, f32)) -> Band {
    Band { frequency, level, decay }
}

fn partials(rows: &[(f32, f32, f32)]) -> Partials {
    Partials::new(rows.iter().copied().map(partial))
}

fn noise(rows: &[(f32, f32, f32)]) -> Noise {
    Noise::new(rows.iter().copied().map(band))
}

fn ringing(level: f32, partials: Partials) -> Part {
    Part::new(level, Material::Partials(partials))
}

fn rustling(level: f32, noise: Noise) -> Part {
    Part::new(level, Material::Noise(noise))
}

fn gliding(level: f32, glide: Glide) -> Part {
    Part::new(level, Material::Glide(glide))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::synthesis::MAX_PARTS;

    /// What tells two recipes apart.
    fn description(key: u8) -> String {
        let recipe = recipe(key);
        format!("{:?} {:?}", recipe.level, recipe.parts)
    }

    #[test]
    fn all_keys_of_the_standards_have_drums_of_their_own() {
        let neutral = |key| {
            format!("{:?} {:?}", metal_and_wood::neutral(key).level, metal_and_wood::neutral(key).parts)
        };
        for key in (13..=88).filter(|key| ![21].contains(key)) {
            assert_ne!(description(key), neutral(key), "{key}");
        }
        for key in 35..=81 {
            for other in 35..key {
                assert_ne!(description(key), description(other), "{key} and {other}");
            }
        }
    }

    #[test]
    fn recipes_have_no_more_parts_than_are_played() {
        for key in 0..=127 {
            let recipe = recipe(key);
            // The room is one more.
            assert!(!recipe.parts.is_empty() && recipe.parts.len() < MAX_PARTS, "{key}");
            assert!(recipe.voices >= 2 && recipe.pan.abs() <= 0.5, "{key}");
        }
    }
}
