//! The songs that a command line names: files, charts, folders of songs, and lists.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use strikeline::song::holds_chart;
use strikeline_files::{Opened, is_wrong_path, open_or_wait, why_unreadable};
use strikeline_picture::shown;

use crate::cli::UsageError;
use crate::cli::words::listed;

/// Extensions by which files in a folder are taken for songs. A file that is named on the command line may have any.
const ENDINGS: [&str; 5] = ["mid", "midi", "kar", "rmi", "sng"];

/// The largest list that is read, in bytes.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// The songs of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Songs {
    /// The songs in order; no file twice.
    pub paths: Vec<PathBuf>,
    /// Whether the command line can name several songs: it has several arguments, a list or a folder of songs. `false` for
    /// the name of one song.
    pub are_many: bool,
    /// How many names are left out, because they name songs that others name, too.
    pub repeated: usize,
}

impl Songs {
    /// The songs that `arguments` name. An argument that begins with `@` is a list, and a folder without a chart stands for all
    /// songs in it.
    ///
    /// # Errors
    /// When a list or a folder cannot be read, or there is no song at all. The songs themselves are not read here.
    pub(super) fn of(arguments: &[PathBuf]) -> anyhow::Result<Songs> {
        let mut are_many = arguments.len() > 1;
        let mut found = Vec::new();
        for argument in arguments {
            match list_of(argument) {
                Some(list) if list.as_os_str().is_empty() => {
                    let text = "@ needs the name of a list: @list.txt, or @- for standard input";
                    return Err(UsageError(text.to_owned()).into());
                }
                Some(list) => {
                    are_many = true;
                    for path in read_list(list)? {
                        add(path, &mut found)?;
                    }
                }
                None => are_many |= add(argument.clone(), &mut found)?,
            }
        }
        let mut seen = HashSet::new();
        let named = found.len();
        found.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
        let repeated = named - found.len();
        if found.is_empty() {
            return Err(UsageError("no songs to render: the lists name none".to_owned()).into());
        }
        Ok(Songs { paths: found, are_many, repeated })
    }
}

/// The list that `argument` names, if it names one. The name of an existing song that begins with `@`, which a pattern of the
/// shell may give, is not taken for a list.
fn list_of(argument: &Path) -> Option<&Path> {
    let is_marked = argument.as_os_str().as_encoded_bytes().starts_with(b"@");
    let list = Path::new(skip_first(argument.as_os_str()));
    (is_marked && (list.exists() || !argument.exists())).then_some(list)
}

/// Adds the song at `path`, or all songs in the folder at `path`. Returns whether `path` is a folder of songs.
fn add(path: PathBuf, found: &mut Vec<PathBuf>) -> anyhow::Result<bool> {
    if !path.is_dir() || holds_chart(&path) {
        found.push(path);
        return Ok(false);
    }
    let songs = songs_in(&path)?;
    if songs.is_empty() {
        let endings = listed(ENDINGS.iter().map(|ending| format!(".{ending}")), "or");
        let (folder, holds) = (shown(&path), if is_empty(&path) { "is empty" } else { "has no songs" });
        return Err(UsageError(format!(
            "the folder {folder} {holds}: a song is a file that ends in {endings}, or a folder with a chart (notes.mid, notes.chart \
             or song.ini); deeper folders are not searched"
        ))
        .into());
    }
    found.extend(songs);
    Ok(true)
}

/// Whether nothing is in `folder`.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// The songs in `folder`, sorted by name: files with the extensions of songs, and folders with charts. Hidden ones and deeper
/// folders are left out.
fn songs_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the folder {} cannot be read", shown(folder));
    let mut songs = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let name = path.file_name().unwrap_or_default();
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        // Not pipes, which nobody may write to.
        let is_song = ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) && path.is_file();
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if !is_hidden && (is_song || path.is_dir() && holds_chart(&path)) {
            songs.push(path);
        }
    }
    songs.sort();
    Ok(songs)
}

/// The paths in the list at `path`, or on standard input if that is `-`: one in each line. Empty lines and lines that begin
/// with `#` are ignored.
fn read_list(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the list {} cannot be read", shown(path));
    let mut bytes = Vec::new();
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        if io::stdin().is_terminal() {
            let text = "cannot read the list from standard input, which is a terminal: redirect a file or the output of a program";
            return Err(UsageError(text.to_owned()).into());
        }
        Box::new(io::stdin())
    } else {
        // As a shell makes of @<(command).
        match open_or_wait(path).map_err(|error| missing(path, error))? {
            Opened::Regular(file) | Opened::Pipe(file) => Box::new(file),
        }
    };
    source.by_ref().take(MAX_LIST_BYTES + 1).read_to_end(&mut bytes).with_context(unreadable)?;
    if bytes.len() as u64 > MAX_LIST_BYTES {
        bail!(
            "the list {} is larger than {} MiB: split it into several lists",
            shown(path),
            MAX_LIST_BYTES >> 20
        );
    }
    paths_of_list(&bytes).with_context(|| format!("the list {} cannot be used", shown(path)))
}

/// That the list at `path` cannot be opened.
fn missing(path: &Path, error: io::Error) -> anyhow::Error {
    let unreadable = format!("the list {} cannot be read", shown(path));
    match is_wrong_path(&error) {
        true => UsageError(format!("{unreadable}: {}", why_unreadable(&error))).into(),
        false => anyhow::Error::new(error).context(unreadable),
    }
}

fn paths_of_list(bytes: &[u8]) -> anyhow::Result<Vec<PathBuf>> {
    if bytes.contains(&0) {
        let text = "it is not a text with a path in each line: save it as UTF-8 text; if it is a song whose name begins with @, \
                    write ./@NAME";
        return Err(UsageError(text.to_owned()).into());
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_path = |line: &&[u8]| !line.trim_ascii().is_empty() && !line.starts_with(b"#");
    lines.filter(is_path).map(path_of_line).collect()
}

#[cfg(unix)]
fn path_of_line(line: &[u8]) -> anyhow::Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(PathBuf::from(OsStr::from_bytes(line)))
}

#[cfg(not(unix))]
fn path_of_line(line: &[u8]) -> anyhow::Result<PathBuf> {
    let text = std::str::from_utf8(line).context("a line is not UTF-8 text: save the list as UTF-8")?;
    Ok(PathBuf::from(text))
}

/// `argument` without its first character, which is one byte long.
#[cfg(unix)]
fn skip_first(argument: &OsStr) -> &OsStr {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(argument.as_bytes().get(1..).unwrap_or_default())
}

#[cfg(not(unix))]
fn skip_first(argument: &OsStr) -> &OsStr {
    // An argument that is not valid Unicode is not taken for a list.
    argument.to_str().and_then(|text| text.get(1..)).map_or(argument, OsStr::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_path_in_each_line_whatever_ends_the_lines() {
        let list = b"\xEF\xBB\xBF# songs\r\n\r\n a b.mid \r\n\t\nc.mid\n#d.mid\n./#e.mid";
        let paths = paths_of_list(list).unwrap();
        assert_eq!(paths, [" a b.mid ", "c.mid", "./#e.mid"].map(PathBuf::from));
        let refused = paths_of_list(b"MThd\0\0\0\x06").unwrap_err().to_string();
        assert!(refused.contains("./@NAME"), "{refused}");
    }
}
