//! How the content of a record is written and read: a finished segment, the description of the sound, and packets of sound.

use std::num::NonZeroU32;

use strikeline_audio::{AudioCodec, AudioFormat, AudioTrack, Packet};

use crate::encode::{AccessUnit, Codec, CodecConfig};
use crate::stream::FinishedSegment;
use strikeline_picture::SegmentIndex;

/// The parameter sets of H.264 follow.
const H264: u8 = 0;
/// The record of another codec follows.
const OTHER_CODEC: u8 = 1;

/// The bytes before a segment's data: its codec configuration, and the lengths of its access units.
pub(super) fn segment_front(segment: &FinishedSegment) -> Vec<u8> {
    let mut front = Vec::new();
    match &segment.config {
        CodecConfig::H264 { sps, pps } => {
            front.push(H264);
            put_bytes(&mut front, sps);
            put_bytes(&mut front, pps);
        }
        CodecConfig::Record { record, .. } => {
            front.push(OTHER_CODEC);
            put_bytes(&mut front, record);
        }
    }
    front.extend((segment.units.len() as u64).to_le_bytes());
    for unit in &segment.units {
        front.extend((unit.bytes as u64).to_le_bytes());
        front.push(unit.sync.into());
        front.extend(unit.delay.to_le_bytes());
    }
    front
}

/// The segment in a record, coded in `codec`; `None` if the content is not a segment.
pub(super) fn segment(segment: SegmentIndex, codec: Codec, content: &[u8]) -> Option<FinishedSegment> {
    let mut reader = Reader(content);
    let config = match reader.byte()? {
        H264 if codec == Codec::H264 => {
            CodecConfig::H264 { sps: reader.bytes()?.to_vec(), pps: reader.bytes()?.to_vec() }
        }
        OTHER_CODEC if codec != Codec::H264 => CodecConfig::new(codec, reader.bytes()?),
        _ => return None,
    };
    let count = usize::try_from(reader.number()?).ok()?;
    // Each unit takes thirteen bytes, so a wrong count cannot ask for more memory than the record's own size.
    let mut units = Vec::with_capacity(count.min(reader.0.len() / 13));
    for _ in 0..count {
        let bytes = usize::try_from(reader.number()?).ok()?;
        let sync = reader.byte()? != 0;
        units.push(AccessUnit::new(bytes, sync).with_delay(reader.signed()?));
    }
    let data = reader.0.to_vec();
    let length = units.iter().try_fold(0usize, |sum, unit| sum.checked_add(unit.bytes))?;
    (length == data.len()).then(|| FinishedSegment::new(segment, config, data, units))
}

/// The record of a segment whose data is elsewhere, without the hash of the data, and that hash; `None` if `content` is too short.
pub(super) fn split_hash(content: &[u8]) -> Option<(&[u8], blake3::Hash)> {
    let (front, hash) = content.split_last_chunk()?;
    Some((front, blake3::Hash::from_bytes(*hash)))
}

/// The audio codecs, each at the place that is its number in files. The numbers never change.
const AUDIO_CODECS: [AudioCodec; 6] = [
    AudioCodec::Aac,
    AudioCodec::Flac,
    AudioCodec::Opus,
    AudioCodec::Mp3,
    AudioCodec::Alac,
    AudioCodec::Pcm16,
];

/// The content of the record of a sound track; `None` for a codec that has no number.
pub(super) fn put_track(track: &AudioTrack) -> Option<Vec<u8>> {
    let codec = AUDIO_CODECS.iter().position(|codec| *codec == track.codec)?;
    let mut content = vec![u8::try_from(codec).ok()?];
    let numbers = [
        track.format.rate().get().into(),
        track.format.channels().get().into(),
        track.timescale.get().into(),
        track.packet_ticks.map_or(0, NonZeroU32::get).into(),
        track.max_packets,
        track.skip,
        track.duration,
        track.silence,
        track.bitrate.into(),
    ];
    numbers.iter().for_each(|number: &u64| content.extend(number.to_le_bytes()));
    put_bytes(&mut content, &track.config);
    Some(content)
}

/// The sound track in a record; `None` if the content is not a sound track.
pub(super) fn track(content: &[u8]) -> Option<AudioTrack> {
    let mut reader = Reader(content);
    let codec = *AUDIO_CODECS.get(usize::from(reader.byte()?))?;
    let rate = u32::try_from(reader.number()?).ok()?;
    let channels = reader.number()?.try_into().ok()?;
    let format = AudioFormat::new(rate, channels).ok()?;
    let timescale = NonZeroU32::new(u32::try_from(reader.number()?).ok()?)?;
    let packet_ticks = NonZeroU32::new(u32::try_from(reader.number()?).ok()?);
    let (max_packets, skip) = (reader.number()?, reader.number()?);
    let (duration, silence) = (reader.number()?, reader.number()?);
    let bitrate = u32::try_from(reader.number()?).ok()?;
    let config = reader.bytes()?.to_vec();
    let mut track = AudioTrack::new(codec, format, duration, max_packets);
    (track.config, track.timescale, track.packet_ticks) = (config, timescale, packet_ticks);
    (track.skip, track.silence, track.bitrate) = (skip, silence, bitrate);
    reader.0.is_empty().then_some(track)
}

/// The content of the record of the sound of a segment.
pub(super) fn put_packets(packets: &[Packet]) -> Vec<u8> {
    let mut content = Vec::new();
    for packet in packets {
        content.extend(u64::from(packet.ticks).to_le_bytes());
        put_bytes(&mut content, &packet.data);
    }
    content
}

/// The packets in a record; `None` if the content is not a list of packets.
pub(super) fn packets(content: &[u8]) -> Option<Vec<Packet>> {
    let mut reader = Reader(content);
    let mut packets = Vec::new();
    while !reader.0.is_empty() {
        let ticks = u32::try_from(reader.number()?).ok()?;
        packets.push(Packet { data: reader.bytes()?.to_vec(), ticks });
    }
    Some(packets)
}

/// Appends the number of `bytes`, and the bytes themselves.
fn put_bytes(content: &mut Vec<u8>, bytes: &[u8]) {
    content.extend((bytes.len() as u64).to_le_bytes());
    content.extend(bytes);
}

/// Reads a record's content from its start.
struct Reader<'c>(&'c [u8]);

impl<'c> Reader<'c> {
    fn take(&mut self, count: usize) -> Option<&'c [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn signed(&mut self) -> Option<i32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i32::from_le_bytes(*number))
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn bytes(&mut self) -> Option<&'c [u8]> {
        let count = usize::try_from(self.number()?).ok()?;
        self.take(count)
    }
}
