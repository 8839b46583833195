//! Every command in the documentation is run, or at least understood by the program, and everything that it names exists.
//!
//! `tests/outputs_page.rs` runs what docs/outputs.md has, in a shell, and looks at the results.

#![cfg(target_os = "linux")]

mod page;

#[path = "../common/mod.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use common::midi::{self, ticks};
use common::program::{strikeline, succeed};
use page::{Code, Word, all_code, repository, words};

/// Commands that are understood but not run, by their name or by what they contain, and why.
const ONLY_UNDERSTOOD: &[(&str, &str)] = &[
    ("tune", "measures for a minute"),
    ("profile", "measures for seconds"),
    ("clean", "looks at a folder of the user's"),
    ("--slurm", "measures for a minute"),
    ("--soundfont", "there may be no SoundFont on the machine"),
    ("--sound accompaniment", "the same"),
    ("--codec rav1e", "may not be compiled in"),
    ("-o -", "writes the video to standard output"),
    ("@-", "reads a list from standard input"),
];

/// What stands on the pages for something of the user's, and what the tests take for it.
const PLACEHOLDERS: &[(&str, &str)] = &[
    ("FOLDER", "videos"),
    ("SONG", "song.mid"),
    ("PLAN", "plan.json"),
    ("NUMBER", "1"),
    ("K", "1"),
    ("{}", "1"),
    ("$HQ_TASK_ID", "1"),
    ("SHELL", "bash"),
    ("NAME", "neon"),
    ("*.mid", "song.mid"),
    ("SONG/song.ogg", "recording.flac"),
];

/// A command line of the program.
struct Line {
    place: String,
    arguments: Vec<String>,
}

/// All command lines of the program on the pages, each once.
fn lines() -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for Code { place, text } in all_code() {
        let words = words(&text);
        for (start, _) in
            words.iter().enumerate().filter(|(_, word)| **word == Word::Text("strikeline".to_owned()))
        {
            let arguments: Vec<String> = words[start + 1..]
                .iter()
                .map_while(|word| match word {
                    Word::Text(text) => Some(text.clone()),
                    Word::Sign(_) => None,
                })
                .filter(|word| word != "…")
                .map(|word| {
                    let known = PLACEHOLDERS.iter().find(|(placeholder, _)| *placeholder == word);
                    known.map_or(word, |(_, value)| (*value).to_owned())
                })
                .collect();
            // `strikeline = { version = … }` is a dependency.
            let is_command = arguments.first().is_some_and(|first| first != "=");
            if is_command && lines.iter().all(|line| line.arguments != arguments) {
                lines.push(Line { place: place.clone(), arguments });
            }
        }
    }
    lines
}

/// Why a line is not run.
fn only_understood(arguments: &[String]) -> Option<&'static str> {
    let needs_a_file = ["render", "frame", "inspect", "profile", "plan", "part", "join"];
    let has_none = arguments.get(1).is_none_or(|next| next.starts_with('-'));
    if needs_a_file.contains(&arguments[0].as_str()) && has_none {
        return Some("names the command, without the song or plan that it needs");
    }
    let whole = format!(" {} ", arguments.join(" "));
    let found = ONLY_UNDERSTOOD.iter().find(|(sign, _)| {
        arguments[0] == *sign || sign.starts_with(['-', '@']) && whole.contains(&format!(" {sign} "))
    });
    found.map(|(_, why)| *why)
}

/// The groove, whose first chorus is called "Chorus" as on the pages.
fn song_with_a_chorus() -> Vec<u8> {
    let mut song = std::fs::read(repository().join("examples/songs/groove.mid")).unwrap();
    let (old, new) = (b"\xFF\x06\x08Chorus 1", b"\xFF\x06\x06Chorus");
    let marker = song.windows(old.len()).position(|bytes| bytes == old).unwrap();
    song.splice(marker..marker + old.len(), *new);
    // The length of the first track, behind the header's 14 bytes and the name of its chunk.
    let length: [u8; 4] = song[18..22].try_into().unwrap();
    song[18..22].copy_from_slice(&(u32::from_be_bytes(length) - 2).to_be_bytes());
    song
}

