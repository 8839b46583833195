//! What a file can be known by, whatever its name is.

use std::fs::{self, File, Metadata};
use std::path::Path;

/// Tells a file from all others of its machine, as long as it is not written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    device: u64,
    file: u64,
    bytes: u64,
}

impl FileIdentity {
    /// Bytes of [`FileIdentity::to_bytes`].
    pub(crate) const BYTES: usize = 24;

    /// That of an open file. `None` where the system has no such numbers.
    pub(super) fn of(file: &File) -> Option<FileIdentity> {
        FileIdentity::from_metadata(&file.metadata().ok()?)
    }

    /// That of the file at `path`, or to which it leads. `None` where there is none, or the system has no such numbers.
    pub fn at(path: &Path) -> Option<FileIdentity> {
        FileIdentity::from_metadata(&fs::metadata(path).ok()?)
    }

    #[cfg(unix)]
    fn from_metadata(about: &Metadata) -> Option<FileIdentity> {
        use std::os::unix::fs::MetadataExt;
        Some(FileIdentity { device: about.dev(), file: about.ino(), bytes: about.len() })
    }

    #[cfg(not(unix))]
    fn from_metadata(_about: &Metadata) -> Option<FileIdentity> {
        None
    }

    /// The numbers, little-endian.
    pub(crate) fn to_bytes(self) -> [u8; FileIdentity::BYTES] {
        let mut bytes = [0; FileIdentity::BYTES];
        for (place, number) in bytes.chunks_exact_mut(8).zip([self.device, self.file, self.bytes]) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// What [`FileIdentity::to_bytes`] gave.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<FileIdentity> {
        let bytes: &[u8; FileIdentity::BYTES] = bytes.try_into().ok()?;
        let [device, file, length] = [0, 8, 16].map(|at| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(number)
        });
        Some(FileIdentity { device, file, bytes: length })
    }
}
