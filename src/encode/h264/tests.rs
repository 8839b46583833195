//! The whole encoder against an independent decoder: ffmpeg's, where it is installed.

use super::simd::Instructions;
use super::*;
use crate::encode::Quality;
use crate::encode::hints::{Damage, Rectangle, Scroll};
use crate::picture::{PictureSize, Plane};
use crate::timing::FrameRate;
use proptest::prelude::*;
use std::io::Write;
use std::process::{Command, Stdio};

/// Planes that own their samples.
#[derive(Clone)]
struct Frame {
    size: PictureSize,
    stride: usize,
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl Frame {
    /// From functions of column and row; chroma's column counts bytes.
    fn new(
        (width, height): (u32, u32),
        room: usize,
        luma: impl Fn(usize, usize) -> u8,
        chroma: impl Fn(usize, usize) -> u8,
    ) -> Frame {
        let size = PictureSize::new(width, height).unwrap();
        let stride = width as usize + room;
        let plane = |rows: usize, value: &dyn Fn(usize, usize) -> u8| {
            (0..rows * stride - room).map(|index| value(index % stride, index / stride)).collect()
        };
        let rows = height as usize;
        Frame { size, stride, luma: plane(rows, &luma), chroma: plane(rows / 2, &chroma) }
    }

    fn picture(&self) -> Picture<'_> {
        let plane = |data| Plane { data, stride: self.stride };
        Picture { size: self.size, luma: plane(&self.luma), chroma: plane(&self.chroma) }
    }
}

fn noise(seed: usize) -> u8 {
    let mixed = (seed as u64 ^ 0x5851_F42D).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8
}

/// Kinds of content, each with something that moves by `speed` quarters of a sample per frame.
fn frame(kind: u8, size: (u32, u32), room: usize, number: usize, speed: usize) -> Frame {
    let moved = number * speed / 4;
    match kind {
        0 => Frame::new(
            size,
            room,
            |x, y| noise(x * 7919 + y * 31 + number),
            |x, y| noise(x + y * 977 + number),
        ),
        1 => Frame::new(size, room, |x, y| (x * 2 + y + number) as u8, |x, y| (x ^ (y + number)) as u8),
        2 => {
            // Boxes that fall over a gradient.
            let inside = |x: usize, y: usize| (y + 1000 * 48 - moved) % 48 < 18 && x % 40 < 26;
            Frame::new(
                size,
                room,
                |x, y| if inside(x, y) { 200 - (x % 40) as u8 } else { 20 + (y / 8) as u8 },
                |x, y| if inside(x / 2 * 2, y * 2) { 90 + (x % 2) as u8 * 70 } else { 128 },
            )
        }
        3 => Frame::new(
            size,
            room,
            |x, y| noise(x * 31 + (y + 9999 - moved) * 7919),
            |x, y| noise(x + y * 499),
        ),
        4 => Frame::new(size, room, |_, _| if number % 5 < 2 { 16 } else { 235 }, |_, _| 128),
        _ => {
            let wave = |position: f64| (128.0 + 100.0 * (position / 9.0).sin()) as u8;
            let shift = number as f64 * speed as f64 / 4.0;
            Frame::new(
                size,
                room,
                |x, y| wave(x as f64 * 0.7 + y as f64 - shift),
                |x, y| wave((x / 2) as f64 * 1.4 + y as f64 * 2.0 - shift + 7.0 * (x % 2) as f64),
            )
        }
    }
}

struct Run {
    encoder: H264Encoder,
    /// With start codes.
    stream: Vec<u8>,
    /// All reconstructed planes.
    reconstruction: Vec<u8>,
    access_unit: Vec<u8>,
}

impl Run {
    fn new(size: PictureSize, qp: u8, references: u32) -> Run {
        Run::with(size, qp, references, EntropyCoding::Cabac)
    }

