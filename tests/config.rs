//! The configuration file: what it sets, what comes before it, and what is said of it.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

/// A folder with a song, and a folder for settings that has `text` as the configuration.
struct Place {
    folder: tempfile::TempDir,
    settings: tempfile::TempDir,
}

impl Place {
    fn new(text: &str) -> Place {
        let (folder, _) = folder_with(&midi::song(&[(0, 38, 100), (ticks(1.0), 38, 100)]));
        let place = Place { folder, settings: tempfile::tempdir().unwrap() };
        std::fs::create_dir(place.settings.path().join("strikeline")).unwrap();
        std::fs::write(place.file(), text).unwrap();
        place
    }

    fn file(&self) -> PathBuf {
        self.settings.path().join("strikeline/config.toml")
    }

    fn run(&self, arguments: &[&str]) -> Command {
        let mut command = strikeline();
        command.env("XDG_CONFIG_HOME", self.settings.path()).env_remove("STRIKELINE_FFMPEG");
        command.current_dir(&self.folder).args(arguments);
        command
    }

    /// What a render of a tenth of a second says of itself.
    fn render(&self, options: &[&str]) -> serde_json::Value {
        let mut render = self.run(&["render", "song.mid", "--duration", "0.1", "--force", "--json"]);
        serde_json::from_slice(&succeed(render.args(options)).stdout).unwrap()
    }
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(succeed(command).stdout).unwrap()
}

#[test]
fn the_command_line_comes_before_the_file_and_the_file_before_what_is_built_in() {
    let place = Place::new("size = \"64x64\"\nfps = 30\nno-header = true\nsound = \"none\"\n");
    let set = place.render(&[]);
    assert_eq!((&set["size"], &set["frame_rate"]), (&"64x64".into(), &"30".into()));
    assert!(set["sound"].is_null(), "{set}");
    let given = place.render(&["--fps", "24", "--sound", "drums"]);
    assert_eq!((&given["size"], &given["frame_rate"]), (&"64x64".into(), &"24".into()));
    assert!(given["sound"].is_object(), "{given}");
    let without = place.render(&["--no-config", "--size", "66x64"]);
    assert_eq!((&without["size"], &without["frame_rate"]), (&"66x64".into(), &"60".into()));
    // A default contradicts nothing that is given.
    place.render(&["--bar-number"]);
}

#[test]
fn outputs_go_to_the_folder_that_is_set_unless_they_are_named() {
    let place = Place::new("size = \"64x64\"\noutput-folder = \"../videos\"\n");
    // From the folder of the file, whatever the current one is.
    let videos = place.settings.path().join("videos");
    place.render(&[]);
    assert_eq!(names(&videos), ["song.mp4"]);
    succeed(&mut place.run(&["frame", "song.mid", "--at", "0", "-q"]));
    assert_eq!(names(&videos), ["song.mp4", "song.png"]);
    std::fs::remove_dir_all(&videos).unwrap();
    place.render(&["-o", "here.mp4"]);
    assert_eq!(names(place.folder.path()), ["here.mp4", "song.mid"]);
}

#[test]
fn a_codec_is_for_outputs_that_can_have_it() {
    let place = Place::new("size = \"64x64\"\ncodec = \"png\"\n");
    assert_eq!(place.render(&["-o", "a.mov"])["codec"], "png");
    assert_eq!(place.render(&["-o", "a.mp4"])["codec"], "h264");
    assert_eq!(place.render(&["-o", "a.gif"])["codec"], "gif");
    // What is given must fit.
    let error = fail(&mut place.run(&["render", "song.mid", "-o", "b.mp4", "--codec", "png"]), 2);
    assert!(error.contains("png"), "{error}");
}

