//! The file of a SoundFont: its chunks, and repairs that make it harmless.
//!
//! Chapters 4 to 7 of the SoundFont specification. What is kept is the samples and the nine tables that say how they are
//! played; the reader of the synthesiser then gets a file of just these, with lengths that are true.

use std::io::{self, Chain, Cursor, Read, Repeat, Seek, SeekFrom, Take};

use super::{MAX_SOUNDFONT_BYTES, SoundFontError};

/// The largest tables that are read; those of large SoundFonts have one or two megabytes.
const MAX_TABLE_BYTES: u64 = 64 << 20;

/// The name is cut here.
const MAX_TITLE_BYTES: u64 = 256;

/// Zero samples that are put behind the last one (the specification asks for 46): samples that are missing are found there.
const SILENCE: u32 = 64;

/// Names of the tables that are used, and the bytes of an entry.
const TABLES: [([u8; 4], usize); 7] = [
    (*b"phdr", 38),
    (*b"pbag", 4),
    (*b"pgen", 4),
    (*b"inst", 22),
    (*b"ibag", 4),
    (*b"igen", 4),
    (*b"shdr", 46),
];

/// A SoundFont file that was taken apart.
pub(super) struct SoundFontFile<R> {
    reader: R,
    title: Option<String>,
    /// Where the samples begin, and how many bytes they have (an even number).
    samples: (u64, u32),
    /// Where the tables stand in the file, for errors.
    tables_offset: u64,
    /// In the order of [`TABLES`].
    tables: [Vec<u8>; 7],
}

/// A chunk of a RIFF file.
struct Chunk {
    name: [u8; 4],
    /// Where its content begins.
    offset: u64,
    length: u64,
}

/// What the reader of the synthesiser reads.
pub(super) type CheckedReader<R> =
    Chain<Chain<Chain<Cursor<Vec<u8>>, Take<R>>, Take<Repeat>>, Cursor<Vec<u8>>>;

impl<R: Read + Seek> SoundFontFile<R> {
    pub(super) fn read(mut reader: R) -> Result<SoundFontFile<R>, SoundFontError> {
        let unreadable = |reason| SoundFontError::Unreadable { reason };
        let length = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        if length > MAX_SOUNDFONT_BYTES {
            return Err(SoundFontError::TooLarge { limit: MAX_SOUNDFONT_BYTES });
        }
        let head = read_at(&mut reader, 0, length.min(12))?;
        check_head(&head)?;
        let mut title = None;
        let mut samples = None;
        let mut tables = None;
        let mut at = 12;
        while let Some(list) = next_chunk(&mut reader, &mut at, length)? {
            if list.name != *b"LIST" || list.length < 4 {
                continue;
            }
            let kind = read_at(&mut reader, list.offset, 4)?;
            let mut inner = list.offset + 4;
            let end = list.offset + list.length;
            match kind.as_slice() {
                b"INFO" => {
                    while let Some(chunk) = next_chunk(&mut reader, &mut inner, end)? {
                        match &chunk.name {
                            b"ifil" if chunk.length >= 2 => {
                                let version = read_at(&mut reader, chunk.offset, 2)?;
                                if number(&version, 0) >= 3 {
                                    return Err(SoundFontError::Compressed);
                                }
                            }
                            b"INAM" => {
                                let text =
                                    read_at(&mut reader, chunk.offset, chunk.length.min(MAX_TITLE_BYTES))?;
                                title = readable(&text);
                            }
                            _ => {}
                        }
                    }
                }
                b"sdta" => {
                    while let Some(chunk) = next_chunk(&mut reader, &mut inner, end)? {
                        if chunk.name == *b"smpl" {
                            samples = Some(chunk);
                        }
                    }
                }
                b"pdta" => {
                    let mut found: [Option<Vec<u8>>; 7] = Default::default();
                    if list.length > MAX_TABLE_BYTES {
                        return Err(SoundFontError::Damaged {
                            offset: list.offset,
                            reason: "its tables are larger than those of any SoundFont",
                        });
                    }
                    while let Some(chunk) = next_chunk(&mut reader, &mut inner, end)? {
                        let places = TABLES.iter().zip(&mut found);
                        for ((_, entry), place) in places.filter(|((name, _), _)| *name == chunk.name) {
                            if chunk.length == 0 || !chunk.length.is_multiple_of(*entry as u64) {
                                return Err(SoundFontError::Damaged {
                                    offset: chunk.offset,
                                    reason: "the length of a table is wrong",
                                });
                            }
                            *place = Some(read_at(&mut reader, chunk.offset, chunk.length)?);
                        }
                    }
                    tables = Some((list.offset, found));
                }
                _ => {}
            }
        }
        let Some(samples) = samples.filter(|chunk| chunk.length >= 2) else {
            return Err(SoundFontError::Empty { what: "samples" });
        };
        let Some((tables_offset, found)) = tables else {
            return Err(SoundFontError::Empty { what: "presets" });
        };
        let mut tables: [Vec<u8>; 7] = Default::default();
        for (table, found) in tables.iter_mut().zip(found) {
            *table = found.ok_or(SoundFontError::Damaged {
                offset: tables_offset,
                reason: "a table of presets, instruments or samples is missing",
            })?;
        }
        if read_at(&mut reader, samples.offset, samples.length.min(4))? == b"OggS" {
            return Err(SoundFontError::Compressed);
        }
        // Below the limit of the file, so it fits.
        let bytes = u32::try_from(samples.length & !1).unwrap_or(0);
        Ok(SoundFontFile { reader, title, samples: (samples.offset, bytes), tables_offset, tables })
    }

