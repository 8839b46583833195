//! `strikeline profile`, from song to table, JSON, trace and picture.

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};
use serde_json::Value;

/// A few seconds of a beat.
fn beat() -> Vec<u8> {
    let tap = |index: u32| (ticks(f64::from(index) * 0.25), [36, 42, 38, 42][index as usize % 4], 100);
    midi::song(&(0..16).map(tap).collect::<Vec<_>>())
}

/// Profiles 40 small frames of a beat with `options`, in a folder of its own.
fn profile(options: &[&str]) -> (tempfile::TempDir, Command) {
    let (folder, song) = folder_with(&beat());
    let mut command = strikeline();
    command.current_dir(&folder).arg("profile").arg(song);
    command.args(["--frames", "40", "--no-tuned", "--quiet"]).args(options);
    if !options.contains(&"--size") {
        command.args(["--size", "160x90"]);
    }
    (folder, command)
}

fn text(command: &mut Command) -> String {
    String::from_utf8(succeed(command).stdout).unwrap()
}

fn json(command: &mut Command) -> Value {
    serde_json::from_slice(&succeed(command.arg("--json")).stdout).unwrap()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} in {value}"))
}

#[test]
fn the_table_has_every_stage_the_ring_the_floor_and_a_verdict_and_no_file_is_left() {
    let (folder, mut command) = profile(&[]);
    let table = text(&mut command);
    for stage in ["render", "readback", "encode", "write", "sound"] {
        let mut rows = table.lines().filter(|line| line.split_whitespace().next() == Some(stage));
        let row = rows.next().expect(stage);
        assert_eq!(row.split_whitespace().nth(2), Some("40"), "{row}");
        // Median, p95 and max.
        let row = rows.next().expect(stage);
        let times: Vec<f64> =
            row.split_whitespace().skip(1).take(3).map(|time| time.parse().unwrap()).collect();
        assert!(times.len() == 3 && times.is_sorted(), "{row}");
        assert!(row.chars().count() <= 80, "{row}");
    }
    for part in ["GPU ", "ring: ", "peak memory: ", " × the least possible time", "CPU ", "encoder h264"] {
        assert!(table.contains(part), "{part} is missing:\n{table}");
    }
    let verdict = table.lines().last().unwrap();
    assert!(verdict.starts_with("Verdict: ") && verdict.contains("To improve it: "), "{verdict}");
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
fn without_sound_there_is_no_stage_for_it() {
    let (_folder, mut command) = profile(&["--brief", "--no-sound"]);
    let result = json(&mut command);
    let stages: Vec<_> = result["stages"].as_object().unwrap().keys().collect();
    assert!(stages.len() == 4 && !stages.contains(&&"sound".to_owned()), "{stages:?}");
    assert!(result["threads"].as_array().unwrap().iter().all(|thread| thread["stage"] != "sound"));
}

#[test]
fn without_a_terminal_there_is_no_progress_beside_the_table_and_no_advice_that_is_followed_already() {
    let (folder, song) = folder_with(&beat());
    let mut command = strikeline();
    command.current_dir(&folder).arg("profile").arg(song);
    command.args(["--frames", "40", "--size", "160x90", "--no-tuned", "--brief", "--theme", "plain"]);
    let output = succeed(&mut command);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("--theme plain"));
}

#[test]
fn every_thread_accounts_for_its_time_and_stages_are_the_sum_of_their_threads() {
    let options = ["--brief", "--jobs", "2", "--ring", "3", "--segments", "2", "--redraw", "all"];
    let (_folder, mut command) = profile(&options);
    let result = json(&mut command);
    let wall = number(&result, "wall_seconds");
    let threads = result["threads"].as_array().unwrap();
    let of_stage = |stage: &str| threads.iter().filter(|thread| thread["stage"] == stage).collect::<Vec<_>>();
    assert_eq!(threads.len(), 6);
    for thread in threads {
        let spent: f64 = ["busy_seconds", "waiting_for_input_seconds", "waiting_for_output_seconds"]
            .iter()
            .map(|key| number(thread, key))
            .sum();
        let there = number(thread, "ended_seconds") - number(thread, "began_seconds");
        assert!(spent <= there * 1.001 && there <= wall * 1.001, "{thread}");
        // A thread does little else, but may lose its core at any moment.
        assert!(spent >= there * 0.8 - 0.05, "{thread}");
    }
    for (name, stage) in result["stages"].as_object().unwrap() {
        let threads = of_stage(name);
        assert_eq!(number(stage, "threads"), threads.len() as f64);
        assert_eq!(stage["frames"], 40, "{name}");
        for key in ["frames", "busy_seconds", "waiting_for_input_seconds", "waiting_for_output_seconds"] {
            let sum: f64 = threads.iter().map(|thread| number(thread, key)).sum();
            assert!((sum - number(stage, key)).abs() < 1e-6, "{name} {key}");
        }
        let times = &stage["ms"];
        let [median, p95, max] = ["median", "p95", "max"].map(|key| number(times, key));
        assert!(median <= p95 && p95 <= max, "{times}");
        assert!((0.0..=1.0).contains(&number(stage, "occupancy")));
    }
    // NV12 with rows of 256 bytes.
    assert_eq!(result["stages"]["readback"]["bytes"], 40 * 256 * 90 * 3 / 2);
    assert_eq!(result["stages"]["write"]["bytes"], result["coded_bytes"]);

    let ring = &result["rings"][0];
    let levels = ring["seconds_at_level"].as_array().unwrap();
    assert_eq!(levels.len(), 4);
    let sum: f64 = levels.iter().map(|seconds| seconds.as_f64().unwrap()).sum();
    assert!(sum <= wall && sum > wall * 0.5, "{sum} of {wall}");
    assert!((0.0..=3.0).contains(&number(ring, "mean")));
    assert!(result["floor"].is_null());
    assert!(number(&result, "recording_share_of_cpu") < 0.02);
}

