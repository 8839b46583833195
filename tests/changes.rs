//! Only what a scene says has changed is drawn and read back, and the video is the same.

mod common;

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use strikeline::highway::{
    BarStart, BeatLine, CountIn, DrumLabel, EndCard, Highway, HighwayContent, HighwayNote, HighwayOptions,
    Labels, LanePlace, LaneStyle, Section,
};
use strikeline::song::{DrumShape, Mark, Phrase, PhraseKind, Stroke};
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::{
    ChangedArea, FrameChange, FrameIndex, FrameRate, MovedArea, PictureSize, Rectangle, Time,
};
use wgpu_video::encode::EncoderFactory;
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::{self, PipelineSource, PlaneKind, UniformBuffer};
use wgpu_video::scene::{Scene, SceneError, SceneTarget};
use wgpu_video::stream::{
    CopyOut, Recording, Redraw, Report, Stage, StreamError, StreamOptions, WorkSplit, stream,
};
use wgpu_video::stream::{MemorySink, NullSink};

fn size(width: u32, height: u32) -> PictureSize {
    PictureSize::new(width, height).unwrap()
}

fn seconds(seconds: f64) -> Time {
    Time::from_seconds(seconds)
}

fn verify(scene: &mut dyn Scene, options: &StreamOptions) -> Result<Report, StreamError> {
    let options = options.clone().with_redraw(Redraw::Verify);
    stream(scene, &options, &mut NullSink::default(), &mut |_| {})
}

fn bytes_read_back(report: &Report) -> u64 {
    report.trace.as_ref().unwrap().threads_of(Stage::Readback).map(|thread| thread.bytes).sum()
}

/// Everything that is on a highway: rolls, chords, kicks, sections that change, a clock that runs.
fn contents() -> impl Strategy<Value = HighwayContent> {
    let strokes = vec![Stroke::Single, Stroke::Single, Stroke::Single, Stroke::Flam, Stroke::Drag];
    let technique = (
        prop::sample::select(Mark::ALL.to_vec()),
        prop::sample::select(DrumShape::ALL.to_vec()),
        prop::sample::select(strokes),
        prop::option::weighted(0.1, -50i64..3000),
    );
    let note = (0u32..4000, 0usize..9, 1u8..=127, any::<[u8; 3]>(), technique);
    let notes = prop::collection::vec(note, 0..60);
    let times = || prop::collection::vec(0.0..4.0f64, 0..6);
    let kinds = vec![PhraseKind::StarPower, PhraseKind::Solo, PhraseKind::Roll];
    let phrase = (0.0..4.0f64, 0.001..3.0f64, prop::sample::select(kinds));
    let phrases = prop_oneof![Just(Vec::new()), prop::collection::vec(phrase, 0..5)];
    let parts = ((1usize..8, 0usize..3), notes, times(), times(), any::<bool>(), phrases);
    parts.prop_map(|((lanes, kicks), notes, beats, sections, counts, mut phrases)| {
        phrases.sort_by(|one, other| one.0.total_cmp(&other.0));
        let phrase =
            |(start, length, kind)| Phrase { start: seconds(start), end: seconds(start + length), kind };
        let mut notes: Vec<HighwayNote> = notes
            .into_iter()
            .map(|(time, lane, velocity, color, (mark, shape, stroke, choked))| HighwayNote {
                time: Time::from_nanos(i64::from(time) * 1_000_000),
                place: if lane == 8 { LanePlace::Kick } else { LanePlace::Lane(lane % lanes) },
                velocity,
                color,
                mark,
                shape,
                stroke,
                choked: choked.map(|after| Time::from_nanos((i64::from(time) + after) * 1_000_000)),
            })
            .collect();
        notes.sort_by_key(|note| note.time);
        let sorted = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times
        };
        let beat = |(index, time): (usize, f64)| BeatLine { time: seconds(time), is_bar: index % 4 == 0 };
        let section =
            |(index, time): (usize, f64)| Section { time: seconds(time), name: format!("Part {index}") };
        let count = |number: u8| CountIn {
            time: seconds(f64::from(number) * 0.4),
            duration: seconds(0.4),
            number: number + 1,
        };
        HighwayContent {
            lanes: (0..lanes).map(|lane| lane_of(&format!("Lane {lane}"), 1 + lane % 3)).collect(),
            kick: lane_of("Kick", kicks),
            bars: bars(),
            notes,
            beats: sorted(beats).into_iter().enumerate().map(beat).collect(),
            sections: sorted(sections).into_iter().enumerate().map(section).collect(),
            count_in: if counts { (0..4).map(count).collect() } else { Vec::new() },
            phrases: phrases.into_iter().map(phrase).collect(),
            title: Some("A Song".into()),
            end: seconds(4.5),
            ..HighwayContent::default()
        }
    })
}

