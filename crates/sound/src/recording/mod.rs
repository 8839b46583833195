//! Files of sound as sources of samples, and as packets to be copied.
//!
//! [`Recording::open`] finds out what a file is; [`Recording::source`] decodes it at its own rate and channels, and
//! [`Recording::packets`] copies its packets without decoding them. Nothing of a file is kept in memory but the packet in hand
//! and the tables of its container.
//!
//! Frame 0 is the first one that is to be heard: the delay of the encoder is left out, as the file states it (the edit list or
//! `iTunSMPB` of MP4 and M4A, the LAME tag of MP3, the pre-skip of Opus, the first block of Vorbis, the priming frames of
//! CAF). A raw AAC stream (ADTS) states none, so nothing is left out there.

mod copy;
mod decode;
mod demux;
mod error;
mod guard;
mod headers;
mod info;
mod matroska;
mod mp4;
mod open;
mod opus;
mod source;
mod tags;
mod timing;

pub use copy::{CannotCopy, CopiedPackets};
pub use error::RecordingError;
pub use info::{Codec, Length, RecordingInfo, TrackInfo};
pub use open::Recording;
pub use source::RecordingSource;

/// What to do with a damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Damage {
    /// Plays what can be played, with silence of the same length for the rest, and warns.
    #[default]
    Keep,
    /// Is an error at the first damage.
    Fail,
}

/// Which sound track of a file to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrackChoice {
    /// The one that the file marks as its default, or else the first.
    #[default]
    Default,
    /// The one with this number among the sound tracks, from 0.
    Index(usize),
}

/// How a recording is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordingOptions {
    /// What to do with damage.
    pub damage: Damage,
    /// Which sound track to take.
    pub track: TrackChoice,
}
