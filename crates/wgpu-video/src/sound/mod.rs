//! Sound beside the pictures: encoders that turn an [`AudioSource`] into the packets of a track.
//!
//! [`AudioEncoding::encode`] is all that most users need:
//!
//! ```
//! use wgpu_video::audio::{AudioFormat, Silence};
//! use wgpu_video::sound::AudioEncoding;
//!
//! let a_second = 48_000;
//! let source = Silence::new(AudioFormat::STEREO_48K, a_second);
//! let mut packets = AudioEncoding::Pcm.encode(source, a_second)?;
//! assert_eq!(packets.track().duration, a_second);
//! assert!(packets.next_packet()?.is_some());
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! [`stream_with_sound`](crate::stream::stream_with_sound) takes the packets, and so does any other [`PacketSource`], such as one that copies
//! the packets of a file without encoding them again.
//!
//! All encoders give the same bytes for the same samples, on every machine and however long the blocks of the source are,
//! but for those that are written in C or C++ (the features `opus` and `fdk-aac`).

#[cfg(feature = "aac")]
mod aac;
mod blocks;
mod dither;
mod error;
#[cfg(feature = "fdk-aac")]
mod fdk;
#[cfg(feature = "flac")]
mod flac;
#[cfg(feature = "opus")]
mod opus;
mod pcm;

use strikeline_audio::{AudioSource, PacketSource};

pub use error::SoundError;

/// What sound is encoded in, and how well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AudioEncoding {
    /// AAC-LC, which everything plays: mono or stereo. Feature `aac`.
    Aac {
        /// Bits per second, on average: [`AudioEncoding::DEFAULT_BITRATE`] for stereo at 48 kHz.
        bitrate: u32,
    },
    /// FLAC: lossless, about half the size of PCM. Feature `flac`.
    Flac {
        /// How exact the samples are.
        depth: FlacDepth,
    },
    /// Uncompressed, 16 bits, with dither. Few players take it in an MP4 file.
    Pcm,
    /// Opus by libopus, at 48 kHz or a whole fraction of it: mono or stereo. Apple's players do not take it in an MP4 file.
    /// Feature `opus`, which compiles C and needs CMake.
    Opus {
        /// Bits per second, on average: 128,000 is plenty for stereo.
        bitrate: u32,
    },
    /// AAC-LC by Fraunhofer's libfdk-aac, for comparison: mono or stereo, from samples of 16 bits. Feature `fdk-aac`, which
    /// compiles C++ that is not free in every sense: its licence ("Software License for The Fraunhofer FDK AAC Codec Library
    /// for Android") gives no licence to patents and asks for the source to go along. Read it before you pass on a program with it.
    FdkAac {
        /// Bits per second, on average.
        bitrate: u32,
    },
}

/// Bits of a sample of FLAC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FlacDepth {
    /// 16 bits, with dither.
    #[default]
    Bits16,
    /// 24 bits.
    Bits24,
}

impl Default for AudioEncoding {
    /// AAC-LC at [`AudioEncoding::DEFAULT_BITRATE`].
    fn default() -> AudioEncoding {
        AudioEncoding::Aac { bitrate: Self::DEFAULT_BITRATE }
    }
}

impl AudioEncoding {
    /// Bits per second that are enough for stereo at 48 kHz.
    pub const DEFAULT_BITRATE: u32 = 192_000;

    /// The packets of a track of exactly `frames` sample frames of `source`: silence follows a source that is shorter, and
    /// what a longer one has beyond is not read. Samples that are not finite are silenced, those beyond full scale are
    /// clipped.
    ///
    /// # Errors
    /// When the codec does not know the rate or so many channels, or it was not compiled in, or `frames` is 0.
    pub fn encode<'a>(
        self,
        source: impl AudioSource + 'a,
        frames: u64,
    ) -> Result<Box<dyn PacketSource + 'a>, SoundError> {
        if frames == 0 {
            return Err(SoundError::Empty);
        }
        match self {
            #[cfg(feature = "aac")]
            AudioEncoding::Aac { bitrate } => Ok(Box::new(aac::AacPackets::new(source, frames, bitrate)?)),
            #[cfg(not(feature = "aac"))]
            AudioEncoding::Aac { .. } => Err(SoundError::NotBuilt { codec: "AAC", feature: "aac" }),
            #[cfg(feature = "flac")]
            AudioEncoding::Flac { depth } => Ok(Box::new(flac::FlacPackets::new(source, frames, depth)?)),
            #[cfg(not(feature = "flac"))]
            AudioEncoding::Flac { .. } => Err(SoundError::NotBuilt { codec: "FLAC", feature: "flac" }),
            AudioEncoding::Pcm => Ok(Box::new(pcm::PcmPackets::new(source, frames)?)),
            #[cfg(feature = "opus")]
            AudioEncoding::Opus { bitrate } => Ok(Box::new(opus::OpusPackets::new(source, frames, bitrate)?)),
            #[cfg(not(feature = "opus"))]
            AudioEncoding::Opus { .. } => Err(SoundError::NotBuilt { codec: "Opus", feature: "opus" }),
            #[cfg(feature = "fdk-aac")]
            AudioEncoding::FdkAac { bitrate } => Ok(Box::new(fdk::FdkPackets::new(source, frames, bitrate)?)),
            #[cfg(not(feature = "fdk-aac"))]
            AudioEncoding::FdkAac { .. } => {
                Err(SoundError::NotBuilt { codec: "libfdk-aac", feature: "fdk-aac" })
            }
        }
    }
}
