//! The output file: it appears under its name only when it is complete.

#[cfg(unix)]
mod attributes;
mod before;
mod error;
mod folder;
mod hidden;
mod identity;
mod keep;
mod leftovers;
mod many;
mod numbered;
mod storage;
mod unfinished;
#[cfg(target_os = "linux")]
mod unnamed;

pub use error::describe;
pub use error::{OutputError, Protection};
pub use identity::FileIdentity;
pub use leftovers::{Leftover, leftovers};
pub use numbered::{NumberedNames, NumberedNamesError, has_number};
pub use unfinished::remove_unfinished;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use folder::Folder;
pub(crate) use many::OutputFolder;
use storage::Storage;

/// What to do when a file of the wanted name exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave it as it is and fail.
    Refuse,
    /// Replace it at the very end, in one step: at any time the name leads to the whole old file or to the whole new one.
    Replace,
}

/// A file that is invisible until it is complete.
///
/// It is in the folder of its destination. On Linux it has no name there, so nothing of it remains, however the program
/// ends, even after a power failure. If the file system cannot do that, and on other systems, it is a hidden file called
/// `.NAME.strikeline-XXXXXXXX-XXXXXXXX`, which is deleted when the value is dropped. On every system it has such a hidden
/// name for a moment when it replaces another file. After a power failure, or when the program was killed, a hidden file may
/// remain. The next [`OutputFile`] for the same name removes it, and [`leftovers`] finds all such files in a folder.
///
/// [`OutputFile::commit`] gives it its name. A new file has the permissions of any new file. A file that replaces another has
/// the permissions, owner, group and, on Linux, access control list of the old one, as far as the system allows. When the
/// name is a symbolic link, the link stays and the file that it points to is replaced or created. A hard link is replaced by
/// the new file: other names of the old file keep the old content. A character device that can seek, such as `/dev/null`,
/// is written to directly.
///
/// A complete file that cannot be given its name is not deleted: see [`OutputError::Kept`].
#[derive(Debug)]
pub struct OutputFile {
    storage: Storage,
    /// The name that was given, for error texts.
    path: PathBuf,
    /// Where the file will appear; `None` for a device.
    destination: Option<Destination>,
    overwrite: Overwrite,
}

/// The place of a file.
#[derive(Debug, Clone)]
struct Destination {
    folder: Arc<Folder>,
    name: OsString,
}

impl OutputFile {
    /// Begins a file that will appear at `path`. Errors that can be found early are found here, before hours of work.
    ///
    /// The name is not reserved: that would need an empty file, which would remain if the program were killed.
    ///
    /// # Errors
    /// Any [`OutputError`] except [`OutputError::Write`], [`OutputError::Kept`] and [`OutputError::Commit`].
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<OutputFile, OutputError> {
        if let Some(device) = before::look_at(path, overwrite)? {
            let storage = Storage::Device(device);
            return Ok(OutputFile { storage, path: path.to_owned(), destination: None, overwrite });
        }
        let failed = |error| create_error(path, error);
        let place = destination(path).map_err(failed)?;
        let no_folder =
            |folder: &Path| OutputError::NoFolder { path: path.to_owned(), folder: folder.to_owned() };
        let Some(name) = place.file_name() else { return Err(OutputError::Folder { path: path.to_owned() }) };
        let folder = folder_of(&place);
        if !folder.is_dir() {
            return Err(no_folder(folder));
        }
        let folder = Arc::new(Folder::open(folder).map_err(failed)?);
        let protected = |why| OutputError::Protected { path: path.to_owned(), why };
        if let Some(why) = before::protection(&folder, name) {
            return Err(protected(why));
        }
        leftovers::remove_earlier(folder.path(), name);
        let storage = Storage::create(&folder, name).map_err(failed)?;
        if matches!(storage, Storage::Hidden(..)) && before::is_append_only(&folder) {
            // Its hidden name could not be changed.
            return Err(protected(Protection::AppendOnlyFolder));
        }
        let destination = Some(Destination { folder, name: name.to_owned() });
        Ok(OutputFile { storage, path: path.to_owned(), destination, overwrite })
    }

