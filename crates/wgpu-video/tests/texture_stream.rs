//! The push interface: the same bytes as through a scene, clear errors, and nothing left behind.

mod support;

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use strikeline_picture::{FrameIndex, SegmentIndex};
use support::{Renderer, RendererScene, files, options, size, texture, texture_descriptor};
use wgpu::TextureFormat;
use wgpu_video::audio::{AudioError, AudioFormat, AudioSource, PacketSource};
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::encode::{Codec, EncodeError, Encoder, EncoderFactory, EncoderSettings};
use wgpu_video::gpu::SourceFormat;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::gpu::{Gpu, GpuError};
use wgpu_video::output::Overwrite;
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};
use wgpu_video::sound::{AudioEncoding, FlacDepth};
use wgpu_video::stream::FileSink;
use wgpu_video::stream::{
    ConvertOn, Stage, StreamError, StreamOptions, TextureError, TextureStream, WorkSplit, stream,
    stream_with_sound,
};

/// A device as a program would open it: wgpu's default limits, no features, an error handler of its own.
struct Program {
    device: wgpu::Device,
    queue: wgpu::Queue,
    had_error: Arc<AtomicBool>,
}

impl Program {
    fn new() -> Program {
        let [program] = Program::with_limits([Default::default()]);
        program
    }

    /// Several on one adapter.
    fn with_limits<const N: usize>(limits: [wgpu::Limits; N]) -> [Program; N] {
        let descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12,
            ..descriptor
        });
        let adapter = pollster::block_on(instance.request_adapter(&Default::default())).unwrap();
        limits.map(|required_limits| {
            let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
            let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
            let had_error = Arc::new(AtomicBool::new(false));
            let note = Arc::clone(&had_error);
            device.on_uncaptured_error(Arc::new(move |_| note.store(true, Ordering::Relaxed)));
            Program { device, queue, had_error }
        })
    }

    fn stream(
        &self,
        format: TextureFormat,
        options: &StreamOptions,
        path: &Path,
    ) -> Result<TextureStream, StreamError> {
        let sink = FileSink::create(path, Overwrite::Refuse).unwrap();
        TextureStream::new(&self.device, &self.queue, format, options, sink)
    }

    fn render(&self, renderer: &Renderer, texture: &wgpu::Texture) {
        let mut commands = self.device.create_command_encoder(&Default::default());
        renderer.render(&mut commands, &texture.create_view(&Default::default()));
        self.queue.submit([commands.finish()]);
    }

    /// Spoils what the texture holds.
    fn clear(&self, texture: &wgpu::Texture) {
        let mut commands = self.device.create_command_encoder(&Default::default());
        let ops = wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::RED), ..Default::default() };
        let view = texture.create_view(&Default::default());
        commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops,
            })],
            ..Default::default()
        });
        self.queue.submit([commands.finish()]);
    }

    /// All frames, through two textures in turn that are spoilt as soon as they were pushed.
    fn push_all(&self, format: TextureFormat, options: &StreamOptions, path: &Path) {
        let renderer = Renderer::new(&self.device, format, size());
        let textures = [(); 2].map(|()| texture(&self.device, format, size()));
        let mut stream = self.stream(format, options, path).unwrap();
        for frame in 0..options.frames.get() {
            let texture = &textures[frame as usize % 2];
            self.render(&renderer, texture);
            stream.push(texture).unwrap();
            assert_eq!(stream.pushed(), frame + 1);
            self.clear(texture);
        }
        assert!(files(path.parent().unwrap()).iter().all(|file| file != path.file_name().unwrap()));
        let report = stream.finish().unwrap();
        assert_eq!(report.frames, options.frames.get());
        assert_eq!(report.bytes, std::fs::metadata(path).unwrap().len());
        assert!(!self.had_error.load(Ordering::Relaxed));
    }
}

/// As a scene that draws RGBA through a pass of the streamer's: the renderer draws into a texture of its own, which the
/// pass copies.
struct RgbaScene {
    renderer: Option<(Renderer, wgpu::Texture, wgpu::RenderPipeline, wgpu::BindGroup)>,
    device: Option<wgpu::Device>,
}

