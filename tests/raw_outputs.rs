//! What is written from front to back, to files and pipes: frames that are not compressed, and MP4 in fragments. The bytes are those
//! of the pictures, and a reader that goes away is no fault.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use common::midi::{self, ticks};
use common::program::{decode, fail, folder_with, names, probe, strikeline, succeed, top_boxes};

/// Three notes.
fn song() -> Vec<u8> {
    midi::song(&[(0, 38, 100), (ticks(1.0), 36, 100), (ticks(2.0), 42, 100)])
}

/// A second of the song in `folder` at 30 frames per second, in an odd size.
fn render(folder: &Path, arguments: &[&str]) -> Command {
    render_for(folder, "1", arguments)
}

/// The same with another duration in seconds.
fn render_for(folder: &Path, duration: &str, arguments: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).args(["render", "song.mid", "--size", "98x66", "--fps", "30000/1001"]);
    command.args(["--duration", duration, "--quiet"]).args(arguments);
    command
}

#[test]
fn all_ways_give_the_frames_that_a_decoder_gets_out_of_a_y4m_file() {
    let (folder, _) = folder_with(&song());
    let path = |name: &str| folder.path().join(name);
    succeed(&mut render(folder.path(), &["-o", "a.y4m"]));
    let file = fs::read(path("a.y4m")).unwrap();
    assert!(file.starts_with(b"YUV4MPEG2 W98 H66 F30000:1001 Ip A1:1 C420mpeg2"));
    let frames = decode(&path("a.y4m"), 98, 66);
    assert_eq!(frames.len(), 30);
    // Something moves.
    assert_ne!(frames[0], frames[29]);

    let piped =
        succeed(&mut render(folder.path(), &["-o", "-", "--codec", "y4m", "--jobs", "5", "--devices", "1"]));
    assert!(piped.stdout == file && piped.stderr.is_empty());

    let nv12 = succeed(&mut render(folder.path(), &["-o", "-", "--codec", "nv12"])).stdout;
    succeed(&mut render(folder.path(), &["-o", "b.nv12"]));
    assert!(nv12 == fs::read(path("b.nv12")).unwrap());
    let planar: Vec<Vec<u8>> = nv12
        .chunks_exact(98 * 66 * 3 / 2)
        .map(|frame| {
            let (luma, chroma) = frame.split_at(98 * 66);
            let (blue, red) = (chroma.iter().step_by(2), chroma.iter().skip(1).step_by(2));
            luma.iter().chain(blue).chain(red).copied().collect()
        })
        .collect();
    assert!(planar == frames);
}

