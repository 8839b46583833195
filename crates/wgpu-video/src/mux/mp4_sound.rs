//! The sound track of an MP4 file: packets that wait for their place, and the sample tables (ISO/IEC 14496-12).

use std::collections::VecDeque;
use std::num::NonZeroU32;

use shiguredo_mp4::boxes::{
    Co64Box, EdtsBox, ElstBox, ElstEntry, SampleEntry, StblBox, StscBox, StscEntry, StsdBox, StszBox,
    SttsBox, SttsEntry, TrakBox, UnknownBox,
};
use shiguredo_mp4::{Either, FixedPointNumber, LanguageCode};
use strikeline_audio::{AudioCodec, AudioTrack, Packet};

use super::MuxError;
use super::boxes::extra_box;
use super::mp4_track::{TrackHeader, add_chunk_length, rescaled};
use super::sound_entries::sample_entry;

/// Most packets of a sound track. With it the tables stay far below 4 GiB.
const MAX_PACKETS: u64 = 1 << 27;

/// Most samples in the tables and most ticks of a packet: what their 32 bits count. Where each sample frame is a sample, that
/// is 24 hours at 48 kHz.
const MAX_SAMPLES: u64 = u32::MAX as u64;

/// Bytes of an edit list with two entries, in `edts`, as long as they can be.
const EDIT_LIST_BYTES: u64 = 8 + 16 + 2 * 20;

/// Bytes that a header takes more when its durations have 64 bits: `mdhd` and `tkhd`, three numbers each.
const LONG_TIMES_BYTES: u64 = 2 * 12;

/// The track, its tables, and the packets that came before the pictures that they belong to.
#[derive(Debug)]
pub(super) struct Mp4Sound {
    track: AudioTrack,
    entry: SampleEntry,
    language: LanguageCode,
    /// Bytes of a sample frame where each is a sample of the file: uncompressed sound. Else a packet is one.
    frame_bytes: Option<NonZeroU32>,
    /// The most chunks that there can be.
    max_chunks: u64,
    waiting: VecDeque<Packet>,
    /// Packets that came.
    packets: u64,
    /// Ticks of the packets that came.
    came: u64,
    /// Ticks of those that are in the file.
    written: u64,
    /// A packet came that is shorter than [`AudioTrack::packet_ticks`]: the last one.
    last_came: bool,
    tables: SampleTables,
}

#[derive(Debug, Default)]
struct SampleTables {
    /// Bytes of each sample, where they differ.
    sizes: Vec<u32>,
    samples: u64,
    /// Where each chunk begins, in bytes from the start of the file.
    chunk_offsets: Vec<u64>,
    chunk_lengths: Vec<StscEntry>,
    durations: Vec<SttsEntry>,
}

impl Mp4Sound {
    /// For `track`, in at most `max_chunks` chunks.
    ///
    /// # Errors
    /// When the track is too long or cannot be described.
    pub(super) fn new(
        track: AudioTrack,
        language: LanguageCode,
        max_chunks: u64,
    ) -> Result<Mp4Sound, MuxError> {
        let entry = sample_entry(&track).map_err(|reason| MuxError::Sound { reason })?;
        let frame_bytes = match track.codec {
            AudioCodec::Pcm16 => NonZeroU32::new(2 * u32::from(track.format.channels().get())),
            _ => None,
        };
        let (count, limit) = match frame_bytes {
            Some(_) => (track.skip.saturating_add(track.duration), MAX_SAMPLES),
            None => (track.max_packets, MAX_PACKETS),
        };
        if count > limit {
            return Err(MuxError::TooMuchSound { count, limit });
        }
        Ok(Mp4Sound {
            track,
            entry,
            language,
            frame_bytes,
            max_chunks,
            waiting: VecDeque::new(),
            packets: 0,
            came: 0,
            written: 0,
            last_came: false,
            tables: SampleTables::default(),
        })
    }

    /// Lets what is heard end at tick `until`, counted from the first packet, and drops the packets that are not in the file.
    pub(super) fn cut(&mut self, until: u64) {
        self.waiting.clear();
        let heard = until.min(self.written).saturating_sub(self.track.skip);
        self.track.duration = self.track.duration.min(heard);
    }

    /// The track.
    pub(super) fn track(&self) -> &AudioTrack {
        &self.track
    }

    /// Ticks of all packets that came.
    pub(super) fn came(&self) -> u64 {
        self.came
    }