#[test]
fn what_is_wrong_is_named_with_file_line_and_remedy() {
    for (text, line, words) in [
        ("# mine\nsiez = \"360p\"\n", 2, &["siez", "size is one", "strikeline config example"][..]),
        ("theme = \"neno\"\n", 1, &["theme = ", "neno", "neon"]),
        ("\n\nfps = 0\n", 3, &["fps = 0", "30000/1001"]),
        ("size = 360\n", 1, &["size = 360", "360p"]),
        ("codec = \"hevc9\"\n", 1, &["codec = hevc9", "x265"]),
        ("labels = \"sometimes\"\n", 1, &["labels = sometimes", "intro"]),
        ("click = \"yes\"\n", 1, &["click", "true or false"]),
        ("output = \"a.mp4\"\n", 1, &["--output", "command line"]),
        ("size = \n", 1, &["TOML"]),
    ] {
        let place = Place::new(text);
        for command in [&["render", "song.mid"][..], &["theme", "--list"], &["config"]] {
            let error = fail(&mut place.run(command), 2);
            let place = format!("error: {}:{line}: ", place.file().display());
            assert!(error.starts_with(&place), "{text}: {error}");
            assert!(words.iter().all(|word| error.contains(word)), "{text}: {error}");
            assert!(error.contains("--no-config"), "{error}");
        }
        assert_eq!(names(place.folder.path()), ["song.mid"]);
        // What does not need it does without it.
        for command in
            [&["config", "path"][..], &["config", "example"], &["completions", "bash"], &["--help"]]
        {
            succeed(&mut place.run(command));
        }
        succeed(&mut place.run(&["theme", "--list", "--no-config"]));
    }
}

#[test]
fn config_shows_each_value_and_where_it_comes_from() {
    let place = Place::new("theme = \"plain\"\n\nfps = 30\n");
    let mut config = place.run(&["config", "--json"]);
    config.env("STRIKELINE_FFMPEG", "/opt/ffmpeg");
    let shown: serde_json::Value = serde_json::from_slice(&succeed(&mut config).stdout).unwrap();
    assert_eq!(shown["path"], *place.file().to_string_lossy());
    assert_eq!(shown["exists"], true);
    let values = shown["values"].as_array().unwrap();
    let of = |key: &str| values.iter().find(|value| value["key"] == key).unwrap();
    for (key, value, source, line) in [
        ("theme", "plain", "file", Some(1)),
        ("fps", "30", "file", Some(3)),
        ("quality", "24", "built in", None),
        ("ffmpeg", "/opt/ffmpeg", "environment", None),
        ("color", "auto", "built in", None),
    ] {
        let shown = of(key);
        assert_eq!((&shown["value"], &shown["source"]), (&value.into(), &source.into()), "{shown}");
        assert_eq!(shown["line"], serde_json::json!(line), "{shown}");
    }
    let text = stdout(&mut place.run(&["config"]));
    assert!(text.contains(&*place.file().to_string_lossy()), "{text}");
    let line = |key: &str| text.lines().find(|line| line.split_whitespace().next() == Some(key)).unwrap();
    assert!(line("theme").contains("plain") && line("theme").ends_with("line 1 of the file"), "{text}");
    assert!(line("quality").ends_with("built in"), "{text}");
    let without = stdout(&mut place.run(&["config", "--no-config"]));
    assert!(without.contains("--no-config") && without.contains("neon"), "{without}");
}

#[test]
fn config_shows_what_was_tuned() {
    let place = Place::new("size = \"64x64\"\n");
    let tuned = ["5", "20", "60"].iter().any(|budget| {
        let mut tune = place.run(&["tune", "--budget", budget, "-q"]);
        tune.output().unwrap().status.success()
    });
    assert!(tuned);
    let shown: serde_json::Value =
        serde_json::from_slice(&succeed(&mut place.run(&["config", "--json"])).stdout).unwrap();
    let sources = |key: &str| {
        let values = shown["values"].as_array().unwrap();
        values.iter().find(|value| value["key"] == key).unwrap()["source"].clone()
    };
    assert_eq!([sources("ring"), sources("jobs"), sources("size")], ["tuned", "tuned", "file"]);
}

