//! Turns any wgpu scene into a video file, with rendering, read-back, encoding and writing all busy at the same time.
//!
//! The modules are the stations on a frame's way:
//!
//! 1. [`scene`]: the trait of what can draw frame `n`;
//! 2. [`gpu`]: the device, the planes that a scene draws into (luma and chroma, as encoders take them), and the ring of
//!    staging buffers;
//! 3. [`stream`]: the pipeline;
//! 4. [`encode`]: pictures to access units, many segments at once;
//! 5. [`mux`]: segments to an MP4 file, without encoding them again; [`output`] makes the file appear only when it is
//!    complete.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod encode;
pub mod gpu;
pub mod mux;
pub mod output;
pub mod scene;
pub mod stream;

pub use strikeline_picture as picture;
pub use wgpu;
