//! What surrounds the program: standard output and error that are closed, full or not read, and names of files that are
//! not text.

#![cfg(target_os = "linux")]

mod common;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{PipeWriter, Write, pipe};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

/// A song of `seconds` with a snare on every second.
fn song(seconds: u32) -> Vec<u8> {
    let taps: Vec<_> = (0..=seconds).map(|second| (ticks(f64::from(second)), 38, 100)).collect();
    midi::song(&taps)
}

/// A device that is always full.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader has gone.
fn broken() -> PipeWriter {
    let (reader, mut writer) = pipe().unwrap();
    drop(reader);
    // A program that another test is just starting may have the reader, too, until it has begun.
    while writer.write(b"x").is_ok() {
        std::thread::yield_now();
    }
    writer
}

/// A small render in `folder`, which has the song, to `video.mp4`.
fn render(folder: &Path) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).args(["render", "song.mid", "-o", "video.mp4", "--size", "64x64"]);
    command.args(["--duration", "0.5", "--fps", "30", "--no-sound"]);
    command
}

/// The same, of a shell's command line that ends in `redirections`.
fn by_shell(command: &Command, redirections: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$@\" {redirections}"), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap()).env("XDG_CONFIG_HOME", "/nonexistent");
    shell
}

#[test]
fn a_render_is_complete_though_standard_error_is_full_closed_or_not_read() {
    let (folder, _) = folder_with(&song(1));
    succeed(&mut render(folder.path()));
    let video = folder.path().join("video.mp4");
    let expected = std::fs::read(&video).unwrap();
    let run = |case: &str, command: &mut Command| {
        std::fs::remove_file(&video).unwrap();
        let status = command.status().unwrap();
        assert!(status.success(), "{case}: {status}");
        assert_eq!(std::fs::read(&video).unwrap(), expected, "{case}");
        assert_eq!(names(folder.path()), ["song.mid", "video.mp4"], "{case}");
    };
    run("full", render(folder.path()).stderr(full()));
    run("not read", render(folder.path()).stderr(broken()));
    run("both not read", render(folder.path()).stderr(broken()).stdout(broken()));
    run("closed", &mut by_shell(&render(folder.path()), "2>&-"));
    run("all closed", &mut by_shell(&render(folder.path()), "<&- >&- 2>&-"));
}

