//! Finished segments in files, so that nothing that was rendered is lost, and nothing is rendered twice.
//!
//! A [`SegmentFile`] takes finished segments, and packets of sound, as they come, in any order. [`Journal`] is the one that
//! lies beside the output while a long video is made: a run that was interrupted goes on from it. A part of a video that is
//! made on another machine is such a file, too.
//!
//! # Format
//!
//! The file begins with the 16 bytes `wgpu-video segm1`. Records follow, and nothing else; numbers are little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | kind: `HEAD`, `SEGM` (a segment), `TRCK` (what the sound is), `SOUN` (the sound of a segment) or `DONE` |
//! | 8 | number of the segment; of other records 0 |
//! | 8 | length of the content in bytes |
//! | length | content |
//! | 32 | BLAKE3 of all of these bytes, keyed with the file's [`SegmentKey`] |
//!
//! `HEAD` is the first record; its content is the key itself (32 bytes), and a text about the file. `DONE` is the last one of
//! a file that is complete; in a journal its content says which file is the video (three numbers of 8 bytes: of the device, of
//! the file on it, and its length). What does not fit its checksum, and all that follows it, was torn off or damaged and does not
//! count. So a file that was cut off anywhere, or whose end was never written to the disk, is as good as its whole records.

mod content;
mod join;
mod record;
mod resume;
mod segment_file;

pub use join::{join, keep_sound};
pub use record::SegmentKey;
pub use resume::{Journal, JournalPlace};
pub use segment_file::{Contents, SegmentFile, about_file, remove_unused, video_of_file};

use std::io;
use std::path::PathBuf;

use crate::output::describe;
use strikeline_picture::shown;

/// Why finished segments cannot be kept in a file, or read from one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be opened, read or written. The text names the remedy.
    #[error("cannot use {}: {}", shown(path), describe(error))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is not one of finished segments. Choose another name, or remove it.
    #[error("{} is no file of finished segments: choose another name, or remove it", shown(path))]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file belongs to another video.
    #[error(
        "{} belongs to another video or to other settings ({}): choose another name, or remove it",
        shown(path),
        about
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// What the file says about itself.
        about: String,
    },
    /// Another process writes to the file. Wait until it has ended.
    #[error("{} is in use: another process writes to it; wait until that has ended", shown(path))]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Another thread of this process works with the journal. Try again, or do without.
    #[error("another thread works with the journal: try again")]
    Busy,
    /// It is not known where a journal is to be, or what its key is.
    #[error("{reason}")]
    Place {
        /// Why.
        reason: String,
    },
    /// The content of a record was damaged after it was found to be whole. Remove the file, and make the video anew.
    #[error("{} is damaged at byte {at}: remove it", shown(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        at: u64,
    },
}
