//! Which stage bounds a run, by how much, and which option would improve it.

use std::time::Duration;

use wgpu_video::stream::trace::Activity;
use wgpu_video::stream::{Report, Stage, Trace, WorkSplit};

use super::measure::{Floor, MeasuredRun, cores};
use super::run_context::RunContext;
use super::summary::{StageSummary, milliseconds, share};

/// If the cores are busy for more than this share, they bound the run.
const CORES_BUSY: f64 = 0.85;
/// A stage that is busy for more than this share bounds the run.
const STAGE_BUSY: f64 = 0.75;
/// If other programs use more than this share of the processor, they bound the run.
const OTHERS_MOST: f64 = 0.35;

/// What bounds a run.
pub(super) struct Verdict {
    /// `others`, `cores`, the name of a stage, or `ring`.
    pub bound: String,
    /// What to try.
    pub remedy: String,
    /// One line.
    pub text: String,
}

/// What the verdict is based on.
pub(super) struct Evidence<'a> {
    pub measured: &'a MeasuredRun,
    pub stages: &'a [StageSummary],
    pub split: WorkSplit,
    pub floor: Option<Floor>,
    pub context: &'a RunContext,
}

/// Where most of the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Workload {
    Drawing,
    Encoding,
    Writing,
    Sound,
}

/// What to try when the sound costs most.
const CHEAPER_SOUND: &str = "another --audio-codec, or --no-sound";

impl Verdict {
    /// Of a run.
    pub(super) fn new(evidence: &Evidence<'_>) -> Verdict {
        let MeasuredRun { report, others, .. } = evidence.measured;
        let cores = cores();
        let own = share(report.cpu, report.wall * u32::try_from(cores).unwrap_or(u32::MAX));
        let others = others.unwrap_or(0.0);
        if own + others >= CORES_BUSY {
            return evidence.bound_by_cores(cores, own, others);
        }
        // Readback only waits for drawing, which a software adapter does in threads of its own.
        let device =
            if evidence.context.software { "drawing on the processor" } else { "the graphics device" };
        let mut by_occupancy: Vec<&StageSummary> = evidence.stages.iter().collect();
        by_occupancy.sort_by(|a, b| b.occupancy.total_cmp(&a.occupancy));
        let (Some(busiest), Some(next)) = (by_occupancy.first(), by_occupancy.get(1)) else {
            return Verdict::of("ring", "waiting between the stages", String::new(), String::new());
        };
        if busiest.occupancy < STAGE_BUSY {
            return evidence.bound_by_the_ring(busiest);
        }
        let name = |stage| match stage {
            Stage::Readback => device.to_owned(),
            Stage::Render if evidence.context.software => device.to_owned(),
            stage => format!("the {stage} stage"),
        };
        let mut reason = format!("busy {:.0} % of the time", busiest.occupancy * 100.0);
        if name(busiest.stage) == name(next.stage) {
            // Render and readback of a software adapter are both its drawing, so the third stage is named.
            let third = by_occupancy.get(2).map_or(String::new(), |third| {
                format!("; {} {:.0} %", name(third.stage), third.occupancy * 100.0)
            });
            reason += &third;
        } else {
            reason += &format!("; {} {:.0} %", name(next.stage), next.occupancy * 100.0);
        }
        reason += &evidence.ahead();
        let remedy = match busiest.stage {
            Stage::Encode => format!(
                "--jobs {}, as {:.0} % of the processor is idle",
                evidence.split.jobs + 1,
                (1.0 - own - others) * 100.0
            ),
            Stage::Write => "a faster disk".to_owned(),
            Stage::Sound => CHEAPER_SOUND.to_owned(),
            Stage::Render | Stage::Readback => evidence.context.cheaper_drawing(),
        };
        Verdict::of(&busiest.stage.to_string(), &name(busiest.stage), reason, remedy)
    }

    fn of(bound: &str, name: &str, reason: String, remedy: String) -> Verdict {
        let text = format!("Verdict: {name} bounds the run: {reason}. To improve it: {remedy}.");
        Verdict { bound: bound.to_owned(), remedy, text }
    }
}

