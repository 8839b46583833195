//! The planes that a scene draws into, and the pipelines that draw into them.
//!
//! A scene is drawn once into luma and once into chroma (BT.709, limited range, chroma left-sited), or once into RGBA for
//! stills and alpha. One shader serves all: it begins with [`PRELUDE`], whose override constants [`pipeline`] sets, takes
//! positions through `clip_position` and `picture_position`, and returns `plane_sample(color)`.

use super::convert::SourceFormat;
use super::watch::{COMPILING, driver_call};
use strikeline_picture::{BitDepth, ChromaFormat, PictureSize, PixelFormat, Rectangle};

/// WGSL that every shader of a scene begins with; [`shader`] puts it in front.
pub const PRELUDE: &str = include_str!("../../shaders/prelude.wgsl");

/// What is being drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaneKind {
    /// Y′ at full size, `R8Unorm`, or for more than 8 bits `R16Unorm`.
    Luma(BitDepth),
    /// Cb and Cr, at half size unless finer chroma is wanted, `Rg8Unorm` or `Rg16Unorm`.
    Chroma(ChromaFormat, BitDepth),
    /// Gamma-coded RGB with alpha at full size, `Rgba8Unorm`.
    Rgba,
}

impl PlaneKind {
    /// The two planes of pictures in `format`.
    pub const fn planar(format: PixelFormat) -> [PlaneKind; 2] {
        [PlaneKind::Luma(format.depth), PlaneKind::Chroma(format.chroma, format.depth)]
    }

    /// Texture format.
    pub const fn format(self) -> wgpu::TextureFormat {
        match self {
            PlaneKind::Luma(BitDepth::Eight) => wgpu::TextureFormat::R8Unorm,
            PlaneKind::Luma(BitDepth::Ten) => wgpu::TextureFormat::R16Unorm,
            PlaneKind::Chroma(_, BitDepth::Eight) => wgpu::TextureFormat::Rg8Unorm,
            PlaneKind::Chroma(_, BitDepth::Ten) => wgpu::TextureFormat::Rg16Unorm,
            PlaneKind::Rgba => wgpu::TextureFormat::Rgba8Unorm,
        }
    }

    /// Width and height of the plane in samples, for pictures of `size`.
    pub const fn extent(self, size: PictureSize) -> wgpu::Extent3d {
        let (columns, rows) = self.divisors();
        wgpu::Extent3d {
            width: size.width() / columns,
            height: size.height() / rows,
            depth_or_array_layers: 1,
        }
    }

    /// Left, top, right and bottom in samples of the plane, of a part with even sides.
    pub const fn samples(self, part: &Rectangle) -> [u32; 4] {
        let (columns, rows) = self.divisors();
        [part.left / columns, part.top / rows, part.right / columns, part.bottom / rows]
    }

    /// How many columns and rows of the picture there are for one of the plane.
    const fn divisors(self) -> (u32, u32) {
        match self {
            PlaneKind::Chroma(format, _) => format.divisors(),
            PlaneKind::Luma(_) | PlaneKind::Rgba => (1, 1),
        }
    }

    /// Bytes of all that the plane has at one place.
    pub(super) const fn sample_bytes(self) -> u32 {
        match self {
            PlaneKind::Luma(depth) => depth.bytes(),
            PlaneKind::Chroma(_, depth) => 2 * depth.bytes(),
            PlaneKind::Rgba => 4,
        }
    }

    /// Bytes of a row without padding.
    pub const fn row_bytes(self, size: PictureSize) -> u32 {
        size.width() / self.divisors().0 * self.sample_bytes()
    }

    /// `plane` in the prelude.
    const fn shader_constant(self) -> f64 {
        match self {
            PlaneKind::Luma(_) => 0.0,
            PlaneKind::Chroma(ChromaFormat::Yuv420, _) => 1.0,
            PlaneKind::Rgba => 2.0,
            PlaneKind::Chroma(ChromaFormat::Yuv422, _) => 3.0,
            PlaneKind::Chroma(ChromaFormat::Yuv444, _) => 4.0,
        }
    }

    /// The value on the scale of 8 bits that is 1.0 in the texture. In 16 bits, values are 256 times as large.
    const fn full_scale(self) -> f64 {
        match self {
            PlaneKind::Luma(BitDepth::Ten) | PlaneKind::Chroma(_, BitDepth::Ten) => 65_535.0 / 256.0,
            _ => 255.0,
        }
    }

    /// How many steps from black to white pictures tell apart.
    const fn color_steps(self) -> f64 {
        match self {
            PlaneKind::Luma(BitDepth::Ten) | PlaneKind::Chroma(_, BitDepth::Ten) => 1023.0,
            _ => 255.0,
        }
    }
}

/// A shader module of `source` with the prelude in front.
pub fn shader(device: &wgpu::Device, label: &str, source: &str) -> wgpu::ShaderModule {
    let _call = driver_call(COMPILING);
    device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(label),
        source: wgpu::ShaderSource::Wgsl(format!("{PRELUDE}{source}").into()),
    })
}

