//! AV1 by rav1e, which needs no other program. Slow: about two frames a second on a core at 1920x1080.
//!
//! Each encoder uses one thread, because as many run as segments are encoded. Pictures are coded in the order in which they are
//! shown.

use ::rav1e::prelude::{
    ChromaSamplePosition, ChromaSampling, ColorDescription, ColorPrimaries, Config, Context, EncoderConfig,
    EncoderStatus, FrameType, InvalidConfig, MatrixCoefficients, Pixel, PixelRange, Rational,
    SceneDetectionSpeed, TransferCharacteristics,
};

use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality,
    Planes,
};
use strikeline_picture::{BitDepth, ChromaFormat, FrameChange, Picture, PixelFormat, SegmentIndex};

/// Name for reports and error texts.
const NAME: &str = "rav1e";

/// rav1e's fastest setting.
const SPEED: u8 = 10;

/// Makes rav1e encoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rav1eFactory {
    quality: H264Quality,
    format: PixelFormat,
}

impl Rav1eFactory {
    /// For pictures of constant quality: `quality` is translated to AV1's scale of 0 to 255.
    pub const fn new(quality: H264Quality) -> Rav1eFactory {
        Rav1eFactory { quality, format: PixelFormat::NV12 }
    }

    /// The same for pictures in another format.
    #[must_use]
    pub const fn with_pixel_format(self, format: PixelFormat) -> Rav1eFactory {
        Rav1eFactory { format, ..self }
    }

    fn config(&self, settings: &EncoderSettings) -> Config {
        let frames = u64::from(settings.segment_frames.max(1));
        let mut encoder = EncoderConfig::with_speed_preset(SPEED);
        encoder.width = settings.size.width() as usize;
        encoder.height = settings.size.height() as usize;
        encoder.bit_depth = self.format.depth.bits() as usize;
        encoder.chroma_sampling = match self.format.chroma {
            ChromaFormat::Yuv420 => ChromaSampling::Cs420,
            ChromaFormat::Yuv422 => ChromaSampling::Cs422,
            ChromaFormat::Yuv444 => ChromaSampling::Cs444,
        };
        encoder.chroma_sample_position = match self.format.chroma {
            ChromaFormat::Yuv420 => ChromaSamplePosition::Vertical,
            _ => ChromaSamplePosition::Unknown,
        };
        encoder.pixel_range = PixelRange::Limited;
        encoder.color_description = Some(ColorDescription {
            color_primaries: ColorPrimaries::BT709,
            transfer_characteristics: TransferCharacteristics::BT709,
            matrix_coefficients: MatrixCoefficients::BT709,
        });
        let rate = settings.frame_rate;
        encoder.time_base = Rational::new(rate.denominator().into(), rate.numerator().into());
        // A segment has one key frame, its first one.
        (encoder.min_key_frame_interval, encoder.max_key_frame_interval) = (frames, frames);
        encoder.speed_settings.scene_detection_mode = SceneDetectionSpeed::None;
        encoder.low_latency = true;
        encoder.quantizer = usize::from(self.quality.qp()) * 5;
        Config::new().with_encoder_config(encoder).with_threads(1)
    }

    fn segment<T: Pixel>(&self, settings: &EncoderSettings) -> Result<Box<dyn Encoder>, EncodeError>
    where
        Context<T>: Send,
    {
        let refused = |error: InvalidConfig| EncodeError::Unsupported {
            encoder: NAME,
            what: format!("pictures of {} in {}", settings.size, self.format.name()),
            remedy: format!("{error}; choose another size or encoder"),
        };
        let context = self.config(settings).new_context::<T>().map_err(refused)?;
        Ok(Box::new(Rav1eSegment { context, header: None, planes: Vec::new() }))
    }
}

impl EncoderFactory for Rav1eFactory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn codec(&self) -> Codec {
        Codec::AV1
    }

    fn planes(&self) -> Planes {
        Planes::Yuv(self.format)
    }

    fn identity(&self) -> String {
        format!("{NAME} {} {}", self.format.name(), self.quality.qp())
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        match self.format.depth {
            BitDepth::Eight => self.segment::<u8>(settings),
            BitDepth::Ten => self.segment::<u16>(settings),
        }
    }
}

/// The encoder of a segment.
struct Rav1eSegment<T: Pixel> {
    context: Context<T>,
    /// The sequence header, from the first frame on.
    header: Option<Vec<u8>>,
    /// The planes of a picture, one after the other.
    planes: Vec<u8>,
}

