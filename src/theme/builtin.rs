//! The themes that the program brings. Each is a complete file: what users start from.

use std::path::Path;

use super::*;

/// Their names, the program's default first.
pub const NAMES: [&str; 5] = ["neon", "plain", "light", "contrast", "retro"];

/// The file of a theme, and after it the drums, which are the same in all of them.
macro_rules! complete {
    ($name:literal) => {
        concat!(include_str!(concat!("builtin/", $name, ".toml")), include_str!("builtin/drums.toml"))
    };
}

/// The file of the built-in theme `name`, complete and with a comment for each key; `None` if there is none.
pub fn source(name: &str) -> Option<&'static str> {
    Some(match name {
        "neon" => complete!("neon"),
        "plain" => complete!("plain"),
        "light" => complete!("light"),
        "contrast" => complete!("contrast"),
        "retro" => complete!("retro"),
        _ => return None,
    })
}

/// The built-in theme `name`; `None` if there is none.
pub(super) fn theme(name: &str) -> Option<Theme> {
    match name {
        "plain" => Some(Theme::default()),
        // All of them are read in the tests.
        _ => Theme::parse(source(name)?, Path::new(name)).ok(),
    }
}

/// "plain", the theme that is the cheapest to draw, and that files begin with unless they say otherwise.
impl Default for Theme {
    fn default() -> Theme {
        Theme {
            name: "plain".to_owned(),
            description: "Dark and flat, without effects: the quickest to render".to_owned(),
            view: ViewKind::Flat,
            background: Background {
                top: Color::from_rgba(0x0F_11_18_FF),
                bottom: Color::from_rgba(0x0F_11_18_FF),
                image: None,
                image_strength: 0.35,
            },
            highway: HighwayStyle {
                color: Color::from_rgba(0x16_18_21_FF),
                lane_tint: 0.06,
                separator: Color::from_rgba(0x2B_2F_3D_FF),
                separator_width: 2.0,
                border: Color::from_rgba(0x41_46_59_FF),
                border_width: 3.0,
            },
            strike_line: StrikeLineStyle {
                position: 0.85,
                color: Color::from_rgba(0xE8_EA_F2_FF),
                width: 4.0,
                receptor_fill: 0.18,
                receptor_outline: 0.6,
                receptor_outline_width: 2.0,
            },
            beats: BeatStyle {
                bar: Color::from_rgba(0xFF_FF_FF_38),
                bar_width: 3.0,
                beat: Color::from_rgba(0xFF_FF_FF_18),
                beat_width: 2.0,
            },
            gems: GemStyle {
                corners: Corners::Round,
                corner_size: 0.4,
                height: 30.0,
                width: 0.84,
                outline: Color::from_rgba(0xFF_FF_FF_50),
                outline_width: 2.0,
                shading: 0.2,
                highlight: 0.0,
                mark: Color::from_rgba(0x0F_11_18_E0),
                mark_size: 0.6,
                dimmest: 0.55,
                kick_height: 16.0,
                ghost: GhostStyle { below: 40, scale: 0.75, fill: 0.3 },
                accent: AccentStyle { from: 116, scale: 1.12, outline_width: 4.0 },
            },
            effects: EffectStyle {
                flash: 0.0,
                glow: 0.0,
                glow_reach: 60.0,
                line_glow: 0.0,
                rings: 0.0,
                ring_size: 1.2,
                ring_width: 4.0,
                duration: 0.25,
            },
            text: TextStyle {
                font: None,
                color: Color::from_rgba(0xF2_F4_FA_FF),
                dim: Color::from_rgba(0xA6_AC_BE_FF),
                shadow: Color::from_rgba(0),
                scale: 1.0,
                progress: Color::from_rgba(0x6E_EB_FF_C0),
            },
            drum_map: DrumMap::general_midi(),
        }
    }
}
