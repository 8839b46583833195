//! Why sound cannot be encoded.

/// Why sound cannot be encoded so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoundError {
    /// A track without samples. Leave the sound out.
    #[error("the sound has no samples: leave it out")]
    Empty,
    /// The codec has no such sample rate. Resample, or choose another codec.
    #[error("{codec} has no sample rate of {rate} Hz ({known}): resample the sound, or choose another codec")]
    Rate {
        /// The codec.
        codec: &'static str,
        /// Sample frames per second.
        rate: u32,
        /// The rates that it has.
        known: &'static str,
    },
    /// The codec cannot have so many channels. Mix them down, or choose another codec.
    #[error(
        "{codec} cannot have {channels} channels here (at most {most}): mix them down, or choose another codec"
    )]
    Channels {
        /// The codec.
        codec: &'static str,
        /// Channels of the source.
        channels: u16,
        /// The most that it takes.
        most: u16,
    },
    /// The sound is longer than the codec can count. Make the video in parts.
    #[error("{frames} samples are too many for {codec} (at most {most}): make the video in parts")]
    TooLong {
        /// The codec.
        codec: &'static str,
        /// Sample frames.
        frames: u64,
        /// The most that it can have.
        most: u64,
    },
    /// The codec cannot have that bit rate.
    #[error("{codec} cannot be encoded at {bitrate} bits per second: {reason}")]
    Bitrate {
        /// The codec.
        codec: &'static str,
        /// What was asked for.
        bitrate: u32,
        /// Why not, and what can be.
        reason: String,
    },
    /// This program was compiled without the encoder. Compile wgpu-video with the feature, or choose another codec.
    #[error(
        "the {codec} encoder was not compiled in: choose another codec, or compile with the feature \"{feature}\" of wgpu-video"
    )]
    NotBuilt {
        /// The codec.
        codec: &'static str,
        /// The Cargo feature.
        feature: &'static str,
    },
    /// The encoder failed to start.
    #[error("the {codec} encoder cannot begin: {reason}")]
    Encoder {
        /// The codec.
        codec: &'static str,
        /// What it says.
        reason: String,
    },
}
