//! Finding out what a file is.

use std::io::Read;
use std::path::{Path, PathBuf};

use strikeline_audio::AudioFormat;
use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::meta::{RawValue, StandardTag, Tag};

use super::copy::{self, CannotCopy, CopiedPackets};
use super::decode::Decoder;
use super::demux::{self, Demuxer, Next};
use super::guard::guarded;
use super::headers::AacConfig;
use super::info::{Codec, Length, RecordingInfo};
use super::mp4::{self, Mp4, Mp4Track};
use super::opus::OpusHead;
use super::source::RecordingSource;
use super::{RecordingError, RecordingOptions, TrackChoice};
use crate::channels::ChannelLayout;

/// A file of sound that was looked at.
#[derive(Debug, Clone)]
pub struct Recording {
    pub(super) path: PathBuf,
    pub(super) options: RecordingOptions,
    pub(super) track_id: u32,
    pub(super) info: RecordingInfo,
    pub(super) bytes: u64,
}

/// A frame of sound is coded in at least 1/8192 of a byte by all codecs here, silence included: more frames than that are not
/// believed.
const MOST_FRAMES_PER_BYTE: u64 = 8192;

/// Characters of a title or artist that are kept.
const MAX_TAG: usize = 200;

impl Recording {
    /// Looks at the file at `path`, which must be a regular file; it is opened again whenever it is read.
    ///
    /// # Errors
    /// When it cannot be read, or is no sound that is known. A codec that is known but cannot be decoded is an error of
    /// [`Self::source`] only, since its packets may still be copied.
    pub fn open(path: impl AsRef<Path>, options: RecordingOptions) -> Result<Recording, RecordingError> {
        let path = path.as_ref();
        let (mut file, bytes) = demux::open_file(path)?;
        let mut start = Vec::new();
        (&mut file).take(12).read_to_end(&mut start).map_err(|error| RecordingError::read(path, error))?;
        let mp4 = if start.get(4..8) == Some(b"ftyp") { mp4::read(&mut file) } else { None };
        drop(file);
        let encrypted = |track: &Mp4Track| track.sound && matches!(&track.entry, b"enca" | b"drms");
        let all_encrypted = mp4.as_ref().is_some_and(|mp4| {
            mp4.tracks.iter().any(encrypted)
                && !mp4.tracks.iter().any(|track| track.sound && !encrypted(track))
        });
        if all_encrypted {
            return Err(RecordingError::Encrypted { path: path.into() });
        }

        let reader = demux::probe(path)?;
        let sounds = demux::sound_tracks(&*reader);
        let index = match options.track {
            TrackChoice::Index(index) => index,
            TrackChoice::Default => {
                let known =
                    |index: &usize| sounds.get(*index).is_some_and(|(_, track)| track.codec != Codec::Other);
                let default = sounds.iter().position(|(_, track)| track.default).filter(known);
                default.or_else(|| (0..sounds.len()).find(known)).unwrap_or(0)
            }
        };
        let count = sounds.len();
        let (track_id, chosen) = match sounds.get(index) {
            Some((track_id, chosen)) => (*track_id, chosen.clone()),
            None if count == 0 => return Err(RecordingError::NoSound { path: path.into() }),
            None => return Err(RecordingError::NoSuchTrack { path: path.into(), index, count }),
        };
        let mp4_track = mp4.as_ref().and_then(|mp4| mp4.tracks.iter().find(|track| track.id == track_id));
        if mp4_track.is_some_and(encrypted) {
            return Err(RecordingError::Encrypted { path: path.into() });
        }

        let mut demuxer = Demuxer::new(path, reader, track_id)?;
        let container = demuxer.reader().format_info().short_name;
        let (rate, channels, layout) = shape(path, &demuxer)?;
        let format = AudioFormat::new(rate, channels)
            .map_err(|error| RecordingError::Shape { path: path.into(), why: error.to_string() })?;
        let tags = Tags::read(demuxer.reader());
        let mut warnings = Vec::new();
        if count > 1 {
            warnings.push(format!(
                "The file has {count} sound tracks; number {index}, counted from 0, is taken."
            ));
        }
        let parameters = demuxer.parameters.clone();
        let mut timing = match demuxer.track() {
            Some(track) => Timing::of(container, chosen.codec, track, &parameters, rate, &tags),
            None => Timing::default(),
        };
        if let (Some(mp4), Some(track)) = (&mp4, mp4_track) {
            timing.apply_edits(mp4, track, rate, &mut warnings);
        }
        timing.check(bytes, &parameters, chosen.codec, channels, &mut warnings);

        let mut info = RecordingInfo {
            container,
            codec: chosen.codec,
            format,
            layout,
            bits_per_sample: parameters.bits_per_sample,
            bitrate: None,
            length: timing.length,
            delay: timing.delay,
            tracks: sounds.into_iter().map(|(_, track)| track).collect(),
            track: index,
            title: tags.title,
            artist: tags.artist,
            warnings,
        };
        info.bitrate = bitrate(bytes, &info);
        Ok(Recording { path: path.into(), options, track_id, info, bytes })
    }

