//! How a frame shows a text, to find out which texts differ between two frames.

use strikeline_picture::Rectangle;

/// A text as a frame shows it. Two frames with equal states show the text alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TextState {
    /// Its index among the glyphs.
    pub glyph: u32,
    /// The time in milliseconds while the text fades in or out, otherwise `None`.
    pub changing: Option<i32>,
    /// Rectangle around it, including every chroma sample that it touches.
    pub bounds: Rectangle,
}
