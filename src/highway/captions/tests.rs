//! Nothing that is written leaves the picture, or lies on something else.

use super::*;
use crate::highway::content::{CountIn, DrumLabel, LaneStyle, Section};
use crate::highway::options::Labels;
use crate::song::Mark;
use crate::theme::ViewKind;
use strikeline_picture::PictureSize;

/// Left, top, right, bottom of what is inked, in pixels.
type Bounds = [i32; 4];

fn bounds(captions: &Captions, glyphs: &Range<u32>) -> Option<Bounds> {
    let glyphs = &captions.glyphs[glyphs.start as usize..glyphs.end as usize];
    let corners = glyphs.iter().map(|glyph| {
        let [x, y] = glyph.place.map(i32::from);
        let [_, _, width, height] = glyph.cell.map(i32::from);
        [x, y, x + width, y + height]
    });
    corners.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
}

fn overlap(a: Bounds, b: Bounds) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

fn drum(name: &str) -> DrumLabel {
    DrumLabel {
        name: name.to_owned(),
        short_name: name[..2].to_owned(),
        color: [200, 90, 40],
        mark: Mark::Ring,
        ..DrumLabel::default()
    }
}

fn content(lanes: usize, drums: usize, words: &str) -> HighwayContent {
    let drums: Vec<DrumLabel> =
        (0..drums).map(|index| drum(&format!("Drum number {index} of many"))).collect();
    let section = |seconds: f64| Section { time: Time::from_seconds(seconds), name: words.to_owned() };
    HighwayContent {
        lanes: vec![LaneStyle { color: [90, 200, 40], name: "Lane".to_owned(), drums }; lanes],
        kicks: vec![drum("Bass Drum")],
        sections: vec![section(0.0), section(10.0)],
        count_in: vec![CountIn { time: Time::ZERO, duration: Time::from_seconds(0.5), number: 4 }],
        title: Some(words.to_owned()),
        artist: Some(words.to_owned()),
        end: Time::from_seconds(3723.0),
        ..HighwayContent::default()
    }
}

const SIZES: [(u32, u32); 9] = [
    (1920, 1080),
    (1080, 1920),
    (1280, 720),
    (480, 270),
    (270, 480),
    (3840, 2160),
    (1000, 1000),
    (2560, 1080),
    (320, 4000),
];

fn captions(size: (u32, u32), content: &HighwayContent, options: &HighwayOptions) -> (Captions, Layout) {
    let size = PictureSize::new(size.0, size.1).unwrap();
    let layout = Layout::new(size, content.lanes.len(), options);
    let end_card = Some(Time::from_seconds(3724.0));
    (Captions::new(content, &layout, options, end_card).unwrap(), layout)
}

fn every_case(mut check: impl FnMut(&str, &Captions, &Layout, PictureSize)) {
    let long = "A title that goes on and on, longer than any picture could show — Ωмега Déjà Vu ".repeat(4);
    for size in SIZES {
        for (lanes, drums) in [(1, 1), (5, 3), (9, 2), (15, 11)] {
            for words in ["Short", long.as_str()] {
                for (view, reverse) in
                    [(ViewKind::Flat, false), (ViewKind::Flat, true), (ViewKind::Perspective, false)]
                {
                    let options = HighwayOptions {
                        view: Some(view),
                        reverse,
                        labels: Labels::Always,
                        ..HighwayOptions::default()
                    };
                    let (captions, layout) = captions(size, &content(lanes, drums, words), &options);
                    let what = format!(
                        "{size:?}, {lanes} lanes of {drums}, {} letters, {view:?}, reverse {reverse}",
                        words.len()
                    );
                    check(&what, &captions, &layout, layout.size);
                }
            }
        }
    }
}

#[test]
fn everything_that_is_written_is_on_the_picture() {
    every_case(|what, captions, _, size| {
        for glyph in &captions.glyphs {
            let [x, y] = glyph.place.map(i32::from);
            let [_, _, width, height] = glyph.cell.map(i32::from);
            // The soft shadows of the numbers to count with may be cut on tiny pictures.
            let inside =
                x >= 0 && y >= 0 && x + width <= size.width() as i32 && y + height <= size.height() as i32;
            assert!(inside || height > size.height() as i32 / 3, "{what}: {x} {y} {width}x{height}");
        }
    });
}

