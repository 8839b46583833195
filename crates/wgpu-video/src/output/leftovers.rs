//! Finds hidden files of programs that ended before they could remove them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::hidden;

/// A hidden file of a program that has ended. While this value lives, no other program can take it for its own.
#[derive(Debug)]
pub struct Leftover {
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written; `None` if the system does not tell.
    pub modified: Option<SystemTime>,
    /// Locked.
    #[cfg(target_os = "linux")]
    file: fs::File,
}

impl Leftover {
    /// The name that the file was to have; `None` if its hidden name does not say.
    pub fn destination(&self) -> Option<OsString> {
        hidden::destination_of(self.path.file_name()?)
    }

    /// Removes the file.
    ///
    /// # Errors
    /// The error of the system, for example when files in the folder may not be removed.
    pub fn remove(self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if !is_same(&self.path, &self.file.metadata()?) {
            // It has been removed or renamed already.
            return Ok(());
        }
        fs::remove_file(&self.path)
    }
}

/// The hidden files of [`OutputFile`](super::OutputFile)s in `folder` that remain because their program was killed, or because
/// of a power failure, in order of their names. Files of running programs are not among them: such a program holds a lock on
/// each of its files.
///
/// On network file systems, where locks of other machines may not be visible, only files that this machine has made since its
/// last start are found. On systems other than Linux none are found.
///
/// # Errors
/// When the folder cannot be read.
pub fn leftovers(folder: &Path) -> io::Result<Vec<Leftover>> {
    let mut found = Vec::new();
    #[cfg(target_os = "linux")]
    for entry in fs::read_dir(folder)?.flatten() {
        found.extend(linux::leftover(folder, &entry.file_name()));
    }
    #[cfg(not(target_os = "linux"))]
    fs::read_dir(folder)?;
    found.sort_by(|one: &Leftover, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Removes the leftovers of earlier programs that were writing `name` in `folder`. Errors are ignored.
pub(super) fn remove_earlier(folder: &Path, name: &std::ffi::OsStr) {
    #[cfg(target_os = "linux")]
    {
        let prefix = hidden::prefix(name);
        let belongs = |found: &std::ffi::OsStr| {
            let rest = found.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
            // A name that is too long is not part of the hidden name, whose prefix then fits other files, too.
            rest.is_some() && prefix.len() > name.len()
        };
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten().filter(|entry| belongs(&entry.file_name())) {
            if let Some(leftover) = linux::leftover(folder, &entry.file_name()) {
                let _ = leftover.remove();
            }
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (folder, name);
}

#[cfg(target_os = "linux")]
fn is_same(path: &Path, file: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (file.dev(), file.ino()))
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags};

    use super::{Leftover, hidden, is_same};

    /// `name` in `folder`, if it is a hidden file of a program that has ended.
    pub(super) fn leftover(folder: &Path, name: &OsStr) -> Option<Leftover> {
        let system = hidden::system_of(name)?;
        let path = folder.join(name);
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(&path, flags, Mode::empty()).ok()?);
        let about = file.metadata().ok()?;
        if !about.is_file() || !(system == hidden::running_system() || sees_all_locks(&file)) {
            return None;
        }
        // Without locks it is not known whether a program uses the file.
        file.try_lock().ok()?;
        // It may have been given its final name in the meantime.
        let (bytes, modified) = (about.len(), about.modified().ok());
        is_same(&path, &about).then_some(Leftover { path, bytes, modified, file })
    }

    /// Whether the file is on a file system that only this machine uses, so that all locks are visible. The numbers are from
    /// `man 2 statfs`.
    fn sees_all_locks(file: &File) -> bool {
        const EXT: u32 = 0xEF53;
        const XFS: u32 = 0x5846_5342;
        const BTRFS: u32 = 0x9123_683E;
        const BCACHEFS: u32 = 0xCA45_1A4E;
        const F2FS: u32 = 0xF2F5_2010;
        const ZFS: u32 = 0x2FC1_2FC1;
        const TMPFS: u32 = 0x0102_1994;
        const OVERLAY: u32 = 0x794C_7630;
        const VFAT: u32 = 0x4D44;
        const EXFAT: u32 = 0x2011_BAB0;
        const NTFS3: u32 = 0x7366_746E;
        let local = [EXT, XFS, BTRFS, BCACHEFS, F2FS, ZFS, TMPFS, OVERLAY, VFAT, EXFAT, NTFS3];
        rustix::fs::fstatfs(file).is_ok_and(|found| local.contains(&(found.f_type as u32)))
    }
}
