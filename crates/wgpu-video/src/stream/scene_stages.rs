//! The render and readback stages of a [`Scene`] on a graphics device.

use std::sync::{Arc, Mutex};

use super::gpu_timer::GpuTimer;
use super::plane_sets::{Found, PlaneSet, PlaneSets, StaticLayers};
use super::stage::{Mapped, Readback, Render, SlotIndex, StageError};
use super::trace::GpuTimes;
use super::verify::Verifier;
use crate::gpu::convert::{Conversion, ConversionSource, SourceFormat};
use crate::gpu::planes::PlaneKind;
use crate::gpu::readback_speed::ReadbackMemory;
use crate::gpu::ring::{Copies, MappedSlot, PixelRing, Ring, SubmittedSlot};
use crate::gpu::{Gpu, GpuError};
use crate::scene::{COPY_COST, Drawing, Scene, SceneError, View};
use strikeline_picture::{
    ChangedArea, FrameChange, FrameIndex, FrameRate, Picture, PictureSize, Rectangle, SegmentPlan,
    UnchangedSamples, rectangles,
};

/// How much of each frame is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redraw {
    /// What the scene says has changed since the frame before; the same bytes as [`Redraw::All`], sooner.
    #[default]
    Changed,
    /// All of every frame.
    All,
    /// What has changed, and all of it as well, to compare: for whoever writes a scene. Slow.
    Verify,
}

/// What is drawn, and how: the same for all frames.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// Size of the pictures.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// Which frames make which segment: the first of each is drawn whole.
    pub plan: SegmentPlan,
    /// How much of the others.
    pub redraw: Redraw,
    /// Whether only the changed parts are read back ([`crate::encode::EncoderFactory::reads_only_changes`]).
    pub read_only_changes: bool,
    /// What converts the pictures of a scene that draws RGBA only.
    pub convert_on: ConvertOn,
}

/// What makes luma and chroma planes of the pictures of a scene that draws RGBA only ([`Drawing::Rgba`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConvertOn {
    /// The processor where it draws as well, else the device. Measured in PERF.md.
    #[default]
    WhateverDraws,
    /// The device, in two passes: 1.5 bytes of each pixel are read back.
    Device,
    /// The processor, after all 4 bytes of each pixel were read back. Of the samples, some may differ by 1 from those
    /// of [`ConvertOn::Device`].
    Processor,
}

impl ConvertOn {
    /// Whether that is the processor.
    fn is_processor(self, gpu: &Gpu) -> bool {
        match self {
            ConvertOn::WhateverDraws => gpu.description.software,
            ConvertOn::Device => false,
            ConvertOn::Processor => true,
        }
    }
}

/// The render stage: draws a scene's frames.
pub struct SceneRenderer<'s> {
    gpu: Arc<Gpu>,
    scene: &'s mut dyn Scene,
    drawn: Drawn,
    kinds: &'static [PlaneKind],
    layers: StaticLayers,
    sets: PlaneSets,
    /// Where what moves is kept meanwhile.
    aside: Option<PlaneSet>,
    verifier: Option<Verifier>,
    way: Way,
    timer: Option<GpuTimer>,
}

/// From what the scene draws into the ring.
enum Way {
    /// The scene draws the planes.
    Planar(Ring),
    /// The device makes planes of the pixels.
    Converted { picture: PlaneSet, source: ConversionSource, conversion: Box<Conversion>, ring: Ring },
    /// The processor makes planes of the pixels when they have been read back.
    Pixels { picture: PlaneSet, ring: PixelRing },
}

/// Where so much of the picture changes, all of it is drawn: sparing the rest would cost more.
const MOST_CHANGED: f64 = 0.8;

