//! Streams a scene with sound: once a second a disc flashes and a sine sounds, ten seconds of both.
//!
//! `cargo run --release --example scene_with_sound -- [OUTPUT.mp4]`

use std::f32::consts::TAU;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use strikeline_picture::{FrameIndex, FrameRate, PictureSize};
use wgpu_video::audio::{AudioError, AudioFormat, AudioSource};
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind, UniformBuffer};
use wgpu_video::output::Overwrite;
use wgpu_video::scene::{Scene, SceneError, SceneTarget};
use wgpu_video::sound::AudioEncoding;
use wgpu_video::stream::{FileSink, StreamOptions, stream_with_sound};

/// See `custom_scene.rs`.
const SHADER: &str = "
@group(0) @binding(0) var<uniform> seconds: vec4<f32>;

@vertex fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = (picture_position(position) - vec2<f32>(picture_width, picture_height) * 0.5) / picture_height;
    let disc = smoothstep(0.301, 0.299, length(place));
    let glow = exp(-4.0 * fract(seconds.x));
    return plane_sample(vec4<f32>(vec3<f32>(0.05, 0.06, 0.1) + disc * glow * vec3<f32>(0.9, 0.7, 0.3), 1.0));
}";

#[derive(Default)]
struct Flash {
    frame_rate: Option<FrameRate>,
    uniform: Option<UniformBuffer>,
    pipelines: Vec<(PlaneKind, wgpu::RenderPipeline)>,
}

impl Scene for Flash {
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let module = planes::shader(&gpu.device, "flash", SHADER);
        let uniform = UniformBuffer::new(&gpu.device, "flash", 16);
        let source = PipelineSource::new("flash", &module, &uniform.layout);
        let pipeline = |&plane| (plane, planes::pipeline(&gpu.device, plane, target.size, &source));
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

/// A sine of 440 Hz that begins anew each second and fades away, on both channels.
struct Sine {
    /// The next sample frame.
    position: u64,
}

const FORMAT: AudioFormat = AudioFormat::STEREO_48K;

impl AudioSource for Sine {
    fn format(&self) -> AudioFormat {
        FORMAT
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let frames = block.chunks_exact_mut(FORMAT.samples_per_frame());
        let count = frames.len();
        for frame in frames {
            let rate = FORMAT.rate().get();
            let seconds = (self.position % u64::from(rate)) as f32 / rate as f32;
            frame.fill(0.5 * (-4.0 * seconds).exp() * (TAU * 440.0 * seconds).sin());
            self.position += 1;
        }
        // It has no end: the encoder takes as much as the video lasts.
        Ok(count)
    }
}

/// Ten seconds.
const FRAMES: NonZeroU64 = NonZeroU64::new(600).unwrap();
const SECONDS: u64 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("flash.mp4"), PathBuf::from);
    let options = StreamOptions::new(
        PictureSize::new(1280, 720)?,
        FrameRate::new(60, 1)?,
        FRAMES,
        Arc::new(H264Factory::default()),
    );
    // AAC, which every player has.
    let mut sound =
        AudioEncoding::default().encode(Sine { position: 0 }, SECONDS * u64::from(FORMAT.rate().get()))?;
    let mut sink = FileSink::create(&output, Overwrite::Replace)?.with_title("A flash and a sine");
    let report =
        stream_with_sound(&mut Flash::default(), &mut sound, &options, &mut sink, &mut |progress| {
            eprint!("\rframe {}/{} ", progress.frames, progress.total);
        })?;
    let speed = report.frames as f64 / report.wall.as_secs_f64();
    eprintln!("\r{}: {} frames, {speed:.0} frames/s, {}", output.display(), report.frames, report.adapter);
    let busy = report.stages.at_work().map(|stage| {
        let share = report.stages.occupancy(stage) * 100.0;
        format!("{stage} {share:.1} %")
    });
    eprintln!("busy: {}", busy.collect::<Vec<_>>().join(", "));
    Ok(())
}
