//! The openh264 encoder, judged by an independent decoder: ffmpeg and ffprobe (package `ffmpeg`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use strikeline_picture::{FrameChange, FrameRate, Picture, PictureSize, Plane, SegmentIndex};
use wgpu_video::encode::Assembler;
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::{CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality};

/// A picture with planes of its own.
#[derive(Clone)]
struct Owned {
    size: PictureSize,
    luma: Vec<u8>,
    luma_stride: usize,
    chroma: Vec<u8>,
    chroma_stride: usize,
}

impl Owned {
    fn borrow(&self) -> Picture<'_> {
        Picture::nv12(
            self.size,
            Plane { data: &self.luma, stride: self.luma_stride },
            Plane { data: &self.chroma, stride: self.chroma_stride },
        )
    }

    /// Y, Cb and Cr, one after the other, without padding.
    fn planar(&self) -> [Vec<u8>; 3] {
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let picture = self.borrow();
        let luma = (0..height).flat_map(|y| picture.luma.row(y, width)).copied().collect();
        let chroma = |first: usize| {
            (0..height / 2)
                .flat_map(|y| picture.chroma.row(y, width).iter().skip(first).step_by(2))
                .copied()
                .collect()
        };
        [luma, chroma(0), chroma(1)]
    }

    /// The same samples with `padding` bytes of rubbish after each row but the last.
    fn padded(&self, padding: usize) -> Owned {
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let pad = |plane: Plane<'_>, rows: usize| {
            let mut data = Vec::new();
            for y in 0..rows {
                data.extend_from_slice(plane.row(y, width));
                data.extend((0..padding).map(|i| (i * 89 + y * 31) as u8));
            }
            data.truncate(data.len() - padding);
            data
        };
        let picture = self.borrow();
        Owned {
            size: self.size,
            luma: pad(picture.luma, height),
            luma_stride: width + padding,
            chroma: pad(picture.chroma, height / 2),
            chroma_stride: width + padding,
        }
    }
}

fn size(width: u32, height: u32) -> PictureSize {
    PictureSize::new(width, height).unwrap()
}

/// A shaded background over which bright blocks fall by 8 samples per frame.
fn scene(size: PictureSize, frame: u64) -> Owned {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let block = |x: usize, y: usize| {
        let fallen = (y as i64 - 8 * frame as i64).rem_euclid(96);
        (x / 24).is_multiple_of(2) && (20..40).contains(&fallen)
    };
    let mut luma = Vec::with_capacity(width * height);
    let mut chroma = Vec::with_capacity(width * height / 2);
    for y in 0..height {
        for x in 0..width {
            luma.push(if block(x, y) { 180 } else { (30 + 40 * x / width + 30 * y / height) as u8 });
        }
    }
    for y in 0..height / 2 {
        for x in 0..width / 2 {
            chroma.extend(if block(2 * x, 2 * y) { [90, 190] } else { [(120 + 16 * y / height) as u8, 128] });
        }
    }
    Owned { size, luma, luma_stride: width, chroma, chroma_stride: width }
}

/// An encoder's settings and its factory.
#[derive(Debug, Clone, Copy)]
struct Setup {
    settings: EncoderSettings,
    factory: OpenH264,
}

impl Setup {
    fn at(self, frame_rate: FrameRate) -> Setup {
        let EncoderSettings { size, segment_frames, .. } = self.settings;
        Setup { settings: EncoderSettings::new(size, frame_rate, segment_frames), ..self }
    }

    fn begin(&self, segment: u64) -> Result<Box<dyn Encoder>, EncodeError> {
        self.factory.begin_segment(&self.settings, SegmentIndex(segment))
    }
}

/// 60 frames per second.
fn setup(size: PictureSize, qp: u8) -> Setup {
    Setup {
        settings: EncoderSettings::new(size, FrameRate::new(60, 1).unwrap(), 120),
        factory: OpenH264::new(H264Quality::new(qp).unwrap()),
    }
}

/// One segment, as an MP4 would hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EncodedSegment {
    config: CodecConfig,
    /// Access units, one per picture.
    units: Vec<Vec<u8>>,
    sync: Vec<bool>,
}

