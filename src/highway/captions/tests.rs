//! Nothing that is written leaves the picture, or lies on something else.

use super::*;
use crate::highway::content::{BarStart, CountIn, DrumLabel, HighwayNote, LaneStyle, Section};
use crate::highway::options::Labels;
use crate::song::Mark;
use crate::theme::ViewKind;
use proptest::prelude::*;
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
        lanes: vec![LaneStyle { name: "Lane".to_owned(), drums, ..LaneStyle::default() }; lanes],
        kick: LaneStyle { name: "Kick".to_owned(), drums: vec![drum("Bass Drum")], ..LaneStyle::default() },
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
        // The first is the kick's, which is beside the road or below all lanes.
        for (index, label) in captions.labels.iter().enumerate() {
            let text = bounds(captions, &label.glyphs).expect("letters");
            let gems = slice(&captions.legend, &label.gems).iter().map(|gem| {
                let [top, bottom] = gem.height();
                let [left, right] = [gem.center - gem.half_width, gem.center + gem.half_width];
                [left as i32, top as i32, right as i32, bottom as i32]
            });
            for [x, top, end, bottom] in gems.chain([text]) {
                let (x, end) = (x as f32, end as f32);
                if index == 0 && end <= left {
                    continue;
                }
                assert!(top >= strike + gem || bottom <= strike - gem, "{what}: {top} at {strike}");
                let within = (0..lanes).any(|lane| {
                    let (left, right) = layout.lane(lane);
                    x >= left - 1.0 && end <= right + 1.0
                });
                assert!(within || (index == 0 && x >= left && end <= right), "{what}: {x} to {end}");
            }
            let others = captions.labels[..index].iter().filter_map(|other| bounds(captions, &other.glyphs));
            others.for_each(|other| assert!(!overlap(text, other), "{what}: {text:?} {other:?}"));
        }
    });
}

/// Lanes of drums whose full names have more than four letters, short names three, and letters two.
fn lanes() -> impl Strategy<Value = (Vec<LaneStyle>, LaneStyle)> {
    let drum = ("[A-Za-z]{4,9} ([A-Z][a-z]{4,9}){0,2}", "[A-Z]{2}[A-Z0-9]", "[A-Z]{2}", any::<[u8; 3]>());
    let drum = drum.prop_map(|(name, short_name, letters, color)| DrumLabel {
        name,
        short_name,
        letters,
        color,
        ..DrumLabel::default()
    });
    let lane = ("[A-Z][a-z]{4,9}", "[A-Z]{3}", "[A-Z]{2}", prop::collection::vec(drum, 0..7));
    let lane = lane.prop_map(|(name, short_name, letters, drums)| LaneStyle {
        name,
        short_name,
        letters,
        drums,
        ..LaneStyle::default()
    });
    (prop::collection::vec(lane.clone(), 1..16), lane)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn all_labels_of_a_picture_are_of_one_kind_and_no_two_are_the_same(
        (lanes, kick) in lanes(),
        (width, height) in (120u32..1000, 120u32..1000),
        (view, reverse, left_handed) in
            (prop::sample::select(vec![ViewKind::Flat, ViewKind::Perspective]), any::<bool>(), any::<bool>()),
    ) {
        let options = HighwayOptions { view: Some(view), reverse, left_handed, ..HighwayOptions::default() };
        let content = HighwayContent { lanes, kick, ..HighwayContent::default() };
        let (captions, _) = captions((width * 2, height * 2), &content, &options);
        let names = &captions.label_names;
        let distinct: std::collections::HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        prop_assert_eq!(distinct.len(), names.len(), "{:?}", names);
        prop_assert!(names.iter().all(|name| !name.contains('…')));
        let kinds: std::collections::HashSet<usize> = names.iter().map(|name| name.len().min(4)).collect();
        prop_assert!(kinds.len() <= 1, "{:?}", names);
        // Each lane that has drums has a label, or none has.
        let has_drums = content.lanes.iter().filter(|lane| !lane.drums.is_empty()).count();
        let labels = captions.labels.len();
        prop_assert!([0, has_drums, has_drums + 1].contains(&labels), "{:?}", names);
    }
}

