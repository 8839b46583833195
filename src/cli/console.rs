//! The one place that prints: results on standard output, everything else on standard error.
//!
//! Errors of standard error are ignored. It may be closed, full or a pipe that nobody reads, and no work is lost because of
//! that. A result that cannot be printed is an error. Nothing that is printed contains characters that would control a
//! terminal, wherever the text comes from.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;
use serde_json::ser::Formatter;
use strikeline_picture::is_control;

use super::color::Label;
use super::exit_code::ExitCode;

/// Columns that a text of [`show_for_now`] may take where the terminal has more.
const COLUMNS: usize = 60;

/// A result could not be printed on standard output.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", self.what(), describe(.reason))]
pub(crate) struct NotPrinted {
    /// A text that says what had been done before; `None` for a command that only prints.
    done: Option<String>,
    reason: io::Error,
}

impl NotPrinted {
    /// The same for the summary of a command that has made something: `done` says what, and where it is.
    pub(crate) fn after(self, done: impl Display) -> NotPrinted {
        NotPrinted { done: Some(done.to_string()), ..self }
    }

    /// Whether a reader such as `head` closed the pipe and has what it wanted. This is `false` for a summary, which is printed
    /// in one piece when the work is done: the reader has got nothing of it.
    pub(crate) fn is_enough(&self) -> bool {
        self.done.is_none() && self.reason.kind() == io::ErrorKind::BrokenPipe
    }

    fn what(&self) -> String {
        match &self.done {
            Some(done) => format!("{done}; its summary could not be printed on standard output"),
            None => "the result could not be printed on standard output".to_owned(),
        }
    }
}

/// Why, and what can be done.
fn describe(reason: &io::Error) -> String {
    match reason.kind() {
        io::ErrorKind::BrokenPipe => "the program that was to read it has ended".to_owned(),
        io::ErrorKind::StorageFull => "the disk that it goes to is full; free some space".to_owned(),
        _ => reason.to_string(),
    }
}

/// Prints a result: `text`, which ends in a line break.
///
/// # Errors
/// When standard output does not take all of it.
pub(crate) fn print(text: &str) -> Result<(), NotPrinted> {
    print_with(|out| out.write_all(harmless(text).as_bytes()))
}

/// Prints a result that is no text: a file for another program.
///
/// # Errors
/// When standard output does not take all of it.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), NotPrinted> {
    print_with(|out| out.write_all(bytes))
}

/// Prints a result as one line of JSON.
///
/// # Errors
/// When standard output does not take all of it.
pub(crate) fn print_json(result: &impl Serialize) -> Result<(), NotPrinted> {
    print_with(|out| {
        result.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, HarmlessJson))?;
        out.write_all(b"\n")
    })
}

fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), NotPrinted> {
    #[expect(clippy::disallowed_methods, reason = "this is the place that prints")]
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    // After an error, the buffered rest is discarded, so that dropping the writer does not try to write it again.
    drop(out.into_parts());
    written.map_err(|reason| NotPrinted { done: None, reason })
}

/// Tells something on standard error, in a line or several.
pub(crate) fn tell(text: impl Display) {
    to_stderr(&format!("{}\n", harmless(&text.to_string())));
}

/// The same, after `error:`, `warning:` or `help:`.
pub(crate) fn tell_as(label: Label, text: impl Display) {
    let (word, text) = (label.word(), harmless(&text.to_string()));
    match is_colored() {
        true => {
            let style = label.style();
            to_stderr(&format!("{style}{word}:{style:#} {text}\n"));
        }
        false => to_stderr(&format!("{word}: {text}\n")),
    }
}

/// Whether messages have colours.
pub(crate) fn is_colored() -> bool {
    #[expect(clippy::disallowed_methods, reason = "this is the place that prints")]
    let choice = anstream::AutoStream::choice(&io::stderr());
    choice != anstream::ColorChoice::Never
}

/// Columns of the terminal that messages go to; `None` if that is none.
pub(crate) fn columns() -> Option<usize> {
    ::console::Term::stderr().size_checked().map(|(_, columns)| columns.into())
}

/// Shows what is going on, on a terminal, until [`show_nothing`] or the next such text.
pub(crate) fn show_for_now(text: impl Display) {
    let columns = columns_for_now();
    let text = harmless(&text.to_string());
    let text = ::console::pad_str(&text, columns, ::console::Alignment::Left, Some("…"));
    to_stderr(&format!("\r{text}"));
}

/// Removes the text that [`show_for_now`] shows.
pub(crate) fn show_nothing() {
    to_stderr(&format!("\r{:1$}\r", "", columns_for_now()));
}

