//! `strikeline clean`: what interrupted programs have left, and what it is.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::Path;

use common::program::{names, strikeline, succeed};
use serde_json::Value;

/// A hidden output file, as a program that was killed has left it: without a lock.
const INCOMPLETE: &str = ".video.mp4.strikeline-01234567-89abcdef";

/// The record of the videos that a batch has begun.
const BATCH_RECORD: &str = ".batch.strikeline-journal";

/// The journal of a video of the name `batch`.
const JOURNAL: &str = ".batch.0123456789abcdef.strikeline-journal";

/// `strikeline clean` of `folder`; what it prints.
fn clean(folder: &Path, options: &[&str]) -> String {
    let output = succeed(strikeline().arg("clean").arg(folder).args(options));
    String::from_utf8(output.stdout).unwrap()
}

/// The line about the file `name`.
fn line<'t>(text: &'t str, name: &str) -> &'t str {
    text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in:\n{text}"))
}

/// A folder with one of each, and files that are none of these.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write(INCOMPLETE, &[0; 200_000]);
    // As in src/cli/render/made.rs: two hashes, and what was there before.
    write(BATCH_RECORD, format!("{0} {0} -\n", "0".repeat(64)).as_bytes());
    write(JOURNAL, b"torn");
    write("video.mp4", b"a video");
    write(".hidden", b"somebody's");
    write(".video.mp4.strikeline-1-2", b"somebody's");
    folder
}

const KEPT: [&str; 3] = [".hidden", ".video.mp4.strikeline-1-2", "video.mp4"];

#[test]
fn each_file_is_listed_as_what_it_is_and_nothing_is_removed_unless_asked_for() {
    let folder = folder();
    let before = names(folder.path());
    let text = clean(folder.path(), &[]);
    let incomplete = line(&text, INCOMPLETE);
    assert!(incomplete.contains("(0.2 MB): an output file that was not completed"), "{text}");
    let record = line(&text, BATCH_RECORD);
    assert!(record.contains("the record of a batch: which of its videos are finished"), "{text}");
    assert!(line(&text, JOURNAL).contains("a journal in which nothing is finished"), "{text}");
    assert!(text.contains("--remove removes these files"), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");

    let list: Value = serde_json::from_str(&clean(folder.path(), &["--json"])).unwrap();
    let kind = |name: &str| {
        let path = folder.path().join(name);
        let found =
            list["files"].as_array().unwrap().iter().find(|file| file["file"] == *path.to_str().unwrap());
        found.map(|file| (file["kind"].as_str().unwrap(), file["state"].as_str().unwrap()))
    };
    assert_eq!(kind(INCOMPLETE), Some(("incomplete output", "listed")));
    assert_eq!(kind(BATCH_RECORD), Some(("batch record", "listed")));
    assert_eq!(kind(JOURNAL), Some(("journal", "listed")));
    assert_eq!(names(folder.path()), before);
}

#[test]
fn what_is_listed_is_removed_when_asked_for_and_nothing_else() {
    let folder = folder();
    assert!(clean(folder.path(), &["--remove", "--older-than", "1"]).contains("nothing"));
    let text = clean(folder.path(), &["--remove"]);
    for name in [INCOMPLETE, BATCH_RECORD, JOURNAL] {
        assert!(line(&text, name).ends_with("; removed"), "{text}");
    }
    assert_eq!(names(folder.path()), KEPT);
    assert!(clean(folder.path(), &[]).contains("nothing"));
}

#[test]
fn what_a_running_program_uses_stays() {
    let folder = folder();
    let open = |name: &str| fs::File::open(folder.path().join(name)).unwrap();
    let [incomplete, record, journal] = [INCOMPLETE, BATCH_RECORD, JOURNAL].map(open);
    incomplete.try_lock().unwrap();
    // Two batches may write to one record.
    record.try_lock_shared().unwrap();
    journal.try_lock().unwrap();
    let text = clean(folder.path(), &["--remove"]);
    for name in [BATCH_RECORD, JOURNAL] {
        assert!(line(&text, name).ends_with("in use by a program that is running"), "{text}");
    }
    // One that is being written is nothing that was left.
    assert!(!text.contains(INCOMPLETE), "{text}");
    assert_eq!(names(folder.path()).len(), KEPT.len() + 3);
    drop((incomplete, record, journal));
    clean(folder.path(), &["--remove"]);
    assert_eq!(names(folder.path()), KEPT);
}
