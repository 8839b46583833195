//! The real pipeline (ring, threads, queues, segments) with stand-in stages that only wait, as for a device or for cores
//! of their own. It shows how fast the pipeline is with given stage costs, on any machine and without a GPU.
//!
//! `cargo bench --bench pipeline_model -- [--quick] [--json] [PART]...`, where a part is `memory`, `own-cost`, or a set
//! of costs: `seed`, `planar`, `uniform`, `log-normal`, `plain`, `neon`. Without names all of these are run, which takes about a
//! quarter of an hour of mostly waiting.
//!
//! `recording` is only run when named: what recording costs, with these stages and with the real ones.

mod model;

use std::time::{Duration, Instant};

use model::bare::{handing_over_cpu_micros, sleeping_cpu_micros};
use model::costs::{Costs, Jitter};
use model::ideal::ideal_time;
use model::recording::{self, RecordedRun, with_stand_ins, with_the_groove};
use model::report::{Machine, Memory, ModelReport, SettingRow, print_grid, print_memory, print_own_cost};
use model::stand_ins::{Copier, Drawer, WaitingEncoder, lateness_micros, settings, sleep_exactly};
use std::num::{NonZeroU32, NonZeroU64};
use strikeline_picture::SegmentPlan;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::SegmentSelection;
use wgpu_video::stream::pipeline::DeviceStages;
use wgpu_video::stream::pipeline::PipelineOptions;
use wgpu_video::stream::{
    CancelToken, FinishedSegment, Recording, Sink, SinkError, Stage, StreamInfo, WorkSplit, pipeline,
};

/// A frame of 1080p in RGB, as measured on the predecessor of this program: 141 frames/s, one stage after the other.
const SEED: Costs = Costs {
    render: Duration::from_micros(30),
    readback: Duration::from_micros(3_600),
    encode: Duration::from_micros(3_500),
    jitter: Jitter::None,
    seed: 1,
};

/// The same with half the bytes to copy: luma and chroma.
const PLANAR: Costs = Costs { readback: Duration::from_micros(1_800), ..SEED };

/// The groove in `plain`: 1.7 % of the planes are read back, and the built-in encoder codes what has changed, in its time per frame on
/// one core (README.md, "encoding alone").
const PLAIN: Costs =
    Costs { readback: Duration::from_micros(31), encode: Duration::from_micros(620), ..SEED };

/// The groove in `neon`: 10 % of the planes are read back. The time of the encoder is more than the tables of PERF.md have.
const NEON: Costs =
    Costs { readback: Duration::from_micros(180), encode: Duration::from_micros(3_000), ..SEED };

/// The costs that are run over all ring depths and numbers of encoders: name, title, costs.
const CASES: [(&str, &str, Costs); 6] = [
    ("seed", "Render 0.03, read-back 3.6, encode 3.5 ms", SEED),
    ("planar", "Render 0.03, read-back 1.8 (1.5 bytes per pixel rather than 3), encode 3.5 ms", PLANAR),
    (
        "uniform",
        "Render 0.03, read-back 3.6, encode 3.5 ms, each evenly from 0.5 to 1.5 times that",
        Costs { jitter: Jitter::Uniform, ..SEED },
    ),
    (
        "log-normal",
        "Render 0.03, read-back 3.6, encode 3.5 ms on average, log-normal with σ = 0.5",
        Costs { jitter: Jitter::LogNormal, ..SEED },
    ),
    ("plain", "Render 0.03, read-back 0.031 (1.7 % of 1.5 bytes per pixel), encode 0.62 ms", PLAIN),
    ("neon", "Render 0.03, read-back 0.18 (10 % of 1.5 bytes per pixel), encode 3.0 ms", NEON),
];

/// The work splits for which the cost of the pipeline itself is measured.
const OWN_COST: [WorkSplit; 6] = [
    split(1, 1),
    split(4, 1),
    split(6, 3),
    split(4, 8),
    split(16, 8),
    WorkSplit { ring_depth: 8, jobs: 4, segments_in_flight: 64, devices: None },
];

/// Short, so that all encoders have work until the end: in so short a run a last segment by itself would weigh more than
/// in any video.
const SEGMENT_FRAMES: u32 = 10;

/// Segment length for the cost of the pipeline itself.
const OWN_COST_SEGMENT_FRAMES: u32 = 30;

