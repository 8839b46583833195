//! Names of files that are numbered, such as `out/%06d.png`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use strikeline_picture::shown;

/// The names of the files of a sequence: `out/%06d.png` stands for `out/000001.png`, `out/000002.png` and so on.
///
/// Only the name of the file is a pattern, not that of its folder. In it, `%d` is the number, and `%06d` the number with zeros
/// before it if it has fewer than 6 digits; one with more has them all. `%%` is a percent sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedNames {
    /// As it was given.
    pattern: PathBuf,
    /// What stands before the number, and behind it.
    around: [String; 2],
    /// The fewest digits of a number.
    digits: usize,
    /// The number of the first file.
    first: u64,
}

/// Why a path is no pattern of numbered names. Each text says what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberedNamesError {
    /// All files would have the same name.
    #[error("each picture is a file of its own, so the name needs their number: give a name such as {}", shown(.example))]
    NoNumber {
        /// The same path with a number.
        example: PathBuf,
    },
    /// There are several numbers, and it is not said what they count.
    #[error(
        "there are two numbers in the name, and only the pictures are counted: leave one out (%% is a percent sign)"
    )]
    TwoNumbers,
    /// A folder has a number.
    #[error(
        "all pictures go into one folder, so a number cannot be in its name: put it into the name of the file, such as {}",
        shown(.example)
    )]
    InFolder {
        /// A folder without a number, and a file with one.
        example: PathBuf,
    },
    /// A percent sign with something else behind it.
    #[error(
        "{found} is no number in a name: %d is one, %06d has at least 6 digits (20 at most), and %% is a percent sign"
    )]
    Unknown {
        /// From the percent sign on.
        found: String,
    },
    /// The name is not Unicode.
    #[error("the name is not Unicode: give the files another name")]
    NotUnicode,
}

/// The most digits to which numbers are filled up.
const MOST_DIGITS: usize = 20;

/// The usual number in a name.
const USUAL: &str = "%06d";

impl NumberedNames {
    /// The names that `pattern` describes, from number `first` on.
    ///
    /// # Errors
    /// When there is not exactly one number in the name of the file.
    pub fn parse(pattern: &Path, first: u32) -> Result<NumberedNames, NumberedNamesError> {
        let name = pattern.file_name().unwrap_or_default();
        let folder = pattern.parent().unwrap_or(Path::new(""));
        if has_number(folder.as_os_str()) {
            let kept = folder.iter().filter(|part| !has_number(part)).collect::<PathBuf>();
            let name = if has_number(name) { name } else { &with_number(name) };
            return Err(NumberedNamesError::InFolder { example: kept.join(name) });
        }
        let name = name.to_str().ok_or(NumberedNamesError::NotUnicode)?;
        let mut around = [String::new(), String::new()];
        let mut digits = None;
        let mut rest = name;
        while let Some((before, behind)) = rest.split_once('%') {
            let place = usize::from(digits.is_some());
            around[place].push_str(before);
            rest = match (behind.strip_prefix('%'), number(behind)) {
                (Some(behind), _) => {
                    around[place].push('%');
                    behind
                }
                (None, Some(_)) if digits.is_some() => return Err(NumberedNamesError::TwoNumbers),
                (None, Some((found, behind))) => {
                    digits = Some(found);
                    behind
                }
                (None, None) => {
                    let digits = behind.chars().take_while(|letter| letter.is_ascii_digit()).count();
                    let found = format!("%{}", behind.chars().take(digits + 1).collect::<String>());
                    return Err(NumberedNamesError::Unknown { found });
                }
            };
        }
        around[usize::from(digits.is_some())].push_str(rest);
        let example = || pattern.with_file_name(with_number(name.as_ref()));
        let digits = digits.ok_or_else(|| NumberedNamesError::NoNumber { example: example() })?;
        Ok(NumberedNames { pattern: pattern.to_owned(), around, digits, first: first.into() })
    }

    /// The pattern as it was given.
    pub fn pattern(&self) -> &Path {
        &self.pattern
    }

    /// The folder of the files.
    pub fn folder(&self) -> &Path {
        super::folder_of(&self.pattern)
    }

