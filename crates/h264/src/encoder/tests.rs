//! Tests that need the encoder's private fields. In `tests/encoder.rs` decoders check the whole encoder.

use super::*;
use crate::settings::{Qp, ReferenceCount};
use crate::simd::Instructions;
use strikeline_picture::{ChangedArea, FrameRate, PictureSize, Plane, Rectangle};

/// Planes that own their samples.
#[derive(Clone)]
struct OwnedPicture {
    size: PictureSize,
    stride: usize,
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl OwnedPicture {
    /// From functions of column and row; chroma's column counts bytes.
    fn new(
        (width, height): (u32, u32),
        padding: usize,
        luma: impl Fn(usize, usize) -> u8,
        chroma: impl Fn(usize, usize) -> u8,
    ) -> OwnedPicture {
        let size = PictureSize::new(width, height).unwrap();
        let stride = width as usize + padding;
        let plane = |rows: usize, value: &dyn Fn(usize, usize) -> u8| {
            (0..rows * stride - padding).map(|index| value(index % stride, index / stride)).collect()
        };
        let rows = height as usize;
        OwnedPicture { size, stride, luma: plane(rows, &luma), chroma: plane(rows / 2, &chroma) }
    }

    fn picture(&self) -> Picture<'_> {
        let plane = |data| Plane { data, stride: self.stride };
        Picture::nv12(self.size, plane(&self.luma), plane(&self.chroma))
    }
}

fn noise(seed: usize) -> u8 {
    let mixed = (seed as u64 ^ 0x5851_F42D).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8
}

/// Kinds of content, each with something that moves by `speed` quarters of a sample per frame.
fn frame(kind: u8, size: (u32, u32), padding: usize, number: usize, speed: usize) -> OwnedPicture {
    let moved = number * speed / 4;
    match kind {
        0 => OwnedPicture::new(
            size,
            padding,
            |x, y| noise(x * 7919 + y * 31 + number),
            |x, y| noise(x + y * 977 + number),
        ),
        1 => OwnedPicture::new(
            size,
            padding,
            |x, y| (x * 2 + y + number) as u8,
            |x, y| (x ^ (y + number)) as u8,
        ),
        2 => {
            // Boxes that fall over a gradient.
            let inside = |x: usize, y: usize| (y + 1000 * 48 - moved) % 48 < 18 && x % 40 < 26;
            OwnedPicture::new(
                size,
                padding,
                |x, y| if inside(x, y) { 200 - (x % 40) as u8 } else { 20 + (y / 8) as u8 },
                |x, y| if inside(x / 2 * 2, y * 2) { 90 + (x % 2) as u8 * 70 } else { 128 },
            )
        }
        3 => OwnedPicture::new(
            size,
            padding,
            |x, y| noise(x * 31 + (y + 9999 - moved) * 7919),
            |x, y| noise(x + y * 499),
        ),
        4 => OwnedPicture::new(size, padding, |_, _| if number % 5 < 2 { 16 } else { 235 }, |_, _| 128),
        _ => {
            let wave = |position: f64| (128.0 + 100.0 * (position / 9.0).sin()) as u8;
            let shift = number as f64 * speed as f64 / 4.0;
            OwnedPicture::new(
                size,
                padding,
                |x, y| wave(x as f64 * 0.7 + y as f64 - shift),
                |x, y| wave((x / 2) as f64 * 1.4 + y as f64 * 2.0 - shift + 7.0 * (x % 2) as f64),
            )
        }
    }
}

/// A segment at some QP, and its access units.
struct TestSegment {
    encoder: H264Encoder,
    stream: Vec<u8>,
}

impl TestSegment {
    fn new(qp: u8, references: u32, entropy_coding: EntropyCoding) -> TestSegment {
        TestSegment::of_size((176, 144), qp, references, entropy_coding)
    }

    fn of_size(
        (width, height): (u32, u32),
        qp: u8,
        references: u32,
        entropy_coding: EntropyCoding,
    ) -> TestSegment {
        let settings =
            H264Settings::new(PictureSize::new(width, height).unwrap(), FrameRate::new(60, 1).unwrap())
                .with_qp(Qp::new(qp).unwrap())
                .with_references(ReferenceCount::clamped(references))
                .with_entropy_coding(entropy_coding);
        TestSegment { encoder: H264Encoder::new(&settings, SegmentIndex(0)).unwrap(), stream: Vec::new() }
    }

    fn encode(&mut self, frame: &OwnedPicture, change: &FrameChange) {
        self.encoder.encode(&frame.picture(), change, &mut self.stream).unwrap();
    }
}

