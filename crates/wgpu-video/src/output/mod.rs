//! The output file: it appears under its name only when it is complete.

mod error;
mod unfinished;
#[cfg(target_os = "linux")]
mod unnamed;

pub use error::OutputError;
pub use error::describe;
pub use unfinished::remove_unfinished;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use unfinished::Unfinished;

/// What to do when a file of the wanted name exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave it as it is and fail.
    Refuse,
    /// Replace it at the very end, in one step: at any time the name leads to all of the old file or to all
    /// of the new one.
    Replace,
}

/// A file that is invisible until it is complete.
///
/// It lies in the folder of its destination. On Linux it has no name there, so that nothing is left of it
/// however the program ends, power failure included; where the file system cannot do that, and on other
/// systems, it is a hidden file called `.NAME.strikeline-XXXXXX`, which is deleted when the value is dropped.
///
/// [`OutputFile::commit`] gives it its name. Its permissions are those of any new file, whatever file it
/// replaces. When the name is a symbolic link, the link stays and the file that it leads to is replaced or
/// created. A character device that can seek, such as `/dev/null`, is written to directly.
#[derive(Debug)]
pub struct OutputFile {
    storage: Storage,
    /// The name that was given, for error texts.
    path: PathBuf,
    /// Where the file will appear: `path` with symbolic links followed.
    destination: PathBuf,
    overwrite: Overwrite,
}

/// Where the bytes are until the file is complete.
#[derive(Debug)]
enum Storage {
    #[cfg(target_os = "linux")]
    Unnamed(File),
    Named(NamedTempFile, Unfinished),
    /// A device, which exists already and stays.
    Device(File),
}

impl OutputFile {
    /// Begins a file that will appear at `path`. Errors that can be found early are found here, before hours of work.
    ///
    /// # Errors
    /// All of [`OutputError`] but [`OutputError::Write`] and [`OutputError::Commit`].
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<OutputFile, OutputError> {
        if let Some(device) = look_at(path, overwrite)? {
            let destination = path.to_owned();
            return Ok(OutputFile { storage: device, path: path.to_owned(), destination, overwrite });
        }
        let destination =
            follow_links(path).and_then(std::path::absolute).map_err(|error| create_error(path, error))?;
        let folder = folder_of(&destination);
        if !folder.is_dir() {
            return Err(OutputError::NoFolder { path: path.to_owned(), folder: folder.to_owned() });
        }
        let storage = Storage::in_folder_of(&destination).map_err(|error| create_error(path, error))?;
        Ok(OutputFile { storage, path: path.to_owned(), destination, overwrite })
    }

    /// Brings the bytes to the disk, then lets the file appear.
    ///
    /// # Errors
    /// [`OutputError::Exists`] when a file of that name has appeared since and is not to be replaced,
    /// [`OutputError::Commit`] for everything else. Nothing has changed at the destination then.
    pub fn commit(self) -> Result<(), OutputError> {
        let OutputFile { storage, path, destination, overwrite } = self;
        storage.publish(&destination, overwrite).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => OutputError::Exists { path },
            _ => OutputError::Commit { path, error },
        })
    }

    /// As [`OutputFile::commit`], but the file appears at `path`, which must be in the same folder.
    ///
    /// # Errors
    /// As [`OutputFile::commit`].
    pub fn commit_as(self, path: &Path, overwrite: Overwrite) -> Result<(), OutputError> {
        let destination = std::path::absolute(path).map_err(|error| create_error(path, error))?;
        OutputFile { path: path.to_owned(), destination, overwrite, ..self }.commit()
    }

    /// `error`, which writing to this file gave, with the file's name and the remedy.
    pub fn error(&self, error: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), error }
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

impl Storage {
    /// The best that the file system of `destination` can do.
    fn in_folder_of(destination: &Path) -> io::Result<Storage> {
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed::create(folder_of(destination)) {
            return Ok(Storage::Unnamed(file));
        }
        Storage::named(destination)
    }

