//! Muxing: access units into a video file.

pub mod mp4;

pub use mp4::{Mp4Settings, Mp4Writer, MuxError};
