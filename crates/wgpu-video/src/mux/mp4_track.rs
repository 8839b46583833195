//! One track of an MP4 file: its clock, its sample tables, and the boxes of both (ISO/IEC 14496-12).

use std::num::NonZeroU32;

use shiguredo_mp4::boxes::{
    Co64Box, DinfBox, HdlrBox, MdhdBox, MdiaBox, MediaHeader, MinfBox, SampleEntry, SmhdBox, StblBox,
    StscBox, StscEntry, StsdBox, StssBox, StszBox, SttsBox, SttsEntry, TkhdBox, TrakBox, VmhdBox,
};
use shiguredo_mp4::{Either, FixedPointNumber, LanguageCode, Mp4FileTime};

use super::boxes::extra_box;
use super::description::{SoundTrack, VideoTrack};
use crate::encode::AccessUnit;
use strikeline_picture::{PictureSize, SegmentIndex};

/// What is known of a track from the start, and the tables that grow with it.
///
/// How many samples and chunks there will be is known from the start, hence how long the tables will be. All samples
/// last equally long, and are stored in the order in which they are shown or heard.
#[derive(Debug)]
pub(super) struct Mp4Track {
    media: Media,
    /// Ticks of the track's clock per second.
    timescale: NonZeroU32,
    /// Ticks that each sample lasts.
    sample_duration: u32,
    /// Of the whole track.
    samples: u64,
    chunks: u64,
    /// Samples of each chunk, as (first chunk, samples) wherever that differs from the chunk before.
    chunk_lengths: Vec<StscEntry>,
    tables: SampleTables,
}

/// What a track is made of, and how long its samples are.
#[derive(Debug)]
enum Media {
    /// Every access unit has a length of its own. Each chunk begins with a sync sample.
    Video { size: PictureSize },
    /// Every sample has this many bytes, and decoding can begin at each.
    Sound { sample_bytes: NonZeroU32 },
}

/// What is known only as the samples come.
#[derive(Debug, Default)]
struct SampleTables {
    /// Bytes of each sample, where they differ.
    sizes: Vec<u32>,
    /// Where each chunk begins, in bytes from the start of the file.
    chunk_offsets: Vec<u64>,
    /// Numbers, from 1, of the sync samples, where not all are.
    sync_samples: Vec<NonZeroU32>,
}

impl Mp4Track {
    /// A track of pictures; a chunk is a segment.
    ///
    /// The clock ticks as often per second as the frame rate's numerator says, and each frame lasts its denominator, so
    /// every timestamp is exact.
    pub(super) fn video(track: &VideoTrack) -> Mp4Track {
        let segments = (0..track.plan.segments()).map(|segment| {
            let frames = track.plan.frames_of(SegmentIndex(segment));
            frames.end - frames.start
        });
        Mp4Track {
            media: Media::Video { size: track.size },
            timescale: NonZeroU32::new(track.frame_rate.numerator()).unwrap_or(NonZeroU32::MIN),
            sample_duration: track.frame_rate.denominator(),
            samples: track.plan.frames(),
            chunks: track.plan.segments(),
            chunk_lengths: chunk_lengths(segments),
            tables: SampleTables::default(),
        }
    }

    /// A track of sound; a chunk is what is heard during a segment of `video`. The clock ticks once per sample frame.
    pub(super) fn sound(track: &SoundTrack, video: &VideoTrack) -> Mp4Track {
        let lengths = || {
            let samples = |segment| track.samples_of(SegmentIndex(segment), video);
            let lengths = (0..video.plan.segments()).map(samples).map(|samples| samples.end - samples.start);
            lengths.filter(|length| *length > 0)
        };
        Mp4Track {
            media: Media::Sound {
                sample_bytes: NonZeroU32::new(track.sample_bytes()).unwrap_or(NonZeroU32::MIN),
            },
            timescale: track.sample_rate,
            sample_duration: 1,
            samples: track.samples,
            chunks: lengths().count() as u64,
            chunk_lengths: chunk_lengths(lengths()),
            tables: SampleTables::default(),
        }
    }