fn encode_segment(
    setup: &Setup,
    segment: u64,
    pictures: impl IntoIterator<Item = Owned>,
) -> Result<EncodedSegment, EncodeError> {
    let mut encoder = setup.begin(segment)?;
    assert_eq!(encoder.codec_config(), None);
    let (mut units, mut sync) = (Vec::new(), Vec::new());
    let mut output = b"what was there".to_vec();
    for picture in pictures {
        let before = output.len();
        let unit = encoder.encode(&picture.borrow(), &FrameChange::UNKNOWN, &mut output)?.unwrap();
        assert_eq!(before + unit.bytes, output.len());
        units.push(output[before..].to_vec());
        sync.push(unit.sync);
    }
    assert!(output.starts_with(b"what was there"));
    Ok(EncodedSegment { config: encoder.codec_config().unwrap(), units, sync })
}

/// The NAL units of an access unit, by their lengths.
fn nal_units(mut access_unit: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    while let Some((length, rest)) = access_unit.split_first_chunk::<4>() {
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        units.push(unit);
        access_unit = rest;
    }
    assert!(access_unit.is_empty());
    units
}

/// Segments one after the other with start codes (annex B), parameter sets at the very beginning only.
fn annex_b(segments: &[EncodedSegment]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut append = |unit: &[u8]| {
        stream.extend_from_slice(&[0, 0, 0, 1]);
        stream.extend_from_slice(unit);
    };
    let CodecConfig::H264 { sps, pps } = &segments[0].config else { panic!("{:?}", segments[0].config) };
    append(sps);
    append(pps);
    for segment in segments {
        assert_eq!(segment.config, segments[0].config);
        segment.units.iter().flat_map(|unit| nal_units(unit)).for_each(&mut append);
    }
    stream
}

/// What a program makes of `input`: stdout and stderr. It must succeed.
fn run(program: &str, arguments: &[&str], input: &[u8]) -> (Vec<u8>, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} cannot be run ({error}); install the package ffmpeg"));
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A program that has seen enough closes its input; that is no error here.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    });
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?} failed: {said}");
    (output.stdout, said)
}

/// Decodes strictly: anything wrong with the stream fails the test. Returns frames of Y, Cb, Cr together.
fn decode(stream: &[u8], size: PictureSize) -> Vec<Vec<u8>> {
    let arguments = "-v warning -err_detect explode -xerror -f h264 -i pipe:0 -vsync passthrough \
                     -pix_fmt yuv420p -f rawvideo pipe:1";
    let (samples, log) = run("ffmpeg", &arguments.split_whitespace().collect::<Vec<_>>(), stream);
    // Newer versions remark on the older name of an option.
    let said: Vec<_> = log.lines().filter(|line| !line.contains("-vsync")).collect();
    assert!(said.is_empty(), "ffmpeg has something to say about the stream: {said:?}");
    let frame = (size.width() * size.height() * 3 / 2) as usize;
    assert_eq!(samples.len() % frame, 0, "frames are not of {size}");
    samples.chunks(frame).map(<[u8]>::to_vec).collect()
}

/// Peak signal-to-noise ratio of 8-bit samples, in dB; 100 when there is no difference.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: u64 = a.iter().zip(b).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum();
    if squares == 0 { 100.0 } else { 10.0 * (255.0 * 255.0 * a.len() as f64 / squares as f64).log10() }
}

/// The lowest PSNR of any plane of any frame.
fn worst_psnr(decoded: &[Vec<u8>], originals: &[Owned]) -> f64 {
    assert_eq!(decoded.len(), originals.len(), "number of frames");
    let mut worst = f64::INFINITY;
    for (decoded, original) in decoded.iter().zip(originals) {
        let mut rest = &decoded[..];
        for plane in original.planar() {
            let (samples, others) = rest.split_at(plane.len());
            worst = worst.min(psnr(samples, &plane));
            rest = others;
        }
    }
    worst
}

/// One property of the video stream, as ffprobe names it.
fn probe(stream: &[u8], property: &str) -> String {
    let entries = format!("stream={property}");
    let arguments = ["-v", "error", "-show_entries", &entries, "-of", "csv=p=0", "-f", "h264", "pipe:0"];
    String::from_utf8(run("ffprobe", &arguments, stream).0).unwrap().trim().to_owned()
}

