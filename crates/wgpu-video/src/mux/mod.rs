//! Muxing: coded segments in, in order, and a video file out.
//!
//! Access units are copied as they are. What is added is when each one is shown, computed from the number of
//! the frame, and how the decoder is to be set up.

mod animation;
mod apng;
mod boxes;
mod checks;
mod codecs;
mod description;
mod ebml;
mod fragmented;
mod gif;
mod matroska;
mod matroska_tracks;
mod mp4;
mod mp4_sound;
mod mp4_track;
mod mp4_video;
mod sound_entries;
mod webp;

pub use animation::{AnimationSettings, AnimationWriter};
pub use description::{Container, VideoTrack};
pub use fragmented::FragmentedMp4;
pub use matroska::MatroskaWriter;
pub use mp4::{Mp4Settings, Mp4Writer};

use std::io;

use crate::encode::Codec;
use crate::output;
use strikeline_picture::{PictureSize, SegmentIndex};

/// Why a video could not be put into its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MuxError {
    /// The video is longer than the tables of one MP4 file are allowed to be. Render it in parts.
    #[error("a video of {frames} frames is too long for one MP4 file (at most {limit}): render it in parts")]
    TooManyFrames {
        /// Frames of the whole video.
        frames: u64,
        /// The most that one file takes.
        limit: u64,
    },
    /// The file would have more frames or bytes than its format allows. Make it shorter or smaller, or choose another format.
    #[error(
        "a file in the format {container} can have at most {limit}: choose a shorter part, a smaller size or a lower rate, or \
         another format such as MP4"
    )]
    TooLarge {
        /// The format of the file.
        container: Container,
        /// The most that it may have.
        limit: &'static str,
    },
    /// A segment was left out, came twice or came too early. Hand segments over in order.
    #[error("segment {} came where segment {} was expected", got.0, due.0)]
    OutOfOrder {
        /// The segment that came.
        got: SegmentIndex,
        /// The segment that should have come.
        due: SegmentIndex,
    },
    /// A segment came after the last planned one.
    #[error("segment {} came, but the video has only {segments} segments", got.0)]
    TooManySegments {
        /// The segment that came.
        got: SegmentIndex,
        /// Segments of the whole video.
        segments: u64,
    },
    /// An encoder lost or added frames. Render again with another encoder.
    #[error("segment {} has {got} frames instead of the planned {planned}: the encoder lost or added some; try another encoder", segment.0)]
    FrameCount {
        /// The segment.
        segment: SegmentIndex,
        /// Frames that came.
        got: u64,
        /// Frames that were planned.
        planned: u64,
    },
    /// The video was ended before all of its segments came.
    #[error("the video is incomplete: {got} of {planned} frames were written")]
    FramesMissing {
        /// Frames that came.
        got: u64,
        /// Frames that were planned.
        planned: u64,
    },
    /// A segment cannot be decoded on its own. Render again with another encoder.
    #[error(
        "segment {} does not begin with a frame that decoding can begin at (a sync sample; in H.264, an IDR picture); try another encoder",
        segment.0
    )]
    NoSyncSample {
        /// The segment.
        segment: SegmentIndex,
    },
    /// An access unit is not in the form that the container wants (for H.264, NAL units with 4-byte lengths), or not
    /// within the segment's data.
    #[error("frame {frame} of segment {} is damaged: {reason}; try another encoder", segment.0)]
    DamagedUnit {
        /// The segment.
        segment: SegmentIndex,
        /// Number of the frame within the segment, from 0.
        frame: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// MP4 files cannot be written with that codec.
    #[error(
        "{container} files with {codec} video cannot be written, only with {known}: choose an encoder that makes {known}, or another kind of output"
    )]
    Codec {
        /// What the encoder makes.
        codec: Codec,
        /// The format of the file.
        container: Container,
        /// The codecs that can be written.
        known: String,
    },
    /// The codec configuration cannot be read. Render again with another encoder.
    #[error("the codec configuration of segment {} cannot be used ({reason}); try another encoder", segment.0)]
    Config {
        /// The segment.
        segment: SegmentIndex,
        /// What is wrong with it.
        reason: String,
    },
    /// The segments were encoded with different settings, by different encoders or versions of them, so that
    /// one decoder cannot play them in a row. Encode all of them alike.
    #[error(
        "the codec configuration of segment {} differs from that of segment 0: encode all segments with the same encoder and settings",
        segment.0
    )]
    ConfigDiffers {
        /// The first segment that differs.
        segment: SegmentIndex,
    },
    /// Sound is missing, or is not what its track says.
    #[error("the sound cannot be used: {reason}")]
    Sound {
        /// What is wrong with it.
        reason: String,
    },
    /// The sound is longer than the tables of one MP4 file are allowed to be.
    #[error(
        "{count} samples of sound are too many for one MP4 file (at most {limit}): make the video in parts"
    )]
    TooMuchSound {
        /// Packets of the track; of uncompressed sound, sample frames.
        count: u64,
        /// The most that one file takes.
        limit: u64,
    },
    /// A language is not given as MP4 files want it.
    #[error("\"{code}\" is no language code: give three small letters of ISO 639-2, such as eng or deu")]
    Language {
        /// What was given.
        code: String,
    },
    /// A title or an artist is too long.
    #[error("the {what} is longer than {limit} bytes: shorten it")]
    LongTag {
        /// Which one.
        what: &'static str,
        /// The most bytes that it may have.
        limit: usize,
    },
    /// The coded pictures have another size than the video. Render again with another encoder.
    #[error("the coded pictures are {width}x{height} instead of {expected}; try another encoder")]
    PictureSize {
        /// Width that the codec configuration gives, in luma samples.
        width: u16,
        /// Height that the codec configuration gives, in luma samples.
        height: u16,
        /// Size that was planned.
        expected: PictureSize,
    },
    /// The header did not fit the space that was reserved for it: a bug.
    #[error(
        "the MP4 header does not fit the space reserved for it ({reason}): this is a bug in wgpu-video, please report it"
    )]
    Header {
        /// What went wrong.
        reason: String,
    },
    /// The file could not be written. The text names the remedy.
    #[error("cannot write the file: {}", output::describe(.0))]
    Io(io::Error),
}
