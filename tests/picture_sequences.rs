//! Pictures in files of their own: they are those that `frame` draws, and nothing is lost or mixed when a render is interrupted.

#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, probe, strikeline, succeed};
use rustix::process::{Pid, Signal, kill_process};

const GROOVE: &[u8] = include_bytes!("../examples/songs/groove.mid");

/// Notes from the first second on.
fn song() -> Vec<u8> {
    midi::song(&[(0, 38, 100), (ticks(1.0), 36, 100), (ticks(2.0), 42, 100)])
}

/// A command that renders the song in `folder`.
fn render(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).args(["render", "song.mid", "--quiet"]).args(arguments);
    command
}

/// The same, which says what it does.
fn loud(command: Command) -> Command {
    let mut loud = strikeline();
    loud.current_dir(command.get_current_dir().unwrap());
    loud.args(command.get_args().filter(|argument| *argument != "--quiet"));
    loud
}

/// A short render of small pictures.
fn small(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = render(folder, &["--size", "98x66", "--fps", "30", "--duration", "0.5"]);
    command.args(arguments);
    command
}

/// All pictures that `ffmpeg` reads with the pattern `pattern` in `folder`, 4 bytes a pixel.
fn decoded(folder: &Path, pattern: &str, (width, height): (usize, usize)) -> Vec<Vec<u8>> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.current_dir(folder).args(["-v", "error", "-xerror"]);
    ffmpeg.args(["-i", pattern, "-pix_fmt", "rgba", "-f", "rawvideo", "-fps_mode", "passthrough", "-"]);
    let pixels = succeed(&mut ffmpeg).stdout;
    assert_eq!(pixels.len() % (width * height * 4), 0);
    pixels.chunks(width * height * 4).map(<[u8]>::to_vec).collect()
}

/// The content of all files in `folder`, hidden ones too.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    names(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// What changes when a file is written again.
fn marks(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let mark = |name: String| {
        let about = fs::metadata(folder.join(&name)).unwrap();
        (name, (about.ino(), about.modified().unwrap()))
    };
    names(folder).into_iter().filter(|name| !name.starts_with('.')).map(mark).collect()
}

fn summary(command: &mut Command) -> serde_json::Value {
    serde_json::from_slice(&succeed(command.arg("--json")).stdout).unwrap()
}

#[test]
fn every_format_holds_the_pictures_that_frame_draws() {
    let (folder, song) = folder_with(GROOVE);
    let size = (320, 180);
    let cut = ["--size", "320x180", "--fps", "30", "--start", "9", "--duration", "1.5"];
    let still = |at: &str, options: &[&str]| {
        let mut command = strikeline();
        command.current_dir(&folder).arg("frame").arg(&song).args(["--size", "320x180", "--fps", "30"]);
        succeed(command.args(["--at", at, "--force", "-o", "still.png"]).args(options));
        decoded(folder.path(), "still.png", size).remove(0)
    };
    for options in [&[][..], &["--transparent"]] {
        let stills = [("9", 0), ("9.5", 15), ("10.4", 42)].map(|(at, frame)| (still(at, options), frame));
        let alphas = stills.iter().flat_map(|(pixels, _)| pixels.chunks_exact(4).map(|pixel| pixel[3]));
        assert_eq!(alphas.min() == Some(0), !options.is_empty());
        for ending in ["png", "qoi", "webp", "jpg"] {
            if ending == "jpg" && !options.is_empty() {
                let error = fail(render(folder.path(), &["-o", "a/%d.jpg"]).args(options), 2);
                assert!(error.contains("jpeg has no alpha") && error.contains("png (.mov)"), "{error}");
                continue;
            }
            let pattern = format!("{ending}{}/%04d.{ending}", options.len());
            let made = summary(render(folder.path(), &cut).args(["-o", &pattern]).args(options));
            let frames = decoded(folder.path(), &pattern, size);
            assert_eq!((frames.len(), made["frames"].as_u64()), (45, Some(45)), "{pattern}");
            let files = names(folder.path().join(&pattern).parent().unwrap());
            assert_eq!(files.len(), 45);
            assert_eq!(files[0], format!("0001.{ending}"));
            let bytes = files.iter().map(|name| folder.path().join(&pattern).with_file_name(name));
            let bytes: u64 = bytes.map(|path| fs::metadata(path).unwrap().len()).sum();
            assert_eq!(made["bytes"].as_u64(), Some(bytes), "{pattern}");
            assert_eq!(made["last_picture"], pattern.replace("%04d", "0045"));
            for (still, frame) in &stills {
                let found = &frames[*frame];
                if ending != "jpg" {
                    assert!(found == still, "{pattern}: frame {frame}");
                    continue;
                }
                let squares =
                    found.iter().zip(still).map(|(one, other)| f64::from(one.abs_diff(*other)).powi(2));
                let psnr = 10.0 * (255.0_f64.powi(2) * still.len() as f64 / squares.sum::<f64>()).log10();
                assert!(psnr > 36.0, "frame {frame}: {psnr} dB");
            }
        }
    }
}

