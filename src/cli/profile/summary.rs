//! The result of a measured run by stage, as a table and as JSON.

use std::fmt::Write;
use std::time::Duration;

use wgpu_video::stream::trace::Histogram;
use wgpu_video::stream::trace::{GpuTimes, RingLevels, ThreadTrace};
use wgpu_video::stream::{Stage, Trace, WorkSplit};

use super::measure::{Floor, MeasuredRun, Side};
use super::verdict::Verdict;
use crate::cli::words::count;

/// Share of the machine that other programs may use before a warning.
const NOISY: f64 = 0.1;

/// What one stage did, over all its threads.
pub(super) struct StageSummary {
    /// The stage.
    pub stage: Stage,
    /// Number of its threads.
    pub threads: usize,
    /// Frames that it has processed.
    pub frames: u64,
    /// Times of its pieces of work.
    pub busy: Histogram,
    /// Time waiting for the stage before.
    pub input: Duration,
    /// Time waiting for the stage after.
    pub output: Duration,
    /// CPU time of its threads, and of the programs that they have started, where the system reports it.
    pub cpu: Option<Duration>,
    /// Bytes that it has moved.
    pub bytes: u64,
    /// Share of its threads' time that it was busy, 0 to 1; of the sound, of the time until the end of the run.
    pub occupancy: f64,
}

impl StageSummary {
    /// Of `stage` in `trace`.
    pub(super) fn of(stage: Stage, trace: &Trace) -> StageSummary {
        let threads: Vec<&ThreadTrace> = trace.threads_of(stage).collect();
        let mut busy = Histogram::default();
        threads.iter().for_each(|thread| busy.merge(&thread.busy));
        // The sound may be complete long before the pictures: its thread ends then, but it does not hold the run up.
        let until = |thread: &ThreadTrace| if stage == Stage::Sound { trace.wall } else { thread.ended };
        let there: Duration = threads.iter().map(|thread| until(thread).saturating_sub(thread.began)).sum();
        let programs = if stage == Stage::Encode { trace.programs_cpu } else { Duration::ZERO };
        let cpu: Option<Duration> = threads.iter().map(|thread| thread.cpu).sum();
        StageSummary {
            stage,
            threads: threads.len(),
            frames: threads.iter().map(|thread| thread.frames).sum(),
            input: threads.iter().map(|thread| thread.waiting_for_input).sum(),
            output: threads.iter().map(|thread| thread.waiting_for_output).sum(),
            cpu: cpu.map(|cpu| cpu + programs),
            bytes: threads.iter().map(|thread| thread.bytes).sum(),
            occupancy: share(busy.sum(), there),
            busy,
        }
    }

    /// Billions of bytes in a second of its work.
    fn gigabytes_per_second(&self) -> f64 {
        let seconds = self.busy.sum().as_secs_f64();
        if seconds > 0.0 { self.bytes as f64 / seconds / 1e9 } else { 0.0 }
    }
}

/// The result printed at the end.
pub(super) struct ProfileSummary<'a> {
    /// The run.
    pub measured: &'a MeasuredRun,
    /// Which stages really ran.
    pub side: Side,
    /// Time per frame of each side alone, if it was measured.
    pub floor: Option<Floor>,
    /// Time per frame by the device's clock: not measured, not available, or measured.
    pub gpu: Option<Option<GpuTimes>>,
    /// The work split.
    pub split: WorkSplit,
    /// Size, rate, and part of the song.
    pub what: String,
    /// One for each stage that had threads.
    pub stages: Vec<StageSummary>,
    /// What bounds the run.
    pub verdict: Verdict,
}

