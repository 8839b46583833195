//! Files of animated pictures: GIF, APNG and animated WebP, written from front to back in one pass.
//!
//! Coded pictures are copied as they are; what is added is where each one goes, and for how long it is shown. When a frame is
//! shown is computed from its number and rounded to the clock of the format, so rounding never adds up.

use std::io::{Seek, SeekFrom, Write};
use std::num::NonZeroU16;

use super::MuxError;
use super::apng::Apng;
use super::checks::Expected;
use super::description::{Container, VideoTrack};
use super::gif::Gif;
use super::webp::WebP;
use crate::encode::{AccessUnit, Codec, CodecConfig, CodedRegion};
use strikeline_picture::{FrameRate, PictureSize, SegmentIndex, SegmentRange};

/// What an animation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnimationSettings {
    /// Its pictures.
    pub video: VideoTrack,
    /// The format of the file.
    pub container: Container,
    /// How often it is played; `None` for ever.
    pub plays: Option<NonZeroU16>,
}

impl AnimationSettings {
    /// An animation that is played for ever.
    pub const fn new(video: VideoTrack, container: Container) -> AnimationSettings {
        AnimationSettings { video, container, plays: None }
    }

    /// The same, played so often; `None` for ever.
    #[must_use]
    pub const fn with_plays(self, plays: Option<NonZeroU16>) -> AnimationSettings {
        AnimationSettings { plays, ..self }
    }
}

/// What a file says before the first picture.
pub(super) struct Front<'a> {
    pub size: PictureSize,
    pub plays: Option<NonZeroU16>,
    /// Frames of the whole file.
    pub frames: u64,
    /// Bytes of the whole file.
    pub bytes: u64,
    /// [`CodecConfig::Record`] of the coded pictures.
    pub record: &'a [u8],
}

/// A coded picture, and where and when it is shown.
pub(super) struct Frame<'a> {
    /// Its number in the file.
    pub number: u64,
    pub region: CodedRegion,
    pub coded: &'a [u8],
    /// For how long it is shown, in ticks of the clock.
    pub ticks: u16,
    /// Ticks in a second.
    pub clock: u32,
}

/// A format of animated pictures.
pub(super) trait AnimationFormat: Sync + std::fmt::Debug {
    /// What pictures in such a file are coded in.
    fn codec(&self) -> Codec;
    /// Ticks in a second of the clock in which it says how long frames of this rate are shown.
    fn clock(&self, rate: FrameRate) -> u32;
    /// Why a file may not have more frames or bytes than these, if it may not.
    fn check_length(&self, frames: u64, bytes: u64) -> Result<(), &'static str>;
    /// Everything before the first picture: as many bytes whatever [`Front::frames`] and [`Front::bytes`] are.
    fn front(&self, front: &Front<'_>) -> Vec<u8>;
    /// Appends a picture.
    fn append_frame(&self, frame: &Frame<'_>, out: &mut Vec<u8>);
    /// Everything behind the last picture.
    fn end(&self) -> Vec<u8>;
}

impl Container {
    /// The format, if it is one of animated pictures.
    fn animation(self) -> Option<&'static dyn AnimationFormat> {
        match self {
            Container::Gif => Some(&Gif),
            Container::Apng => Some(&Apng),
            Container::WebP => Some(&WebP),
            Container::Mp4 | Container::QuickTime | Container::Matroska | Container::WebM => None,
        }
    }

    /// Whether it holds an animated picture: no sound, played again and again.
    pub fn is_animation(self) -> bool {
        self.animation().is_some()
    }
}

/// Writes a file with an animated picture.
///
/// The bytes depend on the settings and the segments alone. A segment is copied in memory before it is written.
#[derive(Debug)]
pub struct AnimationWriter<W> {
    writer: W,
    settings: AnimationSettings,
    format: &'static dyn AnimationFormat,
    /// Of the first segment; `None` before it.
    config: Option<CodecConfig>,
    next: SegmentIndex,
    /// Bytes written so far.
    position: u64,
}

impl<W: Write + Seek> AnimationWriter<W> {
    /// Prepares a file. Nothing is written before the first segment.
    ///
    /// # Errors
    /// [`MuxError::Codec`], [`MuxError::TooLarge`].
    pub fn new(writer: W, settings: AnimationSettings) -> Result<AnimationWriter<W>, MuxError> {
        let AnimationSettings { video, container, .. } = settings;
        let wrong = |known: &str| MuxError::Codec { codec: video.codec, container, known: known.to_owned() };
        let format = container.animation().ok_or_else(|| wrong("no animated pictures"))?;
        if format.codec() != video.codec {
            return Err(wrong(format.codec().name()));
        }
        let new =
            AnimationWriter { writer, settings, format, config: None, next: SegmentIndex(0), position: 0 };
        new.check_length(video.plan.frames(), 0)?;
        Ok(new)
    }

