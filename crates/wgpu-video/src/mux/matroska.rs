//! Matroska and WebM files (RFC 9559), written from front to back in one pass.
//!
//! ```text
//! EBML  Segment  SeekHead  Info  Tracks  Tags  Cluster  Cluster  …  Cues
//! ```
//!
//! A cluster begins with each segment, and again after five seconds. What the beginning says about the end is written again when
//! that is known, in as many bytes. Times are whole milliseconds, as is usual; the exact length of a frame is in the track.

use std::collections::VecDeque;
use std::io::{Seek, SeekFrom, Write};
use std::num::NonZeroU64;

use strikeline_audio::{AudioCodec, Packet};

use super::MuxError;
use super::checks::Expected;
use super::description::Container;
use super::ebml::{element, float, identifier, long_length, long_number, number, parent, text};
use super::matroska_tracks::{MatroskaCodec, SOUND, VIDEO, nanoseconds, sound_entry};
use super::mp4::Mp4Settings;
use crate::encode::{AccessUnit, Codec, CodecConfig};
use strikeline_picture::{SegmentIndex, SegmentRange};

/// The longest cluster, in milliseconds. Times in it are relative, and have 16 bits.
const CLUSTER_TIME: u64 = 5_000;

/// Writes a Matroska or WebM file: every frame shown for the same time, BT.709 in limited range, square pixels.
///
/// The bytes depend on the settings, the segments and the sound alone. A segment is copied in memory before it is written.
#[derive(Debug)]
pub struct MatroskaWriter<W> {
    writer: W,
    settings: Mp4Settings,
    codec: &'static MatroskaCodec,
    sound: Option<Sound>,
    /// `None` before the first segment.
    begun: Option<Begun>,
    /// Bytes written so far.
    position: u64,
    next: SegmentIndex,
    /// The time of each segment in milliseconds, and where its first cluster begins.
    cues: Vec<(u64, u64)>,
}

#[derive(Debug)]
struct Begun {
    config: CodecConfig,
    /// `Tracks`, as it is in the file.
    tracks: Vec<u8>,
}

/// The packets that came before the frames beside which they are written.
#[derive(Debug)]
struct Sound {
    entry: Vec<u8>,
    waiting: VecDeque<Packet>,
    /// Ticks of the packets that came, and of those that were written.
    came: u64,
    written: u64,
}

impl<W: Write + Seek> MatroskaWriter<W> {
    /// Prepares a file. Nothing is written before the first segment.
    ///
    /// # Errors
    /// [`MuxError::Codec`], [`MuxError::Sound`], [`MuxError::Language`] or [`MuxError::LongTag`].
    pub fn new(writer: W, settings: Mp4Settings) -> Result<MatroskaWriter<W>, MuxError> {
        let container = settings.container;
        let codec = MatroskaCodec::find(settings.video.codec, container).ok_or_else(|| MuxError::Codec {
            codec: settings.video.codec,
            container,
            known: MatroskaCodec::names(container),
        })?;
        settings.check()?;
        let language = settings.language.clone().unwrap_or_else(|| "und".to_owned());
        let entry = settings.sound.as_ref().map(|track| sound_entry(track, container, &language)).transpose();
        let entry = entry.map_err(|reason| MuxError::Sound { reason })?;
        let sound = entry.map(|entry| Sound { entry, waiting: VecDeque::new(), came: 0, written: 0 });
        let (begun, next) = (None, SegmentIndex(0));
        Ok(MatroskaWriter { writer, settings, codec, sound, begun, position: 0, next, cues: Vec::new() })
    }

