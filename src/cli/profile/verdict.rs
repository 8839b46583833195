//! Which stage bounds a run, by how much, and which option would move it.

use std::time::Duration;

use strikeline::stream::trace::Activity;
use strikeline::stream::{Report, Spread, Stage, Trace};

use super::measure::{Floor, Measured, Side, cores};
use super::summary::{StageSummary, share};

/// Cores that are busy this much bound the run, whatever the stages look like.
const CORES_BUSY: f64 = 0.85;
/// A stage that is busy this much bounds the run.
const STAGE_BUSY: f64 = 0.75;

/// The result.
pub struct Verdict {
    /// `cores`, the name of a stage, or `ring`.
    pub bound: String,
    /// The option to try.
    pub remedy: String,
    /// One line.
    pub text: String,
}

impl Verdict {
    /// Of a run.
    pub fn new(
        side: Side,
        measured: &Measured,
        stages: &[StageSummary; 4],
        spread: Spread,
        floor: Option<Floor>,
    ) -> Verdict {
        let Measured { report, trace, others, .. } = measured;
        let cores = cores();
        let cores_busy = share(report.cpu, report.wall * u32::try_from(cores).unwrap_or(u32::MAX));
        let mut by_occupancy: Vec<&StageSummary> = stages.iter().collect();
        by_occupancy.sort_by(|a, b| b.occupancy.total_cmp(&a.occupancy));
        let (Some(busiest), Some(next)) = (by_occupancy.first(), by_occupancy.get(1)) else {
            return Verdict { bound: String::new(), remedy: String::new(), text: String::new() };
        };
        let (bound, reason, remedy) = if cores_busy + others.unwrap_or(0.0) >= CORES_BUSY {
            let (most, part) = most_cpu(report, stages);
            let floor = floor.map_or_else(String::new, |floor| {
                let alone = share(floor.time(), report.wall.div_f64(report.frames as f64));
                format!(
                    "; {} alone, with all cores, would take {:.0} % of the time",
                    floor.slower(),
                    alone * 100.0
                )
            });
            let with = match others {
                Some(others) if *others > 0.1 => format!(" ({:.0} % by other programs)", others * 100.0),
                _ => String::new(),
            };
            let plural = if cores == 1 { "core is" } else { "cores are" };
            let reason = format!(
                "{cores} {plural} busy {:.0} % of the time{with}, {:.0} % of this run's part with {most}{floor}",
                (cores_busy + others.unwrap_or(0.0)).min(1.0) * 100.0,
                part * 100.0
            );
            let dearest = if most == "encode" { Stage::Encode } else { Stage::Render };
            ("cores".to_owned(), reason, cheaper(dearest, report, true))
        } else if busiest.occupancy >= STAGE_BUSY {
            let reason = format!(
                "it is busy {:.0} % of the time, the next is {} with {:.0} %",
                busiest.occupancy * 100.0,
                next.stage,
                next.occupancy * 100.0
            );
            let remedy = match busiest.stage {
                Stage::Encode => format!("--jobs {}, as cores are idle", spread.jobs + 1),
                Stage::Write => "a faster disk".to_owned(),
                stage => cheaper(stage, report, false),
            };
            (busiest.stage.to_string(), reason, remedy)
        } else {
            let ring_full = trace.ring.share_full();
            let reason = format!(
                "no stage is busy more than {:.0} % of the time ({}); the ring is full {:.0} % of it",
                busiest.occupancy * 100.0,
                busiest.stage,
                ring_full * 100.0
            );
            let remedy = if ring_full > 0.3 {
                format!("--ring {}", spread.ring_depth * 2)
            } else if waits_without_slots(trace) > 0.3 {
                format!("--segments {}", spread.segments_in_flight + 1)
            } else {
                "more --frames: the run is too short to tell".to_owned()
            };
            ("ring".to_owned(), reason, remedy)
        };
        let name = match (bound.as_str(), side) {
            ("cores", _) => "the processor".to_owned(),
            ("ring", _) => "waiting for each other".to_owned(),
            (stage, _) => format!("the {stage} stage"),
        };
        let text = format!("Verdict: {name} bounds the run: {reason}. To move it: {remedy}.");
        Verdict { bound, remedy, text }
    }
}

/// What has used the most CPU time, and its share of all: a stage's threads, or those of the driver.
fn most_cpu(report: &Report, stages: &[StageSummary; 4]) -> (String, f64) {
    let cpu = |stage: &StageSummary| stage.cpu.unwrap_or_default();
    let accounted: Duration = stages.iter().map(cpu).sum();
    let driver = report.cpu.saturating_sub(accounted);
    let mut most = ("the graphics driver's own threads".to_owned(), driver);
    for stage in stages {
        if cpu(stage) > most.1 {
            most = (stage.stage.to_string(), cpu(stage));
        }
    }
    (most.0, share(most.1, report.cpu))
}

/// What makes `stage` cheaper. `shared` when it uses the cores that all stages want.
fn cheaper(stage: Stage, report: &Report, shared: bool) -> String {
    match stage {
        Stage::Encode if report.encoder == "openh264" => "--encoder h264".to_owned(),
        Stage::Encode => "a higher --quality number, or a smaller --size".to_owned(),
        _ if shared => "a GPU (--adapter), --theme plain, or a smaller --size".to_owned(),
        _ => "--theme plain, a smaller --size, or another --adapter".to_owned(),
    }
}

/// Share of time that the render stage waited while slots were free: for segments to be written.
fn waits_without_slots(trace: &Trace) -> f64 {
    let waited: Duration = trace
        .threads_of(Stage::Render)
        .flat_map(|thread| &thread.events)
        .filter(|event| event.activity == Activity::AwaitOutput)
        .map(|event| Duration::from_nanos(event.end - event.begin))
        .sum();
    (share(waited, trace.wall) - trace.ring.share_full()).max(0.0)
}
