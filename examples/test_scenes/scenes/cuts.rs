//! A film that is cut every second, among the other scenes.

use strikeline_picture::{FrameIndex, FrameRate, Time};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::convert::SourceFormat;
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};
use wgpu_video::wgpu;

use super::surface::not_prepared;

/// Shows each scene for a second, one after the other and again from the first.
pub(crate) struct Cuts {
    /// Of these, each draws a texture of [`SourceFormat::Rgba8Unorm`].
    pub(crate) scenes: Vec<Box<dyn Scene>>,
    pub(crate) frame_rate: Option<FrameRate>,
    pub(crate) shown: usize,
}

impl Scene for Cuts {
    fn drawing(&self) -> Drawing {
        Drawing::Texture(SourceFormat::Rgba8Unorm)
    }

    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        self.frame_rate = Some(target.frame_rate);
        self.scenes.iter_mut().try_for_each(|scene| scene.prepare(gpu, target))
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let rate = self.frame_rate.ok_or_else(not_prepared)?;
        let second = rate.frames_to_cover(Time::from_seconds(1.0)).max(1);
        self.shown = (frame.0 / second) as usize % self.scenes.len();
        self.scenes[self.shown].update(queue, frame)
    }

    fn render(
        &self,
        commands: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) -> Result<(), SceneError> {
        self.scenes[self.shown].render(commands, target)
    }
}
