//! MP4 files (ISO/IEC 14496-12) with one H.264 video track, written from front to back in one pass.
//!
//! ```text
//! ftyp  moov            free  mdat
//!       sample tables         segment 0 │ segment 1 │ …
//! ```
//!
//! `moov` comes before `mdat`, so that a player can begin before it has the whole file, yet nothing is ever
//! moved: how many frames and segments there will be is known from the start, hence how long every table
//! gets, hence where the first segment begins. That place is left free, and filled at the end.

use std::io::{self, Seek, SeekFrom, Write};

use shiguredo_mp4::Encode;
use shiguredo_mp4::boxes::Avc1Box;

use super::MuxError;
use super::boxes::{self, SampleTables};
use crate::encode::{AccessUnit, ParameterSets};
use strikeline_picture::{FrameRate, PictureSize, SegmentIndex, SegmentPlan};

/// Most frames of one file: 25 days at 60 frames per second. With it the tables stay below 4 GiB, which is as far as
/// the size of a box inside `moov` reaches.
const MAX_FRAMES: u64 = 1 << 27;

/// Bytes between `moov` and the first segment: the header of `mdat`, which is 8 bytes long with a 32-bit size
/// and follows an empty `free` box of 8 bytes, or 16 bytes long with a 64-bit size.
const MDAT_HEADER: u64 = 16;

/// What must be known of a video before its first segment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp4Settings {
    /// Size of every picture.
    pub size: PictureSize,
    /// How long each frame is shown.
    pub frame_rate: FrameRate,
    /// How many frames, in which segments.
    pub plan: SegmentPlan,
}

/// Writes an MP4 file with one H.264 track: every frame shown for the same time, BT.709 in limited range,
/// square pixels.
///
/// The bytes depend on the settings and the segments alone; no time of day is written. Memory grows by 4
/// bytes for each frame, and by as much again in [`Mp4Writer::finish`]. Each segment is written with one
/// call, so `writer` needs no buffer. It is taken to be an empty file.
///
/// Only the first picture of each segment is listed as one that players can seek to.
#[derive(Debug)]
pub struct Mp4Writer<W> {
    writer: W,
    settings: Mp4Settings,
    /// `None` until the first segment came.
    header: Option<Box<Header>>,
    tables: SampleTables,
    /// Bytes from the start of the file to where the next segment begins.
    position: u64,
}

/// What the first segment tells: how to set the decoder up, and with it the length of the header.
#[derive(Debug)]
struct Header {
    parameter_sets: ParameterSets,
    avc1: Avc1Box,
    ftyp: Vec<u8>,
    moov_bytes: u64,
}

impl Header {
    /// Bytes from the start of the file to the first segment.
    fn bytes(&self) -> u64 {
        self.ftyp.len() as u64 + self.moov_bytes + MDAT_HEADER
    }
}

impl<W: Write + Seek> Mp4Writer<W> {
    /// Prepares a file. Nothing is written before the first segment.
    ///
    /// # Errors
    /// [`MuxError::TooManyFrames`].
    pub fn new(writer: W, settings: Mp4Settings) -> Result<Mp4Writer<W>, MuxError> {
        let frames = settings.plan.frames();
        if frames > MAX_FRAMES {
            return Err(MuxError::TooManyFrames { frames, limit: MAX_FRAMES });
        }
        Ok(Mp4Writer { writer, settings, header: None, tables: SampleTables::default(), position: 0 })
    }

    /// Appends segment `segment`. Its access units lie one behind the other in `data`, each as long as its
    /// entry in `units` says; the first one is an IDR picture. `parameter_sets` are the same for every
    /// segment.
    ///
    /// # Errors
    /// When the segment is not the next one or differs from what was planned (nothing was written then), or
    /// when writing fails.
    pub fn write_segment(
        &mut self,
        segment: SegmentIndex,
        parameter_sets: &ParameterSets,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        self.check(segment, parameter_sets, data, units)?;
        if self.header.is_none() {
            self.begin(segment, parameter_sets)?;
        }
        write_at(&mut self.writer, self.position, data).map_err(MuxError::Io)?;
        self.tables.chunk_offsets.push(self.position);
        self.tables.sizes.extend(units.iter().map(|unit| unit.bytes as u32));
        self.position += data.len() as u64;
        Ok(())
    }

    /// What is written to.
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Writes what stands before the segments, and hands the writer and the length of the file in bytes
    /// back. Making sure that it has reached the disk is left to its owner.
    ///
    /// # Errors
    /// [`MuxError::FramesMissing`] when segments are missing, [`MuxError::Io`] when writing fails.
    pub fn finish(mut self) -> Result<(W, u64), MuxError> {
        let incomplete = MuxError::FramesMissing {
            got: self.tables.sizes.len() as u64,
            planned: self.settings.plan.frames(),
        };
        let Some(header) = self.header.take() else { return Err(incomplete) };
        if self.next_segment().0 != self.settings.plan.segments() {
            return Err(incomplete);
        }
        let mdat = mdat_header(self.position - header.bytes());
        let place = header.bytes();
        let moov = boxes::moov(&self.settings, header.avc1, self.tables);
        let mut front = header.ftyp;
        let start = front.len();
        front.resize((place - MDAT_HEADER) as usize, 0);
        let written = moov.encode(&mut front[start..]).map_err(bad_header)?;
        if start + written != front.len() {
            let reason = format!("{written} bytes of moov instead of {}", front.len() - start);
            return Err(MuxError::Header { reason });
        }
        drop(moov);
        front.extend(mdat);
        write_at(&mut self.writer, 0, &front).map_err(MuxError::Io)?;
        self.writer.flush().map_err(MuxError::Io)?;
        Ok((self.writer, self.position))
    }

