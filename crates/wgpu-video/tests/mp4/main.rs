//! MP4 files: what `Mp4Writer` writes, read back by ffprobe, by ffmpeg and by a box reader of our own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers are tests too")]

mod boxes;
mod browser;
mod clip;
mod errors;
mod sound;

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::Path;

use boxes::File;
use clip::{Clip, ffmpeg, ffprobe};
use proptest::prelude::*;
use strikeline_picture::{FrameRate, PictureSize, SegmentIndex, SegmentPlan};
use wgpu_video::encode::{AccessUnit, Codec, CodecConfig};
use wgpu_video::mux::{Mp4Settings, Mp4Writer, VideoTrack};

/// Frames of a segment, and of the clips, which end in the middle of one.
const SEGMENT: usize = 8;
const FRAMES: usize = 20;

fn rate(text: &str) -> FrameRate {
    text.parse().unwrap()
}

fn plan(frames: u64, segment_frames: usize) -> SegmentPlan {
    let segment_frames = NonZeroU32::new(segment_frames as u32).unwrap();
    SegmentPlan::new(NonZeroU64::new(frames).unwrap(), segment_frames)
}

/// An H.264 video without sound.
fn video_only(size: PictureSize, frame_rate: FrameRate, plan: SegmentPlan) -> Mp4Settings {
    Mp4Settings::new(VideoTrack::new(size, frame_rate, plan, Codec::H264))
}

fn settings(clip: &Clip, frame_rate: &str) -> Mp4Settings {
    video_only(clip.size, rate(frame_rate), plan(clip.units.len() as u64, SEGMENT))
}

/// A whole file of `clip`.
fn mux(clip: &Clip, settings: Mp4Settings) -> Vec<u8> {
    let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings.clone()).unwrap();
    for segment in clip.segments(settings.video.plan.segment_frames() as usize) {
        segment.write(&mut writer).unwrap();
    }
    let (file, bytes) = writer.finish().unwrap();
    assert_eq!(bytes, file.get_ref().len() as u64);
    file.into_inner()
}

/// `mux`, as a file in `folder`.
fn mux_to(folder: &Path, clip: &Clip, frame_rate: &str) -> std::path::PathBuf {
    let path = folder.join("clip.mp4");
    std::fs::write(&path, mux(clip, settings(clip, frame_rate))).unwrap();
    path
}

#[test]
fn every_frame_is_shown_at_its_exact_time() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    for text in ["24", "25", "30000/1001", "60", "120", "1000"] {
        let path = mux_to(folder.path(), &clip, text);
        let (numerator, denominator) = (rate(text).numerator(), rate(text).denominator());
        let stream = ffprobe(&path, "stream=time_base,duration_ts,nb_frames,r_frame_rate", &[]);
        let duration = FRAMES as u32 * denominator;
        assert_eq!(
            stream,
            [format!("{numerator}/{denominator},1/{numerator},{duration},{FRAMES}")],
            "{text}"
        );
        let packets = ffprobe(&path, "packet=pts,dts,duration,flags", &[]);
        let expected: Vec<_> = (0..FRAMES)
            .map(|frame| {
                let time = frame as u32 * denominator;
                let key = if frame.is_multiple_of(SEGMENT) { 'K' } else { '_' };
                format!("{time},{time},{denominator},{key}")
            })
            .collect();
        let packets: Vec<_> = packets.iter().map(|line| line.replace("__", "_").replace("K_", "K")).collect();
        assert_eq!(packets, expected, "{text}");
    }
}

#[test]
fn a_duration_beyond_32_bits_is_exact() {
    // About one frame per second, on a clock of a million ticks per second.
    let frame_rate = rate("999983/999979");
    let frames = 4300;
    let settings = video_only(tiny_size(), frame_rate, plan(frames, 100));
    let sizes = vec![5; frames as usize];
    let file = File::parse(mux_synthetic(&synthetic(&sizes, 100), settings).0);
    let duration = frames * 999_979;
    assert!(duration > u64::from(u32::MAX));
    for (name, at) in [("mvhd", 24), ("trak/tkhd", 28), ("trak/mdia/mdhd", 24)] {
        let header = file.find(&format!("moov/{name}"));
        assert_eq!(header[0], 1, "{name} has 64-bit fields");
        assert_eq!(u64::from_be_bytes(header[at..at + 8].try_into().unwrap()), duration, "{name}");
    }
}

