//! Sets lines of text.

use std::panic::{self, AssertUnwindSafe};

use unicode_segmentation::UnicodeSegmentation;

use super::clean::clean;
use super::font::{FontChoice, Fonts};
use super::raster::Rasteriser;
use super::shape::{Shaped, shape};
use super::{Atlas, Digits, GlyphPlacement, LineStyle, SHADOW_RADII, ShadowedLine, TextError, TextLine};

/// Sets lines and collects their glyphs in one atlas.
#[derive(Debug)]
pub struct Typesetter {
    fonts: Fonts,
    rasteriser: Rasteriser,
}

/// The measures that all texts of a style share, in pixels.
struct Metrics {
    ascent: f32,
    descent: f32,
    cap_height: f32,
}

impl Typesetter {
    /// Loads the font.
    ///
    /// # Errors
    /// When the file cannot be read or is no font, or the family is not installed.
    pub fn new(font: &FontChoice) -> Result<Typesetter, TextError> {
        Ok(Typesetter { fonts: Fonts::new(font)?, rasteriser: Rasteriser::new() })
    }

    /// Sets one line. Control characters and line breaks count as spaces, blanks at the ends are left out.
    /// Where it would be wider than `max_width` pixels it is cut between two characters and ends in "…";
    /// where not even that fits it is empty. After 1000 characters it is cut in any case.
    ///
    /// Characters that the font lacks are taken from the embedded font, then from those of the system
    /// (outlines only: no coloured emoji); those that none of them has are listed in [`TextLine::missing`].
    ///
    /// # Errors
    /// [`TextError::SizeOutOfRange`], [`TextError::AtlasFull`] when too much was set,
    /// [`TextError::DamagedFont`].
    pub fn line(
        &mut self,
        text: &str,
        style: LineStyle,
        max_width: Option<f32>,
    ) -> Result<TextLine, TextError> {
        check_size(style)?;
        guarded(text, || self.line_unguarded(text, style, max_width))
    }

    fn line_unguarded(
        &mut self,
        text: &str,
        style: LineStyle,
        max_width: Option<f32>,
    ) -> Result<TextLine, TextError> {
        let shaped = self.fit(text, style, max_width);
        let mut glyphs = Vec::with_capacity(shaped.glyphs.len());
        for glyph in &shaped.glyphs {
            self.rasteriser.place(glyph, 0.0, &mut self.fonts, &mut glyphs)?;
        }
        let Metrics { ascent, descent, cap_height } = self.metrics(style);
        Ok(TextLine {
            glyphs,
            width: shaped.width.max(0.0),
            ascent,
            descent,
            cap_height,
            missing: shaped.missing,
        })
    }

    /// How wide [`Self::line`] would be without a limit, in pixels. It is in proportion to the size. Nothing is drawn.
    ///
    /// # Errors
    /// As [`Self::line`], but for a full atlas.
    pub fn width(&mut self, text: &str, style: LineStyle) -> Result<f32, TextError> {
        check_size(style)?;
        guarded(text, || Ok(self.fit(text, style, None).width.max(0.0)))
    }

    /// Sets one line as [`Self::line`] does, and its shadow: the coverage of the whole line, blurred by a
    /// Gaussian with a standard deviation of half the radius, which is within [`SHADOW_RADII`] (pixels).
    /// The time that it takes grows with the line's area and the radius: some milliseconds for a title.
    ///
    /// # Errors
    /// As [`Self::line`], and [`TextError::RadiusOutOfRange`].
    pub fn shadowed_line(
        &mut self,
        text: &str,
        style: LineStyle,
        max_width: Option<f32>,
        radius: f32,
    ) -> Result<ShadowedLine, TextError> {
        if !SHADOW_RADII.contains(&radius) {
            return Err(TextError::RadiusOutOfRange { radius });
        }
        let text = self.line(text, style, max_width)?;
        let glyphs = self.rasteriser.shadow(&text.glyphs, radius)?;
        Ok(ShadowedLine { shadow: TextLine { glyphs, ..text.clone() }, text })
    }