#[test]
fn a_summary_that_cannot_be_printed_is_told_with_the_file_that_is_complete() {
    let (folder, _) = folder_with(&song(1));
    let video = folder.path().join("video.mp4");
    let fails = |command: &mut Command, parts: &[&str]| {
        let output = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{part}: {stderr}");
        }
    };
    let parts = ["the video is complete: video.mp4", "its summary could not be printed"];
    fails(render(folder.path()).arg("--json").stdout(full()), &[parts[0], parts[1], "full"]);
    assert!(std::fs::read(&video).unwrap().len() > 500);
    fails(render(folder.path()).args(["--json", "--force"]).stdout(broken()), &[parts[0], parts[1], "ended"]);
    assert!(std::fs::read(&video).unwrap().len() > 500);

    let mut frame = strikeline();
    frame.current_dir(&folder).args(["frame", "song.mid", "-o", "frame.png", "--size", "64x64"]);
    fails(frame.args(["--at", "0", "--json"]).stdout(full()), &["the picture is complete: frame.png"]);
    assert!(folder.path().join("frame.png").is_file());

    let in_folder = |arguments: &[&str]| {
        let mut command = strikeline();
        command.current_dir(&folder).args(arguments);
        command
    };
    let unprinted = "its summary could not be printed on standard output";
    for stdout in [full, || broken().into()] {
        let plan = ["plan", "song.mid", "-o", "plan.json", "--force", "--json", "--parts=1", "--no-sound"];
        let small = ["--size", "64x64", "--duration", "0.5"];
        fails(in_folder(&plan).args(small).stdout(stdout()), &["the plan is written: plan.json", unprinted]);
        let limits = ["--slurm", "farm.sh", "--part-time", "60", "--part-memory", "1000"];
        let told = ["the plan is written: plan.json, and the script for Slurm: farm.sh", unprinted];
        fails(in_folder(&plan).args(small).args(limits).stdout(stdout()), &told);
        let part = ["part", "plan.json", "1", "--json"];
        fails(
            in_folder(&part).stdout(stdout()),
            &["part 1 is complete: plan.json.parts/part-0001", unprinted],
        );
        let join = ["join", "plan.json", "-o", "joined.mp4", "--force", "--json"];
        fails(in_folder(&join).stdout(stdout()), &["the video is complete: joined.mp4", unprinted]);
        let files = ["--trace", "trace.json", "--svg", "run.svg", "--force"];
        let profile = ["profile", "song.mid", "--size", "64x64", "--frames", "2", "--brief", "--json"];
        let told = ["written in full: trace.json and run.svg", unprinted];
        fails(in_folder(&profile).args(files).stdout(stdout()), &told);
        let batch = ["render", "song.mid", "other.mid", "-o", "videos", "--force", "--json"];
        std::fs::write(folder.path().join("other.mid"), song(1)).unwrap();
        fails(
            in_folder(&batch).args(small).stdout(stdout()),
            &["all videos are complete (2 made)", unprinted],
        );
    }
    for name in ["plan.json", "farm.sh", "plan.json.parts/part-0001.segments", "joined.mp4"] {
        assert!(folder.path().join(name).metadata().unwrap().len() > 500, "{name}");
    }
    for name in ["trace.json", "run.svg", "videos/song.mp4", "videos/other.mp4"] {
        assert!(folder.path().join(name).metadata().unwrap().len() > 500, "{name}");
    }
    // A text without files, of which a reader may have enough, is as that of any command that only prints.
    let profile = ["profile", "song.mid", "--size", "64x64", "--frames", "2", "--brief", "--svg", "2.svg"];
    assert!(in_folder(&profile).stdout(broken()).stderr(Stdio::null()).status().unwrap().success());
    let profile = ["profile", "song.mid", "--size", "64x64", "--frames", "2", "--brief"];
    fails(in_folder(&profile).stdout(full()), &["the result could not be printed on standard output"]);
}

