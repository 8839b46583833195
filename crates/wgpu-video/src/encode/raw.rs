//! Encoders that do not compress: for pipes to other programs, comparisons of encoders, and tests.

use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, Joining, Planes,
};
use strikeline_picture::{FrameChange, Picture, PixelFormat, RgbaPicture, SegmentIndex};

/// Makes encoders that emit each picture as it is, rows without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RawEncoder {
    /// NV12: `width · height` bytes of luma, then half as many of interleaved chroma.
    #[default]
    Nv12,
    /// Frames of a YUV4MPEG2 file: the line `FRAME`, luma, then both chroma planes. What stands before the first frame is up to
    /// the sink.
    Yuv4Mpeg2(PixelFormat),
    /// Gamma-coded RGB with straight alpha: four bytes a pixel.
    Rgba,
}

/// What stands before each frame of a YUV4MPEG2 file.
const FRAME: &[u8] = b"FRAME\n";

/// Luma, then interleaved chroma.
pub(super) fn write_nv12(picture: &Picture<'_>, output: &mut Vec<u8>) {
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    output.reserve(width * height / 2 * 3);
    for (plane, rows) in [(&picture.luma, height), (&picture.chroma, height / 2)] {
        for y in 0..rows {
            output.extend_from_slice(plane.row(y, width));
        }
    }
}

impl EncoderFactory for RawEncoder {
    fn name(&self) -> &'static str {
        match self {
            RawEncoder::Nv12 => "nv12",
            RawEncoder::Yuv4Mpeg2(_) => "y4m",
            RawEncoder::Rgba => "rgba",
        }
    }

    fn codec(&self) -> Codec {
        match self {
            RawEncoder::Nv12 => Codec::NV12,
            RawEncoder::Yuv4Mpeg2(_) => Codec::YUV4MPEG2,
            RawEncoder::Rgba => Codec::RGBA,
        }
    }

    fn planes(&self) -> Planes {
        match self {
            RawEncoder::Nv12 => Planes::NV12,
            RawEncoder::Yuv4Mpeg2(format) => Planes::Yuv(*format),
            RawEncoder::Rgba => Planes::Rgba,
        }
    }

    fn keeps_rgb(&self) -> bool {
        *self == RawEncoder::Rgba
    }

    fn joining(&self) -> Joining {
        Joining::Frames
    }

    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(*self))
    }
}

impl Encoder for RawEncoder {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let start = output.len();
        match self {
            RawEncoder::Yuv4Mpeg2(_) => {
                output.extend_from_slice(FRAME);
                picture.append_planar(output);
            }
            _ => write_nv12(picture, output),
        }
        Ok(Some(AccessUnit::new(output.len() - start, true)))
    }

    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let start = output.len();
        picture.append_straight(output);
        Ok(Some(AccessUnit::new(output.len() - start, true)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(self.codec(), []))
    }
}
