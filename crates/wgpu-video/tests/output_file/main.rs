//! Output files: complete or not there, whatever happens.
#![allow(clippy::unwrap_used, reason = "a test's helpers are tests too")]

mod late;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(unix)]
mod replaced;

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use wgpu_video::output::{OutputError, OutputFile, Overwrite};

/// Names in `folder`, sorted, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Creates, fills and commits.
fn save(path: &Path, overwrite: Overwrite, content: &[u8]) -> Result<(), OutputError> {
    let mut file = OutputFile::create(path, overwrite)?;
    file.write_all(content).unwrap();
    file.commit()
}

fn refusal(path: impl AsRef<Path>, overwrite: Overwrite) -> String {
    OutputFile::create(path.as_ref(), overwrite).unwrap_err().to_string()
}

#[test]
fn a_file_appears_when_it_is_committed_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    let mut file = OutputFile::create(&path, Overwrite::Refuse).unwrap();
    file.write_all(b"0123456789").unwrap();
    file.seek(SeekFrom::Start(2)).unwrap();
    file.write_all(b"ab").unwrap();
    assert!(names(folder.path()).iter().all(|name| name.starts_with('.')), "{:?}", names(folder.path()));
    file.commit().unwrap();
    assert_eq!(names(folder.path()), ["song.mp4"]);
    assert_eq!(fs::read(&path).unwrap(), b"01ab456789");
}

#[test]
fn a_file_that_is_not_committed_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    OutputFile::create(&path, Overwrite::Refuse).unwrap().write_all(b"half").unwrap();
    assert!(names(folder.path()).is_empty());

    fs::write(&path, "old").unwrap();
    OutputFile::create(&path, Overwrite::Replace).unwrap().write_all(b"half").unwrap();
    assert_eq!(names(folder.path()), ["song.mp4"]);
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn an_existing_file_is_replaced_only_with_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    fs::write(&path, "old").unwrap();
    let error = refusal(&path, Overwrite::Refuse);
    assert!(error.contains("song.mp4") && error.contains("allow it to be replaced"), "{error}");
    save(&path, Overwrite::Replace, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["song.mp4"]);
}

#[test]
fn whoever_reads_while_a_file_is_replaced_sees_all_of_the_old_or_all_of_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    save(&path, Overwrite::Refuse, &[0; 5000]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let content = fs::read(&path).unwrap();
                assert!(content.len() == 5000 && content.iter().all(|byte| *byte == content[0]));
            }
        });
        for round in 1..50 {
            save(&path, Overwrite::Replace, &[round; 5000]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(names(folder.path()), ["song.mp4"]);
}

#[test]
fn names_that_cannot_be_files_are_refused_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    // Not even root can make files in these places.
    for (path, words) in [
        (in_folder("missing/song.mp4"), "missing"),
        (in_folder("file/song.mp4"), "file"),
        (in_folder("file/deeper/song.mp4"), "file"),
        (in_folder("missing/"), "missing"),
        (in_folder("missing/.."), "missing"),
        (in_folder("."), "folder"),
        (in_folder(""), "folder"),
        ("".into(), "file name"),
        (in_folder(&"x".repeat(300)), "too long"),
        #[cfg(target_os = "linux")]
        ("/proc/song.mp4".into(), "/proc/song.mp4"),
    ] {
        for overwrite in [Overwrite::Refuse, Overwrite::Replace] {
            let error = refusal(&path, overwrite);
            assert!(error.contains(words), "{path:?}: {error}");
        }
    }
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn the_longest_name_works() {
    let folder = tempfile::tempdir().unwrap();
    let name = "x".repeat(255);
    let path = folder.path().join(&name);
    save(&path, Overwrite::Refuse, b"one").unwrap();
    save(&path, Overwrite::Replace, b"two").unwrap();
    assert_eq!(names(folder.path()), [name]);
}

#[test]
fn a_name_without_a_folder_is_in_the_current_one() {
    // The tests' folder is the crate's, which must not get the file: so never committed.
    assert!(OutputFile::create(Path::new("not-committed.mp4"), Overwrite::Refuse).is_ok());
    assert!(!Path::new("not-committed.mp4").exists());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::FileTypeExt;

    use super::*;

    #[test]
    fn pipes_are_refused_without_waiting_for_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for overwrite in [Overwrite::Refuse, Overwrite::Replace] {
            let error = refusal(&pipe, overwrite);
            assert!(error.contains("pipe") && error.contains("ordinary file"), "{error}");
        }
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn devices_that_can_seek_are_written_to_and_stay() {
        let mut null = OutputFile::create(Path::new("/dev/null"), Overwrite::Refuse).unwrap();
        null.write_all(b"gone").unwrap();
        null.commit().unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let mut nothing = Vec::new();
        fs::File::open("/dev/null").unwrap().read_to_end(&mut nothing).unwrap();
        assert!(nothing.is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_named() {
        let mut full = OutputFile::create(Path::new("/dev/full"), Overwrite::Refuse).unwrap();
        let error = full.write_all(b"no room").unwrap_err();
        let error = full.error(error).to_string();
        assert!(error.contains("/dev/full") && error.contains("disk is full"), "{error}");
    }
}
