//! `strikeline theme` through the program, and themes through the public API.

mod common;

use std::path::Path;
use std::process::Stdio;

use common::program::{fail, strikeline, succeed};
use strikeline::song::{LaneId, LaneLayout, Mark, Song, SongOptions};
use strikeline::theme::{Theme, ThemeError};

/// What `strikeline theme` prints with these arguments.
fn printed(arguments: &[&str]) -> String {
    String::from_utf8(succeed(strikeline().arg("theme").args(arguments)).stdout).unwrap()
}

#[test]
fn the_list_has_every_theme_and_what_it_is_like() {
    let list = printed(&["--list"]);
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines.len(), Theme::builtin_names().len());
    for (line, name) in lines.iter().zip(Theme::builtin_names()) {
        let description = Theme::builtin(name).unwrap().description;
        assert_eq!(*line, format!("{name:<8}  {description}"));
        assert!(line.len() <= 100, "{line}");
    }
}

#[test]
fn a_printed_theme_is_read_as_the_same_theme() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    for name in Theme::builtin_names() {
        std::fs::write(&path, printed(&[name])).unwrap();
        assert_eq!(Theme::find(path.to_str().unwrap()).unwrap(), Theme::builtin(name).unwrap());
    }
}

#[test]
fn a_theme_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, printed(&["light"])).unwrap();
    let check = || {
        let mut command = strikeline();
        command.args(["theme", "--check"]).arg(&path);
        command
    };
    let text = String::from_utf8(succeed(&mut check()).stdout).unwrap();
    assert_eq!(text, format!("{} is a valid theme\n", path.display()));

    std::fs::write(&path, "[gems]\nhieght = 30\nwidth = 3\n").unwrap();
    let error = fail(&mut check(), 2);
    let unknown = format!("error: {}:2: gems.hieght is unknown (did you mean height?)", path.display());
    assert!(error.starts_with(&unknown), "{error}");
    assert!(
        error.contains(&format!("\n{}:3: gems.width is 3; allowed is 0.2 to 1\n", path.display())),
        "{error}"
    );

    std::fs::write(&path, "background.image = 'wall.png'\n[text.font]\nfile = 'a.ttf'\n").unwrap();
    let error = fail(&mut check(), 2);
    let wall = folder.path().join("wall.png");
    assert!(
        error.contains(&format!("background.image is {}, and there is no such file", wall.display())),
        "{error}"
    );
    std::fs::write(wall, "").unwrap();
    assert!(fail(&mut check(), 2).contains("text.font.file is "));
    std::fs::write(folder.path().join("a.ttf"), "").unwrap();
    succeed(&mut check());

    std::fs::remove_file(&path).unwrap();
    assert!(fail(&mut check(), 2).contains("mine.toml cannot be read"));
}

#[test]
fn a_wrong_command_line_lists_the_themes() {
    let error = fail(strikeline().args(["theme", "noen"]), 2);
    assert!(error.contains("neon") && error.contains("contrast"), "{error}");
    fail(strikeline().arg("theme"), 2);
    fail(strikeline().args(["theme", "neon", "--list"]), 2);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    for arguments in [&["--list"][..], &["neon"]] {
        let mut child = strikeline()
            .arg("theme")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn a_song_has_the_lanes_of_the_theme() {
    let theme = Theme::parse(
        r##"
        extends = "neon"
        [lanes]
        order = ["ride"]
        [lanes.snare]
        name = "Caixa"
        color = "#00ff00"
        [drums]
        3 = { lane = "ride", name = "Chick", mark = "plus" }
        "##,
        Path::new("mine.toml"),
    )
    .unwrap();
    let taps = [(0, 38, 100), (1, 3, 100), (2, 42, 100), (3, 36, 100)];
    let song = Song::read(&common::midi::song(&taps), &SongOptions::default()).unwrap();
    let layout = LaneLayout::for_song(&song, &theme.drum_map);
    let lanes: Vec<_> = layout.lanes.iter().map(|lane| (lane.id, lane.name.as_str())).collect();
    assert_eq!(lanes, [(LaneId::Ride, "Ride"), (LaneId::HiHat, "Hi-Hat"), (LaneId::Snare, "Caixa")]);
    assert_eq!(layout.lanes[2].color, [0, 255, 0]);
    assert_eq!(theme.drum_map.mark(3), Mark::Plus);
    assert!(layout.unmapped().is_empty());
}

#[test]
fn an_error_has_its_file_lines_and_keys_as_fields() {
    match Theme::parse("view = 1\n\n[gems]\nglow = 1", Path::new("mine.toml")) {
        Err(ThemeError::Invalid { path, problems }) => {
            assert_eq!(path, Path::new("mine.toml"));
            let places: Vec<_> =
                problems.iter().map(|problem| (problem.line, problem.key.as_str())).collect();
            assert_eq!(places, [(1, "view"), (4, "gems.glow")]);
        }
        other => panic!("{other:?}"),
    }
}
