#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod click;
pub mod midi;
pub mod soundfont;
