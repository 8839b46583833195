//! The pipeline itself: render, readback, encode and write, each in its own threads, all busy at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::thread::Scope;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use strikeline_audio::PacketSource;

use super::StreamError;
use super::encode::{EncodeContext, SegmentTask};
use super::failure::{CancelToken, Failure};
use super::interleave::{Interleave, Next, PlannedFrame, Segments};
use super::queue::{Entrance, Queue};
use super::sink::Sink;
use super::slots::{FreeSlots, LentSlot, STOP_INTERVAL, TakenSlot};
use super::sound::{SEGMENTS_AHEAD, read_sound};
use super::stage::{Mapped, Readback, Render};
use super::stats::{Clocks, Progress, Stage, process_cpu_time, programs_cpu_time};
use super::store::SegmentSelection;
use super::trace::{Activity, LevelMeter, Recording, RingLevels, Trace, Tracer, Worker};
use super::write::{Arrivals, SegmentWriter};
use crate::encode::{EncoderFactory, EncoderSettings};
use crate::mux::VideoTrack;
use strikeline_picture::{SegmentIndex, SegmentPlan};

/// How often progress is reported.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How the work is split. None of it changes the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkSplit {
    /// Slots of the rings of all devices together, at least 1 for each.
    pub ring_depth: usize,
    /// Threads that encode, at least 1.
    pub jobs: usize,
    /// Segments that are rendered and encoded at once on all devices together, at least 1 on each.
    pub segments_in_flight: usize,
    /// Devices that draw at the same time, each its own segments, at least 1; `None` for as many as suit the
    /// adapter ([`AdapterDescription::devices`](crate::gpu::AdapterDescription::devices)).
    pub devices: Option<usize>,
}

impl fmt::Display for WorkSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WorkSplit { ring_depth, jobs, segments_in_flight, devices } = self;
        write!(f, "ring {ring_depth}, jobs {jobs}, segments {segments_in_flight}")?;
        devices.map_or(Ok(()), |devices| write!(f, ", devices {devices}"))
    }
}

impl WorkSplit {
    /// Whether every number is at least 1.
    ///
    /// # Errors
    /// [`StreamError::ZeroSplit`] that names the one that is not.
    pub fn check(&self) -> Result<(), StreamError> {
        let WorkSplit { ring_depth, jobs, segments_in_flight, devices } = *self;
        let counts = [
            ("ring depth", ring_depth),
            ("number of encoding threads", jobs),
            ("number of segments in flight", segments_in_flight),
            ("number of devices", devices.unwrap_or(1)),
        ];
        match counts.into_iter().find(|(_, count)| *count == 0) {
            Some((what, _)) => Err(StreamError::ZeroSplit { what }),
            None => Ok(()),
        }
    }

    /// Slots and segments in flight of device `index` of `devices`: as evenly as can be, and at least 1.
    pub fn on_device(&self, index: usize, devices: usize) -> DeviceShare {
        let share = |all: usize| (all / devices + usize::from(index < all % devices)).max(1);
        DeviceShare { ring_depth: share(self.ring_depth), segments_in_flight: share(self.segments_in_flight) }
    }
}

/// What one device has of a [`WorkSplit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceShare {
    /// Slots of its ring.
    pub ring_depth: usize,
    /// Segments that it draws in turn.
    pub segments_in_flight: usize,
}

/// The stages of one device: what it draws is read back by its own thread.
#[derive(Debug)]
pub struct DeviceStages<R, B> {
    /// Draws into the slots of the device's ring, of which there are [`DeviceShare::ring_depth`].
    pub render: R,
    /// Waits for what was drawn.
    pub readback: B,
}

/// What the pipeline did, without names.
#[derive(Debug)]
pub struct Outcome {
    /// Bytes that the sink has written.
    pub bytes: u64,
    /// Frames that the sink has got.
    pub frames: u64,
    /// How many of these were kept from an earlier run, and not made.
    pub kept: u64,
    /// CPU time of the process during the run.
    pub cpu: Duration,
    /// All clocks, as they stood at the end.
    pub clocks: Clocks,
    /// What every thread did and when, if it was recorded.
    pub trace: Option<Trace>,
}

/// A frame between render and readback.
struct InFlight<S> {
    planned: PlannedFrame,
    slot: TakenSlot,
    submitted: S,
}

