//! Errors of output files; each names the remedy.

use std::io;
use std::path::PathBuf;

use strikeline_picture::shown;

/// Why there is no output file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A file of that name exists. Choose another name, or use [`super::Overwrite::Replace`].
    #[error("{} already exists: choose another name, or allow it to be replaced", shown(path))]
    Exists {
        /// The name that was given.
        path: PathBuf,
    },
    /// The name is that of a folder, or ends in a separator. Add a file name.
    #[error("{} is a folder, not a file: add a file name", shown(path))]
    Folder {
        /// The name that was given.
        path: PathBuf,
    },
    /// The folder does not exist. Create it first.
    #[error(
        "cannot create {}: {}, or choose another folder",
        shown(path),
        if folder.exists() {
            format!("{} is a file, not a folder; give it another name", shown(folder))
        } else {
            format!("there is no folder {}; create it first", shown(folder))
        }
    )]
    NoFolder {
        /// The name that was given.
        path: PathBuf,
        /// The folder that is missing.
        folder: PathBuf,
    },
    /// The name leads to a pipe, a terminal, a socket or a device. Give the name of an ordinary file.
    #[error(
        "{} is a pipe, a terminal or a device, not an ordinary file: give the name of an ordinary file",
        shown(path)
    )]
    Special {
        /// The name that was given.
        path: PathBuf,
    },
    /// The file exists and may be replaced, but the system would not allow it. Remove the protection, or choose another name.
    #[error("cannot replace {}: {why}", shown(path))]
    Protected {
        /// The name that was given.
        path: PathBuf,
        /// What protects it.
        why: Protection,
    },
    /// The file could not be created. The text names the remedy.
    #[error("cannot create {}: {}", shown(path), describe(error))]
    Create {
        /// The name that was given.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file could not be written. The text names the remedy.
    #[error("cannot write {}: {}", shown(path), describe(error))]
    Write {
        /// The name that was given.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is complete, but could not be given its name, or the name no longer leads to it. It was kept under another
    /// name or in another folder; move it to where you want it.
    #[error("{} was written in full, but {}; it is kept as {}", shown(path), hindrance(error), shown(kept))]
    Kept {
        /// The name that was given.
        path: PathBuf,
        /// Where the file is.
        kept: PathBuf,
        /// Why it is not under the name that was given.
        error: io::Error,
    },
    /// The finished file could not be written to the disk, or could not be given any name. The text names the remedy.
    #[error("cannot complete {}: {}", shown(path), describe(error))]
    Commit {
        /// The name that was given.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What keeps a file from being replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Protection {
    /// The user may not write to it.
    #[error("it is write-protected; change its permissions, or choose another name")]
    ReadOnly,
    /// Linux's attribute `i`.
    #[error("it is immutable; remove that attribute with chattr -i, or choose another name")]
    Immutable,
    /// Linux's attribute `a`.
    #[error("it can only be appended to; remove that attribute with chattr -a, or choose another name")]
    AppendOnly,
    /// Its folder has Linux's attribute `a`.
    #[error("files in its folder can only be added, not replaced; choose another name, or another folder")]
    AppendOnlyFolder,
    /// It belongs to somebody else, and its folder has the sticky bit: only the owner may replace it.
    #[error(
        "it belongs to somebody else, and its folder (sticky bit) lets only the owner replace it; choose another name, or \
         another folder"
    )]
    Sticky,
    /// Something is mounted on the name, as containers do with single files.
    #[error("it is a mount point; mount its folder instead, or choose another name")]
    MountPoint,
}

/// Why a complete file could not be given its name, as a text to follow "but".
fn hindrance(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => "another file of that name has appeared in the meantime".to_owned(),
        io::ErrorKind::IsADirectory => "a folder of that name has appeared in the meantime".to_owned(),
        io::ErrorKind::NotFound => "its folder no longer exists".to_owned(),
        // Not an error of the system: the text says what is wrong.
        io::ErrorKind::Other if error.raw_os_error().is_none() => error.to_string(),
        _ => format!("could not be given its name ({error})"),
    }
}

/// A text for `error` that says what is wrong and what to do.
pub fn describe(error: &io::Error) -> String {
    let known = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full; free some space, or choose a folder on another disk",
        io::ErrorKind::QuotaExceeded => {
            "your share of the disk (quota) is used up; delete some files, or choose a folder on another disk"
        }
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; choose a folder on another disk",
        io::ErrorKind::PermissionDenied => {
            "you are not allowed to write there; choose another folder, or change the folder's permissions"
        }
        io::ErrorKind::FileTooLarge => {
            "the file is larger than the file system or a limit (ulimit -f) allows; choose another disk, or make a shorter video"
        }
        io::ErrorKind::InvalidFilename => {
            "the name is too long, or cannot be the name of a file; choose another one"
        }
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder; choose another folder",
        io::ErrorKind::NotFound => {
            "the folder accepts no new files, or no longer exists; choose another folder"
        }
        _ => return error.to_string(),
    };
    known.to_owned()
}
