//! The settings file: it is read as a whole, changed one entry at a time, and replaced in one step.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Key, Tuned, TuningError, document, location};
use wgpu_video::output::{OutputFile, Overwrite};

/// Largest file that is read, in bytes.
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// How long one writer waits for another, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// The content of a settings file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Settings {
    /// In the order of the file; no two for the same key.
    pub entries: Vec<Entry>,
}

/// One entry of a settings file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// What it was measured for.
    pub key: Key,
    /// The settings found.
    pub tuned: Tuned,
}

impl Settings {
    /// The settings found for `key`.
    pub(crate) fn get(&self, key: &Key) -> Option<&Tuned> {
        self.entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.tuned)
    }
}

/// A settings file, which need not exist.
///
/// It is a TOML file with one `[[tuned]]` table for each [`Key`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    /// The settings file at `path`.
    pub(crate) fn at(path: impl Into<PathBuf>) -> SettingsFile {
        SettingsFile { path: path.into() }
    }

    /// The user's: `strikeline/tuned.toml` in `$XDG_CONFIG_HOME`, or else in the system's folder for settings
    /// (`~/.config`; macOS: `~/Library/Application Support`; Windows: `%APPDATA%`). `None` if there is no
    /// such folder.
    pub(crate) fn of_user() -> Option<SettingsFile> {
        location::in_settings_folder("tuned.toml").map(SettingsFile::at)
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it; empty if there is no such file.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub(crate) fn read(&self) -> Result<Settings, TuningError> {
        document::parse(&self.text()?, &self.path)
    }

    /// Checks that [`SettingsFile::store`] is likely to work. Leaves nothing behind.
    ///
    /// # Errors
    /// As [`SettingsFile::store`].
    pub(crate) fn check(&self) -> Result<(), TuningError> {
        self.read()?;
        let folder = self.folder();
        let is_there = |folder: &&Path| folder.symlink_metadata().is_ok();
        let there = folder.ancestors().find(is_there).unwrap_or(folder);
        tempfile::tempfile_in(there)
            .map(drop)
            .map_err(|reason| TuningError::Folder { path: folder.to_owned(), reason })
    }

    /// Sets the entry for `key`, and makes the file and its folder if they are not there. Everything else in the
    /// file stays as it is, comments included. At any time the path names the whole old file or the whole new
    /// one. Several programs may store at the same time.
    ///
    /// # Errors
    /// When the file is damaged or cannot be written. It is unchanged then.
    pub(crate) fn store(&self, key: &Key, tuned: &Tuned) -> Result<(), TuningError> {
        let failed = |reason| TuningError::Folder { path: self.folder().to_owned(), reason };
        fs::create_dir_all(self.folder()).map_err(failed)?;
        let lock = self.lock().map_err(failed)?;
        let text = document::with_entry(&self.text()?, &self.path, key, tuned)?;
        let mut file = OutputFile::create(&self.path, Overwrite::Replace)?;
        file.write_all(text.as_bytes()).map_err(|error| file.error(error))?;
        file.commit()?;
        drop(lock);
        Ok(())
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// Locks out other writers until it is dropped. The locked file is a hidden one beside this one, because a lock of
    /// this one would be lost when it is replaced.
    fn lock(&self) -> io::Result<File> {
        let mut name = std::ffi::OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(".lock");
        let file = File::options().create(true).append(true).open(self.path.with_file_name(name))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                // On file systems without locks it is better to save without one than not at all.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(file);
                }
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if started.elapsed() > PATIENCE => {
                    return Err(io::Error::other("another strikeline has been writing there for too long"));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn text(&self) -> Result<String, TuningError> {
        let path = || self.path.clone();
        let unreadable = |reason| TuningError::Unreadable { path: path(), reason };
        match fs::metadata(&self.path) {
            // Opening a pipe would wait for a writer.
            Ok(found) if !found.is_file() => return Err(TuningError::NoFile { path: path() }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            Err(error) => return Err(unreadable(error)),
        }
        let mut bytes = Vec::new();
        strikeline_files::open_regular(&self.path)
            .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(TuningError::TooLarge { path: path() });
        }
        String::from_utf8(bytes).map_err(|_| TuningError::NotUtf8 { path: path() })
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
