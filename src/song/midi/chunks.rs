//! The shell of a MIDI file: header and track chunks, found even where lengths are wrong.
//!
//! SMF 1.0, "MIDI File Structure". Events within tracks are left to [`midly`]; chunks are taken apart here,
//! because midly's lenient mode gives up silently at the first wrong length and does not say where.

use crate::song::error::SongError;
use crate::song::tempo_map::Division;
use crate::song::warning::{SongWarning, Warnings};
use crate::song::{Format, TrackIndex};

/// A MIDI file taken apart. Nothing is copied: memory is a few words per track found.
#[derive(Debug)]
pub(in crate::song) struct Chunks<'a> {
    pub format: Format,
    pub division: Division,
    pub tracks: Vec<TrackChunk<'a>>,
}

/// One track's events, still as bytes.
#[derive(Debug, Clone, Copy)]
pub(in crate::song) struct TrackChunk<'a> {
    /// Where in the file the first event begins.
    pub offset: u64,
    /// The events.
    pub bytes: &'a [u8],
    /// Whether the file ends within the track.
    pub is_cut: bool,
    /// Repairs of damaged places after which the rest of the track is given up.
    pub most_repairs: usize,
}

/// Damaged places of a file that are repaired at most. A file with more is none, or is made to take time.
const MOST_REPAIRS: usize = 4096;

/// How far into a file a header is looked for. Old Macintosh archives put 128 bytes before it.
const HEADER_SEARCH: usize = 1024;

/// Bytes of a chunk's name and length.
const CHUNK_HEAD: usize = 8;

/// The End of Track event without the time before it.
const END_OF_TRACK: &[u8] = &[0xFF, 0x2F, 0x00];

impl<'a> Chunks<'a> {
    /// Takes a file apart.
    ///
    /// # Errors
    /// When there is no header, the header is cut short or has no usable division, or there is no track.
    pub(in crate::song) fn find(file: &'a [u8], warnings: &mut Warnings) -> Result<Chunks<'a>, SongError> {
        let (start, end) = find_header(file)?;
        if start > 0 && !file.starts_with(b"RIFF") {
            warnings.push(SongWarning::LeadingBytes { count: start as u64 });
        }
        let reader = ChunkReader { bytes: &file[..end] };
        let damaged = |at: usize, reason| SongError::Damaged { offset: at as u64, reason };

        let Some(fields) = reader.bytes.get(start + CHUNK_HEAD..start + CHUNK_HEAD + 6) else {
            return Err(damaged(end, "the file ends within the header"));
        };
        let format = match u16::from_be_bytes([fields[0], fields[1]]) {
            0 => Format::SingleTrack,
            1 => Format::Parallel,
            2 => Format::Sequential,
            format => {
                warnings.push(SongWarning::UnknownFormat { format });
                Format::Parallel
            }
        };
        let declared = u16::from_be_bytes([fields[2], fields[3]]);
        let Some(division) = Division::from_header([fields[4], fields[5]]) else {
            return Err(damaged(start + CHUNK_HEAD + 4, "the header does not say how long a tick is"));
        };

        // A longer header is allowed; a wrong length is ignored.
        let after_header = match reader.end_of_chunk(start) {
            Some(end) if end >= start + CHUNK_HEAD + 6 && reader.may_end_at(end) => end,
            _ => start + CHUNK_HEAD + 6,
        };
        let mut tracks = reader.tracks(after_header, warnings);
        let most_repairs = (MOST_REPAIRS / tracks.len().max(1)).max(1);
        tracks.iter_mut().for_each(|track| track.most_repairs = most_repairs);
        if tracks.is_empty() {
            return Err(damaged(after_header, "no track follows the header"));
        }
        if tracks.len() != usize::from(declared) {
            warnings.push(SongWarning::TrackCount { declared, found: tracks.len() });
        }
        Ok(Chunks { format, division, tracks })
    }
}

/// Where the MIDI header begins and where the MIDI data ends.
fn find_header(file: &[u8]) -> Result<(usize, usize), SongError> {
    let not_midi = || SongError::NotMidi { looks_like: looks_like(file) };
    if file.starts_with(b"RIFF") {
        if file.get(8..12) != Some(b"RMID") {
            return Err(not_midi());
        }
        // RIFF chunks, little-endian; "data" holds the MIDI file.
        let mut at = 12;
        while let Some(head) = file.get(at..at + CHUNK_HEAD) {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let (start, end) = (at + CHUNK_HEAD, (at + CHUNK_HEAD).saturating_add(length).min(file.len()));
            if head.starts_with(b"data") && file[start..].starts_with(b"MThd") {
                return Ok((start, end));
            }
            at = end + length % 2;
        }
        return Err(SongError::Damaged { offset: 12, reason: "the RMID file holds no MIDI data" });
    }
    let searched = &file[..file.len().min(HEADER_SEARCH)];
    find(searched, b"MThd").map(|start| (start, file.len())).ok_or_else(not_midi)
}

/// Reads chunks from bytes that may say anything.
struct ChunkReader<'a> {
    bytes: &'a [u8],
}

