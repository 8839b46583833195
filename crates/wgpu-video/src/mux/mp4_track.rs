//! What the tracks of an MP4 file have in common: the boxes around their sample tables (ISO/IEC 14496-12).

use std::num::NonZeroU32;

use shiguredo_mp4::boxes::{
    DinfBox, EdtsBox, HdlrBox, MdhdBox, MdiaBox, MediaHeader, MinfBox, SmhdBox, StblBox, StscEntry, TkhdBox,
    TrakBox, VmhdBox,
};
use shiguredo_mp4::{FixedPointNumber, LanguageCode, Mp4FileTime};
use strikeline_picture::PictureSize;

/// What a track is, apart from its samples.
#[derive(Debug)]
pub(super) struct TrackHeader {
    /// From 1.
    pub number: u32,
    /// Size of the pictures; `None` for sound.
    pub size: Option<PictureSize>,
    /// Ticks of the track's clock per second.
    pub timescale: NonZeroU32,
    /// Duration of all samples, in ticks of the track's clock.
    pub media_duration: u64,
    /// Duration of what is shown or heard, in ticks of the file's clock.
    pub movie_duration: u64,
    /// Language of what is said.
    pub language: LanguageCode,
    /// Which part of the samples is shown or heard, if not all.
    pub edits: Option<EdtsBox>,
}

impl TrackHeader {
    /// `trak` (ISO/IEC 14496-12, 8.3.1) around `samples`.
    pub(super) fn trak(self, samples: StblBox) -> TrakBox {
        // At most PictureSize::MAX, and pixels are square.
        let (width, height) = self.size.map_or((0, 0), |size| (size.width() as i16, size.height() as i16));
        let is_video = self.size.is_some();
        let tkhd_box = TkhdBox {
            flag_track_enabled: true,
            flag_track_in_movie: true,
            flag_track_in_preview: true,
            flag_track_size_is_aspect_ratio: false,
            creation_time: Mp4FileTime::default(),
            modification_time: Mp4FileTime::default(),
            track_id: self.number,
            duration: self.movie_duration,
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
            duration: self.media_duration,
            language: self.language,
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
            stbl_box: samples,
            unknown_boxes: Vec::new(),
        };
        let mdia_box = MdiaBox { mdhd_box, hdlr_box, minf_box, unknown_boxes: Vec::new() };
        TrakBox { tkhd_box, edts_box: self.edits, mdia_box, unknown_boxes: Vec::new() }
    }
}

/// `ticks` of a clock of `from` ticks per second in ticks of a clock of `to`, rounded up.
pub(super) fn rescaled(ticks: u64, from: NonZeroU32, to: NonZeroU32) -> u64 {
    if from == to {
        return ticks;
    }
    let scaled = u128::from(ticks) * u128::from(to.get());
    u64::try_from(scaled.div_ceil(u128::from(from.get()))).unwrap_or(u64::MAX)
}

/// Adds chunk `chunk`, counted from 0, of `samples` samples to the entries of `stsc` (ISO/IEC 14496-12, 8.7.4), which has one
/// wherever that number differs from that of the chunk before.
pub(super) fn add_chunk_length(entries: &mut Vec<StscEntry>, chunk: u32, samples: u32) {
    if entries.last().is_none_or(|last| last.sample_per_chunk != samples) {
        entries.push(StscEntry {
            first_chunk: NonZeroU32::MIN.saturating_add(chunk),
            sample_per_chunk: samples,
            sample_description_index: NonZeroU32::MIN,
        });
    }
}
