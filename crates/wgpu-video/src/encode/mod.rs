//! Encoders: pictures in, access units out, one encoder per segment.
//!
//! A segment is a closed GOP. It begins with a sync sample (for H.264, an IDR picture), no picture in it refers to
//! another segment, and its pictures are encoded in display order by one encoder on one thread. So segments can be encoded
//! in any order, on any number of threads, and the bytes are the same.

#[cfg(feature = "animations")]
pub mod animation;
mod assembler;
mod codec;
mod coded_region;
pub mod ffmpeg;
#[cfg(feature = "h264")]
pub mod h264;
mod needs;
pub mod null;
#[cfg(feature = "openh264")]
pub mod openh264;
#[cfg(feature = "pictures")]
pub mod pictures;
mod quality;
#[cfg(feature = "rav1e")]
pub mod rav1e;
pub mod raw;

pub use self::assembler::Assembler;
pub use self::codec::{Codec, CodecConfig};
pub use self::coded_region::CodedRegion;
pub use self::needs::{Joining, Planes};
pub use self::quality::H264Quality;

use strikeline_picture::{FrameChange, FrameRate, Picture, PictureSize, RgbaPicture, SegmentIndex};

/// What an encoder must know before the first picture; the same for all segments of a video. The
/// quality is not among it: each encoder factory has a setting of its own for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncoderSettings {
    /// Size of every picture.
    pub size: PictureSize,
    /// Frame rate, for the level and the timing information in the bitstream.
    pub frame_rate: FrameRate,
    /// Frames of the longest segment. An encoder may use it to size its frame number fields.
    pub segment_frames: u32,
}

impl EncoderSettings {
    /// For pictures of `size` at `frame_rate`, in segments of at most `segment_frames` frames.
    pub const fn new(size: PictureSize, frame_rate: FrameRate, segment_frames: u32) -> EncoderSettings {
        EncoderSettings { size, frame_rate, segment_frames }
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
#[non_exhaustive]
pub struct AccessUnit {
    /// Bytes appended to the output, in the form that the codec has in files: for H.264 and HEVC, NAL units that are
    /// each preceded by their length as 4 bytes, big-endian (ISO/IEC 14496-15, 5.2.3), parameter sets left out.
    pub bytes: usize,
    /// Whether it is a sync sample (ISO/IEC 14496-12, 8.6.2): decoding can begin here. For H.264, an IDR picture.
    pub sync: bool,
    /// Its picture's place in the segment in the order of showing, less its own place in the order of decoding, in frames.
    /// Never 0 everywhere in a segment with B pictures, which are decoded after a picture that is shown later.
    pub delay: i32,
}

impl AccessUnit {
    /// An access unit of `bytes` bytes, which is decoded when its picture is due.
    pub const fn new(bytes: usize, sync: bool) -> AccessUnit {
        AccessUnit { bytes, sync, delay: 0 }
    }

    /// The same with another [`AccessUnit::delay`].
    #[must_use]
    pub const fn with_delay(self, delay: i32) -> AccessUnit {
        AccessUnit { delay, ..self }
    }
}

/// Encodes the pictures of one segment, in display order.
pub trait Encoder: Send {
    /// Encodes the next picture and appends its access unit to `output`. The first one is a sync sample.
    /// Never skips a picture.
    ///
    /// An encoder that looks ahead gives `None`, and all its access units in [`Encoder::finish`].
    ///
    /// `change` is what is known of how the picture differs from the one before it. An encoder may ignore it, unless
    /// its factory says that it does not read all samples ([`EncoderFactory::samples_read`]).
    ///
    /// # Errors
    /// [`EncodeError::Failed`]; what was appended to `output` cannot be used then. Always, unless this is overridden: encoders
    /// whose factory wants [`Planes::Rgba`] do without.
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let _ = (picture, change, output);
        let reason = "it takes RGBA pictures only".to_owned();
        Err(EncodeError::Failed { encoder: "encoder", reason })
    }

    /// The same for encoders whose factory wants [`Planes::Rgba`]: called in place of [`Encoder::encode`].
    ///
    /// # Errors
    /// As [`Encoder::encode`]. Always, unless this is overridden.
    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let _ = (picture, output);
        Err(EncodeError::Failed { encoder: "encoder", reason: "it does not take RGBA pictures".to_owned() })
    }