#[test]
fn all_instruction_sets_make_the_same_bytes() {
    for kind in 0..6 {
        for (qp, coding) in
            [(0, EntropyCoding::Cavlc), (24, EntropyCoding::Cabac), (40, EntropyCoding::Cabac)]
        {
            for scroll in [None, Some(Scroll::whole(0, 7))] {
                let mut best = TestSegment::new(qp, 2, coding);
                let mut baseline = TestSegment::new(qp, 2, coding);
                baseline.encoder.instructions = Instructions::Baseline;
                for number in 0..8 {
                    let frame = frame(kind, (176, 144), 0, number, 30);
                    let change = FrameChange::UNKNOWN.with_scroll(scroll);
                    best.encode(&frame, &change);
                    baseline.encode(&frame, &change);
                }
                assert!(best.stream == baseline.stream, "content {kind} at QP {qp}, scroll {scroll:?}");
            }
        }
    }
}

#[test]
fn padding_after_each_row_changes_no_byte() {
    let (mut tight, mut padded) =
        (TestSegment::new(26, 1, EntropyCoding::Cabac), TestSegment::new(26, 1, EntropyCoding::Cabac));
    for number in 0..4 {
        tight.encode(&frame(2, (176, 144), 0, number, 32), &FrameChange::UNKNOWN);
        padded.encode(&frame(2, (176, 144), 40, number, 32), &FrameChange::UNKNOWN);
    }
    assert!(tight.stream == padded.stream);
}

#[test]
fn an_unchanged_picture_costs_almost_nothing() {
    let mut run = TestSegment::new(24, 1, EntropyCoding::Cabac);
    let still = frame(1, (176, 144), 0, 0, 0);
    run.encode(&still, &FrameChange::UNKNOWN);
    let before = run.stream.len();
    run.encode(&still, &FrameChange::UNKNOWN);
    assert!(run.stream.len() - before < 20, "{} bytes", run.stream.len() - before);
}

#[test]
fn pictures_that_do_not_fit_are_refused() {
    let mut run = TestSegment::new(24, 1, EntropyCoding::Cabac);
    let other = frame(1, (176, 146), 0, 0, 0);
    assert!(run.encoder.encode(&other.picture(), &FrameChange::UNKNOWN, &mut Vec::new()).is_err());
    let frame = frame(1, (176, 144), 0, 0, 0);
    let mut short = frame.picture();
    short.chroma.data = &short.chroma.data[1..];
    assert!(run.encoder.encode(&short, &FrameChange::UNKNOWN, &mut Vec::new()).is_err());
    short.chroma = Plane { data: &frame.chroma, stride: usize::MAX };
    assert!(run.encoder.encode(&short, &FrameChange::UNKNOWN, &mut Vec::new()).is_err());
    assert!(run.encoder.encode(&frame.picture(), &FrameChange::UNKNOWN, &mut Vec::new()).is_ok());
}

/// Noise that falls by 8.
fn falling(size: (u32, u32), number: usize) -> OwnedPicture {
    let at = |x: usize, y: usize, moved: usize| noise(x * 31 + (y + 9999 - moved) * 7919);
    OwnedPicture::new(size, 0, |x, y| at(x, y, number * 8), |x, y| at(x, y, number * 4))
}

#[test]
fn a_given_scroll_is_used_only_if_something_moves_by_it() {
    let size = (640, 352);
    let whole = |dx, dy| Some(Scroll::whole(dx, dy));
    let mut run = TestSegment::of_size(size, 26, 1, EntropyCoding::Cabac);
    run.encode(&falling(size, 10), &FrameChange::UNKNOWN);
    run.encoder.history.begin_picture(1);
    let mut find = |next: &OwnedPicture, scroll: Option<Scroll>, changed: ChangedArea| {
        run.encoder.found_scroll = None;
        run.encoder.find_scroll(&next.picture(), &change_of(scroll, changed))
    };
    let fallen = falling(size, 11);
    for given in [None, whole(0, 8), whole(0, 6), whole(0, -8), whole(8, 0), whole(200, 0)] {
        assert_eq!(find(&fallen, given, ChangedArea::Unknown), whole(0, 8), "given {given:?}");
    }
    let uneven = Some(Scroll { dx: 0, dy: 36, denominator: 5 });
    assert_eq!(find(&fallen, uneven, ChangedArea::Unknown), uneven, "it cannot be checked");
    let noise = frame(0, size, 0, 11, 0);
    assert_eq!(find(&noise, whole(0, 8), ChangedArea::Unknown), whole(0, 8), "nothing better is found");
    assert_eq!(
        find(&falling(size, 10), whole(0, 6), ChangedArea::Unknown),
        whole(0, 6),
        "nothing has changed"
    );
    let changed = ChangedArea::Within(vec![Rectangle { left: 0, top: 0, right: 64, bottom: 64 }]);
    assert_eq!(find(&fallen, whole(0, 6), changed), whole(0, 6), "little has changed");
}