fn label_names(lanes: &[&[(&str, &str)]], size: (u32, u32)) -> Vec<String> {
    let drum = |&(name, short_name): &(&str, &str)| DrumLabel {
        name: name.to_owned(),
        short_name: short_name.to_owned(),
        ..DrumLabel::default()
    };
    let lane = |drums: &&[(&str, &str)]| LaneStyle {
        name: "Toms".to_owned(),
        drums: drums.iter().map(drum).collect(),
        ..LaneStyle::default()
    };
    let content = HighwayContent { lanes: lanes.iter().map(lane).collect(), ..HighwayContent::default() };
    captions(size, &content, &HighwayOptions::default()).0.label_names
}

#[test]
fn names_are_as_long_as_all_of_them_have_room_for() {
    let hats: &[(&str, &str)] = &[("Closed Hi-Hat", "HHC"), ("Open Hi-Hat", "HHO")];
    let snare: &[(&str, &str)] = &[("Acoustic Snare", "SD")];
    let names = label_names(&[hats, snare], (1920, 1080));
    assert_eq!(names, ["Closed Hi-Hat", "Open Hi-Hat", "Acoustic Snare"]);
    let many: &[&[(&str, &str)]] =
        &[hats, snare, &[("Crash Cymbal 1", "CR1")], &[("Ride Cymbal 1", "RD")], &[("High Floor Tom", "FT")]];
    assert_eq!(label_names(many, (360, 640)), ["HHC", "HHO", "SD", "CR1", "RD", "FT"]);
    let eleven = [many, many, &[snare]].concat();
    // Some are there twice: their names differ all the same.
    let names = label_names(&eleven, (1920, 1080));
    assert!(names.iter().all(|name| name.chars().count() == 2), "{names:?}");
    assert_eq!(names[..3], ["HC", "HO", "SD"]);
    // A lane whose drums have no room below each other has its own name.
    let toms: Vec<(String, String)> =
        (0..30).map(|index| (format!("Tom {index}"), format!("T{index}"))).collect();
    let toms: Vec<(&str, &str)> = toms.iter().map(|(name, short)| (name.as_str(), short.as_str())).collect();
    assert_eq!(label_names(&[snare, &toms], (1920, 1080)), ["Acoustic Snare", "Toms"]);
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
        (5_999, LabelState::Whole),
        (6_000, LabelState::Fading),
        (7_199, LabelState::Fading),
        (7_200, LabelState::Gone),
    ] {
        captions.set_time(milliseconds);
        let picture = [captions.picture];
        assert_eq!(captions.labels_within(&picture).is_empty(), labels == LabelState::Gone);
        assert_eq!(captions.label_state_at(milliseconds), labels, "at {milliseconds} ms");
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

/// The header of a picture 1280 pixels wide: the left and right ends of what never changes and of the sections, and what is
/// cut.
fn header(title: &str, artist: &str, section: &str, options: &HighwayOptions) -> (Vec<Bounds>, Vec<CutText>) {
    let content = HighwayContent {
        title: Some(title.to_owned()),
        artist: Some(artist.to_owned()).filter(|artist| !artist.is_empty()),
        sections: vec![Section { time: Time::ZERO, name: section.to_owned() }],
        bars: vec![BarStart { time: Time::from_seconds(2.0), number: 12 }],
        notes: vec![HighwayNote { time: Time::from_seconds(1.0), ..HighwayNote::default() }],
        end: Time::from_seconds(100.0),
        ..HighwayContent::default()
    };
    let (captions, _) = captions((1280, 720), &content, options);
    let glyphs = captions.fixed.clone().map(|glyph| glyph..glyph + 1);
    let sections = captions.sections.iter().map(|section| section.glyphs.clone());
    let all = glyphs.chain(sections).filter_map(|range| bounds(&captions, &range)).collect();
    (all, captions.cut)
}

#[test]
fn a_long_title_takes_what_is_free_then_shrinks_and_is_cut_last() {
    let options = HighwayOptions::default();
    let words = |count: usize| vec!["Rhapsody"; count].join(" ");
    let title = |count: usize, section: &str| {
        let (all, cut) = header(&words(count), "", section, &options);
        let [left, _, right, _] = all[1];
        (right - left, all[1][3] - all[1][1], cut)
    };
    // Half of the picture, since no section needs the middle; then smaller letters, then fewer.
    let (width, height, cut) = title(5, "");
    assert!(width > 450 && cut.is_empty(), "{width}");
    let (smaller_width, smaller, cut) = title(8, "");
    assert!(smaller < height, "{smaller} {height}");
    assert!(smaller_width > width && cut.is_empty(), "{smaller_width} {width} {cut:?}");
    assert_eq!(title(40, "").2, [CutText::Title]);
    // A section has its room.
    let (beside, _, _) = title(8, "Chorus");
    assert!(beside < smaller_width);
}

#[test]
fn an_artist_has_room_as_long_as_there_is_some_and_does_not_vanish_without_a_word() {
    let options = HighwayOptions::default();
    let cut = |title: usize, artist: usize| {
        header(&vec!["Rhapsody"; title].join(" "), &vec!["Orchestra"; artist].join(" "), "Verse", &options)
    };
    assert_eq!(cut(2, 1).1, []);
    assert_eq!(cut(2, 1).0.len(), 4);
    assert_eq!(cut(20, 1).1, [CutText::Title]);
    assert_eq!(cut(20, 1).0.len(), 4);
    assert_eq!(cut(20, 20).1, [CutText::Title, CutText::Artist]);
    assert_eq!(cut(1, 20).1, [CutText::Artist]);
}

#[test]
fn bar_and_hits_are_counted_beside_the_clock() {
    let mut content = content(3, 1, "Words");
    content.bars = [(0.0, 1), (2.0, 2), (4.0, 117)]
        .map(|(time, number)| BarStart { time: Time::from_seconds(time), number })
        .to_vec();
    let hit = |seconds| HighwayNote { time: Time::from_seconds(seconds), ..HighwayNote::default() };
    content.notes = (0..12).map(|index| hit(f64::from(index / 2))).collect();
    let options = HighwayOptions { bar_number: true, hit_counter: true, ..HighwayOptions::default() };
    let (captions, layout) = captions((1280, 720), &content, &options);
    let [bar, hits] = captions.counters.as_slice() else { panic!("two counters") };
    let shown = |counter: &Counter, at| {
        let mut shown = Vec::new();
        counter.show(at, &mut shown);
        shown
    };
    // Its name, and its digits.
    assert_eq!([-1, 0, 3_999, 4_000].map(|at| shown(bar, at).len()), [0, 2, 2, 4]);
    assert_eq!([-1, 0, 3_999, 4_000, 9_000].map(|at| shown(hits, at).len()), [2, 2, 2, 3, 3]);
    assert_eq!(shown(bar, 0), shown(bar, 1_999));
    assert_ne!(shown(bar, 0), shown(bar, 2_000));
    assert_ne!(shown(hits, 0), shown(hits, 1_000));
    // None lies on another.
    let clock = captions.clock.as_ref().unwrap();
    let mut digits = Vec::new();
    clock.show(3_700_000, &mut digits);
    let around = |ranges: &[Range<u32>]| {
        let all = ranges.iter().filter_map(|range| bounds(&captions, range));
        all.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]).unwrap()
    };
    let section = captions.sections[0].glyphs.clone();
    let ends = [around(&[section]), around(&shown(bar, 4_000)), around(&shown(hits, 9_000)), around(&digits)];
    assert!(ends.windows(2).all(|pair| pair[0][2] < pair[1][0]), "{ends:?}");
    assert!(ends.iter().all(|end| end[3] < layout.header as i32));
}
