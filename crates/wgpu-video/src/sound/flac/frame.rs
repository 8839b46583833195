//! A frame: its header, the choice of how two channels are coded together, and the checksum (RFC 9639, 9).

use strikeline_audio::AudioFormat;

use super::BLOCK_FRAMES;
use super::bits::{BitWriter, crc_8, crc_16};
use super::subframe::Subframe;

/// Encodes the frames of a stream, in order.
#[derive(Debug)]
pub(super) struct FrameEncoder {
    format: AudioFormat,
    /// Of a sample.
    bits: u32,
    /// The number of the next frame.
    number: u32,
    subframes: Vec<Subframe>,
    /// Difference and mean of two channels.
    side: Vec<i32>,
    mid: Vec<i32>,
    writer: BitWriter,
}

impl FrameEncoder {
    pub(super) fn new(format: AudioFormat, bits: u32) -> FrameEncoder {
        FrameEncoder {
            format,
            bits,
            number: 0,
            subframes: Vec::new(),
            side: Vec::new(),
            mid: Vec::new(),
            writer: BitWriter::default(),
        }
    }

    /// The frame of one block: the samples of each channel, at most [`BLOCK_FRAMES`] and at least one.
    pub(super) fn encode(&mut self, channels: &[Vec<i32>]) -> Vec<u8> {
        let mut sources: Vec<(&[i32], u32)> =
            channels.iter().map(|samples| (samples.as_slice(), self.bits)).collect();
        if let [left, right] = channels {
            self.side.clear();
            self.side.extend(left.iter().zip(right).map(|(left, right)| left - right));
            self.mid.clear();
            self.mid.extend(left.iter().zip(right).map(|(left, right)| (left + right) >> 1));
            sources.extend([(self.mid.as_slice(), self.bits), (self.side.as_slice(), self.bits + 1)]);
        }
        self.subframes.resize_with(sources.len(), Subframe::default);
        for (subframe, (samples, bits)) in self.subframes.iter_mut().zip(&sources) {
            subframe.plan(samples, *bits);
        }
        let (assignment, order): (u32, &[usize]) = match channels.len() {
            2 => {
                let cost =
                    |order: &[usize; 2]| self.subframes[order[0]].bits() + self.subframes[order[1]].bits();
                // Left and right, left and side, side and right, mid and side (RFC 9639, 9.1.3).
                let choices: [(u32, &[usize; 2]); 4] =
                    [(1, &[0, 1]), (8, &[0, 3]), (9, &[3, 1]), (10, &[2, 3])];
                let best = choices.into_iter().min_by_key(|(_, order)| cost(order));
                best.map_or((1, &[0, 1]), |(assignment, order)| (assignment, order.as_slice()))
            }
            count => (count as u32 - 1, &[0, 1, 2, 3, 4, 5, 6, 7][..count]),
        };
        let length = channels.first().map_or(0, Vec::len);
        header(&mut self.writer, self.format, self.bits, self.number, length, assignment);
        for &index in order {
            let (samples, bits) = sources[index];
            self.subframes[index].write(samples, bits, &mut self.writer);
        }
        self.writer.align();
        let checksum = crc_16(self.writer.bytes());
        self.writer.put(checksum.into(), 16);
        self.number += 1;
        self.writer.take()
    }
}

/// The frame header (RFC 9639, 9.1).
fn header(
    writer: &mut BitWriter,
    format: AudioFormat,
    bits: u32,
    number: u32,
    length: usize,
    assignment: u32,
) {
    writer.put(0xFFF8, 16);
    // 4,096, or 16 bits behind the number.
    let full = length == BLOCK_FRAMES;
    writer.put(if full { 12 } else { 7 }, 4);
    writer.put(rate_code(format.rate().get()), 4);
    writer.put(assignment, 4);
    writer.put(if bits == 16 { 4 } else { 6 }, 3);
    writer.put(0, 1);
    put_number(writer, number);
    if !full {
        writer.put(length as u32 - 1, 16);
    }
    let checksum = crc_8(writer.bytes());
    writer.put(checksum.into(), 8);
}

/// The code of a sample rate (RFC 9639, 9.1.2); 0 for one that only `STREAMINFO` says.
fn rate_code(rate: u32) -> u32 {
    match rate {
        88_200 => 1,
        176_400 => 2,
        192_000 => 3,
        8_000 => 4,
        16_000 => 5,
        22_050 => 6,
        24_000 => 7,
        32_000 => 8,
        44_100 => 9,
        48_000 => 10,
        96_000 => 11,
        _ => 0,
    }
}

/// A number of up to 31 bits as RFC 9639, 9.1.5 codes it, which is like UTF-8.
fn put_number(writer: &mut BitWriter, number: u32) {
    if number < 0x80 {
        return writer.put(number, 8);
    }
    // Each further byte has 6 bits; the first one has what is left beside its length.
    let more = (1..6).find(|more| number >> (6 * more) < 1 << (6 - more)).unwrap_or(5);
    let marks = 0xFF << (7 - more) & 0xFF;
    writer.put(marks | number >> (6 * more), 8);
    for place in (0..more).rev() {
        writer.put(0x80 | number >> (6 * place) & 0x3F, 8);
    }
}