    /// Called once, after the last picture. Appends the access units that have not been given yet, in the order of decoding, to
    /// `output`, and says what they are. There are none unless this is overridden.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    fn finish(&mut self, output: &mut Vec<u8>) -> Result<Vec<AccessUnit>, EncodeError> {
        let _ = output;
        Ok(Vec::new())
    }

    /// What a decoder of this segment must know; `None` before it is known, at the latest after [`Encoder::finish`]. All
    /// segments of a video must have equal ones.
    fn codec_config(&self) -> Option<CodecConfig>;
}

/// What an encoder reads of each picture of a segment but the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SamplesRead {
    /// All of it.
    #[default]
    All,
    /// Only what has changed ([`FrameChange::changed`]) and has not moved ([`FrameChange::moved`]): it has the rest from the
    /// previous picture. The planes are undefined elsewhere
    /// ([`UnchangedSamples::Undefined`](strikeline_picture::UnchangedSamples::Undefined)).
    New,
}

/// Makes the encoders of a video.
pub trait EncoderFactory: Send + Sync {
    /// Name for reports and error texts, such as `openh264`.
    fn name(&self) -> &'static str;

    /// What the encoders make. A sink may refuse it before the first frame is drawn.
    fn codec(&self) -> Codec;

    /// What the encoders read of each picture but the first, so that nothing else needs to be read back.
    /// [`SamplesRead::All`] unless overridden.
    fn samples_read(&self) -> SamplesRead {
        SamplesRead::All
    }

    /// The planes that the encoders read. [`Planes::NV12`] unless overridden.
    fn planes(&self) -> Planes {
        Planes::NV12
    }

    /// Whether pictures keep their alpha. If not, they are opaque: over black where a scene draws none. What takes
    /// [`Planes::Rgba`] keeps it, unless overridden.
    fn keeps_alpha(&self) -> bool {
        self.planes() == Planes::Rgba
    }

    /// Whether what is coded is RGB, not luma and chroma. `false` unless overridden.
    fn keeps_rgb(&self) -> bool {
        false
    }

    /// How the pictures of a video are divided among encoders. [`Joining::Segments`] unless overridden.
    fn joining(&self) -> Joining {
        Joining::Segments
    }

    /// Whether pictures may be decoded in another order than they are shown in: [`AccessUnit::delay`] is 0 everywhere if not.
    /// They are not, unless overridden.
    fn reorders(&self) -> bool {
        false
    }

    /// The most encoders that may be at work at once, such as a graphics card allows; `None` for any number, unless
    /// overridden.
    fn most_at_once(&self) -> Option<usize> {
        None
    }

    /// Everything that the bytes of a segment depend on besides `settings` and the pictures, as a text: the name, and what else
    /// distinguishes this factory from others. Segments of factories with equal texts can be joined. The name alone unless
    /// overridden.
    fn identity(&self) -> String {
        self.name().to_owned()
    }

    /// Called once before the first frame of a video is drawn: refuses what the encoders cannot do. Begins a segment, and drops
    /// it, unless overridden.
    ///
    /// # Errors
    /// As [`EncoderFactory::begin_segment`].
    fn check(&self, settings: &EncoderSettings) -> Result<(), EncodeError> {
        self.begin_segment(settings, SegmentIndex(0)).map(drop)
    }

    /// A fresh encoder for one segment. Its bytes depend on `settings`, the pictures and their number alone.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] when the settings are beyond the encoder, [`EncodeError::Failed`]
    /// when it cannot start.
    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError>;

    /// The same for a segment of which it is known that it has `frames` frames. As [`EncoderFactory::begin_segment`] unless
    /// overridden.
    ///
    /// # Errors
    /// As [`EncoderFactory::begin_segment`].
    fn begin_segment_of(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
        frames: u64,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        let _ = frames;
        self.begin_segment(settings, segment)
    }
}
