//! MP4 files (ISO/IEC 14496-12) with a video track and perhaps a sound track, written from front to back in one pass.
//!
//! ```text
//! ftyp  moov            free  mdat
//!       sample tables         half a second of segment 0 │ its sound │ the next half second │ its sound │ …
//! ```
//!
//! `moov` comes before `mdat`, so that a player can begin before it has the whole file. Nothing is moved for that: the
//! number of pictures and chunks is known from the start, and so are the length of every table and the place
//! of the first segment. The space for `moov` is left free, and filled at the end.
//!
//! Of sound it is known how many packets there are at most. What their tables do not need of the space left free stays a
//! `free` box.
//!
//! Without sound, a segment is one chunk. With sound, it is cut into chunks of half a second at most, each followed by the
//! packets that begin while it is shown: a player finds pictures and sound of the same time close to each other.

use std::io::{self, Seek, SeekFrom, Write};
use std::num::{NonZeroU32, NonZeroU64};

use shiguredo_mp4::boxes::{MoovBox, SampleEntry};
use shiguredo_mp4::{Encode, LanguageCode};
use strikeline_audio::{AudioTrack, Packet};

use super::MuxError;
use super::boxes::{self, Tags};
use super::checks::Expected;
use super::codecs::Mp4Codec;
use super::description::{Container, VideoTrack};
use super::mp4_sound::Mp4Sound;
use super::mp4_video::Mp4Video;
use crate::encode::{AccessUnit, CodecConfig};
use strikeline_picture::{FrameIndex, SegmentIndex, SegmentPlan, SegmentRange};

/// Most frames of one file: 25 days at 60 frames per second. With it the tables stay below 4 GiB, which is as far as
/// the size of a box inside `moov` reaches.
const MAX_FRAMES: u64 = 1 << 27;

/// Bytes between `moov` and the first segment in a file whose tables have a known length: the header of `mdat`, which is 8
/// bytes long with a 32-bit size and follows an empty `free` box of 8 bytes, or 16 bytes long with a 64-bit size.
const MDAT_HEADER: u64 = 16;

/// The header of a `free` box. With sound, or with reordered frames, space is left for one in any case.
const FREE_HEADER: u64 = 8;

/// The most bytes of a title or an artist.
const MAX_TAG: usize = 65_536;

/// The tracks of a file, and what players show about it. For Matroska files, too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mp4Settings {
    /// The pictures.
    pub video: VideoTrack,
    /// The sound, if any.
    pub sound: Option<AudioTrack>,
    /// Which format the file has.
    pub container: Container,
    /// Name and version of the program that makes the file, which players show; this crate's unless set.
    pub writing_tool: &'static str,
    /// Title of the video, which players show.
    pub title: Option<String>,
    /// Who made it, which players show.
    pub artist: Option<String>,
    /// Language of the sound: three small letters of ISO 639-2, such as `eng`; `None` where it has none or it is not known.
    pub language: Option<String>,
}

impl Mp4Settings {
    /// A file without sound.
    pub const fn new(video: VideoTrack) -> Mp4Settings {
        let writing_tool = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        Mp4Settings {
            video,
            sound: None,
            container: Container::Mp4,
            writing_tool,
            title: None,
            artist: None,
            language: None,
        }
    }

    /// The same with another name and version of the program that makes the file.
    #[must_use]
    pub fn with_writing_tool(self, writing_tool: &'static str) -> Mp4Settings {
        Mp4Settings { writing_tool, ..self }
    }

    /// The same for a file of another format.
    #[must_use]
    pub fn with_container(self, container: Container) -> Mp4Settings {
        Mp4Settings { container, ..self }
    }

    /// The same with a sound track.
    #[must_use]
    pub fn with_sound(self, sound: AudioTrack) -> Mp4Settings {
        Mp4Settings { sound: Some(sound), ..self }
    }

