//! The time of an ideal pipeline, whose threads, queues and slots cost no time, computed rather than run.
//!
//! With few slots, or with costs that vary, not even the ideal pipeline keeps the slowest stage busy all the time. What
//! the real one loses against it is the cost of the pipeline itself.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use strikeline_picture::SegmentPlan;
use wgpu_video::stream::interleave::{Interleave, Next, Segments};
use wgpu_video::stream::{Stage, WorkSplit};

use super::costs::Costs;

/// How long `plan` takes. A frame begins when a slot is free, in the order of the real pipeline; drawing and copying are
/// a device each. A frame is encoded as soon as it is copied, the one before it in its segment is encoded, and one of
/// the `jobs` is idle.
pub(crate) fn ideal_time(costs: &Costs, plan: SegmentPlan, split: WorkSplit) -> Duration {
    let mut slots: BinaryHeap<_> = (0..split.ring_depth).map(|_| Reverse(Duration::ZERO)).collect();
    let mut workers = vec![Duration::ZERO; split.jobs];
    let mut segments = HashMap::new();
    let (mut drawn, mut copied, mut end) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let all = Segments::new(plan);
    let mut interleave = Interleave::new(&all, split.segments_in_flight);
    while let Next::Frame(planned) = interleave.next(|| true) {
        let Reverse(slot) = slots.pop().unwrap_or_default();
        drawn = slot.max(drawn) + costs.of(Stage::Render, planned.frame);
        copied = drawn.max(copied) + costs.of(Stage::Readback, planned.frame);
        let before = segments.get(&planned.segment).copied().unwrap_or_default();
        let idle = workers.iter().min().copied().unwrap_or_default();
        let start = copied.max(before).max(idle);
        let done = start + costs.of(Stage::Encode, planned.frame);
        // Of those that are idle, the one that has been for the shortest time: the others could begin earlier.
        if let Some(worker) = workers.iter_mut().filter(|free| **free <= start).max() {
            *worker = done;
        }
        segments.insert(planned.segment, done);
        slots.push(Reverse(done));
        end = end.max(done);
    }
    end
}