impl<'a> ChunkReader<'a> {
    /// All tracks from `at` on. Every step goes forward, so that the time is linear in the bytes.
    fn tracks(&self, mut at: usize, warnings: &mut Warnings) -> Vec<TrackChunk<'a>> {
        let mut tracks = Vec::new();
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            if rest.starts_with(b"MThd") {
                warnings.push(SongWarning::SecondFile { offset: at as u64 });
                break;
            } else if is_nearly(rest, TRACK_NAME) {
                let Ok(track) = u16::try_from(tracks.len()).map(TrackIndex::from_index) else {
                    warnings.push(SongWarning::TooManyTracks { offset: at as u64 });
                    break;
                };
                if !rest.starts_with(TRACK_NAME) {
                    warnings.push(SongWarning::TrackChunkName { track, offset: at as u64 });
                }
                let end = self.end_of_track(track, at, warnings);
                let start = (at + CHUNK_HEAD).min(end);
                let bytes = &self.bytes[start..end];
                let is_cut = self.end_of_chunk(at).is_none_or(|declared| declared > end)
                    && end == self.bytes.len()
                    && !bytes.ends_with(END_OF_TRACK);
                let most_repairs = MOST_REPAIRS;
                tracks.push(TrackChunk { offset: start as u64, bytes, is_cut, most_repairs });
                at = end;
            } else {
                // A chunk of another kind is skipped, as the format demands. Anything else is, too.
                let skipped_to = match self.end_of_chunk(at) {
                    Some(end) if self.is_chunk(at) && self.may_end_at(end) => end,
                    _ => {
                        let end = find(rest, b"MTrk").map_or(self.bytes.len(), |found| at + found);
                        warnings
                            .push(SongWarning::BytesSkipped { offset: at as u64, count: (end - at) as u64 });
                        end
                    }
                };
                at = skipped_to;
            }
        }
        tracks
    }

    /// Where the track whose chunk begins at `at` ends: where its length says, if that can be.
    fn end_of_track(&self, track: TrackIndex, at: usize, warnings: &mut Warnings) -> usize {
        let file_end = self.bytes.len();
        let start = (at + CHUNK_HEAD).min(file_end);
        let declared = self.end_of_chunk(at);
        if let Some(end) = declared.filter(|end| *end <= file_end)
            && (self.may_end_at(end) || self.bytes[start..end].ends_with(END_OF_TRACK))
        {
            return end;
        }
        if let Some(found) = find(&self.bytes[start..], b"MTrk") {
            warnings.push(SongWarning::TrackLength { track, offset: at as u64 });
            return start + found;
        }
        match declared {
            Some(end) if end <= file_end => {
                warnings.push(SongWarning::TrackLength { track, offset: at as u64 });
            }
            declared => warnings.push(SongWarning::CutShort {
                track,
                offset: file_end as u64,
                missing: (declared.unwrap_or(at + CHUNK_HEAD) - file_end) as u64,
            }),
        }
        file_end
    }

    /// Where the chunk at `at` ends by its own account, which may be beyond the file; `None` when the file
    /// ends within its length.
    fn end_of_chunk(&self, at: usize) -> Option<usize> {
        let length = self.bytes.get(at + 4..at + CHUNK_HEAD)?;
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
        Some((at + CHUNK_HEAD).saturating_add(length as usize))
    }

    /// Whether a chunk could end here: at the end of the file, or where another begins.
    fn may_end_at(&self, at: usize) -> bool {
        at == self.bytes.len()
            || self.is_chunk(at)
            || self.bytes.get(at..).is_some_and(|rest| is_nearly(rest, TRACK_NAME))
    }

    /// Whether a chunk seems to begin here: four printable characters, and room for the length.
    fn is_chunk(&self, at: usize) -> bool {
        self.bytes
            .get(at..at + CHUNK_HEAD)
            .is_some_and(|head| head[..4].iter().all(|byte| (0x20..0x7F).contains(byte)))
    }
}

