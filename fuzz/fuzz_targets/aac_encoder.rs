//! Encodes sound of arbitrary settings, signals and block lengths: never a panic, never an access unit that is too long.
//! `crates/aac/tests/encoder.rs` has two decoders judge the access units of the same body.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run aac_encoder -- -max_len=512

#![no_main]

#[path = "../../crates/aac/tests/support/fuzz_body.rs"]
#[allow(dead_code, reason = "the test, not this, reads what was encoded")]
mod fuzz_body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzz_body::run(bytes);
});