    /// Checks `packets`, and takes them all or none.
    ///
    /// # Errors
    /// [`MuxError::Sound`].
    pub(super) fn take_packets(&mut self, packets: Vec<Packet>) -> Result<(), MuxError> {
        let (mut came, mut last_came) = (self.came, self.last_came);
        for (number, packet) in (self.packets..).zip(&packets) {
            self.check(packet, number, came, last_came)
                .map_err(|reason| MuxError::Sound { reason: format!("packet {number} {reason}") })?;
            came = came.saturating_add(packet.ticks.into());
            last_came = self.track.packet_ticks.is_some_and(|ticks| ticks.get() != packet.ticks);
        }
        self.packets += packets.len() as u64;
        (self.came, self.last_came) = (came, last_came);
        self.waiting.extend(packets);
        Ok(())
    }

    fn check(&self, packet: &Packet, number: u64, came: u64, last_came: bool) -> Result<(), String> {
        let bytes = packet.data.len() as u64;
        if bytes == 0 || bytes > MAX_SAMPLES || packet.ticks == 0 {
            return Err(format!("has {bytes} bytes and lasts {} ticks", packet.ticks));
        }
        if let Some(frame) = self.frame_bytes {
            if bytes != u64::from(packet.ticks) * u64::from(frame.get()) {
                return Err(format!("has {bytes} bytes for {} sample frames", packet.ticks));
            }
            let all = came.saturating_add(packet.ticks.into());
            return if all > MAX_SAMPLES { Err("is one too many".to_owned()) } else { Ok(()) };
        }
        if number >= self.track.max_packets {
            return Err(format!("is more than the {} that were announced", self.track.max_packets));
        }
        if last_came {
            return Err("follows one of another length, though only the last one may differ".to_owned());
        }
        Ok(())
    }

    /// The packets that begin before tick `until` and are not in the file yet, as the chunk that begins at byte `offset`.
    /// Empty when there are none: there is no such chunk then.
    pub(super) fn take_chunk(&mut self, until: u64, offset: u64) -> Vec<u8> {
        let mut data = Vec::new();
        let mut samples: u64 = 0;
        while self.written < until
            && let Some(packet) = self.waiting.pop_front()
        {
            let (count, ticks) = match self.frame_bytes {
                Some(_) => (packet.ticks, 1),
                None => {
                    self.tables.sizes.push(packet.data.len() as u32);
                    (1, packet.ticks)
                }
            };
            match self.tables.durations.last_mut().filter(|last| last.sample_delta == ticks) {
                Some(last) => last.sample_count += count,
                None => {
                    self.tables.durations.push(SttsEntry { sample_count: count, sample_delta: ticks });
                }
            }
            samples += u64::from(count);
            self.written += u64::from(packet.ticks);
            data.extend(packet.data);
        }
        if samples > 0 {
            let chunk = self.tables.chunk_offsets.len() as u32;
            add_chunk_length(&mut self.tables.chunk_lengths, chunk, samples as u32);
            self.tables.chunk_offsets.push(offset);
            self.tables.samples += samples;
        }
        data
    }

    /// The packets that begin before tick `until` and have not been taken yet, and the tick at which the first of them begins.
    pub(super) fn take_until(&mut self, until: u64) -> (u64, Vec<Packet>) {
        let start = self.written;
        let mut packets = Vec::new();
        while self.written < until
            && let Some(packet) = self.waiting.pop_front()
        {
            self.written += u64::from(packet.ticks);
            packets.push(packet);
        }
        (start, packets)
    }

    /// The most bytes that the complete tables take in the file, beyond those of empty ones: for each packet an entry of
    /// `stsz`, and of `stts` where they differ in length; for each chunk one of `co64` and one of `stsc`; and the edit list.
    pub(super) fn table_bytes(&self) -> u64 {
        let packets = match self.frame_bytes {
            Some(_) => 8,
            None if self.track.packet_ticks.is_some() => 4 * self.track.max_packets + 2 * 8,
            None => (4 + 8) * self.track.max_packets,
        };
        packets + (8 + 12) * self.max_chunks + EDIT_LIST_BYTES + LONG_TIMES_BYTES
    }

    /// Ticks of the track's clock per second.
    pub(super) fn timescale(&self) -> NonZeroU32 {
        self.track.timescale
    }

    /// Duration from the start of the video to the end of what is heard, in ticks of a clock of `timescale` ticks per second,
    /// rounded up.
    pub(super) fn duration(&self, timescale: NonZeroU32) -> u64 {
        let end = self.track.silence.saturating_add(self.track.duration);
        rescaled(end, self.track.timescale, timescale)
    }

