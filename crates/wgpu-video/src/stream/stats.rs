//! What each stage spent its time on: progress while a stream runs, and the report at its end.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::trace::Trace;

/// One of the four steps that a frame passes, or the one that makes the sound beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Draws and submits.
    Render,
    /// Waits for the device, and maps the slot.
    Readback,
    /// Turns pictures into access units.
    Encode,
    /// Gives finished segments to the sink, in order.
    Write,
    /// Makes the sound: reads the packets that belong to each segment.
    Sound,
}

impl Stage {
    /// All of them, in the order of a frame's way; sound is the last.
    pub const ALL: [Stage; 5] = [Stage::Render, Stage::Readback, Stage::Encode, Stage::Write, Stage::Sound];

    /// What is at work when this stage is the busiest. Readback itself only waits for the device.
    pub const fn at_work(self) -> &'static str {
        match self {
            Stage::Render => "drawing",
            Stage::Readback => "the graphics",
            Stage::Encode => "encoding",
            Stage::Write => "writing",
            Stage::Sound => "the sound",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Stage::Render => "render",
            Stage::Readback => "readback",
            Stage::Encode => "encode",
            Stage::Write => "write",
            Stage::Sound => "sound",
        })
    }
}

/// Adds up the time of one stage, from any number of threads.
#[derive(Debug, Default)]
pub struct StageClock {
    busy_nanos: AtomicU64,
    input_nanos: AtomicU64,
    output_nanos: AtomicU64,
    frames: AtomicU64,
}

impl StageClock {
    fn add(counter: &AtomicU64, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        counter.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(super) fn add_busy(&self, time: Duration) {
        Self::add(&self.busy_nanos, time);
    }

    pub(super) fn add_input(&self, time: Duration) {
        Self::add(&self.input_nanos, time);
    }

    pub(super) fn add_output(&self, time: Duration) {
        Self::add(&self.output_nanos, time);
    }

    /// Runs `work` and counts its time as busy.
    pub fn busy<T>(&self, work: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let value = work();
        self.add_busy(since.elapsed());
        value
    }

    /// Runs `wait` and counts its time as waiting for the stage before.
    pub fn await_input<T>(&self, wait: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let value = wait();
        self.add_input(since.elapsed());
        value
    }

    /// Runs `wait` and counts its time as waiting for the stage after (for a free slot, say).
    pub fn await_output<T>(&self, wait: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let value = wait();
        self.add_output(since.elapsed());
        value
    }

    /// Counts `frames` more as done.
    pub fn done(&self, frames: u64) {
        self.frames.fetch_add(frames, Ordering::Relaxed);
    }

    /// Frames that this stage has done.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    fn read(&self, workers: usize) -> StageTimes {
        let time = |counter: &AtomicU64| Duration::from_nanos(counter.load(Ordering::Relaxed));
        StageTimes {
            workers,
            frames: self.frames(),
            busy: time(&self.busy_nanos),
            waiting_for_input: time(&self.input_nanos),
            waiting_for_output: time(&self.output_nanos),
        }
    }
}

/// The clocks of all stages.
#[derive(Debug)]
pub struct Clocks {
    started: Instant,
    devices: usize,
    jobs: usize,
    sound: bool,
    /// One each, in the order of [`Stage::ALL`].
    stages: [StageClock; 5],
}

impl Clocks {
    /// Starts now; `devices` draw, each with a thread to render and one to read back, and `jobs` threads encode. There is no
    /// sound.
    pub fn start(devices: usize, jobs: usize) -> Clocks {
        Clocks { started: Instant::now(), devices, jobs, sound: false, stages: Default::default() }
    }

    /// The same, and a thread makes `sound`.
    #[must_use]
    pub fn with_sound(self, sound: bool) -> Clocks {
        Clocks { sound, ..self }
    }

    /// The clock of `stage`.
    pub fn of(&self, stage: Stage) -> &StageClock {
        &self.stages[stage as usize]
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What every stage did so far.
    pub fn read(&self) -> StageReport {
        let times = |stage| {
            let workers = match stage {
                Stage::Render | Stage::Readback => self.devices,
                Stage::Encode => self.jobs,
                Stage::Write => 1,
                Stage::Sound => usize::from(self.sound),
            };
            self.of(stage).read(workers)
        };
        StageReport { elapsed: self.elapsed(), stages: Stage::ALL.map(times) }
    }
}

/// What one stage did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageTimes {
    /// Threads that work for it: none for sound where there is none.
    pub workers: usize,
    /// Frames that it has done; of sound, frames of the video during which what it has done is heard.
    pub frames: u64,
    /// Time at work, added up over its workers. The readback's work is to wait for the device.
    pub busy: Duration,
    /// Time waiting for the stage before.
    pub waiting_for_input: Duration,
    /// Time waiting for the stage after.
    pub waiting_for_output: Duration,
}

