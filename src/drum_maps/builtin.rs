//! The drum maps that are part of the program: General MIDI, and the files in the folder `builtin`.

use std::path::Path;

use super::NamedDrumMap;
use crate::song::DrumMap;
use crate::theme::drum_tables::print_drums;

/// The name of the percussion set of General MIDI, which has no file.
pub(super) const GENERAL_MIDI: &str = "general-midi";

/// What it is.
const GENERAL_MIDI_DESCRIPTION: &str = "General MIDI 1 and 2 and Roland GS percussion; the default";

macro_rules! builtin {
    ($($name:literal)+) => {
        /// Their names. [`super::recognise`] prefers the first of those that are equally good.
        pub(super) const NAMES: [&str; 1 + [$($name),+].len()] = [GENERAL_MIDI, $($name),+];

        /// The file of the map `name`; `None` if there is none.
        fn embedded(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some(include_str!(concat!("builtin/", $name, ".toml"))),)+
                _ => None,
            }
        }
    };
}

builtin! {
    "roland-td"
    "alesis-nitro"
    "alesis-command"
    "alesis-crimson-2"
    "yamaha-dtx502"
    "yamaha-dtxplorer"
    "superior-drummer-3"
    "ezdrummer-2"
    "addictive-drums-2"
    "steven-slate-drums-5"
    "logic-drum-kit-designer"
    "hydrogen-gmrockkit"
    "hydrogen-gmkit"
    "ggd-invasion"
    "ggd-modern-massive-2"
    "mt-power-drum-kit-2"
}

/// The file of the built-in map `name`; `None` if there is none of that name.
pub(super) fn file(name: &str) -> Option<String> {
    if name != GENERAL_MIDI {
        return embedded(name).map(str::to_owned);
    }
    let drums = print_drums(&DrumMap::general_midi());
    Some(format!(
        "name = \"{GENERAL_MIDI}\"\ndescription = \"{GENERAL_MIDI_DESCRIPTION}\"\nextends = \"none\"\n{drums}"
    ))
}

/// The built-in map `name`; `None` if there is none of that name.
pub(super) fn map(name: &str) -> Option<NamedDrumMap> {
    if name != GENERAL_MIDI {
        // The tests read each of them.
        return NamedDrumMap::parse(embedded(name)?, Path::new(name)).ok();
    }
    let drums = DrumMap::general_midi();
    let mut listed = [false; 128];
    for (key, listed) in (0..).zip(&mut listed) {
        *listed = drums.get(key).is_some();
    }
    Some(NamedDrumMap {
        name: name.to_owned(),
        description: GENERAL_MIDI_DESCRIPTION.to_owned(),
        drums,
        listed,
        ..NamedDrumMap::without_drums()
    })
}
