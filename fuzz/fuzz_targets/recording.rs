//! Opens arbitrary bytes as a recording, decodes, seeks and copies them: never a hang, and no large allocation. Panics in the
//! decoders of others are turned into errors by the crate, so they do not show here; `RECORDING_FUZZ_STRICT=1` shows them.
//! `crates/sound/tests/damage.rs` runs the same body over damaged files.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run recording -- -max_len=65536 -malloc_limit_mb=256

#![no_main]

#[path = "../../crates/sound/tests/support/any_file.rs"]
mod any_file;

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    // The fuzzer ends the process at each panic; those that the crate catches are not to be ended by.
    if std::env::var_os("RECORDING_FUZZ_STRICT").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    std::env::temp_dir().join(format!("recording-fuzz-{}", std::process::id()))
});

fuzz_target!(|bytes: &[u8]| {
    if std::fs::write(&*PATH, bytes).is_ok() {
        any_file::run(&PATH);
    }
});
