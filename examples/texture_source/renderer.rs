//! A small renderer as any program may have one: it knows wgpu, and nothing of videos.

/// Forty triangles fly in circles: the compute pass moves them, the depth buffer says which is in front.
const SHADER: &str = "
@group(0) @binding(0) var<storage, read_write> turns: array<f32, 40>;
@compute @workgroup_size(40) fn advance(@builtin(local_invocation_index) index: u32) {
    turns[index] += 0.01 + f32(index) * 0.001;
}
@group(0) @binding(0) var<storage, read> turned: array<f32, 40>;
struct Corner { @builtin(position) place: vec4<f32>, @location(0) color: vec3<f32> }
@vertex fn corner(@builtin(vertex_index) corner: u32, @builtin(instance_index) index: u32) -> Corner {
    let turn = turned[index];
    let angles = vec4<f32>(turn, turn - 1.57, turn * 3.0 + vec2<f32>(0.0, -1.57) + f32(corner) * 2.1);
    let place = cos(angles.xy) * 0.6 + cos(angles.zw) * 0.3;
    let color = 0.5 + 0.5 * cos(f32(index) + vec3<f32>(0.0, 2.1, 4.2));
    return Corner(vec4<f32>(place * vec2<f32>(0.56, 1.0), 0.5 + 0.4 * sin(turn * 2.0), 1.0), color);
}
@fragment fn color(corner: Corner) -> @location(0) vec4<f32> { return vec4<f32>(corner.color, 1.0); }";

/// Draws one frame after the other into a texture of its own.
pub(crate) struct Renderer {
    /// What was drawn last.
    pub picture: wgpu::Texture,
    device: wgpu::Device,
    queue: wgpu::Queue,
    advance: (wgpu::ComputePipeline, wgpu::BindGroup),
    draw: (wgpu::RenderPipeline, wgpu::BindGroup),
    depth: wgpu::TextureView,
}

const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Bgra8UnormSrgb;
const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

impl Renderer {
    pub(crate) fn new(device: &wgpu::Device, queue: &wgpu::Queue, [width, height]: [u32; 2]) -> Renderer {
        let texture = |format, more_usages| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | more_usages,
                view_formats: &[],
            })
        };
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(SHADER.into()),
        });
        let advance = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: None,
            compilation_options: Default::default(),
            cache: None,
        });
        let draw = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: None,
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                buffers: &[],
            },
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                targets: &[Some(FORMAT.into())],
            }),
            primitive: Default::default(),
            depth_stencil: Some(wgpu::DepthStencilState {
                format: DEPTH_FORMAT,
                depth_write_enabled: Some(true),
                depth_compare: Some(wgpu::CompareFunction::Less),
                stencil: Default::default(),
                bias: Default::default(),
            }),
            multisample: Default::default(),
            multiview_mask: None,
            cache: None,
        });
        let turns = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 40 * 4,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        let bound = |layout| {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &layout,
                entries: &[wgpu::BindGroupEntry { binding: 0, resource: turns.as_entire_binding() }],
            })
        };
        let groups = [bound(advance.get_bind_group_layout(0)), bound(draw.get_bind_group_layout(0))];
        let [advance_group, draw_group] = groups;
        Renderer {
            // These two usages are all that the stream asks of a texture.
            picture: texture(FORMAT, wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC),
            depth: texture(DEPTH_FORMAT, wgpu::TextureUsages::empty()).create_view(&Default::default()),
            device: device.clone(),
            queue: queue.clone(),
            advance: (advance, advance_group),
            draw: (draw, draw_group),
        }
    }

    /// Draws the next frame.
    pub(crate) fn render(&mut self) {
        let mut commands = self.device.create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.advance.0);
        pass.set_bind_group(0, &self.advance.1, &[]);
        pass.dispatch_workgroups(1, 1, 1);
        drop(pass);
        let mut pass = commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.picture.create_view(&Default::default()),
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
        pass.set_pipeline(&self.draw.0);
        pass.set_bind_group(0, &self.draw.1, &[]);
        pass.draw(0..3, 0..40);
        drop(pass);
        self.queue.submit([commands.finish()]);
    }
}
