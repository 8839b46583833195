//! Encoders of animated pictures that keep every pixel: APNG and WebP.

use super::difference::{CORNER, Difference};
use super::{apng, append_unit, check_rate, webp};
use crate::encode::{
    AccessUnit, Codec, CodecConfig, CodedRegion, EncodeError, Encoder, EncoderFactory, EncoderSettings,
    Planes,
};
use strikeline_picture::{Rectangle, RgbaPicture, SegmentIndex};

/// Browsers show a frame of less than 11 ms for 100 ms.
const MOST_FRAMES_PER_SECOND: u32 = 90;

/// Makes encoders of lossless pictures, which may be see-through.
#[derive(Debug, Clone, Copy)]
pub struct LosslessFactory(&'static Format);

/// A format of lossless pictures.
#[derive(Debug)]
struct Format {
    name: &'static str,
    codec: Codec,
    /// What decoders are told ([`CodecConfig`]).
    config: &'static [u8],
    /// Whether pictures can only begin in even columns and rows.
    is_even: bool,
    /// Codes pixels with straight alpha, as many as the rectangle has.
    code: fn(&[u8], Rectangle) -> Result<Vec<u8>, EncodeError>,
}

impl LosslessFactory {
    /// Animated PNG (PNG, third edition, W3C 2025).
    pub const APNG: LosslessFactory = LosslessFactory(&Format {
        name: apng::NAME,
        codec: Codec::APNG,
        // RGB with alpha, as the header of the file has it.
        config: &[6],
        is_even: false,
        code: apng::zlib_stream,
    });

    /// Animated WebP (RFC 9649).
    pub const WEBP: LosslessFactory = LosslessFactory(&Format {
        name: "webp-animation",
        codec: Codec::ANIMATED_WEBP,
        config: &[],
        is_even: true,
        code: |pixels, Rectangle { left, top, right, bottom }| {
            Ok(webp::encode(pixels.as_chunks().0, right - left, bottom - top))
        },
    });
}

impl EncoderFactory for LosslessFactory {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn codec(&self) -> Codec {
        self.0.codec
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
        check_rate(self.0.name, settings, MOST_FRAMES_PER_SECOND)?;
        Ok(Box::new(LosslessSegment { format: self.0, difference: Difference::default() }))
    }
}

struct LosslessSegment {
    format: &'static Format,
    difference: Difference,
}

impl Encoder for LosslessSegment {
    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let mut rectangle = self.difference.take(picture).unwrap_or(CORNER);
        if self.format.is_even {
            (rectangle.left, rectangle.top) = (rectangle.left & !1, rectangle.top & !1);
        }
        let is_first = self.difference.is_first();
        let (replacing, blending) = self.difference.lossless(rectangle);
        let mut blends = false;
        let mut coded = (self.format.code)(&replacing, rectangle)?;
        if let Some(blending) = blending {
            let other = (self.format.code)(&blending, rectangle)?;
            if other.len() < coded.len() {
                (blends, coded) = (true, other);
            }
        }
        Ok(Some(append_unit(CodedRegion::new(rectangle, blends), &coded, is_first, output)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(self.format.codec, self.format.config))
    }
}
