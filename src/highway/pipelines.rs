//! The highway's uniform, and a pipeline for each layer.

use wgpu::util::DeviceExt;

use super::captions::instances::{GlyphInstance, PanelInstance};
use super::images::Placement;
use super::layout::Layout;
use super::motion::{NoteMotion, SUBPIXELS};
use super::notes::{LineInstance, NoteInstance};
use super::options::HighwayOptions;
use super::paint;
use super::spans::SpanInstance;
use super::static_layer::StaticShape;
use crate::theme::{Color, Corners, CymbalGems};
use strikeline_picture::PictureSize;
use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind};
use wgpu_video::gpu::watch::driver_call;
use wgpu_video::gpu::{Gpu, GpuError};
use wgpu_video::scene::SceneTarget;

/// Data passed to the shaders; see `shaders/highway.wgsl`. Only the first field changes from frame to frame.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct HighwayUniform {
    frame: FrameUniform,
    subpixels_per_second: f32,
    effect_seconds: f32,
    strike: f32,
    direction: f32,
    center: f32,
    horizon: f32,
    depth: f32,
    far_end: f32,
    far_clear: f32,
    travel: f32,
    outline: [f32; 4],
    mark: [f32; 4],
    corner: f32,
    mark_size: f32,
    shading: f32,
    highlight: f32,
    flash: f32,
    glow: f32,
    line_glow: f32,
    rings: f32,
    glow_reach: f32,
    strike_half_width: f32,
    ring_width: f32,
    ring_size: f32,
    labels_fade: [i32; 2],
    progress: [i32; 2],
}

/// What changes from frame to frame: eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct FrameUniform {
    /// How far the song has scrolled, in subpixels modulo 2³².
    pub scroll: i32,
    /// Time of the song.
    pub milliseconds: i32,
}

impl HighwayUniform {
    /// The data for a highway. The labels fade out during `labels_fade`, and the progress bar grows during `progress`;
    /// both are times of the song in milliseconds.
    pub(super) fn new(
        layout: &Layout,
        motion: &NoteMotion,
        options: &HighwayOptions,
        labels_fade: [i32; 2],
        progress: [i32; 2],
    ) -> HighwayUniform {
        let theme = &options.theme;
        let (gems, effects) = (&theme.gems, &theme.effects);
        let tilt = layout.tilt.as_ref();
        HighwayUniform {
            frame: FrameUniform { scroll: 0, milliseconds: 0 },
            subpixels_per_second: (motion.pixels_per_second() * SUBPIXELS as f64) as f32,
            effect_seconds: effects.duration,
            strike: layout.strike as f32,
            direction: layout.direction(),
            center: tilt.map_or(0.0, |tilt| tilt.center),
            horizon: tilt.map_or(0.0, |tilt| tilt.horizon),
            depth: tilt.map_or(0.0, |tilt| tilt.depth),
            far_end: tilt.map_or(0.0, |tilt| tilt.far_end),
            far_clear: tilt.map_or(1.0, |tilt| tilt.far_clear),
            travel: motion.pixels_in_shutter(options.shutter_degrees),
            outline: shares(gems.outline),
            mark: shares(gems.mark),
            corner: gems.corner_size,
            mark_size: gems.mark_size,
            shading: gems.shading,
            highlight: gems.highlight,
            flash: effects.flash,
            glow: effects.glow,
            line_glow: effects.line_glow,
            rings: effects.rings,
            glow_reach: layout.scaled(effects.glow_reach).max(1.0),
            strike_half_width: layout.line(theme.strike_line.width).max(1.0) / 2.0,
            ring_width: layout.line(effects.ring_width),
            ring_size: effects.ring_size / gems.width.max(0.1),
            labels_fade,
            progress,
        }
    }
}

/// Red, green, blue and alpha, each from 0 to 1.
fn shares(color: Color) -> [f32; 4] {
    paint::bytes(color).map(|value| f32::from(value) / 255.0)
}

/// What is drawn with one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Layer {
    /// Shapes of the static layer.
    Fixed,
    /// An image from a texture.
    Image,
    /// Stretches of the road: phrases, and tails of cymbals.
    Spans,
    /// Beat and bar lines.
    Beats,
    /// Light around gems.
    Glow,
    /// Light along the strike line.
    LineGlow,
    /// The middle parts of kick bars, between their ends.
    KickMiddles,
    /// The ends of kick bars, and those that are not drawn in pieces.
    Kicks,
    /// The parts of gems between their ends and their mark.
    GemMiddles,
    /// The ends and the marks of gems in the lanes, and those that are not drawn in pieces.
    Gems,
    /// Gems of the labels.
    Legend,
    /// Rings at struck notes.
    Rings,
    /// Glyphs from the atlas.
    Text,
    /// The progress bar, and the panel behind the end card.
    Panel,
}

