//! `strikeline tune` and what `strikeline render` makes of it.

mod common;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

/// A search as short as can be, with settings in `config`.
fn tune(config: &Path) -> Command {
    tune_for(config, "5")
}

/// The same for `budget` seconds.
fn tune_for(config: &Path, budget: &str) -> Command {
    let mut command = strikeline();
    command.env("XDG_CONFIG_HOME", config).args(["tune", "--size", "64x64", "--budget", budget]);
    command
}

/// What a search with `options` says; one of a minute where a busy machine measures nothing twice in the shortest.
fn tuned(config: &Path, options: &[&OsStr]) -> Output {
    let shortest = tune(config).args(options).output().unwrap();
    if String::from_utf8_lossy(&shortest.stderr).contains("allow at least") {
        return succeed(tune_for(config, "60").args(options));
    }
    assert!(shortest.status.success(), "{}", String::from_utf8_lossy(&shortest.stderr));
    shortest
}

/// A render of two frames, with settings in `config`, beside `song`; what it says on stderr.
fn render(config: &Path, song: &Path, options: &[&str]) -> String {
    render_at("64x64", config, song, options)
}

/// The same at another size.
fn render_at(size: &str, config: &Path, song: &Path, options: &[&str]) -> String {
    let mut command = strikeline();
    command.env("XDG_CONFIG_HOME", config).arg("render").arg(song).arg("-o").arg(song.with_extension("mp4"));
    command.args(["--size", size, "--duration", "0.03", "--force"]).args(options);
    String::from_utf8(succeed(&mut command).stderr).unwrap()
}

fn song() -> (tempfile::TempDir, PathBuf) {
    folder_with(&midi::song(&[(0, 38, 100), (ticks(1.0), 36, 100), (ticks(2.0), 42, 100)]))
}

fn settings_file(config: &Path) -> PathBuf {
    config.join("strikeline").join("tuned.toml")
}

/// Writes an entry for the adapter of this machine and tiny pictures.
fn write_entry(config: &Path, [ring, jobs, segments]: [u32; 3]) {
    let output = succeed(strikeline().args(["doctor", "--json"]));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |key: &str| told["adapters"][0][key].as_str().unwrap().to_owned();
    std::fs::create_dir_all(config.join("strikeline")).unwrap();
    let entry = format!(
        "[[tuned]]\nadapter = '{}'\ndriver = '{}'\nsize = \"720p\"\nring = {ring}\njobs = {jobs}\nsegments = {segments}\n",
        text("name"),
        text("driver")
    );
    std::fs::write(settings_file(config), entry).unwrap();
}

/// Adds a line to the entry.
fn add_to_entry(config: &Path, line: &str) {
    let entry = std::fs::read_to_string(settings_file(config)).unwrap();
    std::fs::write(settings_file(config), entry + line).unwrap();
}