#[test]
fn the_decoded_pictures_are_those_of_the_bare_stream() {
    let folder = tempfile::tempdir().unwrap();
    for (size, options) in [
        ("64x64", ["-profile:v", "baseline"].as_slice()),
        ("98x66", &["-x264-params", "8x8dct=1"]),
        ("318x178", &["-coder", "1", "-x264-params", "slices=3"]),
    ] {
        let clip = Clip::encode(size, FRAMES, SEGMENT, options);
        let bare = folder.path().join("bare.h264");
        std::fs::write(&bare, &clip.annex_b).unwrap();
        let hashes = |path: &Path| {
            let text = ffmpeg(&["-v", "error", "-i", path.to_str().unwrap(), "-f", "framemd5", "-"]);
            let lines = String::from_utf8(text).unwrap();
            let hash = |line: &str| line.rsplit(',').next().unwrap().trim().to_owned();
            lines.lines().filter(|line| !line.starts_with('#')).map(hash).collect::<Vec<_>>()
        };
        let path = mux_to(folder.path(), &clip, "60");
        let expected = hashes(&bare);
        assert_eq!(expected.len(), FRAMES);
        assert_eq!(hashes(&path), expected, "{size}");
        let (width, height) = size.split_once('x').unwrap();
        let stream =
            ffprobe(&path, "stream=codec_name,codec_tag_string,width,height,sample_aspect_ratio", &[]);
        assert_eq!(stream, [format!("h264,avc1,{width},{height},1:1")]);
    }
}

#[test]
fn the_container_says_that_colours_are_bt709_in_limited_range() {
    // The stream itself says nothing, so what ffprobe tells is from the container.
    let clip = Clip::encode("64x64", 1, 1, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = mux_to(folder.path(), &clip, "60");
    let tags = ffprobe(&path, "stream=color_range,color_space,color_transfer,color_primaries", &[]);
    assert_eq!(tags, ["tv,bt709,bt709,bt709"]);
    let file = File::parse(std::fs::read(path).unwrap());
    let colr = file.find("moov/trak/mdia/minf/stbl/stsd/avc1/colr");
    assert_eq!(colr, b"nclx\0\x01\0\x01\0\x01\0");
}

#[test]
fn the_decoder_is_set_up_from_the_sequence_parameter_set() {
    for (profile, options) in [
        (66, ["-profile:v", "baseline"].as_slice()),
        (77, &["-coder", "1"]),
        (100, &["-x264-params", "8x8dct=1"]),
        (244, &["-profile:v", "high444", "-pix_fmt", "yuv444p"]),
    ] {
        let clip = Clip::encode("64x64", 1, 1, options);
        let file = File::parse(mux(&clip, settings(&clip, "60")));
        let avcc = file.find("moov/trak/mdia/minf/stbl/stsd/avc1/avcC");
        let CodecConfig::H264 { sps, pps } = &clip.config else { panic!("{:?}", clip.config) };
        assert_eq!(sps[1], profile);
        let mut expected = vec![1, sps[1], sps[2], sps[3], 0xFF, 0xE1];
        expected.extend((sps.len() as u16).to_be_bytes());
        expected.extend(sps);
        expected.push(1);
        expected.extend((pps.len() as u16).to_be_bytes());
        expected.extend(pps);
        match profile {
            // Chroma 4:2:0 or 4:4:4, 8 bits, no extensions (ISO/IEC 14496-15, 5.3.3.1.2).
            100 => expected.extend([0xFD, 0xF8, 0xF8, 0]),
            244 => expected.extend([0xFF, 0xF8, 0xF8, 0]),
            _ => {}
        }
        assert_eq!(avcc, expected, "profile {profile}");
    }
}

#[test]
fn the_index_comes_before_the_pictures_and_nothing_lies_between_or_behind() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let bytes = mux(&clip, settings(&clip, "60"));
    let file = File::parse(bytes.clone());
    let names: Vec<_> = file.top().into_iter().map(|(name, _)| name).filter(|name| name != "free").collect();
    assert_eq!(names, ["ftyp", "moov", "mdat"]);
    let samples: Vec<u8> = file.samples().concat();
    assert_eq!(samples, clip.units.concat());
    assert!(bytes.ends_with(&samples), "the segments are the end of the file, in order");
}

