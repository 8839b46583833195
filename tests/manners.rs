//! How the program behaves on the command line: its help, exit codes, messages and colours.

mod common;

use std::path::Path;
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

/// A snare on every second of `seconds`.
fn song(seconds: u32) -> Vec<u8> {
    let taps: Vec<_> = (0..=seconds).map(|second| (ticks(f64::from(second)), 38, 100)).collect();
    midi::song(&taps)
}

/// All commands.
const COMMANDS: [&str; 15] = [
    "render",
    "profile",
    "frame",
    "inspect",
    "theme",
    "drum-map",
    "tune",
    "clean",
    "doctor",
    "plan",
    "part",
    "join",
    "config",
    "completions",
    "man",
];

/// What `strikeline` prints for `arguments`, in a terminal of 80 columns.
fn printed(arguments: &[&str]) -> String {
    let output = succeed(strikeline().env("COLUMNS", "80").args(arguments));
    String::from_utf8(output.stdout).unwrap()
}

/// The options that a help text lists.
fn options(help: &str) -> Vec<String> {
    let words =
        help.lines().filter_map(|line| line.trim_start().strip_prefix('-').map(|_| line.trim_start()));
    let long = |line: &str| line.split([' ', ',']).find(|word| word.starts_with("--")).map(str::to_owned);
    words.filter_map(long).collect()
}

#[test]
fn the_short_help_fits_a_screen_and_the_long_one_has_all() {
    for command in COMMANDS {
        let short = printed(&[command, "-h"]);
        let lines = short.lines().count();
        assert!(lines <= 45, "{command} -h has {lines} lines:\n{short}");
        let wide: Vec<_> = short.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{command}: {wide:?}");
        let long = options(&printed(&[command, "--help"]));
        for option in options(&short) {
            assert!(long.contains(&option), "{command}: {option} is only in the short help");
        }
        assert!(
            long.contains(&"--color".to_owned()) && long.contains(&"--help".to_owned()),
            "{command}: {long:?}"
        );
    }
    let all = options(&printed(&["render", "--help"]));
    for hidden in ["--ring", "--redraw", "--pixel-format", "--keep-partial", "--no-config", "--adapter"] {
        assert!(all.contains(&hidden.to_owned()), "{hidden}: {all:?}");
    }
}

#[test]
fn options_are_listed_where_a_reader_looks() {
    let help = printed(&["render", "--help"]);
    let heading_of = |option: &str| {
        let at = help.lines().position(|line| options(line) == [option.to_owned()]).unwrap();
        let is_heading = |line: &&str| !line.starts_with(' ') && line.ends_with(':');
        help.lines().take(at).filter(is_heading).last().unwrap().to_owned()
    };
    for (option, heading) in [
        ("--output", "Output:"),
        ("--force", "Output:"),
        ("--channel", "Input:"),
        ("--size", "Picture:"),
        ("--fps", "Picture:"),
        ("--start", "Picture:"),
        ("--theme", "Look:"),
        ("--drum-map", "Look:"),
        ("--lookahead", "Look:"),
        ("--speed", "Practice:"),
        ("--audio", "Sound:"),
        ("--codec", "Encoding:"),
        ("--adapter", "Speed:"),
        ("--jobs", "Speed:"),
        ("--no-resume", "Resuming:"),
        ("--quiet", "Messages:"),
        ("--json", "Messages:"),
        ("--help", "Messages:"),
    ] {
        assert_eq!(heading_of(option), heading, "{option}");
    }
    assert!(!help.contains("\nOptions:"), "an option has no heading:\n{help}");
}

/// The rows of the table of exit codes in `text`, whose first column is told from the second by `split`.
fn rows(text: &str, heading: &str, split: fn(&str) -> Option<(&str, &str)>) -> Vec<(String, String)> {
    let after = text.split_once(heading).unwrap().1;
    let row = |line| split(line).map(|(code, meaning)| (code.trim().to_owned(), meaning.trim().to_owned()));
    let is_row = |row: &(String, String)| row.0.starts_with(|first: char| first.is_ascii_digit());
    after.lines().skip_while(|line| line.is_empty()).map_while(row).filter(is_row).collect()
}

