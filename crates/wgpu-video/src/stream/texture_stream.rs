//! The push interface: finished textures of a renderer that has a device of its own become a video.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use strikeline_audio::{Packet, PacketSource};

use super::failure::CancelToken;
use super::pipeline::{self, DeviceStages, PipelineOptions};
use super::queue::Queue;
use super::scene_stages::SlotReader;
use super::sink::{FinishedSegment, Sink, SinkError, StreamInfo};
use super::stage::{Render, SlotIndex, StageError};
use super::store::SegmentSelection;
use super::{Report, Stage, StreamError, StreamOptions, WorkSplit};
use crate::encode::Planes;
use crate::gpu::convert::SourceFormat;
use crate::gpu::planes;
use crate::gpu::ring::SubmittedSlot;
use crate::gpu::texture_ring::TextureRing;
use crate::gpu::watch::CancelWatch;
use crate::gpu::{Gpu, GpuError};
use strikeline_picture::{FrameChange, FrameIndex, PictureSize};

/// How soon a thread that waits for the caller sees that the stream has been cancelled or has failed.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// What every pushed texture must be usable for.
const NEEDED_USAGES: wgpu::TextureUsages =
    wgpu::TextureUsages::TEXTURE_BINDING.union(wgpu::TextureUsages::COPY_SRC);

/// Why a texture cannot be a frame of the stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextureError {
    /// The texture has another format than the stream was made for.
    #[error("the texture's format is {actual:?}; the stream was made for {expected:?}")]
    Format {
        /// The texture's.
        actual: wgpu::TextureFormat,
        /// The one given to [`TextureStream::new`].
        expected: wgpu::TextureFormat,
    },
    /// The texture has another size than the video's pictures.
    #[error("the texture has {}x{} pixels; the video has {}x{}", .actual[0], .actual[1], .expected.width(), .expected.height())]
    Size {
        /// Width and height of the texture.
        actual: [u32; 2],
        /// [`StreamOptions::size`].
        expected: PictureSize,
    },
    /// Not two-dimensional, several layers, or several samples per pixel.
    #[error(
        "the texture must be two-dimensional with one layer and one sample per pixel; resolve or copy it first"
    )]
    NotOnePicture,
    /// A usage is missing.
    #[error("the texture's usages lack {missing:?}; create it with TEXTURE_BINDING and COPY_SRC")]
    Usage {
        /// Those that are missing.
        missing: wgpu::TextureUsages,
    },
}

/// Turns the textures that an existing renderer draws into a video: for programs that have a [`wgpu::Device`] and a
/// [`wgpu::Queue`] already.
///
/// [`TextureStream::push`] takes one texture per frame, in order. Reading back, encoding and writing go on in threads of
/// the stream, as with [`stream`](super::stream()). [`TextureStream::finish`] completes the video. A stream that is
/// dropped before that ends its threads and leaves nothing behind.
///
/// In the [`Report`], the render stage waits for its input while the caller draws, and for a free slot of the ring while
/// [`TextureStream::push`] blocks.
///
/// The last three textures that were pushed are kept alive, for renderers that draw into several in turn.
///
/// Of [`StreamOptions`], `adapter`, `redraw` and the number of devices are not used.
///
/// Encoding: a segment is encoded by one thread, and frames come in order. Several threads encode at the same time only
/// while frames of several segments wait in the ring, that is, with a [`WorkSplit::ring_depth`] of more than
/// [`StreamOptions::segment_frames`]. With the default two-second segments one thread does nearly all of the encoding. A
/// program that draws faster than one thread encodes should choose shorter segments and a deeper ring: `jobs` ×
/// `segment_frames` slots keep `jobs` threads busy. A slot has 1.5 bytes per pixel, or those of the texture where the
/// processor converts.
///
/// ```no_run
/// use std::num::NonZeroU64;
/// use std::sync::Arc;
/// use wgpu_video::encode::h264::H264Factory;
/// use wgpu_video::output::Overwrite;
/// use wgpu_video::picture::{FrameRate, PictureSize};
/// use wgpu_video::stream::FileSink;
/// use wgpu_video::stream::{StreamOptions, TextureStream};
/// use wgpu_video::wgpu;
///
/// fn record(
///     device: &wgpu::Device,
///     queue: &wgpu::Queue,
///     texture: &wgpu::Texture,
///     draw: impl Fn(u64),
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let size = PictureSize::new(texture.width(), texture.height())?;
///     let frames = NonZeroU64::new(600).ok_or("no frames")?;
///     let options = StreamOptions::new(size, FrameRate::new(60, 1)?, frames, Arc::new(H264Factory::default()));
///     let sink = FileSink::create("video.mp4".as_ref(), Overwrite::Refuse)?;
///     let mut video = TextureStream::new(device, queue, texture.format(), &options, sink)?;
///     for frame in 0..frames.get() {
///         draw(frame); // submits to the queue
///         video.push(texture)?;
///     }
///     println!("{} bytes", video.finish()?.bytes);
///     Ok(())
/// }
/// ```
pub struct TextureStream {
    gpu: Arc<Gpu>,
    ring: TextureRing,
    format: wgpu::TextureFormat,
    size: PictureSize,
    frames: u64,
    pushed: u64,
    cancel: CancelToken,
    handover: Arc<Handover>,
    state: ThreadState,
}