    /// As [`Mp4Writer::write_sound`](super::Mp4Writer::write_sound).
    ///
    /// # Errors
    /// [`MuxError::Sound`] when the file has no sound.
    pub fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), MuxError> {
        let no_track = || MuxError::Sound { reason: "the file has no sound track".to_owned() };
        let sound = self.sound.as_mut().ok_or_else(no_track)?;
        sound.came += packets.iter().map(|packet| u64::from(packet.ticks)).sum::<u64>();
        sound.waiting.extend(packets);
        Ok(())
    }

    /// As [`Mp4Writer::write_segment`](super::Mp4Writer::write_segment).
    ///
    /// # Errors
    /// As there.
    pub fn write_segment(
        &mut self,
        segment: SegmentIndex,
        config: &CodecConfig,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        let video = self.settings.video;
        let frames = video.plan.frames_of(segment);
        let config_before = self.begun.as_ref().map(|begun| &begun.config);
        let check_unit = self.codec.check_unit();
        let expected = Expected { video: &video, due: self.next, config: config_before, check_unit };
        expected.check(segment, config, data, units)?;
        self.check_sound(segment)?;
        if self.begun.is_none() {
            self.begin(segment, config)?;
        }
        let mut cluster = Cluster::at(self.milliseconds(frames.start));
        self.cues.push((cluster.time, self.position));
        let mut rest = data;
        for (place, unit) in (frames.start..).zip(units) {
            let (coded, behind) = rest.split_at(unit.bytes);
            rest = behind;
            let now = self.milliseconds(place);
            if now.saturating_sub(cluster.time) > CLUSTER_TIME {
                let full = std::mem::replace(&mut cluster, Cluster::at(now));
                self.append(&full.bytes())?;
            }
            self.add_sound(&mut cluster, now);
            let shown = self.milliseconds(place.saturating_add_signed(unit.delay.into()));
            let beside = self.codec.has_alpha_apart().then(|| Codec::split_alpha(coded)).flatten();
            match beside {
                Some((alpha, colours)) => cluster.add_with_alpha(shown, unit.sync, colours, alpha),
                None => cluster.add(VIDEO, shown, unit.sync, coded),
            }
        }
        if frames.end == video.plan.frames() {
            self.add_sound(&mut cluster, u64::MAX);
        }
        self.append(&cluster.bytes())?;
        self.next = SegmentIndex(segment.0 + 1);
        Ok(())
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Writes the index, and completes the beginning. Returns the writer and the length of the file in bytes.
    ///
    /// # Errors
    /// [`MuxError::FramesMissing`] when segments are missing, [`MuxError::Io`] when writing fails.
    pub fn finish(self) -> Result<(W, u64), MuxError> {
        let plan = self.settings.video.plan;
        let got = SegmentRange { first: SegmentIndex(0), end: self.next }.frames(plan).end;
        if self.next.0 != plan.segments() || self.begun.is_none() {
            return Err(MuxError::FramesMissing { got, planned: plan.frames() });
        }
        self.end(got)
    }

    /// As [`Mp4Writer::finish_early`](super::Mp4Writer::finish_early).
    ///
    /// # Errors
    /// As [`MatroskaWriter::finish`].
    pub fn finish_early(self) -> Result<(W, u64), MuxError> {
        let plan = self.settings.video.plan;
        let got = SegmentRange { first: SegmentIndex(0), end: self.next }.frames(plan).end;
        if NonZeroU64::new(got).is_none() || self.begun.is_none() {
            return Err(MuxError::FramesMissing { got, planned: plan.frames() });
        }
        self.end(got)
    }

    /// Ends the file after `frames` frames.
    fn end(mut self, frames: u64) -> Result<(W, u64), MuxError> {
        let start = self.segment_start();
        let cue = |(time, position): &(u64, u64)| {
            let place = [number(CUE_TRACK, VIDEO), number(CUE_CLUSTER_POSITION, position - start)];
            parent(CUE_POINT, &[number(CUE_TIME, *time), parent(CUE_TRACK_POSITIONS, &place)])
        };
        let cues = parent(CUES, &self.cues.iter().map(cue).collect::<Vec<_>>());
        let cues_at = self.position - start;
        self.append(&cues)?;
        let complete = frames == self.settings.video.plan.frames();
        let mut duration = self.milliseconds(frames);
        if let (true, Some(track)) = (complete, &self.settings.sound) {
            let heard = nanoseconds(track, track.silence.saturating_add(track.duration)) / 1_000_000;
            duration = duration.max(heard);
        }
        let front = self.beginning(self.position - start, cues_at, duration);
        self.writer
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.writer.write_all(&front))
            .and_then(|()| self.writer.flush())
            .map_err(MuxError::Io)?;
        Ok((self.writer, self.position))
    }

    fn begin(&mut self, segment: SegmentIndex, config: &CodecConfig) -> Result<(), MuxError> {
        let entry = self.codec.entry(config, &self.settings.video);
        let mut entries = vec![entry.map_err(|reason| MuxError::Config { segment, reason })?];
        entries.extend(self.sound.as_ref().map(|sound| sound.entry.clone()));
        self.begun = Some(Begun { config: config.clone(), tracks: parent(TRACKS, &entries) });
        let front = self.beginning(0, 0, 0);
        self.append(&front)
    }

    /// Everything before the first cluster: as many bytes for all values.
    fn beginning(&self, segment_bytes: u64, cues_at: u64, duration: u64) -> Vec<u8> {
        let mut front = self.head();
        front.extend(identifier(SEGMENT));
        front.extend(long_length(segment_bytes));
        let tool = self.settings.writing_tool;
        let mut info = vec![number(TIMESTAMP_SCALE, 1_000_000), float(DURATION, duration as f64)];
        info.extend(self.settings.title.as_deref().map(|title| text(TITLE, title)));
        info.extend([text(MUXING_APP, tool), text(WRITING_APP, tool)]);
        let info = parent(INFO, &info);
        let tracks = self.begun.as_ref().map_or(&[][..], |begun| &begun.tracks);
        let tags = self.settings.artist.as_deref().map_or_else(Vec::new, |artist| {
            let tag = parent(SIMPLE_TAG, &[text(TAG_NAME, "ARTIST"), text(TAG_STRING, artist)]);
            parent(TAGS, &[parent(TAG, &[parent(TARGETS, &[]), tag])])
        });
        let seek = |id: u32, position: u64| {
            parent(SEEK, &[element(SEEK_ID, &identifier(id)), long_number(SEEK_POSITION, position)])
        };
        let places = |info_at: u64| {
            let tracks_at = info_at + info.len() as u64;
            parent(SEEK_HEAD, &[seek(INFO, info_at), seek(TRACKS, tracks_at), seek(CUES, cues_at)])
        };
        let seek_head = places(places(0).len() as u64);
        [front.as_slice(), &seek_head, &info, tracks, &tags].concat()
    }

    /// The element that says what kind of file it is.
    fn head(&self) -> Vec<u8> {
        let webm = self.settings.container == Container::WebM;
        parent(
            EBML,
            &[
                number(EBML_VERSION, 1),
                number(EBML_READ_VERSION, 1),
                number(EBML_MAX_ID_LENGTH, 4),
                number(EBML_MAX_SIZE_LENGTH, 8),
                text(DOC_TYPE, if webm { "webm" } else { "matroska" }),
                number(DOC_TYPE_VERSION, 4),
                number(DOC_TYPE_READ_VERSION, 2),
            ],
        )
    }

    /// Where the content of the segment begins, from which positions are counted.
    fn segment_start(&self) -> u64 {
        self.head().len() as u64 + identifier(SEGMENT).len() as u64 + 8
    }

    fn check_sound(&self, segment: SegmentIndex) -> Result<(), MuxError> {
        let (Some(sound), Some(track)) = (&self.sound, &self.settings.sound) else { return Ok(()) };
        let due = self.settings.video.sound_until(track, segment);
        if sound.came >= due {
            return Ok(());
        }
        let (came, segment) = (sound.came, segment.0);
        let reason = format!("{came} ticks of it came before segment {segment}, which needs {due}");
        Err(MuxError::Sound { reason })
    }

    /// Adds the packets that are heard until `now`, in milliseconds.
    fn add_sound(&mut self, cluster: &mut Cluster, now: u64) {
        let (Some(sound), Some(track)) = (&mut self.sound, &self.settings.sound) else { return };
        let silence = nanoseconds(track, track.silence);
        // Of Opus, times count what is skipped, which every player takes off again. Of other codecs they do not, and there is no
        // time before 0: packets that begin before what is heard are left out.
        let left_out = if track.codec == AudioCodec::Opus { 0 } else { track.skip };
        while let Some(packet) = sound.waiting.front() {
            let since = sound.written.saturating_sub(left_out);
            let time = nanoseconds(track, since).saturating_add(silence).saturating_add(500_000) / 1_000_000;
            if time > now {
                return;
            }
            if sound.written >= left_out {
                cluster.add(SOUND, time, true, &packet.data);
            }
            sound.written += u64::from(packet.ticks);
            sound.waiting.pop_front();
        }
    }

    /// When frame `frame` is shown, rounded to a millisecond.
    fn milliseconds(&self, frame: u64) -> u64 {
        let rate = self.settings.video.frame_rate;
        let (numerator, denominator) = (u128::from(rate.numerator().max(1)), u128::from(rate.denominator()));
        let time = (u128::from(frame) * denominator * 1000 + numerator / 2) / numerator;
        u64::try_from(time).unwrap_or(u64::MAX)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), MuxError> {
        self.writer.write_all(bytes).map_err(MuxError::Io)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

/// Blocks of a few seconds.
struct Cluster {
    /// In milliseconds.
    time: u64,
    blocks: Vec<u8>,
}

impl Cluster {
    fn at(time: u64) -> Cluster {
        Cluster { time, blocks: Vec::new() }
    }

    /// Adds a `SimpleBlock`.
    fn add(&mut self, track: u64, time: u64, sync: bool, data: &[u8]) {
        let flags = if sync { 0x80 } else { 0 };
        let block = self.block(track, time, flags, data);
        self.blocks.extend(element(SIMPLE_BLOCK, &block));
    }

    /// Adds a `BlockGroup` with a frame and its alpha.
    fn add_with_alpha(&mut self, time: u64, sync: bool, colours: &[u8], alpha: &[u8]) {
        let addition = [number(BLOCK_ADD_ID, 1), element(BLOCK_ADDITIONAL, alpha)];
        let mut group = vec![
            element(BLOCK, &self.block(VIDEO, time, 0, colours)),
            parent(BLOCK_ADDITIONS, &[parent(BLOCK_MORE, &addition)]),
        ];
        if !sync {
            // Any frame but this one: that there is a reference says that this is no key frame.
            group.push(element(REFERENCE_BLOCK, &[0xFF]));
        }
        self.blocks.extend(parent(BLOCK_GROUP, &group));
    }

    fn block(&self, track: u64, time: u64, flags: u8, data: &[u8]) -> Vec<u8> {
        let since = time as i64 - self.time as i64;
        let since = since.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        // A track number below 127 is a length of one byte.
        let mut block = vec![0x80 | track as u8];
        block.extend(since.to_be_bytes());
        block.push(flags);
        block.extend_from_slice(data);
        block
    }

    fn bytes(self) -> Vec<u8> {
        parent(CLUSTER, &[number(TIMESTAMP, self.time), self.blocks])
    }
}

const EBML: u32 = 0x1A45_DFA3;
const EBML_VERSION: u32 = 0x4286;
const EBML_READ_VERSION: u32 = 0x42F7;
const EBML_MAX_ID_LENGTH: u32 = 0x42F2;
const EBML_MAX_SIZE_LENGTH: u32 = 0x42F3;
const DOC_TYPE: u32 = 0x4282;
const DOC_TYPE_VERSION: u32 = 0x4287;
const DOC_TYPE_READ_VERSION: u32 = 0x4285;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114D_9B74;
const SEEK: u32 = 0x4DBB;
const SEEK_ID: u32 = 0x53AB;
const SEEK_POSITION: u32 = 0x53AC;
const INFO: u32 = 0x1549_A966;
const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
const DURATION: u32 = 0x4489;
const TITLE: u32 = 0x7BA9;
const MUXING_APP: u32 = 0x4D80;
const WRITING_APP: u32 = 0x5741;
const TRACKS: u32 = 0x1654_AE6B;
const TAGS: u32 = 0x1254_C367;
const TAG: u32 = 0x7373;
const TARGETS: u32 = 0x63C0;
const SIMPLE_TAG: u32 = 0x67C8;
const TAG_NAME: u32 = 0x45A3;
const TAG_STRING: u32 = 0x4487;
const CLUSTER: u32 = 0x1F43_B675;
const TIMESTAMP: u32 = 0xE7;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const BLOCK_ADDITIONS: u32 = 0x75A1;
const BLOCK_MORE: u32 = 0xA6;
const BLOCK_ADD_ID: u32 = 0xEE;
const BLOCK_ADDITIONAL: u32 = 0xA5;
const REFERENCE_BLOCK: u32 = 0xFB;
const CUES: u32 = 0x1C53_BB6B;
const CUE_POINT: u32 = 0xBB;
const CUE_TIME: u32 = 0xB3;
const CUE_TRACK_POSITIONS: u32 = 0xB7;
const CUE_TRACK: u32 = 0xF7;
const CUE_CLUSTER_POSITION: u32 = 0xF1;
