//! What a scene may ask for and report, and what the streamer promises it.

mod support;

use std::sync::Arc;

use strikeline_picture::{FrameIndex, FrameRate};
use support::{RendererScene, options, size};
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::gpu::SourceFormat;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::gpu::{AdapterChoice, DeviceRequirements, Gpu, GpuError};
use wgpu_video::scene::still::render_still;
use wgpu_video::scene::{Drawing, FrameOrder, Scene, SceneError, SceneTarget};
use wgpu_video::stream::NullSink;
use wgpu_video::stream::StageError;
use wgpu_video::stream::{Redraw, StreamError, WorkSplit, stream};

/// Where a scene makes its mistake.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    /// wgpu rejects a call.
    UpdateCall,
    DrawCall,
    RenderCall,
    /// The scene says so itself.
    Update,
    Draw,
    Render,
}

/// Draws nothing, and makes a mistake in frame 70.
struct Mistaken {
    drawing: Drawing,
    mistake: Mistake,
    frame: u64,
    buffer: Option<wgpu::Buffer>,
}

impl Mistaken {
    fn makes(&self, mistake: Mistake) -> bool {
        self.frame == 70 && self.mistake == mistake
    }

    fn own_error(&self, mistake: Mistake) -> Result<(), SceneError> {
        if self.makes(mistake) { Err(SceneError::other("the score is lost")) } else { Ok(()) }
    }
}

impl Scene for Mistaken {
    fn drawing(&self) -> Drawing {
        self.drawing
    }
    fn prepare(&mut self, gpu: &Gpu, _target: &SceneTarget<'_>) -> Result<(), SceneError> {
        self.buffer = Some(gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 16,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        }));
        Ok(())
    }
    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        self.frame = frame.0;
        if self.makes(Mistake::UpdateCall) {
            queue.write_buffer(self.buffer.as_ref().unwrap(), 64, &[0; 64]);
            // Meanwhile earlier frames are read back.
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
        self.own_error(Mistake::Update)
    }
    fn draw(&self, _plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        if self.makes(Mistake::DrawCall) {
            pass.draw(0..3, 0..1);
        }
        self.own_error(Mistake::Draw)
    }
    fn render(
        &self,
        commands: &mut wgpu::CommandEncoder,
        _target: &wgpu::TextureView,
    ) -> Result<(), SceneError> {
        if self.makes(Mistake::RenderCall) {
            let buffer = self.buffer.as_ref().unwrap();
            commands.copy_buffer_to_buffer(buffer, 0, buffer, 0, 1024);
        }
        self.own_error(Mistake::Render)
    }
}

#[test]
fn an_error_that_a_scene_makes_names_the_frame_that_it_was_made_in() {
    let texture = Drawing::Texture(SourceFormat::Rgba8Unorm);
    for (drawing, mistake) in [
        (Drawing::Planar, Mistake::UpdateCall),
        (Drawing::Planar, Mistake::DrawCall),
        (Drawing::Rgba, Mistake::DrawCall),
        (texture, Mistake::UpdateCall),
        (texture, Mistake::RenderCall),
        (Drawing::Planar, Mistake::Update),
        (Drawing::Rgba, Mistake::Draw),
        (texture, Mistake::Render),
    ] {
        let mut scene = Mistaken { drawing, mistake, frame: 0, buffer: None };
        // Whatever frames are on their way when it happens.
        for split in [(1, 1), (16, 9)].map(|(ring_depth, segments_in_flight)| WorkSplit {
            ring_depth,
            jobs: 2,
            segments_in_flight,
            devices: Some(1),
        }) {
            let options = options(200).with_split(split).with_encoder(Arc::new(NullEncoder));
            let error = stream(&mut scene, &options, &mut NullSink::default(), &mut |_| {}).unwrap_err();
            let StreamError::Render { frame, source } = error else {
                panic!("{drawing:?} {mistake:?}: {error}");
            };
            assert_eq!(frame, FrameIndex(70), "{drawing:?} {mistake:?}: {source}");
            match mistake {
                Mistake::Update | Mistake::Draw | Mistake::Render => {
                    assert!(source.to_string().contains("the score is lost"), "{source}");
                }
                _ => assert!(
                    matches!(source, StageError::Scene(SceneError::Gpu(GpuError::Refused { .. }))),
                    "{source}"
                ),
            }
        }
    }
}

/// Notes in which order its frames come.
struct Stateful {
    order: FrameOrder,
    next: u64,
    in_order: bool,
}

impl Scene for Stateful {
    fn order(&self) -> FrameOrder {
        self.order
    }
    fn prepare(&mut self, _gpu: &Gpu, _target: &SceneTarget<'_>) -> Result<(), SceneError> {
        Ok(())
    }
    fn duplicate(&self) -> Option<Box<dyn Scene>> {
        assert_eq!(self.order, FrameOrder::Any, "one device draws all frames in order");
        None
    }
    fn update(&mut self, _queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        self.in_order &= frame.0 == self.next;
        self.next += 1;
        Ok(())
    }
    fn draw(&self, _plane: PlaneKind, _pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        Ok(())
    }
}

