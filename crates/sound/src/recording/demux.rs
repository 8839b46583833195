//! From a file to packets.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use strikeline_files::{NotRegular, open_regular};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackFlags};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;

use super::RecordingError;
use super::guard::guarded;
use super::headers::{
    AacConfig, alac_config_frames, alac_cookie, alac_frames, flac_frames, mp3_frames, opus_frames,
};
use super::info::{Codec, TrackInfo};
use super::matroska::{self, MatroskaTrack};
use super::mp4::{self, Mp4};

/// The most sample frames that a packet may decode to; FLAC, the codec with the longest, has 65,535.
pub(super) const MAX_PACKET_FRAMES: u32 = 1 << 20;

/// A file that says it is longer than this (2^62 bytes) is not believed.
const MOST_STATED: u64 = 1 << 62;

/// Bytes at the end of a file that was cut off which are read as zeros.
const TAIL: u64 = 4096;

/// Errors of a demuxer in a row, and in all, after which a file is given up.
const MAX_ERRORS_IN_A_ROW: u32 = 16;
const MAX_ERRORS: u32 = 10_000;

/// A file, as long as it says that it is: what is missing at its end cannot be read, but is there to be looked for, so that
/// what is before it is not given up.
struct Input {
    file: File,
    length: u64,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        // Tags are looked for at the very end: there are none.
        let position = self.file.stream_position()?;
        let left = self.length.saturating_sub(position);
        if left == 0 || left > TAIL {
            return Ok(0);
        }
        let read = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if let Some(room) = buffer.get_mut(..read) {
            room.fill(0);
        }
        self.file.seek(SeekFrom::Start(position + read as u64))?;
        Ok(read)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::End(offset) => {
                let position = self.length.checked_add_signed(offset).ok_or(io::ErrorKind::InvalidInput)?;
                self.file.seek(SeekFrom::Start(position))
            }
            to => self.file.seek(to),
        }
    }
}

impl MediaSource for Input {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

/// Opens a regular file that is not empty, and says how long it is.
pub(super) fn open_file(path: &Path) -> Result<(File, u64), RecordingError> {
    let unreadable = |error: std::io::Error| {
        let not_regular = error.get_ref().and_then(|error| error.downcast_ref::<NotRegular>());
        match not_regular.map(|found| found.kind) {
            Some(kind) => RecordingError::NotAFile { path: path.into(), kind },
            None => RecordingError::read(path, error),
        }
    };
    let file = open_regular(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length == 0 {
        return Err(RecordingError::Empty { path: path.into() });
    }
    Ok((file, length))
}

/// What a look into a file tells beyond what the demuxer does.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) bytes: u64,
    pub(super) mp4: Option<Mp4>,
    pub(super) matroska: Vec<MatroskaTrack>,
}

impl Look {
    /// Looks into the file at `path`.
    pub(super) fn at(path: &Path) -> Result<Look, RecordingError> {
        let (mut file, bytes) = open_file(path)?;
        let mut start = Vec::new();
        (&mut file).take(8).read_to_end(&mut start).map_err(|error| RecordingError::read(path, error))?;
        let mp4 = if start.get(4..8) == Some(b"ftyp") { mp4::read(&mut file) } else { None };
        let is_matroska = start.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]);
        let matroska = if is_matroska { matroska::read(&mut file) } else { Vec::new() };
        Ok(Look { bytes, mp4, matroska })
    }

    /// Whether a track, by its number in the file, is the one to be played.
    fn is_default(&self, id: u32) -> Option<bool> {
        self.matroska.iter().find(|track| track.number == u64::from(id)).map(|track| track.default)
    }

    /// Whether a track is encrypted.
    pub(super) fn is_encrypted(&self, id: u32) -> bool {
        let in_mp4 = |mp4: &Mp4| mp4.tracks.iter().any(|track| track.id == id && track.is_encrypted());
        let in_matroska = |track: &MatroskaTrack| track.number == u64::from(id) && track.encrypted;
        self.mp4.as_ref().is_some_and(in_mp4) || self.matroska.iter().any(in_matroska)
    }
}

/// Reads the packets of one track.
pub(super) struct Demuxer {
    path: PathBuf,
    reader: Box<dyn FormatReader>,
    track_id: u32,
    pub(super) parameters: AudioCodecParameters,
    pub(super) codec: Codec,
    durations: Durations,
    /// Whether times are in sample frames.
    in_frames: bool,
    errors: u32,
    ended: bool,
}

/// What the next packet is.
pub(super) enum Next {
    /// A packet, and how many sample frames it decodes to, where that can be told.
    Packet(Packet, Option<u32>),
    /// Something that cannot be read; there may be more behind it.
    Damage(String),
    /// The end; with a word where it is not the file's proper end.
    End(Option<String>),
}

/// How to tell how many frames a packet decodes to.
#[derive(Debug, Clone, Copy)]
enum Durations {
    Fixed(u32),
    Mp3,
    Opus,
    Flac,
    /// Frames in a packet that does not say.
    Alac(u32),
    /// So many bytes in a frame.
    Pcm(u32),
    /// As the demuxer says, in frames.
    Demuxer,
    Unknown,
}

