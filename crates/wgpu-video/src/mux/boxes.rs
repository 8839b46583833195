//! The boxes of an MP4 file with one H.264 video track (ISO/IEC 14496-12 and -15).

use std::num::NonZeroU32;

use shiguredo_mp4::bitstream::h264::{H264SampleEntryConfig, LengthSize, build_avc1_box};
use shiguredo_mp4::boxes::{
    Avc1Box, Brand, Co64Box, DinfBox, FtypBox, HdlrBox, MdhdBox, MdiaBox, MediaHeader, MinfBox, MoovBox,
    MvhdBox, SampleEntry, StblBox, StscBox, StscEntry, StsdBox, StssBox, StszBox, SttsBox, SttsEntry,
    TkhdBox, TrakBox, UnknownBox, VmhdBox,
};
use shiguredo_mp4::{BoxSize, BoxType, Either, Error, FixedPointNumber, LanguageCode, Mp4FileTime};

use super::mp4::Mp4Settings;
use crate::encode::ParameterSets;
use strikeline_picture::{SegmentIndex, SegmentPlan};

/// The only track's number.
const TRACK: u32 = 1;

/// What grows with the video and is known only when it is complete. One chunk per segment.
#[derive(Debug, Default)]
pub(super) struct SampleTables {
    /// Bytes of each access unit.
    pub sizes: Vec<u32>,
    /// Where each segment begins, in bytes from the start of the file.
    pub chunk_offsets: Vec<u64>,
}

impl SampleTables {
    /// Bytes that the complete tables of `plan` take in the file, beyond those of empty ones: an entry of
    /// `stsz` for each frame, and one each of `co64` and `stss` for each segment.
    pub fn bytes(plan: SegmentPlan) -> u64 {
        4 * plan.frames() + (8 + 4) * plan.segments()
    }
}

/// `ftyp` (ISO/IEC 14496-12, 4.3).
pub(super) fn ftyp() -> FtypBox {
    FtypBox {
        major_brand: Brand::ISOM,
        minor_version: 0x200,
        compatible_brands: vec![Brand::ISOM, Brand::ISO2, Brand::ISO4, Brand::AVC1, Brand::MP41],
    }
}

/// `avc1` with `avcC` (ISO/IEC 14496-15, 5.3.3 and 5.4.2), `colr` and `pasp` (14496-12, 12.1.5 and 12.1.4).
/// Profile, level, chroma format and bit depths are those of the sequence parameter set.
pub(super) fn avc1(sets: &ParameterSets) -> Result<Avc1Box, Error> {
    let config = H264SampleEntryConfig { length_size: LengthSize::FourBytes };
    let mut avc1 = build_avc1_box(std::slice::from_ref(&sets.sps), std::slice::from_ref(&sets.pps), &config)?;
    avc1.unknown_boxes = vec![colr_bt709(), pasp_square()];
    Ok(avc1)
}

/// `moov` (ISO/IEC 14496-12, 8.2.1). The durations are those of the whole plan; `tables` may be empty, to
/// learn how long everything else is.
///
/// Both clocks tick as often per second as the frame rate's numerator says, and each frame lasts its
/// denominator, so every timestamp is exact. All times of day are 0: the bytes depend on the video alone.
pub(super) fn moov(settings: &Mp4Settings, avc1: Avc1Box, tables: SampleTables) -> MoovBox {
    let timescale = NonZeroU32::new(settings.frame_rate.numerator()).unwrap_or(NonZeroU32::MIN);
    let duration = settings.plan.frames() * u64::from(settings.frame_rate.denominator());
    let mvhd_box = MvhdBox {
        creation_time: Mp4FileTime::default(),
        modification_time: Mp4FileTime::default(),
        timescale,
        duration,
        rate: MvhdBox::DEFAULT_RATE,
        volume: MvhdBox::DEFAULT_VOLUME,
        matrix: MvhdBox::DEFAULT_MATRIX,
        next_track_id: TRACK + 1,
    };
    let tkhd_box = TkhdBox {
        flag_track_enabled: true,
        flag_track_in_movie: true,
        flag_track_in_preview: true,
        flag_track_size_is_aspect_ratio: false,
        creation_time: Mp4FileTime::default(),
        modification_time: Mp4FileTime::default(),
        track_id: TRACK,
        duration,
        layer: TkhdBox::DEFAULT_LAYER,
        alternate_group: TkhdBox::DEFAULT_ALTERNATE_GROUP,
        volume: TkhdBox::DEFAULT_VIDEO_VOLUME,
        matrix: TkhdBox::DEFAULT_MATRIX,
        // At most PictureSize::MAX, and pixels are square.
        width: FixedPointNumber::new(settings.size.width() as i16, 0),
        height: FixedPointNumber::new(settings.size.height() as i16, 0),
    };
    let mdhd_box = MdhdBox {
        creation_time: Mp4FileTime::default(),
        modification_time: Mp4FileTime::default(),
        timescale,
        duration,
        language: LanguageCode::UNDEFINED,
    };
    let hdlr_box = HdlrBox { handler_type: HdlrBox::HANDLER_TYPE_VIDE, name: b"VideoHandler\0".to_vec() };
    let minf_box = MinfBox {
        media_header: Some(MediaHeader::Vmhd(VmhdBox::default())),
        dinf_box: DinfBox::LOCAL_FILE,
        stbl_box: stbl(settings, avc1, tables),
        unknown_boxes: Vec::new(),
    };
    let mdia_box = MdiaBox { mdhd_box, hdlr_box, minf_box, unknown_boxes: Vec::new() };
    MoovBox {
        mvhd_box,
        trak_boxes: vec![TrakBox { tkhd_box, edts_box: None, mdia_box, unknown_boxes: Vec::new() }],
        mvex_box: None,
        unknown_boxes: vec![udta()],
    }
}

