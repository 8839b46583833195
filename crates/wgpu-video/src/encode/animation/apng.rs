//! Pictures of animated PNG files (PNG, third edition, W3C 2025).

use super::difference::{CORNER, Difference};
use super::{append_unit, check_rate, failed};
use crate::encode::{
    AccessUnit, Codec, CodecConfig, CodedRegion, EncodeError, Encoder, EncoderFactory, EncoderSettings,
    Planes,
};
use strikeline_picture::{FrameChange, Picture, Rectangle, RgbaPicture, SegmentIndex};

const NAME: &str = "apng";

/// Browsers show a frame of less than 11 ms for 100 ms.
const MOST_FRAMES_PER_SECOND: u32 = 90;

/// Makes encoders of PNG pictures, which may be see-through.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApngFactory;

impl EncoderFactory for ApngFactory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn codec(&self) -> Codec {
        Codec::APNG
    }

    fn planes(&self) -> Planes {
        Planes::Rgba
    }

    fn keeps_rgb(&self) -> bool {
        true
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        check_rate(NAME, settings, MOST_FRAMES_PER_SECOND)?;
        Ok(Box::new(ApngSegment { difference: Difference::default() }))
    }
}

struct ApngSegment {
    difference: Difference,
}

impl Encoder for ApngSegment {
    fn encode(
        &mut self,
        _picture: &Picture<'_>,
        _change: &FrameChange,
        _output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        Err(failed(NAME, "it takes RGBA pictures only"))
    }

    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let rectangle = self.difference.take(picture).unwrap_or(CORNER);
        let is_first = self.difference.is_first();
        let (replacing, blending) = self.difference.lossless(rectangle);
        let mut blends = false;
        let mut coded = zlib_stream(&replacing, rectangle)?;
        if let Some(blending) = blending {
            let other = zlib_stream(&blending, rectangle)?;
            if other.len() < coded.len() {
                (blends, coded) = (true, other);
            }
        }
        Ok(Some(append_unit(CodedRegion::new(rectangle, blends), &coded, is_first, output)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::APNG, [6]))
    }
}

/// The zlib stream of a PNG picture that is as large as `rectangle`, 8 bits, with alpha.
fn zlib_stream(pixels: &[u8], rectangle: Rectangle) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (rectangle.right - rectangle.left, rectangle.bottom - rectangle.top);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    written.map_err(|error| failed(NAME, error))?;
    let mut stream = Vec::new();
    // A signature, then chunks: length, name, content, checksum.
    let mut rest = file.get(8..).unwrap_or_default();
    while let Some((head, behind)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, name @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let content = behind.get(..length).unwrap_or_default();
        if name == *b"IDAT" {
            stream.extend_from_slice(content);
        }
        rest = behind.get(length + 4..).unwrap_or_default();
    }
    Ok(stream)
}