impl ProfileSummary<'_> {
    /// Frames per second of the run.
    pub(super) fn frames_per_second(&self) -> f64 {
        self.measured.report.frames as f64 / self.measured.report.wall.as_secs_f64().max(1e-9)
    }

    /// How many times the floor's time the run took.
    pub(super) fn times_the_floor(&self) -> Option<f64> {
        let per_frame = self.measured.report.wall.as_secs_f64() / self.measured.report.frames as f64;
        self.floor.map(|floor| per_frame / floor.time().as_secs_f64().max(1e-9))
    }

    /// Share of the process's CPU time that recording has cost.
    fn recording_share(&self) -> f64 {
        share(self.measured.recording, self.measured.report.cpu)
    }

    /// The result as text.
    pub(super) fn text(&self) -> String {
        let (report, trace) = (&self.measured.report, &self.measured.trace);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write_head(&mut text);
        let _ = write_table(&mut text, &self.stages);
        let _ = self.write_rest(&mut text);
        if trace.dropped > 0 {
            let kept = trace.events();
            text += &format!(
                "events: {kept} kept, {} dropped; sums and quantiles are of all of them\n",
                trace.dropped
            );
        }
        let _ = write!(
            text,
            "CPU {:.2} ms per frame, of which recording about {:.2} %\n{}\n{}\n",
            milliseconds(report.cpu) / report.frames as f64,
            self.recording_share() * 100.0,
            self.others_text(),
            self.verdict.text
        );
        text
    }

    /// A warning if other programs used a good part of the machine.
    fn others_text(&self) -> String {
        match self.measured.others {
            Some(others) if others > NOISY => format!(
                "warning: other programs used {:.0} % of the processor during the run: repeat this on an idle machine\n",
                others * 100.0
            ),
            _ => String::new(),
        }
    }

    fn write_head(&self, text: &mut String) -> std::fmt::Result {
        let report = &self.measured.report;
        writeln!(text, "{}", self.what)?;
        let drawn = match self.side {
            Side::WithoutRender => "frames prepared before, nothing drawn".to_owned(),
            _ => format!("drawn on {}", report.adapter),
        };
        writeln!(text, "{drawn}")?;
        let split = WorkSplit { devices: Some(self.measured.trace.rings.len()), ..self.split };
        writeln!(text, "encoder {}; {split}", report.encoder)?;
        writeln!(
            text,
            "{} in {:.2} s: {:.1} fps\n",
            count(report.frames, "frame"),
            report.wall.as_secs_f64(),
            self.frames_per_second()
        )
    }

    fn write_rest(&self, text: &mut String) -> std::fmt::Result {
        match &self.gpu {
            Some(Some(gpu)) => {
                for (name, times) in [("GPU draw", &gpu.draw), ("GPU copy", &gpu.copy)] {
                    let [median, p95, max] = quantiles(times);
                    writeln!(text, "{name:<9}{median:>12.2}{p95:>12.2}{max:>12.2}")?;
                }
                writeln!(text, "(by the device's clock, in a run of its own without encoding)\n")?;
            }
            Some(None) => writeln!(text, "GPU time: not available, the adapter has no timestamps\n")?,
            None => {}
        }
        let trace = &self.measured.trace;
        writeln!(
            text,
            "ring{}: {:.1} of {} slots in use on average; empty {:.0} % of the time, full {:.0} %",
            if trace.rings.len() > 1 { "s" } else { "" },
            trace.slots_in_use(),
            trace.slots(),
            trace.share_empty() * 100.0,
            trace.share_full() * 100.0
        )?;
        match self.measured.peak_memory {
            Some(bytes) => writeln!(text, "peak memory: {:.0} MB", bytes as f64 / 1e6)?,
            None => writeln!(text, "peak memory: not available")?,
        }
        if let (Some(floor), Some(times)) = (&self.floor, self.times_the_floor()) {
            writeln!(
                text,
                "{times:.2} × the least possible time: alone, with all cores, drawing and reading\n  back take {:.2} ms a frame and \
                 encoding {:.2} ({} frames each: null encoder, prepared frames)",
                milliseconds(floor.render),
                milliseconds(floor.encode),
                floor.frames
            )?;
        }
        Ok(())
    }

    /// For scripts.
    pub(super) fn json(&self) -> serde_json::Value {
        let MeasuredRun { report, trace, peak_memory, others, .. } = self.measured;
        let stages: serde_json::Map<_, _> =
            self.stages.iter().map(|stage| (stage.stage.to_string(), stage_json(stage))).collect();
        let gpu = self.gpu.as_ref().and_then(Option::as_ref).map(|gpu| {
            serde_json::json!({ "draw_ms": histogram_json(&gpu.draw), "copy_ms": histogram_json(&gpu.copy) })
        });
        let floor = self.floor.map(|floor| {
            serde_json::json!({
                "render_ms": milliseconds(floor.render),
                "encode_ms": milliseconds(floor.encode),
                "frames": floor.frames,
                "times": self.times_the_floor(),
            })
        });
        serde_json::json!({
            "frames": report.frames,
            "wall_seconds": report.wall.as_secs_f64(),
            "cpu_seconds": report.cpu.as_secs_f64(),
            "frames_per_second": self.frames_per_second(),
            "coded_bytes": report.bytes,
            "adapter": report.adapter,
            "encoder": report.encoder,
            "ring_depth": self.split.ring_depth,
            "jobs": self.split.jobs,
            "segments": self.split.segments_in_flight,
            "devices": trace.rings.len(),
            "stages": stages,
            "threads": trace.threads.iter().map(thread_json).collect::<Vec<_>>(),
            "gpu": gpu,
            "ring": {
                "mean": trace.slots_in_use(),
                "empty": trace.share_empty(),
                "full": trace.share_full(),
            },
            "rings": trace.rings.iter().map(ring_json).collect::<Vec<_>>(),
            "peak_memory_bytes": peak_memory,
            "other_programs_share": others,
            "floor": floor,
            "events": trace.events(),
            "events_dropped": trace.dropped,
            "recording_share_of_cpu": self.recording_share(),
            "bound": self.verdict.bound,
            "try": self.verdict.remedy,
            "verdict": self.verdict.text,
        })
    }
}

