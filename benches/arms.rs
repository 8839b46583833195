//! The steps from the old way to this one, interleaved in one run: naive → resident → + ring → + planar →
//! + parallel segments. Prints frames per second and CPU ms per frame of each, and the ratio to naive.
//!
//! `cargo bench --bench arms -- [FRAMES] [ROUNDS]` (defaults 300 and 7). `strikeline profile --compare` does the
//! same with any song and any settings.

mod support;

use std::sync::Arc;

use strikeline::encode::openh264::OpenH264;
use strikeline::gpu::Gpu;
use strikeline::stream::StreamOptions;
use support::steps::{Arm, Sample, Steps, median_and_spread};
use support::{full_hd, groove_highway, sixty};

fn main() -> anyhow::Result<()> {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let frames = numbers.next().unwrap_or(300);
    let rounds = numbers.next().unwrap_or(7);
    let options = StreamOptions::new(full_hd(), sixty(), frames, Arc::new(OpenH264));
    let steps = Steps {
        gpu: Arc::new(Gpu::open(&options.adapter)?),
        highway: &|| Ok(groove_highway()),
        options: &options,
    };
    println!(
        "{}; {} jobs; 1920x1080, {frames} frames of the groove, {rounds} rounds",
        steps.gpu.description, options.spread.jobs
    );

    let mut samples = [const { Vec::new() }; Arm::ALL.len()];
    for _ in 0..rounds {
        for (arm, samples) in Arm::ALL.into_iter().zip(&mut samples) {
            samples.push(steps.run(arm)?);
        }
    }

    println!("| arm | frames/s | × naive | spread | CPU ms/frame | render ms | readback ms | encode ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (arm, of_arm) in Arm::ALL.into_iter().zip(&samples) {
        let of = |value: &dyn Fn(&Sample) -> f64| median_and_spread(of_arm.iter().map(value)).0;
        let (ratio, spread) = median_and_spread(
            of_arm.iter().zip(&samples[0]).map(|(a, b)| a.frames_per_second / b.frames_per_second),
        );
        println!(
            "| {} | {:.0} | {ratio:.2} | ±{:.0} % | {:.2} | {:.2} | {:.2} | {:.2} |",
            arm.name(),
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
