//! The recording itself: what threads write into while a stream runs.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Activity, Event, LevelChange, Recording, RingLevels, ThreadTrace, Trace};
use crate::stream::histogram::Histogram;
use crate::stream::stats::{Stage, StageClock};
use strikeline_picture::{FrameIndex, SegmentPlan};

/// How many events are asked for at a time.
const LOT: usize = 4096;
/// Shorter waits are only added up: hardly more than the two looks at the clock.
const SHORTEST_WAIT: Duration = Duration::from_micros(1);

/// What the threads of a stream that is being recorded share.
#[derive(Debug)]
pub(crate) struct Tracer {
    started: Instant,
    /// Events that may still be stored.
    left: AtomicUsize,
    dropped: AtomicU64,
    /// Of threads that have ended.
    threads: Mutex<Vec<ThreadTrace>>,
}

impl Tracer {
    pub(in crate::stream) fn new(started: Instant, limit: Recording) -> Tracer {
        Tracer {
            started,
            left: AtomicUsize::new(limit.events),
            dropped: AtomicU64::new(0),
            threads: Mutex::new(Vec::new()),
        }
    }

    /// All that was recorded, once all threads have ended.
    pub(in crate::stream) fn finish(&self, rings: Vec<RingLevels>, plan: SegmentPlan) -> Trace {
        let wall = self.started.elapsed();
        let mut threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        threads.sort_by_key(|thread| (thread.stage as usize, thread.name.len(), thread.name.clone()));
        let dropped = self.dropped.load(Ordering::Relaxed);
        Trace { threads, rings, dropped, wall, plan, gpu: None, programs_cpu: Duration::ZERO }
    }

    fn nanos(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.started).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Permission for some more events, or for none.
    fn grant(&self) -> usize {
        let take = |left: usize| (left > 0).then(|| left.saturating_sub(LOT));
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(left) => left.min(LOT),
            Err(_) => 0,
        }
    }
}

/// Events of one thread, within what the tracer grants.
#[derive(Debug)]
struct Kept<T> {
    full: Vec<Vec<T>>,
    /// Its capacity is what was granted.
    current: Vec<T>,
    dropped: u64,
}

impl<T> Kept<T> {
    fn new() -> Kept<T> {
        Kept { full: Vec::new(), current: Vec::new(), dropped: 0 }
    }

    fn push(&mut self, tracer: &Tracer, event: T) {
        if self.current.len() == self.current.capacity() {
            // Once refused, always refused.
            let granted = if self.dropped > 0 { 0 } else { tracer.grant() };
            if granted == 0 {
                self.dropped += 1;
                return;
            }
            self.full.push(std::mem::replace(&mut self.current, Vec::with_capacity(granted)));
        }
        self.current.push(event);
    }

    fn finish(self, tracer: &Tracer) -> Vec<T> {
        tracer.dropped.fetch_add(self.dropped, Ordering::Relaxed);
        let mut all: Vec<T> = self.full.into_iter().flatten().collect();
        all.extend(self.current);
        all
    }
}

/// A thread of a stage: counts its time, and records it when that is wanted.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    clock: &'a StageClock,
    record: Option<Box<Record<'a>>>,
}

#[derive(Debug)]
struct Record<'a> {
    tracer: &'a Tracer,
    thread: ThreadTrace,
    events: Kept<Event>,
}

impl<'a> Worker<'a> {
    /// For the thread `name` of `stage`; must be made, used and dropped on that thread.
    pub(in crate::stream) fn new(
        name: &str,
        stage: Stage,
        clock: &'a StageClock,
        tracer: Option<&'a Tracer>,
    ) -> Worker<'a> {
        let record = |tracer: &'a Tracer| {
            let thread = ThreadTrace {
                name: name.to_owned(),
                stage,
                began: tracer.started.elapsed(),
                ended: Duration::ZERO,
                cpu: None,
                busy: Histogram::default(),
                waiting_for_input: Duration::ZERO,
                waiting_for_output: Duration::ZERO,
                frames: 0,
                bytes: 0,
                events: Vec::new(),
            };
            Box::new(Record { tracer, thread, events: Kept::new() })
        };
        Worker { clock, record: tracer.map(record) }
    }

    /// Runs `work` and counts its time as busy with `activity`.
    pub(in crate::stream) fn busy<T>(&mut self, activity: Activity, work: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let value = work();
        let until = Instant::now();
        self.clock.add_busy(until - since);
        if let Some(record) = &mut self.record {
            record.thread.busy.add(until - since);
            record.keep(activity, since, until);
        }
        value
    }

    /// Runs `wait` and counts its time as waiting for the stage before.
    pub(in crate::stream) fn await_input<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let value = wait();
        let until = Instant::now();
        self.clock.add_input(until - since);
        if let Some(record) = &mut self.record {
            record.thread.waiting_for_input += until - since;
            record.keep(Activity::AwaitInput, since, until);
        }
        value
    }

    /// Runs `wait` and counts its time as waiting for the stage after.
    pub(in crate::stream) fn await_output<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let value = wait();
        let until = Instant::now();
        self.clock.add_output(until - since);
        if let Some(record) = &mut self.record {
            record.thread.waiting_for_output += until - since;
            record.keep(Activity::AwaitOutput, since, until);
        }
        value
    }

    /// Counts `frames` more as done, and `bytes` as moved for them.
    pub(in crate::stream) fn done(&mut self, frames: u64, bytes: u64) {
        self.clock.done(frames);
        if let Some(record) = &mut self.record {
            record.thread.frames += frames;
            record.thread.bytes += bytes;
        }
    }
}

