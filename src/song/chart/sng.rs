//! The container of a song's files, `.sng` (github.com/mdsitton/SngFileFormat): a header, the tags of `song.ini`, an index of
//! the files, and the files, masked. All numbers are little-endian.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::stems::{PackedFile, Stem, StemKind};
use super::tags::ChartTags;
use crate::song::MAX_FILE_BYTES;
use crate::song::error::SongError;
use crate::song::warning::SongWarning;

/// What such a file begins with.
const SIGNATURE: &[u8; 6] = b"SNGPKG";
/// The version that is known.
const VERSION: u32 = 1;
/// The largest recording that is read out of one.
const MAX_PACKED_BYTES: u64 = 256 << 20;
/// The largest tables that are read: the tags, and the index. Real ones have some kilobytes.
const MAX_TABLE_BYTES: u64 = 16 << 20;

/// The header, tags and index of a `.sng` file, and the file itself, from which parts are read when they are needed.
pub(in crate::song) struct SngFile<R> {
    file: R,
    mask: [u8; 16],
    tags: ChartTags,
    files: Vec<(String, PackedFile)>,
}

/// Whether a file that begins so is one.
pub(in crate::song) fn is_sng(beginning: &[u8]) -> bool {
    beginning.starts_with(SIGNATURE)
}

impl<R: Read + Seek> SngFile<R> {
    /// Reads all but the files in it.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub(in crate::song) fn open(mut file: R) -> Result<SngFile<R>, SongError> {
        let unreadable = |reason: io::Error| match reason.kind() {
            io::ErrorKind::UnexpectedEof => damaged(0, "it ends within its header"),
            _ => SongError::Unreadable { reason },
        };
        let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let mut header = [0; 26];
        file.read_exact(&mut header).map_err(unreadable)?;
        let (head, mask) = header.split_at(10);
        let mask = <[u8; 16]>::try_from(mask).unwrap_or_default();
        if !is_sng(head) {
            return Err(damaged(0, "it does not begin as one"));
        }
        let version =
            u32::from_le_bytes(head.get(6..10).and_then(|it| it.try_into().ok()).unwrap_or_default());
        let mut tags = ChartTags::default();
        if version != VERSION {
            tags.warnings.push(SongWarning::UnknownSngVersion { version });
        }
        let (at, table) = read_table(&mut file, 26, length)?;
        read_tags(&mut Table { at, bytes: &table }, &mut tags)?;
        let next = at + table.len() as u64;
        let (at, table) = read_table(&mut file, next, length)?;
        let files = read_index(&mut Table { at, bytes: &table }, length, &mut tags)?;
        Ok(SngFile { file, mask, tags, files })
    }

    /// Its tags, which are those of a `song.ini`, once.
    pub(in crate::song) fn take_tags(&mut self) -> ChartTags {
        std::mem::take(&mut self.tags)
    }

    /// The names of the files in it.
    pub(in crate::song) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(name, _)| name.as_str())
    }

    /// The files in it as stems, of which the kind is not known yet.
    pub(in crate::song) fn as_stems(&self) -> Vec<(String, Stem)> {
        let stem = |(name, place): &(String, PackedFile)| {
            let stem = Stem { file: PathBuf::from(name), kind: StemKind::Song, packed: Some(*place) };
            (name.clone(), stem)
        };
        self.files.iter().map(stem).collect()
    }

    /// The bytes of a file in it; `None` when it has none of that name.
    pub(in crate::song) fn read_file(&mut self, name: &str) -> Option<Result<Vec<u8>, SongError>> {
        let (_, place) = self.files.iter().find(|(known, _)| known == name)?;
        let place = *place;
        Some(self.read_place(place, MAX_FILE_BYTES))
    }

    fn read_place(&mut self, place: PackedFile, limit: u64) -> Result<Vec<u8>, SongError> {
        if place.length > limit {
            return Err(SongError::TooLarge { limit });
        }
        let unreadable = |reason| SongError::Unreadable { reason };
        self.file.seek(SeekFrom::Start(place.offset)).map_err(unreadable)?;
        let mut bytes = Vec::new();
        (&mut self.file).take(place.length).read_to_end(&mut bytes).map_err(unreadable)?;
        // Each byte is combined with one of the mask's and with its own place.
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte ^= self.mask[place % 16] ^ place as u8;
        }
        Ok(bytes)
    }
}