/// A folder with everything that the pages name.
fn desk() -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    let at = |name: &str| desk.path().join(name);
    let groove = song_with_a_chorus();
    for folder in [
        "songs",
        "videos",
        "out",
        "examples/songs",
        "Songs/Band - Song",
        "A Band - A Song",
        "Songs/A Band - A Song",
    ] {
        std::fs::create_dir_all(at(folder)).unwrap();
    }
    for song in ["song.mid", "take.mid", "songs/one.mid", "examples/songs/groove.mid"] {
        std::fs::write(at(song), &groove).unwrap();
    }
    std::fs::write(at("songs/two.mid"), midi::song(&[(0, 38, 100), (ticks(1.0), 36, 100)])).unwrap();
    for folder in ["Songs/Band - Song", "A Band - A Song", "Songs/A Band - A Song"] {
        for name in ["notes.chart", "song.ini"] {
            let from = repository().join("examples/songs/neon-alley-chart").join(name);
            std::fs::copy(from, at(folder).join(name)).unwrap();
        }
    }
    std::fs::copy(repository().join("tests/songs/charts/twin.sng"), at("song.sng")).unwrap();
    std::fs::write(at("list.txt"), "songs/one.mid\n").unwrap();
    std::fs::write(at("my.toml"), "extends = \"neon\"\n").unwrap();
    std::fs::write(at("map.toml"), "extends = \"roland-td\"\n").unwrap();
    // The song's own sound is a recording that fits it.
    let mut sound = strikeline();
    sound.args([
        "render",
        "song.mid",
        "-o",
        "sound.mp4",
        "--size",
        "64x64",
        "--fps",
        "1",
        "--start",
        "0",
        "--quiet",
    ]);
    succeed(sound.current_dir(&desk));
    for recording in
        ["recording.flac", "take.wav", "no-drums.mp3", "backing.mp3", "Songs/Band - Song/song.ogg"]
    {
        let mut ffmpeg = Command::new("ffmpeg");
        succeed(ffmpeg.args(["-v", "error", "-i", "sound.mp4", "-vn", recording]).current_dir(&desk));
    }
    desk
}

/// The line as it is run: small and short, and nothing of an earlier line in the way.
fn shortened(arguments: &[String]) -> Vec<String> {
    let mut short = arguments.to_vec();
    // The pages call both themes and drum maps `my.toml`.
    if arguments[0] == "drum-map" || arguments.contains(&"--drum-map".to_owned()) {
        short
            .iter_mut()
            .filter(|argument| *argument == "my.toml")
            .for_each(|argument| *argument = "map.toml".to_owned());
    }
    let mut add = |options: &[&str]| {
        if !short.iter().any(|argument| argument == options[0]) {
            short.extend(options.iter().map(|option| (*option).to_owned()));
        }
    };
    match arguments[0].as_str() {
        "render" | "plan" => {
            add(&["--size", "128x72"]);
            add(&["--fps", "5"]);
            add(&["--duration", "0.4"]);
            add(&["--force"]);
            if arguments[0] == "render" {
                add(&["--no-tuned"]);
            }
        }
        "frame" => {
            add(&["--size", "128x72"]);
            add(&["--force"]);
        }
        "join" if !arguments.iter().any(|argument| argument == "--missing") => add(&["--force"]),
        _ => {}
    }
    short
}

/// Runs a line in `desk`, or lets the program only parse it.
fn check(line: &Line, desk: &Path) -> Result<(), String> {
    let mut command = strikeline();
    command.current_dir(desk).env("XDG_CONFIG_HOME", desk);
    match only_understood(&line.arguments) {
        // Whatever stands before it is parsed first.
        Some(_) => command.args(&line.arguments).arg("--help"),
        None => command.args(shortened(&line.arguments)),
    };
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: strikeline {}: {}\n{stderr}", line.place, line.arguments.join(" "), output.status))
}