/// A lane of so many drums.
fn lane_of(name: &str, drums: usize) -> LaneStyle {
    let drum =
        |number| DrumLabel { name: format!("{name} {number}"), color: [200, 90, 60], ..DrumLabel::default() };
    LaneStyle {
        color: [200, 100, 50],
        name: name.to_owned(),
        drums: (0..drums).map(drum).collect(),
        ..LaneStyle::default()
    }
}

/// Bars of half a second, from the ninth on.
fn bars() -> Vec<BarStart> {
    (0..8).map(|index| BarStart { time: seconds(f64::from(index) * 0.5), number: 9 + index }).collect()
}

fn looks() -> impl Strategy<Value = HighwayOptions> {
    let theme = prop::sample::select(Theme::builtin_names().to_vec());
    let view = prop::sample::select(vec![ViewKind::Flat, ViewKind::Flat, ViewKind::Perspective]);
    let labels = prop::sample::select(vec![Labels::Always, Labels::Intro, Labels::Never]);
    let shutter = prop::sample::select(vec![0.0f32, 0.0, 180.0, 360.0]);
    // Borders that hide what is beside the road also in a small picture, and gems that reach beyond their lanes.
    let wide = prop::option::of((0.0..20.0f32, 0.7..=1.0f32));
    let more = (any::<[bool; 8]>(), 0.4..3.0f64, -0.5..4.5f64);
    // Effects that reach further than those of the built-in themes.
    let deep =
        prop::option::weighted(0.4, (0.0..=1.5f32, 10.0..1500.0f32, 0u8..=32, 10.0..600.0f32, 1.0..40.0f32));
    (theme, view, labels, shutter, (wide, deep), more).prop_map(
        |(theme, view, labels, shutter, (wide, deep), more)| {
            let (flags, lookahead, start) = more;
            let [reverse, left_handed, exact_speed, header, count_in, end_card, bar_number, hit_counter] =
                flags;
            let mut theme = Theme::builtin(theme).unwrap();
            if let Some((border_width, gem_width)) = wide {
                (theme.highway.border_width, theme.gems.width) = (border_width, gem_width);
            }
            if let Some((burst, lane_light, particles, particle_reach, shadow)) = deep {
                (theme.effects.burst, theme.effects.flash) = (burst, 1.0);
                (theme.effects.lane_light, theme.effects.lane_light_reach) = (0.5, lane_light);
                (theme.effects.particles, theme.effects.particle_reach) = (particles, particle_reach);
                (theme.gems.shadow.alpha, theme.gems.shadow_size) = (200, shadow);
                theme.effects.passing = if particles % 2 == 0 { 0.8 } else { 0.0 };
                (theme.strike_line.light, theme.highway.sheen, theme.highway.guide) = (0.5, 0.2, 0.3);
            }
            let image = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/contrast-flat.png").into();
            HighwayOptions {
                theme,
                view: Some(view),
                labels,
                shutter_degrees: shutter,
                reverse,
                left_handed,
                exact_speed,
                header,
                bar_number,
                hit_counter,
                count_in,
                transparent: false,
                lookahead: seconds(lookahead),
                start: Some(seconds(start)),
                end_card: end_card.then_some(EndCard { image }),
            }
        },
    )
}

