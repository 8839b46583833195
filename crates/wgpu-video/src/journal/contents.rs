//! What a segment file holds, as found by reading it once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use strikeline_audio::AudioTrack;
use strikeline_picture::SegmentIndex;

use super::payload;
use super::record::{self, Kind, MAGIC, SegmentKey};
use crate::encode::Codec;
use crate::output::FileIdentity;
use crate::stream::FinishedSegment;

/// What is in a segment file, according to its whole records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    /// The key of the video that the segments belong to.
    pub key: SegmentKey,
    /// The text about the file.
    pub about: String,
    /// Whether the file says that it is complete.
    pub is_complete: bool,
    /// The description of the sound, if there is one in the file.
    pub sound_track: Option<AudioTrack>,
    /// Where the records of segments begin.
    pub(super) segments: BTreeMap<SegmentIndex, u64>,
    /// Segments whose data is elsewhere.
    pub(super) elsewhere: BTreeMap<SegmentIndex, Elsewhere>,
    /// Where the records of the sound of segments begin.
    pub(super) sound: BTreeMap<SegmentIndex, u64>,
    /// Where the last whole record ends.
    pub(super) end: u64,
}

/// What is in a file about a segment whose data is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    /// The content of a record of the segment, as far as the data.
    pub(super) front: Vec<u8>,
    /// The hash of the data.
    pub(super) hash: blake3::Hash,
}

impl Elsewhere {
    pub(super) fn of(segment: &FinishedSegment) -> Elsewhere {
        Elsewhere { front: payload::segment_front(segment), hash: blake3::hash(&segment.data) }
    }

    /// The segment `index`, coded in `codec`, if `data` is its data.
    pub(crate) fn segment(&self, index: SegmentIndex, codec: Codec, data: &[u8]) -> Option<FinishedSegment> {
        let is_whole = blake3::hash(data) == self.hash;
        is_whole.then(|| payload::segment(index, codec, &[&self.front, data].concat())).flatten()
    }
}

/// The longest text about a file, in bytes.
pub(super) const MAX_ABOUT: u64 = 1 << 20;

impl Contents {
    /// Those of a file that has its first record, of `head` bytes, and no other.
    pub(super) fn of_head(key: SegmentKey, about: String, head: u64) -> Contents {
        Contents {
            key,
            about,
            is_complete: false,
            sound_track: None,
            segments: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            sound: BTreeMap::new(),
            end: MAGIC.len() as u64 + head,
        }
    }

    /// Reads all records of a file, up to the first one that is not whole. `None` if it is not a segment file, or if its first
    /// record is not whole.
    ///
    /// # Errors
    /// When `file` cannot be read.
    pub fn read(file: &mut impl Read) -> io::Result<Option<Contents>> {
        let Some((key, about, head)) = read_head(file)? else { return Ok(None) };
        let mut contents = Contents::of_head(key, about, head);
        loop {
            let mut content = Vec::new();
            let take = |piece: &[u8]| {
                // Only content that is short is needed.
                if content.len() < 1 << 16 {
                    content.extend_from_slice(piece);
                }
            };
            let Some(header) = record::read(file, &key, take)? else { return Ok(Some(contents)) };
            let Some(bytes) = header.record_bytes() else { return Ok(Some(contents)) };
            let segment = SegmentIndex(header.segment);
            match header.kind {
                // There is never a second head in a good file.
                Kind::Head => return Ok(Some(contents)),
                Kind::Segment => drop(contents.segments.insert(segment, contents.end)),
                Kind::Sound => drop(contents.sound.insert(segment, contents.end)),
                Kind::Elsewhere => {
                    let Some((front, hash)) = payload::split_hash(&content) else {
                        return Ok(Some(contents));
                    };
                    contents.elsewhere.insert(segment, Elsewhere { front: front.to_owned(), hash });
                }
                Kind::SoundTrack => contents.sound_track = payload::track(&content),
                Kind::Done => contents.is_complete = true,
            }
            contents.end += bytes;
        }
    }

    /// Whether `segment` is in the file.
    pub fn has(&self, segment: SegmentIndex) -> bool {
        self.segments.contains_key(&segment)
    }

    /// Whether the sound of `segment` is in the file.
    pub fn has_sound(&self, segment: SegmentIndex) -> bool {
        self.sound.contains_key(&segment)
    }

    /// How many segments are in the file.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Length in bytes of the whole records. Anything behind them in the file is cut off or damaged.
    pub fn bytes(&self) -> u64 {
        self.end
    }
}

/// The text about the segment file at `path`; `None` if it is not a segment file.
///
/// # Errors
/// When the file cannot be read.
pub fn about_file(path: &Path) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    Ok(read_head(&mut file)?.map(|(_, about, _)| about))
}

/// The file that is the video of the segments in the journal at `path`, as that says: the program was ended between the
/// moment at which the video appeared and the removal of its journal. `None` where it does not say so.
///
/// # Errors
/// When it cannot be read.
pub fn video_of_file(path: &Path) -> io::Result<Option<FileIdentity>> {
    let mut file = File::open(path)?;
    let Some((key, _, head)) = read_head(&mut file)? else { return Ok(None) };
    // It is the last record.
    let length = record::HEADER_BYTES + FileIdentity::BYTES as u64 + record::CHECKSUM_BYTES;
    let start = file.metadata()?.len().checked_sub(length);
    let Some(start) = start.filter(|start| *start >= MAGIC.len() as u64 + head) else { return Ok(None) };
    file.seek(SeekFrom::Start(start))?;
    let mut content = Vec::new();
    let header = record::read(&mut file, &key, |piece| content.extend_from_slice(piece))?;
    let is_done = header.is_some_and(|header| header.kind == Kind::Done);
    Ok(FileIdentity::from_bytes(&content).filter(|_| is_done))
}

/// Key, text, and length in bytes of the first record; `None` if it is not whole, or if the file is not a segment file.
fn read_head(file: &mut impl Read) -> io::Result<Option<(SegmentKey, String, u64)>> {
    let mut magic = [0; MAGIC.len()];
    if !record::fill(file, &mut magic)? || magic != *MAGIC {
        return Ok(None);
    }
    // The checksum is made with the key that is in the record itself, so the record is read twice.
    let mut front = [0; record::HEADER_BYTES as usize];
    if !record::fill(file, &mut front)? {
        return Ok(None);
    }
    let mut length = [0; 8];
    length.copy_from_slice(&front[12..]);
    let length = u64::from_le_bytes(length);
    if !(32..=32 + MAX_ABOUT).contains(&length) {
        return Ok(None);
    }
    let mut rest = vec![0; (length + record::CHECKSUM_BYTES) as usize];
    if !record::fill(file, &mut rest)? {
        return Ok(None);
    }
    let mut key = SegmentKey([0; 32]);
    key.0.copy_from_slice(&rest[..32]);
    let about = String::from_utf8_lossy(&rest[32..length as usize]).into_owned();
    let header = record::read(&mut front.chain(&*rest), &key, |_| ())?;
    let header = header.filter(|header| header.kind == Kind::Head);
    Ok(header.and_then(|header| header.record_bytes()).map(|bytes| (key, about, bytes)))
}
