//! Finding out what a file is.

use std::path::{Path, PathBuf};

use strikeline_audio::AudioFormat;
use symphonia::core::audio::Channels;
use symphonia::core::formats::FormatReader;

use super::copy::{self, CannotCopy, CopiedPackets};
use super::decode::Decoder;
use super::demux::{self, Demuxer, Look, Next};
use super::guard::guarded;
use super::headers::AacConfig;
use super::info::{Codec, Length, RecordingInfo};
use super::matroska::MatroskaTrack;
use super::mp4::Mp4Track;
use super::opus::OpusHead;
use super::source::RecordingSource;
use super::tags::Tags;
use super::timing::Timing;
use super::{Damage, RecordingError, RecordingOptions, TrackChoice};
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

impl Recording {
    /// Looks at the file at `path`, which must be a regular file; it is opened again whenever it is read.
    ///
    /// # Errors
    /// When it cannot be read, or is no sound that is known. A codec that is known but cannot be decoded is an error of
    /// [`Self::source`] only, since its packets may still be copied.
    pub fn open(path: impl AsRef<Path>, options: RecordingOptions) -> Result<Recording, RecordingError> {
        let path = path.as_ref();
        let look = Look::at(path)?;
        let bytes = look.bytes;
        let mp4 = look.mp4.as_ref();
        let mut mp4_sounds = mp4.iter().flat_map(|mp4| &mp4.tracks).filter(|track| track.sound).peekable();
        if mp4_sounds.peek().is_some() && mp4_sounds.all(Mp4Track::is_encrypted) {
            return Err(RecordingError::Encrypted { path: path.into() });
        }

        let reader = demux::probe(path, &look)?;
        let sounds = demux::sound_tracks(&*reader, &look);
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
        let mp4_track = mp4.and_then(|mp4| mp4.tracks.iter().find(|track| track.id == track_id));
        if look.is_encrypted(track_id) {
            return Err(RecordingError::Encrypted { path: path.into() });
        }

        let compressed = |track: &MatroskaTrack| track.number == u64::from(track_id) && track.compressed;
        if look.matroska.iter().any(compressed) {
            return Err(RecordingError::Codec {
                path: path.into(),
                codec: chosen.codec.to_string(),
                why: "its packets are compressed once more by the container".into(),
            });
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
        if chosen.codec == Codec::Aac && rate <= 24_000 {
            warnings.push(format!(
                "AAC at {rate} Hz may be HE-AAC, of which only the lower half of the frequencies is decoded."
            ));
        }
        let parameters = demuxer.parameters.clone();
        let mut timing = match demuxer.track() {
            Some(track) => Timing::of(container, chosen.codec, track, &parameters, rate, &tags),
            None => Timing::default(),
        };
        if timing.length == Length::Unknown {
            timing.length = movie_length(demuxer.reader(), rate);
        }
        if let (Some(mp4), Some(track)) = (mp4, mp4_track) {
            timing.apply_edits(mp4, track, rate, &mut warnings);
        }
        timing.check(bytes, &parameters, chosen.codec, &mut warnings);

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
                Next::Damage(why) | Next::End(Some(why)) if self.options.damage == Damage::Fail => {
                    let seconds = frames as f64 / f64::from(self.info.format.rate().get());
                    return Err(RecordingError::Damaged { path: self.path.clone(), seconds, why });
                }
                Next::Damage(_) => {}
                Next::End(_) => return Ok(frames.saturating_sub(self.info.delay)),
            }
        }
    }

    /// The packets from the frame `start` on, `frames` frames or as many as there are, to be copied without decoding.
    ///
    /// Frames are counted at the recording's own rate. `start` is the frame that is heard first: with a video that begins
    /// before the recording it is negative, and the track then begins with silence. All packets are read once to count them.
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

/// The length of all tracks together, as some containers state it.
fn movie_length(reader: &dyn FormatReader, rate: u32) -> Length {
    let info = reader.media_info();
    let Some((base, ticks)) = info.time_base.zip(info.duration).filter(|(_, ticks)| ticks.get() > 0) else {
        return Length::Unknown;
    };
    let scaled = u128::from(ticks.get()) * u128::from(base.numer.get()) * u128::from(rate);
    u64::try_from(scaled / u128::from(base.denom.get())).map_or(Length::Unknown, Length::Estimated)
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
            // From 6.1 on the decoder of ALAC gives the channels in another order than it says.
            Ok(speakers) if count > 1 && !(demuxer.codec == Codec::Alac && count > 6) => {
                ChannelLayout::from_speakers(speakers)
            }
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
