//! Whatever goes wrong: a clear error, the right exit code, nothing left behind, no hang.

mod common;

use std::time::{Duration, Instant};

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

/// A song of `seconds` with a snare on every second.
fn song(seconds: u32) -> Vec<u8> {
    let taps: Vec<_> = (0..=seconds).map(|second| (ticks(f64::from(second)), 38, 100)).collect();
    midi::song(&taps)
}

#[test]
fn input_that_is_no_song_is_named_with_the_reason() {
    let (folder, path) = folder_with(b"\x89PNG\r\n\x1a\n something else entirely");
    let error = fail(strikeline().current_dir(&folder).arg("render").arg(&path), 2);
    assert!(error.contains("song.mid") && error.to_lowercase().contains("midi"), "{error}");

    let missing = folder.path().join("missing.mid");
    let error = fail(strikeline().current_dir(&folder).arg("render").arg(&missing), 2);
    assert!(error.contains("missing.mid"), "{error}");

    // A folder of songs, the one of which is none.
    let error = fail(strikeline().current_dir(&folder).arg("render").arg(folder.path()), 1);
    assert!(error.contains("1 of 1 song failed") && error.contains("song.mid"), "{error}");
    assert_eq!(names(folder.path()), ["song.mid"]);

    let empty = tempfile::tempdir().unwrap();
    let error = fail(strikeline().current_dir(&empty).arg("render").arg(empty.path()), 2);
    assert!(error.contains("is empty") && error.contains("notes.chart"), "{error}");
}

#[test]
fn the_error_for_a_song_without_drums_says_where_its_notes_are() {
    let (folder, path) = folder_with(&midi::song_on_channel(&[(0, 60, 100), (10, 64, 100)], 3));
    let error = fail(strikeline().current_dir(&folder).arg("render").arg(&path), 1);
    assert!(error.contains("--channel") && error.contains('3'), "{error}");
    assert_eq!(names(folder.path()), ["song.mid"]);
    // The remedy works.
    succeed(strikeline().current_dir(&folder).arg("render").arg(&path).args([
        "--channel",
        "3",
        "--size",
        "64x64",
        "--duration",
        "0.1",
        "--quiet",
    ]));
}

#[test]
fn an_existing_file_is_kept_unless_forced() {
    let (folder, path) = folder_with(&song(1));
    let video = folder.path().join("video.mp4");
    std::fs::write(&video, "precious").unwrap();
    let render = || {
        let mut command = strikeline();
        command.arg("render").arg(&path).arg("-o").arg(&video).args(["--size", "64x64", "--quiet"]);
        command
    };
    let error = fail(&mut render(), 4);
    assert!(error.contains("video.mp4") && error.contains("help: --force"), "{error}");
    assert_eq!(std::fs::read(&video).unwrap(), b"precious");
    succeed(render().arg("--force"));
    assert!(std::fs::read(&video).unwrap().len() > 1000);
    assert_eq!(names(folder.path()), ["song.mid", "video.mp4"]);
}

#[test]
fn output_that_cannot_be_written_is_named() {
    let (folder, path) = folder_with(&song(1));
    // Not even root can make files below a file, or below a folder that is not there.
    for target in ["song.mid/video.mp4", "nowhere/video.mp4"] {
        let target = folder.path().join(target);
        let error = fail(strikeline().arg("render").arg(&path).arg("-o").arg(&target), 2);
        assert!(error.contains(&*target.to_string_lossy()), "{error}");
    }
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
fn a_full_disk_is_named_and_left_clean() {
    let (folder, path) = folder_with(&song(20));
    let small = folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    // A file system of 64 KiB in a mount namespace of its own.
    let script = format!(
        "mount -t tmpfs -o size=64k tmpfs {small} || exit 77; \
         {program} render {song} -o {small}/video.mp4 --size 640x360 --quality 10 --quiet; code=$?; \
         ls -A {small} >&2; exit $code",
        small = small.display(),
        program = env!("CARGO_BIN_EXE_strikeline"),
        song = path.display(),
    );
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) || stderr.contains("unshare") {
        eprintln!("skipped: no mount namespaces here; tests/mp4 covers writers that fail ({stderr})");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("full") && stderr.contains("video.mp4"), "{stderr}");
    assert_eq!(stderr.trim().lines().count(), 1, "something was left behind: {stderr}");
}

