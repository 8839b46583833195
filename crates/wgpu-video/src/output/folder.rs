//! A folder that is kept open, so that it stays the same folder when it is renamed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// An open folder. All names are names in it, without a separator.
///
/// On systems where a folder cannot be kept open, it is the folder that has the path at the time.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    handle: File,
}

impl Folder {
    /// The path under which it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where `name` in it is; `None` when no path leads to this folder any more.
    pub(crate) fn path_of(&self, name: &OsStr) -> Option<PathBuf> {
        Some(self.current_path()?.join(name))
    }
}

#[cfg(unix)]
impl Folder {
    /// Opens the folder at `path`, which is absolute.
    pub(crate) fn open(path: &Path) -> io::Result<Folder> {
        use rustix::fs::{Mode, OFlags};
        // Only in this way can a folder be opened that the user may write to, but not read.
        #[cfg(target_os = "linux")]
        let access = OFlags::PATH;
        #[cfg(not(target_os = "linux"))]
        let access = OFlags::RDONLY;
        let handle = rustix::fs::open(path, access | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Folder { path: path.to_owned(), handle: File::from(handle) })
    }

    /// Whether its path still leads to it.
    pub(crate) fn is_in_place(&self) -> bool {
        self.is_at(&self.path)
    }

    fn is_at(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let identity = |found: io::Result<fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
        let own = identity(self.handle.metadata());
        own.is_some() && identity(fs::metadata(path)) == own
    }

    /// Its path now; `None` when it no longer exists, or the system does not tell.
    fn current_path(&self) -> Option<PathBuf> {
        if self.is_in_place() {
            return Some(self.path.clone());
        }
        #[cfg(target_os = "linux")]
        {
            let path = fs::read_link(super::unnamed::link_to(&self.handle)).ok()?;
            self.is_at(&path).then_some(path)
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// The open handle.
    pub(super) fn handle(&self) -> &File {
        &self.handle
    }

    /// A new file that can be read and written. `mode` is its permissions, from which the system takes the umask off.
    pub(super) fn create_new(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        // The type of a mode is narrower on some systems.
        #[allow(clippy::unnecessary_cast, reason = "a narrower type elsewhere")]
        let mode = Mode::from_raw_mode(mode as rustix::fs::RawMode);
        Ok(File::from(rustix::fs::openat(&self.handle, name, flags, mode)?))
    }

    /// Whether there is anything of this name, be it a link that leads nowhere.
    pub(super) fn has(&self, name: &OsStr) -> bool {
        rustix::fs::statat(&self.handle, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name, rustix::fs::AtFlags::empty())?)
    }

    /// Removes `name`, unless it is the name of another file than `file`, or of none.
    pub(crate) fn remove_file(&self, name: &OsStr, file: &File) -> io::Result<()> {
        let found = rustix::fs::statat(&self.handle, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW);
        let own = rustix::fs::fstat(file)?;
        match found {
            Ok(found) if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino) => self.remove(name),
            _ => Ok(()),
        }
    }

    /// Gives `name` in it the name `new` in `folder`, in one step; what has that name is replaced.
    pub(super) fn rename(&self, name: &OsStr, folder: &Folder, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.handle, name, &folder.handle, new)?)
    }

    /// As [`Folder::rename`], in one step if the system can do that, but fails if anything has the new name.
    fn rename_new(&self, name: &OsStr, folder: &Folder, new: &OsStr) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            Ok(rustix::fs::renameat_with(&self.handle, name, &folder.handle, new, flags)?)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (name, folder, new);
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    fn link(&self, name: &OsStr, folder: &Folder, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.handle, name, &folder.handle, new, rustix::fs::AtFlags::empty())?)
    }

    /// Makes the names in it survive a power failure. The file is complete and in its place, so it is not an error if the
    /// system cannot do this, because it is not needed there or the folder cannot be read.
    pub(super) fn sync(&self) {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if let Ok(folder) = rustix::fs::openat(&self.handle, ".", flags, Mode::empty()) {
            let _ = rustix::fs::fsync(folder);
        }
    }
}

#[cfg(not(unix))]
impl Folder {
    /// Opens the folder at `path`, which is absolute.
    pub(crate) fn open(path: &Path) -> io::Result<Folder> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(Folder { path: path.to_owned() }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Whether its path still leads to it.
    pub(crate) fn is_in_place(&self) -> bool {
        self.path.is_dir()
    }

    fn current_path(&self) -> Option<PathBuf> {
        self.is_in_place().then(|| self.path.clone())
    }

    /// A new file that can be read and written.
    pub(super) fn create_new(&self, name: &OsStr, _mode: u32) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    /// Whether there is anything of this name, be it a link that leads nowhere.
    pub(super) fn has(&self, name: &OsStr) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_ok()
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Removes `name`, unless it is the name of no file.
    pub(crate) fn remove_file(&self, name: &OsStr, _file: &File) -> io::Result<()> {
        match self.remove(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Gives `name` in it the name `new` in `folder`, in one step; what has that name is replaced.
    pub(super) fn rename(&self, name: &OsStr, folder: &Folder, new: &OsStr) -> io::Result<()> {
        fs::rename(self.path.join(name), folder.path.join(new))
    }

    fn rename_new(&self, _name: &OsStr, _folder: &Folder, _new: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn link(&self, name: &OsStr, folder: &Folder, new: &OsStr) -> io::Result<()> {
        fs::hard_link(self.path.join(name), folder.path.join(new))
    }

    /// Does nothing: folders need not be flushed here.
    pub(super) fn sync(&self) {}
}

impl Folder {
    /// Gives `name` in it the name `new` in `folder`. If several processes try to take the same name, only one succeeds.
    /// Nothing is ever replaced.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the new name is taken, or whatever the system says.
    pub(super) fn rename_unless_taken(&self, name: &OsStr, folder: &Folder, new: &OsStr) -> io::Result<()> {
        // Each way works only on some file systems. These errors would be the same with every way.
        let ends = |error: &io::Error| {
            use io::ErrorKind::{AlreadyExists, CrossesDevices, NotFound};
            matches!(error.kind(), AlreadyExists | CrossesDevices | NotFound)
        };
        match self.rename_new(name, folder, new) {
            Err(error) if !ends(&error) => {}
            result => return result,
        }
        match self.link(name, folder, new) {
            Ok(()) => {
                // The file is in its place; its hidden name may stay only if nothing may be removed here.
                let _ = self.remove(name);
                return Ok(());
            }
            Err(error) if !ends(&error) => {}
            result => return result,
        }
        // An empty file takes the name, which only one process can do, and is replaced at once.
        drop(folder.create_new(new, 0o600)?);
        self.rename(name, folder, new).inspect_err(|_| {
            let _ = folder.remove(new);
        })
    }
}
