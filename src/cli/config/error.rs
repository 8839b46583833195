//! Errors of the configuration file.

use std::io;
use std::path::PathBuf;

use strikeline_files::why_unreadable;
use strikeline_picture::shown;

use super::file::MOST_BYTES;

/// Why the configuration cannot be used. `--no-config` does without it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read: look at its permissions.
    #[error("the configuration {} cannot be read: {}", shown(path), why_unreadable(reason))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The file is too large to be a configuration.
    #[error("the configuration {} has over {} KiB: move the file away", shown(path), MOST_BYTES >> 10)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8.
    #[error("the configuration {} is not UTF-8 text: save it as UTF-8", shown(path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A line is wrong.
    #[error("{}:{line}: {text}", shown(path))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what is allowed.
        text: String,
    },
}
