//! The H.264 encoder, checked by two independent decoders: both must show exactly the pictures that it says they will.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(unsafe_code, reason = "openh264's decoder is C++")]

#[path = "support/content.rs"]
mod content;
#[path = "support/decoders.rs"]
mod decoders;
#[path = "support/fuzz_body.rs"]
mod fuzz_body;

use content::{Content, OwnedPicture};
use proptest::prelude::*;
use std::collections::BTreeMap;
use strikeline_h264::{CodedPictures, Effort, EntropyCoding, H264Encoder, H264Settings, Qp, ReferenceCount};
use strikeline_picture::{
    FrameChange, FrameRate, PictureSize, Rectangle, Scroll, SegmentIndex, UnchangedSamples,
};

/// Segments of one size, one after the other.
struct TestVideo {
    size: PictureSize,
    /// With start codes.
    stream: Vec<u8>,
    /// All reconstructed planes.
    reconstruction: Vec<u8>,
}

/// One segment.
struct TestSegment<'a> {
    video: &'a mut TestVideo,
    encoder: H264Encoder,
    unit: Vec<u8>,
    frames: usize,
    decoded: usize,
    /// How many were decoded later than they would be shown without reordering: of a group, the first and the last B picture.
    late: usize,
    /// Planes by their place in the order of showing.
    shown: BTreeMap<usize, Vec<u8>>,
}

impl TestVideo {
    fn new(width: u32, height: u32) -> TestVideo {
        let size = PictureSize::new(width, height).unwrap();
        TestVideo { size, stream: Vec::new(), reconstruction: Vec::new() }
    }

    fn segment(&mut self, qp: u8, references: u32, entropy_coding: EntropyCoding) -> TestSegment<'_> {
        self.segment_of(qp, references, entropy_coding, Effort::Fast)
    }

    fn segment_of(
        &mut self,
        qp: u8,
        references: u32,
        entropy_coding: EntropyCoding,
        effort: Effort,
    ) -> TestSegment<'_> {
        let settings = H264Settings::new(self.size, FrameRate::new(60, 1).unwrap())
            .with_qp(Qp::new(qp).unwrap())
            .with_references(ReferenceCount::clamped(references))
            .with_entropy_coding(entropy_coding)
            .with_effort(effort);
        let mut encoder = H264Encoder::new(&settings, SegmentIndex(0)).unwrap();
        encoder.keep_reconstructions();
        let shown = BTreeMap::new();
        TestSegment { video: self, encoder, unit: Vec::new(), frames: 0, decoded: 0, late: 0, shown }
    }

    /// Has both decoders check the stream.
    fn check(&self, what: &str) {
        if let Some(decoded) = decoders::ffmpeg(&self.stream) {
            self.compare(decoded, &format!("{what}, ffmpeg"));
        }
        self.compare(decoders::openh264(&self.stream), &format!("{what}, openh264"));
    }

    fn compare(&self, decoded: Result<Vec<u8>, String>, what: &str) {
        let decoded = decoded.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(decoded.len(), self.reconstruction.len(), "{what}: bytes of pictures");
        let different = decoded.iter().zip(&self.reconstruction).position(|(a, b)| a != b);
        let picture = self.size.width() as usize * self.size.height() as usize * 3 / 2;
        assert_eq!(
            different.map(|at| (at / picture, at % picture)),
            None,
            "{what}: picture and byte that differ"
        );
    }
}

