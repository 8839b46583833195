//! AAC-LC by strikeline-aac.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use strikeline_aac::{AacEncoder, AacError, AacSettings, AccessUnits};
use strikeline_audio::{AudioCodec, AudioError, AudioSource, AudioTrack, Packet, PacketSource};

use super::SoundError;
use super::blocks::ExactBlocks;

/// Sample frames of a packet.
const PACKET_FRAMES: u32 = AacEncoder::SAMPLES_PER_ACCESS_UNIT;

/// A track of AAC-LC.
pub(super) struct AacPackets<S> {
    blocks: ExactBlocks<S>,
    track: AudioTrack,
    /// `None` once it has given its last packets.
    encoder: Option<AacEncoder>,
    units: AccessUnits,
    ready: VecDeque<Packet>,
}

impl<S: AudioSource> AacPackets<S> {
    pub(super) fn new(source: S, frames: u64, bitrate: u32) -> Result<AacPackets<S>, SoundError> {
        let format = source.format();
        let (rate, channels) = (format.rate().get(), format.channels().get());
        let settings = AacSettings::new(rate, channels, bitrate).map_err(|error| refusal(error, rate))?;
        let max_packets = settings.access_units(frames);
        let mut track = AudioTrack::new(AudioCodec::Aac, format, frames, max_packets);
        track.config = settings.audio_specific_config().to_vec();
        track.packet_ticks = NonZeroU32::new(PACKET_FRAMES);
        track.skip = AacEncoder::DELAY.into();
        track.bitrate = bitrate;
        Ok(AacPackets {
            blocks: ExactBlocks::new(source, frames),
            track,
            encoder: Some(AacEncoder::new(&settings)),
            units: AccessUnits::new(),
            ready: VecDeque::new(),
        })
    }
}

/// What the encoder cannot do, in the words of all codecs.
fn refusal(error: AacError, rate: u32) -> SoundError {
    match error {
        AacError::SampleRate(_) => {
            SoundError::Rate { codec: "AAC", rate, known: "such as 32,000, 44,100, 48,000 or 96,000 Hz" }
        }
        AacError::Channels(channels) => SoundError::Channels { codec: "AAC", channels, most: 2 },
        AacError::Bitrate { bitrate, min, max } => {
            let reason = format!("for this sound, give {min} to {max}");
            SoundError::Bitrate { codec: "AAC", bitrate, reason }
        }
        other => SoundError::Encoder { codec: "AAC", reason: other.to_string() },
    }
}

impl<S: AudioSource> PacketSource for AacPackets<S> {
    fn track(&self) -> &AudioTrack {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        while self.ready.is_empty() {
            let Some(encoder) = &mut self.encoder else { return Ok(None) };
            let samples = self.blocks.next_block(PACKET_FRAMES as usize)?;
            if samples.is_empty() {
                if let Some(encoder) = self.encoder.take() {
                    encoder.finish(&mut self.units);
                }
            } else {
                encoder.encode(samples, &mut self.units);
            }
            let packet = |unit: &[u8]| Packet { data: unit.to_vec(), ticks: PACKET_FRAMES };
            self.ready.extend(self.units.iter().map(packet));
            self.units.clear();
        }
        Ok(self.ready.pop_front())
    }
}