    /// The number of the first file.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The name of file `index`, counted from 0.
    pub fn name(&self, index: u64) -> String {
        let [before, behind] = &self.around;
        let (number, digits) = (self.first.saturating_add(index), self.digits);
        format!("{before}{number:0digits$}{behind}")
    }

    /// The path of file `index`, counted from 0.
    pub fn path(&self, index: u64) -> PathBuf {
        self.pattern.with_file_name(self.name(index))
    }

    /// The index of the file called `name`; `None` if it is none of these.
    pub fn index(&self, name: &OsStr) -> Option<u64> {
        let [before, behind] = &self.around;
        let number = name.to_str()?.strip_prefix(before.as_str())?.strip_suffix(behind.as_str())?;
        let index = number.parse::<u64>().ok()?.checked_sub(self.first)?;
        // Not for one with other zeros before it.
        (self.name(index) == name.to_str()?).then_some(index)
    }
}

/// Whether `name`, of a file or of folders, has a number in it, such as `%d` or `%06d`.
pub fn has_number(name: &OsStr) -> bool {
    let name = name.to_string_lossy().replace("%%", "");
    name.split('%').skip(1).any(|behind| number(behind).is_some())
}

/// The digits of a number whose percent sign stands before `text`, and what stands behind it.
fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (digits, behind) = text.split_at_checked(end)?;
    let behind = behind.strip_prefix('d')?;
    let digits = if digits.is_empty() { Some(1) } else { digits.parse().ok() };
    digits.filter(|digits| *digits <= MOST_DIGITS).map(|digits| (digits, behind))
}

/// `still-%06d.png` for `still.png`.
fn with_number(name: &OsStr) -> std::ffi::OsString {
    let name = Path::new(name);
    let mut numbered = name.file_stem().unwrap_or_default().to_owned();
    if !numbered.is_empty() {
        numbered.push("-");
    }
    numbered.push(USUAL);
    if let Some(extension) = name.extension() {
        numbered.push(".");
        numbered.push(extension);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> Result<NumberedNames, String> {
        NumberedNames::parse(Path::new(pattern), 1).map_err(|error| error.to_string())
    }

    #[test]
    fn a_pattern_has_one_number_and_any_percent_signs() {
        for (pattern, index, expected) in [
            ("out/%06d.png", 0, "out/000001.png"),
            ("out/%06d.png", 1_234_567, "out/1234568.png"),
            ("%d.png", 8, "9.png"),
            ("%04d", 8, "0009"),
            ("%4d.png", 8, "0009.png"),
            ("100%% %d%%.png", 0, "100% 1%.png"),
            ("a%%/%d.png", 0, "a%%/1.png"),
            ("100%/%0d.png", 0, "100%/1.png"),
            ("é%03dü.jpeg", 9, "é010ü.jpeg"),
        ] {
            let names = names(pattern).unwrap();
            assert_eq!(names.path(index), Path::new(expected), "{pattern}");
            let name = names.name(index);
            assert_eq!(names.index(name.as_ref()), Some(index), "{pattern}");
        }
        let names = NumberedNames::parse(Path::new("%03d.png"), 7).unwrap();
        assert_eq!(names.path(0), Path::new("007.png"));
        for other in ["006.png", "07.png", "0007.png", "7.png", "007.PNG", "+07.png", "x.png", ""] {
            assert_eq!(names.index(other.as_ref()), None, "{other}");
        }
        assert_eq!(names.index("1234.png".as_ref()), Some(1227));
    }

    #[test]
    fn other_names_are_refused_with_what_helps() {
        for (pattern, words) in [
            ("out/still.png", "out/still-%06d.png"),
            (".png", ".png-%06d"),
            ("100%%.png", "100%%-%06d.png"),
            ("%d-%d.png", "two numbers"),
            ("%03d/a.png", "such as a-%06d.png"),
            ("a/%d/b/%06d.png", "such as a/b/%06d.png"),
            ("%s.png", "%s is no number"),
            ("a%", "% is no number"),
            ("%-4d.png", "%- is no number"),
            ("%99999999999999999999d.png", "is no number"),
            ("%21d.png", "is no number"),
        ] {
            let error = names(pattern).unwrap_err();
            assert!(error.contains(words), "{pattern}: {error}");
        }
    }
}
