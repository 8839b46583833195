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

/// Some segments of a video, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentRange {
    /// The first one.
    pub first: SegmentIndex,
    /// The one behind the last.
    pub end: SegmentIndex,
}

impl SegmentRange {
    /// All segments of `plan`.
    pub const fn all(plan: SegmentPlan) -> SegmentRange {
        SegmentRange { first: SegmentIndex(0), end: SegmentIndex(plan.segments()) }
    }

    /// How many there are; 0 when the end is not behind the first.
    pub const fn count(&self) -> u64 {
        self.end.0.saturating_sub(self.first.0)
    }

    /// Whether `segment` is one of them.
    pub const fn contains(&self, segment: SegmentIndex) -> bool {
        self.first.0 <= segment.0 && segment.0 < self.end.0
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = SegmentIndex> + use<> {
        (self.first.0..self.end.0).map(SegmentIndex)
    }

    /// The frames of a video cut as `plan` says that they have, by their index.
    pub fn frames(&self, plan: SegmentPlan) -> Range<u64> {
        let start = plan.frames_of(self.first).start;
        let end = plan.frames_of(SegmentIndex(self.end.0.max(self.first.0))).start;
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_segments_have_the_frames_of_their_segments() {
        let plan = SegmentPlan::new(NonZeroU64::new(10).unwrap(), NonZeroU32::new(4).unwrap());
        let range = |first, end| SegmentRange { first: SegmentIndex(first), end: SegmentIndex(end) };
        assert_eq!(SegmentRange::all(plan), range(0, 3));
        for (range, frames, count) in
            [(range(0, 3), 0..10, 3), (range(1, 2), 4..8, 1), (range(2, 9), 8..10, 7), (range(2, 1), 8..8, 0)]
        {
            assert_eq!((range.frames(plan), range.count()), (frames, count));
            assert_eq!(range.iter().count() as u64, count);
            assert!(range.iter().all(|segment| range.contains(segment)));
            assert!(!range.contains(range.end));
        }
    }

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
