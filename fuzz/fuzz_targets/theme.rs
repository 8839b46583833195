//! Reads arbitrary text as a theme and as a drum map: no panic, no file outside of its folder, and what is printed is read as
//! the same. `tests/file_damage.rs` runs the same body over damaged themes.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run theme fuzz/corpus/theme src/theme/builtin -- -max_len=4096 -rss_limit_mb=512

#![no_main]

#[path = "../../tests/support/theme_body.rs"]
mod theme_body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        theme_body::run(text);
    }
});