/// The same highways in every run. `PROPTEST_RNG_SEED` chooses others, `PROPTEST_CASES` how many.
fn some_highways() -> ProptestConfig {
    let given = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { 18 };
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        fixed => fixed,
    };
    ProptestConfig { cases, rng_seed, ..given }
}

proptest! {
    #![proptest_config(some_highways())]

    #[test]
    fn a_highway_drawn_in_parts_is_the_highway_drawn_whole(
        content in contents(),
        look in looks(),
        (width, height) in (60u32..240, 60u32..200),
        rate in prop::sample::select(vec![(24, 1), (60, 1), (30_000, 1001)]),
        (frames, segment_frames, in_flight, devices) in (2u64..50, 1u32..40, 1usize..4, 1usize..3),
    ) {
        let (size, rate) = (size(width * 2, height * 2), FrameRate::new(rate.0, rate.1).unwrap());
        let mut highway = Highway::new(content, &look, size, rate).unwrap();
        let options = StreamOptions::new(size, rate, NonZeroU64::new(frames).unwrap(), Arc::new(NullEncoder)).with_segment_frames(NonZeroU32::new(segment_frames)).with_split(WorkSplit { ring_depth: 3, jobs: 2, segments_in_flight: in_flight, devices: Some(devices) });
        let outcome = verify(&mut highway, &options);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        // To an encoder that has what has moved from the picture before, that is left out.
        let options = options.with_encoder(Arc::new(H264Factory::default()));
        let mut bytes = |redraw| {
            let mut sink = MemorySink::default();
            stream(&mut highway, &options.clone().with_redraw(redraw), &mut sink, &mut |_| {}).unwrap();
            sink.data
        };
        prop_assert!(bytes(Redraw::Changed) == bytes(Redraw::All));
    }
}

#[test]
fn no_encoder_sees_a_difference_and_less_is_read_back() {
    let (size, rate) = (size(640, 360), FrameRate::new(60, 1).unwrap());
    let encoders: [(Arc<dyn EncoderFactory>, bool); 3] = [
        (Arc::new(H264Factory::default()), true),
        (Arc::new(OpenH264::default()), false),
        (Arc::new(RawEncoder::Nv12), false),
    ];
    for (encoder, reads_only_what_is_new) in encoders {
        let run = |redraw, split, copy_out| {
            let look = HighwayOptions {
                theme: Theme::builtin("plain").unwrap(),
                start: Some(seconds(1.0)),
                ..HighwayOptions::default()
            };
            let mut highway = Highway::new(common::demo_content(), &look, size, rate).unwrap();
            let options = StreamOptions::new(size, rate, NonZeroU64::new(90).unwrap(), Arc::clone(&encoder))
                .with_redraw(redraw)
                .with_split(split)
                .with_copy_out(copy_out)
                .with_record(Some(Recording::default()))
                .with_segment_frames(NonZeroU32::new(25));
            let mut sink = MemorySink::default();
            let report = stream(&mut highway, &options, &mut sink, &mut |_| {}).unwrap();
            (sink.data, bytes_read_back(&report))
        };
        let split = |jobs| WorkSplit { ring_depth: 4, jobs, segments_in_flight: jobs, devices: Some(jobs) };
        let (whole, all_bytes) = run(Redraw::All, split(2), CopyOut::default());
        for (jobs, copy_out) in [(1, CopyOut::Never), (3, CopyOut::Always)] {
            let (parts, bytes) = run(Redraw::Changed, split(jobs), copy_out);
            assert!(parts == whole, "{}", encoder.name());
            if reads_only_what_is_new {
                assert!(bytes < all_bytes * 3 / 10, "{bytes} of {all_bytes}");
            } else {
                assert_eq!(bytes, all_bytes, "what it does not ask for must be there");
            }
        }
    }
}

const SHADER: &str = "
struct Box {
    at: vec4<f32>,
    // How much bluer it is further down.
    shade: vec4<f32>,
}
@group(0) @binding(0) var<uniform> box: Box;