    /// A hidden file beside `destination`, with the permissions of any new file.
    fn named(destination: &Path) -> io::Result<Storage> {
        let prefix = hidden_prefix(destination);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The system takes the umask off.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder_of(destination))?;
        let listed = Unfinished::list(file.path());
        Ok(Storage::Named(file, listed))
    }

    /// A hidden file beside `destination` with all that is in `file`.
    #[cfg(target_os = "linux")]
    fn copied(mut file: File, destination: &Path) -> io::Result<Storage> {
        let mut copy = Storage::named(destination)?;
        file.rewind()?;
        io::copy(&mut file, copy.file())?;
        Ok(copy)
    }

    fn file(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Storage::Unnamed(file) => file,
            Storage::Named(file, _) => file.as_file_mut(),
            Storage::Device(file) => file,
        }
    }

    fn publish(self, destination: &Path, overwrite: Overwrite) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Storage::Unnamed(file) => {
                file.sync_all()?;
                match unnamed::publish(&file, destination, overwrite) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        // Some sandboxes forbid links, which shows only now. Better a copy than no video.
                        return Storage::copied(file, destination)?.publish(destination, overwrite);
                    }
                    result => result?,
                }
            }
            Storage::Named(file, _listed) => {
                file.as_file().sync_all()?;
                match overwrite {
                    Overwrite::Refuse => file.persist_noclobber(destination),
                    Overwrite::Replace => file.persist(destination),
                }
                .map_err(|error| error.error)?;
            }
            Storage::Device(mut file) => return file.flush(),
        }
        sync_folder(folder_of(destination));
        Ok(())
    }
}

/// Looks at what has the name now. `Some` when it is a device that is to be written to as it is.
fn look_at(path: &Path, overwrite: Overwrite) -> Result<Option<Storage>, OutputError> {
    // An empty name is the current folder's.
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

/// A character device that can seek: `/dev/null` and its like, but no terminal, and never a disk.
fn open_device(path: &Path, found: &fs::Metadata) -> Option<Storage> {
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
    Some(Storage::Device(file))
}

/// `path` with its last part followed, should that be a symbolic link, even one to a file that is not there.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows itself.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links, one leading to the next"))
}

/// The folder that holds `file`.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// How the hidden file's name begins: short enough that the rest fits wherever `destination`'s name does.
fn hidden_prefix(destination: &Path) -> OsString {
    const LONGEST: usize = 200;
    let mut prefix = OsString::from(".");
    if let Some(name) = destination.file_name().filter(|name| name.len() <= LONGEST) {
        prefix.push(name);
        prefix.push(".");
    }
    prefix.push("strikeline-");
    prefix
}

/// Makes the name last through a power failure. The file is complete and in its place, so where a system
/// cannot do this (it is not needed, or folders cannot be opened), that is no failure.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn create_error(path: &Path, error: io::Error) -> OutputError {
    OutputError::Create { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_for_file_systems_without_unnamed_files_or_links_work_too() {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("song.mp4");
        let names = || fs::read_dir(&folder).unwrap().count();
        let named = |content: &[u8]| {
            let mut storage = Storage::named(&destination).unwrap();
            storage.file().write_all(content).unwrap();
            storage
        };
        #[cfg(target_os = "linux")]
        let copied = |content: &[u8]| {
            let mut original = tempfile::tempfile().unwrap();
            original.write_all(content).unwrap();
            Storage::copied(original, &destination).unwrap()
        };
        #[cfg(not(target_os = "linux"))]
        let copied = named;

        for storage in [&named as &dyn Fn(&[u8]) -> Storage, &copied] {
            drop(storage(b"dropped"));
            assert_eq!(names(), 0);
            storage(b"one").publish(&destination, Overwrite::Refuse).unwrap();
            let refused = storage(b"two").publish(&destination, Overwrite::Refuse).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&destination).unwrap(), b"one");
            storage(b"three").publish(&destination, Overwrite::Replace).unwrap();
            assert_eq!(fs::read(&destination).unwrap(), b"three");
            assert_eq!(names(), 1);
            fs::remove_file(&destination).unwrap();
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_hidden_file_has_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let ordinary = folder.path().join("ordinary");
        fs::write(&ordinary, "").unwrap();
        let mut hidden = Storage::named(&folder.path().join("song.mp4")).unwrap();
        let mode = |found: fs::Metadata| found.permissions().mode();
        assert_eq!(mode(hidden.file().metadata().unwrap()), mode(fs::metadata(&ordinary).unwrap()));
    }

    #[test]
    fn a_hidden_name_shows_what_it_belongs_to_unless_it_would_be_too_long() {
        assert_eq!(hidden_prefix(Path::new("a/song.mp4")), ".song.mp4.strikeline-");
        assert_eq!(hidden_prefix(&PathBuf::from("x".repeat(255))), ".strikeline-");
    }
}
