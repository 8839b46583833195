//! What an MP4 or QuickTime file needs to know of each codec that it can hold: one row of [`CODECS`] for each.

use shiguredo_mp4::bitstream::h264::{H264SampleEntryConfig, LengthSize, build_avc1_box};
use shiguredo_mp4::boxes::{
    Av01Box, Av1cBox, Brand, Hvc1Box, HvccBox, SampleEntry, UnknownBox, VisualSampleEntryFields, Vp09Box,
    VpccBox,
};
use shiguredo_mp4::{BoxSize, BoxType, Decode, Encode};

use super::MuxError;
use super::boxes::{colr_bt709, extra_box, inner_box, pasp_square};
use super::description::Container;
use crate::encode::{Codec, CodecConfig};
use strikeline_picture::PictureSize;

/// A codec that files can be written with.
#[derive(Debug)]
pub(super) struct Mp4Codec {
    pub codec: Codec,
    /// The formats of files that may have it.
    pub containers: &'static [Container],
    /// The brand that says that the file is made for players of this codec.
    pub brand: Brand,
    /// Makes the sample entry for pictures of that size, or says what is wrong with the configuration.
    pub sample_entry: fn(&CodecConfig, PictureSize, Container) -> Result<VideoEntry, String>,
    /// Says what is wrong with an access unit that is not in the form that the container wants.
    pub check_unit: fn(&[u8]) -> Result<(), &'static str>,
}

/// How a decoder is set up, as the container says it.
#[derive(Debug)]
pub(super) struct VideoEntry {
    pub entry: SampleEntry,
    /// Width and height of the coded pictures in luma samples, as the configuration gives them; the wanted ones where it
    /// says nothing.
    pub size: (u16, u16),
}

const BOTH: &[Container] = &[Container::Mp4, Container::QuickTime];

/// All of them.
const CODECS: &[Mp4Codec] = &[
    Mp4Codec {
        codec: Codec::H264,
        containers: BOTH,
        brand: Brand::AVC1,
        sample_entry: avc1,
        check_unit: check_nal_lengths,
    },
    Mp4Codec {
        codec: Codec::HEVC,
        containers: BOTH,
        brand: Brand::HVC1,
        sample_entry: hvc1,
        check_unit: check_nal_lengths,
    },
    Mp4Codec {
        codec: Codec::AV1,
        containers: &[Container::Mp4],
        brand: Brand::AV01,
        sample_entry: av01,
        check_unit: any,
    },
    Mp4Codec {
        codec: Codec::VP9,
        containers: &[Container::Mp4],
        brand: Brand::ISO6,
        sample_entry: vp09,
        check_unit: any,
    },
    Mp4Codec {
        codec: Codec::PRORES,
        containers: &[Container::QuickTime],
        brand: Brand::ISOM,
        sample_entry: production,
        check_unit: any,
    },
    Mp4Codec {
        codec: Codec::PNG,
        containers: &[Container::QuickTime],
        brand: Brand::ISOM,
        sample_entry: production,
        check_unit: any,
    },
    Mp4Codec {
        codec: Codec::DNXHR,
        containers: &[Container::QuickTime],
        brand: Brand::ISOM,
        sample_entry: production,
        check_unit: any,
    },
];

impl Mp4Codec {
    /// The row of `codec`, if files of this format may have it.
    pub(super) fn find(codec: Codec, container: Container) -> Option<&'static Mp4Codec> {
        CODECS.iter().find(|row| row.codec == codec && row.containers.contains(&container))
    }

    /// The same.
    ///
    /// # Errors
    /// [`MuxError::Codec`], if they may not.
    pub(super) fn wanted(codec: Codec, container: Container) -> Result<&'static Mp4Codec, MuxError> {
        let error = || MuxError::Codec { codec, container, known: Mp4Codec::names(container) };
        Mp4Codec::find(codec, container).ok_or_else(error)
    }

    /// The names of all that files of this format may have, for error texts.
    fn names(container: Container) -> String {
        let rows = CODECS.iter().filter(|row| row.containers.contains(&container));
        rows.map(|row| row.codec.name()).collect::<Vec<_>>().join(", ")
    }
}

/// `avc1` with `avcC` (ISO/IEC 14496-15, 5.3.3 and 5.4.2), `colr` and `pasp` (14496-12, 12.1.5 and 12.1.4).
/// Profile, level, chroma format and bit depths are those of the sequence parameter set.
fn avc1(config: &CodecConfig, _size: PictureSize, container: Container) -> Result<VideoEntry, String> {
    let CodecConfig::H264 { sps, pps } = config else {
        return Err("it has no parameter sets".to_owned());
    };
    let config = H264SampleEntryConfig { length_size: LengthSize::FourBytes };
    let mut avc1 = build_avc1_box(std::slice::from_ref(sps), std::slice::from_ref(pps), &config)
        .map_err(|error| format!("parameter sets: {}", error.reason))?;
    avc1.unknown_boxes = vec![colr_bt709(container), pasp_square()];
    let size = (avc1.visual.width, avc1.visual.height);
    Ok(VideoEntry { entry: SampleEntry::Avc1(avc1), size })
}

