//! One frame of a scene as an RGBA picture in memory.

use super::{Scene, SceneError, View};
use crate::gpu::planes::{self, PlaneKind, PlaneTarget};
use crate::gpu::{Gpu, GpuError};
use strikeline_picture::{FrameIndex, FrameRate, PictureSize};

/// Draws frame `frame` of `scene`: gamma-coded RGBA, 4 bytes a pixel, rows from the top without padding.
///
/// # Errors
/// When the picture or the scene is beyond the device, or the device fails.
pub fn render_still(
    gpu: &Gpu,
    scene: &mut dyn Scene,
    size: PictureSize,
    frame_rate: FrameRate,
    frame: FrameIndex,
) -> Result<Vec<u8>, SceneError> {
    gpu.check_picture_size(size)?;
    let kind = PlaneKind::Rgba;
    let row_bytes = kind.row_bytes(size);
    let stride = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let bytes = u64::from(stride) * u64::from(size.height());
    gpu.check_buffer_size("a frame in memory", bytes)?;
    scene.prepare(gpu, &View { size, frame_rate, planes: &[kind] })?;
    scene.update(&gpu.queue, frame);

    let target = PlaneTarget::new(&gpu.device, kind, size);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("still"),
        size: bytes,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut commands = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = target.begin_pass(&mut commands, Some(planes::black(kind)));
        scene.draw_static(kind, &mut pass);
    }
    scene.draw(kind, &mut target.begin_pass(&mut commands, None));
    target.copy_to_buffer(&mut commands, &buffer, 0, stride);
    commands.map_buffer_on_submit(&buffer, wgpu::MapMode::Read, .., |_| {});
    let submission = gpu.queue.submit([commands.finish()]);
    gpu.wait(&submission)?;
    let view = buffer
        .get_mapped_range(..)
        .map_err(|error| GpuError::Lost { reason: format!("a frame could not be mapped: {error}") })?;
    Ok(view.chunks(stride as usize).flat_map(|row| &row[..row_bytes as usize]).copied().collect())
}