impl Scene for RgbaScene {
    fn drawing(&self) -> Drawing {
        Drawing::Rgba
    }
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let device = &gpu.device;
        let format = TextureFormat::Rgba8Unorm;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(
                "@group(0) @binding(0) var picture: texture_2d<f32>;
                @vertex fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
                    return vec4<f32>(vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0, 0.0, 1.0);
                }
                @fragment fn fragment(@builtin(position) place: vec4<f32>) -> @location(0) vec4<f32> {
                    return textureLoad(picture, vec2<u32>(place.xy), 0);
                }"
                .into(),
            ),
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: None,
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                buffers: &[],
            },
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                targets: &[Some(format.into())],
            }),
            primitive: Default::default(),
            depth_stencil: None,
            multisample: Default::default(),
            multiview_mask: None,
            cache: None,
        });
        let picture = texture(device, format, target.size);
        let view = picture.create_view(&Default::default());
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::TextureView(&view),
            }],
        });
        self.renderer = Some((Renderer::new(device, format, target.size), picture, pipeline, group));
        self.device = Some(device.clone());
        Ok(())
    }
    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let (renderer, picture, ..) = self.renderer.as_ref().unwrap();
        renderer.set_frame(queue, frame.0);
        let mut commands = self.device.as_ref().unwrap().create_command_encoder(&Default::default());
        renderer.render(&mut commands, &picture.create_view(&Default::default()));
        queue.submit([commands.finish()]);
        Ok(())
    }
    fn draw(&self, _plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        let (_, _, pipeline, group) = self.renderer.as_ref().unwrap();
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, group, &[]);
        pass.draw(0..3, 0..1);
        Ok(())
    }
}

fn streamed(scene: &mut dyn Scene, options: &StreamOptions, path: &Path) -> Vec<u8> {
    let mut sink = FileSink::create(path, Overwrite::Refuse).unwrap();
    stream(scene, options, &mut sink, &mut |_| {}).unwrap();
    drop(sink);
    std::fs::read(path).unwrap()
}