    fn with(size: PictureSize, qp: u8, references: u32, entropy_coding: EntropyCoding) -> Run {
        let settings = EncoderSettings {
            size,
            frame_rate: FrameRate::new(60, 1).unwrap(),
            quality: Quality::new(qp).unwrap(),
            segment_frames: 120,
        };
        let factory = H264Factory { references: ReferenceCount::clamped(references), entropy_coding };
        let encoder = factory.encoder(&settings, SegmentIndex(0)).unwrap();
        Run { encoder, stream: Vec::new(), reconstruction: Vec::new(), access_unit: Vec::new() }
    }

    fn encode(&mut self, frame: &Frame, hints: &PictureHints<'_>) {
        self.access_unit.clear();
        let unit = self.encoder.encode_with_hints(&frame.picture(), hints, &mut self.access_unit).unwrap();
        assert_eq!(unit.bytes, self.access_unit.len());
        if unit.idr {
            let sets = self.encoder.parameter_sets().unwrap();
            for set in [&sets.sps, &sets.pps] {
                self.stream.extend_from_slice(&[0, 0, 0, 1]);
                self.stream.extend_from_slice(set);
            }
        }
        assert_eq!(self.access_unit[..4], (unit.bytes as u32 - 4).to_be_bytes());
        self.stream.extend_from_slice(&[0, 0, 0, 1]);
        self.stream.extend_from_slice(&self.access_unit[4..]);
        let (luma, chroma) = self.encoder.reconstruction();
        self.reconstruction.extend_from_slice(&luma);
        self.reconstruction.extend_from_slice(&chroma);
    }

    /// Compares with what ffmpeg decodes. Without ffmpeg it says so and passes.
    fn check(&self, what: &str) {
        let decoder = Command::new("ffmpeg")
            .args(["-v", "error", "-xerror", "-threads", "1", "-f", "h264", "-i", "-"])
            .args(["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "nv12", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut decoder) = decoder else {
            eprintln!("ffmpeg is not installed: {what} was not decoded");
            return;
        };
        let mut input = decoder.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || input.write_all(&self.stream));
            decoder.wait_with_output().unwrap()
        });
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.is_empty(), "{what}: {errors}");
        assert_eq!(output.stdout.len(), self.reconstruction.len(), "{what}: number of pictures");
        let different = output.stdout.iter().zip(&self.reconstruction).position(|(a, b)| a != b);
        assert_eq!(different, None, "{what}: first byte that differs");
    }
}

#[test]
fn ffmpeg_decodes_exactly_the_reconstruction() {
    for qp in (0..52).step_by(if cfg!(debug_assertions) { 6 } else { 1 }) {
        for kind in 0..6 {
            let size = [(64, 64), (66, 98), (176, 144)][usize::from(qp + kind) % 3];
            let coding = [EntropyCoding::Cabac, EntropyCoding::Cavlc][usize::from(qp / 2 + kind) % 2];
            let mut run = Run::with(PictureSize::new(size.0, size.1).unwrap(), qp, 3, coding);
            let hints = PictureHints { scroll: Some(Scroll::whole(0, 7)), damage: None };
            for number in 0..6 {
                run.encode(&frame(kind, size, 0, number, 28), &hints);
            }
            run.check(&format!("{coding:?}, content {kind} of {size:?} at QP {qp}"));
        }
    }
}

#[test]
fn large_pictures_and_scene_cuts_are_exact() {
    for size in [(1366, 768), (1920, 1080)] {
        let mut run = Run::new(PictureSize::new(size.0, size.1).unwrap(), 30, 2);
        for kind in [2, 2, 5, 2] {
            run.encode(&frame(kind, size, 0, run.encoder.frames as usize, 32), &PictureHints::default());
        }
        run.check(&format!("{size:?}"));
    }
}

#[test]
fn all_instruction_sets_make_the_same_bytes() {
    for kind in 0..6 {
        let mut best = Run::new(PictureSize::new(176, 144).unwrap(), 24, 2);
        let mut baseline = Run::new(PictureSize::new(176, 144).unwrap(), 24, 2);
        baseline.encoder.instructions = Instructions::Baseline;
        for number in 0..5 {
            let frame = frame(kind, (176, 144), 0, number, 30);
            best.encode(&frame, &PictureHints::default());
            baseline.encode(&frame, &PictureHints::default());
        }
        assert!(best.stream == baseline.stream, "content {kind}");
    }
}