@vertex fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u));
    return clip_position(box.at.xy + side * box.at.zw);
}

@fragment fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return plane_sample(vec4<f32>(1.0, 0.5, picture_position(position).y * box.shade.x, 0.5));
}";

/// A half transparent box that flies, and what it reports of its changes.
struct FlyingBox {
    frame: u64,
    /// Where it is in a frame: left, top, width, height.
    place: fn(u64) -> [f32; 4],
    shade: f32,
    says: Option<fn(u64) -> ChangedArea>,
    says_moved: fn(u64) -> MovedArea,
    /// Whether it is drawn in a frame.
    is_drawn: fn(u64) -> bool,
    draws: Arc<AtomicU64>,
    asked: AtomicU64,
    uniform: Option<UniformBuffer>,
    pipelines: Vec<(PlaneKind, wgpu::RenderPipeline)>,
}

impl Default for FlyingBox {
    fn default() -> FlyingBox {
        FlyingBox {
            frame: 0,
            place,
            shade: 0.005,
            says: None,
            says_moved: |_| MovedArea::default(),
            is_drawn: |_| true,
            draws: Arc::default(),
            asked: AtomicU64::default(),
            uniform: None,
            pipelines: Vec::new(),
        }
    }
}

fn place(frame: u64) -> [f32; 4] {
    [frame as f32 * 5.0, 30.0 + (frame % 7) as f32 * 3.0, 40.0, 24.0]
}

fn around(frame: u64) -> Rectangle {
    let [x, y, width, height] = place(frame);
    Rectangle::around([x - 1.0, y - 1.0, x + width + 1.0, y + height + 1.0])
}

impl Scene for FlyingBox {
    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let device = &gpu.device;
        let module = planes::shader(device, "box", SHADER);
        let uniform = UniformBuffer::new(device, "box", 32);
        let source = PipelineSource {
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            ..PipelineSource::new("box", &module, &uniform.layout)
        };
        let pipeline = |&plane| (plane, planes::pipeline(device, plane, target.size, &source));
        self.pipelines = target.planes.iter().map(pipeline).collect();
        self.uniform = Some(uniform);
        Ok(())
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        self.frame = frame.0;
        let uniform = [(self.place)(frame.0), [self.shade, 0.0, 0.0, 0.0]];
        let bytes = uniform.map(|values| values.map(f32::to_le_bytes).concat()).concat();
        queue.write_buffer(&self.uniform.as_ref().unwrap().buffer, 0, &bytes);
        Ok(())
    }

    fn reports_changes(&self) -> bool {
        self.says.is_some()
    }

    fn change(&self, previous: Option<FrameIndex>) -> FrameChange {
        if previous.is_none() {
            return FrameChange::UNKNOWN;
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.says.map(|says| says(self.frame)) {
            None | Some(ChangedArea::Unknown) => FrameChange::UNKNOWN,
            Some(ChangedArea::Within(parts)) => {
                FrameChange::within(parts).with_moved((self.says_moved)(self.frame))
            }
        }
    }

    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        self.draws.fetch_add(1, Ordering::Relaxed);
        if !(self.is_drawn)(self.frame) {
            return Ok(());
        }
        let (_, pipeline) = self.pipelines.iter().find(|(kind, _)| *kind == plane).unwrap();
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &self.uniform.as_ref().unwrap().bind_group, &[]);
        pass.draw(0..4, 0..1);
        Ok(())
    }
}

fn box_options(frames: u64) -> StreamOptions {
    StreamOptions::new(
        size(320, 180),
        FrameRate::new(60, 1).unwrap(),
        NonZeroU64::new(frames).unwrap(),
        Arc::new(NullEncoder),
    )
    .with_segment_frames(NonZeroU32::new(10))
    .with_record(Some(Recording::default()))
}