#[test]
fn another_program_reads_the_video_while_it_is_made() {
    let (folder, _) = folder_with(&song());
    let mut command = render(folder.path(), &["-o", "-", "--codec", "y4m"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i", "-", "-c:v", "ffv1"]).arg(folder.path().join("a.mkv"));
    succeed(ffmpeg.stdin(child.stdout.take().unwrap()));
    assert!(child.wait().unwrap().success());
    assert_eq!(decode(&folder.path().join("a.mkv"), 98, 66).len(), 30);
}

#[test]
fn a_named_pipe_is_written_to_as_it_is() {
    let (folder, _) = folder_with(&song());
    let pipe = folder.path().join("pipe");
    succeed(Command::new("mkfifo").arg(&pipe));
    let mut child = render(folder.path(), &["-o", "pipe", "--codec", "nv12"]).spawn().unwrap();
    let got = fs::read(&pipe).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(got.len(), 30 * 98 * 66 * 3 / 2);

    // The ending of its name says the format.
    let pipe = folder.path().join("pipe.y4m");
    succeed(Command::new("mkfifo").arg(&pipe));
    let mut child = render(folder.path(), &["-o", "pipe.y4m"]).spawn().unwrap();
    assert!(fs::read(&pipe).unwrap().starts_with(b"YUV4MPEG2"));
    assert!(child.wait().unwrap().success());
    assert_eq!(names(folder.path()), ["pipe", "pipe.y4m", "song.mid"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_with_one_line() {
    let (folder, _) = folder_with(&song());
    for read in [0, 10, 98 * 66 * 3] {
        let mut command = render_for(folder.path(), "60", &["-o", "-", "--codec", "y4m"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut reader = child.stdout.take().unwrap();
        reader.read_exact(&mut vec![0; read]).unwrap();
        drop(reader);
        let ended = child.wait_with_output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(141), "{told}");
        assert!(told.starts_with("error: standard output was closed by its reader after "), "{told}");
        assert!(told.ends_with(" of 1799 frames\n") && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn a_slow_reader_gets_every_frame() {
    let (folder, _) = folder_with(&song());
    let mut command = render_for(folder.path(), "30", &["-o", "-", "--codec", "nv12"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut reader = child.stdout.take().unwrap();
    let (mut got, mut piece) = (0, vec![0; 1 << 20]);
    loop {
        std::thread::sleep(std::time::Duration::from_millis(50));
        match reader.read(&mut piece).unwrap() {
            0 => break,
            bytes => got += bytes,
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(got, 900 * 98 * 66 * 3 / 2);
}

#[test]
fn what_cannot_be_is_a_usage_error_before_anything_is_drawn() {
    let (folder, _) = folder_with(&song());
    for (arguments, words) in [
        (&["-o", "a.mp4", "--codec", "y4m"][..], &["MP4", ".y4m"][..]),
        (&["-o", "a.y4m", "--codec", "h264"], &["YUV4MPEG2", ".mp4"]),
        (&["-o", "-", "--codec", "prores"], &["svt-av1 or y4m"]),
        (&["-o", "-", "--codec", "y4m", "--json"], &["--json"]),
        (&["-o", "a.avi"], &[".mp4"]),
        (&["-o", "a.mp4", "--codec", "nothing"], &["y4m", "h264"]),
        (&["song.mid", "-o", "-", "--codec", "y4m"], &["one file"]),
    ] {
        let error = fail(&mut render(folder.path(), arguments), 2);
        assert!(words.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
    let mut plan = strikeline();
    plan.current_dir(&folder).args(["plan", "song.mid", "--codec", "y4m"]);
    assert!(fail(&mut plan, 2).contains("in parts"));
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_that_says_so_and_leaves_nothing() {
    let (folder, _) = folder_with(&song());
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = render(folder.path(), &["-o", "-", "--codec", "y4m"]);
    command.stdout(full()).stderr(Stdio::piped());
    let ended = command.spawn().unwrap().wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{told}");
    assert!(told.contains("standard output") && told.contains("full"), "{told}");
    assert_eq!(names(folder.path()), ["song.mid"]);
}

/// The first sample that is clearly heard, counted from the start of the video at 48 kHz.
fn onset(video: &Path) -> usize {
    let mut ffmpeg = Command::new("ffmpeg");
    // Otherwise ffmpeg shifts picture and sound by what the encoder needs at the start.
    ffmpeg.args(["-v", "error", "-copyts", "-i"]).arg(video);
    ffmpeg.args(["-map", "0:a:0", "-af", "aresample=48000:first_pts=0", "-ac", "1", "-f", "f32le", "-"]);
    let samples = succeed(&mut ffmpeg).stdout;
    let heard = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes).abs() > 0.02;
    samples.as_chunks().0.iter().position(heard).unwrap()
}

#[test]
fn mp4_in_fragments_is_the_same_video_and_can_be_played_before_it_is_complete() {
    let (folder, _) = folder_with(&song());
    let path = |name: &str| folder.path().join(name);
    for codec in ["h264", "x264", "x265"] {
        let (whole, file) = (format!("{codec}.mp4"), format!("{codec}-fragments.mp4"));
        succeed(&mut render_for(folder.path(), "5", &["--codec", codec, "-o", &whole]));
        let fragments = ["--codec", codec, "--fragmented", "-o", &file, "--jobs", "3"];
        succeed(&mut render_for(folder.path(), "5", &fragments));
        let piped = succeed(&mut render_for(folder.path(), "5", &["--codec", codec, "-o", "-"])).stdout;
        assert!(piped == fs::read(path(&file)).unwrap(), "{codec}");
        let expected = ["ftyp", "moov", "moof", "mdat", "moof", "mdat", "moof", "mdat"];
        assert_eq!(top_boxes(&path(&file)), expected, "{codec}");

        assert!(decode(&path(&file), 98, 66) == decode(&path(&whole), 98, 66), "{codec}");
        assert_eq!(onset(&path(&file)), onset(&path(&whole)), "{codec}");
        let times = |name: &str| {
            let about = probe(&path(name));
            let packets = about["packets"].as_array().unwrap().clone();
            packets.iter().map(|packet| packet["pts_time"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(times(&file), times(&whole), "{codec}");

        // Two of three fragments.
        let cut = piped.windows(4).enumerate().filter(|(_, name)| *name == b"moof").nth(2).unwrap().0 - 4;
        fs::write(path("cut.mp4"), &piped[..cut]).unwrap();
        assert_eq!(decode(&path("cut.mp4"), 98, 66).len(), 120, "{codec}");
    }
    let error = fail(&mut render(folder.path(), &["--fragmented", "-o", "a.mkv"]), 2);
    assert!(error.contains("--fragmented") && error.contains("Matroska"), "{error}");
}
