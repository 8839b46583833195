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

/// A packet of a video.
struct Packet {
    /// When it is shown.
    time: f64,
    bits: f64,
}

/// The packets of a video, in the order of decoding.
fn packets(video: &Path) -> Vec<Packet> {
    let mut probe = Command::new("ffprobe");
    let entries = "packet=pts_time,size";
    probe
        .args(["-v", "error", "-select_streams", "v", "-show_entries", entries, "-of", "csv=p=0"])
        .arg(video);
    let text = String::from_utf8(succeed(&mut probe).stdout).unwrap();
    let packet = |line: &str| {
        let mut values = line.split(',').map(|value| value.parse::<f64>().unwrap());
        Packet { time: values.next().unwrap(), bits: values.next().unwrap() * 8.0 }
    };
    text.lines().map(packet).collect()
}

/// Without and with B pictures.
const EFFORTS: [&str; 2] = ["fast", "balanced"];

#[test]
fn a_video_keeps_to_its_rates_and_a_player_never_waits() {
    let (folder, _) = folder_with(&busy());
    for effort in EFFORTS {
        let free = render(folder.path(), "free.mp4", &["--effort", effort]);
        let usual = free["bit_rate"]["average"].as_f64().unwrap();
        let (average, most) = ((usual * 0.6) as u64, usual * 0.9);
        let (average_text, most_text) = (average.to_string(), format!("{most:.0}"));
        let options = ["--bitrate", &average_text, "--max-bitrate", &most_text, "--buffer", "1.5"];
        let options = [&options[..], &["--effort", effort]].concat();
        let about = render(folder.path(), "limited.mp4", &options);
        let packets = packets(&folder.path().join("limited.mp4"));
        assert_eq!(packets.len(), 150);
        let reordered = packets.windows(2).filter(|pair| pair[1].time < pair[0].time).count();
        assert_eq!(reordered > 10, effort == "balanced", "{reordered} frames are decoded after later ones");
        let bits: Vec<f64> = packets.iter().map(|packet| packet.bits).collect();
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
}

#[test]
fn the_bytes_do_not_depend_on_how_the_work_is_spread() {
    for effort in EFFORTS {
        let (folder, _) = folder_with(&busy());
        let options = ["--bitrate", "150k", "--max-bitrate", "200k", "--effort", effort];
        let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        render(folder.path(), "one.mp4", &[&options[..], &["--jobs", "1", "--segments", "1"]].concat());
        render(
            folder.path(),
            "many.mp4",
            &[&options[..], &["--jobs", "3", "--segments", "4", "--ring", "9"]].concat(),
        );
        assert!(bytes("one.mp4") == bytes("many.mp4"), "{effort}");
        let run = |arguments: &[&str]| {
            succeed(strikeline().current_dir(&folder).args(arguments));
        };
        let plan = ["plan", "song.mid", "--parts", "2", "-o", "plan.json"];
        run(&[&plan[..], &LOOK[..8], &["--no-sound"], &options].concat());
        ["1", "2"].iter().for_each(|part| run(&["part", "plan.json", part]));
        run(&["join", "plan.json", "-o", "joined.mp4"]);
        assert!(bytes("one.mp4") == bytes("joined.mp4"), "{effort}");
    }
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
