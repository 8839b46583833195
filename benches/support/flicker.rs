//! A scene of which every sample changes in every frame.

use strikeline_picture::{FrameChange, FrameIndex, PictureSize, Rectangle};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind, UniformBuffer};
use wgpu_video::scene::{Scene, SceneError, SceneTarget};

const SHADER: &str = "
@group(0) @binding(0) var<uniform> brightness: vec4<f32>;

@vertex fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return plane_sample(vec4<f32>(brightness.rgb, 1.0));
}";

/// The whole picture has another colour in each frame; the scene reports the change as 32 bands.
#[derive(Debug, Default)]
pub(crate) struct Flicker {
    size: Option<PictureSize>,
    uniform: Option<UniformBuffer>,
    pipelines: Vec<(PlaneKind, wgpu::RenderPipeline)>,
}

impl Scene for Flicker {
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let device = &gpu.device;
        let module = planes::shader(device, "flicker", SHADER);
        let uniform = UniformBuffer::new(device, "flicker", 16);
        let source = PipelineSource::new("flicker", &module, &uniform.layout);
        let pipeline = |&plane| (plane, planes::pipeline(device, plane, target.size, &source));
        self.pipelines = target.planes.iter().map(pipeline).collect();
        self.uniform = Some(uniform);
        self.size = Some(target.size);
        Ok(())
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let shade = (frame.0 % 64) as f32 / 64.0;
        if let Some(uniform) = &self.uniform {
            queue.write_buffer(&uniform.buffer, 0, bytemuck::bytes_of(&[shade, 1.0 - shade, 0.5, 1.0]));
        }
        Ok(())
    }

    fn reports_changes(&self) -> bool {
        true
    }

    fn change(&self, _previous: Option<FrameIndex>) -> FrameChange {
        let Some(size) = self.size else { return FrameChange::UNKNOWN };
        let (right, bottom) = (size.width(), size.height());
        let band = |index: u32| Rectangle {
            left: 0,
            top: bottom * index / 32,
            right,
            bottom: bottom * (index + 1) / 32,
        };
        FrameChange::within((0..32).map(band).collect())
    }

    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        if let Some((_, pipeline)) = self.pipelines.iter().find(|(kind, _)| *kind == plane) {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, self.uniform.as_ref().map(|uniform| &uniform.bind_group), &[]);
            pass.draw(0..3, 0..1);
        }
        Ok(())
    }
}
