//! What cannot become a right file is refused, with the reason.

use std::io::Cursor;

use strikeline_picture::{PictureSize, SegmentIndex};
use wgpu_video::encode::{Codec, CodecConfig};
use wgpu_video::mux::{Mp4Settings, Mp4Writer, VideoTrack};

use super::clip::{Clip, ClipSegment};
use super::{FRAMES, SEGMENT, plan, rate, settings, video_only};

fn segments() -> (Mp4Settings, Vec<ClipSegment>) {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    (settings(&clip, "60"), clip.segments(SEGMENT))
}

/// The error that the first of `segments` gives that is refused, or else the end of the file.
fn refusal(settings: &Mp4Settings, segments: &[ClipSegment]) -> String {
    let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings.clone()).unwrap();
    let refused = segments.iter().find_map(|segment| segment.write(&mut writer).err());
    refused.unwrap_or_else(|| writer.finish().err().unwrap()).to_string()
}

#[test]
fn segments_must_come_in_order_and_all_of_them() {
    let (settings, segments) = segments();
    let pick = |indices: &[usize]| indices.iter().map(|&index| segments[index].clone()).collect::<Vec<_>>();
    for (order, words) in [
        ([].as_slice(), ["0 of 20"].as_slice()),
        (&[0], &["8 of 20"]),
        (&[0, 1], &["16 of 20"]),
        (&[1], &["segment 1", "segment 0"]),
        (&[0, 2], &["segment 2", "segment 1"]),
        (&[0, 0], &["segment 0", "segment 1"]),
        (&[0, 1, 2, 2], &["segment 2", "segment 3"]),
    ] {
        let error = refusal(&settings, &pick(order));
        assert!(words.iter().all(|word| error.contains(word)), "{order:?}: {error}");
    }
    let mut beyond = pick(&[0, 1, 2, 2]);
    beyond[3].index = SegmentIndex(3);
    assert!(refusal(&settings, &beyond).contains("only 3 segments"));
}

#[test]
fn a_segment_must_have_the_planned_frames() {
    let (settings, segments) = segments();
    let mut short = segments[1].clone();
    let lost = short.units.pop().unwrap();
    short.data.truncate(short.data.len() - lost.bytes);
    let error = refusal(&settings, &[segments[0].clone(), short]);
    assert!(error.contains("segment 1") && error.contains("7 frames") && error.contains('8'), "{error}");

    let mut long = segments[2].clone();
    long.data.extend(long.data.clone());
    long.units.extend(long.units.clone());
    let error = refusal(&settings, &[segments[0].clone(), segments[1].clone(), long]);
    assert!(error.contains("segment 2") && error.contains("8 frames") && error.contains('4'), "{error}");
}

#[test]
fn a_segment_must_begin_with_a_sync_sample() {
    let (settings, mut segments) = segments();
    segments[1].units[0].sync = false;
    let error = refusal(&settings, &segments);
    assert!(error.contains("segment 1") && error.contains("sync sample"), "{error}");
}

#[test]
fn a_sync_sample_within_a_segment_does_no_harm() {
    let (settings, mut segments) = segments();
    segments[1].units[3].sync = true;
    let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings).unwrap();
    for segment in &segments {
        segment.write(&mut writer).unwrap();
    }
    assert!(writer.finish().is_ok());
}

/// The parameter sets of `segment`, to be damaged.
fn parameter_sets(segment: &mut ClipSegment) -> (&mut Vec<u8>, &mut Vec<u8>) {
    match &mut segment.config {
        CodecConfig::H264 { sps, pps } => (sps, pps),
        other => panic!("{other:?}"),
    }
}

#[test]
fn codec_configurations_that_differ_are_found_and_the_segment_named() {
    let (settings, segments) = segments();
    let mut other_sps = segments.clone();
    parameter_sets(&mut other_sps[1]).0[3] += 1;
    let error = refusal(&settings, &other_sps);
    assert!(error.contains("codec configuration of segment 1"), "{error}");
    let mut other_pps = segments.clone();
    parameter_sets(&mut other_pps[2]).1.push(0x80);
    let error = refusal(&settings, &other_pps);
    assert!(error.contains("codec configuration of segment 2"), "{error}");
}

