//! Pictures as video encoders take them: a luma plane and an interleaved chroma plane, BT.709, limited range, chroma
//! left-sited.

use std::fmt;
use std::str::FromStr;

use crate::PixelFormat;

/// Width and height of a picture in luma samples: both even, each from 64 to 8192.
///
/// As text: `1920x1080`, or one of [`PictureSize::NAMES`]; capital letters make no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PictureSize {
    width: u32,
    height: u32,
}

/// Why a picture size cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureSizeError {
    /// A width or height is odd: chroma is half as fine. Use one of the nearest even sizes.
    #[error(
        "picture size {width}x{height} is not usable: width and height must be even; the nearest even sizes are {} (sizes go \
         from 64x64 to 8192x8192)",
        list(nearest_even(*width, *height).map(|(width, height)| format!("{width}x{height}")))
    )]
    Odd {
        /// In samples.
        width: u32,
        /// In samples.
        height: u32,
    },
    /// A width or height is too small or too large.
    #[error("picture size {width}x{height} is not usable: sizes go from 64x64 to 8192x8192")]
    OutOfRange {
        /// In samples.
        width: u32,
        /// In samples.
        height: u32,
    },
    /// The text is no size.
    #[error(
        "picture size {given:?} is not usable: give WIDTHxHEIGHT with even numbers from 64x64 to 8192x8192, or one of {}",
        list(PictureSize::NAMES.iter().map(|(name, ..)| (*name).to_owned()))
    )]
    NotASize {
        /// The text.
        given: String,
    },
}

/// Even sizes next to one within the range that is odd in width, height or both: smaller, then larger.
fn nearest_even(width: u32, height: u32) -> impl Iterator<Item = (u32, u32)> {
    let sizes = [(width & !1, height & !1), (width + width % 2, height + height % 2)];
    sizes.into_iter().filter(|&(width, height)| PictureSize::fits(width) && PictureSize::fits(height))
}

/// `a, b or c`.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

impl PictureSize {
    /// Smallest width and height, in samples.
    pub const MIN: u32 = 64;
    /// Largest width and height, in samples.
    pub const MAX: u32 = 8192;
    /// 640 × 360.
    pub const P360: PictureSize = PictureSize { width: 640, height: 360 };
    /// 1920 × 1080.
    pub const P1080: PictureSize = PictureSize { width: 1920, height: 1080 };

    /// The names of sizes, with width and height.
    pub const NAMES: [(&str, u32, u32); 14] = [
        ("360p", 640, 360),
        ("480p", 854, 480),
        ("540p", 960, 540),
        ("720p", 1280, 720),
        ("1080p", 1920, 1080),
        ("1440p", 2560, 1440),
        ("2160p", 3840, 2160),
        ("4k", 3840, 2160),
        ("uhd", 3840, 2160),
        ("4320p", 7680, 4320),
        ("8k", 7680, 4320),
        ("square", 1080, 1080),
        ("vertical", 1080, 1920),
        ("portrait", 1080, 1920),
    ];

    fn fits(side: u32) -> bool {
        side.is_multiple_of(2) && (Self::MIN..=Self::MAX).contains(&side)
    }

    /// A size of `width` × `height` luma samples.
    ///
    /// # Errors
    /// When either side is odd, below [`Self::MIN`] or above [`Self::MAX`].
    pub fn new(width: u32, height: u32) -> Result<PictureSize, PictureSizeError> {
        let in_range = |side: u32| (Self::MIN..=Self::MAX).contains(&side);
        if !in_range(width) || !in_range(height) {
            Err(PictureSizeError::OutOfRange { width, height })
        } else if !Self::fits(width) || !Self::fits(height) {
            Err(PictureSizeError::Odd { width, height })
        } else {
            Ok(PictureSize { width, height })
        }
    }

    /// Width in luma samples.
    pub const fn width(self) -> u32 {
        self.width
    }

    /// Height in luma samples.
    pub const fn height(self) -> u32 {
        self.height
    }
}

impl FromStr for PictureSize {
    type Err = PictureSizeError;

