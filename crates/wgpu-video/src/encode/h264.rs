//! The built-in H.264 encoder, `strikeline-h264`, as an [`EncoderFactory`].

pub use strikeline_h264::{
    BitRate, BufferLimit, BufferPool, Effort, EntropyCoding, H264Encoder, RateControl, ReferenceCount,
};

use strikeline_h264::{H264Error, H264Settings, Qp};
use strikeline_picture::{FrameChange, Picture, SegmentIndex};

use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality,
    SamplesRead,
};

const NAME: &str = "h264";

/// Makes [`H264Encoder`]s. Clones share the buffers of encoders that have finished.
#[derive(Debug, Clone, Default)]
pub struct H264Factory {
    quality: H264Quality,
    entropy_coding: EntropyCoding,
    references: ReferenceCount,
    effort: Effort,
    rate_control: RateControl,
    buffers: BufferPool,
}

impl H264Factory {
    /// For pictures of constant quality.
    pub fn new(quality: H264Quality) -> H264Factory {
        H264Factory { quality, ..H264Factory::default() }
    }

    /// The same with another quality; [`H264Quality::DEFAULT`] unless set.
    #[must_use]
    pub fn with_quality(self, quality: H264Quality) -> H264Factory {
        H264Factory { quality, ..self }
    }

    /// The same with another way to write syntax elements; CABAC unless set.
    #[must_use]
    pub fn with_entropy_coding(self, entropy_coding: EntropyCoding) -> H264Factory {
        H264Factory { entropy_coding, ..self }
    }

    /// The same with another number of earlier pictures to predict from; one unless set.
    #[must_use]
    pub fn with_references(self, references: ReferenceCount) -> H264Factory {
        H264Factory { references, ..self }
    }

    /// The same with another amount of work that goes into finding fewer bytes; [`Effort::Fast`] unless set.
    #[must_use]
    pub fn with_effort(self, effort: Effort) -> H264Factory {
        H264Factory { effort, ..self }
    }

    /// The same with a limit of the bits; [`RateControl::NONE`] unless set. Then the quality is the best that pictures have.
    #[must_use]
    pub fn with_rate_control(self, rate_control: RateControl) -> H264Factory {
        H264Factory { rate_control, ..self }
    }

    /// A fresh encoder for one segment.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] when no level of H.264 allows the size at that rate.
    pub fn encoder(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<H264Encoder, EncodeError> {
        let qp = Qp::new(self.quality.qp()).unwrap_or_default();
        let settings = H264Settings::new(settings.size, settings.frame_rate)
            .with_qp(qp)
            .with_segment_frames(settings.segment_frames)
            .with_entropy_coding(self.entropy_coding)
            .with_references(self.references)
            .with_effort(self.effort)
            .with_rate_control(self.rate_control);
        Ok(H264Encoder::with_buffers(&settings, segment, &self.buffers)?)
    }
}

impl EncoderFactory for H264Factory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn codec(&self) -> Codec {
        Codec::H264
    }

    fn samples_read(&self) -> SamplesRead {
        SamplesRead::New
    }

    fn identity(&self) -> String {
        let effort = match self.effort {
            Effort::Fast => NAME.to_owned(),
            effort => format!("{NAME} {effort:?}"),
        };
        if self.rate_control.is_none() { effort } else { format!("{effort} {:?}", self.rate_control) }
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(self.encoder(settings, segment)?))
    }

    fn begin_segment_of(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
        frames: u64,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        let mut encoder = self.encoder(settings, segment)?;
        encoder.expect_frames(u32::try_from(frames).unwrap_or(u32::MAX));
        Ok(Box::new(encoder))
    }
}

impl Encoder for H264Encoder {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let coded = H264Encoder::encode(self, picture, change, output)?;
        Ok(Some(AccessUnit::new(coded.bytes, coded.idr)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        let strikeline_h264::ParameterSets { sps, pps } = H264Encoder::parameter_sets(self);
        Some(CodecConfig::H264 { sps, pps })
    }
}

impl From<H264Error> for EncodeError {
    fn from(error: H264Error) -> EncodeError {
        match error {
            H264Error::BeyondLevels { size, frame_rate, references } => EncodeError::Unsupported {
                encoder: NAME,
                what: format!(
                    "{size} pictures at {frame_rate} frames per second (reference pictures: {references})"
                ),
                remedy: "level 6.2 is the highest; choose a smaller picture or a lower frame rate".to_owned(),
            },
            other => EncodeError::Failed { encoder: NAME, reason: other.to_string() },
        }
    }
}