#[test]
fn title_section_and_clock_do_not_lie_on_each_other() {
    every_case(|what, captions, layout, _| {
        let clock = captions.clock.as_ref().expect("there is a header");
        let mut digits = Vec::new();
        clock.show(3_700_000, &mut digits);
        let clock = digits.iter().filter_map(|range| bounds(captions, range));
        let clock = clock.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
        let section = bounds(captions, &captions.sections[0].glyphs);
        let (clock, section) = (clock.expect("digits"), section.expect("letters"));
        assert!(!overlap(clock, section), "{what}: {clock:?} {section:?}");
        // The fixed glyphs of the header: the title, then how long the song is.
        let header = layout.header as i32;
        for glyph in &captions.glyphs[captions.fixed.start as usize..captions.fixed.end as usize] {
            let [x, y] = glyph.place.map(i32::from);
            let [_, _, width, height] = glyph.cell.map(i32::from);
            let letter = [x, y, x + width, y + height];
            if y < header && !layout.reverse {
                assert!(letter[3] <= header, "{what}: {letter:?} below the header of {header}");
            }
            assert!(!overlap(letter, section), "{what}: {letter:?} on the section {section:?}");
            assert!(!overlap(letter, clock), "{what}: {letter:?} on the clock {clock:?}");
        }
    });
}

#[test]
fn labels_stay_in_their_lanes_and_out_of_the_gems_way() {
    every_case(|what, captions, layout, _| {
        if layout.tilt.is_some() {
            return;
        }
        let strike = layout.strike as i32;
        let gem = layout.gem_half_height as i32;
        let lanes = layout.borders.len() - 1;
        let (left, right) = layout.sides();
        for glyph in &captions.glyphs[captions.fixed.start as usize..captions.fixed.end as usize] {
            let [x, y] = glyph.place.map(i32::from);
            let [_, _, width, height] = glyph.cell.map(i32::from);
            let is_label = y > layout.header as i32 && x as f32 > left && ((x + width) as f32) < right;
            if !is_label {
                continue;
            }
            assert!(
                y >= strike + gem || y + height <= strike - gem,
                "{what}: {y} at the strike line {strike}"
            );
            let within = (0..lanes).any(|lane| {
                let (left, right) = layout.lane(lane);
                x as f32 >= left - 1.0 && (x + width) as f32 <= right + 1.0
            });
            assert!(within, "{what}: a letter from {x} to {} is between lanes", x + width);
        }
    });
}

#[test]
fn what_is_shown_follows_the_songs_time() {
    let options = HighwayOptions::default();
    let content = content(3, 1, "Words");
    let (mut captions, _) = captions((1280, 720), &content, &options);
    let sections: Vec<Range<u32>> = captions.sections.iter().map(|group| group.glyphs.clone()).collect();
    for (milliseconds, seen) in
        [(-1, None), (0, Some(0)), (9_999, Some(0)), (10_000, Some(1)), (3_700_000, Some(1))]
    {
        captions.set_time(milliseconds);
        let shown: Vec<usize> =
            (0..2).filter(|&index| captions.shown().text.contains(&sections[index])).collect();
        assert_eq!(shown, seen.into_iter().collect::<Vec<_>>(), "at {milliseconds} ms");
    }
    for (milliseconds, labels) in [
        (5_999, LabelState::Fixed),
        (6_000, LabelState::Fading),
        (7_199, LabelState::Fading),
        (7_200, LabelState::Gone),
    ] {
        captions.set_time(milliseconds);
        assert_eq!(captions.label_state(), labels, "at {milliseconds} ms");
    }
    captions.set_time(3_723_999);
    assert!(captions.shown().end_card.is_none());
    captions.set_time(3_724_000);
    assert!(captions.shown().end_card.is_some());
}

#[test]
fn the_clock_shows_minutes_and_seconds_without_leading_zeros() {
    let (captions, _) = captions((1280, 720), &content(3, 1, "Words"), &HighwayOptions::default());
    let clock = captions.clock.as_ref().unwrap();
    let glyphs = |milliseconds| {
        let mut shown = Vec::new();
        clock.show(milliseconds, &mut shown);
        shown.len()
    };
    // 0:09, 1:01, 59:59, 1:00:00; before the song it is 0:00, and after its end as at its end.
    assert_eq!([-5_000, 9_000, 61_000, 3_599_000, 3_600_000, 9_999_000].map(glyphs), [4, 4, 4, 5, 7, 7]);
    let at = |milliseconds| {
        let mut shown = Vec::new();
        clock.show(milliseconds, &mut shown);
        shown
    };
    assert_ne!(at(5_000), at(6_000));
    assert_eq!(at(5_000), at(5_999));
}
