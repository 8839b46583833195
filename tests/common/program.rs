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

/// The first sound track of `file`, decoded by ffmpeg to mono at 48 kHz, from the start of the video.
pub(crate) fn decode_sound(file: &Path) -> Vec<f32> {
    let mut ffmpeg = tool("ffmpeg");
    ffmpeg.args(["-v", "error", "-xerror", "-i"]).arg(file);
    ffmpeg.args(["-map", "0:a:0", "-af", "aresample=48000:first_pts=0", "-ac", "1", "-f", "f32le", "-"]);
    let output = succeed(&mut ffmpeg);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Lets ffmpeg make `file` from mono samples at 48 kHz, coded as `options` say.
pub(crate) fn encode_sound(samples: &[f32], options: &[&str], file: &Path) {
    let raw = file.with_extension("f32");
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    std::fs::write(&raw, bytes).unwrap();
    let mut ffmpeg = tool("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-f", "f32le", "-ar", "48000", "-ac", "1", "-i"]).arg(&raw);
    succeed(ffmpeg.args(options).arg(file));
    std::fs::remove_file(raw).unwrap();
}

/// Codec, rate and channels of each sound track, as ffprobe has them.
pub(crate) fn sound_tracks(video: &Path) -> Vec<(String, u32, u64)> {
    let mut ffprobe = tool("ffprobe");
    ffprobe.args(["-v", "error", "-select_streams", "a", "-show_streams", "-of", "json"]);
    let probed: serde_json::Value = serde_json::from_slice(&succeed(ffprobe.arg(video)).stdout).unwrap();
    let streams = probed["streams"].as_array().unwrap();
    let track = |stream: &serde_json::Value| {
        let rate = stream["sample_rate"].as_str().unwrap().parse().unwrap();
        (stream["codec_name"].as_str().unwrap().to_owned(), rate, stream["channels"].as_u64().unwrap())
    };
    streams.iter().map(track).collect()
}

/// The bytes of a stream of `video` (`v` or `a`), without the container.
pub(crate) fn stream_bytes(video: &Path, stream: &str) -> Vec<u8> {
    let mut ffmpeg = tool("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(video);
    succeed(ffmpeg.args(["-map", &format!("0:{stream}"), "-c", "copy", "-f", "data", "-"])).stdout
}
