//! A piece of a song shows at each moment what the whole video shows there.

mod common;

use std::path::Path;
use std::process::Command;

use common::program::{strikeline, succeed};
use common::{Planes, capture_frames};
use strikeline::highway::{
    CountIn, EndCard, Highway, HighwayContent, HighwayNote, HighwayOptions, LanePlace, LaneStyle, Section,
};
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::{FrameRate, PictureSize, Time};

fn seconds(seconds: f64) -> Time {
    Time::from_seconds(seconds)
}

/// Ten seconds with everything that comes and goes: labels, a count-in, sections, a clock, effects, an end card.
fn content() -> HighwayContent {
    let lane = |color, name: &str| {
        let drums = vec![strikeline::highway::DrumLabel { name: name.into(), color, ..Default::default() }];
        LaneStyle { color, name: name.into(), drums, ..LaneStyle::default() }
    };
    let notes = (0..66).map(|index| HighwayNote {
        time: seconds(0.5 + f64::from(index) * 0.1234),
        place: if index % 5 == 0 { LanePlace::Kick } else { LanePlace::Lane(index as usize % 2) },
        velocity: (index * 37 % 127 + 1) as u8,
        color: [200, 80, 20],
        ..HighwayNote::default()
    });
    HighwayContent {
        lanes: vec![lane([250, 60, 60], "Snare"), lane([60, 160, 250], "Tom")],
        notes: notes.collect(),
        sections: vec![
            Section { time: seconds(0.5), name: "Verse".into() },
            Section { time: seconds(4.3), name: "Chorus".into() },
        ],
        count_in: (0..4)
            .map(|beat| CountIn {
                time: seconds(f64::from(beat) * 0.5 - 1.5),
                duration: seconds(0.5),
                number: beat as u8 + 1,
            })
            .collect(),
        title: Some("A Song".into()),
        end: seconds(9.0),
        ..HighwayContent::default()
    }
}

#[test]
fn a_piece_shows_at_each_moment_what_the_whole_shows() {
    let size = PictureSize::new(256, 192).unwrap();
    let image: std::path::PathBuf =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/contrast-flat.png").into();
    for (theme, view, rate, exact_speed, shutter_degrees) in [
        ("neon", ViewKind::Flat, "30", false, 0.0),
        ("plain", ViewKind::Perspective, "29.97", false, 0.0),
        ("retro", ViewKind::Flat, "23.976", true, 180.0),
    ] {
        let rate: FrameRate = rate.parse().unwrap();
        let look = HighwayOptions {
            theme: Theme::builtin(theme).unwrap(),
            view: Some(view),
            exact_speed,
            shutter_degrees,
            reverse: shutter_degrees > 0.0,
            end_card: Some(EndCard { image: image.clone() }),
            ..HighwayOptions::default()
        };
        let highway =
            |start| Highway::new(content(), &HighwayOptions { start, ..look.clone() }, size, rate).unwrap();
        let frames =
            |mut highway: Highway, count| -> Vec<Planes> { capture_frames(&mut highway, size, rate, count) };
        let whole_start = highway(None).start();
        // It begins at a whole number of frames before the song's start.
        let before = (-whole_start.as_seconds() * rate.as_f64()).round();
        let off = whole_start.as_seconds() + before / rate.as_f64();
        assert!(before > 0.0 && off.abs() < 2e-9, "{whole_start:?}");
        let whole = frames(highway(None), rate.frames_to_cover(seconds(12.0)));
        // In the count-in; where labels fade; when they have gone; at a new section; at the end card.
        for from in [-1.1, 6.4, 3.9, 8.2, 9.3] {
            let first = (from * rate.as_f64()).round();
            // As a script would print it.
            let at = first * f64::from(rate.denominator()) / f64::from(rate.numerator());
            let start: Time = seconds(format!("{at:.6}").parse().unwrap());
            let piece = frames(highway(Some(start)), 6);
            for (index, frame) in piece.iter().enumerate() {
                let place = (first + before) as usize + index;
                assert!(
                    frame == &whole[place],
                    "{theme} at {start:?}: frame {index} is not frame {place} of the whole"
                );
                // And it is no other frame.
                assert!(frame != &whole[place - 1], "{theme} at {start:?}: frame {index}");
            }
        }
    }
}

/// The frames of a video or picture, decoded by ffmpeg to RGB.
fn rgb(file: &Path) -> Vec<Vec<u8>> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(file);
    ffmpeg.args([
        "-vf",
        "scale=in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int",
        "-pix_fmt",
        "rgb24",
    ]);
    let decoded = succeed(ffmpeg.args(["-f", "rawvideo", "-fps_mode", "passthrough", "-"]));
    decoded.stdout.chunks(160 * 90 * 3).map(<[u8]>::to_vec).collect()
}

#[test]
fn a_still_shows_what_the_whole_video_shows_at_that_time() {
    let song = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/songs/groove.mid");
    let folder = tempfile::tempdir().unwrap();
    let command = |name: &str, more: &[&str]| {
        let output = folder.path().join(name);
        let subcommand = if name.ends_with(".png") { "frame" } else { "render" };
        let mut command = strikeline();
        command.arg(subcommand).arg(&song).args(["--size", "160x90", "--fps", "10", "--quiet", "--json"]);
        let told = succeed(command.args(more).arg("-o").arg(&output)).stdout;
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
        (rgb(&output), told)
    };
    let (whole, told) = command("whole.mp4", &["--no-sound", "--quality", "4"]);
    let before = (-10.0 * told["song_start_seconds"].as_f64().unwrap()).round() as usize;
    // In the count-in, with labels, while they fade, and without.
    for at in [-0.8, 1.0, 3.5, 9.0, 12.3] {
        let (still, _) = command("still.png", &["--force", "--at", &at.to_string()]);
        let place = before.strict_add_signed((at * 10.0_f64).round() as isize);
        let off = |frame: usize| {
            let pairs = still[0].iter().zip(&whole[frame]);
            pairs.map(|(one, other)| f64::from(one.abs_diff(*other))).sum::<f64>() / still[0].len() as f64
        };
        let (here, before, after) = (off(place), off(place - 1), off(place + 1));
        // What the encoder loses, chroma at half the size above all.
        assert!(here < 7.0 && here < before && here < after, "at {at}: {before} {here} {after}");
    }
}
