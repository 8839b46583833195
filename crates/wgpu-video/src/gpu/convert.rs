//! The pass that turns an RGBA picture into luma and chroma planes, for scenes that draw RGBA only.

use super::Gpu;
use super::planes::{self, PipelineSource, PlaneKind, PlaneTarget};
use strikeline_picture::PictureSize;

/// Two passes over one RGBA picture.
#[derive(Debug)]
pub struct Conversion {
    bind_group: wgpu::BindGroup,
    planes: [(wgpu::RenderPipeline, PlaneTarget); 2],
}

impl Conversion {
    /// For the picture behind `source`, of `size`.
    pub fn new(gpu: &Gpu, source: &wgpu::TextureView, size: PictureSize) -> Conversion {
        let device = &gpu.device;
        let bind_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("conversion"),
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::FRAGMENT,
                ty: wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: false },
                    view_dimension: wgpu::TextureViewDimension::D2,
                    multisampled: false,
                },
                count: None,
            }],
        });
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("conversion"),
            layout: &bind_layout,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::TextureView(source),
            }],
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("conversion"),
            bind_group_layouts: &[Some(&bind_layout)],
            immediate_size: 0,
        });
        let module = planes::shader(device, "conversion", include_str!("../../shaders/convert.wgsl"));
        let source = PipelineSource::new("conversion", &module, &layout);
        let planes = PlaneKind::PLANAR.map(|kind| {
            (planes::pipeline(device, kind, size, &source), PlaneTarget::new(device, kind, size))
        });
        Conversion { bind_group, planes }
    }

    /// Records the conversion; returns the luma and the chroma target.
    pub fn convert(&self, commands: &mut wgpu::CommandEncoder) -> [&PlaneTarget; 2] {
        for (pipeline, target) in &self.planes {
            let mut pass = target.begin_pass(commands, Some(planes::black(target.kind)));
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &self.bind_group, &[]);
            pass.draw(0..3, 0..1);
        }
        [&self.planes[0].1, &self.planes[1].1]
    }
}
