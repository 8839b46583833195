//! The render and readback stages of a [`Scene`] on a graphics device.

use std::sync::{Arc, Mutex};

use super::gpu_timer::GpuTimer;
use super::stage::{Mapped, Readback, Render, SlotIndex, StageError};
use super::trace::GpuTimes;
use crate::encode::hints::PictureHints;
use crate::gpu::Gpu;
use crate::gpu::convert::Conversion;
use crate::gpu::planes::{self, PlaneKind, PlaneTarget};
use crate::gpu::ring::{MappedSlot, Ring, SubmittedSlot};
use crate::picture::{Picture, PictureSize};
use crate::scene::{Drawing, Scene, SceneError, View};
use crate::timing::{FrameIndex, FrameRate};

/// The render stage: draws a scene's frames.
pub struct SceneRenderer<'s> {
    gpu: Arc<Gpu>,
    scene: &'s mut dyn Scene,
    layers: Vec<Layer>,
    size: PictureSize,
    conversion: Option<Conversion>,
    ring: Ring,
    timer: Option<GpuTimer>,
}

/// One plane of what the scene draws: its static layers, and the target of its frames.
#[derive(Debug)]
struct Layer {
    /// With the scene's numbers, those used last at the end.
    fixed: Vec<(u32, PlaneTarget)>,
    frame: PlaneTarget,
}

/// Static layers that are kept; a scene that has more draws them again and again.
const KEPT_STATIC_LAYERS: usize = 4;

impl Layer {
    /// Copies static layer `number` into the frame's target; draws it first if it is not there.
    fn begin_frame(
        &mut self,
        gpu: &Gpu,
        commands: &mut wgpu::CommandEncoder,
        scene: &dyn Scene,
        size: PictureSize,
    ) {
        let (kind, number) = (self.frame.kind, scene.static_layer());
        let kept = self.fixed.iter().position(|(kept, _)| *kept == number);
        let fixed = match kept {
            Some(place) => self.fixed.remove(place).1,
            None => {
                let target = match self.fixed.len() {
                    KEPT_STATIC_LAYERS => self.fixed.remove(0).1,
                    _ => PlaneTarget::new(&gpu.device, kind, size),
                };
                let mut pass = target.begin_pass(commands, Some(planes::black(kind)));
                scene.draw_static(kind, &mut pass);
                drop(pass);
                target
            }
        };
        self.frame.copy_from(commands, &fixed);
        self.fixed.push((number, fixed));
    }
}

impl<'s> SceneRenderer<'s> {
    /// Prepares `scene` for pictures of `size` at `frame_rate`, and makes a ring of `depth` slots.
    ///
    /// # Errors
    /// When the pictures or the scene are beyond the device.
    pub fn new(
        gpu: &Arc<Gpu>,
        scene: &'s mut dyn Scene,
        size: PictureSize,
        frame_rate: FrameRate,
        depth: usize,
    ) -> Result<SceneRenderer<'s>, SceneError> {
        gpu.check_picture_size(size)?;
        let ring = Ring::new(gpu, size, depth)?;
        let drawing = scene.drawing();
        let drawn: &[PlaneKind] = match drawing {
            Drawing::Planar => &PlaneKind::PLANAR,
            Drawing::Rgba => &[PlaneKind::Rgba],
        };
        scene.prepare(gpu, &View { size, frame_rate, planes: drawn })?;
        let target = |kind| PlaneTarget::new(&gpu.device, kind, size);
        let layers: Vec<Layer> =
            drawn.iter().map(|&kind| Layer { fixed: Vec::new(), frame: target(kind) }).collect();
        let conversion = match drawing {
            Drawing::Planar => None,
            Drawing::Rgba => Some(Conversion::new(gpu, layers[0].frame.view(), size)),
        };
        Ok(SceneRenderer { gpu: Arc::clone(gpu), scene, layers, size, conversion, ring, timer: None })
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

    fn render(&mut self, frame: FrameIndex, slot: SlotIndex) -> Result<SubmittedSlot, StageError> {
        self.scene.update(&self.gpu.queue, frame);
        let mut commands = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let drawing = self.timer.as_mut().map(|timer| timer.begin(&mut commands));
        for layer in &mut self.layers {
            layer.begin_frame(&self.gpu, &mut commands, self.scene, self.size);
            let mut pass = layer.frame.begin_pass(&mut commands, None);
            self.scene.draw(layer.frame.kind, &mut pass);
        }
        let planes = match &self.conversion {
            None => [&self.layers[0].frame, &self.layers[1].frame],
            Some(conversion) => conversion.convert(&mut commands),
        };
        if let (Some(timer), Some(drawing)) = (&self.timer, drawing) {
            timer.drawn(&mut commands, drawing);
        }
        let mut submitted = self.ring.submit(&self.gpu, commands, planes, slot.0)?;
        if let Some(timer) = &mut self.timer {
            timer.copied();
        }
        submitted.scroll = self.scene.scroll();
        Ok(submitted)
    }
}

/// The readback stage: waits for the oldest submission.
#[derive(Debug)]
pub struct SlotReader {
    /// The device that the frames were submitted to.
    pub gpu: Arc<Gpu>,
}

impl Readback<SubmittedSlot> for SlotReader {
    type Mapped = MappedSlot;

    fn wait(&mut self, submitted: SubmittedSlot) -> Result<MappedSlot, StageError> {
        Ok(submitted.wait(&self.gpu)?)
    }
}

impl Mapped for MappedSlot {
    fn picture(&self) -> Picture<'_> {
        MappedSlot::picture(self)
    }

    fn hints(&self) -> PictureHints<'_> {
        PictureHints { scroll: self.scroll, damage: None }
    }
}
