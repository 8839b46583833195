//! `strikeline render` of several songs: which they are, where their videos go, what is left after an interruption.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::midi::{self, ticks};
use common::program::{fail, names, strikeline, succeed};
use serde_json::Value;

/// Small and quick, of one segment.
const SMALL: [&str; 8] = ["--size", "128x96", "--fps", "10", "--duration", "1", "--theme", "plain"];

/// A song of its own for each `number`.
fn song(number: u8) -> Vec<u8> {
    let taps = (0..6).map(|beat| (ticks(f64::from(beat) * 0.25), 36 + (number + beat as u8) % 12, 100));
    midi::song(&taps.collect::<Vec<_>>())
}

/// A folder with `songs` in it.
fn folder_of(songs: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, name) in songs.iter().enumerate() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, song(number as u8)).unwrap();
    }
    folder
}

/// Renders `songs` in `folder`, where paths are relative to.
fn render(folder: &Path, songs: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).arg("render").args(songs).args(SMALL);
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The objects on standard output: of the songs, by their videos, and the last one.
fn objects(output: &Output) -> (Vec<Value>, Value) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = objects.pop().unwrap();
    assert_eq!(last["type"], "batch", "{text}");
    assert!(objects.iter().all(|object| object["type"] == "song"), "{text}");
    objects.sort_by_key(|object| object["output"].as_str().unwrap().to_owned());
    (objects, last)
}

fn results(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["result"].as_str().unwrap()).collect()
}

#[test]
fn the_videos_of_a_batch_are_those_of_single_renders_byte_for_byte() {
    let songs = ["a.mid", "b.mid", "c.mid", "d.mid"];
    let folder = folder_of(&songs);
    let output = succeed(render(folder.path(), &songs).args(["-o", "videos/", "--at-once", "3"]));
    assert_eq!(names(&folder.path().join("videos")), ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]);
    for song in songs {
        succeed(render(folder.path(), &[song]).args(["-o", "single.mp4", "--force"]));
        let video = Path::new("videos").join(song).with_extension("mp4");
        let same = fs::read(folder.path().join(&video)).unwrap()
            == fs::read(folder.path().join("single.mp4")).unwrap();
        assert!(same, "{song}");
        // A line when it ends, and one in the table.
        assert_eq!(stderr(&output).matches(song).count(), 2, "{}", stderr(&output));
    }
}

