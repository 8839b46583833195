//! Stages that read RGBA back and convert it to NV12 on the CPU, as programs of this kind commonly do.

use std::sync::Arc;

use strikeline_picture::{FrameIndex, FrameRate, Picture, PictureSize, Plane};
use wgpu_video::gpu::planes::{PlaneKind, PlaneTarget, black};
use wgpu_video::gpu::{Gpu, GpuError};
use wgpu_video::scene::{Scene, SceneError, SceneTarget};
use wgpu_video::stream::stage::{Mapped, Readback, Render, SlotIndex, StageError};

/// Draws RGBA frames and submits their copies into slots.
pub struct RgbaRenderer<'s> {
    gpu: Arc<Gpu>,
    scene: &'s mut dyn Scene,
    size: PictureSize,
    target: PlaneTarget,
    /// Bytes from one row to the next: four per pixel, rounded up to a multiple of 256.
    stride: u32,
    slots: Vec<wgpu::Buffer>,
}

/// Waits for a frame and converts it.
pub struct RgbaReader {
    pub gpu: Arc<Gpu>,
}

/// A frame that the device is drawing.
pub struct SubmittedRgba {
    submission: wgpu::SubmissionIndex,
    buffer: wgpu::Buffer,
    size: PictureSize,
    stride: u32,
}

/// A converted frame in memory of its own.
pub struct Converted {
    size: PictureSize,
    samples: Vec<u8>,
}

impl<'s> RgbaRenderer<'s> {
    /// Prepares `scene`, and a ring of `depth` slots.
    ///
    /// # Errors
    /// When the device cannot hold the scene or the pictures.
    pub fn new(
        gpu: &Arc<Gpu>,
        scene: &'s mut dyn Scene,
        size: PictureSize,
        frame_rate: FrameRate,
        depth: usize,
    ) -> Result<RgbaRenderer<'s>, SceneError> {
        gpu.check_picture_size(size)?;
        scene.prepare(gpu, &SceneTarget::new(size, frame_rate, &[PlaneKind::Rgba]))?;
        let stride = (size.width() * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let bytes = u64::from(stride) * u64::from(size.height());
        gpu.check_buffer_size("a frame in memory", bytes)?;
        let slot = |_| {
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("slot"),
                size: bytes,
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let renderer = RgbaRenderer {
            scene,
            size,
            stride,
            target: PlaneTarget::new(&gpu.device, PlaneKind::Rgba, size),
            slots: (0..depth).map(slot).collect(),
            gpu: Arc::clone(gpu),
        };
        gpu.check()?;
        Ok(renderer)
    }
}

impl Render for RgbaRenderer<'_> {
    type Submitted = SubmittedRgba;

    fn render(&mut self, frame: FrameIndex, slot: SlotIndex) -> Result<SubmittedRgba, StageError> {
        self.scene.update(&self.gpu.queue, frame)?;
        let mut commands = self.gpu.device.create_command_encoder(&Default::default());
        {
            let mut pass = self.target.begin_pass(&mut commands, Some(black(PlaneKind::Rgba)));
            self.scene.draw_static(PlaneKind::Rgba, &mut pass)?;
            self.scene.draw(PlaneKind::Rgba, &mut pass)?;
        }
        let (buffer, size, stride) = (self.slots[slot.0].clone(), self.size, self.stride);
        self.target.copy_to_buffer(&mut commands, &buffer, 0, stride);
        commands.map_buffer_on_submit(&buffer, wgpu::MapMode::Read, .., |_| {});
        let submission = self.gpu.queue.submit([commands.finish()]);
        self.gpu.check()?;
        Ok(SubmittedRgba { submission, buffer, size, stride })
    }
}

impl Readback<SubmittedRgba> for RgbaReader {
    type Mapped = Converted;

    fn wait(&mut self, submitted: SubmittedRgba) -> Result<Converted, StageError> {
        self.gpu.wait(&submitted.submission)?;
        let view = submitted
            .buffer
            .get_mapped_range(..)
            .map_err(|error| GpuError::Lost { reason: error.to_string() })?;
        let samples = convert(&view, submitted.stride as usize, submitted.size);
        drop(view);
        submitted.buffer.unmap();
        Ok(Converted { size: submitted.size, samples })
    }
}

impl Mapped for Converted {
    fn picture(&self) -> Picture<'_> {
        let stride = self.size.width() as usize;
        let (luma, chroma) = self.samples.split_at(stride * self.size.height() as usize);
        Picture::nv12(self.size, Plane { data: luma, stride }, Plane { data: chroma, stride })
    }
}

/// RGBA to NV12, BT.709 limited range, in 16-bit fixed point; chroma from the mean of 2 × 2 pixels.
fn convert(rgba: &[u8], stride: usize, size: PictureSize) -> Vec<u8> {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let mut samples = vec![0; width * height * 3 / 2];
    let (luma, chroma) = samples.split_at_mut(width * height);
    for (row, luma) in rgba.chunks_exact(stride).zip(luma.chunks_exact_mut(width)) {
        for (pixel, luma) in row.chunks_exact(4).zip(luma) {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
            *luma = ((11966 * r + 40254 * g + 4064 * b + (16 << 16) + 32768) >> 16) as u8;
        }
    }
    for (pair, chroma) in rgba.chunks_exact(stride * 2).zip(chroma.chunks_exact_mut(width)) {
        let (upper, lower) = pair.split_at(stride);
        for ((a, b), out) in upper.chunks_exact(8).zip(lower.chunks_exact(8)).zip(chroma.chunks_exact_mut(2))
        {
            let sum =
                |at: usize| i32::from(a[at]) + i32::from(a[at + 4]) + i32::from(b[at]) + i32::from(b[at + 4]);
            let (r, g, b) = (sum(0), sum(1), sum(2));
            let level = (128 << 18) + (1 << 17);
            out[0] = ((-6596 * r - 22189 * g + 28784 * b + level) >> 18) as u8;
            out[1] = ((28784 * r - 26145 * g - 2639 * b + level) >> 18) as u8;
        }
    }
    samples
}
