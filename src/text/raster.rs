//! Glyphs to bitmaps in the atlas.

use std::collections::HashMap;

use cosmic_text::SubpixelBin;
use zeno::{Mask, Origin};

use super::atlas::{Atlas, AtlasBuilder, Bitmap, MAX_BITMAP_WIDTH};
use super::blur;
use super::font::Fonts;
use super::outline::{FaceAtSize, Outliner};
use super::shape::Glyph;
use super::{GlyphPlacement, TextError};

/// As many as the atlas holds: what would take more room is refused before it is made.
const MAX_TEXELS: i64 = 1 << 24;
/// Lines end here, in pixels; up to here a place is exact.
const MAX_POSITION: f32 = (1 << 24) as f32;

/// Draws glyphs, each once.
#[derive(Debug)]
pub(super) struct Rasteriser {
    outliner: Outliner,
    atlas: AtlasBuilder,
    /// What was drawn, relative to the origin of the glyph.
    drawn: HashMap<GlyphKey, Vec<GlyphPlacement>>,
}

/// Glyphs that are equal in all of this have the same bitmap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct GlyphKey {
    face: FaceAtSize,
    glyph: u16,
    /// By how many quarters of a pixel the origin lies to the right of a whole pixel.
    phase: SubpixelBin,
}

impl Rasteriser {
    pub(super) fn new() -> Rasteriser {
        Rasteriser { outliner: Outliner::default(), atlas: AtlasBuilder::new(), drawn: HashMap::new() }
    }

    pub(super) fn into_atlas(self) -> Atlas {
        self.atlas.finish()
    }

    /// Places a glyph `shift` pixels to the right of where it was shaped, and draws it if it was not drawn in
    /// this size and at this quarter of a pixel before.
    ///
    /// # Errors
    /// [`TextError::AtlasFull`].
    pub(super) fn place(
        &mut self,
        glyph: &Glyph,
        shift: f32,
        fonts: &mut Fonts,
        placements: &mut Vec<GlyphPlacement>,
    ) -> Result<(), TextError> {
        let within = |position: f32| position.clamp(-MAX_POSITION, MAX_POSITION);
        let (x, phase) = SubpixelBin::new(within(glyph.x + shift));
        let y = within(glyph.y).round() as i32;
        let key = GlyphKey { face: glyph.face, glyph: glyph.number, phase };
        if !self.drawn.contains_key(&key) {
            let drawn = self.draw(key, fonts)?;
            self.drawn.insert(key, drawn);
        }
        for drawn in self.drawn.get(&key).into_iter().flatten() {
            placements.push(GlyphPlacement { x: x + drawn.x, y: y + drawn.y, rect: drawn.rect });
        }
        Ok(())
    }

    /// The blurred coverage of all these glyphs together, as quads side by side.
    ///
    /// # Errors
    /// [`TextError::AtlasFull`].
    pub(super) fn shadow(
        &mut self,
        glyphs: &[GlyphPlacement],
        radius: f32,
    ) -> Result<Vec<GlyphPlacement>, TextError> {
        let reach = blur::reach(radius) as i32;
        let right = |glyph: &GlyphPlacement| glyph.x + i32::from(glyph.rect.width);
        let bottom = |glyph: &GlyphPlacement| glyph.y + i32::from(glyph.rect.height);
        let (Some(left), Some(top), Some(right), Some(bottom)) = (
            glyphs.iter().map(|glyph| glyph.x).min(),
            glyphs.iter().map(|glyph| glyph.y).min(),
            glyphs.iter().map(right).max(),
            glyphs.iter().map(bottom).max(),
        ) else {
            return Ok(Vec::new());
        };
        let (left, top) = (left - reach, top - reach);
        let (width, height) = (i64::from(right + reach - left), i64::from(bottom + reach - top));
        if width * height > MAX_TEXELS {
            return Err(TextError::AtlasFull);
        }

        let mut bitmap =
            Bitmap { width: width as u32, height: height as u32, data: vec![0; (width * height) as usize] };
        for glyph in glyphs {
            let first = (glyph.y - top) as usize * bitmap.width as usize + (glyph.x - left) as usize;
            let rows = bitmap.data[first..].chunks_mut(bitmap.width as usize);
            for (to, from) in rows.zip(self.atlas.rows(glyph.rect)) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = to.saturating_add(*from);
                }
            }
        }
        blur::blur(&mut bitmap, radius);
        self.store(bitmap, left, top)
    }

    fn draw(&mut self, key: GlyphKey, fonts: &mut Fonts) -> Result<Vec<GlyphPlacement>, TextError> {
        let outline = self.outliner.outline(key.face, key.glyph, fonts);
        if !outline.is_within(MAX_TEXELS as f32) {
            return Err(TextError::AtlasFull);
        }
        let offset = (key.phase.as_float(), 0.0);
        let (data, placement) = Mask::new(&outline.commands)
            .origin(Origin::TopLeft)
            .offset(offset)
            .render_offset(offset)
            .render();
        let bitmap = Bitmap { width: placement.width, height: placement.height, data };
        self.store(bitmap, placement.left, placement.top)
    }

    /// Stores a bitmap whose top left corner is at this place, without its empty edges; one that is wider
    /// than the atlas in several pieces.
    fn store(&mut self, bitmap: Bitmap, left: i32, top: i32) -> Result<Vec<GlyphPlacement>, TextError> {
        let mut placements = Vec::new();
        let mut x = 0;
        while x < bitmap.width {
            let width = (bitmap.width - x).min(MAX_BITMAP_WIDTH);
            if let Some((dx, dy, piece)) = trimmed(&bitmap, x, width) {
                let rect = self.atlas.store(&piece)?;
                placements.push(GlyphPlacement { x: left + (x + dx) as i32, y: top + dy as i32, rect });
            }
            x += width;
        }
        Ok(placements)
    }
}

/// What is not empty of the columns from `x` on, and where in them it begins; `None` when all is empty.
fn trimmed(bitmap: &Bitmap, x: u32, width: u32) -> Option<(u32, u32, Bitmap)> {
    let columns = x as usize..(x + width) as usize;
    let rows = || bitmap.data.chunks_exact(bitmap.width as usize).map(|row| &row[columns.clone()]);
    let filled = |row: &[u8]| row.iter().any(|value| *value > 0);

    let top = rows().position(filled)?;
    let bottom = rows().rposition(filled)? + 1;
    let left = rows().filter_map(|row| row.iter().position(|value| *value > 0)).min()?;
    let right = rows().filter_map(|row| row.iter().rposition(|value| *value > 0)).max()? + 1;

    let data: Vec<u8> =
        rows().skip(top).take(bottom - top).flat_map(|row| &row[left..right]).copied().collect();
    Some((
        left as u32,
        top as u32,
        Bitmap { width: (right - left) as u32, height: (bottom - top) as u32, data },
    ))
}