#[test]
fn a_video_of_one_frame_plays() {
    let clip = Clip::encode("64x64", 1, 1, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = mux_to(folder.path(), &clip, "30000/1001");
    assert_eq!(ffprobe(&path, "packet=pts,duration,flags", &[])[0].trim_end_matches('_'), "0,1001,K");
    assert_eq!(File::parse(std::fs::read(path).unwrap()).samples(), clip.units);
}

#[test]
fn the_same_segments_give_the_same_bytes() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let settings = settings(&clip, "60");
    let first = mux(&clip, settings.clone());
    // A second later: no time of day gets in.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(mux(&clip, settings), first);
}

#[test]
fn segments_beyond_4_gib_are_found() {
    // 300 frames, each an IDR picture and 16 MiB of filler, of which only the picture reaches the disk.
    let clip = Clip::encode("64x64", 1, 1, &[]);
    let (frames, filler) = (300, 16 << 20);
    let picture = &clip.units[0];
    let mut unit = picture.clone();
    unit.extend((filler as u32).to_be_bytes());
    unit.push(12); // NAL unit type of filler data
    unit.resize(unit.len() + filler - 1, 0xFF);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.mp4");
    let file = SparseFile { file: std::fs::File::create(&path).unwrap(), kept: picture.len() + 5 };
    let settings = video_only(clip.size, rate("1"), plan(frames, 1));
    let mut writer = Mp4Writer::new(file, settings).unwrap();
    for segment in 0..frames {
        let units = [AccessUnit::new(unit.len(), true)];
        writer.write_segment(SegmentIndex(segment), &clip.config, &unit, &units).unwrap();
    }
    let (file, bytes) = writer.finish().unwrap();
    file.file.set_len(bytes).unwrap();
    drop(file);
    assert!(bytes > 1 << 32);

    let mut front = vec![0; 10_000];
    std::fs::File::open(&path).unwrap().read_exact(&mut front).unwrap();
    assert_eq!(boxes::ends(&front).last(), Some(&("mdat".to_owned(), bytes)));
    let last = ffprobe(&path, "packet=pts,size,pos", &["-read_intervals", "299%+#1"]);
    assert_eq!(last, [format!("299,{},{}", unit.len(), bytes - unit.len() as u64)]);
    // What is found there is a picture, and the right one.
    let raw = |input: &[&str]| {
        let output = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"];
        ffmpeg(&[&["-v", "error"], input, &output].concat())
    };
    let bare = folder.path().join("bare.h264");
    std::fs::write(&bare, &clip.annex_b).unwrap();
    let expected = raw(&["-i", bare.to_str().unwrap()]);
    assert_eq!(expected.len(), 64 * 64 * 3 / 2);
    assert_eq!(raw(&["-ss", "299", "-i", path.to_str().unwrap()]), expected);
}

/// A file that keeps only the first bytes of large writes; the rest becomes a hole.
struct SparseFile {
    file: std::fs::File,
    kept: usize,
}

impl Write for SparseFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() < 1 << 20 {
            return self.file.write(bytes);
        }
        self.file.write_all(&bytes[..self.kept])?;
        self.file.seek(SeekFrom::Current((bytes.len() - self.kept) as i64))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for SparseFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// 64×64, baseline.
fn tiny_config() -> CodecConfig {
    CodecConfig::H264 {
        sps: vec![0x67, 0x42, 0xC0, 0x0A, 0xDA, 0x10, 0x99],
        pps: vec![0x68, 0xCE, 0x38, 0x80],
    }
}

fn tiny_size() -> PictureSize {
    PictureSize::new(64, 64).unwrap()
}

/// Segments of access units of the given lengths (at least 5 bytes each), no two alike, that no decoder takes.
fn synthetic(sizes: &[usize], segment: usize) -> Vec<Vec<Vec<u8>>> {
    let unit = |(index, &size): (usize, &usize)| {
        let mut unit = (size as u32 - 4).to_be_bytes().to_vec();
        unit.resize(size, index as u8);
        unit
    };
    let units: Vec<_> = sizes.iter().enumerate().map(unit).collect();
    units.chunks(segment).map(<[Vec<u8>]>::to_vec).collect()
}

