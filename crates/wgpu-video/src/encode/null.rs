//! An encoder that writes nothing of use: for benchmarks of the stages before it.

use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, SamplesRead,
};
use strikeline_picture::{FrameChange, Picture, SegmentIndex};

/// Makes encoders that emit an empty NAL unit for each picture. No decoder can do anything with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullEncoder;

struct NullSegment {
    first: bool,
}

impl EncoderFactory for NullEncoder {
    fn name(&self) -> &'static str {
        "null"
    }

    fn codec(&self) -> Codec {
        Codec::NONE
    }

    fn samples_read(&self) -> SamplesRead {
        SamplesRead::New
    }

    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(NullSegment { first: true }))
    }
}

impl Encoder for NullSegment {
    fn encode(
        &mut self,
        _picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        output.extend([0, 0, 0, 1, 12]);
        Ok(Some(AccessUnit::new(5, std::mem::take(&mut self.first))))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::NONE, []))
    }
}