/// The stream's threads, or what is left of them.
enum ThreadState {
    Running(JoinHandle<Result<Report, StreamError>>),
    /// The threads have ended, and the caller knows this error.
    Failed {
        was_cancelled: bool,
        error: String,
    },
    Ended,
}

/// What the caller's thread and the stream's threads hand to each other. `None` from one side means that nothing more
/// will come from it.
struct Handover {
    /// Free slots, for the caller.
    slots: Queue<Option<SlotIndex>>,
    /// Frames on their way into those slots, for the render stage.
    frames: Queue<Option<SubmittedSlot>>,
    /// Whether the video may be completed.
    complete: Queue<bool>,
}

impl TextureStream {
    /// Begins a video of textures of `format` on `device`, and starts the threads.
    ///
    /// The formats are `Rgba8Unorm`, `Rgba8UnormSrgb`, `Bgra8Unorm` and `Bgra8UnormSrgb`, whose bytes are taken as
    /// gamma-coded values, and `Rgba16Float`, which is taken as linear light from 0 to 1.
    ///
    /// The device needs no features. Its limits must allow textures of the video's size and buffers that hold a frame. A
    /// black picture is converted, copied and mapped at once, to see that the device and the queue can do that.
    ///
    /// # Errors
    /// [`StreamError::UnsupportedFormat`]; [`StreamError::ZeroSplit`]; [`StreamError::Gpu`] when the device cannot do what is needed;
    /// [`StreamError::Encoder`] when the encoder cannot do these settings; [`StreamError::Begin`] when the sink cannot begin;
    /// [`StreamError::Thread`].
    pub fn new(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        format: wgpu::TextureFormat,
        options: &StreamOptions,
        sink: impl Sink + 'static,
    ) -> Result<TextureStream, StreamError> {
        TextureStream::begin(device, queue, format, options, None, Box::new(sink))
    }

    /// As [`TextureStream::new`], with sound beside the pictures, as [`stream_with_sound`](super::stream_with_sound) has it.
    ///
    /// # Errors
    /// As [`TextureStream::new`].
    pub fn with_sound(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        format: wgpu::TextureFormat,
        options: &StreamOptions,
        sound: impl PacketSource + 'static,
        sink: impl Sink + 'static,
    ) -> Result<TextureStream, StreamError> {
        TextureStream::begin(device, queue, format, options, Some(Box::new(sound)), Box::new(sink))
    }

