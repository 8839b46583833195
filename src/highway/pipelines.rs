//! The highway's uniform, and a pipeline for each layer.

use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;
use wgpu::util::DeviceExt;

use super::captions::instances::{GlyphInstance, PanelInstance};
use super::images::Placement;
use super::kept::{Layouts, PipelineKey};
use super::layout::Layout;
use super::motion::{NoteMotion, SUBPIXELS};
use super::notes::{LineInstance, NoteInstance};
use super::options::HighwayOptions;
use super::paint;
use super::spans::SpanInstance;
use super::static_layer::StaticShape;
use crate::theme::{Color, Corners, CymbalGems};
use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind};
use wgpu_video::gpu::warm_up::{self, EarlyPipeline};
use wgpu_video::gpu::watch::COMPILING;
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
    shadow: [f32; 4],
    shadow_tint: f32,
    shadow_size: f32,
    bevel: f32,
    burst: f32,
    flash: f32,
    glow: f32,
    line_glow: f32,
    rings: f32,
    glow_reach: f32,
    strike_half_width: f32,
    ring_width: f32,
    ring_size: f32,
    lane_light: f32,
    lane_light_reach: f32,
    lane_half_width: f32,
    passing: f32,
    particle_reach: f32,
    particle_radius: f32,
    labels_fade: [i32; 2],
    progress: [i32; 2],
    /// To a multiple of 16 bytes, as the shader has it.
    padding: [u32; 2],
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
            shadow: shares(gems.shadow),
            shadow_tint: gems.shadow_tint,
            shadow_size: layout.scaled(gems.shadow_size),
            bevel: gems.bevel,
            burst: effects.burst,
            flash: effects.flash,
            glow: effects.glow,
            line_glow: effects.line_glow,
            rings: effects.rings,
            glow_reach: layout.scaled(effects.glow_reach).max(1.0),
            strike_half_width: layout.line(theme.strike_line.width).max(1.0) / 2.0,
            ring_width: layout.line(effects.ring_width),
            ring_size: effects.ring_size / gems.width.max(0.1),
            lane_light: effects.lane_light,
            lane_light_reach: layout.scaled(effects.lane_light_reach),
            lane_half_width: layout.lane_half_width(),
            passing: effects.passing,
            particle_reach: layout.scaled(effects.particle_reach),
            particle_radius: layout.particle_radius(theme),
            labels_fade,
            progress,
            padding: [0; 2],
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
    /// Light that goes up the lanes of struck notes.
    LaneLight,
    /// Notes that go on beyond the strike line.
    Passing,
    /// Sparks that fly off accents.
    Particles,
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
            Layer::LaneLight => {
                (include_str!("../../shaders/lane_light.wgsl"), "vertex", NoteInstance::LAYOUT)
            }
            Layer::Passing => (gems, "passing_vertex", NoteInstance::LAYOUT),
            Layer::Particles => {
                (include_str!("../../shaders/particles.wgsl"), "vertex", NoteInstance::LAYOUT)
            }
            Layer::Text => (include_str!("../../shaders/text.wgsl"), "vertex", GlyphInstance::LAYOUT),
            Layer::Panel => (include_str!("../../shaders/panel.wgsl"), "vertex", PanelInstance::LAYOUT),
        }
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
            // Two for each of the 12 pieces, and two that close the ring.
            Layer::Rings => 26,
            // Three pieces of four, and two vertices between one and the next; two pieces.
            Layer::Gems => 16,
            Layer::Kicks | Layer::GemMiddles => 10,
            _ => 4,
        }
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
        let layouts = Layouts::of(gpu);
        let bind_group = || {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("highway"),
                layout: &layouts.uniform,
                entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
            })
        };
        let bind_group = gpu.driver_work("binding a buffer", bind_group)?;
        let gems = &options.theme.gems;
        let constants = |layer: Layer| {
            let is_kick = matches!(layer, Layer::Kicks | Layer::KickMiddles);
            [
                ("blurred", options.shutter_degrees > 0.0),
                ("cut_corners", gems.corners == Corners::Cut),
                ("round_cymbals", !is_kick && gems.cymbals == CymbalGems::Round),
                ("highlighted", gems.highlight > 0.0),
                ("marked", !is_kick && gems.mark_size > 0.0),
                ("shadowed", gems.shadow.alpha > 0),
                ("beveled", gems.bevel > 0.0),
            ]
        };
        let key = |(layer, plane): (Layer, PlaneKind)| PipelineKey {
            layer,
            plane,
            size: view.size,
            constants: constants(layer),
        };
        let wanted = layers.iter().flat_map(|&layer| view.planes.iter().map(move |&plane| (layer, plane)));
        let mut pipelines = Vec::new();
        let mut missing = Vec::new();
        for (layer, plane) in wanted {
            match gpu.kept(&key((layer, plane))) {
                Some(pipeline) => pipelines.push((plane, layer, pipeline)),
                None => missing.push((layer, plane)),
            }
        }
        let mut sources: Vec<&'static str> = missing.iter().map(|(layer, _)| layer.parts().0).collect();
        sources.sort_unstable();
        sources.dedup();
        let module = |source: &'static str| {
            let text = format!("{}{source}", include_str!("../../shaders/highway.wgsl"));
            let module = gpu.driver_work(COMPILING, || planes::shader(device, "highway", &text))?;
            Ok((source, module))
        };
        let modules: Vec<_> = sources.into_par_iter().map(module).collect::<Result<_, GpuError>>()?;
        let pipeline = |(layer, plane): (Layer, PlaneKind)| {
            let (source, vertex, buffer) = layer.parts();
            let module = modules.iter().find(|(of, _)| *of == source).map(|(_, module)| module);
            let Some(module) = module else { return Ok(None) };
            let layout = if layer.is_textured() { &layouts.textured } else { &layouts.plain };
            let source = PipelineSource {
                buffers: &[Some(buffer.clone())],
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                entry_points: Some((vertex, layer.fragment())),
                constants: &constants(layer).map(|(name, is_on)| (name, f64::from(is_on))),
                ..PipelineSource::new("highway", module, layout)
            };
            let made = || planes::pipeline(device, plane, view.size, &source);
            Ok(Some((plane, layer, gpu.driver_work(COMPILING, made)?)))
        };
        // Drivers compile several at the same time.
        let made: Vec<Option<_>> = missing.into_par_iter().map(pipeline).collect::<Result<_, GpuError>>()?;
        let made: Vec<_> = made.into_iter().flatten().collect();
        let early = |(plane, layer, pipeline)| {
            let constants = constants(layer);
            let mut key = DefaultHasher::new();
            let (vertex, fragment) = (layer.parts().1, layer.fragment());
            (layer.parts().0, vertex, fragment, constants, plane, view.size).hash(&mut key);
            let vertices = layer.vertices();
            EarlyPipeline { key: key.finish(), pipeline, plane, bind_group: &bind_group, vertices }
        };
        // A still is drawn once: what it does not show need not be compiled. And textures are not known yet.
        let is_early = |plane, layer: Layer| plane != PlaneKind::Rgba && !layer.is_textured();
        let wanted = made.iter().map(|(plane, layer, pipeline)| (*plane, *layer, pipeline));
        let wanted: Vec<_> = wanted.filter(|(plane, layer, _)| is_early(*plane, *layer)).map(early).collect();
        warm_up::compile_early(gpu, &wanted)?;
        for (plane, layer, pipeline) in made {
            gpu.keep(key((layer, plane)), pipeline.clone());
            pipelines.push((plane, layer, pipeline));
        }
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
        let texture = || {
            gpu.device.create_texture_with_data(
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
            )
        };
        let texture = gpu.driver_work("making a texture", texture)?;
        gpu.driver_work("binding a texture", || {
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("highway"),
                layout: &self.texture_layout,
                entries: &[wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::TextureView(&view),
                }],
            })
        })
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
