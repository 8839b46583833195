//! The words on the picture: labels over effects, the names of all drums, the header's texts and numbers.

mod common;

use std::path::Path;

use common::program::{folder_with, strikeline, succeed};
use common::still;
use strikeline::highway::{
    CutText, DrumLabel, Highway, HighwayContent, HighwayNote, HighwayOptions, Labels, LanePlace, LaneStyle,
};
use strikeline::song::{DrumMap, Song, SongOptions};
use strikeline::theme::{Color, Theme, ViewKind};
use strikeline_picture::{FrameRate, PictureSize, Time};

const GROOVE: &[u8] = include_bytes!("../examples/songs/groove.mid");
const PERCUSSION: &[u8] = include_bytes!("../examples/songs/percussion.mid");

fn rate() -> FrameRate {
    FrameRate::new(60, 1).unwrap()
}

fn highway(content: HighwayContent, options: &HighwayOptions, (width, height): (u32, u32)) -> Highway {
    Highway::new(content, options, PictureSize::new(width, height).unwrap(), rate()).unwrap()
}

#[test]
fn the_name_of_a_struck_drum_can_be_read() {
    let lane = |name: &str| {
        let drums = vec![DrumLabel { name: name.to_owned(), color: [40, 90, 200], ..DrumLabel::default() }];
        LaneStyle { color: [40, 90, 200], drums, ..LaneStyle::default() }
    };
    let hit = |place| HighwayNote {
        time: Time::from_seconds(1.0),
        place,
        color: [40, 90, 200],
        ..HighwayNote::default()
    };
    for name in Theme::builtin_names() {
        for (view, reverse) in
            [(ViewKind::Flat, false), (ViewKind::Flat, true), (ViewKind::Perspective, false)]
        {
            let mut theme = Theme::builtin(name).unwrap();
            // As much as there can be.
            let effects = &mut theme.effects;
            (effects.rings, effects.glow, effects.flash, effects.line_glow) = (1.0, 1.0, 1.0, 1.0);
            (effects.ring_size, effects.ring_width, effects.glow_reach) = (2.0, 20.0, 200.0);
            theme.text.scale = 1.6;
            // A colour that nothing else has.
            theme.text.color = Color::from_rgb([3, 253, 7]);
            let text = theme.text.color;
            let options = HighwayOptions {
                theme,
                view: Some(view),
                reverse,
                labels: Labels::Always,
                start: Some(Time::from_seconds(1.06)),
                ..HighwayOptions::default()
            };
            let picture = |notes: Vec<HighwayNote>| {
                let kick = lane("Kick");
                let lanes = ["Hi-Hat", "Snare"].map(lane).to_vec();
                let content = HighwayContent { lanes, kick, notes, ..HighwayContent::default() };
                let size = PictureSize::new(1280, 720).unwrap();
                still(&mut highway(content, &options, (1280, 720)), size, rate())
            };
            let quiet = picture(Vec::new());
            let struck =
                picture(vec![hit(LanePlace::Lane(0)), hit(LanePlace::Lane(1)), hit(LanePlace::Kick)]);
            let is_text = |pixel: &[u8]| pixel[..3] == [text.red, text.green, text.blue];
            let words: Vec<usize> =
                (0..1280 * 720).filter(|at| is_text(&quiet[at * 4..at * 4 + 4])).collect();
            let below_header: Vec<usize> = words.into_iter().filter(|at| at / 1280 > 90).collect();
            assert!(below_header.len() > 100, "{name}: {} pixels of text", below_header.len());
            for at in &below_header {
                assert!(is_text(&struck[at * 4..at * 4 + 4]), "{name} {view:?} {reverse}: pixel {at}");
            }
            // The effects are there.
            let near = |at: &usize| (1..12).any(|by| quiet[(at + by) * 4] != struck[(at + by) * 4]);
            assert!(below_header.iter().any(near), "{name} {view:?} {reverse}");
        }
    }
}

/// The labels of a song in a theme.
fn labels(song: &[u8], theme: &str, size: (u32, u32), view: ViewKind) -> Vec<String> {
    let song = Song::read(song, &SongOptions::default()).unwrap();
    let options =
        HighwayOptions { theme: Theme::builtin(theme).unwrap(), view: Some(view), ..Default::default() };
    let content = HighwayContent::from_song(&song, &options.theme.drum_map);
    highway(content, &options, size).label_names().to_vec()
}

#[test]
fn the_kick_has_a_name_in_every_view_and_size() {
    for size in [(1920, 1080), (1080, 1920), (640, 360), (3840, 2160), (1080, 1080)] {
        for view in [ViewKind::Flat, ViewKind::Perspective] {
            for song in [GROOVE, PERCUSSION] {
                let names = labels(song, "neon", size, view);
                let has_kick = ["Bass Drum 1", "Acoustic Bass Drum", "BD", "BD2", "B2", "Kick"]
                    .contains(&names[0].as_str());
                assert!(has_kick, "{size:?} {view:?}: {names:?}");
            }
        }
    }
}

