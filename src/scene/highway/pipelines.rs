//! The highway's pipelines, uniform and vertex formats.

use wgpu::util::DeviceExt;

use super::hits::Instance;
use crate::gpu::planes::{self, PipelineSource, PlaneKind};
use crate::gpu::{Gpu, GpuError};
use crate::scene::View;

/// What the hits' shader is told; see `shaders/hits.wgsl`. Only `scroll` changes from frame to frame.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Uniform {
    pub scroll: i32,
    pub strike: f32,
    pub subpixels_per_second: f32,
    pub flash_seconds: f32,
}

/// A rectangle of the static layer; see `shaders/static.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Shape {
    /// Left, top, right, bottom, in pixels.
    bounds: [f32; 4],
    /// sRGB, opaque.
    color: [u8; 4],
    radius: f32,
    outline: f32,
}

impl Shape {
    const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<Shape>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![0 => Float32x4, 1 => Unorm8x4, 2 => Float32x2],
    };

    /// Left, top, right, bottom, in pixels; sRGB.
    pub fn filled(bounds: [f32; 4], [red, green, blue]: [u8; 3]) -> Shape {
        Shape { bounds, color: [red, green, blue, 255], radius: 0.0, outline: 0.0 }
    }

    /// With corners of `radius` pixels.
    pub fn rounded(self, radius: f32) -> Shape {
        Shape { radius, ..self }
    }

    /// Only its border, `outline` pixels wide.
    pub fn outlined(self, outline: f32) -> Shape {
        Shape { outline, ..self }
    }
}

/// Both shaders for each plane, and the uniform.
#[derive(Debug)]
pub struct Pipelines {
    uniform: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
    planes: Vec<PlanePipelines>,
}

#[derive(Debug)]
struct PlanePipelines {
    plane: PlaneKind,
    fixed: wgpu::RenderPipeline,
    hits: wgpu::RenderPipeline,
}

impl Pipelines {
    /// For the planes of `view`.
    pub fn new(gpu: &Gpu, view: &View<'_>, uniform: &Uniform) -> Pipelines {
        let device = &gpu.device;
        let buffer = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("highway"),
            contents: bytemuck::bytes_of(uniform),
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        });
        let bind_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("highway"),
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::VERTEX,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            }],
        });
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("highway"),
            layout: &bind_layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
        });
        let layout = |groups: &[Option<&wgpu::BindGroupLayout>]| {
            device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some("highway"),
                bind_group_layouts: groups,
                immediate_size: 0,
            })
        };
        let (fixed_layout, hits_layout) = (layout(&[]), layout(&[Some(&bind_layout)]));
        let fixed_shader = planes::shader(device, "static", include_str!("../../../shaders/static.wgsl"));
        let hits_shader = planes::shader(device, "hits", include_str!("../../../shaders/hits.wgsl"));
        let planes = view.planes.iter().map(|&plane| {
            let pipeline = |label, module, layout, buffer| {
                let source = PipelineSource {
                    buffers: &[Some(buffer)],
                    topology: wgpu::PrimitiveTopology::TriangleStrip,
                    ..PipelineSource::new(label, module, layout)
                };
                planes::pipeline(device, plane, view.size, &source)
            };
            PlanePipelines {
                plane,
                fixed: pipeline("static", &fixed_shader, &fixed_layout, Shape::LAYOUT),
                hits: pipeline("hits", &hits_shader, &hits_layout, Instance::LAYOUT),
            }
        });
        Pipelines { planes: planes.collect(), uniform: buffer, bind_group }
    }

    /// Sets how far the song has scrolled, in subpixels; the shader counts modulo 2³².
    pub fn set_scroll(&self, queue: &wgpu::Queue, scroll: i64) {
        queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&(scroll as i32)));
    }

    /// Draws of [`Shape`]s follow.
    pub fn set_static(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(pipelines) = self.of(plane) {
            pass.set_pipeline(&pipelines.fixed);
        }
    }

    /// Draws of [`Instance`]s follow.
    pub fn set_hits(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(pipelines) = self.of(plane) {
            pass.set_pipeline(&pipelines.hits);
            pass.set_bind_group(0, &self.bind_group, &[]);
        }
    }

    fn of(&self, plane: PlaneKind) -> Option<&PlanePipelines> {
        self.planes.iter().find(|pipelines| pipelines.plane == plane)
    }
}

/// A vertex buffer of `contents`; `None` for an empty one, which cannot be bound.
pub fn vertex_buffer(gpu: &Gpu, what: &str, contents: &[u8]) -> Result<Option<wgpu::Buffer>, GpuError> {
    if contents.is_empty() {
        return Ok(None);
    }
    gpu.check_buffer_size(what, contents.len() as u64)?;
    Ok(Some(gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some(what),
        contents,
        usage: wgpu::BufferUsages::VERTEX,
    })))
}
