//! From packets to samples.

use std::path::Path;

use ropus::OpusMSDecoder;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::packet::Packet;

use super::RecordingError;
use super::demux::MAX_PACKET_FRAMES;
use super::guard::guarded;
use super::headers::opus_frames;
use super::info::Codec;
use super::opus::OpusHead;

/// A decoder for a track.
pub(super) enum Decoder {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<OpusDecoder>),
}

impl Decoder {
    pub(super) fn new(
        path: &Path,
        codec: Codec,
        parameters: &AudioCodecParameters,
        knows_durations: bool,
    ) -> Result<Decoder, RecordingError> {
        let unsupported =
            |why: String| RecordingError::Codec { path: path.into(), codec: codec.to_string(), why };
        match codec {
            Codec::Opus => {
                let head = OpusHead::from_parameters(parameters)
                    .ok_or_else(|| unsupported("its identification header is damaged".into()))?;
                let made = guarded(path, "decoder", || {
                    OpusMSDecoder::new(
                        48_000,
                        head.channels.into(),
                        head.streams.into(),
                        head.coupled.into(),
                        &head.mapping,
                    )
                })?;
                let decoder =
                    made.map_err(|code| unsupported(format!("error {code} of the Opus decoder")))?;
                Ok(Decoder::Opus(Box::new(OpusDecoder { decoder, head, samples: Vec::new() })))
            }
            // The decoder undoes the coupling of channels in the wrong order, which shows from three channels on.
            Codec::Vorbis if parameters.channels.as_ref().is_some_and(|channels| channels.count() > 2) => {
                Err(unsupported("with more than two channels".into()))
            }
            Codec::AacOther => Err(unsupported("only AAC-LC can be decoded".into())),
            Codec::Other => Err(unsupported("no decoder".into())),
            _ => {
                // The first packet of Vorbis gives nothing to be heard. Where the length of packets can be told, we drop it
                // ourselves; elsewhere the decoder does.
                let options = AudioDecoderOptions::default().gapless(!knows_durations);
                let made = guarded(path, "decoder", || {
                    symphonia::default::get_codecs().make_audio_decoder(parameters, &options)
                })?;
                made.map(Decoder::Symphonia).map_err(|error| unsupported(error.to_string()))
            }
        }
    }

    /// Decodes a packet into `samples`, which is cleared before: interleaved, with `channels` in a frame. The inner error says
    /// in words why the packet cannot be decoded; the next may be.
    pub(super) fn decode(
        &mut self,
        path: &Path,
        packet: &Packet,
        channels: usize,
        rate: u32,
        samples: &mut Vec<f32>,
    ) -> Result<Result<(), String>, RecordingError> {
        samples.clear();
        guarded(path, "decoder", || match self {
            Decoder::Symphonia(decoder) => match decoder.decode(packet) {
                Ok(buffer) => {
                    if buffer.num_planes() != channels {
                        return Err(format!("{} channels instead of {channels}", buffer.num_planes()));
                    }
                    if buffer.spec().rate() != rate {
                        return Err(format!("{} Hz instead of {rate} Hz", buffer.spec().rate()));
                    }
                    if buffer.frames() > MAX_PACKET_FRAMES as usize {
                        return Err("a packet of more than a million sample frames".into());
                    }
                    buffer.copy_to_vec_interleaved(samples);
                    Ok(())
                }
                Err(SymphoniaError::ResetRequired) => Err("the codec changes within the file".into()),
                Err(error) => Err(error.to_string()),
            },
            Decoder::Opus(opus) => opus.decode(&packet.data, channels, samples),
        })
    }
}

/// A decoder for Opus, which works with 16 bits as its model, libopus for fixed-point machines, does.
pub(super) struct OpusDecoder {
    decoder: OpusMSDecoder,
    head: OpusHead,
    samples: Vec<i16>,
}

impl OpusDecoder {
    fn decode(&mut self, packet: &[u8], channels: usize, output: &mut Vec<f32>) -> Result<(), String> {
        let frames = opus_frames(packet).ok_or("not an Opus packet")?;
        let length = i32::try_from(packet.len()).map_err(|_| "too long a packet")?;
        self.samples.clear();
        self.samples.resize(frames as usize * channels, 0);
        // At most 5760.
        let room = frames as i32;
        let decoded = self.decoder.decode(Some(packet), length, &mut self.samples, room, false);
        let decoded = decoded.map_err(|code| format!("error {code} of the Opus decoder"))?;
        let decoded = usize::try_from(decoded).unwrap_or(0) * channels;
        output.extend(self.samples.iter().take(decoded).map(|sample| f32::from(*sample) / 32_768.0));
        self.head.finish(output);
        Ok(())
    }
}
