//! The themes that are part of the program.
//!
//! "plain" has the values of the definitions in [`super::tables`]. The file of each other theme, in the folder
//! `builtin`, holds only what differs from those.

use std::path::Path;

use super::Theme;

/// Their names, the program's default first.
pub(super) const NAMES: [&str; 7] = ["neon", "plain", "light", "contrast", "retro", "arcade", "stage"];

/// The file of the built-in theme `name`; `None` if it has none.
pub(super) fn file(name: &str) -> Option<&'static str> {
    Some(match name {
        "neon" => include_str!("builtin/neon.toml"),
        "light" => include_str!("builtin/light.toml"),
        "contrast" => include_str!("builtin/contrast.toml"),
        "arcade" => include_str!("builtin/arcade.toml"),
        "retro" => include_str!("builtin/retro.toml"),
        "stage" => include_str!("builtin/stage.toml"),
        _ => return None,
    })
}

/// The built-in theme `name`; `None` if there is none.
pub(super) fn theme(name: &str) -> Option<Theme> {
    match name {
        "plain" => Some(Theme::default()),
        // The tests read each of them.
        _ => Theme::parse(file(name)?, Path::new(name)).ok(),
    }
}
