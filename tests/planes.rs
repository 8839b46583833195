//! Planes drawn directly equal the RGBA drawing converted on the CPU: BT.709, limited range, left-sited chroma.

mod common;

use std::num::NonZeroU64;
use std::sync::Arc;

use common::{capture_planes, demo_content, still};
use strikeline::highway::{
    BeatLine, CountIn, Highway, HighwayContent, HighwayOptions, Labels, SUBPIXELS, Section,
};
use strikeline::song::{DrumShape, LanePlace, Mark, Phrase, PhraseKind};
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::{FrameIndex, FrameRate, PictureSize, Time};
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};
use wgpu_video::stream::MemorySink;
use wgpu_video::stream::{ConvertOn, StreamOptions, stream};

/// Limited-range BT.709 (ITU-R BT.709-6, 3.3) of gamma-coded RGB 0 to 255, not rounded.
fn ycbcr([r, g, b]: [f64; 3]) -> [f64; 3] {
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [
        16.0 + 219.0 * y / 255.0,
        128.0 + 224.0 * (b - y) / 1.8556 / 255.0,
        128.0 + 224.0 * (r - y) / 1.5748 / 255.0,
    ]
}

/// How far two planes are apart.
#[derive(Debug, Default)]
struct Differences {
    largest: f64,
    sum: f64,
    over_two: usize,
    count: usize,
}

impl Differences {
    fn add(&mut self, drawn: u8, converted: f64) {
        let difference = (f64::from(drawn) - converted).abs();
        self.largest = self.largest.max(difference);
        self.sum += difference;
        self.over_two += usize::from(difference > 2.0);
        self.count += 1;
    }
}

/// Differences of luma and of chroma between what is drawn and what is converted, at the frame that begins
/// at `time` of the song.
fn compare(size: PictureSize, time: Time, options: &HighwayOptions) -> (Differences, Differences) {
    let frame_rate = FrameRate::new(60, 1).unwrap();
    let highway = || {
        let options = HighwayOptions { start: Some(time), ..options.clone() };
        Highway::new(full_content(), &options, size, frame_rate).unwrap()
    };
    let rgba = still(&mut highway(), size, frame_rate);
    let (luma, chroma) = capture_planes(&mut highway(), size, frame_rate);
    let (width, height) = (size.width() as i64, size.height() as i64);
    let pixel = |x: i64, y: i64| -> [f64; 3] {
        let at = ((y * width + x.clamp(0, width - 1)) * 4) as usize;
        std::array::from_fn(|channel| f64::from(rgba[at + channel]))
    };
    let (mut of_luma, mut of_chroma) = (Differences::default(), Differences::default());
    for y in 0..height {
        for x in 0..width {
            of_luma.add(luma[(y * width + x) as usize], ycbcr(pixel(x, y))[0]);
        }
    }
    for row in 0..height / 2 {
        for column in 0..width / 2 {
            // Weights 1 2 1 across, centred on luma column 2·column; 1 1 down.
            let mut mean = [0.0; 3];
            for (dx, weight) in [(-1, 0.125), (0, 0.25), (1, 0.125)] {
                for dy in [0, 1] {
                    let sample = pixel(2 * column + dx, 2 * row + dy);
                    for (sum, value) in mean.iter_mut().zip(sample) {
                        *sum += value * weight;
                    }
                }
            }
            let expected = ycbcr(mean);
            let at = (row * width + column * 2) as usize;
            of_chroma.add(chroma[at], expected[1]);
            of_chroma.add(chroma[at + 1], expected[2]);
        }
    }
    (of_luma, of_chroma)
}

