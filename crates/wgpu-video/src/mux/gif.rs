//! GIF files (GIF89a, CompuServe 1990).

use super::animation::{AnimationFormat, Frame, Front};
use crate::encode::Codec;
use strikeline_picture::FrameRate;

/// The format.
#[derive(Debug)]
pub(super) struct Gif;

impl AnimationFormat for Gif {
    fn codec(&self) -> Codec {
        Codec::GIF
    }

    fn clock(&self, _rate: FrameRate) -> u32 {
        100
    }

    fn check_length(&self, _frames: u64, _bytes: u64) -> Result<(), &'static str> {
        Ok(())
    }

    /// Header and logical screen descriptor (17 and 18) without a global colour table, and how often it is played: the
    /// application extension of Netscape, which says how often it is played again.
    fn front(&self, front: &Front<'_>) -> Vec<u8> {
        let mut out = b"GIF89a".to_vec();
        // At most PictureSize::MAX.
        for side in [front.size.width(), front.size.height()] {
            out.extend((side as u16).to_le_bytes());
        }
        out.extend([0x70, 0, 0]);
        let again = match front.plays {
            None => Some(0),
            Some(plays) => Some(plays.get() - 1).filter(|again| *again > 0),
        };
        if let Some(again) = again {
            out.extend(b"\x21\xFF\x0BNETSCAPE2.0\x03\x01");
            out.extend(again.to_le_bytes());
            out.push(0);
        }
        out
    }

    /// Graphic control extension (23): what was shown stays, colour 0 is transparent in a region that is blended. Image
    /// descriptor (20); its packed fields are the first of the coded bytes.
    fn append_frame(&self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let region = frame.region;
        out.extend([0x21, 0xF9, 4, 1 << 2 | u8::from(region.blends)]);
        out.extend(frame.ticks.to_le_bytes());
        out.extend([0, 0, 0x2C]);
        for value in [region.left, region.top, region.width, region.height] {
            out.extend(value.to_le_bytes());
        }
        out.extend_from_slice(frame.coded);
    }

    fn end(&self) -> Vec<u8> {
        vec![0x3B]
    }
}