    fn begin(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        format: wgpu::TextureFormat,
        options: &StreamOptions,
        sound: Option<Box<dyn PacketSource>>,
        mut sink: Box<dyn Sink>,
    ) -> Result<TextureStream, StreamError> {
        let source_format = SourceFormat::of(format).ok_or(StreamError::UnsupportedFormat { format })?;
        options.split.check()?;
        let (plan, settings) = (options.plan(), options.encoder_settings());
        // Refuses what the encoder cannot do before anything is written.
        options.encoder.check(&settings)?;
        let gpu = Arc::new(Gpu::from_device(device.clone(), queue.clone()));
        let size = options.size;
        gpu.check_picture_size(size)?;
        // Frames wait for slots alone: as many segments may be begun as frames find room.
        let at_once = options.encoder.most_at_once().unwrap_or(usize::MAX).max(1);
        let segments_in_flight = options.split.segments_in_flight.max(options.split.ring_depth).min(at_once);
        let split = WorkSplit { segments_in_flight, devices: Some(1), ..options.split };
        let (ring, readback) = gpu.caught(|| {
            let depth = split.ring_depth;
            let planes = options.encoder.planes();
            gpu.check_requirements(&planes.requirements(Default::default()))?;
            let mut ring = match planes {
                Planes::Rgba => TextureRing::rgba(&gpu, source_format, false, size, depth)?,
                Planes::Yuv(format) => {
                    TextureRing::new(&gpu, (source_format, format), size, depth, options.convert_on)?
                }
            };
            ring.try_out(&gpu, &planes::picture_texture(device, source_format, size))?;
            Ok::<_, GpuError>((ring, SlotReader::new(&gpu, options.copy_out)?))
        })?;
        let info = options.info(sound.as_ref().map(|sound| sound.track()));
        super::failure::caught(Stage::Write, || sink.begin(&info).map_err(StreamError::Begin))?;

        let handover =
            Arc::new(Handover { slots: Queue::new(1), frames: Queue::new(1), complete: Queue::new(1) });
        let adapter = gpu.description.to_string();
        let (options, ends) = (options.clone(), EndOfStages(Arc::clone(&handover)));
        let cancel = options.cancel.clone();
        let run = move || {
            let ends = ends;
            let _watched = CancelWatch::new(options.cancel.flag());
            let render = PushedFrames { handover: Arc::clone(&ends.0), frame: None };
            let mut sink = GatedSink { sink, handover: Arc::clone(&ends.0) };
            let run = PipelineOptions {
                encoder: &*options.encoder,
                settings,
                plan,
                split,
                cancel: &options.cancel,
                record: options.record,
                selection: SegmentSelection::default(),
            };
            let stages = vec![DeviceStages { render, readback }];
            let mut sound = sound;
            let packets = sound.as_mut().map(|sound| sound as &mut dyn PacketSource);
            let outcome = pipeline::run_with_sound(stages, &run, packets, &mut sink, &mut |_| {});
            // What the sink has begun is removed before the caller learns of the end.
            drop((sound, sink));
            Ok(super::report(outcome?, &*options.encoder, adapter, None))
        };
        let thread = std::thread::Builder::new()
            .name("texture-stream".to_owned())
            .spawn(run)
            .map_err(|error| StreamError::Thread { reason: error.to_string() })?;
        let state = ThreadState::Running(thread);
        Ok(TextureStream {
            gpu,
            ring,
            format,
            size,
            frames: plan.frames(),
            pushed: 0,
            cancel,
            handover,
            state,
        })
    }

    /// Frames pushed so far.
    pub fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Takes what `texture` holds as the next frame. The texture has the stream's format and the video's size, and
    /// `TEXTURE_BINDING` and `COPY_SRC` among its usages.
    ///
    /// The frame is what the submissions made so far have drawn. Its conversion and copy are submitted when this returns,
    /// so that the texture may be drawn into again at once. Blocks while all slots of the ring are in use. (It would also
    /// block while twice as many segments as the ring has slots are encoded and wait for an earlier one.)
    ///
    /// # Errors
    /// [`StreamError::Texture`] for a texture that cannot be taken: nothing was submitted, and another may be pushed in its
    /// place. [`StreamError::TooManyFrames`] when all frames were pushed. Any other error has ended the stream: the first
    /// error of any of its stages, [`StreamError::Cancelled`], or, after such an error was returned,
    /// [`StreamError::Ended`]. A frame that was pushed just before an error may have been accepted.
    pub fn push(&mut self, texture: &wgpu::Texture) -> Result<(), StreamError> {
        let frame = FrameIndex(self.pushed);
        self.check_running()?;
        if self.pushed == self.frames {
            return Err(StreamError::TooManyFrames { frames: self.frames });
        }
        self.check_texture(texture).map_err(|source| StreamError::Texture { frame, source })?;
        // No entrance to this queue is ever closed: the stages' end is an item of its own.
        let Some(slot) = self.handover.slots.pop().flatten() else {
            return Err(self.end());
        };
        let (gpu, ring) = (&self.gpu, &mut self.ring);
        let submitted = gpu.caught(|| {
            let mut commands = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            ring.convert(gpu, &mut commands, texture);
            ring.submit(gpu, commands, texture, slot.0, FrameChange::UNKNOWN)
        });
        match submitted {
            Ok(submitted) => {
                self.handover.frames.push(Some(submitted));
                self.pushed += 1;
                Ok(())
            }
            Err(error) => {
                let error = StreamError::Render { frame, source: StageError::from(error) };
                self.end();
                self.state = ThreadState::failed(&error);
                Err(error)
            }
        }
    }

    /// Waits until all frames are encoded and written, and completes the video.
    ///
    /// # Errors
    /// [`StreamError::FramesMissing`] when fewer frames were pushed than [`StreamOptions::frames`]; else as
    /// [`TextureStream::push`]. Nothing is left behind then.
    pub fn finish(mut self) -> Result<Report, StreamError> {
        self.check_running()?;
        if self.pushed < self.frames {
            let missing = StreamError::FramesMissing { pushed: self.pushed, frames: self.frames };
            // If a stage has failed, that error is reported instead.
            return Err(match self.end() {
                StreamError::Cancelled if !self.cancel.is_cancelled() => missing,
                error => error,
            });
        }
        self.handover.complete.push(true);
        match std::mem::replace(&mut self.state, ThreadState::Ended) {
            ThreadState::Running(thread) => join(thread),
            ThreadState::Failed { .. } | ThreadState::Ended => Err(StreamError::Cancelled),
        }
    }