#[test]
fn what_is_found_is_explained_kept_and_used_by_a_render() {
    let (folder, song) = song();
    let config = folder.path().join("config");
    let heat = folder.path().join("heat.svg");
    let output = tuned(&config, &["--svg".as_ref(), heat.as_ref()]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["scatter", "Chosen: ring", "fps by ring", "saved to", "tuned.toml", "strikeline render"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let chosen = text.split_once("Chosen: ").unwrap().1.split_once(" with").unwrap().0;
    let kept = std::fs::read_to_string(settings_file(&config)).unwrap();
    for setting in chosen.split(", ") {
        let (key, value) = setting.split_once(' ').unwrap();
        assert!(kept.contains(&format!("{key} = {value}\n")), "{chosen}\n{kept}");
    }
    assert!(kept.contains("size = \"720p\"") && kept.contains("encoder = \"h264\""), "{kept}");
    let svg = std::fs::read_to_string(&heat).unwrap();
    assert!(
        svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.contains("prefers-color-scheme"),
        "{svg}"
    );
    assert!(svg.contains("class=\"choice\""), "{svg}");

    let said = render(&config, &song, &[]);
    let expected = format!("tuned settings from {}: {chosen}", settings_file(&config).display());
    assert!(said.lines().any(|line| line == expected), "{said}");
}

#[test]
fn a_dry_run_with_json_reports_every_run_and_saves_nothing() {
    let (folder, song) = song();
    let config = folder.path().join("config");
    let options = ["--dry-run", "--json", "--encoder", "h264", "--quality", "30"].map(OsStr::new);
    let output = tuned(&config, &[&[song.as_os_str()][..], &options].concat());
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object on stdout");
    let settings = told["settings"].as_array().unwrap();
    assert!(!settings.is_empty());
    for setting in settings {
        let runs = setting["runs"].as_array().unwrap();
        assert!(runs.len() >= 2 && runs.iter().all(|run| run.as_f64().unwrap() > 0.0), "{told}");
    }
    assert!(settings.iter().any(|setting| setting["ring"] == told["chosen"]["ring"]), "{told}");
    assert_eq!(told["chosen"]["within_noise"], true);
    assert_eq!((&told["encoder"], &told["quality"]), (&"h264".into(), &30.into()));
    assert_eq!(told["size_class"], "720p");
    assert_eq!(told["kept_in"], serde_json::Value::Null);
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
fn tuned_settings_are_for_what_is_not_given_and_can_be_ignored() {
    let (folder, song) = song();
    let config = folder.path().join("config");
    write_entry(&config, [7, 2, 5]);
    let told = |said: String| {
        let line = said.lines().find_map(|line| line.strip_prefix("tuned settings from "))?;
        Some(line.split_once(": ")?.1.to_owned())
    };
    let tuned = |options: &[&str]| told(render(&config, &song, options));
    assert_eq!(tuned(&[]).as_deref(), Some("ring 7, jobs 2, segments 5"));
    assert_eq!(tuned(&["--ring", "9"]).as_deref(), Some("ring 9, jobs 2, segments 5"));
    assert_eq!(tuned(&["--segments", "3"]).as_deref(), Some("ring 7, jobs 2, segments 3"));
    assert_eq!(tuned(&["--jobs", "2"]).as_deref(), Some("ring 7, jobs 2, segments 5"));
    // They were measured for two jobs.
    assert_eq!(tuned(&["--jobs", "4"]), None);
    assert_eq!(tuned(&["--no-tuned"]), None);
    assert_eq!(tuned(&["--quiet"]), None);
    assert_eq!(tuned(&["--ring", "3", "--jobs", "2", "--segments", "2"]), None);
    // With the number of devices there is one more to give.
    add_to_entry(&config, "devices = 1\n");
    let given = ["--ring", "3", "--jobs", "2", "--segments", "2"];
    assert_eq!(tuned(&given).as_deref(), Some("ring 3, jobs 2, segments 2, devices 1"));
    assert_eq!(tuned(&[&given[..], &["--devices", "1"]].concat()), None);
    // They were measured for one.
    assert_eq!(tuned(&["--devices", "2"]), None);
    // Another size has other settings.
    assert_eq!(told(render_at("1282x720", &config, &song, &[])), None);
}

#[test]
fn a_damaged_settings_file_ends_tuning_before_it_begins_and_only_warns_a_render() {
    let (folder, song) = song();
    let config = folder.path().join("config");
    std::fs::create_dir_all(config.join("strikeline")).unwrap();
    std::fs::write(settings_file(&config), "[[tuned]]\nring = 0\n").unwrap();
    let error = fail(&mut tune(&config), 2);
    assert!(error.contains("tuned.toml:1") && error.contains("delete the file"), "{error}");
    let said = render(&config, &song, &[]);
    assert!(said.contains("warning: ") && said.contains("tuned.toml:1"), "{said}");
    assert!(!render(&config, &song, &["--quiet"]).contains("warning"));
    assert!(!render(&config, &song, &["--no-tuned"]).contains("warning"));
    assert_eq!(std::fs::read_to_string(settings_file(&config)).unwrap(), "[[tuned]]\nring = 0\n");
}

#[test]
fn what_cannot_be_done_is_reported_before_measuring() {
    let (folder, song) = song();
    // A folder cannot be made below a file, not even by root.
    let error = fail(&mut tune(&song), 1);
    assert!(error.contains("song.mid"), "{error}");
    let config = folder.path().join("config");
    let error = fail(tune(&config).args(["--svg", "nowhere/heat.svg"]), 2);
    assert!(error.contains("nowhere"), "{error}");
    let error = fail(tune(&config).args(["--adapter", "no such thing"]), 2);
    assert!(error.contains("no such thing"), "{error}");
    let error = fail(&mut tune_for(&config, "4"), 2);
    assert!(error.contains("5 seconds to an hour"), "{error}");
    let error = fail(tune(&config).arg(folder.path().join("missing.mid")), 2);
    assert!(error.contains("missing.mid"), "{error}");
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_search_and_keeps_nothing() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let heat = folder.path().join("heat.svg");
    let mut command = tune_for(&config, "600");
    command.arg("--svg").arg(&heat).stderr(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    // The first news of the search: it is under way.
    let mut line = String::new();
    let mut news = BufReader::new(child.stderr.take().unwrap());
    news.read_line(&mut line).unwrap();
    assert!(line.contains("run "), "{line}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names(folder.path()), Vec::<String>::new());
}
