//! H.264 made for rendered animation: most of a picture has not changed, and most of what has changed is an
//! earlier picture moved by whole samples.
//!
//! 8 bits, 4:2:0, constant QP, one slice per picture, no B pictures, no deblocking. Each file names the
//! clauses of ITU-T H.264 that it implements.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod bits;
mod buffer_pool;
mod decision;
mod encoder;
mod entropy;
mod grid;
mod macroblock;
mod prediction;
mod residual;
mod samples;
mod settings;
mod simd;
mod source;

pub use buffer_pool::BufferPool;
pub use encoder::H264Encoder;
pub use settings::{CodedPicture, EntropyCoding, H264Error, H264Settings, ParameterSets, Qp, ReferenceCount};