    fn check_texture(&self, texture: &wgpu::Texture) -> Result<(), TextureError> {
        if texture.format() != self.format {
            return Err(TextureError::Format { actual: texture.format(), expected: self.format });
        }
        let actual = [texture.width(), texture.height()];
        if actual != [self.size.width(), self.size.height()] {
            return Err(TextureError::Size { actual, expected: self.size });
        }
        let is_flat = texture.dimension() == wgpu::TextureDimension::D2;
        if !is_flat || texture.depth_or_array_layers() != 1 || texture.sample_count() != 1 {
            return Err(TextureError::NotOnePicture);
        }
        let missing = NEEDED_USAGES.difference(texture.usage());
        if missing.is_empty() { Ok(()) } else { Err(TextureError::Usage { missing }) }
    }

    /// Whether the stream still goes on, as far as is known now.
    fn check_running(&mut self) -> Result<(), StreamError> {
        match &self.state {
            ThreadState::Running(thread) if thread.is_finished() || self.cancel.is_cancelled() => {
                Err(self.end())
            }
            ThreadState::Running(_) => Ok(()),
            ThreadState::Failed { was_cancelled: true, .. } | ThreadState::Ended => {
                Err(StreamError::Cancelled)
            }
            ThreadState::Failed { error, .. } => Err(StreamError::Ended { reason: error.clone() }),
        }
    }

    /// Ends the threads without completing the video, and waits for them. Returns why the stream has ended:
    /// [`StreamError::Cancelled`] if for this alone.
    fn end(&mut self) -> StreamError {
        self.handover.frames.push(None);
        self.handover.complete.push(false);
        let error = match std::mem::replace(&mut self.state, ThreadState::Ended) {
            // Cancelled after the last frame was pushed, it is the sink that was stopped.
            ThreadState::Running(thread) => match join(thread) {
                Err(error) if !self.cancel.is_cancelled() => error,
                _ => StreamError::Cancelled,
            },
            ThreadState::Failed { .. } | ThreadState::Ended => StreamError::Cancelled,
        };
        self.state = ThreadState::failed(&error);
        error
    }
}

impl ThreadState {
    fn failed(error: &StreamError) -> ThreadState {
        let was_cancelled = matches!(error, StreamError::Cancelled);
        ThreadState::Failed { was_cancelled, error: error.to_string() }
    }
}

fn join(thread: JoinHandle<Result<Report, StreamError>>) -> Result<Report, StreamError> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Drop for TextureStream {
    fn drop(&mut self) {
        if let ThreadState::Running(_) = self.state {
            self.end();
        }
    }
}

impl fmt::Debug for TextureStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TextureStream { format, size, frames, pushed, .. } = self;
        f.debug_struct("TextureStream")
            .field("format", format)
            .field("size", size)
            .field("frames", frames)
            .field("pushed", pushed)
            .finish_non_exhaustive()
    }
}

/// Lets the caller know that the stages have ended, for whatever reason.
struct EndOfStages(Arc<Handover>);

impl Drop for EndOfStages {
    fn drop(&mut self) {
        self.0.slots.push(None);
    }
}

/// The render stage: the caller renders, and this waits for it.
struct PushedFrames {
    handover: Arc<Handover>,
    /// The frame that came for the slot of the last [`Render::wait_for_frame`].
    frame: Option<SubmittedSlot>,
}

impl Render for PushedFrames {
    type Submitted = SubmittedSlot;

    fn in_order(&self) -> bool {
        true
    }

    fn waits_for_frames(&self) -> bool {
        true
    }

    fn wait_for_frame(&mut self, slot: SlotIndex, stopped: &dyn Fn() -> bool) -> bool {
        self.handover.slots.push(Some(slot));
        self.frame = loop {
            match self.handover.frames.pop_within(STOP_INTERVAL) {
                Some(frame) => break frame,
                None if stopped() => break None,
                None => {}
            }
        };
        self.frame.is_some()
    }

    fn render(&mut self, _frame: FrameIndex, _slot: SlotIndex) -> Result<SubmittedSlot, StageError> {
        self.frame.take().ok_or_else(|| StageError::Other("no frame was pushed".to_owned()))
    }
}

/// Completes the video only when the caller asks for that.
struct GatedSink {
    sink: Box<dyn Sink>,
    handover: Arc<Handover>,
}

impl Sink for GatedSink {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        self.sink.begin(info)
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.sink.write_segment(segment)
    }

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        self.sink.write_sound(packets)
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        match self.handover.complete.pop() {
            Some(true) => self.sink.finish(),
            _ => Err("the stream was dropped".into()),
        }
    }
}
