//! Encoded sound tracks.

use std::fmt;
use std::num::NonZeroU32;

use crate::{AudioError, AudioFormat};

/// What sound is coded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AudioCodec {
    /// AAC-LC (ISO/IEC 14496-3). Its configuration is an `AudioSpecificConfig`; a packet is a `raw_data_block`.
    Aac,
    /// FLAC (RFC 9639). Its configuration is the 34 bytes of a `STREAMINFO` block; a packet is a frame.
    Flac,
    /// Opus (RFC 6716). Its configuration is an identification header (`OpusHead`, RFC 7845, 5.1); the clock is 48 kHz.
    Opus,
    /// MPEG-1 or MPEG-2 Audio Layer III. No configuration; a packet is a frame with its header.
    Mp3,
    /// Apple Lossless. Its configuration is the `ALACSpecificConfig` (24 bytes).
    Alac,
    /// Signed 16-bit samples, little-endian, interleaved. No configuration; a packet is any number of sample frames.
    Pcm16,
}

impl fmt::Display for AudioCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            AudioCodec::Aac => "AAC-LC",
            AudioCodec::Flac => "FLAC",
            AudioCodec::Opus => "Opus",
            AudioCodec::Mp3 => "MP3",
            AudioCodec::Alac => "ALAC",
            AudioCodec::Pcm16 => "PCM, 16 bits",
        })
    }
}

/// What a file must say about an encoded track. All of it is known before the first packet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioTrack {
    /// What the packets are coded in.
    pub codec: AudioCodec,
    /// Rate and channels of the decoded sound.
    pub format: AudioFormat,
    /// What a decoder must know; see [`AudioCodec`].
    pub config: Vec<u8>,
    /// Ticks per second in which durations are counted: the sample rate, but for Opus 48,000.
    pub timescale: NonZeroU32,
    /// Ticks that a packet lasts, where all but the last last equally long; `None` where they differ.
    pub packet_ticks: Option<NonZeroU32>,
    /// The most packets that come. Files keep room for so many in their tables.
    pub max_packets: u64,
    /// Ticks at the start of the decoded sound that are not to be heard: the delay of the encoder, or what lies before the
    /// moment at which the video begins. An MP4 file can have at most 65,535 for Opus: leave packets out whose sound is over
    /// 80 ms before what is heard.
    pub skip: u64,
    /// Ticks to be heard, behind those that are skipped. The video's sound ends then.
    pub duration: u64,
    /// Ticks of silence before the first that is heard. A file says so; there are no packets for it.
    pub silence: u64,
    /// Average bits per second; 0 if unknown.
    pub bitrate: u32,
}

impl AudioTrack {
    /// A track without configuration, whose clock is the sample rate, of which everything is heard.
    pub fn new(codec: AudioCodec, format: AudioFormat, duration: u64, max_packets: u64) -> AudioTrack {
        AudioTrack {
            codec,
            format,
            config: Vec::new(),
            timescale: format.rate(),
            packet_ticks: None,
            max_packets,
            skip: 0,
            duration,
            silence: 0,
            bitrate: 0,
        }
    }
}

/// One packet: the smallest piece that a decoder takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its bytes.
    pub data: Vec<u8>,
    /// Ticks of [`AudioTrack::timescale`] that it lasts.
    pub ticks: u32,
}

/// Gives the packets of an encoded track, in order.
pub trait PacketSource: Send {
    /// What the track is; it never changes.
    fn track(&self) -> &AudioTrack;

    /// The next packet; `None` at the end, and from then on.
    ///
    /// # Errors
    /// When there is no going on. The source is not read again then.
    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError>;
}

impl<S: PacketSource + ?Sized> PacketSource for Box<S> {
    fn track(&self) -> &AudioTrack {
        (**self).track()
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        (**self).next_packet()
    }
}
