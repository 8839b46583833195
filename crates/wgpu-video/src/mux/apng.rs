//! Animated PNG files (PNG, third edition, W3C 2025, 11.3.2).

use super::animation::{AnimationFormat, Frame, Front};
use crate::encode::Codec;
use strikeline_picture::FrameRate;

/// The format.
#[derive(Debug)]
pub(super) struct Apng;

/// The clock for rates whose numbers do not fit into 16 bits.
const USUAL_CLOCK: u32 = 10_000;

/// Each frame but the first has two sequence numbers, which have 31 bits.
const MOST_FRAMES: u64 = 1 << 30;

impl AnimationFormat for Apng {
    fn codec(&self) -> Codec {
        Codec::APNG
    }

    fn clock(&self, rate: FrameRate) -> u32 {
        let fits = rate.numerator() <= u16::MAX.into() && rate.denominator() <= u16::MAX.into();
        if fits { rate.numerator() } else { USUAL_CLOCK }
    }

    fn check_length(&self, frames: u64, _bytes: u64) -> Result<(), &'static str> {
        if frames <= MOST_FRAMES { Ok(()) } else { Err("1,073,741,824 frames") }
    }

    /// Signature, `IHDR` of 8 bits a channel and of the colour type that the record has, `sRGB`, and `acTL`.
    fn front(&self, front: &Front<'_>) -> Vec<u8> {
        let mut out = b"\x89PNG\r\n\x1A\n".to_vec();
        let color_type = front.record.first().copied().unwrap_or(6);
        let [width, height] = [front.size.width(), front.size.height()].map(u32::to_be_bytes);
        append_chunk(*b"IHDR", &[&width, &height, &[8, color_type, 0, 0, 0]], &mut out);
        append_chunk(*b"sRGB", &[&[0]], &mut out);
        let plays = front.plays.map_or(0, |plays| u32::from(plays.get()));
        append_chunk(*b"acTL", &[&(front.frames as u32).to_be_bytes(), &plays.to_be_bytes()], &mut out);
        out
    }

    /// `fcTL`, then `IDAT` for the first frame, which is also what programs show that know no animations, and `fdAT` for others.
    fn append_frame(&self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let region = frame.region;
        // The first frame has one number, the others two.
        let sequence = (frame.number * 2).saturating_sub(1) as u32;
        let [width, height, left, top] = [region.width, region.height, region.left, region.top]
            .map(|value| u32::from(value).to_be_bytes());
        // At most 65535.
        let [ticks, clock] = [frame.ticks, frame.clock as u16].map(u16::to_be_bytes);
        let control: [&[u8]; 8] = [
            &sequence.to_be_bytes(),
            &width,
            &height,
            &left,
            &top,
            &ticks,
            &clock,
            &[0, region.blends.into()],
        ];
        append_chunk(*b"fcTL", &control, out);
        match frame.number {
            0 => append_chunk(*b"IDAT", &[frame.coded], out),
            _ => append_chunk(*b"fdAT", &[&(sequence + 1).to_be_bytes(), frame.coded], out),
        }
    }

    fn end(&self) -> Vec<u8> {
        let mut out = Vec::new();
        append_chunk(*b"IEND", &[], &mut out);
        out
    }
}

/// Appends a chunk (5.3): length, name, content and checksum.
fn append_chunk(name: [u8; 4], content: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = content.iter().map(|part| part.len()).sum();
    out.extend((length as u32).to_be_bytes());
    let start = out.len();
    out.extend(name);
    content.iter().for_each(|part| out.extend_from_slice(part));
    let checksum = crc32fast::hash(out.get(start..).unwrap_or_default());
    out.extend(checksum.to_be_bytes());
}
