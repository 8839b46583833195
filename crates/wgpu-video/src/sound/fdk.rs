//! AAC-LC by Fraunhofer's encoder (libfdk-aac).

use std::num::NonZeroU32;

use fdk_aac::enc::{AudioObjectType, BitRate, ChannelMode, Encoder, EncoderError, EncoderParams, Transport};
use strikeline_audio::{AudioCodec, AudioError, AudioSource, AudioTrack, Packet, PacketSource};

use super::SoundError;
use super::blocks::ExactBlocks;
use super::dither::Dither;

/// More than a packet of two channels can have (ISO/IEC 14496-3, 4.5.3).
const MAX_PACKET_BYTES: usize = 2 * 768 + 512;

/// A track of AAC-LC.
#[derive(Debug)]
pub(super) struct FdkPackets<S> {
    blocks: ExactBlocks<S>,
    track: AudioTrack,
    encoder: Encoder,
    dither: Dither,
    /// Sample frames of a packet.
    packet_frames: usize,
    /// Packets still to come.
    left: u64,
    block: Vec<i16>,
}

impl<S: AudioSource> FdkPackets<S> {
    pub(super) fn new(source: S, frames: u64, bitrate: u32) -> Result<FdkPackets<S>, SoundError> {
        let format = source.format();
        let (rate, channels) = (format.rate().get(), format.channels().get());
        let mode = match channels {
            1 => ChannelMode::Mono,
            2 => ChannelMode::Stereo,
            _ => return Err(SoundError::Channels { codec: "AAC", channels, most: 2 }),
        };
        let parameters = EncoderParams {
            bit_rate: BitRate::Cbr(bitrate),
            sample_rate: rate,
            transport: Transport::Raw,
            channels: mode,
            audio_object_type: AudioObjectType::Mpeg4LowComplexity,
        };
        let failed = |error: EncoderError| SoundError::Encoder { codec: "AAC", reason: error.to_string() };
        let encoder = Encoder::new(parameters).map_err(failed)?;
        let info = encoder.info().map_err(failed)?;
        let delay = u64::from(info.nDelay);
        let packet_frames = NonZeroU32::new(info.frameLength).ok_or_else(|| SoundError::Encoder {
            codec: "AAC",
            reason: "it gives no length of packets".to_owned(),
        })?;
        let packets = frames.saturating_add(delay).div_ceil(packet_frames.get().into());
        let mut track = AudioTrack::new(AudioCodec::Aac, format, frames, packets);
        let config = usize::try_from(info.confSize).unwrap_or(0);
        track.config = info.confBuf.iter().take(config).copied().collect();
        track.packet_ticks = Some(packet_frames);
        track.skip = delay;
        track.bitrate = bitrate;
        Ok(FdkPackets {
            blocks: ExactBlocks::new(source, frames),
            track,
            encoder,
            dither: Dither::new(),
            packet_frames: packet_frames.get() as usize,
            left: packets,
            block: Vec::new(),
        })
    }
}

impl<S: AudioSource> PacketSource for FdkPackets<S> {
    fn track(&self) -> &AudioTrack {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let samples = self.blocks.next_block(self.packet_frames)?;
        self.block.clear();
        self.block.extend(samples.iter().map(|sample| self.dither.quantise(*sample)));
        // Silence pushes the last samples out of the encoder.
        self.block.resize(self.packet_frames * self.track.format.samples_per_frame(), 0);
        let mut data = vec![0; MAX_PACKET_BYTES];
        let done = self.encoder.encode(&self.block, &mut data).map_err(|error| error.to_string())?;
        if done.input_consumed != self.block.len() || done.output_size == 0 {
            return Err("libfdk-aac gave no packet for its samples".into());
        }
        data.truncate(done.output_size);
        Ok(Some(Packet { data, ticks: self.packet_frames as u32 }))
    }
}