    /// The name that it has in itself.
    pub(super) fn title(&self) -> Option<String> {
        self.title.clone()
    }

    /// Checks the tables against each other, so that nothing is read twice; and makes samples that are not there silent.
    /// Returns how many these are, and the name of the first.
    pub(super) fn repair(&mut self) -> Result<Option<(u64, String)>, SoundFontError> {
        let damaged = |reason| SoundFontError::Damaged { offset: self.tables_offset, reason };
        let [
            presets,
            preset_zones,
            preset_generators,
            instruments,
            instrument_zones,
            instrument_generators,
            samples,
        ] = &mut self.tables;
        for (zones, generators) in
            [(&*preset_zones, &*preset_generators), (&*instrument_zones, &*instrument_generators)]
        {
            let starts = zones.chunks_exact(4).map(|zone| number(zone, 0));
            if !rises_within(starts, generators.len() / 4 - 1) {
                return Err(damaged("the zones are not in order"));
            }
        }
        let starts = presets.chunks_exact(38).map(|preset| number(preset, 24));
        if !rises_within(starts, preset_zones.len() / 4 - 1) {
            return Err(damaged("the presets are not in order"));
        }
        let starts = instruments.chunks_exact(22).map(|instrument| number(instrument, 20));
        if !rises_within(starts, instrument_zones.len() / 4 - 1) {
            return Err(damaged("the instruments are not in order"));
        }

        let count = self.samples.1 / 2;
        let mut missing = None;
        let last = samples.len() / 46 - 1;
        for (index, sample) in samples.chunks_exact_mut(46).enumerate().take(last) {
            let (start, end) = (wide_number(sample, 20), wide_number(sample, 24));
            let (loop_start, loop_end) = (wide_number(sample, 28), wide_number(sample, 32));
            let rate = wide_number(sample, 36);
            if number(sample, 44) & 0x10 != 0 {
                return Err(SoundFontError::Compressed);
            }
            let is_there = start < end && end <= count && (1..=MAX_SAMPLE_RATE).contains(&rate);
            if !is_there {
                let name =
                    readable(sample.get(..20).unwrap_or_default()).unwrap_or_else(|| index.to_string());
                missing.get_or_insert((0, name)).0 += 1;
                put_wide_number(sample, 20, count);
                put_wide_number(sample, 24, count + SILENCE / 2);
                put_wide_number(sample, 36, rate.clamp(1, MAX_SAMPLE_RATE));
            }
            if !is_there || loop_start >= loop_end || loop_end > end || loop_start < start {
                // The start behind the end: it does not loop.
                put_wide_number(sample, 28, end.min(count));
                put_wide_number(sample, 32, end.min(count));
            }
        }
        Ok(missing)
    }

