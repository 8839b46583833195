//! What is written where: nothing that is read is replaced, a name says its format, `-` is standard input or output, and a
//! complete file is kept whatever happens.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

/// Three notes.
fn song() -> Vec<u8> {
    midi::song(&[(0, 38, 100), (ticks(1.0), 36, 100), (ticks(2.0), 42, 100)])
}

/// The program in `folder`.
fn in_folder(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).args(arguments);
    command
}

/// A small picture of the song in `folder`.
fn frame(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = in_folder(folder, &["frame", "--at", "0", "--size", "64x64", "--quiet", "--no-header"]);
    command.args(arguments);
    command
}

/// Runs `command` with `input` as its standard input.
fn with_input(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[test]
#[cfg(unix)]
fn what_a_command_reads_is_never_replaced_whatever_it_is_called() {
    let (folder, _) = folder_with(&song());
    let path = |name: &str| folder.path().join(name);
    let theme = "[background]\nimage = \"wall.png\"\n[text]\nfont = { file = \"font.ttf\" }\n";
    fs::write(path("look.toml"), theme).unwrap();
    fs::write(path("map.toml"), "[drums]\n").unwrap();
    for name in ["wall.png", "font.ttf", "card.png", "take.wav", "kit.sf2"] {
        fs::write(path(name), name).unwrap();
    }
    let files =
        ["song.mid", "look.toml", "wall.png", "font.ttf", "map.toml", "card.png", "take.wav", "kit.sf2"];
    let before: Vec<_> = files.iter().map(|name| fs::read(path(name)).unwrap()).collect();
    let look = ["--theme", "look.toml", "--drum-map", "map.toml", "--end-card", "card.png"];
    let sound = ["--audio", "take.wav", "--soundfont", "kit.sf2"];
    let commands: [(&str, &[&str], &[&str]); 7] = [
        ("--output", &["render", "song.mid", "--size", "64x64", "--duration", "0.1"], &["mp4"]),
        ("--output", &["frame", "song.mid", "--size", "64x64", "--at", "0"], &["png"]),
        ("--trace", &["profile", "song.mid", "--size", "64x64", "--frames", "2", "--brief"], &["json"]),
        ("--svg", &["profile", "song.mid", "--size", "64x64", "--frames", "2", "--brief"], &["svg"]),
        ("--svg", &["tune", "song.mid", "--size", "64x64", "--budget", "5", "--dry-run"], &["svg"]),
        ("--output", &["plan", "song.mid", "--size", "64x64"], &["json"]),
        ("--slurm", &["plan", "song.mid", "--size", "64x64", "--output", "other.json"], &["sh"]),
    ];
    for (option, arguments, extension) in commands {
        let has_sound = matches!(arguments[0], "render" | "profile" | "plan");
        let read = if has_sound { &files[..] } else { &files[..6] };
        for (index, name) in read.iter().enumerate() {
            let output = path(&format!("out.{}", extension[0]));
            // Hard and symbolic links in turn.
            match index % 2 {
                0 => fs::hard_link(path(name), &output).unwrap(),
                _ => std::os::unix::fs::symlink(name, &output).unwrap(),
            }
            let mut command = in_folder(folder.path(), arguments);
            command.args(look).arg(option).arg(&output).arg("--force");
            if has_sound {
                command.args(sound);
            }
            let error = fail(&mut command, 2);
            let named = error.contains(option) && error.contains("would replace") && error.contains(name);
            assert!(named, "{arguments:?}, {name}: {error}");
            fs::remove_file(&output).unwrap();
        }
    }
    let after: Vec<_> = files.iter().map(|name| fs::read(path(name)).unwrap()).collect();
    assert_eq!(before, after);
    assert_eq!(names(folder.path()).len(), files.len());
}

#[test]
fn the_files_of_a_chart_are_kept_and_what_was_made_of_it_can_be_made_anew() {
    let (folder, song) = folder_with(&song());
    fs::rename(song, folder.path().join("notes.mid")).unwrap();
    fs::write(folder.path().join("song.ini"), "[song]\nname = A\n").unwrap();
    fs::write(folder.path().join("album.png"), "a picture").unwrap();
    for song in [".", "notes.mid", "song.ini"] {
        let error = fail(&mut frame(folder.path(), &[song, "-o", "album.png", "--force"]), 2);
        assert!(error.contains("album.png") && error.contains("would replace"), "{error}");
    }
    assert_eq!(fs::read(folder.path().join("album.png")).unwrap(), b"a picture");
    succeed(&mut frame(folder.path(), &[".", "-o", "still.png"]));
    succeed(&mut frame(folder.path(), &[".", "-o", "still.png", "--force"]));
    assert_eq!(names(folder.path()), ["album.png", "notes.mid", "song.ini", "still.png"]);
    // So are a plan and its script.
    let plan =
        ["plan", ".", "-o", "plan.json", "--slurm", "farm.sh", "--size", "64x64", "--quiet", "--force"];
    for _ in 0..2 {
        let limits = ["--parts", "1", "--part-time", "60", "--part-memory", "1000"];
        succeed(in_folder(folder.path(), &plan).args(limits));
    }
}

#[test]
fn several_songs_replace_no_file_that_one_of_them_is_made_of() {
    let (folder, song) = folder_with(&song());
    let path = |name: &str| folder.path().join(name);
    fs::copy(&song, path("other.mid")).unwrap();
    fs::create_dir(path("videos")).unwrap();
    let files = ["videos/song.mp4", "videos/other.mp4"];
    let before = [b"a recording".to_vec(), b"another file".to_vec()];
    files.iter().zip(&before).for_each(|(name, bytes)| fs::write(path(name), bytes).unwrap());
    let render = ["render", "song.mid", "other.mid", "-o", "videos", "--size", "64x64", "--duration", "0.1"];
    let read = ["--audio", "--soundfont", "--drum-map", "--end-card"];
    for (option, file) in read.into_iter().flat_map(|option| files.map(|file| (option, file))) {
        let error = fail(in_folder(folder.path(), &render).args([option, file, "--force"]), 2);
        assert!(error.contains("would replace") && error.contains(file), "{option} {file}: {error}");
        assert_eq!(files.map(|name| fs::read(path(name)).unwrap()), before, "{option} {file}");
    }
    assert_eq!(names(&path("videos")), ["other.mp4", "song.mp4"]);
}

#[test]
fn two_outputs_of_one_command_are_two_files() {
    let (folder, _) = folder_with(&song());
    // Not for long: it would take minutes.
    let profile = ["profile", "song.mid", "--frames", "100000"];
    let error = fail(in_folder(folder.path(), &profile).args(["--trace", "x", "--svg", "./x"]), 2);
    assert!(error.contains("--trace") && error.contains("--svg") && error.contains("one file"), "{error}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("x.json", folder.path().join("x.svg")).unwrap();
        let error = fail(in_folder(folder.path(), &profile).args(["--trace", "x.json", "--svg", "x.svg"]), 2);
        assert!(error.contains("one file"), "{error}");
    }
}

#[test]
fn an_existing_file_needs_force_whatever_the_command() {
    let (folder, _) = folder_with(&song());
    fs::write(folder.path().join("old.svg"), "old").unwrap();
    for arguments in [
        &["tune", "song.mid", "--dry-run", "--budget", "5", "--size", "64x64", "--svg", "old.svg"][..],
        &["profile", "song.mid", "--brief", "--frames", "2", "--size", "64x64", "--svg", "old.svg"],
    ] {
        let error = fail(&mut in_folder(folder.path(), arguments), 4);
        assert!(error.contains("old.svg") && error.contains("help: --force"), "{error}");
    }
    assert_eq!(fs::read(folder.path().join("old.svg")).unwrap(), b"old");
}

#[test]
fn a_name_that_says_another_format_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    // There is no such song, which would be the second error.
    for (arguments, words) in [
        (&["render", "song.mid", "-o", "x.avi"][..], &["x.avi", "MP4", ".mp4"][..]),
        (&["render", "song.mid", "-o", "x.avi"], &["x.avi", "MP4"]),
        (&["render", "song.mid", "-o", "x.AVI"], &["x.AVI", "MP4"]),
        (&["render", "song.mid", "-o", "x.png"], &["x.png", "x-%06d.png"]),
        (&["render", "song.mid", "-o", "-", "--codec", "prores"], &["standard output", "y4m"]),
        (&["render", "song.mid", "-o", "-", "--json"], &["standard output", "--json"]),
        (&["frame", "song.mid", "--at", "0", "-o", "x.jpg"], &["x.jpg", "PNG", ".png"]),
        (&["frame", "song.mid", "--at", "0", "-o", "x.mp4"], &["x.mp4", "PNG"]),
        (&["frame", "song.mid", "--at", "0", "-o", "-", "--json"], &["--json"]),
        (&["profile", "song.mid", "--trace", "x.txt"], &["x.txt", ".json"]),
        (&["profile", "song.mid", "--trace", "-"], &["--trace", "standard output"]),
        (&["profile", "song.mid", "--svg", "x.png"], &["x.png", ".svg"]),
        (&["tune", "--dry-run", "--svg", "x.pdf"], &["x.pdf", ".svg"]),
        (&["plan", "song.mid", "-o", "x.mp4"], &["--output x.mp4", "JSON", ".json"]),
        (
            &["plan", "song.mid", "-o", "look.toml", "--theme", "look.toml", "--force"],
            &["look.toml", ".json"],
        ),
        (&["plan", "song.mid", "-o", "-"], &["--output -", "standard output"]),
        (&["plan", "song.mid", "--slurm", "x.sbatch"], &["--slurm x.sbatch", "shell", ".sh"]),
        (&["plan", "song.mid", "--slurm", "song.mid", "--force"], &["--slurm song.mid", ".sh"]),
        (&["plan", "song.mid", "--slurm", "-"], &["--slurm -", "standard output"]),
        (&["join", "plan.json", "-o", "x.avi"], &["x.avi", "MP4", ".mp4"]),
        (&["join", "plan.json", "-o", "-"], &["--output -", "standard output"]),
    ] {
        let error = fail(&mut in_folder(folder.path(), arguments), 2);
        assert!(words.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn names_without_an_extension_and_in_capitals_are_taken() {
    let (folder, _) = folder_with(&song());
    for name in ["still", "STILL.PNG", "./-"] {
        succeed(&mut frame(folder.path(), &["song.mid", "-o", name]));
    }
    let render =
        ["render", "song.mid", "--size", "64x64", "--duration", "0.1", "--no-sound", "--quiet", "-o"];
    for name in ["a.m4v", "a.MP4", "a"] {
        succeed(in_folder(folder.path(), &render).arg(name));
    }
    assert_eq!(names(folder.path()), ["-", "STILL.PNG", "a", "a.MP4", "a.m4v", "song.mid", "still"]);
}

#[test]
fn a_picture_can_go_to_standard_output_and_a_song_come_from_standard_input() {
    let (folder, path) = folder_with(&song());
    succeed(&mut frame(folder.path(), &["song.mid", "-o", "still.png"]));
    let still = fs::read(folder.path().join("still.png")).unwrap();
    assert!(still.starts_with(b"\x89PNG"));
    assert!(succeed(&mut frame(folder.path(), &["song.mid", "-o", "-"])).stdout == still);
    let piped = with_input(&mut frame(folder.path(), &["-", "-o", "-"]), &song());
    assert!(piped.status.success() && piped.stdout == still, "{}", String::from_utf8_lossy(&piped.stderr));
    assert_eq!(names(folder.path()), ["song.mid", "still.png"]);

    // Without a name of its own.
    let mut render = in_folder(folder.path(), &["render", "-", "--size", "64x64", "--duration", "0.1"]);
    let rendered = with_input(&mut render, &fs::read(path).unwrap());
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    assert_eq!(names(folder.path()), ["song.mid", "song.mp4", "still.png"]);

    let inspected = with_input(&mut in_folder(folder.path(), &["inspect", "-"]), b"not a song");
    assert_eq!(inspected.status.code(), Some(2));
    let error = String::from_utf8(inspected.stderr).unwrap();
    assert!(error.contains("standard input: ") && error.contains("MIDI"), "{error}");

    // A file that is called so.
    fs::rename(folder.path().join("song.mid"), folder.path().join("-")).unwrap();
    succeed(&mut frame(folder.path(), &["./-", "-o", "other.png"]));
    assert!(fs::read(folder.path().join("other.png")).unwrap() == still);
}

#[test]
#[cfg(target_os = "linux")]
fn the_file_behind_standard_input_is_not_replaced() {
    let (folder, path) = folder_with(&song());
    let link = folder.path().join("video.mp4");
    fs::hard_link(&path, &link).unwrap();
    let mut command = in_folder(folder.path(), &["render", "-", "-o", "video.mp4", "--force"]);
    let error = fail(command.stdin(fs::File::open(&path).unwrap()), 2);
    assert!(error.contains("standard input") && error.contains("would replace"), "{error}");
    assert_eq!(fs::read(link).unwrap(), song());
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_is_neither_a_song_nor_a_place_for_pictures() {
    let (folder, _) = folder_with(&song());
    let program = env!("CARGO_BIN_EXE_strikeline");
    for (arguments, words) in [
        ("inspect -", "standard input, which is a terminal"),
        ("frame song.mid --at 0 --size 64x64 -o -", "standard output is a terminal"),
    ] {
        // `script` gives the program a terminal.
        let mut command = Command::new("script");
        let line = format!("{program} {arguments}");
        command.current_dir(folder.path()).args(["-qec", &line, "/dev/null"]).stdin(Stdio::null());
        let Ok(output) = command.output() else {
            eprintln!("skipped: no `script` here (util-linux)");
            return;
        };
        assert_eq!(output.status.code(), Some(2));
        // The terminal breaks no lines, but adds a carriage return to each.
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(words), "{arguments}: {text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_video_whose_name_is_taken_while_it_is_rendered_is_kept_beside() {
    let (folder, _) = folder_with(&song());
    let arguments = ["render", "song.mid", "-o", "video.mp4", "--size", "360p", "--fps", "60", "--quiet"];
    let mut command = in_folder(folder.path(), &arguments);
    // The journal of a video that is complete is of no use any more.
    command.args(["--journal-after", "0"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // The file without a name, or with a hidden one.
    let descriptors = format!("/proc/{}/fd", child.id());
    let is_begun = || {
        let files = fs::read_dir(&descriptors).into_iter().flatten().flatten();
        let mut files = files.filter_map(|file| fs::read_link(file.path()).ok());
        files.any(|file| file.starts_with(folder.path()) && !file.to_string_lossy().ends_with("song.mid"))
    };
    while !is_begun() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it had an output");
        std::thread::yield_now();
    }
    fs::write(folder.path().join("video.mp4"), "theirs").unwrap();
    let status = child.wait().unwrap();
    let mut error = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut error).unwrap();
    assert_eq!(status.code(), Some(1), "{error}");
    assert!(
        error.contains("video.mp4 was written in full") && error.contains("kept as video-2.mp4"),
        "{error}"
    );
    assert_eq!(fs::read(folder.path().join("video.mp4")).unwrap(), b"theirs");
    assert!(fs::read(folder.path().join("video-2.mp4")).unwrap().len() > 1000);
    assert_eq!(names(folder.path()), ["song.mid", "video-2.mp4", "video.mp4"]);
}