#[test]
fn codec_configurations_that_cannot_be_read_are_refused() {
    let (settings, mut segments) = segments();
    let (good_sps, good_pps) = parameter_sets(&mut segments[0]);
    let (good_sps, good_pps) = (good_sps.clone(), good_pps.clone());
    for sps in [vec![], vec![0x67], good_sps[..6].to_vec(), good_pps.clone()] {
        let mut segment = segments[0].clone();
        *parameter_sets(&mut segment).0 = sps;
        let error = refusal(&settings, &[segment]);
        assert!(error.contains("codec configuration of segment 0"), "{error}");
    }
    for pps in [vec![], good_sps.clone(), vec![0x68; 1 << 17]] {
        let mut segment = segments[0].clone();
        *parameter_sets(&mut segment).1 = pps;
        let error = refusal(&settings, &[segment]);
        assert!(error.contains("codec configuration of segment 0"), "{error}");
    }
    // That of another codec, though H.264 was announced.
    let mut segment = segments[0].clone();
    segment.config = CodecConfig::new(Codec::HEVC, [1, 2, 3]);
    let error = refusal(&settings, &[segment]);
    assert!(error.contains("codec configuration of segment 0"), "{error}");
}

#[test]
fn a_codec_that_mp4_cannot_hold_here_is_refused_before_anything_is_drawn() {
    for codec in [Codec::PRORES, Codec::DNXHR, Codec::FFV1, Codec::NV12, Codec::new("Dirac")] {
        let settings = Mp4Settings::new(VideoTrack::new(
            PictureSize::new(64, 64).unwrap(),
            rate("60"),
            plan(1, 1),
            codec,
        ));
        let error = Mp4Writer::new(Cursor::new(Vec::new()), settings).unwrap_err().to_string();
        assert!(error.contains(codec.name()) && error.contains("encoder that makes H.264, HEVC"), "{error}");
    }
}

#[test]
fn pictures_of_another_size_are_refused() {
    let (settings, segments) = segments();
    let settings = video_only(PictureSize::new(64, 66).unwrap(), rate("60"), settings.video.plan);
    let error = refusal(&settings, &segments);
    assert!(error.contains("64x64") && error.contains("64x66"), "{error}");
}

#[test]
fn damaged_access_units_are_refused() {
    let (settings, segments) = segments();
    let start_code: fn(&mut ClipSegment) = |segment| segment.data[..4].copy_from_slice(b"\0\0\0\x01");
    let no_nal: fn(&mut ClipSegment) = |segment| segment.data[..4].fill(0);
    let too_short: fn(&mut ClipSegment) = |segment| segment.data[3] -= 1;
    let too_long: fn(&mut ClipSegment) = |segment| segment.data[..4].fill(0xFF);
    let cut: fn(&mut ClipSegment) = |segment| segment.data.truncate(segment.data.len() - 1);
    let trailing: fn(&mut ClipSegment) = |segment| segment.data.push(0);
    let empty: fn(&mut ClipSegment) = |segment| segment.units[3].bytes = 0;
    let endless: fn(&mut ClipSegment) = |segment| segment.units[3].bytes = usize::MAX;
    for (number, damage) in
        [start_code, no_nal, too_short, too_long, cut, trailing, empty, endless].into_iter().enumerate()
    {
        let mut segments = segments.clone();
        damage(&mut segments[1]);
        let error = refusal(&settings, &segments);
        assert!(error.contains("segment 1") && error.contains("damaged"), "{number}: {error}");
    }
}

#[test]
fn plans_that_no_file_can_hold_are_refused_before_anything_is_drawn() {
    let size = PictureSize::new(64, 64).unwrap();
    for (frames, segment_frames) in [(u64::from(u32::MAX), 120), (u64::MAX, u32::MAX)] {
        let settings = video_only(size, rate("60"), plan(frames, segment_frames as usize));
        assert!(Mp4Writer::new(Cursor::new(Vec::new()), settings.clone()).is_err(), "{settings:?}");
    }
}