/// `stbl` (ISO/IEC 14496-12, 8.5.1): constant frame duration, no reordering, one chunk per segment, and a
/// sync sample at the head of each.
fn stbl(settings: &Mp4Settings, avc1: Avc1Box, tables: SampleTables) -> StblBox {
    let chunks = |first_chunk: u32, sample_per_chunk| StscEntry {
        first_chunk: NonZeroU32::MIN.saturating_add(first_chunk),
        sample_per_chunk,
        sample_description_index: NonZeroU32::MIN,
    };
    // All counts fit: a video has at most `MAX_FRAMES` frames.
    let plan = settings.plan;
    let frames_of = |segment| {
        let frames = plan.frames_of(SegmentIndex(segment));
        (frames.end - frames.start) as u32
    };
    let last = plan.segments() - 1;
    let mut stsc = vec![chunks(0, frames_of(0))];
    if frames_of(last) != frames_of(0) {
        stsc.push(chunks(last as u32, frames_of(last)));
    }
    let sync_samples = (0..tables.chunk_offsets.len() as u64)
        .map(|segment| NonZeroU32::MIN.saturating_add(plan.frames_of(SegmentIndex(segment)).start as u32))
        .collect();
    StblBox {
        stsd_box: StsdBox { entries: vec![SampleEntry::Avc1(avc1)] },
        stts_box: SttsBox {
            entries: vec![SttsEntry {
                sample_count: plan.frames() as u32,
                sample_delta: settings.frame_rate.denominator(),
            }],
        },
        ctts_box: None,
        cslg_box: None,
        stsc_box: StscBox { entries: stsc },
        stsz_box: StszBox::Variable { entry_sizes: tables.sizes },
        stco_or_co64_box: Either::B(Co64Box { chunk_offsets: tables.chunk_offsets }),
        stss_box: Some(StssBox { sample_numbers: sync_samples }),
        sdtp_box: None,
        unknown_boxes: Vec::new(),
    }
}

/// The box that says how to turn the samples into colours: BT.709 primaries, transfer and matrix (1, 1, 1 of
/// ISO/IEC 23091-2), limited range.
fn colr_bt709() -> UnknownBox {
    let [primaries, transfer, matrix] = [[0, 1]; 3];
    let full_range = [0];
    extra_box(*b"colr", [b"nclx".as_slice(), &primaries, &transfer, &matrix, &full_range].concat())
}

/// The box that says that pixels are square.
fn pasp_square() -> UnknownBox {
    extra_box(*b"pasp", [1u32.to_be_bytes(), 1u32.to_be_bytes()].concat())
}

/// `udta` (ISO/IEC 14496-12, 8.10.1) with the name of the program that wrote the file, in the form that
/// players read: a `meta` box with Apple's item list.
fn udta() -> UnknownBox {
    let tool = concat!("strikeline ", env!("CARGO_PKG_VERSION"));
    let utf8 = 1u32.to_be_bytes();
    let any_locale = [0; 4];
    let data = inner_box(*b"data", &[&utf8, &any_locale, tool.as_bytes()]);
    let ilst = inner_box(*b"ilst", &[&inner_box(*b"\xa9too", &[&data])]);
    let version_and_flags = [0; 4];
    let hdlr = inner_box(*b"hdlr", &[&version_and_flags, &[0; 4], b"mdirappl", &[0; 9]]);
    extra_box(*b"udta", inner_box(*b"meta", &[&version_and_flags, &hdlr, &ilst]))
}

/// A box that the MP4 crate has no type for.
fn extra_box(name: [u8; 4], payload: Vec<u8>) -> UnknownBox {
    let box_type = BoxType::Normal(name);
    UnknownBox { box_type, box_size: BoxSize::with_payload_size(box_type, payload.len() as u64), payload }
}

/// The bytes of a box that lies within an [`extra_box`], far below 4 GiB.
fn inner_box(name: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    let size = 8 + payload.len() as u32;
    [&size.to_be_bytes(), name.as_slice(), &payload].concat()
}
