//! An encoder that looks at nothing: for benchmarks of what comes before it.

use super::{AccessUnit, EncodeError, Encoder, EncoderFactory, EncoderSettings, ParameterSets};
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

    fn reads_only_changes(&self) -> bool {
        true
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
    ) -> Result<AccessUnit, EncodeError> {
        output.extend([0, 0, 0, 1, 12]);
        Ok(AccessUnit { bytes: 5, idr: std::mem::take(&mut self.first) })
    }

    fn parameter_sets(&self) -> Option<ParameterSets> {
        Some(ParameterSets { sps: Vec::new(), pps: Vec::new() })
    }
}
