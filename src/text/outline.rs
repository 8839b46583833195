//! The outlines of glyphs, fitted to the rows of pixels.

use std::collections::HashMap;
use std::fmt;

use cosmic_text::fontdb;
use cosmic_text::skrifa::instance::Size;
use cosmic_text::skrifa::outline::{DrawSettings, HintingInstance, OutlinePen, SmoothMode, Target};
use cosmic_text::skrifa::raw::types::Tag;
use cosmic_text::skrifa::{GlyphId, MetadataProvider};
use zeno::{Command, Vector};

use super::font::Fonts;

/// Whole rows, so that stems are sharp; but no change of widths, which are even as they are.
const TARGET: Target =
    Target::Smooth { mode: SmoothMode::Lcd, symmetric_rendering: false, preserve_linear_metrics: true };

/// A face at a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FaceAtSize {
    pub id: fontdb::ID,
    pub weight: fontdb::Weight,
    /// The bits of the size, an `f32` in pixels per em.
    pub size_bits: u32,
}

/// The outline of a glyph in pixels, y down, the origin at the glyph's.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub commands: Vec<Command>,
    /// The smallest box around all points, control points included: left, top, right, bottom.
    bounds: Option<[f32; 4]>,
    /// Whether some point is no number.
    damaged: bool,
}

/// Makes outlines.
#[derive(Default)]
pub(super) struct Outliner {
    /// `None` for faces that cannot be fitted.
    hinting: HashMap<FaceAtSize, Option<HintingInstance>>,
}

impl fmt::Debug for Outliner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outliner").field("faces", &self.hinting.keys()).finish_non_exhaustive()
    }
}

impl Outliner {
    /// The outline of a glyph; empty for a blank, and where the font is damaged.
    pub(super) fn outline(&mut self, face: FaceAtSize, glyph: u16, fonts: &mut Fonts) -> Outline {
        let mut outline = Outline::default();
        let Some(data) = fonts.data(face.id, face.weight) else { return outline };
        let Some(font) = data.font() else { return outline };
        let outlines = font.outline_glyphs();
        let Some(glyph) = outlines.get(GlyphId::from(glyph)) else { return outline };

        let size = Size::new(f32::from_bits(face.size_bits));
        let location = font.axes().location([(Tag::new(b"wght"), f32::from(face.weight.0))]);
        let hinting = self
            .hinting
            .entry(face)
            .or_insert_with(|| HintingInstance::new(&outlines, size, &location, TARGET).ok());
        let drawn = match hinting {
            Some(hinting) => glyph.draw(DrawSettings::hinted(hinting, false), &mut outline),
            None => glyph.draw(DrawSettings::unhinted(size, &location), &mut outline),
        };
        if drawn.is_err() { Outline::default() } else { outline }
    }
}

impl Outline {
    /// Whether all of it lies in a box of at most this area, in square pixels.
    pub(super) fn is_within(&self, area: f32) -> bool {
        let box_area = self.bounds.map_or(0.0, |[left, top, right, bottom]| (right - left) * (bottom - top));
        box_area <= area && !self.damaged
    }

    /// A point of the outline; fonts have y up.
    fn point(&mut self, x: f32, y: f32) -> Vector {
        let y = -y;
        let [left, top, right, bottom] = self.bounds.unwrap_or([x, y, x, y]);
        self.bounds = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
        self.damaged |= !(x.is_finite() && y.is_finite());
        Vector::new(x, y)
    }
}

impl OutlinePen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.commands.push(Command::MoveTo(to));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.commands.push(Command::LineTo(to));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        let (control, to) = (self.point(cx0, cy0), self.point(x, y));
        self.commands.push(Command::QuadTo(control, to));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (first, second, to) = (self.point(cx0, cy0), self.point(cx1, cy1), self.point(x, y));
        self.commands.push(Command::CurveTo(first, second, to));
    }

    fn close(&mut self) {
        self.commands.push(Command::Close);
    }
}