impl Layer {
    /// Source, entry points and vertex format.
    fn parts(self) -> (&'static str, &'static str, wgpu::VertexBufferLayout<'static>) {
        let gems = include_str!("../../shaders/gems.wgsl");
        let glow = include_str!("../../shaders/glow.wgsl");
        match self {
            Layer::Fixed => (include_str!("../../shaders/static.wgsl"), "vertex", StaticShape::LAYOUT),
            Layer::Image => (include_str!("../../shaders/image.wgsl"), "vertex", Placement::LAYOUT),
            Layer::Spans => (include_str!("../../shaders/spans.wgsl"), "vertex", SpanInstance::LAYOUT),
            Layer::Beats => (include_str!("../../shaders/beats.wgsl"), "vertex", LineInstance::LAYOUT),
            Layer::Glow => (glow, "vertex", NoteInstance::LAYOUT),
            Layer::LineGlow => (glow, "line_vertex", NoteInstance::LAYOUT),
            Layer::Kicks | Layer::Gems => (gems, "vertex", NoteInstance::LAYOUT),
            Layer::KickMiddles | Layer::GemMiddles => (gems, "middle_vertex", NoteInstance::LAYOUT),
            Layer::Legend => (gems, "legend_vertex", NoteInstance::LAYOUT),
            Layer::Rings => (include_str!("../../shaders/rings.wgsl"), "vertex", NoteInstance::LAYOUT),
            Layer::Text => (include_str!("../../shaders/text.wgsl"), "vertex", GlyphInstance::LAYOUT),
            Layer::Panel => (include_str!("../../shaders/panel.wgsl"), "vertex", PanelInstance::LAYOUT),
        }
    }

    /// The shader.
    fn module(self, device: &wgpu::Device) -> wgpu::ShaderModule {
        let source = format!("{}{}", include_str!("../../shaders/highway.wgsl"), self.parts().0);
        planes::shader(device, "highway", &source)
    }

    /// The fragment entry point.
    fn fragment(self) -> &'static str {
        match self {
            Layer::LineGlow => "line_fragment",
            Layer::KickMiddles | Layer::GemMiddles => "middle_fragment",
            _ => "fragment",
        }
    }

    /// Whether it reads a texture, at group 1.
    fn is_textured(self) -> bool {
        matches!(self, Layer::Image | Layer::Text)
    }

    /// Vertices of one instance, as a triangle strip.
    pub(super) const fn vertices(self) -> u32 {
        match self {
            // Two for each of the 20 pieces, and two that close the ring.
            Layer::Rings => 42,
            // Three pieces of four, and two vertices between one and the next; two pieces.
            Layer::Gems => 16,
            Layer::Kicks | Layer::GemMiddles => 10,
            _ => 4,
        }
    }
}

