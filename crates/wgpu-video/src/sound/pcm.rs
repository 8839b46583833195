//! Uncompressed samples of 16 bits.

use strikeline_audio::{AudioCodec, AudioError, AudioSource, AudioTrack, Packet, PacketSource};

use super::SoundError;
use super::blocks::ExactBlocks;
use super::dither::Dither;

/// Sample frames of a packet.
const PACKET_FRAMES: usize = 4096;

/// A track of 16-bit samples.
#[derive(Debug)]
pub(super) struct PcmPackets<S> {
    blocks: ExactBlocks<S>,
    track: AudioTrack,
    dither: Dither,
}

impl<S: AudioSource> PcmPackets<S> {
    pub(super) fn new(source: S, frames: u64) -> Result<PcmPackets<S>, SoundError> {
        let format = source.format();
        let mut track =
            AudioTrack::new(AudioCodec::Pcm16, format, frames, frames.div_ceil(PACKET_FRAMES as u64));
        track.bitrate = format.rate().get().saturating_mul(16 * u32::from(format.channels().get()));
        Ok(PcmPackets { blocks: ExactBlocks::new(source, frames), track, dither: Dither::new() })
    }
}

impl<S: AudioSource> PacketSource for PcmPackets<S> {
    fn track(&self) -> &AudioTrack {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        let samples = self.blocks.next_block(PACKET_FRAMES)?;
        let ticks = (samples.len() / self.track.format.samples_per_frame()) as u32;
        let data = samples.iter().flat_map(|sample| self.dither.quantise(*sample).to_le_bytes()).collect();
        Ok((ticks > 0).then_some(Packet { data, ticks }))
    }
}
