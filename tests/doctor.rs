//! `strikeline doctor`: shows what is there and what is missing, with and without a graphics driver.

mod common;

use std::path::Path;
use std::process::Command;

use common::program::{strikeline, succeed};

/// The doctor, with the settings of `config`.
fn doctor(config: &Path) -> Command {
    let mut command = strikeline();
    command.env("XDG_CONFIG_HOME", config).arg("doctor");
    command
}

fn without_driver(command: &mut Command) -> &mut Command {
    command.env("VK_DRIVER_FILES", "/nonexistent.json").env("VK_ICD_FILENAMES", "/nonexistent.json")
}

fn json_of(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object on stdout")
}

#[test]
fn everything_is_reported_with_a_driver() {
    let config = tempfile::tempdir().unwrap();
    let output = succeed(doctor(config.path()).arg("--json"));
    let told = json_of(&output);
    let adapter = &told["adapters"][0];
    assert!(!adapter["name"].as_str().unwrap().is_empty(), "{told}");
    assert_eq!(adapter["used"], true);
    assert!(adapter["timestamps"].is_boolean());
    let readback = &told["readback"];
    assert!(readback["bytes"].as_u64().unwrap() >= 1920 * 1080 * 3 / 2);
    assert!(readback["mapped_bytes_per_second"].as_f64().unwrap() > 0.0);
    assert!(readback["plain_bytes_per_second"].as_f64().unwrap() > 0.0);
    assert_eq!(readback["seems_uncached"], readback["warning"].is_string());
    assert_eq!(told["graphics_error"], serde_json::Value::Null);
    assert_eq!(told["encoders"][0]["name"], "openh264");
    assert!(told["processor"]["cores"].as_u64().unwrap() >= 1);
    assert_eq!(told["settings"]["exists"], false);
    assert_eq!(told["settings"]["path"], config.path().join("strikeline/tuned.toml").to_str().unwrap());

    let text = String::from_utf8(succeed(&mut doctor(config.path())).stdout).unwrap();
    let name = adapter["name"].as_str().unwrap();
    for part in [name, "timestamps", "GB/s", "assembler", "cores", "tuned.toml", "strikeline tune", "missing"]
    {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    // It only looks.
    assert_eq!(std::fs::read_dir(&config).unwrap().count(), 0);
}

#[test]
fn without_a_driver_all_else_is_reported_and_the_command_that_installs_one() {
    let config = tempfile::tempdir().unwrap();
    let output = without_driver(&mut doctor(config.path())).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in ["apt install mesa-vulkan-drivers", "dnf", "openh264", "cores", "tuned.toml"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(String::from_utf8_lossy(&output.stderr).contains("mesa-vulkan-drivers"));

    let output = without_driver(doctor(config.path()).arg("--json")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = json_of(&output);
    assert_eq!(told["adapters"].as_array().unwrap().len(), 0);
    assert!(told["graphics_error"].as_str().unwrap().contains("no graphics adapter"), "{told}");
    assert_eq!(told["encoders"][1]["name"], "h264");
}

#[test]
fn an_adapter_that_is_not_there_is_an_error_after_all_else() {
    let config = tempfile::tempdir().unwrap();
    let output = doctor(config.path()).args(["--adapter", "no such thing"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("encoders"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no such thing"));
}

#[test]
fn what_is_missing_on_the_path_is_named() {
    let config = tempfile::tempdir().unwrap();
    let text = String::from_utf8(succeed(doctor(config.path()).env("PATH", config.path())).stdout).unwrap();
    assert!(text.contains("apt install ffmpeg") && text.contains("tests"), "{text}");
}

#[test]
fn the_entries_in_force_are_shown_and_a_damaged_file_is_no_failure() {
    let config = tempfile::tempdir().unwrap();
    let told = json_of(&succeed(doctor(config.path()).arg("--json")));
    let adapter = &told["adapters"][0];
    let (name, driver) = (adapter["name"].as_str().unwrap(), adapter["driver"].as_str().unwrap());
    let entry = |driver: &str, ring: u32| {
        format!(
            "[[tuned]]\nadapter = '{name}'\ndriver = '{driver}'\nsize = \"1080p\"\nring = {ring}\njobs = 3\nsegments = 3\n"
        )
    };
    let folder = config.path().join("strikeline");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("tuned.toml");
    std::fs::write(&file, entry(driver, 41) + &entry("an older one", 42)).unwrap();
    let told = json_of(&succeed(doctor(config.path()).arg("--json")));
    assert_eq!(told["settings"]["entries"][0]["ring"], 41, "{told}");
    assert_eq!(told["settings"]["outdated"][0]["ring"], 42, "{told}");
    let text = String::from_utf8(succeed(&mut doctor(config.path())).stdout).unwrap();
    assert!(text.contains("1080p: ring 41, jobs 3, segments 3") && text.contains("another driver"), "{text}");

    std::fs::write(&file, "ring = = 3").unwrap();
    let text = String::from_utf8(succeed(&mut doctor(config.path())).stdout).unwrap();
    assert!(text.contains("tuned.toml:1") && text.contains("TOML"), "{text}");
}
