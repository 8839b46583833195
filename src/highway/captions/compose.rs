//! Whole lines of text as single images in the atlas.
//!
//! A quad costs a software adapter some microseconds however small it is, and a line of text has dozens of
//! glyphs: so each line is put together once, beside the glyphs in the atlas, and drawn as one quad.

use std::collections::HashMap;
use std::ops::Range;

use super::TextSpan;
use super::instances::GlyphInstance;
use crate::highway::paint;
use crate::text::{Atlas, AtlasRect, GlyphPlacement};
use crate::theme::Color;

/// A line on the picture.
#[derive(Debug, Clone)]
pub(super) struct PlacedLine {
    /// The start of its baseline, in pixels.
    pub origin: (i32, i32),
    /// Relative to the origin.
    pub glyphs: Vec<GlyphPlacement>,
    /// Its colour.
    pub color: Color,
    /// When it is visible.
    pub span: TextSpan,
}

/// Lines as the GPU takes them.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    /// The glyphs, and below them the lines.
    pub atlas: Atlas,
    /// What is drawn.
    pub instances: Vec<GlyphInstance>,
    /// For each line the first of its instances, and at the end their number.
    starts: Vec<u32>,
}

impl Composed {
    /// The instances of these lines.
    pub(super) fn range(&self, lines: &Range<u32>) -> Range<u32> {
        let start =
            |line: u32| self.starts.get(line as usize).copied().unwrap_or(self.instances.len() as u32);
        start(lines.start)..start(lines.end)
    }
}

/// The atlas is as large as every device's textures can be, at most.
const MAX_HEIGHT: u32 = 8192;
const MIN_WIDTH: u32 = 2048;

/// Puts `lines` together. What has no room is drawn glyph by glyph.
pub(super) fn compose(glyphs: Atlas, lines: &[PlacedLine]) -> Composed {
    let mut sheet = Sheet::new(glyphs);
    let mut known: HashMap<&[GlyphPlacement], Option<GlyphPlacement>> = HashMap::new();
    let mut instances = Vec::new();
    let mut starts = Vec::with_capacity(lines.len() + 1);
    for line in lines {
        starts.push(instances.len() as u32);
        let whole = match line.glyphs.as_slice() {
            [] => continue,
            [glyph] => Some(*glyph),
            glyphs => *known.entry(glyphs).or_insert_with(|| sheet.add(glyphs)),
        };
        match whole {
            Some(whole) => instances.push(instance(line, &whole)),
            None => instances.extend(line.glyphs.iter().map(|glyph| instance(line, glyph))),
        }
    }
    starts.push(instances.len() as u32);
    Composed { atlas: sheet.atlas, instances, starts }
}

fn instance(line: &PlacedLine, glyph: &GlyphPlacement) -> GlyphInstance {
    let inside = |value: i32| value.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
    let (x, y) = line.origin;
    GlyphInstance {
        place: [inside(x.saturating_add(glyph.x)), inside(y.saturating_add(glyph.y))],
        cell: [glyph.rect.x, glyph.rect.y, glyph.rect.width, glyph.rect.height],
        color: paint::bytes(line.color),
        span: [line.span.from, line.span.to],
        fade: line.span.fade,
    }
}

/// An atlas that grows by shelves, one below the other.
struct Sheet {
    atlas: Atlas,
    /// Where the next line goes on the current shelf, and where the shelf ends below.
    next: (u32, u32),
    shelf_end: u32,
}

impl Sheet {
    fn new(glyphs: Atlas) -> Sheet {
        let width = glyphs.width.max(MIN_WIDTH);
        let mut data = vec![0; width as usize * glyphs.height as usize];
        for (row, source) in data.chunks_mut(width as usize).zip(glyphs.data.chunks(glyphs.width as usize)) {
            row[..source.len()].copy_from_slice(source);
        }
        let height = glyphs.height;
        Sheet { atlas: Atlas { width, height, data }, next: (0, height), shelf_end: height }
    }