fn codec_of(parameters: &AudioCodecParameters) -> Codec {
    match parameters.codec {
        id::CODEC_ID_FLAC => Codec::Flac,
        id::CODEC_ID_ALAC => Codec::Alac,
        id::CODEC_ID_MP3 => Codec::Mp3,
        id::CODEC_ID_OPUS => Codec::Opus,
        id::CODEC_ID_VORBIS => Codec::Vorbis,
        id::CODEC_ID_ADPCM_MS | id::CODEC_ID_ADPCM_IMA_WAV | id::CODEC_ID_ADPCM_IMA_QT => Codec::Adpcm,
        id::CODEC_ID_AAC => match parameters.extra_data.as_deref() {
            // An ADTS stream has no configuration, and can be nothing but LC for our purpose.
            None => Codec::Aac,
            Some(config) => match AacConfig::parse(config) {
                Some(config) if config.object_type == 2 && !config.sbr => Codec::Aac,
                _ => Codec::AacOther,
            },
        },
        codec if (id::CODEC_ID_PCM_S32LE..=id::CODEC_ID_PCM_MULAW).contains(&codec) => Codec::Pcm,
        _ => Codec::Other,
    }
}

fn sound(track: &Track) -> Option<&AudioCodecParameters> {
    match &track.codec_params {
        Some(CodecParameters::Audio(parameters)) => Some(parameters),
        _ => None,
    }
}

/// The sound tracks of a file, with the reader's numbers for them.
pub(super) fn sound_tracks(reader: &dyn FormatReader, look: &Look) -> Vec<(u32, TrackInfo)> {
    reader
        .tracks()
        .iter()
        .filter_map(|track| {
            let info = TrackInfo {
                codec: codec_of(sound(track)?),
                language: track.language.clone().filter(|language| language != "und"),
                default: look.is_default(track.id).unwrap_or(track.flags.contains(TrackFlags::DEFAULT)),
            };
            Some((track.id, info))
        })
        .collect()
}

/// Finds out what a file is.
pub(super) fn probe(path: &Path, look: &Look) -> Result<Box<dyn FormatReader>, RecordingError> {
    let (file, length) = open_file(path)?;
    let stated = look.mp4.as_ref().map_or(0, |mp4| mp4.end);
    let length = length.max(stated.min(MOST_STATED));
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
        hint.with_extension(extension);
    }
    let stream = MediaSourceStream::new(Box::new(Input { file, length }), Default::default());
    let metadata = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(64 * 1024))
        .limit_visual_bytes(Limit::Maximum(0));
    let found = guarded(path, "reader", || {
        symphonia::default::get_probe().probe(&hint, stream, FormatOptions::default(), metadata)
    })?;
    found.map_err(|error| match error {
        SymphoniaError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            RecordingError::read(path, error)
        }
        SymphoniaError::IoError(_) => RecordingError::Format {
            path: path.into(),
            why: "it ends within its headers, or is none of the known formats".into(),
        },
        SymphoniaError::Unsupported(_) => {
            RecordingError::Format { path: path.into(), why: "it is none of the known formats".into() }
        }
        error => RecordingError::Format { path: path.into(), why: error.to_string() },
    })
}

/// Bytes in a frame of uncompressed sound; 0 if they are not known.
pub(super) fn pcm_frame_bytes(parameters: &AudioCodecParameters) -> u32 {
    let bytes = match parameters.codec {
        id::CODEC_ID_PCM_ALAW | id::CODEC_ID_PCM_MULAW => 1,
        _ => parameters.bits_per_coded_sample.or(parameters.bits_per_sample).unwrap_or(0).div_ceil(8).min(8),
    };
    let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
    bytes * u32::try_from(channels).unwrap_or(0).min(65_535)
}

impl Demuxer {
    /// Reads the track with the number `track_id` of the file at `path`.
    pub(super) fn open(path: &Path, track_id: u32) -> Result<Demuxer, RecordingError> {
        Demuxer::new(path, probe(path, &Look::at(path)?)?, track_id)
    }

