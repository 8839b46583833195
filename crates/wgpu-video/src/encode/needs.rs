//! What an encoder needs of the stages before it: which planes, and how many pictures at a time.

use std::num::NonZeroU32;

use strikeline_picture::{BitDepth, FrameRate, PictureSize, PixelFormat, Time};

use crate::gpu::DeviceRequirements;

/// The planes in which pictures are given to an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Planes {
    /// A luma plane and an interleaved chroma plane: a [`Picture`](strikeline_picture::Picture) in this format.
    Yuv(PixelFormat),
    /// 8 bits, gamma-coded RGB with alpha: an [`RgbaPicture`](strikeline_picture::RgbaPicture).
    Rgba,
}

impl Planes {
    /// 8 bits, chroma of half width and height.
    pub const NV12: Planes = Planes::Yuv(PixelFormat::NV12);

    /// The format of planes of luma and chroma.
    pub const fn pixel_format(self) -> Option<PixelFormat> {
        match self {
            Planes::Yuv(format) => Some(format),
            Planes::Rgba => None,
        }
    }

    /// What a device must have to draw them, and besides `others`.
    #[must_use]
    pub fn requirements(self, others: DeviceRequirements) -> DeviceRequirements {
        let features = match self {
            // To draw into such textures is not among what all devices with them can do.
            Planes::Yuv(PixelFormat { depth: BitDepth::Ten, .. }) => {
                wgpu::Features::TEXTURE_FORMAT_16BIT_NORM
                    | wgpu::Features::TEXTURE_ADAPTER_SPECIFIC_FORMAT_FEATURES
            }
            _ => wgpu::Features::empty(),
        };
        DeviceRequirements { features: others.features | features, ..others }
    }
}

/// How the pictures of a video are divided among encoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Joining {
    /// Into segments of about two seconds, each coded by an encoder of its own and joined without another one.
    #[default]
    Segments,
    /// Each picture is coded alone, and coded pictures are large: into short segments, so that little memory is needed.
    Frames,
    /// Not at all: one encoder codes all pictures, one after the other.
    Sequential,
}

/// The most bytes of raw pictures in a segment of [`Joining::Frames`], unless one picture has more.
const SHORT_SEGMENT_BYTES: u32 = 32 << 20;

impl Joining {
    /// The length of segments in frames.
    pub fn segment_frames(self, size: PictureSize, rate: FrameRate) -> NonZeroU32 {
        let two_seconds = u32::try_from(rate.frames_to_cover(Time::from_seconds(2.0))).unwrap_or(u32::MAX);
        let frames = match self {
            Joining::Segments => two_seconds,
            Joining::Frames => {
                (SHORT_SEGMENT_BYTES / (size.width() * size.height() / 2 * 3)).min(two_seconds)
            }
            Joining::Sequential => u32::MAX,
        };
        NonZeroU32::new(frames).unwrap_or(NonZeroU32::MIN)
    }
}
