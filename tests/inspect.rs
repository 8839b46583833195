//! `strikeline inspect` and `strikeline frame`, through the program.

mod common;

use std::process::Stdio;

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

fn song() -> Vec<u8> {
    midi::song(&[(0, 36, 100), (ticks(0.5), 38, 90), (ticks(0.5), 46, 1), (ticks(1.0) + 1, 3, 127)])
}

#[test]
fn every_hit_is_listed_in_order_with_its_lane() {
    let (_folder, path) = folder_with(&song());
    let output = succeed(strikeline().arg("inspect").arg(&path).args(["--json", "--notes"]));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!([
        {"time": 0.0, "key": 36, "velocity": 100, "channel": 10, "lane": "Kick"},
        {"time": 0.5, "key": 38, "velocity": 90, "channel": 10, "lane": "Snare"},
        {"time": 0.5, "key": 46, "velocity": 1, "channel": 10, "lane": "Hi-Hat"},
        // 0.5 / 480 s more, to the microsecond.
        {"time": 1.001042, "key": 3, "velocity": 127, "channel": 10, "lane": "Other"},
    ]);
    assert_eq!(report["notes"], expected);
    assert_eq!(report["hits"], 4);
    assert!(report["warnings"].to_string().contains("key 3"), "{report}");

    let output = succeed(strikeline().arg("inspect").arg(&path).arg("--json"));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report.get("notes").is_none());
}

/// A bass on channel 1, and the keys of a kick and a snare on channel 3.
fn song_without_drums() -> Vec<u8> {
    let mut track = b"\0\xC0\x20".to_vec();
    for _ in 0..4 {
        track.extend(b"\0\x90\x20\x40\0\x92\x24\x40\x60\x26\x40");
    }
    track.extend(b"\0\xFF\x2F\0");
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

#[test]
fn a_file_without_drums_is_inspected_and_not_drawn() {
    let (folder, path) = folder_with(&song_without_drums());
    let text = String::from_utf8(succeed(strikeline().arg("inspect").arg(&path)).stdout).unwrap();
    for part in [
        "channel 1   melodic; 4 notes; Acoustic Bass (track 1)",
        "channel 3   melodic; 8 notes (track 1)",
        "no drum notes",
        "channel 3 is probably drums, by its keys",
        "--channel",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let output = succeed(strikeline().arg("inspect").arg(&path).args(["--json", "--notes"]));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["hits"], &report["notes"]), (&0.into(), &serde_json::json!([])));
    assert_eq!(
        report["parts"][0],
        serde_json::json!({
            "port": 1, "channel": 1, "tracks": [1], "names": [], "kind": "melodic", "notes": 4, "hits": 0,
            "roles": [{"drums": false, "reason": "channel", "notes": 4}],
            "programs": [{"program": 32, "bank": [0, 0], "name": "Acoustic Bass"}],
        })
    );
    assert!(report["warnings"].to_string().contains("--channel"), "{report}");

    let still = folder.path().join("still.png");
    let mut frame = strikeline();
    let frame = frame.arg("frame").arg(&path).args(["--at", "0"]).arg("-o").arg(&still);
    let error = fail(frame, 1);
    assert!(error.contains("channel 3") && error.contains("--channel"), "{error}");

    let output = succeed(strikeline().arg("inspect").arg(&path).args(["--json", "--channel", "3"]));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["hits"], 8);
    assert_eq!(report["parts"][1]["roles"][0]["reason"], "chosen");
}