#[test]
fn devices_share_the_segments_and_the_ring() {
    let (_folder, mut command) = profile(&["--fps", "10", "--ring", "5", "--devices", "2"]);
    let result = json(&mut command);
    assert_eq!(result["devices"], 2);
    let levels = |ring: &Value| ring["seconds_at_level"].as_array().unwrap().len() - 1;
    assert_eq!(result["rings"].as_array().unwrap().iter().map(levels).collect::<Vec<_>>(), [3, 2]);
    for stage in ["render", "readback"] {
        let threads = result["threads"].as_array().unwrap().iter().filter(|thread| thread["stage"] == stage);
        let threads: Vec<_> =
            threads.map(|thread| (&thread["name"], thread["frames"].as_u64().unwrap())).collect();
        // Who comes late may find nothing left.
        assert!(threads.len() == 2 && threads.iter().all(|(_, frames)| frames % 20 == 0), "{threads:?}");
        assert_eq!(threads.iter().map(|(_, frames)| frames).sum::<u64>(), 40);
        assert_eq!(*threads[1].0, format!("{stage}-1"));
    }
    assert!(number(&result["ring"], "mean") <= 5.0);
}

#[test]
fn a_side_can_be_left_out() {
    let (_folder, mut command) = profile(&["--null-encoder", "--no-sound"]);
    let without_encoder = json(&mut command);
    assert_eq!(without_encoder["encoder"], "null");
    assert_eq!(without_encoder["coded_bytes"], 40 * 5);
    let (_folder, mut command) = profile(&["--null-render", "--encoder", "openh264"]);
    let without_render = json(&mut command);
    assert_eq!((&without_render["adapter"], &without_render["encoder"]), (&"".into(), &"openh264".into()));
    assert_eq!(without_render["stages"]["encode"]["frames"], 40);
    assert!(number(&without_render, "coded_bytes") > 1000.0);
    assert!(number(&without_render["stages"]["render"]["ms"], "median") < 0.1);
}

#[test]
fn the_trace_is_in_chromes_format_with_a_track_for_each_thread_and_each_slot() {
    let (folder, mut command) = profile(&["--brief", "--trace", "trace.json", "--ring", "3", "--jobs", "2"]);
    let result = json(&mut command);
    let trace: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("trace.json")).unwrap()).unwrap();
    let mut tracks: BTreeMap<(u64, u64), Vec<(f64, f64)>> = BTreeMap::new();
    let mut named = BTreeMap::new();
    let mut frames_encoded = 0;
    for event in trace["traceEvents"].as_array().unwrap() {
        let whole = |key: &str| event[key].as_u64().unwrap_or_else(|| panic!("{key} in {event}"));
        let (track, begin) = ((whole("pid"), whole("tid")), number(event, "ts"));
        assert!(event["name"].is_string() && begin >= 0.0, "{event}");
        match event["ph"].as_str().unwrap() {
            "X" => {
                let duration = number(event, "dur");
                assert!(duration >= 0.0, "{event}");
                tracks.entry(track).or_default().push((begin, begin + duration));
                if event["name"].as_str().unwrap().starts_with("encode ") && track.0 == 1 {
                    let arguments = &event["args"];
                    assert!(number(arguments, "frame") < 40.0 && number(arguments, "slot") < 3.0);
                    assert_eq!(arguments["segment"], 0);
                    frames_encoded += 1;
                }
            }
            "M" if event["name"] == "thread_name" => {
                named.insert(track, event["args"]["name"].as_str().unwrap().to_owned());
            }
            "M" => assert!(event["args"].is_object()),
            "C" => assert!(number(&event["args"], "slots") <= 3.0),
            other => panic!("{other} is not expected"),
        }
    }
    assert_eq!(frames_encoded, 40);
    for (track, spans) in &mut tracks {
        assert!(named.contains_key(track), "{track:?} has no name");
        assert!(spans.is_sorted_by_key(|span| span.0), "{track:?}");
        // To the nanosecond: times are written as floats.
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0 + 0.001), "{track:?} overlaps");
    }
    let names: Vec<&str> = named.values().map(String::as_str).collect();
    let threads = ["render", "readback", "encode-0", "encode-1", "write", "sound"];
    assert_eq!(names, [threads.as_slice(), &["slot 0", "slot 1", "slot 2"]].concat());
    assert_eq!(result["events_dropped"], 0);
    assert_eq!(trace["otherData"]["eventsDropped"], 0);
}

