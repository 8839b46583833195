//! MP4 (ISO/IEC 14496-12 and -15) with one H.264 track, in one pass, with the index in front.
//!
//! The number of frames and how they are cut into segments is known beforehand, so the size of the index
//! (`moov`) is known as soon as the parameter sets are: its place is kept free, the samples are appended as
//! they come, and the index is filled in at the end. A player can begin before the whole file is there, and
//! nothing is written twice.

use std::io::{self, Seek, SeekFrom, Write};
use std::num::{NonZeroU16, NonZeroU32};

use shiguredo_mp4::boxes::{
    Avc1Box, AvccBox, Brand, Co64Box, DinfBox, FtypBox, HdlrBox, MdhdBox, MdiaBox, MediaHeader, MinfBox,
    MoovBox, MvhdBox, SampleEntry, StblBox, StscBox, StscEntry, StsdBox, StssBox, StszBox, SttsBox,
    SttsEntry, TkhdBox, TrakBox, UnknownBox, VisualSampleEntryFields, VmhdBox,
};
use shiguredo_mp4::{BoxSize, BoxType, Either, Encode, FixedPointNumber, LanguageCode, Mp4FileTime, Uint};

use crate::encode::{AccessUnit, ParameterSets};
use crate::picture::PictureSize;
use crate::timing::{FrameRate, SegmentIndex};

/// What the file must be told before the first segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp4Settings {
    /// Size of the pictures.
    pub size: PictureSize,
    /// Frames per second; the media clock ticks `numerator` times a second, each frame lasts `denominator`.
    pub frame_rate: FrameRate,
    /// Frames of the video, at least 1.
    pub frames: u64,
    /// Frames of each segment but the last, at least 1. Each segment is one chunk.
    pub segment_frames: u32,
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MuxError {
    /// The file could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// An MP4 file counts its frames in 32 bits. Render the song in parts.
    #[error(
        "a video of {frames} frames is too long for MP4, which counts to {}: render it in parts",
        u32::MAX
    )]
    TooLong {
        /// Frames asked for.
        frames: u64,
    },
    /// A frame is larger than MP4 can hold (4 GiB). Use a lower quality.
    #[error("a frame of {bytes} bytes is too large for MP4: use a lower quality")]
    FrameTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The encoder's parameter sets differ between segments, so they cannot be joined.
    #[error("segment {} was encoded with other parameter sets than those before it: this is a bug in the encoder", .segment.0)]
    ParameterSetsDiffer {
        /// The first that differs.
        segment: SegmentIndex,
    },
    /// The parameter sets are no H.264.
    #[error("the encoder gave parameter sets that are not H.264: this is a bug in the encoder")]
    BadParameterSets,
    /// A segment is not the one that was planned next, or has not the frames that were planned.
    #[error("segment {} does not fit the plan ({what}): this is a bug in strikeline", .segment.0)]
    NotAsPlanned {
        /// The segment.
        segment: SegmentIndex,
        /// What is wrong with it.
        what: String,
    },
    /// The boxes could not be encoded.
    #[error("the index of the MP4 file could not be made: {reason}")]
    Index {
        /// What the library said.
        reason: String,
    },
}

/// Writes one video. `W` is written from its current position, which must be 0.
#[derive(Debug)]
pub struct Mp4Writer<W> {
    writer: W,
    settings: Mp4Settings,
    /// Once the first segment has come.
    track: Option<Track>,
}

/// What is known of the track so far.
#[derive(Debug)]
struct Track {
    parameter_sets: ParameterSets,
    /// Of every frame written.
    sample_sizes: Vec<u32>,
    /// Numbers, from 1, of the IDR pictures.
    sync_samples: Vec<NonZeroU32>,
    /// Where each segment begins in the file.
    chunk_offsets: Vec<u64>,
    /// Where the index begins, and how long it is.
    index: (u64, usize),
    /// Where `mdat` begins.
    data_start: u64,
    position: u64,
}

/// `mdat` begins with its size in 64 bits: 4 bytes that say so, its type, 8 bytes of size.
const DATA_HEADER: u64 = 16;

