//! The pipeline itself: render, readback, encode and write, each in its own threads, all busy at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::Scope;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::StreamError;
use super::encode::{EncodeContext, SegmentTask};
use super::failure::{CancelToken, Failure};
use super::plan::{Interleave, Next, Plan, PlannedFrame};
use super::queue::{Entrance, Queue};
use super::sink::Sink;
use super::slots::{FreeSlots, LentSlot, TakenSlot};
use super::stage::{Mapped, Readback, Render};
use super::stats::{Clocks, Progress, Stage, process_cpu_time};
use super::trace::{Activity, LevelMeter, Recording, Trace, Tracer, Worker};
use super::write::write_segments;
use crate::encode::{EncoderFactory, EncoderSettings};
use crate::timing::SegmentIndex;

/// How often progress is told.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How the work is spread. None of it changes the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Slots of the ring, at least 1.
    pub ring_depth: usize,
    /// Threads that encode, at least 1.
    pub jobs: usize,
    /// Segments that are rendered and encoded at once, at least 1.
    pub segments_in_flight: usize,
}

/// What the pipeline did, without names.
#[derive(Debug)]
pub struct Outcome {
    /// Bytes that the sink has written.
    pub bytes: u64,
    /// CPU time of the process during the run.
    pub cpu: Duration,
    /// All clocks, as they stood at the end.
    pub clocks: Clocks,
    /// What every thread did and when, if that was to be recorded.
    pub trace: Option<Trace>,
}

/// A frame between render and readback.
struct InFlight<S> {
    planned: PlannedFrame,
    slot: TakenSlot,
    submitted: S,
}

/// Runs `plan` through the stages. Device and encoder may be stand-ins.
///
/// All threads it starts have ended when it returns.
///
/// # Errors
/// The first failure of any stage, as [`StreamError`]; nothing was committed to `sink` then.
#[allow(clippy::too_many_arguments, reason = "these are the stations of the pipeline, each named once")]
pub fn run<R, B>(
    render: R,
    readback: B,
    factory: &dyn EncoderFactory,
    settings: EncoderSettings,
    sink: &mut dyn Sink,
    plan: Plan,
    spread: Spread,
    cancel: &CancelToken,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, StreamError>
where
    R: Render,
    B: Readback<R::Submitted>,
{
    run_recorded(render, readback, factory, settings, sink, plan, spread, cancel, progress, None)
}

/// Does the same as [`run`], and records what every thread does and when, unless `record` is `None`.
///
/// # Errors
/// As [`run`].
#[allow(clippy::too_many_arguments, reason = "these are the stations of the pipeline, each named once")]
pub fn run_recorded<R, B>(
    render: R,
    readback: B,
    factory: &dyn EncoderFactory,
    settings: EncoderSettings,
    sink: &mut dyn Sink,
    plan: Plan,
    spread: Spread,
    cancel: &CancelToken,
    progress: &mut dyn FnMut(&Progress),
    record: Option<Recording>,
) -> Result<Outcome, StreamError>
where
    R: Render,
    B: Readback<R::Submitted>,
{
    let cpu_before = process_cpu_time();
    let clocks = Clocks::start(spread.jobs);
    let failure = Failure::default();
    let tracer = record.map(|limit| Tracer::new(clocks.started(), limit));
    let tracer = tracer.as_ref();
    let mut levels = tracer.map(|tracer| LevelMeter::new(tracer, spread.ring_depth));
    let free_slots = FreeSlots::new(spread.ring_depth, tracer.is_some());
    // Each frame in one of these lies in a slot, so that there are no more than the ring is deep.
    let submitted = Queue::new(spread.ring_depth);
    let tasks = Queue::new(spread.ring_depth);
    // A permit is held for each segment begun and not yet written: that bounds the memory of finished ones.
    let permits = spread.segments_in_flight * 2;
    let (permit_sender, permit_receiver) = bounded(permits);
    for _ in 0..permits {
        let _ = permit_sender.try_send(());
    }
    let (finished_sender, finished) = bounded(permits);
    // Holds nothing: it is closed when the stages have ended.
    let (ended_sender, ended) = bounded::<()>(0);

    // Keeps a thread that was started from taking one that could not be for one that has failed.
    let held = finished_sender.clone();
    let context = EncodeContext { factory, settings, finished: finished_sender, failure: &failure };
    let interleave = Interleave::new(plan, spread.segments_in_flight);

    let mut written = None;
    std::thread::scope(|scope| {
        let (failure, clocks, free_slots, written) = (&failure, &clocks, &free_slots, &mut written);
        let (levels, submitted, tasks) = (&mut levels, &submitted, &tasks);
        let exits = Exits { submitted: submitted.entrance(), permits: permit_receiver };
        let task_entrance = tasks.entrance();
        let stage = Spawner { scope, failure, ends: ended_sender };
        let worker = move |name: &str, stage| Worker::new(name, stage, clocks.of(stage), tracer);
        stage.spawn("write", move || {
            *written = failure.guard(Stage::Write, || {
                let mut worker = worker("write", Stage::Write);
                write_segments(sink, plan, finished, permit_sender, &mut worker, failure)
            });
        });
        for index in 0..spread.jobs {
            let context = context.clone();
            let name = format!("encode-{index}");
            stage.spawn(&name.clone(), move || {
                failure.guard(Stage::Encode, || encode_tasks(tasks, &context, worker(&name, Stage::Encode)));
            });
        }
        drop(context);
        stage.spawn("readback", move || {
            failure.guard(Stage::Readback, || {
                let worker = worker("readback", Stage::Readback);
                read_back(readback, submitted, plan, &task_entrance, worker)
            });
        });
        stage.spawn("render", move || {
            failure.guard(Stage::Render, || {
                let ring = (free_slots, levels);
                let worker = worker("render", Stage::Render);
                render_frames(render, interleave, ring, &exits, worker, failure, cancel)
            });
        });
        drop(stage);
        drop(held);
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(PROGRESS_INTERVAL) {
            let frames = clocks.of(Stage::Encode).frames();
            failure.guard_progress(|| {
                progress(&Progress { frames, total: plan.frames(), stages: clocks.read() });
            });
        }
    });

    if let Some(cause) = failure.into_cause() {
        return Err(cause);
    }
    let bytes = written.ok_or(StreamError::Cancelled)?;
    let cpu = process_cpu_time().saturating_sub(cpu_before);
    let trace = tracer.map(|tracer| {
        let levels = levels.map(|levels| levels.finish(free_slots.given_back()));
        tracer.finish(levels.unwrap_or_default(), plan)
    });
    Ok(Outcome { bytes, cpu, clocks, trace })
}

/// Starts the threads of the stages.
struct Spawner<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    failure: &'scope Failure,
    /// A clone lives as long as each thread.
    ends: Sender<()>,
}