/// Reads a file out of a `.sng` file: a stem that [`Stem::packed`] places there.
///
/// # Errors
/// When the `.sng` file is damaged or cannot be read, has nothing at that place, or the file is larger than
/// 256 MiB. The error names the `.sng` file.
pub fn read_packed(sng: &Path, place: PackedFile) -> Result<Vec<u8>, SongError> {
    let in_file = |problem| SongError::InFile { path: sng.to_owned(), problem: Box::new(problem) };
    let file =
        strikeline_files::open_regular(sng).map_err(|reason| in_file(SongError::Unreadable { reason }))?;
    let mut opened = SngFile::open(io::BufReader::new(file)).map_err(in_file)?;
    if opened.files.iter().all(|(_, known)| *known != place) {
        return Err(in_file(damaged(place.offset, "no file lies there")));
    }
    opened.read_place(place, MAX_PACKED_BYTES).map_err(in_file)
}

fn damaged(offset: u64, reason: &'static str) -> SongError {
    SongError::SngDamaged { offset, reason }
}

/// Reads the table at `at`, which its length precedes. Returns where it begins.
fn read_table<R: Read + Seek>(file: &mut R, at: u64, file_length: u64) -> Result<(u64, Vec<u8>), SongError> {
    let unreadable = |reason: io::Error| match reason.kind() {
        io::ErrorKind::UnexpectedEof => damaged(at, "it ends within a table"),
        _ => SongError::Unreadable { reason },
    };
    file.seek(SeekFrom::Start(at)).map_err(unreadable)?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(unreadable)?;
    let (start, length) = (at + 8, u64::from_le_bytes(length));
    if length > file_length.saturating_sub(start) {
        return Err(damaged(at, "a table is longer than the file"));
    }
    if length > MAX_TABLE_BYTES {
        return Err(damaged(at, "a table has more than 16 MiB"));
    }
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((start, bytes))
}

/// The rest of a table, and where in the file it is.
struct Table<'a> {
    at: u64,
    bytes: &'a [u8],
}

impl<'a> Table<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], SongError> {
        let ends = || damaged(self.at, "a table ends within an entry");
        let count = usize::try_from(count).map_err(|_| ends())?;
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(ends)?;
        self.at += taken.len() as u64;
        self.bytes = rest;
        Ok(taken)
    }

    /// A number of `N` bytes, 8 at most.
    fn number<const N: usize>(&mut self) -> Result<u64, SongError> {
        let bytes = self.take(N as u64)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

fn read_tags(table: &mut Table<'_>, tags: &mut ChartTags) -> Result<(), SongError> {
    let count = table.number::<8>()?;
    for _ in 0..count {
        let key_length = table.number::<4>()?;
        let key = String::from_utf8_lossy(table.take(key_length)?);
        let value_length = table.number::<4>()?;
        let (at, value) = (table.at, String::from_utf8_lossy(table.take(value_length)?));
        if let Err(reason) = tags.set(&key, &value) {
            tags.warnings.push(SongWarning::SngTag { offset: at, reason });
        }
    }
    Ok(())
}

fn read_index(
    table: &mut Table<'_>,
    file_length: u64,
    tags: &mut ChartTags,
) -> Result<Vec<(String, PackedFile)>, SongError> {
    let count = table.number::<8>()?;
    let mut files = Vec::new();
    for _ in 0..count {
        let entry = table.at;
        let name_length = table.number::<1>()?;
        let name = String::from_utf8_lossy(table.take(name_length)?).into_owned();
        let place = PackedFile { length: table.number::<8>()?, offset: table.number::<8>()? };
        let is_within = place.offset.checked_add(place.length).is_some_and(|end| end <= file_length);
        // The format forbids control characters; in a terminal they would do harm.
        if is_within && !name.contains(char::is_control) {
            files.push((name, place));
        } else {
            tags.warnings
                .push(SongWarning::SngEntryOutside { offset: entry, name: name.chars().take(100).collect() });
        }
    }
    Ok(files)
}
