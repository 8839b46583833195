#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod align;
pub mod channels;
pub mod click;
pub mod fade;
pub mod kit;
mod lead_in;
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

pub use lead_in::LeadIn;
pub use seek::{Samples, SeekableSource};
