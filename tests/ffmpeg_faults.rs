//! What happens when ffmpeg fails: a stand-in that behaves like an ffmpeg with hardware encoders accepts, refuses, dies, hangs,
//! writes rubbish, drops or doubles a frame. The error says what happened, and nothing is left: no file and no process.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use common::midi::{self, ticks};
use common::program::{decode, fail, folder_with, names, strikeline, succeed};

/// Writes what it was given to a file beside it, and its process number to another. What it does from its second run on, after
/// it was tried out, is in the environment.
const STAND_IN: &str = r#"#!/bin/sh
here=$(dirname "$0")
if [ "$DOES" = mute ]; then
    echo $$ >> "$here/processes"
    exec sleep 1000
fi
case "$*" in
    *-version*) echo "ffmpeg version stand-in Copyright (c) nobody"; exit ;;
    *-encoders*)
        for name in h264_nvenc hevc_nvenc h264_vaapi h264_qsv h264_amf h264_videotoolbox; do
            echo " V....D $name  an encoder"
        done
        exit ;;
esac
echo "$*" >> "$here/arguments"
echo $$ >> "$here/processes"
size= rate=
while [ $# -gt 0 ]; do
    case "$1" in
        -video_size) size=$2 ;;
        -framerate) rate=$2 ;;
    esac
    shift
done
encode() {
    exec ffmpeg -v error -nostdin -f rawvideo -pix_fmt nv12 -video_size $size -framerate $rate -i pipe:0 "$@" \
        -c:v libx264 -preset ultrafast -g 1000 -threads 1 \
        -movflags frag_every_frame+delay_moov+empty_moov+default_base_moof -f mp4 pipe:1
}
does=$DOES
case "$does" in
    refuse) ;;
    *) [ "$(wc -l < "$here/processes")" -gt 1 ] || does=accept ;;
esac
case "$does" in
    accept) encode ;;
    refuse) echo "Cannot load libcuda.so.1" >&2; echo "No capable devices found" >&2; exit 171 ;;
    die) head -c 20000 > /dev/null; kill -9 $$ ;;
    hang) exec sleep 1000 ;;
    # The program that hangs is a child of this one, and has its pipes.
    hang-behind) sleep 1000; exit 0 ;;
    hang-at-end) cat > /dev/null; exec sleep 1000 ;;
    rubbish) cat > /dev/null; head -c 100000 /dev/urandom ;;
    nothing) cat > /dev/null ;;
    flood) exec cat /dev/zero ;;
    drop) encode -vf "select=not(eq(n\,7))" -fps_mode passthrough ;;
    drop-last) encode -frames:v 20 ;;
    double) encode -vf loop=loop=1:size=1:start=5 -fps_mode passthrough ;;
    hevc) exec ffmpeg -v error -nostdin -f rawvideo -pix_fmt nv12 -video_size $size -framerate $rate -i pipe:0 \
        -c:v mpeg4 -movflags frag_every_frame+delay_moov+empty_moov+default_base_moof -f mp4 pipe:1 ;;
    full) cat > /dev/null; echo "av_interleaved_write_frame(): No space left on device" >&2; exit 1 ;;
esac
"#;

