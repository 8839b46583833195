//! Pictures of animated WebP files, lossless (RFC 9649).

mod bits;
mod predict;
mod vp8l;

use super::difference::{CORNER, Difference};
use super::{append_unit, check_rate, failed};
use crate::encode::{
    AccessUnit, Codec, CodecConfig, CodedRegion, EncodeError, Encoder, EncoderFactory, EncoderSettings,
    Planes,
};
use strikeline_picture::{FrameChange, Picture, Rectangle, RgbaPicture, SegmentIndex};

const NAME: &str = "webp-animation";

/// Browsers show a frame of less than 11 ms for 100 ms, and times are whole milliseconds.
const MOST_FRAMES_PER_SECOND: u32 = 90;

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
        let (width, height) = (rectangle.right - rectangle.left, rectangle.bottom - rectangle.top);
        let code = |pixels: &[u8]| vp8l::encode(pixels.as_chunks().0, width, height);
        let (mut blends, mut coded) = (false, code(&replacing));
        if let Some(other) = blending.map(|pixels| code(&pixels)).filter(|other| other.len() < coded.len()) {
            (blends, coded) = (true, other);
        }
        Ok(Some(append_unit(CodedRegion::new(rectangle, blends), &coded, is_first, output)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::ANIMATED_WEBP, []))
    }
}
