//! An encoder that writes nothing of use: for benchmarks of the stages before it.

use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, Planes,
    SamplesRead,
};
use strikeline_picture::{FrameChange, Picture, RgbaPicture, SegmentIndex};

/// Makes encoders that emit an empty NAL unit for each picture. No decoder can do anything with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullEncoder;

/// The same for these planes: the stages before it do the same work as for an encoder that takes them.
#[derive(Debug, Clone, Copy)]
pub struct NullEncoderFor(pub Planes);

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

impl EncoderFactory for NullEncoderFor {
    fn name(&self) -> &'static str {
        "null"
    }

    fn codec(&self) -> Codec {
        Codec::NONE
    }

    fn planes(&self) -> Planes {
        self.0
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

impl NullSegment {
    fn unit(&mut self, output: &mut Vec<u8>) -> AccessUnit {
        output.extend([0, 0, 0, 1, 12]);
        AccessUnit::new(5, std::mem::take(&mut self.first))
    }
}

impl Encoder for NullSegment {
    fn encode(
        &mut self,
        _picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        Ok(Some(self.unit(output)))
    }

    fn encode_rgba(
        &mut self,
        _picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        Ok(Some(self.unit(output)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::NONE, []))
    }
}