    /// The digits and the colon, each in a cell of whole pixels, the digits' cells equally wide.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn digits(&mut self, style: LineStyle) -> Result<Digits, TextError> {
        check_size(style)?;
        guarded("0123456789:", || self.digits_unguarded(LineStyle { tabular: true, ..style }))
    }

    fn digits_unguarded(&mut self, style: LineStyle) -> Result<Digits, TextError> {
        let mut widest: f32 = 0.0;
        let mut shaped = Vec::new();
        for digit in '0'..='9' {
            let digit = shape(&mut self.fonts, digit.encode_utf8(&mut [0; 4]), style);
            widest = widest.max(digit.width);
            shaped.push(digit.glyphs);
        }
        let advance = widest.ceil();

        // Between digits: many fonts raise the colon there.
        let mut colon = shape(&mut self.fonts, "0:0", style).glyphs;
        colon.retain(|glyph| glyph.start == 1);
        let colon_advance = colon.iter().map(|glyph| glyph.advance).sum::<f32>().ceil();
        shaped.push(colon);

        let mut glyphs: [Vec<GlyphPlacement>; 11] = Default::default();
        for (place, (placements, shaped)) in glyphs.iter_mut().zip(&shaped).enumerate() {
            let cell = if place == 10 { colon_advance } else { advance };
            let width: f32 = shaped.iter().map(|glyph| glyph.advance).sum();
            let left = shaped.iter().map(|glyph| glyph.x).reduce(f32::min).unwrap_or(0.0);
            for glyph in shaped {
                self.rasteriser.place(glyph, (cell - width) / 2.0 - left, &mut self.fonts, placements)?;
            }
        }
        let Metrics { ascent, descent, cap_height } = self.metrics(style);
        let (advance, colon_advance) = (advance as i32, colon_advance as i32);
        Ok(Digits { glyphs, advance, colon_advance, ascent, descent, cap_height })
    }

    /// The atlas with everything that was set; at least one texel.
    pub fn into_atlas(self) -> Atlas {
        self.rasteriser.into_atlas()
    }

    /// Shapes a text, or as much of it as fits and "…".
    fn fit(&mut self, text: &str, style: LineStyle, max_width: Option<f32>) -> Shaped {
        let max_width = max_width.map_or(f32::INFINITY, |width| width.max(0.0));
        let clean = clean(text);
        let whole = shape(&mut self.fonts, &clean.text, style);
        if whole.width <= max_width && !clean.cut {
            return whole;
        }

        // Where each character ends, and how wide the text is up to there (about: neighbours change it a
        // little).
        let ends: Vec<usize> =
            clean.text.grapheme_indices(true).map(|(start, own)| start + own.len()).collect();
        let mut widths = vec![0.0; ends.len()];
        for glyph in &whole.glyphs {
            let place = ends.partition_point(|end| *end <= glyph.start);
            if let Some(width) = widths.get_mut(place) {
                *width += glyph.advance;
            }
        }
        let room = max_width - shape(&mut self.fonts, "…", style).width;
        let mut sum = 0.0;
        let mut kept = widths
            .iter()
            .take_while(|width| {
                sum += **width;
                sum <= room
            })
            .count();

        // Then exactly, in growing steps: each costs a shaping.
        let mut step = 1;
        loop {
            let end = kept.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(0);
            let cut = format!("{}…", clean.text[..end].trim_end());
            let shaped = shape(&mut self.fonts, &cut, style);
            if shaped.width <= max_width {
                return shaped;
            }
            if kept == 0 {
                return Shaped::default();
            }
            kept = kept.saturating_sub(step);
            step *= 2;
        }
    }

    fn metrics(&mut self, style: LineStyle) -> Metrics {
        let face = self.fonts.face(self.fonts.chosen(style.weight));
        let (id, weight) = (face.id, face.weight);
        let Some(font) = self.fonts.shaping.get_font(id, weight) else {
            return Metrics { ascent: style.size, descent: 0.0, cap_height: style.size };
        };
        let metrics = font.metrics();
        let scale = style.size / f32::from(metrics.units_per_em.max(1));
        // Fonts without the measure: capitals are about three quarters of the ascent.
        let cap_height = metrics.cap_height.filter(|height| *height > 0.0).unwrap_or(metrics.ascent * 0.75);
        Metrics {
            ascent: metrics.ascent * scale,
            descent: -metrics.descent * scale,
            cap_height: cap_height * scale,
        }
    }
}

fn check_size(style: LineStyle) -> Result<(), TextError> {
    if LineStyle::SIZES.contains(&style.size) {
        Ok(())
    } else {
        Err(TextError::SizeOutOfRange { size: style.size })
    }
}

/// A damaged font can make shaping panic (a glyph number beyond 65535 does). The caller gets an error instead. Only caches
/// are left half filled, and they do not need what is missing.
fn guarded<T>(text: &str, set: impl FnOnce() -> Result<T, TextError>) -> Result<T, TextError> {
    panic::catch_unwind(AssertUnwindSafe(set))
        .unwrap_or_else(|_| Err(TextError::DamagedFont { text: text.chars().take(40).collect() }))
}
