//! The files that a command reads and writes. A file that is read is never replaced, and no two outputs are the same file.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use strikeline_picture::shown;
use wgpu_video::output;

use super::UsageError;
use super::formats::{OutputFormat, is_standard_stream};

/// The name of standard input in messages.
pub(super) const STANDARD_INPUT: &str = "standard input";

/// Where the system shows standard input as a file.
const STANDARD_INPUT_FILE: &str = "/dev/stdin";

/// Names, without the extension, of files that belong to a chart in any format: the pictures and the video that games show
/// with it.
const SHOWN_WITH_CHARTS: [&str; 5] = ["album", "background", "highway", "label", "video"];

/// Extensions of files that are taken for outputs made from a chart, unless they have one of these names.
const MADE_FROM_CHARTS: [&str; 10] = ["mp4", "m4v", "png", "qoi", "jpg", "jpeg", "webp", "json", "svg", "sh"];

/// Gathers the files that a command reads and writes; [`CommandFiles::check`] compares them before anything is made.
#[derive(Debug, Default)]
pub(super) struct CommandFiles {
    inputs: Vec<Input>,
    outputs: Vec<Output>,
}

#[derive(Debug)]
struct Input {
    path: PathBuf,
    /// Its name in an error.
    name: String,
}

#[derive(Debug)]
struct Output {
    path: PathBuf,
    /// The option that names it.
    option: String,
    /// Whether one name stands for it and for others.
    is_one_of_many: bool,
}

impl CommandFiles {
    /// Adds a file that is read. It need not exist.
    pub(super) fn read(&mut self, path: &Path) {
        self.inputs.push(Input { path: path.to_owned(), name: shown(path).to_string() });
    }

    /// Adds a song: a file, or a chart with all files in its folder that belong to it.
    pub(super) fn read_song(&mut self, song: &Path) {
        if is_standard_stream(song) {
            self.inputs.push(Input { path: STANDARD_INPUT_FILE.into(), name: STANDARD_INPUT.to_owned() });
            return;
        }
        self.read(song);
        let Some(folder) = chart_folder(song) else { return };
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if belongs_to_chart(&entry.file_name()) {
                self.read(&entry.path());
            }
        }
    }

    /// Adds a file that is written because of `option`.
    ///
    /// # Errors
    /// When its name says another format.
    pub(super) fn write(
        &mut self,
        option: &str,
        path: &Path,
        format: OutputFormat,
    ) -> Result<(), UsageError> {
        format.check_name(option, path)?;
        self.write_any(option, path);
        Ok(())
    }

    /// As [`CommandFiles::write`], for a file whose format does not depend on its name.
    pub(super) fn write_any(&mut self, option: &str, path: &Path) {
        let (path, option) = (path.to_owned(), option.to_owned());
        self.outputs.push(Output { path, option, is_one_of_many: false });
    }

    /// As [`CommandFiles::write_any`], for one of the files for which one name stands. That they have different names is known; if
    /// they are links to one file nevertheless, each is replaced by a file of its own.
    pub(super) fn write_one_of_many(&mut self, option: &str, path: &Path) {
        let (path, option) = (path.to_owned(), option.to_owned());
        self.outputs.push(Output { path, option, is_one_of_many: true });
    }

    /// Refuses an output that is the same file as an input or another output, even under another name or through a link. No
    /// file is opened.
    ///
    /// # Errors
    /// When there is such an output; the error names both files.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        // There may be thousands of each.
        let inputs: HashMap<FileId, &Input> =
            self.inputs.iter().rev().filter_map(|input| Some((FileId::of(&input.path)?, input))).collect();
        let mut outputs: HashMap<OutputId, &Output> = HashMap::new();
        for output in &self.outputs {
            let Output { path, option, is_one_of_many } = output;
            let file = FileId::of(path);
            if let Some(input) = file.as_ref().and_then(|file| inputs.get(file)) {
                return Err(UsageError(format!(
                    "{option}: {} would replace {}, which this command reads: give another name",
                    shown(path),
                    input.name
                )));
            }
            // Several outputs may go to a device such as `/dev/null`.
            if *is_one_of_many || path.metadata().is_ok_and(|found| !found.is_file()) {
                continue;
            }
            let ids = [file.map(OutputId::File), place(path).map(OutputId::Place)];
            for id in ids.into_iter().flatten() {
                if let Some(other) = outputs.insert(id, output) {
                    return Err(UsageError(format!(
                        "{} and {option} name one file, {}: give two different names",
                        other.option,
                        shown(path)
                    )));
                }
            }
        }
        Ok(())
    }
}

