//! A FLAC encoder (RFC 9639) with fixed predictors: integers only, so that the bytes are the same on every machine.
//!
//! It makes blocks of 4,096 sample frames. For each block and channel it tries the five fixed predictors (RFC 9639, 9.2.5), for
//! stereo also the difference and the mean of both channels (4.2), and codes what is left in partitions with Rice parameters of
//! their own (9.2.7).

mod bits;
mod frame;
mod subframe;

use strikeline_audio::{AudioCodec, AudioError, AudioFormat, AudioSource, AudioTrack, Packet, PacketSource};

use super::blocks::ExactBlocks;
use super::dither::Dither;
use super::{FlacDepth, SoundError};
use frame::FrameEncoder;

/// Sample frames of a block.
const BLOCK_FRAMES: usize = 4096;

/// The highest rate that `STREAMINFO` can say (RFC 9639, 8.2).
const MAX_RATE: u32 = (1 << 20) - 1;

/// The most channels (RFC 9639, 9.1.3).
const MAX_CHANNELS: u16 = 8;

/// The most sample frames that `STREAMINFO` can count; with blocks of this length, frame numbers also fit.
const MAX_FRAMES: u64 = (1 << 36) - 1;

/// A track of FLAC.
#[derive(Debug)]
pub(super) struct FlacPackets<S> {
    blocks: ExactBlocks<S>,
    track: AudioTrack,
    depth: FlacDepth,
    dither: Dither,
    encoder: FrameEncoder,
    /// The samples of each channel.
    channels: Vec<Vec<i32>>,
}

impl<S: AudioSource> FlacPackets<S> {
    pub(super) fn new(source: S, frames: u64, depth: FlacDepth) -> Result<FlacPackets<S>, SoundError> {
        let format = source.format();
        let (rate, channels) = (format.rate().get(), format.channels().get());
        if rate > MAX_RATE {
            return Err(SoundError::Rate { codec: "FLAC", rate, known: "at most 1,048,575 Hz" });
        }
        if channels > MAX_CHANNELS {
            return Err(SoundError::Channels { codec: "FLAC", channels, most: MAX_CHANNELS });
        }
        if frames > MAX_FRAMES {
            return Err(SoundError::TooLong { codec: "FLAC", frames, most: MAX_FRAMES });
        }
        let bits = match depth {
            FlacDepth::Bits16 => 16,
            FlacDepth::Bits24 => 24,
        };
        let max_packets = frames.div_ceil(BLOCK_FRAMES as u64);
        let mut track = AudioTrack::new(AudioCodec::Flac, format, frames, max_packets);
        track.config = stream_info(format, bits, frames).to_vec();
        track.packet_ticks = std::num::NonZeroU32::new(BLOCK_FRAMES as u32);
        Ok(FlacPackets {
            blocks: ExactBlocks::new(source, frames),
            track,
            depth,
            dither: Dither::new(),
            encoder: FrameEncoder::new(format, bits),
            channels: vec![Vec::new(); format.samples_per_frame()],
        })
    }
}

impl<S: AudioSource> PacketSource for FlacPackets<S> {
    fn track(&self) -> &AudioTrack {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        let samples = self.blocks.next_block(BLOCK_FRAMES)?;
        if samples.is_empty() {
            return Ok(None);
        }
        let channels = self.channels.len();
        self.channels.iter_mut().for_each(Vec::clear);
        // In the order in which they lie, so that the dither is the same however they are split.
        for frame in samples.chunks_exact(channels) {
            for (channel, sample) in self.channels.iter_mut().zip(frame) {
                channel.push(match self.depth {
                    FlacDepth::Bits16 => self.dither.quantise(*sample).into(),
                    FlacDepth::Bits24 => quantise_24(*sample),
                });
            }
        }
        let ticks = (samples.len() / channels) as u32;
        Ok(Some(Packet { data: self.encoder.encode(&self.channels), ticks }))
    }
}

/// Rounds to 24 bits. That is as exact as `f32` is near full scale, and its noise lies 140 dB below: dither is of no use.
fn quantise_24(sample: f32) -> i32 {
    const FULL_SCALE: f64 = 8_388_608.0;
    /// Makes the sum so large that the fraction is rounded away, half to even.
    const ROUNDING: f64 = 6_755_399_441_055_744.0;
    let scaled = (f64::from(sample) * FULL_SCALE).clamp(-FULL_SCALE, FULL_SCALE - 1.0);
    ((scaled + ROUNDING) - ROUNDING) as i32
}

/// The `STREAMINFO` block (RFC 9639, 8.2) without the lengths of frames and the MD5 sum, which are not known beforehand: 0
/// means just that.
fn stream_info(format: AudioFormat, bits: u32, frames: u64) -> [u8; 34] {
    let mut info = [0; 34];
    info[..2].copy_from_slice(&(BLOCK_FRAMES as u16).to_be_bytes());
    info[2..4].copy_from_slice(&(BLOCK_FRAMES as u16).to_be_bytes());
    let channels = u64::from(format.channels().get());
    let packed =
        u64::from(format.rate().get()) << 44 | (channels - 1) << 41 | u64::from(bits - 1) << 36 | frames;
    info[10..18].copy_from_slice(&packed.to_be_bytes());
    info
}

#[cfg(test)]
mod tests;
