//! Runs the program, and ffmpeg as an independent decoder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program under test.
pub(crate) fn strikeline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strikeline"));
    command.env_remove("XDG_RUNTIME_DIR");
    // Nobody's own tuned settings.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Runs `command`; its standard error is in the message when it fails.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{stderr}", output.status);
    output
}

/// Runs `command`, which must end with `code`; returns its standard error.
pub(crate) fn fail(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{command:?}:\n{stderr}");
    stderr
}

/// A folder of its own, with `song` in it as `song.mid`.
pub(crate) fn folder_with(song: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mid");
    std::fs::write(&path, song).unwrap();
    (folder, path)
}

/// Names in `folder`, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn tool(name: &str) -> Command {
    let found = Command::new(name).arg("-version").output().is_ok();
    assert!(found, "the tests need {name}: apt install ffmpeg");
    Command::new(name)
}

/// What ffprobe says of the video stream and its packets.
pub(crate) fn probe(video: &Path) -> serde_json::Value {
    let mut ffprobe = tool("ffprobe");
    ffprobe.args(["-v", "error", "-select_streams", "v", "-show_streams", "-show_packets", "-of", "json"]);
    serde_json::from_slice(&succeed(ffprobe.arg(video)).stdout).unwrap()
}

/// All frames of `video` decoded by ffmpeg, without conversion: planes Y, U, V one after the other.
pub(crate) fn decode(video: &Path, width: usize, height: usize) -> Vec<Vec<u8>> {
    let mut ffmpeg = tool("ffmpeg");
    ffmpeg.args(["-v", "error", "-xerror", "-i"]).arg(video);
    ffmpeg.args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "-"]);
    let output = succeed(&mut ffmpeg);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let frame = width * height * 3 / 2;
    assert_eq!(output.stdout.len() % frame, 0, "frames of another size");
    output.stdout.chunks(frame).map(<[u8]>::to_vec).collect()
}

/// Types of the boxes at the top of an MP4 file, in order.
pub(crate) fn top_boxes(video: &Path) -> Vec<String> {
    let file = std::fs::read(video).unwrap();
    let (mut boxes, mut at) = (Vec::new(), 0);
    while at < file.len() {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        boxes.push(String::from_utf8_lossy(&file[at + 4..at + 8]).into_owned());
        at += match size {
            1 => u64::from_be_bytes(file[at + 8..at + 16].try_into().unwrap()) as usize,
            0 => file.len() - at,
            size => size as usize,
        };
    }
    assert_eq!(at, file.len());
    boxes
}
