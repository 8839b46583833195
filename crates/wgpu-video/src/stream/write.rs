//! The write stage: segments arrive in any order and are written in order.

use std::collections::BTreeMap;

use crossbeam_channel::{Receiver, Sender};

use super::StreamError;
use super::failure::Failure;
use super::sink::{FinishedSegment, Sink};
use super::sound::SegmentSound;
use super::trace::{Activity, Worker};
use strikeline_picture::{SegmentIndex, SegmentPlan};

/// What comes to the write stage.
pub(super) struct Arrivals {
    /// Segments, in any order.
    pub segments: Receiver<FinishedSegment>,
    /// The sound of each segment, in order, if there is any.
    pub sound: Option<Receiver<SegmentSound>>,
}

/// Writes all segments of `plan`, and their sound, to `sink`, which has begun, and finishes it. Returns the bytes written.
///
/// For each segment written one permit is given, so that another may be begun.
///
/// # Errors
/// When the sink fails, or segments are missing without a failure, or differ in their codec configuration.
pub(super) fn write_segments(
    sink: &mut dyn Sink,
    plan: SegmentPlan,
    arrivals: Arrivals,
    permits: Sender<()>,
    worker: &mut Worker<'_>,
    failure: &Failure,
) -> Result<u64, StreamError> {
    let mut early: BTreeMap<SegmentIndex, FinishedSegment> = BTreeMap::new();
    let mut next = SegmentIndex(0);
    let mut config = None;
    while next.0 < plan.segments() {
        let lost = |segment| match failure.stopped() {
            // A consequence; the cause is already recorded.
            true => StreamError::Cancelled,
            false => StreamError::Incomplete { segment },
        };
        let Ok(segment) = worker.await_input(|| arrivals.segments.recv()) else {
            return Err(lost(next));
        };
        early.insert(segment.segment, segment);
        while let Some(segment) = early.remove(&next) {
            let planned = plan.frames_of(next);
            if segment.units.len() as u64 != planned.end - planned.start {
                return Err(StreamError::Incomplete { segment: next });
            }
            if *config.get_or_insert_with(|| segment.config.clone()) != segment.config {
                return Err(StreamError::ConfigDiffers { segment: next });
            }
            let sound = match &arrivals.sound {
                Some(sound) => Some(worker.await_input(|| sound.recv()).map_err(|_| lost(next))?),
                None => None,
            };
            let bytes = segment.data.len() as u64 + sound.as_ref().map_or(0, SegmentSound::bytes);
            worker
                .busy(Activity::Segment(next), || {
                    if let Some(sound) = sound {
                        sink.write_sound(sound.packets)?;
                    }
                    sink.write_segment(&segment)
                })
                .map_err(|source| StreamError::Write { segment: next, source })?;
            worker.done(segment.units.len() as u64, bytes);
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