#[test]
fn any_scene_may_report_what_changes_and_is_clipped_to_it() {
    // Overlapping parts, one of them beyond the picture.
    let says = |frame: u64| {
        let beyond = Rectangle { left: 310, top: 170, right: 400, bottom: 300 };
        ChangedArea::Within(vec![around(frame - 1), around(frame), beyond])
    };
    let mut scene = FlyingBox { says: Some(says), ..FlyingBox::default() };
    let report = verify(&mut scene, &box_options(60)).unwrap();
    let whole = 320 * 180 * 3 / 2 * 60;
    assert!(bytes_read_back(&report) < whole / 3, "{}", bytes_read_back(&report));
}

#[test]
fn a_frame_in_which_nothing_changes_is_not_drawn() {
    let mut scene = FlyingBox { says: Some(|_| ChangedArea::Within(Vec::new())), ..FlyingBox::default() };
    let draws = Arc::clone(&scene.draws);
    stream(&mut scene, &box_options(30), &mut NullSink::default(), &mut |_| {}).unwrap();
    // Two planes of the first frame of each segment.
    assert_eq!(draws.load(Ordering::Relaxed), 3 * 2);
}

#[test]
fn a_change_that_is_not_reported_is_found_and_its_place_is_named() {
    let mut scene =
        FlyingBox { says: Some(|frame| ChangedArea::Within(vec![around(frame)])), ..FlyingBox::default() };
    let error = verify(&mut scene, &box_options(60)).unwrap_err().to_string();
    assert!(error.contains("frame 1 ") && error.contains("luma at column 0, row 30"), "{error}");
    assert!(error.contains("Redraw::All"), "{error}");
}

/// A box of one colour that comes down the same way in each frame, in segments of ten.
fn falling() -> FlyingBox {
    fn at(frame: u64) -> Rectangle {
        let (left, top) = (20 + frame as u32 % 10 * 6, 10 + frame as u32 % 10 * 8);
        Rectangle { left, top, right: left + 40, bottom: top + 24 }
    }
    FlyingBox {
        place: |frame| {
            let Rectangle { left, top, .. } = at(frame);
            [left as f32, top as f32, 40.0, 24.0]
        },
        shade: 0.0,
        // Chroma of its right border lies in the columns after it.
        says: Some(|frame| {
            let wider = |part: Rectangle| Rectangle { right: part.right + 2, ..part };
            ChangedArea::Within(vec![wider(at(frame - 1)), wider(at(frame))])
        }),
        says_moved: |frame| MovedArea {
            by: [6, 8],
            parts: vec![Rectangle { right: at(frame).right + 2, ..at(frame) }],
        },
        ..FlyingBox::default()
    }
}

#[test]
fn what_has_moved_is_copied_and_need_not_be_drawn() {
    let run = |redraw, mut scene: FlyingBox| {
        let options = box_options(40)
            .with_redraw(redraw)
            .with_split(WorkSplit { ring_depth: 4, jobs: 2, segments_in_flight: 2, devices: None })
            .with_encoder(Arc::new(RawEncoder::Nv12));
        let mut sink = MemorySink::default();
        stream(&mut scene, &options, &mut sink, &mut |_| {}).unwrap();
        sink.data
    };
    let whole = run(Redraw::All, falling());
    assert!(run(Redraw::Changed, falling()) == whole);
    let drawn_once = || FlyingBox { is_drawn: |frame| frame % 10 == 0, ..falling() };
    assert!(run(Redraw::Changed, drawn_once()) == whole);
    let not_reported = FlyingBox { says_moved: |_| MovedArea::default(), ..drawn_once() };
    assert!(run(Redraw::Changed, not_reported) != whole, "the box is there although nobody drew or moved it");
    verify(&mut falling(), &box_options(40)).unwrap();
}

