//! What a scene costs that draws RGBA only: the render and readback stages alone (a null encoder) of a trivial scene,
//! 1920 × 1080, drawn as RGBA and converted on the processor and on the device, and drawn as planes. They are compared
//! with the least that reading RGBA back can cost: draw, copy into a buffer, map it, and not look at it.
//!
//! `cargo bench --bench rgba -- [FRAMES] [ROUNDS]` (defaults 240 and 7). Prints CPU ms per frame, medians over the
//! rounds, and the median of the rounds' ratios to the read-back with its spread.

mod support;

use std::num::NonZeroU64;
use std::sync::Arc;

use strikeline::steps::median_and_spread;
use strikeline_picture::FrameIndex;
use support::gradient::Gradient;
use support::{full_hd, sixty};
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::{PlaneKind, PlaneTarget, black};
use wgpu_video::scene::{Drawing, Scene, SceneTarget};
use wgpu_video::stream::NullSink;
use wgpu_video::stream::process_cpu_time;
use wgpu_video::stream::{ConvertOn, StreamOptions, stream};

/// A line of the table.
#[derive(Debug, Clone, Copy)]
enum Way {
    ReadBack,
    Streamed(Drawing, ConvertOn),
}

const WAYS: [(&str, Way); 4] = [
    ("RGBA, read back and not looked at", Way::ReadBack),
    ("RGBA, converted on the processor", Way::Streamed(Drawing::Rgba, ConvertOn::Processor)),
    ("RGBA, converted on the device", Way::Streamed(Drawing::Rgba, ConvertOn::Device)),
    ("planes", Way::Streamed(Drawing::Planar, ConvertOn::WhateverDraws)),
];

/// Draws `frames` frames, one after the other, into one buffer.
fn read_back(frames: u64) {
    let (gpu, size) = (Gpu::open(&Default::default()).expect("there is a device"), full_hd());
    let mut scene = Gradient::new(Drawing::Rgba);
    let view = SceneTarget::new(size, sixty(), &[PlaneKind::Rgba]);
    scene.prepare(&gpu, &view).expect("the scene can be prepared");
    let target = PlaneTarget::new(&gpu.device, PlaneKind::Rgba, size);
    let row_bytes = PlaneKind::Rgba.row_bytes(size);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("frame"),
        size: u64::from(row_bytes) * u64::from(size.height()),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    for frame in 0..frames {
        scene.update(&gpu.queue, FrameIndex(frame)).expect("the scene can be drawn");
        let mut commands = gpu.device.create_command_encoder(&Default::default());
        let mut pass = target.begin_pass(&mut commands, Some(black(PlaneKind::Rgba)));
        scene.draw(PlaneKind::Rgba, &mut pass).expect("the scene can be drawn");
        drop(pass);
        target.copy_to_buffer(&mut commands, &buffer, 0, row_bytes);
        commands.map_buffer_on_submit(&buffer, wgpu::MapMode::Read, .., |_| {});
        let submission = gpu.queue.submit([commands.finish()]);
        gpu.wait(&submission).expect("the device draws");
        drop(buffer.get_mapped_range(..).expect("the buffer is mapped"));
        buffer.unmap();
    }
}

fn streamed(drawing: Drawing, convert_on: ConvertOn, frames: u64) {
    let options = StreamOptions::new(
        full_hd(),
        sixty(),
        NonZeroU64::new(frames).expect("there are frames"),
        Arc::new(NullEncoder),
    )
    .with_convert_on(convert_on);
    stream(&mut Gradient::new(drawing), &options, &mut NullSink::default(), &mut |_| {}).expect("it streams");
}

/// CPU ms per frame without preparation, as the difference between many frames and few.
fn measure(way: Way, frames: u64) -> f64 {
    let run = |frames| {
        let before = process_cpu_time();
        match way {
            Way::ReadBack => read_back(frames),
            Way::Streamed(drawing, convert_on) => streamed(drawing, convert_on, frames),
        }
        (process_cpu_time() - before).as_secs_f64() * 1e3
    };
    (run(frames + 8) - run(8)) / frames as f64
}

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let frames = numbers.next().unwrap_or(240);
    let rounds = numbers.next().unwrap_or(7);
    let gpu = Gpu::open(&Default::default()).expect("there is a device");
    println!("{}; 1920x1080, {frames} frames, {rounds} rounds", gpu.description);
    drop(gpu);
    let mut samples = vec![Vec::new(); WAYS.len()];
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for ((_, way), samples) in WAYS.iter().zip(&mut samples) {
            samples.push(measure(*way, frames));
        }
    }
    println!("| scene | CPU ms/frame | × read-back | spread |");
    println!("| --- | --- | --- | --- |");
    for ((name, _), of_way) in WAYS.iter().zip(&samples) {
        let (median, _) = median_and_spread(of_way.iter().copied());
        let (ratio, spread) =
            median_and_spread(of_way.iter().zip(&samples[0]).map(|(way, least)| way / least));
        println!("| {name} | {median:.2} | {ratio:.2} | ±{:.0} % |", spread * 100.0);
    }
}
