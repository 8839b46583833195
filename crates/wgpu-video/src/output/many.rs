//! Many files in one folder, each of which appears when it is complete.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::storage::Storage;
use super::{OutputError, Overwrite, before};

/// A folder that many files are written to.
///
/// As with [`OutputFile`](super::OutputFile), a file is invisible until it is complete. But none is flushed to the disk before it
/// appears, which would take longer than writing it: a file that is complete for all programs may be empty after a power failure,
/// until [`OutputFolder::sync`] has returned.
#[derive(Debug)]
pub(crate) struct OutputFolder {
    folder: Arc<Folder>,
    /// As it was given, for error texts.
    path: PathBuf,
    overwrite: Overwrite,
}

impl OutputFolder {
    /// Opens the folder `path`.
    ///
    /// # Errors
    /// When it does not exist, or cannot be used.
    pub(crate) fn open(path: &Path, overwrite: Overwrite) -> Result<OutputFolder, OutputError> {
        let failed = |error| OutputError::Create { path: path.to_owned(), error };
        let folder = Folder::open(&std::path::absolute(path).map_err(failed)?).map_err(failed)?;
        Ok(OutputFolder { folder: Arc::new(folder), path: path.to_owned(), overwrite })
    }

    /// Makes a file with the content `bytes` appear under `name`.
    ///
    /// # Errors
    /// Any [`OutputError`]. Nothing has changed under that name then.
    pub(crate) fn write(&self, name: &OsStr, bytes: &[u8]) -> Result<(), OutputError> {
        let path = || self.path.join(name);
        if self.overwrite == Overwrite::Replace
            && let Some(why) = before::protection(&self.folder, name)
        {
            return Err(OutputError::Protected { path: path(), why });
        }
        let mut storage = Storage::create(&self.folder, name)
            .map_err(|error| OutputError::Create { path: path(), error })?;
        storage.file().write_all(bytes).map_err(|error| OutputError::Write { path: path(), error })?;
        storage.place(&self.folder, name, self.overwrite).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => OutputError::Exists { path: path() },
            _ => OutputError::Create { path: path(), error },
        })
    }

    /// Where the file called `name` in it is now, if the path of the folder no longer leads to it.
    pub(crate) fn moved(&self, name: &OsStr) -> Option<PathBuf> {
        if self.folder.is_in_place() { None } else { self.folder.path_of(name) }
    }

    /// Waits until everything that was written to it is on the disk, as far as the system can do that. On Linux this is one call
    /// for the whole file system.
    ///
    /// # Errors
    /// When something could not be written to the disk.
    pub(crate) fn sync(&self) -> Result<(), OutputError> {
        #[cfg(target_os = "linux")]
        if let Ok(open) = std::fs::File::open(super::unnamed::link_to(self.folder.handle())) {
            let failed = |error: rustix::io::Errno| OutputError::Commit {
                path: self.path.clone(),
                error: error.into(),
            };
            return rustix::fs::syncfs(open).map_err(failed);
        }
        self.folder.sync();
        Ok(())
    }
}
