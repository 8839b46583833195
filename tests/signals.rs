//! What signals do: whatever the program is at, it ends as asked, with the exit code of the signal, and leaves nothing.

#![cfg(target_os = "linux")]

mod common;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, PipeReader, Write, pipe};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

/// A song of `seconds` with a snare on every second.
fn song(seconds: u32) -> Vec<u8> {
    let taps: Vec<_> = (0..=seconds).map(|second| (ticks(f64::from(second)), 38, 100)).collect();
    midi::song(&taps)
}

/// Sends `signal` to `child`.
fn send(signal: &str, child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
}

/// Waits until `there` is so.
fn wait_until(what: &str, mut there: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not happen within 30 s");
}

/// Whether `child` still runs a moment later.
fn goes_on(child: &mut Child) -> bool {
    std::thread::sleep(Duration::from_millis(300));
    child.try_wait().unwrap().is_none()
}

/// A command with one of its outputs, which a pipe with no room left is given to.
struct Blocked {
    child: Child,
    /// Not read from.
    _pipe: PipeReader,
}

impl Blocked {
    /// Starts `command` with a full pipe as standard output (1) or error (2), and waits until it wants to write there.
    fn start(mut command: Command, descriptor: u8) -> Blocked {
        let (reader, writer) = pipe().unwrap();
        let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
        rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
        let mut filling = File::from(std::os::fd::OwnedFd::from(writer));
        for piece in [4096, 1] {
            let full = loop {
                if let Err(error) = filling.write(&vec![b'x'; piece]) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock);
        }
        rustix::fs::fcntl_setfl(&filling, flags).unwrap();
        match descriptor {
            1 => command.stdout(filling),
            _ => command.stderr(filling),
        };
        let child = command.spawn().unwrap();
        let waiting = format!("{} 0x{descriptor:x} ", if cfg!(target_arch = "x86_64") { 1 } else { 64 });
        let calls = format!("/proc/{}/syscall", child.id());
        wait_until("writing to a full pipe", || {
            std::fs::read_to_string(&calls).is_ok_and(|call| call.starts_with(&waiting))
        });
        Blocked { child, _pipe: reader }
    }
}

/// `strikeline` in a mount namespace of its own, in which files without a name cannot be had: they need `/proc/self/fd`.
/// Without namespaces on this machine, `strikeline` as it is, and a note.
fn without_unnamed_files(folder: &Path, arguments: &[&str]) -> Command {
    // SIGHUP is looked up in the other file.
    const SCRIPT: &str = r#"mount -t tmpfs tmpfs /proc && mkdir /proc/self &&
        echo "SigIgn: 0000000000000000" > /proc/self/status && exec "$@""#;
    let unshare = |program: &OsStr| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"]).arg(program);
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        command
    };
    let mut command = match unshare("true".as_ref()).output() {
        Ok(output) if output.status.success() => unshare(strikeline().get_program()),
        _ => {
            eprintln!("not all is tested: no mount namespaces here");
            strikeline()
        }
    };
    command.current_dir(folder).env("XDG_CONFIG_HOME", "/nonexistent").args(arguments);
    command
}

#[test]
fn the_first_signal_ends_a_program_that_streams_nothing() {
    let (folder, _) = folder_with(&song(1));
    for (signal, code) in
        [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131), ("ALRM", 142), ("XCPU", 152)]
    {
        let mut inspect = strikeline();
        inspect.current_dir(&folder).args(["inspect", "song.mid"]);
        let mut inspect = Blocked::start(inspect, 1);
        send(signal, &inspect.child);
        assert_eq!(inspect.child.wait().unwrap().code(), Some(code), "SIG{signal}");
    }
}

#[test]
fn the_first_signal_ends_a_render_that_waits_for_its_song() {
    let (folder, song) = folder_with(&song(1));
    let pipe = folder.path().join("pipe.mid");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut render = strikeline();
    let mut child =
        render.arg("render").arg(&pipe).arg("-o").arg(folder.path().join("video.mp4")).spawn().unwrap();
    // A pipe can be opened for writing without waiting once it is open for reading.
    let mut writer = None;
    wait_until("opening the song", || {
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
        writer = rustix::fs::open(&pipe, flags, rustix::fs::Mode::empty()).ok();
        writer.is_some() || child.try_wait().unwrap().is_some()
    });
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    drop(writer);
    assert_eq!(names(folder.path()), ["pipe.mid", "song.mid"]);
    assert!(song.is_file());
}