impl TestSegment<'_> {
    fn encode(&mut self, frame: &OwnedPicture, change: &FrameChange) {
        self.unit.clear();
        let coded = self.encoder.encode(&frame.picture(), change, &mut self.unit).unwrap();
        self.take(coded);
        self.frames += 1;
    }

    /// Takes what a call has coded.
    fn take(&mut self, coded: CodedPictures) {
        let mut units = self.unit.as_slice();
        for (picture, (luma, chroma)) in coded.iter().zip(self.encoder.take_reconstructions()) {
            assert_eq!(picture.idr, self.decoded == 0);
            if picture.idr {
                let sets = self.encoder.parameter_sets();
                for set in [&sets.sps, &sets.pps] {
                    self.video.stream.extend_from_slice(&[0, 0, 0, 1]);
                    self.video.stream.extend_from_slice(set);
                }
            }
            let (unit, rest) = units.split_at(picture.bytes);
            assert_eq!(unit[..4], (unit.len() as u32 - 4).to_be_bytes());
            self.video.stream.extend_from_slice(&[0, 0, 0, 1]);
            self.video.stream.extend_from_slice(&unit[4..]);
            units = rest;
            let place = (self.decoded as i32 + picture.delay) as usize;
            self.shown.insert(place, [luma, chroma].concat());
            self.late += usize::from(picture.delay < 0);
            self.decoded += 1;
        }
        assert!(units.is_empty(), "bytes that no picture has");
    }

    /// After the last picture. Returns how many were late.
    fn finish(mut self) -> usize {
        self.unit.clear();
        let coded = self.encoder.finish(&mut self.unit).unwrap();
        self.take(coded);
        assert_eq!((self.decoded, self.shown.len()), (self.frames, self.frames), "pictures");
        let places: Vec<usize> = self.shown.keys().copied().collect();
        assert_eq!(places, (0..self.frames).collect::<Vec<_>>(), "each picture is shown once");
        std::mem::take(&mut self.shown).into_values().for_each(|picture| {
            self.video.reconstruction.extend_from_slice(&picture);
        });
        self.late
    }

    /// Encodes `count` pictures of some content, with a given scroll.
    fn show(&mut self, content: Content, count: usize, quarters: usize, scroll: Option<Scroll>) {
        for _ in 0..count {
            let frame = content.frame(self.video.size, self.frames, quarters);
            self.encode(&frame, &FrameChange::UNKNOWN.with_scroll(scroll));
        }
    }
}

const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Balanced, Effort::Small];

const BOTH: [EntropyCoding; 2] = [EntropyCoding::Cabac, EntropyCoding::Cavlc];

#[test]
fn every_qp_and_content_is_decoded_exactly() {
    for (width, height) in [(64, 64), (66, 98), (176, 144)] {
        let mut video = TestVideo::new(width, height);
        for qp in 0..=51u8 {
            for (kind, content) in Content::ALL.into_iter().enumerate() {
                let coding = BOTH[(usize::from(qp) / 2 + kind) % 2];
                let effort = EFFORTS[(usize::from(qp) + kind) % 3];
                let mut segment = video.segment_of(qp, 1 + u32::from(qp % 3), coding, effort);
                segment.show(content, 4, 28, Some(Scroll::whole(0, 7)));
                segment.finish();
            }
        }
        video.check(&format!("{width}x{height}"));
    }
}

#[test]
fn common_and_large_sizes_with_cuts_are_decoded_exactly() {
    for (width, height, frames) in [(1366, 768, 2), (1920, 1080, 2), (3840, 2160, 1)] {
        let mut video = TestVideo::new(width, height);
        for coding in BOTH {
            let mut segment = video.segment(30, 2, coding);
            for content in [Content::Boxes, Content::Waves, Content::Boxes] {
                segment.show(content, frames, 32, None);
            }
            segment.finish();
        }
        video.check(&format!("{width}x{height}"));
    }
}

#[test]
fn pictures_of_the_highest_level_are_decoded_exactly() {
    let mut video = TestVideo::new(8192, 4320);
    let mut segment = video.segment(30, 1, EntropyCoding::Cabac);
    segment.show(Content::Gradient, 1, 0, None);
    segment.finish();
    if let Some(decoded) = decoders::ffmpeg(&video.stream) {
        video.compare(decoded, "8192x4320");
    }
}