impl<'s> SceneRenderer<'s> {
    /// Prepares `scene`, and makes a ring of `depth` slots.
    ///
    /// # Errors
    /// When the pictures or the scene are beyond the device.
    pub fn new(
        gpu: &Arc<Gpu>,
        scene: &'s mut dyn Scene,
        drawn: Drawn,
        depth: usize,
    ) -> Result<SceneRenderer<'s>, SceneError> {
        let Drawn { size, frame_rate, .. } = drawn;
        gpu.check_picture_size(size)?;
        let kinds: &[PlaneKind] = match scene.drawing() {
            Drawing::Planar => &PlaneKind::PLANAR,
            Drawing::Rgba => &[PlaneKind::Rgba],
        };
        let picture = || PlaneSet::new(gpu, kinds, size);
        let format = SourceFormat::Rgba8Unorm;
        let way = match scene.drawing() {
            Drawing::Planar => Way::Planar(Ring::new(gpu, size, depth)?),
            Drawing::Rgba if drawn.convert_on.is_processor(gpu) => {
                Way::Pixels { picture: picture(), ring: PixelRing::new(gpu, format, size, depth)? }
            }
            Drawing::Rgba => {
                let (picture, conversion) = (picture(), Box::new(Conversion::new(&gpu.device, format, size)));
                let source = conversion.source(&gpu.device, picture.planes[0].view());
                Way::Converted { picture, source, conversion, ring: Ring::new(gpu, size, depth)? }
            }
        };
        scene.prepare(gpu, &View { size, frame_rate, planes: kinds })?;
        // What is converted is converted whole.
        let is_planar = scene.drawing() == Drawing::Planar;
        let tracks = is_planar && scene.knows_changes() && drawn.redraw != Redraw::All;
        let verifier =
            (tracks && drawn.redraw == Redraw::Verify).then(|| Verifier::new(gpu, size)).transpose()?;
        Ok(SceneRenderer {
            gpu: Arc::clone(gpu),
            scene,
            drawn,
            kinds,
            layers: StaticLayers::default(),
            sets: PlaneSets::new(size, tracks.then_some(drawn.plan)),
            aside: tracks.then(|| PlaneSet::new(gpu, kinds, size)),
            verifier,
            way,
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

/// The parts to be drawn, and to be read back; `None` for all.
fn parts_to_draw(changed: &ChangedArea, size: PictureSize) -> Option<(Vec<Rectangle>, Vec<Rectangle>)> {
    let parts = changed.parts()?;
    let blocks = rectangles::merged(rectangles::in_macroblocks(parts, size), COPY_COST);
    let changed: u64 = blocks.iter().map(Rectangle::area).sum();
    let all = f64::from(size.width()) * f64::from(size.height());
    (changed as f64 <= all * MOST_CHANGED).then(|| (rectangles::on_chroma_samples(parts, size), blocks))
}

impl Render for SceneRenderer<'_> {
    type Submitted = SubmittedSlot;

    fn render(&mut self, frame: FrameIndex, slot: SlotIndex) -> Result<SubmittedSlot, StageError> {
        let Drawn { size, read_only_changes, .. } = self.drawn;
        self.scene.update(&self.gpu.queue, frame);
        let (gpu, scene) = (&*self.gpu, &*self.scene);
        let mut commands = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let drawing = self.timer.as_mut().map(|timer| timer.begin(&mut commands));
        let layer = self.layers.current(gpu, &mut commands, scene, self.kinds, size);
        let unknown = || FrameChange::UNKNOWN.with_scroll(scene.change(None).scroll);
        let finish = |timer: &Option<GpuTimer>, commands: &mut wgpu::CommandEncoder| {
            if let (Some(timer), Some(drawing)) = (timer, drawing) {
                timer.drawn(commands, drawing);
            }
        };
        let submitted = match &self.way {
            Way::Pixels { picture, ring } => {
                picture.draw(&mut commands, layer, scene);
                finish(&self.timer, &mut commands);
                ring.submit(gpu, commands, &picture.planes[0].texture, slot.0, unknown())?
            }
            Way::Converted { picture, source, conversion, ring } => {
                picture.draw(&mut commands, layer, scene);
                let planes = conversion.convert(&mut commands, source);
                finish(&self.timer, &mut commands);
                ring.submit(gpu, commands, planes, slot.0, unknown())?
            }
            Way::Planar(ring) => {
                let Found { set, previous } = self.sets.find(gpu, frame, scene.static_layer());
                let known = scene.change(previous);
                // Without a frame to change there is nothing that changes.
                let parts = previous.and_then(|_| parts_to_draw(&known.changed, size));
                let change = match parts {
                    None => {
                        set.draw(&mut commands, layer, scene);
                        FrameChange::UNKNOWN
                    }
                    Some((parts, blocks)) => {
                        let aside = self.aside.as_ref().map_or(&[][..], |aside| &aside.planes);
                        let moved =
                            Some(known.moved).filter(|moved| moved.is_possible(size)).unwrap_or_default();
                        set.draw_parts(&mut commands, layer, scene, &parts, (&moved, aside));
                        let unchanged_samples = match read_only_changes {
                            true => UnchangedSamples::Undefined,
                            false => UnchangedSamples::Present,
                        };
                        FrameChange::within(blocks).with_unchanged_samples(unchanged_samples)
                    }
                }
                .with_scroll(known.scroll);
                set.hold(frame, scene.static_layer());
                if let Some(verifier) = &self.verifier {
                    commands = verifier.check(gpu, commands, set, layer, scene)?;
                }
                finish(&self.timer, &mut commands);
                ring.submit(gpu, commands, [&set.planes[0], &set.planes[1]], slot.0, change)?
            }
        };
        if let Some(timer) = &mut self.timer {
            timer.copied();
        }
        Ok(submitted)
    }
}

/// Whether frames are copied out of mapped memory before they are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CopyOut {
    /// Where the processor does not cache what is mapped, which is measured: reading that more than once is
    /// dearer than a copy.
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
    copies: Option<Copies>,
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
        Ok(SlotReader { gpu: Arc::clone(gpu), copies: copies.then(Copies::default) })
    }
}

impl Readback<SubmittedSlot> for SlotReader {
    type Mapped = MappedSlot;

    fn wait(&mut self, submitted: SubmittedSlot) -> Result<MappedSlot, StageError> {
        let mapped = submitted.wait(&self.gpu)?;
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

    fn change(&self) -> &FrameChange {
        MappedSlot::change(self)
    }

    fn bytes(&self) -> u64 {
        MappedSlot::bytes(self)
    }
}
