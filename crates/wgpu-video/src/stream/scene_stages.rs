//! The render and readback stages of a [`Scene`] on a graphics device.

use std::sync::{Arc, Mutex};

use super::frame_parts::FrameParts;
use super::gpu_timer::GpuTimer;
use super::plane_sets::{PlaneSet, PlaneSets, SetForFrame, StaticLayers};
use super::stage::{Mapped, Readback, Render, SlotIndex, StageError};
use super::trace::GpuTimes;
use super::verify::Verifier;
use crate::encode::{Planes, SamplesRead};
use crate::gpu::convert::{ConvertOn, SourceFormat};
use crate::gpu::planes::{PlaneKind, picture_texture};
use crate::gpu::readback_speed::ReadbackMemory;
use crate::gpu::ring::{CopyBuffers, MappedSlot, Ring, SubmittedSlot};
use crate::gpu::texture_ring::TextureRing;
use crate::gpu::{Gpu, GpuError};
use crate::scene::{Drawing, FrameOrder, Scene, SceneError, SceneTarget};
use strikeline_picture::{
    FrameChange, FrameIndex, FrameRate, MovedArea, Picture, PictureSize, RgbaPicture, SegmentPlan,
    UnchangedSamples,
};

/// How much of each frame is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redraw {
    /// What the scene reports as changed since the previous frame; the same bytes as [`Redraw::All`], faster.
    #[default]
    Changed,
    /// All of every frame.
    All,
    /// Both, to compare them: for testing a scene. A difference is an error. Slow.
    Verify,
}

/// What the render stage draws, and how: the same for all frames.
#[derive(Debug, Clone, Copy)]
pub struct RenderSettings {
    /// Size of the pictures.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// Which frames make which segment: the first of each is drawn whole.
    pub plan: SegmentPlan,
    /// How much of the others is drawn.
    pub redraw: Redraw,
    /// What the encoder reads ([`crate::encode::EncoderFactory::samples_read`]): nothing else is read back.
    pub samples_read: SamplesRead,
    /// The planes that the encoder takes. RGBA pictures are drawn and read back whole.
    pub planes: Planes,
    /// What converts the pictures of a scene that does not draw planes.
    pub convert_on: ConvertOn,
}

/// The render stage: draws a scene's frames.
pub struct SceneRenderer<'s> {
    gpu: Arc<Gpu>,
    scene: &'s mut dyn Scene,
    settings: RenderSettings,
    layers: StaticLayers,
    sets: PlaneSets,
    /// Second set of planes, through which moved rectangles are copied.
    scratch: Option<PlaneSet>,
    verifier: Option<Verifier>,
    output: Output,
    timer: Option<GpuTimer>,
}

/// What the scene draws into, and the ring that it is copied into.
enum Output {
    /// Luma and chroma planes of these kinds, of which [`SceneRenderer::sets`] has as many as it takes.
    Planes([PlaneKind; 2], Ring),
    /// A picture over a static layer.
    Rgba(PlaneSet, TextureRing),
    /// A texture that the scene fills with passes of its own.
    Texture(wgpu::TextureView, TextureRing),
}

impl Output {
    /// The planes that the scene draws.
    fn kinds(&self) -> Vec<PlaneKind> {
        match self {
            Output::Planes(kinds, _) => kinds.to_vec(),
            Output::Rgba(..) => vec![PlaneKind::Rgba],
            Output::Texture(..) => Vec::new(),
        }
    }
}