#[test]
fn boxes_at_any_speed_are_decoded_exactly_with_and_without_hints() {
    let mut video = TestVideo::new(176, 144);
    for quarters in [1, 4, 8, 16, 27, 28, 29, 32, 64, 200] {
        let right = Scroll { dx: 0, dy: quarters, denominator: 4 };
        let wrong = Scroll { dx: 40, dy: -quarters, denominator: 3 };
        for scroll in [None, Some(right), Some(wrong)] {
            for references in [1, 4] {
                let mut segment = video.segment(26, references, EntropyCoding::Cabac);
                segment.show(Content::Boxes, 8, quarters as usize, scroll);
                segment.finish();
            }
        }
    }
    video.check("boxes");
}

#[test]
fn byte_streams_of_annex_b_are_decoded_exactly() {
    let mut video = TestVideo::new(176, 144);
    let settings = H264Settings::new(video.size, FrameRate::new(60, 1).unwrap());
    for segment in 0..2 {
        let mut encoder = H264Encoder::new(&settings, SegmentIndex(segment)).unwrap();
        let mut sized = H264Encoder::new(&settings, SegmentIndex(segment)).unwrap();
        for number in 0..4 {
            let frame = Content::Boxes.frame(video.size, number, 32);
            let (before, mut unit) = (video.stream.len(), Vec::new());
            let coded =
                encoder.encode_annex_b(&frame.picture(), &FrameChange::UNKNOWN, &mut video.stream).unwrap();
            assert_eq!(coded.bytes(), video.stream.len() - before);
            assert_eq!(coded.iter().map(|picture| picture.idr).collect::<Vec<_>>(), [number == 0]);
            sized.encode(&frame.picture(), &FrameChange::UNKNOWN, &mut unit).unwrap();
            assert!(video.stream.ends_with(&unit[4..]));
            let (luma, chroma) = encoder.reconstruction();
            video.reconstruction.extend_from_slice(&luma);
            video.reconstruction.extend_from_slice(&chroma);
        }
    }
    video.check("byte stream");
}

#[test]
fn moving_textures_are_decoded_exactly_with_every_effort() {
    for (width, height) in [(64, 64), (146, 98), (320, 192)] {
        let mut video = TestVideo::new(width, height);
        for effort in EFFORTS {
            for (qp, quarters) in [(4, 5), (14, 11), (24, 3), (30, 26), (38, 70), (51, 7)] {
                let coding = BOTH[usize::from(qp) / 2 % 2];
                for content in [Content::Waves, Content::FallingNoise, Content::Drift, Content::Fade] {
                    let mut segment = video.segment_of(qp, 1, coding, effort);
                    segment.show(content, 6, quarters, None);
                    segment.finish();
                }
            }
        }
        video.check(&format!("moving textures, {width}x{height}"));
    }
}

#[test]
fn groups_of_b_pictures_of_every_length_are_decoded_exactly() {
    for effort in [Effort::Balanced, Effort::Small] {
        let mut video = TestVideo::new(176, 144);
        for (qp, references) in [(4, 1), (27, 3), (40, 5)] {
            for content in [Content::Drift, Content::Waves, Content::Fade, Content::Noise] {
                // The IDR picture, two groups, and what is left at the end.
                for rest in 0..4 {
                    let mut segment = video.segment_of(qp, references, EntropyCoding::Cabac, effort);
                    segment.show(content, 9 + rest, 9, None);
                    let late = segment.finish();
                    let most = 4 + rest.saturating_sub(1);
                    let least = match content {
                        Content::Noise => most,
                        Content::Fade => 0,
                        _ => 2,
                    };
                    assert!((least..=most).contains(&late), "{content:?}, {rest}: {late}");
                }
                // Much changes, then nothing, then much again.
                let mut segment = video.segment_of(qp, references, EntropyCoding::Cabac, effort);
                segment.show(content, 7, 9, None);
                let still = content.frame(segment.video.size, 6, 9);
                (0..14).for_each(|_| segment.encode(&still, &FrameChange::UNKNOWN));
                segment.show(Content::Boxes, 5, 32, None);
                segment.show(content, 11, 9, None);
                assert!(segment.finish() > 2 || content == Content::Fade);
            }
        }
        video.check(&format!("groups, {effort:?}"));
    }
}