impl<W: Write + Seek> Mp4Writer<W> {
    /// Nothing is written yet.
    ///
    /// # Errors
    /// [`MuxError::TooLong`].
    pub fn new(writer: W, settings: Mp4Settings) -> Result<Mp4Writer<W>, MuxError> {
        if settings.frames > u64::from(u32::MAX) {
            return Err(MuxError::TooLong { frames: settings.frames });
        }
        Ok(Mp4Writer { writer, settings, track: None })
    }

    /// Appends the next segment: `data` holds its access units one after the other.
    ///
    /// # Errors
    /// When it is not the next segment of the plan, or cannot be written.
    pub fn write_segment(
        &mut self,
        segment: SegmentIndex,
        parameter_sets: &ParameterSets,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        let not_planned = |what: String| MuxError::NotAsPlanned { segment, what };
        let track = match &mut self.track {
            Some(track) => track,
            none => none.insert(begin(&mut self.writer, &self.settings, parameter_sets.clone())?),
        };
        let next = track.chunk_offsets.len() as u64;
        if segment.0 != next {
            return Err(not_planned(format!("segment {next} is next")));
        }
        if *parameter_sets != track.parameter_sets {
            return Err(MuxError::ParameterSetsDiffer { segment });
        }
        let planned = planned_frames(&self.settings, segment.0);
        if units.len() as u64 != planned {
            return Err(not_planned(format!("{} frames instead of {planned}", units.len())));
        }
        if !units.first().is_some_and(|unit| unit.idr) {
            return Err(not_planned("it does not begin with an IDR picture".to_owned()));
        }
        if units.iter().map(|unit| unit.bytes).sum::<usize>() != data.len() {
            return Err(not_planned("its access units are not its data".to_owned()));
        }
        for unit in units {
            let bytes =
                u32::try_from(unit.bytes).map_err(|_| MuxError::FrameTooLarge { bytes: unit.bytes })?;
            track.sample_sizes.push(bytes);
            if unit.idr
                && let Some(number) = NonZeroU32::new(track.sample_sizes.len() as u32)
            {
                track.sync_samples.push(number);
            }
        }
        self.writer.write_all(data)?;
        track.chunk_offsets.push(track.position);
        track.position += data.len() as u64;
        Ok(())
    }

    /// What is written to.
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Fills in the index and returns the writer and the size of the file.
    ///
    /// # Errors
    /// When segments are missing, or the file cannot be written.
    pub fn finish(mut self) -> Result<(W, u64), MuxError> {
        let segments = self.settings.frames.div_ceil(u64::from(self.settings.segment_frames));
        let written = self.track.as_ref().map_or(0, |track| track.chunk_offsets.len() as u64);
        let (Some(track), true) = (self.track, written == segments) else {
            return Err(MuxError::NotAsPlanned {
                segment: SegmentIndex(written),
                what: format!("only {written} of {segments} segments were written"),
            });
        };
        let index = encode_box(&index(&self.settings, &track)?)?;
        let (start, length) = track.index;
        let Some(free) = length.checked_sub(index.len()).filter(|&free| free == 0 || free >= 8) else {
            return Err(MuxError::Index {
                reason: format!("it is {} bytes, not {length} as reserved", index.len()),
            });
        };
        self.writer.seek(SeekFrom::Start(start))?;
        self.writer.write_all(&index)?;
        if free > 0 {
            // Segments had fewer IDR pictures than there was room for.
            self.writer.write_all(&(free as u32).to_be_bytes())?;
            self.writer.write_all(b"free")?;
            self.writer.seek(SeekFrom::Start(track.data_start))?;
        }
        self.writer.write_all(&data_header(track.position - track.data_start))?;
        self.writer.seek(SeekFrom::Start(track.position))?;
        self.writer.flush()?;
        Ok((self.writer, track.position))
    }
}

/// Frames that were planned for the segment with this number.
fn planned_frames(settings: &Mp4Settings, segment: u64) -> u64 {
    let length = u64::from(settings.segment_frames);
    settings.frames.saturating_sub(segment.saturating_mul(length)).min(length)
}

