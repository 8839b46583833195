//! Themes: everything about the look of a highway that its user may change, as data.
//!
//! A theme is a TOML file that says what differs from one of the built-in themes. `strikeline theme NAME` prints
//! a built-in one, with a comment for each of its keys; [`Theme::find`] reads one.
//!
//! Pixels are those of a picture whose short side has 1080; larger and smaller pictures scale them.
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

pub mod builtin;
mod color;
mod error;
mod fields;
mod file;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::song::DrumMap;

pub use color::Color;
pub use error::{Problem, ThemeError};

/// The largest file that [`Theme::open`] reads.
pub const MAX_THEME_BYTES: u64 = 1 << 20;

/// The look of a highway. The default is the built-in theme "plain".
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// What it is called: at most 64 characters.
    pub name: String,
    /// What it is like, in a line of at most 200 characters; may be empty.
    pub description: String,
    /// How the highway is seen, where the user does not say.
    pub view: ViewKind,
    /// What is behind the highway.
    pub background: Background,
    /// What the notes fall along.
    pub highway: HighwayStyle,
    /// Where they are struck.
    pub strike_line: StrikeLineStyle,
    /// The lines at bars and beats.
    pub beats: BeatStyle,
    /// The notes.
    pub gems: GemStyle,
    /// What happens when a note is struck.
    pub effects: EffectStyle,
    /// Words and numbers.
    pub text: TextStyle,
    /// Which key is which drum; names, colours and marks, and the lanes' order.
    pub drum_map: DrumMap,
}

/// How the highway is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    /// From above: notes keep their size.
    Flat,
    /// From behind the strike line: notes come from afar.
    Perspective,
}

/// What is behind the highway.
#[derive(Debug, Clone, PartialEq)]
pub struct Background {
    /// The colour at the picture's top; opaque.
    pub top: Color,
    /// The colour at the picture's bottom, with a gradient between the two; opaque.
    pub bottom: Color,
    /// A picture over the colours. The path is ready to be opened; nobody has looked whether the file exists.
    pub image: Option<PathBuf>,
    /// How much of the picture is seen: 0 (only the colours) to 1 (the picture as it is).
    pub image_strength: f32,
}

/// What the notes fall along.
#[derive(Debug, Clone, PartialEq)]
pub struct HighwayStyle {
    /// The highway's own colour, over the background.
    pub color: Color,
    /// How much of a lane's colour its ground has: 0 to 1.
    pub lane_tint: f32,
    /// The lines between lanes.
    pub separator: Color,
    /// Their width in pixels: 0 (none) to 20.
    pub separator_width: f32,
    /// The lines at the highway's left and right.
    pub border: Color,
    /// Their width in pixels: 0 (none) to 20.
    pub border_width: f32,
}

/// Where the notes are struck.
#[derive(Debug, Clone, PartialEq)]
pub struct StrikeLineStyle {
    /// How far it is down the way to the near edge of the picture: 0.5 to 0.95.
    pub position: f32,
    /// The line's colour.
    pub color: Color,
    /// The line's width in pixels: 0 (none) to 30.
    pub width: f32,
    /// How much of the lane's colour is in the receptors, the places where gems are struck: 0 to 1.
    pub receptor_fill: f32,
    /// How much of the lane's colour is in the receptors' outlines: 0 to 1.
    pub receptor_outline: f32,
    /// Width of the receptors' outlines in pixels: 0 (none) to 20.
    pub receptor_outline_width: f32,
}

/// The lines at bars and beats. A colour with alpha 0 draws none.
#[derive(Debug, Clone, PartialEq)]
pub struct BeatStyle {
    /// The line where a bar begins.
    pub bar: Color,
    /// Its width in pixels: 0 (none) to 20.
    pub bar_width: f32,
    /// The line at the other beats.
    pub beat: Color,
    /// Its width in pixels: 0 (none) to 20.
    pub beat_width: f32,
}

/// The notes' bodies, which have the colours of the drum map.
#[derive(Debug, Clone, PartialEq)]
pub struct GemStyle {
    /// What is done to their corners.
    pub corners: Corners,
    /// How much is taken off a corner: 0 (square) to 1, half the gem's height.
    pub corner_size: f32,
    /// Height in pixels: 4 to 120.
    pub height: f32,
    /// Part of the lane's width: 0.2 to 1.
    pub width: f32,
    /// The colour that the gem's colour is mixed with for its outline; alpha says how far.
    pub outline: Color,
    /// Width of the outline in pixels: 0 (none) to 20.
    pub outline_width: f32,
    /// How much darker the lower edge is than the upper one: 0 (flat) to 1.
    pub shading: f32,
    /// Strength of the light along the upper edge: 0 (none) to 1.
    pub highlight: f32,
    /// The colour of the marks; alpha is how far they cover the gem.
    pub mark: Color,
    /// Height of the marks, as part of the gem's: 0 (none) to 1.
    pub mark_size: f32,
    /// Brightness of the gem of the softest hit, velocity 1: 0 to 1, that of the hardest.
    pub dimmest: f32,
    /// Height of kick bars in pixels: 4 to 120.
    pub kick_height: f32,
    /// Soft hits.
    pub ghost: GhostStyle,
    /// Hard hits.
    pub accent: AccentStyle,
}

