//! Encoders: pictures in, access units out, one encoder per segment.
//!
//! A segment is a closed GOP. It begins with an IDR picture, no picture in it refers to another segment,
//! and its pictures are encoded in display order by one encoder on one thread. So segments can be encoded
//! in any order, on any number of threads, and the bytes are the same.

mod assembler;
#[cfg(feature = "h264")]
pub mod h264;
pub mod null;
#[cfg(feature = "openh264")]
pub mod openh264;
pub mod raw;

pub use self::assembler::Assembler;

use strikeline_picture::{FrameChange, FrameRate, Picture, PictureSize, SegmentIndex};

/// What an encoder must know before the first picture; the same for all segments of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Size of every picture.
    pub size: PictureSize,
    /// Frame rate, for the level and the timing information in the bitstream.
    pub frame_rate: FrameRate,
    /// Constant quality on H.264's QP scale: 0 (best, largest) to 51.
    pub quality: Quality,
    /// Frames of the longest segment. An encoder may use it to size its frame number fields.
    pub segment_frames: u32,
}

/// Constant quality on H.264's QP scale: 0 (best, largest) to 51 (worst, smallest).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality(u8);

impl Quality {
    /// The default: differences from the source are hard to see even on stills.
    pub const DEFAULT: Quality = Quality(24);

    /// `None` when `qp` is over 51.
    pub const fn new(qp: u8) -> Option<Quality> {
        if qp <= 51 { Some(Quality(qp)) } else { None }
    }

    /// The quantisation parameter.
    pub const fn qp(self) -> u8 {
        self.0
    }
}

/// Why an encoder could not be made or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The settings are outside what this encoder can do; choose others or another encoder.
    #[error("the {encoder} encoder cannot do {what}: {remedy}")]
    Unsupported {
        /// Name of the encoder.
        encoder: &'static str,
        /// The setting that is refused, with its value.
        what: String,
        /// The limit, and what to choose instead.
        remedy: String,
    },
    /// The encoder failed on a picture. Nothing of this segment can be used.
    #[error("the {encoder} encoder failed: {reason}")]
    Failed {
        /// Name of the encoder.
        encoder: &'static str,
        /// What it said.
        reason: String,
    },
}

/// One coded frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessUnit {
    /// Bytes appended to the output: NAL units, each preceded by its length as 4 bytes, big-endian
    /// (ISO/IEC 14496-15, 5.2.3), parameter sets left out.
    pub bytes: usize,
    /// Whether it is an IDR picture.
    pub idr: bool,
}

/// The parameter sets that a decoder needs before the first access unit, as bare NAL units (no start
/// code, no length). The same for every segment of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSets {
    /// Sequence parameter set (ITU-T H.264, 7.3.2.1), NAL header byte included.
    pub sps: Vec<u8>,
    /// Picture parameter set (ITU-T H.264, 7.3.2.2), NAL header byte included.
    pub pps: Vec<u8>,
}

/// Encodes the pictures of one segment, in display order.
pub trait Encoder: Send {
    /// Encodes the next picture and appends its access unit to `output`. The first one is an IDR picture.
    /// Never skips a picture.
    ///
    /// `change` is what is known of how the picture differs from the one before it. An encoder may ignore it, unless
    /// its factory says [`EncoderFactory::reads_only_changes`].
    ///
    /// # Errors
    /// [`EncodeError::Failed`]; what was appended to `output` is then of no use.
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<AccessUnit, EncodeError>;

    /// The parameter sets of this segment; `None` before the first picture was encoded.
    fn parameter_sets(&self) -> Option<ParameterSets>;
}

/// Makes the encoders of a video.
pub trait EncoderFactory: Send + Sync {
    /// Name for reports and error texts, such as `openh264`.
    fn name(&self) -> &'static str;

    /// Whether the encoders read only the changed parts of each picture but the first
    /// ([`UnchangedSamples::Undefined`](strikeline_picture::UnchangedSamples::Undefined)), so that nothing else needs to be
    /// read back.
    fn reads_only_changes(&self) -> bool {
        false
    }

    /// A fresh encoder for one segment. Its bytes depend on `settings` and the pictures alone.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] when the settings are beyond the encoder, [`EncodeError::Failed`]
    /// when it cannot start.
    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError>;
}
