//! The video track of an MP4 file: its clock and its sample tables (ISO/IEC 14496-12).

use std::num::NonZeroU32;
use std::ops::Range;

use shiguredo_mp4::boxes::{
    Co64Box, CttsBox, CttsEntry, SampleEntry, StblBox, StscBox, StscEntry, StsdBox, StssBox, StszBox,
    SttsBox, SttsEntry, TrakBox,
};
use shiguredo_mp4::{Either, LanguageCode};

use super::description::VideoTrack;
use super::mp4_track::{TrackHeader, add_chunk_length, rescaled};
use crate::encode::AccessUnit;
use strikeline_picture::{PictureSize, SegmentIndex};

/// Bytes of a `ctts` box without entries.
const CTTS_HEADER: u64 = 16;

/// What is known of the track from the start, and the tables that grow with it.
///
/// How many samples and chunks there will be is known from the start, hence how long the tables will be. All samples
/// last equally long, and are stored in the order in which they are shown.
#[derive(Debug)]
pub(super) struct Mp4Video {
    size: PictureSize,
    /// Ticks of the track's clock per second.
    timescale: NonZeroU32,
    /// Ticks that each sample lasts.
    sample_duration: u32,
    /// Of the whole track.
    samples: u64,
    chunks: u64,
    segments: u64,
    /// The most samples of a chunk; `None` where a chunk is a segment.
    most_in_chunk: Option<u64>,
    /// Samples of each chunk.
    chunk_lengths: Vec<StscEntry>,
    /// Whether samples may be stored in another order than they are shown in.
    reordered: bool,
    /// Whether all samples are sync samples, which is said by leaving out their table (ISO/IEC 14496-12, 8.6.2).
    all_sync: bool,
    tables: SampleTables,
}

/// What is known only as the samples come.
#[derive(Debug, Default)]
struct SampleTables {
    /// Bytes of each sample.
    sizes: Vec<u32>,
    /// Where each chunk begins, in bytes from the start of the file.
    chunk_offsets: Vec<u64>,
    /// Numbers, from 1, of the first sample of each segment: the sync samples, unless all are.
    sync_samples: Vec<NonZeroU32>,
    /// How many frames later than it is decoded each sample is shown, as runs of equal numbers.
    delays: Vec<CttsEntry>,
}

impl Mp4Video {
    /// The track of `track`. A chunk is a segment, or beside sound (`interleaved`) a part of a segment that lasts half a
    /// second at most, or one frame.
    ///
    /// The clock ticks as often per second as the frame rate's numerator says, and each frame lasts its denominator, so
    /// every timestamp is exact.
    pub(super) fn new(track: &VideoTrack, interleaved: bool) -> Mp4Video {
        let rate = track.frame_rate;
        let half_second = u64::from(rate.numerator()) / (2 * u64::from(rate.denominator().max(1)));
        let mut video = Mp4Video {
            size: track.size,
            timescale: NonZeroU32::new(rate.numerator()).unwrap_or(NonZeroU32::MIN),
            sample_duration: rate.denominator(),
            samples: track.plan.frames(),
            chunks: 0,
            segments: track.plan.segments(),
            most_in_chunk: interleaved.then_some(half_second.max(1)),
            chunk_lengths: Vec::new(),
            reordered: track.reordered,
            all_sync: track.codec.is_intra_only(),
            tables: SampleTables::default(),
        };
        for segment in 0..video.segments {
            let frames = track.plan.frames_of(SegmentIndex(segment));
            for chunk in video.chunks_of(frames.end - frames.start) {
                let length = chunk.end - chunk.start;
                add_chunk_length(&mut video.chunk_lengths, video.chunks as u32, length as u32);
                video.chunks += 1;
            }
        }
        video
    }

    /// Makes the track as long as `track`, which has just the segments that came.
    pub(super) fn cut(&mut self, track: &VideoTrack, interleaved: bool) {
        let tables = std::mem::take(&mut self.tables);
        *self = Mp4Video { tables, ..Mp4Video::new(track, interleaved) };
    }

    /// The chunks of a segment of `frames` frames, as its frames counted from 0: nearly equally long ones.
    pub(super) fn chunks_of(&self, frames: u64) -> impl Iterator<Item = Range<u64>> + use<> {
        let chunks = self.most_in_chunk.map_or(1, |most| frames.div_ceil(most));
        (0..chunks).map(move |chunk| frames * chunk / chunks..frames * (chunk + 1) / chunks)
    }

