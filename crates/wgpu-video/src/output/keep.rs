//! Finds another place for a complete file that cannot be given its name, so that it is not lost.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Overwrite;
use super::folder::Folder;
use super::storage::Storage;

/// How many names are tried in a folder.
const MOST_NAMES: u32 = 1000;
/// The number of characters to which a name is shortened if it is too long to add a number.
const SHORTENED: usize = 40;

/// Places the file in one of `folders` or, if that fails, in a folder above `taken`, the current folder or the folder for
/// temporary files. It gets the first free name of `song.mp4`, `song-2.mp4`, `song-3.mp4` …, but never the path `taken`
/// itself. Returns its path; `None` when no place accepts it.
pub(super) fn keep(storage: &mut Storage, folders: &[Arc<Folder>], taken: &Path) -> Option<PathBuf> {
    let name = taken.file_name()?;
    let opened = |path: &Path| Folder::open(path).ok().map(Arc::new);
    let near = folders.iter().cloned();
    // On the same disk nothing has to be copied.
    let above = taken.ancestors().skip(2).filter(|folder| folder.parent().is_some());
    let elsewhere = above.map(Path::to_owned).chain(env::current_dir().ok()).chain([env::temp_dir()]);
    near.chain(elsewhere.filter_map(|path| opened(&path)))
        .find_map(|folder| keep_in(storage, &folder, name, taken))
}

fn keep_in(storage: &mut Storage, folder: &Arc<Folder>, name: &OsStr, taken: &Path) -> Option<PathBuf> {
    for number in 1..=MOST_NAMES {
        let name = numbered(name, number);
        // A folder to which no path leads is of no use.
        let path = folder.path_of(&name)?;
        if path == taken {
            continue;
        }
        match storage.place(folder, &name, Overwrite::Refuse) {
            Ok(()) => {
                folder.sync();
                return Some(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) => return None,
        }
    }
    None
}

/// `song-2.mp4` for `song.mp4` and 2; the name itself for 1.
fn numbered(name: &OsStr, number: u32) -> OsString {
    const LONGEST: usize = 240;
    if number <= 1 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let mut numbered = path.file_stem().unwrap_or(name).to_owned();
    if name.len() > LONGEST {
        numbered = numbered.to_string_lossy().chars().take(SHORTENED).collect::<String>().into();
    }
    numbered.push(format!("-{number}"));
    if let Some(extension) = path.extension().filter(|extension| extension.len() < SHORTENED) {
        numbered.push(".");
        numbered.push(extension);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_before_the_extension_and_names_stay_short_enough() {
        for (name, number, expected) in [
            ("song.mp4", 1, "song.mp4"),
            ("song.mp4", 2, "song-2.mp4"),
            ("song", 12, "song-12"),
            (".mp4", 2, ".mp4-2"),
            ("a.b.mp4", 3, "a.b-3.mp4"),
        ] {
            assert_eq!(numbered(OsStr::new(name), number), expected);
        }
        assert!(numbered(OsStr::new(&"é".repeat(127)), 2).len() < 100);
        assert!(numbered(OsStr::new(&format!("a.{}", "x".repeat(250))), 2).len() < 100);
    }
}