/// All values of one field in the headers of the stream, in order, as ffmpeg's header parser reads them.
fn header_field(stream: &[u8], field: &str) -> Vec<i64> {
    let arguments = "-v info -f h264 -i pipe:0 -c copy -bsf:v trace_headers -f null -";
    let (_, log) = run("ffmpeg", &arguments.split_whitespace().collect::<Vec<_>>(), stream);
    // "[trace_headers @ 0x…] 28          idr_pic_id          010 = 1"
    let mut values: Vec<i64> = log
        .lines()
        .filter(|line| line.split_whitespace().any(|word| word == field))
        .map(|line| line.rsplit_once("= ").unwrap().1.trim().parse().unwrap())
        .collect();
    // Parameter sets are read once before the stream, too.
    if [
        "pic_init_qp_minus26",
        "time_scale",
        "num_units_in_tick",
        "fixed_frame_rate_flag",
        "video_full_range_flag",
    ]
    .contains(&field)
    {
        values.drain(..values.len() / 2);
    }
    values
}

#[test]
fn every_size_class_decodes_to_the_exact_size_and_close_to_the_original() {
    for (width, height, frames) in
        [(64, 64, 8), (66, 64, 8), (130, 98, 8), (176, 144, 8), (1366, 768, 4), (1920, 1080, 3)]
    {
        let size = size(width, height);
        let pictures: Vec<_> = (0..frames).map(|n| scene(size, n)).collect();
        let segment = encode_segment(&setup(size, 24), 0, pictures.clone()).unwrap();
        let stream = annex_b(&[segment]);
        assert_eq!(probe(&stream, "width,height"), format!("{width},{height}"));
        let worst = worst_psnr(&decode(&stream, size), &pictures);
        assert!(worst > 40.0, "{size}: {worst} dB");
    }
}

#[test]
fn only_the_first_picture_of_a_segment_is_idr_even_when_the_scene_changes() {
    let size = size(176, 144);
    // Cuts between pictures that have nothing in common.
    let pictures = (0..70u64).map(|n| match n / 7 % 3 {
        0 => scene(size, n),
        1 => Owned { luma: vec![235; 176 * 144], ..scene(size, n) },
        _ => noise(size, n),
    });
    let segment = encode_segment(&setup(size, 30), 0, pictures).unwrap();
    assert_eq!(segment.units.len(), 70);
    for (n, unit) in segment.units.iter().enumerate() {
        assert_eq!(segment.sync[n], n == 0);
        let types: Vec<_> = nal_units(unit).iter().map(|unit| unit[0] & 31).collect();
        assert_eq!(types, [if n == 0 { 5 } else { 1 }], "frame {n}");
    }
    assert_eq!(decode(&annex_b(&[segment]), size).len(), 70);
}

#[test]
fn pictures_that_do_not_change_are_coded_all_the_same() {
    let size = size(130, 98);
    let segment = encode_segment(&setup(size, 24), 0, (0..150).map(|_| scene(size, 0))).unwrap();
    assert_eq!(decode(&annex_b(&[segment]), size).len(), 150);
}

#[test]
fn the_stream_says_how_it_is_to_be_shown() {
    let size = size(176, 144);
    let setup = setup(size, 24).at(FrameRate::new(30000, 1001).unwrap());
    let stream = annex_b(&[encode_segment(&setup, 0, [scene(size, 0), scene(size, 1)]).unwrap()]);
    for (property, value) in [
        ("color_primaries", "bt709"),
        ("color_transfer", "bt709"),
        ("color_space", "bt709"),
        ("color_range", "tv"),
        ("chroma_location", "left"),
        ("r_frame_rate", "30000/1001"),
        ("profile", "High"),
        ("has_b_frames", "0"),
        ("field_order", "progressive"),
    ] {
        assert_eq!(probe(&stream, property), value, "{property}");
    }
    for (field, value) in [
        ("video_full_range_flag", 0),
        ("num_units_in_tick", 1001),
        ("time_scale", 60000),
        ("fixed_frame_rate_flag", 1),
    ] {
        assert_eq!(header_field(&stream, field), [value], "{field}");
    }
}

