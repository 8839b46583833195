//! Keeps finished segments in files, so that nothing that was rendered is lost or rendered twice.
//!
//! A [`SegmentFile`] takes finished segments, and packets of sound, in any order. A [`Journal`] is the segment file beside the
//! output while a long video is made: after an interruption, the next run continues from it. A part of a video that is made
//! on another machine is a segment file, too.
//!
//! # Format
//!
//! The file begins with the 16 bytes `wgpu-video segm1`. Records follow, and nothing else; numbers are little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | kind: `HEAD`, `SEGM` (a segment), `ELSE` (a segment whose data is elsewhere), `TRCK` (the description of the sound), `SOUN` (the sound of a segment) or `DONE` |
//! | 8 | number of the segment, from 0; 0 in records that belong to no segment |
//! | 8 | length of the content in bytes |
//! | length | content |
//! | 32 | checksum: the BLAKE3 hash of all bytes of the record before it, keyed with the file's [`SegmentKey`] |
//!
//! The content of `ELSE` is that of `SEGM` with the BLAKE3 hash of the access units in their place.
//!
//! `HEAD` is the first record. Its content is the key itself (32 bytes) and a text about the file. `DONE` is the last record of
//! a file that is complete. In a journal, its content identifies the file of the video by three numbers of 8 bytes: the device,
//! the file on it, and its length. A record with a wrong checksum was cut off or damaged; it is ignored, and so is everything
//! behind it. So if a file was cut off anywhere, or its end was never written to the disk, all whole records before that place
//! can still be used.

mod contents;
mod join;
mod payload;
mod record;
mod resume;
mod segment_file;

pub(crate) use contents::Elsewhere;
pub use contents::{Contents, about_file, video_of_file};
pub use join::{join, keep_sound};
pub use record::SegmentKey;
pub use resume::{Journal, JournalPlace};
pub use segment_file::{SegmentFile, is_in_use, remove_unused};

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
    /// The file is not a segment file. Choose another name, or remove it.
    #[error("{} is not a file of finished segments: choose another name, or remove it", shown(path))]
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
    /// Another thread of this process is using the journal. Try again, or do without.
    #[error("another thread is using the journal: try again")]
    Busy,
    /// The place or the key of a journal could not be determined.
    #[error("{reason}")]
    Place {
        /// Why.
        reason: String,
    },
    /// A record was whole when the file was opened, and is damaged now. Remove the file, and make the video again.
    #[error("{} is damaged at byte {at}: remove it, and make the video again", shown(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        at: u64,
    },
}