/// What [`pipeline`] needs besides the plane.
#[derive(Debug, Clone, Copy)]
pub struct PipelineSource<'a> {
    /// For error texts and debuggers.
    pub label: &'a str,
    /// Made by [`shader`]; with one `@vertex` and one `@fragment` entry point, or those named below.
    pub module: &'a wgpu::ShaderModule,
    /// `(vertex, fragment)` entry points, where the module has several.
    pub entry_points: Option<(&'a str, &'a str)>,
    /// The bind groups.
    pub layout: &'a wgpu::PipelineLayout,
    /// The vertex buffers.
    pub buffers: &'a [Option<wgpu::VertexBufferLayout<'a>>],
    /// How vertices make triangles.
    pub topology: wgpu::PrimitiveTopology,
    /// Values of the module's own override constants.
    pub constants: &'a [(&'a str, f64)],
}

impl<'a> PipelineSource<'a> {
    /// Triangles without vertex buffers, by the one vertex and the one fragment entry point of `module`.
    pub fn new(
        label: &'a str,
        module: &'a wgpu::ShaderModule,
        layout: &'a wgpu::PipelineLayout,
    ) -> PipelineSource<'a> {
        let topology = wgpu::PrimitiveTopology::TriangleList;
        PipelineSource { label, module, entry_points: None, layout, buffers: &[], topology, constants: &[] }
    }
}

/// A uniform buffer at binding 0 of group 0, for shaders that need nothing else.
#[derive(Debug)]
pub struct UniformBuffer {
    /// Write the data of each frame to it.
    pub buffer: wgpu::Buffer,
    /// Binds it, as group 0.
    pub bind_group: wgpu::BindGroup,
    /// For the pipelines.
    pub layout: wgpu::PipelineLayout,
}

impl UniformBuffer {
    /// `bytes` bytes, all zero.
    pub fn new(device: &wgpu::Device, label: &str, bytes: u64) -> UniformBuffer {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let bind_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(label),
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            }],
        });
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(label),
            layout: &bind_layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(label),
            bind_group_layouts: &[Some(&bind_layout)],
            immediate_size: 0,
        });
        UniformBuffer { buffer, bind_group, layout }
    }
}

