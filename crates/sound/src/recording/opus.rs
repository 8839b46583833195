//! The identification header of Opus (RFC 7845, 5.1).

use symphonia::core::codecs::audio::AudioCodecParameters;

use crate::channels::ChannelLayout;

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpusHead {
    pub(super) channels: u8,
    /// Frames at 48 kHz to leave out at the start.
    pub(super) pre_skip: u16,
    /// Gain in 1/256 dB, applied to what is decoded.
    pub(super) gain: i16,
    pub(super) family: u8,
    pub(super) streams: u8,
    pub(super) coupled: u8,
    pub(super) mapping: Vec<u8>,
}

impl OpusHead {
    /// Parses the header with its signature `OpusHead`.
    pub(super) fn parse(bytes: &[u8]) -> Option<OpusHead> {
        let rest = bytes.strip_prefix(b"OpusHead")?;
        let &[version, channels, skip_low, skip_high, _, _, _, _, gain_low, gain_high, family] =
            rest.first_chunk::<11>()?;
        if version > 15 || channels == 0 {
            return None;
        }
        let (streams, coupled, mapping) = if family == 0 {
            if channels > 2 {
                return None;
            }
            (1, channels - 1, (0..channels).collect())
        } else {
            let &[streams, coupled] = rest.get(11..13)?.first_chunk::<2>()?;
            let mapping = rest.get(13..13 + usize::from(channels))?.to_vec();
            let decoded = u16::from(streams) + u16::from(coupled);
            if streams == 0 || coupled > streams || decoded > 255 || channels > 32 || streams > 32 {
                return None;
            }
            if mapping.iter().any(|index| *index != 255 && u16::from(*index) >= decoded) {
                return None;
            }
            (streams, coupled, mapping)
        };
        Some(OpusHead {
            channels,
            pre_skip: u16::from_le_bytes([skip_low, skip_high]),
            gain: i16::from_le_bytes([gain_low, gain_high]),
            family,
            streams,
            coupled,
            mapping,
        })
    }

    /// The header from what a demuxer gives; where there is none, that of a stream of one or two channels.
    pub(super) fn from_parameters(parameters: &AudioCodecParameters) -> Option<OpusHead> {
        OpusHead::parse(parameters.extra_data.as_deref()?)
    }

    /// The layout of the channels, in the order of [`Self::finish`].
    pub(super) fn layout(&self) -> ChannelLayout {
        ChannelLayout::usual(self.channels.into())
    }

    /// Puts the channels of decoded samples, which are in the order of Vorbis (RFC 7845, 5.1.1.2), into the order of their
    /// loudspeakers, and applies the gain.
    pub(super) fn finish(&self, samples: &mut [f32]) {
        let order: Option<&[usize]> = match (self.family, self.channels) {
            (1, 3) => Some(&[0, 2, 1]),
            (1, 5) => Some(&[0, 2, 1, 3, 4]),
            (1, 6) => Some(&[0, 2, 1, 5, 3, 4]),
            (1, 7) => Some(&[0, 2, 1, 6, 5, 3, 4]),
            (1, 8) => Some(&[0, 2, 1, 7, 5, 6, 3, 4]),
            _ => None,
        };
        if let Some(order) = order {
            let mut given = [0.0f32; 8];
            for frame in samples.chunks_exact_mut(order.len()) {
                for (copy, sample) in given.iter_mut().zip(&*frame) {
                    *copy = *sample;
                }
                for (sample, from) in frame.iter_mut().zip(order) {
                    *sample = given.get(*from).copied().unwrap_or(0.0);
                }
            }
        }
        if self.gain != 0 {
            let factor = libm::pow(10.0, f64::from(self.gain) / (20.0 * 256.0)) as f32;
            for sample in samples {
                *sample *= factor;
            }
        }
    }
}
