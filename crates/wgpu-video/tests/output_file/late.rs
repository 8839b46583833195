//! What stands in the way at the last step: the complete file is kept all the same.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use wgpu_video::output::{OutputError, OutputFile, Overwrite};

use super::names;

const BOTH: [Overwrite; 2] = [Overwrite::Refuse, Overwrite::Replace];

/// A file for `path` that has all its bytes.
fn complete(path: &Path, overwrite: Overwrite) -> OutputFile {
    let mut file = OutputFile::create(path, overwrite).unwrap();
    file.write_all(b"mine").unwrap();
    file
}

/// Where the file was kept, which the error names, too.
fn kept(result: Result<(), OutputError>) -> PathBuf {
    let error = result.unwrap_err();
    let text = error.to_string();
    let OutputError::Kept { kept, path, .. } = error else { panic!("{text}") };
    assert_eq!(fs::read(&kept).unwrap(), b"mine");
    let named = |path: &Path| text.contains(&*path.to_string_lossy());
    assert!(named(&path) && named(&kept) && text.contains("in full"), "{text}");
    kept
}

#[test]
fn a_name_that_was_taken_meanwhile_is_left_alone_and_the_file_is_kept_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    let file = complete(&path, Overwrite::Refuse);
    fs::write(&path, "theirs").unwrap();
    fs::write(folder.path().join("song-2.mp4"), "theirs, too").unwrap();
    assert_eq!(kept(file.commit()), folder.path().join("song-3.mp4"));
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert_eq!(names(folder.path()), ["song-2.mp4", "song-3.mp4", "song.mp4"]);
}

#[test]
fn of_many_that_want_the_same_name_at_once_one_gets_it_and_all_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    let together = Barrier::new(8);
    let winners: usize = std::thread::scope(|scope| {
        let racer = |number: u8| {
            let (path, together) = (&path, &together);
            scope.spawn(move || {
                let mut file = OutputFile::create(path, Overwrite::Refuse).unwrap();
                file.write_all(&[number; 1000]).unwrap();
                together.wait();
                file.commit().is_ok()
            })
        };
        let racers: Vec<_> = (0..8).map(racer).collect();
        racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum()
    });
    assert_eq!(winners, 1);
    let mut whole: Vec<u8> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let content = fs::read(entry.unwrap().path()).unwrap();
            assert_eq!(content, [content[0]; 1000]);
            content[0]
        })
        .collect();
    whole.sort_unstable();
    assert_eq!(whole, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(names(folder.path()).last().unwrap(), "song.mp4");
}

#[test]
fn a_folder_in_its_place_stays_and_the_file_is_kept_beside() {
    for overwrite in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.mp4");
        let file = complete(&path, overwrite);
        fs::create_dir(&path).unwrap();
        assert_eq!(kept(file.commit()), folder.path().join("song-2.mp4"));
        assert!(path.is_dir());
        assert_eq!(names(folder.path()), ["song-2.mp4", "song.mp4"]);
    }
}

#[test]
fn the_longest_name_is_shortened_for_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x".repeat(255));
    let file = complete(&path, Overwrite::Refuse);
    fs::write(&path, "theirs").unwrap();
    assert!(kept(file.commit()).to_string_lossy().ends_with("xx-2"));
}

#[test]
fn in_a_folder_that_is_removed_and_made_again_the_file_gets_its_name() {
    for overwrite in BOTH {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("videos");
        fs::create_dir(&folder).unwrap();
        let file = complete(&folder.join("song.mp4"), overwrite);
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(folder.join("song.mp4")).unwrap(), b"mine");
        assert_eq!(names(&folder), ["song.mp4"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_is_renamed_gets_the_file_under_its_name() {
    for overwrite in BOTH {
        let outer = tempfile::tempdir().unwrap();
        let (old, new) = (outer.path().join("old"), outer.path().join("new"));
        fs::create_dir(&old).unwrap();
        let file = complete(&old.join("song.mp4"), overwrite);
        fs::rename(&old, &new).unwrap();
        assert_eq!(kept(file.commit()), new.join("song.mp4"));
        assert_eq!(names(&new), ["song.mp4"]);
    }
}

#[test]
fn when_the_folder_is_removed_the_file_is_kept_in_the_one_above() {
    for overwrite in BOTH {
        let outer = tempfile::tempdir().unwrap();
        let above = outer.path().join("above");
        let folder = above.join("gone/videos");
        fs::create_dir_all(&folder).unwrap();
        let file = complete(&folder.join("song.mp4"), overwrite);
        fs::remove_dir_all(above.join("gone")).unwrap();
        fs::write(above.join("song.mp4"), "theirs").unwrap();
        assert_eq!(kept(file.commit()), above.join("song-2.mp4"));
        assert_eq!(names(&above), ["song-2.mp4", "song.mp4"]);
    }
}