/// What every stage did during a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageReport {
    /// The span.
    pub elapsed: Duration,
    stages: [StageTimes; 5],
}

impl StageReport {
    /// What `stage` did.
    pub fn of(&self, stage: Stage) -> &StageTimes {
        &self.stages[stage as usize]
    }

    /// The stages that have workers: all, but for sound where there is none.
    pub fn at_work(&self) -> impl Iterator<Item = Stage> {
        Stage::ALL.into_iter().filter(|stage| self.of(*stage).workers > 0)
    }

    /// Share of its workers' time that `stage` was busy, 0 to 1.
    pub fn occupancy(&self, stage: Stage) -> f64 {
        let times = self.of(stage);
        let available = self.elapsed.as_secs_f64() * times.workers as f64;
        if available > 0.0 { (times.busy.as_secs_f64() / available).min(1.0) } else { 0.0 }
    }

    /// The busiest stage: the one that sets the speed.
    pub fn bottleneck(&self) -> Stage {
        let busier = |a: Stage, b: Stage| if self.occupancy(b) > self.occupancy(a) { b } else { a };
        Stage::ALL.into_iter().fold(Stage::Render, busier)
    }

    /// What was done since `earlier`, a report of the same stream.
    #[must_use]
    pub fn since(&self, earlier: &StageReport) -> StageReport {
        let mut difference = *self;
        difference.elapsed = self.elapsed.saturating_sub(earlier.elapsed);
        for (now, then) in difference.stages.iter_mut().zip(&earlier.stages) {
            now.frames = now.frames.saturating_sub(then.frames);
            now.busy = now.busy.saturating_sub(then.busy);
            now.waiting_for_input = now.waiting_for_input.saturating_sub(then.waiting_for_input);
            now.waiting_for_output = now.waiting_for_output.saturating_sub(then.waiting_for_output);
        }
        difference
    }
}

/// How far a stream is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Frames that are done: encoded in this run, or kept from an earlier one.
    pub frames: u64,
    /// How many of these were kept from an earlier run ([`SegmentStore`](super::SegmentStore)).
    pub kept: u64,
    /// Frames that the sink will get: those of the whole video, or of a part of it.
    pub total: u64,
    /// What every stage did so far.
    pub stages: StageReport,
}

/// What a stream did.
#[derive(Debug, Clone)]
pub struct Report {
    /// Frames that the sink has got: those of the whole video, or of a part of it.
    pub frames: u64,
    /// How many of these were kept from an earlier run ([`SegmentStore`](super::SegmentStore)), and not made in this one.
    pub kept: u64,
    /// Bytes that the sink has written.
    pub bytes: u64,
    /// From the start of the stages to the sink's end.
    pub wall: Duration,
    /// CPU time of the whole process, all threads, over the same span; zero where the system does not report it.
    pub cpu: Duration,
    /// Name of the encoder.
    pub encoder: &'static str,
    /// Name of the adapter that drew.
    pub adapter: String,
    /// What every stage did.
    pub stages: StageReport,
    /// What every thread did and when, if [`StreamOptions::record`](super::StreamOptions::record) was set.
    pub trace: Option<Trace>,
}

/// CPU time that this process has used on all its threads, user and system, and that of the programs that it has started, as
/// soon as these have ended; zero where that is not known. Elsewhere than on Linux, without those programs.
pub fn process_cpu_time() -> Duration {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let own = Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0));
        own + programs_cpu_time()
    }
    #[cfg(not(unix))]
    Duration::ZERO
}

/// CPU time of the programs that this process has started and waited for, to a hundredth of a second; zero where that is not
/// known.
pub(super) fn programs_cpu_time() -> Duration {
    told_of_programs().unwrap_or_default()
}

/// As Linux tells it; there is no such file elsewhere.
fn told_of_programs() -> Option<Duration> {
    // proc(5): the fields `cutime` and `cstime`, in ticks of which Linux counts 100 per second for programs.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may contain spaces.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}
