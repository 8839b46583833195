//! The write stage: finished segments come in any order and leave in theirs.

use std::collections::BTreeMap;

use crossbeam_channel::{Receiver, Sender};

use super::failure::Failure;
use super::sink::Sink;
use super::trace::{Activity, Worker};
use super::{FinishedSegment, StreamError};
use strikeline_picture::{SegmentIndex, SegmentPlan};

/// Writes all segments of `plan` to `sink`, which has begun, and finishes it. Returns the bytes written.
///
/// For each segment written one permit is given, so that another may be begun.
///
/// # Errors
/// When the sink fails, or segments are missing though nobody has failed.
pub fn write_segments(
    sink: &mut dyn Sink,
    plan: SegmentPlan,
    finished: Receiver<FinishedSegment>,
    permits: Sender<()>,
    worker: &mut Worker<'_>,
    failure: &Failure,
) -> Result<u64, StreamError> {
    let mut early: BTreeMap<SegmentIndex, FinishedSegment> = BTreeMap::new();
    let mut next = SegmentIndex(0);
    while next.0 < plan.segments() {
        let Ok(segment) = worker.await_input(|| finished.recv()) else {
            return Err(if failure.stopped() {
                // An echo; the cause is recorded already.
                StreamError::Cancelled
            } else {
                StreamError::Incomplete { segment: next }
            });
        };
        early.insert(segment.segment, segment);
        while let Some(segment) = early.remove(&next) {
            let planned = plan.frames_of(next);
            if segment.units.len() as u64 != planned.end - planned.start {
                return Err(StreamError::Incomplete { segment: next });
            }
            worker
                .busy(Activity::Segment(next), || sink.write_segment(&segment))
                .map_err(|source| StreamError::Write { segment: next, source })?;
            worker.done(segment.units.len() as u64, segment.data.len() as u64);
            next.0 += 1;
            // No room means that as many may be begun as can be.
            let _ = permits.try_send(());
        }
    }
    if failure.stopped() {
        return Err(StreamError::Cancelled);
    }
    worker.busy(Activity::Finish, || sink.finish()).map_err(StreamError::Finish)
}
