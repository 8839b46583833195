//! What an encoder must know before the first picture, what it returns, and how it can fail.

use crate::bits::nal::START_CODE;
use crate::rate_control::RateControl;
use strikeline_picture::{FrameRate, PictureSize, PixelFormat};

/// The quantisation parameter (ITU-T H.264, 7.4.2.2): 0 (best, largest) to 51 (worst, smallest).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Qp(u8);

impl Qp {
    /// 24: differences from the source are hard to see, even in still pictures.
    pub const DEFAULT: Qp = Qp(24);

    /// `None` when `qp` is above 51.
    pub const fn new(qp: u8) -> Option<Qp> {
        if qp <= 51 { Some(Qp(qp)) } else { None }
    }

    /// 0 to 51.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Qp {
    fn default() -> Qp {
        Qp::DEFAULT
    }
}

/// How syntax elements become bits (entropy_coding_mode_flag, ITU-T H.264, 7.4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntropyCoding {
    /// Arithmetic coding (9.3): Main profile, the fewest bytes.
    #[default]
    Cabac,
    /// Variable-length codes (9.2): Constrained Baseline profile.
    Cavlc,
}

/// How many earlier pictures there are to predict from, 1 to 5. Each takes the memory of two pictures.
///
/// One is enough when everything moves by an even number of samples per frame. Otherwise use as many as
/// [`Scroll::exact_distance`](strikeline_picture::Scroll::exact_distance) returns, so that the motion is a whole number
/// of samples in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceCount(u8);

impl ReferenceCount {
    /// One.
    pub const MIN: ReferenceCount = ReferenceCount(1);
    /// Five.
    pub const MAX: ReferenceCount = ReferenceCount(5);

    /// The nearest possible count.
    pub const fn clamped(count: u32) -> ReferenceCount {
        match count {
            0 | 1 => ReferenceCount::MIN,
            2..=4 => ReferenceCount(count as u8),
            _ => ReferenceCount::MAX,
        }
    }

    /// 1 to 5.
    pub const fn get(self) -> u32 {
        self.0 as u32
    }
}

impl Default for ReferenceCount {
    fn default() -> ReferenceCount {
        ReferenceCount::MIN
    }
}

/// How much work goes into finding fewer bytes, where pictures change in ways that nobody told. What stands still, or moves as
/// one, costs the same with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Effort {
    /// The least time: motion is searched only in pictures of which much is new.
    #[default]
    Fast,
    /// Motion is searched for all that is new, and more carefully.
    Balanced,
    /// The fewest bytes.
    Small,
}

/// Whether there are B pictures, where pictures change in ways that nobody told: with [`Effort::Balanced`] and [`Effort::Small`], unless
/// entropy coding is CAVLC. Then pictures are not always decoded in the order in which they are shown, and up to five of them wait for
/// later ones before they are encoded.
pub fn has_b_pictures(effort: Effort, entropy_coding: EntropyCoding) -> bool {
    effort != Effort::Fast && entropy_coding == EntropyCoding::Cabac
}

/// What an encoder must know before the first picture. Use the same settings for all segments of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct H264Settings {
    /// Size of every picture.
    pub size: PictureSize,
    /// Frame rate: it determines the level, and is written to the bitstream as timing information (E.2.1).
    pub frame_rate: FrameRate,
    /// Quality, from which the QP of each slice follows: P pictures that change get about this QP or a few
    /// more, the IDR picture and what does not change a lower one. It is constant unless [`Self::rate_control`] limits the bits; then
    /// it is the best quality.
    pub qp: Qp,
    /// Frames of the longest segment. With segments of one frame, idr_pic_id must alternate (7.4.3).
    pub segment_frames: u32,
    /// How syntax elements become bits.
    pub entropy_coding: EntropyCoding,
    /// Number of earlier pictures to predict from.
    pub references: ReferenceCount,
    /// How much work goes into finding fewer bytes.
    pub effort: Effort,
    /// How many bits the pictures may take.
    pub rate_control: RateControl,
}

impl H264Settings {
    /// [`Qp::DEFAULT`], CABAC, one reference, segments of two seconds, [`Effort::Fast`], no rate control.
    pub fn new(size: PictureSize, frame_rate: FrameRate) -> H264Settings {
        let two_seconds = frame_rate.frames_to_cover(strikeline_picture::Time::from_nanos(2_000_000_000));
        H264Settings {
            size,
            frame_rate,
            qp: Qp::DEFAULT,
            segment_frames: u32::try_from(two_seconds).unwrap_or(u32::MAX),
            entropy_coding: EntropyCoding::default(),
            references: ReferenceCount::MIN,
            effort: Effort::default(),
            rate_control: RateControl::NONE,
        }
    }

    /// Whether there are B pictures, as [`has_b_pictures`] says.
    pub fn has_b_pictures(&self) -> bool {
        has_b_pictures(self.effort, self.entropy_coding)
    }

