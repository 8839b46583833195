//! The packets of a recording, copied without decoding.

use strikeline_audio::{AudioCodec, AudioError, AudioTrack, Packet, PacketSource};
use symphonia::core::codecs::audio::AudioCodecParameters;

use super::RecordingError;
use super::demux::{Demuxer, Next};
use super::headers::{AacConfig, Mp3Header};
use super::info::Codec;
use super::open::Recording;
use super::opus::OpusHead;

/// Why the packets of a recording cannot be copied; the sound must be encoded anew then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotCopy {
    /// Files that are written here do not take this codec.
    #[error("{codec} cannot be copied into the video")]
    Codec {
        /// What the sound is coded in.
        codec: Codec,
    },
    /// The video begins when the recording has ended.
    #[error("the recording has ended when the video begins")]
    Over,
    /// Something cannot be read.
    #[error("the recording is damaged at {frame} sample frames ({why})")]
    Damaged {
        /// Where, in frames from the first packet.
        frame: u64,
        /// What the reader says.
        why: String,
    },
    /// Rate or channels change on the way.
    #[error("rate or channels of the recording change after {frame} sample frames")]
    Changes {
        /// Where, in frames from the first packet.
        frame: u64,
    },
    /// What a player must know of the codec is missing or not understood.
    #[error("the codec's configuration in the file is damaged or unusual")]
    Configuration,
}

/// Packets from a recording; see [`Recording::packets`].
pub struct CopiedPackets {
    track: AudioTrack,
    demuxer: Demuxer,
    /// Silent packets that are given before those of the recording, and what is in each.
    silent: u64,
    silent_packet: Vec<u8>,
    /// Packets of the recording that are still to be given.
    left: u64,
}

impl std::fmt::Debug for CopiedPackets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopiedPackets")
            .field("track", &self.track)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Packets before the first that is heard, from which a decoder comes to the same result.
fn run_up(codec: Codec) -> usize {
    match codec {
        // The windows of two packets overlap.
        Codec::Aac => 2,
        // The bit reservoir.
        Codec::Mp3 => 12,
        // 80 ms (RFC 7845, 4.6).
        Codec::Opus => 4,
        _ => 0,
    }
}

/// What the first reading finds.
#[derive(Default)]
struct Count {
    /// Packets to be left out, and to be given.
    first: u64,
    packets: u64,
    /// Frame at which the first packet given begins, and at which the last one ends.
    begins: u64,
    ends: u64,
    bytes: u64,
    /// Frames of each packet but the last, where they are all the same.
    ticks: Option<u32>,
}

pub(super) fn packets(
    recording: &Recording,
    start: i64,
    frames: Option<u64>,
) -> Result<Result<CopiedPackets, CannotCopy>, RecordingError> {
    let info = &recording.info;
    // A video that begins before the recording is silent at first.
    let silence = if start < 0 { start.unsigned_abs() } else { 0 };
    let start = u64::try_from(start).unwrap_or(0);
    let frames = frames.map(|frames| frames.saturating_sub(silence));
    let demuxer = Demuxer::open(&recording.path, recording.track_id)?;
    let (codec, config) = match configuration(info.codec, &demuxer.parameters, info.format.channels().get()) {
        Ok(known) => known,
        Err(why) => return Ok(Err(why)),
    };
    let begin = info.delay.saturating_add(start);
    let end = match (frames, info.length.exact()) {
        (Some(frames), Some(length)) => Some(frames.min(length.saturating_sub(start))),
        (frames, length) => frames.or(length.map(|length| length.saturating_sub(start))),
    };
    let end = end.map(|frames| begin.saturating_add(frames));
    if end.is_some_and(|end| end <= begin) {
        return Ok(Err(CannotCopy::Over));
    }
    let count = match count(demuxer, recording, begin, end)? {
        Ok(count) => count,
        Err(why) => return Ok(Err(why)),
    };
    if count.ends <= begin {
        return Ok(Err(CannotCopy::Over));
    }
    let duration = end.unwrap_or(count.ends).min(count.ends) - begin;
    let mut track = AudioTrack::new(codec, info.format, duration, count.packets);
    track.skip = begin - count.begins;
    track.silence = silence;
    track.packet_ticks = count.ticks.and_then(std::num::NonZeroU32::new);
    let span = u128::from((count.ends - count.begins).max(1));
    let bits = u128::from(count.bytes) * 8 * u128::from(info.format.rate().get());
    track.bitrate = u32::try_from(bits / span).unwrap_or(0);
    let whole = start == 0 && end.is_none_or(|end| end >= count.ends);
    track.config = adapted(codec, config, &track, whole);

    let (silent, silent_packet) = with_silent_packets(&mut track);

    let mut demuxer = Demuxer::open(&recording.path, recording.track_id)?;
    for _ in 0..count.first {
        if !matches!(demuxer.next()?, Next::Packet(..)) {
            return Ok(Err(CannotCopy::Damaged { frame: 0, why: "the file has changed".into() }));
        }
    }
    Ok(Ok(CopiedPackets { track, demuxer, silent, silent_packet, left: count.packets }))
}

