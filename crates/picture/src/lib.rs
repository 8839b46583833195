//! What a renderer of video frames and an encoder must both know: pictures and their planes, rectangles, frame
//! rates and exact times, frames and segments, and [`FrameChange`], what is known of how a frame differs from the
//! one before it.
//!
//! Nothing in this crate draws or encodes. `strikeline-h264` and `wgpu-video` both use it, and neither needs the other.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod frame_change;
mod picture;
mod rectangle;
pub mod rectangles;
mod scroll;
mod segments;
mod timing;

pub use frame_change::{ChangedArea, FrameChange, MovedArea, UnchangedSamples};
pub use picture::{Picture, PictureSize, PictureSizeError, Plane};
pub use rectangle::Rectangle;
pub use scroll::Scroll;
pub use segments::SegmentPlan;
pub use timing::{FrameIndex, FrameRate, FrameRateError, SegmentIndex, Time};
