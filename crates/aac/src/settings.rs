//! What an encoder is asked for, and the headers that tell a decoder.

use crate::bands::{BandTable, RATES};

/// What to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AacSettings {
    rate_index: u8,
    channels: u8,
    bitrate: u32,
}

/// Settings that the encoder cannot fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AacError {
    /// The sample rate is none of AAC's. Convert the sound to 48,000 or 44,100 Hz.
    #[error(
        "AAC has no sample rate of {0} Hz: use 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, \
         88200 or 96000 Hz"
    )]
    SampleRate(u32),
    /// Neither mono nor stereo. Mix the sound down to two channels.
    #[error("{0} channels cannot be encoded to AAC here: use 1 (mono) or 2 (stereo)")]
    Channels(u16),
    /// The bitrate is too low or too high for the sample rate and the channels.
    #[error("{bitrate} bits per second are out of range for this sound: use {min} to {max}")]
    Bitrate {
        /// The one that was asked for.
        bitrate: u32,
        /// The lowest that is possible, in bits per second.
        min: u32,
        /// The highest that is possible, in bits per second.
        max: u32,
    },
    /// The access unit is too long for an ADTS header.
    #[error("an access unit of {0} bytes is too long for an ADTS header: at most 8184 bytes fit")]
    AdtsLength(usize),
}

impl AacSettings {
    /// Sound of `sample_rate` Hz (one of the standard, from 8,000 to 96,000) with 1 or 2 channels, encoded to
    /// `bitrate` bits per second on average.
    ///
    /// # Errors
    /// When the sample rate is not one of the standard, the channels are not 1 or 2, or the bitrate is not possible: it
    /// must be from a sixth of a bit per sample to 6 bits per sample, which is what an access unit may have
    /// (14496-3, 4.5.3). For stereo at 48,000 Hz, that is 16,000 to 576,000 bits per second.
    pub fn new(sample_rate: u32, channels: u16, bitrate: u32) -> Result<AacSettings, AacError> {
        let rate_index = RATES
            .iter()
            .position(|(rate, _)| *rate == sample_rate)
            .ok_or(AacError::SampleRate(sample_rate))?;
        if !(1..=2).contains(&channels) {
            return Err(AacError::Channels(channels));
        }
        let samples = sample_rate * u32::from(channels);
        let (min, max) = (samples.div_ceil(6), samples * 6);
        if !(min..=max).contains(&bitrate) {
            return Err(AacError::Bitrate { bitrate, min, max });
        }
        Ok(AacSettings { rate_index: rate_index as u8, channels: channels as u8, bitrate })
    }

    /// In Hz.
    pub fn sample_rate(&self) -> u32 {
        RATES[usize::from(self.rate_index)].0
    }

    /// 1 is mono, 2 is stereo.
    pub fn channels(&self) -> u16 {
        u16::from(self.channels)
    }

    /// Bits per second, on average.
    pub fn bitrate(&self) -> u32 {
        self.bitrate
    }

    /// How many access units come from `sample_frames` sample frames: enough that a decoder, which is late by
    /// [`AacEncoder::DELAY`](crate::AacEncoder::DELAY), gives out all of them.
    pub fn access_units(&self, sample_frames: u64) -> u64 {
        if sample_frames == 0 { 0 } else { sample_frames.div_ceil(1024).saturating_add(1) }
    }

    /// The `AudioSpecificConfig` that an MP4 file keeps (14496-3, 1.6.2.1): AAC-LC, 1024 samples, no extension.
    pub fn audio_specific_config(&self) -> [u8; 2] {
        let config = 2u16 << 11 | u16::from(self.rate_index) << 7 | u16::from(self.channels) << 3;
        config.to_be_bytes()
    }

    /// The header that goes before an access unit of `length` bytes in a file of ADTS frames, such as `.aac`
    /// (14496-3, 1.A.3.2; without checksum, MPEG-4).
    ///
    /// # Errors
    /// When the frame would be longer than the header can say. No access unit of this encoder is.
    pub fn adts_header(&self, length: usize) -> Result<[u8; 7], AacError> {
        if length > 8191 - 7 {
            return Err(AacError::AdtsLength(length));
        }
        let frame = length as u64 + 7;
        // Sync word, MPEG-4, no checksum, AAC-LC, rate, channels, length, fullness of the buffer unknown, one block.
        let header = 0xfff1 << 40
            | 1 << 38
            | u64::from(self.rate_index) << 34
            | u64::from(self.channels) << 30
            | frame << 13
            | 0x7ff << 2;
        let [_, bytes @ ..] = header.to_be_bytes();
        Ok(bytes)
    }

    pub(crate) fn bands(&self) -> &'static BandTable {
        &RATES[usize::from(self.rate_index)].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_the_standard() {
        let settings = AacSettings::new(48_000, 2, 192_000).unwrap();
        assert_eq!(settings.audio_specific_config(), [0x11, 0x90]);
        assert_eq!(settings.adts_header(512).unwrap(), [0xff, 0xf1, 0x4c, 0x80, 0x40, 0xff, 0xfc]);
        assert_eq!(settings.adts_header(8185), Err(AacError::AdtsLength(8185)));
        let settings = AacSettings::new(44_100, 1, 64_000).unwrap();
        assert_eq!(settings.audio_specific_config(), [0x12, 0x08]);
    }

    #[test]
    fn wrong_settings_are_refused_with_what_is_right() {
        assert_eq!(AacSettings::new(44_000, 2, 128_000), Err(AacError::SampleRate(44_000)));
        assert_eq!(AacSettings::new(48_000, 6, 128_000), Err(AacError::Channels(6)));
        let range = |bitrate| AacError::Bitrate { bitrate, min: 16_000, max: 576_000 };
        assert_eq!(AacSettings::new(48_000, 2, 15_999), Err(range(15_999)));
        assert_eq!(AacSettings::new(48_000, 2, 576_001), Err(range(576_001)));
    }
}
