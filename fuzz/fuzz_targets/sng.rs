//! Reads arbitrary bytes as a `.sng` file. They are put behind its signature and version, so that most of them are looked at.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run sng -- -max_len=4096 -rss_limit_mb=512

#![no_main]

#[path = "../../tests/support/chart_body.rs"]
mod chart_body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    chart_body::run(&[b"SNGPKG\x01\0\0\0", bytes].concat(), b"");
});
