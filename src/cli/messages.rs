//! Warnings and notes, which the program prints beside its result.
//!
//! All of them go through [`Messages`], so that `--quiet`, `--json` and stderr agree: warnings are in the JSON object even if
//! `--quiet` keeps them from being printed.

use std::fmt::Display;
use std::path::Path;

use strikeline_picture::shown;

use super::args::MessageArgs;
use super::color::Label;
use super::console;

/// What is printed on stderr in addition to errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageLevel {
    /// Warnings and notes, and what was chosen and why.
    Verbose,
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
    /// Messages as `--quiet`, `--verbose` and `--json` ask for.
    pub(crate) fn new(args: MessageArgs, json: bool) -> Messages {
        let level = match (args, json) {
            (MessageArgs { quiet: true, .. }, _) => MessageLevel::None,
            (MessageArgs { verbose: true, .. }, _) => MessageLevel::Verbose,
            (_, true) => MessageLevel::Warnings,
            (_, false) => MessageLevel::All,
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
            console::tell_as(Label::Warning, &warning);
        }
        self.warnings.push(warning);
    }

    /// Gives a warning about the file at `path`, which is named on stderr.
    pub(crate) fn warn_about(&mut self, path: &Path, warning: impl Display) {
        let warning = warning.to_string();
        if self.level != MessageLevel::None {
            console::tell_as(Label::Warning, format_args!("{}: {warning}", shown(path)));
        }
        self.warnings.push(warning);
    }

    /// Gives a note: something that the program chose or did, and that the JSON object says in another way.
    pub(crate) fn note(&self, note: impl Display) {
        if matches!(self.level, MessageLevel::All | MessageLevel::Verbose) {
            console::tell(note);
        }
    }

    /// Says what an unfinished run leaves for the next one: with `--json` too, as there is no object then.
    pub(crate) fn left(&self, note: impl Display) {
        if self.level != MessageLevel::None {
            console::tell(note);
        }
    }

    /// With `--verbose`, says what was chosen for `what`, and why.
    pub(crate) fn chosen(&self, what: &str, choice: impl Display) {
        if self.level == MessageLevel::Verbose {
            console::tell(format_args!("{what}: {choice}"));
        }
    }

    /// Whether `--verbose` was given, so that it is worth while to find out what is to be said.
    pub(crate) fn is_verbose(&self) -> bool {
        self.level == MessageLevel::Verbose
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
        let quiet = MessageArgs { quiet: true, verbose: false };
        for mut messages in [Messages::silent(), Messages::new(quiet, true), Messages::new(quiet, false)] {
            messages.warn("one");
            messages.note("not kept");
            messages.warn_about(Path::new("song.mid"), "two");
            assert_eq!(messages.warnings(), ["one", "two"]);
        }
    }
}
