//! Instances and images on the GPU.

use std::ops::Range;

use crate::highway::images::Placement;
use crate::highway::pipelines::{Layer, Pipelines, vertex_buffer, writable_vertex_buffer};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::scene::SceneError;

/// A vertex buffer of instances.
#[derive(Debug)]
pub(super) struct Instances<T> {
    buffer: Option<wgpu::Buffer>,
    pub(super) count: u32,
    of: std::marker::PhantomData<T>,
}

impl<T: bytemuck::NoUninit> Instances<T> {
    pub(super) fn new(gpu: &Gpu, what: &str, contents: &[T]) -> Result<Instances<T>, SceneError> {
        let buffer = vertex_buffer(gpu, what, contents)?;
        Ok(Instances { buffer, count: contents.len() as u32, of: std::marker::PhantomData })
    }

    /// Room for `count` instances that differ from frame to frame.
    pub(super) fn writable(gpu: &Gpu, what: &str, count: usize) -> Result<Instances<T>, SceneError> {
        let buffer = writable_vertex_buffer::<T>(gpu, what, count)?;
        Ok(Instances { buffer, count: count as u32, of: std::marker::PhantomData })
    }

    /// Writes those of the next frame, as many as there is room for.
    pub(super) fn write(&self, queue: &wgpu::Queue, contents: &[T]) {
        if let Some(buffer) = &self.buffer {
            let contents = contents.get(..self.count as usize).unwrap_or(contents);
            queue.write_buffer(buffer, 0, bytemuck::cast_slice(contents));
        }
    }

    pub(super) fn draw(&self, vertices: u32, range: Range<u32>, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(buffer) = &self.buffer
            && !range.is_empty()
        {
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..vertices, range);
        }
    }
}
/// An image where it is drawn.
#[derive(Debug)]
pub(super) struct Image {
    texture: wgpu::BindGroup,
    placement: Instances<Placement>,
}

impl Image {
    pub(super) fn new(
        gpu: &Gpu,
        pipelines: &Pipelines,
        (image, placement): &(image::RgbaImage, Placement),
    ) -> Result<Image, SceneError> {
        let format = wgpu::TextureFormat::Rgba8Unorm;
        let texture = pipelines.texture(gpu, format, image.dimensions(), image.as_raw())?;
        Ok(Image { texture, placement: Instances::new(gpu, "an image", std::slice::from_ref(placement))? })
    }

    pub(super) fn draw(&self, pipelines: &Pipelines, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if pipelines.begin(Layer::Image, plane, pass) {
            pass.set_bind_group(1, &self.texture, &[]);
            self.placement.draw(Layer::Image.vertices(), 0..1, pass);
        }
    }
}