    /// The picture of `glyphs`, relative to their origin; `None` where it has no room.
    fn add(&mut self, glyphs: &[GlyphPlacement]) -> Option<GlyphPlacement> {
        let left = glyphs.iter().map(|glyph| glyph.x).min()?;
        let top = glyphs.iter().map(|glyph| glyph.y).min()?;
        let right = glyphs.iter().map(|glyph| glyph.x + i32::from(glyph.rect.width)).max()?;
        let bottom = glyphs.iter().map(|glyph| glyph.y + i32::from(glyph.rect.height)).max()?;
        let (width, height) = ((right - left) as u32, (bottom - top) as u32);
        let (x, y) = self.room(width, height)?;
        for glyph in glyphs {
            let at = (x + (glyph.x - left) as u32, y + (glyph.y - top) as u32);
            self.copy(glyph.rect, at);
        }
        let rect = AtlasRect { x: x as u16, y: y as u16, width: width as u16, height: height as u16 };
        Some(GlyphPlacement { x: left, y: top, rect })
    }

    fn room(&mut self, width: u32, height: u32) -> Option<(u32, u32)> {
        if width > self.atlas.width {
            return None;
        }
        if self.next.0 + width > self.atlas.width {
            self.next = (0, self.shelf_end);
        }
        let place = self.next;
        let end = place.1 + height;
        if end > MAX_HEIGHT {
            return None;
        }
        if end > self.atlas.height {
            self.atlas.height = end;
            self.atlas.data.resize(self.atlas.width as usize * end as usize, 0);
        }
        self.shelf_end = self.shelf_end.max(end);
        self.next.0 += width;
        Some(place)
    }

    /// Draws the texels of `from` "over" those at `at`.
    fn copy(&mut self, from: AtlasRect, (x, y): (u32, u32)) {
        let stride = self.atlas.width as usize;
        for row in 0..usize::from(from.height) {
            let source = (usize::from(from.y) + row) * stride + usize::from(from.x);
            let target = (y as usize + row) * stride + x as usize;
            for column in 0..usize::from(from.width) {
                let above = u32::from(self.atlas.data[source + column]);
                let below = u32::from(self.atlas.data[target + column]);
                self.atlas.data[target + column] = (above + (below * (255 - above) + 127) / 255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyph(x: i32, rect: (u16, u16)) -> GlyphPlacement {
        GlyphPlacement { x, y: -4, rect: AtlasRect { x: rect.0, y: rect.1, width: 3, height: 2 } }
    }

    fn line(glyphs: Vec<GlyphPlacement>) -> PlacedLine {
        PlacedLine { origin: (100, 50), glyphs, color: Color::from_rgba(0xFFFF_FFFF), span: TextSpan::ALWAYS }
    }

    #[test]
    fn a_line_is_one_quad_with_all_its_glyphs() {
        let data = (0..60).map(|value| value * 4).collect();
        let glyphs = Atlas { width: 10, height: 6, data };
        let lines = [
            line(vec![glyph(2, (0, 0)), glyph(9, (4, 2))]),
            line(vec![]),
            line(vec![glyph(0, (1, 1))]),
            line(vec![glyph(2, (0, 0)), glyph(9, (4, 2))]),
        ];
        let composed = compose(glyphs, &lines);
        assert_eq!([0, 1, 2, 3].map(|index| composed.range(&(index..index + 1))), [0..1, 1..1, 1..2, 2..3]);
        let [first, single, again] = composed.instances[..] else { panic!("three quads") };
        assert_eq!((first.place, first.cell[2..].to_vec()), ([102, 46], vec![10, 2]));
        assert_eq!(single.cell, [1, 1, 3, 2]);
        assert_eq!(again.cell, first.cell);
        let texel = |x: u16, y: u16| {
            let at = usize::from(first.cell[1] + y) * composed.atlas.width as usize
                + usize::from(first.cell[0] + x);
            composed.atlas.data[at]
        };
        // Texel (x, y) of the glyphs is (10 y + x) · 4.
        assert_eq!([texel(0, 0), texel(2, 1), texel(3, 0), texel(7, 0), texel(9, 1)], [0, 48, 0, 96, 144]);
    }

    #[test]
    fn what_has_no_room_is_drawn_glyph_by_glyph() {
        let glyphs = Atlas { width: 10, height: MAX_HEIGHT, data: vec![7; 10 * MAX_HEIGHT as usize] };
        let composed = compose(glyphs, &[line(vec![glyph(2, (0, 0)), glyph(9, (4, 2))])]);
        assert_eq!(composed.range(&(0..1)), 0..2);
    }
}