#[test]
fn the_exit_codes_are_the_same_in_the_help_the_manual_and_the_page_for_scripts() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scripts.md")).unwrap();
    let documented =
        rows(&page, "## Exit codes\n", |line| line.strip_prefix('|')?.strip_suffix('|')?.split_once('|'));
    assert_eq!(documented.len(), 6, "{documented:?}");
    let help = succeed(strikeline().env("COLUMNS", "1000").arg("--help")).stdout;
    let help = String::from_utf8(help).unwrap();
    assert_eq!(rows(&help, "Exit codes:\n", |line| line.split_once(": ")), documented);
    let manual = printed(&["man"]).replace("\\-", "-");
    for (code, meaning) in documented {
        assert!(manual.contains(&format!("\\fB{code}\\fR\n{meaning}\n")), "{code}: {manual}");
    }
}

#[test]
fn a_wrong_value_has_one_exit_code_whatever_the_option() {
    let (folder, path) = folder_with(&song(1));
    let file = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    file("notes.txt", b"neither a picture nor sound");
    file("wrong.toml", b"[gems]\nheight = 9000\n");
    file("family.toml", b"[text]\nfont = { family = \"No Such Family 7\" }\n");
    let too_long = format!("{}.mp4", "a".repeat(300));
    for options in [
        &["--theme", "neno"][..],
        &["--theme", "wrong.toml"],
        &["--theme", "family.toml"],
        &["--theme", "missing.toml"],
        &["--drum-map", "general-mid"],
        &["--drum-map", "missing.toml"],
        &["--codec", "h265x"],
        &["--encoder", "h265x"],
        &["--adapter", "no such thing"],
        &["--adapter", "77"],
        &["--codec", "x264", "--ffmpeg", "no-such-ffmpeg"],
        &["--soundfont", "missing.sf2"],
        &["--soundfont", "notes.txt"],
        &["--audio", "missing.wav"],
        &["--audio", "notes.txt"],
        &["--audio", "missing.wav", "--audio-offset", "soon"],
        &["--end-card", "missing.png"],
        &["--end-card", "notes.txt"],
        &["--track", "9"],
        &["--channel", "17"],
        &["--difficulty", "insane"],
        &["--text-encoding", "klingon"],
        &["--start", "section:Nowhere"],
        &["--start", "bar:900"],
        &["--loop", "bar:900..bar:901"],
        &["--speed", "9"],
        &["--loudness", "3"],
        &["--audio-codec", "copy"],
        &["--audio-codec", "mp9"],
        &["--pixel-format", "yuv444p10", "--codec", "openh264"],
        &["--transparent"],
        &["--size", "360"],
        &["--fps", "quick"],
        &["--quality", "52"],
        &["--ring", "0"],
        &["--devices", "many"],
        &["--color", "pink"],
        &["-o", "video.xyz"],
        &["-o", "nowhere/video.mp4"],
        &["--plays", "3"],
        &["--output-folder", "made/for/nothing", "--adapter", "9"],
        &["--output-folder", "made", "--audio", "missing.wav"],
        &["-o", "made/", "--audio", "missing.wav"],
        &["-o", "notes.txt/"],
        &["-o", "notes.txt/%d.png"],
        &["--theme", ""],
        &["--drum-map", ""],
        &["--adapter", ""],
        &["--loop", "-5..-4"],
        &["--start", "900"],
        &["--codec", "x264", "--codec-option", "no-such-option=1"],
        &["-o", "notes.txt/video.mp4"],
        &["-o", &too_long],
    ] {
        let mut render = strikeline();
        let error = fail(render.current_dir(&folder).arg("render").arg(&path).args(options), 2);
        assert!(error.starts_with("error: "), "{options:?}: {error}");
        assert!(!error.contains("Usage: strikeline <COMMAND>"), "{options:?}: {error}");
    }
    for arguments in [
        &["render", "missing.mid"][..],
        &["render", "@missing.txt"],
        &["inspect", "missing.mid"],
        &["frame", "missing.mid", "--at", "0"],
        &["frame", "song.mid", "--at", "0", "--adapter", "9", "--output-folder", "made/for/nothing"],
        &["theme", "neno"],
        &["theme", "--check", "missing.toml"],
        &["drum-map", "--check", "missing.toml"],
        &["plan", "missing.mid"],
        &["part", "missing.plan.json", "1"],
        &["part", "notes.txt", "1"],
        &["part", "notes.txt", "-1"],
        &["join", "notes.txt"],
        &["inspect", "notes.txt"],
        &["join", "missing.plan.json"],
        &["tune", "missing.mid", "--dry-run"],
        &["doctor", "--adapter", "no such thing"],
        &["clean", "missing"],
        &["completions", "tcsh"],
        &["nonsense"],
    ] {
        let error = fail(strikeline().current_dir(&folder).args(arguments), 2);
        assert!(error.starts_with("error: ") || arguments[0] == "doctor", "{arguments:?}: {error}");
    }
    assert_eq!(names(folder.path()), ["family.toml", "notes.txt", "song.mid", "wrong.toml"]);
}