#[test]
fn the_level_is_the_lowest_that_has_room() {
    for (width, height, rate, level) in [
        (64, 64, (24, 1), "10"),
        (1280, 720, (30000, 1001), "31"),
        (1920, 1080, (30, 1), "41"),
        (1920, 1080, (60, 1), "42"),
        (1920, 1080, (120, 1), "51"),
        (3840, 2160, (60, 1), "52"),
        (3840, 2160, (120, 1), "60"),
        (8192, 64, (1, 1), "51"),
    ] {
        let size = size(width, height);
        let rate = FrameRate::new(rate.0, rate.1).unwrap();
        let setup = setup(size, 40).at(rate);
        let stream = annex_b(&[encode_segment(&setup, 0, [scene(size, 0)]).unwrap()]);
        assert_eq!(probe(&stream, "level"), level, "{size} at {rate}");
    }
}

#[test]
fn every_macroblock_has_the_quantisation_parameter_that_was_asked_for() {
    let size = size(176, 144);
    let mut last = f64::INFINITY;
    for qp in [0, 1, 10, 24, 28, 29, 37, 51] {
        let pictures: Vec<_> = (0..6).map(|n| scene(size, n)).collect();
        let stream = annex_b(&[encode_segment(&setup(size, qp), 0, pictures.clone()).unwrap()]);

        // ffmpeg prints a row of macroblocks per line, two characters for the parameter of each.
        let arguments = "-v debug -threads 1 -debug qp -f h264 -i pipe:0 -f null -";
        let (_, log) = run("ffmpeg", &arguments.split_whitespace().collect::<Vec<_>>(), &stream);
        let rows: Vec<_> = log
            .lines()
            .filter_map(|line| line.strip_prefix("[h264 @ ")?.split_once("] ").map(|(_, text)| text))
            .filter(|text| text.len() == 2 * 11 && text.chars().all(|c| c == ' ' || c.is_ascii_digit()))
            .collect();
        // Six frames of nine rows; those that ffmpeg decodes to learn about the stream are printed, too.
        assert!(rows.len() >= 6 * 9, "{} rows of macroblocks", rows.len());
        for row in rows {
            assert_eq!(row, format!("{qp:2}").repeat(11));
        }

        // The slice headers say so too, for I and P alike: 26 + pic_init_qp_minus26 + slice_qp_delta.
        let base = 26 + header_field(&stream, "pic_init_qp_minus26")[0];
        let slices = header_field(&stream, "slice_qp_delta");
        assert!(slices.len() >= 6 && slices.iter().all(|delta| base + delta == i64::from(qp)), "{slices:?}");

        let psnr = worst_psnr(&decode(&stream, size), &pictures);
        assert!(psnr < last, "QP {qp} is no worse than the one before: {psnr} dB");
        last = psnr;
    }
}

