//! Scenes: anything that can draw frame `n` of a video.

pub mod damage;
pub mod highway;
pub mod still;

use self::damage::{Damage, Moved};
use crate::encode::hints::{Rectangle, Scroll};
use crate::gpu::planes::PlaneKind;
use crate::gpu::{Gpu, GpuError};
use crate::picture::PictureSize;
use crate::timing::{FrameIndex, FrameRate};

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
    /// RGBA only; strikeline adds a pass that converts. For scenes with shaders of their own.
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

    /// How most of what moves in the frame of the last [`Scene::update`] has moved since the frame before it;
    /// `None` where that is not one motion. A hint for the encoder: a wrong one costs bytes and time.
    fn scroll(&self) -> Option<Scroll> {
        None
    }

    /// Whether [`Scene::damage`] ever says less than [`Damage::Full`]. The streamer then keeps a set of planes
    /// for each segment in flight.
    fn tells_damage(&self) -> bool {
        false
    }

    /// What may differ between the frame of the last [`Scene::update`] and frame `previous`, both with the same
    /// [`Scene::static_layer`]. Saying too much costs time; what is left out stays as it was, and the video is
    /// wrong (`--redraw verify` finds it).
    fn damage(&self, _previous: FrameIndex) -> Damage {
        Damage::Full
    }

    /// What of the frame of the last [`Scene::update`] is what frame `previous` had elsewhere, of which
    /// [`Scene::damage`] was asked just now: it is copied rather than drawn. Nothing unless overridden. It must be the
    /// very same samples, or the video is wrong (`--redraw verify` finds it), and what of it lies outside of the damage
    /// must be as it was.
    fn moved(&self, _previous: FrameIndex) -> Moved {
        Moved::default()
    }

    /// Draws the frame of the last [`Scene::update`] over the static layer.
    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>);

    /// Makes the frame before, which is there, the frame of the last [`Scene::update`]: `parts`, the last
    /// [`Scene::damage`] with even sides, hold the static layer again, but for those that were `moved` there; all
    /// else is as it has to be. `moved` is what [`Scene::moved`] says, or nothing.
    ///
    /// Unless overridden, [`Scene::draw`] is called for each part and clipped to it. A scene that sets scissor
    /// rectangles itself must override it; one that knows that all it draws lies within the parts can save the
    /// clipping.
    fn draw_damage(
        &self,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        parts: &[Rectangle],
        moved: &[Rectangle],
    ) {
        for part in damage::outside(&damage::disjoint(parts), moved) {
            let [left, top, right, bottom] = plane.samples(&part);
            pass.set_scissor_rect(left, top, right - left, bottom - top);
            self.draw(plane, pass);
        }
    }
}
