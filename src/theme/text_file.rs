//! Reads text files that people write, with a limit to their size.

use std::ffi::OsStr;
use std::path::Path;

use strikeline_files::ReadError;

/// Characters of a file's name that become the name of what is in it; at most what that name allows.
const LONGEST_NAME: usize = 64;

/// Why a text file could not be read.
pub(crate) enum TextFileError {
    /// The path is that of a folder.
    Folder,
    /// The file cannot be opened or read.
    Unreadable(std::io::Error),
    /// The file has more bytes than the limit.
    TooLarge,
    /// The file is not UTF-8.
    NotUtf8 {
        /// The first line that is not UTF-8, from 1.
        line: usize,
    },
}

/// The text of the file at `path`, of at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<String, TextFileError> {
    if path.is_dir() {
        return Err(TextFileError::Folder);
    }
    let bytes = strikeline_files::read(path, most).map_err(|error| match error {
        ReadError::Unreadable(reason) => TextFileError::Unreadable(reason),
        ReadError::TooLarge { .. } => TextFileError::TooLarge,
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        TextFileError::NotUtf8 { line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    })
}

/// Whether `name_or_file` is meant as the path of a file rather than as a name: it has an extension or a folder, or
/// there is such a file.
pub(crate) fn is_path(name_or_file: &OsStr) -> bool {
    let path = Path::new(name_or_file);
    path.extension().is_some() || path.components().count() > 1 || path.exists()
}

/// The name of what is in a file that gives none: the file's own, without its extension.
pub(crate) fn name_of(origin: &Path) -> String {
    let stem = origin.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect()
}
