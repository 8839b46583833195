//! The files that a command reads must not be those that it writes.

use std::path::Path;

use strikeline_picture::shown;

use super::UsageError;

/// Refuses an output that is one of the inputs, by whatever name or link.
///
/// # Errors
/// When it is one; the error names both, and nothing was touched.
pub(super) fn refuse_replacing<'p>(
    output: &Path,
    inputs: impl IntoIterator<Item = &'p Path>,
) -> Result<(), UsageError> {
    match inputs.into_iter().find(|input| is_same_file(output, input)) {
        None => Ok(()),
        Some(input) => Err(UsageError(format!(
            "the video {} would replace {}, from which it is made: give another name with --output",
            shown(output),
            shown(input)
        ))),
    }
}

/// Whether two paths lead to one file; not if one of them does not exist.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| path.metadata().ok().map(|about| (about.dev(), about.ino()));
        identity(one).is_some_and(|file| identity(other) == Some(file))
    }
    #[cfg(not(unix))]
    {
        one.canonicalize().is_ok_and(|file| other.canonicalize().is_ok_and(|other| file == other))
    }
}