/// All that a pipeline depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PipelineKey {
    layer: Layer,
    plane: PlaneKind,
    size: PictureSize,
    /// Values of the shader's constants.
    constants: [(&'static str, bool); 5],
}

/// The layouts are the same for all highways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LayoutsKey;

/// What the pipelines bind.
#[derive(Debug, Clone)]
struct Layouts {
    uniform: wgpu::BindGroupLayout,
    texture: wgpu::BindGroupLayout,
    /// The uniform alone.
    plain: wgpu::PipelineLayout,
    /// The uniform and a texture.
    textured: wgpu::PipelineLayout,
}

impl Layouts {
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

    fn pipeline(
        &self,
        device: &wgpu::Device,
        key: &PipelineKey,
        module: &wgpu::ShaderModule,
    ) -> wgpu::RenderPipeline {
        let (_, vertex, buffer) = key.layer.parts();
        let layout = if key.layer.is_textured() { &self.textured } else { &self.plain };
        let source = PipelineSource {
            buffers: &[Some(buffer)],
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            entry_points: Some((vertex, key.layer.fragment())),
            constants: &key.constants.map(|(name, is_on)| (name, f64::from(is_on))),
            ..PipelineSource::new("highway", module, layout)
        };
        planes::pipeline(device, key.plane, key.size, &source)
    }
}

/// The pipelines of the layers that a highway has, for each plane, and the uniform.
#[derive(Debug)]
pub(super) struct Pipelines {
    uniform: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
    texture_layout: wgpu::BindGroupLayout,
    pipelines: Vec<(PlaneKind, Layer, wgpu::RenderPipeline)>,
}

impl Pipelines {
    /// Makes the pipelines of `layers` for the planes of `view`.
    ///
    /// # Errors
    /// When the device fails.
    pub(super) fn new(
        gpu: &Gpu,
        view: &SceneTarget<'_>,
        uniform: &HighwayUniform,
        options: &HighwayOptions,
        layers: &[Layer],
    ) -> Result<Pipelines, GpuError> {
        let device = &gpu.device;
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let buffer = gpu.buffer_of("highway", bytemuck::bytes_of(uniform), usage)?;
        let layouts = gpu.kept(LayoutsKey, || Ok::<_, GpuError>(Layouts::new(device)))?;
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("highway"),
            layout: &layouts.uniform,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
        });
        let gems = &options.theme.gems;
        let constants = |layer: Layer| {
            let is_kick = matches!(layer, Layer::Kicks | Layer::KickMiddles);
            [
                ("blurred", options.shutter_degrees > 0.0),
                ("cut_corners", gems.corners == Corners::Cut),
                ("round_cymbals", !is_kick && gems.cymbals == CymbalGems::Round),
                ("highlighted", gems.highlight > 0.0),
                ("marked", !is_kick && gems.mark_size > 0.0),
            ]
        };
        let mut pipelines = Vec::new();
        for &layer in layers {
            let mut module = None;
            for &plane in view.planes {
                let key = PipelineKey { layer, plane, size: view.size, constants: constants(layer) };
                let pipeline = gpu.kept(key, || {
                    let module = module.get_or_insert_with(|| layer.module(device));
                    let pipeline = layouts.pipeline(device, &key, module);
                    gpu.check()?;
                    Ok::<_, GpuError>(pipeline)
                })?;
                pipelines.push((plane, layer, pipeline));
            }
        }
        gpu.check()?;
        Ok(Pipelines { uniform: buffer, bind_group, texture_layout: layouts.texture, pipelines })
    }

    /// Sets what changes from frame to frame.
    pub(super) fn set_frame(&self, queue: &wgpu::Queue, frame: FrameUniform) {
        queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&frame));
    }

    /// Sets the pipeline of `layer` for the draws that follow. Returns false when there is none, and nothing may be drawn.
    pub(super) fn begin(&self, layer: Layer, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> bool {
        let found = self.pipelines.iter().find(|(of, drawn, _)| (*of, *drawn) == (plane, layer));
        if let Some((_, _, pipeline)) = found {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &self.bind_group, &[]);
        }
        found.is_some()
    }

    /// A texture of `data`, rows of `width` texels without padding, for a textured layer.
    ///
    /// # Errors
    /// When it is larger than the device's textures.
    pub(super) fn texture(
        &self,
        gpu: &Gpu,
        format: wgpu::TextureFormat,
        (width, height): (u32, u32),
        data: &[u8],
    ) -> Result<wgpu::BindGroup, GpuError> {
        gpu.check_texture_size("an image or the text", width, height)?;
        let _call = driver_call("making a texture");
        let texture = gpu.device.create_texture_with_data(
            &gpu.queue,
            &wgpu::TextureDescriptor {
                label: Some("highway"),
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            },
            wgpu::util::TextureDataOrder::LayerMajor,
            data,
        );
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Ok(gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("highway"),
            layout: &self.texture_layout,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::TextureView(&view),
            }],
        }))
    }
}

/// A vertex buffer of `contents`; `None` for an empty one, which cannot be bound.
///
/// # Errors
/// When it is larger than the device's buffers.
pub(super) fn vertex_buffer<T: bytemuck::NoUninit>(
    gpu: &Gpu,
    what: &str,
    contents: &[T],
) -> Result<Option<wgpu::Buffer>, GpuError> {
    if contents.is_empty() {
        return Ok(None);
    }
    gpu.buffer_of(what, bytemuck::cast_slice(contents), wgpu::BufferUsages::VERTEX).map(Some)
}

/// A vertex buffer for `count` instances that are written later; `None` for none.
///
/// # Errors
/// When it is larger than the device's buffers.
pub(super) fn writable_vertex_buffer<T: bytemuck::NoUninit>(
    gpu: &Gpu,
    what: &str,
    count: usize,
) -> Result<Option<wgpu::Buffer>, GpuError> {
    if count == 0 {
        return Ok(None);
    }
    let size = (count * size_of::<T>()) as u64;
    gpu.check_buffer_size(what, size)?;
    Ok(Some(gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(what),
        size,
        usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })))
}
