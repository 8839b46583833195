//! `strikeline plan`, `part` and `join`: a video that several processes make.

#![cfg(unix)]

mod common;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};
use wgpu_video::encode::Codec;
use wgpu_video::journal::SegmentFile;
use wgpu_video::picture::SegmentIndex;

/// A small picture and few frames: 30 to a segment.
const SMALL: [&str; 4] = ["--size", "160x96", "--fps", "15"];

/// Exit code when parts are missing.
const MISSING: i32 = 3;

fn song() -> Vec<u8> {
    let taps: Vec<_> =
        (0..24).map(|n| (ticks(f64::from(n) * 0.25), [36, 38, 42][n as usize % 3], 100)).collect();
    midi::song(&taps)
}

/// A song, and its plan.
struct Farm {
    folder: tempfile::TempDir,
    plan: PathBuf,
    song: PathBuf,
    options: Vec<String>,
}

impl Farm {
    /// A plan of `parts` parts with `options`.
    fn new(parts: u32, options: &[&str]) -> Farm {
        let (folder, song) = folder_with(&self::song());
        Farm::of(folder, song, parts, options)
    }

    fn of(folder: tempfile::TempDir, song: PathBuf, parts: u32, options: &[&str]) -> Farm {
        let plan = folder.path().join("plan.json");
        let options: Vec<String> = SMALL.iter().chain(options).map(|word| (*word).to_owned()).collect();
        let farm = Farm { folder, plan, song, options };
        succeed(farm.planning().arg(format!("--parts={parts}")));
        farm
    }

    /// `strikeline plan`.
    fn planning(&self) -> Command {
        let mut command = strikeline();
        command.arg("plan").arg(&self.song).arg("-o").arg(&self.plan).args(&self.options);
        command
    }

    /// `strikeline part`.
    fn part(&self, number: u64) -> Command {
        let mut command = strikeline();
        command.arg("part").arg(&self.plan).arg(number.to_string());
        command
    }

    /// `strikeline join`.
    fn join(&self) -> Command {
        let mut command = strikeline();
        command.arg("join").arg(&self.plan);
        command
    }

    fn video(&self) -> PathBuf {
        self.folder.path().join("joined.mp4")
    }

    fn part_file(&self, number: u64) -> PathBuf {
        self.folder.path().join(format!("plan.json.parts/part-{number:04}.segments"))
    }

    /// Makes these parts.
    fn make(&self, numbers: std::ops::RangeInclusive<u64>) {
        numbers.for_each(|number| drop(succeed(&mut self.part(number))));
    }

    /// What `strikeline render` makes of the same.
    fn rendered(&self) -> Vec<u8> {
        let video = self.folder.path().join("rendered.mp4");
        succeed(strikeline().arg("render").arg(&self.song).arg("-o").arg(&video).args(&self.options));
        std::fs::read(video).unwrap()
    }

    /// The video of all parts.
    fn joined(&self) -> Vec<u8> {
        succeed(self.join().arg("--force").arg("-o").arg(self.video()));
        std::fs::read(self.video()).unwrap()
    }

    /// What `--missing` prints.
    fn missing(&self) -> String {
        let output = self.join().arg("--missing").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let code = if text.is_empty() { 0 } else { MISSING };
        assert_eq!(output.status.code(), Some(code), "{text}");
        text.trim_end().to_owned()
    }
}

/// Runs `command`, which must not wait for anything, and end with `code`; returns its standard error.
fn soon(command: &mut Command, code: i32) -> String {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{command:?} waits for something");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{command:?}:\n{stderr}");
    stderr
}