/// `hvc1` with `hvcC` (ISO/IEC 14496-15, 8.4.1 and 8.3.3.1): all parameter sets are in the sample entry.
fn hvc1(config: &CodecConfig, size: PictureSize, container: Container) -> Result<VideoEntry, String> {
    let hvcc_box: HvccBox = decoded(*b"hvcC", config)?;
    let unknown_boxes = vec![colr_bt709(container), pasp_square()];
    Ok(sized(SampleEntry::Hvc1(Hvc1Box { visual: visual(size), hvcc_box, unknown_boxes }), size))
}

/// `av01` with `av1C` (AV1 Codec ISO Media File Format Binding, 2.2 and 2.3).
fn av01(config: &CodecConfig, size: PictureSize, container: Container) -> Result<VideoEntry, String> {
    let av1c_box: Av1cBox = decoded(*b"av1C", config)?;
    let unknown_boxes = vec![colr_bt709(container), pasp_square()];
    Ok(sized(SampleEntry::Av01(Av01Box { visual: visual(size), av1c_box, unknown_boxes }), size))
}

/// `vp09` with `vpcC` (VP Codec ISO Media File Format Binding).
fn vp09(config: &CodecConfig, size: PictureSize, container: Container) -> Result<VideoEntry, String> {
    let vpcc_box: VpccBox = decoded(*b"vpcC", config)?;
    let unknown_boxes = vec![colr_bt709(container), pasp_square()];
    Ok(sized(SampleEntry::Vp09(Vp09Box { visual: visual(size), vpcc_box, unknown_boxes }), size))
}

/// The sample entry of a codec of QuickTime files: its four-character code, which begins the record, and the boxes behind that;
/// then that the pictures are progressive.
fn production(config: &CodecConfig, size: PictureSize, container: Container) -> Result<VideoEntry, String> {
    let Some((code, extensions)) = record(config)?.split_first_chunk() else {
        return Err("it has no four-character code".to_owned());
    };
    // Codecs that may have alpha say so by the depth.
    let has_alpha = matches!(code, b"ap4h" | b"png ");
    let depth = if has_alpha { 32 } else { VisualSampleEntryFields::DEFAULT_DEPTH };
    let visual = VisualSampleEntryFields { depth, ..visual(size) };
    let mut payload = visual.encode_to_vec().map_err(|error| error.reason)?;
    payload.extend_from_slice(extensions);
    let mut known = vec![pasp_square(), extra_box(*b"fiel", vec![1, 0])];
    if code != b"png " {
        known.insert(0, colr_bt709(container));
    }
    for known in known {
        payload.extend(known.encode_to_vec().map_err(|error| error.reason)?);
    }
    let box_type = BoxType::Normal(*code);
    let box_size = BoxSize::with_payload_size(box_type, payload.len() as u64);
    Ok(sized(SampleEntry::Unknown(UnknownBox { box_type, box_size, payload }), size))
}

fn record(config: &CodecConfig) -> Result<&[u8], String> {
    match config {
        CodecConfig::Record { record, .. } => Ok(record),
        CodecConfig::H264 { .. } => Err("it is that of another codec".to_owned()),
    }
}

/// The record as the content of the box called `name`.
fn decoded<B: Decode>(name: [u8; 4], config: &CodecConfig) -> Result<B, String> {
    let whole = inner_box(name, &[record(config)?]);
    B::decode(&whole).map(|(decoded, _)| decoded).map_err(|error| error.reason)
}

fn visual(size: PictureSize) -> VisualSampleEntryFields {
    VisualSampleEntryFields {
        data_reference_index: VisualSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
        // At most PictureSize::MAX.
        width: size.width() as u16,
        height: size.height() as u16,
        horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
        vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
        frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
        compressorname: [0; 32],
        depth: VisualSampleEntryFields::DEFAULT_DEPTH,
    }
}

fn sized(entry: SampleEntry, size: PictureSize) -> VideoEntry {
    VideoEntry { entry, size: (size.width() as u16, size.height() as u16) }
}

/// Checks that `unit` is one or more NAL units, each preceded by its length, none of them empty. Their content is not
/// looked at, but a byte stream with start codes, say, would give a file that no player can read.
fn check_nal_lengths(unit: &[u8]) -> Result<(), &'static str> {
    let mut rest = unit;
    while let Some((length, behind)) = rest.split_first_chunk() {
        match behind.split_at_checked(u32::from_be_bytes(*length) as usize) {
            Some((nal, behind)) if !nal.is_empty() => rest = behind,
            _ => return Err("its NAL units are not as long as they say"),
        }
    }
    if rest.is_empty() { Ok(()) } else { Err("its NAL units are not as long as they say") }
}

/// Takes any content.
fn any(_unit: &[u8]) -> Result<(), &'static str> {
    Ok(())
}