/// The name of a track's chunk.
const TRACK_NAME: &[u8; 4] = b"MTrk";

/// Whether bytes begin with a chunk's name of which one byte at most is wrong. No chunk in use has such a name.
fn is_nearly(bytes: &[u8], name: &[u8; 4]) -> bool {
    bytes.len() >= CHUNK_HEAD && bytes.iter().zip(name).filter(|(byte, wanted)| byte == wanted).count() >= 3
        || bytes.starts_with(name)
}

/// Where `wanted` first occurs.
fn find(bytes: &[u8], wanted: &[u8; 4]) -> Option<usize> {
    bytes.windows(4).position(|window| window == wanted)
}

/// What a file that is not a MIDI file seems to be, judged by its first bytes.
fn looks_like(file: &[u8]) -> Option<&'static str> {
    const SIGNATURES: &[(usize, &[u8], &str)] = &[
        (0, b"RIFF", "a RIFF file (such as WAV or AVI) without MIDI in it"),
        (0, b"ID3", "an MP3 sound file"),
        (0, b"\xFF\xFB", "an MP3 sound file"),
        (0, b"OggS", "an Ogg sound file"),
        (0, b"fLaC", "a FLAC sound file"),
        (0, b"FORM", "an AIFF sound file"),
        (4, b"ftyp", "an MP4 video or M4A sound file"),
        (0, b"\x1A\x45\xDF\xA3", "a Matroska or WebM video"),
        (0, b"\x89PNG", "a PNG picture"),
        (0, b"\xFF\xD8\xFF", "a JPEG picture"),
        (0, b"%PDF", "a PDF document"),
        (0, b"PK\x03\x04", "a ZIP archive; unpack it first"),
        (0, b"\x1F\x8B", "a gzip archive; unpack it first"),
        (0, b"7z\xBC\xAF", "a 7-Zip archive; unpack it first"),
        (0, b"Rar!", "a RAR archive; unpack it first"),
        (1, b"FICHIER GUITAR PRO", "a Guitar Pro score; export it as MIDI"),
        (0, b"SMF2CLIP", "a MIDI 2.0 clip file; export it as a Standard MIDI File"),
        (0, b"XFIH", "a Yamaha XF file without its MIDI part"),
    ];
    if file.is_empty() {
        return Some("an empty file");
    }
    if let Some((.., kind)) =
        SIGNATURES.iter().find(|(at, bytes, _)| file.get(*at..).is_some_and(|rest| rest.starts_with(bytes)))
    {
        return Some(kind);
    }
    let beginning = &file[..file.len().min(HEADER_SEARCH)];
    if beginning.windows(6).any(|window| window == b"<score") {
        return Some("a MusicXML score; export it as MIDI");
    }
    if beginning.windows(5).any(|window| window.eq_ignore_ascii_case(b"<html")) {
        return Some("a web page; the download may have failed");
    }
    let text = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
    beginning.iter().all(text).then_some("a text file")
}
