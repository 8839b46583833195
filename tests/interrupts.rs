//! Signals while a part of a plan is made, and while images are decoded.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::time::Instant;

use common::program::{names, strikeline, succeed};

const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/songs/groove.mid");

/// Long enough that it can be interrupted, and short for a test.
const OPTIONS: [&str; 6] = ["--size", "480x270", "--duration", "40", "--theme", "plain"];

fn send(signal: &str, child: &Child) {
    succeed(Command::new("kill").args(["-s", signal, &child.id().to_string()]));
}

#[test]
fn a_part_that_is_interrupted_keeps_its_segments_and_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str]| {
        let mut command = strikeline();
        command.current_dir(folder.path()).args(arguments);
        command
    };
    succeed(command(&["plan", SONG, "--parts", "1", "-o", "plan.json", "--no-sound"]).args(OPTIONS));
    let file = folder.path().join("plan.json.parts/part-0001.segments");
    let mut child = command(&["part", "plan.json", "1"]).stderr(Stdio::piped()).spawn().unwrap();
    let length = |file: &Path| fs::metadata(file).map_or(0, |about| about.len());
    while length(&file) < 100_000 {
        assert!(child.try_wait().unwrap().is_none(), "it has ended before it could be interrupted");
        std::thread::sleep(Duration::from_millis(2));
    }
    send("TERM", &child);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(143), "{told}");
    assert!(told.contains("run the same command to continue"), "{told}");
    assert!(length(&file) >= 100_000);

    let output = succeed(&mut command(&["part", "plan.json", "1", "--json"]));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(summary["kept_frames"].as_u64().unwrap() > 0, "{summary}");
    succeed(&mut command(&["join", "plan.json", "-o", "joined.mp4"]));
    succeed(command(&["render", SONG, "-o", "single.mp4", "--no-sound"]).args(OPTIONS));
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("joined.mp4") == bytes("single.mp4"));
}

/// Writes a black image of `side` × `side` pixels to `path`: a small file that takes long to decode.
fn write_black_image(path: &Path, side: u32) {
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(fs::File::create(path).unwrap()), side, side);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    let row = vec![0; side as usize * 4];
    (0..side).for_each(|_| rows.write_all(&row).unwrap());
    rows.finish().unwrap();
}

/// State and processor time in hundredths of a second of the process `pid`, which may have ended.
#[cfg(target_os = "linux")]
fn state(pid: u32) -> (char, u64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
    (fields[0].chars().next().unwrap(), ticks(11) + ticks(12))
}

/// Memory in use by the process `pid`, in kB.
#[cfg(target_os = "linux")]
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

#[test]
#[cfg(target_os = "linux")]
fn the_first_signal_ends_a_render_that_decodes_an_image() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("large.png");
    write_black_image(&image, 9000);
    let mut command = strikeline();
    command.current_dir(folder.path()).args(["render", SONG, "-o", "video.mp4", "--size", "64x64"]);
    let mut child = command.args(["--duration", "1", "--end-card", "large.png"]).spawn().unwrap();
    let wait_until = |there: &dyn Fn() -> bool| {
        let patience = Instant::now();
        while !there() {
            assert!(patience.elapsed() < Duration::from_secs(60), "it does not come so far");
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    // Nothing else takes so much memory before the frames.
    wait_until(&|| memory(child.id()) > 100_000);
    send("STOP", &child);
    wait_until(&|| matches!(state(child.id()).0, 'T' | 'Z'));
    let (stopped, before) = state(child.id());
    assert_eq!(stopped, 'T');
    send("INT", &child);
    send("CONT", &child);
    wait_until(&|| state(child.id()).0 == 'Z');
    // Time of the processor, as others may use it, too.
    let (_, after) = state(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(after - before < 20, "it went on for {} hundredths of a second", after - before);
    assert_eq!(names(folder.path()), ["large.png"]);
}
