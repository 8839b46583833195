#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod exact_time;
mod frame_change;
mod picture;
mod pixel_format;
mod rectangle;
pub mod rectangles;
mod rgba;
mod scroll;
mod segments;
mod shown;
mod timing;

pub use exact_time::{ExactTime, GivenTime, TimeTextError};
pub use frame_change::{ChangedArea, FrameChange, MovedArea, UnchangedSamples};
pub use picture::{Picture, PictureSize, PictureSizeError, Plane};
pub use pixel_format::{BitDepth, ChromaFormat, PixelFormat};
pub use rectangle::Rectangle;
pub use rgba::{RgbaPicture, make_straight};
pub use scroll::Scroll;
pub use segments::{SegmentPlan, SegmentRange};
pub use shown::{ShownName, is_control, shown};
pub use timing::{FrameIndex, FrameRate, FrameRateError, SegmentIndex, Time};
