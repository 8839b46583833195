#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod channels;
pub mod click;
pub mod fade;
pub mod kit;
pub mod limiter;
pub mod loudness;
pub mod midi;
pub mod mix;
pub mod recording;
pub mod resample;
mod seek;
pub mod soundfont;
pub mod stretch;
#[cfg(test)]
mod testing;

pub use seek::{Samples, SeekableSource};
