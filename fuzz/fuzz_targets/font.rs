//! Sets text in arbitrary bytes as a font: no panic, no endless loop, no more memory than the bytes warrant.
//! `tests/file_damage.rs` runs the same body over damaged fonts.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run font fuzz/corpus/font fonts -- -max_len=65536 -rss_limit_mb=2048

#![no_main]

#[path = "../../tests/support/font_body.rs"]
mod font_body;

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    // The fuzzer ends the process at each panic; those in the shaper are caught, and not to be ended by.
    if std::env::var_os("FUZZ_STRICT").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    std::env::temp_dir().join(format!("font-fuzz-{}", std::process::id()))
});

fuzz_target!(|bytes: &[u8]| {
    if std::fs::write(&*PATH, bytes).is_ok() {
        font_body::run(&PATH);
    }
});
