//! The boxes of an MP4 file that belong to no single track (ISO/IEC 14496-12), and small ones that several need.

use std::num::NonZeroU32;

use shiguredo_mp4::boxes::{Brand, FtypBox, MoovBox, MvhdBox, TrakBox, UnknownBox};
use shiguredo_mp4::{BoxSize, BoxType, Mp4FileTime};

use super::description::Container;

/// `ftyp` (ISO/IEC 14496-12, 4.3) of a file of the format `container` whose video has the brand `codec`.
pub(super) fn ftyp(container: Container, codec: Brand) -> FtypBox {
    if container == Container::QuickTime {
        let brand = Brand::new(*b"qt  ");
        return FtypBox { major_brand: brand, minor_version: 0x200, compatible_brands: vec![brand] };
    }
    FtypBox {
        major_brand: Brand::ISOM,
        minor_version: 0x200,
        compatible_brands: vec![Brand::ISOM, Brand::ISO2, Brand::ISO4, codec, Brand::MP41],
    }
}

/// `ftyp` of a file in fragments, whose offsets are counted from each fragment.
pub(super) fn fragmented_ftyp(codec: Brand) -> FtypBox {
    FtypBox {
        major_brand: Brand::ISO6,
        minor_version: 0x200,
        compatible_brands: vec![Brand::ISO6, Brand::ISO5, codec, Brand::MP41],
    }
}

/// `moov` (ISO/IEC 14496-12, 8.2.1): the tracks, numbered from 1 in the order that they have here, for a presentation
/// of `duration` ticks of `1 / timescale` seconds, described by `tags`. All times of day are 0: the bytes depend on the media alone.
pub(super) fn moov(timescale: NonZeroU32, duration: u64, tracks: Vec<TrakBox>, tags: &Tags<'_>) -> MoovBox {
    let mvhd_box = MvhdBox {
        creation_time: Mp4FileTime::default(),
        modification_time: Mp4FileTime::default(),
        timescale,
        duration,
        rate: MvhdBox::DEFAULT_RATE,
        volume: MvhdBox::DEFAULT_VOLUME,
        matrix: MvhdBox::DEFAULT_MATRIX,
        next_track_id: tracks.len() as u32 + 1,
    };
    MoovBox { mvhd_box, trak_boxes: tracks, mvex_box: None, unknown_boxes: vec![udta(tags)] }
}

/// The box that says how to turn the samples into colours: BT.709 primaries, transfer and matrix (1, 1, 1 of
/// ISO/IEC 23091-2), limited range.
pub(super) fn colr_bt709(container: Container) -> UnknownBox {
    let [primaries, transfer, matrix] = [[0, 1]; 3];
    if container == Container::QuickTime {
        // The range is not said there: it is that of the codec.
        return extra_box(*b"colr", [b"nclc".as_slice(), &primaries, &transfer, &matrix].concat());
    }
    let full_range = [0];
    extra_box(*b"colr", [b"nclx".as_slice(), &primaries, &transfer, &matrix, &full_range].concat())
}

/// The box that says that pixels are square.
pub(super) fn pasp_square() -> UnknownBox {
    extra_box(*b"pasp", [1u32.to_be_bytes(), 1u32.to_be_bytes()].concat())
}

/// What players show about a file.
#[derive(Debug)]
pub(super) struct Tags<'a> {
    pub title: Option<&'a str>,
    pub artist: Option<&'a str>,
    /// The program that wrote the file.
    pub writing_tool: &'a str,
}

/// `udta` (ISO/IEC 14496-12, 8.10.1) with `tags` in the form that players read: a `meta` box with Apple's item list.
fn udta(tags: &Tags<'_>) -> UnknownBox {
    let item = |name, text: &str| {
        let utf8 = 1u32.to_be_bytes();
        let any_locale = [0; 4];
        inner_box(name, &[&inner_box(*b"data", &[&utf8, &any_locale, text.as_bytes()])])
    };
    let items =
        [(*b"\xa9nam", tags.title), (*b"\xa9ART", tags.artist), (*b"\xa9too", Some(tags.writing_tool))];
    let items: Vec<u8> =
        items.into_iter().filter_map(|(name, text)| Some(item(name, text?))).flatten().collect();
    let ilst = inner_box(*b"ilst", &[&items]);
    let version_and_flags = [0; 4];
    let hdlr = inner_box(*b"hdlr", &[&version_and_flags, &[0; 4], b"mdirappl", &[0; 9]]);
    extra_box(*b"udta", inner_box(*b"meta", &[&version_and_flags, &hdlr, &ilst]))
}

/// A box that the MP4 crate has no type for.
pub(super) fn extra_box(name: [u8; 4], payload: Vec<u8>) -> UnknownBox {
    let box_type = BoxType::Normal(name);
    UnknownBox { box_type, box_size: BoxSize::with_payload_size(box_type, payload.len() as u64), payload }
}

/// The bytes of a box that lies within an [`extra_box`]; `parts`, one after the other, are its content, far below
/// 4 GiB.
pub(super) fn inner_box(name: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    let size = 8 + payload.len() as u32;
    [&size.to_be_bytes(), name.as_slice(), &payload].concat()
}
