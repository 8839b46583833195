//! Renders that are interrupted, and the same command again: nothing is lost, and the bytes are those of one run.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use common::midi;
use common::program::{decode, decode_sound, fail, probe, strikeline, succeed};
use rustix::process::{Pid, Signal, kill_process};

const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/songs/groove.mid");

/// Long enough that it can be interrupted, and short for a test.
const OPTIONS: [&str; 4] = ["--size", "480x270", "--duration", "55"];

/// Frames of a segment.
const SEGMENT: usize = 120;

/// A command that renders to `video`, and keeps a journal from the start.
fn render(video: &Path, options: &[&str]) -> Command {
    with_theme("plain", video, options)
}

fn with_theme(theme: &str, video: &Path, options: &[&str]) -> Command {
    let mut command = strikeline();
    command.arg("render").arg(SONG).arg("-o").arg(video).args(OPTIONS);
    command.args(["--theme", theme, "--journal-after", "0"]).args(options);
    command
}

/// The bytes of one run, which are rendered once for all tests.
fn uninterrupted() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("video.mp4");
        succeed(&mut render(&video, &["--no-resume"]));
        fs::read(video).unwrap()
    })
}

/// All files in `folder`, hidden ones too.
fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let is_journal = |name: &String| name.starts_with(".video.mp4.") && name.ends_with(".strikeline-journal");
    files(folder).into_iter().filter(is_journal).map(|name| folder.join(name)).collect()
}

/// Starts `command`, and waits until a journal in `folder` has so many bytes.
fn begin(mut command: Command, folder: &Path, bytes: u64) -> Child {
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    while !journals(folder).iter().any(|path| fs::metadata(path).is_ok_and(|about| about.len() >= bytes)) {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "the program has ended before it could be interrupted: {ended:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

/// Waits for the end of `child`. Returns how it ended, and what it said.
fn end(child: Child) -> (ExitStatus, String) {
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8(output.stderr).unwrap())
}

/// Starts `command`, and sends it `signal` when its journal has so many bytes. Returns how it ended, and what it said.
fn interrupt(command: Command, folder: &Path, bytes: u64, signal: Signal) -> (ExitStatus, String) {
    let child = begin(command, folder, bytes);
    kill_process(Pid::from_child(&child), signal).unwrap();
    end(child)
}

/// Runs `command`, which must go on from a journal and succeed.
fn go_on(mut command: Command) {
    let output = succeed(command.arg("--json"));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(summary["kept_frames"].as_u64().unwrap() >= SEGMENT as u64, "{summary}");
}

#[test]
fn the_same_command_goes_on_after_a_kill_and_makes_the_bytes_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let mut bytes = 200;
    // Killed again and again, each time a little later.
    for _ in 0..3 {
        let (status, _) = interrupt(render(&video, &[]), folder.path(), bytes, Signal::KILL);
        assert_eq!(status.signal(), Some(9));
        assert!(!video.exists());
        assert_eq!(files(folder.path()).len(), 1, "only the journal is left");
        bytes = fs::metadata(&journals(folder.path())[0]).unwrap().len() + 100_000;
    }
    go_on(render(&video, &[]));
    assert_eq!(files(folder.path()), ["video.mp4"]);
    assert!(fs::read(&video).unwrap() == uninterrupted());
}

#[test]
fn a_video_that_ffmpeg_encodes_goes_on_after_a_kill_too() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let render = |video: &Path| {
        let mut command = strikeline();
        command.arg("render").arg(SONG).args([
            "--size",
            "320x180",
            "--duration",
            "30",
            "--codec",
            "x264",
            "-o",
        ]);
        command.arg(video).args(["--theme", "plain", "--journal-after", "0"]);
        command
    };
    let (status, _) = interrupt(render(&video), folder.path(), 20_000, Signal::KILL);
    assert_eq!(status.signal(), Some(9));
    assert_eq!(files(folder.path()).len(), 1, "only the journal is left");
    go_on(render(&video));
    assert_eq!(files(folder.path()), ["video.mp4"]);
    let whole = folder.path().join("whole.mp4");
    succeed(&mut render(&whole));
    assert!(fs::read(&video).unwrap() == fs::read(&whole).unwrap());
}