/// Makes a pipe that nobody writes to.
fn pipe(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// What tells whether a file was written to or replaced.
fn identity(path: &Path) -> (u64, i64, i64, u64) {
    let about = path.metadata().unwrap();
    (about.ino(), about.mtime(), about.mtime_nsec(), about.len())
}

#[test]
fn joined_parts_are_the_bytes_of_one_render_with_sound_and_without() {
    let (folder, song) = folder_with(&song());
    let chart = folder.path().join("chart");
    std::fs::create_dir(&chart).unwrap();
    let twin = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/songs/charts/twin-chart");
    for name in names(&twin) {
        std::fs::copy(twin.join(&name), chart.join(&name)).unwrap();
    }
    let theme = folder.path().join("mine.toml");
    std::fs::write(&theme, "extends = \"plain\"\n").unwrap();
    let theme = theme.to_str().unwrap();
    let cases: [(&Path, &[&str], u64, u64); 4] = [
        (&song, &["--duration", "9"], 4, 0),
        (&song, &["--start=1.5", "--duration=4.1", "--no-sound", "--theme", theme], 2, 1),
        (&song, &["--loop", "1s..3s", "--times", "2", "--speed", "0.8", "--click", "--duration=5"], 3, 0),
        (&chart, &["--duration", "6", "--audio-codec", "flac", "--title", "A 'title'"], 3, 0),
    ];
    for (number, (song, options, parts, first)) in cases.into_iter().enumerate() {
        let plan = folder.path().join(format!("{number}.json"));
        let [rendered, joined] =
            ["rendered", "joined"].map(|name| folder.path().join(format!("{number}-{name}.mp4")));
        succeed(strikeline().arg("render").arg(song).arg("-o").arg(&rendered).args(SMALL).args(options));
        succeed(
            strikeline()
                .args(["plan", "--json", "-o"])
                .arg(&plan)
                .arg(song)
                .args(SMALL)
                .args(options)
                .arg(format!("--parts={parts}")),
        );
        // In any order.
        for part in (first..=parts).rev() {
            succeed(strikeline().arg("part").arg(&plan).arg(part.to_string()));
        }
        succeed(strikeline().arg("join").arg(&plan).arg("-o").arg(&joined));
        assert!(std::fs::read(rendered).unwrap() == std::fs::read(joined).unwrap(), "{options:?}");
    }
}

#[test]
fn a_part_that_is_complete_is_left_as_it_is() {
    let farm = Farm::new(2, &["--duration", "4"]);
    farm.make(0..=2);
    let before = [0, 1, 2].map(|part| identity(&farm.part_file(part)));
    for part in 0..=2 {
        let output = succeed(farm.part(part).arg("--json"));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&summary["made"], &summary["frames"]), (&false.into(), &0.into()));
    }
    // Not even the song is needed.
    std::fs::remove_file(&farm.song).unwrap();
    succeed(&mut farm.part(1));
    assert_eq!([0, 1, 2].map(|part| identity(&farm.part_file(part))), before);
    succeed(farm.join().arg("--remove-parts").arg("-o").arg(farm.video()));
    assert_eq!(names(farm.folder.path()), ["joined.mp4", "plan.json"]);
}

#[test]
fn parts_that_are_missing_or_damaged_are_named_and_made_again_alone() {
    let farm = Farm::new(3, &["--duration", "12"]);
    assert_eq!(farm.missing(), "0-3");
    farm.make(0..=2);
    assert_eq!(farm.missing(), "3");
    let told = fail(farm.join().arg("-o").arg(farm.video()), MISSING);
    assert!(told.contains("1 of the 4 parts") && told.contains("part 3 is missing"), "{told}");
    assert!(!farm.video().exists());
    farm.make(3..=3);
    assert_eq!(farm.missing(), "");
    let whole = farm.joined();

    let path = farm.part_file(2);
    let good = std::fs::read(&path).unwrap();
    let others = [0, 1, 3].map(|part| identity(&farm.part_file(part)));
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let length = good.len();
    let mut cases = vec![Vec::new(), b"something else".to_vec(), vec![0; length]];
    cases.extend([0, 20, 100, length / 3, length * 2 / 3, length - 1].map(flipped));
    cases.extend([10, length / 2, length - 1].map(|end| good[..end].to_vec()));
    // A tail that never came to the disk.
    cases.push([&good[..length / 2], &vec![0; length - length / 2][..]].concat());
    for (number, damaged) in cases.into_iter().enumerate() {
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(farm.missing(), "2", "case {number}");
        let told = fail(farm.join().args(["--force", "-o"]).arg(farm.video()), MISSING);
        assert!(told.contains("part 2 is "), "case {number}: {told}");
        succeed(&mut farm.part(2));
        assert_eq!(farm.missing(), "", "case {number}");
    }
    assert!(farm.joined() == whole);
    assert_eq!([0, 1, 3].map(|part| identity(&farm.part_file(part))), others);
}

