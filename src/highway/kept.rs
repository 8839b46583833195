//! What is kept with a device for the next highway that is drawn on it: pipelines, and what they bind.

use super::pipelines::Layer;
use strikeline_picture::PictureSize;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::PlaneKind;

/// All that a pipeline depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PipelineKey {
    pub layer: Layer,
    pub plane: PlaneKind,
    pub size: PictureSize,
    /// Values of the shader's constants.
    pub constants: [(&'static str, bool); 7],
}

/// The layouts are the same for all highways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LayoutsKey;

/// What the pipelines bind.
#[derive(Debug, Clone)]
pub(super) struct Layouts {
    pub uniform: wgpu::BindGroupLayout,
    pub texture: wgpu::BindGroupLayout,
    /// The uniform alone.
    pub plain: wgpu::PipelineLayout,
    /// The uniform and a texture.
    pub textured: wgpu::PipelineLayout,
}

impl Layouts {
    /// Those of this device.
    pub(super) fn of(gpu: &Gpu) -> Layouts {
        gpu.kept(&LayoutsKey).unwrap_or_else(|| {
            let layouts = Layouts::new(&gpu.device);
            gpu.keep(LayoutsKey, layouts.clone());
            layouts
        })
    }

    fn new(device: &wgpu::Device) -> Layouts {
        let bind_layout = |label, ty, visibility| {
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(label),
                entries: &[wgpu::BindGroupLayoutEntry { binding: 0, visibility, ty, count: None }],
            })
        };
        let uniform = bind_layout(
            "highway",
            wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            wgpu::ShaderStages::VERTEX_FRAGMENT,
        );
        let texture = bind_layout(
            "texture",
            wgpu::BindingType::Texture {
                sample_type: wgpu::TextureSampleType::Float { filterable: false },
                view_dimension: wgpu::TextureViewDimension::D2,
                multisampled: false,
            },
            wgpu::ShaderStages::VERTEX_FRAGMENT,
        );
        let pipeline_layout = |groups: &[Option<&wgpu::BindGroupLayout>]| {
            device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some("highway"),
                bind_group_layouts: groups,
                immediate_size: 0,
            })
        };
        let plain = pipeline_layout(&[Some(&uniform)]);
        let textured = pipeline_layout(&[Some(&uniform), Some(&texture)]);
        Layouts { uniform, texture, plain, textured }
    }
}