/// The demo with everything else that a highway can have.
fn full_content() -> HighwayContent {
    let mut content = demo_content();
    for (index, note) in content.notes.iter_mut().enumerate() {
        note.mark = Mark::ALL[index % Mark::ALL.len()];
        if note.place != LanePlace::Kick && index.is_multiple_of(3) {
            note.shape = DrumShape::Cymbal;
            note.choked = index.is_multiple_of(2).then(|| note.time + Time::from_seconds(0.15));
        }
    }
    let phrase =
        |start, end, kind| Phrase { start: Time::from_seconds(start), end: Time::from_seconds(end), kind };
    let beat = |index: i64| BeatLine { time: Time::from_nanos(index * 500_000_000), is_bar: index % 4 == 0 };
    let second = Time::from_seconds(1.0);
    HighwayContent {
        beats: (-3..16).map(beat).collect(),
        count_in: vec![CountIn { time: Time::ZERO - second - second, duration: second, number: 3 }],
        phrases: vec![
            phrase(-1.0, 4.2, PhraseKind::StarPower),
            phrase(3.7, 5.0, PhraseKind::Solo),
            phrase(3.8, 4.5, PhraseKind::Roll),
        ],
        sections: vec![Section { time: second, name: "Here and there".to_owned() }],
        title: Some("Title".to_owned()),
        artist: Some("Artist".to_owned()),
        end: Time::from_seconds(8.0),
        ..content
    }
}

fn assert_close(what: &str, (luma, chroma): &(Differences, Differences)) {
    // Rounding to whole code values alone gives up to 0.5; each blending step rounds to a whole code value in
    // RGB and in Y'CbCr on its own. The theme `stage` has most steps.
    assert!(luma.largest <= 5.5, "{what}: luma {luma:?}");
    assert!(luma.sum / (luma.count as f64) < 0.5, "{what}: luma {luma:?}");
    // A sample of chroma takes the mean distance of its four pixels from a border. That is not the mean of what the four
    // show where a border is round, or where a mark is thinner than two pixels, as far away on a tilted road.
    assert!(chroma.largest <= 26.0, "{what}: chroma {chroma:?}");
    // Borders that slant, those of lanes and rails on a tilted road, stand upright within a sample of two rows.
    assert!(chroma.over_two * 100 < chroma.count * 3, "{what}: chroma {chroma:?}");
    assert!(chroma.sum / (chroma.count as f64) < 0.5, "{what}: chroma {chroma:?}");
}

#[test]
fn every_theme_view_and_effect_is_the_same_in_planes_and_in_rgba() {
    let size = PictureSize::new(640, 360).unwrap();
    for name in Theme::builtin_names() {
        for view in [ViewKind::Flat, ViewKind::Perspective] {
            for (shutter_degrees, seconds) in [(0.0, -1.5), (0.0, 3.52), (270.0, 3.52)] {
                let theme = Theme::builtin(name).unwrap();
                let labels = Labels::Always;
                let options =
                    HighwayOptions { theme, view: Some(view), shutter_degrees, labels, ..Default::default() };
                let differences = compare(size, Time::from_seconds(seconds), &options);
                assert_close(&format!("{name} {view:?} {shutter_degrees}° at {seconds} s"), &differences);
            }
        }
    }
}

#[test]
fn drawn_planes_equal_converted_rgba_within_tolerance() {
    for (width, height) in [(1920, 1080), (1280, 720), (426, 240), (1080, 1920)] {
        // Before anything, in the thick of it, at a flash, between frames.
        for time in [-1.5, 2.0, 3.5, 4.013] {
            let size = PictureSize::new(width, height).unwrap();
            let differences = compare(size, Time::from_seconds(time), &HighwayOptions::default());
            assert_close(&format!("{size} at {time} s"), &differences);
        }
    }
}

