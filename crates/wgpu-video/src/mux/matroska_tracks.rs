//! The tracks of a Matroska or WebM file: what they are coded in, and how a decoder is set up (RFC 9559, and the codec mappings
//! of matroska.org).

use shiguredo_mp4::Encode;
use shiguredo_mp4::boxes::SampleEntry;
use strikeline_audio::{AudioCodec, AudioTrack};

use super::codecs::Mp4Codec;
use super::description::{Container, VideoTrack};
use super::ebml::{element, float, number, parent, text};
use crate::encode::{Codec, CodecConfig};
use strikeline_picture::ChromaFormat;

/// Number of the track of pictures.
pub(super) const VIDEO: u64 = 1;
/// Number of the track of sound.
pub(super) const SOUND: u64 = 2;

/// A codec of pictures in Matroska files.
#[derive(Debug)]
pub(super) struct MatroskaCodec {
    pub codec: Codec,
    id: &'static str,
    /// The formats of files that may have it.
    containers: &'static [Container],
    /// What a decoder must know, as Matroska has it.
    private: fn(&CodecConfig, &VideoTrack) -> Result<Vec<u8>, String>,
}

/// All of them.
const CODECS: &[MatroskaCodec] = &[
    MatroskaCodec {
        codec: Codec::H264,
        id: "V_MPEG4/ISO/AVC",
        containers: &[Container::Matroska],
        private: avc,
    },
    MatroskaCodec {
        codec: Codec::HEVC,
        id: "V_MPEGH/ISO/HEVC",
        containers: &[Container::Matroska],
        private: whole,
    },
    MatroskaCodec {
        codec: Codec::AV1,
        id: "V_AV1",
        containers: &[Container::Matroska, Container::WebM],
        private: whole,
    },
    MatroskaCodec {
        codec: Codec::VP9,
        id: "V_VP9",
        containers: &[Container::Matroska, Container::WebM],
        private: none,
    },
    MatroskaCodec {
        codec: Codec::VP9_ALPHA,
        id: "V_VP9",
        containers: &[Container::Matroska, Container::WebM],
        private: none,
    },
    MatroskaCodec { codec: Codec::FFV1, id: "V_FFV1", containers: &[Container::Matroska], private: ffv1 },
];

impl MatroskaCodec {
    /// The row of `codec`, if files of this format may have it.
    pub(super) fn find(codec: Codec, container: Container) -> Option<&'static MatroskaCodec> {
        CODECS.iter().find(|row| row.codec == codec && row.containers.contains(&container))
    }

    /// The names of all that files of this format may have, for error texts.
    pub(super) fn names(container: Container) -> String {
        let rows = CODECS.iter().filter(|row| row.containers.contains(&container));
        rows.map(|row| row.codec.name()).collect::<Vec<_>>().join(", ")
    }

    /// Whether the alpha of each frame lies beside it.
    pub(super) fn has_alpha_apart(&self) -> bool {
        self.codec == Codec::VP9_ALPHA
    }

    /// Says what is wrong with an access unit: the same as in MP4 files.
    pub(super) fn check_unit(&self) -> fn(&[u8]) -> Result<(), &'static str> {
        if self.has_alpha_apart() {
            return |unit| Codec::split_alpha(unit).map(drop).ok_or("its alpha or its colours are missing");
        }
        Mp4Codec::find(self.codec, Container::Mp4).map_or(|_| Ok(()), |row| row.check_unit)
    }

    /// `TrackEntry` of the pictures.
    pub(super) fn entry(&self, config: &CodecConfig, video: &VideoTrack) -> Result<Vec<u8>, String> {
        let rate = video.frame_rate;
        let frame = u64::from(rate.denominator()) * 1_000_000_000 / u64::from(rate.numerator().max(1));
        let coded_as = match video.rgb {
            // No matrix, full range.
            true => vec![number(MATRIX_COEFFICIENTS, 0), number(RANGE, 2)],
            false => {
                let mut coded_as = vec![number(MATRIX_COEFFICIENTS, 1)];
                if video.pixels.chroma != ChromaFormat::Yuv444 {
                    coded_as.push(number(CHROMA_SITING_HORIZONTAL, 1));
                }
                if video.pixels.chroma == ChromaFormat::Yuv420 {
                    coded_as.push(number(CHROMA_SITING_VERTICAL, 2));
                }
                coded_as.push(number(RANGE, 1));
                coded_as
            }
        };
        let light = vec![number(TRANSFER_CHARACTERISTICS, 1), number(PRIMARIES, 1)];
        let colours = parent(COLOUR, &[coded_as, light].concat());
        let mut pictures = vec![
            number(FLAG_INTERLACED, 2),
            number(PIXEL_WIDTH, video.size.width().into()),
            number(PIXEL_HEIGHT, video.size.height().into()),
            colours,
        ];
        let private = (self.private)(config, video)?;
        let mut children = head(VIDEO, 1, self.id, &private);
        if self.has_alpha_apart() {
            pictures.push(number(ALPHA_MODE, 1));
            children.push(number(MAX_BLOCK_ADDITION_ID, 1));
        }
        let pictures = parent(VIDEO_SETTINGS, &pictures);
        children.extend([number(DEFAULT_DURATION, frame), text(LANGUAGE, "und"), pictures]);
        Ok(parent(TRACK_ENTRY, &children))
    }
}

