//! A desktop with windows: text that scrolls, a window that is moved, fades.

mod desktop;
mod painter;
mod texts;

use strikeline_picture::{FrameIndex, FrameRate, PictureSize};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::convert::SourceFormat;
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};
use wgpu_video::wgpu;

use super::shader_scene::COMMON;
use super::surface::{self, FORMAT, Surface};
use painter::{Area, Painter, Quad};
use texts::Texts;

/// More quads than the screen ever has.
const MOST_QUADS: usize = 16_384;

/// The scene.
#[derive(Default)]
pub(crate) struct Interface {
    prepared: Option<Prepared>,
    quads: u32,
}

struct Prepared {
    frame_rate: FrameRate,
    size: PictureSize,
    texts: Texts,
    frame: wgpu::Buffer,
    quads: wgpu::Buffer,
    bindings: wgpu::BindGroup,
    wallpaper: wgpu::RenderPipeline,
    quad: wgpu::RenderPipeline,
    surface: Surface,
}

fn pipeline(
    device: &wgpu::Device,
    (module, layout): (&wgpu::ShaderModule, &wgpu::PipelineLayout),
    (vertex, fragment): (&str, &str),
    buffers: &[Option<wgpu::VertexBufferLayout<'_>>],
) -> wgpu::RenderPipeline {
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("interface"),
        layout: Some(layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some(vertex),
            compilation_options: Default::default(),
            buffers,
        },
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(fragment),
            compilation_options: Default::default(),
            targets: &[Some(wgpu::ColorTargetState {
                blend: Some(wgpu::BlendState::ALPHA_BLENDING),
                ..FORMAT.into()
            })],
        }),
        primitive: wgpu::PrimitiveState {
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            ..Default::default()
        },
        depth_stencil: Some(surface::depth_state(false)),
        multisample: Default::default(),
        multiview_mask: None,
        cache: None,
    })
}

/// The coverage of all glyphs as a texture.
fn glyphs(gpu: &Gpu, texts: &Texts) -> wgpu::TextureView {
    let atlas = &texts.atlas;
    let texture = surface::texture(&gpu.device, [atlas.width, atlas.height]);
    let texels: Vec<u8> = atlas.data.iter().flat_map(|&coverage| [coverage; 4]).collect();
    let layout =
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(atlas.width * 4), rows_per_image: None };
    gpu.queue.write_texture(texture.as_image_copy(), &texels, layout, texture.size());
    texture.create_view(&Default::default())
}

impl Scene for Interface {
    fn drawing(&self) -> Drawing {
        Drawing::Texture(SourceFormat::Rgba8Unorm)
    }

    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let device = &gpu.device;
        let unit = target.size.height() as f32 / 1080.0;
        let texts = Texts::new(unit).map_err(SceneError::other)?;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("interface"),
            source: wgpu::ShaderSource::Wgsl(format!("{COMMON}{}", include_str!("interface.wgsl")).into()),
        });
        let bindings = surface::bindings_layout(device);
        let layout = surface::pipeline_layout(device, &bindings);
        let parts = (&module, &layout);
        let frame = surface::frame_buffer(device);
        let columns =
            wgpu::vertex_attr_array![0 => Float32x4, 1 => Float32x4, 2 => Float32x4, 3 => Float32x4];
        let quads = wgpu::VertexBufferLayout {
            array_stride: size_of::<Quad>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &columns,
        };
        self.prepared = Some(Prepared {
            frame_rate: target.frame_rate,
            size: target.size,
            bindings: surface::bind(device, &bindings, &frame, &glyphs(gpu, &texts)),
            texts,
            frame,
            quads: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("quads"),
                size: (MOST_QUADS * size_of::<Quad>()) as u64,
                usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            wallpaper: pipeline(device, parts, ("everywhere", "wallpaper"), &[]),
            quad: pipeline(device, parts, ("quad", "quad_color"), &[Some(quads)]),
            surface: Surface::new(device, [target.size.width(), target.size.height()], 1),
        });
        Ok(())
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let prepared = self.prepared.as_ref().ok_or_else(surface::not_prepared)?;
        let seconds = prepared.frame_rate.time_of(frame).as_seconds() as f32;
        let size = [prepared.size.width() as f32, prepared.size.height() as f32];
        surface::write_frame(queue, &prepared.frame, seconds, frame, prepared.size);
        let clip = Area::new(0.0, 0.0, size[0], size[1]);
        let mut painter = Painter { quads: Vec::with_capacity(MOST_QUADS), clip, opacity: 1.0 };
        desktop::paint(&mut painter, &prepared.texts, seconds, size[1] / 1080.0, size);
        painter.quads.truncate(MOST_QUADS);
        queue.write_buffer(&prepared.quads, 0, bytemuck::cast_slice(&painter.quads));
        self.quads = painter.quads.len() as u32;
        Ok(())
    }

    fn render(
        &self,
        commands: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) -> Result<(), SceneError> {
        let prepared = self.prepared.as_ref().ok_or_else(surface::not_prepared)?;
        let mut pass = prepared.surface.begin(commands, target);
        pass.set_bind_group(0, &prepared.bindings, &[]);
        pass.set_pipeline(&prepared.wallpaper);
        pass.draw(0..3, 0..1);
        pass.set_pipeline(&prepared.quad);
        pass.set_vertex_buffer(0, prepared.quads.slice(..));
        pass.draw(0..4, 0..self.quads);
        Ok(())
    }
}
