#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod reason;

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::path::Path;

pub use reason::{is_wrong_path, why_unreadable};

/// What a path leads to that is not what is wanted there. It is in the [`io::Error`] that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {kind}, not {wanted}")]
pub struct NotRegular {
    /// What it is, with an article, such as "a device".
    pub kind: &'static str,
    /// What could be read there, with an article, and what helps.
    wanted: &'static str,
}

/// An open file.
#[derive(Debug)]
pub enum Opened {
    /// A regular file. It can be read from any place.
    Regular(File),
    /// A pipe. It can be read once from front to back, and ends when its writer has closed it.
    Pipe(File),
}

/// What may be opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Regular,
    RegularOrPipe,
}

impl Wanted {
    /// # Errors
    /// When it is something else.
    fn check(self, about: &Metadata) -> io::Result<()> {
        let found = about.file_type();
        if found.is_file() || (self == Wanted::RegularOrPipe && is_pipe(found)) {
            return Ok(());
        }
        let wanted = match self {
            Wanted::Regular if is_pipe(found) => "a regular file; save what comes out of it to a file first",
            Wanted::Regular => "a regular file",
            Wanted::RegularOrPipe => "a regular file or a pipe",
        };
        let kind = if found.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::InvalidInput };
        Err(io::Error::new(kind, NotRegular { kind: describe(found), wanted }))
    }
}

/// Opens a regular file to be read. Neither waits for a pipe nor opens a device.
///
/// # Errors
/// When it cannot be opened, or is not a regular file: [`NotRegular`].
pub fn open_regular(path: &Path) -> io::Result<File> {
    let (file, _) = open(path, Wanted::Regular)?;
    Ok(file)
}

/// Opens a regular file, or a pipe such as a shell makes of `<(command)`. At a pipe it waits until there is something to
/// be read, or the writer has gone.
///
/// # Errors
/// When it cannot be opened, or is a folder, socket or device: [`NotRegular`].
pub fn open_or_wait(path: &Path) -> io::Result<Opened> {
    let (file, about) = open(path, Wanted::RegularOrPipe)?;
    if !is_pipe(about.file_type()) {
        return Ok(Opened::Regular(file));
    }
    wait_for_writer(&file)?;
    Ok(Opened::Pipe(file))
}

/// Why [`read`] has no bytes.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read, or is not a regular file.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// The file has more bytes than the limit.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
}

/// The bytes of a regular file of at most `limit` bytes.
///
/// # Errors
/// [`ReadError`].
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let file = open_regular(path)?;
    // Before anything is read into memory.
    if file.metadata()?.len() > limit {
        return Err(ReadError::TooLarge { limit });
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(ReadError::TooLarge { limit }) } else { Ok(bytes) }
}

fn open(path: &Path, wanted: Wanted) -> io::Result<(File, Metadata)> {
    // Opening a device can do something, so it is looked at first.
    wanted.check(&std::fs::metadata(path)?)?;
    let file = open_without_waiting(path)?;
    // Another file may have come there meanwhile.
    let about = file.metadata()?;
    wanted.check(&about)?;
    Ok((file, about))
}

#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    // It changes nothing for regular files.
    File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Waits until something can be read from a pipe that was opened without waiting. From then on, reading waits.
#[cfg(unix)]
fn wait_for_writer(pipe: &File) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    loop {
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], None) {
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => break,
        }
    }
    let flags = rustix::fs::fcntl_getfl(pipe)?;
    Ok(rustix::fs::fcntl_setfl(pipe, flags - rustix::fs::OFlags::NONBLOCK)?)
}

#[cfg(not(unix))]
fn wait_for_writer(_pipe: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_pipe(found: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found)
}

#[cfg(not(unix))]
fn is_pipe(_found: FileType) -> bool {
    false
}

/// What it is, with an article.
fn describe(found: FileType) -> &'static str {
    if found.is_dir() {
        return "a folder";
    }
    if is_pipe(found) {
        return "a pipe";
    }
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_socket(&found) {
        return "a socket";
    }
    "a device"
}