    /// What is known of it.
    pub fn info(&self) -> &RecordingInfo {
        &self.info
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Decodes the file from its start.
    ///
    /// # Errors
    /// When it cannot be opened again, or its codec cannot be decoded.
    pub fn source(&self) -> Result<RecordingSource, RecordingError> {
        RecordingSource::new(self)
    }

    /// Counts the frames by reading all packets, so that the length is exact. Takes as long as reading the file; a codec whose
    /// packets do not say how long they are (Vorbis in Matroska) is decoded.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged and [`Damage::Fail`](super::Damage::Fail) was asked for.
    pub fn scan(&mut self) -> Result<u64, RecordingError> {
        let frames = match self.info.length {
            Length::Exact(frames) => return Ok(frames),
            _ => self.count()?,
        };
        self.info.length = Length::Exact(frames);
        self.info.bitrate = bitrate(self.bytes, &self.info);
        Ok(frames)
    }

    fn count(&self) -> Result<u64, RecordingError> {
        let mut demuxer = Demuxer::open(&self.path, self.track_id)?;
        if !demuxer.knows_durations() {
            return self.source()?.count();
        }
        let (mut frames, mut last) = (0u64, 0u32);
        loop {
            match demuxer.next()? {
                Next::Packet(_, packet) => {
                    last = packet.unwrap_or(last);
                    frames += u64::from(last);
                }
                Next::Damage(_) => {}
                Next::End(_) => return Ok(frames.saturating_sub(self.info.delay)),
            }
        }
    }

    /// The packets from the frame `start` on, `frames` frames or as many as there are, to be copied without decoding.
    ///
    /// Frames are counted at the recording's own rate. `start` is the frame that is heard first: with a video that begins
    /// before the recording it is negative, which cannot be had by copying. All packets are read once to count them.
    ///
    /// # Errors
    /// When the file cannot be read. The inner error says why the sound cannot be copied.
    pub fn packets(
        &self,
        start: i64,
        frames: Option<u64>,
    ) -> Result<Result<CopiedPackets, CannotCopy>, RecordingError> {
        copy::packets(self, start, frames)
    }
}

fn bitrate(bytes: u64, info: &RecordingInfo) -> Option<u32> {
    let frames = info.length.frames().filter(|frames| *frames > 0)?;
    let bits = u128::from(bytes) * 8 * u128::from(info.format.rate().get());
    u32::try_from(bits / u128::from(frames)).ok()
}

/// Rate, channels and their layout: from what the container says, or else from the decoder.
fn shape(path: &Path, demuxer: &Demuxer) -> Result<(u32, u16, ChannelLayout), RecordingError> {
    let missing = |what: &str| RecordingError::Shape {
        path: path.into(),
        why: format!("the file does not say its {what}"),
    };
    let parameters = &demuxer.parameters;
    if demuxer.codec == Codec::Opus {
        let head = OpusHead::from_parameters(parameters).ok_or_else(|| missing("number of channels"))?;
        return Ok((48_000, head.channels.into(), head.layout()));
    }
    let mut rate = parameters.sample_rate;
    let mut channels = parameters.channels.clone();
    if matches!(demuxer.codec, Codec::Aac | Codec::AacOther) {
        // What the sample entry says is often wrong; the configuration counts.
        if let Some(config) = parameters.extra_data.as_deref().and_then(AacConfig::parse) {
            rate = Some(config.rate);
        }
    }
    if rate.is_none() || channels.is_none() || demuxer.codec == Codec::Aac {
        let (decoded_rate, decoded_channels) = decoded_shape(path, demuxer).unwrap_or_default();
        rate = rate.or(decoded_rate);
        channels = decoded_channels.or(channels);
    }
    let rate = rate.ok_or_else(|| missing("sample rate"))?;
    let channels = channels.ok_or_else(|| missing("number of channels"))?;
    let count = u16::try_from(channels.count()).unwrap_or(u16::MAX);
    let layout = match channels {
        Channels::Positioned(positions) => match u32::try_from(positions.bits()) {
            Ok(speakers) if count > 1 => ChannelLayout::from_speakers(speakers),
            _ => ChannelLayout::usual(count),
        },
        _ => ChannelLayout::usual(count),
    };
    Ok((rate, count, layout))
}

/// Rate and channels as the decoder sees them: from its configuration, or else from one of the first packets.
fn decoded_shape(path: &Path, demuxer: &Demuxer) -> Option<(Option<u32>, Option<Channels>)> {
    let decoder = Decoder::new(path, demuxer.codec, &demuxer.parameters, true).ok()?;
    let Decoder::Symphonia(mut decoder) = decoder else { return None };
    let known = decoder.codec_params();
    if known.channels.is_some() {
        return Some((known.sample_rate, known.channels.clone()));
    }
    let mut demuxer = Demuxer::open(path, demuxer.track()?.id).ok()?;
    for _ in 0..8 {
        if let Next::Packet(packet, _) = demuxer.next().ok()? {
            let decoded = guarded(path, "decoder", || {
                let buffer = decoder.decode(&packet).ok()?;
                let spec = buffer.spec();
                Some((Some(spec.rate()), Some(spec.channels().clone())))
            });
            if let Some(shape) = decoded.ok()? {
                return Some(shape);
            }
        }
    }
    None
}

#[derive(Default)]
struct Tags {
    title: Option<String>,
    artist: Option<String>,
    /// What iTunes says of the encoder's delay: frames at the start, frames to be heard.
    smpb: Option<(u64, u64)>,
}

impl Tags {
    fn read(reader: &mut dyn FormatReader) -> Tags {
        let mut tags = Tags::default();
        let mut metadata = reader.metadata();
        loop {
            if let Some(revision) = metadata.current() {
                let tracks = revision.per_track.iter().flat_map(|track| &track.metadata.tags);
                for tag in revision.media.tags.iter().chain(tracks) {
                    tags.add(tag);
                }
            }
            if metadata.is_latest() || metadata.pop().is_none() {
                return tags;
            }
        }
    }

