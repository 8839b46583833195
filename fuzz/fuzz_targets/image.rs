//! Shows arbitrary bytes as a background and on an end card: no panic, no endless loop, no more memory than the limits on
//! images allow. `tests/file_damage.rs` runs the same body over damaged images.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run image fuzz/corpus/image docs -- -max_len=8192 -rss_limit_mb=2048

#![no_main]

#[path = "../../tests/support/image_body.rs"]
mod image_body;

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    // The fuzzer ends the process at each panic; those in decoders are caught, and not to be ended by.
    if std::env::var_os("FUZZ_STRICT").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    std::env::temp_dir().join(format!("image-fuzz-{}", std::process::id()))
});

fuzz_target!(|bytes: &[u8]| {
    if std::fs::write(&*PATH, bytes).is_ok() {
        image_body::run(&PATH);
    }
});
