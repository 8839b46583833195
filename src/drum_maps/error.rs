//! Errors in reading a drum map.

use std::path::PathBuf;

use strikeline_files::why_unreadable;
use strikeline_picture::shown;

use super::{MAX_DRUM_MAP_BYTES, builtin};
use crate::theme::Problem;
use crate::theme::error::{did_you_mean, list};

/// Why a drum map could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrumMapError {
    /// No built-in drum map and no file has that name: use one of the names, or give the file's path.
    #[error(
        "there is no drum map {name:?}{}; the built-in drum maps are {}; for a file of your own give its path, as in \
         ./{}.toml",
        did_you_mean(name, &builtin::NAMES),
        builtin::NAMES.join(", "),
        shown(name)
    )]
    UnknownName {
        /// The name.
        name: String,
    },
    /// The file cannot be read: check its path and permissions.
    #[error("the drum map {} cannot be read: {}", shown(path), why_unreadable(reason))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        reason: std::io::Error,
    },
    /// The path is that of a folder: give the path of a file in it.
    #[error("the drum map {} is a folder; give the path of the .toml file", shown(path))]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The file is larger than [`MAX_DRUM_MAP_BYTES`], so it is probably not a drum map: check its path.
    #[error(
        "the drum map {} is larger than {} MiB, the most that is read; check that the path is that of a drum map, a \
         text file in the TOML format",
        shown(path),
        MAX_DRUM_MAP_BYTES >> 20
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8: save it as UTF-8 text.
    #[error("{}:{line}: this is not UTF-8; save the file as UTF-8 text", shown(path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first line that is not UTF-8, from 1.
        line: usize,
    },
    /// The file is not TOML: correct the line.
    #[error("{}:{line}: this is not TOML: {reason}", shown(path))]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with the line.
        reason: String,
    },
    /// The file is TOML, but has keys or values that are not allowed in a drum map: correct those listed.
    #[error("{}", list(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, by line; at least one.
        problems: Vec<Problem>,
    },
}
