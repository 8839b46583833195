//! The journals of interrupted renders: hidden files beside their outputs.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use wgpu_video::journal::{SegmentKey, remove_unused, video_of_file};
use wgpu_video::output::FileIdentity;

/// How the names of journals end.
const ENDING: &str = ".strikeline-journal";

/// The longest name of an output that is used in the name of its journal, in bytes.
const LONGEST_NAME: usize = 180;

/// A journal that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
}

impl Found {
    /// Whether it is of the video that is now at `output`, which is complete.
    pub(super) fn is_of_complete(&self, output: &Path) -> bool {
        let video = video_of_file(&self.path).ok().flatten();
        video.is_some() && video == FileIdentity::at(output)
    }
}

/// The beginning of the names of all journals of the video `output`.
fn prefix(output: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    let name = output.file_name().unwrap_or_default().as_encoded_bytes();
    if name.len() <= LONGEST_NAME {
        prefix.push(output.file_name().unwrap_or_default());
    } else {
        // Names may be 255 bytes long.
        prefix.push(&blake3::hash(name).to_hex().as_str()[..32]);
    }
    prefix.push(".");
    prefix
}

/// The path of the journal of the video `output` whose segments have the key `key`.
pub(super) fn journal_path(output: &Path, key: &SegmentKey) -> PathBuf {
    let mut name = prefix(output);
    name.push(&key.to_string()[..16]);
    name.push(ENDING);
    output.with_file_name(name)
}

/// The path of the record of a batch whose videos are in `folder`.
pub(super) fn batch_record_path(folder: &Path) -> PathBuf {
    folder.join(format!(".batch{ENDING}"))
}

/// All journals of the video `output`, in order of their names.
pub(super) fn journals_of(output: &Path) -> Vec<Found> {
    let prefix = prefix(output);
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = journals_in(folder);
    found.retain(|found| {
        let name = found.path.file_name().unwrap_or_default().as_encoded_bytes();
        // Between them is the key.
        let key = name
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|rest| rest.strip_suffix(ENDING.as_bytes()));
        key.is_some_and(|key| key.len() == 16 && key.iter().all(u8::is_ascii_hexdigit))
    });
    found
}

/// Removes the journals of the video that is now at `output`: the program was killed after the video had appeared. Best effort;
/// others stay, and so do those that are in use.
pub(super) fn remove_those_of_complete(output: &Path) {
    for found in journals_of(output).iter().filter(|found| found.is_of_complete(output)) {
        let _ = remove_unused(&found.path);
    }
}

/// All journals in `folder`, in order of their names.
pub(super) fn journals_in(folder: &Path) -> Vec<Found> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<Found> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            name.starts_with(b".") && name.ends_with(ENDING.as_bytes())
        })
        .filter_map(|entry| {
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(Found { path: folder.join(entry.file_name()), bytes: about.len() })
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}
