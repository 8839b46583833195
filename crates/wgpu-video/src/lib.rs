//! Turns any wgpu scene into a video file, with rendering, reading back, encoding and writing all busy at the same time.
//!
//! The modules, in the order of a frame's way:
//!
//! 1. [`scene`]: the trait of what can draw frame `n`;
//! 2. [`gpu`]: the device, the planes that a scene draws into (luma and chroma, as encoders take them), and the ring of
//!    staging buffers;
//! 3. [`mod@stream`]: the pipeline;
//! 4. [`encode`]: pictures to access units, many segments at once; [`sound`]: samples to packets beside them;
//! 5. [`mux`]: segments to an MP4 file, without encoding them again; [`output`] makes the file appear only when it is
//!    complete.
//!
//! [`stream::stream()`] makes a video of a [`Scene`], and [`stream::stream_with_sound()`] one that is heard.
//! [`stream::TextureStream`] makes one of the textures that a renderer with a device of its own pushes.
//!
//! Modules that are hidden from this documentation (`stream::pipeline`, `stream::stage` and others) are for benches, tests and
//! programs that measure the parts. Nothing in them is promised.
//!
//! Where there is no desktop, Mesa's device-selection layer prints `error: XDG_RUNTIME_DIR is invalid or not set in the
//! environment`, twice for each device that is opened. It is harmless; the environment variable `NODEVICE_SELECT=1` turns the
//! layer off. A library cannot set it safely. Set it in the shell, or in the program before it starts any thread.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod encode;
pub mod gpu;
pub mod journal;
pub mod mux;
pub mod output;
pub mod scene;
pub mod sound;
pub mod stream;

pub use strikeline_audio as audio;
pub use strikeline_picture as picture;
pub use wgpu;

pub use encode::{Encoder, EncoderFactory};
pub use output::Overwrite;
pub use scene::Scene;
pub use sound::AudioEncoding;
pub use stream::{
    FileSink, Report, Sink, StreamError, StreamOptions, TextureStream, stream, stream_with_sound,
};

#[cfg(all(doctest, feature = "h264"))]
#[doc = include_str!("../README.md")]
struct Readme;
