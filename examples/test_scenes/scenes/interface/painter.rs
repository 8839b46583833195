//! Quads: what the interface is made of.

use bytemuck::{Pod, Zeroable};
use strikeline::text::{Digits, GlyphPlacement, TextLine};

/// Red, green and blue, gamma-coded, 0 to 1.
pub(crate) type Color = [f32; 3];

/// One quad as interface.wgsl reads it.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Quad {
    bounds: [f32; 4],
    clip: [f32; 4],
    color: [f32; 4],
    detail: [f32; 4],
}

/// The kinds of quads in interface.wgsl.
const BOX: f32 = 0.0;
const SHADOW: f32 = 1.0;
const GLYPH: f32 = 2.0;
const PHOTO: f32 = 3.0;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

impl Area {
    pub(crate) fn new(left: f32, top: f32, width: f32, height: f32) -> Area {
        Area { left, top, right: left + width, bottom: top + height }
    }

    const fn values(self) -> [f32; 4] {
        [self.left, self.top, self.right, self.bottom]
    }
}

/// Collects quads from back to front.
pub(crate) struct Painter {
    pub(crate) quads: Vec<Quad>,
    /// Nothing is drawn outside of it.
    pub(crate) clip: Area,
    /// Share of everything that covers what lies behind, 0 to 1.
    pub(crate) opacity: f32,
}

impl Painter {
    fn quad(&mut self, bounds: Area, [red, green, blue]: Color, opacity: f32, detail: [f32; 4]) {
        let outside = bounds.bottom < self.clip.top - 100.0 || bounds.top > self.clip.bottom + 100.0;
        if !outside {
            let color = [red, green, blue, opacity * self.opacity];
            self.quads.push(Quad { bounds: bounds.values(), clip: self.clip.values(), color, detail });
        }
    }

    /// A box with corners of `radius`.
    pub(crate) fn block(&mut self, bounds: Area, radius: f32, color: Color) {
        self.quad(bounds, color, 1.0, [BOX, radius, 0.0, 0.0]);
    }

    /// A veil of a colour.
    pub(crate) fn veil(&mut self, bounds: Area, color: Color, opacity: f32) {
        self.quad(bounds, color, opacity, [BOX, 0.0, 0.0, 0.0]);
    }

    /// The shadow of a box, as far as `softness` beyond it.
    pub(crate) fn shadow(&mut self, bounds: Area, radius: f32, softness: f32) {
        self.quad(bounds, [0.0, 0.0, 0.05], 0.45, [SHADOW, radius, softness, 0.0]);
    }

    /// A photograph.
    pub(crate) fn photo(&mut self, bounds: Area, radius: f32, number: usize) {
        self.quad(bounds, [1.0; 3], 1.0, [PHOTO, radius, number as f32, 0.0]);
    }

    /// A line of text whose baseline begins at `(x, y)`.
    pub(crate) fn text(&mut self, line: &TextLine, x: f32, y: f32, color: Color) {
        self.glyphs(&line.glyphs, x.round(), y.round(), color);
    }

    /// A number of `places` digits whose baseline begins at `(x, y)`.
    pub(crate) fn number(
        &mut self,
        digits: &Digits,
        value: u64,
        places: usize,
        x: f32,
        y: f32,
        color: Color,
    ) {
        for (place, character) in format!("{value:0places$}").chars().enumerate() {
            let x = x.round() + place as f32 * digits.advance as f32;
            self.glyphs(digits.get(character).unwrap_or_default(), x, y.round(), color);
        }
    }

    fn glyphs(&mut self, glyphs: &[GlyphPlacement], x: f32, y: f32, color: Color) {
        for glyph in glyphs {
            let rect = glyph.rect;
            let (left, top) = (x + glyph.x as f32, y + glyph.y as f32);
            let bounds = Area::new(left, top, f32::from(rect.width), f32::from(rect.height));
            self.quad(bounds, color, 1.0, [GLYPH, f32::from(rect.x), f32::from(rect.y), 0.0]);
        }
    }
}
