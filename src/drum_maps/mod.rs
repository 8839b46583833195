//! Drum maps by name: which drum the keys of electronic drum kits and of other programs stand for.
//!
//! A drum map is a TOML file with the tables `drums` and `lanes` of a [theme](crate::theme). [`NamedDrumMap::find`]
//! reads one, and [`NamedDrumMap::over`] lays it over the drum map of a theme. [`recognise`] says which of the built-in
//! ones a song was made with, where its keys tell.
//!
//! ```
//! use strikeline::drum_maps::NamedDrumMap;
//! use strikeline::song::{DrumMap, LaneId};
//! use strikeline::theme::Theme;
//!
//! // Key 22 is nothing in General MIDI, and the edge of a closed hi-hat on a Roland TD-17.
//! let theme = Theme::default();
//! assert_eq!(theme.drum_map.lane(22), LaneId::Other);
//! let module = NamedDrumMap::find("roland-td")?;
//! assert_eq!(module.over(&theme.drum_map).lane(22), LaneId::HiHat);
//! # Ok::<(), strikeline::drum_maps::DrumMapError>(())
//! ```

mod builtin;
mod error;
mod file;
mod recognise;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::path::Path;

pub use error::DrumMapError;
pub use recognise::{fitting, recognise};

use crate::song::DrumMap;
use crate::theme::drum_tables::LaneChanges;
use crate::theme::text_file::{self, TextFileError};

/// The largest file that [`NamedDrumMap::open`] reads.
pub const MAX_DRUM_MAP_BYTES: u64 = 1 << 20;

/// A drum map with a name, built in or from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDrumMap {
    /// What the map is called, in one line.
    pub name: String,
    /// What it is the map of, in one line; may be empty.
    pub description: String,
    /// The drums. What its lanes look like does not matter.
    drums: DrumMap,
    /// What the file says of the lanes.
    lanes: LaneChanges,
    /// By key: whether the file has a drum for it, not only General MIDI, which it may extend.
    listed: [bool; 128],
}

impl NamedDrumMap {
    /// The built-in drum map of that name; `None` if there is none.
    pub fn builtin(name: &str) -> Option<NamedDrumMap> {
        builtin::map(name)
    }

    /// The names of the built-in drum maps; the first is "general-midi".
    pub fn builtin_names() -> &'static [&'static str] {
        &builtin::NAMES
    }

    /// The built-in drum map as a file to start from: with its sources, and a comment on what may stand in it. `None`
    /// if there is none of that name.
    pub fn builtin_file(name: &str) -> Option<String> {
        builtin::file(name).map(|text| file::with_head(&text))
    }

    /// The built-in drum map `name_or_file`, or else the drum map in that file.
    ///
    /// # Errors
    /// As [`NamedDrumMap::open`]. When there is neither such a map nor such a file, the error lists the names of the
    /// built-in ones.
    pub fn find(name_or_file: impl AsRef<OsStr>) -> Result<NamedDrumMap, DrumMapError> {
        let name_or_file = name_or_file.as_ref();
        if let Some(map) = name_or_file.to_str().and_then(NamedDrumMap::builtin) {
            return Ok(map);
        }
        if text_file::is_path(name_or_file) {
            NamedDrumMap::open(Path::new(name_or_file))
        } else {
            Err(DrumMapError::UnknownName { name: name_or_file.to_string_lossy().into_owned() })
        }
    }

    /// The drum map in a file.
    ///
    /// # Errors
    /// When the file cannot be read, is larger than [`MAX_DRUM_MAP_BYTES`], or is not a drum map. Each error names the
    /// file and, where there is one, the line, and says what is allowed.
    pub fn open(path: &Path) -> Result<NamedDrumMap, DrumMapError> {
        let text = text_file::read(path, MAX_DRUM_MAP_BYTES).map_err(|error| {
            let path = path.to_owned();
            match error {
                TextFileError::Folder => DrumMapError::Folder { path },
                TextFileError::Unreadable(reason) => DrumMapError::Unreadable { path, reason },
                TextFileError::TooLarge => DrumMapError::TooLarge { path },
                TextFileError::NotUtf8 { line } => DrumMapError::NotUtf8 { path, line },
            }
        })?;
        NamedDrumMap::parse(&text, path)
    }

    /// The drum map in `text`, which is the content of the file `origin`: errors name that file. Where the text gives
    /// no name, the map has the file's name without its extension.
    ///
    /// # Errors
    /// When the text is not a drum map, or is longer than [`MAX_DRUM_MAP_BYTES`]; see [`NamedDrumMap::open`].
    pub fn parse(text: &str, origin: &Path) -> Result<NamedDrumMap, DrumMapError> {
        if text.len() as u64 > MAX_DRUM_MAP_BYTES {
            return Err(DrumMapError::TooLarge { path: origin.to_owned() });
        }
        file::parse(text, origin)
    }

    /// This drum map over that of a theme: the drums are those of this map alone. The lanes have the order, names and
    /// colours of the theme, but for what the file of this map says of them. Drums without a colour of their own have
    /// tints of the lanes' colours, as in the theme.
    pub fn over(&self, theme: &DrumMap) -> DrumMap {
        let mut map = theme.clone();
        self.lanes.apply(&mut map);
        map.set_drums_of(&self.drums);
        map
    }

    /// Whether the file itself has a drum for `key`. A drum that it only has from General MIDI, which it extends, does
    /// not count. The map "general-midi" lists all of its own.
    pub fn lists(&self, key: u8) -> bool {
        self.listed.get(usize::from(key)).is_some_and(|listed| *listed)
    }

    /// The keys that the map [lists](NamedDrumMap::lists), lowest first.
    pub fn listed_keys(&self) -> impl Iterator<Item = u8> {
        (0..128).filter(|key| self.lists(*key))
    }

    /// The drums, in lanes with the names and colours of General MIDI.
    pub fn drums(&self) -> &DrumMap {
        &self.drums
    }
}
