//! Decides which video is made from which song, before anything is drawn.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use strikeline_picture::shown;

use super::songs::Songs;
use crate::cli::files::make_folder;
use crate::cli::words::count;
use crate::cli::{UsageError, default_output};

/// Extensions of names that are taken for a video and not for a folder.
const VIDEO_ENDINGS: [&str; 13] =
    ["mp4", "m4v", "mov", "mkv", "webm", "gif", "apng", "webp", "y4m", "nv12", "rgba", "avi", "ts"];

/// The largest number of files that an error names.
const NAMED: usize = 3;

/// A song, and the video that is made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedVideo {
    pub song: PathBuf,
    pub output: PathBuf,
}

/// What is to be made.
#[derive(Debug)]
pub(super) enum Plan {
    /// One video, from a song that was named by itself.
    One(PlannedVideo),
    /// Any number of videos in one folder, which need not exist yet.
    Many { folder: PathBuf, videos: Vec<PlannedVideo> },
}

impl Plan {
    /// The videos of `songs`, with `--output` as given. Names that are not given end in
    /// `ending`, and are in the folder `usual`. The plan is [`Plan::Many`] if several songs could have been named
    /// (see [`Songs::are_many`]), or if the output is a folder.
    ///
    /// # Errors
    /// When many videos would go to one file, or two videos would have one name.
    pub(super) fn of(songs: Songs, (output, usual): (Option<&Path>, &Path), ending: &str) -> Result<Plan> {
        let is_folder = output.is_some_and(is_folder);
        if let (false, false, [song]) = (songs.are_many, is_folder, &songs.paths[..]) {
            let output = match output {
                Some(output) => output.to_path_buf(),
                None => in_folder(usual, default_output(song, ending))?,
            };
            return Ok(Plan::One(PlannedVideo { song: song.clone(), output }));
        }
        if let Some(output) = output.filter(|_| !is_folder) {
            refuse_file(output, songs.paths.len())?;
        }
        let folder = output.unwrap_or(usual).to_path_buf();
        let video = |song: PathBuf| PlannedVideo { output: folder.join(default_output(&song, ending)), song };
        let videos: Vec<_> = songs.paths.into_iter().map(video).collect();
        refuse_collisions(&videos)?;
        Ok(Plan::Many { folder, videos })
    }
}

/// The output `name` in `folder`, which is made if it does not exist.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn in_folder(folder: &Path, name: PathBuf) -> Result<PathBuf> {
    make_folder(folder)?;
    Ok(folder.join(name))
}

/// Whether `output` names a folder: a folder that exists, or a name that ends in a separator.
pub(super) fn is_folder(output: &Path) -> bool {
    let last = output.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(byte.into())) || output.is_dir()
}

/// Refuses an output for several songs that is a file.
///
/// # Errors
/// When `output` is a file, or has the name of one.
fn refuse_file(output: &Path, songs: usize) -> Result<(), UsageError> {
    let ending = output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_video = VIDEO_ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    if output.exists() || is_video || output == Path::new("-") {
        let songs =
            if songs == 1 { "the songs of a list or folder".to_owned() } else { count(songs, "song") };
        return Err(UsageError(format!(
            "--output {} is one file, but {songs} are to be rendered: give a folder, such as --output videos/",
            shown(output)
        )));
    }
    Ok(())
}

/// Refuses two videos with the same name. Names that differ only in capital letters count as the same, because they are the
/// same on some file systems.
///
/// # Errors
/// When two videos would have the same name.
fn refuse_collisions(videos: &[PlannedVideo]) -> Result<(), UsageError> {
    let mut by_name: HashMap<Vec<u8>, &PlannedVideo> = HashMap::new();
    let mut collisions = Vec::new();
    for video in videos {
        let name = match video.output.to_str() {
            Some(name) => name.to_lowercase().into_bytes(),
            None => video.output.as_os_str().as_encoded_bytes().to_vec(),
        };
        if let Some(other) = by_name.get(&name) {
            collisions.push((*other, video));
        } else {
            by_name.insert(name, video);
        }
    }
    if collisions.is_empty() {
        return Ok(());
    }
    let listed = |(one, other): &(&PlannedVideo, &PlannedVideo)| {
        let same = one.output == other.output;
        let but = if same { "" } else { " (apart from capital letters)" };
        format!(
            "\n  {} and {} would both be {}{but}",
            shown(&one.song),
            shown(&other.song),
            shown(&other.output)
        )
    };
    let mut text = "two videos would have the same name:".to_owned();
    text.extend(collisions.iter().take(NAMED).map(listed));
    if collisions.len() > NAMED {
        text.push_str(&format!("\n  and {} more", collisions.len() - NAMED));
    }
    text.push_str(
        "\nrename the songs, or render them into different folders; for charts, give their folders",
    );
    Err(UsageError(text))
}

/// A text with the first of `paths`, and how many more there are.
pub(super) fn listed<'p>(paths: impl ExactSizeIterator<Item = &'p Path>) -> String {
    let more = paths.len().saturating_sub(NAMED);
    let mut text = paths.take(NAMED).map(|path| shown(path).to_string()).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
