//! What an MP4 file needs to know of each codec that it can hold: one row of [`CODECS`] for each.

use shiguredo_mp4::bitstream::h264::{H264SampleEntryConfig, LengthSize, build_avc1_box};
use shiguredo_mp4::boxes::{Brand, SampleEntry};

use super::boxes::{colr_bt709, pasp_square};
use crate::encode::{Codec, CodecConfig};
use strikeline_picture::PictureSize;

/// A codec that MP4 files can be written with.
#[derive(Debug)]
pub(super) struct Mp4Codec {
    pub codec: Codec,
    /// The brand that says that the file is made for players of this codec.
    pub brand: Brand,
    /// Makes the sample entry for pictures of that size, or says what is wrong with the configuration.
    pub sample_entry: fn(&CodecConfig, PictureSize) -> Result<VideoEntry, String>,
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

/// All of them.
const CODECS: &[Mp4Codec] =
    &[Mp4Codec { codec: Codec::H264, brand: Brand::AVC1, sample_entry: avc1, check_unit: check_nal_lengths }];

impl Mp4Codec {
    /// The row of `codec`.
    pub(super) fn find(codec: Codec) -> Option<&'static Mp4Codec> {
        CODECS.iter().find(|row| row.codec == codec)
    }

    /// The names of all, for error texts.
    pub(super) fn names() -> String {
        CODECS.iter().map(|row| row.codec.name()).collect::<Vec<_>>().join(", ")
    }
}

/// `avc1` with `avcC` (ISO/IEC 14496-15, 5.3.3 and 5.4.2), `colr` and `pasp` (14496-12, 12.1.5 and 12.1.4).
/// Profile, level, chroma format and bit depths are those of the sequence parameter set.
fn avc1(config: &CodecConfig, _size: PictureSize) -> Result<VideoEntry, String> {
    let CodecConfig::H264 { sps, pps } = config else {
        return Err("it has no parameter sets".to_owned());
    };
    let config = H264SampleEntryConfig { length_size: LengthSize::FourBytes };
    let mut avc1 = build_avc1_box(std::slice::from_ref(sps), std::slice::from_ref(pps), &config)
        .map_err(|error| format!("parameter sets: {}", error.reason))?;
    avc1.unknown_boxes = vec![colr_bt709(), pasp_square()];
    let size = (avc1.visual.width, avc1.visual.height);
    Ok(VideoEntry { entry: SampleEntry::Avc1(avc1), size })
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