/// A pipeline that blends over what the plane holds.
pub fn pipeline(
    device: &wgpu::Device,
    plane: PlaneKind,
    size: PictureSize,
    source: &PipelineSource<'_>,
) -> wgpu::RenderPipeline {
    let mut constants = vec![
        ("plane", plane.shader_constant()),
        ("full_scale", plane.full_scale()),
        ("color_steps", plane.color_steps()),
        ("picture_width", f64::from(size.width())),
        ("picture_height", f64::from(size.height())),
    ];
    constants.extend_from_slice(source.constants);
    let compilation_options =
        wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() };
    let _call = driver_call(COMPILING);
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(source.label),
        layout: Some(source.layout),
        vertex: wgpu::VertexState {
            module: source.module,
            entry_point: source.entry_points.map(|points| points.0),
            compilation_options: compilation_options.clone(),
            buffers: source.buffers,
        },
        fragment: Some(wgpu::FragmentState {
            module: source.module,
            entry_point: source.entry_points.map(|points| points.1),
            compilation_options,
            targets: &[Some(wgpu::ColorTargetState {
                format: plane.format(),
                blend: Some(wgpu::BlendState::ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        primitive: wgpu::PrimitiveState { topology: source.topology, ..Default::default() },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        multiview_mask: None,
        cache: None,
    })
}

/// A texture that a picture of `size` and `format` is drawn into before it is converted.
pub fn picture_texture(device: &wgpu::Device, format: SourceFormat, size: PictureSize) -> wgpu::Texture {
    let _call = driver_call("making a texture");
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("picture"),
        size: PlaneKind::Rgba.extent(size),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: format.texture_format(),
        usage: TARGET_USAGES,
        view_formats: &[],
    })
}

/// What can be done with the textures that scenes draw into.
const TARGET_USAGES: wgpu::TextureUsages = wgpu::TextureUsages::RENDER_ATTACHMENT
    .union(wgpu::TextureUsages::COPY_SRC)
    .union(wgpu::TextureUsages::COPY_DST)
    .union(wgpu::TextureUsages::TEXTURE_BINDING);

/// A texture that one plane is drawn into.
#[derive(Debug)]
pub struct PlaneTarget {
    /// Which plane.
    pub kind: PlaneKind,
    /// The texture itself.
    pub texture: wgpu::Texture,
    view: wgpu::TextureView,
    size: PictureSize,
}

impl PlaneTarget {
    /// A new texture for pictures of `size`.
    pub fn new(device: &wgpu::Device, kind: PlaneKind, size: PictureSize) -> PlaneTarget {
        let _call = driver_call("making a texture");
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("plane"),
            size: kind.extent(size),
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: kind.format(),
            usage: TARGET_USAGES,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        PlaneTarget { kind, texture, view, size }
    }

    /// The view that passes draw into, or that a conversion reads.
    pub fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    /// Begins a pass over what the plane holds (`None`), or over `clear` everywhere.
    pub fn begin_pass<'e>(
        &self,
        commands: &'e mut wgpu::CommandEncoder,
        clear: Option<wgpu::Color>,
    ) -> wgpu::RenderPass<'e> {
        commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("plane"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: clear.map_or(wgpu::LoadOp::Load, wgpu::LoadOp::Clear),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        })
    }

    /// Copies the whole of `source`, a target of the same kind and size.
    pub fn copy_from(&self, commands: &mut wgpu::CommandEncoder, source: &PlaneTarget) {
        commands.copy_texture_to_texture(
            source.texture.as_image_copy(),
            self.texture.as_image_copy(),
            self.kind.extent(self.size),
        );
    }

    /// Copies `part`, which has even sides and lies within the picture, of a target of the same kind and size.
    pub fn copy_part_from(
        &self,
        commands: &mut wgpu::CommandEncoder,
        source: &PlaneTarget,
        part: &Rectangle,
    ) {
        let (origin, extent) = self.place_of(part);
        commands.copy_texture_to_texture(
            wgpu::TexelCopyTextureInfo { origin, ..source.texture.as_image_copy() },
            wgpu::TexelCopyTextureInfo { origin, ..self.texture.as_image_copy() },
            extent,
        );
    }

    /// Copies the part `from` of `source`, a target of the same kind and size, to the part `to` of the same size. Both
    /// have even sides and lie within the picture.
    pub fn copy_part_to(
        &self,
        commands: &mut wgpu::CommandEncoder,
        source: &PlaneTarget,
        from: &Rectangle,
        to: &Rectangle,
    ) {
        let (origin, extent) = self.place_of(from);
        let (destination, _) = self.place_of(to);
        commands.copy_texture_to_texture(
            wgpu::TexelCopyTextureInfo { origin, ..source.texture.as_image_copy() },
            wgpu::TexelCopyTextureInfo { origin: destination, ..self.texture.as_image_copy() },
            extent,
        );
    }

    /// Copies `part`, which has even sides and lies within the picture, to where it belongs among the plane's rows
    /// in `buffer`: they begin at `offset`, `stride` bytes apart (a multiple of 256).
    pub fn copy_part_to_buffer(
        &self,
        commands: &mut wgpu::CommandEncoder,
        buffer: &wgpu::Buffer,
        (offset, stride): (u64, u32),
        part: &Rectangle,
    ) {
        let (origin, extent) = self.place_of(part);
        let place = u64::from(origin.y) * u64::from(stride) + u64::from(origin.x * self.kind.sample_bytes());
        let layout = wgpu::TexelCopyBufferLayout {
            offset: offset + place,
            bytes_per_row: Some(stride),
            rows_per_image: None,
        };
        commands.copy_texture_to_buffer(
            wgpu::TexelCopyTextureInfo { origin, ..self.texture.as_image_copy() },
            wgpu::TexelCopyBufferInfo { buffer, layout },
            extent,
        );
    }

    fn place_of(&self, part: &Rectangle) -> (wgpu::Origin3d, wgpu::Extent3d) {
        let [left, top, right, bottom] = self.kind.samples(part);
        let extent = wgpu::Extent3d { width: right - left, height: bottom - top, depth_or_array_layers: 1 };
        (wgpu::Origin3d { x: left, y: top, z: 0 }, extent)
    }

    /// Copies the plane's rows into `buffer` from `offset`, `stride` bytes apart (a multiple of 256).
    pub fn copy_to_buffer(
        &self,
        commands: &mut wgpu::CommandEncoder,
        buffer: &wgpu::Buffer,
        offset: u64,
        stride: u32,
    ) {
        commands.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset,
                    bytes_per_row: Some(stride),
                    rows_per_image: None,
                },
            },
            self.kind.extent(self.size),
        );
    }
}

/// The colour that a plane is begun with: black, or where there is alpha and the scene `is_transparent`, nothing.
pub const fn ground(kind: PlaneKind, is_transparent: bool) -> wgpu::Color {
    match kind {
        PlaneKind::Rgba if is_transparent => wgpu::Color::TRANSPARENT,
        _ => black(kind),
    }
}

/// The colour that makes a plane black: limited-range black, neutral chroma, opaque.
pub const fn black(kind: PlaneKind) -> wgpu::Color {
    match kind {
        PlaneKind::Luma(_) => wgpu::Color { r: 16.0 / kind.full_scale(), g: 0.0, b: 0.0, a: 1.0 },
        PlaneKind::Chroma(..) => {
            let neutral = 128.0 / kind.full_scale();
            wgpu::Color { r: neutral, g: neutral, b: 0.0, a: 1.0 }
        }
        PlaneKind::Rgba => wgpu::Color { r: 0.0, g: 0.0, b: 0.0, a: 1.0 },
    }
}
