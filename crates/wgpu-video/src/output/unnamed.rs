//! Files without a name (Linux, `O_TMPFILE`), which vanish with the program unless they are given one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::folder::Folder;

/// A new file without a name in `folder`, with the permissions `mode`, from which the system removes the umask. `None` if it
/// cannot be created, for whatever reason; the next attempt, with a hidden name, reports the error.
pub(super) fn create(folder: &Folder, mode: u32) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder.handle(), ".", flags, Mode::from_raw_mode(mode)).ok()?;
    let file = File::from(file);
    // Without /proc it could never be given a name.
    fs::metadata(link_to(&file)).is_ok().then_some(file)
}

/// Gives `file` the name `name`, in one step.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when the name is taken, or any other error of the system. Nothing has changed then.
pub(super) fn link(file: &File, folder: &Folder, name: &OsStr) -> io::Result<()> {
    Ok(rustix::fs::linkat(CWD, link_to(file), folder.handle(), name, AtFlags::SYMLINK_FOLLOW)?)
}

/// The symbolic link that leads to an open file (`man 2 open`, `O_TMPFILE`).
pub(super) fn link_to(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()).into()
}
