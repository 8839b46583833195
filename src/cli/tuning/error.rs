//! What can be wrong with the settings file.

use std::io;
use std::path::PathBuf;

use super::settings::MOST_BYTES;
use wgpu_video::output::{self, OutputError};

/// Why settings could not be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuningError {
    /// The system knows no folder for settings: set one of the variables.
    #[error("there is no folder for settings: set XDG_CONFIG_HOME or HOME")]
    NoFolder,
    /// The file cannot be read: look at its permissions.
    #[error("the settings {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        reason: io::Error,
    },
    /// The name is that of a folder, a pipe or a device: move it away.
    #[error("the settings {} are not a file: move what is there away", path.display())]
    NoFile {
        /// What is there.
        path: PathBuf,
    },
    /// The file is larger than anyone's settings: delete it.
    #[error("the settings {} have over {} KiB: delete the file, and tune again", path.display(), MOST_BYTES >> 10)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8: mend or delete it.
    #[error("the settings {} are not UTF-8 text: mend or delete the file, and tune again", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// The file is not TOML: mend or delete it.
    #[error("{}:{line}: this is not TOML: {reason}; mend or delete the file", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the TOML reader says.
        reason: String,
    },
    /// The file is TOML, but an entry is not one.
    #[error("{}:{line}: {text}; mend the line, or delete the file and tune again", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what is allowed.
        text: String,
    },
    /// The folder of the file cannot be made or written to. The text names the remedy.
    #[error("settings cannot be kept in {}: {}", path.display(), output::describe(reason))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
