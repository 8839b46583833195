//! A few frames here and there of a scene, to see what the whole will be like.

use std::num::NonZeroU32;

use super::{Drawing, FrameOrder, Scene, SceneError, SceneTarget};
use crate::gpu::planes::PlaneKind;
use crate::gpu::{DeviceRequirements, Gpu};
use strikeline_picture::FrameIndex;

/// Some moments of another scene, one after the other: each a few of its frames in a row. To be streamed in segments of as many
/// frames as a moment has. Every frame is drawn whole.
///
/// For scenes that are drawn in any order ([`FrameOrder::Any`]).
pub struct Moments<'s> {
    scene: &'s mut dyn Scene,
    /// The first frame of each moment.
    starts: Vec<FrameIndex>,
    /// Frames of each moment.
    length: NonZeroU32,
}

impl<'s> Moments<'s> {
    /// `length` frames of `scene` from each of `starts` on.
    pub fn new(scene: &'s mut dyn Scene, starts: Vec<FrameIndex>, length: NonZeroU32) -> Moments<'s> {
        Moments { scene, starts, length }
    }
}

impl Scene for Moments<'_> {
    fn drawing(&self) -> Drawing {
        self.scene.drawing()
    }

    fn order(&self) -> FrameOrder {
        self.scene.order()
    }

    fn is_transparent(&self) -> bool {
        self.scene.is_transparent()
    }

    fn requirements(&self) -> DeviceRequirements {
        self.scene.requirements()
    }

    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        self.scene.prepare(gpu, target)
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let length = u64::from(self.length.get());
        let start = usize::try_from(frame.0 / length).ok().and_then(|moment| self.starts.get(moment));
        let start = start.ok_or_else(|| SceneError::other("there are fewer moments than frames"))?;
        self.scene.update(queue, FrameIndex(start.0 + frame.0 % length))
    }

    fn draw_static(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        self.scene.draw_static(plane, pass)
    }

    fn static_layer(&self) -> u32 {
        self.scene.static_layer()
    }

    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        self.scene.draw(plane, pass)
    }

    fn render(
        &self,
        commands: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) -> Result<(), SceneError> {
        self.scene.render(commands, target)
    }
}