impl<'s> SceneRenderer<'s> {
    /// Prepares `scene`, and makes a ring of `depth` slots.
    ///
    /// # Errors
    /// When the device cannot hold the pictures or the scene.
    pub fn new(
        gpu: &Arc<Gpu>,
        scene: &'s mut dyn Scene,
        settings: RenderSettings,
        depth: usize,
    ) -> Result<SceneRenderer<'s>, SceneError> {
        gpu.guarded(|| SceneRenderer::prepare(gpu, scene, settings, depth))
    }

    fn prepare(
        gpu: &Arc<Gpu>,
        scene: &'s mut dyn Scene,
        settings: RenderSettings,
        depth: usize,
    ) -> Result<SceneRenderer<'s>, SceneError> {
        let RenderSettings { size, frame_rate, .. } = settings;
        gpu.check_picture_size(size)?;
        gpu.check_requirements(&settings.planes.requirements(scene.requirements()))?;
        let texture_ring = |format| match settings.planes {
            Planes::Rgba => TextureRing::rgba(gpu, format, scene.is_transparent(), size, depth),
            Planes::Yuv(planes) => TextureRing::new(gpu, (format, planes), size, depth, settings.convert_on),
        };
        let output = match (scene.drawing(), settings.planes) {
            (Drawing::Planar, Planes::Yuv(format)) => {
                Output::Planes(PlaneKind::planar(format), Ring::new(gpu, size, format, depth)?)
            }
            (Drawing::Planar | Drawing::Rgba, _) => Output::Rgba(
                PlaneSet::new(gpu, &[PlaneKind::Rgba], size),
                texture_ring(SourceFormat::Rgba8Unorm)?,
            ),
            (Drawing::Texture(format), _) => {
                let texture = picture_texture(&gpu.device, format, size);
                let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
                Output::Texture(view, texture_ring(format)?)
            }
        };
        let kinds = &output.kinds()[..];
        gpu.check()?;
        scene.prepare(gpu, &SceneTarget { size, frame_rate, planes: kinds })?;
        gpu.check()?;
        // What is converted is converted whole.
        let is_planar = matches!(output, Output::Planes(..));
        let format = settings.planes.pixel_format().unwrap_or_default();
        let tracks = is_planar && scene.reports_changes() && settings.redraw != Redraw::All;
        let verifier = (tracks && settings.redraw == Redraw::Verify)
            .then(|| Verifier::new(gpu, size, format))
            .transpose()?;
        let scratch = tracks.then(|| PlaneSet::new(gpu, kinds, size));
        gpu.check()?;
        Ok(SceneRenderer {
            gpu: Arc::clone(gpu),
            scene,
            settings,
            layers: StaticLayers::default(),
            sets: PlaneSets::new(size, format, tracks.then_some(settings.plan)),
            scratch,
            verifier,
            output,
            timer: None,
        })
    }

    /// Lets the device time the frames, of which up to `depth` are on their way at once. The times are complete
    /// when the renderer is dropped. `None` when the device cannot.
    pub fn time_frames(&mut self, depth: usize) -> Option<Arc<Mutex<GpuTimes>>> {
        let (timer, times) = GpuTimer::new(&self.gpu, depth)?;
        self.timer = Some(timer);
        Some(times)
    }
}

impl Render for SceneRenderer<'_> {
    type Submitted = SubmittedSlot;

    fn in_order(&self) -> bool {
        self.scene.order() == FrameOrder::InOrder
    }

    fn render(&mut self, frame: FrameIndex, slot: SlotIndex) -> Result<SubmittedSlot, StageError> {
        let gpu = Arc::clone(&self.gpu);
        gpu.guarded(|| self.draw(frame, slot))
    }
}

