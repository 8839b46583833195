//! What an MP4 file says of its tracks' time (ISO/IEC 14496-12): the edit lists, which the demuxer does not apply, and
//! encryption. Boxes are walked one by one; nothing of a size that the file names is ever allocated.

use std::io::{Read, Seek, SeekFrom};

/// A track of an MP4 file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mp4Track {
    pub(super) id: u32,
    /// Ticks per second of the media, and its length in them.
    pub(super) timescale: u32,
    pub(super) duration: u64,
    /// First tick of the media that is played, if there is an edit list.
    pub(super) media_time: Option<u64>,
    /// Length of the edit, in ticks of the movie; 0 means all.
    pub(super) edit_duration: u64,
    /// Edits that play media.
    pub(super) edits: u32,
    /// Name of the sample entry, such as `mp4a`.
    pub(super) entry: [u8; 4],
    /// Whether it is a sound track.
    pub(super) sound: bool,
}

impl Mp4Track {
    /// Whether it is a sound track that is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.sound && matches!(&self.entry, b"enca" | b"drms")
    }
}

/// The tracks, and the ticks per second of the movie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mp4 {
    /// Where the last box ends as it says itself: behind the end of a file that was cut off.
    pub(super) end: u64,
    pub(super) timescale: u32,
    pub(super) tracks: Vec<Mp4Track>,
}

/// Boxes and edits that are looked at before a file is taken for hostile.
const MAX_BOXES: u32 = 100_000;

struct Walker<'a, R> {
    file: &'a mut R,
    budget: u32,
    mp4: Mp4,
}

/// Reads the movie box of an MP4 file; `None` if the file has none that can be followed.
pub(super) fn read<R: Read + Seek>(file: &mut R) -> Option<Mp4> {
    let end = file.seek(SeekFrom::End(0)).ok()?;
    let mut walker = Walker { file, budget: MAX_BOXES, mp4: Mp4::default() };
    // What was found before an error counts.
    let _ = walker.walk(0, end, 0);
    (!walker.mp4.tracks.is_empty()).then_some(walker.mp4)
}

impl<R: Read + Seek> Walker<'_, R> {
    fn bytes<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    fn u32(&mut self, at: u64) -> Option<u32> {
        self.bytes(at).map(u32::from_be_bytes)
    }

    fn u64(&mut self, at: u64) -> Option<u64> {
        self.bytes(at).map(u64::from_be_bytes)
    }

    /// Walks the boxes from `start` to `end`.
    fn walk(&mut self, start: u64, end: u64, depth: u32) -> Option<()> {
        let mut at = start;
        while at.checked_add(8)? <= end {
            self.budget = self.budget.checked_sub(1)?;
            let mut size = u64::from(self.u32(at)?);
            let name: [u8; 4] = self.bytes(at + 4)?;
            let mut body = at + 8;
            if size == 1 {
                size = self.u64(body)?;
                body += 8;
            } else if size == 0 {
                size = end - at;
            }
            let stated = at.checked_add(size).filter(|next| *next >= body)?;
            if depth == 0 {
                self.mp4.end = stated;
            }
            let next = stated.min(end);
            match &name {
                b"moov" | b"mdia" | b"minf" | b"stbl" | b"edts" if depth < 8 => {
                    self.walk(body, next, depth + 1)?
                }
                b"trak" if depth < 8 => {
                    self.mp4.tracks.push(Mp4Track::default());
                    self.walk(body, next, depth + 1)?;
                }
                b"mvhd" => {
                    let long = self.bytes::<1>(body)? == [1];
                    self.mp4.timescale = self.u32(body + if long { 20 } else { 12 })?;
                }
                b"tkhd" | b"mdhd" | b"hdlr" | b"stsd" | b"elst" => {
                    // A damaged box of one track does not hide the others.
                    let _ = self.track_box(name, body);
                }
                _ => {}
            }
            at = next;
        }
        Some(())
    }

    fn track_box(&mut self, name: [u8; 4], body: u64) -> Option<()> {
        let mut track = self.mp4.tracks.pop()?;
        let read = self.fill(&mut track, name, body);
        self.mp4.tracks.push(track);
        read
    }

    fn fill(&mut self, track: &mut Mp4Track, name: [u8; 4], body: u64) -> Option<()> {
        let long = self.bytes::<1>(body)? == [1];
        match &name {
            b"tkhd" => track.id = self.u32(body + if long { 20 } else { 12 })?,
            b"mdhd" => {
                track.timescale = self.u32(body + if long { 20 } else { 12 })?;
                track.duration = if long { self.u64(body + 24)? } else { self.u32(body + 16)?.into() };
            }
            b"hdlr" => track.sound = self.bytes(body + 8)? == *b"soun",
            b"stsd" => track.entry = self.bytes(body + 12)?,
            _ => {
                let count = self.u32(body + 4)?;
                let step = if long { 20 } else { 12 };
                for index in 0..u64::from(count) {
                    self.budget = self.budget.checked_sub(1)?;
                    let at = body + 8 + index * step;
                    let (duration, media_time) = if long {
                        (self.u64(at)?, self.u64(at + 8)? as i64)
                    } else {
                        (self.u32(at)?.into(), i64::from(self.u32(at + 4)? as i32))
                    };
                    // -1 is an empty edit: a pause before the sound begins.
                    if let Ok(media_time) = u64::try_from(media_time) {
                        if track.edits == 0 {
                            track.media_time = Some(media_time);
                            track.edit_duration = duration;
                        }
                        track.edits += 1;
                    }
                }
            }
        }
        Some(())
    }
}