#[cfg(unix)]
#[test]
fn a_path_that_leads_nowhere_is_told_in_words_whatever_reads_it() {
    let (folder, path) = folder_with(&song(1));
    std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
    let too_long = "a".repeat(300);
    for (wrong, words) in [
        ("./none", "it does not exist; check the name"),
        ("./loop", "its links lead in a circle; check where they lead"),
        ("song.mid/below", "a part of the path is not a folder; check the name"),
        (&too_long, "the name is too long; check it"),
    ] {
        let (list, wrong_file) = (format!("@{wrong}"), format!("./{wrong}"));
        for arguments in [
            &["inspect", wrong][..],
            &["render", wrong],
            &["render", &list],
            &["join", wrong],
            &["part", wrong, "1"],
            &["render", "song.mid", "--theme", &wrong_file],
            &["render", "song.mid", "--drum-map", &wrong_file],
            &["render", "song.mid", "--soundfont", wrong],
            &["render", "song.mid", "--audio", wrong],
            &["render", "song.mid", "--end-card", wrong],
        ] {
            let error = fail(strikeline().current_dir(&folder).args(arguments), 2);
            assert!(error.contains(words), "{arguments:?}: {error}");
            assert!(!error.contains("os error"), "{arguments:?}: {error}");
        }
    }
    assert!(path.exists());
    assert_eq!(names(folder.path()), ["loop", "song.mid"]);
}

#[test]
fn every_command_that_draws_tells_how_long_notes_are_in_sight() {
    let (folder, _) = folder_with(&song(1));
    let printed = |arguments: &[&str]| {
        let mut command = strikeline();
        succeed(command.current_dir(&folder).args(arguments).args([
            "--size",
            "128x128",
            "--lookahead",
            "1.7",
        ]))
    };
    for arguments in [
        &["render", "song.mid", "--duration", "0.1"][..],
        &["frame", "song.mid", "--at", "0"],
        &["profile", "song.mid", "--brief", "--frames", "6"],
        &["plan", "song.mid", "--duration", "0.1"],
    ] {
        let output = printed(&[arguments, &["--json"]].concat());
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let lookahead = json["lookahead_seconds"].as_f64().unwrap_or_default();
        assert!((lookahead / 1.7 - 1.0).abs() < 0.05, "{arguments:?}: {json}");
        assert!(json["pixels_per_second"].as_f64().is_some(), "{arguments:?}: {json}");
    }
    for arguments in [
        &["render", "song.mid", "--duration", "0.1", "-f"][..],
        &["render", "song.mid", "--duration", "0.1", "-o", "several/"],
        &["plan", "song.mid", "--duration", "0.1", "-f"],
    ] {
        let text = String::from_utf8(printed(arguments).stderr).unwrap();
        assert!(text.contains("in sight for 1.7"), "{arguments:?}: {text}");
    }
}

