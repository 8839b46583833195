//! Keeps a panic in a reader or decoder of others from ending the program.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::RecordingError;

/// Runs `work`, and makes a panic in it the error [`RecordingError::Panicked`]. What `work` had in hand must not be used again
/// after that.
pub(super) fn guarded<T>(
    path: &Path,
    what: &'static str,
    work: impl FnOnce() -> T,
) -> Result<T, RecordingError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| RecordingError::Panicked {
        path: path.to_path_buf(),
        what,
        message: message(panic.as_ref()),
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_string()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "no message".to_string()
    }
}