impl Record<'_> {
    fn keep(&mut self, activity: Activity, since: Instant, until: Instant) {
        let waiting = matches!(activity, Activity::AwaitInput | Activity::AwaitOutput);
        if waiting && until - since < SHORTEST_WAIT {
            return;
        }
        let event = Event { begin: self.tracer.nanos(since), end: self.tracer.nanos(until), activity };
        self.events.push(self.tracer, event);
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let Some(record) = self.record.take() else { return };
        let Record { tracer, mut thread, events } = *record;
        thread.ended = tracer.started.elapsed();
        thread.cpu = thread_cpu_time();
        thread.events = events.finish(tracer);
        tracer.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }
}

/// What recording adds to one piece of work or one wait, measured now on this processor: the same with and without,
/// on memory that was not used before. Takes some milliseconds.
pub fn cost_of_an_event() -> Duration {
    const EVENTS: u32 = 50_000;
    const ROUNDS: usize = 5;
    let tracer = Tracer::new(Instant::now(), Recording { events: usize::MAX, gpu_times: false });
    let clock = StageClock::default();
    let time = |tracer: Option<&Tracer>| {
        let mut worker = Worker::new("", Stage::Encode, &clock, tracer);
        let started = Instant::now();
        for frame in 0..EVENTS {
            let activity = Activity::Frame { frame: FrameIndex(u64::from(frame)), slot: 0 };
            worker.busy(activity, || std::hint::black_box(frame));
        }
        // What it has recorded is handed in then.
        drop(worker);
        started.elapsed()
    };
    let mut costs: Vec<Duration> =
        (0..ROUNDS).map(|_| time(Some(&tracer)).saturating_sub(time(None))).collect();
    costs.sort_unstable();
    costs.get(ROUNDS / 2).copied().unwrap_or_default() / EVENTS
}

/// CPU time that this thread has used since it began.
fn thread_cpu_time() -> Option<Duration> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
    }
    #[cfg(not(unix))]
    None
}

/// Follows the ring's level from the render thread alone, exactly.
///
/// The time at which a slot was given back becomes known only when it is taken again. Slots are taken in the order in
/// which they were given back, so all times up to the last one that is known are known.
#[derive(Debug)]
pub(crate) struct LevelMeter<'a> {
    tracer: &'a Tracer,
    /// Slots taken after the last give-back that is known: as many as there are slots at most.
    taken: VecDeque<u64>,
    level: usize,
    since: u64,
    /// Nanoseconds at each level.
    times: Vec<u64>,
    changes: Kept<LevelChange>,
}

impl<'a> LevelMeter<'a> {
    pub(in crate::stream) fn new(tracer: &'a Tracer, depth: usize) -> LevelMeter<'a> {
        LevelMeter {
            tracer,
            taken: VecDeque::with_capacity(depth + 1),
            level: 0,
            since: 0,
            times: vec![0; depth + 1],
            changes: Kept::new(),
        }
    }

    /// A slot is taken now that was given back at `given_back`; `None` when it was never used before.
    pub(in crate::stream) fn take(&mut self, given_back: Option<Instant>) {
        if let Some(instant) = given_back {
            self.give_back(instant);
        }
        self.taken.push_back(self.tracer.nanos(Instant::now()));
    }

    fn give_back(&mut self, instant: Instant) {
        let at = self.tracer.nanos(instant);
        while let Some(taken) = self.taken.pop_front_if(|taken| *taken <= at) {
            self.change(taken, self.level + 1);
        }
        self.change(at, self.level.saturating_sub(1));
    }

    fn change(&mut self, at: u64, level: usize) {
        // Two threads that give back at once may come in the other order.
        let at = at.max(self.since);
        if let Some(time) = self.times.get_mut(self.level) {
            *time += at - self.since;
        }
        self.since = at;
        self.level = level.min(self.times.len() - 1);
        let change = LevelChange { at, level: u32::try_from(self.level).unwrap_or(u32::MAX) };
        self.changes.push(self.tracer, change);
    }

    /// After the end, when all slots that come back have come back, at `given_back`, in that order.
    pub(in crate::stream) fn finish(mut self, given_back: impl Iterator<Item = Instant>) -> RingLevels {
        for instant in given_back {
            self.give_back(instant);
        }
        RingLevels {
            times: self.times.into_iter().map(Duration::from_nanos).collect(),
            changes: self.changes.finish(self.tracer),
        }
    }
}

#[cfg(test)]
mod tests;
