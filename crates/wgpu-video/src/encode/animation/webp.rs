//! Pictures of animated WebP files, lossless (RFC 9649).

use image_webp::{ColorType, WebPEncoder};

use super::difference::{CORNER, Difference};
use super::{append_unit, check_rate, failed, opaque};
use crate::encode::{
    AccessUnit, Codec, CodecConfig, CodedRegion, EncodeError, Encoder, EncoderFactory, EncoderSettings,
    Planes,
};
use strikeline_picture::{FrameChange, Picture, Rectangle, RgbaPicture, SegmentIndex};

const NAME: &str = "webp-animation";

/// Browsers show a frame of less than 11 ms for 100 ms, and times are whole milliseconds.
const MOST_FRAMES_PER_SECOND: u32 = 90;

/// Bytes before the coded pixels in a file with one picture: the headers of the file and of its chunk.
const FILE_HEAD: usize = 20;

/// Makes encoders of lossless WebP pictures, which may be see-through.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebpAnimationFactory;

impl EncoderFactory for WebpAnimationFactory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn codec(&self) -> Codec {
        Codec::ANIMATED_WEBP
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
        Ok(Box::new(WebpSegment { difference: Difference::default() }))
    }
}

struct WebpSegment {
    difference: Difference,
}

impl Encoder for WebpSegment {
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
        let changed = self.difference.take(picture).unwrap_or(CORNER);
        // Places in the file are even.
        let rectangle = Rectangle { left: changed.left & !1, top: changed.top & !1, ..changed };
        let is_first = self.difference.is_first();
        let (replacing, blending) = self.difference.lossless(rectangle);
        let mut blends = false;
        let mut coded = vp8l(&replacing, rectangle, picture.has_alpha)?;
        if let Some(blending) = blending {
            let other = vp8l(&blending, rectangle, true)?;
            if other.len() < coded.len() {
                (blends, coded) = (true, other);
            }
        }
        Ok(Some(append_unit(CodedRegion::new(rectangle, blends), &coded, is_first, output)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::ANIMATED_WEBP, []))
    }
}

/// The content of the `VP8L` chunk of a picture that is as large as `rectangle`.
fn vp8l(pixels: &[u8], rectangle: Rectangle, has_alpha: bool) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (rectangle.right - rectangle.left, rectangle.bottom - rectangle.top);
    let mut file = Vec::new();
    let encoder = WebPEncoder::new(&mut file);
    match has_alpha {
        true => encoder.encode(pixels, width, height, ColorType::Rgba8),
        false => encoder.encode(&opaque(pixels), width, height, ColorType::Rgb8),
    }
    .map_err(|error| failed(NAME, error))?;
    // The length of the chunk's content, which may be followed by a byte that makes it even.
    let length = file.get(FILE_HEAD - 4..).and_then(|rest| rest.first_chunk());
    let length = length.map_or(0, |length| u32::from_le_bytes(*length) as usize);
    let content = file.get(FILE_HEAD..FILE_HEAD + length).filter(|_| file.get(12..16) == Some(b"VP8L"));
    content.map(<[u8]>::to_vec).ok_or_else(|| failed(NAME, "its file has no coded pixels"))
}
