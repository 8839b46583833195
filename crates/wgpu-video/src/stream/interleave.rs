//! In what order the frames of several segments are rendered.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::store::KeptSegments;
use strikeline_picture::{FrameIndex, SegmentIndex, SegmentPlan, SegmentRange};

/// One frame to be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedFrame {
    /// Its segment.
    pub segment: SegmentIndex,
    /// Its index in the video.
    pub frame: FrameIndex,
}

/// The segments of a [`SegmentPlan`] that are to be made, given out in order, each once, to all devices that draw.
#[derive(Debug)]
pub struct Segments {
    plan: SegmentPlan,
    range: SegmentRange,
    /// The segments that are not to be made.
    kept: KeptSegments,
    /// All segments before this one have been given out.
    next: AtomicU64,
}

impl Segments {
    /// All of `plan`.
    pub fn new(plan: SegmentPlan) -> Segments {
        Segments::but(plan, SegmentRange::all(plan), KeptSegments::default())
    }

    /// Those of `range` that are not `kept`.
    pub fn but(plan: SegmentPlan, range: SegmentRange, kept: KeptSegments) -> Segments {
        Segments { plan, range, kept, next: AtomicU64::new(range.first.0) }
    }

    /// The number of segments to be made, given out or not.
    pub fn count(&self) -> u64 {
        self.range.count() - self.kept.count()
    }

    /// The first segment from `segment` on that is to be made.
    fn wanted_from(&self, segment: u64) -> Option<u64> {
        (segment..self.range.end.0).find(|segment| !self.kept.contains(SegmentIndex(*segment)))
    }

    fn any_left(&self) -> bool {
        self.wanted_from(self.next.load(Ordering::Relaxed)).is_some()
    }

    fn take(&self) -> Option<SegmentIndex> {
        let next = |next| self.wanted_from(next).map(|wanted| wanted + 1);
        let before = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        self.wanted_from(before).map(SegmentIndex)
    }
}

/// The frames that one device draws, in that order: round-robin over its segments in flight, so that as many
/// encoders as segments are in flight are fed in turn and none of them collects raw frames.
#[derive(Debug)]
pub struct Interleave<'a> {
    segments: &'a Segments,
    /// A segment in each lane with the frames left of it.
    lanes: Vec<Option<(SegmentIndex, Range<u64>)>>,
    next_lane: usize,
}

/// What [`Interleave::next`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The frame to render now.
    Frame(PlannedFrame),
    /// No segment in flight has frames left, and no permit was given to begin another.
    NeedsPermit,
    /// All frames were given out.
    Done,
}

impl<'a> Interleave<'a> {
    /// With up to `in_flight` segments (at least 1) being rendered at once.
    pub fn new(segments: &'a Segments, in_flight: usize) -> Interleave<'a> {
        Interleave { segments, lanes: vec![None; in_flight.max(1)], next_lane: 0 }
    }

    /// The next frame. `may_begin` is asked once for every segment that would be begun.
    ///
    /// A lane without permission is passed over while others have frames: the segments they hold may be the
    /// very ones that must be finished before permission is given.
    pub fn next(&mut self, mut may_begin: impl FnMut() -> bool) -> Next {
        let mut refused = false;
        let lanes = self.lanes.len();
        for _ in 0..lanes {
            let lane = &mut self.lanes[self.next_lane];
            self.next_lane = (self.next_lane + 1) % lanes;
            if lane.is_none() {
                if refused || !self.segments.any_left() {
                    continue;
                }
                if !may_begin() {
                    refused = true;
                    continue;
                }
                // Another device may have taken the last one just now: the permit is of no use to anybody then.
                *lane = self.segments.take().map(|segment| (segment, self.segments.plan.frames_of(segment)));
            }
            if let Some((segment, frames)) = lane {
                let planned = PlannedFrame { segment: *segment, frame: FrameIndex(frames.start) };
                frames.start += 1;
                if frames.is_empty() {
                    *lane = None;
                }
                return Next::Frame(planned);
            }
        }
        if refused { Next::NeedsPermit } else { Next::Done }
    }
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU32, NonZeroU64};

    use super::*;

