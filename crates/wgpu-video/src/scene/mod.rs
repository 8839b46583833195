//! Scenes: anything that can draw frame `n` of a video.

pub mod moments;
pub mod still;

use crate::gpu::convert::SourceFormat;
use crate::gpu::planes::PlaneKind;
use crate::gpu::{DeviceRequirements, Gpu, GpuError};
use strikeline_picture::{FrameChange, FrameIndex, FrameRate, MovedArea, PictureSize, Rectangle, rectangles};

/// What one more copy of a rectangle costs, in luma samples (with their chroma) that could be copied in the same time.
/// Measured on lavapipe, roughly. For [`rectangles::merged`].
pub const COPY_COST: u64 = 16_384;

/// What a scene is drawn into; fixed before the first frame.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SceneTarget<'a> {
    /// Size of the pictures.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// The planes that [`Scene::draw`] is called for; empty with [`Drawing::Texture`].
    pub planes: &'a [PlaneKind],
}

impl<'a> SceneTarget<'a> {
    /// Pictures of `size`, `frame_rate` of them per second, drawn as `planes`.
    pub const fn new(size: PictureSize, frame_rate: FrameRate, planes: &'a [PlaneKind]) -> SceneTarget<'a> {
        SceneTarget { size, frame_rate, planes }
    }
}

/// How a scene draws its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// As luma and chroma planes, with pipelines made by [`crate::gpu::planes`]: the fastest way. [`Scene::draw`] is
    /// called once for each plane.
    Planar,
    /// As one RGBA picture ([`PlaneKind::Rgba`]: `Rgba8Unorm`, gamma-coded), in one call of [`Scene::draw`]. The streamer
    /// converts it.
    Rgba,
    /// As a texture of this format, which [`Scene::render`] fills with passes of its own. The streamer converts it.
    /// [`Scene::draw`], [`Scene::draw_static`] and [`Scene::draw_changed`] are not called.
    Texture(SourceFormat),
}

/// In which order the frames of a scene may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrameOrder {
    /// In any order: a frame depends on its index alone. The streamer draws several segments in turn, on several
    /// devices where that is faster.
    #[default]
    Any,
    /// Each frame exactly once, from frame 0 to the last, on one device: for scenes whose state goes from one frame to
    /// the next. Less can be done at the same time, so that this may be slower.
    InOrder,
}

/// Why a scene could not be prepared or drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// The graphics device failed, or the scene needs more than it can do.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The scene says in [`Scene::drawing`] that it draws in a way that it does not implement. An error in the scene.
    #[error("the scene does not implement Scene::{method}, which its Scene::drawing asks for")]
    NotImplemented {
        /// Name of the missing method.
        method: &'static str,
    },
    /// An error that the scene reports itself.
    #[error("the scene cannot be drawn: {0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SceneError {
    /// An error of the scene's own: an error value or a text.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SceneError {
        SceneError::Other(error.into())
    }
}