    /// The same with another [`Self::qp`].
    #[must_use]
    pub fn with_qp(self, qp: Qp) -> H264Settings {
        H264Settings { qp, ..self }
    }

    /// The same with another [`Self::segment_frames`].
    #[must_use]
    pub fn with_segment_frames(self, segment_frames: u32) -> H264Settings {
        H264Settings { segment_frames, ..self }
    }

    /// The same with another [`Self::entropy_coding`].
    #[must_use]
    pub fn with_entropy_coding(self, entropy_coding: EntropyCoding) -> H264Settings {
        H264Settings { entropy_coding, ..self }
    }

    /// The same with another [`Self::references`].
    #[must_use]
    pub fn with_references(self, references: ReferenceCount) -> H264Settings {
        H264Settings { references, ..self }
    }

    /// The same with another [`Self::effort`].
    #[must_use]
    pub fn with_effort(self, effort: Effort) -> H264Settings {
        H264Settings { effort, ..self }
    }

    /// The same with another [`Self::rate_control`].
    #[must_use]
    pub fn with_rate_control(self, rate_control: RateControl) -> H264Settings {
        H264Settings { rate_control, ..self }
    }
}

/// Why an encoder could not be made or could not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum H264Error {
    /// No level of H.264 allows the size at that rate. Choose a smaller picture or a lower frame rate.
    #[error(
        "no level of H.264 up to 6.2 allows {size} pictures at {frame_rate} frames per second (reference pictures: \
         {references}): choose a smaller picture or a lower frame rate"
    )]
    BeyondLevels {
        /// The size asked for.
        size: PictureSize,
        /// The rate asked for.
        frame_rate: FrameRate,
        /// How many reference pictures.
        references: u32,
    },
    /// The picture does not have the size in the settings. Make an encoder for each size.
    #[error(
        "the picture is {given}, but the encoder was made for {expected}: make another encoder for this size"
    )]
    WrongSize {
        /// The picture's size.
        given: PictureSize,
        /// The size in the settings.
        expected: PictureSize,
    },
    /// The picture has finer chroma than 4:2:0, or more than 8 bits. Give it as [`PixelFormat::NV12`].
    #[error("the picture is {}, but this encoder takes yuv420p (NV12) only", .given.name())]
    WrongFormat {
        /// The picture's format.
        given: PixelFormat,
    },
    /// A plane holds fewer bytes than its stride and rows need, or its stride is less than the width.
    #[error(
        "a plane is too short for a picture of {size}: it needs (rows - 1) * stride + width bytes, and a stride of at \
         least the width"
    )]
    ShortPlane {
        /// The picture's size.
        size: PictureSize,
    },
    /// Pictures are counted in 32 bits. Begin another segment.
    #[error("a segment cannot have more than 2^32 frames: begin another segment")]
    SegmentTooLong,
}

/// One coded picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodedPicture {
    /// Bytes appended to the output.
    pub bytes: usize,
    /// Whether it is an IDR picture.
    pub idr: bool,
    /// Its place in the order of showing less its place in the order of decoding, in frames. 0 everywhere unless there are B pictures
    /// ([`H264Settings::has_b_pictures`]).
    pub delay: i32,
}

/// The pictures that one call has coded, in the order of decoding: at most [`CodedPictures::MOST`]. Without B pictures it is always one.
#[derive(Debug, Clone, Copy, Default)]
pub struct CodedPictures {
    pictures: [Option<CodedPicture>; CodedPictures::MOST],
}

impl CodedPictures {
    /// The first picture of a segment, and as many as there are from one P picture to the next.
    pub const MOST: usize = 5;

    /// Adds one; there must be fewer than [`CodedPictures::MOST`].
    pub(crate) fn push(&mut self, picture: CodedPicture) {
        if let Some(free) = self.pictures.iter_mut().find(|picture| picture.is_none()) {
            *free = Some(picture);
        }
    }

    /// The pictures in turn.
    pub fn iter(&self) -> impl Iterator<Item = CodedPicture> + '_ {
        self.pictures.iter().flatten().copied()
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> usize {
        self.iter().map(|picture| picture.bytes).sum()
    }
}

/// The parameter sets that a decoder needs before the first access unit, as NAL units without start code or length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSets {
    /// Sequence parameter set (ITU-T H.264, 7.3.2.1), NAL header byte included.
    pub sps: Vec<u8>,
    /// Picture parameter set (ITU-T H.264, 7.3.2.2), NAL header byte included.
    pub pps: Vec<u8>,
}

impl ParameterSets {
    /// Their bytes in a byte stream, with start codes (Annex B).
    pub(crate) fn bytes(&self) -> usize {
        2 * START_CODE.len() + self.sps.len() + self.pps.len()
    }
}
