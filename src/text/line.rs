//! Lines as they are asked for and as they are drawn.

use std::ops::RangeInclusive;

use super::AtlasRect;

/// How a line is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineStyle {
    /// Pixels per em, within [`LineStyle::SIZES`].
    pub size: f32,
    /// How heavy the strokes are.
    pub weight: FontWeight,
    /// Whether all digits have the same advance, where the font knows such digits (the embedded one does).
    pub tabular: bool,
}

impl LineStyle {
    /// The sizes that text can have, in pixels per em.
    pub const SIZES: RangeInclusive<f32> = 4.0..=1000.0;
}

/// How heavy the strokes of a text are. A font that lacks one of them draws the nearest that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FontWeight {
    /// 400 on the scale from 100 to 900.
    #[default]
    Regular,
    /// 700 on that scale.
    Bold,
}

/// The radii that a shadow can have, in pixels.
pub const SHADOW_RADII: RangeInclusive<f32> = 0.0..=100.0;

/// One line of text, ready to be drawn. Pixels; the origin is where the baseline begins, y points down.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLine {
    /// The quads to draw, from left to right. Blanks have none.
    pub glyphs: Vec<GlyphPlacement>,
    /// The advance: where a text that continues this one would begin.
    pub width: f32,
    /// From the baseline up to the top of the font, positive. The same for every text of a style, as are
    /// `descent` and `cap_height`.
    pub ascent: f32,
    /// From the baseline down to the bottom of the font, positive.
    pub descent: f32,
    /// From the baseline up to the top of a capital, positive.
    pub cap_height: f32,
    /// The characters that no font has, each once, in the order of the text. They are drawn as the font's
    /// box.
    pub missing: Vec<char>,
}

/// A quad with the texels that it shows, one texel per pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GlyphPlacement {
    /// Left edge, relative to the origin of the line.
    pub x: i32,
    /// Top edge, relative to the baseline: negative above it.
    pub y: i32,
    /// Which texels.
    pub rect: AtlasRect,
}

/// A line and its soft shadow; both have the same origin.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowedLine {
    /// The blurred coverage of the whole line (one quad, or several side by side when it is very long), to be
    /// drawn under the text. Its measures are those of the text.
    pub shadow: TextLine,
    /// The text itself.
    pub text: TextLine,
}

/// Digits for a clock that is drawn digit by digit, all equally wide.
#[derive(Debug, Clone, PartialEq)]
pub struct Digits {
    /// `0` to `9`, then `:`; see [`Digits::get`].
    pub(super) glyphs: [Vec<GlyphPlacement>; 11],
    /// From the origin of a digit to that of the next, in pixels.
    pub advance: i32,
    /// From the origin of the colon to that of the digit after it, in pixels.
    pub colon_advance: i32,
    /// As in [`TextLine`].
    pub ascent: f32,
    /// As in [`TextLine`].
    pub descent: f32,
    /// As in [`TextLine`].
    pub cap_height: f32,
}

impl Digits {
    /// What is drawn for a digit or a colon, relative to its origin on the baseline; `None` for other
    /// characters.
    pub fn get(&self, character: char) -> Option<&[GlyphPlacement]> {
        let place = match character {
            ':' => 10,
            _ => character.to_digit(10)? as usize,
        };
        self.glyphs.get(place).map(Vec::as_slice)
    }

    /// From the origin of a digit or a colon to that of the next character, in pixels; `None` for other
    /// characters.
    pub fn advance_of(&self, character: char) -> Option<i32> {
        match character {
            ':' => Some(self.colon_advance),
            _ => character.is_ascii_digit().then_some(self.advance),
        }
    }
}