#[test]
fn at_even_steps_every_frame_of_a_falling_note_is_the_last_one_moved() {
    let size = PictureSize::new(1280, 720).unwrap();
    let frame_rate = FrameRate::new(60, 1).unwrap();
    // All notes late enough that none is struck while we look, and off the grid of frames.
    let mut content = demo_content();
    for note in &mut content.notes {
        note.time = note.time + Time::from_nanos(2_003_456_789);
    }
    let options = HighwayOptions { start: Some(Time::ZERO), ..HighwayOptions::default() };
    let highway = || Highway::new(content.clone(), &options, size, frame_rate).unwrap();
    let motion = *highway().motion();
    assert!(motion.has_even_steps() && motion.pixels_per_frame().is_none(), "frames take turns at this size");
    let scroll = |frame| motion.scroll(Time::ZERO, FrameIndex(frame));
    let frames = common::capture_frames(&mut highway(), size, frame_rate, 40);
    let width = size.width() as usize;
    // Between the header and the receptors, where all that changes is the notes.
    let (top, rows) = (highway().layout().header as usize, (highway().layout().strike as usize - 60) / 2 * 2);
    let mut steps = std::collections::BTreeSet::new();
    for (pair, frame) in frames.windows(2).zip(0..) {
        let step = ((scroll(frame + 1) - scroll(frame)) / SUBPIXELS) as usize;
        steps.insert(step);
        let ((luma, chroma), (next_luma, next_chroma)) = (&pair[0], &pair[1]);
        assert!(luma[top * width..(rows - step) * width] == next_luma[(top + step) * width..rows * width]);
        let (top, rows, step) = (top / 2, rows / 2, step / 2);
        assert!(
            chroma[top * width..(rows - step) * width] == next_chroma[(top + step) * width..rows * width]
        );
    }
    assert_eq!(Vec::from_iter(steps), [4, 6], "in turns");
    assert!(frames.first() != frames.last(), "something must move");
}

/// A highway that says it can only draw RGBA.
struct RgbaOnly(Highway);

impl Scene for RgbaOnly {
    fn drawing(&self) -> Drawing {
        Drawing::Rgba
    }
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        self.0.prepare(gpu, target)
    }
    fn draw_static(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        self.0.draw_static(plane, pass)
    }
    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        self.0.update(queue, frame)
    }
    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        self.0.draw(plane, pass)
    }
}

#[test]
fn a_scene_that_draws_rgba_only_is_converted() {
    let (size, frame_rate) = (PictureSize::new(854, 480).unwrap(), FrameRate::new(60, 1).unwrap());
    let options = HighwayOptions { start: Some(Time::from_seconds(2.0)), ..HighwayOptions::default() };
    let highway = || Highway::new(demo_content(), &options, size, frame_rate).unwrap();
    let rgba = still(&mut highway(), size, frame_rate);
    for convert_on in [ConvertOn::Device, ConvertOn::Processor] {
        let options = StreamOptions::new(size, frame_rate, NonZeroU64::MIN, Arc::new(RawEncoder::Nv12))
            .with_convert_on(convert_on);
        let mut sink = MemorySink::default();
        stream(&mut RgbaOnly(highway()), &options, &mut sink, &mut |_| {}).unwrap();
        let (luma, chroma) = sink.data.split_at(854 * 480);
        assert_converted(&rgba, (854, 480), luma, chroma);
    }
}

/// Luma and chroma are the nearest to those of `rgba`.
fn assert_converted(rgba: &[u8], (width, height): (usize, usize), luma: &[u8], chroma: &[u8]) {
    for (at, &sample) in luma.iter().enumerate() {
        let pixel = std::array::from_fn(|channel| f64::from(rgba[at * 4 + channel]));
        assert!((f64::from(sample) - ycbcr(pixel)[0]).abs() <= 0.51);
    }
    for row in 0..height / 2 {
        for column in 0..width / 2 {
            let mut mean = [0.0; 3];
            for (dx, weight) in [(-1_i64, 0.125), (0, 0.25), (1, 0.125)] {
                for dy in [0, 1] {
                    let x = (2 * column as i64 + dx).max(0) as usize;
                    let at = ((2 * row + dy) * width + x) * 4;
                    for (sum, &value) in mean.iter_mut().zip(&rgba[at..at + 3]) {
                        *sum += f64::from(value) * weight;
                    }
                }
            }
            let expected = ycbcr(mean);
            let at = row * width + column * 2;
            assert!((f64::from(chroma[at]) - expected[1]).abs() <= 0.51);
            assert!((f64::from(chroma[at + 1]) - expected[2]).abs() <= 0.51);
        }
    }
}
