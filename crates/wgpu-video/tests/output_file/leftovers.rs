//! Hidden files of programs that were killed are found and removed; those of programs that run are not.

use std::fs::{self, File};
use std::io::Write;

use wgpu_video::output::{OutputFile, Overwrite, leftovers};

use super::names;

/// The name of a hidden file for `name`, made by this machine before its last start.
fn hidden(name: &str) -> String {
    format!(".{name}.strikeline-00000000-01234567")
}

#[test]
fn what_a_killed_program_left_is_removed_by_the_next_file_of_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let others = [hidden("other.mp4"), ".song.mp4".to_owned(), ".song.mp4.strikeline-journal".to_owned()];
    for name in others.iter().chain([&hidden("song.mp4")]) {
        fs::write(file(name), "left").unwrap();
    }
    let new = OutputFile::create(&file("song.mp4"), Overwrite::Replace).unwrap();
    assert!(!file(&hidden("song.mp4")).exists());
    drop(new);
    let mut expected = others.to_vec();
    expected.sort();
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn all_that_was_left_in_a_folder_is_listed_with_its_size_and_can_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    for name in [&hidden("b.mp4"), &hidden("a.mp4"), "a.mp4", ".a.strikeline-0-0"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    fs::create_dir(folder.path().join(hidden("folder"))).unwrap();
    let found = leftovers(folder.path()).unwrap();
    let paths: Vec<_> = found.iter().map(|left| left.path.clone()).collect();
    assert_eq!(paths, [folder.path().join(hidden("a.mp4")), folder.path().join(hidden("b.mp4"))]);
    assert_eq!(found[0].bytes, hidden("a.mp4").len() as u64);
    found.into_iter().for_each(|left| left.remove().unwrap());
    assert_eq!(names(folder.path()), [".a.strikeline-0-0".to_owned(), hidden("folder"), "a.mp4".to_owned()]);
    assert!(leftovers(&folder.path().join("nowhere")).is_err());
}

#[test]
fn a_file_that_a_program_holds_is_no_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(hidden("song.mp4"));
    let held = File::create(&path).unwrap();
    held.lock().unwrap();
    assert!(leftovers(folder.path()).unwrap().is_empty());
    drop(OutputFile::create(&folder.path().join("song.mp4"), Overwrite::Refuse).unwrap());
    assert!(path.exists());
    drop(held);
    // Not for two at the same time.
    let found = leftovers(folder.path()).unwrap();
    assert_eq!(found.len(), 1);
    assert!(leftovers(folder.path()).unwrap().is_empty());
    drop(found);
    assert_eq!(leftovers(folder.path()).unwrap().len(), 1);
}

#[test]
fn pipes_and_links_with_such_a_name_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    std::os::unix::fs::symlink(&precious, folder.path().join(hidden("link"))).unwrap();
    let pipe = folder.path().join(hidden("pipe"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(leftovers(folder.path()).unwrap().is_empty());
    assert_eq!(names(folder.path()).len(), 3);
}

#[test]
fn replacing_while_others_look_for_leftovers_never_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    std::thread::scope(|scope| {
        for number in 0..4_u8 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..50 {
                    let mut file = OutputFile::create(path, Overwrite::Replace).unwrap();
                    file.write_all(&[number; 1000]).unwrap();
                    file.commit().unwrap();
                }
            });
        }
    });
    assert_eq!(names(folder.path()), ["song.mp4"]);
    assert_eq!(fs::read(&path).unwrap().len(), 1000);
}
