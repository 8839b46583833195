//! The steps from the old way to this one, interleaved in one run: naive → resident → + ring → + planar →
//! + parallel segments. Prints frames per second and CPU ms per frame of each, and the ratio to naive.
//!
//! `cargo bench --bench arms -- [FRAMES] [ROUNDS]` (defaults 300 and 7)

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use strikeline::encode::openh264::OpenH264;
use strikeline::encode::{EncoderFactory, EncoderSettings, Quality};
use strikeline::gpu::Gpu;
use strikeline::scene::Scene;
use strikeline::scene::highway::HighwayOptions;
use strikeline::stream::plan::Plan;
use strikeline::stream::scene_stages::{SceneRenderer, SlotReader};
use strikeline::stream::sink::NullSink;
use strikeline::stream::stage::{Mapped, Readback, Render, SlotIndex};
use strikeline::stream::stats::{Clocks, process_cpu_time};
use strikeline::stream::{CancelToken, Spread, Stage, default_jobs, pipeline};
use strikeline::timing::{FrameIndex, SegmentIndex, Time};
use support::rebuilt::RebuiltHighway;
use support::rgba::{RgbaReader, RgbaRenderer};
use support::{full_hd, groove, groove_highway, median_and_spread, sixty};

const SEGMENT_FRAMES: u32 = 120;

/// What one run of an arm took, per frame.
#[derive(Clone, Copy)]
struct Sample {
    frames_per_second: f64,
    cpu_ms: f64,
    /// Busy time of render, readback and encode, in ms.
    stages: [f64; 3],
}

fn settings() -> EncoderSettings {
    EncoderSettings {
        size: full_hd(),
        frame_rate: sixty(),
        quality: Quality::DEFAULT,
        segment_frames: SEGMENT_FRAMES,
    }
}

fn sample(frames: u64, wall: Duration, cpu: Duration, clocks: &Clocks) -> Sample {
    let report = clocks.read();
    let per_frame = |time: Duration| time.as_secs_f64() * 1e3 / frames as f64;
    Sample {
        frames_per_second: frames as f64 / wall.as_secs_f64(),
        cpu_ms: per_frame(cpu),
        stages: [Stage::Render, Stage::Readback, Stage::Encode].map(|stage| per_frame(report.of(stage).busy)),
    }
}

/// One frame after the other: drawn, waited for, converted, encoded.
fn in_turn(gpu: &Arc<Gpu>, scene: &mut dyn Scene, frames: u64) -> Sample {
    let mut renderer = RgbaRenderer::new(gpu, scene, 1);
    let mut reader = RgbaReader { gpu: Arc::clone(gpu) };
    let mut encoder = OpenH264.begin_segment(&settings(), SegmentIndex(0)).expect("openh264 starts");
    let mut output = Vec::new();
    let (cpu, started, clocks) = (process_cpu_time(), Instant::now(), Clocks::start(1));
    for frame in 0..frames {
        if frame % u64::from(SEGMENT_FRAMES) == 0 {
            let segment = SegmentIndex(frame / u64::from(SEGMENT_FRAMES));
            encoder = OpenH264.begin_segment(&settings(), segment).expect("openh264 starts");
        }
        let submitted = clocks.of(Stage::Render).busy(|| renderer.render(FrameIndex(frame), SlotIndex(0)));
        let mapped = clocks
            .of(Stage::Readback)
            .busy(|| reader.wait(submitted.expect("a frame is drawn")))
            .expect("a frame is read back");
        output.clear();
        clocks
            .of(Stage::Encode)
            .busy(|| encoder.encode(&mapped.picture(), &mut output))
            .expect("a frame is encoded");
    }
    sample(frames, started.elapsed(), process_cpu_time() - cpu, &clocks)
}

fn piped<R: Render, B: Readback<R::Submitted>>(
    render: R,
    readback: B,
    frames: u64,
    spread: Spread,
) -> Sample {
    let outcome = pipeline::run(
        render,
        readback,
        &OpenH264,
        settings(),
        &mut NullSink::default(),
        Plan::new(frames, SEGMENT_FRAMES),
        spread,
        &CancelToken::default(),
        &mut |_| {},
    )
    .expect("the pipeline runs");
    sample(frames, outcome.clocks.elapsed(), outcome.cpu, &outcome.clocks)
}

fn planar(gpu: &Arc<Gpu>, frames: u64, spread: Spread) -> Sample {
    let mut scene = groove_highway();
    let renderer = SceneRenderer::new(gpu, &mut scene, full_hd(), sixty(), spread.ring_depth);
    piped(renderer.expect("the scene can be prepared"), SlotReader { gpu: Arc::clone(gpu) }, frames, spread)
}

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let frames = numbers.next().unwrap_or(300);
    let rounds = numbers.next().unwrap_or(7);
    let gpu = Arc::new(Gpu::open(&Default::default()).expect("an adapter"));
    let jobs = default_jobs();
    let one = Spread { ring_depth: 4, jobs: 1, segments_in_flight: 1 };
    let many = Spread::for_jobs(jobs);
    println!("{}; {jobs} jobs; 1920x1080, {frames} frames of the groove, {rounds} rounds", gpu.description);

    type Arm<'a> = (&'a str, Box<dyn Fn() -> Sample + 'a>);
    let naive = || {
        let options = HighwayOptions { start: Some(Time::from_seconds(10.0)), ..HighwayOptions::default() };
        in_turn(&gpu, &mut RebuiltHighway::new(groove(), &options), frames)
    };
    let ring = || {
        let mut scene = groove_highway();
        let renderer = RgbaRenderer::new(&gpu, &mut scene, one.ring_depth);
        piped(renderer, RgbaReader { gpu: Arc::clone(&gpu) }, frames, one)
    };
    let arms: [Arm<'_>; 5] = [
        ("naive", Box::new(naive)),
        ("resident", Box::new(|| in_turn(&gpu, &mut groove_highway(), frames))),
        ("+ ring", Box::new(ring)),
        ("+ planar", Box::new(|| planar(&gpu, frames, one))),
        ("+ parallel segments", Box::new(|| planar(&gpu, frames, many))),
    ];
    let mut samples = vec![Vec::new(); arms.len()];
    for _ in 0..rounds {
        for ((_, arm), samples) in arms.iter().zip(&mut samples) {
            samples.push(arm());
        }
    }

    println!("| arm | frames/s | × naive | spread | CPU ms/frame | render ms | readback ms | encode ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let naive = samples[0].clone();
    for ((name, _), samples) in arms.iter().zip(&samples) {
        let of = |value: &dyn Fn(&Sample) -> f64| {
            median_and_spread(&mut samples.iter().map(value).collect::<Vec<_>>())
        };
        let mut ratios: Vec<f64> =
            samples.iter().zip(&naive).map(|(a, b)| a.frames_per_second / b.frames_per_second).collect();
        let (ratio, spread) = median_and_spread(&mut ratios);
        println!(
            "| {name} | {:.0} | {ratio:.2} | ±{:.0} % | {:.2} | {:.2} | {:.2} | {:.2} |",
            of(&|sample| sample.frames_per_second).0,
            spread * 100.0,
            of(&|sample| sample.cpu_ms).0,
            of(&|sample| sample.stages[0]).0,
            of(&|sample| sample.stages[1]).0,
            of(&|sample| sample.stages[2]).0,
        );
    }
}