    fn add(&mut self, tag: &Tag) {
        let text = |value: &str| {
            let clean: String = value.trim().chars().filter(|c| !c.is_control()).take(MAX_TAG).collect();
            (!clean.is_empty()).then_some(clean)
        };
        match &tag.std {
            Some(StandardTag::TrackTitle(value)) if self.title.is_none() => self.title = text(value),
            Some(StandardTag::Artist(value)) if self.artist.is_none() => self.artist = text(value),
            _ => {}
        }
        if let (true, RawValue::String(value)) = (tag.raw.key.ends_with("iTunSMPB"), &tag.raw.value) {
            let mut numbers = value.split_whitespace().map(|number| u64::from_str_radix(number, 16).ok());
            let mut number = || numbers.next().flatten();
            if let (Some(_), Some(delay), Some(_), Some(length)) = (number(), number(), number(), number())
                && delay < 16_384
            {
                self.smpb = Some((delay, length));
            }
        }
    }
}

/// Where the sound begins and ends among the decoded frames.
struct Timing {
    delay: u64,
    length: Length,
}

impl Default for Timing {
    fn default() -> Self {
        Timing { delay: 0, length: Length::Unknown }
    }
}

impl Timing {
    fn of(
        container: &str,
        codec: Codec,
        track: &Track,
        parameters: &AudioCodecParameters,
        rate: u32,
        tags: &Tags,
    ) -> Timing {
        let delay = u64::from(track.delay.unwrap_or(0));
        let frames = track.num_frames;
        let exact = |frames: Option<u64>| frames.map_or(Length::Unknown, Length::Exact);
        let estimated = |frames: Option<u64>| frames.map_or(Length::Unknown, Length::Estimated);
        match (container, codec) {
            ("ogg", Codec::Opus) => {
                // The granule position of the last page counts the pre-skip, too.
                let begin = u64::try_from(track.start_ts.get()).unwrap_or(0);
                Timing { delay, length: exact(frames.and_then(|frames| frames.checked_sub(delay + begin))) }
            }
            ("ogg", _) => {
                let begin = u64::try_from(track.start_ts.get()).unwrap_or(0);
                Timing { delay, length: exact(frames.and_then(|frames| frames.checked_sub(begin))) }
            }
            // Without the tag of the encoder the length is a guess.
            ("mp3", _) if track.delay.is_none() => Timing { delay: 0, length: estimated(frames) },
            ("aac", _) => Timing { delay: 0, length: estimated(frames) },
            ("matroska", Codec::Opus) => {
                let delay = OpusHead::from_parameters(parameters).map_or(0, |head| u64::from(head.pre_skip));
                Timing { delay, length: Length::Unknown }
            }
            ("isomp4", _) => {
                let seconds = track.time_base.zip(track.duration);
                let all = seconds.map(|(base, ticks)| {
                    let scaled = u128::from(ticks.get()) * u128::from(base.numer.get()) * u128::from(rate);
                    u64::try_from(scaled / u128::from(base.denom.get())).unwrap_or(u64::MAX)
                });
                match tags.smpb {
                    Some((delay, length)) if length > 0 => Timing { delay, length: Length::Exact(length) },
                    _ => Timing { delay: 0, length: exact(all.filter(|all| *all > 0)) },
                }
            }
            _ => Timing { delay, length: exact(frames) },
        }
    }

