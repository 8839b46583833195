//! Records: each piece of content in a segment file, with a header before it and a checksum behind it.

use std::fmt;
use std::io::{self, Read, Write};

/// The first bytes of every segment file.
pub(super) const MAGIC: &[u8; 16] = b"wgpu-video segm1";

/// Bytes of a record before its content.
pub(super) const HEADER_BYTES: u64 = 4 + 8 + 8;

/// Bytes of a record behind its content.
pub(super) const CHECKSUM_BYTES: u64 = blake3::OUT_LEN as u64;

/// A hash of everything that the bytes of a video's segments depend on: two files with equal keys have equal segments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentKey(pub [u8; 32]);

impl SegmentKey {
    /// The key of a video that `parts` describe together: each is the name of a property and its value.
    pub fn of<'p>(parts: impl IntoIterator<Item = (&'p str, &'p [u8])>) -> SegmentKey {
        let mut hasher = blake3::Hasher::new();
        for (name, value) in parts {
            // With their lengths, so that no two lists give the same bytes.
            for bytes in [name.as_bytes(), value] {
                hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
            }
        }
        SegmentKey(*hasher.finalize().as_bytes())
    }
}

/// The key as 64 hexadecimal digits.
impl fmt::Display for SegmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SegmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentKey({self})")
    }
}

/// The kind of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Head,
    Segment,
    Elsewhere,
    SoundTrack,
    Sound,
    Done,
}

impl Kind {
    const ALL: [(Kind, &'static [u8; 4]); 6] = [
        (Kind::Head, b"HEAD"),
        (Kind::Segment, b"SEGM"),
        (Kind::Elsewhere, b"ELSE"),
        (Kind::SoundTrack, b"TRCK"),
        (Kind::Sound, b"SOUN"),
        (Kind::Done, b"DONE"),
    ];

    fn of(tag: [u8; 4]) -> Option<Kind> {
        Kind::ALL.into_iter().find(|(_, known)| **known == tag).map(|(kind, _)| kind)
    }

    fn tag(self) -> [u8; 4] {
        Kind::ALL.into_iter().find(|(kind, _)| *kind == self).map_or([0; 4], |(_, tag)| *tag)
    }
}

/// The header of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub kind: Kind,
    pub segment: u64,
    pub length: u64,
}

impl RecordHeader {
    fn bytes(&self) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        bytes[..4].copy_from_slice(&self.kind.tag());
        bytes[4..12].copy_from_slice(&self.segment.to_le_bytes());
        bytes[12..].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    fn of(bytes: [u8; HEADER_BYTES as usize]) -> Option<RecordHeader> {
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(number)
        };
        let kind = Kind::of([bytes[0], bytes[1], bytes[2], bytes[3]])?;
        Some(RecordHeader { kind, segment: number(4), length: number(12) })
    }

    /// Length of the whole record in bytes; `None` if it is more than a `u64` can hold.
    pub(super) fn record_bytes(&self) -> Option<u64> {
        self.length.checked_add(HEADER_BYTES + CHECKSUM_BYTES)
    }
}

/// Writes a record whose content is `parts`, one after the other. Returns the length of the record in bytes.
pub(super) fn write(
    writer: &mut impl Write,
    key: &SegmentKey,
    (kind, segment): (Kind, u64),
    parts: &[&[u8]],
) -> io::Result<u64> {
    let length = parts.iter().map(|part| part.len() as u64).sum();
    let header = RecordHeader { kind, segment, length };
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(&header.bytes());
    writer.write_all(&header.bytes())?;
    for part in parts {
        hasher.update(part);
        writer.write_all(part)?;
    }
    writer.write_all(hasher.finalize().as_bytes())?;
    Ok(length + HEADER_BYTES + CHECKSUM_BYTES)
}

/// Reads the next record, checks it, and gives its content to `take` in pieces. `None` at the end of the file, and if the
/// record is cut off or damaged. `take` may already have got pieces of a damaged record.
///
/// The memory that this needs does not depend on the content of the file.
///
/// # Errors
/// When `reader` fails.
pub(super) fn read(
    reader: &mut impl Read,
    key: &SegmentKey,
    mut take: impl FnMut(&[u8]),
) -> io::Result<Option<RecordHeader>> {
    let mut header = [0; HEADER_BYTES as usize];
    if !fill(reader, &mut header)? {
        return Ok(None);
    }
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(&header);
    let Some(header) = RecordHeader::of(header) else { return Ok(None) };
    let mut piece = [0; 64 * 1024];
    let mut left = header.length;
    while left > 0 {
        let length = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if !fill(reader, &mut piece[..length])? {
            return Ok(None);
        }
        hasher.update(&piece[..length]);
        take(&piece[..length]);
        left -= length as u64;
    }
    let mut checksum = [0; CHECKSUM_BYTES as usize];
    let whole = fill(reader, &mut checksum)? && *hasher.finalize().as_bytes() == checksum;
    Ok(whole.then_some(header))
}

/// Fills `bytes` from `reader`. Returns `false` if the file ends before they are full.
pub(super) fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