    /// Chunks so far.
    pub(super) fn chunks_written(&self) -> u64 {
        self.tables.chunk_offsets.len() as u64
    }

    /// Samples so far, where they differ in length.
    pub(super) fn units_written(&self) -> u64 {
        self.tables.sizes.len() as u64
    }

    /// Adds a chunk of access units, the first of them a sync sample, that begins at byte `offset` of the file.
    pub(super) fn add_units(&mut self, offset: u64, units: &[AccessUnit]) {
        let number = self.tables.sizes.len() as u32;
        self.tables.sync_samples.push(NonZeroU32::MIN.saturating_add(number));
        self.tables.chunk_offsets.push(offset);
        self.tables.sizes.extend(units.iter().map(|unit| unit.bytes as u32));
    }

    /// Adds a chunk of samples of equal length.
    pub(super) fn add_chunk(&mut self, offset: u64) {
        self.tables.chunk_offsets.push(offset);
    }

    /// Bytes that the complete tables take in the file, beyond those of empty ones: an entry of `co64` for each chunk,
    /// and for video one of `stss` for each chunk and one of `stsz` for each sample.
    pub(super) fn table_bytes(&self) -> u64 {
        match self.media {
            Media::Video { .. } => 4 * self.samples + (8 + 4) * self.chunks,
            Media::Sound { .. } => 8 * self.chunks,
        }
    }

    /// Ticks of the track's clock per second.
    pub(super) fn timescale(&self) -> NonZeroU32 {
        self.timescale
    }

    /// Duration in ticks of a clock of `timescale` ticks per second, rounded up.
    pub(super) fn duration(&self, timescale: NonZeroU32) -> u64 {
        let ticks = self.samples * u64::from(self.sample_duration);
        if timescale == self.timescale {
            return ticks;
        }
        let scaled = u128::from(ticks) * u128::from(timescale.get());
        u64::try_from(scaled.div_ceil(u128::from(self.timescale.get()))).unwrap_or(u64::MAX)
    }

    /// `trak` (ISO/IEC 14496-12, 8.3.1) with all that came so far, which is empty at first: that is how the length of
    /// everything else is found. `movie_timescale` is that of the file. The tables are moved out.
    pub(super) fn take_trak(
        &mut self,
        number: u32,
        movie_timescale: NonZeroU32,
        entry: SampleEntry,
    ) -> TrakBox {
        let tables = std::mem::take(&mut self.tables);
        let is_video = matches!(self.media, Media::Video { .. });
        let (width, height) = match self.media {
            // At most PictureSize::MAX, and pixels are square.
            Media::Video { size } => (size.width() as i16, size.height() as i16),
            Media::Sound { .. } => (0, 0),
        };
        let tkhd_box = TkhdBox {
            flag_track_enabled: true,
            flag_track_in_movie: true,
            flag_track_in_preview: true,
            flag_track_size_is_aspect_ratio: false,
            creation_time: Mp4FileTime::default(),
            modification_time: Mp4FileTime::default(),
            track_id: number,
            duration: self.duration(movie_timescale),
            layer: TkhdBox::DEFAULT_LAYER,
            alternate_group: TkhdBox::DEFAULT_ALTERNATE_GROUP,
            volume: if is_video { TkhdBox::DEFAULT_VIDEO_VOLUME } else { TkhdBox::DEFAULT_AUDIO_VOLUME },
            matrix: TkhdBox::DEFAULT_MATRIX,
            width: FixedPointNumber::new(width, 0),
            height: FixedPointNumber::new(height, 0),
        };
        let mdhd_box = MdhdBox {
            creation_time: Mp4FileTime::default(),
            modification_time: Mp4FileTime::default(),
            timescale: self.timescale,
            duration: self.duration(self.timescale),
            language: LanguageCode::UNDEFINED,
        };
        let (hdlr_box, media_header) = if is_video {
            let name = b"VideoHandler\0".to_vec();
            let hdlr = HdlrBox { handler_type: HdlrBox::HANDLER_TYPE_VIDE, name };
            (hdlr, MediaHeader::Vmhd(VmhdBox::default()))
        } else {
            let name = b"SoundHandler\0".to_vec();
            let hdlr = HdlrBox { handler_type: HdlrBox::HANDLER_TYPE_SOUN, name };
            (hdlr, MediaHeader::Smhd(SmhdBox::default()))
        };
        let minf_box = MinfBox {
            media_header: Some(media_header),
            dinf_box: DinfBox::LOCAL_FILE,
            stbl_box: self.stbl(entry, tables),
            unknown_boxes: Vec::new(),
        };
        let mdia_box = MdiaBox { mdhd_box, hdlr_box, minf_box, unknown_boxes: Vec::new() };
        TrakBox { tkhd_box, edts_box: None, mdia_box, unknown_boxes: Vec::new() }
    }