/// A still picture with a window in it, in which text moves up by three rows per picture.
fn scrolling_text(size: (u32, u32), number: usize) -> OwnedPicture {
    let is_ink = |x: usize, y: usize| y % 20 < 14 && noise(x / 3 + y / 4 * 4099) < 110;
    let luma = |x: usize, y: usize| match (96..256).contains(&x) && (64..192).contains(&y) {
        true if is_ink(x, y + number * 3) => 110,
        true => 70,
        false => (60 + x / 16 + y / 16) as u8,
    };
    OwnedPicture::new(size, 0, luma, |_, _| 128)
}

#[test]
fn text_that_moves_in_a_small_part_of_the_picture_is_found_without_being_told() {
    let size = (640, 352);
    let mut run = TestSegment::of_size(size, 26, 1, EntropyCoding::Cabac);
    let mut lengths = vec![0];
    for number in 0..12 {
        run.encode(&scrolling_text(size, number), &FrameChange::UNKNOWN);
        lengths.push(run.stream.len());
    }
    let first = lengths[1];
    let later = (lengths[12] - lengths[2]) / 10;
    // One row of macroblocks of nine is new in every fifth picture.
    assert!(later * 15 < first, "{later} bytes per picture after one of {first}");
}

#[test]
fn only_pictures_of_which_much_is_new_are_deblocked() {
    let size = (640, 352);
    let deblocked = |picture: &dyn Fn(usize) -> OwnedPicture, scroll: Option<Scroll>| {
        let mut run = TestSegment::of_size(size, 30, 1, EntropyCoding::Cabac);
        for number in 0..6 {
            run.encode(&picture(number), &FrameChange::UNKNOWN.with_scroll(scroll));
            if number == 0 {
                // The first picture has rules of its own.
                run.encoder.deblocking = Deblocking::new(run.encoder.parameters.grid);
            }
        }
        run.encoder.deblocking.has_filtered()
    };
    let waves = |number: usize| frame(5, size, 0, number, 3);
    assert!(deblocked(&waves, None));
    assert!(!deblocked(&|number| scrolling_text(size, number), None));
    assert!(!deblocked(&|number| falling(size, number), Some(Scroll::whole(0, 8))), "it is copied exactly");
}

#[test]
fn a_wrong_scroll_that_fits_uniform_bars_costs_little() {
    let size = (640, 352);
    // Bars of one colour beside noise, all falling by 8. Within a bar a scroll of 16 fits as well.
    let at = |x: usize, y: usize| match x / 16 % 2 {
        0 => noise(x * 31 + y * 7919),
        _ if (y + x / 16 * 24) % 80 < 52 => 180,
        _ => 40,
    };
    let bytes = [Some(Scroll::whole(0, 8)), Some(Scroll::whole(0, 16))].map(|scroll| {
        let mut run = TestSegment::of_size(size, 26, 1, EntropyCoding::Cabac);
        for number in 10..30 {
            let from = 9999 * 80 - number * 8;
            let frame = OwnedPicture::new(size, 0, |x, y| at(x, y + from), |x, y| at(x, y * 2 + from));
            run.encode(&frame, &FrameChange::UNKNOWN.with_scroll(scroll));
        }
        run.stream.len()
    });
    let [right, wrong] = bytes;
    assert!(wrong < right * 11 / 10, "{right} bytes with the right scroll, {wrong} with a wrong one");
}

#[test]
fn a_wrong_scroll_costs_little_more_than_the_right_one() {
    let size = (640, 352);
    let [wrong, right] = [6, 8].map(|rows| {
        let mut run = TestSegment::of_size(size, 26, 1, EntropyCoding::Cabac);
        for number in 10..14 {
            let change = FrameChange::UNKNOWN.with_scroll(Some(Scroll::whole(0, rows)));
            run.encode(&falling(size, number), &change);
        }
        run.stream.len()
    });
    assert!(wrong * 20 < right * 21, "{right} bytes with the right scroll, {wrong} with a wrong one");
}

fn change_of(scroll: Option<Scroll>, changed: ChangedArea) -> FrameChange {
    let change = match changed {
        ChangedArea::Unknown => FrameChange::UNKNOWN,
        ChangedArea::Within(parts) => FrameChange::within(parts),
    };
    change.with_scroll(scroll)
}
