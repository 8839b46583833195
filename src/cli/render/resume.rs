//! Continues a render that was interrupted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use strikeline_picture::shown;
use wgpu_video::journal::{Journal, JournalError, JournalPlace, about_file, remove_unused};
use wgpu_video::output::{OutputError, Overwrite};
use wgpu_video::stream::{Report, SegmentStore, StreamError};

use crate::cli::args::VideoArgs;
use crate::cli::job::{Identity, RenderJob};
use crate::cli::journal_about::AboutJournal;
use crate::cli::journals::{Found, journal_path, journals_of};
use crate::cli::messages::Messages;
use crate::cli::words::{self, count};
use crate::cli::{AlreadyThere, hang};

/// The journal of the video that `job` makes at `output`: the one that an interrupted run left, or a new one, which is begun
/// when the render has taken longer than `after`. `None` if there cannot be a journal; gives `messages` a warning that says
/// why.
pub(super) fn open(
    output: &Path,
    song: &Path,
    (job, args): (&RenderJob<'_>, &VideoArgs),
    after: Duration,
    messages: &mut Messages,
) -> Option<Arc<Journal>> {
    let codec = job.options.encoder.codec();
    let (identity, at) = (job.identity(), output.to_owned());
    let find = move || place(&at, &identity);
    let found = journals_of(output);
    let own_about = AboutJournal::of(job, args, (song, output));
    let about = || own_about.text();
    if found.is_empty() {
        return Some(Arc::new(Journal::later(find, (codec, about()), after)));
    }
    let place = match find() {
        Ok(place) => place,
        Err(error) => {
            messages.warn(without_journal(&error));
            return None;
        }
    };
    let (own, others): (Vec<Found>, Vec<Found>) =
        found.into_iter().partition(|found| found.path.file_name() == place.path.file_name());
    for other in &others {
        if other.is_of_complete(output) && remove_unused(&other.path).is_ok() {
            continue;
        }
        messages.warn(format_args!(
            "the journal {} ({}) is not used, because of what differs: {}; the command that began it would continue it, and \
             `strikeline clean --remove` removes it",
            shown(&other.path),
            words::size(other.bytes),
            what_differs(&own_about, &other.path)
        ));
    }
    if own.is_empty() {
        return Some(Arc::new(Journal::later(move || Ok(place), (codec, about()), after)));
    }
    match Journal::open(&place, codec) {
        Ok(journal) => {
            messages.note(format_args!(
                "continues an interrupted run: {} of {} are done",
                journal.segments(),
                count(job.options.plan().segments(), "segment")
            ));
            Some(Arc::new(journal))
        }
        // It has the name of a journal, but no content that can be used: there was a power cut when it was begun.
        Err(JournalError::Foreign { .. }) if remove_unused(&place.path).is_ok() => {
            Some(Arc::new(Journal::later(move || Ok(place), (codec, about()), after)))
        }
        Err(error) => {
            messages.warn(without_journal(&error));
            None
        }
    }
}

/// What differs between the video that `own` is about and that of the journal at `other`, in words.
pub(super) fn what_differs(own: &AboutJournal, other: &Path) -> String {
    match about_file(other) {
        Ok(Some(about)) => own.differences(&AboutJournal::parse(&about)),
        _ => "something that it does not name".to_owned(),
    }
}

/// The place of the journal of the video `output`, which `identity` describes.
fn place(output: &Path, identity: &Identity) -> Result<JournalPlace, JournalError> {
    let key = identity.key().map_err(|error| JournalError::Place { reason: error.to_string() })?;
    Ok(JournalPlace { path: journal_path(output, &key), key })
}

/// The warning that there is no journal because of `error`.
pub(super) fn without_journal(error: &JournalError) -> String {
    format!("finished segments are not kept, so an interruption would lose them: {error}")
}

/// Says what happens after the first signal.
pub(super) fn tell_stopping(journal: Option<&Arc<Journal>>, keeps_partial: bool, messages: &Messages) {
    if keeps_partial {
        messages.note(
            "finishing the segments that have been begun, and a video of them; Ctrl-C again ends at once",
        );
    } else if journal.is_some_and(|journal| journal.lasts()) {
        messages.note("finishing the segments that have been begun; Ctrl-C again ends at once");
    }
}

/// Removes the journal of a video that is complete. For a video that is not, says how to continue it.
pub(super) fn end(journal: &Journal, result: &Result<Report, StreamError>, messages: &mut Messages) {
    match result {
        result if is_complete(result) => {
            if let Err(error) = journal.remove() {
                messages.warn(format_args!("the journal could not be removed: {error}"));
            }
        }
        _ => {
            journal.sync();
            if let Some(path) = journal.path().filter(|path| path.exists()) {
                messages.left(hang::how_to_go_on(&(path, journal.segments())));
            } else if let Err(StreamError::Cancelled) = result {
                messages.left("nothing is kept, as the render had only begun: the same command begins anew");
            }
        }
    }
}

/// Whether there is a complete video, perhaps under another name than the one that was asked for.
fn is_complete(result: &Result<Report, StreamError>) -> bool {
    match result {
        Ok(_) => true,
        Err(StreamError::Finish(error)) => matches!(error.downcast_ref(), Some(OutputError::Kept { .. })),
        Err(_) => false,
    }
}

/// The path at which `--keep-partial` puts the finished beginning of the video `output`, `song.partial.mp4` for `song.mp4`, and
/// what happens to a file of that name. It is replaced if the video itself may be (`overwrite`), and if this render continues an
/// interrupted one: then the file has its beginning.
///
/// # Errors
/// When a file of that name exists and is not replaced.
pub(super) fn partial(
    output: &Path,
    overwrite: Overwrite,
    continues: bool,
) -> Result<(PathBuf, Overwrite), AlreadyThere> {
    let mut name = OsString::from(output.file_stem().unwrap_or(output.as_os_str()));
    name.push(".partial");
    if let Some(extension) = output.extension() {
        name.push(".");
        name.push(extension);
    }
    let path = output.with_file_name(name);
    if continues || overwrite == Overwrite::Replace {
        return Ok((path, Overwrite::Replace));
    }
    match path.symlink_metadata() {
        Ok(_) => Err(AlreadyThere(format!(
            "{} exists, but --keep-partial would write the unfinished video to it: move the file away, replace it with --force, or \
             leave out --keep-partial",
            shown(&path)
        ))),
        Err(_) => Ok((path, Overwrite::Refuse)),
    }
}
