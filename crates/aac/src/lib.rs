#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

// Samples take this way: `encoder` (blocks) → `attack` (where a block must be short) → `block`, which has `window`
// and `mdct` (coefficients), `psycho` (what noise is masked), its choice of stereo, `quantise` (scalefactors and
// values) and `sections` (codebooks) → `syntax` and `bits` (the access unit). `rate` says what a bit costs.
// `layout`, `lengths` and `math` are shared; `bands` and `codebooks` are tables. Each file names the clauses of
// ISO/IEC 14496-3 that it implements; what names none is a choice that the standard leaves to the encoder.

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
