//! `strikeline drum-map` and `--drum-map`, through the program.

mod common;

use common::midi;
use common::program::{fail, folder_with, strikeline, succeed};
use strikeline::drum_maps::NamedDrumMap;

/// A song of these keys, each struck twice.
fn song(keys: &[u8]) -> Vec<u8> {
    let taps: Vec<_> =
        (0..).zip(keys.iter().chain(keys)).map(|(place, key)| (place * 100, *key, 100)).collect();
    midi::song(&taps)
}

/// The keys of a Roland module, closed and open edges of the hi-hat among them.
const ROLAND: [u8; 8] = [36, 38, 22, 26, 48, 58, 55, 51];

fn inspect(song: &[u8], options: &[&str]) -> serde_json::Value {
    let (_folder, path) = folder_with(song);
    let output = succeed(strikeline().arg("inspect").arg(&path).arg("--json").args(options));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn maps_are_listed_printed_and_checked() {
    let print = |arguments: &[&str]| {
        String::from_utf8(succeed(strikeline().arg("drum-map").args(arguments)).stdout).unwrap()
    };
    assert_eq!(print(&["--list"]).lines().count(), NamedDrumMap::builtin_names().len());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, print(&["roland-td"])).unwrap();
    let file = path.to_str().unwrap();
    assert!(print(&["--check", file]).starts_with(&format!("{file} is a valid drum map, with ")));
    std::fs::write(&path, "[drums]\n22 = { lane = \"hihat\" }\n").unwrap();
    let error = fail(strikeline().args(["drum-map", "--check", file]), 2);
    assert!(
        error.contains("mine.toml:2: drums.22.lane") && error.contains("did you mean hi-hat?"),
        "{error}"
    );
    fail(strikeline().args(["drum-map", "roland-tb"]), 2);
}

#[test]
fn a_song_of_a_module_is_recognised_and_this_can_be_overridden() {
    let report = inspect(&song(&ROLAND), &[]);
    assert_eq!(report["drum_map"], serde_json::json!({"name": "roland-td", "chosen": "recognised"}));
    assert_eq!(report["warnings"], serde_json::json!([]));
    let report = inspect(&song(&ROLAND), &["--drum-map", "general-midi"]);
    assert_eq!(report["drum_map"], serde_json::json!({"name": "general-midi", "chosen": "given"}));
    let warnings = report["warnings"].to_string();
    assert!(
        warnings.contains("key 22 (2 notes), 26 (2 notes)") && warnings.contains("roland-td"),
        "{warnings}"
    );
    let report = inspect(&song(&[36, 38, 42, 46]), &[]);
    assert_eq!(report["drum_map"], serde_json::json!({"name": "general-midi", "chosen": "default"}));
}

#[test]
fn a_theme_with_drums_of_its_own_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let theme = folder.path().join("hats.toml");
    std::fs::write(&theme, "[drums]\n22 = { lane = \"hi-hat\" }\n26 = { lane = \"hi-hat\" }\n").unwrap();
    let report = inspect(&song(&ROLAND), &["--theme", theme.to_str().unwrap()]);
    assert_eq!(report["drum_map"], serde_json::json!({"name": "hats", "chosen": "theme"}));
    assert_eq!(report["warnings"], serde_json::json!([]));
}

#[test]
fn frame_and_render_say_which_map_was_recognised() {
    let (folder, path) = folder_with(&song(&ROLAND));
    let frame = |options: &[&str]| {
        let mut command = strikeline();
        command.current_dir(&folder).args(["frame", "--at", "0", "--size", "64x64", "--force"]).arg(&path);
        String::from_utf8(succeed(command.args(options)).stderr).unwrap()
    };
    assert!(frame(&[]).contains("drum map roland-td"));
    let general = frame(&["--drum-map", "general-midi"]);
    assert!(general.contains("warning: no drum is known for key 22"), "{general}");
    let mut render = strikeline();
    render.current_dir(&folder).arg("render").arg(&path);
    let output = succeed(render.args(["--size", "64x64", "--duration", "0.1", "--quiet", "--json"]));
    assert!(output.stderr.is_empty());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["drum_map"]["name"], "roland-td");
    let error = fail(strikeline().arg("inspect").arg(&path).args(["--drum-map", "roland-tb"]), 2);
    assert!(error.contains("did you mean roland-td?"), "{error}");
}
