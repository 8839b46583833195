//! Scenes: anything that can draw frame `n` of a video.

pub mod still;

use crate::gpu::planes::PlaneKind;
use crate::gpu::{Gpu, GpuError};
use strikeline_picture::{FrameChange, FrameIndex, FrameRate, MovedArea, PictureSize, Rectangle, rectangles};

/// What one more copy of a rectangle costs, in luma samples (with their chroma) that could be copied in the same time.
/// Measured on lavapipe, roughly. For [`rectangles::merged`].
pub const COPY_COST: u64 = 16_384;

/// What a scene is to be drawn as; fixed before the first frame.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Size of the pictures.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// The planes that [`Scene::draw`] will be asked for.
    pub planes: &'a [PlaneKind],
}

/// What a scene can draw by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// Luma and chroma planes, through [`crate::gpu::planes`]: the fast way.
    Planar,
    /// RGBA only; the streamer adds a pass that converts. For scenes with shaders of their own.
    Rgba,
}

/// Why a scene could not be prepared or drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// The graphics device failed, or the scene is beyond its limits.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// Something of the scene's own.
    #[error("the scene cannot be drawn: {0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Anything that can draw frame `n`.
///
/// A frame is a pure function of its index: frames are asked for out of order (those of several segments
/// in turn), and the bytes of the video must not depend on that order.
pub trait Scene: Send {
    /// What [`Scene::draw`] draws. [`Drawing::Planar`] unless overridden.
    fn drawing(&self) -> Drawing {
        Drawing::Planar
    }

    /// Uploads everything the scene needs and makes its pipelines, once, before the first frame.
    ///
    /// # Errors
    /// When the scene is beyond the device, or lacks something of its own.
    fn prepare(&mut self, gpu: &Gpu, view: &View<'_>) -> Result<(), SceneError>;

    /// The same scene once more, not prepared, to be drawn on another device at the same time: it must draw the
    /// same frames. `None`, unless overridden: then one device draws them all.
    fn another(&self) -> Option<Box<dyn Scene>> {
        None
    }

    /// Draws what is the same in many frames, on black: the static layer of the last [`Scene::update`]. It is
    /// drawn once, and every frame with the same [`Scene::static_layer`] begins with a copy of it.
    fn draw_static(&self, _plane: PlaneKind, _pass: &mut wgpu::RenderPass<'_>) {}

    /// Which static layer the frame of the last [`Scene::update`] has: 0 unless overridden. A scene has few of
    /// them, as each is kept as a picture in memory.
    fn static_layer(&self) -> u32 {
        0
    }

    /// Writes what differs in frame `frame`: a small uniform. Called once before the draws of that frame.
    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex);

    /// Whether [`Scene::change`] ever names less than the whole picture. The streamer then keeps a set of planes for
    /// each segment in flight.
    fn knows_changes(&self) -> bool {
        false
    }

    /// How the frame of the last [`Scene::update`] differs from frame `previous`, which has the same
    /// [`Scene::static_layer`]. `previous` is the frame that is still there in the planes; `None` where none is: then only
    /// [`FrameChange::scroll`] is of use.
    ///
    /// [`FrameChange::changed`] must name all that differs; what is left out stays as it was, and the video is wrong.
    /// [`FrameChange::moved`] must be the very same samples, and what of it lies outside of the changed parts must be as
    /// it was. [`Redraw::Verify`](crate::stream::Redraw::Verify) checks both. By default nothing is known.
    fn change(&self, _previous: Option<FrameIndex>) -> FrameChange {
        FrameChange::UNKNOWN
    }

    /// Draws the frame of the last [`Scene::update`] over the static layer.
    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>);

    /// Makes the frame that is there in the planes the frame of the last [`Scene::update`].
    ///
    /// `parts` are the last [`FrameChange::changed`] with even sides. They hold the static layer again, except where
    /// `moved`, the parts of [`FrameChange::moved`] or none of them, was copied.
    ///
    /// By default [`Scene::draw`] is called for each part and clipped to it. A scene that sets scissor rectangles itself
    /// must override this; one that draws nothing outside of the parts can save the clipping.
    fn draw_changed(
        &self,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        parts: &[Rectangle],
        moved: &MovedArea,
    ) {
        for part in rectangles::outside(&rectangles::disjoint(parts), &moved.parts) {
            let [left, top, right, bottom] = plane.samples(&part);
            pass.set_scissor_rect(left, top, right - left, bottom - top);
            self.draw(plane, pass);
        }
    }
}