    /// The same with a title.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Mp4Settings {
        Mp4Settings { title: Some(title.into()), ..self }
    }

    /// The same with who made it.
    #[must_use]
    pub fn with_artist(self, artist: impl Into<String>) -> Mp4Settings {
        Mp4Settings { artist: Some(artist.into()), ..self }
    }

    /// The same with the language of the sound.
    #[must_use]
    pub fn with_language(self, language: impl Into<String>) -> Mp4Settings {
        Mp4Settings { language: Some(language.into()), ..self }
    }

    /// Checks title and artist, and gives the language in the form that the file has it.
    pub(super) fn check(&self) -> Result<LanguageCode, MuxError> {
        for (what, tag) in [("title", &self.title), ("artist", &self.artist)] {
            if tag.as_ref().is_some_and(|tag| tag.len() > MAX_TAG) {
                return Err(MuxError::LongTag { what, limit: MAX_TAG });
            }
        }
        let Some(code) = &self.language else { return Ok(LanguageCode::UNDEFINED) };
        let letters = code.bytes().all(|letter| letter.is_ascii_lowercase());
        let language = LanguageCode::from_ascii(code).filter(|_| letters);
        language.ok_or_else(|| MuxError::Language { code: code.clone() })
    }

    pub(super) fn tags(&self) -> Tags<'_> {
        Tags { title: self.title.as_deref(), artist: self.artist.as_deref(), writing_tool: self.writing_tool }
    }
}

/// Writes an MP4 file: every frame shown for the same time, BT.709 in limited range, square pixels.
///
/// The bytes depend on the settings, the segments and the sound alone; no time of day is written. Memory grows by 4
/// bytes for each frame and each packet of sound, and by as much again in [`Mp4Writer::finish`]. Each segment is written with
/// one call, or beside sound with two for half a second, so `writer` needs no buffer. It must be an empty file.
///
/// Sound comes before the pictures that it belongs to: [`Mp4Writer::write_sound`], then [`Mp4Writer::write_segment`].
///
/// Only the first picture of each segment is listed as one that players can seek to.
#[derive(Debug)]
pub struct Mp4Writer<W> {
    writer: W,
    settings: Mp4Settings,
    codec: &'static Mp4Codec,
    video: Mp4Video,
    sound: Option<Mp4Sound>,
    /// Ticks per second of the clock of the whole file.
    timescale: NonZeroU32,
    /// `None` until the first segment came.
    header: Option<Box<Header>>,
    /// Bytes from the start of the file to where the next chunk begins.
    position: u64,
}

/// What the first segment gives: how to set the decoder up, and with it the length of the header.
#[derive(Debug)]
struct Header {
    config: CodecConfig,
    entry: SampleEntry,
    ftyp: Vec<u8>,
    /// Bytes from the start of the file to the first segment.
    bytes: u64,
}

impl<W: Write + Seek> Mp4Writer<W> {
    /// Prepares a file. Nothing is written before the first segment.
    ///
    /// # Errors
    /// [`MuxError::Codec`], [`MuxError::TooManyFrames`], [`MuxError::TooMuchSound`], [`MuxError::Sound`],
    /// [`MuxError::Language`] or [`MuxError::LongTag`].
    pub fn new(writer: W, settings: Mp4Settings) -> Result<Mp4Writer<W>, MuxError> {
        let codec = Mp4Codec::wanted(settings.video.codec, settings.container)?;
        let frames = settings.video.plan.frames();
        if frames > MAX_FRAMES {
            return Err(MuxError::TooManyFrames { frames, limit: MAX_FRAMES });
        }
        let language = settings.check()?;
        let video = Mp4Video::new(&settings.video, settings.sound.is_some());
        let sound = settings.sound.clone().map(|track| Mp4Sound::new(track, language, video.chunks()));
        let sound = sound.transpose()?;
        let timescale = movie_timescale(&video, sound.as_ref());
        Ok(Mp4Writer { writer, settings, codec, video, sound, timescale, header: None, position: 0 })
    }

