//! A hash of what a highway shows, so that segments of the same video can be told from those of another one.

use std::fmt::{self, Write};

use super::Highway;

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

impl Highway {
    /// A hash of all that the pictures depend on, but for the program and the graphics adapter: the content, the look, the
    /// rasterised text, with whatever fonts it was made, and the pixels of the images.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hashed = Hashed(blake3::Hasher::new());
        let Highway { content, options, layout, motion, start, captions, background, end_image, .. } = self;
        // The text that is written for plain data has all of it, floating-point numbers to the last bit. Writing to a
        // hasher does not fail.
        let _ = write!(hashed, "{:?}", (content, options, layout, motion, start));
        captions.fingerprint(&mut hashed);
        hashed.bytes(&captions.atlas.data);
        for (image, placement) in [background, end_image].into_iter().flatten() {
            let _ = write!(hashed, "{:?}", (image.dimensions(), placement));
            hashed.bytes(image.as_raw());
        }
        *hashed.0.finalize().as_bytes()
    }
}