/// What every track has.
fn head(track: u64, kind: u64, codec: &str, private: &[u8]) -> Vec<Vec<u8>> {
    let mut head = vec![
        number(TRACK_NUMBER, track),
        number(TRACK_UID, track),
        number(TRACK_TYPE, kind),
        number(FLAG_LACING, 0),
        text(CODEC_ID, codec),
    ];
    if !private.is_empty() {
        head.push(element(CODEC_PRIVATE, private));
    }
    head
}

/// Without the header of the box: the content of `avcC`.
fn avc(config: &CodecConfig, video: &VideoTrack) -> Result<Vec<u8>, String> {
    let row = Mp4Codec::find(Codec::H264, Container::Mp4).ok_or("there is no H.264")?;
    let made = (row.sample_entry)(config, video.size, Container::Mp4)?;
    let expected = (video.size.width() as u16, video.size.height() as u16);
    if made.size != expected {
        return Err(format!("its pictures are {}x{}", made.size.0, made.size.1));
    }
    let SampleEntry::Avc1(avc1) = made.entry else { return Err("it is not H.264".to_owned()) };
    let encoded = avc1.avcc_box.encode_to_vec().map_err(|error| error.reason)?;
    Ok(encoded.get(8..).unwrap_or_default().to_vec())
}

fn record(config: &CodecConfig) -> Result<&[u8], String> {
    match config {
        CodecConfig::Record { record, .. } => Ok(record),
        CodecConfig::H264 { .. } => Err("it is that of another codec".to_owned()),
    }
}

/// The record as it is: the content of `hvcC` or `av1C`.
fn whole(config: &CodecConfig, _video: &VideoTrack) -> Result<Vec<u8>, String> {
    Ok(record(config)?.to_vec())
}

fn none(_config: &CodecConfig, _video: &VideoTrack) -> Result<Vec<u8>, String> {
    Ok(Vec::new())
}

/// The content of the box `glbl`, which is behind the four-character code in the record.
fn ffv1(config: &CodecConfig, _video: &VideoTrack) -> Result<Vec<u8>, String> {
    let record = record(config)?;
    match record.get(4..).and_then(|boxes| boxes.split_at_checked(8)) {
        Some((header, content)) if header.ends_with(b"glbl") => Ok(content.to_vec()),
        _ => Err("it has no configuration record".to_owned()),
    }
}