/// Columns of a text that is shown for now. The last one stays free: writing there may begin the next line.
fn columns_for_now() -> usize {
    columns().map_or(COLUMNS, |columns| columns.saturating_sub(1).clamp(1, COLUMNS))
}

/// Whether standard output is a terminal.
pub(crate) fn prints_to_terminal() -> bool {
    #[expect(clippy::disallowed_methods, reason = "this is the place that prints")]
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal on which a line can be overwritten.
pub(crate) fn has_terminal() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
    #[expect(clippy::disallowed_methods, reason = "this is the place that prints")]
    let is_terminal = io::stderr().is_terminal();
    is_terminal && !is_dumb
}

fn to_stderr(text: &str) {
    #[expect(clippy::disallowed_methods, reason = "this is the place that prints")]
    let stderr = io::stderr().lock();
    // Of the text itself nothing is taken away: colours are in it only where there are some.
    let mut stderr = anstream::AutoStream::new(stderr, anstream::ColorChoice::Always);
    // Best effort: there is no other place to say that it failed.
    let _ = stderr.write_all(text.as_bytes());
}

/// Prints what the parser of the command line has to say, help or an error, and returns the exit code.
pub(crate) fn print_parsed(error: &clap::Error) -> ExitCode {
    let failed = error.use_stderr();
    let code = if failed { ExitCode::Wrong } else { ExitCode::Done };
    let arguments = std::env::args_os();
    let printed = if failed && arguments.into_iter().any(|argument| has_control(&argument)) {
        // The text repeats arguments. It is printed without colours, so all escape codes in it come from the arguments.
        tell(error.render().to_string().trim_end());
        Ok(())
    } else {
        error.print().and_then(|()| {
            #[expect(clippy::disallowed_methods, reason = "this is the place that prints")]
            io::stdout().flush()
        })
    };
    if failed && error.kind() == clap::error::ErrorKind::UnknownArgument {
        let is_file = |argument: &std::ffi::OsString| {
            let is_option_like = argument.as_encoded_bytes().starts_with(b"-");
            is_option_like && std::path::Path::new(argument).is_file()
        };
        if let Some(file) = std::env::args_os().skip(1).find(is_file) {
            let name = std::path::Path::new(".").join(file);
            tell_as(
                Label::Help,
                format_args!("to name the file, write {}", strikeline_picture::shown(&name)),
            );
        }
    }
    match printed.map_err(|reason| NotPrinted { done: None, reason }) {
        Err(unprinted) if !failed && !unprinted.is_enough() => {
            tell_as(Label::Error, unprinted);
            ExitCode::Failed
        }
        _ => code,
    }
}

fn has_control(argument: &std::ffi::OsStr) -> bool {
    argument.to_string_lossy().chars().any(is_control)
}

/// `text` with escapes such as `\u{1b}` in place of characters that would control a terminal, except line breaks and tabs.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        if is_control(character) && !matches!(character, '\n' | '\t') {
            harmless.extend(character.escape_default());
        } else {
            harmless.push(character);
        }
    }
    harmless
}

/// JSON in one line in which also those characters are escaped that JSON would leave as they are: in the same JSON value.
struct HarmlessJson;

impl Formatter for HarmlessJson {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, character)| is_control(*character)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            // All of them are in the Basic Multilingual Plane.
            write!(writer, "\\u{:04x}", u32::from(character))?;
            rest = &rest[at + character.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_lines_and_loses_what_a_terminal_would_obey() {
        assert_eq!(harmless("error: a\n\tb – ł"), "error: a\n\tb – ł");
        assert_eq!(harmless("\u{1b}[2J\r\u{9b}1A\u{202e}"), r"\u{1b}[2J\r\u{9b}1A\u{202e}");
    }

    #[test]
    fn json_with_more_escapes_is_the_same_json() {
        let value = serde_json::json!({ "a\u{9b}\"\\\n": ["\u{202e}x\u{7f}ł🥁\u{7f}", "", "\u{85}"] });
        let mut bytes = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, HarmlessJson)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.chars().any(is_control), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_reader_that_is_gone_has_enough_of_a_text_but_not_of_a_summary() {
        let unprinted = |kind: io::ErrorKind| NotPrinted { done: None, reason: kind.into() };
        assert!(unprinted(io::ErrorKind::BrokenPipe).is_enough());
        assert!(!unprinted(io::ErrorKind::StorageFull).is_enough());
        let summary = unprinted(io::ErrorKind::BrokenPipe).after("the video is complete: song.mp4");
        assert!(!summary.is_enough());
        assert!(summary.to_string().starts_with("the video is complete: song.mp4; its summary"), "{summary}");
    }
}
