//! The write stage: segments arrive in any order and are written in order.

use std::collections::BTreeMap;

use crossbeam_channel::{Receiver, Sender};

use super::StreamError;
use super::failure::{CancelToken, Failure};
use super::sink::{FinishedSegment, Sink};
use super::sound::SegmentSound;
use super::store::{KeptSegments, SegmentSelection};
use super::trace::{Activity, Worker};
use crate::encode::CodecConfig;
use strikeline_picture::{SegmentIndex, SegmentPlan};

/// What the write stage receives.
pub(super) struct Arrivals<'a> {
    /// Segments that were made, in any order.
    pub segments: Receiver<FinishedSegment>,
    /// The sound of each segment, in order, if there is any.
    pub sound: Option<Receiver<SegmentSound>>,
    /// Segments that are in the store and are read from there.
    pub kept: &'a KeptSegments,
}

/// Writes the segments of `selection`, and their sound, to `sink`. [`Sink::begin`] has been called already.
pub(super) struct SegmentWriter<'a> {
    pub sink: &'a mut dyn Sink,
    pub plan: SegmentPlan,
    pub selection: &'a SegmentSelection<'a>,
    pub failure: &'a Failure,
    pub cancel: &'a CancelToken,
    /// The codec configuration of the segments so far; `None` before the first.
    pub config: Option<CodecConfig>,
}

impl SegmentWriter<'_> {
    /// Writes them all and finishes the sink. Returns the bytes written.
    ///
    /// Each segment that arrives is kept at once. For each of them that has been written one permit is given, so that another
    /// segment may be begun.
    ///
    /// # Errors
    /// When the sink or the store fails, or segments are missing without a failure, or differ in their codec configuration.
    pub(super) fn run(
        &mut self,
        arrivals: &Arrivals<'_>,
        permits: &Sender<()>,
        worker: &mut Worker<'_>,
    ) -> Result<u64, StreamError> {
        let mut early: BTreeMap<SegmentIndex, FinishedSegment> = BTreeMap::new();
        for next in self.selection.range(self.plan).iter() {
            let is_kept = arrivals.kept.contains(next);
            let segment = if is_kept {
                // Checked here, because no frame is drawn for segments that are kept.
                if self.cancel.is_cancelled() && !self.selection.finish_early {
                    return self.end_early(next, arrivals, worker);
                }
                worker.busy(Activity::Segment(next), || self.selection.read(next))?
            } else {
                loop {
                    if let Some(segment) = early.remove(&next) {
                        break segment;
                    }
                    let Ok(segment) = worker.await_input(|| arrivals.segments.recv()) else {
                        return self.end_early(next, arrivals, worker);
                    };
                    worker.busy(Activity::Segment(segment.segment), || self.selection.keep(&segment))?;
                    early.insert(segment.segment, segment);
                }
            };
            self.check(next, &segment)?;
            let sound = match &arrivals.sound {
                None => None,
                Some(sound) => match worker.await_input(|| sound.recv()) {
                    Ok(sound) => Some(sound),
                    Err(_) => return self.end_early(next, arrivals, worker),
                },
            };
            self.write(&segment, sound, worker)?;
            if !is_kept {
                // If there is no room for the permit, the largest number of segments may be begun already.
                let _ = permits.try_send(());
            }
        }
        if self.failure.stopped() {
            return Err(StreamError::Cancelled);
        }
        worker.busy(Activity::Finish, || self.sink.finish()).map_err(StreamError::Finish)
    }

    /// Checks that `segment` is complete and can follow those before it.
    fn check(&mut self, next: SegmentIndex, segment: &FinishedSegment) -> Result<(), StreamError> {
        let planned = self.plan.frames_of(next);
        if segment.units.len() as u64 != planned.end - planned.start {
            return Err(StreamError::Incomplete { segment: next });
        }
        match *self.config.get_or_insert_with(|| segment.config.clone()) == segment.config {
            true => Ok(()),
            false => Err(StreamError::ConfigDiffers { segment: next }),
        }
    }

    fn write(
        &mut self,
        segment: &FinishedSegment,
        sound: Option<SegmentSound>,
        worker: &mut Worker<'_>,
    ) -> Result<(), StreamError> {
        let bytes = segment.data.len() as u64 + sound.as_ref().map_or(0, SegmentSound::bytes);
        worker
            .busy(Activity::Segment(segment.segment), || {
                if let Some(sound) = sound {
                    self.sink.write_sound(sound.packets)?;
                }
                self.sink.write_segment(segment)
            })
            .map_err(|source| StreamError::Write { segment: segment.segment, source })?;
        worker.done(segment.units.len() as u64, bytes);
        Ok(())
    }

    /// Called when the stages before have ended, and segment `missing` or its sound has not come. Keeps the segments that still
    /// come, and returns the error with which the stream ends.
    fn end_early(
        &mut self,
        missing: SegmentIndex,
        arrivals: &Arrivals<'_>,
        worker: &mut Worker<'_>,
    ) -> Result<u64, StreamError> {
        if self.failure.stopped() {
            // This is a consequence of another failure, which is already recorded.
            return Err(StreamError::Cancelled);
        }
        if !self.cancel.is_cancelled() {
            return Err(StreamError::Incomplete { segment: missing });
        }
        while let Ok(segment) = worker.await_input(|| arrivals.segments.recv()) {
            worker.busy(Activity::Segment(segment.segment), || self.selection.keep(&segment))?;
        }
        let any_written = missing > self.selection.range(self.plan).first;
        if self.selection.finish_early && any_written && !self.failure.stopped() {
            worker.busy(Activity::Finish, || self.sink.finish_early()).map_err(StreamError::FinishEarly)?;
        }
        Err(StreamError::Cancelled)
    }
}