    /// `stbl` (ISO/IEC 14496-12, 8.5.1): constant sample duration, no reordering.
    fn stbl(&self, entry: SampleEntry, tables: SampleTables) -> StblBox {
        // All counts fit: a track has at most `MAX_SAMPLES` samples.
        let sample_count = self.samples as u32;
        let (stsz_box, stss_box) = match self.media {
            Media::Video { .. } => (
                StszBox::Variable { entry_sizes: tables.sizes },
                Some(StssBox { sample_numbers: tables.sync_samples }),
            ),
            Media::Sound { sample_bytes } => {
                (StszBox::Fixed { sample_size: sample_bytes, sample_count }, None)
            }
        };
        StblBox {
            stsd_box: StsdBox { entries: vec![entry] },
            stts_box: SttsBox {
                entries: vec![SttsEntry { sample_count, sample_delta: self.sample_duration }],
            },
            ctts_box: None,
            cslg_box: None,
            stsc_box: StscBox { entries: self.chunk_lengths.clone() },
            stsz_box,
            stco_or_co64_box: Either::B(Co64Box { chunk_offsets: tables.chunk_offsets }),
            stss_box,
            sdtp_box: None,
            unknown_boxes: Vec::new(),
        }
    }
}

/// The entries of `stsc` for chunks of so many samples each.
fn chunk_lengths(chunks: impl Iterator<Item = u64>) -> Vec<StscEntry> {
    let mut entries: Vec<StscEntry> = Vec::new();
    for (chunk, samples) in (0..).zip(chunks) {
        let samples = samples as u32;
        if entries.last().is_none_or(|last| last.sample_per_chunk != samples) {
            entries.push(StscEntry {
                first_chunk: NonZeroU32::MIN.saturating_add(chunk),
                sample_per_chunk: samples,
                sample_description_index: NonZeroU32::MIN,
            });
        }
    }
    entries
}

/// `sowt`, the sample entry of signed 16-bit samples in little-endian order (an `AudioSampleEntry`, ISO/IEC 14496-12,
/// 12.2.3; the name is that of Apple's QuickTime File Format, which players of MP4 files know too).
pub(super) fn sowt(track: &SoundTrack) -> SampleEntry {
    // 16.16 fixed point. Rates that do not fit are left to the track's clock.
    let rate = u16::try_from(track.sample_rate.get()).unwrap_or(0);
    let payload = [
        [0; 6].as_slice(),   // reserved
        &1u16.to_be_bytes(), // data_reference_index
        &[0; 8],             // reserved
        &track.channels.get().to_be_bytes(),
        &16u16.to_be_bytes(), // bits of a sample
        &[0; 4],              // pre_defined, reserved
        &rate.to_be_bytes(),
        &[0; 2],
    ]
    .concat();
    SampleEntry::Unknown(extra_box(*b"sowt", payload))
}
