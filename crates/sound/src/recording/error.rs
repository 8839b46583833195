//! What can go wrong with a recording.

use std::path::{Path, PathBuf};

use strikeline_files::why_unreadable;
use strikeline_picture::shown;

/// Error of opening, reading or copying a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read at all.
    #[error("the recording {path} cannot be read: {reason}", path = shown(path), reason = why_unreadable(error))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A folder, a pipe or a device: only regular files can be read twice and from any place.
    #[error(
        "the recording {path} is {kind}, not a regular file: save the sound to a file first",
        path = shown(path)
    )]
    NotAFile {
        /// What was given.
        path: PathBuf,
        /// What it is, with an article.
        kind: &'static str,
    },
    /// The file has no bytes.
    #[error("the recording {path} is empty", path = shown(path))]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No reader knows this format.
    #[error(
        "the recording {path} is not in a format that can be read ({why}): \
         convert it to WAV, FLAC, MP3, M4A, Ogg Vorbis or Opus",
        path = shown(path)
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        why: String,
    },
    /// There is no sound in the file.
    #[error("the file {path} has no sound track", path = shown(path))]
    NoSound {
        /// The file.
        path: PathBuf,
    },
    /// A sound track was asked for that the file does not have.
    #[error("the file {path} has no sound track {index}: it has {count}, counted from 0", path = shown(path))]
    NoSuchTrack {
        /// The file.
        path: PathBuf,
        /// The track asked for, from 0.
        index: usize,
        /// Sound tracks in the file.
        count: usize,
    },
    /// The sound is encrypted.
    #[error("the sound in {path} is encrypted (DRM): use a copy without it", path = shown(path))]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The codec, or what it was used with, is not supported.
    #[error("the sound in {path} is {codec}, which cannot be decoded here ({why}): convert it to WAV or FLAC", path = shown(path))]
    Codec {
        /// The file.
        path: PathBuf,
        /// Name of the codec.
        codec: String,
        /// What is missing.
        why: String,
    },
    /// Rate or channels are outside of what is supported, or not said in the file.
    #[error("the sound in {path} cannot be used: {why}", path = shown(path))]
    Shape {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file is damaged, and [`Damage::Fail`](super::Damage::Fail) was asked for.
    #[error(
        "the recording {path} is damaged at {seconds:.3} s: {why}. Get a whole copy, or let what plays be kept",
        path = shown(path)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Position in the sound, in seconds.
        seconds: f64,
        /// What the reader or decoder says.
        why: String,
    },
    /// A reader or decoder stopped with a panic, which is a defect of it.
    #[error(
        "the {what} for {path} failed on this file, which is a defect of the program ({message}): \
         convert the file to WAV or FLAC",
        path = shown(path)
    )]
    Panicked {
        /// The file.
        path: PathBuf,
        /// Which part.
        what: &'static str,
        /// Message of the panic.
        message: String,
    },
}

impl RecordingError {
    pub(super) fn read(path: &Path, error: std::io::Error) -> RecordingError {
        RecordingError::Read { path: path.to_path_buf(), error }
    }
}
