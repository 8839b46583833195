#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod align;
pub mod fade;
pub mod limiter;
pub mod loudness;
pub mod mix;
mod seek;
pub mod stretch;
#[cfg(test)]
mod testing;

pub use seek::{Samples, SeekableSource};