    /// Takes the next packets of the sound. They are written with the pictures during which they begin. Before a segment is
    /// written, all packets must have come that begin before the tick that [`VideoTrack::sound_until`] says; more may have.
    ///
    /// # Errors
    /// [`MuxError::Sound`] when they are not what the track says. None of them was taken then.
    pub fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), MuxError> {
        let no_track = || MuxError::Sound { reason: "the file has no sound track".to_owned() };
        self.sound.as_mut().ok_or_else(no_track)?.take_packets(packets)
    }

    /// Appends segment `segment`. Its access units lie one behind the other in `data`, each as long as its
    /// entry in `units` says; the first one is a sync sample. `config` is the same for every segment.
    ///
    /// # Errors
    /// When the segment is not the next one or differs from what was planned, or its sound is missing (nothing was written
    /// then), or when writing fails.
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
        let first = self.settings.video.plan.frames_of(segment).start;
        let mut rest = data;
        for frames in self.video.chunks_of(units.len() as u64) {
            let units = &units[frames.start as usize..frames.end as usize];
            let (chunk, behind) = rest.split_at(units.iter().map(|unit| unit.bytes).sum());
            rest = behind;
            self.append(chunk)?;
            self.video.add_chunk(self.position - chunk.len() as u64, units, frames.start == 0);
            self.append_sound(segment, FrameIndex(first + frames.end))?;
        }
        Ok(())
    }

    /// Appends the sound that has come and begins before frame `end`; after the last frame, all of it.
    fn append_sound(&mut self, segment: SegmentIndex, end: FrameIndex) -> Result<(), MuxError> {
        let Some(sound) = &mut self.sound else { return Ok(()) };
        let video = &self.settings.video;
        let until = match end.0 == video.plan.frames() {
            true => video.sound_until(sound.track(), segment),
            false => video.sound_before(sound.track(), end),
        };
        let chunk = sound.take_chunk(until, self.position);
        self.append(&chunk)
    }

    fn append(&mut self, chunk: &[u8]) -> Result<(), MuxError> {
        if !chunk.is_empty() {
            write_at(&mut self.writer, self.position, chunk).map_err(MuxError::Io)?;
            self.position += chunk.len() as u64;
        }
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
    /// [`MuxError::FramesMissing`] when segments are missing, [`MuxError::Io`] when writing fails.
    pub fn finish(mut self) -> Result<(W, u64), MuxError> {
        let incomplete = MuxError::FramesMissing {
            got: self.video.samples_written(),
            planned: self.settings.video.plan.frames(),
        };
        let Some(header) = self.header.take() else { return Err(incomplete) };
        if self.next_segment().0 != self.settings.video.plan.segments() {
            return Err(incomplete);
        }
        let moov = self.take_moov(header.entry);
        let mut front = header.ftyp;
        front.extend(moov.encode_to_vec().map_err(bad_header)?);
        drop(moov);
        let mdat = mdat_header(self.position - header.bytes);
        let mdat_place = header.bytes - mdat.len() as u64;
        let mismatch = |unused: Option<u64>| {
            let reason = format!("{} bytes before mdat, which begins at {mdat_place}", front.len());
            unused.ok_or(MuxError::Header { reason })
        };
        let unused = mismatch(mdat_place.checked_sub(front.len() as u64))?;
        // Only where all tables are as long as they can be, and with a large `mdat`, is there no `free` box at all.
        if unused > 0 {
            mismatch(unused.checked_sub(FREE_HEADER))?;
            front.extend(u32::try_from(unused).map_err(|_| no_room(unused))?.to_be_bytes());
            front.extend(b"free");
        }
        write_at(&mut self.writer, 0, &front).map_err(MuxError::Io)?;
        write_at(&mut self.writer, mdat_place, &mdat).map_err(MuxError::Io)?;
        self.writer.flush().map_err(MuxError::Io)?;
        Ok((self.writer, self.position))
    }

    /// Ends the file after the segments that came, of which there must be at least one: a video of their frames, and the sound
    /// until then. For a video that is not going to be complete.
    ///
    /// # Errors
    /// As [`Mp4Writer::finish`].
    pub fn finish_early(mut self) -> Result<(W, u64), MuxError> {
        let plan = self.settings.video.plan;
        let segments = SegmentRange { first: SegmentIndex(0), end: self.next_segment() };
        if let Some(frames) = NonZeroU64::new(segments.frames(plan).end)
            && segments.end.0 < plan.segments()
        {
            let plan =
                SegmentPlan::new(frames, NonZeroU32::new(plan.segment_frames()).unwrap_or(NonZeroU32::MIN));
            self.settings.video.plan = plan;
            self.video.cut(&self.settings.video, self.sound.is_some());
            if let Some(sound) = &mut self.sound {
                let until = self.settings.video.sound_before(sound.track(), FrameIndex(frames.get()));
                sound.cut(until);
            }
        }
        self.finish()
    }

    /// The segment that is to come next.
    fn next_segment(&self) -> SegmentIndex {
        SegmentIndex(self.video.segments_written())
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
        let config_before = self.header.as_ref().map(|header| &header.config);
        let check_unit = self.codec.check_unit;
        let expected = Expected { video: &self.settings.video, due, config: config_before, check_unit };
        expected.check_place(segment)?;
        self.check_sound(segment)?;
        expected.check(segment, config, data, units)
    }

    /// Checks that all sound of `segment` has come.
    fn check_sound(&self, segment: SegmentIndex) -> Result<(), MuxError> {
        let Some(sound) = &self.sound else { return Ok(()) };
        let due = self.settings.video.sound_until(sound.track(), segment);
        if sound.came() >= due {
            return Ok(());
        }
        let (came, segment) = (sound.came(), segment.0);
        let reason = format!("{came} ticks of it came before segment {segment}, which needs {due}");
        Err(MuxError::Sound { reason })
    }

    /// Finds out how much place the header needs, and leaves it free.
    fn begin(&mut self, segment: SegmentIndex, config: &CodecConfig) -> Result<(), MuxError> {
        let expected = self.settings.video.size;
        let made = (self.codec.sample_entry)(config, expected, self.settings.container)
            .map_err(|reason| MuxError::Config { segment, reason })?;
        let (width, height) = made.size;
        if (u32::from(width), u32::from(height)) != (expected.width(), expected.height()) {
            return Err(MuxError::PictureSize { width, height, expected });
        }
        let mut room = self.video.table_bytes() + MDAT_HEADER;
        if let Some(sound) = &self.sound {
            room += sound.table_bytes();
        }
        if self.sound.is_some() || self.video.reordered() {
            room += FREE_HEADER;
        }
        let empty = self.take_moov(made.entry.clone());
        let ftyp =
            boxes::ftyp(self.settings.container, self.codec.brand).encode_to_vec().map_err(bad_header)?;
        let bytes = ftyp.len() as u64 + empty.encode_to_vec().map_err(bad_header)?.len() as u64 + room;
        self.position = bytes;
        self.header = Some(Box::new(Header { config: config.clone(), entry: made.entry, ftyp, bytes }));
        Ok(())
    }

    /// `moov` with everything that came so far, which is moved out of the tracks.
    fn take_moov(&mut self, video: SampleEntry) -> MoovBox {
        let timescale = self.timescale;
        let sound = self.sound.as_ref().map_or(0, |sound| sound.duration(timescale));
        let duration = self.video.duration(timescale).max(sound);
        let mut tracks = vec![self.video.take_trak(timescale, video)];
        tracks.extend(self.sound.as_mut().map(|sound| sound.take_trak(timescale)));
        boxes::moov(timescale, duration, tracks, &self.settings.tags())
    }
}