/// How much is run.
struct Amount {
    rounds: usize,
    frames: u64,
    depths: &'static [usize],
    encoders: &'static [usize],
    /// Frames of the runs whose stages cost nothing.
    free_frames: u64,
    /// Frames of the run that measures memory.
    long_frames: u64,
}

const FULL: Amount = Amount {
    rounds: 3,
    frames: 240,
    depths: &[1, 2, 3, 4, 5, 6, 7, 8],
    encoders: &[1, 2, 3, 4, 5, 6, 7, 8],
    free_frames: 200_000,
    long_frames: 1_000_000,
};

const QUICK: Amount = Amount {
    rounds: 1,
    frames: 60,
    depths: &[1, 3, 8],
    encoders: &[1, 2, 8],
    free_frames: 20_000,
    long_frames: 100_000,
};

const fn split(ring_depth: usize, encoders: usize) -> WorkSplit {
    WorkSplit { ring_depth, jobs: encoders, segments_in_flight: encoders, devices: None }
}

/// Runs `plan` with stages of these costs.
fn run_once(costs: &Costs, plan: SegmentPlan, split: WorkSplit, sink: &mut dyn Sink) -> RecordedRun {
    run_recorded(costs, plan, split, sink, false)
}

/// The same, recorded or not.
fn run_recorded(
    costs: &Costs,
    plan: SegmentPlan,
    split: WorkSplit,
    sink: &mut dyn Sink,
    recorded: bool,
) -> RecordedRun {
    let epoch = Instant::now();
    let options = PipelineOptions {
        encoder: &WaitingEncoder { costs: *costs, epoch },
        settings: settings(plan.segment_frames()),
        plan,
        split,
        cancel: &CancelToken::default(),
        record: recorded.then(Recording::default),
        selection: SegmentSelection::default(),
    };
    let devices = vec![DeviceStages { render: Drawer::new(*costs), readback: Copier::new(*costs, epoch) }];
    let outcome = pipeline::run(devices, &options, sink, &mut |_| {}).expect("the pipeline runs");
    let events = outcome.trace.as_ref().map_or(0, |trace| trace.events());
    RecordedRun { wall: outcome.clocks.elapsed(), cpu: outcome.cpu, events }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn measure(
    name: &'static str,
    costs: &Costs,
    plan: SegmentPlan,
    split: WorkSplit,
    rounds: usize,
) -> SettingRow {
    let frames = plan.frames();
    let samples: Vec<_> =
        (0..rounds).map(|_| run_once(costs, plan, split, &mut NullSink::default())).collect();
    let per_second = |time: Duration| frames as f64 / time.as_secs_f64();
    let slowest = costs
        .sum(Stage::Render, frames)
        .max(costs.sum(Stage::Readback, frames))
        .max(costs.sum(Stage::Encode, frames) / split.jobs as u32);
    let waits = slowest > Duration::ZERO;
    SettingRow {
        costs: name,
        ring_depth: split.ring_depth,
        encoders: split.jobs,
        segments_in_flight: split.segments_in_flight,
        frames,
        frames_per_second: median(samples.iter().map(|run| per_second(run.wall)).collect()),
        limit: waits.then(|| per_second(slowest)),
        ideal: waits.then(|| per_second(ideal_time(costs, plan, split))),
        cpu_micros_per_frame: median(samples.iter().map(|run| run.cpu.as_secs_f64() * 1e6).collect())
            / frames as f64,
    }
}

/// Counts what is written, and notes the peak memory after a tenth.
#[derive(Default)]
struct PeakSink {
    frames: u64,
    total: u64,
    at_a_tenth: Option<u64>,
}

impl Sink for PeakSink {
    fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.frames += segment.units.len() as u64;
        if self.at_a_tenth.is_none() && self.frames * 10 >= self.total {
            self.at_a_tenth = peak_memory();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        Ok(0)
    }
}

/// Peak resident memory of this process, in KiB; `None` if the system does not report it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn long_run(frames: u64) -> Memory {
    let split = WorkSplit { ring_depth: 8, jobs: 4, segments_in_flight: 64, devices: None };
    let mut sink = PeakSink { total: frames, ..PeakSink::default() };
    let run = run_once(&Costs::NOTHING, plan(frames, 120), split, &mut sink);
    Memory {
        segments_in_flight: split.segments_in_flight,
        frames: sink.frames,
        seconds: run.wall.as_secs_f64(),
        at_a_tenth: sink.at_a_tenth,
        at_the_end: peak_memory(),
    }
}