impl SceneRenderer<'_> {
    fn draw(&mut self, frame: FrameIndex, slot: SlotIndex) -> Result<SubmittedSlot, StageError> {
        let RenderSettings { size, samples_read, redraw, .. } = self.settings;
        self.scene.update(&self.gpu.queue, frame)?;
        let (gpu, scene) = (&*self.gpu, &*self.scene);
        let mut commands = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let drawing = self.timer.as_mut().map(|timer| timer.begin(&mut commands));
        let finish = |timer: &Option<GpuTimer>, commands: &mut wgpu::CommandEncoder| {
            if let (Some(timer), Some(drawing)) = (timer, drawing) {
                timer.drawn(commands, drawing);
            }
        };
        // Each way ends with a submission and a look for errors: what wgpu rejects is this frame's.
        let kinds = &self.output.kinds()[..];
        let submitted = match &mut self.output {
            Output::Planes(_, ring) => {
                let layer = self.layers.current(gpu, &mut commands, scene, kinds, size)?;
                let SetForFrame { set, previous } = self.sets.find(gpu, frame, scene.static_layer());
                let mut known = scene.change(previous);
                if !known.moved.is_possible(size) {
                    known.moved = MovedArea::default();
                }
                // Changed parts are only of use when there is a previous frame.
                let parts = previous.and_then(|_| FrameParts::new(&known, size));
                let (change, parts_read) = match parts {
                    None => {
                        set.draw(&mut commands, layer, scene)?;
                        (FrameChange::UNKNOWN, None)
                    }
                    Some(mut parts) => {
                        let scratch = self.scratch.as_ref().map_or(&[][..], |scratch| &scratch.planes);
                        // To be compared, all of the frame must be there.
                        let leaves_out = samples_read == SamplesRead::New && redraw != Redraw::Verify;
                        if leaves_out {
                            parts.leave_out(&known, set.left_out(), size);
                        }
                        set.draw_parts(&mut commands, layer, scene, &parts, scratch)?;
                        let change = FrameChange::within(parts.changed).with_moved(parts.left_out);
                        match samples_read {
                            SamplesRead::All => (change, None),
                            SamplesRead::New => {
                                (change.with_unchanged_samples(UnchangedSamples::Undefined), Some(parts.read))
                            }
                        }
                    }
                };
                let change = change.with_scroll(known.scroll);
                set.set_content(frame, scene.static_layer());
                if let Some(verifier) = &mut self.verifier {
                    commands = verifier.check(gpu, commands, set, layer, scene)?;
                }
                finish(&self.timer, &mut commands);
                ring.submit(gpu, commands, [&set.planes[0], &set.planes[1]], slot.0, (change, parts_read))?
            }
            Output::Rgba(picture, ring) => {
                let layer = self.layers.current(gpu, &mut commands, scene, kinds, size)?;
                picture.draw(&mut commands, layer, scene)?;
                let texture = &picture.planes[0].texture;
                ring.convert(gpu, &mut commands, texture);
                finish(&self.timer, &mut commands);
                ring.submit(gpu, commands, texture, slot.0, scroll_alone(scene))?
            }
            Output::Texture(view, ring) => {
                scene.render(&mut commands, view)?;
                ring.convert(gpu, &mut commands, view.texture());
                finish(&self.timer, &mut commands);
                ring.submit(gpu, commands, view.texture(), slot.0, scroll_alone(scene))?
            }
        };
        if let Some(timer) = &mut self.timer {
            timer.copied();
        }
        Ok(submitted)
    }
}

/// What is known of a frame that is converted whole.
fn scroll_alone(scene: &dyn Scene) -> FrameChange {
    FrameChange::UNKNOWN.with_scroll(scene.change(None).scroll)
}

/// Whether frames are copied out of mapped memory before they are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CopyOut {
    /// Only where the processor does not cache mapped memory, which is measured: to read such memory twice takes
    /// longer than to copy it.
    #[default]
    WhereUncached,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The readback stage: waits for the oldest submission.
#[derive(Debug)]
pub struct SlotReader {
    gpu: Arc<Gpu>,
    copies: Option<CopyBuffers>,
}

impl SlotReader {
    /// For frames submitted to `gpu`.
    ///
    /// # Errors
    /// When the device fails while its memory is measured.
    pub fn new(gpu: &Arc<Gpu>, copy_out: CopyOut) -> Result<SlotReader, GpuError> {
        let copies = match copy_out {
            CopyOut::Never => false,
            CopyOut::Always => true,
            CopyOut::WhereUncached => ReadbackMemory::measure(gpu)? == ReadbackMemory::Uncached,
        };
        Ok(SlotReader { gpu: Arc::clone(gpu), copies: copies.then(CopyBuffers::default) })
    }
}

impl Readback<SubmittedSlot> for SlotReader {
    type Mapped = MappedSlot;

    fn wait(&mut self, submitted: SubmittedSlot) -> Result<MappedSlot, StageError> {
        let mapped = self.gpu.guarded(|| submitted.wait(&self.gpu))?;
        Ok(match &self.copies {
            None => mapped,
            Some(copies) => mapped.copied(copies),
        })
    }
}

impl Mapped for MappedSlot {
    fn picture(&self) -> Picture<'_> {
        MappedSlot::picture(self)
    }

    fn rgba(&self) -> Option<RgbaPicture<'_>> {
        MappedSlot::rgba(self)
    }

    fn change(&self) -> &FrameChange {
        MappedSlot::change(self)
    }

    fn bytes(&self) -> u64 {
        MappedSlot::bytes(self)
    }
}
