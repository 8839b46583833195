//! An encoder that does not compress: for dumps, comparisons of encoders, and tests.

use super::{AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings};
use strikeline_picture::{FrameChange, Picture, SegmentIndex};

/// Makes encoders that emit each picture as NV12 without padding: `width · height` bytes of luma, then half
/// as many of chroma. A segment stays in memory until it is complete, so use short segments.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawEncoder;

struct RawSegment;

impl EncoderFactory for RawEncoder {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn codec(&self) -> Codec {
        Codec::NV12
    }

    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(RawSegment))
    }
}

impl Encoder for RawSegment {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<AccessUnit, EncodeError> {
        let start = output.len();
        let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
        for (plane, rows) in [(&picture.luma, height), (&picture.chroma, height / 2)] {
            for y in 0..rows {
                output.extend_from_slice(plane.row(y, width));
            }
        }
        Ok(AccessUnit::new(output.len() - start, true))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::NV12, []))
    }
}
