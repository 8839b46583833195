//! Fragmented MP4 files (ISO/IEC 14496-12, 8.8): the beginning, then each segment with its sound, as soon as it comes. Nothing is
//! written again later, so they can go to a pipe, and be played while they are made.
//!
//! ```text
//! ftyp  moov  moof mdat  moof mdat  …
//!             segment 0  segment 1
//! ```

use std::num::NonZeroU32;

use shiguredo_mp4::boxes::{
    EdtsBox, ElstBox, ElstEntry, MehdBox, MfhdBox, MoofBox, MvexBox, StscBox, StszBox, SttsBox, TfdtBox,
    TfhdBox, TrafBox, TrakBox, TrexBox, TrunBox, TrunSample,
};
use shiguredo_mp4::{Encode, FixedPointNumber, SampleFlags};
use strikeline_audio::{AudioCodec, Packet};

use super::MuxError;
use super::boxes;
use super::checks::Expected;
use super::codecs::Mp4Codec;
use super::mp4::{Mp4Settings, movie_timescale};
use super::mp4_sound::Mp4Sound;
use super::mp4_video::Mp4Video;
use crate::encode::{AccessUnit, CodecConfig};
use strikeline_picture::SegmentIndex;

/// Makes the bytes of a fragmented MP4 file, piece by piece. They depend on the settings, the segments and the sound alone.
#[derive(Debug)]
pub struct FragmentedMp4 {
    settings: Mp4Settings,
    codec: &'static Mp4Codec,
    video: Mp4Video,
    sound: Option<Mp4Sound>,
    timescale: NonZeroU32,
    /// `None` before the first segment.
    config: Option<CodecConfig>,
    next: SegmentIndex,
}

/// The samples of a track in a fragment.
struct Run {
    track_id: u32,
    /// When the first one is decoded, in ticks of the track's clock.
    start: u64,
    samples: Vec<TrunSample>,
}

impl FragmentedMp4 {
    /// Prepares a file.
    ///
    /// # Errors
    /// As [`Mp4Writer::new`](super::Mp4Writer::new); also for sound that is not compressed.
    pub fn new(settings: Mp4Settings) -> Result<FragmentedMp4, MuxError> {
        let codec = Mp4Codec::wanted(settings.video.codec, settings.container)?;
        let language = settings.check()?;
        if settings.sound.as_ref().is_some_and(|track| track.codec == AudioCodec::Pcm16) {
            let reason = "fragmented MP4 files cannot have sound that is not compressed".to_owned();
            return Err(MuxError::Sound { reason });
        }
        let video = Mp4Video::new(&settings.video, true);
        let sound = settings.sound.clone().map(|track| Mp4Sound::new(track, language, video.chunks()));
        let sound = sound.transpose()?;
        let timescale = movie_timescale(&video, sound.as_ref());
        Ok(FragmentedMp4 { settings, codec, video, sound, timescale, config: None, next: SegmentIndex(0) })
    }

    /// As [`Mp4Writer::write_sound`](super::Mp4Writer::write_sound).
    ///
    /// # Errors
    /// As there.
    pub fn take_sound(&mut self, packets: Vec<Packet>) -> Result<(), MuxError> {
        let no_track = || MuxError::Sound { reason: "the file has no sound track".to_owned() };
        self.sound.as_mut().ok_or_else(no_track)?.take_packets(packets)
    }

