//! Errors in reading a theme.

use std::fmt;
use std::path::{Path, PathBuf};

use strikeline_files::why_unreadable;
use strikeline_picture::shown;

#[cfg(doc)]
use super::ThemeFiles;
use super::{MAX_THEME_BYTES, builtin};

/// The most problems of one file that an error lists.
const LISTED: usize = 20;

/// Why a theme could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThemeError {
    /// No built-in theme and no file has that name: use one of the names, or give the file's path.
    #[error(
        "there is no theme {name:?}{}; the built-in themes are {}; for a file of your own give its path, as in \
         ./{}.toml",
        did_you_mean(name, &builtin::NAMES),
        builtin::NAMES.join(", "),
        shown(name)
    )]
    UnknownName {
        /// The name.
        name: String,
    },
    /// The file cannot be read: check its path and permissions.
    #[error("the theme {} cannot be read: {}", shown(path), why_unreadable(reason))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        reason: std::io::Error,
    },
    /// The path is that of a folder: give the path of a file in it.
    #[error("the theme {} is a folder; give the path of the .toml file", shown(path))]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The file is larger than [`MAX_THEME_BYTES`], so it is probably not a theme: check its path.
    #[error(
        "the theme {} is larger than {} MiB, the most that is read; check that the path is that of a theme, a text \
         file in the TOML format",
        shown(path),
        MAX_THEME_BYTES >> 20
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8: save it as UTF-8 text.
    #[error("{}:{line}: this is not UTF-8; save the file as UTF-8 text", shown(path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first line that is not UTF-8, from 1.
        line: usize,
    },
    /// The file is not TOML: correct the line.
    #[error("{}:{line}: this is not TOML: {reason}", shown(path))]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with the line.
        reason: String,
    },
    /// The file is TOML, but has keys or values that are not allowed in a theme: correct those listed.
    #[error("{}", list(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, by line; at least one.
        problems: Vec<Problem>,
    },
    /// The theme names files that do not lie beside it: put them there, or trust the theme ([`ThemeFiles::Anywhere`]).
    #[error("{}\na theme's files lie in its folder or below it: put them there", list(path, files))]
    FilesOutside {
        /// The theme.
        path: PathBuf,
        /// The files, by line; at least one.
        files: Vec<Problem>,
    },
}

/// A key or value of a file, a theme or a drum map, that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The key with its tables, such as `gems.corner-size`.
    pub key: String,
    /// What is wrong with it and what is allowed, to be read after the key.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.text)
    }
}

/// One line for each problem, at most [`LISTED`].
pub(crate) fn list(path: &Path, problems: &[Problem]) -> String {
    let lines = problems.iter().take(LISTED);
    let mut text: Vec<String> =
        lines.map(|problem| format!("{}:{}: {problem}", shown(path), problem.line)).collect();
    if problems.len() > LISTED {
        text.push(format!("and {} more such errors", problems.len() - LISTED));
    }
    text.join("\n")
}

/// ` (did you mean …?)` with the name that is most like `wrong`; empty if none is like it.
pub(crate) fn did_you_mean(wrong: &str, names: &[&str]) -> String {
    // Longer words are not misspelled names, and would take long to compare.
    if wrong.len() > 40 {
        return String::new();
    }
    let wrong = wrong.to_lowercase().replace('_', "-");
    let nearest = names.iter().map(|name| (edits(&wrong, name), name)).min();
    match nearest {
        Some((edits, name)) if edits <= 1 + name.len() / 4 => format!(" (did you mean {name}?)"),
        _ => String::new(),
    }
}

/// Letters to insert, take out, replace or swap with their neighbour to get from one word to the other (optimal
/// string alignment distance).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (line, letter) in from.chars().enumerate() {
        let mut next = vec![line + 1];
        for (column, goal) in to.iter().enumerate() {
            let replace = row[column] + usize::from(letter != *goal);
            let mut best = replace.min(row[column + 1] + 1).min(next[column] + 1);
            if column > 0 && previous == Some(*goal) && to[column - 1] == letter {
                best = best.min(before[column - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(letter);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edit_distance_is_counted() {
        for (from, to, count) in [
            ("glow", "glow", 0),
            ("golw", "glow", 1),
            ("glw", "glow", 1),
            ("", "glow", 4),
            ("flash", "glow", 4),
        ] {
            assert_eq!(edits(from, to), count, "{from} {to}");
        }
    }

    #[test]
    fn only_a_similar_name_is_suggested() {
        assert_eq!(did_you_mean("Corner_Sise", &["height", "corner-size"]), " (did you mean corner-size?)");
        assert_eq!(did_you_mean("speed", &["height", "corner-size"]), "");
        assert_eq!(did_you_mean("x", &[]), "");
    }
}