#[test]
fn the_quality_counts_for_jpeg_alone() {
    let (folder, _) = folder_with(&song());
    let bytes = |ending: &str| {
        ["0", "24", "51"].map(|quality| {
            let pattern = format!("{ending}{quality}/%d.{ending}");
            let made = summary(&mut small(folder.path(), &["-o", &pattern, "--quality", quality]));
            made["bytes"].as_u64().unwrap()
        })
    };
    let jpeg = bytes("jpeg");
    assert!(jpeg.is_sorted_by(|better, worse| better > worse), "{jpeg:?}");
    let png = bytes("png");
    assert!(png.iter().all(|bytes| *bytes == png[0]), "{png:?}");
}

#[test]
fn the_bytes_do_not_depend_on_how_the_work_is_split() {
    let (folder, _) = folder_with(&song());
    for ending in ["png", "jpg"] {
        let made = |name: &str, options: &[&str]| {
            let pattern = format!("{name}/%d.{ending}");
            succeed(small(folder.path(), &["--force", "-o", &pattern]).args(options));
            contents(&folder.path().join(name))
        };
        let usual = made(&format!("{ending}-a"), &[]);
        assert_eq!(usual.len(), 15);
        let split = ["--jobs", "7", "--ring", "3", "--segments", "9", "--devices", "1"];
        assert!(made(&format!("{ending}-b"), &split) == usual);
        let alone = ["--jobs", "1", "--segments", "1", "--ring", "1", "--devices", "1", "--no-resume"];
        assert!(made(&format!("{ending}-c"), &alone) == usual);
        // Over themselves.
        assert!(made(&format!("{ending}-a"), &["--redraw", "all"]) == usual);
    }
}

#[test]
fn numbers_begin_where_they_are_told_to_and_grow_beyond_their_digits() {
    let (folder, _) = folder_with(&song());
    let made = |pattern: &str, first: &str| {
        succeed(&mut small(folder.path(), &["-o", pattern, "--start-number", first]));
        names(folder.path().join(pattern).parent().unwrap())
    };
    let files = made("a/%02d of 100%%.png", "95");
    assert_eq!((files.len(), &*files[0]), (15, "100 of 100%.png"));
    assert!(files.contains(&"95 of 100%.png".to_owned()));
    assert_eq!(made("b/%d.webp", "0")[..2], ["0.webp", "1.webp"]);
    // In the folder itself, beside the song.
    succeed(&mut small(folder.path(), &["-o", "x%03d.qoi"]));
    assert!(folder.path().join("x015.qoi").exists());
}

/// Long enough to be interrupted.
const LONG: [&str; 6] = ["--size", "480x270", "--fps", "60", "--duration", "10"];
const LONG_FRAMES: usize = 600;

fn long(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = render(folder, &LONG);
    command.args(["-o", "out/%06d.png"]).args(arguments);
    command
}