#[test]
fn while_something_is_streamed_the_second_signal_ends_the_program_at_once() {
    // The search cannot go on before its first line is told, so the first signal has no effect that could be seen.
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["tune", "--dry-run", "--size", "64x64", "--svg", "speeds.svg"];
    let mut tune = Blocked::start(without_unnamed_files(folder.path(), &arguments), 2);
    send("TERM", &tune.child);
    assert!(goes_on(&mut tune.child), "the first signal ended it");
    send("INT", &tune.child);
    assert_eq!(tune.child.wait().unwrap().code(), Some(130));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_hangup_that_was_ignored_at_the_start_stays_ignored() {
    let (folder, _) = folder_with(&song(1));
    let mut shell = Command::new("sh");
    shell.current_dir(&folder).args(["-c", r#"trap "" HUP; exec "$0" inspect song.mid"#]);
    let mut inspect = Blocked::start(
        {
            shell.arg(strikeline().get_program()).env("XDG_CONFIG_HOME", "/nonexistent");
            shell
        },
        1,
    );
    send("HUP", &inspect.child);
    assert!(goes_on(&mut inspect.child), "SIGHUP ended it");
    send("TERM", &inspect.child);
    assert_eq!(inspect.child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_file_that_is_larger_than_its_limit_is_an_error_in_words() {
    let (folder, _) = folder_with(&song(20));
    let mut shell = Command::new("sh");
    shell.current_dir(&folder).args([
        "-c",
        r#"ulimit -f 16; exec "$0" render song.mid -o video.mp4 --size 640x360 --quality 10 --quiet"#,
    ]);
    let error = fail(shell.arg(strikeline().get_program()).env("XDG_CONFIG_HOME", "/nonexistent"), 1);
    assert!(error.contains("video.mp4") && error.contains("ulimit -f"), "{error}");
    assert_eq!(names(folder.path()), ["song.mid"]);
}

#[test]
fn a_render_that_was_stopped_and_goes_on_has_the_same_bytes() {
    let (folder, _) = folder_with(&song(3));
    let render = |name: &str| {
        let mut command = strikeline();
        command.current_dir(&folder).args(["render", "song.mid", "--size", "320x180", "--quiet", "-o", name]);
        command
    };
    succeed(&mut render("undisturbed.mp4"));
    let mut child = render("disturbed.mp4").spawn().unwrap();
    let state = |child: &Child| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    };
    for pause in [100, 200, 200, 200] {
        std::thread::sleep(Duration::from_millis(pause));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        // The system takes no notice of SIGTSTP where no shell could continue the process.
        send("TSTP", &child);
        std::thread::sleep(Duration::from_millis(100));
        send("STOP", &child);
        wait_until("stopping", || matches!(state(&child), 'T' | 'Z'));
        send("CONT", &child);
    }
    assert!(child.wait().unwrap().success());
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("disturbed.mp4") == bytes("undisturbed.mp4"), "the videos differ");
}

#[test]
fn hidden_files_are_removed_where_they_have_to_have_names() {
    let (folder, _) = folder_with(&song(3000));
    for (signal, code) in
        [("HUP", 129), ("QUIT", 131), ("ALRM", 142), ("XCPU", 152), ("TERM", 143), ("INT", 130)]
    {
        let arguments = ["render", "song.mid", "-o", "video.mp4", "--size", "64x64", "--quiet", "--no-sound"];
        let mut command = without_unnamed_files(folder.path(), &arguments);
        let named = command.get_program() == "unshare";
        let mut child = command.spawn().unwrap();
        wait_until("a hidden file", || {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            !named || names(folder.path()).iter().any(|name| name.starts_with(".video.mp4.strikeline-"))
        });
        if !named {
            std::thread::sleep(Duration::from_secs(2));
        }
        send(signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(code), "SIG{signal}");
        assert_eq!(names(folder.path()), ["song.mid"], "SIG{signal}");
    }
}
