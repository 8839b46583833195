//! Which frames of a video make which segment.

use std::num::{NonZeroU32, NonZeroU64};
use std::ops::Range;

use super::{FrameIndex, SegmentIndex};

/// The frames of a video, cut into segments of equal length; the last one may be shorter.
///
/// A segment is one closed group of pictures: it is encoded by one encoder, and no picture in it refers to another
/// segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentPlan {
    frames: NonZeroU64,
    segment_frames: NonZeroU32,
}

impl SegmentPlan {
    /// A video of `frames` frames, in segments of `segment_frames` each but the last.
    pub const fn new(frames: NonZeroU64, segment_frames: NonZeroU32) -> SegmentPlan {
        SegmentPlan { frames, segment_frames }
    }

    /// Frames of the video, at least 1.
    pub const fn frames(&self) -> u64 {
        self.frames.get()
    }

    /// Frames of each segment but the last, at least 1. May exceed [`Self::frames`].
    pub const fn segment_frames(&self) -> u32 {
        self.segment_frames.get()
    }

    /// How many segments there are, at least 1.
    pub const fn segments(&self) -> u64 {
        self.frames.get().div_ceil(self.segment_frames.get() as u64)
    }

    /// The frames of `segment`, by their index in the video; empty past the last segment.
    pub fn frames_of(&self, segment: SegmentIndex) -> Range<u64> {
        let length = u64::from(self.segment_frames.get());
        let start = segment.0.saturating_mul(length).min(self.frames.get());
        start..start.saturating_add(length).min(self.frames.get())
    }

    /// The segment of `frame`.
    pub const fn segment_of(&self, frame: FrameIndex) -> SegmentIndex {
        SegmentIndex(frame.0 / self.segment_frames.get() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_segment_is_shorter() {
        for (frames, segment_frames, expected) in
            [(1, 120, vec![1]), (120, 120, vec![120]), (121, 120, vec![120, 1]), (5, 2, vec![2, 2, 1])]
        {
            let plan =
                SegmentPlan::new(NonZeroU64::new(frames).unwrap(), NonZeroU32::new(segment_frames).unwrap());
            assert_eq!(plan.segments() as usize, expected.len());
            for (index, frames) in expected.iter().enumerate() {
                let range = plan.frames_of(SegmentIndex(index as u64));
                assert_eq!(range.end - range.start, *frames);
                assert!(range.clone().all(|frame| plan.segment_of(FrameIndex(frame)).0 == index as u64));
            }
            assert!(plan.frames_of(SegmentIndex(plan.segments())).is_empty());
        }
    }
}