impl<T: Pixel> Rav1eSegment<T> {
    /// Appends the frames that are coded by now to `output`.
    fn take(&mut self, output: &mut Vec<u8>) -> Result<Vec<AccessUnit>, EncodeError> {
        let mut units = Vec::new();
        loop {
            match self.context.receive_packet() {
                Ok(packet) => {
                    let start = output.len();
                    for unit in ObuReader(&packet.data) {
                        let unit = unit.ok_or_else(|| failed("it made a frame that is cut short"))?;
                        // What is not in files (AV1 in ISOBMFF, 2.4).
                        if unit.kind == TEMPORAL_DELIMITER {
                            continue;
                        }
                        if unit.kind == SEQUENCE_HEADER && self.header.is_none() {
                            self.header = Some(unit.bytes.to_vec());
                        }
                        output.extend_from_slice(unit.bytes);
                    }
                    units.push(AccessUnit::new(output.len() - start, packet.frame_type == FrameType::KEY));
                }
                Err(EncoderStatus::Encoded) => {}
                Err(EncoderStatus::NeedMoreData | EncoderStatus::LimitReached) => return Ok(units),
                Err(other) => return Err(failed(&other.to_string())),
            }
        }
    }
}

impl<T: Pixel> Encoder for Rav1eSegment<T>
where
    Context<T>: Send,
{
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        _output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let Picture { size, format, .. } = *picture;
        self.planes.clear();
        picture.append_planar(&mut self.planes);
        let mut frame = self.context.new_frame();
        let sample = format.depth.bytes() as usize;
        let (luma_row, chroma_row) =
            (format.luma_row_bytes(size) as usize, format.chroma_row_bytes(size) as usize / 2);
        let mut rest = &self.planes[..];
        let rows = [size.height(), format.chroma_rows(size), format.chroma_rows(size)];
        for ((plane, row), rows) in frame.planes.iter_mut().zip([luma_row, chroma_row, chroma_row]).zip(rows)
        {
            let (samples, behind) =
                rest.split_at_checked(row * rows as usize).ok_or_else(|| failed("a picture is cut short"))?;
            plane.copy_from_raw_u8(samples, row, sample);
            rest = behind;
        }
        self.context.send_frame(frame).map_err(|status| failed(&status.to_string()))?;
        Ok(None)
    }

    fn finish(&mut self, output: &mut Vec<u8>) -> Result<Vec<AccessUnit>, EncodeError> {
        self.context.send_frame(None).map_err(|status| failed(&status.to_string()))?;
        self.take(output)
    }

    /// The content of `av1C` (AV1 in ISOBMFF, 2.3), with the sequence header.
    fn codec_config(&self) -> Option<CodecConfig> {
        let header = self.header.as_ref()?;
        Some(CodecConfig::new(
            Codec::AV1,
            [self.context.container_sequence_header(), header.clone()].concat(),
        ))
    }
}

fn failed(reason: &str) -> EncodeError {
    EncodeError::Failed { encoder: NAME, reason: reason.to_owned() }
}

/// `obu_type` of what precedes each frame, and of what describes all of them (AV1 specification, 6.2.2).
const TEMPORAL_DELIMITER: u8 = 2;
const SEQUENCE_HEADER: u8 = 1;

/// An open bitstream unit with its header.
struct Obu<'a> {
    kind: u8,
    bytes: &'a [u8],
}

/// Takes a temporal unit apart (AV1 specification, 5.3). An item is `None` when the rest is no unit with a length.
struct ObuReader<'a>(&'a [u8]);

impl<'a> Iterator for ObuReader<'a> {
    type Item = Option<Obu<'a>>;

    fn next(&mut self) -> Option<Option<Obu<'a>>> {
        let header = *self.0.first()?;
        let unit = obu_length(header, self.0).and_then(|length| self.0.split_at_checked(length));
        let Some((bytes, behind)) = unit else {
            self.0 = &[];
            return Some(None);
        };
        self.0 = behind;
        Some(Some(Obu { kind: header >> 3 & 15, bytes }))
    }
}

/// Bytes of the unit at the start of `data`, header included.
fn obu_length(header: u8, data: &[u8]) -> Option<usize> {
    if header & 2 == 0 {
        return None;
    }
    let mut at = 1 + usize::from(header >> 2 & 1);
    let mut length = 0_u64;
    // leb128 (4.10.5).
    for shift in (0..56).step_by(7) {
        let byte = *data.get(at)?;
        at += 1;
        length |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(length).ok()?.checked_add(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_taken_apart_by_their_lengths() {
        let data = [0x12, 0, 0x0A, 2, 7, 8, 0x32, 0x81, 0, 9];
        let found: Vec<_> =
            ObuReader(&data).map(|unit| unit.map(|unit| (unit.kind, unit.bytes.len()))).collect();
        assert_eq!(found, [Some((2, 2)), Some((1, 4)), Some((6, 4))]);
        for damaged in [&[0x12][..], &[0x10, 0], &[0x0A, 5, 1], &[0x0A, 0x80]] {
            assert!(ObuReader(damaged).any(|unit| unit.is_none()), "{damaged:?}");
        }
    }
}
