//! Images, fonts and themes that are damaged in many ways, always the same: each is used or refused in words.
//!
//! `FILE_DAMAGE_ROUNDS=100000 cargo test --test file_damage` does it as many times for each kind.

#[path = "support/font_body.rs"]
mod font_body;
#[path = "support/image_body.rs"]
mod image_body;
#[path = "support/theme_body.rs"]
mod theme_body;

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use strikeline::theme::Theme;

/// How often each kind is damaged, unless the environment says otherwise: the kinds take different times.
fn rounds(kind: u64) -> u64 {
    std::env::var("FILE_DAMAGE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(kind)
}

/// Numbers that look random and are always the same (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// One to five faults in a copy of the bytes.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(5) {
            // The beginning has most of what matters.
            let limit = if self.below(2) == 0 { bytes.len().min(200) } else { bytes.len() };
            let at = self.below(limit + 1);
            let end = (at + 1 + self.below(8)).min(bytes.len());
            match self.below(7) {
                0 | 1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                3 if self.below(4) == 0 => bytes.truncate(at),
                4 => drop(bytes.drain(at.min(end)..end)),
                5 => {
                    let copy = bytes[at.min(end)..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
                _ => bytes[at.min(end)..end].fill([0, 0x7F, 0x80, 0xFF][self.below(4)]),
            }
        }
        bytes
    }
}

/// Damages `files` in turn and lets `run` read each from a file; at least one of `rare` must still be what it was.
fn damage(files: &[Vec<u8>], rounds: u64, rare: u64, run: fn(&Path) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut whole = 0;
    for file in files {
        std::fs::write(&path, file).unwrap();
        assert!(run(&path), "it is whole");
    }
    for round in 0..rounds {
        let mut bytes = numbers.damage(&files[round as usize % files.len()]);
        mend_checksums(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();
        match std::panic::catch_unwind(|| run(&path)) {
            Ok(is_whole) => whole += u64::from(is_whole),
            Err(_) => panic!("round {round}: {}", bytes.escape_ascii()),
        }
    }
    assert!(whole * rare > rounds, "{whole} of {rounds} were read");
}

/// Makes the checksums of a PNG file's chunks right, as far as there are chunks.
fn mend_checksums(bytes: &mut [u8]) {
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return;
    }
    let mut at = 8;
    while let Some(&[a, b, c, d]) = bytes.get(at..at + 4) {
        let end = at + 8 + u32::from_be_bytes([a, b, c, d]) as usize;
        if end + 4 > bytes.len() {
            return;
        }
        let checksum = crc(&bytes[at + 4..end]).to_be_bytes();
        bytes[end..end + 4].copy_from_slice(&checksum);
        at = end + 4;
    }
}

/// CRC-32 as in PNG (ISO/IEC 15948, annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        (0..8).for_each(|_| crc = crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 });
        crc
    })
}

#[test]
fn damaged_images_are_shown_or_refused_in_words() {
    let image =
        RgbaImage::from_fn(40, 24, |x, y| Rgba([x as u8 * 6, y as u8 * 9, (x * y) as u8, 200 + x as u8]));
    let image = DynamicImage::from(image);
    let written = |image: &DynamicImage, format| {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let files = [
        written(&image, ImageFormat::Png),
        written(&image.to_luma16().into(), ImageFormat::Png),
        written(&image.to_rgb8().into(), ImageFormat::Jpeg),
        written(&image, ImageFormat::WebP),
    ];
    damage(&files, rounds(400), 20, image_body::run);
}

#[test]
fn damaged_fonts_are_used_or_refused_in_words() {
    let font = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fonts/Inter-Regular.ttf")).unwrap();
    damage(&[font], rounds(60), 20, font_body::run);
}

#[test]
fn damaged_themes_are_read_or_refused_in_words() {
    let themes: Vec<Vec<u8>> = Theme::builtin_names()
        .iter()
        .map(|name| {
            let text = Theme::builtin(name).unwrap().to_toml();
            let lines: Vec<&str> =
                text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
            let more = "[background]\nimage = 'a/../wall.png'\n";
            lines.join("\n").replace("[background]\n", more).into_bytes()
        })
        .collect();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for round in 0..rounds(1_000) {
        let bytes = numbers.damage(&themes[round as usize % themes.len()]);
        theme_body::run(&String::from_utf8_lossy(&bytes));
    }
}