fn write_synthetic<W: Write + Seek>(
    segments: &[Vec<Vec<u8>>],
    writer: W,
    settings: Mp4Settings,
) -> Result<(W, u64), wgpu_video::mux::MuxError> {
    let mut writer = Mp4Writer::new(writer, settings)?;
    for (index, segment) in segments.iter().enumerate() {
        let units: Vec<_> =
            (0..).zip(segment).map(|(frame, unit)| AccessUnit::new(unit.len(), frame == 0)).collect();
        writer.write_segment(SegmentIndex(index as u64), &tiny_config(), &segment.concat(), &units)?;
    }
    writer.finish()
}

fn mux_synthetic(segments: &[Vec<Vec<u8>>], settings: Mp4Settings) -> (Vec<u8>, u64) {
    let (file, bytes) = write_synthetic(segments, Cursor::new(Vec::new()), settings).unwrap();
    (file.into_inner(), bytes)
}

/// FNV-1a, 64 bits.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

#[test]
fn files_have_the_bytes_that_they_always_had() {
    let sizes: Vec<usize> = (0..1000).map(|frame| 5 + frame * 7919 % 401).collect();
    for (frame_rate, frames, segment, expected) in [
        ("60", 1000, 120, 0xFDE8_4410_1794_420F),
        ("30000/1001", 240, 60, 0xDD4D_C521_B9F9_37B3),
        ("24", 1, 48, 0xB401_59C9_C5B8_C6E6),
        ("999983/999979", 777, 1, 0xD322_9B95_DBB0_14F9),
    ] {
        let settings = video_only(tiny_size(), rate(frame_rate), plan(frames as u64, segment));
        let settings = settings.with_writing_tool("strikeline 00000");
        let file = mux_synthetic(&synthetic(&sizes[..frames], segment), settings).0;
        assert_eq!(hash(&file), expected, "{frame_rate} {frames} {segment}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_sample_is_where_the_tables_say(
        sizes in prop::collection::vec(5_usize..400, 1..200),
        segment in 1_usize..50,
    ) {
        let settings = video_only(tiny_size(), rate("60"), plan(sizes.len() as u64, segment));
        let segments = synthetic(&sizes, segment);
        let file = File::parse(mux_synthetic(&segments, settings).0);
        prop_assert_eq!(file.samples(), segments.concat());
        let sync: Vec<_> = (1..=sizes.len() as u32).step_by(segment).collect();
        prop_assert_eq!(file.table("stss"), sync);
        prop_assert_eq!(file.table("stts"), [sizes.len() as u32, 1]);
    }

    #[test]
    fn a_disk_that_fills_up_at_any_byte_is_named(
        sizes in prop::collection::vec(5_usize..60, 1..30),
        segment in 1_usize..10,
        share in 0.0..1.0_f64,
        longest_write in 1_usize..100,
    ) {
        let settings = video_only(tiny_size(), rate("60"), plan(sizes.len() as u64, segment));
        let segments = synthetic(&sizes, segment);
        let (complete, length) = mux_synthetic(&segments, settings.clone());
        let limited = |room| SmallDisk { file: Cursor::new(Vec::new()), room, longest_write };
        let room = (share * length as f64) as u64;
        let error = write_synthetic(&segments, limited(room), settings.clone()).err().unwrap().to_string();
        prop_assert!(error.contains("disk is full"), "{}", error);
        // With room enough, writes that take only a part of what they are given do no harm.
        let (disk, _) = write_synthetic(&segments, limited(length), settings).unwrap();
        prop_assert_eq!(disk.file.into_inner(), complete);
    }
}

/// Holds files of up to `room` bytes, and takes at most `longest_write` bytes at once.
struct SmallDisk {
    file: Cursor<Vec<u8>>,
    room: u64,
    longest_write: usize,
}

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.room.saturating_sub(self.file.position()) as usize;
        match bytes.len().min(left).min(self.longest_write) {
            0 if !bytes.is_empty() => Err(io::ErrorKind::StorageFull.into()),
            taken => self.file.write(&bytes[..taken]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SmallDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