#[test]
fn what_stands_still_beside_what_moves_is_decoded_exactly_in_b_pictures() {
    for effort in [Effort::Balanced, Effort::Small] {
        let mut video = TestVideo::new(320, 192);
        for (qp, quarters) in [(12, 9), (24, 30), (34, 60)] {
            let mut segment = video.segment_of(qp, 1, EntropyCoding::Cabac, effort);
            let still = Content::Drift.frame(segment.video.size, 0, quarters);
            for number in 0..17 {
                // Of every three columns of macroblocks two move, as one that stands still is skipped by the motion beside it.
                let mut frame = Content::Drift.frame(segment.video.size, number, quarters);
                let stands = |at: usize| at % 320 / 16 % 3 == 2;
                let planes = [(&mut frame.luma, &still.luma), (&mut frame.chroma, &still.chroma)];
                for (plane, still) in planes {
                    let samples = plane.iter_mut().zip(still).enumerate();
                    samples.filter(|(at, _)| stands(*at)).for_each(|(_, (to, from))| *to = *from);
                }
                segment.encode(&frame, &FrameChange::UNKNOWN);
            }
            assert!(segment.finish() > 0);
        }
        video.check(&format!("{effort:?}"));
    }
}

#[test]
fn fades_take_few_bytes_and_are_decoded_exactly() {
    let bytes = |content: Content, effort: Effort| {
        let mut video = TestVideo::new(320, 192);
        let mut segment = video.segment_of(26, 1, EntropyCoding::Cabac, effort);
        segment.show(content, 34, 2, None);
        segment.finish();
        video.check(&format!("{content:?}, {effort:?}"));
        video.stream.len()
    };
    for effort in [Effort::Balanced, Effort::Small] {
        let saved = bytes(Content::Drift, effort) as f64 / bytes(Content::Drift, Effort::Fast) as f64;
        let saved_in_fade = bytes(Content::Fade, effort) as f64 / bytes(Content::Fade, Effort::Fast) as f64;
        assert!(saved_in_fade < 0.7 * saved, "{effort:?}: {saved_in_fade:.2}, without a fade {saved:.2}");
    }
}

/// Bytes of forty pictures of boxes, after the first two, and the sum of the squared errors of their luma.
fn cost_of_boxes(scroll: Option<Scroll>, quarters: usize, references: u32) -> (usize, u64) {
    let mut video = TestVideo::new(320, 192);
    let mut segment = video.segment(26, references, EntropyCoding::Cabac);
    segment.show(Content::Boxes, 2, quarters, scroll);
    let before = segment.video.stream.len();
    segment.show(Content::Boxes, 40, quarters, scroll);
    segment.finish();
    let errors = (2..42).map(|number| {
        let frame = Content::Boxes.frame(video.size, number, quarters);
        let (luma, coded) = (frame.picture().luma, &video.reconstruction[number * 320 * 192 * 3 / 2..]);
        let pairs = luma.data.chunks(luma.stride).zip(coded.chunks(320)).take(192);
        let squares = pairs.flat_map(|(row, coded)| row[..320].iter().zip(coded));
        squares.map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2)).sum::<u64>()
    });
    (video.stream.len() - before, errors.sum())
}

#[test]
fn an_even_scroll_is_found_when_none_is_given() {
    let (given, _) = cost_of_boxes(Some(Scroll::whole(0, 8)), 32, 1);
    let (found, _) = cost_of_boxes(None, 32, 1);
    // Until it is found, more is coded.
    assert!(found <= given * 3 / 2, "given {given}, found {found}");
}

#[test]
fn an_older_picture_in_which_the_scroll_is_whole_saves_bytes_and_errors() {
    let scroll = Some(Scroll::whole(0, 7));
    let (one, two) = (cost_of_boxes(scroll, 28, 1), cost_of_boxes(scroll, 28, 2));
    assert!(two.0 < one.0 && two.1 * 20 < one.1 * 19, "one {one:?}, two {two:?}");
}