#[test]
fn what_cannot_be_moved_is_drawn() {
    let part = Rectangle { left: 40, top: 40, right: 80, bottom: 60 };
    let ways: [fn(Rectangle) -> MovedArea; 6] = [
        |part| MovedArea { by: [5, 0], parts: vec![part] },
        |part| MovedArea { by: [0, 400], parts: vec![part] },
        |part| MovedArea { by: [i32::MIN, i32::MAX - 1], parts: vec![part] },
        |part| MovedArea { by: [2, 2], parts: vec![part, Rectangle { right: 322, ..part }] },
        |part| MovedArea { by: [2, 2], parts: vec![Rectangle { left: part.right, ..part }] },
        |part| MovedArea { by: [2, 2], parts: vec![Rectangle { top: 41, ..part }] },
    ];
    assert!(!ways.iter().any(|way| way(part).is_possible(size(320, 180))));
    assert!(MovedArea { by: [-2, 40], parts: vec![part] }.is_possible(size(320, 180)));
    for says_moved in [
        (|_| MovedArea { by: [1, 1], parts: vec![around(3)] }) as fn(u64) -> MovedArea,
        |_| MovedArea {
            by: [i32::MIN; 2],
            parts: vec![Rectangle { left: 0, top: 0, right: 320, bottom: 180 }],
        },
        |_| MovedArea {
            by: [2, 2],
            parts: vec![Rectangle { left: 300, top: 0, right: u32::MAX - 1, bottom: 4 }],
        },
    ] {
        let says = |frame| ChangedArea::Within(vec![around(frame - 1), around(frame)]);
        let mut scene = FlyingBox { says: Some(says), says_moved, ..FlyingBox::default() };
        verify(&mut scene, &box_options(40)).unwrap();
    }
}

#[test]
fn what_has_not_only_moved_is_found_and_its_place_is_named() {
    let error =
        verify(&mut FlyingBox { shade: 0.005, ..falling() }, &box_options(40)).unwrap_err().to_string();
    assert!(error.contains("frame 1 ") && error.contains("luma at column 26, row "), "{error}");
}

#[test]
fn all_may_be_drawn_where_all_changes() {
    let bytes = |redraw, says| {
        let mut scene = FlyingBox { says, ..FlyingBox::default() };
        let options = box_options(20).with_redraw(redraw);
        bytes_read_back(&stream(&mut scene, &options, &mut NullSink::default(), &mut |_| {}).unwrap())
    };
    let all = bytes(Redraw::All, Some(|_| ChangedArea::Within(Vec::new())));
    assert_eq!(bytes(Redraw::Changed, None), all);
    let says: fn(u64) -> ChangedArea =
        |_| ChangedArea::Within(vec![Rectangle { left: 0, top: 0, right: 320, bottom: 180 }]);
    assert_eq!(bytes(Redraw::Changed, Some(says)), all);
}

#[test]
fn a_scene_of_which_all_changes_is_seldom_asked_and_gets_another_chance() {
    let long = |frames| box_options(frames).with_segment_frames(NonZeroU32::new(400));
    let run = |says: fn(u64) -> ChangedArea| {
        let mut scene = FlyingBox { says: Some(says), ..FlyingBox::default() };
        let report = verify(&mut scene, &long(800)).unwrap();
        (scene.asked.into_inner(), bytes_read_back(&report))
    };
    // Rows are padded to 512 bytes.
    let all_read = 512 * 180 * 3 / 2 * 800;
    let (asked, bytes) = run(|_| ChangedArea::Unknown);
    assert!((10..80).contains(&asked), "asked {asked} times for 800 frames");
    assert_eq!(bytes, all_read);
    // In the second half of each segment little changes.
    let (asked, bytes) = run(|frame| match frame % 400 < 200 {
        true => ChangedArea::Unknown,
        false => ChangedArea::Within(vec![around(frame - 1), around(frame)]),
    });
    assert!((300..500).contains(&asked), "asked {asked} times for 800 frames");
    assert!(bytes < all_read * 3 / 4, "{bytes} of {all_read}");
    let (asked, _) = run(|frame| match frame < 400 {
        true => ChangedArea::Unknown,
        false => ChangedArea::Within(vec![around(frame - 1), around(frame)]),
    });
    assert!(asked > 650, "as long as one segment gains, each has planes of its own: asked {asked} times");
}