#[test]
fn text_may_be_cut_short_by_its_reader_but_not_by_a_full_disk() {
    let (folder, _) = folder_with(&song(1));
    for arguments in [
        &["inspect", "song.mid"][..],
        &["inspect", "song.mid", "--json"],
        &["theme", "plain"],
        &["theme", "--list"],
        &["drum-map", "--list"],
        &["--help"],
        &["render", "--help"],
        &["--version"],
    ] {
        let run = |stdout: Stdio| {
            let mut command = strikeline();
            command.current_dir(&folder).args(arguments).stdout(stdout).stderr(Stdio::piped());
            let output = command.spawn().unwrap().wait_with_output().unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        assert_eq!(run(broken().into()), (Some(0), String::new()), "{arguments:?}");
        let (code, stderr) = run(full());
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("standard output") && stderr.contains("full"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn an_error_has_its_exit_code_though_it_cannot_be_told() {
    let (folder, _) = folder_with(b"no song");
    let code = |arguments: &[&str]| {
        let mut command = strikeline();
        command.current_dir(&folder).args(arguments).stderr(full()).stdout(full());
        command.status().unwrap().code()
    };
    assert_eq!(code(&["render", "song.mid"]), Some(2));
    assert_eq!(code(&["render", "--nonsense"]), Some(2));
    assert_eq!(code(&["--help"]), Some(1));
}

/// `name` as bytes, in a folder.
fn at(folder: &Path, name: &[u8]) -> PathBuf {
    folder.join(OsStr::from_bytes(name))
}

/// The bytes of a name of which `strikeline` gives the percent-encoded form.
fn decoded(percent: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = percent.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

/// Checks that `json` has `path` at `key`, as text and exactly.
fn assert_path(json: &serde_json::Value, key: &str, path: &Path) {
    assert_eq!(json[key], *path.to_string_lossy(), "{json}");
    let exact = json[format!("{key}_bytes")].as_str().unwrap_or_else(|| panic!("no {key}_bytes: {json}"));
    assert_eq!(decoded(exact), path.as_os_str().as_bytes(), "{exact}");
}

fn json(command: &mut Command) -> serde_json::Value {
    serde_json::from_slice(&succeed(command).stdout).unwrap()
}

#[test]
fn names_that_are_not_utf_8_can_be_given_for_every_file_and_are_exact_in_json() {
    let (folder, plain) = folder_with(&song(1));
    let folder = folder.path();
    let song = at(folder, b"s\xF6ng \xFF%.mid");
    std::fs::rename(&plain, &song).unwrap();
    let theme = at(folder, b"th\xEAme.toml");
    std::fs::write(&theme, "extends = \"plain\"\n").unwrap();
    let map = at(folder, b"m\xE4p.toml");
    std::fs::write(&map, "extends = \"general-midi\"\n").unwrap();
    let size = ["--size", "64x64", "--duration", "0.2", "--json"];

    let video = at(folder, b"v\xEFdeo.mp4");
    let mut render = strikeline();
    render.arg("render").arg(&song).arg("-o").arg(&video).args(size);
    render.arg("--theme").arg(&theme).arg("--drum-map").arg(&map);
    assert_path(&json(&mut render), "output", &video);
    assert!(video.is_file());

    // Without -o the video is named after the song.
    let mut render = strikeline();
    render.current_dir(folder).arg("render").arg(&song).args(size);
    assert_path(&json(&mut render), "output", Path::new(OsStr::from_bytes(b"s\xF6ng \xFF%.mp4")));

    let picture = at(folder, b"pict\xFCre.png");
    let mut frame = strikeline();
    frame.arg("frame").arg(&song).arg("-o").arg(&picture).args(["--at", "0", "--size", "64x64", "--json"]);
    assert_path(&json(frame.arg("--theme").arg(&theme)), "output", &picture);

    let mut inspect = strikeline();
    inspect.arg("inspect").arg(&song).arg("--theme").arg(&theme).arg("--drum-map").arg(&map);
    succeed(inspect.arg("--json"));
    succeed(strikeline().arg("theme").arg("--check").arg(&theme));
    succeed(strikeline().arg("drum-map").arg("--check").arg(&map));

    let trace = at(folder, b"tr\xE0ce.json");
    let svg = at(folder, b"dr\xE0wing.svg");
    let mut profile = strikeline();
    profile.arg("profile").arg(&song).args(["--brief", "--frames", "5", "--size", "64x64", "--json"]);
    json(profile.arg("--trace").arg(&trace).arg("--svg").arg(&svg));
    for file in [&trace, &svg] {
        // Both are text.
        assert!(!std::fs::read_to_string(file).unwrap().is_empty());
    }
}

#[test]
fn plans_and_parts_whose_names_are_not_utf_8_are_exact_in_json() {
    let (folder, plain) = folder_with(&song(1));
    // What a plan names is named from its folder, whose own name may be any.
    let folder = at(folder.path(), b"f\xE4rm");
    std::fs::create_dir(&folder).unwrap();
    let song = folder.join("song.mid");
    std::fs::rename(plain, &song).unwrap();
    let plan = at(&folder, b"pl\xE4n.json");
    let mut planning = strikeline();
    planning.arg("plan").arg(&song).arg("-o").arg(&plan).args(["--json", "--parts=1", "--no-sound"]);
    assert_path(&json(planning.args(["--size", "64x64", "--duration", "0.2"])), "plan", &plan);
    let part = at(&folder, b"pl\xE4n.json.parts/part-0001.segments");
    assert_path(&json(strikeline().args(["part", "--json"]).arg(&plan).arg("1")), "file", &part);
    let video = at(&folder, b"v\xEFdeo.mp4");
    assert_path(&json(strikeline().args(["join", "--json", "-o"]).arg(&video).arg(&plan)), "output", &video);
    assert!(part.is_file() && video.is_file());
}

#[test]
fn settings_and_charts_in_folders_that_are_not_utf_8_are_exact_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let home = at(folder.path(), b"c\xF6nfig");
    let doctor = json(strikeline().env("XDG_CONFIG_HOME", &home).args(["doctor", "--json"]));
    assert_path(&doctor["settings"], "path", &home.join("strikeline/tuned.toml"));

    // On a machine that is busy otherwise, a search needs longer.
    let tuned = ["5", "20", "60"].iter().find_map(|budget| {
        let mut tune = strikeline();
        tune.env("XDG_CONFIG_HOME", &home).args(["tune", "--budget", budget, "--size", "64x64", "--json"]);
        let output = tune.output().unwrap();
        output.status.success().then(|| serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    });
    assert_path(&tuned.unwrap(), "kept_in", &home.join("strikeline/tuned.toml"));
    assert!(home.join("strikeline/tuned.toml").is_file());

    let chart = at(folder.path(), b"ch\xE4rt");
    std::fs::create_dir(&chart).unwrap();
    let text = "[Song]\n{\n  Resolution = 192\n}\n[SyncTrack]\n{\n  0 = B 120000\n}\n[ExpertDrums]\n{\n  0 = N 1 0\n}\n";
    std::fs::write(chart.join("notes.chart"), text).unwrap();
    std::fs::write(chart.join("song.ogg"), "").unwrap();
    let report = json(strikeline().arg("inspect").arg(&chart).arg("--json"));
    assert_path(&report["chart"]["stems"][0], "file", &chart.join("song.ogg"));
}

#[test]
fn names_with_utf_8_have_no_second_form_in_json() {
    let (folder, _) = folder_with(&song(1));
    let summary = json(render(folder.path()).arg("--json"));
    assert_eq!(summary["output"], "video.mp4");
    assert_eq!(summary.get("output_bytes"), None);
}

/// A name that would clear the screen, change the colour, write backwards and begin another line.
const EVIL: &str = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{7f}\nc";

#[test]
fn what_a_terminal_would_obey_is_shown_as_text_wherever_a_name_is_told() {
    let (folder, plain) = folder_with(&song(1));
    let name = |ending: &str| format!("{EVIL}{ending}");
    let file = |ending: &str| folder.path().join(name(ending));
    std::fs::write(file(".mid"), std::fs::read(&plain).unwrap()).unwrap();
    std::fs::write(file(".txt"), "no song").unwrap();
    std::fs::write(file(".toml"), "[gems]\nheight = 9000\n").unwrap();
    std::fs::write(file(".mp4"), "precious").unwrap();
    std::fs::write(file(".json"), "precious").unwrap();
    std::fs::write(file(".list"), "no text\0").unwrap();
    std::fs::write(file("2.toml"), "[background]\nimage = \"nowhere.png\"\n").unwrap();
    let harmless = |code: i32, arguments: &[&str]| {
        let error = fail(strikeline().current_dir(&folder).args(arguments), code);
        let harmful =
            |character: char| character != '\n' && (character.is_control() || character == '\u{202e}');
        assert!(!error.contains(harmful), "{arguments:?}: {error:?}");
        error
    };
    for (code, arguments) in [
        (2, &["render", &name(".txt")][..]),
        (2, &["render", &name("missing.mid")]),
        (4, &["render", "song.mid", "-o", &name(".mp4")]),
        (2, &["render", "song.mid", "-o", &format!("{}/video.mp4", name(""))]),
        (2, &["render", "song.mid", "--theme", &name(".toml")]),
        (2, &["render", "song.mid", "--drum-map", &name(".toml")]),
        (2, &["render", "song.mid", "--end-card", &name(".txt")]),
        (2, &["render", "song.mid", "--audio", &name(".txt")]),
        (2, &["render", "song.mid", "--soundfont", &name(".txt"), "--sound", "song"]),
        (2, &["theme", "--check", &name(".toml")]),
        (2, &["theme", "--check", &name("2.toml")]),
        (2, &["drum-map", "--check", &name(".toml")]),
        (2, &["inspect", &name(".txt")]),
        (2, &["tune", &name(".txt"), "--dry-run"]),
        (2, &["plan", &name(".txt")]),
        (4, &["plan", "song.mid", "-o", &name(".json")]),
        (2, &["part", &name(".txt"), "1"]),
        (2, &["part", &name("missing.json"), "1"]),
        (2, &["join", &name(".txt")]),
        (2, &["render", &format!("@{}", name("missing.list"))]),
        (2, &["render", &format!("@{}", name(".list"))]),
    ] {
        let error = harmless(code, arguments);
        // The name is on one line.
        assert!(error.contains(r"a\u{1b}[2J\u{9b}31m\u{202e}b\u{7f}\nc"), "{arguments:?}: {error}");
    }
    // A name that is one of several.
    harmless(4, &["render", "song.mid", &name(".txt")]);
    // Arguments that are no names of files.
    harmless(2, &["frame", "song.mid", "--at", "0", &name(".txt")]);
    harmless(2, &["render", "song.mid", "--size", EVIL]);
    harmless(2, &["clean", &name(".txt")]);
    harmless(2, &["plan", "song.mid", "-o", &name(".mp4")]);
    harmless(2, &["join", "plan.json", "-o", &name(".avi")]);

    // Not only errors: the summary, and the result of a check.
    let mut render = strikeline();
    render.current_dir(&folder).arg("render").arg(file(".mid")).args([
        "--size",
        "64x64",
        "--duration",
        "0.1",
    ]);
    let output = succeed(render.arg("-o").arg(name("3.mp4")));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(r"b\u{7f}\nc3.mp4: 6 frames") && !stderr.contains('\u{1b}'), "{stderr:?}");
    // The summaries of a plan, of its parts and of the video of them.
    let shown = |ending: &str| format!(r"a\u{{1b}}[2J\u{{9b}}31m\u{{202e}}b\u{{7f}}\nc{ending}");
    let (plan, script) = (name("5.json"), name("5.sh"));
    let small = ["--size", "64x64", "--duration", "0.1", "--no-sound", "--parts=1"];
    let limits = ["--slurm", &script, "--part-time", "60", "--part-memory", "1000"];
    let run = |arguments: &[&str], names: &[String]| {
        let output = succeed(strikeline().current_dir(&folder).args(arguments));
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let harmful = |at: char| at != '\n' && (at.is_control() || at == '\u{202e}');
        assert!(!told.contains(harmful), "{arguments:?}: {told:?}");
        assert!(names.iter().all(|name| told.contains(name)), "{arguments:?}: {told}");
    };
    let planning = ["plan", &name(".mid"), "-o", &plan];
    run(&[&planning[..], &small, &limits].concat(), &[shown("5.json"), shown("5.sh")]);
    fail(strikeline().current_dir(&folder).args(["join", &plan, "--missing"]), 3);
    let told = harmless(3, &["join", &plan, "-o", &name("5.mp4")]);
    assert!(told.contains(&shown("5.json")), "{told}");
    run(&["part", &plan, "1"], &[shown("5.json.parts/part-0001.segments")]);
    run(&["part", &plan, "1"], &[shown("5.json.parts/part-0001.segments")]);
    run(&["join", &plan, "-o", &name("5.mp4")], &[shown("5.mp4")]);
    // The table of several songs, which a list names; a name in a list is on one line.
    let line = name("6.mid").replace('\n', "");
    std::fs::write(folder.path().join(&line), std::fs::read(&plain).unwrap()).unwrap();
    std::fs::write(file("6.list"), format!("song.mid\n{line}\n")).unwrap();
    let list = format!("@{}", name("6.list"));
    let small = ["--size", "64x64", "--duration", "0.1", "--no-sound"];
    let videos = name("videos/");
    let batch = [&["render", &list, "-o", &videos][..], &small].concat();
    run(&batch, &[shown("6.mid").replace(r"\n", "")]);
    let told = harmless(4, &batch);
    assert!(told.contains(r"b\u{7f}\ncvideos/"), "{told}");
    // What is left of renders, in a folder and under names that are harmful.
    let videos = folder.path().join(name("videos"));
    std::fs::write(videos.join(format!(".{EVIL}.mp4.0123456789abcdef.strikeline-journal")), "").unwrap();
    std::fs::write(videos.join(".batch.strikeline-journal"), "").unwrap();
    run(&["clean", &name("videos")], &[shown("videos/.a"), shown(".mp4.0123456789abcdef")]);
    run(&["clean", &name("videos"), "--remove"], &[shown(".mp4.0123456789abcdef")]);

    std::fs::write(file("4.toml"), "extends = \"plain\"\n").unwrap();
    let output = succeed(strikeline().arg("theme").arg("--check").arg(file("4.toml")));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        stdout.contains(r"b\u{7f}\nc4.toml is a valid theme") && !stdout.contains('\u{1b}'),
        "{stdout:?}"
    );
}