#[test]
fn bytes_do_not_depend_on_strides_on_threads_or_on_the_run() {
    let size = size(130, 98);
    let setup = setup(size, 20);
    let pictures: Vec<_> =
        (0..30).map(|n| if n % 10 == 9 { noise(size, n) } else { scene(size, n) }).collect();
    let encode = |segment: u64| encode_segment(&setup, segment, pictures.clone()).unwrap();

    let first = encode(0);
    assert_eq!(encode(0), first);
    assert_eq!(encode(2), first, "only the parity of the segment counts");
    for padding in [1, 2, 63, 126] {
        let padded = pictures.iter().map(|picture| picture.padded(padding));
        assert_eq!(encode_segment(&setup, 0, padded).unwrap(), first, "padding {padding}");
    }
    let parallel: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || (n, encode(n)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (n, segment) in parallel {
        assert_eq!(segment, encode(n), "segment {n}");
    }
}

#[test]
fn an_encoder_may_be_moved_between_threads() {
    let size = size(64, 64);
    let setup = setup(size, 24);
    let pictures: Vec<_> = (0..6).map(|n| scene(size, n)).collect();
    let expected = encode_segment(&setup, 0, pictures.clone()).unwrap().units.concat();
    let mut encoder = setup.begin(0).unwrap();
    let mut output = Vec::new();
    for picture in pictures {
        (encoder, output) = std::thread::spawn(move || {
            encoder.encode(&picture.borrow(), &FrameChange::UNKNOWN, &mut output).unwrap();
            (encoder, output)
        })
        .join()
        .unwrap();
    }
    assert_eq!(output, expected);
}

#[test]
fn segments_follow_one_another_and_their_idr_numbers_differ() {
    let size = size(130, 98);
    let setup = setup(size, 24);
    let pictures: Vec<_> = (0..40).map(|n| scene(size, n)).collect();
    let segments: Vec<_> = pictures
        .chunks(10)
        .zip(0..)
        .map(|(pictures, n)| encode_segment(&setup, n, pictures.to_vec()).unwrap())
        .collect();
    let stream = annex_b(&segments);
    assert_eq!(header_field(&stream, "idr_pic_id"), [1, 2, 1, 2]);
    let worst = worst_psnr(&decode(&stream, size), &pictures);
    assert!(worst > 40.0, "{worst} dB");

    // Segments of one picture: nothing but IDR pictures.
    let segments: Vec<_> = (0..5).map(|n| encode_segment(&setup, n, [scene(size, n)]).unwrap()).collect();
    assert_eq!(decode(&annex_b(&segments), size).len(), 5);
}

#[test]
fn what_is_too_large_is_refused_with_the_limit() {
    let refusal = |width, height, rate: (u32, u32)| {
        let frame_rate = FrameRate::new(rate.0, rate.1).unwrap();
        let setup = setup(size(width, height), 24).at(frame_rate);
        setup.begin(0).err().map(|error| error.to_string())
    };
    assert_eq!(refusal(4096, 2304, (60, 1)), None);
    assert_eq!(refusal(8192, 1152, (24, 1)), None);
    for (width, height) in [(4112, 2304), (4096, 2306), (7680, 4320), (8192, 8192)] {
        let message = refusal(width, height, (24, 1)).unwrap();
        assert!(message.contains(&format!("{width}x{height}")), "{message}");
        assert!(message.contains("36864") && message.contains("4096x2304"), "{message}");
    }
    assert_eq!(refusal(1920, 1080, (1000, 1)), None);
    let message = refusal(3840, 2160, (1000, 1)).unwrap();
    assert!(message.contains("16711680") && message.contains("515 frames"), "{message}");
}

#[test]
fn the_largest_picture_is_encoded_and_decodes() {
    let size = size(4096, 2304);
    let pictures = vec![scene(size, 0), scene(size, 1)];
    let setup = setup(size, 24);
    let stream = annex_b(&[encode_segment(&setup, 0, pictures.clone()).unwrap()]);
    assert!(worst_psnr(&decode(&stream, size), &pictures) > 40.0);
}

#[test]
fn planes_that_are_too_short_are_an_error() {
    let size = size(66, 64);
    let whole = scene(size, 0).padded(30);
    assert!(encode_segment(&setup(size, 24), 0, [whole.clone()]).is_ok());
    let luma_end = whole.luma.len() - 1;
    let chroma_end = whole.chroma.len() - 1;
    let short = |luma: usize, chroma: usize, luma_stride: usize, chroma_stride: usize| {
        let picture = Owned {
            luma: whole.luma[..luma].to_vec(),
            chroma: whole.chroma[..chroma].to_vec(),
            luma_stride,
            chroma_stride,
            size,
        };
        encode_segment(&setup(size, 24), 0, [picture]).unwrap_err().to_string()
    };
    assert!(short(luma_end, chroma_end + 1, 96, 96).contains("luma plane"));
    assert!(short(luma_end + 1, chroma_end, 96, 96).contains("chroma plane"));
    assert!(short(luma_end + 1, chroma_end + 1, 65, 96).contains("luma plane"));
    assert!(short(luma_end + 1, chroma_end + 1, 96, 65).contains("chroma plane"));
    assert!(short(luma_end + 1, chroma_end + 1, usize::MAX, 96).contains("luma plane"));
    assert!(short(luma_end + 1, chroma_end + 1, 96, usize::MAX / 8).contains("chroma plane"));

    let other = encode_segment(&setup(size, 24), 0, [scene(self::size(64, 64), 0)]).unwrap_err();
    assert!(other.to_string().contains("64x64"), "{other}");
}

#[test]
fn the_assembler_is_found_where_the_build_had_it() {
    let assembler = Assembler::detect().unwrap();
    assert_eq!(Assembler::detect(), Some(assembler));
    let expected: &[Assembler] = match std::env::consts::ARCH {
        "x86" | "x86_64" => &[Assembler::Nasm, Assembler::None],
        "aarch64" => &[Assembler::Neon],
        _ => &[Assembler::None],
    };
    assert!(expected.contains(&assembler), "{assembler}");
}

/// Uniform noise over all codes: the picture that takes the most bytes.
fn noise(size: PictureSize, seed: u64) -> Owned {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = |count: usize| -> Vec<u8> {
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..count).map(next).collect()
    };
    Owned {
        size,
        luma: bytes(width * height),
        luma_stride: width,
        chroma: bytes(width * height / 2),
        chroma_stride: width,
    }
}

