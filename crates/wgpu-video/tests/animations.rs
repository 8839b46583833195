//! Animated pictures of random rectangles, decoded by others: ffmpeg for GIF and APNG, `image-webp` for WebP.

use std::io::{Cursor, Write};
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use strikeline_picture::{
    FrameRate, PictureSize, Plane, RgbaPicture, SegmentIndex, SegmentPlan, make_straight,
};
use wgpu_video::encode::animation::{GifFactory, LosslessFactory};
use wgpu_video::encode::{EncoderFactory, EncoderSettings};
use wgpu_video::mux::{AnimationSettings, AnimationWriter, Container, MuxError, VideoTrack};

const SIZE: (u32, u32) = (66, 64);

/// Frames of a segment.
const SEGMENT: u32 = 4;

/// Pictures of one animation, premultiplied.
#[derive(Debug, Clone)]
struct Pictures {
    frames: Vec<Vec<u8>>,
    has_alpha: bool,
}

/// What is drawn on the picture before: column, row, width, height, colour and alpha.
type Patch = (u32, u32, u32, u32, usize, u8);

/// Far from each other.
const COLORS: [[u8; 3]; 6] =
    [[0, 0, 0], [255, 255, 255], [200, 30, 30], [20, 180, 220], [90, 60, 200], [250, 200, 0]];

fn pictures(patches: &[Vec<Patch>], has_alpha: bool) -> Pictures {
    let mut picture = vec![0; (SIZE.0 * SIZE.1 * 4) as usize];
    picture.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = if has_alpha { 0 } else { 255 });
    let draw = |patches: &Vec<Patch>| {
        for &(left, top, width, height, color, alpha) in patches {
            let alpha = if has_alpha { alpha } else { 255 };
            for (y, x) in (top..top + height).flat_map(|y| (left..left + width).map(move |x| (y, x))) {
                let (x, y) = (x.min(SIZE.0 - 1), y.min(SIZE.1 - 1));
                let pixel = &mut picture[((y * SIZE.0 + x) * 4) as usize..][..4];
                let straight = COLORS[color].map(|value| (u32::from(value) * u32::from(alpha) / 255) as u8);
                pixel[..3].copy_from_slice(&straight);
                pixel[3] = alpha;
            }
        }
        picture.clone()
    };
    Pictures { frames: patches.iter().map(draw).collect(), has_alpha }
}

/// The pixels that a viewer should see.
fn straight(picture: &[u8]) -> Vec<u8> {
    let mut pixels = picture.to_vec();
    make_straight(&mut pixels);
    pixels
}

fn video(pictures: &Pictures, factory: &dyn EncoderFactory) -> VideoTrack {
    let size = PictureSize::new(SIZE.0, SIZE.1).unwrap();
    let frames = NonZeroU64::new(pictures.frames.len() as u64).unwrap();
    let plan = SegmentPlan::new(frames, NonZeroU32::new(SEGMENT).unwrap());
    VideoTrack::new(size, FrameRate::FPS_25, plan, factory.codec())
}

/// The file of `segments` segments; of all of them if it is complete.
fn file(
    pictures: &Pictures,
    factory: &dyn EncoderFactory,
    container: Container,
    segments: Option<u64>,
) -> Vec<u8> {
    let video = video(pictures, factory);
    let settings = EncoderSettings::new(video.size, video.frame_rate, SEGMENT);
    let about = AnimationSettings::new(video, container).with_plays(NonZeroU16::new(3));
    let mut writer = AnimationWriter::new(Cursor::new(Vec::new()), about).unwrap();
    for segment in (0..segments.unwrap_or(video.plan.segments())).map(SegmentIndex) {
        let mut encoder = factory.begin_segment(&settings, segment).unwrap();
        let (mut data, mut units) = (Vec::new(), Vec::new());
        for frame in video.plan.frames_of(segment) {
            let picture = RgbaPicture {
                size: video.size,
                pixels: Plane { data: &pictures.frames[frame as usize], stride: SIZE.0 as usize * 4 },
                has_alpha: pictures.has_alpha,
            };
            units.push(encoder.encode_rgba(&picture, &mut data).unwrap().unwrap());
        }
        writer.write_segment(segment, &encoder.codec_config().unwrap(), &data, &units).unwrap();
    }
    let (file, bytes) = match segments {
        None => writer.finish().unwrap(),
        Some(_) => writer.finish_early().unwrap(),
    };
    assert_eq!(file.get_ref().len() as u64, bytes);
    file.into_inner()
}

