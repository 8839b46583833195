//! Glyphs and panels in the form that the GPU reads.

/// A line of text on the GPU, or a glyph: 32 bytes. See `shaders/text.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct GlyphInstance {
    /// Top left in pixels.
    pub place: [i16; 2],
    /// Left, top, width, height in the atlas.
    pub cell: [u16; 4],
    /// sRGB, straight alpha.
    pub color: [u8; 4],
    /// Milliseconds of the song at which it appears and disappears.
    pub span: [i32; 2],
    /// Milliseconds that it takes to fade in and to fade out.
    pub fade: [f32; 2],
}

impl GlyphInstance {
    /// Left, top, right and bottom on the picture, in pixels.
    pub(super) fn corners(&self) -> [f32; 4] {
        let [left, top] = self.place.map(f32::from);
        let [_, _, width, height] = self.cell.map(f32::from);
        [left, top, left + width, top + height]
    }

    /// How a vertex buffer of glyphs is read.
    pub(crate) const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<GlyphInstance>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![
            0 => Sint16x2, 1 => Uint16x4, 2 => Unorm8x4, 3 => Sint32x2, 4 => Float32x2
        ],
    };
}

/// A rectangle that changes. See `shaders/panel.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct PanelInstance {
    /// Left, top, right, bottom, in pixels.
    pub bounds: [f32; 4],
    /// sRGB, straight alpha.
    pub color: [u8; 4],
    /// Milliseconds of the song at which it begins to fade in and is fully visible.
    pub fade: [i32; 2],
    /// 1 for the progress bar: as wide as what has been played.
    pub is_progress: u32,
}

impl PanelInstance {
    /// How a vertex buffer of panels is read.
    pub(crate) const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<PanelInstance>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![0 => Float32x4, 1 => Unorm8x4, 2 => Sint32x2, 3 => Uint32],
    };
}