/// What is done to a gem's corners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corners {
    /// Circular arcs.
    Round,
    /// Straight cuts at 45 degrees.
    Cut,
}

/// The gems of soft hits.
#[derive(Debug, Clone, PartialEq)]
pub struct GhostStyle {
    /// Hits of less than this velocity are ghost notes: 0 (none) to 127.
    pub below: u8,
    /// Their size, as part of the usual one: 0.3 to 1.
    pub scale: f32,
    /// How much of the inside is filled: 0 (outline only) to 1.
    pub fill: f32,
}

/// The gems of hard hits.
#[derive(Debug, Clone, PartialEq)]
pub struct AccentStyle {
    /// Hits of this velocity or more are accents: 1 to 128 (none).
    pub from: u8,
    /// Their size, as a multiple of the usual one: 1 to 1.5.
    pub scale: f32,
    /// Width of their outline in pixels: 0 (none) to 20.
    pub outline_width: f32,
}

/// What happens when a note is struck. Strengths are 0 (off: costs nothing) to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectStyle {
    /// Strength of the receptor's flash.
    pub flash: f32,
    /// Strength of the glow around the receptor.
    pub glow: f32,
    /// How far the glow reaches, in pixels: 0 to 300.
    pub glow_reach: f32,
    /// Strength of the strike line's glow.
    pub line_glow: f32,
    /// Strength of the rings that spread.
    pub rings: f32,
    /// Their outer diameter at the end, as a multiple of the lane's width: 0.2 to 3.
    pub ring_size: f32,
    /// Their width in pixels: 0 to 20.
    pub ring_width: f32,
    /// How long it all takes, in seconds: 0.05 to 1.
    pub duration: f32,
}

/// Words and numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct TextStyle {
    /// The font; `None` for the one that the program brings.
    pub font: Option<FontSource>,
    /// What is to be read.
    pub color: Color,
    /// What is less important.
    pub dim: Color,
    /// A shadow under the letters; alpha 0 for none.
    pub shadow: Color,
    /// Size, as a multiple of the usual one: 0.5 to 2.
    pub scale: f32,
    /// The bar that shows how far the song is; alpha 0 for none.
    pub progress: Color,
}

/// Where a font comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FontSource {
    /// A font file. The path is ready to be opened; nobody has looked whether the file exists.
    File(PathBuf),
    /// The name of a family that is installed.
    Family(String),
}

impl Theme {
    /// The built-in theme of that name; `None` if there is none.
    pub fn builtin(name: &str) -> Option<Theme> {
        builtin::theme(name)
    }

    /// The names of the built-in themes; the first is the one that the program uses unless told otherwise.
    pub fn builtin_names() -> &'static [&'static str] {
        &builtin::NAMES
    }

    /// The built-in theme `name_or_file`, or else the theme in that file.
    ///
    /// # Errors
    /// As [`Theme::open`]. When there is neither such a theme nor such a file, the error tells the names that
    /// there are.
    pub fn find(name_or_file: &str) -> Result<Theme, ThemeError> {
        if let Some(theme) = Theme::builtin(name_or_file) {
            return Ok(theme);
        }
        let path = Path::new(name_or_file);
        let is_path = path.extension().is_some() || path.components().count() > 1;
        if is_path || path.exists() {
            Theme::open(path)
        } else {
            Err(ThemeError::UnknownName { name: name_or_file.to_owned() })
        }
    }

    /// The theme in a file. Paths in it are taken from the file's folder.
    ///
    /// # Errors
    /// When the file cannot be read, has over [`MAX_THEME_BYTES`], or is not a theme. Each error names the file,
    /// and where it can the line, and says what is allowed.
    pub fn open(path: &Path) -> Result<Theme, ThemeError> {
        let unreadable = |reason| ThemeError::Unreadable { path: path.to_owned(), reason };
        if path.is_dir() {
            return Err(ThemeError::Folder { path: path.to_owned() });
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_THEME_BYTES + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_THEME_BYTES {
            return Err(ThemeError::TooLarge { path: path.to_owned() });
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Theme::parse(text, path),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
                Err(ThemeError::NotUtf8 { path: path.to_owned(), line })
            }
        }
    }

    /// The theme in `text`, which comes from `origin`: errors name it, and paths in the text are taken from its
    /// folder. The theme is called as the text says, or else as `origin` without its ending.
    ///
    /// # Errors
    /// When the text is not a theme, or has over [`MAX_THEME_BYTES`]; see [`Theme::open`].
    pub fn parse(text: &str, origin: &Path) -> Result<Theme, ThemeError> {
        if text.len() as u64 > MAX_THEME_BYTES {
            return Err(ThemeError::TooLarge { path: origin.to_owned() });
        }
        file::parse(text, origin)
    }
}