#[test]
fn what_stands_still_converges_and_then_costs_almost_nothing() {
    let size = (320, 192);
    let mut run = Run::new(PictureSize::new(size.0, size.1).unwrap(), 30, 1);
    let error = |run: &Run, frame: &Frame| -> u64 {
        let (luma, _) = run.encoder.reconstruction();
        luma.iter().zip(&frame.luma).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
    };
    for number in 0..5 {
        run.encode(&frame(2, size, 0, number, 13), &PictureHints::default());
    }
    let still = frame(2, size, 0, 4, 13);
    let before = error(&run, &still);
    for _ in 0..4 {
        run.encode(&still, &PictureHints::default());
    }
    assert!(error(&run, &still) * 2 < before, "{before}");
    run.encode(&still, &PictureHints::default());
    assert!(run.access_unit.len() < 20, "{}", run.access_unit.len());
    run.check("a still");
}

#[test]
fn right_damage_changes_no_byte() {
    let size = (160, 96);
    let (mut with, mut without) = (
        Run::new(PictureSize::new(160, 96).unwrap(), 24, 1),
        Run::new(PictureSize::new(160, 96).unwrap(), 24, 1),
    );
    for number in 0..6 {
        let frame = Frame::new(
            size,
            16,
            |x, y| {
                if (40..60).contains(&x) && (20 + number * 2..50).contains(&y) { 180 } else { (x + y) as u8 }
            },
            |_, _| 128,
        );
        let rectangles = [Rectangle { left: 40, top: 18, right: 60, bottom: 50 }];
        let damage = (number > 0).then_some(Damage { rectangles: &rectangles });
        with.encode(&frame, &PictureHints { scroll: None, damage });
        without.encode(&frame, &PictureHints::default());
    }
    assert!(with.stream == without.stream);
    with.check("damage");
}

#[test]
fn pictures_that_do_not_fit_are_refused() {
    let mut run = Run::new(PictureSize::new(64, 64).unwrap(), 24, 1);
    let other = frame(1, (64, 66), 0, 0, 0);
    assert!(run.encoder.encode(&other.picture(), &mut Vec::new()).is_err());
    let frame = frame(1, (64, 64), 0, 0, 0);
    let mut short = frame.picture();
    short.chroma.data = &short.chroma.data[1..];
    assert!(run.encoder.encode(&short, &mut Vec::new()).is_err());
    short.chroma = Plane { data: &frame.chroma, stride: usize::MAX };
    assert!(run.encoder.encode(&short, &mut Vec::new()).is_err());
    assert!(run.encoder.encode(&frame.picture(), &mut Vec::new()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_picture_stride_and_scroll_makes_an_exact_stream(
        width in 32u32..50,
        height in 32u32..50,
        room in 0usize..40,
        qp in 0u8..=51,
        references in 1u32..=5,
        cavlc in any::<bool>(),
        kinds in prop::collection::vec((0u8..6, 0usize..40), 1..30),
        (dx, dy, denominator) in prop_oneof![
            (-9i32..9, -9i32..40, 1i32..6),
            (any::<i32>(), any::<i32>(), any::<i32>()),
        ],
    ) {
        let size = (width * 2, height * 2);
        let coding = if cavlc { EntropyCoding::Cavlc } else { EntropyCoding::Cabac };
        let mut run = Run::with(PictureSize::new(size.0, size.1).unwrap(), qp, references, coding);
        let hints = PictureHints { scroll: Some(Scroll { dx, dy, denominator }), damage: None };
        for (number, (kind, speed)) in kinds.into_iter().enumerate() {
            run.encode(&frame(kind, size, room, number, speed), &hints);
        }
        run.check("random pictures");
    }
}