/// Writes all that comes before the first sample, with the place of the index left empty.
fn begin<W: Write>(
    writer: &mut W,
    settings: &Mp4Settings,
    parameter_sets: ParameterSets,
) -> Result<Track, MuxError> {
    let file_type = encode_box(&FtypBox {
        major_brand: Brand::ISOM,
        minor_version: 512,
        compatible_brands: vec![Brand::ISOM, Brand::new(*b"iso2"), Brand::AVC1, Brand::new(*b"mp41")],
    })?;
    let segments = settings.frames.div_ceil(u64::from(settings.segment_frames));
    let mut track = Track {
        parameter_sets,
        sample_sizes: vec![0; settings.frames as usize],
        sync_samples: vec![NonZeroU32::MIN; segments as usize],
        chunk_offsets: vec![0; segments as usize],
        index: (file_type.len() as u64, 0),
        data_start: 0,
        position: 0,
    };
    // Every number in it has a fixed width, so only the counts matter.
    let length = encode_box(&index(settings, &track)?)?.len();
    track.sample_sizes.clear();
    track.sync_samples.clear();
    track.chunk_offsets.clear();
    track.index.1 = length;
    track.data_start = (file_type.len() + length) as u64;
    track.position = track.data_start + DATA_HEADER;
    writer.write_all(&file_type)?;
    writer.write_all(&vec![0; length])?;
    writer.write_all(&data_header(DATA_HEADER))?;
    Ok(track)
}

/// Header of an `mdat` box of `size` bytes, header included (14496-12, 4.2).
fn data_header(size: u64) -> [u8; DATA_HEADER as usize] {
    let mut header = *b"\0\0\0\x01mdat\0\0\0\0\0\0\0\0";
    header[8..].copy_from_slice(&size.to_be_bytes());
    header
}

fn encode_box(encode: &impl Encode) -> Result<Vec<u8>, MuxError> {
    encode.encode_to_vec().map_err(|error| MuxError::Index { reason: error.to_string() })
}

/// The `moov` box (14496-12, 8.2.1).
fn index(settings: &Mp4Settings, track: &Track) -> Result<MoovBox, MuxError> {
    let clock = NonZeroU32::new(settings.frame_rate.numerator()).unwrap_or(NonZeroU32::MIN);
    let frame_duration = settings.frame_rate.denominator();
    let duration = settings.frames * u64::from(frame_duration);
    let (width, height) = (settings.size.width(), settings.size.height());
    // No date: the same song gives the same bytes.
    let no_date = Mp4FileTime::default();

    let mut chunks = vec![StscEntry {
        first_chunk: NonZeroU32::MIN,
        sample_per_chunk: planned_frames(settings, 0) as u32,
        sample_description_index: NonZeroU32::MIN,
    }];
    let segments = settings.frames.div_ceil(u64::from(settings.segment_frames));
    let last = planned_frames(settings, segments - 1) as u32;
    if last != chunks[0].sample_per_chunk
        && let Some(first_chunk) = NonZeroU32::new(segments as u32)
    {
        chunks.push(StscEntry { first_chunk, sample_per_chunk: last, ..chunks[0].clone() });
    }

    let samples = StblBox {
        stsd_box: StsdBox { entries: vec![sample_entry(settings, &track.parameter_sets)?] },
        stts_box: SttsBox {
            entries: vec![SttsEntry { sample_count: settings.frames as u32, sample_delta: frame_duration }],
        },
        ctts_box: None,
        cslg_box: None,
        stsc_box: StscBox { entries: chunks },
        stsz_box: StszBox::Variable { entry_sizes: track.sample_sizes.clone() },
        stco_or_co64_box: Either::B(Co64Box { chunk_offsets: track.chunk_offsets.clone() }),
        stss_box: Some(StssBox { sample_numbers: track.sync_samples.clone() }),
        sdtp_box: None,
        unknown_boxes: Vec::new(),
    };
    let media = MdiaBox {
        mdhd_box: MdhdBox {
            creation_time: no_date,
            modification_time: no_date,
            timescale: clock,
            duration,
            language: LanguageCode::UNDEFINED,
        },
        hdlr_box: HdlrBox { handler_type: *b"vide", name: b"strikeline\0".to_vec() },
        minf_box: MinfBox {
            media_header: Some(MediaHeader::Vmhd(VmhdBox {
                graphicsmode: VmhdBox::DEFAULT_GRAPHICSMODE,
                opcolor: VmhdBox::DEFAULT_OPCOLOR,
            })),
            dinf_box: DinfBox::LOCAL_FILE,
            stbl_box: samples,
            unknown_boxes: Vec::new(),
        },
        unknown_boxes: Vec::new(),
    };
    let header = TkhdBox {
        flag_track_enabled: true,
        flag_track_in_movie: true,
        flag_track_in_preview: false,
        flag_track_size_is_aspect_ratio: false,
        creation_time: no_date,
        modification_time: no_date,
        track_id: 1,
        duration,
        layer: TkhdBox::DEFAULT_LAYER,
        alternate_group: TkhdBox::DEFAULT_ALTERNATE_GROUP,
        volume: TkhdBox::DEFAULT_VIDEO_VOLUME,
        matrix: TkhdBox::DEFAULT_MATRIX,
        width: FixedPointNumber::new(width as i16, 0),
        height: FixedPointNumber::new(height as i16, 0),
    };
    Ok(MoovBox {
        // The movie's clock is the track's, so that its duration is exact too.
        mvhd_box: MvhdBox {
            creation_time: no_date,
            modification_time: no_date,
            timescale: clock,
            duration,
            rate: MvhdBox::DEFAULT_RATE,
            volume: MvhdBox::DEFAULT_VOLUME,
            matrix: MvhdBox::DEFAULT_MATRIX,
            next_track_id: 2,
        },
        trak_boxes: vec![TrakBox {
            tkhd_box: header,
            edts_box: None,
            mdia_box: media,
            unknown_boxes: Vec::new(),
        }],
        mvex_box: None,
        unknown_boxes: Vec::new(),
    })
}

