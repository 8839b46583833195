//! Bit rates: what a video may take, from the options to the packets that ffprobe finds in the file.

#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{fail, folder_with, strikeline, succeed};

/// A song with many notes.
fn busy() -> Vec<u8> {
    let taps: Vec<_> =
        (0..60).map(|index| (ticks(f64::from(index) * 0.08), 36 + index as u8 % 14, 100)).collect();
    midi::song(&taps)
}

const LOOK: [&str; 11] = [
    "--size",
    "320x180",
    "--fps",
    "30",
    "--duration",
    "5",
    "--view",
    "perspective",
    "--no-sound",
    "--no-tuned",
    "--force",
];

/// Renders `song.mid` in `folder`, and returns what the program says of it.
fn render(folder: &Path, name: &str, options: &[&str]) -> serde_json::Value {
    let mut command = strikeline();
    command.current_dir(folder).args(["render", "song.mid", "--json", "-o", name]).args(LOOK).args(options);
    serde_json::from_slice(&succeed(&mut command).stdout).unwrap()
}

/// Bits of each packet of a video.
fn packets(video: &Path) -> Vec<f64> {
    let mut probe = Command::new("ffprobe");
    probe
        .args(["-v", "error", "-select_streams", "v", "-show_entries", "packet=size", "-of", "csv=p=0"])
        .arg(video);
    let text = String::from_utf8(succeed(&mut probe).stdout).unwrap();
    text.lines().map(|line| line.trim_matches(',').parse::<f64>().unwrap() * 8.0).collect()
}

#[test]
fn a_video_keeps_to_its_rates_and_a_player_never_waits() {
    let (folder, _) = folder_with(&busy());
    let free = render(folder.path(), "free.mp4", &[]);
    let usual = free["bit_rate"]["average"].as_f64().unwrap();
    let (average, most) = ((usual * 0.6) as u64, usual * 0.9);
    let options =
        ["--bitrate", &average.to_string(), "--max-bitrate", &format!("{most:.0}"), "--buffer", "1.5"];
    let about = render(folder.path(), "limited.mp4", &options);
    let bits = packets(&folder.path().join("limited.mp4"));
    assert_eq!(bits.len(), 150);
    let mut fullness = most.round() * 1.5 * 0.75;
    for (number, bits) in bits.iter().enumerate() {
        assert!(fullness + 1.0 >= *bits, "frame {number} is late: {bits} bits, and {fullness} are there");
        fullness = (fullness - bits + most.round() / 30.0).min(most.round() * 1.5);
    }
    let taken = bits.iter().sum::<f64>() / 5.0;
    assert!(taken <= average as f64, "{taken} of {average}");
    let rates = &about["bit_rate"];
    assert!((rates["average"].as_f64().unwrap() - taken).abs() < 1.0, "{rates}");
    let highest = bits.windows(45).map(|bits| bits.iter().sum::<f64>() / 1.5).fold(0.0, f64::max);
    assert!((rates["highest"].as_f64().unwrap() - highest).abs() < 1.0, "{rates}");
    assert_eq!((&rates["highest_over_seconds"], &rates["late_frames"]), (&1.5.into(), &0.into()));
    assert!(about["warnings"].as_array().unwrap().is_empty(), "{about}");
}

#[test]
fn the_bytes_do_not_depend_on_how_the_work_is_spread() {
    let (folder, _) = folder_with(&busy());
    let options = ["--bitrate", "150k", "--max-bitrate", "200k"];
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    render(folder.path(), "one.mp4", &[&options[..], &["--jobs", "1", "--segments", "1"]].concat());
    render(
        folder.path(),
        "many.mp4",
        &[&options[..], &["--jobs", "3", "--segments", "4", "--ring", "9"]].concat(),
    );
    assert!(bytes("one.mp4") == bytes("many.mp4"));
    let run = |arguments: &[&str]| {
        succeed(strikeline().current_dir(&folder).args(arguments));
    };
    let plan =
        [&["plan", "song.mid", "--parts", "2", "-o", "plan.json"][..], &LOOK[..8], &["--no-sound"], &options];
    run(&plan.concat());
    ["1", "2"].iter().for_each(|part| run(&["part", "plan.json", part]));
    run(&["join", "plan.json", "-o", "joined.mp4"]);
    assert!(bytes("one.mp4") == bytes("joined.mp4"));
}

#[test]
fn what_cannot_be_met_is_made_and_told() {
    let (folder, _) = folder_with(&busy());
    let about = render(folder.path(), "a.mp4", &["--bitrate", "1k", "--max-bitrate", "2k"]);
    let warnings: Vec<_> =
        about["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert!(warnings.iter().any(|text| text.contains("and --bitrate is 1 kbit/s")), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("a player waits at")), "{warnings:?}");
    assert_eq!(packets(&folder.path().join("a.mp4")).len(), 150);
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let (folder, _) = folder_with(&busy());
    let refused = |options: &[&str]| {
        let mut command = strikeline();
        fail(command.current_dir(&folder).args(["render", "song.mid"]).args(options), 2)
    };
    let message = refused(&["--codec", "x264", "--bitrate", "1M", "--max-bitrate", "2M"]);
    assert!(message.contains("--bitrate and --max-bitrate are for the codec h264"), "{message}");
    assert!(message.contains("--codec-option maxrate=8M"), "{message}");
    assert!(refused(&["--buffer", "2"]).contains("--max-bitrate"));
    assert!(refused(&["--bitrate", "2M", "--max-bitrate", "1M"]).contains("cannot be above --max-bitrate"));
    assert!(refused(&["--bitrate", "fast"]).contains("such as 8M"));
}