#[test]
fn an_output_that_exists_has_an_exit_code_of_its_own() {
    let (folder, path) = folder_with(&song(1));
    std::fs::copy(&path, folder.path().join("other.mid")).unwrap();
    let small = ["--size", "64x64", "--duration", "0.1", "--quiet"];
    let file = |name: &&str| std::fs::write(folder.path().join(name), "precious").unwrap();
    ["song.mp4", "song.png", "song.plan.json", "trace.json", "000001.png", "part.partial.mp4"]
        .iter()
        .for_each(file);
    for arguments in [
        &["render", "song.mid", "--size", "64x64"][..],
        &["render", "song.mid", "other.mid", "--size", "64x64"],
        &["render", "song.mid", "-o", "%06d.png", "--size", "64x64", "--duration", "0.1"],
        &["render", "song.mid", "-o", "part.mp4", "--keep-partial", "--size", "64x64"],
        &["frame", "song.mid", "--at", "0", "--size", "64x64"],
        &["plan", "song.mid"],
        &["profile", "song.mid", "--trace", "trace.json", "--brief", "--frames", "2", "--size", "64x64"],
    ] {
        let error = fail(strikeline().current_dir(&folder).args(arguments), 4);
        assert!(error.contains("exist") && error.contains("--force"), "{arguments:?}: {error}");
    }
    assert_eq!(std::fs::read(folder.path().join("song.mp4")).unwrap(), b"precious");
    // -f is short for --force.
    succeed(strikeline().current_dir(&folder).args(["render", "song.mid", "-f"]).args(small));
    assert!(std::fs::metadata(folder.path().join("song.mp4")).unwrap().len() > 500);
}

#[test]
fn an_error_about_codecs_names_the_usual_ones_and_how_to_see_all() {
    let (folder, path) = folder_with(&song(1));
    let render =
        |options: &[&str]| fail(strikeline().current_dir(&folder).arg("render").arg(&path).args(options), 2);
    let unknown = render(&["--codec", "H.264"]);
    for part in ["x264", "svt-av1", "`strikeline render --help` lists all", "a codec called 'h264'"] {
        assert!(unknown.contains(part), "{part}: {unknown}");
    }
    assert!(!unknown.contains("hevc_videotoolbox"), "{unknown}");
    let size = render(&["--size", "360"]);
    assert!(size.contains("360p") && size.contains("640x360"), "{size}");
}

#[test]
fn a_folder_without_songs_says_what_songs_are() {
    let folder = tempfile::tempdir().unwrap();
    let error = fail(strikeline().current_dir(&folder).args(["render", "."]), 2);
    assert!(error.contains("is empty") && error.contains(".mid") && error.contains("notes.chart"), "{error}");
    std::fs::write(folder.path().join("readme.txt"), "hello").unwrap();
    let error = fail(strikeline().current_dir(&folder).args(["render", "."]), 2);
    assert!(error.contains("has no songs"), "{error}");
}

/// Standard error of a render of `seconds` in words, with `options`.
fn told(options: &[&str]) -> String {
    let (folder, path) = folder_with(&song(1));
    let mut render = strikeline();
    render.current_dir(&folder).arg("render").arg(&path).args(["--size", "64x64"]).args(options);
    String::from_utf8(succeed(&mut render).stderr).unwrap()
}

#[test]
fn texts_count_as_people_do() {
    let one = told(&["--duration", "0.01"]);
    assert!(one.contains(": 1 frame, 0.02 s of 64x64"), "{one}");
    assert!(!one.contains("1 frames") && !one.contains("-0.000"), "{one}");
    let at_zero = told(&["--duration", "0.1", "--start", "0"]);
    assert!(at_zero.contains("the video starts at 0.000 s of the song"), "{at_zero}");
    let early = told(&["--duration", "0.1", "--start", "-2"]);
    assert!(early.contains("the video starts at -2.000 s of the song"), "{early}");
}

#[test]
fn quiet_says_nothing_and_verbose_says_what_was_chosen() {
    assert_eq!(told(&["--duration", "0.1", "-q"]), "");
    let verbose = told(&["--duration", "0.1", "-v", "--title", "x", "--theme", "plain"]);
    for part in [
        "adapter: ",
        "work: ring ",
        "encoder: h264",
        "notes: they move ",
        "theme: plain",
        "font: Inter",
        "drum map: general-midi",
    ] {
        assert!(verbose.contains(part), "{part}: {verbose}");
    }
    assert!(verbose.contains("video: 6 frames, 0.10 s, 64x64 at 60 fps"), "{verbose}");
}