fn machine(frames: u32) -> Machine {
    let (late_micros, late_micros_last_decile) = lateness_micros(frames as usize);
    Machine {
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        late_micros,
        late_micros_last_decile,
        sleeping_cpu_micros: sleeping_cpu_micros(frames, SEED.encode),
        handing_over_cpu_micros: handing_over_cpu_micros(frames, SEED.encode, 6),
    }
}

/// Measures what recording costs.
fn recording_costs(amount: &Amount) -> Vec<recording::RecordingCost> {
    let pairs = amount.rounds * 3;
    let nothing =
        |split| with_stand_ins("stages that cost nothing", &Costs::NOTHING, amount.free_frames, split, pairs);
    let waiting = with_stand_ins("stages that wait", &SEED, amount.frames, split(6, 3), pairs);
    let mut costs = vec![nothing(split(4, 1)), nothing(split(6, 3)), waiting];
    costs
        .extend([false, true].into_iter().filter_map(|encode| with_the_groove(encode, amount.frames, pairs)));
    costs
}

fn plan(frames: u64, segment_frames: u32) -> SegmentPlan {
    let segment_frames = NonZeroU32::new(segment_frames).expect("a segment has frames");
    SegmentPlan::new(NonZeroU64::new(frames).expect("a video has frames"), segment_frames)
}

fn main() {
    let given = |name: &str| std::env::args().any(|argument| argument == name);
    let (amount, json) = (if given("--quick") { &QUICK } else { &FULL }, given("--json"));
    let parts = ["memory", "own-cost", "recording"].into_iter().chain(CASES.map(|(name, ..)| name));
    let any = parts.into_iter().any(given);
    let wanted = |name: &str| given(name) || !any && name != "recording";
    let say = |print: &dyn Fn()| {
        if !json {
            print()
        }
    };
    sleep_exactly();
    // First, as the peak of memory is that of the whole process.
    let memory = wanted("memory").then(|| long_run(amount.long_frames));
    let machine = machine(amount.frames as u32);
    say(&|| {
        println!(
            "{} cores; medians of {} rounds of {} frames ({} where nothing waits), in segments of {SEGMENT_FRAMES}; \
             sleeps\nend {:.0} µs late ({:.0} µs in the last decile)",
            machine.cores,
            amount.rounds,
            amount.frames,
            amount.free_frames,
            machine.late_micros,
            machine.late_micros_last_decile
        );
        if let Some(memory) = &memory {
            print_memory(memory);
        }
    });

    let mut rows = Vec::new();
    if wanted("own-cost") {
        let own_cost = |name, costs: &Costs, frames| {
            let plan = plan(frames, OWN_COST_SEGMENT_FRAMES);
            OWN_COST.map(|split| measure(name, costs, plan, split, amount.rounds))
        };
        let free = own_cost("nothing", &Costs::NOTHING, amount.free_frames);
        let waiting = own_cost("seed", &SEED, amount.frames);
        say(&|| print_own_cost(&machine, &free, &waiting));
        rows.extend(free.into_iter().chain(waiting));
    }
    let recording = if wanted("recording") { recording_costs(amount) } else { Vec::new() };
    if !recording.is_empty() {
        say(&|| recording::print(&recording));
    }
    for (name, title, costs) in CASES.into_iter().filter(|(name, ..)| wanted(name)) {
        let settings = amount
            .depths
            .iter()
            .flat_map(|depth| amount.encoders.iter().map(move |encoders| (depth, encoders)));
        let grid: Vec<_> = settings
            .map(|(depth, encoders)| {
                let plan = plan(amount.frames, SEGMENT_FRAMES);
                measure(name, &costs, plan, split(*depth, *encoders), amount.rounds)
            })
            .collect();
        say(&|| print_grid(title, &grid));
        rows.extend(grid);
    }
    let report = ModelReport { machine, rounds: amount.rounds, memory, rows, recording };
    if json {
        println!("{}", serde_json::to_string_pretty(&report).expect("numbers and names are JSON"));
    }
}