/// Turns the silence before AAC into packets, of which it returns the number and the bytes: Chromium skips nothing behind an
/// empty edit, so that the delay of the encoder would be heard. Other silence stays as it is.
fn with_silent_packets(track: &mut AudioTrack) -> (u64, Vec<u8>) {
    let packet = silent_aac(track.format.channels().get());
    let (AudioCodec::Aac, Some(packet), Some(ticks)) = (track.codec, packet, track.packet_ticks) else {
        return (0, Vec::new());
    };
    let silent = track.silence.div_ceil(ticks.get().into());
    track.skip += silent * u64::from(ticks.get()) - track.silence;
    track.duration += track.silence;
    track.max_packets += silent;
    track.silence = 0;
    (silent, packet)
}

/// A `raw_data_block` of silence in mono or stereo (ISO/IEC 14496-3, 4.4.2): long windows of which no band is coded.
fn silent_aac(channels: u16) -> Option<Vec<u8>> {
    match channels {
        // single_channel_element: id 000, tag 0000, global_gain 0, ics_info of 11 zeros (max_sfb 0), no pulse, TNS or gain
        // control; then id_end 111.
        1 => Some(vec![0, 0, 0, 0b0000_0111]),
        // channel_pair_element: id 001, tag 0000, common_window 1, ics_info of 11 zeros, ms_mask_present 00, and twice
        // global_gain 0 and the three flags; then id_end 111.
        2 => Some(vec![0b0010_0001, 0, 0, 0, 0, 0b0001_1100]),
        _ => None,
    }
}

/// Reads all packets until the frame `end`, counted from the first packet.
fn count(
    mut demuxer: Demuxer,
    recording: &Recording,
    begin: u64,
    end: Option<u64>,
) -> Result<Result<Count, CannotCopy>, RecordingError> {
    let run_up = run_up(recording.info.codec);
    let format = recording.info.format;
    let mut count = Count::default();
    // Frames of the last packets before the first that is heard.
    let mut before = std::collections::VecDeque::new();
    let mut at = 0u64;
    let mut last = None;
    let mut even = true;
    while end.is_none_or(|end| at < end) {
        let (packet, frames) = match demuxer.next()? {
            Next::Packet(packet, Some(frames)) => (packet, frames),
            Next::Packet(..) => {
                return Ok(Err(CannotCopy::Damaged { frame: at, why: "a packet without a length".into() }));
            }
            Next::Damage(why) => return Ok(Err(CannotCopy::Damaged { frame: at, why })),
            // A file that was cut off: what is there can be copied, if its length is not known to be another.
            Next::End(Some(why)) => return Ok(Err(CannotCopy::Damaged { frame: at, why })),
            Next::End(None) => break,
        };
        if recording.info.codec == Codec::Mp3 {
            let header = Mp3Header::parse(&packet.data);
            let same = header.is_some_and(|header| {
                header.rate == format.rate().get() && header.channels == format.channels().get()
            });
            if !same {
                return Ok(Err(CannotCopy::Changes { frame: at }));
            }
        }
        at += u64::from(frames);
        if at <= begin {
            before.push_back((frames, packet.data.len() as u64));
            if before.len() > run_up
                && let Some((frames, _)) = before.pop_front()
            {
                count.first += 1;
                count.begins += u64::from(frames);
            }
            continue;
        }
        for (frames, bytes) in before.drain(..).chain([(frames, packet.data.len() as u64)]) {
            even &= last.is_none_or(|last| last == count.ticks.unwrap_or(last));
            count.ticks = count.ticks.or(Some(frames));
            last = Some(frames);
            count.packets += 1;
            count.bytes += bytes;
        }
    }
    count.ends = at;
    // The last packet may be shorter, but not longer.
    let fits = last.zip(count.ticks).is_some_and(|(last, ticks)| last <= ticks);
    count.ticks = count.ticks.filter(|_| even && fits);
    Ok(Ok(count))
}

