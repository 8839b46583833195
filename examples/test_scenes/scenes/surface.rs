//! What every scene draws on: a depth buffer, several samples per pixel, and the values that change with the frame.

use strikeline_picture::{FrameIndex, PictureSize};
use wgpu_video::scene::SceneError;
use wgpu_video::wgpu;

/// Format of all pictures: gamma-coded.
pub(crate) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// Bytes of `Frame` in common.wgsl.
const FRAME_BYTES: u64 = 16;

/// The textures that are drawn into before the picture is finished.
pub(crate) struct Surface {
    depth: wgpu::TextureView,
    /// The picture with several samples per pixel.
    samples: Option<wgpu::TextureView>,
}

impl Surface {
    /// For pictures of these `sides` (width and height in pixels) with `samples` per pixel.
    pub(crate) fn new(device: &wgpu::Device, sides: [u32; 2], samples: u32) -> Surface {
        let of = |format| attachment(device, sides, samples, format).create_view(&Default::default());
        Surface { depth: of(DEPTH_FORMAT), samples: (samples > 1).then(|| of(FORMAT)) }
    }

    /// A pass that begins with black and ends in `target`.
    pub(crate) fn begin<'pass>(
        &self,
        commands: &'pass mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) -> wgpu::RenderPass<'pass> {
        let (view, resolve_target) = match &self.samples {
            Some(samples) => (samples, Some(target)),
            None => (target, None),
        };
        commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view,
                depth_slice: None,
                resolve_target,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: if resolve_target.is_some() {
                        wgpu::StoreOp::Discard
                    } else {
                        wgpu::StoreOp::Store
                    },
                },
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
        })
    }
}

fn attachment(
    device: &wgpu::Device,
    [width, height]: [u32; 2],
    sample_count: u32,
    format: wgpu::TextureFormat,
) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    })
}

/// A texture that can be drawn into, written to and read by shaders.
pub(crate) fn texture(device: &wgpu::Device, [width, height]: [u32; 2]) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: FORMAT,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// Whether a draw is hidden by what is nearer, and hides what is farther.
pub(crate) fn depth_state(nearer_only: bool) -> wgpu::DepthStencilState {
    let compare = if nearer_only { wgpu::CompareFunction::Less } else { wgpu::CompareFunction::Always };
    wgpu::DepthStencilState {
        format: DEPTH_FORMAT,
        depth_write_enabled: Some(nearer_only),
        depth_compare: Some(compare),
        stencil: Default::default(),
        bias: Default::default(),
    }
}

/// The layout of `frame`, `picture` and `smooth_sampler` in common.wgsl.
pub(crate) fn bindings_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty,
        count: None,
    };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[
            entry(
                0,
                wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
            ),
            entry(
                1,
                wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: true },
                    view_dimension: wgpu::TextureViewDimension::D2,
                    multisampled: false,
                },
            ),
            entry(2, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
        ],
    })
}

pub(crate) fn pipeline_layout(
    device: &wgpu::Device,
    bindings: &wgpu::BindGroupLayout,
) -> wgpu::PipelineLayout {
    device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(bindings)],
        immediate_size: 0,
    })
}

/// The buffer of `frame`.
pub(crate) fn frame_buffer(device: &wgpu::Device) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("frame"),
        size: FRAME_BYTES,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// Fills the buffer of `frame`.
pub(crate) fn write_frame(
    queue: &wgpu::Queue,
    buffer: &wgpu::Buffer,
    seconds: f32,
    frame: FrameIndex,
    size: PictureSize,
) {
    let values = [seconds, frame.0 as f32, size.width() as f32, size.height() as f32];
    queue.write_buffer(buffer, 0, bytemuck::bytes_of(&values));
}

pub(crate) fn bind(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    frame: &wgpu::Buffer,
    picture: &wgpu::TextureView,
) -> wgpu::BindGroup {
    let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        ..Default::default()
    });
    device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout,
        entries: &[
            wgpu::BindGroupEntry { binding: 0, resource: frame.as_entire_binding() },
            wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(picture) },
            wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::Sampler(&sampler) },
        ],
    })
}

pub(crate) fn not_prepared() -> SceneError {
    SceneError::other("the scene was not prepared")
}