/// `TrackEntry` of the sound.
pub(super) fn sound_entry(
    track: &AudioTrack,
    container: Container,
    language: &str,
) -> Result<Vec<u8>, String> {
    if container == Container::WebM && track.codec != AudioCodec::Opus {
        return Err(format!("WebM files can have Opus, and not {}", track.codec));
    }
    let mut bits = None;
    let mut private = track.config.clone();
    let id = match track.codec {
        AudioCodec::Aac => "A_AAC",
        AudioCodec::Flac => {
            // The magic word, and the header of the last block, which is `STREAMINFO`.
            private = [b"fLaC\x80\0\0\x22", track.config.as_slice()].concat();
            "A_FLAC"
        }
        AudioCodec::Opus => {
            // What is skipped stands in the header, too (RFC 7845, 5.1).
            if let (Some(pre_skip), Ok(skip)) = (private.get_mut(10..12), u16::try_from(track.skip)) {
                pre_skip.copy_from_slice(&skip.to_le_bytes());
            }
            "A_OPUS"
        }
        AudioCodec::Mp3 => "A_MPEG/L3",
        AudioCodec::Alac => "A_ALAC",
        AudioCodec::Pcm16 => {
            bits = Some(number(BIT_DEPTH, 16));
            "A_PCM/INT/LIT"
        }
        other => return Err(format!("{other} cannot be put into {container} files here")),
    };
    let mut children = head(SOUND, 2, id, &private);
    children.push(text(LANGUAGE, language));
    if track.codec == AudioCodec::Opus {
        children.push(number(CODEC_DELAY, nanoseconds(track, track.skip)));
        children.push(number(SEEK_PRE_ROLL, 80_000_000));
    }
    let format = track.format;
    let mut settings = vec![
        float(SAMPLING_FREQUENCY, f64::from(format.rate().get())),
        number(CHANNELS, format.channels().get().into()),
    ];
    settings.extend(bits);
    children.push(parent(SOUND_SETTINGS, &settings));
    Ok(parent(TRACK_ENTRY, &children))
}

/// `ticks` of the clock of `track` in nanoseconds.
pub(super) fn nanoseconds(track: &AudioTrack, ticks: u64) -> u64 {
    let nanoseconds = u128::from(ticks) * 1_000_000_000 / u128::from(track.timescale.get());
    u64::try_from(nanoseconds).unwrap_or(u64::MAX)
}

const TRACK_ENTRY: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const TRACK_UID: u32 = 0x73C5;
const TRACK_TYPE: u32 = 0x83;
const FLAG_LACING: u32 = 0x9C;
const DEFAULT_DURATION: u32 = 0x0023_E383;
const LANGUAGE: u32 = 0x0022_B59C;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63A2;
const CODEC_DELAY: u32 = 0x56AA;
const SEEK_PRE_ROLL: u32 = 0x56BB;
const VIDEO_SETTINGS: u32 = 0xE0;
const FLAG_INTERLACED: u32 = 0x9A;
const PIXEL_WIDTH: u32 = 0xB0;
const PIXEL_HEIGHT: u32 = 0xBA;
const ALPHA_MODE: u32 = 0x53C0;
const MAX_BLOCK_ADDITION_ID: u32 = 0x55EE;
const COLOUR: u32 = 0x55B0;
const MATRIX_COEFFICIENTS: u32 = 0x55B1;
const CHROMA_SITING_HORIZONTAL: u32 = 0x55B7;
const CHROMA_SITING_VERTICAL: u32 = 0x55B8;
const RANGE: u32 = 0x55B9;
const TRANSFER_CHARACTERISTICS: u32 = 0x55BA;
const PRIMARIES: u32 = 0x55BB;
const SOUND_SETTINGS: u32 = 0xE1;
const SAMPLING_FREQUENCY: u32 = 0xB5;
const CHANNELS: u32 = 0x9F;
const BIT_DEPTH: u32 = 0x6264;
