//! Small pictures of every theme, view and effect, compared with those in `tests/golden/`.
//!
//! After a change that is meant to be seen: `STRIKELINE_BLESS=1 cargo test --test golden`, and look at them.

mod common;

use std::path::{Path, PathBuf};

use common::still;
use strikeline::highway::{EndCard, Highway, HighwayContent, HighwayOptions, Labels};
use strikeline::song::{
    Channel, DrumMap, Note, Openness, Phrase, PhraseKind, Song, SongOptions, Stroke, Technique, TrackIndex,
};
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::{FrameRate, PictureSize, Time};

/// Another adapter, or another version of this one, may round each step another way.
const MEAN_TOLERANCE: f64 = 0.6;
/// Share of the samples that may differ by more than 10 code values.
const OUTLIERS: f64 = 0.005;

fn theme(name: &str) -> Theme {
    Theme::builtin(name).expect("a built-in theme")
}

/// The groove at `seconds`.
fn picture(seconds: f64, (width, height): (u32, u32), options: HighwayOptions) -> Vec<u8> {
    let song = Song::read(include_bytes!("../examples/songs/groove.mid"), &SongOptions::default()).unwrap();
    let mut content = HighwayContent::from_song(&song, &options.theme.drum_map);
    content.artist = Some("Köln & Ωмега".to_owned());
    let options = HighwayOptions { start: Some(Time::from_seconds(seconds)), ..options };
    let (size, rate) = (PictureSize::new(width, height).unwrap(), FrameRate::new(60, 1).unwrap());
    still(&mut Highway::new(content, &options, size, rate).unwrap(), size, rate)
}

fn read_png(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path)
        .unwrap_or_else(|error| panic!("{}: {error}; see the head of this test", path.display()));
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

fn write_png(path: &Path, (width, height): (u32, u32), rgba: &[u8]) {
    let rgb: Vec<u8> = rgba.chunks(4).flat_map(|pixel| &pixel[..3]).copied().collect();
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
}

fn compare(name: &str, size: (u32, u32), rgba: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("png");
    if std::env::var_os("STRIKELINE_BLESS").is_some() {
        write_png(&path, size, rgba);
        return;
    }
    let golden = read_png(&path);
    let drawn: Vec<u8> = rgba.chunks(4).flat_map(|pixel| &pixel[..3]).copied().collect();
    assert_eq!(golden.len(), drawn.len(), "{name} has another size");
    let differences = golden.iter().zip(&drawn).map(|(&a, &b)| f64::from(a.abs_diff(b)));
    let mean = differences.clone().sum::<f64>() / golden.len() as f64;
    let outliers = differences.filter(|&difference| difference > 10.0).count() as f64 / golden.len() as f64;
    if mean > MEAN_TOLERANCE || outliers > OUTLIERS {
        let seen = std::env::temp_dir().join(format!("strikeline-{name}.png"));
        write_png(&seen, size, rgba);
        panic!("{name} differs: mean {mean}, outliers {outliers}; it is now as {}", seen.display());
    }
}

const WIDE: (u32, u32) = (480, 270);
const TALL: (u32, u32) = (270, 480);

#[test]
fn every_theme_looks_as_it_did_in_both_views() {
    for name in Theme::builtin_names() {
        for (view, word) in [(ViewKind::Flat, "flat"), (ViewKind::Perspective, "perspective")] {
            let options = HighwayOptions { view: Some(view), labels: Labels::Always, ..with_theme(name) };
            compare(&format!("{name}-{word}"), WIDE, &picture(27.33, WIDE, options));
        }
    }
}

fn with_theme(name: &str) -> HighwayOptions {
    HighwayOptions { theme: theme(name), ..HighwayOptions::default() }
}

#[test]
fn layouts_look_as_they_did() {
    let neon = || with_theme("neon");
    compare("portrait", TALL, &picture(30.2, TALL, neon()));
    compare("reverse", WIDE, &picture(3.0, WIDE, HighwayOptions { reverse: true, ..neon() }));
    let upside_down = HighwayOptions { reverse: true, view: Some(ViewKind::Perspective), ..neon() };
    compare("reverse-perspective", WIDE, &picture(3.0, WIDE, upside_down));
    compare("left-handed", WIDE, &picture(3.0, WIDE, HighwayOptions { left_handed: true, ..neon() }));
}

