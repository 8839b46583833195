//! The streamer: turns a [`Scene`] into a video, with rendering, readback and encoding all busy at once.
//!
//! ```text
//! render   (1 thread)  takes a free slot of the ring, draws a frame, submits its copy into the slot
//! readback (1 thread)  waits for the oldest submission only, passes the mapped slot on
//! encode   (a pool)    many segments at once, each its own encoder, frames in order; frees the slots
//! write    (1 thread)  finished segments, in order, into the sink, each behind its sound
//!
//! sound    (1 thread)  reads the packets of sound, if any, segment by segment, some ahead of the write stage
//! ```
//!
//! Where the processor draws, two devices draw at the same time. Each has a render thread, a readback thread and segments
//! of its own. This is faster because a driver does most of the work for a frame in one thread.
//!
//! Frames of a device's segments in flight are rendered in turn, so that all encoders get frames at the same rate and
//! raw frames do not pile up. Every segment is a closed GOP with a fresh encoder: the bytes depend on the
//! scene, the settings and the adapter, never on how the work was split.

mod devices;
mod encode;
mod error;
mod failure;
mod file_sink;
mod frame_parts;
mod gpu_timer;
mod histogram;
#[doc(hidden)]
pub mod interleave;
mod options;
mod picture_sequence;
mod pipe_sink;
#[doc(hidden)]
pub mod pipeline;
mod plane_sets;
mod queue;
#[doc(hidden)]
pub mod scene_stages;
mod sink;
mod slots;
mod sound;
#[doc(hidden)]
pub mod stage;
mod stats;
mod store;
mod texture_stream;
pub mod trace;
mod verify;
mod write;

use std::sync::{Arc, Mutex, PoisonError};

use strikeline_audio::PacketSource;

pub use crate::gpu::convert::ConvertOn;
pub use devices::DevicePool;
pub use error::StreamError;
pub use failure::CancelToken;
pub use file_sink::FileSink;
pub use options::StreamOptions;
pub use picture_sequence::{PictureSequence, PictureSequenceError};
pub use pipe_sink::{PipeSink, ReaderGone, is_pipe};
pub use pipeline::WorkSplit;
pub use scene_stages::{CopyOut, Redraw};
pub use sink::{FinishedSegment, MemorySink, NullSink, Sink, SinkError, StreamInfo, VideoTrack};
pub use stage::StageError;
#[doc(hidden)]
pub use stats::{Clocks, StageClock};
pub use stats::{Progress, Report, Stage, StageReport, StageTimes, process_cpu_time};
pub use store::{SegmentSelection, SegmentStore};
pub use texture_stream::{TextureError, TextureStream};
pub use trace::{Recording, Trace};

use crate::encode::EncoderFactory;
use crate::gpu::watch::CancelWatch;
use crate::scene::{FrameOrder, Scene};
use devices::DeviceSource;
use pipeline::{DeviceStages, PipelineOptions};
use scene_stages::{SceneRenderer, SlotReader};
use trace::GpuTimes;

/// The default number of encoding threads: one more than the cores that the process may use, so that no core is idle
/// while a segment waits for its next frame.
pub fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from) + 1
}

impl WorkSplit {
    /// For `jobs` encoding threads: two slots and a segment for each, plus two slots and a segment.
    pub fn for_jobs(jobs: usize) -> WorkSplit {
        let jobs = jobs.max(1);
        WorkSplit { ring_depth: jobs * 2 + 2, jobs, segments_in_flight: jobs + 1, devices: None }
    }
}

