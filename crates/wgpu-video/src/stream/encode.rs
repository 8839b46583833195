//! The encode stage: many segments at once, each with its own encoder and its frames in order.
//!
//! A segment with frames waiting is a task of the pool; one without is none. So a worker never blocks, and
//! a few workers serve any number of segments.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::StreamError;
use super::failure::Failure;
use super::sink::FinishedSegment;
use super::slots::LentSlot;
use super::stage::Mapped;
use super::trace::{Activity, Worker};
use crate::encode::{AccessUnit, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings};
use strikeline_picture::{FrameIndex, SegmentIndex};

/// A segment being encoded.
pub(super) struct SegmentTask<M> {
    segment: SegmentIndex,
    /// The first one's place in the video, and how many there are.
    first: FrameIndex,
    frames: u64,
    waiting: Mutex<Waiting<M>>,
    /// Locked only by the one task that runs; the lock proves that to the compiler.
    work: Mutex<Work>,
}

struct Waiting<M> {
    frames: VecDeque<LentSlot<M>>,
    running: bool,
}

struct Work {
    encoder: Option<Box<dyn Encoder>>,
    /// Pictures that the encoder has taken.
    taken: u64,
    data: Vec<u8>,
    units: Vec<AccessUnit>,
}

/// What all segments' tasks share.
#[derive(Clone)]
pub(super) struct EncodeContext<'a> {
    /// Makes the encoder of each segment.
    pub factory: &'a dyn EncoderFactory,
    /// The same for all segments.
    pub settings: EncoderSettings,
    /// Takes finished segments; never full (a permit is held for each segment begun).
    pub finished: crossbeam_channel::Sender<FinishedSegment>,
    /// Takes failures, and says when to stop.
    pub failure: &'a Failure,
}

impl<M: Mapped> SegmentTask<M> {
    /// For `segment`, which has these frames of the video.
    pub(super) fn new(segment: SegmentIndex, frames: Range<u64>) -> SegmentTask<M> {
        SegmentTask {
            segment,
            first: FrameIndex(frames.start),
            frames: frames.end.saturating_sub(frames.start),
            waiting: Mutex::new(Waiting { frames: VecDeque::new(), running: false }),
            work: Mutex::new(Work { encoder: None, taken: 0, data: Vec::new(), units: Vec::new() }),
        }
    }

    /// Hands over the segment's next frame. Returns whether [`SegmentTask::run`] must be started.
    #[must_use]
    pub(super) fn push(&self, frame: LentSlot<M>) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.frames.push_back(frame);
        !std::mem::replace(&mut waiting.running, true)
    }

    /// Encodes the frames that are waiting, until none is.
    pub(super) fn run(&self, context: &EncodeContext<'_>, worker: &mut Worker<'_>) {
        while let Some(frame) = self.pop() {
            if context.failure.stopped() {
                continue;
            }
            context.failure.guard(super::stats::Stage::Encode, || {
                let bytes = frame.bytes();
                let activity = Activity::frame(self.next_frame(), frame.slot());
                worker.busy(activity, || {
                    let encoded = self.encode(&frame, context);
                    // Unmapping is part of the work, and what ends the slot's.
                    drop(frame);
                    encoded
                })?;
                worker.done(1, bytes);
                Ok(())
            });
        }
    }

    fn pop(&self) -> Option<LentSlot<M>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = waiting.frames.pop_front();
        waiting.running = frame.is_some();
        frame
    }

    /// The frame that is encoded next.
    fn next_frame(&self) -> FrameIndex {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        FrameIndex(self.first.0 + work.taken)
    }

    fn encode(&self, frame: &LentSlot<M>, context: &EncodeContext<'_>) -> Result<(), StreamError> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let Work { encoder, taken, data, units } = &mut *work;
        let at = |source| StreamError::Encode { segment: self.segment, source };
        let encoder = match encoder {
            Some(encoder) => encoder,
            none => {
                let begun = context.factory.begin_segment_of(&context.settings, self.segment, self.frames);
                let fresh = begun.map_err(at)?;
                none.insert(fresh)
            }
        };
        let start = data.len();
        let unit = match frame.rgba() {
            Some(picture) => encoder.encode_rgba(&picture, data),
            None => encoder.encode(&frame.picture(), frame.change(), data),
        };
        let unit = unit.map_err(at)?;
        let bytes = unit.map_or(0, |unit| unit.bytes);
        if data.len() - start != bytes || (unit.is_some() && bytes == 0) {
            let reason = format!("a frame was not coded as one access unit ({bytes} bytes)");
            return Err(at(EncodeError::Failed { encoder: context.factory.name(), reason }));
        }
        units.extend(unit);
        *taken += 1;
        if *taken == self.frames {
            units.extend(encoder.finish(data).map_err(at)?);
            check_units(units, data, self.frames, context.factory).map_err(at)?;
            let config = config_of(&**encoder, context.factory).map_err(at)?;
            let finished =
                FinishedSegment::new(self.segment, config, std::mem::take(data), std::mem::take(units));
            work.encoder = None;
            // Nobody takes it only when the stream has failed already.
            let _ = context.finished.send(finished);
        }
        Ok(())
    }
}

/// Checks that an encoder that was given `frames` pictures has made as many access units, which make up `data`.
fn check_units(
    units: &[AccessUnit],
    data: &[u8],
    frames: u64,
    factory: &dyn EncoderFactory,
) -> Result<(), EncodeError> {
    let failed = |reason| Err(EncodeError::Failed { encoder: factory.name(), reason });
    if units.len() as u64 != frames {
        return failed(format!("it was given {frames} frames and made {}", units.len()));
    }
    let bytes: usize = units.iter().map(|unit| unit.bytes).sum();
    if bytes != data.len() || units.iter().any(|unit| unit.bytes == 0) {
        return failed(format!("its access units have {bytes} bytes, but it made {}", data.len()));
    }
    // Each picture is shown once.
    let mut shown = vec![false; units.len()];
    for (place, unit) in (0..).zip(units) {
        let at = usize::try_from(place + i64::from(unit.delay)).ok().and_then(|at| shown.get_mut(at));
        if at.is_none_or(|shown| std::mem::replace(shown, true)) {
            return failed(format!("the order in which its pictures are shown is wrong at number {place}"));
        }
    }
    Ok(())
}

/// The codec configuration of a segment that `encoder` has finished.
fn config_of(encoder: &dyn Encoder, factory: &dyn EncoderFactory) -> Result<CodecConfig, EncodeError> {
    let failed = |reason| EncodeError::Failed { encoder: factory.name(), reason };
    let config = encoder.codec_config().ok_or_else(|| failed("it gave no codec configuration".to_owned()))?;
    if config.codec() != factory.codec() {
        return Err(failed(format!("it made {} instead of {}", config.codec(), factory.codec())));
    }
    Ok(config)
}