#[test]
fn what_has_no_effect_is_told() {
    for (options, warning) in [
        (&["--no-sound", "--loudness", "-20"][..], "--loudness has no effect"),
        (&["-o", "a.gif", "--quality", "3"], "--quality has no effect: gif"),
        (&["-o", "%03d.png", "--keep-partial"], "--keep-partial has no effect"),
        (&["-o", "a.gif", "--click"], "a GIF file has no place for sound"),
        (&["--tail", "5"], "--tail has no effect: --duration"),
        (&["--title", "A", "--bar-number"], "--title and --bar-number have no effect: a picture of 64x64"),
        (&["--start", "-9"], "no notes fall: the video ends"),
        (&["--sound", "none", "--soundfont", "song.mid"], "--soundfont has no effect"),
        (&["--ffmpeg", "none"], "--ffmpeg has no effect: the codec h264"),
        (&["--difficulty", "hard"], "--difficulty has no effect: it is for charts"),
    ] {
        let told = told(&[&["--duration", "0.1"], options].concat());
        let is_it = |line: &str| line.starts_with("warning: ") && line.contains(warning);
        assert!(told.lines().any(is_it), "{options:?}: {told}");
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, checker) in [
        ("bash", Some("bash")),
        ("zsh", Some("zsh")),
        ("fish", Some("fish")),
        ("powershell", None),
        ("elvish", None),
    ] {
        let script = printed(&["completions", shell]);
        for part in ["lookahead", "svt-av1", "drum-map"] {
            assert!(script.contains(part), "{shell}: no {part}");
        }
        let path = folder.path().join(shell);
        std::fs::write(&path, script).unwrap();
        // The shell itself, where there is one, has to understand it.
        let checked = checker.map(|shell| Command::new(shell).arg("-n").arg(&path).output());
        if let Some(Ok(output)) = checked {
            assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn there_is_a_manual_page_for_the_program_and_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    succeed(strikeline().arg("man").arg(&pages));
    let mut expected: Vec<String> =
        COMMANDS.iter().map(|command| format!("strikeline-{command}.1")).collect();
    expected.push("strikeline.1".to_owned());
    expected.sort();
    assert_eq!(names(&pages), expected);
    for name in expected {
        let page = std::fs::read_to_string(pages.join(&name)).unwrap();
        for section in ["NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"] {
            assert!(
                page.lines().any(|line| line.trim_matches('"').replace('"', "") == format!(".SH {section}")),
                "{name}: no {section}:\n{page}"
            );
        }
        let formatted =
            Command::new("groff").args(["-man", "-ww", "-Tutf8", "-z"]).arg(pages.join(&name)).output();
        if let Ok(output) = formatted {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{name}: {said}");
        }
    }
    assert_eq!(printed(&["man"]), std::fs::read_to_string(pages.join("strikeline.1")).unwrap());
    // As all outputs, they are replaced only when that is wanted.
    std::fs::write(pages.join("strikeline-join.1"), "precious").unwrap();
    fail(strikeline().arg("man").arg(&pages), 4);
    assert_eq!(std::fs::read(pages.join("strikeline-join.1")).unwrap(), b"precious");
    succeed(strikeline().args(["man", "--force"]).arg(&pages));
    assert_ne!(std::fs::read(pages.join("strikeline-join.1")).unwrap(), b"precious");
}

#[test]
fn colours_follow_the_option_and_the_environment() {
    let is_colored = |environment: &[(&str, &str)], options: &[&str]| {
        let mut command = strikeline();
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied()).args(["render", "missing.mid"]).args(options);
        fail(&mut command, 2).contains("\u{1b}[")
    };
    // Standard error is no terminal here.
    assert!(!is_colored(&[], &[]));
    assert!(is_colored(&[], &["--color", "always"]));
    assert!(is_colored(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!is_colored(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!is_colored(&[("CLICOLOR_FORCE", "1")], &["--color=never"]));
    assert!(!is_colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(is_colored(&[("NO_COLOR", "1")], &["--color", "always"]));
    // The parser's own errors.
    let error = fail(strikeline().args(["render", "--nonsense", "--color", "always"]), 2);
    assert!(error.contains("\u{1b}["), "{error:?}");
}

/// What a terminal of `columns` columns gets from a render in the environment `environment`.
#[cfg(target_os = "linux")]
fn on_terminal(columns: u32, environment: &[(&str, &str)]) -> Option<String> {
    let (folder, path) = folder_with(&song(3));
    let program = format!(
        "stty rows 24 cols {columns}; {} render {} -o {}/video.mp4 --size 320x180",
        env!("CARGO_BIN_EXE_strikeline"),
        path.display(),
        folder.path().display()
    );
    let mut script = Command::new("script");
    script.args(["-qec", &program, "/dev/null"]).env("XDG_CONFIG_HOME", "/nonexistent");
    script.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("CLICOLOR");
    script.envs(environment.iter().copied());
    let output = script.stdin(std::process::Stdio::null()).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_gets_a_bar_that_fits_and_a_dumb_one_gets_lines() {
    let Some(wide) = on_terminal(120, &[]) else {
        eprintln!("skipped: no script here, which makes a terminal");
        return;
    };
    assert!(wide.contains('━') && wide.contains("\u{1b}["), "{wide:?}");
    let narrow = on_terminal(40, &[]).unwrap();
    assert!(!narrow.contains('━') && narrow.contains('\r'), "{narrow:?}");
    let plain = on_terminal(120, &[("NO_COLOR", "1")]).unwrap();
    assert!(plain.contains('━') && !plain.contains("\u{1b}[36m"), "{plain:?}");
    assert!(wide.contains("\u{1b}[36m"), "{wide:?}");
    let dumb = on_terminal(120, &[("TERM", "dumb")]).unwrap();
    assert!(!dumb.contains('━') && !dumb.contains('\u{1b}'), "{dumb:?}");
}

/// The keys of an object in the table of docs/scripts.md.
fn documented_keys() -> Vec<String> {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scripts.md")).unwrap();
    let table = page
        .split_once("## The JSON object of a render")
        .unwrap()
        .1
        .split_once("The object `sound`")
        .unwrap()
        .0;
    let first_columns = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    first_columns
        .flat_map(|column| column.split('`'))
        .filter(|key| key.chars().any(char::is_alphabetic))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_json_object_has_the_keys_that_are_documented_and_no_others() {
    let (folder, path) = folder_with(&song(1));
    let summary = |options: &[&str]| -> serde_json::Value {
        let mut render = strikeline();
        render.current_dir(&folder).arg("render").arg(&path).args(["--size", "64x64", "--duration", "0.2"]);
        serde_json::from_slice(&succeed(render.arg("--json").args(options)).stdout).unwrap()
    };
    let video = summary(&["--title", "A song", "--artist", "Ann", "--start", "-1.5"]);
    let pictures = summary(&["-o", "p/%03d.png"]);
    let mut found: Vec<String> = pictures.as_object().unwrap().keys().cloned().collect();
    let mut documented = documented_keys();
    documented.sort();
    found.sort();
    assert_eq!(found, documented);
    assert!(video.get("first_picture").is_none());

    assert_eq!(video["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(video["title"], "A song");
    assert_eq!(video["artist"], "Ann");
    assert_eq!(video["container"], "MP4");
    assert_eq!(video["codec"], "h264");
    assert_eq!(video["pixel_format"], "yuv420p");
    assert_eq!(video["song_start_seconds"], -1.5);
    let (speed, lookahead) =
        (video["pixels_per_second"].as_f64().unwrap(), video["lookahead_seconds"].as_f64().unwrap());
    let exact = summary(&["-f", "--exact-speed", "--lookahead", "1.25"]);
    // The road has the same length at every speed.
    let road = exact["pixels_per_second"].as_f64().unwrap() * exact["lookahead_seconds"].as_f64().unwrap();
    assert!((exact["lookahead_seconds"].as_f64().unwrap() - 1.25).abs() < 1e-9, "{exact}");
    assert!((speed * lookahead - road).abs() < 1e-6, "{speed} {lookahead} {road}");
    assert_eq!(pictures["container"], "PNG sequence");
    assert_eq!(pictures["pixel_format"], "rgba");
    let sound: Vec<&String> = video["sound"].as_object().unwrap().keys().collect();
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scripts.md")).unwrap();
    let about_sound = page.split_once("The object `sound` has").unwrap().1.split_once("\n\n").unwrap().0;
    for key in sound {
        assert!(about_sound.contains(&format!("`{key}`")), "{key} is not documented");
    }
}