/// The codec as files name it, and its configuration.
fn configuration(
    codec: Codec,
    parameters: &AudioCodecParameters,
    channels: u16,
) -> Result<(AudioCodec, Vec<u8>), CannotCopy> {
    let extra = parameters.extra_data.as_deref();
    let missing = CannotCopy::Configuration;
    match codec {
        Codec::Aac => {
            let config = match extra {
                Some(config) => config.to_vec(),
                None => {
                    let rate = parameters.sample_rate.ok_or(missing.clone())?;
                    let channels = if channels == 8 { 7 } else { channels };
                    AacConfig::write_lc(rate, channels.into()).ok_or(missing)?.to_vec()
                }
            };
            Ok((AudioCodec::Aac, config))
        }
        Codec::Mp3 => Ok((AudioCodec::Mp3, Vec::new())),
        Codec::Opus => {
            let head = extra.filter(|head| OpusHead::parse(head).is_some()).ok_or(missing)?;
            Ok((AudioCodec::Opus, head.to_vec()))
        }
        Codec::Flac => {
            let info = extra.ok_or(missing.clone())?;
            // Some containers keep the stream's start: `fLaC` and the header of the first block.
            let info = if info.starts_with(b"fLaC") { info.get(8..) } else { Some(info) };
            let info = info.and_then(|info| info.get(..34)).ok_or(missing)?;
            Ok((AudioCodec::Flac, info.to_vec()))
        }
        Codec::Alac => {
            let cookie = extra.ok_or(missing.clone())?;
            let cookie = cookie.get(..24).ok_or(missing)?;
            Ok((AudioCodec::Alac, cookie.to_vec()))
        }
        codec => Err(CannotCopy::Codec { codec }),
    }
}

/// The configuration for what is copied, which may be a part.
fn adapted(codec: AudioCodec, mut config: Vec<u8>, track: &AudioTrack, whole: bool) -> Vec<u8> {
    match codec {
        AudioCodec::Opus => {
            let skip = u16::try_from(track.skip).unwrap_or(u16::MAX).to_le_bytes();
            if let Some(field) = config.get_mut(10..12) {
                field.copy_from_slice(&skip);
            }
        }
        AudioCodec::Flac if !whole => {
            // Number of samples (36 bits) and checksum: 0 says that they are not known.
            if let Some(field) = config.get_mut(13..34) {
                if let Some(first) = field.first_mut() {
                    *first &= 0xf0;
                }
                if let Some(rest) = field.get_mut(1..) {
                    rest.fill(0);
                }
            }
        }
        _ => {}
    }
    config
}

impl PacketSource for CopiedPackets {
    fn track(&self) -> &AudioTrack {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        if self.silent > 0 {
            self.silent -= 1;
            let ticks = self.track.packet_ticks.map_or(0, std::num::NonZeroU32::get);
            return Ok(Some(Packet { data: self.silent_packet.clone(), ticks }));
        }
        if self.left == 0 {
            return Ok(None);
        }
        match self.demuxer.next()? {
            Next::Packet(packet, Some(ticks)) => {
                self.left -= 1;
                Ok(Some(Packet { data: packet.data.into_vec(), ticks }))
            }
            _ => Err("the recording changed while it was copied".into()),
        }
    }
}
