//! The static layer: what does not move, drawn once per plane set. See `shaders/static.wgsl`.

use std::ops::Range;

use super::content::HighwayContent;
use super::layout::Layout;
use super::paint;
use crate::song::DrumShape;
use crate::theme::{Color, CymbalGems, Theme};

/// A rectangle of the static layer, or a strip along the road.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct StaticShape {
    /// Left, top, right, bottom, in pixels; of a strip left and right in pixels of the road.
    bounds: [f32; 4],
    /// sRGB, straight alpha.
    top: [u8; 4],
    bottom: [u8; 4],
    /// Radius of the corners, [`ELLIPSE`] for an ellipse; of a lane its middle; of a beam where it comes from.
    radius: f32,
    /// Width of the outline; of a lane half its width; of a beam its slope.
    outline: f32,
    kind: u32,
}

/// Kinds of shapes: see `shaders/static.wgsl`.
const BOX: u32 = 0;
const STRIP: u32 = 1;
const LANE: u32 = 2;
const LIGHT: u32 = 3;
const BEAM: u32 = 4;

/// The radius that makes an ellipse of a box.
const ELLIPSE: f32 = -1.0;

/// How far an opaque lane goes on under the one after it, in pixels: more than a sample of chroma sees.
const LANE_OVERLAP: f32 = 4.0;

/// Where the beams of light come from, as shares of the picture's width, and how far they go aside for each pixel down.
const BEAMS: [[f32; 2]; 4] = [[0.04, 0.3], [0.2, -0.12], [0.8, 0.12], [0.96, -0.3]];

impl StaticShape {
    /// How a vertex buffer of shapes is read.
    pub(super) const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<StaticShape>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![
            0 => Float32x4, 1 => Unorm8x4, 2 => Unorm8x4, 3 => Float32x2, 4 => Uint32
        ],
    };

    fn filled(bounds: [f32; 4], color: Color) -> StaticShape {
        let color = paint::bytes(color);
        StaticShape { bounds, top: color, bottom: color, radius: 0.0, outline: 0.0, kind: BOX }
    }

    fn shaded_to(self, bottom: Color) -> StaticShape {
        StaticShape { bottom: paint::bytes(bottom), ..self }
    }

    fn rounded(self, radius: f32) -> StaticShape {
        StaticShape { radius, ..self }
    }

    /// Only its border, `outline` pixels wide.
    fn outlined(self, outline: f32) -> StaticShape {
        StaticShape { outline, ..self }
    }

    fn along_the_road(self) -> StaticShape {
        StaticShape { kind: STRIP, ..self }
    }

    /// A strip of the road that is shaded across: `color` is that in the middle of the lane between `left` and `right`.
    fn shaded_across(self, [left, right]: [f32; 2], color: Color) -> StaticShape {
        let (middle, half) = ((left + right) / 2.0, (right - left) / 2.0);
        StaticShape { bottom: paint::bytes(color), radius: middle, outline: half, kind: LANE, ..self }
    }

    /// Light that falls off from the middle of its height.
    fn as_light(self) -> StaticShape {
        StaticShape { kind: LIGHT, ..self }
    }
}

/// The background colours and beams, which lie under everything else.
pub(super) fn background(layout: &Layout, theme: &Theme, content: &HighwayContent) -> Vec<StaticShape> {
    let (width, height) = (layout.size.width() as f32, layout.size.height() as f32);
    // Beyond the picture on both sides; the shades go from its top to its bottom.
    let shape = StaticShape::filled([-width, 0.0, 2.0 * width, height], theme.background.top);
    // Chroma's samples at the borders reach a pixel beyond.
    let (above, below) = ([-width, -64.0, 2.0 * width, 0.0], [-width, height, 2.0 * width, height + 64.0]);
    let mut shapes = vec![
        shape.shaded_to(theme.background.bottom),
        StaticShape::filled(above, theme.background.top),
        StaticShape::filled(below, theme.background.bottom),
    ];
    if theme.background.beams > 0.0 {
        let alpha = (theme.background.beams * 255.0).round() as u8;
        for (index, [from, slope]) in BEAMS.into_iter().enumerate() {
            let lane = index * content.lanes.len() / BEAMS.len();
            let color = content.lanes.get(lane).map_or([255; 3], |lane| lane.color);
            let bounds = [0.0, layout.header as f32, width, height];
            let beam = StaticShape::filled(bounds, Color { alpha, ..paint::opaque(color) });
            shapes.push(StaticShape { radius: from * width, outline: slope, kind: BEAM, ..beam });
        }
    }
    shapes
}

