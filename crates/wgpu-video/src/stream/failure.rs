//! How a stream ends early: the first failure is reported, not its consequences, and all stages stop.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::StreamError;
use super::stats::Stage;
use crate::gpu::guard::panic_message;

/// Stops a running stream. Clones stop the same stream.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Asks the stream to stop. It ends within a few frames, with [`StreamError::Cancelled`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself, for a signal handler to set.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

/// The root cause of a stream's end, and the order to stop.
#[derive(Debug, Default)]
pub(super) struct Failure {
    cause: Mutex<Option<StreamError>>,
    stopped: AtomicBool,
}

impl Failure {
    /// Stops all stages because of `error`, which becomes the cause unless there was an earlier failure.
    ///
    /// An incomplete segment is usually the consequence of another failure, and can be noticed before that one is
    /// reported: a stage that fails drops its channels first. So any other failure replaces it.
    pub(super) fn fail(&self, error: StreamError) {
        let mut cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*cause, None | Some(StreamError::Incomplete { .. })) {
            *cause = Some(error);
        }
        self.stopped.store(true, Ordering::Release);
    }

    /// Whether to stop.
    pub(super) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// The root cause, once all stages have ended.
    pub(super) fn into_cause(self) -> Option<StreamError> {
        self.cause.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a stage, or a part of one. Its error or panic becomes the failure of the stream; `None` then.
    pub(super) fn guard<T>(&self, stage: Stage, work: impl FnOnce() -> Result<T, StreamError>) -> Option<T> {
        self.guard_as(|message| StreamError::Panicked { stage, message }, work)
    }

    /// Runs the caller's progress callback in the same way.
    pub(super) fn guard_progress(&self, work: impl FnOnce()) {
        self.guard_as(
            |message| StreamError::ProgressPanicked { message },
            || {
                work();
                Ok(())
            },
        );
    }

    fn guard_as<T>(
        &self,
        panicked: impl FnOnce(String) -> StreamError,
        work: impl FnOnce() -> Result<T, StreamError>,
    ) -> Option<T> {
        // What a panicking stage leaves behind is dropped with the stream, never used.
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => {
                self.fail(error);
                None
            }
            Err(panic) => {
                self.fail(panicked(panic_message(&*panic).to_owned()));
                None
            }
        }
    }
}

/// Runs what belongs to `stage` before the stages run, and takes a panic of the caller's scene or sink as an error.
pub(crate) fn caught<T>(
    stage: Stage,
    work: impl FnOnce() -> Result<T, StreamError>,
) -> Result<T, StreamError> {
    let panicked = |panic: Box<dyn Any + Send>| StreamError::Panicked {
        stage,
        message: panic_message(&*panic).to_owned(),
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(panic)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strikeline_picture::SegmentIndex;

    #[test]
    fn an_incomplete_segment_is_never_reported_in_place_of_its_cause() {
        let incomplete = || StreamError::Incomplete { segment: SegmentIndex(4) };
        let failure = Failure::default();
        failure.fail(incomplete());
        failure.fail(StreamError::Thread { reason: "why".to_owned() });
        failure.fail(incomplete());
        failure.fail(StreamError::Cancelled);
        assert!(matches!(failure.into_cause(), Some(StreamError::Thread { .. })));

        let failure = Failure::default();
        failure.fail(incomplete());
        assert!(matches!(failure.into_cause(), Some(StreamError::Incomplete { .. })));
    }
}