    /// The segment that is to come next.
    fn next_segment(&self) -> SegmentIndex {
        SegmentIndex(self.tables.chunk_offsets.len() as u64)
    }

    /// Checks everything that can be told before a byte of the segment is written.
    fn check(
        &self,
        segment: SegmentIndex,
        parameter_sets: &ParameterSets,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        let due = self.next_segment();
        let planned = self.settings.plan.frames_of(segment);
        let planned = planned.end - planned.start;
        if planned == 0 {
            return Err(MuxError::TooManySegments { got: segment, segments: self.settings.plan.segments() });
        }
        if segment != due {
            return Err(MuxError::OutOfOrder { got: segment, due });
        }
        if units.len() as u64 != planned {
            return Err(MuxError::FrameCount { segment, got: units.len() as u64, planned });
        }
        if self.header.as_ref().is_some_and(|header| header.parameter_sets != *parameter_sets) {
            return Err(MuxError::ParameterSetsDiffer { segment });
        }
        if !units.first().is_some_and(|unit| unit.idr) {
            return Err(MuxError::NoIdr { segment });
        }
        let mut rest = data;
        for (frame, unit) in (0..).zip(units) {
            let damaged = |reason| MuxError::DamagedUnit { segment, frame, reason };
            let (unit, behind) =
                rest.split_at_checked(unit.bytes).ok_or_else(|| damaged("it is cut short"))?;
            check_nal_lengths(unit).map_err(damaged)?;
            rest = behind;
        }
        if rest.is_empty() {
            Ok(())
        } else {
            let reason = "bytes that belong to no frame follow the last one";
            Err(MuxError::DamagedUnit { segment, frame: planned - 1, reason })
        }
    }

    /// Finds out how much place the header needs, and leaves it free.
    fn begin(&mut self, segment: SegmentIndex, parameter_sets: &ParameterSets) -> Result<(), MuxError> {
        let avc1 = boxes::avc1(parameter_sets)
            .map_err(|error| MuxError::ParameterSets { segment, reason: error.reason })?;
        let (width, height) = (avc1.visual.width, avc1.visual.height);
        let expected = self.settings.size;
        if (u32::from(width), u32::from(height)) != (expected.width(), expected.height()) {
            return Err(MuxError::PictureSize { width, height, expected });
        }
        let empty = boxes::moov(&self.settings, avc1.clone(), SampleTables::default());
        let moov_bytes =
            empty.encode_to_vec().map_err(bad_header)?.len() as u64 + SampleTables::bytes(self.settings.plan);
        let ftyp = boxes::ftyp().encode_to_vec().map_err(bad_header)?;
        let header = Header { parameter_sets: parameter_sets.clone(), avc1, ftyp, moov_bytes };
        self.position = header.bytes();
        self.header = Some(Box::new(header));
        Ok(())
    }
}

/// The [`MDAT_HEADER`] bytes before `payload` bytes of media data (ISO/IEC 14496-12, 4.2 and 8.1.1).
fn mdat_header(payload: u64) -> Vec<u8> {
    match u32::try_from(payload + 8) {
        Ok(size) => [&8u32.to_be_bytes(), b"free".as_slice(), &size.to_be_bytes(), b"mdat"].concat(),
        Err(_) => {
            let size = payload + MDAT_HEADER;
            [1u32.to_be_bytes().as_slice(), b"mdat", &size.to_be_bytes()].concat()
        }
    }
}

/// Checks that `unit` is one or more NAL units, each behind its length, none of them empty. What else is in
/// them is the encoder's affair, but a byte stream with start codes, say, would give a file that no player
/// can read.
fn check_nal_lengths(unit: &[u8]) -> Result<(), &'static str> {
    if unit.is_empty() {
        return Err("it is empty");
    }
    if u32::try_from(unit.len()).is_err() {
        return Err("it is longer than 4 GiB");
    }
    let mut rest = unit;
    while let Some((length, behind)) = rest.split_first_chunk() {
        match behind.split_at_checked(u32::from_be_bytes(*length) as usize) {
            Some((nal, behind)) if !nal.is_empty() => rest = behind,
            _ => return Err("its NAL units are not as long as they say"),
        }
    }
    if rest.is_empty() { Ok(()) } else { Err("its NAL units are not as long as they say") }
}

fn write_at(writer: &mut (impl Write + Seek), position: u64, bytes: &[u8]) -> io::Result<()> {
    writer.seek(SeekFrom::Start(position))?;
    writer.write_all(bytes)
}

fn bad_header(error: shiguredo_mp4::Error) -> MuxError {
    MuxError::Header { reason: error.reason }
}