impl<'scope> Spawner<'scope, '_> {
    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'scope) {
        let ends = self.ends.clone();
        let work = move || {
            work();
            drop(ends);
        };
        let thread = std::thread::Builder::new().name(name.to_owned());
        if let Err(error) = thread.spawn_scoped(self.scope, work) {
            self.failure.fail(StreamError::Thread { reason: error.to_string() });
        }
    }
}

/// Where rendered frames go, and where permission for further segments comes from.
struct Exits<'q, S> {
    submitted: Entrance<'q, InFlight<S>>,
    permits: Receiver<()>,
}

fn render_frames<R: Render>(
    mut render: R,
    mut interleave: Interleave,
    (free_slots, levels): (&FreeSlots, &mut Option<LevelMeter<'_>>),
    exits: &Exits<'_, R::Submitted>,
    mut worker: Worker<'_>,
    failure: &Failure,
    cancel: &CancelToken,
) -> Result<(), StreamError> {
    let mut permitted = false;
    loop {
        let may_begin = || std::mem::take(&mut permitted) || exits.permits.try_recv().is_ok();
        let planned = match interleave.next(may_begin) {
            Next::Frame(planned) => planned,
            Next::Done => return Ok(()),
            Next::NeedsPermit => match worker.await_output(|| exits.permits.recv()) {
                Ok(()) => {
                    permitted = true;
                    continue;
                }
                // The writer has ended early, and said why.
                Err(_) => return Ok(()),
            },
        };
        let Some(slot) = worker.await_output(|| free_slots.take(|| failure.stopped())) else {
            return Ok(());
        };
        if let Some(levels) = levels {
            levels.take(slot.free_since());
        }
        if cancel.is_cancelled() {
            return Err(StreamError::Cancelled);
        }
        if failure.stopped() {
            return Ok(());
        }
        let activity = Activity::frame(planned.frame, slot.index());
        let submitted = worker
            .busy(activity, || render.render(planned.frame, slot.index()))
            .map_err(|source| StreamError::Render { frame: planned.frame, source })?;
        worker.done(1, 0);
        exits.submitted.push(InFlight { planned, slot, submitted });
    }
}

fn read_back<S: Send, B: Readback<S>>(
    mut readback: B,
    submitted: &Queue<InFlight<S>>,
    plan: Plan,
    tasks: &Entrance<'_, Arc<SegmentTask<B::Mapped>>>,
    mut worker: Worker<'_>,
) -> Result<(), StreamError> {
    let mut segments: HashMap<SegmentIndex, Arc<SegmentTask<B::Mapped>>> = HashMap::new();
    loop {
        let Some(InFlight { planned, slot, submitted }) = worker.await_input(|| submitted.pop()) else {
            return Ok(());
        };
        let activity = Activity::frame(planned.frame, slot.index());
        let mapped = worker
            .busy(activity, || readback.wait(submitted))
            .map_err(|source| StreamError::Readback { frame: planned.frame, source })?;
        let frame = LentSlot::new(mapped, slot);
        worker.done(1, frame.bytes());
        let frames = plan.frames_of(planned.segment);
        let task = segments
            .entry(planned.segment)
            .or_insert_with(|| Arc::new(SegmentTask::new(planned.segment, frames.clone())));
        let task = Arc::clone(task);
        if planned.frame.0 + 1 == frames.end {
            segments.remove(&planned.segment);
        }
        if task.push(frame) {
            tasks.push(task);
        }
    }
}

/// What each of the encoding threads does. Which of them works for which segment is left to chance.
fn encode_tasks<M: Mapped>(
    tasks: &Queue<Arc<SegmentTask<M>>>,
    context: &EncodeContext<'_>,
    mut worker: Worker<'_>,
) -> Result<(), StreamError> {
    while let Some(task) = worker.await_input(|| tasks.pop()) {
        task.run(context, &mut worker);
    }
    Ok(())
}