/// What tells whether two names of outputs lead to one file.
#[derive(Debug, PartialEq, Eq, Hash)]
enum OutputId {
    /// One that exists.
    File(FileId),
    /// Where it is or will be.
    Place(PathBuf),
}

/// What tells whether two paths lead to one file, which exists.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FileId(#[cfg(unix)] (u64, u64), #[cfg(not(unix))] PathBuf);

impl FileId {
    /// `None` where there is no file.
    fn of(path: &Path) -> Option<FileId> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            path.metadata().ok().map(|about| FileId((about.dev(), about.ino())))
        }
        #[cfg(not(unix))]
        {
            path.canonicalize().ok().map(FileId)
        }
    }
}

/// Where an output is, or will be. A name in a folder that does not exist is an error of its own later.
fn place(path: &Path) -> Option<PathBuf> {
    let path = output::destination(path).ok()?;
    Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
}

/// The folder of a chart, if `song` is one of these: a folder, or a file that games look for, or one with a `song.ini`.
fn chart_folder(song: &Path) -> Option<&Path> {
    if song.is_dir() {
        return Some(song);
    }
    let folder = song.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is = |names: &[&str]| {
        song.file_name().is_some_and(|found| names.iter().any(|name| found.eq_ignore_ascii_case(name)))
    };
    let is_chart = is(&["notes.mid", "notes.midi", "notes.chart", "song.ini"])
        || song.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("chart"))
        || folder.join("song.ini").is_file();
    is_chart.then_some(folder)
}

/// Whether a file in a chart's folder is part of the chart: all are but videos, pictures and the like under names of their
/// own, which were made from it.
fn belongs_to_chart(name: &OsStr) -> bool {
    let name = Path::new(name);
    let was_made = name
        .extension()
        .is_some_and(|found| MADE_FROM_CHARTS.iter().any(|extension| found.eq_ignore_ascii_case(extension)));
    let stem = name.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    !was_made || SHOWN_WITH_CHARTS.iter().any(|shown| stem.starts_with(shown))
}

/// Makes `folder`, and those that it is in, if they do not exist.
///
/// # Errors
/// When a file is in its place, or it cannot be made.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    // Without a separator at its end, which would make a file one that does not exist.
    let folder: &Path = &folder.components().collect::<PathBuf>();
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let in_the_way = folder.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir());
    if let Some(file) = in_the_way {
        let text = format!(
            "the folder {} cannot be created: {} is a file, not a folder; choose another folder",
            shown(folder),
            shown(file)
        );
        return Err(UsageError(text).into());
    }
    fs::create_dir_all(folder).map_err(|error| {
        anyhow::anyhow!("the folder {} cannot be created: {}", shown(folder), output::describe(&error))
    })
}

/// Does `work`, which may make `folder` and those that it is in. If it fails, those of them that it has made and that are empty
/// are removed.
///
/// # Errors
/// Those of `work`.
pub(super) fn leaving_no_empty_folders<T>(
    folder: &Path,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    // The innermost first.
    let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    let done = work();
    if done.is_err() {
        for folder in missing {
            // It has files in it, or is not there.
            let _ = fs::remove_dir(folder);
        }
    }
    done
}

/// Whether two paths lead to one file; not if one of them does not exist.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    FileId::of(one).is_some_and(|file| FileId::of(other) == Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_games_show_belongs_to_a_chart_and_what_was_made_from_it_does_not() {
        for name in
            ["notes.mid", "song.ini", "song.ogg", "drums.opus", "album.PNG", "background1.jpg", "Video.mp4"]
        {
            assert!(belongs_to_chart(OsStr::new(name)), "{name}");
        }
        for name in ["My Song.mp4", "notes.MP4", "song.png", "trace.json", "run.svg", "farm.sh"] {
            assert!(!belongs_to_chart(OsStr::new(name)), "{name}");
        }
    }
}
