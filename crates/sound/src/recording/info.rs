//! What is known of a recording before it is decoded.

use std::fmt;

use strikeline_audio::AudioFormat;

use crate::channels::ChannelLayout;

/// What the sound of a recording is coded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Uncompressed samples, integers of 8 to 32 bits, floats of 32 or 64 bits, A-law or µ-law.
    Pcm,
    /// ADPCM (Microsoft or IMA).
    Adpcm,
    /// FLAC.
    Flac,
    /// Apple Lossless.
    Alac,
    /// MPEG Layer III.
    Mp3,
    /// AAC-LC.
    Aac,
    /// AAC with spectral band replication or another object type than LC.
    AacOther,
    /// Opus.
    Opus,
    /// Vorbis.
    Vorbis,
    /// Something else.
    Other,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Codec::Pcm => "PCM",
            Codec::Adpcm => "ADPCM",
            Codec::Flac => "FLAC",
            Codec::Alac => "ALAC",
            Codec::Mp3 => "MP3",
            Codec::Aac => "AAC-LC",
            Codec::AacOther => "AAC of another profile than LC (such as HE-AAC)",
            Codec::Opus => "Opus",
            Codec::Vorbis => "Vorbis",
            Codec::Other => "an unknown codec",
        })
    }
}

/// How long a recording is, in sample frames of its own rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// The file says so, or it was counted. A source of a recording with such a length gives exactly so many frames.
    Exact(u64),
    /// Reckoned from the bit rate or from a time in milliseconds; [`Recording::scan`](super::Recording::scan) counts.
    Estimated(u64),
    /// Nothing is known before the file is read to its end.
    Unknown,
}

impl Length {
    /// The number of frames, exact or not.
    pub fn frames(self) -> Option<u64> {
        match self {
            Length::Exact(frames) | Length::Estimated(frames) => Some(frames),
            Length::Unknown => None,
        }
    }

    /// The number of frames, if it is exact.
    pub fn exact(self) -> Option<u64> {
        match self {
            Length::Exact(frames) => Some(frames),
            _ => None,
        }
    }
}

/// A sound track of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackInfo {
    /// What it is coded in.
    pub codec: Codec,
    /// Language as the file writes it, such as `eng`; `None` where it does not say.
    pub language: Option<String>,
    /// Whether the file marks it as the one to be played.
    pub default: bool,
}

/// What is known of a recording before it is decoded.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordingInfo {
    /// The container: a short name such as `wave`, `flac`, `mp3`, `isomp4`, `ogg`, `matroska`.
    pub container: &'static str,
    /// What the sound is coded in.
    pub codec: Codec,
    /// Rate and channels.
    pub format: AudioFormat,
    /// Which loudspeaker each channel is for.
    pub layout: ChannelLayout,
    /// Bits per sample as coded, where that means something.
    pub bits_per_sample: Option<u32>,
    /// Average bits per second over the whole file, other tracks included; `None` without a known length.
    pub bitrate: Option<u32>,
    /// How long it is.
    pub length: Length,
    /// Decoded frames at the start that belong to the encoder's delay and are left out.
    pub delay: u64,
    /// The sound tracks of the file, in its order.
    pub tracks: Vec<TrackInfo>,
    /// Which of them was chosen.
    pub track: usize,
    /// Title, from the tags.
    pub title: Option<String>,
    /// Artist, from the tags.
    pub artist: Option<String>,
    /// What a user ought to know: one sentence each.
    pub warnings: Vec<String>,
}

impl RecordingInfo {
    /// The length in seconds, exact or estimated.
    pub fn seconds(&self) -> Option<f64> {
        self.length.frames().map(|frames| frames as f64 / f64::from(self.format.rate().get()))
    }
}
