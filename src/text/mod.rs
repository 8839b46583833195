//! Text: lines are shaped and rasterised once, on the CPU, into an atlas of coverage; a scene draws each
//! glyph as a textured quad at a whole pixel position.
//!
//! cosmic-text loads and shapes, zeno rasterises. Which font a character is taken from is decided here: first
//! the chosen font, then the embedded one, then those of the system, which are looked at only when they are
//! needed. So the same text gives the same glyphs, whatever was set before it, and a rare character costs only a
//! limited time.
//!
//! Coloured emoji are not drawn: fonts that have nothing else are passed over, and an emoji that no other
//! font has is reported as missing.
//!
//! ```
//! use strikeline::text::{FontChoice, LineStyle, Typesetter, FontWeight};
//!
//! # fn main() -> Result<(), strikeline::text::TextError> {
//! let mut typesetter = Typesetter::new(&FontChoice::Embedded)?;
//! let style = LineStyle { size: 28.0, weight: FontWeight::Bold, tabular: false };
//! let title = typesetter.line("Déjà Vu", style, Some(400.0))?;
//! let atlas = typesetter.into_atlas();
//! for glyph in &title.glyphs {
//!     // The quad's corner relative to the start of the baseline, and its texels.
//!     let (corner, texels) = ((glyph.x, glyph.y), glyph.rect);
//!     assert!(u32::from(texels.x + texels.width) <= atlas.width);
//!     # let _ = corner;
//! }
//! # Ok(())
//! # }
//! ```

mod atlas;
mod blur;
mod clean;
mod error;
mod fallback;
mod font;
mod line;
mod outline;
mod raster;
mod shape;
mod typesetter;

pub use atlas::{Atlas, AtlasRect};
pub use error::TextError;
pub use font::FontChoice;
pub use line::{Digits, FontWeight, GlyphPlacement, LineStyle, SHADOW_RADII, ShadowedLine, TextLine};
pub use typesetter::Typesetter;