    pub(super) fn new(
        path: &Path,
        reader: Box<dyn FormatReader>,
        track_id: u32,
    ) -> Result<Demuxer, RecordingError> {
        let track = reader.tracks().iter().find(|track| track.id == track_id);
        let Some((track, parameters)) = track.and_then(|track| Some((track, sound(track)?))) else {
            return Err(RecordingError::NoSound { path: path.into() });
        };
        let codec = codec_of(parameters);
        let mut parameters = parameters.clone();
        if codec == Codec::Alac {
            parameters.extra_data = parameters.extra_data.map(|cookie| alac_cookie(&cookie).into());
        }
        let config = parameters.extra_data.as_deref().unwrap_or_default();
        let in_frames = track.time_base.zip(parameters.sample_rate).is_some_and(|(base, rate)| {
            u64::from(base.numer.get()) * u64::from(rate) == u64::from(base.denom.get())
        });
        let pcm_frame = pcm_frame_bytes(&parameters);
        let durations = match codec {
            Codec::Aac => Durations::Fixed(AacConfig::parse(config).map_or(1024, |config| config.frames)),
            Codec::Mp3 => Durations::Mp3,
            Codec::Opus => Durations::Opus,
            Codec::Flac => Durations::Flac,
            Codec::Alac => Durations::Alac(alac_config_frames(config).unwrap_or(4096)),
            Codec::Pcm if pcm_frame > 0 => Durations::Pcm(pcm_frame),
            Codec::Pcm | Codec::Adpcm | Codec::Vorbis if in_frames => Durations::Demuxer,
            _ => Durations::Unknown,
        };
        Ok(Demuxer {
            path: path.into(),
            track_id,
            codec,
            durations,
            in_frames,
            errors: 0,
            ended: false,
            reader,
            parameters,
        })
    }

    pub(super) fn reader(&mut self) -> &mut dyn FormatReader {
        &mut *self.reader
    }

    pub(super) fn track(&self) -> Option<&Track> {
        self.reader.tracks().iter().find(|track| track.id == self.track_id)
    }

    /// Whether the number of frames in each packet can be told without decoding it.
    pub(super) fn knows_durations(&self) -> bool {
        !matches!(self.durations, Durations::Unknown)
    }

    /// Whether the times of packets are in sample frames.
    pub(super) fn counts_frames(&self) -> bool {
        self.in_frames
    }

    /// The next packet of the track.
    pub(super) fn next(&mut self) -> Result<Next, RecordingError> {
        let mut in_a_row = 0;
        loop {
            if self.ended {
                return Ok(Next::End(None));
            }
            let reader = &mut self.reader;
            let next = guarded(&self.path, "reader", || reader.next_packet());
            if next.is_err() {
                self.ended = true;
            }
            match next? {
                Ok(Some(packet)) if packet.track_id == self.track_id => {
                    if packet.data.is_empty() {
                        // A table can claim thousands of millions of them.
                        self.errors += 1;
                        self.ended |= self.errors >= MAX_ERRORS;
                    }
                    let frames = self.frames(&packet).filter(|frames| *frames <= MAX_PACKET_FRAMES);
                    return Ok(Next::Packet(packet, frames));
                }
                Ok(Some(_)) => in_a_row = 0,
                Ok(None) => {
                    self.ended = true;
                    return Ok(Next::End(None));
                }
                Err(SymphoniaError::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.ended = true;
                    return Ok(Next::End(Some("the file ends in the middle".into())));
                }
                Err(SymphoniaError::IoError(error)) => {
                    self.ended = true;
                    return Err(RecordingError::read(&self.path, error));
                }
                Err(SymphoniaError::ResetRequired) => {
                    self.ended = true;
                    return Ok(Next::End(Some(
                        "another stream follows in the same file, which is left out".into(),
                    )));
                }
                Err(error) => {
                    self.errors += 1;
                    in_a_row += 1;
                    if in_a_row >= MAX_ERRORS_IN_A_ROW || self.errors >= MAX_ERRORS {
                        self.ended = true;
                        return Ok(Next::End(Some(error.to_string())));
                    }
                    if in_a_row == 1 {
                        return Ok(Next::Damage(error.to_string()));
                    }
                }
            }
        }
    }

    fn frames(&self, packet: &Packet) -> Option<u32> {
        match self.durations {
            Durations::Fixed(frames) => Some(frames),
            Durations::Mp3 => mp3_frames(&packet.data),
            Durations::Opus => opus_frames(&packet.data),
            Durations::Flac => flac_frames(&packet.data),
            Durations::Alac(usual) => {
                Some(alac_frames(&packet.data).filter(|frames| *frames <= usual).unwrap_or(usual))
            }
            Durations::Pcm(bytes) => u32::try_from(packet.data.len()).ok().map(|length| length / bytes),
            Durations::Demuxer => u32::try_from(packet.block_dur().get()).ok(),
            Durations::Unknown => None,
        }
    }

    /// Goes to a packet at or before the frame `target`, counted from the first packet, where the demuxer can do that exactly;
    /// true if it did. The packets that come then say where they are.
    pub(super) fn seek(&mut self, target: u64) -> bool {
        let Ok(ts) = i64::try_from(target) else { return false };
        let to = SeekTo::Timestamp { ts: Timestamp::new(ts), track_id: self.track_id };
        let reader = &mut self.reader;
        let done = guarded(&self.path, "reader", || reader.seek(SeekMode::Accurate, to));
        let usual = match self.durations {
            Durations::Fixed(frames) | Durations::Alac(frames) => i64::from(frames.max(1)),
            _ => 1,
        };
        let good = matches!(&done, Ok(Ok(to)) if (0..=ts).contains(&to.actual_ts.get()) && to.actual_ts.get() % usual == 0);
        self.ended = !good;
        good
    }
}