#[test]
fn a_part_that_was_cut_off_goes_on_with_its_whole_segments() {
    let farm = Farm::new(1, &["--duration", "12", "--no-sound"]);
    farm.make(1..=1);
    let whole = farm.joined();
    let path = farm.part_file(1);
    let length = path.metadata().unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length * 2 / 3).unwrap();
    let output = succeed(farm.part(1).arg("--json"));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept = summary["kept_frames"].as_u64().unwrap();
    assert!((60..180).contains(&kept), "{summary}");
    assert!(farm.joined() == whole);
}

#[test]
fn a_part_that_another_process_makes_is_left_to_it() {
    let farm = Farm::new(1, &["--duration", "2", "--no-sound"]);
    farm.make(1..=1);
    let path = farm.part_file(1);
    let length = path.metadata().unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    let key = SegmentFile::open_to_read(&path, Codec::H264).unwrap().contents().key;
    let held = SegmentFile::open(&path, key, Codec::H264).unwrap();
    let told = fail(&mut farm.part(1), 1);
    assert!(told.contains("in use"), "{told}");
    drop(held);
    succeed(&mut farm.part(1));
}

/// Writes the file of part `number` again, with `change` made to what it says about itself.
fn forge(farm: &Farm, number: u64, change: impl Fn(&mut serde_json::Value), is_complete: bool) {
    let path = farm.part_file(number);
    let old = SegmentFile::open_to_read(&path, Codec::H264).unwrap();
    let contents = old.contents();
    let mut about: serde_json::Value = serde_json::from_str(&contents.about).unwrap();
    change(&mut about);
    std::fs::remove_file(&path).unwrap();
    let new = SegmentFile::create(&path, contents.key, Codec::H264, &about.to_string()).unwrap();
    for segment in (0..100).map(SegmentIndex).filter(|segment| contents.has(*segment)) {
        new.add(&old.segment(segment).unwrap().unwrap()).unwrap();
    }
    if is_complete {
        new.complete().unwrap();
    }
}

