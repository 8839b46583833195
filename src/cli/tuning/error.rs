//! Errors of the settings file.

use std::io;
use std::path::PathBuf;

use strikeline_files::why_unreadable;
use strikeline_picture::shown;

use super::settings::MOST_BYTES;
use wgpu_video::output::{self, OutputError};

/// Why settings could not be read or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TuningError {
    /// The system has no folder for settings: set one of the variables.
    #[error("there is no folder for settings: set XDG_CONFIG_HOME or HOME")]
    NoFolder,
    /// The file cannot be read: look at its permissions.
    #[error("the settings {} cannot be read: {}", shown(path), why_unreadable(reason))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        reason: io::Error,
    },
    /// The path is a folder, a pipe or a device: rename or remove it.
    #[error(
        "the settings path {} is not a file; rename or remove what is there, then tune again",
        shown(path)
    )]
    NoFile {
        /// What is there.
        path: PathBuf,
    },
    /// The file is too large to be a settings file: delete it.
    #[error("the settings {} have over {} KiB: delete the file, and tune again", shown(path), MOST_BYTES >> 10)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8: correct or delete it.
    #[error("the settings {} are not UTF-8 text: correct or delete the file, and tune again", shown(path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// The file is not TOML: correct or delete it.
    #[error("{}:{line}: this is not TOML: {reason}; correct or delete the file", shown(path))]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The TOML reader's error.
        reason: String,
    },
    /// The file is TOML, but an entry is wrong.
    #[error("{}:{line}: {text}; correct the line, or delete the file and tune again", shown(path))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what is allowed.
        text: String,
    },
    /// The folder of the file cannot be made or written to. The text names the remedy.
    #[error("settings cannot be saved to {}: {}", shown(path), output::describe(reason))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