fn decoded_by_ffmpeg(file: &[u8]) -> Vec<Vec<u8>> {
    // Its reader of GIF files seeks.
    let mut seekable = tempfile::NamedTempFile::new().unwrap();
    seekable.write_all(file).unwrap();
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-xerror", "-i"]).arg(seekable.path());
    ffmpeg.args(["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "-"]);
    let output = ffmpeg.output().expect("the tests need ffmpeg: apt install ffmpeg");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact((SIZE.0 * SIZE.1 * 4) as usize).map(<[u8]>::to_vec).collect()
}

/// The frames are decoded by `image-webp` and laid over each other here, because it rounds what it blends.
fn decoded_by_image_webp(file: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file)).unwrap();
    assert!(decoder.is_animated() && decoder.has_alpha() && !decoder.is_lossy());
    assert!(matches!(decoder.loop_count(), image_webp::LoopCount::Times(plays) if plays.get() == 3));
    let mut rounded = vec![0; decoder.output_buffer_size().unwrap()];
    let mut canvas = rounded.clone();
    let mut frames = Vec::new();
    for frame in
        chunks(&file[12..]).into_iter().filter(|(name, _)| name == b"ANMF").map(|(_, content)| content)
    {
        assert_eq!(decoder.read_frame(&mut rounded).unwrap(), 40);
        let number = |at: usize| {
            frame[at..at + 3].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
        };
        let (left, top, width) = (number(0) * 2, number(3) * 2, number(6) + 1);
        let still = [&b"RIFF"[..], &(frame.len() as u32 - 12).to_le_bytes(), b"WEBP", &frame[16..]].concat();
        for (at, pixel) in decoded_still(&still).into_iter().enumerate() {
            let place = ((top + at / width) * SIZE.0 as usize + left + at % width) * 4;
            let blends = frame[15] & 2 == 0;
            assert!(!blends || [0, 255].contains(&pixel[3]));
            if !blends || pixel[3] == 255 {
                canvas[place..place + 4].copy_from_slice(&pixel);
            }
        }
        assert!(canvas.iter().zip(&rounded).all(|(exact, rounded)| exact.abs_diff(*rounded) <= 1));
        frames.push(canvas.clone());
    }
    assert_eq!(frames.len(), decoder.num_frames() as usize);
    frames
}

fn decoded_still(file: &[u8]) -> Vec<[u8; 4]> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file)).unwrap();
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    match decoder.has_alpha() {
        true => pixels.as_chunks().0.to_vec(),
        false => {
            pixels.as_chunks::<3>().0.iter().map(|[red, green, blue]| [*red, *green, *blue, 255]).collect()
        }
    }
}

/// The chunks of a RIFF file: name and content.
fn chunks(mut rest: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut chunks = Vec::new();
    while let Some((head, behind)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes(head[4..].try_into().unwrap()) as usize;
        chunks.push((head[..4].try_into().unwrap(), &behind[..length]));
        rest = &behind[length + length % 2..];
    }
    chunks
}

/// Pixels that are transparent have no colour.
fn same(found: &[Vec<u8>], expected: &[Vec<u8>]) -> bool {
    let pixels = |picture: &[u8]| -> Vec<[u8; 4]> {
        let pixels = picture.as_chunks::<4>().0.iter();
        pixels.map(|pixel| if pixel[3] == 0 { [0; 4] } else { *pixel }).collect()
    };
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| pixels(found) == pixels(&straight(expected)))
}