#[test]
fn noise_at_the_finest_quality_stays_within_the_limit_of_bits() {
    for coding in BOTH {
        let mut video = TestVideo::new(176, 144);
        let mut segment = video.segment(0, 1, coding);
        for content in [Content::Noise, Content::Black, Content::FallingNoise] {
            segment.show(content, 1, 8, None);
            // 3200 bits per macroblock, and emulation prevention, which noise hardly needs.
            assert!(segment.unit.len() < 99 * 402, "{coding:?}: {} bytes", segment.unit.len());
        }
        segment.finish();
        video.check("noise");
    }
}

#[test]
fn what_does_not_change_converges_and_then_costs_almost_nothing() {
    let mut video = TestVideo::new(320, 192);
    let mut segment = video.segment(30, 1, EntropyCoding::Cabac);
    segment.show(Content::Boxes, 5, 13, None);
    let still = Content::Boxes.frame(segment.video.size, 4, 13);
    let error = |segment: &TestSegment<'_>| -> u64 {
        let (luma, _) = segment.encoder.reconstruction();
        luma.iter().zip(&still.luma).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
    };
    let before = error(&segment);
    for _ in 0..4 {
        segment.encode(&still, &FrameChange::UNKNOWN);
    }
    assert!(error(&segment) * 16 < before * 15, "{before}, then {}", error(&segment));
    segment.encode(&still, &FrameChange::UNKNOWN);
    assert!(segment.unit.len() < 20, "{}", segment.unit.len());
    for _ in 0..40 {
        segment.encode(&still, &FrameChange::UNKNOWN);
    }
    assert!(error(&segment) * 3 < before, "{before}, finally {}", error(&segment));
    segment.finish();
    video.check("a still");
}

#[test]
fn right_changed_rectangles_change_no_byte() {
    let frame = |size, number: usize| {
        let inside = move |x: usize, y: usize| (40..60).contains(&x) && (20 + number * 2..50).contains(&y);
        OwnedPicture::new(size, move |x, y| if inside(x, y) { 180 } else { (x + y) as u8 }, |_, _| 128)
    };
    let streams = [true, false].map(|given| {
        let mut video = TestVideo::new(160, 96);
        let mut segment = video.segment(24, 1, EntropyCoding::Cabac);
        for number in 0..6 {
            let parts = vec![Rectangle { left: 40, top: 18, right: 60, bottom: 50 }];
            let change = if given && number > 0 { FrameChange::within(parts) } else { FrameChange::UNKNOWN };
            segment.encode(&frame(segment.video.size, number), &change);
        }
        segment.finish();
        video.check("changed rectangles");
        video.stream
    });
    assert!(streams[0] == streams[1]);
}

/// One change of a picture: its kind, a value, and where it is and how large, in macroblocks.
type Edit = (u8, u8, (u32, u32), (u32, u32));

/// Applies it. Returns the rectangle that has changed.
fn edit(
    frame: &mut OwnedPicture,
    size: PictureSize,
    (kind, value, (column, row), (columns, rows)): Edit,
) -> Rectangle {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let (left, top) = (column % size.width().div_ceil(16) * 16, row % size.height().div_ceil(16) * 16);
    let (right, bottom) = ((left + columns * 16).min(size.width()), (top + rows * 16).min(size.height()));
    let before = frame.clone();
    // Kinds 1 and 2 move samples down by 8 rows.
    let sample = |plane: &[u8], x: usize, y: usize, step: usize| match kind {
        0 => value,
        1 | 2 => plane[y.saturating_sub(step) * width + x],
        3 => (x * 7 + y * 3) as u8 ^ value,
        4 => plane[y * width + x].wrapping_add(value % 3),
        _ => (x as u8).wrapping_mul(value).wrapping_add(y as u8),
    };
    for y in top as usize..(bottom as usize).min(height) {
        for x in left as usize..right as usize {
            frame.luma[y * width + x] = sample(&before.luma, x, y, 8);
            if y % 2 == 0 {
                frame.chroma[y / 2 * width + x] = sample(&before.chroma, x, y / 2, 4);
            }
        }
    }
    Rectangle { left, top, right, bottom }
}

