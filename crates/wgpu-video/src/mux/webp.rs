//! Animated WebP files (RFC 9649, 2.7).

use super::animation::{AnimationFormat, Frame, Front};
use crate::encode::Codec;
use strikeline_picture::FrameRate;

/// The format.
#[derive(Debug)]
pub(super) struct WebP;

/// The largest file: its length behind the first 8 bytes has 32 bits and is even.
const MOST_BYTES: u64 = 8 + 0xFFFF_FFFE;

/// The flags of `VP8X`: there are animation and alpha.
const HAS_ALPHA: u8 = 0x10;
const IS_ANIMATED: u8 = 0x02;

/// The flag of `ANMF`: the frame replaces what is shown.
const DO_NOT_BLEND: u8 = 0x02;

impl AnimationFormat for WebP {
    fn codec(&self) -> Codec {
        Codec::ANIMATED_WEBP
    }

    fn clock(&self, _rate: FrameRate) -> u32 {
        1000
    }

    fn check_length(&self, _frames: u64, bytes: u64) -> Result<(), &'static str> {
        if bytes <= MOST_BYTES { Ok(()) } else { Err("4 GiB") }
    }

    /// The header of the file, `VP8X` and `ANIM`, with nothing behind the pictures.
    fn front(&self, front: &Front<'_>) -> Vec<u8> {
        let mut out = b"RIFF".to_vec();
        out.extend((front.bytes.saturating_sub(8) as u32).to_le_bytes());
        out.extend(b"WEBP");
        let [width, height] = [front.size.width(), front.size.height()].map(|side| short24(side - 1));
        append_chunk(*b"VP8X", &[&[HAS_ALPHA | IS_ANIMATED, 0, 0, 0], &width, &height], &mut out);
        let plays = front.plays.map_or(0, |plays| plays.get());
        append_chunk(*b"ANIM", &[&[0; 4], &plays.to_le_bytes()], &mut out);
        out
    }

    fn append_frame(&self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let region = frame.region;
        let fields = [region.left / 2, region.top / 2, region.width - 1, region.height - 1, frame.ticks];
        let fields = fields.map(|value| short24(value.into()));
        let flags = if region.blends { 0 } else { DO_NOT_BLEND };
        let mut pixels = Vec::with_capacity(frame.coded.len() + 9);
        append_chunk(*b"VP8L", &[frame.coded], &mut pixels);
        append_chunk(*b"ANMF", &[fields.as_flattened(), &[flags], &pixels], out);
    }

    fn end(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// The low 24 bits.
fn short24(value: u32) -> [u8; 3] {
    let [low, middle, high, _] = value.to_le_bytes();
    [low, middle, high]
}

/// Appends a chunk (2.3): name, length, content, and a byte that makes it even if it is not.
fn append_chunk(name: [u8; 4], content: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = content.iter().map(|part| part.len()).sum();
    out.extend(name);
    out.extend((length as u32).to_le_bytes());
    content.iter().for_each(|part| out.extend_from_slice(part));
    out.resize(out.len() + length % 2, 0);
}
