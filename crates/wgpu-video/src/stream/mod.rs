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
mod failure;
mod file_sink;
mod frame_parts;
mod gpu_timer;
mod histogram;
#[doc(hidden)]
pub mod interleave;
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

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::{Arc, Mutex, PoisonError};

use strikeline_audio::{AudioError, AudioTrack, PacketSource};

pub use crate::gpu::convert::ConvertOn;
pub use devices::DevicePool;
pub use failure::CancelToken;
pub use file_sink::FileSink;
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

use crate::encode::{EncodeError, EncoderFactory, EncoderSettings, Joining};
use crate::gpu::watch::CancelWatch;
use crate::gpu::{AdapterChoice, GpuError};
use crate::scene::{FrameOrder, Scene, SceneError};
use devices::DeviceSource;
use pipeline::{DeviceStages, PipelineOptions};
use scene_stages::{RenderSettings, SceneRenderer, SlotReader};
use strikeline_picture::{FrameIndex, FrameRate, PictureSize, SegmentIndex, SegmentPlan, SegmentRange, Time};
use trace::GpuTimes;

/// Why a stream ended early. Nothing is left behind then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The graphics device could not be opened, or cannot do what is needed.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The scene could not be prepared.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The scene or the device failed while drawing.
    #[error("frame {} could not be drawn: {source}", .frame.0)]
    Render {
        /// Which frame.
        frame: FrameIndex,
        /// Why.
        source: StageError,
    },
    /// The device failed before the frame was in memory.
    #[error("frame {} could not be read back: {source}", .frame.0)]
    Readback {
        /// Which frame.
        frame: FrameIndex,
        /// Why.
        source: StageError,
    },
    /// The encoder cannot do these settings. Found before the first frame.
    #[error(transparent)]
    Encoder(#[from] EncodeError),
    /// The encoder failed.
    #[error("segment {} could not be encoded: {source}", .segment.0)]
    Encode {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: EncodeError,
    },
    /// The sound could not be made, or its source failed.
    #[error("the sound failed at {:.3} s: {source}", .at.as_seconds())]
    Sound {
        /// Where in the video.
        at: Time,
        /// Why.
        source: AudioError,
    },
    /// The sink could not begin.
    #[error("{0}")]
    Begin(#[source] SinkError),
    /// The sink failed.
    #[error("segment {} could not be written: {source}", .segment.0)]
    Write {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: SinkError,
    },
    /// A finished segment could not be kept for another run.
    #[error("segment {} could not be kept: {source}", .segment.0)]
    Keep {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: SinkError,
    },
    /// A segment that was kept cannot be read. Remove the file in which it is kept, and make the segment again.
    #[error("segment {}, which an earlier run has kept, could not be read: {source}", .segment.0)]
    Kept {
        /// Which segment.
        segment: SegmentIndex,
        /// Why.
        source: SinkError,
    },
    /// The sink could not complete the video.
    #[error("the video could not be completed: {0}")]
    Finish(#[source] SinkError),
    /// The stream was stopped, and the sink could not make a result from the segments so far ([`Sink::finish_early`]).
    #[error("the video of the finished beginning could not be made: {0}")]
    FinishEarly(#[source] SinkError),
    /// The encoder set up segments differently, so that one decoder cannot play them in a row. A bug of the encoder.
    #[error(
        "the codec configuration of segment {} differs from that of segment 0: this is a bug in the encoder; try another one",
        .segment.0
    )]
    ConfigDiffers {
        /// The first segment that differs.
        segment: SegmentIndex,
    },
    /// Frames of a segment are missing, though no stage has reported an error. A bug; please report it.
    #[error("segment {} is incomplete; this is a bug in wgpu-video, please report it", .segment.0)]
    Incomplete {
        /// Which segment.
        segment: SegmentIndex,
    },
    /// A stage panicked: a bug in the scene, the sound, the encoder or the sink. Please report it.
    #[error(
        "the {stage} stage panicked ({message}): this is a bug in the {}, please report it",
        if *.stage == Stage::Sound { "source of the sound" } else { "scene, encoder or sink" }
    )]
    Panicked {
        /// Which stage.
        stage: Stage,
        /// The panic's message.
        message: String,
    },
    /// The caller's progress callback panicked.
    #[error("the progress callback panicked ({message}): this is a bug in that callback")]
    ProgressPanicked {
        /// The panic's message.
        message: String,
    },
    /// The system could not start a thread. End other programs, or use fewer jobs.
    #[error("a thread could not be started ({reason}): end other programs, or use fewer encoding threads")]
    Thread {
        /// What the system said.
        reason: String,
    },
    /// Textures of this format cannot be converted.
    #[error(
        "textures of format {format:?} cannot be made into a video; use Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb or Rgba16Float"
    )]
    UnsupportedFormat {
        /// The format.
        format: wgpu::TextureFormat,
    },
    /// A texture that was pushed cannot be a frame of the video. Another may be pushed in its place.
    #[error("the texture of frame {} cannot be used: {source}", .frame.0)]
    Texture {
        /// Which frame.
        frame: FrameIndex,
        /// Why.
        source: TextureError,
    },
    /// More frames were pushed than the video has.
    #[error("all {frames} frames of the video have been pushed already; finish the stream")]
    TooManyFrames {
        /// Frames of the video.
        frames: u64,
    },
    /// Fewer frames were pushed than the video has.
    #[error(
        "only {pushed} of the video's {frames} frames were pushed; push the others before finishing the stream"
    )]
    FramesMissing {
        /// Frames that were pushed.
        pushed: u64,
        /// Frames of the video.
        frames: u64,
    },
    /// An earlier call returned the error that ended the stream.
    #[error("the stream has ended already: {reason}")]
    Ended {
        /// The text of that error.
        reason: String,
    },
    /// A number of [`WorkSplit`] is 0. Give at least 1.
    #[error("the {what} is 0: give at least 1")]
    ZeroSplit {
        /// Which one.
        what: &'static str,
    },
    /// The stream was stopped by its [`CancelToken`].
    #[error("interrupted")]
    Cancelled,
}

