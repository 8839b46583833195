#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod format;
mod packets;
mod source;

pub use format::{AudioFormat, AudioFormatError};
pub use packets::{AudioCodec, AudioTrack, Packet, PacketSource};
pub use source::{AudioError, AudioSource, Silence};
