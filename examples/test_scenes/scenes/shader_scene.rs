//! Scenes that are a shader: a list of draws whose vertices are made by the shader itself.

use strikeline_picture::{FrameIndex, FrameRate, PictureSize};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::convert::SourceFormat;
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};
use wgpu_video::wgpu;

use super::surface::{self, FORMAT, Surface};

/// What all shaders begin with.
pub(crate) const COMMON: &str = include_str!("common.wgsl");

/// How a draw is put over what was drawn before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// In its place.
    Replace,
    /// In its place where it is nearer to the eye.
    Nearer,
    /// Added to it: light.
    Add,
    /// Onto a painting, which has no depth buffer.
    Painting,
}

/// One draw of a shader's entry points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    pub(crate) vertex: &'static str,
    pub(crate) fragment: &'static str,
    /// Vertices of one instance: a strip of triangles.
    pub(crate) vertices: u32,
    pub(crate) instances: u32,
    pub(crate) over: Over,
}

impl Draw {
    /// A fragment shader for the whole picture.
    pub(crate) const fn everywhere(fragment: &'static str) -> Draw {
        Draw { vertex: "everywhere", fragment, vertices: 3, instances: 1, over: Over::Replace }
    }
}

/// A picture that a shader draws once and then reads as `picture`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painting {
    /// The fragment shader that draws it.
    pub(crate) fragment: &'static str,
    /// Its width and height in those of the video.
    pub(crate) scale: [f32; 2],
}

impl Painting {
    /// Width and height in pixels, for a video of `size`.
    fn sides(&self, size: PictureSize) -> [u32; 2] {
        let side = |pixels: u32, scale: f32| (pixels as f32 * scale).ceil() as u32;
        [side(size.width(), self.scale[0]), side(size.height(), self.scale[1])]
    }
}

/// Draws a painting in bands, each finished before the next begins: one that takes long looks like a driver that hangs.
fn paint(
    gpu: &Gpu,
    pipeline: &wgpu::RenderPipeline,
    bindings: &wgpu::BindGroup,
    [width, height]: [u32; 2],
) -> Result<wgpu::TextureView, SceneError> {
    let texture = surface::texture(&gpu.device, [width, height]);
    let view = texture.create_view(&Default::default());
    for top in (0..height).step_by(BAND as usize) {
        let mut commands = gpu.device.create_command_encoder(&Default::default());
        let load = if top == 0 { wgpu::LoadOp::Clear(wgpu::Color::BLACK) } else { wgpu::LoadOp::Load };
        let mut pass = commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load, store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, bindings, &[]);
        pass.set_scissor_rect(0, top, width, BAND.min(height - top));
        pass.draw(0..3, 0..1);
        drop(pass);
        gpu.queue.submit([commands.finish()]);
        gpu.device.poll(wgpu::PollType::wait_indefinitely()).map_err(SceneError::other)?;
    }
    Ok(view)
}

/// Rows of a painting that are drawn at once.
const BAND: u32 = 64;

/// A scene that is described by its shader and its draws.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShaderScene {
    pub(crate) label: &'static str,
    pub(crate) shader: &'static str,
    pub(crate) painting: Option<Painting>,
    pub(crate) draws: &'static [Draw],
    /// Samples per pixel: 1, or 4 for smooth borders.
    pub(crate) samples: u32,
}

/// A [`ShaderScene`] that can be streamed.
pub(crate) struct Drawn {
    scene: ShaderScene,
    prepared: Option<Prepared>,
}

struct Prepared {
    frame_rate: FrameRate,
    size: PictureSize,
    frame: wgpu::Buffer,
    bindings: wgpu::BindGroup,
    pipelines: Vec<wgpu::RenderPipeline>,
    surface: Surface,
}

impl ShaderScene {
    /// The scene, not yet prepared.
    pub(crate) fn boxed(self) -> Box<dyn Scene> {
        Box::new(Drawn { scene: self, prepared: None })
    }

    fn pipeline(
        &self,
        device: &wgpu::Device,
        (module, layout): (&wgpu::ShaderModule, &wgpu::PipelineLayout),
        draw: &Draw,
        samples: u32,
    ) -> wgpu::RenderPipeline {
        let light = wgpu::BlendComponent {
            src_factor: wgpu::BlendFactor::One,
            dst_factor: wgpu::BlendFactor::One,
            operation: wgpu::BlendOperation::Add,
        };
        let blend = (draw.over == Over::Add).then_some(wgpu::BlendState { color: light, alpha: light });
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(self.label),
            layout: Some(layout),
            vertex: wgpu::VertexState {
                module,
                entry_point: Some(draw.vertex),
                compilation_options: Default::default(),
                buffers: &[],
            },
            fragment: Some(wgpu::FragmentState {
                module,
                entry_point: Some(draw.fragment),
                compilation_options: Default::default(),
                targets: &[Some(wgpu::ColorTargetState { blend, ..FORMAT.into() })],
            }),
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..Default::default()
            },
            depth_stencil: (draw.over != Over::Painting)
                .then(|| surface::depth_state(draw.over == Over::Nearer)),
            multisample: wgpu::MultisampleState { count: samples, ..Default::default() },
            multiview_mask: None,
            cache: None,
        })
    }
}

impl Scene for Drawn {
    fn drawing(&self) -> Drawing {
        Drawing::Texture(SourceFormat::Rgba8Unorm)
    }

    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let (device, scene) = (&gpu.device, &self.scene);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(scene.label),
            source: wgpu::ShaderSource::Wgsl(format!("{COMMON}{}", scene.shader).into()),
        });
        let bindings = surface::bindings_layout(device);
        let layout = surface::pipeline_layout(device, &bindings);
        let parts = (&module, &layout);
        let frame = surface::frame_buffer(device);
        let empty = surface::texture(device, [1, 1]).create_view(&Default::default());
        let mut group = surface::bind(device, &bindings, &frame, &empty);
        if let Some(painting) = scene.painting {
            surface::write_frame(&gpu.queue, &frame, 0.0, FrameIndex(0), target.size);
            let draw = Draw { over: Over::Painting, ..Draw::everywhere(painting.fragment) };
            let pipeline = scene.pipeline(device, parts, &draw, 1);
            let picture = paint(gpu, &pipeline, &group, painting.sides(target.size))?;
            group = surface::bind(device, &bindings, &frame, &picture);
        }
        let pipelines =
            scene.draws.iter().map(|draw| scene.pipeline(device, parts, draw, scene.samples)).collect();
        self.prepared = Some(Prepared {
            frame_rate: target.frame_rate,
            size: target.size,
            frame,
            bindings: group,
            pipelines,
            surface: Surface::new(device, [target.size.width(), target.size.height()], scene.samples),
        });
        Ok(())
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let prepared = self.prepared.as_ref().ok_or_else(surface::not_prepared)?;
        let seconds = prepared.frame_rate.time_of(frame).as_seconds() as f32;
        surface::write_frame(queue, &prepared.frame, seconds, frame, prepared.size);
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
        for (draw, pipeline) in self.scene.draws.iter().zip(&prepared.pipelines) {
            pass.set_pipeline(pipeline);
            pass.draw(0..draw.vertices, 0..draw.instances);
        }
        Ok(())
    }
}
