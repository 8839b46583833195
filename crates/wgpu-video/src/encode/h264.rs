//! The built-in H.264 encoder, `strikeline-h264`, as an [`EncoderFactory`].

pub use strikeline_h264::{
    BitRate, BufferLimit, BufferPool, Effort, EntropyCoding, H264Encoder, ParameterSets, RateControl,
    ReferenceCount,
};

use strikeline_h264::{CodedPicture, H264Error, H264Settings, Qp, has_b_pictures};
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

    fn settings(&self, settings: &EncoderSettings) -> H264Settings {
        let qp = Qp::new(self.quality.qp()).unwrap_or_default();
        H264Settings::new(settings.size, settings.frame_rate)
            .with_qp(qp)
            .with_segment_frames(settings.segment_frames)
            .with_entropy_coding(self.entropy_coding)
            .with_references(self.references)
            .with_effort(self.effort)
            .with_rate_control(self.rate_control)
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
        Ok(H264Encoder::with_buffers(&self.settings(settings), segment, &self.buffers)?)
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

    fn reorders(&self) -> bool {
        has_b_pictures(self.effort, self.entropy_coding)
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(H264Segment::new(self.encoder(settings, segment)?)))
    }

    fn begin_segment_of(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
        frames: u64,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        let mut encoder = self.encoder(settings, segment)?;
        encoder.expect_frames(u32::try_from(frames).unwrap_or(u32::MAX));
        Ok(Box::new(H264Segment::new(encoder)))
    }
}

/// The encoder of a segment.
struct H264Segment {
    encoder: H264Encoder,
    /// What is coded so far, if pictures are decoded in another order than they are shown in.
    held: Option<HeldUnits>,
}

#[derive(Default)]
struct HeldUnits {
    data: Vec<u8>,
    units: Vec<AccessUnit>,
}

impl H264Segment {
    fn new(encoder: H264Encoder) -> H264Segment {
        let held = encoder.has_b_pictures().then(HeldUnits::default);
        H264Segment { encoder, held }
    }
}

fn unit_of(picture: CodedPicture) -> AccessUnit {
    AccessUnit::new(picture.bytes, picture.idr).with_delay(picture.delay)
}

impl Encoder for H264Segment {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        match &mut self.held {
            None => {
                let coded = self.encoder.encode(picture, change, output)?;
                Ok(coded.iter().next().map(unit_of))
            }
            Some(HeldUnits { data, units }) => {
                let coded = self.encoder.encode(picture, change, data)?;
                units.extend(coded.iter().map(unit_of));
                Ok(None)
            }
        }
    }

    fn finish(&mut self, output: &mut Vec<u8>) -> Result<Vec<AccessUnit>, EncodeError> {
        let Some(HeldUnits { data, units }) = &mut self.held else { return Ok(Vec::new()) };
        let coded = self.encoder.finish(data)?;
        units.extend(coded.iter().map(unit_of));
        output.append(data);
        Ok(std::mem::take(units))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        let ParameterSets { sps, pps } = self.encoder.parameter_sets();
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
