//! Encoders that do not compress: for pipes to other programs, comparisons of encoders, and tests.

use super::{AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, Joining};
use strikeline_picture::{FrameChange, Picture, SegmentIndex};

/// Makes encoders that emit each picture as NV12 without padding: `width · height` bytes of luma, then half
/// as many of chroma.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawEncoder;

/// Makes encoders that emit each picture as a frame of a YUV4MPEG2 file: the line `FRAME`, luma, then both chroma planes, each of
/// half width and height. What stands before the first frame is up to the sink.
#[derive(Debug, Clone, Copy, Default)]
pub struct Y4mEncoder;

/// What stands before each frame of a YUV4MPEG2 file.
const FRAME: &[u8] = b"FRAME\n";

struct RawSegment {
    codec: Codec,
    /// Appends a picture to the output.
    write: fn(&Picture<'_>, &mut Vec<u8>),
}

impl RawSegment {
    fn begin(codec: Codec, write: fn(&Picture<'_>, &mut Vec<u8>)) -> Box<dyn Encoder> {
        Box::new(RawSegment { codec, write })
    }
}

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

/// The line, luma, blue-difference chroma, red-difference chroma.
fn write_y4m(picture: &Picture<'_>, output: &mut Vec<u8>) {
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    output.reserve(FRAME.len() + width * height / 2 * 3);
    output.extend_from_slice(FRAME);
    for y in 0..height {
        output.extend_from_slice(picture.luma.row(y, width));
    }
    for component in 0..2 {
        for y in 0..height / 2 {
            output.extend(picture.chroma.row(y, width).iter().skip(component).step_by(2));
        }
    }
}

impl EncoderFactory for RawEncoder {
    fn name(&self) -> &'static str {
        "nv12"
    }

    fn codec(&self) -> Codec {
        Codec::NV12
    }

    fn joining(&self) -> Joining {
        Joining::Frames
    }

    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(RawSegment::begin(Codec::NV12, write_nv12))
    }
}

impl EncoderFactory for Y4mEncoder {
    fn name(&self) -> &'static str {
        "y4m"
    }

    fn codec(&self) -> Codec {
        Codec::YUV4MPEG2
    }

    fn joining(&self) -> Joining {
        Joining::Frames
    }

    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(RawSegment::begin(Codec::YUV4MPEG2, write_y4m))
    }
}

impl Encoder for RawSegment {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let start = output.len();
        (self.write)(picture, output);
        Ok(Some(AccessUnit::new(output.len() - start, true)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(self.codec, []))
    }
}
