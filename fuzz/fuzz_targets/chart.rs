//! Reads arbitrary bytes as a chart, `notes.chart` or `notes.mid`: no panic, no endless loop, no more memory than the bytes
//! warrant. `tests/chart_damage.rs` runs the same body over damaged charts.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run chart fuzz/corpus/chart tests/songs/charts -- -max_len=4096 -rss_limit_mb=512

#![no_main]

#[path = "../../tests/support/chart_body.rs"]
mod chart_body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    chart_body::run(bytes, b"[song]\npro_drums = True\n");
});
