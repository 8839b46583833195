//! Encodes pictures of arbitrary sizes, strides and samples, with hints that are right or wrong: never a panic, never an
//! overflow. `tests/h264_encoder.rs` has a decoder judge the streams of the same body.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run h264_encoder -- -max_len=512

#![no_main]

#[path = "../h264_body.rs"]
mod h264_body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    h264_body::run(bytes);
});
