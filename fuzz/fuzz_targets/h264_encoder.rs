//! Encodes pictures of arbitrary sizes, strides and samples, with known changes that are right or wrong: never a panic, never an
//! overflow. `crates/h264/tests/encoder.rs` has a decoder judge the streams of the same body.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run h264_encoder -- -max_len=512

#![no_main]

#[path = "../../crates/h264/tests/support/fuzz_body.rs"]
mod fuzz_body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzz_body::run(bytes);
});