/// Tags of an XML document in order, checked to be nested as they must; attributes and text checked roughly.
fn xml_tags(document: &str) -> Vec<String> {
    let (mut open, mut seen) = (Vec::new(), Vec::new());
    let mut rest = document;
    while let Some((text, tail)) = rest.split_once('<') {
        assert!(!text.contains('>') || open.last() == Some(&"style".to_owned()), "{text}");
        let (tag, tail) = tail.split_once('>').expect("a tag ends");
        rest = tail;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        seen.push(name);
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    seen
}

#[test]
fn the_picture_is_an_svg_that_is_readable_in_light_and_dark() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rock & <roll>.mid"), beat()).unwrap();
    let mut command = strikeline();
    command.current_dir(&folder).args(["profile", "rock & <roll>.mid", "--size", "160x90", "--frames", "40"]);
    command.args(["--no-tuned", "--quiet", "--brief", "--svg", "run.svg", "--svg-frames", "12"]);
    succeed(&mut command);
    assert_eq!(names(folder.path()), ["rock & <roll>.mid", "run.svg"]);
    let svg = std::fs::read_to_string(folder.path().join("run.svg")).unwrap();
    let tags = xml_tags(&svg);
    assert_eq!(tags[..2], ["svg", "style"]);
    assert!(tags.iter().filter(|tag| *tag == "rect").count() > 12 * 3);
    for (line, color) in [("throughput", "#0B66C3"), ("ring level", "#C2410C")] {
        let drawn = |part: &str| part.starts_with("<polyline") && part.contains(color);
        assert!(svg.lines().any(drawn), "{line}");
    }
    assert!(svg.contains("@media (prefers-color-scheme: dark)"));
    for name in ["render", "readback", "encode-0", "write", "fps", "slots in use"] {
        assert!(svg.contains(name), "{name}");
    }
    // Whatever is coloured has another colour in the dark.
    let style = svg.split_once("</style>").unwrap().0;
    for part in svg.split("</style>").nth(1).unwrap().split("=\"#").skip(1) {
        let color = &part[..6];
        assert!(style.contains(&format!("[fill=\"#{color}\"]")), "#{color}");
    }
}

#[test]
fn files_that_exist_are_kept_unless_forced_and_errors_leave_nothing_behind() {
    let (folder, mut command) = profile(&["--trace", "taken.json", "--svg", "new.svg"]);
    let taken = folder.path().join("taken.json");
    std::fs::write(&taken, "mine").unwrap();
    let error = fail(&mut command, 4);
    assert!(error.contains("taken.json") && error.contains("--force"), "{error}");
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
    assert_eq!(names(folder.path()), ["song.mid", "taken.json"]);
    succeed(command.args(["--brief", "--force"]));
    assert!(std::fs::read_to_string(&taken).unwrap().starts_with("{\"displayTimeUnit\""));
    assert_eq!(names(folder.path()), ["new.svg", "song.mid", "taken.json"]);

    let nowhere: PathBuf = ["no", "such", "folder.json"].iter().collect();
    let (folder, mut command) = profile(&["--svg", "new.svg"]);
    let error = fail(command.arg("--trace").arg(nowhere), 2);
    assert!(error.contains("folder"), "{error}");
    assert_eq!(names(folder.path()), ["song.mid"]);

    for clash in
        [&["--null-encoder", "--null-render"][..], &["--compare", "--svg", "x.svg"], &["--rounds", "3"]]
    {
        let (_folder, mut command) = profile(clash);
        fail(&mut command, 2);
    }
}

#[test]
fn the_steps_from_the_old_way_are_compared_with_it() {
    let (folder, mut command) = profile(&["--compare", "--rounds", "2", "--size", "128x72"]);
    let result = json(&mut command);
    let arms: Vec<&str> =
        result["arms"].as_array().unwrap().iter().map(|arm| arm["arm"].as_str().unwrap()).collect();
    assert_eq!(
        arms,
        ["naive", "resident", "ring", "planar", "segments", "changed", "devices", "devices, recorded"]
    );
    for arm in result["arms"].as_array().unwrap() {
        assert_eq!(arm["rounds"], 2);
        assert!(number(arm, "frames_per_second") > 0.0 && number(arm, "cpu_ms_per_frame") > 0.0);
        assert_eq!(arm["noisy"].as_bool(), Some(number(arm, "spread") > 0.15));
    }
    assert_eq!(number(&result["arms"][0], "times_naive"), 1.0);
    assert!(number(&result["recording"], "cpu_ratio") > 0.0);
    assert_eq!(names(folder.path()), ["song.mid"]);
}
