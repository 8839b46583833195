//! The cost of recording: the same run with and without it, in turn, with stages that cost nothing, with stages that
//! wait, and with the real stages on the bundled groove.

#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use support::{at_least_one, full_hd, groove_highway, sixty};
use wgpu_video::encode::EncoderFactory;
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::{Recording, StreamOptions, WorkSplit, stream};

use super::costs::Costs;

/// What runs with and without recording.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RecordingCost {
    /// The stages and the work split.
    pub what: String,
    pub frames: u64,
    pub rounds: usize,
    /// CPU time per frame of the whole process in µs without and with recording: medians.
    pub cpu_micros: [f64; 2],
    /// Frames per second without and with recording: medians.
    pub frames_per_second: [f64; 2],
    /// CPU time that recording adds to a frame in µs, pair by pair: first quartile, median, third quartile.
    pub added_cpu_micros: [f64; 3],
    /// Throughput with recording over that without, pair by pair: first quartile, median, third quartile.
    pub throughput_ratio: [f64; 3],
    /// Events kept per frame.
    pub events_per_frame: f64,
}

/// Wall and CPU time of a run, and the number of events that it kept.
pub(crate) struct RecordedRun {
    pub wall: Duration,
    pub cpu: Duration,
    pub events: usize,
}

impl RecordingCost {
    /// Runs `run` in pairs, every second pair in the opposite order.
    fn measure(
        what: String,
        frames: u64,
        rounds: usize,
        run: &mut dyn FnMut(bool) -> RecordedRun,
    ) -> RecordingCost {
        // The first run fills caches that all others find filled.
        run(true);
        let mut runs = [Vec::new(), Vec::new()];
        for round in 0..rounds {
            for turn in 0..2 {
                let recorded = (round + turn) % 2 == 1;
                runs[usize::from(recorded)].push(run(recorded));
            }
        }
        let [without, with] = &runs;
        let micros = |run: &RecordedRun| run.cpu.as_secs_f64() * 1e6 / frames as f64;
        let per_second = |run: &RecordedRun| frames as f64 / run.wall.as_secs_f64();
        let pairs = || without.iter().zip(with);
        RecordingCost {
            what,
            frames,
            rounds,
            cpu_micros: [without, with].map(|runs| quartiles(runs.iter().map(micros))[1]),
            frames_per_second: [without, with].map(|runs| quartiles(runs.iter().map(per_second))[1]),
            added_cpu_micros: quartiles(pairs().map(|(without, with)| micros(with) - micros(without))),
            throughput_ratio: quartiles(
                pairs().map(|(without, with)| per_second(with) / per_second(without)),
            ),
            events_per_frame: with.last().map_or(0.0, |run| run.events as f64 / frames as f64),
        }
    }
}

/// The values at a quarter, at the middle and at three quarters.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [0.25, 0.5, 0.75].map(|share| values[((values.len() - 1) as f64 * share).round() as usize])
}

/// With stand-ins of the given costs.
pub(crate) fn with_stand_ins(
    name: &str,
    costs: &Costs,
    frames: u64,
    split: WorkSplit,
    rounds: usize,
) -> RecordingCost {
    let WorkSplit { ring_depth, jobs, segments_in_flight, .. } = split;
    let what = format!("{name}; ring {ring_depth}, encoders {jobs}, segments {segments_in_flight}");
    let plan = super::super::plan(frames, super::super::OWN_COST_SEGMENT_FRAMES);
    RecordingCost::measure(what, frames, rounds, &mut |recorded| {
        super::super::run_recorded(costs, plan, split, &mut NullSink::default(), recorded)
    })
}

/// With the groove, drawn and read back at 1920 × 1080, and the null encoder or the built-in one. `None` without a
/// graphics device.
pub(crate) fn with_the_groove(encode: bool, frames: u64, rounds: usize) -> Option<RecordingCost> {
    let encoder: Arc<dyn EncoderFactory> =
        if encode { Arc::new(H264Factory::default()) } else { Arc::new(NullEncoder) };
    let what = format!("the groove, encoder {}", encoder.name());
    let options = StreamOptions::new(full_hd(), sixty(), at_least_one(frames), encoder);
    wgpu_video::gpu::Gpu::open(&options.adapter).ok()?;
    Some(RecordingCost::measure(what, frames, rounds, &mut |recorded| {
        let options = options.clone().with_record(recorded.then(Recording::default));
        let report = stream(&mut groove_highway(), &options, &mut NullSink::default(), &mut |_| {})
            .expect("the groove can be streamed");
        RecordedRun {
            wall: report.wall,
            cpu: report.cpu,
            events: report.trace.map_or(0, |trace| trace.events()),
        }
    }))
}

/// Prints them all.
pub(crate) fn print(costs: &[RecordingCost]) {
    println!("\nWhat recording costs: pairs of runs, with and without, medians; in brackets the quartiles\n");
    println!(
        "| stages | pairs of | CPU µs a frame | with recording | added | share | events | frames/s, ratio |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for cost in costs {
        let [low, added, high] = cost.added_cpu_micros;
        let [slow, ratio, fast] = cost.throughput_ratio;
        println!(
            "| {} | {} × {} | {:.2} | {:.2} | {added:+.2} ({low:+.2} to {high:+.2}) | {:+.2} % | {:.1} | {ratio:.3} ({slow:.3} to {fast:.3}) |",
            cost.what,
            cost.rounds,
            cost.frames,
            cost.cpu_micros[0],
            cost.cpu_micros[1],
            added / cost.cpu_micros[0] * 100.0,
            cost.events_per_frame,
        );
    }
}