/// The clock of the whole file, in which the durations of both tracks and the edit list are counted: that of the pictures
/// where there is no sound, else one in which both are exact, as long as they fit into 32 bits in it, and else that of the
/// sound.
pub(super) fn movie_timescale(video: &Mp4Video, sound: Option<&Mp4Sound>) -> NonZeroU32 {
    let Some(sound) = sound else { return video.timescale() };
    let (a, b) = (video.timescale().get(), sound.timescale().get());
    let common = (u64::from(a) / u64::from(greatest_common_divisor(a, b))) * u64::from(b);
    let fits = |timescale: &NonZeroU32| {
        video.duration(*timescale).max(sound.duration(*timescale)) <= u64::from(u32::MAX)
    };
    u32::try_from(common).ok().and_then(NonZeroU32::new).filter(fits).unwrap_or(sound.timescale())
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// The header of `mdat` before `payload` bytes of media data (ISO/IEC 14496-12, 4.2 and 8.1.1).
fn mdat_header(payload: u64) -> Vec<u8> {
    match u32::try_from(payload + 8) {
        Ok(size) => [&size.to_be_bytes(), b"mdat".as_slice()].concat(),
        Err(_) => {
            let size = payload + MDAT_HEADER;
            [1u32.to_be_bytes().as_slice(), b"mdat", &size.to_be_bytes()].concat()
        }
    }
}

fn write_at(writer: &mut (impl Write + Seek), position: u64, bytes: &[u8]) -> io::Result<()> {
    writer.seek(SeekFrom::Start(position))?;
    writer.write_all(bytes)
}

fn no_room(unused: u64) -> MuxError {
    MuxError::Header { reason: format!("{unused} bytes are left free") }
}

fn bad_header(error: shiguredo_mp4::Error) -> MuxError {
    MuxError::Header { reason: error.reason }
}