    /// The file as the synthesiser's reader is to see it.
    pub(super) fn into_reader(mut self) -> Result<CheckedReader<R>, io::Error> {
        let (offset, bytes) = self.samples;
        let all_samples = bytes + SILENCE * 2;
        let mut head = Vec::new();
        head.extend(b"RIFF\0\0\0\0sfbk");
        head.extend(b"LIST\x04\0\0\0INFO");
        put_chunk_head(&mut head, b"LIST", 12 + all_samples as usize);
        head.extend(b"sdta");
        put_chunk_head(&mut head, b"smpl", all_samples as usize);
        let mut tail = Vec::new();
        let length: usize = self.tables.iter().map(|table| table.len() + 8).sum();
        put_chunk_head(&mut tail, b"LIST", 4 + length);
        tail.extend(b"pdta");
        for ((name, _), table) in TABLES.iter().zip(&self.tables) {
            put_chunk_head(&mut tail, name, table.len());
            tail.extend(table);
        }
        self.reader.seek(SeekFrom::Start(offset))?;
        Ok(Cursor::new(head)
            .chain(self.reader.take(bytes.into()))
            .chain(io::repeat(0).take(u64::from(SILENCE) * 2))
            .chain(Cursor::new(tail)))
    }
}

/// Whether a file that begins with these bytes, of which the first 12 count, may be a SoundFont.
pub(super) fn check_head(head: &[u8]) -> Result<(), SoundFontError> {
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"sfbk") {
        return Ok(());
    }
    Err(SoundFontError::NotSoundFont { looks_like: looks_like(head) })
}

/// The highest rate of a sample that is believed, in Hz.
const MAX_SAMPLE_RATE: u32 = 400_000;

/// The chunk at `at`, which goes past it. `None` at `end`.
fn next_chunk<R: Read + Seek>(
    reader: &mut R,
    at: &mut u64,
    end: u64,
) -> Result<Option<Chunk>, SoundFontError> {
    // A byte may be left over where lengths are odd.
    if end.saturating_sub(*at) < 8 {
        return Ok(None);
    }
    let head = read_at(reader, *at, 8)?;
    let (name, length) = (head.first_chunk().copied().unwrap_or_default(), u64::from(wide_number(&head, 4)));
    let chunk = Chunk { name, offset: *at + 8, length };
    if length > end - chunk.offset {
        return Err(SoundFontError::Damaged {
            offset: *at,
            reason: "a part is longer than the rest of the file, which may be cut short",
        });
    }
    *at = chunk.offset + length + length % 2;
    Ok(Some(chunk))
}

/// `length` bytes, which the caller knows to be in the file.
fn read_at<R: Read + Seek>(reader: &mut R, offset: u64, length: u64) -> Result<Vec<u8>, SoundFontError> {
    let unreadable = |reason| SoundFontError::Unreadable { reason };
    reader.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(SoundFontError::Damaged {
            offset: offset + bytes.len() as u64,
            reason: "the file ends too early",
        })
    }
}

/// Whether numbers never fall, nor are above `largest`.
fn rises_within(mut numbers: impl Iterator<Item = u16>, largest: usize) -> bool {
    let mut last = 0;
    numbers.all(|number| {
        let rises = number >= last && usize::from(number) <= largest;
        last = number;
        rises
    })
}

/// The 16-bit number at `at`; 0 where there is none.
fn number(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

/// The 32-bit number at `at`; 0 where there is none.
fn wide_number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn put_wide_number(bytes: &mut [u8], at: usize, number: u32) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

fn put_chunk_head(bytes: &mut Vec<u8>, name: &[u8; 4], length: usize) {
    bytes.extend(name);
    // Below the limits of the file and the tables.
    bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

/// The text up to the first zero byte, without control characters; `None` where nothing is left.
fn readable(bytes: &[u8]) -> Option<String> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let text: String = text.chars().filter(|character| !character.is_control()).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What a file seems to be that is no SoundFont.
fn looks_like(head: &[u8]) -> Option<&'static str> {
    let riff_kind = head.get(8..12).filter(|_| head.starts_with(b"RIFF"));
    Some(match (head, riff_kind) {
        ([], _) => "an empty file",
        (_, Some(b"DLS ")) => "a DLS instrument collection",
        (_, Some(b"WAVE")) => "a WAV recording",
        (_, Some(b"RMID")) => "a MIDI song",
        ([b'P', b'K', 3, 4, ..], _) => "a ZIP archive: unpack it first",
        ([0x1F, 0x8B, ..], _) => "a gzip archive: unpack it first",
        ([b'7', b'z', 0xBC, 0xAF, ..], _) => "a 7z archive: unpack it first",
        (head, _) if head.starts_with(b"MThd") => "a MIDI song",
        (head, _) if head.starts_with(b"OggS") => "an Ogg recording",
        (head, _) if head.starts_with(b"fLaC") => "a FLAC recording",
        (head, _) if head.starts_with(b"Rar!") => "a RAR archive: unpack it first",
        (head, _) if head.starts_with(b"<") => "an HTML or XML page",
        _ => return None,
    })
}