/// Samples of black and white at random: of all pictures tried, those that take the most bytes.
fn black_and_white_noise(size: PictureSize, seed: u64) -> Owned {
    let mut picture = noise(size, seed);
    picture.luma.iter_mut().chain(&mut picture.chroma).for_each(|sample| *sample = 255 * (*sample & 1));
    picture
}

#[test]
fn noise_at_the_best_quality_is_encoded() {
    let size = size(176, 144);
    for qp in [0, 13, 14] {
        let pictures: Vec<_> = (0..4).map(|n| black_and_white_noise(size, n)).collect();
        let segment = encode_segment(&setup(size, qp), 1, pictures.clone()).unwrap();
        let stream = annex_b(&[segment]);
        // Several slices to a picture, all with the number of the second IDR picture.
        assert!(header_field(&stream, "idr_pic_id").iter().all(|&number| number == 2));
        let worst = worst_psnr(&decode(&stream, size), &pictures);
        assert!(worst > 30.0, "QP {qp}: {worst} dB");
    }
}

#[test]
fn noise_that_outgrows_the_memory_of_openh264_is_an_error() {
    // A picture so small cannot be divided into slices, so there is half the room for it.
    let size = size(64, 64);
    let encode = |qp| encode_segment(&setup(size, qp), 0, [black_and_white_noise(size, 1)]);
    let error = encode(0).unwrap_err().to_string();
    assert!(error.contains("choose a higher quality number"), "{error}");
    assert!(encode(14).is_ok());

    // Once it has failed, it goes on failing.
    let mut encoder = setup(size, 0).begin(0).unwrap();
    for picture in [black_and_white_noise(size, 1), scene(size, 0), scene(size, 1)] {
        assert!(encoder.encode(&picture.borrow(), &FrameChange::UNKNOWN, &mut Vec::new()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_small_pictures_decode_close_to_what_they_were(
        half_width in 32u32..=80,
        half_height in 32u32..=80,
        padding in 0usize..70,
        qp in 0u8..=51,
        segment in 0u64..4,
        frames in prop::collection::vec((any::<u64>(), 0u8..4), 1..6),
    ) {
        let size = size(2 * half_width, 2 * half_height);
        // The limit that `noise_that_outgrows_the_memory_of_openh264_is_an_error` is about.
        let tiny = size.width().div_ceil(16) * size.height().div_ceil(16) <= 48;
        prop_assume!(qp >= 14 || !tiny);
        let pictures: Vec<_> = frames
            .iter()
            .map(|&(seed, kind)| match kind {
                0 => noise(size, seed),
                _ => scene(size, seed % 100),
            })
            .collect();
        let padded = pictures.iter().map(|picture| picture.padded(padding));
        let segment = encode_segment(&setup(size, qp), segment, padded).unwrap();
        let worst = worst_psnr(&decode(&annex_b(&[segment]), size), &pictures);
        // Quantisation steps double every 6; noise clipped to 8 bits is the worst that can happen to them.
        let bound = (48.0 - 0.9 * f64::from(qp)).max(7.0);
        prop_assert!(worst > bound, "QP {}: {} dB, bound {}", qp, worst, bound);
    }
}