/// The pictures hold the changed rectangles only. Some of what these cover has not changed.
#[test]
fn the_changed_rectangles_alone_make_the_bytes_of_whole_pictures() {
    let cases = if cfg!(debug_assertions) { 60 } else { 400 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let edits = prop::collection::vec((0..6u8, any::<u8>(), (0..12u32, 0..12u32), (1..6u32, 1..6u32)), 0..4);
    let sizes = prop::sample::select(vec![(64, 64), (98, 66), (160, 96), (176, 146)]);
    let pictures = prop::collection::vec((edits, 1..5usize), 1..14);
    let scrolls = prop::sample::select(vec![None, Some(8), Some(7), Some(-16)]);
    let efforts = prop::sample::select(EFFORTS.to_vec());
    proptest!(config, |((width, height) in sizes, pictures in pictures, scroll in scrolls, refs in 1..5u32, qp in 8..40u8, effort in efforts)| {
        let scroll = scroll.map(|pixels| Scroll::whole(0, pixels));
        let (mut whole, mut parts) = (TestVideo::new(width, height), TestVideo::new(width, height));
        let size = whole.size;
        let mut plain = whole.segment_of(qp, refs, EntropyCoding::Cabac, effort);
        let mut partial = parts.segment_of(qp, refs, EntropyCoding::Cabac, effort);
        let mut frame = Content::Boxes.frame(size, 3, 16);
        plain.encode(&frame, &FrameChange::UNKNOWN.with_scroll(scroll));
        partial.encode(&frame, &FrameChange::UNKNOWN.with_scroll(scroll));
        for (number, (edits, repeats)) in pictures.into_iter().enumerate() {
            let mut rectangles: Vec<_> = edits.into_iter().map(|part| edit(&mut frame, size, part)).collect();
            for _ in 0..repeats {
                plain.encode(&frame, &FrameChange::UNKNOWN.with_scroll(scroll));
                let change = FrameChange::within(rectangles.clone())
                    .with_unchanged_samples(UnchangedSamples::Undefined)
                    .with_scroll(scroll);
                partial.encode(&frame.only(&rectangles, number), &change);
                // Rectangles may be given for longer than they change, and need not be.
                rectangles.truncate(number % 3);
            }
        }
        plain.finish();
        partial.finish();
        prop_assert!(whole.stream == parts.stream);
        if whole.stream.len() % 8 == 0 {
            whole.check("pictures in parts");
        }
    });
}

/// A bounded run of the fuzz target's body, and more: openh264 judges every stream. `STRIKELINE_CASES` is how many there are.
#[test]
fn arbitrary_pictures_and_hints_are_decoded_exactly() {
    let usual = if cfg!(debug_assertions) { 600 } else { 3000 };
    let cases = std::env::var("STRIKELINE_CASES").map_or(usual, |cases| cases.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(bytes in prop::collection::vec(any::<u8>(), 0..300))| {
        let coded = fuzz_body::run(&bytes);
        let decoded = decoders::openh264(&coded.stream);
        prop_assert!(decoded.as_ref() == Ok(&coded.reconstruction), "{:?}", decoded.err());
    });
}

/// Inputs of the fuzz target's body that were decoded otherwise once.
#[test]
fn inputs_that_were_coded_wrongly_are_decoded_exactly() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let coded = fuzz_body::run(&std::fs::read(&path).unwrap());
        let decoded = [Some(decoders::openh264(&coded.stream)), decoders::ffmpeg(&coded.stream)];
        for decoded in decoded.into_iter().flatten() {
            assert!(decoded.as_ref() == Ok(&coded.reconstruction), "{}", path.display());
        }
    }
}