    fn plan(frames: u64, segment_frames: u32) -> SegmentPlan {
        SegmentPlan::new(NonZeroU64::new(frames).unwrap(), NonZeroU32::new(segment_frames).unwrap())
    }

    fn order(plan: SegmentPlan, in_flight: usize) -> Vec<(u64, u64)> {
        let segments = Segments::new(plan);
        let mut interleave = Interleave::new(&segments, in_flight);
        let mut order = Vec::new();
        while let Next::Frame(planned) = interleave.next(|| true) {
            order.push((planned.segment.0, planned.frame.0));
        }
        order
    }

    #[test]
    fn segments_in_flight_take_turns() {
        assert_eq!(order(plan(8, 3), 2), [(0, 0), (1, 3), (0, 1), (1, 4), (0, 2), (1, 5), (2, 6), (2, 7)]);
    }

    #[test]
    fn every_frame_is_rendered_once_and_in_order_within_its_segment() {
        for frames in [1, 2, 59, 60, 61, 250] {
            for segment_frames in [1, 7, 60, 1000] {
                for in_flight in [1, 2, 5, 64] {
                    let plan = plan(frames, segment_frames);
                    let order = order(plan, in_flight);
                    let mut sorted = order.clone();
                    sorted.sort_by_key(|&(segment, _)| segment);
                    assert!(sorted.iter().map(|&(_, frame)| frame).eq(0..frames));
                    assert!(order.iter().all(|&(s, f)| plan.frames_of(SegmentIndex(s)).contains(&f)));
                }
            }
        }
    }

    #[test]
    fn only_the_wanted_segments_are_rendered() {
        let plan = plan(16, 3);
        let range = SegmentRange { first: SegmentIndex(1), end: SegmentIndex(5) };
        let kept = [2, 4].into_iter().map(SegmentIndex).collect();
        let segments = Segments::but(plan, range, kept);
        assert_eq!(segments.count(), 2);
        let mut interleave = Interleave::new(&segments, 1);
        let mut frames = Vec::new();
        while let Next::Frame(planned) = interleave.next(|| true) {
            frames.push(planned.frame.0);
        }
        assert_eq!(frames, [3, 4, 5, 9, 10, 11]);
    }

    #[test]
    fn devices_share_the_segments() {
        let plan = plan(1000, 7);
        let segments = Segments::new(plan);
        let mut devices = [Interleave::new(&segments, 1), Interleave::new(&segments, 3)];
        let mut frames = Vec::new();
        let mut turns = [0, 1, 1].into_iter().cycle();
        let mut done = [false; 2];
        while done != [true; 2] {
            let device = turns.next().unwrap();
            match devices[device].next(|| true) {
                Next::Frame(planned) => frames.push((planned.segment, planned.frame, device)),
                Next::Done => done[device] = true,
                Next::NeedsPermit => unreachable!(),
            }
        }
        frames.sort_by_key(|&(_, frame, _)| frame);
        assert!(frames.iter().map(|&(_, frame, _)| frame.0).eq(0..1000));
        // Each segment by one device alone.
        for pair in frames.windows(2) {
            assert!(pair[0].0 != pair[1].0 || pair[0].2 == pair[1].2);
        }
        assert!(frames.iter().any(|frame| frame.2 == 0) && frames.iter().any(|frame| frame.2 == 1));
    }

    #[test]
    fn without_a_permit_segments_in_flight_go_on() {
        let segments = Segments::new(plan(4, 2));
        let mut interleave = Interleave::new(&segments, 2);
        let mut permits = 1;
        let mut take = || {
            permits -= 1;
            permits >= 0
        };
        let frame = |segment, frame| {
            Next::Frame(PlannedFrame { segment: SegmentIndex(segment), frame: FrameIndex(frame) })
        };
        assert_eq!(interleave.next(&mut take), frame(0, 0));
        assert_eq!(interleave.next(&mut take), frame(0, 1));
        assert_eq!(interleave.next(&mut take), Next::NeedsPermit);
        assert_eq!(interleave.next(|| true), frame(1, 2));
        assert_eq!(interleave.next(|| true), frame(1, 3));
        assert_eq!(interleave.next(|| true), Next::Done);
    }
}
