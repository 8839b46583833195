#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod attack;
mod bands;
mod bits;
mod block;
mod codebooks;
mod encoder;
mod layout;
mod lengths;
mod math;
mod mdct;
mod psycho;
mod quantise;
mod rate;
mod sections;
mod settings;
mod syntax;
mod units;
mod window;

pub use encoder::AacEncoder;
pub use settings::{AacError, AacSettings};
pub use units::AccessUnits;