/// Anything that can draw frame `n` of a video.
///
/// For every frame the streamer calls [`Scene::update`], then [`Scene::draw`] once for each plane, or [`Scene::render`]
/// once; [`Scene::drawing`] says which. By default a frame must depend on its index alone, as frames are drawn in any
/// order; see [`Scene::order`].
///
/// An error that any method returns ends the stream, and so does a call that wgpu rejects. The
/// [`StreamError`](crate::stream::StreamError) names the frame.
///
/// A grey picture that becomes lighter, drawn straight into the planes:
///
/// ```
/// use wgpu_video::gpu::Gpu;
/// use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind, UniformBuffer};
/// use wgpu_video::picture::FrameIndex;
/// use wgpu_video::scene::{Scene, SceneError, SceneTarget};
///
/// const SHADER: &str = "
/// @group(0) @binding(0) var<uniform> light: vec4<f32>;
/// @vertex fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
///     return vec4<f32>(vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0, 0.0, 1.0);
/// }
/// @fragment fn fragment() -> @location(0) vec4<f32> {
///     return plane_sample(vec4<f32>(light.xxx, 1.0));
/// }";
///
/// #[derive(Default)]
/// struct Dawn(Option<(UniformBuffer, Vec<(PlaneKind, wgpu_video::wgpu::RenderPipeline)>)>);
///
/// impl Scene for Dawn {
///     fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
///         let uniform = UniformBuffer::new(&gpu.device, "dawn", 16);
///         let module = planes::shader(&gpu.device, "dawn", SHADER);
///         let source = PipelineSource::new("dawn", &module, &uniform.layout);
///         let pipeline = |&plane| (plane, planes::pipeline(&gpu.device, plane, target.size, &source));
///         let pipelines = target.planes.iter().map(pipeline).collect();
///         self.0 = Some((uniform, pipelines));
///         Ok(())
///     }
///
///     fn update(&mut self, queue: &wgpu_video::wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
///         let light = 1.0 - 1.0 / (1.0 + frame.0 as f32 / 60.0);
///         if let Some((uniform, _)) = &self.0 {
///             queue.write_buffer(&uniform.buffer, 0, &light.to_le_bytes());
///         }
///         Ok(())
///     }
///
///     fn draw(&self, plane: PlaneKind, pass: &mut wgpu_video::wgpu::RenderPass<'_>) -> Result<(), SceneError> {
///         if let Some((uniform, pipelines)) = &self.0
///             && let Some((_, pipeline)) = pipelines.iter().find(|(kind, _)| *kind == plane)
///         {
///             pass.set_pipeline(pipeline);
///             pass.set_bind_group(0, &uniform.bind_group, &[]);
///             pass.draw(0..3, 0..1);
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Scene: Send {
    /// How the scene draws. [`Drawing::Planar`] unless overridden.
    fn drawing(&self) -> Drawing {
        Drawing::Planar
    }

    /// In which order the frames may be drawn. [`FrameOrder::Any`] unless overridden.
    fn order(&self) -> FrameOrder {
        FrameOrder::Any
    }

    /// Whether pictures with alpha are transparent where nothing is drawn: they are begun with transparent black, and what is
    /// drawn over that is blended with [`wgpu::BlendState::ALPHA_BLENDING`]. `false` unless overridden: alpha is of no use
    /// then, and pictures are opaque. Pictures without alpha are begun with black in any case.
    fn is_transparent(&self) -> bool {
        false
    }

    /// The features and limits that the scene's device must have. None unless overridden. An adapter that lacks one of
    /// them is refused before [`Scene::prepare`] is called; the error names what is missing.
    fn requirements(&self) -> DeviceRequirements {
        DeviceRequirements::default()
    }

    /// Uploads everything the scene needs and makes its pipelines. Called once, before the first frame.
    ///
    /// # Errors
    /// When the device cannot hold the scene, or the scene cannot be prepared.
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError>;

    /// A copy of the scene, not yet prepared, to be drawn on another device at the same time. Both must draw the same
    /// frames. `None` unless overridden: one device draws all frames then. Not called with [`FrameOrder::InOrder`].
    fn duplicate(&self) -> Option<Box<dyn Scene>> {
        None
    }

    /// Uploads the data that changes with frame `frame`: usually one small uniform. Called once for each frame, before
    /// everything else that concerns it.
    ///
    /// # Errors
    /// Ends the stream.
    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError>;

    /// Draws the static layer for the frame of the last [`Scene::update`], on black or on nothing
    /// ([`Scene::is_transparent`]): what is the same in many frames. It is
    /// drawn once, and every frame with the same [`Scene::static_layer`] begins with a copy of it. Draws nothing unless
    /// overridden.
    ///
    /// # Errors
    /// Ends the stream.
    fn draw_static(&self, _plane: PlaneKind, _pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        Ok(())
    }

    /// Number of the static layer that the frame of the last [`Scene::update`] begins with. 0 unless overridden. The
    /// four that were used last stay in memory. If a scene uses more than four in turn, they are drawn anew each time.
    fn static_layer(&self) -> u32 {
        0
    }

    /// Whether [`Scene::change`] ever reports less than the whole picture. The streamer then keeps a set of planes for
    /// each segment in flight. `false` unless overridden. Only for [`Drawing::Planar`].
    fn reports_changes(&self) -> bool {
        false
    }

    /// How the frame of the last [`Scene::update`] differs from frame `previous`, which lies in the planes and has the
    /// same [`Scene::static_layer`]. Without a `previous` frame, only [`FrameChange::scroll`] is used.
    ///
    /// [`FrameChange::changed`] must cover every sample that differs. A changed sample that is left out keeps its old
    /// value, and the video is wrong. [`FrameChange::moved`] must be the very same samples as in the previous frame,
    /// and its parts outside of the changed area must be as they were.
    /// [`Redraw::Verify`](crate::stream::Redraw::Verify) checks both. Nothing is known unless overridden.
    fn change(&self, _previous: Option<FrameIndex>) -> FrameChange {
        FrameChange::UNKNOWN
    }

    /// Draws the frame of the last [`Scene::update`] over the static layer. Must be implemented for [`Drawing::Planar`]
    /// and [`Drawing::Rgba`].
    ///
    /// # Errors
    /// Ends the stream.
    fn draw(&self, _plane: PlaneKind, _pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        Err(SceneError::NotImplemented { method: "draw" })
    }

    /// Draws the frame of the last [`Scene::update`] over the previous frame, which is still in the planes.
    ///
    /// `parts` are the last [`FrameChange::changed`] with even sides and without `moved`; there may be some more. They hold the
    /// static layer again. `moved` are the parts of [`FrameChange::moved`], or none: what is drawn there is not seen, because
    /// they are copied afterwards or not needed. Everything outside of both must stay as it is.
    ///
    /// By default [`Scene::draw`] is called for each part and clipped to it. Override this if the scene sets scissor
    /// rectangles itself, or to save the clipping if everything that it draws lies within the parts.
    ///
    /// # Errors
    /// Ends the stream.
    fn draw_changed(
        &self,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        parts: &[Rectangle],
        moved: &MovedArea,
    ) -> Result<(), SceneError> {
        for part in rectangles::outside(&rectangles::disjoint(parts), &moved.parts) {
            let [left, top, right, bottom] = plane.samples(&part);
            pass.set_scissor_rect(left, top, right - left, bottom - top);
            self.draw(plane, pass)?;
        }
        Ok(())
    }

    /// Records the passes that draw the frame of the last [`Scene::update`] into `target`: any number of compute and
    /// render passes, with a depth buffer or other textures of the scene's own. Must be implemented for
    /// [`Drawing::Texture`].
    ///
    /// `target` has the declared format, the size of the pictures, one sample per pixel and one mip level; its texture
    /// ([`wgpu::TextureView::texture`]) can be rendered to, bound, copied from and copied to. It holds an earlier frame or
    /// nothing, so begin with a clear unless everything is drawn over. Alpha is ignored.
    ///
    /// `commands` is submitted when this returns; what the scene submits itself comes before it.
    ///
    /// # Errors
    /// Ends the stream.
    fn render(
        &self,
        _commands: &mut wgpu::CommandEncoder,
        _target: &wgpu::TextureView,
    ) -> Result<(), SceneError> {
        Err(SceneError::NotImplemented { method: "render" })
    }
}