#[test]
fn the_path_and_the_example_are_a_way_to_begin() {
    let place = Place::new("");
    assert_eq!(stdout(&mut place.run(&["config", "path"])).trim_end(), place.file().to_string_lossy());
    let example = stdout(&mut place.run(&["config", "example"]));
    std::fs::write(place.file(), &example).unwrap();
    place.render(&["--size", "64x64"]);
    // Each key with its example, one after the other, as if somebody took away the #.
    let keys = example.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = "));
    let mut count = 0;
    for line in keys.filter(|line| line.chars().next().is_some_and(|first| first.is_ascii_lowercase())) {
        std::fs::write(place.file(), format!("{line}\n")).unwrap();
        succeed(&mut place.run(&["theme", "--list"]));
        count += 1;
    }
    assert!(count > 30, "{count} keys only:\n{example}");
}

#[test]
fn a_plan_has_what_the_configuration_sets() {
    let place = Place::new("size = \"64x64\"\nfps = 30\nclick = true\nquality = 30\n");
    let plan = place.folder.path().join("song.plan.json");
    let options = ["--duration", "0.5", "--parts", "1", "-q"];
    succeed(place.run(&["plan", "song.mid"]).args(options));
    let text = std::fs::read_to_string(&plan).unwrap();
    for option in ["--size", "--fps", "--click", "--quality"] {
        assert!(text.contains(option), "{option}: {text}");
    }
    // The parts are made without the configuration, as on another machine.
    std::fs::write(place.file(), "size = \"128x128\"\ntheme = \"plain\"\n").unwrap();
    for part in ["0", "1"] {
        succeed(&mut place.run(&["part", "song.plan.json", part, "-q"]));
    }
    succeed(&mut place.run(&["join", "song.plan.json", "-q", "-o", "joined.mp4"]));
    let whole = Place::new("");
    let options = ["--size", "64x64", "--fps", "30", "--click", "--quality", "30", "--duration", "0.5"];
    succeed(whole.run(&["render", "song.mid", "-q", "-o", "whole.mp4"]).args(options));
    let read = |path: &Path| std::fs::read(path).unwrap();
    let joined = read(&place.folder.path().join("joined.mp4"));
    assert!(joined == read(&whole.folder.path().join("whole.mp4")), "the videos differ");
}

#[test]
fn an_error_that_a_default_causes_says_where_it_is_set() {
    for (text, options) in [
        ("# mine\nadapter = \"nothing like it\"\n", &[][..]),
        ("# mine\nsoundfont = \"nowhere.sf2\"\n", &["--sound", "song"]),
        ("# mine\nmax-bitrate = \"1M\"\n", &["--bitrate", "2M"]),
    ] {
        let place = Place::new(text);
        let told = fail(place.run(&["render", "song.mid"]).args(options), 2);
        assert!(told.contains("config.toml:2; --no-config does without"), "{text}: {told}");
    }
    // What the command line gives is not the file's.
    let place = Place::new("# mine\nadapter = \"nothing like it\"\n");
    let told = fail(&mut place.run(&["render", "song.mid", "--adapter", "none of that"]), 2);
    assert!(!told.contains("config.toml"), "{told}");
}

#[test]
fn defaults_hold_where_they_can() {
    let place = Place::new("effort = \"small\"\nfps = 60\nsize = \"64x64\"\n");
    assert_eq!(place.render(&[])["frame_rate"], "60");
    assert_eq!(place.render(&["-o", "song.gif"])["frame_rate"], "25");
    place.render(&["-o", "song.y4m"]);
    // What is given is refused where it cannot hold.
    fail(&mut place.run(&["render", "song.mid", "-o", "other.y4m", "--effort", "small"]), 2);
}

#[test]
fn doctor_helps_though_the_file_is_wrong() {
    let place = Place::new("nothing = 1\n");
    let told = place.run(&["doctor"]).output().unwrap();
    let warning = String::from_utf8(told.stderr).unwrap();
    assert!(warning.contains("config.toml:1: there is no key nothing"), "{warning}");
    assert!(String::from_utf8(told.stdout).unwrap().contains("adapters"));
}
