//! A drum map's file as a whole: what it extends, its tables, and what is printed above it.

use std::path::Path;

use super::{DrumMapError, NamedDrumMap, builtin};
use crate::song::DrumMap;
use crate::theme::drum_tables::{LaneChanges, drum_keys, read_drums, read_lanes};
use crate::theme::reader::{NotToml, Source, TableReader, parse_toml};
use crate::theme::text_file::name_of;

/// The most characters of a name and of a description.
const LONGEST_NAME: usize = 64;
const LONGEST_DESCRIPTION: usize = 200;

/// The value of `extends` for a map that begins without drums.
const NOTHING: &str = "none";

/// What stands at the top of a printed drum map.
const HEAD: &str = r##"# A drum map of strikeline: which drum each MIDI key stands for.
#
# Save this text as my.toml, change what you like, then check it and render with it:
#     strikeline drum-map --check my.toml
#     strikeline render song.mid --drum-map my.toml
# The tables "drums" and "lanes" are those of a theme; "strikeline theme plain" shows both with all their keys.
# A map needs no "lanes": order, names and colours of the lanes are then those of the theme.
# "extends" names the map that has the drums left out here: "general-midi" (also where it is missing), another
# built-in map, or "none".
#
"##;

/// A built-in map's file with an explanation above it.
pub(super) fn with_head(text: &str) -> String {
    format!("{HEAD}{}\n\n{text}", drum_keys())
}

/// See [`NamedDrumMap::parse`].
pub(super) fn parse(text: &str, origin: &Path) -> Result<NamedDrumMap, DrumMapError> {
    let source = Source::new(text, origin, "a drum map");
    let table = parse_toml(&source).map_err(|NotToml { line, reason }| DrumMapError::NotToml {
        path: origin.to_owned(),
        line,
        reason,
    })?;
    let map = read(TableReader::root(&source, table.get_ref()), origin);
    let problems = source.into_problems();
    if problems.is_empty() {
        Ok(map)
    } else {
        Err(DrumMapError::Invalid { path: origin.to_owned(), problems })
    }
}

fn read(mut file: TableReader<'_>, origin: &Path) -> NamedDrumMap {
    let mut names = vec![(NOTHING, NOTHING)];
    names.extend(builtin::NAMES.map(|name| (name, name)));
    let extends = file.word("extends", &names).unwrap_or(builtin::GENERAL_MIDI);
    let mut map = match extends {
        NOTHING => NamedDrumMap::without_drums(),
        builtin::GENERAL_MIDI => {
            // General MIDI's drums are there, but the file does not list them.
            NamedDrumMap { drums: DrumMap::general_midi(), ..NamedDrumMap::without_drums() }
        }
        name => NamedDrumMap::builtin(name).unwrap_or_else(NamedDrumMap::without_drums),
    };
    map.name = file.text("name", LONGEST_NAME).unwrap_or_else(|| name_of(origin));
    map.description = file.text("description", LONGEST_DESCRIPTION).unwrap_or_default();
    map.lanes.extend(read_lanes(&mut file));
    for key in read_drums(&mut file, &mut map.drums) {
        if let Some(listed) = map.listed.get_mut(usize::from(key)) {
            *listed = true;
        }
    }
    file.finish();
    map
}

impl NamedDrumMap {
    pub(super) fn without_drums() -> NamedDrumMap {
        let mut drums = DrumMap::general_midi();
        drums.clear_drums();
        NamedDrumMap {
            name: String::new(),
            description: String::new(),
            drums,
            lanes: LaneChanges::default(),
            listed: [false; 128],
        }
    }
}