#[test]
fn pushed_textures_of_every_format_give_the_bytes_that_the_scene_gives() {
    let program = Program::new();
    for convert_on in [ConvertOn::Processor, ConvertOn::Device] {
        let folder = tempfile::tempdir().unwrap();
        let options = options(43).with_convert_on(convert_on);
        let mut rgba = RgbaScene { renderer: None, device: None };
        let drawn = streamed(&mut rgba, &options, &folder.path().join("rgba.mp4"));
        for format in SourceFormat::ALL {
            let path = |kind: &str| folder.path().join(format!("{format:?}-{kind}.mp4"));
            let scene = streamed(&mut RendererScene(format, None), &options, &path("scene"));
            program.push_all(format.texture_format(), &options, &path("pushed"));
            let pushed = std::fs::read(path("pushed")).unwrap();
            assert!(pushed == scene, "{format:?} {convert_on:?}");
            // The same values of 8 bits in another order, or taken as linear light and coded again.
            if format != SourceFormat::Rgba16Float {
                assert!(pushed == drawn, "{format:?} {convert_on:?}");
            }
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_the_ring_or_the_jobs() {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    let mut first = None;
    for (index, (ring_depth, jobs)) in [(1, 1), (2, 3), (64, 4)].into_iter().enumerate() {
        let split = WorkSplit { ring_depth, jobs, segments_in_flight: 5, devices: None };
        let path = folder.path().join(format!("{index}.mp4"));
        program.push_all(TextureFormat::Bgra8Unorm, &options(31).with_split(split), &path);
        let bytes = std::fs::read(path).unwrap();
        assert!(*first.get_or_insert(bytes.clone()) == bytes, "{split}");
    }
}

/// A saw tooth that ends with an error at sample frame `fails_at`.
struct Saw {
    position: u64,
    fails_at: u64,
}

impl AudioSource for Saw {
    fn format(&self) -> AudioFormat {
        AudioFormat::STEREO_48K
    }
    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        for frame in block.chunks_exact_mut(2) {
            if self.position == self.fails_at {
                return Err("the tooth broke".into());
            }
            frame.fill((self.position % 109) as f32 / 218.0);
            self.position += 1;
        }
        Ok(block.len() / 2)
    }
}

/// The sound of a video of `frames` frames, and half a second more.
fn saw(options: &StreamOptions, encoding: AudioEncoding, fails_at: u64) -> Box<dyn PacketSource> {
    let seconds = options.frames.get() as f64 / options.frame_rate.as_f64();
    encoding.encode(Saw { position: 0, fails_at }, (seconds * 48_000.0) as u64 + 24_000).unwrap()
}

#[test]
fn a_stream_with_sound_gives_the_same_bytes_pushed_or_drawn_however_it_is_split() {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    let format = TextureFormat::Rgba8Unorm;
    for encoding in [AudioEncoding::default(), AudioEncoding::Flac { depth: FlacDepth::Bits16 }] {
        let mut first: Option<Vec<u8>> = None;
        for (index, (ring_depth, jobs)) in [(2, 1), (7, 3)].into_iter().enumerate() {
            let split = WorkSplit { ring_depth, jobs, segments_in_flight: 2, devices: None };
            let options = options(43).with_split(split);
            let path = |kind: &str| folder.path().join(format!("{encoding:?}-{index}-{kind}.mp4"));
            let mut sink = FileSink::create(&path("scene"), Overwrite::Refuse).unwrap();
            let mut scene = RendererScene(SourceFormat::of(format).unwrap(), None);
            let mut sound = saw(&options, encoding, u64::MAX);
            let report = stream_with_sound(&mut scene, &mut sound, &options, &mut sink, &mut |_| {}).unwrap();
            assert_eq!(report.stages.of(Stage::Sound).frames, 43);
            drop(sink);

            let sink = FileSink::create(&path("pushed"), Overwrite::Refuse).unwrap();
            let sound = saw(&options, encoding, u64::MAX);
            let (device, queue) = (&program.device, &program.queue);
            let mut stream = TextureStream::with_sound(device, queue, format, &options, sound, sink).unwrap();
            let renderer = Renderer::new(device, format, size());
            let texture = texture(device, format, size());
            for _ in 0..43 {
                program.render(&renderer, &texture);
                stream.push(&texture).unwrap();
            }
            stream.finish().unwrap();

            let [scene, pushed] = ["scene", "pushed"].map(|kind| std::fs::read(path(kind)).unwrap());
            assert!(scene == pushed, "{encoding:?} {split}");
            assert!(*first.get_or_insert(scene.clone()) == scene, "{encoding:?} {split}");
        }
    }
}

#[test]
fn a_sound_that_fails_ends_the_stream_and_leaves_no_file() {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    let format = TextureFormat::Rgba8Unorm;
    let options = options(43);
    let path = folder.path().join("video.mp4");
    let sink = || FileSink::create(&path, Overwrite::Refuse).unwrap();
    let failing = || saw(&options, AudioEncoding::Pcm, 10_000);
    let mut scene = RendererScene(SourceFormat::of(format).unwrap(), None);
    let error =
        stream_with_sound(&mut scene, &mut failing(), &options, &mut sink(), &mut |_| {}).unwrap_err();
    // In the packet that begins at sample frame 8,192.
    assert_eq!(error.to_string(), "the sound failed at 0.171 s: the tooth broke");
    assert!(files(folder.path()).is_empty());

    let (device, queue) = (&program.device, &program.queue);
    let mut stream = TextureStream::with_sound(device, queue, format, &options, failing(), sink()).unwrap();
    let renderer = Renderer::new(device, format, size());
    let texture = texture(device, format, size());
    let error = loop {
        program.render(&renderer, &texture);
        if let Err(error) = stream.push(&texture) {
            break error;
        }
        if stream.pushed() == 43 {
            break stream.finish().unwrap_err();
        }
    };
    assert!(error.to_string().contains("the tooth broke"), "{error}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_texture_that_cannot_be_a_frame_is_refused_and_another_may_be_pushed() {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    let format = TextureFormat::Rgba8UnormSrgb;
    let path = folder.path().join("video.mp4");
    let mut stream = program.stream(format, &options(1), &path).unwrap();
    let mut refuse = |descriptor: wgpu::TextureDescriptor<'_>, expected: &str| {
        let error = stream.push(&program.device.create_texture(&descriptor)).unwrap_err();
        assert!(matches!(error, StreamError::Texture { frame: FrameIndex(0), .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        error
    };
    let right = texture_descriptor(format, [172, 96]);
    refuse(texture_descriptor(TextureFormat::Bgra8Unorm, [172, 96]), "Bgra8Unorm");
    refuse(texture_descriptor(format, [172, 98]), "172x98");
    refuse(texture_descriptor(format, [170, 96]), "170x96");
    let layers = wgpu::Extent3d { depth_or_array_layers: 2, ..right.size };
    refuse(wgpu::TextureDescriptor { size: layers, ..right.clone() }, "one layer");
    let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC;
    let error = refuse(wgpu::TextureDescriptor { usage, ..right.clone() }, "TEXTURE_BINDING");
    let missing = wgpu::TextureUsages::TEXTURE_BINDING;
    assert!(
        matches!(error, StreamError::Texture { source: TextureError::Usage { missing: m }, .. } if m == missing)
    );
    let usage = wgpu::TextureUsages::RENDER_ATTACHMENT;
    refuse(wgpu::TextureDescriptor { usage, sample_count: 4, ..right.clone() }, "one sample per pixel");
    let texture = program.device.create_texture(&right);
    stream.push(&texture).unwrap();
    assert!(matches!(stream.push(&texture), Err(StreamError::TooManyFrames { frames: 1 })));
    stream.finish().unwrap();
    assert_eq!(files(folder.path()), ["video.mp4"]);
}

#[test]
fn what_the_stream_cannot_do_is_said_when_it_is_made() {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    let path = folder.path().join("video.mp4");
    for format in [TextureFormat::Rgb10a2Unorm, TextureFormat::Rgba32Float, TextureFormat::R8Unorm] {
        let error = program.stream(format, &options(1), &path).unwrap_err();
        assert!(error.to_string().contains(&format!("{format:?}")), "{error}");
        assert!(error.to_string().contains("Rgba16Float"), "{error}");
    }
    // The queue of another device.
    let [one, other] = Program::with_limits([(); 2].map(|()| Default::default()));
    let mixed = Program { queue: other.queue.clone(), ..one };
    let error = mixed.stream(TextureFormat::Rgba8Unorm, &options(1), &path).unwrap_err();
    assert!(matches!(error, StreamError::Gpu(GpuError::Refused { .. })), "{error}");
    assert!(error.to_string().contains("a queue of its own"), "{error}");
    assert!(files(folder.path()).is_empty() && !mixed.had_error.load(Ordering::Relaxed));
    let split = WorkSplit { ring_depth: 0, ..options(1).split };
    let error = program.stream(TextureFormat::Rgba8Unorm, &options(1).with_split(split), &path);
    assert!(error.unwrap_err().to_string().contains("ring depth"));
    let limits = [
        wgpu::Limits { max_texture_dimension_2d: 128, ..Default::default() },
        wgpu::Limits { max_buffer_size: 20_000, ..Default::default() },
    ];
    for (program, expected) in Program::with_limits(limits).into_iter().zip(["172x96", "20000 bytes"]) {
        let error = program.stream(TextureFormat::Rgba8Unorm, &options(1), &path).unwrap_err();
        assert!(matches!(error, StreamError::Gpu(GpuError::Limit { .. })), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(files(folder.path()).is_empty());
        assert!(!program.had_error.load(Ordering::Relaxed));
    }
}

#[test]
fn a_texture_of_another_device_ends_the_stream_with_an_error_of_that_frame() {
    let [program, other] = Program::with_limits([(); 2].map(|()| Default::default()));
    let folder = tempfile::tempdir().unwrap();
    let format = TextureFormat::Rgba8Unorm;
    let mut stream = program.stream(format, &options(20), &folder.path().join("video.mp4")).unwrap();
    stream.push(&texture(&program.device, format, size())).unwrap();
    let error = stream.push(&texture(&other.device, format, size())).unwrap_err();
    assert!(matches!(error, StreamError::Render { frame: FrameIndex(1), .. }), "{error}");
    let again = stream.push(&texture(&program.device, format, size())).unwrap_err().to_string();
    assert!(again.contains(&error.to_string()), "{again}");
    assert!(matches!(stream.finish(), Err(StreamError::Ended { .. })));
    assert!(files(folder.path()).is_empty());
    assert!(!program.had_error.load(Ordering::Relaxed));
}

#[test]
fn a_stream_that_is_dropped_leaves_nothing_behind() {
    let program = Program::new();
    let format = TextureFormat::Bgra8UnormSrgb;
    // After no frame, some, a whole segment, and all of them.
    for pushed in [0, 3, 10, 25] {
        let folder = tempfile::tempdir().unwrap();
        let factory = Arc::new(H264Factory::default());
        let options = options(25).with_encoder(factory.clone());
        let mut stream = program.stream(format, &options, &folder.path().join("video.mp4")).unwrap();
        drop(options);
        let texture = texture(&program.device, format, size());
        for _ in 0..pushed {
            stream.push(&texture).unwrap();
        }
        if pushed == 25 {
            // All that can be done without the caller's word is done by then.
            std::thread::sleep(Duration::from_millis(300));
        }
        drop(stream);
        assert!(files(folder.path()).is_empty(), "{pushed}");
        // Held by the stream's threads.
        assert_eq!(Arc::strong_count(&factory), 1, "{pushed}");
    }
}

#[test]
fn a_video_with_missing_frames_is_not_completed() {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    let format = TextureFormat::Rgba16Float;
    let mut stream = program.stream(format, &options(12), &folder.path().join("video.mp4")).unwrap();
    let texture = texture(&program.device, format, size());
    for _ in 0..11 {
        stream.push(&texture).unwrap();
    }
    assert!(matches!(stream.finish(), Err(StreamError::FramesMissing { pushed: 11, frames: 12 })));
    assert!(files(folder.path()).is_empty());
}

#[test]
fn cancelling_ends_the_stream() {
    let program = Program::new();
    let format = TextureFormat::Rgba8Unorm;
    for pushed in [0, 5, 20] {
        let (folder, options) = (tempfile::tempdir().unwrap(), options(20));
        let mut stream = program.stream(format, &options, &folder.path().join("video.mp4")).unwrap();
        let texture = texture(&program.device, format, size());
        for _ in 0..pushed {
            stream.push(&texture).unwrap();
        }
        options.cancel.cancel();
        assert!(matches!(stream.push(&texture), Err(StreamError::Cancelled)), "{pushed}");
        assert!(matches!(stream.finish(), Err(StreamError::Cancelled)), "{pushed}");
        assert!(files(folder.path()).is_empty());
    }
}

/// Does what is asked before each segment but the check at the start, then encodes as usual.
struct Hook<F>(F, AtomicBool);

impl<F: Fn(SegmentIndex) -> Result<(), EncodeError> + Send + Sync> EncoderFactory for Hook<F> {
    fn name(&self) -> &'static str {
        "hook"
    }
    fn codec(&self) -> Codec {
        H264Factory::default().codec()
    }
    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        if self.1.swap(true, Ordering::Relaxed) {
            (self.0)(segment)?;
        }
        H264Factory::default().begin_segment(settings, segment)
    }
}

fn hooked(
    hook: impl Fn(SegmentIndex) -> Result<(), EncodeError> + Send + Sync + 'static,
    options: StreamOptions,
) -> StreamOptions {
    options.with_encoder(Arc::new(Hook(hook, AtomicBool::new(false))))
}

#[test]
fn an_error_in_a_stage_is_returned_by_push_and_by_finish() {
    let program = Program::new();
    let (sender, failed) = mpsc::channel();
    let fails = move |segment: SegmentIndex| match segment.0 {
        2 => {
            sender.send(()).unwrap();
            Err(EncodeError::Failed { encoder: "hook", reason: "the ink is dry".to_owned() })
        }
        _ => Ok(()),
    };
    let format = TextureFormat::Rgba8Unorm;
    let texture = texture(&program.device, format, size());
    let start = |folder: &Path| {
        let mut stream =
            program.stream(format, &hooked(fails.clone(), options(40)), &folder.join("video.mp4")).unwrap();
        for _ in 0..21 {
            stream.push(&texture).unwrap();
        }
        failed.recv_timeout(Duration::from_secs(30)).unwrap();
        // Long enough for the stages to end.
        std::thread::sleep(Duration::from_millis(500));
        stream
    };
    let is_it = |error: &StreamError| {
        matches!(error, StreamError::Encode { segment: SegmentIndex(2), .. })
            && error.to_string().contains("the ink is dry")
    };
    let folder = tempfile::tempdir().unwrap();
    let mut stream = start(folder.path());
    let error = stream.push(&texture).unwrap_err();
    assert!(is_it(&error), "{error}");
    let error = stream.finish().unwrap_err().to_string();
    assert!(error.contains("the ink is dry"), "{error}");
    let error = start(folder.path()).finish().unwrap_err();
    assert!(is_it(&error), "{error}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn segments_are_encoded_at_the_same_time_if_the_ring_holds_frames_of_several() {
    let program = Program::new();
    let begun = Arc::new((Mutex::new(0), Condvar::new()));
    // The encoder of segment 0 begins when those of 1 and 2 have.
    let together = move |segment: SegmentIndex| {
        let mut count = begun.0.lock().unwrap();
        *count += 1;
        begun.1.notify_all();
        if segment.0 == 0 {
            let wait = begun.1.wait_timeout_while(count, Duration::from_secs(30), |count| *count < 3);
            assert!(!wait.unwrap().1.timed_out(), "segments wait for each other");
        }
        Ok(())
    };
    let folder = tempfile::tempdir().unwrap();
    let format = TextureFormat::Rgba8Unorm;
    let options = hooked(together, options(40));
    let mut stream = program.stream(format, &options, &folder.path().join("video.mp4")).unwrap();
    let texture = texture(&program.device, format, size());
    for _ in 0..40 {
        stream.push(&texture).unwrap();
    }
    assert_eq!(stream.finish().unwrap().frames, 40);
}

#[test]
fn push_blocks_while_the_ring_is_full_and_for_nothing_else() {
    let program = Program::new();
    let (device, queue) = (program.device.clone(), program.queue.clone());
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let wait = {
        let gate = Arc::clone(&gate);
        move |_| {
            let open = gate.0.lock().unwrap();
            drop(gate.1.wait_while(open, |open| !*open).unwrap());
            Ok(())
        }
    };
    let split = WorkSplit { ring_depth: 3, jobs: 1, segments_in_flight: 1, devices: None };
    let options = hooked(wait, options(20).with_split(split));
    let folder = tempfile::tempdir().unwrap();
    let format = TextureFormat::Rgba8Unorm;
    let mut stream = program.stream(format, &options, &folder.path().join("video.mp4")).unwrap();
    let (sender, pushed) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let texture = texture(&device, format, size());
        for frame in 0..20 {
            stream.push(&texture).unwrap();
            sender.send(frame).unwrap();
        }
        stream.finish().unwrap().frames
    });
    // The encoder has begun nothing: three frames lie in the ring.
    for frame in 0..3 {
        assert_eq!(pushed.recv_timeout(Duration::from_secs(30)), Ok(frame));
    }
    assert!(pushed.recv_timeout(Duration::from_millis(300)).is_err());
    // The program's own work on the device is not held up meanwhile.
    queue.submit([]);
    assert!(program.device.poll(wgpu::PollType::wait_indefinitely()).is_ok());
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    assert_eq!(thread.join().unwrap(), 20);
    assert_eq!(pushed.iter().count(), 17);
}

#[test]
fn push_does_not_wait_for_a_segment_to_be_written_while_slots_are_free() {
    let program = Program::new();
    let (sender, all_pushed) = mpsc::channel();
    let all_pushed = Mutex::new(all_pushed);
    // Segment 0 is not encoded before all frames are pushed; the others are, and wait for it to be written.
    let hook = move |segment: SegmentIndex| match segment.0 {
        0 => all_pushed
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(30))
            .map_err(|_| EncodeError::Failed { encoder: "hook", reason: "push waits".to_owned() }),
        _ => Ok(()),
    };
    let split = WorkSplit { ring_depth: 3, jobs: 2, segments_in_flight: 1, devices: None };
    let options = hooked(hook, options(6).with_split(split).with_segment_frames(NonZeroU32::new(1)));
    let folder = tempfile::tempdir().unwrap();
    let format = TextureFormat::Rgba8Unorm;
    let mut stream = program.stream(format, &options, &folder.path().join("video.mp4")).unwrap();
    let texture = texture(&program.device, format, size());
    for _ in 0..6 {
        stream.push(&texture).unwrap();
    }
    sender.send(()).unwrap();
    assert_eq!(stream.finish().unwrap().frames, 6);
}