    /// Chunks of the whole track.
    pub(super) fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Segments so far.
    pub(super) fn segments_written(&self) -> u64 {
        self.tables.sync_samples.len() as u64
    }

    /// Samples so far.
    pub(super) fn samples_written(&self) -> u64 {
        self.tables.sizes.len() as u64
    }

    /// Adds a chunk of access units that begins at byte `offset` of the file. The first chunk of a segment begins with a sync
    /// sample.
    pub(super) fn add_chunk(&mut self, offset: u64, units: &[AccessUnit], begins_segment: bool) {
        if begins_segment {
            let number = self.tables.sizes.len() as u32;
            self.tables.sync_samples.push(NonZeroU32::MIN.saturating_add(number));
        }
        self.tables.chunk_offsets.push(offset);
        self.tables.sizes.extend(units.iter().map(|unit| unit.bytes as u32));
        if self.reordered {
            for unit in units {
                let sample_offset = i64::from(unit.delay) * i64::from(self.sample_duration);
                match self.tables.delays.last_mut() {
                    Some(last) if last.sample_offset == sample_offset => last.sample_count += 1,
                    _ => self.tables.delays.push(CttsEntry { sample_count: 1, sample_offset }),
                }
            }
        }
    }

    /// Whether samples may be stored in another order than they are shown in.
    pub(super) fn reordered(&self) -> bool {
        self.reordered
    }

    /// Bytes that the complete tables take in the file, beyond those of empty ones: an entry of `co64` for each chunk, one of
    /// `stss` for each segment, if there is that table, and one of `stsz` for each sample. Where samples are reordered, the most that `ctts` can take:
    /// an entry for each sample.
    pub(super) fn table_bytes(&self) -> u64 {
        let reordering = if self.reordered { CTTS_HEADER + 8 * self.samples } else { 0 };
        let sync_samples = if self.all_sync { 0 } else { 4 * self.segments };
        4 * self.samples + 8 * self.chunks + sync_samples + reordering
    }

    /// Ticks of the track's clock per second.
    pub(super) fn timescale(&self) -> NonZeroU32 {
        self.timescale
    }

    /// Duration in ticks of a clock of `timescale` ticks per second, rounded up.
    pub(super) fn duration(&self, timescale: NonZeroU32) -> u64 {
        rescaled(self.samples * u64::from(self.sample_duration), self.timescale, timescale)
    }

    /// `trak` with all that came so far, which is empty at first: that is how the length of everything else is found.
    /// `movie_timescale` is that of the file. The tables are moved out.
    pub(super) fn take_trak(&mut self, movie_timescale: NonZeroU32, entry: SampleEntry) -> TrakBox {
        let tables = std::mem::take(&mut self.tables);
        let header = TrackHeader {
            number: 1,
            size: Some(self.size),
            timescale: self.timescale,
            media_duration: self.duration(self.timescale),
            movie_duration: self.duration(movie_timescale),
            language: LanguageCode::UNDEFINED,
            edits: None,
        };
        // Counts fit: a track has at most `MAX_FRAMES` samples.
        let stts = SttsEntry { sample_count: self.samples as u32, sample_delta: self.sample_duration };
        header.trak(StblBox {
            stsd_box: StsdBox { entries: vec![entry] },
            stts_box: SttsBox { entries: vec![stts] },
            ctts_box: ctts(tables.delays),
            cslg_box: None,
            stsc_box: StscBox { entries: self.chunk_lengths.clone() },
            stsz_box: StszBox::Variable { entry_sizes: tables.sizes },
            stco_or_co64_box: Either::B(Co64Box { chunk_offsets: tables.chunk_offsets }),
            stss_box: (!self.all_sync).then_some(StssBox { sample_numbers: tables.sync_samples }),
            sdtp_box: None,
            unknown_boxes: Vec::new(),
        })
    }
}

/// `ctts` (ISO/IEC 14496-12, 8.6.1.3), if any sample is shown at another time than it is decoded. The first sample is shown at
/// once, so that no edit list is needed; for that, others have offsets below 0.
fn ctts(entries: Vec<CttsEntry>) -> Option<CttsBox> {
    let any = entries.iter().any(|entry| entry.sample_offset != 0);
    let signed = entries.iter().any(|entry| entry.sample_offset < 0);
    any.then_some(CttsBox { version: u8::from(signed), entries })
}