#[test]
fn a_journal_that_was_cut_off_zeroed_or_damaged_anywhere_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    interrupt(render(&video, &[]), folder.path(), 400_000, Signal::KILL);
    let journal = journals(folder.path()).remove(0);
    let whole = fs::read(&journal).unwrap();
    let half = whole.len() / 2;
    let damages: [fn(&mut Vec<u8>, usize); 4] = [
        |bytes, half| bytes.truncate(half),
        |bytes, half| bytes[half..].fill(0),
        |bytes, half| bytes[half] ^= 1,
        |bytes, _| bytes.clear(),
    ];
    for damage in damages {
        let mut damaged = whole.clone();
        damage(&mut damaged, half);
        fs::write(&journal, damaged).unwrap();
        succeed(render(&video, &[]).arg("--force"));
        assert!(fs::read(&video).unwrap() == uninterrupted());
        assert_eq!(files(folder.path()), ["video.mp4"]);
    }
}

#[test]
fn the_first_signal_finishes_segments_and_keeps_what_there_is_as_a_video_on_demand() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("video.mp4");
        let (status, said) = interrupt(render(&video, &["--keep-partial"]), folder.path(), 150_000, signal);
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains("run the same command to continue"), "{said}");
        assert!(said.contains("Ctrl-C again ends at once"), "{said}");
        let partial = folder.path().join("video.partial.mp4");
        // Decoding tells whether the file is whole.
        let frames = decode(&partial, 480, 270).len();
        assert!(frames > 0 && frames.is_multiple_of(SEGMENT), "{frames}");
        let (seen, heard) = (frames as f64 / 60.0, decode_sound(&partial).len() as f64 / 48_000.0);
        assert!((seen - heard).abs() < 0.05, "{seen} s are seen and {heard} s heard");
        assert_eq!(files(folder.path()).len(), 2);

        // The same command continues. Interrupted again, it leaves a longer one, with the sound of what was kept before.
        let kept = fs::metadata(&journals(folder.path())[0]).unwrap().len();
        let again = render(&video, &["--keep-partial"]);
        let (status, said) = interrupt(again, folder.path(), kept + 100_000, signal);
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains("the finished beginning of the video is in"), "{said}");
        let longer = decode(&partial, 480, 270).len();
        assert!(longer > frames, "{longer} {frames}");
        assert!((longer as f64 / 60.0 - decode_sound(&partial).len() as f64 / 48_000.0).abs() < 0.05);

        succeed(&mut render(&video, &["--keep-partial"]));
        assert!(fs::read(&video).unwrap() == uninterrupted());
        assert_eq!(files(folder.path()), ["video.mp4", "video.partial.mp4"]);
        // Another video does not replace it.
        fs::remove_file(&video).unwrap();
        let told = fail(&mut render(&video, &["--keep-partial"]), 4);
        assert!(told.contains("video.partial.mp4 exists"), "{told}");
    }
}

#[test]
fn a_partial_video_is_made_also_before_there_is_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let mut command = strikeline();
    command.arg("render").arg(SONG).arg("-o").arg(&video).args(["--size", "1440p", "--theme", "plain"]);
    // With JSON, too: an interrupted render prints no object.
    command.args(["--keep-partial", "--journal-after", "1000", "--no-sound", "--json"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // Where standard error is no terminal, a line tells of the progress every five seconds.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("frame ")).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said:?}");
    assert!(said.iter().any(|line| line.contains("the finished beginning of the video is in")), "{said:?}");
    assert_eq!(files(folder.path()), ["video.partial.mp4"]);
    let frames = probe(&folder.path().join("video.partial.mp4"))["packets"].as_array().unwrap().len();
    assert!(frames > 0 && frames.is_multiple_of(SEGMENT), "{frames}");
}

#[test]
fn a_partial_video_that_cannot_get_its_name_costs_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let child = begin(render(&video, &["--keep-partial", "--json"]), folder.path(), 150_000);
    let partial = folder.path().join("video.partial.mp4");
    fs::write(&partial, b"mine").unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let (status, said) = end(child);
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("run the same command to continue"), "{said}");
    assert_eq!(fs::read(&partial).unwrap(), b"mine");
    assert_eq!(journals(folder.path()).len(), 1);
    go_on(render(&video, &[]));
    assert!(fs::read(&video).unwrap() == uninterrupted());
}