impl Evidence<'_> {
    fn bound_by_cores(&self, cores: usize, own: f64, others: f64) -> Verdict {
        let report = &self.measured.report;
        let (work, part) = self.most_work();
        let doing = match work {
            Workload::Drawing if self.context.software => "drawing on it",
            Workload::Drawing => "drawing",
            Workload::Encoding => "encoding",
            Workload::Writing => "writing",
            Workload::Sound => "making the sound",
        };
        let part = part * 100.0;
        if others > OTHERS_MOST {
            let reason = format!(
                "they take {:.0} % of it, this run {:.0} %, most of that ({part:.0} %) for {doing}",
                others * 100.0,
                own * 100.0
            );
            let text = format!(
                "Verdict: other programs on the processor bound the run: {reason}. To improve it: stop other programs, \
                 then measure again."
            );
            return Verdict { bound: "others".to_owned(), remedy: "stop other programs".to_owned(), text };
        }
        let plural = if cores == 1 { "core is" } else { "cores are" };
        let with = if others > 0.05 {
            format!(", {:.0} % with other programs", others * 100.0)
        } else {
            String::new()
        };
        let reason = format!(
            "{cores} {plural} busy {:.0} % of the time{with}; {part:.0} % of this run's CPU time is {doing}{}",
            (own + others).min(1.0) * 100.0,
            self.ahead()
        );
        let remedy = match work {
            Workload::Encoding if report.encoder == "openh264" => "--encoder h264".to_owned(),
            Workload::Encoding => "a higher --quality number, or a smaller --size".to_owned(),
            Workload::Writing => "a faster disk".to_owned(),
            Workload::Sound => CHEAPER_SOUND.to_owned(),
            Workload::Drawing => self.context.cheaper_drawing(),
        };
        Verdict::of("cores", "the processor", reason, remedy)
    }

    fn bound_by_the_ring(&self, busiest: &StageSummary) -> Verdict {
        let trace = &self.measured.trace;
        let ring_full = trace.share_full();
        let reason = format!(
            "no stage is busy more than {:.0} % of the time ({}); the ring is full {:.0} % of it",
            busiest.occupancy * 100.0,
            busiest.stage,
            ring_full * 100.0
        );
        let remedy = if ring_full > 0.3 {
            format!("--ring {}", self.split.ring_depth * 2)
        } else if waits_without_slots(trace) > 0.3 {
            format!("--segments {}", self.split.segments_in_flight + 1)
        } else {
            "more --frames: the run is too short for a verdict".to_owned()
        };
        Verdict::of("ring", "waiting between the stages", reason, remedy)
    }

    /// The time per frame of each side alone, with all cores to itself.
    fn ahead(&self) -> String {
        let Some(floor) = self.floor else { return String::new() };
        let (slower, faster) = (floor.render.max(floor.encode), floor.render.min(floor.encode));
        let names =
            if floor.render > floor.encode { ["drawing", "encoding"] } else { ["encoding", "drawing"] };
        format!(
            "; alone, {} would take {:.1} ms a frame and {} {:.1}",
            names[0],
            milliseconds(slower),
            names[1],
            milliseconds(faster)
        )
    }

    /// The work that has used the most CPU time, and its share. CPU time outside of the stages' threads is counted as
    /// drawing, as the driver's threads use it.
    fn most_work(&self) -> (Workload, f64) {
        let cpu = |stage: Stage| {
            self.stages.iter().find(|summary| summary.stage == stage).and_then(|summary| summary.cpu)
        };
        let report: &Report = &self.measured.report;
        let encoding = cpu(Stage::Encode).unwrap_or_default();
        let writing = cpu(Stage::Write).unwrap_or_default();
        let sound = cpu(Stage::Sound).unwrap_or_default();
        let drawing = report.cpu.saturating_sub(encoding + writing + sound);
        let all = [
            (Workload::Drawing, drawing),
            (Workload::Encoding, encoding),
            (Workload::Writing, writing),
            (Workload::Sound, sound),
        ];
        let (work, time) =
            all.into_iter().max_by_key(|(_, time)| *time).unwrap_or((Workload::Drawing, drawing));
        (work, share(time, report.cpu))
    }
}

/// Share of the time for which the render stage waited although slots were free, for segments to be written.
fn waits_without_slots(trace: &Trace) -> f64 {
    let waited: Duration = trace
        .threads_of(Stage::Render)
        .flat_map(|thread| &thread.events)
        .filter(|event| event.activity == Activity::AwaitOutput)
        .map(|event| Duration::from_nanos(event.end - event.begin))
        .sum();
    let threads = u32::try_from(trace.threads_of(Stage::Render).count()).unwrap_or(u32::MAX);
    (share(waited, trace.wall * threads) - trace.share_full()).max(0.0)
}
