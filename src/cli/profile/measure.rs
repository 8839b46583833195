//! One run of the pipeline, measured; and the time of each side alone.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use strikeline_audio::PacketSource;
use wgpu_video::encode::EncoderSettings;
use wgpu_video::encode::null::NullEncoderFor;
use wgpu_video::scene::Scene;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::SegmentSelection;
use wgpu_video::stream::pipeline::PipelineOptions;
use wgpu_video::stream::trace::{GpuTimes, ThreadTrace, cost_of_an_event};
use wgpu_video::stream::{
    Progress, Recording, Report, Stage, StreamError, StreamOptions, Trace, pipeline, stream,
    stream_with_sound,
};

use super::prepared::PreparedFrames;

/// Frames that each side alone is measured over, at most.
const FLOOR_FRAMES: NonZeroU64 = NonZeroU64::new(300).unwrap();
/// Frames that the device's own times are taken over, at most.
const GPU_FRAMES: NonZeroU64 = NonZeroU64::new(120).unwrap();

/// Which stages really run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// All stages.
    Both,
    /// Frames are rendered and read back, but not encoded.
    WithoutEncoder,
    /// Prepared frames are encoded; nothing is rendered.
    WithoutRender,
}

/// The result of one run.
pub(super) struct MeasuredRun {
    /// Totals. Its adapter is empty when nothing was rendered.
    pub report: Report,
    /// What every thread did.
    pub trace: Trace,
    /// Peak memory of the process until the end of the run, in bytes, where the system reports it.
    pub peak_memory: Option<u64>,
    /// CPU time that recording has cost: the cost of one event times the number of events.
    pub recording: Duration,
    /// Share of the machine's cores, 0 to 1, that other programs used during the run, where the system reports it.
    pub others: Option<f64>,
}

/// Streams `scene` and `sound` without writing anything. Prepared frames are encoded without sound.
pub(super) fn measure(
    side: Side,
    scene: &mut dyn Scene,
    sound: Option<&mut dyn PacketSource>,
    options: &StreamOptions,
    progress: &mut dyn FnMut(&Progress),
) -> Result<MeasuredRun, StreamError> {
    let mut options = options.clone().with_record(Some(Recording::default()));
    let machine_before = machine_time();
    let mut report = match side {
        Side::WithoutRender => encode_prepared(scene, &options, progress)?,
        Side::Both | Side::WithoutEncoder => {
            if side == Side::WithoutEncoder {
                options.encoder = Arc::new(NullEncoderFor(options.encoder.planes()));
            }
            let mut sink = NullSink::default();
            match sound {
                Some(sound) => stream_with_sound(scene, sound, &options, &mut sink, progress)?,
                None => stream(scene, &options, &mut sink, progress)?,
            }
        }
    };
    let peak_memory = peak_memory();
    // It was asked for, so there is one.
    let trace = report.trace.take().ok_or(StreamError::Cancelled)?;
    let events: u64 = trace.threads.iter().map(events).sum();
    let recording = cost_of_an_event().mul_f64(events as f64);
    let others = machine_before.zip(machine_time()).and_then(|(before, after)| {
        let [busy, all] = [after[0].checked_sub(before[0])?, after[1].checked_sub(before[1])?];
        let own = report.cpu.as_secs_f64() / report.wall.as_secs_f64() / cores() as f64;
        (all > 0).then(|| (busy as f64 / all as f64 - own).max(0.0))
    });
    Ok(MeasuredRun { report, trace, peak_memory, recording, others })
}

/// Cores that this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Busy time and total time of all cores since the machine was started, in ticks.
fn machine_time() -> Option<[u64; 2]> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    // user, nice, system, idle, waiting for disks, interrupts (two), taken by other machines
    let ticks: Vec<u64> = line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let idle = ticks.get(3)? + ticks.get(4)?;
    let all: u64 = ticks.iter().sum();
    Some([all - idle, all])
}

/// Number of events recorded on a thread, including dropped ones.
fn events(thread: &ThreadTrace) -> u64 {
    // A piece of work, and the wait before it; a slot is taken on the render thread and given back by an encoder.
    thread.busy.count() * if matches!(thread.stage, Stage::Render | Stage::Encode) { 3 } else { 2 }
}

fn encode_prepared(
    scene: &mut dyn Scene,
    options: &StreamOptions,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Report, StreamError> {
    let stages = PreparedFrames::render(scene, options)?.stages();
    let plan = options.plan();
    let settings = EncoderSettings::new(options.size, options.frame_rate, plan.segment_frames());
    let run = PipelineOptions {
        encoder: &*options.encoder,
        settings,
        plan,
        split: options.split,
        cancel: &options.cancel,
        record: options.record,
        selection: SegmentSelection::default(),
    };
    let outcome = pipeline::run(vec![stages], &run, &mut NullSink::default(), progress)?;
    let stages = outcome.clocks.read();
    Ok(Report {
        frames: outcome.frames,
        kept: outcome.kept,
        bytes: outcome.bytes,
        wall: stages.elapsed,
        cpu: outcome.cpu,
        encoder: options.encoder.name(),
        adapter: String::new(),
        stages,
        trace: outcome.trace,
    })
}

/// Time per frame by the device's clock, in a run without encoding; `None` if the device has no clock.
pub(super) fn gpu_times(
    scene: &mut dyn Scene,
    options: &StreamOptions,
) -> Result<Option<GpuTimes>, StreamError> {
    let options = options
        .clone()
        .with_frames(options.frames.min(GPU_FRAMES))
        .with_encoder(Arc::new(NullEncoderFor(options.encoder.planes())))
        .with_record(Some(Recording { events: 0, gpu_times: true }));
    let report = stream(scene, &options, &mut NullSink::default(), &mut |_| {})?;
    Ok(report.trace.and_then(|trace| trace.gpu).filter(|times| times.draw.count() > 0))
}

/// Time per frame of each side alone, with all cores to itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor {
    /// Rendering and reading back.
    pub render: Duration,
    /// Encoding and writing.
    pub encode: Duration,
    /// Frames that each was measured over.
    pub frames: u64,
}

impl Floor {
    /// Measures both, over no more than the first 300 frames.
    pub(super) fn measure(scene: &mut dyn Scene, options: &StreamOptions) -> Result<Floor, StreamError> {
        let frames = options.frames.min(FLOOR_FRAMES);
        let options = options.clone().with_frames(frames).with_record(None);
        let encode = encode_prepared(scene, &options, &mut |_| {})?;
        let nothing = NullEncoderFor(options.encoder.planes());
        let null = options.with_encoder(Arc::new(nothing));
        let render = stream(scene, &null, &mut NullSink::default(), &mut |_| {})?;
        let per_frame = |report: &Report| report.wall.div_f64(frames.get() as f64);
        Ok(Floor { render: per_frame(&render), encode: per_frame(&encode), frames: frames.get() })
    }

    /// Time per frame of the slower side: a run in which the other one cost nothing.
    pub(super) fn time(&self) -> Duration {
        self.render.max(self.encode)
    }
}

/// Peak memory of this process so far, in bytes.
fn peak_memory() -> Option<u64> {
    // The kernel's figure behind `ru_maxrss`.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