/// What to make, and how to split the work.
#[derive(Clone)]
#[non_exhaustive]
pub struct StreamOptions {
    /// Size of the pictures.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// Frames of the video, from frame 0 of the scene.
    pub frames: NonZeroU64,
    /// Makes the encoders.
    pub encoder: Arc<dyn EncoderFactory>,
    /// Frames of a segment; `None` for what suits the encoder ([`Joining`]): two seconds as a rule.
    /// Changes the bytes: a segment begins with a sync sample.
    pub segment_frames: Option<NonZeroU32>,
    /// What to draw on.
    pub adapter: AdapterChoice,
    /// How the work is split.
    pub split: WorkSplit,
    /// How much of each frame is drawn and read back. Does not change the bytes.
    pub redraw: Redraw,
    /// Whether frames are copied before they are encoded.
    pub copy_out: CopyOut,
    /// What converts the pictures of a scene that draws RGBA only.
    pub convert_on: ConvertOn,
    /// Stops the stream when [`CancelToken::cancel`] is called.
    pub cancel: CancelToken,
    /// Records what every thread does and when, into [`Report::trace`]; `None`, the default, costs nothing.
    pub record: Option<Recording>,
    /// The segments that the sink gets; `None` for the whole video. Sound is always read from its start: the first of these
    /// segments gets all sound before it.
    pub segments: Option<SegmentRange>,
    /// Keeps finished segments for a later run, and contains those of an earlier one; `None` to keep none.
    pub store: Option<Arc<dyn SegmentStore>>,
    /// Whether the sink is to make a result from the segments that it has when the stream is stopped ([`Sink::finish_early`]). A
    /// stream that is stopped then first finishes the segments that it has begun, and gives the sink all that are finished,
    /// from the first one up to one that is missing, with their sound.
    pub finish_early: bool,
    /// The pool from which the stream takes its devices; `None` to open devices for this stream alone.
    pub device_pool: Option<Arc<DevicePool>>,
}

impl StreamOptions {
    /// Options for this video, with defaults for everything else.
    pub fn new(
        size: PictureSize,
        frame_rate: FrameRate,
        frames: NonZeroU64,
        encoder: Arc<dyn EncoderFactory>,
    ) -> StreamOptions {
        StreamOptions {
            size,
            frame_rate,
            frames,
            encoder,
            segment_frames: None,
            adapter: AdapterChoice::Best,
            split: WorkSplit::for_jobs(default_jobs()),
            redraw: Redraw::default(),
            copy_out: CopyOut::default(),
            convert_on: ConvertOn::default(),
            cancel: CancelToken::default(),
            record: None,
            segments: None,
            store: None,
            finish_early: false,
            device_pool: None,
        }
    }

    /// The same with another [`Self::frames`].
    #[must_use]
    pub fn with_frames(self, frames: NonZeroU64) -> StreamOptions {
        StreamOptions { frames, ..self }
    }

