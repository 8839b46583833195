//! Going on with a render that was interrupted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use strikeline_picture::shown;
use wgpu_video::journal::{Journal, JournalError};
use wgpu_video::stream::{Report, SegmentStore, StreamError};

use crate::cli::UsageError;
use crate::cli::job::RenderJob;
use crate::cli::journals::{Found, journal_path, journals_of};
use crate::cli::messages::Messages;

/// The journal of the video that `job` makes at `output`: the one that an interrupted run has left, or a new one. `None` where
/// there cannot be one; tells `messages` why.
pub(super) fn open(
    output: &Path,
    song: &Path,
    job: &RenderJob<'_>,
    after: Duration,
    messages: &mut Messages,
) -> Option<Arc<Journal>> {
    let key = match job.key() {
        Ok(key) => key,
        Err(error) => {
            messages.warn(format_args!("no journal is kept: {error}"));
            return None;
        }
    };
    let path = journal_path(output, &key);
    let others: Vec<Found> =
        journals_of(output).into_iter().filter(|found| found.path.file_name() != path.file_name()).collect();
    for other in &others {
        messages.warn(format_args!(
            "{} is not used: it was kept for other settings, another song, version or adapter ({:.1} MB); \
             `strikeline clean` removes it",
            shown(&other.path),
            other.bytes as f64 / 1e6
        ));
    }
    let about = format!("{} from {}", shown(output), shown(song));
    match Journal::open(&path, key, (job.options.encoder.codec(), about), after) {
        Ok(journal) => {
            let segments = journal.segments();
            if segments > 0 {
                let all = job.options.plan().segments();
                messages.note(format_args!(
                    "goes on where an interrupted run has ended: {segments} of {all} segments are done"
                ));
            }
            Some(Arc::new(journal))
        }
        Err(error) => {
            messages.warn(without_journal(&error));
            None
        }
    }
}

/// What is said when there is no journal because of `error`.
pub(super) fn without_journal(error: &JournalError) -> String {
    format!("no journal is kept, so that an interruption would lose what is rendered: {error}")
}

/// Tells what happens now that the first signal has come.
pub(super) fn tell_stopping(journal: Option<&Arc<Journal>>, messages: &Messages) {
    if journal.is_some_and(|journal| journal.lasts()) {
        messages.note("finishing the segments that have been begun; Ctrl-C again ends at once");
    }
}

/// Removes the journal of a video that is complete, and tells how to go on with one that is not.
pub(super) fn end(journal: &Journal, result: &Result<Report, StreamError>, messages: &mut Messages) {
    match result {
        Ok(_) => {
            if let Err(error) = journal.remove() {
                messages.warn(format_args!("the journal could not be removed: {error}"));
            }
        }
        Err(_) => {
            journal.sync();
            let segments = journal.segments();
            if segments > 0 {
                messages.note(format_args!(
                    "{segments} finished segments are kept in {}: run the same command to go on",
                    shown(journal.path())
                ));
            }
        }
    }
}

/// Where `--keep-partial` puts what there is of the video at `output`.
///
/// # Errors
/// When there is a file of that name.
pub(super) fn partial_path(output: &Path) -> Result<PathBuf, UsageError> {
    let mut name = OsString::from(output.file_stem().unwrap_or(output.as_os_str()));
    name.push(".partial");
    if let Some(extension) = output.extension() {
        name.push(".");
        name.push(extension);
    }
    let path = output.with_file_name(name);
    match path.symlink_metadata() {
        Ok(_) => Err(UsageError(format!(
            "{} exists, which is where --keep-partial would put what there is: move it away, or leave --keep-partial out",
            shown(&path)
        ))),
        Err(_) => Ok(path),
    }
}
