//! Errors of fonts and of text that is rasterised.

use std::io;
use std::path::PathBuf;

use strikeline_files::why_unreadable;
use strikeline_picture::shown;

use super::atlas;

/// Why a font could not be used or a text not be set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The font file could not be read; check that it exists and that you may read it.
    #[error(
        "font {} cannot be read: {}; leave the font out to use the built-in one",
        shown(path),
        why_unreadable(reason)
    )]
    FontUnreadable {
        /// The file, as it was given.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file is no font, or is damaged; give another one.
    #[error(
        "{} is not a font that can be used; give a TrueType or OpenType file (.ttf, .otf, .ttc, .otc)",
        shown(path)
    )]
    NotAFont {
        /// The file, as it was given.
        path: PathBuf,
    },
    /// The font file is larger than any that is in use; give another one.
    #[error(
        "the font {} is larger than {} MiB, the most that is read; give another font file, or check the path",
        shown(path),
        limit >> 20
    )]
    FontTooLarge {
        /// The file, as it was given.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// Shaping or drawing failed within the font; choose another one.
    #[error("a font that the text {text:?} needs is damaged; choose another font")]
    DamagedFont {
        /// The beginning of the text that was to be set.
        text: String,
    },
    /// No installed font has this family name; choose one of those listed, or give a font file.
    #[error("{}", describe_family(family, similar))]
    FamilyNotInstalled {
        /// The family, as it was given.
        family: String,
        /// Installed families with a similar name, the most similar first; at most five.
        similar: Vec<String>,
    },
    /// The size is not within [`LineStyle::SIZES`](super::LineStyle::SIZES); choose another.
    #[error("text size {size} is not usable: give 4 to 1000 pixels per em")]
    SizeOutOfRange {
        /// The size that was asked for, in pixels per em.
        size: f32,
    },
    /// The radius is not within [`SHADOW_RADII`](super::SHADOW_RADII); choose another.
    #[error("shadow radius {radius} is not usable: give 0 to 100 pixels")]
    RadiusOutOfRange {
        /// The radius that was asked for, in pixels.
        radius: f32,
    },
    /// All bitmaps together exceed what a texture holds; set less text, or smaller.
    #[error(
        "the text does not fit a texture of {}x{} texels; use a smaller text size, or less text",
        atlas::WIDTH,
        atlas::MAX_HEIGHT
    )]
    AtlasFull,
}

/// The text of [`TextError::FamilyNotInstalled`].
fn describe_family(family: &str, similar: &[String]) -> String {
    let mut text = format!("no font of the family {family:?} that can be used is installed");
    for (place, name) in similar.iter().enumerate() {
        text.push_str(if place == 0 { "; there is " } else { ", " });
        text.push_str(&format!("{name:?}"));
    }
    if similar.is_empty() && cfg!(all(unix, not(target_os = "macos"))) {
        text.push_str("; \"fc-list : family\" lists those that are, or give the path of a font file");
    } else {
        text.push_str("; choose an installed family, or give the path of a font file");
    }
    text
}