#[test]
fn a_song_for_gs_is_told_with_its_parts_and_takes_no_map_of_a_drum_module() {
    let bytes = include_bytes!("songs/gs_sysex_channel11_is_second_drum_part.mid");
    let (_folder, path) = folder_with(bytes);
    let text = String::from_utf8(succeed(strikeline().arg("inspect").arg(&path)).stdout).unwrap();
    for part in [
        "Roland GS",
        "channel 10  drums: the drum channel of General MIDI; 2 notes",
        "channel 11  drums: declared by GS; 2 notes",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    // The keys of a Roland module, after a GS reset and without one.
    let module = include_bytes!("songs/roland_td_hihat_edge_22_24_26_choke.mid");
    let chosen = |bytes: &[u8]| {
        let (_folder, path) = folder_with(bytes);
        let output = succeed(strikeline().arg("inspect").arg(&path).arg("--json"));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (report["synthesizer"].clone(), report["drum_map"]["chosen"].clone())
    };
    assert_eq!(chosen(module), (serde_json::Value::Null, "recognised".into()));
    let reset = [0, 0xF0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7F, 0, 0x41, 0xF7];
    let mut for_gs = module[..22].to_vec();
    for_gs.extend(reset);
    for_gs.extend(&module[22..]);
    let length = (module.len() - 22 + reset.len()) as u32;
    for_gs[18..22].copy_from_slice(&length.to_be_bytes());
    assert_eq!(chosen(&for_gs), ("gs".into(), "default".into()));
}

#[test]
fn lanes_are_listed_with_their_looks_and_the_drums_in_them() {
    let (_folder, path) = folder_with(&song());
    let output = succeed(strikeline().arg("inspect").arg(&path).arg("--json"));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let drum = |key: u8, name: &str, short_name: &str, color: &str, mark: &str| {
        serde_json::json!({
            "key": key, "name": name, "short_name": short_name, "hits": 1, "color": color, "mark": mark,
        })
    };
    let kick = drum(36, "Bass Drum 1", "BD", "#ff8a1e", "none");
    let open_hi_hat = drum(46, "Open Hi-Hat", "HHO", "#b6f5ff", "ring");
    let lanes = report["lanes"].as_array().unwrap();
    assert_eq!(
        lanes[..2],
        [
            serde_json::json!({
                "id": "kick", "name": "Kick", "hits": 1, "color": "#ff8a1e", "keys": [kick],
            }),
            serde_json::json!({
                "id": "hi-hat", "name": "Hi-Hat", "hits": 1, "color": "#6eebff", "keys": [open_hi_hat],
            }),
        ]
    );
    let names: Vec<_> = lanes.iter().map(|lane| &lane["name"]).collect();
    assert_eq!(names, ["Kick", "Hi-Hat", "Snare", "Other"]);
    assert!(lanes[3]["keys"][0]["name"].is_null(), "{report}");
}

#[test]
fn long_lists_are_cut_in_the_text_only() {
    // 60 tempo changes, 96 ticks apart, and one hit.
    let mut track: Vec<u8> =
        (0..60).flat_map(|index| [u8::from(index > 0) * 96, 0xFF, 0x51, 3, 7, 0xA1, index]).collect();
    track.extend([0, 0x99, 38, 100, 0, 0xFF, 0x2F, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    let (_folder, path) = folder_with(&file);
    let text = String::from_utf8(succeed(strikeline().arg("inspect").arg(&path)).stdout).unwrap();
    assert!(text.contains("and 20 more"), "{text}");
    let output = succeed(strikeline().arg("inspect").arg(&path).arg("--json"));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["tempo_changes"].as_array().map(Vec::len), Some(60));
}

#[test]
fn the_text_names_lanes_and_counts() {
    let (_folder, path) = folder_with(&song());
    let text = String::from_utf8(succeed(strikeline().arg("inspect").arg(&path)).stdout).unwrap();
    for part in ["480 ticks per quarter", "120.00", "4/4", "Kick", "Hi-Hat", "Other", "key 3"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let taps: Vec<_> = (0..50_000).map(|index| (index * 10, 38, 100)).collect();
    let (_folder, path) = folder_with(&midi::song(&taps));
    let mut child = strikeline()
        .arg("inspect")
        .arg(&path)
        .args(["--json", "--notes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_still_shows_the_note_at_its_height() {
    let (folder, path) = folder_with(&midi::song(&[(ticks(2.0), 38, 127)]));
    let still = folder.path().join("still.png");
    let draw = |at: &str| {
        let mut command = strikeline();
        command
            .args(["frame", "--theme", "plain", "--no-header", "--size", "640x360", "--at", at])
            .arg(&path)
            .arg("-o")
            .arg(&still);
        command
    };
    succeed(&mut draw("1.5"));
    let mut reader =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&still).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; 640 * 360 * 4];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height, info.color_type), (640, 360, png::ColorType::Rgba));
    assert!(pixels.chunks(4).all(|pixel| pixel[3] == 255), "a still is opaque");
    // Snare red in the middle of the only lane, half a second before it is struck.
    let red = |y: usize| {
        let pixel = &pixels[(y * 640 + 320) * 4..];
        i32::from(pixel[0]) - i32::from(pixel[2]) > 60
    };
    let strike = common::layout(640, 360, 1).strike as usize;
    let rows: Vec<usize> = (0..strike - 14).filter(|&y| red(y)).collect();
    let middle = (rows[0] + rows[rows.len() - 1]) as f64 / 2.0 + 0.5;
    let highway = strikeline::highway::NoteMotion::new(
        strike as u32,
        strikeline_picture::Time::from_seconds(2.0),
        "60".parse().unwrap(),
        false,
    );
    let expected = strike as f64 - highway.pixels_per_second() * 0.5;
    assert!((middle - expected).abs() <= 1.0, "seen at {middle}, expected at {expected}");

    let error = fail(&mut draw("0"), 4);
    assert!(error.contains("--force"), "{error}");
    succeed(draw("-1").arg("--force"));
    assert_eq!(names(folder.path()), ["song.mid", "still.png"]);
}

#[test]
fn the_version_names_the_assembler() {
    let text = String::from_utf8(succeed(strikeline().arg("--version")).stdout).unwrap();
    assert!(text.contains(env!("CARGO_PKG_VERSION")) && text.contains("assembler"), "{text}");
}
