//! From packets to samples.

use std::path::Path;

use opus_decoder::{OpusDecoder, OpusMultistreamDecoder};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::packet::Packet;

use super::RecordingError;
use super::guard::guarded;
use super::headers::opus_frames;
use super::info::Codec;
use super::opus::OpusHead;

/// A decoder for a track.
pub(super) enum Decoder {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<OpusDecoder>, OpusHead),
    OpusMany(Box<OpusMultistreamDecoder>, OpusHead),
}

/// The most sample frames that a packet may decode to: FLAC's and ALAC's limit is far below.
const MAX_PACKET_FRAMES: usize = 1 << 20;

impl Decoder {
    pub(super) fn new(
        path: &Path,
        codec: Codec,
        parameters: &AudioCodecParameters,
    ) -> Result<Decoder, RecordingError> {
        let unsupported =
            |why: String| RecordingError::Codec { path: path.into(), codec: codec.to_string(), why };
        match codec {
            Codec::Opus => {
                let head = OpusHead::from_parameters(parameters)
                    .ok_or_else(|| unsupported("its identification header is damaged".into()))?;
                let refused = |error: opus_decoder::OpusError| unsupported(error.to_string());
                if head.family == 0 {
                    let decoder = OpusDecoder::new(48_000, usize::from(head.channels)).map_err(refused)?;
                    Ok(Decoder::Opus(Box::new(decoder), head))
                } else {
                    let decoder = OpusMultistreamDecoder::new(
                        48_000,
                        usize::from(head.channels),
                        usize::from(head.streams),
                        usize::from(head.coupled),
                        &head.mapping,
                    );
                    Ok(Decoder::OpusMany(Box::new(decoder.map_err(refused)?), head))
                }
            }
            Codec::AacOther => Err(unsupported("only AAC-LC can be decoded".into())),
            Codec::Other => Err(unsupported("no decoder".into())),
            _ => {
                let options = AudioDecoderOptions::default().gapless(false);
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
                    if buffer.frames() > MAX_PACKET_FRAMES {
                        return Err("a packet of more than a million sample frames".into());
                    }
                    buffer.copy_to_vec_interleaved(samples);
                    Ok(())
                }
                Err(SymphoniaError::ResetRequired) => Err("the codec changes within the file".into()),
                Err(error) => Err(error.to_string()),
            },
            Decoder::Opus(decoder, head) => decode_opus(packet, channels, samples, |room| {
                decoder.decode_float(&packet.data, room, false).map_err(|error| error.to_string())
            })
            .map(|()| head.finish(samples)),
            Decoder::OpusMany(decoder, head) => decode_opus(packet, channels, samples, |room| {
                decoder.decode_float(&packet.data, room, false).map_err(|error| error.to_string())
            })
            .map(|()| head.finish(samples)),
        })
    }

    /// Forgets the packets before.
    pub(super) fn reset(&mut self) {
        match self {
            Decoder::Symphonia(decoder) => decoder.reset(),
            Decoder::Opus(decoder, _) => decoder.reset(),
            Decoder::OpusMany(decoder, _) => decoder.reset(),
        }
    }
}

fn decode_opus(
    packet: &Packet,
    channels: usize,
    samples: &mut Vec<f32>,
    decode: impl FnOnce(&mut [f32]) -> Result<usize, String>,
) -> Result<(), String> {
    let frames = opus_frames(&packet.data).ok_or("not an Opus packet")? as usize;
    samples.resize(frames * channels, 0.0);
    let decoded = decode(samples)?;
    samples.truncate(decoded * channels);
    Ok(())
}