    /// As [`Mp4Writer::write_segment`](super::Mp4Writer::write_segment).
    ///
    /// # Errors
    /// As there, and [`MuxError::TooLarge`].
    pub fn write_segment(
        &mut self,
        segment: SegmentIndex,
        config: &CodecConfig,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        let video = self.settings.video;
        let expected = Expected { video: &video, due: self.next, config: self.config.as_ref(), check_unit };
        expected.check(segment, config, data, units)?;
        let mut out = Vec::with_capacity(data.len() + 64 * units.len() + 1024);
        if self.config.is_none() {
            self.config = Some(config.clone());
            out.extend(self.front(video.plan.frames(), 0));
        }
        let clock = self.format.clock(video.frame_rate);
        let mut rest = data;
        for (place, unit) in (video.plan.frames_of(segment).start..).zip(units) {
            let (unit, behind) = rest.split_at(unit.bytes);
            rest = behind;
            let frame = place - video.plan.frames_of(segment).start;
            let damaged = |reason| MuxError::DamagedUnit { segment, frame, reason };
            let (region, coded) = CodedRegion::split(unit).ok_or_else(|| damaged(NO_REGION))?;
            let (right, bottom) = (
                u32::from(region.left) + u32::from(region.width),
                u32::from(region.top) + u32::from(region.height),
            );
            if right > video.size.width() || bottom > video.size.height() {
                return Err(damaged("it lies beyond the edge of the picture"));
            }
            let shown = |frame: u64| ticks_before(frame, video.frame_rate, clock);
            let ticks = shown(place + 1).saturating_sub(shown(place));
            let ticks = u16::try_from(ticks).unwrap_or(u16::MAX);
            self.format.append_frame(&Frame { number: place, region, coded, ticks, clock }, &mut out);
        }
        self.check_length(video.plan.frames(), self.position + out.len() as u64)?;
        self.append(&out)?;
        self.next = SegmentIndex(segment.0 + 1);
        Ok(())
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Completes the file. Returns the writer and the length of the file in bytes.
    ///
    /// # Errors
    /// [`MuxError::FramesMissing`] when segments are missing, [`MuxError::Io`] when writing fails.
    pub fn finish(self) -> Result<(W, u64), MuxError> {
        let planned = self.settings.video.plan.frames();
        match self.written() {
            got if got == planned => self.end(got),
            got => Err(MuxError::FramesMissing { got, planned }),
        }
    }

    /// As [`Mp4Writer::finish_early`](super::Mp4Writer::finish_early).
    ///
    /// # Errors
    /// As [`AnimationWriter::finish`].
    pub fn finish_early(self) -> Result<(W, u64), MuxError> {
        match self.written() {
            0 => Err(MuxError::FramesMissing { got: 0, planned: self.settings.video.plan.frames() }),
            got => self.end(got),
        }
    }

    /// Frames that were written.
    fn written(&self) -> u64 {
        SegmentRange { first: SegmentIndex(0), end: self.next }.frames(self.settings.video.plan).end
    }

    /// Ends the file after `frames` frames.
    fn end(mut self, frames: u64) -> Result<(W, u64), MuxError> {
        self.append(&self.format.end())?;
        self.check_length(frames, self.position)?;
        let front = self.front(frames, self.position);
        self.writer
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.writer.write_all(&front))
            .and_then(|()| self.writer.flush())
            .map_err(MuxError::Io)?;
        Ok((self.writer, self.position))
    }

    fn front(&self, frames: u64, bytes: u64) -> Vec<u8> {
        let record = match &self.config {
            Some(CodecConfig::Record { record, .. }) => &record[..],
            _ => &[],
        };
        let AnimationSettings { video, plays, .. } = self.settings;
        self.format.front(&Front { size: video.size, plays, frames, bytes, record })
    }

    fn check_length(&self, frames: u64, bytes: u64) -> Result<(), MuxError> {
        let container = self.settings.container;
        self.format.check_length(frames, bytes).map_err(|limit| MuxError::TooLarge { container, limit })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), MuxError> {
        self.writer.write_all(bytes).map_err(MuxError::Io)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

const NO_REGION: &str = "it does not begin with the region that it replaces";

fn check_unit(unit: &[u8]) -> Result<(), &'static str> {
    CodedRegion::split(unit).map(drop).ok_or(NO_REGION)
}

/// When frame `frame` is shown, rounded to a tick.
fn ticks_before(frame: u64, rate: FrameRate, clock: u32) -> u64 {
    let (numerator, denominator) = (u128::from(rate.numerator().max(1)), u128::from(rate.denominator()));
    let ticks = (u128::from(frame) * denominator * u128::from(clock) + numerator / 2) / numerator;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