#[test]
fn parts_of_different_adapters_are_joined_only_when_that_is_allowed() {
    let farm = Farm::new(3, &["--duration", "6", "--no-sound"]);
    farm.make(1..=3);
    let whole = farm.joined();
    forge(&farm, 2, |about| about["adapter"] = "another one".into(), true);
    assert_eq!(farm.missing(), "");
    let told = fail(farm.join().args(["--force", "-o"]).arg(farm.video()), 1);
    assert!(told.contains("another one: parts 2") && told.contains("parts 1,3"), "{told}");
    assert!(told.contains("--allow-mixed"), "{told}");
    let output = succeed(farm.join().args(["--force", "--allow-mixed", "-o"]).arg(farm.video()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("different graphics adapters"));
    assert!(std::fs::read(farm.video()).unwrap() == whole);

    // One that was begun on another adapter is not gone on with.
    forge(&farm, 2, |about| about["adapter"] = "another one".into(), false);
    let output = succeed(farm.part(2).arg("--json"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("begun on another one"));
    assert!(farm.joined() == whole);

    forge(&farm, 1, |about| about["program"]["build"] = "0".into(), true);
    assert_eq!(farm.missing(), "1");
}

#[test]
fn what_has_changed_since_the_plan_was_made_is_refused_by_name() {
    let (folder, song) = folder_with(&self::song());
    let theme = folder.path().join("mine.toml");
    std::fs::write(&theme, "extends = \"plain\"\n").unwrap();
    let options = ["--duration", "2", "--theme", theme.to_str().unwrap()];
    let farm = Farm::of(folder, song.clone(), 1, &options);
    let refused_with = |code: i32, what: &[&str]| {
        let told = fail(&mut farm.part(1), code);
        assert!(what.iter().all(|part| told.contains(part)), "{what:?} is not in: {told}");
        assert!(!farm.part_file(1).exists());
    };
    let refused = |what: &[&str]| refused_with(1, what);
    for file in [&song, &theme] {
        let good = std::fs::read(file).unwrap();
        std::fs::write(file, [&good[..], b"\n"].concat()).unwrap();
        refused(&[file.to_str().unwrap(), "make the plan again"]);
        std::fs::remove_file(file).unwrap();
        refused(&[file.to_str().unwrap()]);
        std::fs::write(file, good).unwrap();
    }
    let text = std::fs::read_to_string(&farm.plan).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut plan = plan.clone();
        change(&mut plan);
        std::fs::write(&farm.plan, plan.to_string()).unwrap();
    };
    changed(&|plan| plan["program"]["version"] = "0.0.1".into());
    refused(&["strikeline 0.0.1", env!("CARGO_PKG_VERSION")]);
    changed(&|plan| plan["program"]["build"] = "00".into());
    refused(&["another build"]);
    changed(&|plan| plan["video"]["scene"] = "00".into());
    refused(&["fonts"]);
    changed(&|plan| plan["options"][0]["name"] = "--no-such".into());
    refused(&["--no-such"]);
    changed(&|plan| plan["strikeline_plan"] = 2.into());
    refused_with(2, &["format is 2"]);
    changed(&|plan| plan["parts"][0]["frames"] = 7.into());
    refused_with(2, &["part 1"]);
    std::fs::write(&farm.plan, &text[..text.len() / 2]).unwrap();
    refused_with(2, &["not a plan that can be used"]);
    std::fs::write(&farm.plan, &text).unwrap();
    succeed(&mut farm.part(1));
}

#[test]
fn a_number_that_the_plan_has_not_is_wrong_usage() {
    let farm = Farm::new(2, &["--duration", "4", "--no-sound"]);
    for (number, part) in [(3, "1 to 2"), (0, "no sound"), (1_000_000, "1 to 2")] {
        let told = fail(&mut farm.part(number), 2);
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_folder_with_a_plan_can_be_moved() {
    let farm = Farm::new(2, &["--duration", "4", "--no-sound"]);
    farm.make(1..=1);
    let whole = farm.rendered();
    let (old, new) = (farm.folder.path().to_owned(), farm.folder.path().join("moved"));
    std::fs::create_dir(&new).unwrap();
    for name in ["song.mid", "plan.json", "plan.json.parts"] {
        std::fs::rename(old.join(name), new.join(name)).unwrap();
    }
    // From there, and from elsewhere.
    succeed(strikeline().current_dir(&new).args(["part", "plan.json", "2"]));
    succeed(strikeline().arg("join").arg(new.join("plan.json")).arg("-o").arg(farm.video()));
    assert!(std::fs::read(farm.video()).unwrap() == whole);
}

#[test]
fn planning_refuses_what_it_would_overwrite_or_cannot_write_down() {
    use std::os::unix::ffi::OsStrExt;
    let farm = Farm::new(1, &["--duration", "2", "--no-sound"]);
    let told = fail(&mut farm.planning(), 4);
    assert!(told.contains("plan.json") && told.contains("--force"), "{told}");
    let told = fail(strikeline().arg("plan").arg(&farm.song).arg("-o").arg(&farm.song).arg("--force"), 2);
    assert!(told.contains("song.mid"), "{told}");
    let named = farm.folder.path().join(std::ffi::OsStr::from_bytes(b"a\xff.mid"));
    std::fs::copy(&farm.song, &named).unwrap();
    let told = fail(strikeline().arg("plan").arg(&named).arg("-o").arg(farm.folder.path().join("b.json")), 2);
    assert!(told.contains(r"a\xFF.mid is not UTF-8") && told.contains("another name"), "{told}");
    // The script, which would name the plan, is not tried after the plan was written.
    let named = farm.folder.path().join(std::ffi::OsStr::from_bytes(b"c\xff.sh"));
    let mut planning = strikeline();
    planning.arg("plan").arg(&farm.song).arg("-o").arg(farm.folder.path().join("c.json")).arg("--slurm");
    planning.arg(&named).args(["--parts=1", "--part-time=60", "--part-memory=1000", "--duration=2"]);
    let told = fail(planning.args(SMALL), 2);
    assert!(told.contains(r"c\xFF.sh is not UTF-8"), "{told}");
    assert!(!farm.folder.path().join("c.json").exists());
    // Joining replaces neither the plan nor a part, by whatever name.
    farm.make(1..=1);
    for (number, path) in [&farm.plan, &farm.part_file(1)].into_iter().enumerate() {
        let link = farm.folder.path().join(format!("{number}.mp4"));
        std::fs::hard_link(path, &link).unwrap();
        let told = fail(farm.join().args(["--force", "-o"]).arg(&link), 2);
        assert!(told.contains("replace"), "{told}");
    }
    assert_eq!(farm.missing(), "");
}

#[test]
fn a_song_that_the_parts_could_not_read_again_is_refused_and_not_waited_for() {
    let (folder, song) = folder_with(&self::song());
    let path = |name: &str| folder.path().join(name);
    let fifo = path("fifo");
    pipe(&fifo);
    let plan = |song: &Path, options: &[&str]| {
        let mut command = strikeline();
        command.arg("plan").arg(song).arg("-o").arg(path("plan.json")).args(SMALL).args(options);
        command
    };
    let told = soon(plan(Path::new("-"), &[]).stdin(std::fs::File::open(&song).unwrap()), 2);
    assert!(told.contains("standard input") && told.contains("every part reads the song again"), "{told}");
    assert!(told.contains("save it to a file"), "{told}");
    let name = fifo.to_str().unwrap();
    for (mut command, file, kind) in [
        (plan(&fifo, &[]), name, "a pipe"),
        (plan(Path::new("/dev/zero"), &[]), "/dev/zero", "a device"),
        (plan(&song, &["--audio", name]), name, "a pipe"),
        (plan(&song, &["--soundfont", name]), name, "a pipe"),
        (plan(&song, &["--soundfont", "/dev/zero"]), "/dev/zero", "a device"),
        (plan(&song, &["--theme", name]), name, "a pipe"),
        (plan(&song, &["--drum-map", name]), name, "a pipe"),
        (plan(&song, &["--end-card", name]), name, "a pipe"),
    ] {
        let told = soon(&mut command, 2);
        assert!(told.contains(file) && told.contains(kind), "{told}");
    }
    assert_eq!(names(folder.path()), ["fifo", "song.mid"]);
}

#[test]
fn a_pipe_or_device_in_place_of_a_plan_a_part_or_an_input_is_refused_and_not_waited_for() {
    let farm = Farm::new(2, &["--duration", "4"]);
    farm.make(0..=2);
    let fifo = farm.folder.path().join("fifo");
    pipe(&fifo);
    for (file, kind) in [(fifo.to_str().unwrap(), "a pipe"), ("/dev/zero", "a device")] {
        for arguments in [&["part", file, "1"][..], &["join", file], &["join", file, "--missing"]] {
            let told = soon(strikeline().args(arguments), 2);
            assert!(told.contains(file) && told.contains(kind), "{arguments:?}: {told}");
        }
    }
    for number in [0, 2] {
        let path = farm.part_file(number);
        let part = std::fs::read(&path).unwrap();
        for device in [None, Some("/dev/zero"), Some("/dev/null")] {
            std::fs::remove_file(&path).unwrap();
            match device {
                None => pipe(&path),
                Some(device) => std::os::unix::fs::symlink(device, &path).unwrap(),
            }
            let told = soon(farm.join().arg("-o").arg(farm.video()), MISSING);
            let kind = if device.is_none() { "a pipe" } else { "a device" };
            assert!(told.contains(&format!("part {number} is not readable: it is {kind}")), "{told}");
            let told = soon(&mut farm.part(number), 1);
            assert!(told.contains(path.to_str().unwrap()) && told.contains("remove it"), "{told}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, part).unwrap();
    }
    assert_eq!(farm.missing(), "");
    // An input, since the plan was made.
    std::fs::remove_file(farm.part_file(1)).unwrap();
    std::fs::remove_file(&farm.song).unwrap();
    pipe(&farm.song);
    let told = soon(&mut farm.part(1), 1);
    assert!(told.contains("song.mid") && told.contains("a pipe"), "{told}");
}

#[test]
fn missing_parts_are_in_the_exit_code_though_nobody_reads_their_numbers() {
    let farm = Farm::new(1, &["--duration", "2", "--no-sound"]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    drop(reader);
    // A program that another test is just starting may have the reader, too, until it has begun.
    while std::io::Write::write(&mut writer, b"x").is_ok() {
        std::thread::yield_now();
    }
    let code = |stdout: Stdio| {
        let mut join = farm.join();
        join.args(["--missing", "--quiet"]).stdout(stdout).stderr(Stdio::null());
        join.status().unwrap().code()
    };
    assert_eq!(code(writer.into()), Some(MISSING));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(code(full.into()), Some(1));
}

#[test]
fn more_parts_than_segments_are_as_many_as_there_are_segments() {
    let farm = Farm::new(1, &["--duration", "3.5", "--no-sound"]);
    let output = succeed(farm.planning().args(["--force", "--parts", "50", "--json"]));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["parts"], &summary["segments"]), (&2.into(), &2.into()));
    assert!(summary["warnings"][0].as_str().unwrap().contains("2 parts, not 50"));
}

/// Stands in for Slurm: runs what is submitted at once, one after the other. Each number of the array that is in the file
/// `killed` is killed once.
const SBATCH: &str = r#"#!/bin/sh
set -eu
here=$(dirname "$0")
echo "$*" >> "$here/submitted"
array= name=
while :; do
    case $1 in
    --array=*) array=${1#--array=} ;;
    --job-name=*) name=${1#--job-name=} ;;
    --*) ;;
    *) break ;;
    esac
    shift
done
if [ "$name" = strikeline-part ]; then
    for range in $(echo "$array" | tr , ' '); do
        for task in $(seq "${range%-*}" "${range#*-}"); do
            if grep -qx "$task" "$here/killed"; then
                sed -i "/^$task\$/d" "$here/killed"
            else
                SLURM_ARRAY_TASK_ID=$task SLURM_CPUS_PER_TASK=2 sh "$@" >> "$here/log" 2>&1 || true
            fi
        done
    done
    echo 17
else
    echo "18;cluster"
    SLURM_JOB_ID=18 sh "$@" >> "$here/log" 2>&1 &
    wait $! || echo "join: $?" >> "$here/log"
fi
"#;

#[test]
fn the_script_for_slurm_submits_again_what_is_missing_and_no_more() {
    use std::os::unix::fs::PermissionsExt;
    let farm = Farm::new(1, &["--duration", "12"]);
    let script = farm.folder.path().join("it's a farm.sh");
    let output = succeed(farm.planning().args(["--force", "--json", "--parts", "4", "--slurm"]).arg(&script));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(summary["frame_seconds"].as_f64().unwrap() > 0.0, "{summary}");
    assert!(summary["part_minutes"].as_u64().unwrap() >= 5, "{summary}");
    let tools = farm.folder.path().join("tools");
    std::fs::create_dir(&tools).unwrap();
    std::fs::write(tools.join("sbatch"), SBATCH).unwrap();
    std::fs::set_permissions(tools.join("sbatch"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let submit = |killed: &str| {
        std::fs::write(tools.join("killed"), killed).unwrap();
        std::fs::write(tools.join("submitted"), "").unwrap();
        let mut sh = Command::new("sh");
        sh.arg(&script).env("PATH", &path).env("OUTPUT", farm.video()).env("XDG_CONFIG_HOME", "/nonexistent");
        sh
    };
    let submitted = || {
        let text = std::fs::read_to_string(tools.join("submitted")).unwrap();
        let array =
            |line: &str| line.split(' ').find_map(|word| word.strip_prefix("--array=")).map(str::to_owned);
        text.lines().filter_map(array).collect::<Vec<_>>()
    };
    // Three times part 2 is killed, and twice part 4.
    succeed(&mut submit("2\n2\n2\n4\n4\n"));
    // The stand-in takes all lines of a number at once.
    assert_eq!(submitted(), ["0-4", "2,4"], "{}", std::fs::read_to_string(tools.join("log")).unwrap());
    assert!(std::fs::read(farm.video()).unwrap() == farm.rendered());
    // There is a video now.
    let told = fail(&mut submit(""), 1);
    assert!(told.contains("exists"), "{told}");
    // All parts are there: it only joins.
    std::fs::remove_file(farm.video()).unwrap();
    succeed(&mut submit(""));
    assert!(submitted().is_empty() && farm.video().exists());
    // What cannot be made is given up.
    std::fs::remove_file(farm.video()).unwrap();
    std::fs::remove_file(farm.part_file(3)).unwrap();
    std::fs::remove_file(&farm.song).unwrap();
    std::fs::write(tools.join("log"), "").unwrap();
    submit("").env("TRIES", "2").output().unwrap();
    assert_eq!(submitted(), ["3", "3"]);
    let log = std::fs::read_to_string(tools.join("log")).unwrap();
    assert!(log.contains("gives up") && log.contains("join: 3"), "{log}");
}
