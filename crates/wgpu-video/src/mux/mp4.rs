//! MP4 files (ISO/IEC 14496-12) with a video track and perhaps a sound track, written from front to back in one pass.
//!
//! ```text
//! ftyp  moov            free  mdat
//!       sample tables         segment 0 │ its sound │ segment 1 │ its sound │ …
//! ```
//!
//! `moov` comes before `mdat`, so that a player can begin before it has the whole file. Nothing is moved for that: the
//! number of samples and chunks of each track is known from the start, and so are the length of every table and the place
//! of the first segment. The space for `moov` is left free, and filled at the end.

use std::io::{self, Seek, SeekFrom, Write};

use shiguredo_mp4::Encode;
use shiguredo_mp4::boxes::{MoovBox, SampleEntry};

use super::MuxError;
use super::boxes;
use super::codecs::Mp4Codec;
use super::description::{SoundTrack, VideoTrack};
use super::mp4_track::{Mp4Track, sowt};
use crate::encode::{AccessUnit, CodecConfig};
use strikeline_picture::SegmentIndex;

/// Most frames of one file: 25 days at 60 frames per second. With it the tables stay below 4 GiB, which is as far as
/// the size of a box inside `moov` reaches.
const MAX_FRAMES: u64 = 1 << 27;

/// Most sample frames of a sound track: what the 32 bits of a sample table count. 24 hours at 48 kHz.
const MAX_SOUND_SAMPLES: u64 = u32::MAX as u64;

/// Bytes between `moov` and the first segment: the header of `mdat`, which is 8 bytes long with a 32-bit size
/// and follows an empty `free` box of 8 bytes, or 16 bytes long with a 64-bit size.
const MDAT_HEADER: u64 = 16;

/// The tracks of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mp4Settings {
    /// The pictures.
    pub video: VideoTrack,
    /// The sound, if any.
    pub sound: Option<SoundTrack>,
    /// Name and version of the program that makes the file, which players show; this crate's unless set.
    pub writing_tool: &'static str,
}

impl Mp4Settings {
    /// A file without sound.
    pub const fn new(video: VideoTrack) -> Mp4Settings {
        let writing_tool = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        Mp4Settings { video, sound: None, writing_tool }
    }

    /// The same with another name and version of the program that makes the file.
    #[must_use]
    pub const fn with_writing_tool(self, writing_tool: &'static str) -> Mp4Settings {
        Mp4Settings { writing_tool, ..self }
    }

    /// The same with a sound track.
    #[must_use]
    pub const fn with_sound(self, sound: SoundTrack) -> Mp4Settings {
        Mp4Settings { sound: Some(sound), ..self }
    }
}

/// Writes an MP4 file: every frame shown for the same time, BT.709 in limited range, square pixels.
///
/// The bytes depend on the settings and the segments alone; no time of day is written. Memory grows by 4
/// bytes for each frame, and by as much again in [`Mp4Writer::finish`]. Each segment is written with one
/// call, so `writer` needs no buffer. It must be an empty file.
///
/// Only the first picture of each segment is listed as one that players can seek to.
#[derive(Debug)]
pub struct Mp4Writer<W> {
    writer: W,
    settings: Mp4Settings,
    codec: &'static Mp4Codec,
    video: Mp4Track,
    sound: Option<Mp4Track>,
    /// `None` until the first segment came.
    header: Option<Box<Header>>,
    /// The segment whose sound is to be written next.
    next_sound: SegmentIndex,
    /// Bytes from the start of the file to where the next chunk begins.
    position: u64,
}

/// What the first segment gives: how to set the decoder up, and with it the length of the header.
#[derive(Debug)]
struct Header {
    config: CodecConfig,
    entry: SampleEntry,
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
    /// [`MuxError::Codec`], [`MuxError::TooManyFrames`] or [`MuxError::TooManySamples`].
    pub fn new(writer: W, settings: Mp4Settings) -> Result<Mp4Writer<W>, MuxError> {
        let Mp4Settings { video, sound, .. } = settings;
        let codec = Mp4Codec::find(video.codec)
            .ok_or_else(|| MuxError::Codec { codec: video.codec, known: Mp4Codec::names() })?;
        let frames = video.plan.frames();
        if frames > MAX_FRAMES {
            return Err(MuxError::TooManyFrames { frames, limit: MAX_FRAMES });
        }
        if let Some(sound) = sound.filter(|sound| sound.samples > MAX_SOUND_SAMPLES) {
            return Err(MuxError::TooManySamples { samples: sound.samples, limit: MAX_SOUND_SAMPLES });
        }
        Ok(Mp4Writer {
            writer,
            settings,
            codec,
            video: Mp4Track::video(&video),
            sound: sound.map(|sound| Mp4Track::sound(&sound, &video)),
            header: None,
            next_sound: SegmentIndex(0),
            position: 0,
        })
    }

