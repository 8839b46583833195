//! Reads arbitrary bytes as the `song.ini` of a small chart.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run song_ini -- -max_len=4096 -rss_limit_mb=512

#![no_main]

#[path = "../../tests/support/chart_body.rs"]
mod chart_body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let chart = b"[Song]\n{\nResolution = 192\n}\n[ExpertDrums]\n{\n0 = N 0 0\n96 = N 2 0\n96 = N 66 0\n}\n";
    assert!(chart_body::run(chart, bytes));
});
