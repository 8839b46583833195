//! Output files that appear under their name only when they are complete.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Whether a file that exists may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It is an error if the name exists, also if it comes up in the meantime.
    Refuse,
    /// It is replaced, at once and as a whole, when the new one is complete.
    Replace,
}

/// Why an output file could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The name is taken. Choose another, or allow to replace it.
    #[error("{} exists already: choose another name, or replace it with --force", .path.display())]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// The name is that of a directory, a device or a pipe, which cannot be a video or picture file.
    #[error("{} is {what}, not a file: choose a file name", .path.display())]
    NotAFile {
        /// The name.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The system refused. The text names the remedy where it is known.
    #[error("{} cannot be written: {}", .path.display(), remedy(.source))]
    Io {
        /// The name.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What the system said, and what to do.
fn remedy(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full; free some space, or choose another disk",
        io::ErrorKind::QuotaExceeded => "your disk quota is full; free some space, or choose another disk",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; choose another",
        io::ErrorKind::PermissionDenied => "you have no permission to write there; choose another folder",
        io::ErrorKind::NotFound => "the folder does not exist; make it first, or choose another",
        io::ErrorKind::NotADirectory => "a part of the path is no folder; choose another",
        io::ErrorKind::FileTooLarge => "the file would be larger than the system allows",
        _ => return error.to_string(),
    };
    format!("{advice} ({error})")
}

/// A file being written. It has no name, or a hidden one beside its own, until [`OutputFile::commit`];
/// dropped before that, it is gone. On Linux, where the file system can do it, it has no name at all: not
/// even a crash or a power cut leaves anything.
#[derive(Debug)]
pub struct OutputFile {
    /// What the user named, for messages.
    named: PathBuf,
    /// Where it will be: behind symbolic links, if the name is one.
    target: PathBuf,
    overwrite: Overwrite,
    backing: Backing,
}

#[derive(Debug)]
enum Backing {
    #[cfg(target_os = "linux")]
    Unnamed(File),
    Hidden(NamedTempFile),
}

impl OutputFile {
    /// Opens a file that will be `path`. A symbolic link is followed: what it points to is made or replaced.
    ///
    /// # Errors
    /// When `path` exists and may not be replaced, is no file, or its folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<OutputFile, OutputError> {
        let named = path.to_path_buf();
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(OutputError::NotAFile { path: named, what: "a folder" });
            }
            Ok(found) if !found.is_file() => {
                return Err(OutputError::NotAFile { path: named, what: "a device or a pipe" });
            }
            Ok(_) if overwrite == Overwrite::Refuse => return Err(OutputError::Exists { path: named }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(OutputError::Io { path: named, source }),
        }
        let io = |source| OutputError::Io { path: path.to_path_buf(), source };
        let target = behind_links(path).map_err(io)?;
        let backing = Backing::create(&target).map_err(io)?;
        Ok(OutputFile { named, target, overwrite, backing })
    }

    /// Makes the file appear, complete and on the disk. Until now nothing was there, or what was before.
    ///
    /// # Errors
    /// When it cannot be written to the end, or the name has come up in the meantime and may not be replaced.
    pub fn commit(self) -> Result<(), OutputError> {
        let OutputFile { named, target, overwrite, backing } = self;
        let published = backing.publish(&target, overwrite).and_then(|()| sync_folder(&target));
        published.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => OutputError::Exists { path: named },
            _ => OutputError::Io { path: named, source },
        })
    }

    /// As an error of this file.
    pub fn error(&self, source: io::Error) -> OutputError {
        OutputError::Io { path: self.named.clone(), source }
    }

    fn file(&mut self) -> &mut File {
        match &mut self.backing {
            #[cfg(target_os = "linux")]
            Backing::Unnamed(file) => file,
            Backing::Hidden(file) => file.as_file_mut(),
        }
    }
}

impl Backing {
    fn create(target: &Path) -> io::Result<Backing> {
        #[cfg(target_os = "linux")]
        match linux::unnamed_in(folder_of(target)) {
            Ok(file) => return Ok(Backing::Unnamed(file)),
            // Any other way for file systems that cannot (or kernels that hide /proc).
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(error) => return Err(error),
        }
        Backing::hidden(target)
    }

    fn hidden(target: &Path) -> io::Result<Backing> {
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(target.file_name().unwrap_or_default());
        prefix.push(".strikeline-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        // As for any new file, the umask takes away from this; tempfile's default is to hide it from others.
        #[cfg(unix)]
        builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
        Ok(Backing::Hidden(builder.tempfile_in(folder_of(target))?))
    }

    fn publish(self, target: &Path, overwrite: Overwrite) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Backing::Unnamed(file) => {
                file.sync_all()?;
                linux::publish(&file, target, overwrite)
            }
            Backing::Hidden(file) => {
                file.as_file().sync_all()?;
                match overwrite {
                    Overwrite::Refuse => file.persist_noclobber(target),
                    Overwrite::Replace => file.persist(target),
                }
                .map(|_| ())
                .map_err(|error| error.error)
            }
        }
    }
}

/// The folder that `path` lies in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Where `path` leads when its last part is a symbolic link, or a chain of them.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(link) => path = folder_of(&path).join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// A name is on the disk when its folder is.
fn sync_folder(target: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(folder_of(target)).and_then(|folder| folder.sync_all()) {
        // Some file systems cannot, and some folders may be written but not read; the file itself is safe.
        Err(error) if !matches!(error.kind(), io::ErrorKind::StorageFull) => {}
        result => result?,
    }
    #[cfg(not(unix))]
    let _ = target;
    Ok(())
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Read for OutputFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file().read(bytes)
    }
}

impl Seek for OutputFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file().seek(to)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    //! Files without a name (`O_TMPFILE`, open(2)) that get one when they are complete (linkat(2)).

    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
    use rustix::io::Errno;

    use super::{Overwrite, folder_of};

    /// A file in `folder` that has no name; [`io::ErrorKind::Unsupported`] where that cannot be.
    pub fn unnamed_in(folder: &Path) -> io::Result<File> {
        let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
        if !Path::new("/proc/self/fd").exists() {
            return Err(unsupported());
        }
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        match openat(CWD, folder, flags, mode) {
            Ok(file) => Ok(File::from(file)),
            // Old kernels take the flag for O_DIRECTORY.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Err(unsupported()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives `file` the name `target`.
    pub fn publish(file: &File, target: &Path, overwrite: Overwrite) -> io::Result<()> {
        let link = |name: &Path| {
            let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
            linkat(CWD, itself, CWD, name, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
        };
        match (link(target), overwrite) {
            (Err(error), Overwrite::Replace) if error.kind() == io::ErrorKind::AlreadyExists => {}
            (result, _) => return result,
        }
        // A name beside it for an instant, then one rename over the old file.
        let beside = tempfile::Builder::new()
            .prefix(".strikeline-")
            .make_in(folder_of(target), |name| link(name))?
            .into_temp_path();
        beside.persist(target).map_err(|error| error.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_for_other_file_systems_works_too() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("file");
        for (overwrite, ok) in
            [(Overwrite::Refuse, true), (Overwrite::Refuse, false), (Overwrite::Replace, true)]
        {
            let mut backing = Backing::hidden(&target).unwrap();
            let Backing::Hidden(file) = &mut backing else { unreachable!() };
            file.write_all(b"content").unwrap();
            assert_eq!(backing.publish(&target, overwrite).is_ok(), ok);
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        }
        assert_eq!(fs::read(&target).unwrap(), b"content");
        drop(Backing::hidden(&target).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}