    /// Appends segment `segment`. Its access units lie one behind the other in `data`, each as long as its
    /// entry in `units` says; the first one is a sync sample. `config` is the same for every segment.
    ///
    /// # Errors
    /// When the segment is not the next one or differs from what was planned, or the sound of the one before is
    /// missing (nothing was written then), or when writing fails.
    pub fn write_segment(
        &mut self,
        segment: SegmentIndex,
        config: &CodecConfig,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        self.check(segment, config, data, units)?;
        if self.header.is_none() {
            self.begin(segment, config)?;
        }
        write_at(&mut self.writer, self.position, data).map_err(MuxError::Io)?;
        self.video.add_units(self.position, units);
        self.position += data.len() as u64;
        Ok(())
    }

    /// Appends the sound that is heard during segment `segment`, which was written just before: the samples of
    /// [`SoundTrack::samples_of`]. Where those are none, it need not be called.
    ///
    /// # Errors
    /// [`MuxError::Sound`] when it is not the sound that is due (nothing was written then), [`MuxError::Io`] when
    /// writing fails.
    pub fn write_sound(&mut self, segment: SegmentIndex, data: &[u8]) -> Result<(), MuxError> {
        let wrong = |reason: String| MuxError::Sound { segment, reason };
        let (Some(track), Some(tables)) = (&self.settings.sound, &mut self.sound) else {
            return Err(wrong("the file has no sound track".to_owned()));
        };
        if segment.0 + 1 != self.video.chunks_written() || segment < self.next_sound {
            return Err(wrong("sound follows the pictures of its segment, and comes once".to_owned()));
        }
        let samples = track.samples_of(segment, &self.settings.video);
        let planned = (samples.end - samples.start) * u64::from(track.sample_bytes());
        if data.len() as u64 != planned {
            return Err(wrong(format!("{} bytes came instead of the planned {planned}", data.len())));
        }
        if !data.is_empty() {
            write_at(&mut self.writer, self.position, data).map_err(MuxError::Io)?;
            tables.add_chunk(self.position);
            self.position += data.len() as u64;
        }
        self.next_sound = SegmentIndex(segment.0 + 1);
        Ok(())
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Writes what stands before the segments. Returns the writer and the length of the file in bytes. Does not sync it to
    /// the disk: that is up to the caller.
    ///
    /// # Errors
    /// [`MuxError::FramesMissing`] when segments are missing, [`MuxError::Sound`] when sound is, [`MuxError::Io`] when
    /// writing fails.
    pub fn finish(mut self) -> Result<(W, u64), MuxError> {
        let incomplete = MuxError::FramesMissing {
            got: self.video.units_written(),
            planned: self.settings.video.plan.frames(),
        };
        let Some(header) = self.header.take() else { return Err(incomplete) };
        if self.next_segment().0 != self.settings.video.plan.segments() {
            return Err(incomplete);
        }
        self.check_sound_before(self.next_segment())?;
        let mdat = mdat_header(self.position - header.bytes());
        let place = header.bytes();
        let moov = self.take_moov(header.entry);
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
        SegmentIndex(self.video.chunks_written())
    }

    /// Checks everything that can be checked before a byte of the segment is written.
    fn check(
        &self,
        segment: SegmentIndex,
        config: &CodecConfig,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        let due = self.next_segment();
        let plan = self.settings.video.plan;
        let planned = plan.frames_of(segment);
        let planned = planned.end - planned.start;
        if planned == 0 {
            return Err(MuxError::TooManySegments { got: segment, segments: plan.segments() });
        }
        if segment != due {
            return Err(MuxError::OutOfOrder { got: segment, due });
        }
        self.check_sound_before(segment)?;
        if units.len() as u64 != planned {
            return Err(MuxError::FrameCount { segment, got: units.len() as u64, planned });
        }
        if self.header.as_ref().is_some_and(|header| header.config != *config) {
            return Err(MuxError::ConfigDiffers { segment });
        }
        if !units.first().is_some_and(|unit| unit.sync) {
            return Err(MuxError::NoSyncSample { segment });
        }
        let mut rest = data;
        for (frame, unit) in (0..).zip(units) {
            let damaged = |reason| MuxError::DamagedUnit { segment, frame, reason };
            let (unit, behind) =
                rest.split_at_checked(unit.bytes).ok_or_else(|| damaged("it is cut short"))?;
            check_length(unit).and_then(|()| (self.codec.check_unit)(unit)).map_err(damaged)?;
            rest = behind;
        }
        if rest.is_empty() {
            Ok(())
        } else {
            let reason = "bytes that belong to no frame follow the last one";
            Err(MuxError::DamagedUnit { segment, frame: planned - 1, reason })
        }
    }

    /// Checks that all sound of the segments before `segment` was written.
    fn check_sound_before(&self, segment: SegmentIndex) -> Result<(), MuxError> {
        let Some(sound) = &self.settings.sound else { return Ok(()) };
        let missing = (self.next_sound.0..segment.0).map(SegmentIndex).find(|&segment| {
            let samples = sound.samples_of(segment, &self.settings.video);
            !samples.is_empty()
        });
        missing.map_or(Ok(()), |segment| {
            Err(MuxError::Sound { segment, reason: "it was not written".to_owned() })
        })
    }

    /// Finds out how much place the header needs, and leaves it free.
    fn begin(&mut self, segment: SegmentIndex, config: &CodecConfig) -> Result<(), MuxError> {
        let expected = self.settings.video.size;
        let made = (self.codec.sample_entry)(config, expected)
            .map_err(|reason| MuxError::Config { segment, reason })?;
        let (width, height) = made.size;
        if (u32::from(width), u32::from(height)) != (expected.width(), expected.height()) {
            return Err(MuxError::PictureSize { width, height, expected });
        }
        let tables: u64 = std::iter::once(&self.video).chain(&self.sound).map(Mp4Track::table_bytes).sum();
        let empty = self.take_moov(made.entry.clone());
        let moov_bytes = empty.encode_to_vec().map_err(bad_header)?.len() as u64 + tables;
        let ftyp = boxes::ftyp(self.codec.brand).encode_to_vec().map_err(bad_header)?;
        let header = Header { config: config.clone(), entry: made.entry, ftyp, moov_bytes };
        self.position = header.bytes();
        self.header = Some(Box::new(header));
        Ok(())
    }

    /// `moov` with everything that came so far, which is moved out of the tracks. The clock is that of the pictures.
    fn take_moov(&mut self, video: SampleEntry) -> MoovBox {
        let timescale = self.video.timescale();
        let tracks = std::iter::once(&self.video).chain(&self.sound);
        let duration = tracks.map(|track| track.duration(timescale)).max().unwrap_or(0);
        let mut tracks = vec![self.video.take_trak(1, timescale, video)];
        if let (Some(track), Some(tables)) = (&self.settings.sound, &mut self.sound) {
            tracks.push(tables.take_trak(2, timescale, sowt(track)));
        }
        boxes::moov(timescale, duration, tracks, self.settings.writing_tool)
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

/// Checks that `stsz` can say how long the access unit is.
fn check_length(unit: &[u8]) -> Result<(), &'static str> {
    match u32::try_from(unit.len()) {
        Ok(0) => Err("it is empty"),
        Ok(_) => Ok(()),
        Err(_) => Err("it is longer than 4 GiB"),
    }
}

fn write_at(writer: &mut (impl Write + Seek), position: u64, bytes: &[u8]) -> io::Result<()> {
    writer.seek(SeekFrom::Start(position))?;
    writer.write_all(bytes)
}

fn bad_header(error: shiguredo_mp4::Error) -> MuxError {
    MuxError::Header { reason: error.reason }
}
