//! Opus by libopus (RFC 6716).

use std::num::NonZeroU32;

use opus::{Application, Bitrate, Channels, Encoder};
use strikeline_audio::{AudioCodec, AudioError, AudioSource, AudioTrack, Packet, PacketSource};

use super::SoundError;
use super::blocks::ExactBlocks;

/// Ticks per second, whatever the rate of the samples.
const CLOCK: NonZeroU32 = NonZeroU32::new(48_000).unwrap();

/// Ticks of a packet: 20 ms.
const PACKET_TICKS: NonZeroU32 = NonZeroU32::new(960).unwrap();

/// More than a packet of 20 ms can have.
const MAX_PACKET_BYTES: usize = 4000;

/// A track of Opus.
#[derive(Debug)]
pub(super) struct OpusPackets<S> {
    blocks: ExactBlocks<S>,
    track: AudioTrack,
    encoder: Encoder,
    /// Sample frames of a packet.
    packet_frames: usize,
    /// Packets still to come.
    left: u64,
    block: Vec<f32>,
}

impl<S: AudioSource> OpusPackets<S> {
    pub(super) fn new(source: S, frames: u64, bitrate: u32) -> Result<OpusPackets<S>, SoundError> {
        let format = source.format();
        let (rate, channels) = (format.rate().get(), format.channels().get());
        if ![8_000, 12_000, 16_000, 24_000, 48_000].contains(&rate) {
            let known = "8,000, 12,000, 16,000, 24,000 or 48,000 Hz";
            return Err(SoundError::Rate { codec: "Opus", rate, known });
        }
        let layout = match channels {
            1 => Channels::Mono,
            2 => Channels::Stereo,
            _ => return Err(SoundError::Channels { codec: "Opus", channels, most: 2 }),
        };
        // RFC 6716, 2.1.1.
        let (least, most) = (6_000, 255_000 * u32::from(channels));
        if !(least..=most).contains(&bitrate) {
            let reason = format!("for this sound, give {least} to {most}");
            return Err(SoundError::Bitrate { codec: "Opus", bitrate, reason });
        }
        let failed = |error: opus::Error| SoundError::Encoder { codec: "Opus", reason: error.to_string() };
        let mut encoder = Encoder::new(rate, layout, Application::Audio).map_err(failed)?;
        let bits = i32::try_from(bitrate).unwrap_or(i32::MAX);
        encoder.set_bitrate(Bitrate::Bits(bits)).map_err(failed)?;
        let delay = u64::try_from(encoder.get_lookahead().map_err(failed)?).unwrap_or(0);

        let ticks_per_frame = u64::from(CLOCK.get() / rate);
        let packet_frames = PACKET_TICKS.get() / (CLOCK.get() / rate);
        let duration = frames.checked_mul(ticks_per_frame).ok_or(SoundError::TooLong {
            codec: "Opus",
            frames,
            most: u64::MAX / ticks_per_frame,
        })?;
        let packets = frames.saturating_add(delay).div_ceil(packet_frames.into());
        let mut track = AudioTrack::new(AudioCodec::Opus, format, duration, packets);
        track.timescale = CLOCK;
        track.packet_ticks = Some(PACKET_TICKS);
        track.skip = delay * ticks_per_frame;
        track.bitrate = bitrate;
        track.config = identification_header(rate, channels, track.skip);
        Ok(OpusPackets {
            blocks: ExactBlocks::new(source, frames),
            track,
            encoder,
            packet_frames: packet_frames as usize,
            left: packets,
            block: Vec::new(),
        })
    }
}

impl<S: AudioSource> PacketSource for OpusPackets<S> {
    fn track(&self) -> &AudioTrack {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.block.clear();
        self.block.extend_from_slice(self.blocks.next_block(self.packet_frames)?);
        // Silence pushes the last samples out of the encoder.
        self.block.resize(self.packet_frames * self.track.format.samples_per_frame(), 0.0);
        let data = self.encoder.encode_vec_float(&self.block, MAX_PACKET_BYTES)?;
        Ok(Some(Packet { data, ticks: PACKET_TICKS.get() }))
    }
}

/// The identification header (RFC 7845, 5.1), of channel mapping family 0.
fn identification_header(rate: u32, channels: u16, skip: u64) -> Vec<u8> {
    let version = 1;
    let [channels, _] = channels.to_le_bytes();
    let pre_skip = u16::try_from(skip).unwrap_or(u16::MAX);
    let gain_and_family = [0; 3];
    [
        b"OpusHead".as_slice(),
        &[version, channels],
        &pre_skip.to_le_bytes(),
        &rate.to_le_bytes(),
        &gain_and_family,
    ]
    .concat()
}