#[test]
fn a_song_that_cannot_be_read_does_not_stop_the_others() {
    let folder = folder_of(&["a.mid", "c.mid"]);
    fs::write(folder.path().join("b.mid"), b"no song").unwrap();
    let mut command =
        render(folder.path(), &["a.mid", "b.mid", "c.mid", "nowhere.mid", "-o", "videos", "--json"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (objects, last) = objects(&output);
    assert_eq!(results(&objects), ["made", "failed", "made", "failed"]);
    assert!(objects[1]["error"].as_str().unwrap().contains("b.mid"), "{}", objects[1]);
    assert_eq!(objects[0]["frames"], 10);
    assert_eq!((&last["made"], &last["failed"], &last["songs"]), (&2.into(), &2.into(), &4.into()));
    assert!(stderr(&output).contains("2 of 4 songs failed"), "{}", stderr(&output));

    // The same command makes the rest only, and needs no option for that.
    fs::write(folder.path().join("b.mid"), song(7)).unwrap();
    fs::write(folder.path().join("nowhere.mid"), song(8)).unwrap();
    let output = succeed(&mut command);
    let (objects, last) = self::objects(&output);
    assert_eq!(results(&objects), ["skipped", "made", "skipped", "made"]);
    assert_eq!((&last["made"], &last["skipped"]), (&2.into(), &2.into()));
    assert_eq!(names(&folder.path().join("videos")), ["a.mp4", "b.mp4", "c.mp4", "nowhere.mp4"]);
}

#[test]
fn what_exists_is_an_error_before_anything_is_drawn_unless_an_option_says_otherwise() {
    let folder = folder_of(&["a.mid", "b.mid"]);
    let videos = folder.path().join("videos");
    fs::create_dir(&videos).unwrap();
    fs::write(videos.join("b.mp4"), "old").unwrap();
    let command = || render(folder.path(), &["a.mid", "b.mid", "-o", "videos"]);
    let error = fail(&mut command(), 4);
    assert!(error.contains("--skip-existing") && error.contains("b.mp4"), "{error}");
    assert_eq!(names(&videos), ["b.mp4"]);

    let (objects, _) = objects(&succeed(command().args(["--skip-existing", "--json"])));
    assert_eq!(results(&objects), ["made", "skipped"]);
    assert_eq!(fs::read(videos.join("b.mp4")).unwrap(), b"old");
    // All is complete: the same again is no going on.
    fail(&mut command(), 4);

    let (objects, _) = self::objects(&succeed(command().args(["--force", "--json"])));
    assert_eq!(results(&objects), ["made", "made"]);
    assert!(fs::read(videos.join("b.mp4")).unwrap() != b"old");
    fail(command().args(["--force", "--skip-existing"]), 2);
}

#[test]
fn two_videos_of_one_name_are_an_error_before_anything_is_drawn() {
    let folder = folder_of(&["a/song.mid", "b/song.mid", "c/Song.mid", "d.mid"]);
    let error = fail(&mut render(folder.path(), &["d.mid", "a/song.mid", "b/song.mid", "-o", "videos/"]), 2);
    assert!(error.contains("a/song.mid and b/song.mid would both be videos/song.mp4"), "{error}");
    let error = fail(&mut render(folder.path(), &["a/song.mid", "c/Song.mid", "-o", "videos/"]), 2);
    assert!(error.contains("capital letters"), "{error}");
    assert!(!folder.path().join("videos").exists());
    // One file that is named twice is one song.
    succeed(&mut render(folder.path(), &["d.mid", "./d.mid", "-o", "videos/"]));
}

#[test]
fn many_songs_do_not_go_into_one_file() {
    let folder = folder_of(&["a.mid", "b.mid"]);
    fs::write(folder.path().join("file"), "").unwrap();
    for output in ["video.mp4", "file", "-"] {
        let error = fail(&mut render(folder.path(), &["a.mid", "b.mid", "-o", output]), 2);
        assert!(error.contains("give a folder"), "{error}");
    }
    // One song into a folder, as of a pattern that fits one file.
    let (objects, _) = objects(&succeed(&mut render(folder.path(), &["a.mid", "-o", "one/", "--json"])));
    assert_eq!(objects[0]["output"], "one/a.mp4");
    // Without --output they are where those of single songs are.
    succeed(&mut render(folder.path(), &["a.mid", "b.mid"]));
    assert!(folder.path().join("b.mp4").exists());
}

#[test]
fn a_list_names_songs_and_folders_line_by_line() {
    let folder = folder_of(&["a.mid", "with space.mid", "more/c.mid", "@d.mid", "#e.mid"]);
    let list = b"\xEF\xBB\xBF# my songs\r\na.mid\r\n\r\nwith space.mid\nmore\n./#e.mid";
    fs::write(folder.path().join("list.txt"), list).unwrap();
    succeed(&mut render(folder.path(), &["@list.txt", "./@d.mid", "-o", "videos"]));
    let all = ["#e.mp4", "@d.mp4", "a.mp4", "c.mp4", "with space.mp4"];
    assert_eq!(names(&folder.path().join("videos")), all);

    // What a pattern of the shell finds is a song.
    succeed(&mut render(folder.path(), &["@d.mid", "-o", "at/"]));

    let mut command = render(folder.path(), &["@-", "-o", "from-stdin"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"a.mid\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(names(&folder.path().join("from-stdin")), ["a.mp4"]);

    for (list, says, code) in [("@a.mid", "./@NAME", 2), ("@nowhere.txt", "nowhere.txt", 2)] {
        let error = fail(&mut render(folder.path(), &[list, "-o", "other"]), code);
        assert!(error.contains(says), "{error}");
    }
    fs::write(folder.path().join("empty.txt"), "\n# nothing\n").unwrap();
    let error = fail(&mut render(folder.path(), &["@empty.txt", "-o", "other"]), 2);
    assert!(error.contains("no songs"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_list_may_have_names_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder_of(&[]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xE9.mid");
    fs::write(folder.path().join(name), song(1)).unwrap();
    fs::write(folder.path().join("list"), b"caf\xE9.mid\n").unwrap();
    let (objects, _) = objects(&succeed(&mut render(folder.path(), &["@list", "-o", "videos", "--json"])));
    assert_eq!(objects[0]["song_bytes"], "caf%E9.mid");
    let video = std::ffi::OsStr::from_bytes(b"caf\xE9.mp4");
    assert!(folder.path().join("videos").join(video).exists());
}

#[test]
fn of_a_folder_its_songs_and_the_charts_in_it_are_rendered() {
    let chart = "[Song]\n{\n  Resolution = 192\n}\n[SyncTrack]\n{\n  0 = B 120000\n}\n[ExpertDrums]\n{\n  0 = N 0 0\n  192 = N 1 0\n}\n";
    let folder = folder_of(&["songs/b.mid", "songs/a.MIDI", "songs/.hidden.mid", "songs/deeper/c.mid"]);
    let songs = folder.path().join("songs");
    fs::write(songs.join("notes.txt"), "no song").unwrap();
    fs::create_dir(songs.join("My Chart v1.0")).unwrap();
    fs::write(songs.join("My Chart v1.0/notes.chart"), chart).unwrap();
    succeed(&mut render(folder.path(), &["songs", "-o", "videos"]));
    assert_eq!(names(&folder.path().join("videos")), ["My Chart v1.0.mp4", "a.mp4", "b.mp4"]);
    // A chart's folder is one song, as ever.
    succeed(&mut render(folder.path(), &["songs/My Chart v1.0", "-o", "chart.mp4"]));
    // A folder without songs is an error that says what is there.
    fs::create_dir(folder.path().join("empty")).unwrap();
    fail(&mut render(folder.path(), &["empty", "-o", "x.mp4"]), 2);
}

#[test]
fn a_batch_that_was_killed_goes_on_with_the_same_command() {
    let songs: Vec<String> = (0..8).map(|number| format!("{number}.mid")).collect();
    let songs: Vec<&str> = songs.iter().map(String::as_str).collect();
    let folder = folder_of(&songs);
    let videos = folder.path().join("videos");
    let command = || {
        let mut command = render(folder.path(), &songs);
        command.args(["-o", "videos", "--at-once", "1", "--json"]);
        command
    };
    let mut child = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let count = || {
        fs::read_dir(&videos).map_or(0, |entries| {
            entries.flatten().filter(|entry| entry.path().extension().is_some_and(|it| it == "mp4")).count()
        })
    };
    let patience = Instant::now();
    while count() < 2 && patience.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let done = count();
    assert!((2..8).contains(&done), "{done} were done");

    // Another setting makes other videos, which would replace those.
    fail(command().args(["--quality", "40"]), 4);
    let (objects, last) = objects(&succeed(&mut command()));
    assert_eq!(last["skipped"], done);
    assert_eq!(objects.iter().filter(|object| object["why"] == "made before").count(), done);
    let all: Vec<String> = (0..8).map(|number| format!("{number}.mp4")).collect();
    assert_eq!(names(&videos), all, "and nothing else is left");
    // It is complete, and videos that exist are not replaced.
    fail(&mut command(), 4);
}

#[test]
#[cfg(unix)]
fn the_first_signal_ends_a_batch_with_a_table_and_what_is_done() {
    let songs: Vec<String> = (0..8).map(|number| format!("{number}.mid")).collect();
    let songs: Vec<&str> = songs.iter().map(String::as_str).collect();
    let folder = folder_of(&songs);
    let videos = folder.path().join("videos");
    let mut command = render(folder.path(), &songs);
    command.args(["-o", "videos", "--at-once", "1"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let patience = Instant::now();
    while !videos.join("0.mp4").exists() && patience.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    succeed(Command::new("kill").args(["-INT", &child.id().to_string()]));
    let output = child.wait_with_output().unwrap();
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("not begun") && told.contains("run the same command to continue"), "{told}");
    let output = succeed(&mut command);
    assert!(stderr(&output).contains("made before"), "{}", stderr(&output));
    assert_eq!(names(&videos).len(), 8);
}

/// Makes a pipe called `name` in `folder`.
#[cfg(unix)]
fn make_pipe(folder: &Path, name: &str) {
    succeed(Command::new("mkfifo").arg(folder.join(name)));
}

#[test]
#[cfg(unix)]
fn a_signal_ends_a_batch_that_waits_for_a_song_from_a_pipe() {
    let folder = folder_of(&["b.mid"]);
    make_pipe(folder.path(), "a.mid");
    let videos = folder.path().join("videos");
    let mut command = render(folder.path(), &["a.mid", "b.mid"]);
    command.args(["-o", "videos", "--at-once", "2"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let patience = Instant::now();
    while !videos.join("b.mp4").exists() && patience.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    succeed(Command::new("kill").args(["-TERM", &child.id().to_string()]));
    let output = child.wait_with_output().unwrap();
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(143), "{told}");
    assert!(told.contains("not begun") && told.contains("run the same command to continue"), "{told}");

    // With a writer it is a song.
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    fs::write(folder.path().join("a.mid"), song(3)).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = stderr(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("made before"), "{told}");
    assert_eq!(names(&videos), ["a.mp4", "b.mp4"]);
}

#[test]
#[cfg(unix)]
fn a_list_may_be_a_pipe_but_no_device_and_no_record_is_read_from_a_pipe() {
    let folder = folder_of(&["a.mid"]);
    make_pipe(folder.path(), "list");
    let waiting = render(folder.path(), &["@list", "-o", "videos"]).spawn().unwrap();
    succeed(Command::new("kill").args(["-TERM", &waiting.id().to_string()]));
    let ended = waiting.wait_with_output().unwrap().status;
    // The signal may come before the program has got so far that it answers signals.
    assert!(ended.code().is_none_or(|code| code == 143), "{ended}");

    // A pipe in place of the record of an interrupted batch.
    fs::create_dir(folder.path().join("videos")).unwrap();
    make_pipe(&folder.path().join("videos"), ".batch.strikeline-journal");
    let child = render(folder.path(), &["@list", "-o", "videos"]).stderr(Stdio::piped()).spawn().unwrap();
    fs::write(folder.path().join("list"), "a.mid\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("is not a record of videos"), "{}", stderr(&output));
    assert_eq!(names(&folder.path().join("videos")), [".batch.strikeline-journal", "a.mp4"]);

    let told = fail(&mut render(folder.path(), &["@/dev/zero", "-o", "videos"]), 2);
    assert!(told.contains("it is a device"), "{told}");
}

#[test]
fn a_batch_that_was_killed_in_the_middle_of_a_song_goes_on_in_that_song() {
    let folder = folder_of(&["b.mid"]);
    let groove = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/songs/groove.mid");
    fs::copy(groove, folder.path().join("a.mid")).unwrap();
    let command = |songs: &[&str], output: &str| {
        let mut command = strikeline();
        command.current_dir(folder.path()).arg("render").args(songs).args(["-o", output, "--json"]);
        command.args(["--size", "480x270", "--theme", "plain", "--duration", "30", "--journal-after", "0"]);
        command
    };
    let batch = || command(&["a.mid", "b.mid"], "videos/");
    let videos = folder.path().join("videos");
    let mut child = batch().args(["--at-once", "1"]).stdout(Stdio::null()).spawn().unwrap();
    let is_long = |entry: &fs::DirEntry| {
        let is_journal = entry.file_name().to_string_lossy().starts_with(".a.mp4.");
        is_journal && entry.metadata().is_ok_and(|about| about.len() > 100_000)
    };
    while !fs::read_dir(&videos).is_ok_and(|mut entries| entries.any(|entry| is_long(&entry.unwrap()))) {
        assert!(child.try_wait().unwrap().is_none(), "it has ended before it could be killed");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!videos.join("a.mp4").exists());

    let (objects, _) = objects(&succeed(batch().args(["--at-once", "1"])));
    assert_eq!(results(&objects), ["made", "made"]);
    assert!(objects[0]["kept_frames"].as_u64().unwrap() > 0, "{}", objects[0]);
    assert_eq!(names(&videos), ["a.mp4", "b.mp4"]);
    succeed(command(&["a.mid"], "single.mp4").arg("--no-resume"));
    let same = fs::read(videos.join("a.mp4")).unwrap() == fs::read(folder.path().join("single.mp4")).unwrap();
    assert!(same);
}

#[test]
fn a_record_that_leads_elsewhere_or_is_something_else_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let songs = folder.path().join("songs");
    fs::create_dir(&songs).unwrap();
    let groove = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/songs/groove.mid");
    let song = songs.join("a.mid");
    fs::copy(&groove, &song).unwrap();
    let bytes = fs::read(&song).unwrap();
    let videos = folder.path().join("videos");
    fs::create_dir(&videos).unwrap();
    let record = videos.join(".batch.strikeline-journal");
    let dangling = folder.path().join("new");
    let make: [&dyn Fn(); 4] = [
        &|| std::os::unix::fs::symlink(&song, &record).unwrap(),
        &|| std::os::unix::fs::symlink(&dangling, &record).unwrap(),
        &|| fs::hard_link(&song, &record).unwrap(),
        &|| fs::write(&record, b"somebody's own text\n").unwrap(),
    ];
    for make in make {
        make();
        let before = fs::read(&record).ok();
        let mut command = strikeline();
        command.arg("render").arg(&songs).args([
            "--size",
            "64x64",
            "--fps",
            "5",
            "--duration",
            "1",
            "--force",
        ]);
        succeed(command.args(["--no-sound", "-o"]).arg(&videos));
        assert_eq!(fs::read(&song).unwrap(), bytes);
        assert!(!dangling.exists());
        assert_eq!(fs::read(&record).ok(), before);
        assert!(videos.join("a.mp4").is_file());
        fs::remove_file(&record).unwrap();
    }
}

#[test]
fn pipes_in_a_folder_are_no_songs() {
    let folder = tempfile::tempdir().unwrap();
    let groove = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/songs/groove.mid");
    fs::copy(&groove, folder.path().join("a.mid")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("b.mid"), rustix::fs::Mode::RWXU).unwrap();
    let mut command = strikeline();
    command.arg("render").arg(folder.path()).args(["--size", "64x64", "--fps", "5", "--duration", "1"]);
    succeed(command.args(["--no-sound", "-o"]).arg(folder.path().join("videos")));
    assert!(folder.path().join("videos/a.mp4").is_file());
}
