//! How a stream ends early: the first failure wins, everybody else goes home quietly.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::StreamError;
use super::stats::Stage;

/// Asks a running stream to stop. Clones ask the same stream.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Asks. The stream ends within a few frames with [`StreamError::Cancelled`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked.
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
pub struct Failure {
    cause: Mutex<Option<StreamError>>,
    stopped: AtomicBool,
}

impl Failure {
    /// Orders everybody to stop because of `error`, unless there was an earlier failure.
    pub fn fail(&self, error: StreamError) {
        self.cause.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stopped.store(true, Ordering::Release);
    }

    /// Whether to stop.
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// The root cause, once all stages have ended.
    pub fn into_cause(self) -> Option<StreamError> {
        self.cause.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a stage, or a piece of one, and takes its error or panic as a failure. `None` when it failed.
    pub fn guard<T>(&self, stage: Stage, work: impl FnOnce() -> Result<T, StreamError>) -> Option<T> {
        // What a panicking stage leaves behind is dropped with the stream, never used.
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => {
                self.fail(error);
                None
            }
            Err(panic) => {
                self.fail(StreamError::Panicked { stage, message: panic_message(&*panic) });
                None
            }
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "no message".to_owned()
    }
}
