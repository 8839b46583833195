//! The cheapest scene that fills the picture: a gradient that changes with every frame, as planes or as RGBA.

use strikeline_picture::FrameIndex;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind, UniformBuffer};
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};

const SHADER: &str = "
@group(0) @binding(0) var<uniform> brightness: vec4<f32>;

@vertex fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = picture_position(position) / vec2<f32>(picture_width, picture_height);
    return plane_sample(vec4<f32>(place, brightness.x, 1.0));
}";

/// Red across, green down, blue by the frame.
#[derive(Debug)]
pub(crate) struct Gradient {
    drawing: Drawing,
    uniform: Option<UniformBuffer>,
    pipelines: Vec<(PlaneKind, wgpu::RenderPipeline)>,
}

impl Gradient {
    pub(crate) fn new(drawing: Drawing) -> Gradient {
        Gradient { drawing, uniform: None, pipelines: Vec::new() }
    }
}

impl Scene for Gradient {
    fn drawing(&self) -> Drawing {
        self.drawing
    }

    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let device = &gpu.device;
        let module = planes::shader(device, "gradient", SHADER);
        let uniform = UniformBuffer::new(device, "gradient", 16);
        let source = PipelineSource::new("gradient", &module, &uniform.layout);
        let pipeline = |&plane| (plane, planes::pipeline(device, plane, target.size, &source));
        self.pipelines = target.planes.iter().map(pipeline).collect();
        self.uniform = Some(uniform);
        Ok(())
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        if let Some(uniform) = &self.uniform {
            let brightness = (frame.0 % 64) as f32 / 64.0;
            queue.write_buffer(&uniform.buffer, 0, &brightness.to_le_bytes());
        }
        Ok(())
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
