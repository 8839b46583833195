//! Checks, before the first byte is written, whether the file can be given its name at the end.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use super::error::{OutputError, Protection};
use super::folder::Folder;
use super::{Overwrite, folder_of};

/// Checks what has the name `path` now. `Some` when it is a device that is to be written to directly.
///
/// # Errors
/// When a file of that name may not be replaced, or no file can have that name.
pub(super) fn look_at(path: &Path, overwrite: Overwrite) -> Result<Option<File>, OutputError> {
    // An empty name means the current folder.
    let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    let names_no_file = path.file_name().is_none()
        || path
            .as_os_str()
            .as_encoded_bytes()
            .last()
            .is_some_and(|&byte| std::path::is_separator(byte.into()));
    match fs::metadata(&path) {
        Ok(found) if found.is_file() => match overwrite {
            Overwrite::Refuse => Err(OutputError::Exists { path }),
            Overwrite::Replace => Ok(None),
        },
        Ok(found) if found.is_dir() => Err(OutputError::Folder { path }),
        Ok(found) => match open_device(&path, &found) {
            Some(device) => Ok(Some(device)),
            None => Err(OutputError::Special { path }),
        },
        Err(_) if names_no_file => Err(OutputError::Folder { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // A part of the path is a file.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(OutputError::NoFolder { folder: folder_of(&path).to_owned(), path })
        }
        Err(error) => Err(OutputError::Create { path, error }),
    }
}

/// Opens `path` if it is a character device that can seek, such as `/dev/null`, but not a terminal or a disk.
fn open_device(path: &Path, found: &fs::Metadata) -> Option<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if !found.file_type().is_char_device() {
            return None;
        }
    }
    let _ = found;
    let mut file = File::options().write(true).open(path).ok()?;
    file.rewind().ok()?;
    Some(file)
}

/// What keeps the file `name` in `folder` from being replaced; `None` if nothing is found, or if there is no such file.
pub(super) fn protection(folder: &Folder, name: &OsStr) -> Option<Protection> {
    if !folder.has(name) {
        return None;
    }
    #[cfg(target_os = "linux")]
    if let Some(protection) = linux::protection(folder, name) {
        return Some(protection);
    }
    #[cfg(unix)]
    {
        use rustix::fs::{Access, AtFlags, Mode};
        use rustix::io::Errno;
        let denied = rustix::fs::accessat(folder.handle(), name, Access::WRITE_OK, AtFlags::EACCESS);
        if matches!(denied, Err(Errno::ACCESS | Errno::PERM)) {
            return Some(Protection::ReadOnly);
        }
        let file = rustix::fs::statat(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let folder = rustix::fs::fstat(folder.handle()).ok()?;
        let user = rustix::process::geteuid();
        let is_sticky = Mode::from_raw_mode(folder.st_mode).contains(Mode::SVTX);
        let owns = |found: &rustix::fs::Stat| found.st_uid == user.as_raw();
        if is_sticky && !user.is_root() && !owns(&file) && !owns(&folder) {
            return Some(Protection::Sticky);
        }
    }
    #[cfg(not(unix))]
    if fs::metadata(folder.path().join(name)).is_ok_and(|found| found.permissions().readonly()) {
        return Some(Protection::ReadOnly);
    }
    None
}

/// Whether names in `folder` can be neither changed nor removed, only new ones added.
pub(super) fn is_append_only(folder: &Folder) -> bool {
    #[cfg(target_os = "linux")]
    {
        linux::is_append_only(folder)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        false
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;

    use rustix::fs::{AtFlags, StatxAttributes, StatxFlags};

    use super::{Folder, Protection};

    pub(super) fn protection(folder: &Folder, name: &OsStr) -> Option<Protection> {
        let found =
            rustix::fs::statx(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MODE).ok()?;
        let has = |attribute| found.stx_attributes.contains(attribute);
        if has(StatxAttributes::IMMUTABLE) {
            Some(Protection::Immutable)
        } else if has(StatxAttributes::APPEND) {
            Some(Protection::AppendOnly)
        } else if has(StatxAttributes::MOUNT_ROOT) {
            Some(Protection::MountPoint)
        } else if is_append_only(folder) {
            Some(Protection::AppendOnlyFolder)
        } else {
            None
        }
    }

    pub(super) fn is_append_only(folder: &Folder) -> bool {
        rustix::fs::statx(folder.handle(), "", AtFlags::EMPTY_PATH, StatxFlags::MODE)
            .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::APPEND))
    }
}
