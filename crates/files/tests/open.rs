//! What is opened, and what is refused without waiting.

#![cfg(unix)]

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use strikeline_files::{Opened, ReadError, open_or_wait, open_regular, read};

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

#[test]
fn what_is_no_regular_file_is_refused_in_words_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let [fifo, socket, link] = ["fifo", "socket", "link"].map(|name| folder.path().join(name));
    pipe(&fifo);
    let _listener = UnixListener::bind(&socket).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    for (path, kind) in [
        (fifo.as_path(), "a pipe"),
        (&socket, "a socket"),
        (Path::new("/dev/zero"), "a device"),
        (&link, "a device"),
        (folder.path(), "a folder"),
    ] {
        let error = open_regular(path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("it is {kind}, not a regular file")), "{error}");
        assert!(matches!(read(path, 10), Err(ReadError::Unreadable(_))));
        if kind != "a pipe" {
            let error = open_or_wait(path).unwrap_err().to_string();
            assert_eq!(error, format!("it is {kind}, not a regular file or a pipe"));
        }
    }
    assert_eq!(open_regular(&folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_file_is_read_up_to_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "twelve bytes").unwrap();
    assert_eq!(read(&path, 12).unwrap(), b"twelve bytes");
    assert!(matches!(read(&path, 11), Err(ReadError::TooLarge { limit: 11 })));
    assert!(matches!(open_or_wait(&path).unwrap(), Opened::Regular(_)));
    // As large as can be, and nearly nothing on the disk.
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(read(&path, 11), Err(ReadError::TooLarge { .. })));
}

#[test]
fn a_pipe_is_read_to_its_end_whenever_its_writer_comes() {
    let folder = tempfile::tempdir().unwrap();
    for (number, wait) in [0, 100].into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        pipe(&path);
        let text = "a few words ".repeat(20_000);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(wait));
                let mut writer = std::fs::File::options().write(true).open(&path).unwrap();
                let (first, rest) = text.as_bytes().split_at(5);
                writer.write_all(first).unwrap();
                // The reader has taken the first bytes and waits for more.
                std::thread::sleep(std::time::Duration::from_millis(wait));
                writer.write_all(rest).unwrap();
            });
            let Opened::Pipe(mut reader) = open_or_wait(&path).unwrap() else { panic!("it is a pipe") };
            let mut read = String::new();
            reader.read_to_string(&mut read).unwrap();
            assert!(read == text);
        });
    }
}
