//! Files without a name (Linux, `O_TMPFILE`), which vanish with the program unless they are given one.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::{Overwrite, folder_of, hidden_prefix};

/// A file in `folder` with the permissions of any new file. `None` when there can be none, for whatever
/// reason; the later attempt with a name reports the error.
pub(super) fn create(folder: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    // The system takes the umask off.
    let file = File::from(rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)).ok()?);
    // Without /proc it could never be given a name.
    fs::metadata(link_to(&file)).is_ok().then_some(file)
}

/// Gives `file` the name `destination`, in one step.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when the name is taken and not to be replaced, or whatever the system
/// says. Nothing has changed then.
pub(super) fn publish(file: &File, destination: &Path, overwrite: Overwrite) -> io::Result<()> {
    match link(file, destination) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && overwrite == Overwrite::Replace => {
            // A link never replaces anything, but a renaming does.
            let hidden = tempfile::Builder::new()
                .prefix(&hidden_prefix(destination))
                .make_in(folder_of(destination), |name| link(file, name))?;
            hidden.persist(destination).map(drop).map_err(|error| error.error)
        }
        result => result,
    }
}

fn link(file: &File, name: &Path) -> io::Result<()> {
    Ok(rustix::fs::linkat(CWD, link_to(file), CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// The symbolic link by which the system lets one get at an open file (`man 2 open`, `O_TMPFILE`).
fn link_to(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()).into()
}
