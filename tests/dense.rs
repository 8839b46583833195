//! More hits in sight than there is room for: the picture is the same however it is drawn.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use proptest::prelude::*;
use strikeline::highway::{
    BeatLine, Highway, HighwayContent, HighwayNote, HighwayOptions, LanePlace, LaneStyle,
};
use strikeline::song::{Mark, Phrase, PhraseKind};
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::{FrameRate, PictureSize, Time};
use wgpu_video::encode::EncoderFactory;
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::stream::{MemorySink, NullSink, Redraw, StreamOptions, WorkSplit, stream};

const LANES: usize = 5;

fn sixty() -> FrameRate {
    FrameRate::new(60, 1).unwrap()
}

fn content(mut notes: Vec<HighwayNote>) -> HighwayContent {
    notes.sort_by_key(|note| note.time);
    let beat = |index: i64| BeatLine { time: Time::from_nanos(index * 250_000_000), is_bar: index % 4 == 0 };
    HighwayContent {
        lanes: vec![LaneStyle { color: [200, 100, 50], ..LaneStyle::default() }; LANES],
        notes,
        beats: (0..16).map(beat).collect(),
        title: Some("A Song".into()),
        end: Time::from_seconds(4.0),
        ..HighwayContent::default()
    }
}

fn look(theme: &str, view: ViewKind) -> HighwayOptions {
    HighwayOptions {
        theme: Theme::builtin(theme).unwrap(),
        view: Some(view),
        start: Some(Time::from_seconds(1.0)),
        ..HighwayOptions::default()
    }
}

fn options(size: PictureSize, frames: u64, encoder: Arc<dyn EncoderFactory>) -> StreamOptions {
    StreamOptions::new(size, sixty(), NonZeroU64::new(frames).unwrap(), encoder)
        .with_segment_frames(NonZeroU32::new(9))
        .with_split(WorkSplit { ring_depth: 3, jobs: 2, segments_in_flight: 2, devices: Some(1) })
}

/// Numbers that look random.
fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    }
}