    /// Applies the edit list of an MP4 file, which goes before what tags say.
    fn apply_edits(&mut self, mp4: &Mp4, track: &Mp4Track, rate: u32, warnings: &mut Vec<String>) {
        let Some(media_time) = track.media_time else { return };
        let scale = |ticks: u64, timescale: u32| {
            let scaled = (u128::from(ticks) * u128::from(rate) + u128::from(timescale / 2))
                / u128::from(timescale.max(1));
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        if track.edits > 1 {
            warnings.push(
                "The file plays parts of its sound in another order (edit list); it is read as stored."
                    .into(),
            );
            return;
        }
        let delay = scale(media_time, track.timescale);
        let media = scale(track.duration, track.timescale);
        let rest = media.saturating_sub(delay);
        let edit = scale(track.edit_duration, mp4.timescale);
        // The edit's length is in ticks of the movie, often of a millisecond: the media says it better if both agree.
        let tick = u64::from(rate / mp4.timescale.max(1)) + 1;
        let length =
            if track.edit_duration == 0 || (media > 0 && edit.abs_diff(rest) <= tick) { rest } else { edit };
        self.delay = delay;
        // A fragmented file has no length here.
        self.length = if length > 0 { Length::Exact(length) } else { Length::Unknown };
    }

    /// Does not believe lengths that the file has no bytes for.
    fn check(
        &mut self,
        bytes: u64,
        parameters: &AudioCodecParameters,
        codec: Codec,
        channels: u16,
        warnings: &mut Vec<String>,
    ) {
        let Some(frames) = self.length.frames() else { return };
        if frames > bytes.saturating_mul(MOST_FRAMES_PER_BYTE)
            || self.delay > bytes.saturating_mul(MOST_FRAMES_PER_BYTE)
        {
            warnings.push(
                "The length that the file states is not possible for its size, and is not used.".into(),
            );
            *self = Timing::default();
            return;
        }
        if codec == Codec::Pcm {
            let bits = parameters.bits_per_coded_sample.or(parameters.bits_per_sample).unwrap_or(8);
            let frame_bytes = u64::from(bits.div_ceil(8)) * u64::from(channels);
            if frames.saturating_mul(frame_bytes) > bytes {
                warnings.push("The file is shorter than it says; what is there is used.".into());
                self.length = Length::Estimated(bytes / frame_bytes.max(1));
            }
        }
    }
}
