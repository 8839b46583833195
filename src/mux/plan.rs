//! Which frames each segment has, known before the first one is drawn.

use super::MuxError;
use crate::timing::SegmentIndex;

/// Most frames of one file: 25 days at 60 frames per second. With it the tables stay below 4 GiB, which is
/// as far as the size of a box inside `moov` reaches.
pub(super) const MAX_FRAMES: u64 = 1 << 27;

/// The video's frames cut into segments of equal length; only the last one may be shorter.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentPlan {
    frames: u32,
    segment_frames: u32,
}

impl SegmentPlan {
    pub fn new(frames: u64, segment_frames: u32) -> Result<SegmentPlan, MuxError> {
        if frames == 0 || segment_frames == 0 {
            return Err(MuxError::NothingPlanned { frames, segment_frames });
        }
        match u32::try_from(frames) {
            Ok(count) if frames <= MAX_FRAMES => {
                Ok(SegmentPlan { frames: count, segment_frames: segment_frames.min(count) })
            }
            _ => Err(MuxError::TooManyFrames { frames, limit: MAX_FRAMES }),
        }
    }

    /// Frames of the whole video; from 1 to [`MAX_FRAMES`].
    pub fn frames(self) -> u32 {
        self.frames
    }

    /// Frames of every segment but the last.
    pub fn segment_frames(self) -> u32 {
        self.segment_frames
    }

    /// Segments of the whole video; at least 1.
    pub fn segments(self) -> u32 {
        self.frames.div_ceil(self.segment_frames)
    }

    /// Frames of the last segment; from 1 to [`Self::segment_frames`].
    pub fn last_segment_frames(self) -> u32 {
        self.frames - (self.segments() - 1) * self.segment_frames
    }

    /// Frames of segment `segment`; 0 after the last one.
    pub fn frames_of(self, segment: SegmentIndex) -> u32 {
        let last = u64::from(self.segments()) - 1;
        match segment.0.cmp(&last) {
            std::cmp::Ordering::Less => self.segment_frames,
            std::cmp::Ordering::Equal => self.last_segment_frames(),
            std::cmp::Ordering::Greater => 0,
        }
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
            let plan = SegmentPlan::new(frames, segment_frames).unwrap();
            assert_eq!(plan.segments() as usize, expected.len());
            for (index, frames) in expected.iter().enumerate() {
                assert_eq!(plan.frames_of(SegmentIndex(index as u64)), *frames);
            }
            assert_eq!(plan.frames_of(SegmentIndex(u64::from(plan.segments()))), 0);
        }
    }

    #[test]
    fn plans_without_frames_and_beyond_the_limit_are_refused() {
        assert!(matches!(SegmentPlan::new(0, 1), Err(MuxError::NothingPlanned { .. })));
        assert!(matches!(SegmentPlan::new(1, 0), Err(MuxError::NothingPlanned { .. })));
        assert!(SegmentPlan::new(MAX_FRAMES, 1).is_ok());
        for frames in [MAX_FRAMES + 1, u64::MAX] {
            assert!(matches!(SegmentPlan::new(frames, 120), Err(MuxError::TooManyFrames { .. })));
        }
    }
}
