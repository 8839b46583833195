//! The passes that turn a finished picture, a texture, into luma and chroma planes on the device. The
//! module `pixels` does the same on the processor.

use super::Gpu;
use super::planes::{self, PipelineSource, PlaneKind, PlaneTarget};
use strikeline_picture::{PictureSize, PixelFormat};

/// Formats of finished pictures that can be converted. Alpha is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceFormat {
    /// Gamma-coded, 8 bits; the values are used as they are.
    Rgba8Unorm,
    /// Gamma-coded by the sRGB transfer function, 8 bits. The values are used as they lie in memory, as with
    /// [`SourceFormat::Rgba8Unorm`]; a shader reads linear light, which it turns back into them.
    Rgba8UnormSrgb,
    /// As [`SourceFormat::Rgba8Unorm`], blue first.
    Bgra8Unorm,
    /// As [`SourceFormat::Rgba8UnormSrgb`], blue first.
    Bgra8UnormSrgb,
    /// Linear light, half precision. It is coded by the sRGB transfer function (IEC 61966-2-1); values below 0 count as 0,
    /// values above 1 as 1.
    Rgba16Float,
}

impl SourceFormat {
    /// All of them.
    pub const ALL: [SourceFormat; 5] = [
        SourceFormat::Rgba8Unorm,
        SourceFormat::Rgba8UnormSrgb,
        SourceFormat::Bgra8Unorm,
        SourceFormat::Bgra8UnormSrgb,
        SourceFormat::Rgba16Float,
    ];

    /// The one of textures of `format`; `None` if those cannot be converted.
    pub fn of(format: wgpu::TextureFormat) -> Option<SourceFormat> {
        SourceFormat::ALL.into_iter().find(|source| source.texture_format() == format)
    }

    /// Format of the texture, and of the view that a [`Conversion`] reads.
    pub const fn texture_format(self) -> wgpu::TextureFormat {
        match self {
            SourceFormat::Rgba8Unorm => wgpu::TextureFormat::Rgba8Unorm,
            SourceFormat::Rgba8UnormSrgb => wgpu::TextureFormat::Rgba8UnormSrgb,
            SourceFormat::Bgra8Unorm => wgpu::TextureFormat::Bgra8Unorm,
            SourceFormat::Bgra8UnormSrgb => wgpu::TextureFormat::Bgra8UnormSrgb,
            SourceFormat::Rgba16Float => wgpu::TextureFormat::Rgba16Float,
        }
    }

    /// Bytes of a pixel in memory.
    pub const fn pixel_bytes(self) -> u32 {
        match self {
            SourceFormat::Rgba16Float => 8,
            _ => 4,
        }
    }

    /// What a shader reads, as `reads` in convert.wgsl.
    const fn shader_constant(self) -> f64 {
        match self {
            SourceFormat::Rgba8Unorm | SourceFormat::Bgra8Unorm => 0.0,
            SourceFormat::Rgba16Float => 1.0,
            SourceFormat::Rgba8UnormSrgb | SourceFormat::Bgra8UnormSrgb => 2.0,
        }
    }
}

/// What makes luma and chroma planes of finished pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConvertOn {
    /// The processor on a software adapter, else the device. Measured in PERF.md.
    #[default]
    WhateverDraws,
    /// The device, in two passes: 1.5 bytes of each pixel are read back.
    Device,
    /// The processor, after all 4 or 8 bytes of each pixel were read back. Some samples may differ by 1 from
    /// those of [`ConvertOn::Device`].
    Processor,
}

impl ConvertOn {
    /// Whether that is the processor.
    pub fn is_processor(self, gpu: &Gpu) -> bool {
        match self {
            ConvertOn::WhateverDraws => gpu.description.software,
            ConvertOn::Device => false,
            ConvertOn::Processor => true,
        }
    }
}

/// Two passes over one picture: luma, then chroma.
#[derive(Debug)]
pub struct Conversion {
    source_layout: wgpu::BindGroupLayout,
    planes: [(wgpu::RenderPipeline, PlaneTarget); 2],
}

/// A picture that a [`Conversion`] can read: made once for each texture, used for all frames that lie in it.
#[derive(Debug, Clone)]
pub struct ConversionSource {
    bind_group: wgpu::BindGroup,
}

impl Conversion {
    /// From pictures of `size` and `format` into planes of the format `planes`.
    pub fn new(
        device: &wgpu::Device,
        format: SourceFormat,
        size: PictureSize,
        planes: PixelFormat,
    ) -> Conversion {
        let source_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
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
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("conversion"),
            bind_group_layouts: &[Some(&source_layout)],
            immediate_size: 0,
        });
        let module = planes::shader(device, "conversion", include_str!("../../shaders/convert.wgsl"));
        let constants = [("reads", format.shader_constant())];
        let source =
            PipelineSource { constants: &constants, ..PipelineSource::new("conversion", &module, &layout) };
        let planes = PlaneKind::planar(planes).map(|kind| {
            (planes::pipeline(device, kind, size, &source), PlaneTarget::new(device, kind, size))
        });
        Conversion { source_layout, planes }
    }

    /// The picture behind `view`: two-dimensional, of the format and size that were given, with
    /// `TEXTURE_BINDING` among its texture's usages.
    pub fn source(&self, device: &wgpu::Device, view: &wgpu::TextureView) -> ConversionSource {
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("conversion"),
            layout: &self.source_layout,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::TextureView(view),
            }],
        });
        ConversionSource { bind_group }
    }

    /// Records the conversion of what `source` holds by then; returns the luma and the chroma target.
    pub fn convert(
        &self,
        commands: &mut wgpu::CommandEncoder,
        source: &ConversionSource,
    ) -> [&PlaneTarget; 2] {
        for (pipeline, target) in &self.planes {
            let mut pass = target.begin_pass(commands, Some(planes::black(target.kind)));
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &source.bind_group, &[]);
            pass.draw(0..3, 0..1);
        }
        self.planes()
    }

    /// The luma and the chroma target of the last conversion.
    pub fn planes(&self) -> [&PlaneTarget; 2] {
        [&self.planes[0].1, &self.planes[1].1]
    }
}