#[test]
fn short_names_are_the_same_in_all_themes() {
    let song = Song::read(PERCUSSION, &SongOptions::default()).unwrap();
    let short = |theme: &str| {
        let map = Theme::builtin(theme).unwrap().drum_map;
        let HighwayContent { lanes, kick, .. } = HighwayContent::from_song(&song, &map);
        let drums = lanes.into_iter().chain([kick]).flat_map(|lane| lane.drums);
        let mut names: Vec<_> = drums.map(|drum| (drum.short_name, drum.letters)).collect();
        names.sort();
        names
    };
    for theme in Theme::builtin_names() {
        assert_eq!(short(theme), short("plain"), "{theme}");
    }
    // Where the names have as much room they are the same on the picture.
    for (song, size) in [(GROOVE, (270, 480)), (PERCUSSION, (640, 360))] {
        let written = |theme| labels(song, theme, size, ViewKind::Flat);
        assert_eq!(written("neon"), written("light"));
        assert_eq!(written("neon"), written("plain"));
    }
}

#[test]
fn what_has_no_room_is_said() {
    let title =
        "A title that is far too long for any picture of this size, and goes on and on and on".to_owned();
    let content = || HighwayContent { title: Some(title.clone()), ..HighwayContent::default() };
    let cut = |size| highway(content(), &HighwayOptions::default(), size).cut_texts().to_vec();
    assert_eq!(cut((400, 240)), [CutText::Title]);
    assert_eq!(cut((2560, 1080)), []);
    let song = Song::read(PERCUSSION, &SongOptions::default()).unwrap();
    let content = HighwayContent::from_song(&song, &DrumMap::general_midi());
    let tiny = highway(content, &HighwayOptions::default(), (64, 1080));
    assert_eq!((tiny.cut_texts(), tiny.label_names()), (&[CutText::LabelsLeftOut][..], &[][..]));
}

fn warnings(song: &Path, arguments: &[&str]) -> (Vec<String>, String) {
    let picture = song.with_file_name("picture.png");
    let mut command = strikeline();
    command.arg("frame").arg(song).args(["--json", "--force", "-o"]).arg(&picture).args(arguments);
    let output = succeed(&mut command);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let warnings = json["warnings"].as_array().unwrap().iter();
    let warnings = warnings.map(|warning| warning.as_str().unwrap().to_owned()).collect();
    (warnings, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_program_warns_of_texts_that_are_cut() {
    let (_folder, song) = folder_with(GROOVE);
    let title = ["Rhapsody"; 30].join(" ");
    let at = ["--size", "360p", "--at", "0"];
    let (said, stderr) = warnings(&song, &[&at[..], &["--title", title.as_str()]].concat());
    let [warning] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(warning, "the title is too long for a picture of 640x360 and is cut; --title gives another");
    assert!(stderr.contains(&format!("warning: {warning}")), "{stderr}");
    let artist = ["--title", "Short", "--artist", title.as_str()];
    assert!(warnings(&song, &[&at[..], &artist].concat()).0[0].starts_with("the artist is too long"));
    let (none, _) =
        warnings(&song, &[&at[..], &["--title", "A title that is cut at a third of the width"]].concat());
    assert!(none.is_empty(), "{none:?}");
    let narrow = ["--size", "64x1080", "--at", "0", "--labels"];
    let labels = |when| warnings(&song, &[&narrow[..], &[when]].concat()).0;
    assert!(labels("always").iter().any(|warning| warning.contains("the names of the drums have no room")));
    assert!(labels("intro").is_empty());
}

#[test]
fn counters_are_shown_where_they_are_asked_for() {
    let (folder, song) = folder_with(GROOVE);
    let picture = |arguments: &[&str]| {
        let path = folder.path().join("picture.png");
        let mut command = strikeline();
        command.arg("frame").arg(&song).args(["--size", "360p", "--force", "-o"]).arg(&path);
        succeed(command.args(arguments));
        std::fs::read(path).unwrap()
    };
    let at = ["--at", "bar:5"];
    let plain = picture(&at);
    assert!(plain != picture(&[&at[..], &["--bar-number"]].concat()));
    assert!(plain != picture(&[&at[..], &["--hit-counter"]].concat()));
    let stderr =
        common::program::fail(strikeline().arg("frame").arg(&song).args(["--bar-number", "--no-header"]), 2);
    assert!(stderr.contains("--no-header"), "{stderr}");
}