/// `count` hits during four seconds, on ticks of `tick` nanoseconds: ghost notes and accents over each other, and kicks
/// where `kicks` holds.
fn hits(count: usize, lanes: usize, kicks: bool, tick: i64, seed: u64) -> Vec<HighwayNote> {
    let mut number = numbers(seed);
    let marks = [Mark::None, Mark::Dot, Mark::Ring, Mark::Cross];
    let hit = |_| HighwayNote {
        time: Time::from_nanos(number((4_000_000_000 / tick) as u64) as i64 * tick),
        place: match number(8) {
            0 if kicks => LanePlace::Kick,
            _ => LanePlace::Lane(number(lanes as u64) as usize),
        },
        velocity: 1 + number(127) as u8,
        color: [0; 3].map(|_| number(256) as u8),
        mark: marks[number(4) as usize],
        ..HighwayNote::default()
    };
    (0..count).map(hit).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn a_dense_highway_drawn_in_parts_is_the_highway_drawn_whole(
        theme in prop::sample::select(Theme::builtin_names().to_vec()),
        view in prop::sample::select(vec![ViewKind::Flat, ViewKind::Flat, ViewKind::Perspective]),
        (width, height) in (100u32..240, 90u32..160),
        (count, lanes, kicks, has_phrases) in (300usize..5000, 1usize..=LANES, any::<bool>(), any::<bool>()),
        tick in prop::sample::select(vec![1i64, 1_041_667, 500_000_000]),
        (seed, shutter, exact_speed, reverse) in
            (any::<u64>(), prop::sample::select(vec![0.0f32, 0.0, 180.0]), any::<bool>(), any::<bool>()),
    ) {
        let size = PictureSize::new(width * 2, height * 2).unwrap();
        let look = HighwayOptions { shutter_degrees: shutter, exact_speed, reverse, ..look(theme, view) };
        let mut content = content(hits(count, lanes, kicks, tick, seed));
        if has_phrases {
            let kinds = [PhraseKind::StarPower, PhraseKind::Solo, PhraseKind::Roll];
            let phrase = |(index, kind): (u32, PhraseKind)| Phrase {
                start: Time::from_seconds(1.1 + f64::from(index) * 0.3),
                end: Time::from_seconds(1.9 + f64::from(index) * 0.5),
                kind,
            };
            content.phrases = (0..).zip(kinds).map(phrase).collect();
            for note in content.notes.iter_mut().step_by(29) {
                note.choked = Some(note.time + Time::from_nanos(seed as i64 % 700_000_000));
            }
        }
        let mut highway = Highway::new(content, &look, size, sixty()).unwrap();
        let options = options(size, 20, Arc::new(NullEncoder)).with_redraw(Redraw::Verify);
        let outcome = stream(&mut highway, &options, &mut NullSink::default(), &mut |_| {});
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

/// The luma of each frame.
fn luma(notes: Vec<HighwayNote>, look: &HighwayOptions, size: PictureSize, frames: u64) -> Vec<Vec<u8>> {
    let mut highway = Highway::new(content(notes), look, size, sixty()).unwrap();
    let mut sink = MemorySink::default();
    stream(&mut highway, &options(size, frames, Arc::new(RawEncoder::Nv12)), &mut sink, &mut |_| {}).unwrap();
    let luma = (size.width() * size.height()) as usize;
    sink.data.chunks_exact(luma * 3 / 2).map(|frame| frame[..luma].to_vec()).collect()
}

#[test]
fn a_lane_looks_the_same_whatever_lies_in_the_others() {
    let size = PictureSize::new(640, 360).unwrap();
    let frames = 12;
    // The outer lanes, which no light of the last one reaches.
    let of_lane = |lane: usize, count: usize, seed: u64| -> Vec<HighwayNote> {
        let hits = hits(count, 1, false, 1, seed).into_iter();
        hits.map(|hit| HighwayNote { place: LanePlace::Lane(lane), ..hit }).collect()
    };
    for theme in ["plain", "neon", "contrast"] {
        for view in [ViewKind::Flat, ViewKind::Perspective] {
            let look = look(theme, view);
            let few = of_lane(0, 60, 5);
            let many: Vec<_> = few.iter().copied().chain(of_lane(4, 4000, 6)).collect();
            let (few, many) = (luma(few, &look, size, frames), luma(many, &look, size, frames));
            let layout = Highway::new(content(Vec::new()), &look, size, sixty()).unwrap().layout().clone();
            let end = layout.across_at(layout.lane(1).0, layout.strike as f32) as usize;
            for (frame, (few, many)) in few.iter().zip(&many).enumerate() {
                for y in layout.header as usize..layout.strike as usize {
                    let row = y * size.width() as usize;
                    assert_eq!(
                        few[row..row + end],
                        many[row..row + end],
                        "{theme} {view:?}: frame {frame}, row {y}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_full_place_keeps_what_lies_above() {
    // A thousand hits at once under the last one, which is drawn over them.
    let size = PictureSize::new(640, 360).unwrap();
    let look = look("plain", ViewKind::Flat);
    let hit = |nanos: i64, color| HighwayNote {
        time: Time::from_nanos(2_000_000_000 + nanos),
        place: LanePlace::Lane(2),
        velocity: 127,
        color,
        ..HighwayNote::default()
    };
    let last = hit(0, [255, 220, 40]);
    let full: Vec<_> = [last].into_iter().chain((1..1000).map(|index| hit(index, [30, 30, 200]))).collect();
    let (one, full) = (luma(vec![last], &look, size, 2), luma(full, &look, size, 2));
    let layout = Highway::new(content(Vec::new()), &look, size, sixty()).unwrap().layout().clone();
    let highway = Highway::new(content(vec![last]), &look, size, sixty()).unwrap();
    let y = highway.note_height(last.time, strikeline_picture::FrameIndex(0)).round() as usize;
    let (left, right) = layout.lane(2);
    let (from, to) = ((left + layout.gem_margin) as usize + 8, (right - layout.gem_margin) as usize - 8);
    let row = y * size.width() as usize;
    assert_eq!(one[0][row + from..row + to], full[0][row + from..row + to]);
}