/// Two tables of at most 80 columns: the time of the threads, and the time per frame.
fn write_table(text: &mut String, stages: &[StageSummary]) -> std::fmt::Result {
    writeln!(
        text,
        "{:<9}{:>8}{:>8}  {:<BAR$}{:>7}{:>9}{:>13}{:>8}",
        "stage", "threads", "frames", "busy", "busy s", "input s", "output s", "CPU s",
    )?;
    for stage in stages {
        let cpu = stage.cpu.map_or_else(|| "–".to_owned(), |cpu| format!("{:.2}", cpu.as_secs_f64()));
        writeln!(
            text,
            "{:<9}{:>8}{:>8}  {}{:>7.2}{:>9.2}{:>13.2}{cpu:>8}",
            stage.stage,
            stage.threads,
            stage.frames,
            bar(stage),
            stage.busy.sum().as_secs_f64(),
            stage.input.as_secs_f64(),
            stage.output.as_secs_f64(),
        )?;
    }
    writeln!(
        text,
        "(all threads together; input, output: waiting for the stage before, after;\n ░ readback is not at work: it waits \
         for frames to be drawn and copied)\n"
    )?;
    writeln!(
        text,
        "{:<9}{:>12}{:>12}{:>12}{:>14}{:>10}",
        "ms each", "median", "p95", "max", "MB moved", "GB/s"
    )?;
    for stage in stages {
        let [median, p95, max] = quantiles(&stage.busy);
        // What a device moves to draw is not known, and access units are too few for a speed.
        let megabytes = match stage.stage {
            Stage::Render => "–".to_owned(),
            _ => format!("{:.1}", stage.bytes as f64 / 1e6),
        };
        let speed = match stage.stage {
            Stage::Render | Stage::Write | Stage::Sound => "–".to_owned(),
            _ => format!("{:.2}", stage.gigabytes_per_second()),
        };
        writeln!(text, "{:<9}{median:>12.2}{p95:>12.2}{max:>12.2}{megabytes:>14}{speed:>10}", stage.stage)?;
    }
    let sound = stages.iter().any(|stage| stage.stage == Stage::Sound);
    let by_segment = if sound { "write and sound stages" } else { "write stage" };
    writeln!(text, "(per frame; of the {by_segment}, per segment)\n")
}

/// Columns of the bar and its number.
const BAR: usize = 16;

/// Share of its threads' time that a stage was busy.
fn bar(stage: &StageSummary) -> String {
    let full = (stage.occupancy * 10.0).round() as usize;
    let (mark, full) = (if stage.stage == Stage::Readback { '░' } else { '█' }, full.min(10));
    let filled: String = std::iter::repeat_n(mark, full).chain(std::iter::repeat_n('·', 10 - full)).collect();
    format!("{filled}{:>4.0} %", stage.occupancy * 100.0)
}

fn ring_json(ring: &RingLevels) -> serde_json::Value {
    serde_json::json!({
        "mean": ring.mean(),
        "empty": ring.share_empty(),
        "full": ring.share_full(),
        "seconds_at_level": ring.times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>(),
    })
}

fn stage_json(stage: &StageSummary) -> serde_json::Value {
    serde_json::json!({
        "threads": stage.threads,
        "frames": stage.frames,
        "busy_seconds": stage.busy.sum().as_secs_f64(),
        "waiting_for_input_seconds": stage.input.as_secs_f64(),
        "waiting_for_output_seconds": stage.output.as_secs_f64(),
        "ms": histogram_json(&stage.busy),
        "occupancy": stage.occupancy,
        "cpu_seconds": stage.cpu.map(|cpu| cpu.as_secs_f64()),
        "bytes": (stage.stage != Stage::Render).then_some(stage.bytes),
    })
}

fn thread_json(thread: &ThreadTrace) -> serde_json::Value {
    serde_json::json!({
        "name": thread.name,
        "stage": thread.stage.to_string(),
        "began_seconds": thread.began.as_secs_f64(),
        "ended_seconds": thread.ended.as_secs_f64(),
        "busy_seconds": thread.busy.sum().as_secs_f64(),
        "waiting_for_input_seconds": thread.waiting_for_input.as_secs_f64(),
        "waiting_for_output_seconds": thread.waiting_for_output.as_secs_f64(),
        "cpu_seconds": thread.cpu.map(|cpu| cpu.as_secs_f64()),
        "frames": thread.frames,
    })
}

fn histogram_json(times: &Histogram) -> serde_json::Value {
    let [median, p95, max] = quantiles(times);
    serde_json::json!({ "count": times.count(), "median": median, "p95": p95, "max": max })
}

/// Median, 95th percentile and maximum in milliseconds.
fn quantiles(times: &Histogram) -> [f64; 3] {
    [times.quantile(0.5), times.quantile(0.95), times.max()].map(milliseconds)
}

/// In milliseconds.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// `part` of `whole`, 0 to 1; 0 of nothing.
pub(super) fn share(part: Duration, whole: Duration) -> f64 {
    if whole > Duration::ZERO { (part.as_secs_f64() / whole.as_secs_f64()).min(1.0) } else { 0.0 }
}