    /// The same with another [`Self::encoder`].
    #[must_use]
    pub fn with_encoder(self, encoder: Arc<dyn EncoderFactory>) -> StreamOptions {
        StreamOptions { encoder, ..self }
    }

    /// The same with another [`Self::segment_frames`].
    #[must_use]
    pub fn with_segment_frames(self, segment_frames: Option<NonZeroU32>) -> StreamOptions {
        StreamOptions { segment_frames, ..self }
    }

    /// The same with another [`Self::adapter`].
    #[must_use]
    pub fn with_adapter(self, adapter: AdapterChoice) -> StreamOptions {
        StreamOptions { adapter, ..self }
    }

    /// The same with another [`Self::split`].
    #[must_use]
    pub fn with_split(self, split: WorkSplit) -> StreamOptions {
        StreamOptions { split, ..self }
    }

    /// The same with another [`Self::redraw`].
    #[must_use]
    pub fn with_redraw(self, redraw: Redraw) -> StreamOptions {
        StreamOptions { redraw, ..self }
    }

    /// The same with another [`Self::copy_out`].
    #[must_use]
    pub fn with_copy_out(self, copy_out: CopyOut) -> StreamOptions {
        StreamOptions { copy_out, ..self }
    }

    /// The same with another [`Self::convert_on`].
    #[must_use]
    pub fn with_convert_on(self, convert_on: ConvertOn) -> StreamOptions {
        StreamOptions { convert_on, ..self }
    }

    /// The same with another [`Self::cancel`].
    #[must_use]
    pub fn with_cancel(self, cancel: CancelToken) -> StreamOptions {
        StreamOptions { cancel, ..self }
    }

    /// The same with another [`Self::record`].
    #[must_use]
    pub fn with_record(self, record: Option<Recording>) -> StreamOptions {
        StreamOptions { record, ..self }
    }

    /// The same with another [`Self::segments`].
    #[must_use]
    pub fn with_segments(self, segments: Option<SegmentRange>) -> StreamOptions {
        StreamOptions { segments, ..self }
    }

    /// The same with another [`Self::store`].
    #[must_use]
    pub fn with_store(self, store: Option<Arc<dyn SegmentStore>>) -> StreamOptions {
        StreamOptions { store, ..self }
    }

    /// The same with another [`Self::finish_early`].
    #[must_use]
    pub fn with_finish_early(self, finish_early: bool) -> StreamOptions {
        StreamOptions { finish_early, ..self }
    }

    /// The same with another [`Self::device_pool`].
    #[must_use]
    pub fn with_device_pool(self, device_pool: Option<Arc<DevicePool>>) -> StreamOptions {
        StreamOptions { device_pool, ..self }
    }

    fn selection(&self, order: FrameOrder) -> SegmentSelection<'_> {
        SegmentSelection {
            range: self.segments,
            // For a scene that is drawn in order, all frames have to be drawn anyway.
            store: self.store.as_deref().filter(|_| order == FrameOrder::Any),
            finish_early: self.finish_early,
        }
    }

    /// How the frames are cut into segments.
    pub fn plan(&self) -> SegmentPlan {
        let joining = self.encoder.joining();
        let given = self.segment_frames.filter(|_| joining != Joining::Sequential);
        let usual = || joining.segment_frames(self.size, self.frame_rate);
        SegmentPlan::new(self.frames, given.unwrap_or_else(usual))
    }

    /// What the sink gets before the first segment.
    fn info(&self, sound: Option<&AudioTrack>) -> StreamInfo {
        let video = VideoTrack::new(self.size, self.frame_rate, self.plan(), self.encoder.codec())
            .with_reordering(self.encoder.reorders())
            .with_rgb(self.encoder.keeps_rgb());
        StreamInfo { sound: sound.cloned(), ..StreamInfo::new(video) }
    }

    fn encoder_settings(&self) -> EncoderSettings {
        EncoderSettings::new(self.size, self.frame_rate, self.plan().segment_frames())
    }

    /// What the render stage draws, and how.
    pub fn render_settings(&self) -> RenderSettings {
        RenderSettings {
            size: self.size,
            frame_rate: self.frame_rate,
            plan: self.plan(),
            redraw: self.redraw,
            samples_read: self.encoder.samples_read(),
            planes: self.encoder.planes(),
            convert_on: self.convert_on,
        }
    }
}

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
    let wanted = options.split.devices.unwrap_or_else(|| source.about.devices());
    // More devices than segments would have nothing to draw.
    let most = if in_order { 1 } else { usize::try_from(to_make.max(1)).unwrap_or(usize::MAX) };
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
        let gpu = source.open(&scene.requirements())?;
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