    /// The bytes of segment `segment` with its sound, and before the first one those of the beginning of the file. The parameters
    /// are those of [`Mp4Writer::write_segment`](super::Mp4Writer::write_segment).
    ///
    /// # Errors
    /// As there.
    pub fn segment(
        &mut self,
        segment: SegmentIndex,
        config: &CodecConfig,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<Vec<u8>, MuxError> {
        let video = self.settings.video;
        let frames = video.plan.frames_of(segment);
        let check_unit = self.codec.check_unit;
        let expected = Expected { video: &video, due: self.next, config: self.config.as_ref(), check_unit };
        expected.check(segment, config, data, units)?;
        // Offsets in a fragment have 31 bits.
        if data.len() > 1 << 30 {
            let reason = "it has more than 1 GiB: make segments shorter".to_owned();
            return Err(MuxError::Config { segment, reason });
        }
        let early = |unit: &&AccessUnit| i64::from(unit.delay) < -MOST_EARLY;
        if let Some(unit) = units.iter().find(early) {
            let reason = format!(
                "a frame is decoded {} frames after it would be shown without reordering",
                -unit.delay
            );
            return Err(MuxError::Config { segment, reason });
        }
        let mut bytes = Vec::new();
        if self.config.is_none() {
            bytes = self.beginning(segment, config)?;
            self.config = Some(config.clone());
        }
        let ticks = u64::from(video.frame_rate.denominator());
        let sample = |unit: &AccessUnit| TrunSample {
            duration: Some(ticks as u32),
            size: Some(unit.bytes as u32),
            flags: Some(if unit.sync { SYNC } else { NOT_SYNC }),
            composition_time_offset: video
                .reordered
                .then_some((i64::from(unit.delay) + MOST_EARLY) * ticks as i64),
        };
        let samples = units.iter().map(sample).collect();
        let mut runs = vec![Run { track_id: 1, start: frames.start * ticks, samples }];
        let mut heard = Vec::new();
        if let Some(sound) = &mut self.sound {
            let (start, packets) = sound.take_until(video.sound_until(sound.track(), segment));
            let sample = |packet: &Packet| TrunSample {
                duration: Some(packet.ticks),
                size: Some(packet.data.len() as u32),
                flags: Some(SYNC),
                composition_time_offset: None,
            };
            let samples: Vec<_> = packets.iter().map(sample).collect();
            if !samples.is_empty() {
                runs.push(Run { track_id: 2, start, samples });
            }
            heard = packets.into_iter().flat_map(|packet| packet.data).collect();
        }
        let number = u32::try_from(segment.0 + 1).unwrap_or(u32::MAX);
        bytes.extend(fragment(number, &runs, [data, &heard]).map_err(bad_header)?);
        self.next = SegmentIndex(segment.0 + 1);
        Ok(bytes)
    }

    /// Checks that the file is complete.
    ///
    /// # Errors
    /// [`MuxError::FramesMissing`] when segments are missing.
    pub fn finish(&self) -> Result<(), MuxError> {
        let plan = self.settings.video.plan;
        if self.next.0 == plan.segments() {
            return Ok(());
        }
        Err(MuxError::FramesMissing { got: plan.frames_of(self.next).start, planned: plan.frames() })
    }

    /// The edit list that takes off [`MOST_EARLY`].
    fn later(&self) -> EdtsBox {
        let ticks = i64::from(self.settings.video.frame_rate.denominator());
        let entry = ElstEntry {
            edit_duration: self.video.duration(self.timescale),
            media_time: MOST_EARLY * ticks,
            media_rate: FixedPointNumber::new(1, 0),
        };
        EdtsBox { elst_box: Some(ElstBox { entries: vec![entry] }), unknown_boxes: Vec::new() }
    }

    /// `ftyp`, and `moov` without samples.
    fn beginning(&mut self, segment: SegmentIndex, config: &CodecConfig) -> Result<Vec<u8>, MuxError> {
        let expected = self.settings.video.size;
        let made = (self.codec.sample_entry)(config, expected, self.settings.container)
            .map_err(|reason| MuxError::Config { segment, reason })?;
        let (width, height) = made.size;
        if (u32::from(width), u32::from(height)) != (expected.width(), expected.height()) {
            return Err(MuxError::PictureSize { width, height, expected });
        }
        let timescale = self.timescale;
        let sound = self.sound.as_ref().map_or(0, |sound| sound.duration(timescale));
        let duration = self.video.duration(timescale).max(sound);
        let mut tracks = vec![without_samples(self.video.take_trak(timescale, made.entry))];
        if self.settings.video.reordered {
            tracks[0].edts_box = Some(self.later());
        }
        tracks.extend(self.sound.as_mut().map(|sound| without_samples(sound.take_trak(timescale))));
        let trex = |track: &TrakBox| TrexBox {
            track_id: track.tkhd_box.track_id,
            default_sample_description_index: 1,
            default_sample_duration: 0,
            default_sample_size: 0,
            default_sample_flags: SampleFlags::empty(),
        };
        let mvex = MvexBox {
            mehd_box: Some(MehdBox { fragment_duration: duration }),
            trex_boxes: tracks.iter().map(trex).collect(),
            unknown_boxes: Vec::new(),
        };
        let mut moov = boxes::moov(timescale, 0, tracks, &self.settings.tags());
        moov.mvex_box = Some(mvex);
        let mut bytes = boxes::fragmented_ftyp(self.codec.brand).encode_to_vec().map_err(bad_header)?;
        bytes.extend(moov.encode_to_vec().map_err(bad_header)?);
        Ok(bytes)
    }
}

/// Frames that come before the time at which they are shown, at most: so many frames later than the first one is decoded it is
/// shown, and an edit list takes that off again. Offsets below 0 would need none, but ffmpeg and what is made with it show
/// pictures too late then, if they are in fragments.
const MOST_EARLY: i64 = 4;

/// Flags of a sample that depends on no other, and of one that does (ISO/IEC 14496-12, 8.8.3.1).
const SYNC: SampleFlags = SampleFlags::new(0x0200_0000);
const NOT_SYNC: SampleFlags = SampleFlags::new(0x0101_0000);

/// The same track, whose samples are in fragments.
fn without_samples(mut track: TrakBox) -> TrakBox {
    let media = &mut track.mdia_box;
    media.mdhd_box.duration = 0;
    let tables = &mut media.minf_box.stbl_box;
    tables.stts_box = SttsBox { entries: Vec::new() };
    tables.stsc_box = StscBox { entries: Vec::new() };
    tables.stsz_box = StszBox::Variable { entry_sizes: Vec::new() };
    tables.stss_box = None;
    tables.unknown_boxes = Vec::new();
    track
}

/// `moof` and `mdat` with the samples of `runs`, whose bytes are `data`, in the same order.
fn fragment(number: u32, runs: &[Run], data: [&[u8]; 2]) -> Result<Vec<u8>, shiguredo_mp4::Error> {
    let moof = |header: usize| {
        // Counted from the start of `moof`.
        let mut at = header + 8;
        let traf = |(run, data): (&Run, &[u8])| {
            let data_offset = Some(i32::try_from(at).unwrap_or(i32::MAX));
            at += data.len();
            TrafBox {
                tfhd_box: TfhdBox {
                    track_id: run.track_id,
                    base_data_offset: None,
                    sample_description_index: None,
                    default_sample_duration: None,
                    default_sample_size: None,
                    default_sample_flags: None,
                    duration_is_empty: false,
                    default_base_is_moof: true,
                },
                tfdt_box: Some(TfdtBox { version: 1, base_media_decode_time: run.start }),
                trun_boxes: vec![TrunBox {
                    data_offset,
                    first_sample_flags: None,
                    samples: run.samples.clone(),
                }],
                unknown_boxes: Vec::new(),
            }
        };
        let traf_boxes = runs.iter().zip(data).map(traf).collect();
        let mfhd_box = MfhdBox { sequence_number: number };
        MoofBox { mfhd_box, traf_boxes, unknown_boxes: Vec::new() }.encode_to_vec()
    };
    // The offsets always take as many bytes.
    let header = moof(0)?.len();
    let mut bytes = moof(header)?;
    let length = u32::try_from(8 + data.concat().len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(b"mdat");
    data.iter().for_each(|data| bytes.extend_from_slice(data));
    Ok(bytes)
}

fn bad_header(error: shiguredo_mp4::Error) -> MuxError {
    MuxError::Header { reason: error.reason }
}