    /// `trak` with all that came so far. `movie_timescale` is that of the file. The tables are moved out.
    pub(super) fn take_trak(&mut self, movie_timescale: NonZeroU32) -> TrakBox {
        let mut tables = std::mem::take(&mut self.tables);
        let media_duration = match self.track.codec {
            AudioCodec::Opus => tables.shorten(self.written, self.track.skip + self.track.duration),
            _ => self.written,
        };
        let header = TrackHeader {
            number: 2,
            size: None,
            timescale: self.track.timescale,
            media_duration,
            movie_duration: self.duration(movie_timescale),
            language: self.language,
            edits: self.edit_list(movie_timescale),
        };
        let stsz_box = match self.frame_bytes {
            Some(sample_size) => StszBox::Fixed { sample_size, sample_count: tables.samples as u32 },
            None => StszBox::Variable { entry_sizes: tables.sizes },
        };
        header.trak(StblBox {
            stsd_box: StsdBox { entries: vec![self.entry.clone()] },
            stts_box: SttsBox { entries: tables.durations },
            ctts_box: None,
            cslg_box: None,
            stsc_box: StscBox { entries: tables.chunk_lengths },
            stsz_box,
            stco_or_co64_box: Either::B(Co64Box { chunk_offsets: tables.chunk_offsets }),
            stss_box: None,
            sdtp_box: None,
            unknown_boxes: self.roll_group(tables.samples),
        })
    }

    /// `edts` with the edits (ISO/IEC 14496-12, 8.6.6) that make the sound begin behind what is skipped, and end when it
    /// should, after an empty edit where there is silence before; `None` where everything is heard from the start.
    ///
    /// Opus has no edit for what is skipped: the sample entry says it, and every decoder does that by itself. With an edit
    /// list ("Encapsulation of Opus in ISO Base Media File Format", 4.4, asks for one) Chromium skips it twice.
    fn edit_list(&self, movie_timescale: NonZeroU32) -> Option<EdtsBox> {
        let is_opus = self.track.codec == AudioCodec::Opus;
        let all_is_heard = is_opus || (self.track.skip == 0 && self.written == self.track.duration);
        if all_is_heard && self.track.silence == 0 {
            return None;
        }
        // Decoders count what they skip of Opus by themselves as time that has passed.
        let (skip, passed) = if is_opus { (0, self.track.skip) } else { (self.track.skip, 0) };
        let silence = self.track.silence.saturating_sub(passed);
        let silence = rescaled(silence, self.track.timescale, movie_timescale);
        let edit = |edit_duration, media_time| ElstEntry {
            edit_duration,
            media_time,
            media_rate: FixedPointNumber::new(1, 0),
        };
        let mut entries = Vec::new();
        if silence > 0 {
            entries.push(edit(silence, -1));
        }
        let heard = self.duration(movie_timescale) - silence;
        entries.push(edit(heard, i64::try_from(skip).unwrap_or(i64::MAX)));
        Some(EdtsBox { elst_box: Some(ElstBox { entries }), unknown_boxes: Vec::new() })
    }

    /// `sgpd` and `sbgp` (ISO/IEC 14496-12, 8.9.3 and 8.9.2) of the grouping type `roll` (10.1): how many packets before one
    /// must be decoded for it to be right, where that is not 0. One of AAC, as in Apple's files; 80 ms of Opus.
    fn roll_group(&self, samples: u64) -> Vec<UnknownBox> {
        let before: i16 = match (self.track.codec, self.track.packet_ticks) {
            (AudioCodec::Aac, _) => 1,
            (AudioCodec::Opus, Some(ticks)) => {
                i16::try_from(OPUS_PRE_ROLL.div_ceil(ticks.get())).unwrap_or(i16::MAX)
            }
            _ => return Vec::new(),
        };
        let version_1 = [1, 0, 0, 0];
        let one = 1u32.to_be_bytes();
        let description = [
            version_1.as_slice(),
            b"roll",
            &2u32.to_be_bytes(), // default_length
            &one,                // entry_count
            &(-before).to_be_bytes(),
        ];
        let version_0 = [0; 4];
        let samples = (samples as u32).to_be_bytes();
        let members = [version_0.as_slice(), b"roll", &one, &samples, &one];
        vec![extra_box(*b"sgpd", description.concat()), extra_box(*b"sbgp", members.concat())]
    }
}

impl SampleTables {
    /// Makes the last sample shorter, so that all of them, which last `ticks`, end at `end`. Returns how long they last then.
    fn shorten(&mut self, ticks: u64, end: u64) -> u64 {
        let Some(last) = self.durations.last_mut() else { return ticks };
        let surplus = ticks.saturating_sub(end).min(u64::from(last.sample_delta.saturating_sub(1))) as u32;
        if surplus == 0 {
            return ticks;
        }
        let sample_delta = last.sample_delta - surplus;
        last.sample_count -= 1;
        if last.sample_count == 0 {
            self.durations.pop();
        }
        self.durations.push(SttsEntry { sample_count: 1, sample_delta });
        ticks - u64::from(surplus)
    }
}

/// Ticks of 80 ms at 48 kHz (RFC 7845, 4.6).
const OPUS_PRE_ROLL: u32 = 3840;
