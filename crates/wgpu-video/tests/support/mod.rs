//! A renderer with a compute pass and a depth buffer, which knows nothing of videos, and options for short ones.

#![allow(dead_code, reason = "each test uses its part")]

use std::num::{NonZeroU32, NonZeroU64};
use std::path::Path;
use std::sync::Arc;

use strikeline_picture::{FrameIndex, FrameRate, PictureSize};
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::gpu::{Gpu, SourceFormat};
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};
use wgpu_video::stream::{StreamOptions, WorkSplit};

/// A compute pass sets the depths of two triangles that fill the picture, so that each is in front in every other band
/// of four rows. `coded` colours are whole values of 8 bits.
const SHADER: &str = "
override linear: bool = false;
struct Values { frame: u32, depths: array<f32, 2> }
@group(0) @binding(0) var<storage, read_write> values: Values;

@compute @workgroup_size(1) fn advance() {
    let first = select(0.25, 0.75, values.frame % 2u == 0u);
    values.depths[0] = first;
    values.depths[1] = 1.0 - first;
    values.frame += 1u;
}

@group(0) @binding(0) var<storage, read> drawn: Values;
struct Corner { @builtin(position) position: vec4<f32>, @location(0) @interpolate(flat) layer: u32 }

@vertex fn vertex(@builtin(vertex_index) corner: u32, @builtin(instance_index) layer: u32) -> Corner {
    let place = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0;
    return Corner(vec4<f32>(place, drawn.depths[layer], 1.0), layer);
}

fn light(coded: vec3<f32>) -> vec3<f32> {
    let curve = pow((coded + 0.055) / 1.055, vec3<f32>(2.4));
    return select(curve, coded / 12.92, coded <= vec3<f32>(0.04045));
}

@fragment fn fragment(corner: Corner) -> @location(0) vec4<f32> {
    let place = vec2<u32>(corner.position.xy);
    let frame = drawn.frame;
    let bytes = vec3<u32>(place.x * 3u + frame * 5u, place.y * 7u, corner.layer * 200u + frame) % 256u;
    let coded = vec3<f32>(bytes) / 255.0;
    return vec4<f32>(select(coded, light(coded), linear), 1.0);
}";

/// Draws frame after frame; each is the next.
pub(crate) struct Renderer {
    values: wgpu::Buffer,
    advance: wgpu::ComputePipeline,
    draw: wgpu::RenderPipeline,
    compute_group: wgpu::BindGroup,
    draw_group: wgpu::BindGroup,
    depth: wgpu::TextureView,
}

impl Renderer {
    pub(crate) fn new(device: &wgpu::Device, format: wgpu::TextureFormat, size: PictureSize) -> Renderer {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(SHADER.into()),
        });
        let values = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 12,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let advance = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some("advance"),
            compilation_options: Default::default(),
            cache: None,
        });
        let is_linear = format.is_srgb() || format == wgpu::TextureFormat::Rgba16Float;
        let constants = [("linear", f64::from(u8::from(is_linear)))];
        let draw = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: None,
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    ..Default::default()
                },
                targets: &[Some(format.into())],
            }),
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: Some(wgpu::DepthStencilState {
                format: wgpu::TextureFormat::Depth32Float,
                depth_write_enabled: Some(true),
                depth_compare: Some(wgpu::CompareFunction::Less),
                stencil: Default::default(),
                bias: Default::default(),
            }),
            multisample: Default::default(),
            multiview_mask: None,
            cache: None,
        });
        let group = |layout: &wgpu::BindGroupLayout| {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout,
                entries: &[wgpu::BindGroupEntry { binding: 0, resource: values.as_entire_binding() }],
            })
        };
        let depth = texture(device, wgpu::TextureFormat::Depth32Float, size);
        Renderer {
            compute_group: group(&advance.get_bind_group_layout(0)),
            draw_group: group(&draw.get_bind_group_layout(0)),
            depth: depth.create_view(&Default::default()),
            values,
            advance,
            draw,
        }
    }

    /// Makes frame `frame` the next one.
    pub(crate) fn set_frame(&self, queue: &wgpu::Queue, frame: u64) {
        queue.write_buffer(&self.values, 0, &(frame as u32).to_le_bytes());
    }

    pub(crate) fn render(&self, commands: &mut wgpu::CommandEncoder, target: &wgpu::TextureView) {
        let mut pass = commands.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.advance);
        pass.set_bind_group(0, &self.compute_group, &[]);
        pass.dispatch_workgroups(1, 1, 1);
        drop(pass);
        let mut pass = commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations::default(),
            })],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: &self.depth,
                depth_ops: Some(wgpu::Operations {
                    load: wgpu::LoadOp::Clear(1.0),
                    store: wgpu::StoreOp::Discard,
                }),
                stencil_ops: None,
            }),
            ..Default::default()
        });
        pass.set_pipeline(&self.draw);
        pass.set_bind_group(0, &self.draw_group, &[]);
        pass.draw(0..3, 0..2);
    }
}

/// A texture to draw into, and to push.
pub(crate) fn texture(
    device: &wgpu::Device,
    format: wgpu::TextureFormat,
    size: PictureSize,
) -> wgpu::Texture {
    device.create_texture(&texture_descriptor(format, [size.width(), size.height()]))
}

pub(crate) fn texture_descriptor(
    format: wgpu::TextureFormat,
    [width, height]: [u32; 2],
) -> wgpu::TextureDescriptor<'static> {
    let mut usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING;
    if !format.is_depth_stencil_format() {
        usage |= wgpu::TextureUsages::COPY_SRC;
    }
    wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage,
        view_formats: &[],
    }
}

pub(crate) fn size() -> PictureSize {
    // Rows are padded.
    PictureSize::new(172, 96).unwrap()
}

/// `frames` frames in segments of ten.
pub(crate) fn options(frames: u64) -> StreamOptions {
    StreamOptions::new(
        size(),
        FrameRate::new(60, 1).unwrap(),
        NonZeroU64::new(frames).unwrap(),
        Arc::new(H264Factory::default()),
    )
    .with_segment_frames(NonZeroU32::new(10))
    .with_split(WorkSplit { ring_depth: 25, jobs: 3, segments_in_flight: 4, devices: None })
}

/// Names of all files in `folder`.
pub(crate) fn files(folder: &Path) -> Vec<std::ffi::OsString> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

/// The renderer as a scene that fills a texture of this format.
pub(crate) struct RendererScene(pub(crate) SourceFormat, pub(crate) Option<Renderer>);

impl Scene for RendererScene {
    fn drawing(&self) -> Drawing {
        Drawing::Texture(self.0)
    }
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        self.1 = Some(Renderer::new(&gpu.device, self.0.texture_format(), target.size));
        Ok(())
    }
    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        self.1.as_ref().unwrap().set_frame(queue, frame.0);
        Ok(())
    }
    fn render(
        &self,
        commands: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) -> Result<(), SceneError> {
        self.1.as_ref().unwrap().render(commands, target);
        Ok(())
    }
}