/// Streams `scene` into `sink`. `progress` is called about ten times a second, on this thread.
///
/// Blocks until the video is complete or has failed; no thread outlives the call.
///
/// # Errors
/// The first error of any stage. [`Sink::finish`] is not called then.
pub fn stream(
    scene: &mut dyn Scene,
    options: &StreamOptions,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Report, StreamError> {
    stream_all(scene, None, options, sink, progress)
}

/// As [`stream()`], with sound beside the pictures: the packets of `sound`, which are read on a thread of their own while frames
/// are drawn. [`AudioEncoding`](crate::sound::AudioEncoding) makes them from samples.
///
/// The sound is read at most a few segments ahead of what is written. So a slow source slows the stream, and a fast one needs
/// little memory. The sound is as long as its track says, whatever the length of the video.
///
/// # Errors
/// As [`stream()`]; [`StreamError::Sound`] when `sound` fails or ends too early. A source that blocks for ever cannot be
/// stopped.
pub fn stream_with_sound(
    scene: &mut dyn Scene,
    sound: &mut dyn PacketSource,
    options: &StreamOptions,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Report, StreamError> {
    stream_all(scene, Some(sound), options, sink, progress)
}

fn stream_all(
    scene: &mut dyn Scene,
    sound: Option<&mut dyn PacketSource>,
    options: &StreamOptions,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Report, StreamError> {
    options.split.check()?;
    let _watched = CancelWatch::new(options.cancel.flag());
    let plan = options.plan();
    let settings = options.encoder_settings();
    // Refuses what the encoder cannot do before anything is drawn or written.
    options.encoder.check(&settings)?;
    let source = DeviceSource::new(&options.adapter, options.device_pool.as_deref())?;
    let in_order = scene.order() == FrameOrder::InOrder;
    let selection = options.selection(scene.order());
    let kept = selection.kept(plan);
    let to_make = selection.range(plan).count() - kept.count();
    let to_draw = usize::try_from(to_make).unwrap_or(usize::MAX);
    // To set up another device takes as long as to draw a segment or two.
    let wanted = options.split.devices.unwrap_or_else(|| source.about.devices().min(to_draw / 2));
    // More devices than segments would have nothing to draw.
    let most = if in_order { 1 } else { to_draw.max(1) };
    let at_once = options.encoder.most_at_once().unwrap_or(usize::MAX).max(1);
    let most = most.min(at_once);
    let wanted = wanted.clamp(1, most);
    let mut others: Vec<Box<dyn Scene>> = (1..wanted).map_while(|_| scene.duplicate()).collect();
    let devices = others.len() + 1;
    let split = WorkSplit {
        ring_depth: options.split.ring_depth.max(devices),
        jobs: options.split.jobs,
        segments_in_flight: options.split.segments_in_flight.min(at_once).max(devices),
        devices: Some(devices),
    };
    let scenes = std::iter::once(&mut *scene as &mut dyn Scene)
        .chain(others.iter_mut().map(|scene| &mut **scene as &mut dyn Scene));
    let name = source.about.to_string();
    let opened = match to_make {
        0 => Vec::new(),
        _ => failure::caught(Stage::Render, || open_devices(&source, scenes, options, split))?,
    };
    let (stages, gpu_times): (Vec<_>, Vec<_>) = opened.into_iter().unzip();
    let info = options.info(sound.as_deref().map(|sound| sound.track()));
    failure::caught(Stage::Write, || sink.begin(&info).map_err(StreamError::Begin))?;
    let run = PipelineOptions {
        encoder: &*options.encoder,
        settings,
        plan,
        split,
        cancel: &options.cancel,
        record: options.record,
        selection,
    };
    let outcome = pipeline::run_with_sound(stages, &run, sound, sink, progress)?;
    source.give_back();
    let gpu_times = gpu_times.into_iter().flatten().map(taken).reduce(GpuTimes::with);
    Ok(report(outcome, &*options.encoder, name, gpu_times))
}

fn report(
    outcome: pipeline::Outcome,
    encoder: &dyn EncoderFactory,
    adapter: String,
    gpu: Option<GpuTimes>,
) -> Report {
    let stages = outcome.clocks.read();
    Report {
        frames: outcome.frames,
        kept: outcome.kept,
        bytes: outcome.bytes,
        wall: stages.elapsed,
        cpu: outcome.cpu,
        encoder: encoder.name(),
        adapter,
        stages,
        trace: outcome.trace.map(|trace| Trace { gpu, ..trace }),
    }
}

/// The stages of one device, and where its own times will be.
type Opened<'s> = (DeviceStages<SceneRenderer<'s>, SlotReader>, Option<Arc<Mutex<GpuTimes>>>);

/// Opens a device for each of `scenes`, and prepares them, all at the same time: drivers compile shaders then.
fn open_devices<'s>(
    source: &DeviceSource<'_>,
    scenes: impl Iterator<Item = &'s mut dyn Scene>,
    options: &StreamOptions,
    split: WorkSplit,
) -> Result<Vec<Opened<'s>>, StreamError> {
    let devices = split.devices.unwrap_or(1);
    let open = |index, scene: &'s mut dyn Scene| -> Result<Opened<'s>, StreamError> {
        let depth = split.on_device(index, devices).ring_depth;
        let gpu = source.open(&options.encoder.planes().requirements(scene.requirements()))?;
        if options.cancel.is_cancelled() {
            return Err(StreamError::Cancelled);
        }
        let mut render = SceneRenderer::new(&gpu, scene, options.render_settings(), depth)?;
        let timed = options.record.is_some_and(|recording| recording.gpu_times);
        let times = timed.then(|| render.time_frames(depth)).flatten();
        Ok((DeviceStages { render, readback: SlotReader::new(&gpu, options.copy_out)? }, times))
    };
    std::thread::scope(|scope| {
        let mut scenes = scenes.enumerate();
        let first = scenes.next();
        let start = |(index, scene)| {
            let thread = std::thread::Builder::new().name("prepare".to_owned());
            thread.spawn_scoped(scope, move || open(index, scene))
        };
        let others: Vec<_> = scenes.map(start).collect();
        let mut opened: Vec<_> = first.map(|(index, scene)| open(index, scene)).into_iter().collect();
        for thread in others {
            let thread = thread.map_err(|error| StreamError::Thread { reason: error.to_string() })?;
            opened.push(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        opened.into_iter().collect()
    })
}

fn taken(times: Arc<Mutex<GpuTimes>>) -> GpuTimes {
    std::mem::take(&mut times.lock().unwrap_or_else(PoisonError::into_inner))
}
