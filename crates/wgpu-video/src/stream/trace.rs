//! What every thread of a stream did and when. It is recorded only on request.
//!
//! Each thread writes into a buffer of its own. Threads share only the number of events that may still be stored, and take
//! from it in blocks. Sums, histograms and the ring's levels are exact however long
//! the stream is.

mod record;

use std::time::Duration;

pub use record::cost_of_an_event;
pub(super) use record::{LevelMeter, Tracer, Worker};

pub use super::histogram::Histogram;
use super::stage::SlotIndex;
use super::stats::Stage;
use strikeline_picture::{FrameIndex, SegmentIndex, SegmentPlan};

/// What to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recording {
    /// The most events that are stored, over all threads, 32 bytes each. Later ones are counted and dropped.
    pub events: usize,
    /// Whether to take the device's own times, too. That needs one more submission for each frame, and some
    /// devices (lavapipe) then finish each frame before the next is begun: the other figures of such a run
    /// then differ from those of a run without.
    pub gpu_times: bool,
}

impl Default for Recording {
    /// Two million events: 64 MB, and 250,000 frames or more. No times of the device.
    fn default() -> Recording {
        Recording { events: 2_000_000, gpu_times: false }
    }
}

/// What a stretch of a thread's time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// At work on a frame.
    Frame {
        /// Which one.
        frame: FrameIndex,
        /// The slot of the ring that it is in.
        slot: u32,
    },
    /// At work on a whole segment.
    Segment(SegmentIndex),
    /// Completing the video.
    Finish,
    /// Waiting for the stage before.
    AwaitInput,
    /// Waiting for the stage after.
    AwaitOutput,
}

impl Activity {
    pub(super) fn frame(frame: FrameIndex, slot: SlotIndex) -> Activity {
        Activity::Frame { frame, slot: u32::try_from(slot.0).unwrap_or(u32::MAX) }
    }
}

/// A stretch of a thread's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds from the start of the stages.
    pub begin: u64,
    /// The same; not before `begin`.
    pub end: u64,
    /// What it was spent on.
    pub activity: Activity,
}

/// What one thread did.
#[derive(Debug, Clone)]
pub struct ThreadTrace {
    /// Name of the thread.
    pub name: String,
    /// The stage that it worked for.
    pub stage: Stage,
    /// When it began, from the start of the stages.
    pub began: Duration,
    /// When it ended, from the start of the stages.
    pub ended: Duration,
    /// CPU time that it used; `None` where the system does not report it.
    pub cpu: Option<Duration>,
    /// Each piece of work: a frame, or for the write stage a segment.
    pub busy: Histogram,
    /// Time waiting for the stage before.
    pub waiting_for_input: Duration,
    /// Time waiting for the stage after.
    pub waiting_for_output: Duration,
    /// Frames that it has done.
    pub frames: u64,
    /// Bytes that it has processed: of pictures drawn, copied or read, and of access units written.
    pub bytes: u64,
    /// In order of time, without overlap. Waits under a microsecond are not among them.
    pub events: Vec<Event>,
}

/// A change of the number of slots in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelChange {
    /// Nanoseconds from the start of the stages.
    pub at: u64,
    /// Slots in use, from then on.
    pub level: u32,
}

/// How full the ring was: slots between being taken by the render stage and given back by an encoder.
#[derive(Debug, Clone, Default)]
pub struct RingLevels {
    /// For each number of slots from 0 to the depth, the time for which so many were in use.
    pub times: Vec<Duration>,
    /// In order of time.
    pub changes: Vec<LevelChange>,
}

impl RingLevels {
    /// Slots in use, on average over time.
    pub fn mean(&self) -> f64 {
        let total = self.total().as_secs_f64();
        let weighted = |(level, time): (usize, &Duration)| level as f64 * time.as_secs_f64();
        if total > 0.0 { self.times.iter().enumerate().map(weighted).sum::<f64>() / total } else { 0.0 }
    }

    /// Share of time, 0 to 1, that no slot was in use: nothing was on its way to the encoders.
    pub fn share_empty(&self) -> f64 {
        self.share(self.times.first())
    }

    /// Share of time, 0 to 1, that all slots were in use: the render stage had to wait.
    pub fn share_full(&self) -> f64 {
        self.share(self.times.last())
    }

    fn share(&self, time: Option<&Duration>) -> f64 {
        let total = self.total().as_secs_f64();
        time.filter(|_| total > 0.0).map_or(0.0, |time| time.as_secs_f64() / total)
    }

    fn total(&self) -> Duration {
        self.times.iter().sum()
    }
}

/// The times per frame that the graphics device reports.
#[derive(Debug, Clone, Default)]
pub struct GpuTimes {
    /// Drawing the planes.
    pub draw: Histogram,
    /// Copying them into the slot.
    pub copy: Histogram,
}

impl GpuTimes {
    /// The times of two devices together.
    pub(super) fn with(mut self, other: GpuTimes) -> GpuTimes {
        self.draw.merge(&other.draw);
        self.copy.merge(&other.copy);
        self
    }
}

/// What was recorded of a stream.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Of each thread, in the order of the stages.
    pub threads: Vec<ThreadTrace>,
    /// Of each device's ring.
    pub rings: Vec<RingLevels>,
    /// Events beyond the limit. Sums and histograms include them; [`ThreadTrace::events`] does not.
    pub dropped: u64,
    /// From the start of the stages to the end of the last.
    pub wall: Duration,
    /// Which frames belong to which segment.
    pub plan: SegmentPlan,
    /// By the device's own clock; `None` where it has none, or was not asked.
    pub gpu: Option<GpuTimes>,
    /// CPU time of the programs that encoders have started and waited for; zero where that is not known.
    pub programs_cpu: Duration,
}

impl Trace {
    /// Slots of all rings together.
    pub fn slots(&self) -> usize {
        self.rings.iter().map(|ring| ring.times.len().saturating_sub(1)).sum()
    }

    /// Slots in use, of all rings together, on average over time.
    pub fn slots_in_use(&self) -> f64 {
        self.rings.iter().map(RingLevels::mean).sum()
    }

    /// Share of time, 0 to 1, that no slot of a ring was in use, on average over the rings.
    pub fn share_empty(&self) -> f64 {
        self.mean_over_rings(RingLevels::share_empty)
    }

    /// Share of time, 0 to 1, that all slots of a ring were in use, on average over the rings.
    pub fn share_full(&self) -> f64 {
        self.mean_over_rings(RingLevels::share_full)
    }

    fn mean_over_rings(&self, value: impl Fn(&RingLevels) -> f64) -> f64 {
        self.rings.iter().map(value).sum::<f64>() / self.rings.len().max(1) as f64
    }

    /// The threads of `stage`.
    pub fn threads_of(&self, stage: Stage) -> impl Iterator<Item = &ThreadTrace> {
        self.threads.iter().filter(move |thread| thread.stage == stage)
    }

    /// The segment that `frame` belongs to.
    pub fn segment_of(&self, frame: FrameIndex) -> SegmentIndex {
        SegmentIndex(frame.0 / u64::from(self.plan.segment_frames()))
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.threads.iter().map(|thread| thread.events.len()).sum::<usize>()
            + self.rings.iter().map(|ring| ring.changes.len()).sum::<usize>()
    }
}