/// What a pipeline is to do, and how its work is split.
#[derive(Clone, Copy)]
pub struct PipelineOptions<'a> {
    /// Makes the encoder of each segment.
    pub encoder: &'a dyn EncoderFactory,
    /// The same for all segments.
    pub settings: EncoderSettings,
    /// Which frames make which segment.
    pub plan: SegmentPlan,
    /// How the work is split. [`WorkSplit::devices`] does not count here: there are as many as are given.
    pub split: WorkSplit,
    /// Stops the run.
    pub cancel: &'a CancelToken,
    /// Records what every thread does and when, into [`Outcome::trace`]; `None` costs nothing.
    pub record: Option<Recording>,
    /// Which segments are made. Those that are in the store already are read from it. If all are, there may be no devices.
    pub selection: SegmentSelection<'a>,
}

/// Runs all frames of [`PipelineOptions::plan`] through the stages of `devices`. Devices, encoder and sink may be
/// stand-ins. `progress` is called about ten times a second, on this thread.
///
/// All threads that it starts have ended when it returns.
///
/// # Errors
/// The first failure of any stage, as [`StreamError`]; the sink is not finished then.
pub fn run<R, B>(
    devices: Vec<DeviceStages<R, B>>,
    options: &PipelineOptions<'_>,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, StreamError>
where
    R: Render,
    B: Readback<R::Submitted>,
{
    run_with_sound(devices, options, None, sink, progress)
}

/// As [`run`], with `sound` beside the pictures, if any.
///
/// # Errors
/// As [`run`].
pub fn run_with_sound<R, B>(
    devices: Vec<DeviceStages<R, B>>,
    options: &PipelineOptions<'_>,
    sound: Option<&mut dyn PacketSource>,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, StreamError>
where
    R: Render,
    B: Readback<R::Submitted>,
{
    let PipelineOptions { encoder, settings, plan, split, cancel, record, selection } = *options;
    split.check()?;
    let shares: Vec<_> = (0..devices.len()).map(|index| split.on_device(index, devices.len())).collect();
    let (cpu_before, programs_before) = (process_cpu_time(), programs_cpu_time());
    let clocks = Clocks::start(devices.len(), split.jobs).with_sound(sound.is_some());
    let failure = Failure::default();
    let tracer = record.map(|limit| Tracer::new(clocks.started(), limit));
    let tracer = tracer.as_ref();
    let mut rings: Vec<RingState<'_, R::Submitted>> = Vec::new();
    for share in &shares {
        let before = rings.iter().map(|ring| ring.depth).sum();
        rings.push(RingState::new(share.ring_depth, before, tracer));
    }
    let tasks = Queue::new(split.ring_depth);
    // A permit is held for each segment begun and not yet written: that bounds the memory of finished ones.
    let permits = shares.iter().map(|share| share.segments_in_flight * 2).sum();
    let (permit_sender, permit_receiver) = bounded(permits);
    for _ in 0..permits {
        let _ = permit_sender.try_send(());
    }
    let (finished_sender, finished) = bounded(permits);
    let (sound_sender, sound_receiver) = bounded(SEGMENTS_AHEAD);
    let sound_receiver = sound.is_some().then_some(sound_receiver);
    let video = VideoTrack::new(settings.size, settings.frame_rate, plan, encoder.codec());
    // Nothing is sent: the channel is closed when the stages have ended.
    let (ended_sender, ended) = bounded::<()>(0);

    // Keeps a thread that was started from taking one that could not be for one that has failed.
    let held = finished_sender.clone();
    let context = EncodeContext { factory: encoder, settings, finished: finished_sender, failure: &failure };
    let range = selection.range(plan);
    let kept = selection.kept(plan);
    let segments = Segments::but(plan, range, kept.clone());
    let total = range.frames(plan).end - range.frames(plan).start;
    let kept_frames = kept.frames(plan);

    let mut written = None;
    let (failure_ref, clocks_ref, segments, tasks) = (&failure, &clocks, &segments, &tasks);
    // Each thread of the pool takes segments that have frames waiting, until there are no more.
    let encoders_ended = ended_sender.clone();
    let encode = move |thread: rayon::BroadcastContext<'_>| {
        let _ended = &encoders_ended;
        let name = encoder_name(thread.index());
        let worker = Worker::new(&name, Stage::Encode, clocks_ref.of(Stage::Encode), tracer);
        failure_ref.guard(Stage::Encode, || encode_tasks(tasks, &context, worker));
    };
    let other_stages = || {
        std::thread::scope(|scope| {
            let (failure, clocks, written) = (failure_ref, clocks_ref, &mut written);
            let stage = Spawner { scope, failure, ends: ended_sender };
            let worker = move |name: &str, stage| Worker::new(name, stage, clocks.of(stage), tracer);
            stage.spawn("write", move || {
                *written = failure.guard(Stage::Write, || {
                    let mut worker = worker("write", Stage::Write);
                    let arrivals = Arrivals { segments: finished, sound: sound_receiver, kept: &kept };
                    let mut writer =
                        SegmentWriter { sink, plan, selection: &selection, failure, cancel, config: None };
                    writer.run(&arrivals, &permit_sender, &mut worker)
                });
            });
            if let Some(sound) = sound {
                stage.spawn("sound", move || {
                    failure.guard(Stage::Sound, || {
                        let worker = worker("sound", Stage::Sound);
                        // Moved, so that the write stage sees its end.
                        let segments = sound_sender;
                        read_sound(sound, &video, (range, &segments), worker, failure, (cancel, &selection))
                    });
                });
            }
            // All before the first thread that could end: a queue without an entrance is closed. One of its own closes it
            // where there is no device.
            let _closes = tasks.entrance();
            let entrances: Vec<_> = devices.iter().map(|_| tasks.entrance()).collect();
            let parts = devices.into_iter().zip(&mut rings).zip(entrances);
            for (index, ((device, ring), tasks)) in parts.enumerate() {
                let name = |stage: &str| match shares.len() {
                    1 => stage.to_owned(),
                    _ => format!("{stage}-{index}"),
                };
                let DeviceStages { render, readback } = device;
                let RingState { free_slots, levels, submitted, .. } = ring;
                let (free_slots, submitted) = (&*free_slots, &*submitted);
                let exits = Exits { submitted: submitted.entrance(), permits: permit_receiver.clone() };
                // So that there are some left for all.
                let fair = segments.count().div_ceil(shares.len() as u64);
                let in_flight =
                    shares[index].segments_in_flight.min(usize::try_from(fair).unwrap_or(usize::MAX));
                let in_flight = if render.in_order() { 1 } else { in_flight };
                let interleave = Interleave::new(segments, in_flight);
                let (readback_name, render_name) = (name("readback"), name("render"));
                stage.spawn(&readback_name.clone(), move || {
                    failure.guard(Stage::Readback, || {
                        let worker = worker(&readback_name, Stage::Readback);
                        read_back(readback, submitted, plan, &tasks, worker)
                    });
                });
                stage.spawn(&render_name.clone(), move || {
                    failure.guard(Stage::Render, || {
                        let worker = worker(&render_name, Stage::Render);
                        render_frames(
                            render,
                            interleave,
                            (free_slots, levels),
                            &exits,
                            worker,
                            failure,
                            (cancel, &selection),
                        )
                    });
                });
            }
            drop((permit_receiver, stage, held, _closes));
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(PROGRESS_INTERVAL) {
                let frames = kept_frames + clocks.of(Stage::Encode).frames();
                failure.guard_progress(|| {
                    progress(&Progress { frames, kept: kept_frames, total, stages: clocks.read() });
                });
            }
        })
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(split.jobs)
        .thread_name(encoder_name)
        .build_scoped(
            |thread| thread.run(),
            |pool| {
                pool.in_place_scope(|scope| {
                    scope.spawn_broadcast(move |_, thread| encode(thread));
                    other_stages();
                });
            },
        )
        .map_err(|error| StreamError::Thread { reason: error.to_string() })?;

    if let Some(cause) = failure.into_cause() {
        return Err(cause);
    }
    let bytes = written.ok_or(StreamError::Cancelled)?;
    let cpu = process_cpu_time().saturating_sub(cpu_before);
    let trace = tracer.map(|tracer| {
        let levels = rings.into_iter().filter_map(RingState::into_levels).collect();
        let programs_cpu = programs_cpu_time().saturating_sub(programs_before);
        Trace { programs_cpu, ..tracer.finish(levels, plan) }
    });
    Ok(Outcome { bytes, frames: total, kept: kept_frames, cpu, clocks, trace })
}

/// Name of encoding thread `index`.
fn encoder_name(index: usize) -> String {
    format!("encode-{index}")
}

/// What the stages of one device share.
struct RingState<'t, S> {
    depth: usize,
    free_slots: FreeSlots,
    levels: Option<LevelMeter<'t>>,
    /// Each frame in it lies in a slot, so that there are no more than the ring is deep.
    submitted: Queue<InFlight<S>>,
}

impl<'t, S> RingState<'t, S> {
    fn new(depth: usize, before: usize, tracer: Option<&'t Tracer>) -> RingState<'t, S> {
        RingState {
            depth,
            free_slots: FreeSlots::new(depth, tracer.is_some(), before),
            levels: tracer.map(|tracer| LevelMeter::new(tracer, depth)),
            submitted: Queue::new(depth),
        }
    }

    fn into_levels(self) -> Option<RingLevels> {
        self.levels.map(|levels| levels.finish(self.free_slots.given_back()))
    }
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
    mut interleave: Interleave<'_>,
    (free_slots, levels): (&FreeSlots, &mut Option<LevelMeter<'_>>),
    exits: &Exits<'_, R::Submitted>,
    mut worker: Worker<'_>,
    failure: &Failure,
    (cancel, selection): (&CancelToken, &SegmentSelection<'_>),
) -> Result<(), StreamError> {
    let mut permitted = false;
    loop {
        // A stream that is stopped begins no further segment. If segments are kept, it finishes those that it has begun.
        let cancelled = cancel.is_cancelled();
        if cancelled && !selection.finishes_segments() {
            return Err(StreamError::Cancelled);
        }
        let may_begin = || !cancelled && (std::mem::take(&mut permitted) || exits.permits.try_recv().is_ok());
        let planned = match interleave.next(may_begin) {
            Next::Frame(planned) => planned,
            Next::Done => return Ok(()),
            Next::NeedsPermit if cancelled => return Ok(()),
            Next::NeedsPermit => {
                let stopped = || failure.stopped() || cancel.is_cancelled();
                match worker.await_output(|| await_permit(&exits.permits, stopped)) {
                    true => {
                        permitted = true;
                        continue;
                    }
                    false if cancel.is_cancelled() && !failure.stopped() => continue,
                    // Another stage has failed and recorded its error.
                    false => return Ok(()),
                }
            }
        };
        let Some(slot) = worker.await_output(|| free_slots.take(|| failure.stopped())) else {
            return Ok(());
        };
        if let Some(levels) = levels {
            levels.take(slot.free_since());
        }
        if failure.stopped() {
            return Ok(());
        }
        let ended = || failure.stopped() || cancel.is_cancelled();
        if render.waits_for_frames() && !worker.await_input(|| render.wait_for_frame(slot.index(), &ended)) {
            return if failure.stopped() { Ok(()) } else { Err(StreamError::Cancelled) };
        }
        let activity = Activity::frame(planned.frame, slot.number());
        let submitted = worker
            .busy(activity, || render.render(planned.frame, slot.index()))
            .map_err(|source| StreamError::Render { frame: planned.frame, source })?;
        worker.done(1, 0);
        exits.submitted.push(InFlight { planned, slot, submitted });
    }
}

/// Waits for permission to begin a segment; `false` when there will be none, or `stopped` says so.
///
/// The writer gives it, and may itself be waiting for a segment of another device that has failed.
fn await_permit(permits: &Receiver<()>, stopped: impl Fn() -> bool) -> bool {
    loop {
        match permits.recv_timeout(STOP_INTERVAL) {
            Ok(()) => return true,
            Err(RecvTimeoutError::Timeout) if !stopped() => {}
            Err(_) => return false,
        }
    }
}

fn read_back<S: Send, B: Readback<S>>(
    mut readback: B,
    submitted: &Queue<InFlight<S>>,
    plan: SegmentPlan,
    tasks: &Entrance<'_, Arc<SegmentTask<B::Mapped>>>,
    mut worker: Worker<'_>,
) -> Result<(), StreamError> {
    let mut segments: HashMap<SegmentIndex, Arc<SegmentTask<B::Mapped>>> = HashMap::new();
    loop {
        let Some(InFlight { planned, slot, submitted }) = worker.await_input(|| submitted.pop()) else {
            return Ok(());
        };
        let activity = Activity::frame(planned.frame, slot.number());
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

/// What each of the encoding threads does. Any of them may work for any segment.
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
