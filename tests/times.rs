//! Times, rates and sizes as people write them; exact lengths; and what is told of a damaged song.

mod common;

use std::path::Path;
use std::process::Command;

use common::midi::{self, Tap, ticks};
use common::program::{decode, fail, folder_with, strikeline, succeed};
use proptest::prelude::*;
use strikeline::highway::{NoteMotion, SUBPIXELS};
use strikeline_picture::{FrameIndex, FrameRate, GivenTime, Time};

const SNARE: u8 = 38;

/// A snare every quarter of a second.
fn song(seconds: u32) -> Vec<u8> {
    let taps: Vec<Tap> =
        (0..=seconds * 4).map(|quarter| (ticks(f64::from(quarter) / 4.0), SNARE, 100)).collect();
    midi::song(&taps)
}

/// A snare every 2 s, which is a bar, for 8 s; markers at 0 s, 2 s and 4 s.
fn song_with_sections() -> Vec<u8> {
    let mut track = Vec::new();
    for marker in ["Intro", "Verse 1", "Chorus", ""] {
        if !marker.is_empty() {
            track.extend([0, 0xFF, 0x06, marker.len() as u8]);
            track.extend(marker.bytes());
        }
        track.extend([0, 0x99, SNARE, 100, 0x8F, 0x00, 0x89, SNARE, 0]);
    }
    track.extend([0, 0xFF, 0x2F, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\x01\xE0MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

/// A valid song of two hits, then an event that is none, then one more hit; a hit on a key without a drum.
fn damaged_song() -> Vec<u8> {
    let mut song = midi::song(&[(0, SNARE, 100), (100, 5, 100), (200, SNARE, 100), (300, SNARE, 100)]);
    song.truncate(song.len() - 6);
    song
}

/// The plainest and smallest picture of `song`, without sound.
fn small(subcommand: &str, song: &Path, output: &Path) -> Command {
    let mut command = strikeline();
    command.arg(subcommand).arg(song).args(["--size", "64x64", "--theme", "plain", "--json"]);
    match subcommand {
        "render" => command.arg("--no-sound").arg("-o").arg(output),
        "frame" => command.arg("-o").arg(output),
        _ => command.args(["--no-sound", "--frames", "2", "--brief", "--null-encoder"]),
    };
    command
}

fn json(command: &mut Command) -> serde_json::Value {
    serde_json::from_slice(&succeed(command).stdout).expect("one JSON object on stdout")
}

#[test]
fn a_length_of_whole_frames_gives_that_number_of_frames() {
    let (folder, path) = folder_with(&song(4));
    let video = folder.path().join("video.mp4");
    for (rate, duration, frames) in [
        ("30", "3.966666666666667", 119),
        ("30", "3.967", 119),
        ("30", "119/30", 119),
        ("30", "0:03.966667", 119),
        ("30", "3.97", 120),
        ("29.97", "3.970633", 119),
        ("23.976", "500ms", 12),
        ("60.0", "5.005", 301),
    ] {
        let mut render = small("render", &path, &video);
        render.args(["--force", "--fps", rate, "--start", "0", "--duration", duration]);
        assert_eq!(json(&mut render)["frames"], frames, "{duration} at {rate}");
    }
}

#[test]
fn parts_that_are_cut_at_frame_borders_show_the_frames_of_the_whole() {
    let (folder, path) = folder_with(&song(3));
    let rate = FrameRate::new(30_000, 1001).unwrap();
    let render = |start: &str, duration: &str, name: &str| {
        let video = folder.path().join(name);
        let mut command = strikeline();
        command.arg("render").arg(&path).args(["--fps", "29.97", "--size", "96x128", "--theme", "plain"]);
        command.args(["--no-sound", "--no-header", "--labels", "never", "--no-count-in", "--quality", "4"]);
        succeed(command.args(["--quiet", "--start", start, "--duration", duration, "-o"]).arg(&video));
        decode(&video, 96, 128)
    };
    let whole = render("0", "72072/30000", "whole.mp4");
    assert_eq!(whole.len(), 72);
    // To the microsecond, as a script would print them.
    let text = |frame| format!("{:.6}", rate.exact_time_of(FrameIndex(frame)).as_seconds());
    let borders = [0, 1, 19, 50, 72];
    let mut parts = Vec::new();
    for (number, pair) in borders.windows(2).enumerate() {
        parts.extend(render(&text(pair[0]), &text(pair[1] - pair[0]), &format!("{number}.mp4")));
    }
    assert_eq!(parts.len(), whole.len());
    let difference = |one: &[u8], other: &[u8]| {
        let sum: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        sum as f64 / one.len() as f64
    };
    for (frame, (part, of_whole)) in parts.iter().zip(&whole).enumerate() {
        let off = difference(part, of_whole);
        assert!(off < 0.6, "frame {frame} differs by {off}");
        // And it is no other frame.
        let next = difference(part, &whole[(frame + 1) % whole.len()]);
        assert!(off < next, "frame {frame}: {off}, {next}");
    }
}

proptest! {
    #[test]
    fn each_frame_of_a_part_has_its_notes_where_the_whole_has_them(
        rate in proptest::sample::select(vec![
            "23.976", "24", "25", "29.97", "30", "48", "50", "59.94", "60", "90", "100", "119.88", "120", "144", "240",
        ]),
        places in proptest::sample::select(vec![3_usize, 6, 9, 12]),
        path in 50_u32..2000,
        border in 0_u64..500_000,
        frame in 0_u64..10_000,
        exact in any::<bool>(),
    ) {
        let rate: FrameRate = rate.parse().unwrap();
        let time = rate.exact_time_of(FrameIndex(border)).as_seconds();
        let start = format!("{time:.places$}").parse::<GivenTime>().unwrap().time().rounded();
        let motion = NoteMotion::new(path, Time::from_seconds(2.0), rate, exact);
        let part = motion.scroll(start, FrameIndex(frame));
        let whole = motion.scroll(Time::ZERO, FrameIndex(border + frame));
        let off = (part - whole).abs() as f64;
        let digit = motion.pixels_per_second() * SUBPIXELS as f64 * 0.5 * 0.1_f64.powi(places as i32);
        prop_assert!(off <= digit + 1.0, "{off} subpixels");
        // Far less than a frame.
        prop_assert!(off < 0.13 * motion.pixels_per_second() / rate.as_f64() * SUBPIXELS as f64 + 1.0);
    }
}

#[test]
fn points_of_the_song_are_times_bars_and_sections() {
    let (folder, path) = folder_with(&song_with_sections());
    let picture = folder.path().join("frame.png");
    for (at, seconds) in [
        ("1.5", 1.5),
        ("1.5s", 1.5),
        ("1500ms", 1.5),
        ("3/2", 1.5),
        ("0:01.5", 1.5),
        ("1:02:03.5", 3723.5),
        ("bar:1", 0.0),
        ("bar:3", 4.0),
        ("section:Verse 1", 2.0),
        ("section: chorus ", 4.0),
        ("-1.5", -1.5),
        ("-0:01.5", -1.5),
        ("-1500ms", -1.5),
        ("-3/2", -1.5),
    ] {
        let mut frame = small("frame", &path, &picture);
        assert_eq!(json(frame.args(["--force", "--at", at]))["song_seconds"], seconds, "{at}");
    }
    let video = folder.path().join("video.mp4");
    for (options, seconds) in [
        (&["--start", "-2", "--force"][..], -2.0),
        (&["--start=-2", "--force"], -2.0),
        (&["--start", "bar:2", "--force"], 2.0),
        // A point of the song as it is in the file.
        (&["--start", "section:Chorus", "--speed", "0.5", "--force"], 8.0),
        (&["--start", "bar:3", "--tail", "0:01", "--lookahead", "1500ms", "--force"], 4.0),
    ] {
        let mut render = small("render", &path, &video);
        render.args(["--duration", "0.1"]).args(options);
        assert_eq!(json(&mut render)["song_start_seconds"], seconds, "{options:?}");
    }
    json(small("profile", &path, &video).args(["--start", "section:chorus"]));

    for (subcommand, option, code, parts) in [
        ("render", ["--start", "section:Bridge"], 2, &["Bridge", "Intro, Verse 1, Chorus"][..]),
        ("frame", ["--at", "bar:99"], 2, &["bar 99", "bars are 1 to"]),
        ("profile", ["--start", "section:Bridge"], 2, &["Verse 1"]),
        ("frame", ["--at", "Verse"], 2, &["42.5", "1:02.5", "bar:17", "section:NAME"]),
        ("frame", ["--at", "1,5"], 2, &["comma"]),
        // The option after it is not taken for a time in silence.
        ("render", ["--start", "--force"], 2, &["--force", "not a time", "42.5"]),
        ("render", ["--duration", "bar:3"], 2, &["not a time", "119/30"]),
        ("render", ["--duration", "-1"], 2, &["more than 0"]),
        ("render", ["--tail", "-1"], 2, &["0 or more"]),
        ("render", ["--lookahead", "1:00"], 2, &["0.1 to 30"]),
        ("render", ["--start", "1e9"], 2, &["year"]),
    ] {
        let error = fail(small(subcommand, &path, &folder.path().join("none")).args(option), code);
        for part in parts {
            assert!(error.contains(part), "{option:?}: {part:?} is not in:\n{error}");
        }
        assert!(!folder.path().join("none").exists());
    }
}

#[test]
fn rates_and_sizes_are_read_as_people_write_them() {
    let (folder, path) = folder_with(&song(1));
    let video = folder.path().join("video.mp4");
    for (rate, exact) in [
        ("23.976", "24000/1001"),
        ("29.97", "30000/1001"),
        ("59.94", "60000/1001"),
        ("60.0", "60"),
        ("12.5", "25/2"),
        ("pal", "25"),
    ] {
        let mut render = small("render", &path, &video);
        render.args(["--duration", "0.1", "--force", "--fps", rate]);
        assert_eq!(json(&mut render)["frame_rate"], exact, "{rate}");
    }
    let frame = |size: &str| {
        let mut command = strikeline();
        command.args(["frame", "--at", "0", "--theme", "plain", "--force", "--json", "--size", size]);
        command.arg(&path).arg("-o").arg(folder.path().join("frame.png"));
        command
    };
    for (size, exact) in
        [("360p", "640x360"), ("480P", "854x480"), ("vertical", "1080x1920"), ("square", "1080x1080")]
    {
        assert_eq!(json(&mut frame(size))["size"], exact, "{size}");
    }
    let error = fail(&mut frame("1921x1081"), 2);
    assert!(error.contains("1920x1080 or 1922x1082"), "{error}");
    let error = fail(&mut frame("1080i"), 2);
    assert!(error.contains("1080p") && error.contains("uhd"), "{error}");
    let error = fail(small("render", &path, &video).args(["--fps", "fast"]), 2);
    assert!(error.contains("29.97") && error.contains("30000/1001"), "{error}");
}

/// Whether a list of warnings has one with `part` in it.
fn has_warning(summary: &serde_json::Value, part: &str) -> bool {
    let warnings = summary["warnings"].as_array().expect("a list of warnings");
    warnings.iter().any(|warning| warning.as_str().unwrap().contains(part))
}

#[test]
fn json_has_all_warnings_whatever_is_printed() {
    let (folder, path) = folder_with(&damaged_song());
    let written = folder.path().join("output");
    for (subcommand, options) in [
        ("render", &["--duration", "0.1"][..]),
        ("frame", &["--at", "0"]),
        ("profile", &[]),
        ("profile", &["--compare", "--rounds", "1"]),
    ] {
        for quiet in [false, true] {
            let mut command = small(subcommand, &path, &written);
            if options.contains(&"--compare") {
                if quiet {
                    continue;
                }
                command = strikeline();
                command.arg(subcommand).arg(&path).args([
                    "--size",
                    "64x64",
                    "--json",
                    "--frames",
                    "2",
                    "--no-sound",
                ]);
            }
            if subcommand != "profile" {
                command.arg("--force");
            }
            command.args(options);
            if quiet {
                command.arg("--quiet");
            }
            let output = succeed(&mut command);
            let summary = serde_json::from_slice(&output.stdout).unwrap();
            for part in ["ends at byte", "key 5 (1 note)"] {
                assert!(has_warning(&summary, part), "{subcommand}: {part} is not in {summary}");
            }
            let printed = String::from_utf8_lossy(&output.stderr).contains("song.mid: the file ends at byte");
            assert_eq!(printed, !quiet);
        }
    }
    // Characters without a font, where the machine's fonts lack one.
    let mut frame = strikeline();
    frame.args(["frame", "--at", "0", "--title", "\u{A840}", "--size", "640x360", "--json", "--force"]);
    let output = succeed(frame.arg(&path).arg("-o").arg(folder.path().join("frame.png")));
    let is_missing = String::from_utf8_lossy(&output.stderr).contains("no font has");
    assert_eq!(has_warning(&serde_json::from_slice(&output.stdout).unwrap(), "no font has"), is_missing);
    // What there is to say about the sound is among them.
    let mut render = strikeline();
    render.arg("render").arg(&path).args(["--size", "64x64", "--duration", "0.1", "--json", "--force"]);
    render.args(["--audio-bitrate", "100k", "--audio-codec", "flac", "-o"]).arg(&written);
    assert!(has_warning(&json(&mut render), "--audio-bitrate has no effect"));
    // A sound song has none.
    let (_folder, path) = folder_with(&song(1));
    let summary = json(small("render", &path, &written).args(["--duration", "0.1", "--force"]));
    assert_eq!(summary["warnings"], serde_json::json!([]));
}

#[test]
fn with_strict_a_loss_of_notes_is_an_error_before_anything_is_drawn() {
    let (folder, path) = folder_with(&damaged_song());
    let output = folder.path().join("output");
    for (subcommand, options) in
        [("render", &["--duration", "0.1"][..]), ("frame", &["--at", "0"]), ("profile", &[])]
    {
        let error = fail(small(subcommand, &path, &output).args(options).arg("--strict"), 1);
        for part in ["song.mid", "notes may be lost", "ends at byte", "help:", "--strict"] {
            assert!(error.contains(part), "{part:?} is not in:\n{error}");
        }
        assert!(!error.contains("key 5"), "{error}");
        assert!(!output.exists());
    }
    let mut tune = strikeline();
    let error = fail(tune.arg("tune").arg(&path).args(["--dry-run", "--strict", "--size", "64x64"]), 1);
    assert!(error.contains("notes may be lost"), "{error}");

    // The report is made nevertheless.
    let inspected = strikeline().arg("inspect").arg(&path).args(["--json", "--strict"]).output().unwrap();
    assert_eq!(inspected.status.code(), Some(1));
    assert!(has_warning(&serde_json::from_slice(&inspected.stdout).unwrap(), "ends at byte"));

    // A key without a drum is no loss.
    let (folder, path) = folder_with(&midi::song(&[(0, SNARE, 100), (100, 5, 100)]));
    let summary =
        json(small("frame", &path, &folder.path().join("frame.png")).args(["--at", "0", "--strict"]));
    assert!(has_warning(&summary, "key 5"));
    succeed(strikeline().arg("inspect").arg(&path).arg("--strict"));
}
