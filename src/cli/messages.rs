//! Warnings and notes, which the program prints beside its result.
//!
//! All of them go through [`Messages`], so that `--quiet`, `--json` and stderr agree: warnings are in the JSON object even if
//! `--quiet` keeps them from being printed.

use std::fmt::Display;
use std::path::Path;

use strikeline_picture::shown;

use super::console;

/// What is printed on stderr in addition to errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageLevel {
    /// Warnings and notes.
    All,
    /// Only warnings: the JSON object contains what the notes say.
    Warnings,
    /// Nothing.
    None,
}

/// Prints warnings and notes, and keeps the warnings for the JSON object.
#[derive(Debug)]
pub(crate) struct Messages {
    level: MessageLevel,
    warnings: Vec<String>,
}

impl Messages {
    /// Messages as `--quiet` and `--json` ask for.
    pub(crate) fn new(quiet: bool, json: bool) -> Messages {
        let level = match (quiet, json) {
            (true, _) => MessageLevel::None,
            (false, true) => MessageLevel::Warnings,
            (false, false) => MessageLevel::All,
        };
        Messages { level, warnings: Vec::new() }
    }

    /// Prints nothing.
    pub(crate) fn silent() -> Messages {
        Messages { level: MessageLevel::None, warnings: Vec::new() }
    }

    /// Gives a warning: something that a user ought to know, and that may be a fault.
    pub(crate) fn warn(&mut self, warning: impl Display) {
        let warning = warning.to_string();
        if self.level != MessageLevel::None {
            console::tell(format_args!("warning: {warning}"));
        }
        self.warnings.push(warning);
    }

    /// Gives a warning about the file at `path`, which is named on stderr.
    pub(crate) fn warn_about(&mut self, path: &Path, warning: impl Display) {
        let warning = warning.to_string();
        if self.level != MessageLevel::None {
            console::tell(format_args!("warning: {}: {warning}", shown(path)));
        }
        self.warnings.push(warning);
    }

    /// Gives a note: something that the program chose or did, and that the JSON object says in another way.
    pub(crate) fn note(&self, note: impl Display) {
        if self.level == MessageLevel::All {
            console::tell(note);
        }
    }

    /// All warnings so far.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_kept_whether_they_are_printed_or_not() {
        for mut messages in [Messages::silent(), Messages::new(true, true), Messages::new(true, false)] {
            messages.warn("one");
            messages.note("not kept");
            messages.warn_about(Path::new("song.mid"), "two");
            assert_eq!(messages.warnings(), ["one", "two"]);
        }
    }
}
