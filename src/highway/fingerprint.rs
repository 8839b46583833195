//! A hash of what a highway shows, so that segments of the same video can be told from those of another one.

use std::fmt::{self, Write};
use std::path::PathBuf;

use super::{Highway, HighwayOptions};
use crate::theme::FontSource;

/// Hashes text as it is formatted.
struct Hashed(blake3::Hasher);

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Hashed {
    /// Bytes, with their number.
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    }
}

/// `options` without the paths of files: what is read from the files counts, not where they are.
fn without_paths(options: &HighwayOptions) -> HighwayOptions {
    let mut options = options.clone();
    let pathless = |path: &mut PathBuf| *path = PathBuf::new();
    options.theme.background.image.iter_mut().for_each(pathless);
    options.end_card.iter_mut().for_each(|card| pathless(&mut card.image));
    if let Some(FontSource::File(path)) = &mut options.theme.text.font {
        pathless(path);
    }
    options
}

impl Highway {
    /// A hash of all that the pictures depend on, but for the program and the graphics adapter: the content, the look, the
    /// rasterised text, with whatever fonts it was made, and the pixels of the images.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hashed = Hashed(blake3::Hasher::new());
        let Highway { content, options, layout, motion, start, captions, background, end_image, .. } = self;
        // The text that is written for plain data has all of it, floating-point numbers to the last bit. Writing to a
        // hasher does not fail.
        let _ = write!(hashed, "{:?}", (content, without_paths(options), layout, motion, start));
        captions.fingerprint(&mut hashed);
        hashed.bytes(&captions.atlas.data);
        for (image, placement) in [background, end_image].into_iter().flatten() {
            let _ = write!(hashed, "{:?}", (image.dimensions(), placement));
            hashed.bytes(image.as_raw());
        }
        *hashed.0.finalize().as_bytes()
    }
}
