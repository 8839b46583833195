//! Themes: everything about the look of a highway that its user may change, as data.
//!
//! A theme is a TOML file that says what differs from one of the built-in themes. [`Theme::find`] reads one;
//! [`Theme::to_toml`] writes one, with a comment for each key.
//!
//! Lengths in pixels are for a picture whose short side has 1080 pixels; for other sizes they are scaled.
//!
//! ```
//! use std::path::Path;
//! use strikeline::theme::Theme;
//!
//! let mine = r##"
//!     extends = "neon"
//!     [lanes.hi-hat]
//!     color = "#ffd60a"
//! "##;
//! let theme = Theme::parse(mine, Path::new("mine.toml"))?;
//! assert_eq!(theme.drum_map.color(42), [0xFF, 0xD6, 0x0A]);
//!
//! let error = Theme::parse("[gems]\ncorner-size = 3", Path::new("mine.toml")).unwrap_err();
//! assert_eq!(error.to_string(), "mine.toml:2: gems.corner-size is 3; allowed is 0 to 1");
//! # Ok::<(), strikeline::theme::ThemeError>(())
//! ```

mod builtin;
mod color;
mod define;
pub(crate) mod drum_tables;
pub(crate) mod error;
mod file;
pub(crate) mod reader;
mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod text_file;
mod values;
mod writer;

use std::ffi::OsStr;
use std::path::Path;

use text_file::TextFileError;

pub use color::{Color, ColorError};
pub use error::{Problem, ThemeError};
pub use tables::{
    AccentStyle, Background, BeatStyle, Corners, CymbalGems, EffectStyle, FontSource, GemStyle, GhostStyle,
    HighwayStyle, PhraseStyle, StrikeLineStyle, TextStyle, Theme, ViewKind,
};

/// The largest file that [`Theme::open`] reads.
pub const MAX_THEME_BYTES: u64 = 1 << 20;

/// Where the images and fonts may lie that a theme's file names.
///
/// A theme is often from somebody else, and a picture that is drawn can be looked at by others. So a theme names files of its
/// own folder only, unless it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeFiles {
    /// In the theme's folder or below it, and not by a link that leads elsewhere.
    #[default]
    Beside,
    /// Anywhere.
    Anywhere,
}

impl Theme {
    /// The built-in theme of that name; `None` if there is none.
    pub fn builtin(name: &str) -> Option<Theme> {
        builtin::theme(name)
    }

    /// The names of the built-in themes; the first is the program's default.
    pub fn builtin_names() -> &'static [&'static str] {
        &builtin::NAMES
    }

    /// The built-in theme `name_or_file`, or else the theme in that file.
    ///
    /// # Errors
    /// As [`Theme::open`]. When there is neither such a theme nor such a file, the error lists the names of the
    /// built-in themes.
    pub fn find(name_or_file: impl AsRef<OsStr>) -> Result<Theme, ThemeError> {
        Theme::find_with(name_or_file, ThemeFiles::Beside)
    }

    /// The same, with files that lie where `files` says.
    ///
    /// # Errors
    /// As [`Theme::find`].
    pub fn find_with(name_or_file: impl AsRef<OsStr>, files: ThemeFiles) -> Result<Theme, ThemeError> {
        let name_or_file = name_or_file.as_ref();
        if let Some(theme) = name_or_file.to_str().and_then(Theme::builtin) {
            return Ok(theme);
        }
        if text_file::is_path(name_or_file) {
            Theme::open_with(Path::new(name_or_file), files)
        } else {
            Err(ThemeError::UnknownName { name: name_or_file.to_string_lossy().into_owned() })
        }
    }

    /// The theme in a file. Paths in it start from the file's folder and do not leave it.
    ///
    /// # Errors
    /// When the file cannot be read, is larger than [`MAX_THEME_BYTES`], is not a theme, or names files outside of its folder.
    /// Each error names the file and, where there is one, the line, and says what is allowed.
    pub fn open(path: &Path) -> Result<Theme, ThemeError> {
        Theme::open_with(path, ThemeFiles::Beside)
    }

    /// The same, with files that lie where `files` says.
    ///
    /// # Errors
    /// As [`Theme::open`].
    pub fn open_with(path: &Path, files: ThemeFiles) -> Result<Theme, ThemeError> {
        let text = text_file::read(path, MAX_THEME_BYTES).map_err(|error| {
            let path = path.to_owned();
            match error {
                TextFileError::Folder => ThemeError::Folder { path },
                TextFileError::Unreadable(reason) => ThemeError::Unreadable { path, reason },
                TextFileError::TooLarge => ThemeError::TooLarge { path },
                TextFileError::NotUtf8 { line } => ThemeError::NotUtf8 { path, line },
            }
        })?;
        file::parse(&text, path, files)
    }

    /// The theme in `text`, which is the content of the file `origin`: errors name that file, and paths in the text start
    /// from its folder and do not leave it. Where the text gives no name, the theme has the file's name without its
    /// extension.
    ///
    /// # Errors
    /// When the text is not a theme, names files outside of the folder (for which links are followed), or is longer than [`MAX_THEME_BYTES`]; see [`Theme::open`].
    pub fn parse(text: &str, origin: &Path) -> Result<Theme, ThemeError> {
        if text.len() as u64 > MAX_THEME_BYTES {
            return Err(ThemeError::TooLarge { path: origin.to_owned() });
        }
        file::parse(text, origin, ThemeFiles::Beside)
    }

    /// The theme as a complete TOML file, with a comment for each key.
    ///
    /// [`Theme::parse`] reads the same theme from it, provided that every value is allowed and every path is UTF-8,
    /// and that the folder of `origin` is the one from which the theme's paths start.
    pub fn to_toml(&self) -> String {
        file::print(self)
    }

    /// The files that the theme names, each with its key, such as `background.image`. Whether they exist is not
    /// checked.
    pub fn files(&self) -> Vec<(String, &Path)> {
        let mut files = Vec::new();
        define::Table::find_files(self, "", &mut files);
        files
    }
}
