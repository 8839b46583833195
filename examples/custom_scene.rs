//! Streams a scene that has nothing to do with MIDI: rings of colour from a shader, ten seconds of them.
//!
//! `cargo run --release --example custom_scene -- [OUTPUT.mp4]`

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use strikeline_picture::{FrameIndex, FrameRate, PictureSize};
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind, UniformBuffer};
use wgpu_video::output::Overwrite;
use wgpu_video::scene::{Scene, SceneError, SceneTarget};
use wgpu_video::stream::FileSink;
use wgpu_video::stream::{StreamOptions, stream};

/// Drawn as luma and chroma by the same shader: strikeline's prelude (shaders/prelude.wgsl) makes the
/// difference, through `picture_position` and `plane_sample`.
const SHADER: &str = "
@group(0) @binding(0) var<uniform> seconds: vec4<f32>;

@vertex fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = (picture_position(position) - vec2<f32>(picture_width, picture_height) * 0.5) / picture_height;
    let wave = 0.5 + 0.5 * sin(length(place) * 40.0 - seconds.x * 6.0);
    let color = 0.5 + 0.5 * cos(vec3<f32>(0.0, 2.1, 4.2) + seconds.x + atan2(place.y, place.x));
    return plane_sample(vec4<f32>(color * wave, 1.0));
}";

/// The scene.
#[derive(Default)]
pub(crate) struct Rings {
    frame_rate: Option<FrameRate>,
    uniform: Option<UniformBuffer>,
    pipelines: Vec<(PlaneKind, wgpu::RenderPipeline)>,
}

impl Scene for Rings {
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let device = &gpu.device;
        let module = planes::shader(device, "rings", SHADER);
        let uniform = UniformBuffer::new(device, "rings", 16);
        let source = PipelineSource::new("rings", &module, &uniform.layout);
        let pipeline = |&plane| (plane, planes::pipeline(device, plane, target.size, &source));
        self.pipelines = target.planes.iter().map(pipeline).collect();
        self.uniform = Some(uniform);
        self.frame_rate = Some(target.frame_rate);
        Ok(())
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        if let (Some(uniform), Some(rate)) = (&self.uniform, self.frame_rate) {
            queue.write_buffer(&uniform.buffer, 0, &(rate.time_of(frame).as_seconds() as f32).to_le_bytes());
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

/// Ten seconds.
const FRAMES: NonZeroU64 = NonZeroU64::new(600).unwrap();

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("rings.mp4"), PathBuf::from);
    let options = StreamOptions::new(
        PictureSize::new(1280, 720)?,
        FrameRate::new(60, 1)?,
        FRAMES,
        Arc::new(H264Factory::default()),
    );
    let mut sink = FileSink::create(&output, Overwrite::Replace)?;
    let report = stream(&mut Rings::default(), &options, &mut sink, &mut |progress| {
        eprint!("\rframe {}/{} ", progress.frames, progress.total);
    })?;
    let speed = report.frames as f64 / report.wall.as_secs_f64();
    eprintln!("\r{}: {} frames, {speed:.0} frames/s, {}", output.display(), report.frames, report.adapter);
    Ok(())
}