    /// Flushes the bytes to the disk, then makes the file appear.
    ///
    /// # Errors
    /// [`OutputError::Kept`] when the file is complete but could not be given its name, or when its folder has been moved. The
    /// file then has a similar name (`song-2.mp4`) in its folder or, if none can be created there, in a folder above it, the
    /// current folder or the folder for temporary files. [`OutputError::Commit`] for every other failure; the file is then
    /// deleted. In both cases nothing has changed under the name that was given.
    pub fn commit(self) -> Result<(), OutputError> {
        let OutputFile { mut storage, path, destination, overwrite } = self;
        let failed = |error| OutputError::Commit { path: path.clone(), error };
        let Some(destination) = destination else { return storage.file().flush().map_err(failed) };
        match storage.file().sync_all() {
            // Some file systems do not need or support this, and return an error that says so.
            Err(error)
                if !matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) =>
            {
                return Err(failed(error));
            }
            _ => {}
        }
        let Destination { folder, name } = destination;
        // Another folder may have the path now. The user will look for the file there.
        let is_in_place = folder.is_in_place();
        let other = if is_in_place { None } else { Folder::open(folder.path()).ok().map(Arc::new) };
        let is_moved = !is_in_place && other.is_none();
        let folders: Vec<_> = other.into_iter().chain([Arc::clone(&folder)]).collect();
        let target = folders.first().unwrap_or(&folder);
        let place = folder.path().join(&name);
        let placed = storage.place(target, &name, overwrite).inspect(|()| target.sync());
        let error = match placed {
            Ok(()) if !is_moved => return Ok(()),
            Ok(()) => match folder.path_of(&name) {
                Some(kept) => {
                    let error = io::Error::other("its folder was moved while it was written");
                    return Err(OutputError::Kept { path, kept, error });
                }
                // No path leads to the folder.
                None => io::ErrorKind::NotFound.into(),
            },
            Err(error) => error,
        };
        match keep::keep(&mut storage, &folders, &place) {
            Some(kept) => {
                let kept = as_given(kept, &path, &place);
                Err(OutputError::Kept { path, kept, error })
            }
            None => Err(failed(error)),
        }
    }

    /// As [`OutputFile::commit`], but the file appears at `path`, which must be in the same folder.
    ///
    /// # Errors
    /// As [`OutputFile::commit`].
    pub fn commit_as(self, path: &Path, overwrite: Overwrite) -> Result<(), OutputError> {
        let name = path.file_name().unwrap_or_default();
        let destination = self.destination.map(|place| Destination { name: name.to_owned(), ..place });
        OutputFile { path: path.to_owned(), destination, overwrite, ..self }.commit()
    }

    /// Turns `error`, which came from writing to this file, into one with the file's name and the remedy.
    pub fn error(&self, error: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), error }
    }

    /// What the file will be known by when it is complete, if nothing more is written to it, and it needs not be copied to get
    /// its name. `None` for a device, and where the system tells nothing.
    pub fn identity(&mut self) -> Option<FileIdentity> {
        match &mut self.storage {
            Storage::Device(_) => None,
            storage => FileIdentity::of(storage.file()),
        }
    }

    /// The name that was given.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.storage.file().write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.storage.file().write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.storage.file().flush()
    }
}

impl Seek for OutputFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.storage.file().seek(to)
    }
}

/// The absolute path at which a file written to `path` will appear: if the last part of `path` is a symbolic link, the path
/// to which the link points, even if no file is there.
///
/// # Errors
/// When links lead in a circle, or there is no current folder.
pub fn destination(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows itself.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return std::path::absolute(path),
        }
    }
    Err(io::Error::other("its symbolic links lead in a circle, or are too many; choose another name"))
}

/// The path `kept`, written in the way in which the user wrote `path` if both are in the same folder. `place` is the absolute
/// path to which `path` leads.
fn as_given(kept: PathBuf, path: &Path, place: &Path) -> PathBuf {
    let is_beside =
        kept.parent() == place.parent() && std::path::absolute(path).is_ok_and(|path| path == place);
    match kept.file_name() {
        Some(name) if is_beside => path.with_file_name(name),
        _ => kept,
    }
}

/// Makes the names in `folder` survive a power failure. It is not an error if the system cannot do this, because it is not
/// needed there or the folder cannot be opened.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = Folder::open(folder) {
        folder.sync();
    }
}

/// The folder that holds `file`.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn create_error(path: &Path, error: io::Error) -> OutputError {
    OutputError::Create { path: path.to_owned(), error }
}