#[test]
fn every_command_line_works() {
    let lines = lines();
    assert!(lines.len() > 60, "{} command lines", lines.len());
    let desk = desk();
    // A plan and its parts are made in this order; everything else in any.
    let (planned, others): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| ["plan", "part", "join"].contains(&line.arguments[0].as_str()));
    let failures = Mutex::new(Vec::new());
    let next = Mutex::new(others.iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let line = next.lock().unwrap().next();
                    let Some(line) = line else { break };
                    failures.lock().unwrap().extend(check(line, desk.path()).err());
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.extend(planned_lines(&planned, desk.path()));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The lines of plans: each kind after what it needs.
fn planned_lines(lines: &[Line], desk: &Path) -> Vec<String> {
    let mut failures = Vec::new();
    let kind = |name: &'static str| lines.iter().filter(move |line| line.arguments[0] == name);
    for line in kind("plan") {
        failures.extend(check(line, desk).err());
    }
    // One that has the parts which the pages name.
    let mut plan = strikeline();
    plan.args([
        "plan",
        "song.mid",
        "-o",
        "plan.json",
        "--force",
        "--size",
        "128x72",
        "--fps",
        "5",
        "--duration",
        "10",
    ]);
    succeed(plan.args(["--parts", "2"]).current_dir(desk));
    for part in ["0", "1", "2"] {
        succeed(strikeline().args(["part", "plan.json", part]).current_dir(desk));
    }
    for line in
        kind("part").filter(|line| line.arguments.get(2).is_some_and(|part| part.parse().unwrap_or(3) <= 2))
    {
        failures.extend(check(line, desk).err());
    }
    for line in kind("join") {
        failures.extend(check(line, desk).err());
    }
    failures
}

/// The long options that a command's help names, and those of the program.
fn options_of(command: &[&str]) -> BTreeSet<String> {
    let output = succeed(strikeline().args(command).arg("--help"));
    options_in(&String::from_utf8(output.stdout).unwrap()).into_iter().collect()
}

/// All words that begin with two hyphens and a letter.
fn options_in(text: &str) -> Vec<String> {
    let mut options = Vec::new();
    for (start, _) in text.match_indices("--") {
        let before = text[..start].chars().next_back();
        let name: String = text[start + 2..]
            .chars()
            .take_while(|next| next.is_ascii_alphanumeric() || *next == '-')
            .collect();
        let is_start =
            before.is_none_or(|before| !before.is_alphanumeric() && before != '-' && before != '/');
        if is_start && name.starts_with(|first: char| first.is_ascii_lowercase()) {
            options.push(format!("--{}", name.trim_end_matches('-')));
        }
    }
    options
}

#[test]
fn every_option_exists() {
    let commands = succeed(strikeline().arg("--help"));
    let commands = String::from_utf8(commands.stdout).unwrap();
    // The list of commands, and not the lines of their texts that go on.
    let list = commands.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap();
    let commands = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let commands: Vec<&str> = commands.filter(|name| !name.is_empty() && *name != "help").collect();
    assert!(commands.contains(&"render") && commands.contains(&"join"), "{commands:?}");
    let by_command: BTreeMap<&str, BTreeSet<String>> =
        commands.iter().map(|&command| (command, options_of(&[command]))).collect();
    let all: BTreeSet<&String> = by_command.values().flatten().collect();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for Code { place, text } in all_code() {
        // A piece of code is options alone, or a command of the program, or one of another program.
        let command = match text.split(' ').collect::<Vec<_>>()[..] {
            ["strikeline", command, ..] => Some(command),
            [first, ..] if first.starts_with("--") => None,
            [command, ..] if by_command.contains_key(command) => Some(command),
            _ => continue,
        };
        let own = text.split(['|', ';', '#']).next().unwrap_or_default();
        for option in options_in(own) {
            checked += 1;
            let exists = match command.and_then(|command| by_command.get(command)) {
                Some(options) => options.contains(&option),
                None => {
                    ["--help", "--version"].contains(&option.as_str())
                        || all.contains(&option)
                        || OTHER_PROGRAMS.contains(&option.as_str())
                }
            };
            if !exists {
                wrong.push(format!("{place}: {option} in `{text}`"));
            }
        }
    }
    assert!(checked > 150, "{checked} options");
    assert!(wrong.is_empty(), "the program does not have:\n{}", wrong.join("\n"));
}

/// Options that the pages name by themselves, of other programs: of GNU parallel and of `hq`, and of the example `kit_table`.
const OTHER_PROGRAMS: &[&str] =
    &["--resume-failed", "--sshlogin", "--array", "--wav", "--keys", "--velocities"];

#[test]
fn everything_of_the_repository_that_is_named_exists() {
    let mut wrong = Vec::new();
    for Code { place, text } in all_code() {
        let parts: Vec<String> = words(&text)
            .into_iter()
            .map(|word| match word {
                Word::Text(text) => text,
                Word::Sign(sign) => sign.to_string(),
            })
            .collect();
        for part in &parts {
            let path = part.trim_start_matches("./");
            let folders = [
                "scripts/",
                "examples/",
                "tests/",
                "benches/",
                "crates/",
                "docs/",
                "fuzz/",
                "shaders/",
                "src/",
            ];
            let is_path =
                folders.iter().any(|folder| path.starts_with(folder)) && !path.contains(['*', '%', '{']);
            if is_path && !is_there(path) {
                wrong.push(format!("{place}: {path}"));
            }
        }
        if parts.first().is_some_and(|first| first == "cargo") {
            wrong.extend(cargo_faults(&parts).into_iter().map(|fault| format!("{place}: {fault}")));
        }
        if let Some(script) = parts.first().filter(|first| first.starts_with("scripts/")) {
            let script = std::fs::read_to_string(repository().join(script)).unwrap_or_default();
            if script.contains("parse_known_args") {
                // What it does not know is for the program.
                continue;
            }
            let unknown = options_in(&text).into_iter().filter(|option| !script.contains(option.as_str()));
            wrong.extend(unknown.map(|option| format!("{place}: {option} in `{text}`")));
        }
    }
    assert!(wrong.is_empty(), "there is no\n{}", wrong.join("\n"));
}

/// Whether there is such a file or folder, in the repository or in one of its crates.
fn is_there(path: &str) -> bool {
    let crates = std::fs::read_dir(repository().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    crates.chain([repository().to_owned()]).any(|folder| folder.join(path).exists())
}

/// The examples, tests, benches, packages and fuzz targets that a command of Cargo names and that do not exist.
fn cargo_faults(parts: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in parts.windows(2) {
        let folder = match pair[0].as_str() {
            "--example" => "examples",
            "--test" => "tests",
            "--bench" => "benches",
            "run" if parts.contains(&"fuzz".to_owned()) => "fuzz_targets",
            "-p" => {
                if package(&pair[1]).is_none() {
                    faults.push(format!("package {}", pair[1]));
                }
                continue;
            }
            _ => continue,
        };
        let named = parts.windows(2).find(|pair| pair[0] == "-p").and_then(|pair| package(&pair[1]));
        let root = named.unwrap_or_else(|| if folder == "fuzz_targets" { "fuzz".into() } else { ".".into() });
        let at = repository().join(root).join(folder);
        let name = &pair[1];
        let exists = at.join(format!("{name}.rs")).exists()
            || at.join(name).join("main.rs").exists()
            || at.join(name).join("mod.rs").exists();
        if !exists {
            faults.push(format!("{folder}/{name}"));
        }
    }
    faults
}

/// The folder of a package of the workspace.
fn package(name: &str) -> Option<String> {
    let folders =
        std::fs::read_dir(repository().join("crates")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut folders =
        folders.map(|folder| format!("crates/{}", folder.to_string_lossy())).chain([".".to_owned()]);
    folders.find(|folder| {
        let manifest =
            std::fs::read_to_string(repository().join(folder).join("Cargo.toml")).unwrap_or_default();
        manifest.contains(&format!("name = \"{name}\""))
    })
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in page::pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let is_local = !path.is_empty() && !path.contains("://") && !path.contains(' ');
            if is_local && !page.parent().unwrap().join(path).exists() {
                wrong.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a shell can read the scripts that the pages name.
#[test]
fn shell_scripts_can_be_read() {
    for entry in std::fs::read_dir(repository().join("scripts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sh") {
            let text = std::fs::read_to_string(&path).unwrap();
            let shell = if text.starts_with("#!/usr/bin/env bash") || text.starts_with("#!/bin/bash") {
                "bash"
            } else {
                "sh"
            };
            succeed(Command::new(shell).arg("-n").arg(&path));
        }
    }
}
