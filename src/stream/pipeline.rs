//! The pipeline itself: render, readback, encode and write, each in its own threads, all busy at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::Scope;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rayon::ThreadPool;

use super::StreamError;
use super::encode::{EncodeContext, SegmentTask};
use super::failure::{CancelToken, Failure};
use super::plan::{Interleave, Next, Plan, PlannedFrame};
use super::sink::Sink;
use super::slots::{FreeSlots, LentSlot, TakenSlot};
use super::stage::{Readback, Render};
use super::stats::{Clocks, Progress, Stage, process_cpu_time};
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
    let cpu_before = process_cpu_time();
    let clocks = Clocks::start(spread.jobs);
    let failure = Failure::default();
    let free_slots = FreeSlots::new(spread.ring_depth);
    // Every slot can be in flight at once, so sending never blocks.
    let (submitted_sender, submitted) = bounded(spread.ring_depth);
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
    let held = (submitted_sender.clone(), finished_sender.clone());
    let context = EncodeContext {
        factory,
        settings,
        finished: finished_sender,
        clock: clocks.of(Stage::Encode),
        failure: &failure,
    };
    let exits = Exits { submitted: submitted_sender, permits: permit_receiver };
    let interleave = Interleave::new(plan, spread.segments_in_flight);

    let mut written = None;
    let stages = |pool: &ThreadPool| {
        std::thread::scope(|scope| {
            let (failure, clocks, free_slots, written) = (&failure, &clocks, &free_slots, &mut written);
            let stage = Spawner { scope, failure, ends: ended_sender };
            stage.spawn("write", move || {
                let clock = clocks.of(Stage::Write);
                *written = failure.guard(Stage::Write, || {
                    write_segments(sink, plan, finished, permit_sender, clock, failure)
                });
            });
            stage.spawn("readback", move || {
                failure
                    .guard(Stage::Readback, || read_back(readback, submitted, plan, pool, context, clocks));
            });
            stage.spawn("render", move || {
                failure.guard(Stage::Render, || {
                    render_frames(render, interleave, free_slots, &exits, clocks, failure, cancel)
                });
            });
            drop(stage);
            drop(held);
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(PROGRESS_INTERVAL) {
                let frames = clocks.of(Stage::Encode).frames();
                failure.guard(Stage::Write, || {
                    progress(&Progress { frames, total: plan.frames(), stages: clocks.read() });
                    Ok(())
                });
            }
        });
    };
    let spawned = rayon::ThreadPoolBuilder::new()
        .num_threads(spread.jobs)
        .thread_name(|index| format!("encode-{index}"))
        .build_scoped(|thread| thread.run(), stages);

    if let Some(cause) = failure.into_cause() {
        return Err(cause);
    }
    spawned.map_err(|error| StreamError::Thread { reason: error.to_string() })?;
    let bytes = written.ok_or(StreamError::Cancelled)?;
    let cpu = process_cpu_time().saturating_sub(cpu_before);
    Ok(Outcome { bytes, cpu, clocks })
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
struct Exits<S> {
    submitted: Sender<InFlight<S>>,
    permits: Receiver<()>,
}

fn render_frames<R: Render>(
    mut render: R,
    mut interleave: Interleave,
    free_slots: &FreeSlots,
    exits: &Exits<R::Submitted>,
    clocks: &Clocks,
    failure: &Failure,
    cancel: &CancelToken,
) -> Result<(), StreamError> {
    let clock = clocks.of(Stage::Render);
    let mut permitted = false;
    loop {
        let may_begin = || std::mem::take(&mut permitted) || exits.permits.try_recv().is_ok();
        let planned = match interleave.next(may_begin) {
            Next::Frame(planned) => planned,
            Next::Done => return Ok(()),
            Next::NeedsPermit => match clock.await_output(|| exits.permits.recv()) {
                Ok(()) => {
                    permitted = true;
                    continue;
                }
                // The writer has ended early, and said why.
                Err(_) => return Ok(()),
            },
        };
        let Some(slot) = clock.await_output(|| free_slots.take(|| failure.stopped())) else {
            return Ok(());
        };
        if cancel.is_cancelled() {
            return Err(StreamError::Cancelled);
        }
        if failure.stopped() {
            return Ok(());
        }
        let submitted = clock
            .busy(|| render.render(planned.frame, slot.index()))
            .map_err(|source| StreamError::Render { frame: planned.frame, source })?;
        clock.done(1);
        if exits.submitted.send(InFlight { planned, slot, submitted }).is_err() {
            return Ok(());
        }
    }
}

fn read_back<S: Send, B: Readback<S>>(
    mut readback: B,
    submitted: Receiver<InFlight<S>>,
    plan: Plan,
    pool: &ThreadPool,
    context: EncodeContext<'_>,
    clocks: &Clocks,
) -> Result<(), StreamError> {
    let clock = clocks.of(Stage::Readback);
    let mut segments: HashMap<SegmentIndex, Arc<SegmentTask<B::Mapped>>> = HashMap::new();
    let context = &context;
    // Its end waits for all tasks, also when this thread fails.
    pool.in_place_scope_fifo(|tasks| {
        loop {
            let Ok(InFlight { planned, slot, submitted }) = clock.await_input(|| submitted.recv()) else {
                return Ok(());
            };
            let mapped = clock
                .busy(|| readback.wait(submitted))
                .map_err(|source| StreamError::Readback { frame: planned.frame, source })?;
            clock.done(1);
            let frames = plan.frames_of(planned.segment);
            let task = segments
                .entry(planned.segment)
                .or_insert_with(|| Arc::new(SegmentTask::new(planned.segment, frames.end - frames.start)));
            let task = Arc::clone(task);
            if planned.frame.0 + 1 == frames.end {
                segments.remove(&planned.segment);
            }
            if task.push(LentSlot::new(mapped, slot)) {
                tasks.spawn_fifo(move |_| task.run(context));
            }
        }
    })
}
