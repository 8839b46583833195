//! Why a stream ends early.

use super::{SinkError, Stage, StageError, TextureError};
use crate::encode::EncodeError;
use crate::gpu::GpuError;
use crate::scene::SceneError;
use strikeline_audio::AudioError;
use strikeline_picture::{FrameIndex, SegmentIndex, Time};

/// Why a stream ended early. Nothing is left behind then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The graphics device could not be opened, or cannot do what is needed.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The scene could not be prepared.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The scene or the device failed while drawing.
    #[error("frame {} could not be drawn: {source}", .frame.0)]
    Render {
        /// Which frame.
        frame: FrameIndex,
        /// Why.
        source: StageError,
    },
    /// The device failed before the frame was in memory.
    #[error("frame {} could not be read back: {source}", .frame.0)]
    Readback {
        /// Which frame.
        frame: FrameIndex,
        /// Why.
        source: StageError,
    },
    /// The encoder cannot do these settings. Found before the first frame.
    #[error(transparent)]
    Encoder(#[from] EncodeError),
    /// The encoder failed.
    #[error("segment {} could not be encoded: {source}", .segment.0)]
    Encode {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: EncodeError,
    },
    /// The sound could not be made, or its source failed.
    #[error("the sound failed at {:.3} s: {source}", .at.as_seconds())]
    Sound {
        /// Where in the video.
        at: Time,
        /// Why.
        source: AudioError,
    },
    /// The sink could not begin.
    #[error("{0}")]
    Begin(#[source] SinkError),
    /// The sink failed.
    #[error("segment {} could not be written: {source}", .segment.0)]
    Write {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: SinkError,
    },
    /// A finished segment could not be kept for another run.
    #[error("segment {} could not be kept: {source}", .segment.0)]
    Keep {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: SinkError,
    },
    /// A segment that was kept cannot be read. Remove the file in which it is kept, and make the segment again.
    #[error("segment {}, which an earlier run has kept, could not be read: {source}", .segment.0)]
    Kept {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: SinkError,
    },
    /// The sink could not complete the video.
    #[error("the video could not be completed: {0}")]
    Finish(#[source] SinkError),
    /// The stream was stopped, and the sink could not make a result from the segments so far ([`Sink::finish_early`](super::Sink::finish_early)).
    #[error("the video of the finished beginning could not be made: {0}")]
    FinishEarly(#[source] SinkError),
    /// The encoder set up segments differently, so that one decoder cannot play them in a row. A bug of the encoder.
    #[error(
        "the codec configuration of segment {} differs from that of segment 0: this is a bug in the encoder; try another one",
        .segment.0
    )]
    ConfigDiffers {
        /// The first segment that differs.
        segment: SegmentIndex,
    },
    /// Frames of a segment are missing, though no stage has reported an error. A bug; please report it.
    #[error("segment {} is incomplete; this is a bug in wgpu-video, please report it", .segment.0)]
    Incomplete {
        /// Which segment.
        segment: SegmentIndex,
    },
    /// A stage panicked: a bug in the scene, the sound, the encoder or the sink. Please report it.
    #[error(
        "the {stage} stage panicked ({message}): this is a bug in the {}, please report it",
        if *.stage == Stage::Sound { "source of the sound" } else { "scene, encoder or sink" }
    )]
    Panicked {
        /// Which stage.
        stage: Stage,
        /// The panic's message.
        message: String,
    },
    /// The caller's progress callback panicked.
    #[error("the progress callback panicked ({message}): this is a bug in that callback")]
    ProgressPanicked {
        /// The panic's message.
        message: String,
    },
    /// The system could not start a thread. End other programs, or use fewer jobs.
    #[error("a thread could not be started ({reason}): end other programs, or use fewer encoding threads")]
    Thread {
        /// What the system said.
        reason: String,
    },
    /// Textures of this format cannot be converted.
    #[error(
        "textures of format {format:?} cannot be made into a video; use Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb or Rgba16Float"
    )]
    UnsupportedFormat {
        /// The format.
        format: wgpu::TextureFormat,
    },
    /// A texture that was pushed cannot be a frame of the video. Another may be pushed in its place.
    #[error("the texture of frame {} cannot be used: {source}", .frame.0)]
    Texture {
        /// Which frame.
        frame: FrameIndex,
        /// Why.
        source: TextureError,
    },
    /// More frames were pushed than the video has.
    #[error("all {frames} frames of the video have been pushed already; finish the stream")]
    TooManyFrames {
        /// Frames of the video.
        frames: u64,
    },
    /// Fewer frames were pushed than the video has.
    #[error(
        "only {pushed} of the video's {frames} frames were pushed; push the others before finishing the stream"
    )]
    FramesMissing {
        /// Frames that were pushed.
        pushed: u64,
        /// Frames of the video.
        frames: u64,
    },
    /// An earlier call returned the error that ended the stream.
    #[error("the stream has ended already: {reason}")]
    Ended {
        /// The text of that error.
        reason: String,
    },
    /// A number of [`WorkSplit`](super::WorkSplit) is 0. Give at least 1.
    #[error("the {what} is 0: give at least 1")]
    ZeroSplit {
        /// Which one.
        what: &'static str,
    },
    /// The stream was stopped by its [`CancelToken`](super::CancelToken).
    #[error("interrupted")]
    Cancelled,
}
