//! Charts, given to the program.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{encode_sound, fail, strikeline, succeed};

fn charts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/songs/charts")
}

fn text(command: &mut Command) -> String {
    String::from_utf8(succeed(command).stdout).unwrap()
}

fn json(command: &mut Command) -> serde_json::Value {
    serde_json::from_str(&text(command)).unwrap()
}

/// A folder with the text chart and its tags, and a recording of two seconds.
fn song_with_recording() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["notes.chart", "song.ini"] {
        std::fs::copy(charts().join("twin-chart").join(name), folder.path().join(name)).unwrap();
    }
    encode_sound(&vec![0.1; 96_000], &[], &folder.path().join("song.wav"));
    folder
}

#[test]
fn inspect_says_that_it_is_a_chart_with_which_difficulties_pads_and_recordings() {
    let folder = song_with_recording();
    let shown = text(strikeline().arg("inspect").arg(folder.path()));
    for part in [
        "title      Twin Song",
        "artist     The Twins",
        "charter    somebody",
        "notes.chart, a chart of a rhythm game: 4 pads, with cymbals and toms (pro drums)",
        "easy (3 gems), hard (9 gems), expert (30 gems, shown)",
        "delay      0.250 s: its recordings begin at -0.250 s of the song",
        "song.wav (--audio plays it)",
        "big rock ending",
    ] {
        assert!(shown.contains(part), "{part:?} is not in:\n{shown}");
    }
    let report = json(strikeline().args(["inspect", "--json"]).arg(charts().join("twin.sng")));
    assert_eq!((&report["title"], &report["artist"]), (&"Twin Song".into(), &"The Twins".into()));
    let chart = &report["chart"];
    assert_eq!((&chart["format"], &chart["difficulty"]), (&"notes.chart".into(), &"expert".into()));
    assert_eq!(chart["difficulties"][1], serde_json::json!({"name": "hard", "gems": 9}));
    assert_eq!((&chart["lanes"], &chart["pro"]), (&4.into(), &true.into()));
    assert_eq!(chart["stems"][0], serde_json::json!({"file": "song.opus", "kind": "song", "packed": true}));
    let hard =
        json(strikeline().args(["inspect", "--json", "--difficulty", "hard"]).arg(charts().join("twin.sng")));
    assert_eq!(hard["hits"], 9);
    // A MIDI file is none.
    let plain = charts().join("twin-mid/notes.mid");
    let report = json(strikeline().args(["inspect", "--json", "--channel", "all"]).arg(plain));
    assert_eq!(report["chart"], serde_json::Value::Null);
}

#[test]
fn a_missing_difficulty_is_an_error_with_the_option_that_helps() {
    let error =
        fail(strikeline().args(["inspect", "--difficulty", "medium"]).arg(charts().join("twin-mid")), 2);
    assert!(error.contains("hard (9 gems)") && error.contains("help: --difficulty"), "{error}");
    fail(strikeline().args(["inspect", "--difficulty", "harder"]).arg(charts().join("twin-mid")), 2);
}

#[test]
fn a_folder_is_rendered_under_its_name_with_the_recording_where_the_chart_says() {
    let folder = song_with_recording();
    let song = folder.path().join("A Band - Song No. 1");
    std::fs::create_dir(&song).unwrap();
    for name in ["notes.chart", "song.ini", "song.wav"] {
        std::fs::rename(folder.path().join(name), song.join(name)).unwrap();
    }
    let recording = song.join("song.wav");
    let render = |more: &[&str]| {
        let mut command = strikeline();
        command.current_dir(&folder).arg("render").arg(&song).arg("--audio").arg(&recording);
        command.args(["--size", "64x64", "--duration", "0.5", "--quiet", "--force", "--json"]).args(more);
        json(&mut command)
    };
    let summary = render(&[]);
    assert_eq!(summary["output"], "A Band - Song No. 1.mp4");
    assert_eq!(summary["sound"]["audio_offset_seconds"], -0.25);
    let video = folder.path().join("A Band - Song No. 1.mp4");
    let probed = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "format_tags=title,artist", "-of", "json"])
        .arg(video)
        .output()
        .unwrap();
    let tags: serde_json::Value = serde_json::from_slice(&probed.stdout).unwrap();
    let tags = &tags["format"]["tags"];
    assert_eq!((&tags["title"], &tags["artist"]), (&"Twin Song".into(), &"The Twins".into()));
    // What is said counts more.
    assert_eq!(render(&["--audio-offset", "1"])["sound"]["audio_offset_seconds"], 1.0);
}

#[test]
#[cfg(target_os = "linux")]
fn names_that_are_not_utf_8_are_no_hindrance_to_json() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let song = folder.path().join(std::ffi::OsStr::from_bytes(b"song\xFF.mid"));
    std::fs::copy(charts().join("rockband_part_drums_expert_only.mid"), &song).unwrap();
    let still = folder.path().join(std::ffi::OsStr::from_bytes(b"still\xFF.png"));
    let mut frame = strikeline();
    frame.arg("frame").arg(&song).args(["--at", "0", "--size", "64x64", "--json", "-o"]).arg(&still);
    assert!(json(&mut frame)["output"].as_str().unwrap().ends_with("still\u{FFFD}.png"));
    let video = folder.path().join(std::ffi::OsStr::from_bytes(b"video\xFF.mp4"));
    let mut render = strikeline();
    render.arg("render").arg(&song).args([
        "--size",
        "64x64",
        "--duration",
        "0.1",
        "--no-sound",
        "--json",
        "-o",
    ]);
    assert!(json(render.arg(&video))["output"].as_str().unwrap().ends_with("video\u{FFFD}.mp4"));
    assert!(still.exists() && video.exists());
}
