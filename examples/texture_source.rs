//! A renderer that has a device of its own (with a compute pass and a depth buffer) becomes a video, by one more call
//! per frame. The renderer is in texture_source/renderer.rs.
//!
//! `cargo run --release --example texture_source -- [OUTPUT.mp4]`

mod texture_source {
    pub(crate) mod renderer;
}

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use strikeline_picture::{FrameRate, PictureSize};
use texture_source::renderer::Renderer;
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::output::Overwrite;
use wgpu_video::stream::FileSink;
use wgpu_video::stream::{StreamOptions, TextureStream};

/// Ten seconds.
const FRAMES: NonZeroU64 = NonZeroU64::new(600).unwrap();

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What the program has already.
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&Default::default()))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&Default::default()))?;
    let size = PictureSize::new(1280, 720)?;
    let mut renderer = Renderer::new(&device, &queue, [size.width(), size.height()]);

    // The video.
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("textures.mp4"), PathBuf::from);
    let options = StreamOptions::new(size, FrameRate::new(60, 1)?, FRAMES, Arc::new(H264Factory::default()));
    let sink = FileSink::create(&output, Overwrite::Replace)?;
    let mut video = TextureStream::new(&device, &queue, renderer.picture.format(), &options, sink)?;
    for _ in 0..FRAMES.get() {
        renderer.render();
        // The texture may be drawn into again at once: the copy was submitted.
        video.push(&renderer.picture)?;
    }
    let report = video.finish()?;
    let speed = report.frames as f64 / report.wall.as_secs_f64();
    eprintln!("{}: {} frames, {speed:.0} frames/s, {}", output.display(), report.frames, report.adapter);
    Ok(())
}
