//! What the pipeline needs from what renders and reads back: a graphics device or a stand-in.

use crate::gpu::GpuError;
use crate::scene::SceneError;
use strikeline_picture::{FrameChange, FrameIndex, Picture, RgbaPicture};

/// Number of a slot of the ring, from 0 up to the depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotIndex(pub usize);

/// Why a frame could not be rendered or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The scene or the device failed.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The scene reports less than what has changed. Found by [`Redraw::Verify`](super::Redraw::Verify). Correct the scene,
    /// or draw all of every frame.
    #[error("{0}")]
    TooFewChanges(String),
    /// A stand-in's own failure.
    #[error("{0}")]
    Other(String),
}

impl From<GpuError> for StageError {
    fn from(error: GpuError) -> StageError {
        StageError::Scene(SceneError::Gpu(error))
    }
}

/// The render stage: draws frames and sends them on their way into slots, without waiting.
pub trait Render: Send {
    /// A frame on its way.
    type Submitted: Send;

    /// Whether frames must be rendered in order, from the first to the last; not so unless overridden.
    fn in_order(&self) -> bool {
        false
    }

    /// Whether [`Render::wait_for_frame`] is to be called before each frame; not so unless overridden.
    fn waits_for_frames(&self) -> bool {
        false
    }

    /// Waits until the next frame can be rendered into `slot`, for renderers that are given their frames. Returns
    /// whether it can; ends soon after `stopped` is true.
    fn wait_for_frame(&mut self, _slot: SlotIndex, _stopped: &dyn Fn() -> bool) -> bool {
        true
    }

    /// Submits frame `frame` for `slot`, which is free.
    ///
    /// # Errors
    /// Ends the stream.
    fn render(&mut self, frame: FrameIndex, slot: SlotIndex) -> Result<Self::Submitted, StageError>;
}

/// The readback stage: waits for submitted frames, oldest first.
pub trait Readback<Submitted>: Send {
    /// A frame in memory.
    type Mapped: Mapped;

    /// Blocks until `submitted` is in memory.
    ///
    /// # Errors
    /// Ends the stream.
    fn wait(&mut self, submitted: Submitted) -> Result<Self::Mapped, StageError>;
}

/// A frame in mapped memory. Dropping it makes its slot free for the next frame.
pub trait Mapped: Send {
    /// The planes, in place; empty where [`Mapped::rgba`] gives the picture.
    fn picture(&self) -> Picture<'_>;

    /// The pixels, in place, where the picture is RGBA; `None` unless overridden.
    fn rgba(&self) -> Option<RgbaPicture<'_>> {
        None
    }

    /// How the frame differs from the one before it in its segment; unknown unless overridden.
    fn change(&self) -> &FrameChange {
        static UNKNOWN: FrameChange = FrameChange::UNKNOWN;
        &UNKNOWN
    }

    /// Bytes that were read back: the planes as they lie in memory, padding included, unless overridden.
    fn bytes(&self) -> u64 {
        let picture = self.picture();
        (picture.luma.data.len() + picture.chroma.data.len()) as u64
    }
}
