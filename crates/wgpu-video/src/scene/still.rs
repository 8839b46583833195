//! One frame of a scene as an RGBA picture in memory.

use super::{Drawing, Scene, SceneError, SceneTarget};
use crate::gpu::convert::SourceFormat;
use crate::gpu::pixels::to_rgba8;
use crate::gpu::planes::{self, PlaneKind, PlaneTarget};
use crate::gpu::{Gpu, GpuError};
use strikeline_picture::{FrameIndex, FrameRate, PictureSize, make_straight};

/// Draws frame `frame` of `scene`: gamma-coded RGBA with straight alpha, 4 bytes a pixel, rows from the top without padding.
///
/// Frame `frame` is the only one that is drawn, whatever [`Scene::order`] says. A [`Drawing::Texture`] is converted; its
/// alpha is kept.
///
/// # Errors
/// When the device fails, or cannot hold the picture or the scene; and the scene's own errors.
pub fn render_still(
    gpu: &Gpu,
    scene: &mut dyn Scene,
    size: PictureSize,
    frame_rate: FrameRate,
    frame: FrameIndex,
) -> Result<Vec<u8>, SceneError> {
    gpu.guarded(|| render(gpu, scene, size, frame_rate, frame))
}

fn render(
    gpu: &Gpu,
    scene: &mut dyn Scene,
    size: PictureSize,
    frame_rate: FrameRate,
    frame: FrameIndex,
) -> Result<Vec<u8>, SceneError> {
    gpu.check_picture_size(size)?;
    gpu.check_requirements(&scene.requirements())?;
    let format = match scene.drawing() {
        Drawing::Texture(format) => format,
        Drawing::Planar | Drawing::Rgba => SourceFormat::Rgba8Unorm,
    };
    let kind = PlaneKind::Rgba;
    let row_bytes = size.width() * format.pixel_bytes();
    let stride = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let bytes = u64::from(stride) * u64::from(size.height());
    gpu.check_buffer_size("a frame in memory", bytes)?;
    let is_texture = matches!(scene.drawing(), Drawing::Texture(_));
    let kinds: &[PlaneKind] = if is_texture { &[] } else { &[kind] };
    scene.prepare(gpu, &SceneTarget { size, frame_rate, planes: kinds })?;
    gpu.check()?;
    scene.update(&gpu.queue, frame)?;

    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("still"),
        size: bytes,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut commands = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let texture = if is_texture {
        let texture = planes::picture_texture(&gpu.device, format, size);
        scene.render(&mut commands, &texture.create_view(&wgpu::TextureViewDescriptor::default()))?;
        texture
    } else {
        let target = PlaneTarget::new(&gpu.device, kind, size);
        let ground = planes::ground(kind, scene.is_transparent());
        scene.draw_static(kind, &mut target.begin_pass(&mut commands, Some(ground)))?;
        scene.draw(kind, &mut target.begin_pass(&mut commands, None))?;
        target.texture
    };
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(stride), rows_per_image: None };
    commands.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
        kind.extent(size),
    );
    commands.map_buffer_on_submit(&buffer, wgpu::MapMode::Read, .., |_| {});
    let submission = gpu.submit(commands)?;
    gpu.wait(&submission)?;
    let view = buffer
        .get_mapped_range(..)
        .map_err(|error| GpuError::Lost { reason: format!("a frame could not be mapped: {error}") })?;
    let rows = view.chunks(stride as usize).flat_map(|row| &row[..row_bytes as usize]).copied().collect();
    let mut pixels = to_rgba8(format, rows);
    if scene.is_transparent() {
        make_straight(&mut pixels);
    }
    Ok(pixels)
}