    fn from_str(text: &str) -> Result<PictureSize, PictureSizeError> {
        let not_a_size = || PictureSizeError::NotASize { given: text.to_owned() };
        let wanted = text.trim();
        let named = PictureSize::NAMES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(wanted));
        if let Some(&(_, width, height)) = named {
            return PictureSize::new(width, height);
        }
        let (width, height) = wanted.split_once(['x', 'X', '×']).ok_or_else(not_a_size)?;
        let side = |text: &str| text.trim().parse::<u32>().map_err(|_| not_a_size());
        PictureSize::new(side(width)?, side(height)?)
    }
}

impl fmt::Display for PictureSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Rows of samples in memory, top row first.
///
/// Row `y` starts at byte `y · stride`. `data` holds at least `stride · (rows − 1) + row_bytes` bytes.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// The samples and any padding between rows.
    pub data: &'a [u8],
    /// Bytes from the start of one row to the start of the next.
    pub stride: usize,
}

impl<'a> Plane<'a> {
    /// The first `row_bytes` bytes of row `y`.
    ///
    /// # Panics
    /// When the row does not lie within `data`.
    pub fn row(&self, y: usize, row_bytes: usize) -> &'a [u8] {
        &self.data[y * self.stride..][..row_bytes]
    }
}

/// One frame's planes together: luma `width × height`, and chroma, whose rows are pairs Cb, Cr. In the usual format, NV12,
/// chroma has `height / 2` rows of `width / 2` pairs.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Size in luma samples.
    pub size: PictureSize,
    /// How fine chroma is, and how many bits samples have.
    pub format: PixelFormat,
    /// Y′, nominally 16 to 235 (8 bits).
    pub luma: Plane<'a>,
    /// Cb and Cr interleaved, nominally 16 to 240 (8 bits).
    pub chroma: Plane<'a>,
}

impl<'a> Picture<'a> {
    /// A picture in the format [`PixelFormat::NV12`].
    pub const fn nv12(size: PictureSize, luma: Plane<'a>, chroma: Plane<'a>) -> Picture<'a> {
        Picture { size, format: PixelFormat::NV12, luma, chroma }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_number_and_by_name() {
        for (text, width, height) in [
            ("1920x1080", 1920, 1080),
            (" 640 X 360 ", 640, 360),
            ("640×360", 640, 360),
            ("360p", 640, 360),
            ("480p", 854, 480),
            ("540p", 960, 540),
            ("720P", 1280, 720),
            ("2160p", 3840, 2160),
            ("4K", 3840, 2160),
            ("UHD", 3840, 2160),
            ("8k", 7680, 4320),
            ("square", 1080, 1080),
            ("vertical", 1080, 1920),
            ("portrait", 1080, 1920),
        ] {
            assert_eq!(text.parse(), PictureSize::new(width, height), "{text}");
        }
        for (name, width, height) in PictureSize::NAMES {
            assert!(PictureSize::new(width, height).is_ok(), "{name}");
        }
        for bad in
            ["", "1920", "1920x", "62x64", "65x64", "64x8194", "-2x64", "1080i", "4294967295x4294967295"]
        {
            let error = bad.parse::<PictureSize>().unwrap_err().to_string();
            assert!(error.contains("64x64 to 8192x8192"), "{error}");
        }
        let error = "1080i".parse::<PictureSize>().unwrap_err().to_string();
        assert!(error.contains("1080p") && error.contains("vertical or portrait"), "{error}");
    }

    #[test]
    fn the_error_of_an_odd_size_names_the_nearest_even_ones() {
        for (text, nearest) in [
            ("1921x1081", "1920x1080 or 1922x1082"),
            ("853x480", "852x480 or 854x480"),
            ("640x361", "640x360 or 640x362"),
            ("8191x65", "8190x64 or 8192x66"),
            ("65x8191", "64x8190 or 66x8192"),
        ] {
            let error = text.parse::<PictureSize>().unwrap_err().to_string();
            assert!(error.contains(nearest), "{error}");
        }
    }
}