#[test]
fn what_the_command_line_cannot_mean_is_a_usage_error() {
    let (folder, path) = folder_with(&song(1));
    for (options, expected) in [
        (&["--size", "63x64"][..], "64x64 to 8192x8192"),
        (&["--size", "huge"], "1080p"),
        (&["--fps", "0"], "30000/1001"),
        (&["--quality", "52"], "from 0 to 51"),
        (&["--ring", "0"], "from 1 to 256"),
        (&["--jobs", "0"], "from 1 to 256"),
        (&["--lookahead", "0"], "0.1 to 30"),
        (&["--shutter", "361"], "0 to 360"),
        (&["--shutter", "nan"], "0 to 360"),
        (&["--view", "sideways"], "perspective"),
        (&["--labels", "sometimes"], "always"),
        (&["--duration", "0"], "more than 0"),
        (&["--duration", "nan"], "not a time"),
        (&["--start", "500"], "after the end"),
        (&["--nonsense"], "--nonsense"),
    ] {
        let error = fail(strikeline().current_dir(&folder).arg("render").arg(&path).args(options), 2);
        assert!(error.contains(expected), "{options:?}: {error}");
    }
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
fn a_look_that_cannot_be_had_is_named_before_anything_is_drawn() {
    let (folder, path) = folder_with(&song(1));
    let render =
        |options: &[&str]| fail(strikeline().current_dir(&folder).arg("render").arg(&path).args(options), 2);
    let file = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    file("notes.txt", b"not a picture");
    file("image.toml", b"[background]\nimage = \"nowhere.png\"\n");
    file("font.toml", b"[text]\nfont = { file = \"notes.txt\" }\n");
    file("family.toml", b"[text]\nfont = { family = \"No Such Family 7\" }\n");
    file("wrong.toml", b"[gems]\nheight = 9000\n");
    for (options, expected) in [
        (&["--theme", "neno"][..], &["neno", "neon"][..]),
        (&["--theme", "wrong.toml"], &["wrong.toml:2", "gems.height", "120"]),
        (&["--theme", "image.toml"], &["nowhere.png", "PNG"]),
        (&["--theme", "font.toml"], &["notes.txt", "font"]),
        (&["--theme", "family.toml"], &["No Such Family 7"]),
        (&["--end-card", "notes.txt"], &["notes.txt", "PNG"]),
        (&["--end-card", "missing.webp"], &["missing.webp"]),
    ] {
        let error = render(options);
        for part in expected {
            assert!(error.contains(part), "{options:?}: {error}");
        }
    }
    let left = names(folder.path());
    assert!(!left.iter().any(|name| name.ends_with(".mp4")), "{left:?}");
}

#[test]
fn what_the_encoder_or_adapter_cannot_do_is_named_with_the_limit() {
    let (folder, path) = folder_with(&song(1));
    let error =
        fail(strikeline().current_dir(&folder).arg("render").arg(&path).args(["--size", "8192x8192"]), 2);
    assert!(error.contains("8192x8192") && error.contains("help: --size"), "{error}");
    let error = fail(
        strikeline().current_dir(&folder).arg("render").arg(&path).args(["--adapter", "no such thing"]),
        2,
    );
    assert!(error.contains("no such thing") && error.contains("0: "), "{error}");
    assert!(error.contains("help: --adapter"), "{error}");
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
fn without_a_driver_the_package_is_named() {
    let (folder, path) = folder_with(&song(1));
    let error = fail(
        strikeline()
            .current_dir(&folder)
            .env("VK_DRIVER_FILES", "/nonexistent.json")
            .env("VK_ICD_FILENAMES", "/nonexistent.json")
            .arg("render")
            .arg(&path),
        1,
    );
    assert!(error.contains("mesa-vulkan-drivers"), "{error}");
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
#[cfg(unix)]
fn an_interrupt_stops_long_before_the_end_and_leaves_nothing() {
    let (folder, path) = folder_with(&song(3000));
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let video = folder.path().join("video.mp4");
        let mut child =
            strikeline().arg("render").arg(&path).arg("-o").arg(&video).arg("--quiet").spawn().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        assert!(child.try_wait().unwrap().is_none(), "it is too fast for this test");
        let asked = Instant::now();
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let status = child.wait().unwrap();
        // All of it takes minutes; an idle machine stops within a second.
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
        assert_eq!(status.code(), Some(code), "SIG{signal}");
        assert_eq!(names(folder.path()), ["song.mid"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn pulling_the_plug_leaves_nothing() {
    let (folder, path) = folder_with(&song(3000));
    let video = folder.path().join("video.mp4");
    let mut child =
        strikeline().arg("render").arg(&path).arg("-o").arg(&video).arg("--quiet").spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names(folder.path()), ["song.mid"]);
}