#[test]
fn a_scene_with_state_gets_its_frames_in_order_if_it_asks_for_that() {
    for (order, expected) in [(FrameOrder::InOrder, true), (FrameOrder::Any, false)] {
        for redraw in [Redraw::Changed, Redraw::All, Redraw::Verify] {
            let mut scene = Stateful { order, next: 0, in_order: true };
            let split = WorkSplit { ring_depth: 8, jobs: 3, segments_in_flight: 4, devices: Some(2) };
            let options =
                options(95).with_split(split).with_redraw(redraw).with_encoder(Arc::new(NullEncoder));
            stream(&mut scene, &options, &mut NullSink::default(), &mut |_| {}).unwrap();
            assert_eq!((scene.next, scene.in_order), (95, expected), "{order:?} {redraw:?}");
        }
    }
}

/// Draws nothing and asks for much.
struct Demanding(DeviceRequirements, Drawing);

impl Scene for Demanding {
    fn drawing(&self) -> Drawing {
        self.1
    }
    fn requirements(&self) -> DeviceRequirements {
        self.0.clone()
    }
    fn prepare(&mut self, gpu: &Gpu, _target: &SceneTarget<'_>) -> Result<(), SceneError> {
        assert!(gpu.device.features().contains(self.0.features));
        Ok(())
    }
    fn update(&mut self, _queue: &wgpu::Queue, _frame: FrameIndex) -> Result<(), SceneError> {
        Ok(())
    }
}

#[test]
fn a_device_has_what_the_scene_asks_for_or_the_error_names_what_is_missing() {
    let run = |requirements, drawing| {
        let mut scene = Demanding(requirements, drawing);
        let options = options(1).with_encoder(Arc::new(NullEncoder));
        stream(&mut scene, &options, &mut NullSink::default(), &mut |_| {})
    };
    // No adapter has the features of Vulkan, Metal and Direct3D at once.
    let all = DeviceRequirements::features(wgpu::Features::all() - wgpu::Features::all_experimental_mask());
    let error = run(all, Drawing::Planar).unwrap_err();
    assert!(matches!(error, StreamError::Gpu(GpuError::MissingFeatures { .. })), "{error}");
    assert!(error.to_string().contains("TEXTURE_COMPRESSION_ETC2"), "{error}");

    let limits = wgpu::Limits { max_bind_groups: 1000, ..wgpu::Limits::downlevel_webgl2_defaults() };
    let error = run(DeviceRequirements::default().with_limits(limits), Drawing::Planar).unwrap_err();
    assert!(matches!(error, StreamError::Gpu(GpuError::Limit { .. })), "{error}");
    assert!(error.to_string().contains("max_bind_groups of 1000"), "{error}");

    // Had by every adapter that wgpu's native backends find; what is left to complain of is that nothing is drawn.
    let some =
        DeviceRequirements::features(wgpu::Features::empty()).with_limits(wgpu::Limits::downlevel_defaults());
    for (drawing, method) in
        [(Drawing::Planar, "draw"), (Drawing::Texture(SourceFormat::Rgba16Float), "render")]
    {
        let error = run(some.clone(), drawing).unwrap_err();
        let StreamError::Render { source: StageError::Scene(error), .. } = error else { panic!("{error}") };
        assert!(matches!(error, SceneError::NotImplemented { method: m } if m == method), "{error}");
    }
}

#[test]
fn a_still_is_the_same_whatever_the_format_of_the_scene() {
    let gpu = Gpu::open(&AdapterChoice::Best).unwrap();
    let stills = SourceFormat::ALL.map(|format| {
        let rate = FrameRate::new(60, 1).unwrap();
        render_still(&gpu, &mut RendererScene(format, None), size(), rate, FrameIndex(7)).unwrap()
    });
    assert_eq!(stills[0].len(), 172 * 96 * 4);
    // Column 9, row 10, of frame 8, as the renderer counts; in front is either layer.
    let pixel = &stills[0][(10 * 172 + 9) * 4..][..4];
    assert!([[67, 70, 8, 255], [67, 70, 208, 255]].iter().any(|expected| pixel == expected), "{pixel:?}");
    for (format, still) in SourceFormat::ALL.iter().zip(&stills) {
        let worst = still.iter().zip(&stills[0]).map(|(a, b)| a.abs_diff(*b)).max();
        // Half precision has fewer values than 8 bits where it is bright.
        let allowed = u8::from(*format == SourceFormat::Rgba16Float);
        assert!(worst <= Some(allowed), "{format:?}: {worst:?}");
    }
}

/// A scene that panics before the first frame.
struct Unprepared;

impl Scene for Unprepared {
    fn prepare(&mut self, _gpu: &Gpu, _target: &SceneTarget<'_>) -> Result<(), SceneError> {
        panic!("planned")
    }
    fn update(&mut self, _queue: &wgpu::Queue, _frame: FrameIndex) -> Result<(), SceneError> {
        Ok(())
    }
}

#[test]
fn a_scene_that_panics_while_it_is_prepared_is_an_error() {
    let error = stream(&mut Unprepared, &options(2), &mut NullSink::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(&error, StreamError::Panicked { message, .. } if message == "planned"), "{error}");
}