#[test]
fn other_settings_or_another_theme_do_not_use_a_journal_but_name_it_and_clean_removes_it() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let theme = folder.path().join("theme.toml");
    let themed = |background: &str| {
        fs::write(&theme, format!("extends = \"plain\"\n[background]\ntop = \"{background}\"\n")).unwrap();
        with_theme(theme.to_str().unwrap(), &video, &["--force"])
    };
    interrupt(themed("#101010"), folder.path(), 20_000, Signal::KILL);
    let journal = journals(folder.path()).remove(0);
    let name = journal.file_name().unwrap().to_str().unwrap();

    let mut coarse = themed("#101010");
    coarse.args(["--quality", "30"]);
    let output = succeed(&mut coarse);
    let differs = ["quality (24, now 30)", "the song, or a file of the theme"];
    for (output, differs) in [output, succeed(&mut themed("#202020"))].into_iter().zip(differs) {
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("because of what differs: {differs};")), "{said}");
        assert!(said.contains(name) && said.contains("is not used"), "{said}");
        assert!(!said.contains("continues"), "{said}");
        assert_eq!(journals(folder.path()), std::slice::from_ref(&journal));
    }

    let clean = |options: &[&str]| {
        let output = succeed(strikeline().arg("clean").arg(folder.path()).args(options));
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = clean(&[]);
    assert!(listed.contains(name) && listed.contains("groove.mid"), "{listed}");
    assert!(journal.exists());
    assert!(!clean(&["--remove", "--older-than", "1"]).contains(name));
    assert!(journal.exists());
    let removed: serde_json::Value = serde_json::from_str(&clean(&["--remove", "--json"])).unwrap();
    assert_eq!(removed["files"][0]["state"], "removed");
    assert!(!journal.exists());
    assert!(clean(&[]).contains("nothing"));
}

#[test]
fn no_resume_neither_reads_nor_writes_a_journal_and_a_short_render_keeps_none() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    interrupt(render(&video, &[]), folder.path(), 20_000, Signal::KILL);
    let journal = journals(folder.path()).remove(0);
    let before = fs::read(&journal).unwrap();
    let output = succeed(render(&video, &["--no-resume"]).arg("--json"));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["kept_frames"], 0);
    assert_eq!(fs::read(&journal).unwrap(), before);

    let short = folder.path().join("short.mp4");
    let mut command = strikeline();
    command.arg("render").arg(SONG).arg("-o").arg(&short).args(["--size", "64x64", "--duration", "1"]);
    succeed(&mut command);
    assert!(!files(folder.path()).iter().any(|name| name.starts_with(".short")));

    // One that has only begun is not kept, and that is said.
    let begun = folder.path().join("begun.mp4");
    let mut command = strikeline();
    command.arg("render").arg(SONG).arg("-o").arg(&begun).args([
        "--theme",
        "stage",
        "--journal-after",
        "1000",
    ]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("frame ")), "it has ended");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said: String = lines.map(|line| line.unwrap() + "\n").collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("nothing is kept"), "{said}");
    assert!(!files(folder.path()).iter().any(|name| name.contains("begun")));
}

#[test]
fn a_render_beside_one_that_runs_does_without_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    // Once something is written, the journal is locked.
    let mut first = begin(render(&video, &["--quiet"]), folder.path(), 1);
    kill_process(Pid::from_child(&first), Signal::STOP).unwrap();
    // The same video, which it makes and cannot keep segments of meanwhile.
    let other = succeed(render(&video, &["--force"]).stderr(Stdio::piped()));
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(said.contains("in use"), "{said}");
    assert!(fs::read(&video).unwrap() == uninterrupted());
    let clean = succeed(strikeline().arg("clean").arg(folder.path()).arg("--remove"));
    let said = String::from_utf8(clean.stdout).unwrap();
    assert!(said.contains("in use by a program that is running"), "{said}");
    kill_process(Pid::from_child(&first), Signal::KILL).unwrap();
    first.wait().unwrap();
}

#[test]
fn the_second_signal_ends_at_once_and_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let child = begin(render(&video, &[]), folder.path(), 150_000);
    // Two different ones: of two equal ones that come soon after each other, one may be all that is seen.
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let (status, said) = end(child);
    assert_eq!(status.code(), Some(143), "{said}");
    assert_eq!(journals(folder.path()).len(), 1);
    assert_eq!(files(folder.path()).len(), 1);
    go_on(render(&video, &[]));
    assert!(fs::read(&video).unwrap() == uninterrupted());
    assert_eq!(files(folder.path()), ["video.mp4"]);
}

#[test]
fn after_a_full_disk_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    // A limit on the length of files stands for a disk on which the video has no room, but half of it.
    let blocks = uninterrupted().len() / 2 / 512;
    let program = render(&video, &[]);
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -f {blocks}; exec \"$@\""), "sh"]).arg(program.get_program());
    limited.args(program.get_args()).env("XDG_CONFIG_HOME", "/nonexistent");
    let output = limited.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("run the same command to continue"), "{said}");
    assert!(!video.exists());
    go_on(render(&video, &[]));
    assert!(fs::read(&video).unwrap() == uninterrupted());
    assert_eq!(files(folder.path()), ["video.mp4"]);
}

