//! Tuned settings: the work split that is fastest on this machine, and the file that it is saved in.
//!
//! [`search`] looks for the best ring depth, jobs, segments in flight and devices with any [`search::Bench`];
//! [`SettingsFile`] stores the result by adapter, driver and picture size. Neither changes the bytes of a video, only the
//! time that it takes.

mod document;
mod error;
pub(super) mod location;
pub(super) mod search;
mod settings;

use std::fmt;

pub(super) use error::TuningError;
pub(super) use settings::{Entry, Settings, SettingsFile};

use strikeline_picture::PictureSize;
use wgpu_video::stream::WorkSplit;

/// Largest value of a setting, as on the command line.
pub(super) const MOST: usize = 256;

/// Picture sizes for which the same settings are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum SizeClass {
    /// Up to 1280 × 720 pixels, in any shape.
    P720,
    /// Up to 1920 × 1080 pixels.
    P1080,
    /// Up to 2560 × 1440 pixels.
    P1440,
    /// Up to 3840 × 2160 pixels.
    P2160,
    /// More.
    Larger,
}

impl SizeClass {
    /// All of them, smallest first.
    pub(super) const ALL: [SizeClass; 5] =
        [SizeClass::P720, SizeClass::P1080, SizeClass::P1440, SizeClass::P2160, SizeClass::Larger];

    /// The class of `size`, by its number of pixels.
    pub(super) fn of(size: PictureSize) -> SizeClass {
        let pixels = u64::from(size.width()) * u64::from(size.height());
        let most = [
            (SizeClass::P720, 1280 * 720),
            (SizeClass::P1080, 1920 * 1080),
            (SizeClass::P1440, 2560 * 1440),
            (SizeClass::P2160, 3840 * 2160),
        ];
        most.into_iter().find(|(_, most)| pixels <= *most).map_or(SizeClass::Larger, |(class, _)| class)
    }

    /// Its name in the settings file.
    pub(super) fn id(self) -> &'static str {
        match self {
            SizeClass::P720 => "720p",
            SizeClass::P1080 => "1080p",
            SizeClass::P1440 => "1440p",
            SizeClass::P2160 => "2160p",
            SizeClass::Larger => "larger",
        }
    }

    /// The sizes in words, after "for sizes".
    pub(super) fn about(self) -> &'static str {
        match self {
            SizeClass::P720 => "up to 720p",
            SizeClass::P1080 => "above 720p, up to 1080p",
            SizeClass::P1440 => "above 1080p, up to 1440p",
            SizeClass::P2160 => "above 1440p, up to 2160p",
            SizeClass::Larger => "above 2160p",
        }
    }

    fn from_id(id: &str) -> Option<SizeClass> {
        SizeClass::ALL.into_iter().find(|class| class.id() == id)
    }
}

impl fmt::Display for SizeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// The adapter, driver and picture size for which settings were measured.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The adapter's name.
    pub adapter: String,
    /// Its driver with the version: another version may behave differently.
    pub driver: String,
    /// The size class of the pictures.
    pub size: SizeClass,
}

/// The best settings found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tuned {
    /// The settings; each from 1 to [`MOST`].
    pub split: WorkSplit,
    /// Frames per second measured with them. For the reader of the file only.
    pub frames_per_second: Option<f64>,
    /// The encoder used for measuring. For the reader of the file only.
    pub encoder: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_belongs_to_the_smallest_class_that_holds_as_many_pixels() {
        for (width, height, id) in [
            (64, 64, "720p"),
            (1280, 720, "720p"),
            (1282, 720, "1080p"),
            (1080, 1920, "1080p"),
            (2560, 1440, "1440p"),
            (3440, 1440, "2160p"),
            (3840, 2160, "2160p"),
            (8192, 8192, "larger"),
        ] {
            let class = SizeClass::of(PictureSize::new(width, height).unwrap());
            assert_eq!(class.id(), id, "{width}x{height}");
            assert_eq!(SizeClass::from_id(id), Some(class));
        }
    }
}
