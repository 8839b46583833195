#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

// A picture takes this way: `encoder` (one segment) → `source` (what has changed, and how it has moved) → `decision`
// (what each macroblock becomes) → `motion`, `prediction` and `residual` → `entropy` → `bits`. `simd` has the vector code for all
// of them; `rate_control` says how coarsely pictures are coded if bits are limited; `grid`, `samples` and `macroblock` the types that they share. Each file names the clauses of ITU-T H.264
// that it implements; what names none is a choice that the standard leaves to the encoder.

mod bits;
mod buffer_pool;
mod deblocking;
mod decision;
mod encoder;
mod entropy;
mod grid;
mod macroblock;
mod motion;
mod prediction;
mod rate_control;
mod residual;
mod samples;
mod settings;
mod simd;
mod source;

pub use buffer_pool::BufferPool;
pub use encoder::H264Encoder;
pub use rate_control::{BitRate, BufferLimit, RateControl};
pub use settings::{
    CodedPicture, CodedPictures, Effort, EntropyCoding, H264Error, H264Settings, ParameterSets, Qp,
    ReferenceCount, has_b_pictures,
};