#[test]
fn a_song_that_has_changed_does_not_use_the_journal_but_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let (song, video) = (folder.path().join("song.mid"), folder.path().join("video.mp4"));
    let render = || {
        let mut command = strikeline();
        command.arg("render").arg(&song).arg("-o").arg(&video).args(OPTIONS);
        command.args(["--theme", "plain", "--journal-after", "0", "--force"]);
        command
    };
    fs::copy(SONG, &song).unwrap();
    interrupt(render(), folder.path(), 20_000, Signal::KILL);
    let journal = journals(folder.path()).remove(0);
    let name = journal.file_name().unwrap().to_str().unwrap();

    fs::write(&song, midi::song(&[(0, 38, 100), (480, 36, 100)])).unwrap();
    let said = String::from_utf8(succeed(&mut render()).stderr).unwrap();
    assert!(said.contains(name) && said.contains("is not used"), "{said}");
    assert_eq!(journals(folder.path()), std::slice::from_ref(&journal));

    fs::copy(SONG, &song).unwrap();
    go_on(render());
    assert!(fs::read(&video).unwrap() == uninterrupted());
    assert_eq!(files(folder.path()), ["song.mid", "video.mp4"]);
}

#[test]
fn of_two_renders_to_the_same_new_name_both_videos_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let first = begin(render(&video, &[]), folder.path(), 20_000);
    kill_process(Pid::from_child(&first), Signal::STOP).unwrap();
    succeed(&mut render(&video, &["--no-resume", "--quality", "40"]));
    let second = fs::read(&video).unwrap();
    kill_process(Pid::from_child(&first), Signal::CONT).unwrap();
    let (status, said) = end(first);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("video-2.mp4"), "{said}");
    assert!(fs::read(&video).unwrap() == second);
    assert!(fs::read(folder.path().join("video-2.mp4")).unwrap() == uninterrupted());
    assert_eq!(files(folder.path()), ["video-2.mp4", "video.mp4"]);
}

#[test]
fn a_folder_that_is_renamed_meanwhile_has_the_video_and_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    fs::create_dir(&before).unwrap();
    let child = begin(render(&before.join("video.mp4"), &[]), &before, 20_000);
    fs::rename(&before, &after).unwrap();
    let (status, said) = end(child);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("after/video.mp4"), "{said}");
    assert!(!said.contains("journal"), "{said}");
    assert_eq!(files(&after), ["video.mp4"]);
    assert!(fs::read(after.join("video.mp4")).unwrap() == uninterrupted());

    // One that is interrupted is gone on with where it is.
    let child = begin(render(&after.join("video.mp4"), &["--force"]), &after, 20_000);
    fs::rename(&after, &before).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let (status, said) = end(child);
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("before/.video.mp4."), "{said}");
    go_on(render(&before.join("video.mp4"), &["--force"]));
    assert_eq!(files(&before), ["video.mp4"]);
}

#[test]
fn the_journal_of_a_video_that_is_complete_is_removed_by_the_next_run_and_no_other_one() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    let child = begin(render(&video, &[]), folder.path(), 20_000);
    let journal = journals(folder.path()).remove(0);
    let other_name = folder.path().join("other-name");
    fs::hard_link(&journal, &other_name).unwrap();
    let (status, said) = end(child);
    assert!(status.success(), "{said}");
    // As if the program had been killed before it could remove it.
    fs::rename(&other_name, &journal).unwrap();
    fail(&mut render(&video, &["--no-resume"]), 4);
    assert_eq!(files(folder.path()).len(), 2);
    let said = fail(&mut render(&video, &[]), 4);
    assert!(said.contains("already exists"), "{said}");
    assert_eq!(files(folder.path()), ["video.mp4"]);

    // One of a video that was to replace it is needed still.
    interrupt(render(&video, &["--force"]), folder.path(), 20_000, Signal::KILL);
    fail(&mut render(&video, &[]), 4);
    assert_eq!(journals(folder.path()).len(), 1);
    go_on(render(&video, &["--force"]));
    assert_eq!(files(folder.path()), ["video.mp4"]);
}

#[test]
#[ignore = "takes a minute: a pause longer than a graphics driver may take"]
fn a_pause_of_35_seconds_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video.mp4");
    for bytes in [200, 400_000] {
        let child = begin(render(&video, &["--force"]), folder.path(), bytes);
        kill_process(Pid::from_child(&child), Signal::STOP).unwrap();
        std::thread::sleep(Duration::from_secs(35));
        kill_process(Pid::from_child(&child), Signal::CONT).unwrap();
        let (status, said) = end(child);
        assert!(status.success(), "{said}");
        assert!(fs::read(&video).unwrap() == uninterrupted());
    }
}