#[test]
fn other_decoders_see_every_picture_as_it_was() {
    let patch = (
        0..SIZE.0,
        0..SIZE.1,
        1_u32..30,
        1_u32..30,
        0..COLORS.len(),
        prop_oneof![Just(0), Just(255), any::<u8>()],
    );
    // Some pictures are as the ones before.
    let patches = prop::collection::vec(prop::collection::vec(patch, 0..3), 1..11);
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&(patches, any::<bool>()), |(patches, has_alpha)| {
        let pictures = pictures(&patches, has_alpha);
        let apng = file(&pictures, &LosslessFactory::APNG, Container::Apng, None);
        prop_assert!(same(&decoded_by_ffmpeg(&apng), &pictures.frames), "APNG");
        let webp = file(&pictures, &LosslessFactory::WEBP, Container::WebP, None);
        prop_assert!(same(&decoded_by_image_webp(&webp), &pictures.frames), "WebP");
        if !has_alpha {
            let gif = file(&pictures, &GifFactory, Container::Gif, None);
            prop_assert!(same(&decoded_by_ffmpeg(&gif), &pictures.frames), "GIF");
        }
        Ok(())
    });
    result.unwrap();
}

/// Ten pictures with something new in each.
fn ten() -> Pictures {
    let patches: Vec<Vec<Patch>> =
        (0..10).map(|frame| vec![(frame * 5, frame * 3, 9, 7, frame as usize % 6, 255)]).collect();
    pictures(&patches, false)
}

#[test]
fn a_file_that_is_ended_early_has_the_pictures_so_far() {
    let pictures = ten();
    let expected = &pictures.frames[..8];
    let apng = file(&pictures, &LosslessFactory::APNG, Container::Apng, Some(2));
    assert!(same(&decoded_by_ffmpeg(&apng), expected));
    let png = png::Decoder::new(Cursor::new(&apng)).read_info().unwrap();
    let control = png.info().animation_control().unwrap();
    assert_eq!((control.num_frames, control.num_plays), (8, 3));
    assert!(same(&decoded_by_ffmpeg(&file(&pictures, &GifFactory, Container::Gif, Some(2))), expected));
    let webp = file(&pictures, &LosslessFactory::WEBP, Container::WebP, Some(2));
    assert!(same(&decoded_by_image_webp(&webp), expected));
    assert_eq!(u32::from_le_bytes(webp[4..8].try_into().unwrap()) as usize, webp.len() - 8);
}

#[test]
fn what_is_no_animation_is_refused() {
    let pictures = ten();
    let about = AnimationSettings::new(video(&pictures, &GifFactory), Container::Apng);
    let error = AnimationWriter::new(Cursor::new(Vec::new()), about).unwrap_err();
    assert!(matches!(&error, MuxError::Codec { .. }), "{error}");
    let about = AnimationSettings::new(video(&pictures, &GifFactory), Container::Mp4);
    assert!(AnimationWriter::new(Cursor::new(Vec::new()), about).is_err());

    // Access units that lie beyond the edge, or are none.
    let video = video(&pictures, &GifFactory);
    let config = wgpu_video::encode::CodecConfig::new(video.codec, []);
    let unit = wgpu_video::encode::AccessUnit::new(10, true);
    for (first, is_good) in
        [([0, 0, 0, 0, 66, 0, 64, 0, 0, 1], true), ([1, 0, 0, 0, 66, 0, 64, 0, 0, 1], false)]
    {
        let about = AnimationSettings::new(video, Container::Gif);
        let mut writer = AnimationWriter::new(Cursor::new(Vec::new()), about).unwrap();
        let written = writer.write_segment(SegmentIndex(0), &config, &first.repeat(4), &[unit; 4]);
        assert_eq!(written.is_ok(), is_good, "{written:?}");
        assert!(writer.finish().is_err());
    }
    // More frames than an APNG can count.
    let plan = SegmentPlan::new(NonZeroU64::new((1 << 30) + 1).unwrap(), NonZeroU32::MIN);
    let long = VideoTrack::new(video.size, video.frame_rate, plan, LosslessFactory::APNG.codec());
    let about = AnimationSettings::new(long, Container::Apng);
    let error = AnimationWriter::new(Cursor::new(Vec::new()), about).unwrap_err();
    assert!(error.to_string().contains("MP4"), "{error}");
}