#[test]
fn effects_look_as_they_did() {
    let neon = || with_theme("neon");
    let blurred = || HighwayOptions { shutter_degrees: 270.0, labels: Labels::Always, ..neon() };
    compare("shutter", WIDE, &picture(20.05, WIDE, blurred()));
    let tilted = HighwayOptions { view: Some(ViewKind::Perspective), ..blurred() };
    compare("shutter-perspective", WIDE, &picture(20.05, WIDE, tilted));
    compare("count-in", WIDE, &picture(-1.0, WIDE, neon()));
    compare("labels-going", WIDE, &picture(6.6, WIDE, neon()));
}

/// A hi-hat that opens, flams and drags, choked cymbals, and phrases.
fn techniques(map: &DrumMap) -> HighwayContent {
    let note = |seconds: f64, key: u8, velocity: u8, technique: Technique| Note {
        time: Time::from_seconds(seconds),
        duration: Time::from_seconds(0.35),
        track: TrackIndex::from_index(0),
        channel: Channel::DRUMS,
        key,
        velocity,
        technique,
    };
    let plain = Technique::default();
    let open = |openness: u8| Technique { openness: Openness::new(openness), ..plain };
    let struck = |stroke: Stroke| Technique { stroke, ..plain };
    let choked = Technique { is_choked: true, ..plain };
    let mut notes = vec![
        note(0.2, 42, 90, open(0)),
        note(0.5, 42, 90, open(64)),
        note(0.8, 46, 90, open(127)),
        note(1.1, 46, 90, plain),
        note(0.5, 38, 60, plain),
        note(0.53, 38, 100, plain),
        note(0.9, 38, 100, struck(Stroke::Flam)),
        note(1.3, 38, 100, struck(Stroke::Drag)),
        note(0.4, 49, 100, choked),
        note(1.2, 49, 120, plain),
        note(0.3, 51, 90, plain),
        note(0.6, 57, 90, choked),
        note(0.7, 43, 90, plain),
        note(0.2, 36, 100, plain),
        note(0.9, 35, 100, plain),
    ];
    notes.extend((0..6).map(|index| note(1.0 + f64::from(index) * 0.07, 48, 80, plain)));
    notes.sort_by_key(|note| note.time);
    let phrase =
        |start, end, kind| Phrase { start: Time::from_seconds(start), end: Time::from_seconds(end), kind };
    HighwayContent {
        phrases: vec![
            phrase(-1.0, 0.9, PhraseKind::StarPower),
            phrase(0.6, 3.0, PhraseKind::Solo),
            phrase(1.0, 1.42, PhraseKind::Roll),
        ],
        ..HighwayContent::from_song(&Song::from_notes(notes), map)
    }
}

#[test]
fn techniques_and_phrases_look_as_they_did() {
    for name in ["plain", "arcade"] {
        let options = HighwayOptions {
            start: Some(Time::ZERO),
            labels: Labels::Never,
            lookahead: Time::from_seconds(1.6),
            count_in: false,
            ..with_theme(name)
        };
        let (size, rate) = (PictureSize::new(640, 360).unwrap(), FrameRate::new(60, 1).unwrap());
        let content = techniques(&options.theme.drum_map);
        let picture = still(&mut Highway::new(content, &options, size, rate).unwrap(), size, rate);
        compare(&format!("techniques-{name}"), (640, 360), &picture);
    }
}

/// A picture file: shades of red and green, and a blue frame.
fn image_file(folder: &Path) -> PathBuf {
    let path = folder.join("image.png");
    let (width, height) = (300, 200);
    let pixels = (0..width * height).flat_map(|at| {
        let (x, y) = (at % width, at / width);
        let framed = x < 10 || y < 10 || x >= width - 10 || y >= height - 10;
        [(x * 255 / width) as u8, (y * 255 / height) as u8, if framed { 255 } else { 0 }, 255]
    });
    write_png(&path, (width, height), &pixels.collect::<Vec<u8>>());
    path
}

#[test]
fn images_look_as_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let image = image_file(folder.path());
    let mut theme = theme("plain");
    (theme.background.image, theme.background.image_strength) = (Some(image.clone()), 0.5);
    theme.highway.color.alpha = 180;
    let options = HighwayOptions { theme, labels: Labels::Always, ..HighwayOptions::default() };
    compare("background-image", WIDE, &picture(12.0, WIDE, options));
    let end_card = Some(EndCard { image });
    compare(
        "end-card",
        WIDE,
        &picture(64.0, WIDE, HighwayOptions { end_card, labels: Labels::Always, ..with_theme("neon") }),
    );
}
