//! Pictures as video encoders take them: a luma plane and an interleaved chroma plane (NV12), 8 bits,
//! BT.709, limited range, chroma left-sited.

use std::fmt;
use std::str::FromStr;

/// Width and height of a picture in luma samples: both even, each from 64 to 8192.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PictureSize {
    width: u32,
    height: u32,
}

/// The error of a picture size that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "picture size {given:?} is not usable: give WIDTHxHEIGHT with even numbers from 64x64 to 8192x8192, or 720p, 1080p, 1440p, 2160p"
)]
pub struct PictureSizeError {
    given: String,
}

impl PictureSize {
    /// Smallest width and height, in samples.
    pub const MIN: u32 = 64;
    /// Largest width and height, in samples.
    pub const MAX: u32 = 8192;

    /// A size of `width` × `height` luma samples.
    ///
    /// # Errors
    /// When either side is odd, below [`Self::MIN`] or above [`Self::MAX`].
    pub fn new(width: u32, height: u32) -> Result<PictureSize, PictureSizeError> {
        let fits = |side: u32| side.is_multiple_of(2) && (Self::MIN..=Self::MAX).contains(&side);
        if fits(width) && fits(height) {
            Ok(PictureSize { width, height })
        } else {
            Err(PictureSizeError { given: format!("{width}x{height}") })
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
        let refuse = || PictureSizeError { given: text.to_owned() };
        let (width, height) = match text {
            "720p" => (1280, 720),
            "1080p" => (1920, 1080),
            "1440p" => (2560, 1440),
            "2160p" => (3840, 2160),
            other => {
                let (width, height) = other.split_once(['x', 'X', '×']).ok_or_else(refuse)?;
                (width.trim().parse().map_err(|_| refuse())?, height.trim().parse().map_err(|_| refuse())?)
            }
        };
        PictureSize::new(width, height).map_err(|_| refuse())
    }
}

impl fmt::Display for PictureSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Rows of 8-bit samples in memory, top row first.
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

/// One frame's planes together (NV12): luma `width × height`, and chroma of `height / 2` rows, each of
/// `width / 2` pairs Cb, Cr.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Size in luma samples.
    pub size: PictureSize,
    /// Y′, nominally 16 to 235.
    pub luma: Plane<'a>,
    /// Cb and Cr interleaved, nominally 16 to 240.
    pub chroma: Plane<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_number_and_by_name() {
        assert_eq!("1920x1080".parse(), PictureSize::new(1920, 1080));
        assert_eq!("2160p".parse(), PictureSize::new(3840, 2160));
        for bad in ["", "1920", "1920x", "62x64", "65x64", "64x8194", "-2x64", "1080i"] {
            let error = bad.parse::<PictureSize>().unwrap_err().to_string();
            assert!(error.contains("64x64 to 8192x8192"), "{error}");
        }
    }
}
