//! The steps from the naive way of rendering to the present one, interleaved in one run: naive → resident → ring →
//! planar → segments → changed → devices, all with openh264; and the last two with the built-in encoder, without and with
//! recording.
//!
//! Prints frames per second and CPU ms per frame of each step, and the ratio to naive.
//!
//! `cargo bench --bench compare_steps -- [FRAMES] [ROUNDS]` (defaults 300 and 7). `strikeline profile --compare` does the
//! same with any song and any settings.

mod support;

use std::sync::Arc;

use strikeline::steps::{Sample, Step, StepRunner, median_and_spread};
use support::{at_least_one, full_hd, groove_highway, sixty};
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::gpu::Gpu;
use wgpu_video::stream::StreamOptions;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let frames = numbers.next().unwrap_or(300);
    let rounds = numbers.next().unwrap_or(7);
    let by_openh264 =
        StreamOptions::new(full_hd(), sixty(), at_least_one(frames), Arc::new(OpenH264::default()));
    let by_h264 = by_openh264.clone().with_encoder(Arc::new(H264Factory::default()));
    let gpu = Arc::new(Gpu::open(&by_h264.adapter)?);
    println!(
        "{}; {} jobs; 1920x1080, {frames} frames of the groove, theme plain, {rounds} rounds",
        gpu.description, by_h264.split.jobs
    );

    let unrecorded = Step::ALL.into_iter().filter(|step| *step != Step::Recorded);
    let steps: Vec<_> = unrecorded
        .map(|step| (step, &by_openh264))
        .chain([(Step::Changed, &by_h264), (Step::Devices, &by_h264), (Step::Recorded, &by_h264)])
        .collect();
    let mut samples = vec![Vec::new(); steps.len()];
    for _ in 0..rounds {
        for ((step, options), samples) in steps.iter().zip(&mut samples) {
            let runner = StepRunner { gpu: Arc::clone(&gpu), options };
            samples.push(runner.run(*step, groove_highway())?);
        }
    }

    println!("| step | frames/s | × naive | spread | CPU ms/frame | render ms | readback ms | encode ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for ((step, options), of_step) in steps.into_iter().zip(&samples) {
        let of = |value: &dyn Fn(&Sample) -> f64| median_and_spread(of_step.iter().map(value)).0;
        let (ratio, spread) = median_and_spread(
            of_step.iter().zip(&samples[0]).map(|(a, b)| a.frames_per_second / b.frames_per_second),
        );
        println!(
            "| {}, {} | {:.0} | {ratio:.2} | ±{:.0} % | {:.2} | {:.2} | {:.2} | {:.2} |",
            step.name(),
            options.encoder.name(),
            of(&|sample| sample.frames_per_second),
            spread * 100.0,
            of(&|sample| sample.cpu_ms),
            of(&|sample| sample.stages_ms[0]),
            of(&|sample| sample.stages_ms[1]),
            of(&|sample| sample.stages_ms[2]),
        );
    }
    Ok(())
}
