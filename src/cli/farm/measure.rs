//! Measures what a part costs by drawing a few segments on this machine. The limits of a part on a cluster, and the number of
//! parts, are chosen from that.

use std::time::Instant;

use strikeline_picture::{SegmentIndex, SegmentPlan, SegmentRange};
use wgpu_video::stream::NullSink;

use crate::cli::job::RenderJob;

/// Segments that are drawn to measure.
const MEASURED: u64 = 4;

/// The largest share of a part's time that may pass before its first frame: starting the program, reading the song, preparing
/// the device.
const START_SHARE: f64 = 0.05;

/// What frames cost on this machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PartCost {
    /// Seconds before the first frame.
    pub start: f64,
    /// Seconds per frame.
    pub frame: f64,
    /// Processor seconds per frame, all cores together.
    pub frame_cpu: f64,
    /// The largest amount of memory that was in use, in MiB; `None` if the system does not report it.
    pub memory: Option<u64>,
}

impl PartCost {
    /// Draws and encodes a few segments from the middle of the video. `started` is when the program was started.
    ///
    /// # Errors
    /// When the segments cannot be drawn or encoded.
    pub(super) fn measure(job: &mut RenderJob<'_>, started: Instant) -> anyhow::Result<PartCost> {
        let plan = job.options.plan();
        job.options.segments = Some(middle(plan));
        let report = job.stream(None, &mut NullSink::default(), &mut |_| ());
        job.options.segments = None;
        let report = report?;
        let frames = report.frames.max(1) as f64;
        Ok(PartCost {
            start: started.elapsed().saturating_sub(report.wall).as_secs_f64(),
            frame: report.wall.as_secs_f64() / frames,
            frame_cpu: report.cpu.as_secs_f64() / frames,
            memory: peak_memory(),
        })
    }

    /// Seconds that a frame takes with `cpus` cores.
    fn frame_on(&self, cpus: u16) -> f64 {
        // With fewer cores than here, the processor time is the limit; with a GPU, it is the time measured here.
        self.frame.max(self.frame_cpu / f64::from(cpus.max(1)))
    }

    /// Seconds that a part of `frames` frames takes with `cpus` cores.
    pub(super) fn part_on(&self, cpus: u16, frames: u64) -> f64 {
        self.start + frames as f64 * self.frame_on(cpus)
    }

    /// The largest number of parts of a video of `frames` frames, such that the start takes at most [`START_SHARE`] of each
    /// part. May be 0.
    pub(super) fn most_parts(&self, cpus: u16, frames: u64) -> u64 {
        let part = self.start * (1.0 - START_SHARE) / START_SHARE;
        (frames as f64 * self.frame_on(cpus) / part.max(f64::MIN_POSITIVE)).floor() as u64
    }
}

/// Some segments in the middle.
fn middle(plan: SegmentPlan) -> SegmentRange {
    let all = plan.segments();
    let count = MEASURED.min(all);
    let first = (all - count) / 2;
    SegmentRange { first: SegmentIndex(first), end: SegmentIndex(first + count) }
}

/// The largest amount of memory that this process has had so far, in MiB.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU32, NonZeroU64};

    use super::*;

    #[test]
    fn parts_are_so_long_that_their_start_is_a_small_share() {
        let cost = PartCost { start: 1.0, frame: 0.01, frame_cpu: 0.02, memory: None };
        for cpus in [1, 2, 64] {
            let frames = 648_000;
            let parts = cost.most_parts(cpus, frames);
            let part = cost.part_on(cpus, frames / parts);
            assert!((0.045..=0.051).contains(&(cost.start / part)), "{cpus}: {parts} parts of {part} s");
        }
        assert!(cost.most_parts(2, 100) == 0);
    }

    #[test]
    fn what_is_measured_is_in_the_middle() {
        for (frames, range) in [(1, (0, 1)), (240, (0, 2)), (1200, (3, 7))] {
            let plan = SegmentPlan::new(NonZeroU64::new(frames).unwrap(), NonZeroU32::new(120).unwrap());
            let middle = middle(plan);
            assert_eq!((middle.first.0, middle.end.0), range);
        }
    }
}
