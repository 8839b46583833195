//! What a Matroska or WebM file says of its tracks (RFC 9559) beyond what the demuxer tells: which is the default, and which are
//! encrypted or compressed. Elements are walked one by one; nothing of a size that the file names is ever allocated.

use std::io::{Read, Seek, SeekFrom};

/// A track of a Matroska file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MatroskaTrack {
    pub(super) number: u64,
    pub(super) default: bool,
    pub(super) encrypted: bool,
    /// Compressed by the container, or with its packets' first bytes left out.
    pub(super) compressed: bool,
}

/// Elements that are looked at before a file is taken for hostile.
const MAX_ELEMENTS: u32 = 100_000;

const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const FLAG_DEFAULT: u32 = 0x88;
const CONTENT_ENCODINGS: u32 = 0x6d80;
const CONTENT_ENCODING: u32 = 0x6240;
const CONTENT_ENCODING_TYPE: u32 = 0x5033;

/// Reads the tracks of a Matroska file; none if it has none that can be found before its first sound.
pub(super) fn read<R: Read + Seek>(file: &mut R) -> Vec<MatroskaTrack> {
    let mut tracks = Vec::new();
    if let Ok(end) = file.seek(SeekFrom::End(0)) {
        let mut walker = Walker { file, budget: MAX_ELEMENTS, tracks: &mut tracks };
        // What was found before an error counts.
        let _ = walker.walk(0, end, 0);
    }
    tracks
}

struct Walker<'a, R> {
    file: &'a mut R,
    budget: u32,
    tracks: &'a mut Vec<MatroskaTrack>,
}

impl<R: Read + Seek> Walker<'_, R> {
    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.file.read_exact(&mut byte).ok()?;
        Some(byte[0])
    }

    /// A number as long as its leading zeros say, with or without the bit that ends them; and its bytes.
    fn number(&mut self, keep_marker: bool, most: u32) -> Option<(u64, u32)> {
        let first = self.byte()?;
        let length = first.leading_zeros() + 1;
        if length > most {
            return None;
        }
        let mut value = u64::from(if keep_marker { first } else { first & (0xffu16 >> length) as u8 });
        for _ in 1..length {
            value = value << 8 | u64::from(self.byte()?);
        }
        Some((value, length))
    }

    fn unsigned(&mut self, length: u64) -> Option<u64> {
        if length > 8 {
            return None;
        }
        (0..length).try_fold(0, |value, _| Some(value << 8 | u64::from(self.byte()?)))
    }

    /// Walks the elements from `start` to `end`.
    fn walk(&mut self, start: u64, end: u64, depth: u32) -> Option<()> {
        let mut at = start;
        while at < end {
            self.budget = self.budget.checked_sub(1)?;
            self.file.seek(SeekFrom::Start(at)).ok()?;
            let (id, id_bytes) = self.number(true, 4)?;
            let (size, size_bytes) = self.number(false, 8)?;
            let body = at + u64::from(id_bytes + size_bytes);
            let unknown = size == (1 << (7 * size_bytes)) - 1;
            let next = if unknown { end } else { body.checked_add(size)?.min(end) };
            match u32::try_from(id).unwrap_or(0) {
                SEGMENT if depth == 0 => return self.walk(body, next, 1),
                TRACKS if depth == 1 => return self.walk(body, next, 2),
                TRACK_ENTRY if depth == 2 => {
                    let track =
                        MatroskaTrack { number: 0, default: true, encrypted: false, compressed: false };
                    self.tracks.push(track);
                    self.walk(body, next, 3)?;
                }
                TRACK_NUMBER if depth == 3 => {
                    let number = self.unsigned(size)?;
                    self.tracks.last_mut()?.number = number;
                }
                FLAG_DEFAULT if depth == 3 => {
                    let flag = self.unsigned(size)?;
                    self.tracks.last_mut()?.default = flag != 0;
                }
                CONTENT_ENCODINGS if depth == 3 => self.walk(body, next, 4)?,
                CONTENT_ENCODING if depth == 4 => {
                    self.tracks.last_mut()?.compressed = true;
                    self.walk(body, next, 5)?;
                }
                CONTENT_ENCODING_TYPE if depth == 5 => {
                    let encrypted = self.unsigned(size)? == 1;
                    self.tracks.last_mut()?.encrypted |= encrypted;
                }
                _ => {}
            }
            at = next;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// An element with a size of one byte.
    fn element(id: u32, body: &[u8]) -> Vec<u8> {
        let id = id.to_be_bytes();
        let start = id.iter().position(|byte| *byte != 0).unwrap();
        let mut bytes = id[start..].to_vec();
        bytes.push(0x80 | u8::try_from(body.len()).unwrap());
        bytes.extend(body);
        bytes
    }

    fn file(entries: &[Vec<u8>]) -> Vec<u8> {
        let tracks = element(TRACKS, &entries.concat());
        // Header, and a segment of unknown size.
        let mut bytes = element(0x1a45_dfa3, &[]);
        bytes.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        bytes.extend(tracks);
        bytes
    }

    #[test]
    fn encryption_compression_and_the_default_are_seen() {
        let encoding = |kind: &[u8]| element(CONTENT_ENCODINGS, &element(CONTENT_ENCODING, kind));
        let entry = |number, rest: &[u8]| {
            element(TRACK_ENTRY, &[element(TRACK_NUMBER, &[number]), rest.to_vec()].concat())
        };
        let bytes = file(&[
            entry(1, &[]),
            entry(2, &element(FLAG_DEFAULT, &[0])),
            entry(3, &encoding(&element(CONTENT_ENCODING_TYPE, &[1]))),
            entry(4, &encoding(&[])),
        ]);
        let track =
            |number, default, encrypted, compressed| MatroskaTrack { number, default, encrypted, compressed };
        let wanted = [
            track(1, true, false, false),
            track(2, false, false, false),
            track(3, true, true, true),
            track(4, true, false, true),
        ];
        assert_eq!(read(&mut Cursor::new(&bytes)), wanted);
        // Cut anywhere, it gives what is before.
        for length in 0..bytes.len() {
            assert!(read(&mut Cursor::new(&bytes[..length])).len() <= 4);
        }
    }
}
