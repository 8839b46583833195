//! Every command in docs/outputs.md does what the page says.

#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{decode, folder_with, strikeline, succeed};

#[test]
fn every_command_of_the_page_on_outputs_works() {
    let (folder, _) = folder_with(&midi::song(&[(0, 38, 100), (ticks(1.0), 36, 100)]));
    let page = include_str!("../docs/outputs.md");
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    let program = strikeline();
    let programs = Path::new(program.get_program()).parent().unwrap().display();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let mut drummer = Command::new("ffmpeg");
    drummer.args(["-v", "error", "-f", "lavfi", "-i", "testsrc=size=128x96:rate=25:duration=0.2"]);
    succeed(drummer.arg(folder.path().join("drummer.mp4")));
    for command in commands {
        // Small and short, and each in the same folder.
        let short = "--force --quiet --size 128x96 --fps 25 --duration 0.2 --no-tuned";
        let command = command
            .replace("strikeline render", &format!("strikeline render {short}"))
            .replace(" --duration 4", "")
            .replace("--at 10", "--at 1")
            .replace(" --size 480x270 --fps 20", "")
            .replace("mkfifo", "rm -f frames; mkfifo")
            .replace("1920x1080 -r 60", "128x96 -r 25")
            .replace("ffmpeg -", "ffmpeg -v error -y -");
        let mut shell = Command::new("bash");
        shell.current_dir(&folder).env("XDG_CONFIG_HOME", "/nonexistent");
        shell.env("PATH", &path);
        let script = format!("set -e -o pipefail; {command}; wait");
        let output = succeed(shell.args(["-c", &script]));
        // The commands of the page are quiet, but for the line that says what a picture shows.
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let of_picture = |line: &str| line.contains(".png: ") && line.ends_with(" s of the song");
        assert!(told.lines().all(of_picture), "{command}: {told}");
    }
    for name in ["song.mkv", "song.webm", "song.mov", "song.mp4", "song.y4m", "loop.gif", "loop.apng"] {
        assert_eq!(decode(&folder.path().join(name), 128, 96).len(), 5, "{name}");
    }
    assert!(folder.path().join("loop.webp").is_file());
}