/// The road with its lanes, and the strike line with its receptors; bottom first.
pub(super) fn road(layout: &Layout, theme: &Theme, content: &HighwayContent) -> Vec<StaticShape> {
    let (left, right) = layout.sides();
    // The road goes from the header to the lower edge; in perspective its far end is faded out.
    let top = if layout.header > 0 { layout.header as f32 } else { -64.0 };
    let bottom = layout.size.height() as f32 + 64.0;
    let (top, bottom) = match &layout.tilt {
        Some(tilt) if layout.reverse => (top, tilt.far_end),
        Some(tilt) => (tilt.far_end, bottom),
        None => (top, bottom),
    };
    let strip = |left: f32, right: f32, color: Color| {
        StaticShape::filled([left, top, right, bottom], color).along_the_road()
    };
    let style = &theme.highway;
    let mut shapes = Vec::new();
    for (lane, lane_style) in content.lanes.iter().enumerate() {
        let (lane_left, lane_right) = layout.lane(lane);
        // Each goes on a little under the one after it, where that is not seen through it: where two halves of a sample are
        // covered one after the other, some of what lies under both would be seen. A tilted road fades away.
        let is_opaque = style.color.alpha == 255 && layout.tilt.is_none();
        let (from, to) = match (is_opaque, layout.mirrored) {
            (true, false) => (lane_left, (lane_right + LANE_OVERLAP).min(right)),
            (true, true) => ((lane_left - LANE_OVERLAP).max(left), lane_right),
            (false, _) => (lane_left, lane_right),
        };
        let color = paint::mix(style.color, paint::opaque(lane_style.color), style.lane_tint);
        let shape = strip(from, to, color);
        shapes.push(match style.sheen > 0.0 {
            true => shape.shaded_across([lane_left, lane_right], style.middle(lane_style.color)),
            false => shape,
        });
    }
    if content.lanes.is_empty() {
        shapes.push(strip(left, right, style.color));
    }
    let line = |x: f32, width: f32, color: Color| {
        let (from, to) = layout.line_around(x, width);
        strip(from, to, color)
    };
    if style.guide > 0.0 && style.guide_width > 0.0 {
        for (lane, lane_style) in content.lanes.iter().enumerate() {
            let (left, right) = layout.lane(lane);
            let color =
                Color { alpha: (style.guide * 255.0).round() as u8, ..paint::opaque(lane_style.color) };
            shapes.push(line((left + right) / 2.0, style.guide_width, color));
        }
    }
    if style.separator_width > 0.0 {
        let inner = layout.borders.get(1..layout.borders.len().saturating_sub(1)).unwrap_or_default();
        shapes.extend(inner.iter().map(|&border| line(border, style.separator_width, style.separator)));
    }
    if style.border_width > 0.0 {
        shapes.extend([left, right].map(|border| line(border, style.border_width, style.border)));
    }
    shapes.extend(strike_line(layout, theme, content));
    shapes
}

/// The columns, both even, in which the background and the road, seen straight from above, are the same in all rows: of
/// the whole picture, or of the road where what is behind it is not seen.
pub(super) fn uniform_columns(layout: &Layout, theme: &Theme, has_image: bool) -> Range<u32> {
    let background = &theme.background;
    if background.top == background.bottom && background.beams == 0.0 && !has_image {
        return 0..layout.size.width();
    }
    if theme.highway.color.alpha < 255 {
        return 0..0;
    }
    let (mut left, mut right) = layout.sides();
    if theme.highway.border.alpha == 255 {
        left = left.min(layout.line_around(left, theme.highway.border_width).0);
        right = right.max(layout.line_around(right, theme.highway.border_width).1);
    }
    // A sample of chroma sees from half a pixel before its two columns to half a pixel before the next two.
    let inside = |side: f32| (side.clamp(0.0, layout.size.width() as f32) / 2.0) as u32 * 2;
    let (start, end) = (inside(left + 2.0), inside(right + 0.5));
    start.min(end)..end
}

/// How far the light of the strike line reaches on both sides of it; 0 where there is none.
pub(super) fn light_reach(layout: &Layout, theme: &Theme) -> f32 {
    let style = &theme.strike_line;
    if style.light > 0.0 { layout.scaled(style.light_reach) } else { 0.0 }
}

/// The strike line, and in each lane the place where its gems are struck.
fn strike_line(layout: &Layout, theme: &Theme, content: &HighwayContent) -> Vec<StaticShape> {
    let style = &theme.strike_line;
    let (left, right) = layout.sides();
    let strike = layout.strike as f32;
    let mut shapes = Vec::new();
    let reach = light_reach(layout, theme);
    if reach > 0.0 {
        let color = Color { alpha: (style.light * 255.0).round() as u8, ..style.color };
        let bounds = [left, strike - reach, right, strike + reach];
        shapes.push(StaticShape::filled(bounds, color).as_light());
    }
    let (above, below) = layout.line_around(strike, style.width);
    if below > above {
        shapes.push(StaticShape::filled([left, above, right, below], style.color));
    }
    for (lane, lane_style) in content.lanes.iter().enumerate() {
        let (left, right) = layout.lane(lane);
        let (margin, half_height) = (layout.gem_margin, layout.gem_half_height);
        let bounds = [left + margin, strike - half_height, right - margin, strike + half_height];
        let is_round = theme.gems.cymbals == CymbalGems::Round
            && !lane_style.drums.is_empty()
            && lane_style.drums.iter().all(|drum| drum.shape == DrumShape::Cymbal);
        let radius = if is_round { ELLIPSE } else { half_height * theme.gems.corner_size };
        let ground = Color { alpha: 255, ..theme.highway.color };
        let tinted = |share: f32| paint::mix(ground, paint::opaque(lane_style.color), share);
        if style.receptor_fill > 0.0 {
            shapes.push(StaticShape::filled(bounds, tinted(style.receptor_fill)).rounded(radius));
        }
        if style.receptor_outline > 0.0 && style.receptor_outline_width > 0.0 {
            let outline = StaticShape::filled(bounds, tinted(style.receptor_outline)).rounded(radius);
            shapes.push(outline.outlined(layout.line(style.receptor_outline_width)));
        }
    }
    shapes
}