/// Starts `command`, which makes pictures in `out`, and waits until there are `count`.
fn begin(mut command: Command, out: &Path, count: usize) -> Child {
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    while fs::read_dir(out).map_or(0, Iterator::count) <= count {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "the program has ended before it could be interrupted: {ended:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

/// Starts `command`, and sends it `signal` when there are `count` pictures. Returns its exit code and what it said.
fn interrupt(command: Command, out: &Path, count: usize, signal: Signal) -> (Option<i32>, String) {
    let child = begin(command, out, count);
    kill_process(Pid::from_child(&child), signal).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_same_command_goes_on_after_an_interruption_and_mixes_nothing() {
    let (folder, _) = folder_with(GROOVE);
    let out = folder.path().join("out");
    let whole = folder.path().join("whole");
    succeed(render(folder.path(), &LONG).args(["-o", "whole/%06d.png"]));
    assert_eq!(names(&whole).len(), LONG_FRAMES, "no record is left");

    let (code, _) = interrupt(long(folder.path(), &[]), &out, 50, Signal::KILL);
    assert_eq!(code, None);
    let killed = marks(&out);
    assert_eq!(names(&out).len(), killed.len() + 1, "only the record is left");
    let whole_files = contents(&whole);
    assert!(killed.keys().all(|name| fs::read(out.join(name)).unwrap() == whole_files[name]));

    // Another song, setting or first number.
    for others in [&["--theme", "plain"][..], &["--speed", "90%"], &["--lookahead", "3"]] {
        let error = fail(&mut long(folder.path(), others), 4);
        assert!(error.contains("exist already") && error.contains("--force"), "{others:?}: {error}");
    }
    let listed = succeed(strikeline().arg("clean").arg(&out)).stdout;
    let listed = String::from_utf8(listed).unwrap();
    assert!(listed.contains("out/%06d.png from song.mid"), "{listed}");
    assert_eq!(marks(&out), killed);

    let (code, said) = interrupt(loud(long(folder.path(), &[])), &out, killed.len() + 50, Signal::INT);
    assert_eq!(code, Some(130), "{said}");
    let finished = marks(&out);
    assert!(said.contains(&format!("{} of {LONG_FRAMES} pictures are done", killed.len())), "{said}");
    assert!(said.contains(&format!("{} finished pictures are kept in out", finished.len())), "{said}");
    assert_eq!(names(&out).len(), finished.len() + 1);

    let made = summary(&mut long(folder.path(), &[]));
    assert_eq!(made["kept_frames"].as_u64(), Some(finished.len() as u64));
    let now = marks(&out);
    for (name, mark) in killed.iter().chain(&finished) {
        assert_eq!(now[name], *mark, "{name} was written once");
    }
    assert!(contents(&out) == whole_files);
}

#[test]
fn a_picture_that_was_changed_after_an_interruption_is_neither_kept_nor_lost() {
    let (folder, _) = folder_with(GROOVE);
    let out = folder.path().join("out");
    interrupt(long(folder.path(), &[]), &out, 30, Signal::KILL);
    let done = marks(&out);
    let names: Vec<_> = done.keys().collect();
    fs::write(out.join(names[0]), "retouched").unwrap();
    fs::write(out.join(names[1]), "").unwrap();
    fs::remove_file(out.join(names[2])).unwrap();
    let error = fail(&mut long(folder.path(), &[]), 1);
    assert!(error.contains(names[0]) && error.contains("1 more"), "{error}");
    assert!(error.contains("not as the interrupted run has written them"), "{error}");
    assert_eq!(fs::read(out.join(names[0])).unwrap(), b"retouched");
    // Replaced on demand, and the others kept.
    let made = summary(&mut long(folder.path(), &["--force"]));
    assert_eq!(made["kept_frames"].as_u64(), Some(done.len() as u64 - 3));
    assert_eq!(marks(&out).len(), LONG_FRAMES);
    assert_eq!(marks(&out)[names[3]], done[names[3]]);
    let frames = decoded(folder.path(), "out/%06d.png", (480, 270));
    assert_eq!(frames.len(), LONG_FRAMES);
}

#[test]
fn another_sequence_of_the_same_names_begins_anew_when_it_is_forced_to_and_not_while_one_is_made() {
    let (folder, _) = folder_with(GROOVE);
    let out = folder.path().join("out");
    let mut child = begin(long(folder.path(), &[]), &out, 5);
    for others in [&["--force"][..], &["--force", "--theme", "plain"]] {
        let error = fail(&mut long(folder.path(), others), 1);
        assert!(error.contains("in use"), "{error}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let options = ["--force", "-o", "out/%06d.png"];
    succeed(&mut small(folder.path(), &options));
    succeed(&mut small(folder.path(), &["-o", "alone/%06d.png"]));
    let (found, alone) = (contents(&out), contents(&folder.path().join("alone")));
    assert!(alone.iter().all(|(name, bytes)| found[name] == *bytes));
    assert!(found.keys().all(|name| !name.starts_with('.')), "the other record is removed");
    // Those behind the end are told of.
    let said = String::from_utf8(succeed(&mut loud(small(folder.path(), &options))).stderr).unwrap();
    assert!(said.contains("more files in the folder with such names and higher numbers"), "{said}");
}

#[test]
fn pictures_that_exist_are_left_as_they_are_unless_they_may_be_replaced() {
    let (folder, _) = folder_with(&song());
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("007.png"), "mine").unwrap();
    let error = fail(&mut small(folder.path(), &["-o", "out/%03d.png"]), 4);
    assert!(error.contains("out/007.png exist already") && error.contains("--force"), "{error}");
    assert_eq!(names(&out), ["007.png"]);
    // Neither a folder nor a link is replaced.
    fs::create_dir(out.join("008.png")).unwrap();
    let error = fail(&mut small(folder.path(), &["-o", "out/%03d.png", "--force"]), 1);
    assert!(error.contains("out/008.png is a folder"), "{error}");
    fs::remove_dir(out.join("008.png")).unwrap();
    for (target, code, words) in [("../song.mid", 2, "would replace song.mid"), ("007.png", 1, "a link")] {
        std::os::unix::fs::symlink(target, out.join("008.png")).unwrap();
        let error = fail(&mut small(folder.path(), &["-o", "out/%03d.png", "--force"]), code);
        assert!(error.contains(words), "{error}");
        fs::remove_file(out.join("008.png")).unwrap();
    }
    succeed(&mut small(folder.path(), &["-o", "out/%03d.png", "--force"]));
    assert_eq!(decoded(folder.path(), "out/%03d.png", (98, 66)).len(), 15);
    // A file that is read, such as a picture of a theme.
    fs::write(folder.path().join("look.toml"), "[background]\nimage = \"out/003.png\"\n").unwrap();
    let error =
        fail(&mut small(folder.path(), &["-o", "out/%03d.png", "--force", "--theme", "look.toml"]), 2);
    assert!(error.contains("out/003.png would replace"), "{error}");
}

#[test]
fn a_folder_that_is_moved_meanwhile_gets_the_pictures_and_is_named() {
    let (folder, _) = folder_with(GROOVE);
    let out = folder.path().join("out");
    let child = begin(long(folder.path(), &[]), &out, 5);
    fs::rename(&out, folder.path().join("moved")).unwrap();
    let ended = child.wait_with_output().unwrap();
    let error = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{error}");
    assert!(error.contains("moved/%06d.png") && error.contains("in full"), "{error}");
    assert_eq!(names(&folder.path().join("moved")).len(), LONG_FRAMES);
}

#[test]
fn a_full_disk_keeps_what_is_finished_and_the_same_command_goes_on() {
    let (folder, _) = folder_with(GROOVE);
    let script = r#"
        mkdir -p out && mount -t tmpfs -o size=1500k tmpfs out || exit 77
        "$@" 2>error && exit 1
        ls -A out >after; cat out/*.png | wc -c >bytes
        mount -o remount,size=64m out
        "$@" --json >summary || exit 2
        ls -A out >done"#;
    let program = render(folder.path(), &["--size", "480x270", "--duration", "2", "-o", "out/%06d.png"]);
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
    shell.arg(program.get_program()).args(program.get_args()).current_dir(&folder);
    shell.env_remove("XDG_RUNTIME_DIR").env("XDG_CONFIG_HOME", "/nonexistent");
    let ended = shell.output();
    let code = ended.as_ref().ok().and_then(|output| output.status.code());
    if code == Some(77) || !ended.as_ref().is_ok_and(|output| output.stderr.is_empty()) {
        assert!(std::env::var_os("CI").is_none(), "no file system of its own: {ended:?}");
        eprintln!("skipped: no file system of its own can be mounted: {ended:?}");
        return;
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(code, Some(0), "{}", read("error"));
    assert!(read("error").contains("the disk is full"), "{}", read("error"));
    let kept = read("after").lines().filter(|name| name.ends_with(".png")).count();
    assert!(kept > 5, "{}", read("after"));
    assert_eq!(read("after").lines().count(), kept + 1, "the pictures and the record");
    let summary: serde_json::Value = serde_json::from_str(&read("summary")).unwrap();
    assert_eq!(summary["kept_frames"].as_u64(), Some(kept as u64));
    assert_eq!(read("done").lines().count(), 120);
}

#[test]
fn names_that_cannot_be_are_refused_and_leave_nothing() {
    let (folder, _) = folder_with(&song());
    fs::create_dir(folder.path().join("folder")).unwrap();
    succeed(Command::new("mkfifo").arg(folder.path().join("pipe")));
    let before = names(folder.path());
    for (arguments, words) in [
        (&["-o", "out/frame.png"][..], &["out/frame-%06d.png"][..]),
        (&["-o", "frame.webp", "--codec", "webp"], &["frame-%06d.webp"]),
        (&["-o", "out/%03d-%d.png"], &["two numbers"]),
        (&["-o", "%03d/a.png"], &["a-%06d.png", "folder"]),
        (&["-o", "out/%s.qoi"], &["%s", "%06d"]),
        (&["-o", "out/%06d.png", "--codec", "h264"], &["--codec png"]),
        (&["-o", "out/%06d.png", "--codec", "qoi"], &[".qoi", "--codec png"]),
        (&["-o", "out/%06d.png", "--fragmented"], &["--fragmented", "PNG sequence"]),
        (&["-o", "out/%06d.png", "song.mid"], &["one song at a time", "song/%06d.png"]),
        (&["-o", "folder", "--codec", "qoi"], &["folder/%06d.qoi"]),
        (&["--codec", "webp"], &["--output song/%06d.webp"]),
        (&["-o", "-", "--codec", "qoi"], &["QOI sequence", "many files", "y4m"]),
        (&["-o", "pipe", "--codec", "jpeg"], &["JPEG sequence", "many files"]),
        (&["-o", "out/%06d.png", "--skip-existing"], &["--skip-existing is for videos"]),
        (&["-o", "a.mp4", "--start-number", "3"], &["--start-number", "MP4"]),
        (&["-o", "out/%06d.png", "--codec-option", "pred=mixed"], &["codecs of ffmpeg"]),
    ] {
        let error = fail(&mut small(folder.path(), arguments), 2);
        assert!(words.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
    // What fails later leaves no folder either.
    let error = fail(&mut small(folder.path(), &["-o", "out/%06d.png", "--adapter", "none such"]), 2);
    assert!(error.contains("--adapter"), "{error}");
    let error = fail(&mut small(folder.path(), &["-o", "song.mid/%06d.png"]), 2);
    assert!(error.contains("song.mid"), "{error}");
    let error = fail(&mut small(folder.path(), &["-o", "none/out/%06d.png"]), 2);
    assert!(error.contains("there is no folder none"), "{error}");
    assert_eq!(names(folder.path()), before);
    assert_eq!(names(&folder.path().join("folder")).len(), 0);
}

#[test]
fn other_commands_take_the_codecs_or_say_why_not() {
    let (folder, _) = folder_with(&song());
    let said = succeed(&mut loud(small(folder.path(), &["-o", "out/%d.png", "--click"]))).stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("PNG sequence has no place for sound"), "{said}");
    assert!(said.contains("out/1.png to out/15.png: 15 frames"), "{said}");
    for codec in ["png", "qoi", "jpeg", "webp"] {
        let mut profile = strikeline();
        profile.current_dir(&folder).args(["profile", "song.mid", "--size", "98x66", "--frames", "5"]);
        // Both alone, too: drawing, and encoding what was drawn before.
        let said = succeed(profile.args(["--codec", codec])).stdout;
        assert!(String::from_utf8(said).unwrap().contains("encode"), "{codec}");
    }
    let plan = |codec: &str| {
        let mut plan = strikeline();
        plan.current_dir(&folder).args(["plan", "song.mid", "--size", "98x66", "--duration", "1", "--quiet"]);
        plan.args(["--no-sound", "--codec", codec, "-o", "a.json"]);
        plan
    };
    let error = fail(&mut plan("qoi"), 2);
    assert!(error.contains("qoi cannot be made in parts"), "{error}");
    // PNG pictures in one file can.
    succeed(&mut plan("png"));
    let error = fail(strikeline().current_dir(&folder).args(["join", "a.json", "-o", "j/%06d.png"]), 2);
    assert!(error.contains("joined to one file"), "{error}");
    succeed(strikeline().current_dir(&folder).args(["part", "a.json", "1", "--quiet"]));
    succeed(strikeline().current_dir(&folder).args(["join", "a.json", "-o", "joined.mov", "--quiet"]));
    // And they need no ffmpeg.
    let mut alone =
        render(folder.path(), &["--codec", "png", "-o", "a.mov", "--size", "98x66", "--no-sound"]);
    succeed(alone.args(["--duration", "1", "--ffmpeg", "/nonexistent"]));
    let (alone, joined) = (folder.path().join("a.mov"), folder.path().join("joined.mov"));
    assert!(fs::read(&alone).unwrap() == fs::read(joined).unwrap());
    let stream = &probe(&alone)["streams"][0];
    assert_eq!((stream["codec_name"].as_str(), stream["nb_frames"].as_str()), (Some("png"), Some("60")));
}

#[test]
fn of_two_programs_that_write_to_one_folder_the_second_fails() {
    let (folder, _) = folder_with(&song());
    let long = ["-o", "out/%06d.png", "--duration", "60", "--force", "--quiet"];
    let mut render = strikeline();
    render.current_dir(folder.path()).args(["render", "song.mid", "--size", "98x66"]).args(long);
    let mut first = render.stderr(std::process::Stdio::null()).spawn().unwrap();
    let picture = folder.path().join("out/000001.png");
    while !picture.exists() {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // Another part of the song.
    let arguments = ["-o", "out/%06d.png", "--start", "0.5", "--force"];
    let error = fail(&mut small(folder.path(), &arguments), 1);
    assert!(error.contains("in use"), "{error}");
    first.kill().unwrap();
    first.wait().unwrap();
    succeed(&mut small(folder.path(), &arguments));
}