/// A folder with a song and the stand-in.
struct Place {
    folder: tempfile::TempDir,
    /// The stand-in, in a folder of its own.
    program: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let taps: Vec<_> = (0..8).map(|number| (ticks(f64::from(number) / 2.0), 38, 100)).collect();
        let (folder, _) = folder_with(&midi::song(&taps));
        let program = tempfile::tempdir().unwrap();
        let place = Place { folder, program };
        fs::write(place.stand_in(), STAND_IN).unwrap();
        fs::set_permissions(place.stand_in(), fs::Permissions::from_mode(0o755)).unwrap();
        place
    }

    fn stand_in(&self) -> PathBuf {
        self.program.path().join("ffmpeg")
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A render by the stand-in, which does this from its second run on.
    fn render(&self, does: &str, codec: &str, duration: &str) -> Command {
        let mut command = strikeline();
        command.current_dir(&self.folder).env("STRIKELINE_FFMPEG", self.stand_in()).env("DOES", does);
        command
            .args(["render", "song.mid", "-o", "a.mp4", "--codec", codec, "--size", "98x66", "--fps", "25"]);
        command.args(["--duration", duration, "--quiet", "--no-resume", "--no-sound"]);
        command
    }

    /// The stand-ins that still run, or have not been waited for.
    fn processes(&self) -> Vec<String> {
        let processes = fs::read_to_string(self.program.path().join("processes")).unwrap_or_default();
        processes.lines().filter(|id| Path::new("/proc").join(id).exists()).map(str::to_owned).collect()
    }

    fn arguments(&self) -> String {
        fs::read_to_string(self.program.path().join("arguments")).unwrap()
    }

    fn wait_until_none_runs(&self) {
        for _ in 0..500 {
            if self.processes().is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("these still run after 10 s: {:?}", self.processes());
    }

    /// Waits until `count` stand-ins run.
    fn wait_until_some_run(&self, count: usize) {
        for _ in 0..1500 {
            if self.processes().len() >= count {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("ffmpeg was not started within 30 s");
    }
}

#[test]
fn each_fault_is_an_error_that_says_what_happened_and_leaves_nothing() {
    for (does, words) in [
        (
            "refuse",
            &[
                "h264_nvenc",
                "tried out",
                "exit code 171",
                "Cannot load libcuda.so.1 / No capable devices found",
            ][..],
        ),
        ("mute", &["is no ffmpeg"]),
        ("die", &["segment 0", "signal 9"]),
        ("hang", &["segment 0", "did nothing for 3 s"]),
        ("hang-behind", &["segment 0", "did nothing for 3 s"]),
        ("hang-at-end", &["segment 0", "did nothing for 3 s"]),
        ("rubbish", &["segment 0", "no video that can be read"]),
        ("nothing", &["segment 0", "no frames"]),
        ("flood", &["segment 0", "wrote more than"]),
        ("drop", &["segment 0", "dropped or doubled"]),
        ("drop-last", &["segment 0", "h264_nvenc"]),
        ("double", &["segment 0", "dropped or doubled"]),
        ("hevc", &["segment 0", "it is not H.264"]),
        ("full", &["segment 0", "No space left on device"]),
    ] {
        let place = Place::new();
        let mut command = place.render(does, "h264_nvenc", "2");
        // What is no ffmpeg is a wrong value of --ffmpeg.
        let code = if does == "mute" { 2 } else { 1 };
        let error = fail(command.args(["--ffmpeg-patience", "3"]), code);
        assert!(words.iter().all(|word| error.contains(word)), "{does}: {error}");
        assert!(place.processes().is_empty(), "{does}: {:?}", place.processes());
        assert_eq!(names(place.folder()), ["song.mid"], "{does}");
    }
}

#[test]
fn encoders_on_devices_are_given_what_their_documentation_says_and_a_few_at_once() {
    for (codec, words) in [
        ("h264_nvenc", &["-pix_fmt nv12 -threads 1", "-rc:v constqp -qp:v 30", "-forced-idr:v 1"][..]),
        ("h264_vaapi", &["-vaapi_device /dev/dri/renderD128", "-filter:v format=nv12,hwupload", "-qp:v 30"]),
        ("h264_qsv", &["-global_quality:v 30"]),
        ("h264_amf", &["-rc:v cqp -qp_i:v 30 -qp_p:v 30"]),
        ("h264_videotoolbox", &["-q:v 42"]),
    ] {
        let place = Place::new();
        succeed(place.render("accept", codec, "7").args(["--quality", "30"]));
        assert_eq!(decode(&place.folder().join("a.mp4"), 98, 66).len(), 175, "{codec}");
        let arguments = place.arguments();
        // One to try it out, and one for each segment.
        assert_eq!(arguments.lines().count(), 5, "{codec}");
        for line in arguments.lines() {
            assert!(line.contains(&format!("-c:v {codec} ")) && line.contains("-video_size 98x66"), "{line}");
            assert!(words.iter().all(|word| line.contains(word)), "{codec}: {line}");
        }
        assert!(place.processes().is_empty());
    }
}

/// Sends `signal` to `child`.
fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
}

#[test]
fn signals_leave_no_process_and_no_file() {
    // The first one stops the work in order; the second ends the program though a process hangs.
    let place = Place::new();
    let mut child = place.render("hang", "h264_nvenc", "20").spawn().unwrap();
    place.wait_until_some_run(2);
    send("INT", &child);
    std::thread::sleep(Duration::from_millis(300));
    send("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    place.wait_until_none_runs();
    assert_eq!(names(place.folder()), ["song.mid"]);

    let place = Place::new();
    let mut child = place.render("accept", "h264_nvenc", "600").spawn().unwrap();
    place.wait_until_some_run(2);
    send("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    place.wait_until_none_runs();
    assert_eq!(names(place.folder()), ["song.mid"]);

    // A program that is killed cannot end the others, but they see their pipes closed.
    let place = Place::new();
    let mut child = place.render("accept", "h264_nvenc", "600").spawn().unwrap();
    place.wait_until_some_run(2);
    send("KILL", &child);
    child.wait().unwrap();
    place.wait_until_none_runs();
    assert_eq!(names(place.folder()), ["song.mid"]);
}