/// The `avc1` entry: size, decoder configuration (14496-15, 5.3.3), colour and pixel aspect (14496-12,
/// 12.1.4 and 12.1.5).
fn sample_entry(settings: &Mp4Settings, parameter_sets: &ParameterSets) -> Result<SampleEntry, MuxError> {
    // NAL header, profile_idc, constraint flags, level_idc (ITU-T H.264, 7.3.2.1.1).
    let &[_, profile, compatibility, level, ..] = parameter_sets.sps.as_slice() else {
        return Err(MuxError::BadParameterSets);
    };
    // High profiles repeat chroma format and bit depth: 4:2:0 and 8 bits, for all our encoders.
    let high = !matches!(profile, 66 | 77 | 88);
    let configuration = AvccBox {
        avc_profile_indication: profile,
        profile_compatibility: compatibility,
        avc_level_indication: level,
        length_size_minus_one: Uint::new(3),
        sps_list: vec![parameter_sets.sps.clone()],
        pps_list: vec![parameter_sets.pps.clone()],
        chroma_format: high.then_some(Uint::new(1)),
        bit_depth_luma_minus8: high.then_some(Uint::new(0)),
        bit_depth_chroma_minus8: high.then_some(Uint::new(0)),
        sps_ext_list: Vec::new(),
    };
    // nclx: primaries, transfer and matrix are BT.709 (1, 1, 1; ITU-T H.273), limited range.
    let colour = leaf(*b"colr", b"nclx\0\x01\0\x01\0\x01\0");
    let aspect = leaf(*b"pasp", b"\0\0\0\x01\0\0\0\x01");
    Ok(SampleEntry::Avc1(Avc1Box {
        visual: VisualSampleEntryFields {
            data_reference_index: NonZeroU16::MIN,
            width: settings.size.width() as u16,
            height: settings.size.height() as u16,
            horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
            vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
            frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
            compressorname: [0; 32],
            depth: VisualSampleEntryFields::DEFAULT_DEPTH,
        },
        avcc_box: configuration,
        unknown_boxes: vec![colour, aspect],
    }))
}

fn leaf(kind: [u8; 4], payload: &[u8]) -> UnknownBox {
    let box_type = BoxType::Normal(kind);
    let box_size = BoxSize::with_payload_size(box_type, payload.len() as u64);
    UnknownBox { box_type, box_size, payload: payload.to_vec() }
}
