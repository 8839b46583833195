//! The steps from the old way to this one, interleaved in one run: naive → resident → ring → planar → segments →
//! changed → devices, all with openh264; and the last two with strikeline's own encoder, without and with recording.
//!
//! Prints frames per second and CPU ms per frame of each, and the ratio to naive.
//!
//! `cargo bench --bench arms -- [FRAMES] [ROUNDS]` (defaults 300 and 7). `strikeline profile --compare` does the
//! same with any song and any settings.

mod support;

use std::sync::Arc;

use support::steps::{Arm, Sample, Steps, median_and_spread};
use support::{at_least_one, full_hd, groove_highway, sixty};
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::gpu::Gpu;
use wgpu_video::stream::StreamOptions;

fn main() -> anyhow::Result<()> {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let frames = numbers.next().unwrap_or(300);
    let rounds = numbers.next().unwrap_or(7);
    let by_openh264 =
        StreamOptions::new(full_hd(), sixty(), at_least_one(frames), Arc::new(OpenH264::default()));
    let by_own = StreamOptions { encoder: Arc::new(H264Factory::default()), ..by_openh264.clone() };
    let gpu = Arc::new(Gpu::open(&by_own.adapter)?);
    println!(
        "{}; {} jobs; 1920x1080, {frames} frames of the groove, theme plain, {rounds} rounds",
        gpu.description, by_own.spread.jobs
    );

    let steps = Arm::ALL.into_iter().filter(|arm| *arm != Arm::Recorded).map(|arm| (arm, &by_openh264));
    let arms: Vec<_> =
        steps.chain([(Arm::Changed, &by_own), (Arm::Devices, &by_own), (Arm::Recorded, &by_own)]).collect();
    let mut samples = vec![Vec::new(); arms.len()];
    for _ in 0..rounds {
        for ((arm, options), samples) in arms.iter().zip(&mut samples) {
            let steps = Steps { gpu: Arc::clone(&gpu), highway: &|| Ok(groove_highway()), options };
            samples.push(steps.run(*arm)?);
        }
    }

    println!("| arm | frames/s | × naive | spread | CPU ms/frame | render ms | readback ms | encode ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for ((arm, options), of_arm) in arms.into_iter().zip(&samples) {
        let of = |value: &dyn Fn(&Sample) -> f64| median_and_spread(of_arm.iter().map(value)).0;
        let (ratio, spread) = median_and_spread(
            of_arm.iter().zip(&samples[0]).map(|(a, b)| a.frames_per_second / b.frames_per_second),
        );
        println!(
            "| {}, {} | {:.0} | {ratio:.2} | ±{:.0} % | {:.2} | {:.2} | {:.2} | {:.2} |",
            arm.name(),
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
