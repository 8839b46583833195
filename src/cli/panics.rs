//! Panics, which are bugs: keeps where they happened, for the error message.
//!
//! A panic in a stage of the stream, or in a library that is known to panic, is caught there and becomes an error. So nothing
//! is printed when the panic happens. Its text and place are kept, and printed with the error if the panic caused it.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::color::Label;
use super::console;
use super::exit_code::ExitCode;
use super::report::{self, Fault};

/// The largest number of panics that are kept. One panic may cause others; the first is the one that matters.
const KEPT: usize = 4;

static PANICS: Mutex<Vec<KeptPanic>> = Mutex::new(Vec::new());

/// A panic that happened.
struct KeptPanic {
    message: String,
    /// Thread, file, line and column, and the backtrace if `RUST_BACKTRACE` asks for one.
    place: String,
}

/// Runs the program. A panic that nothing catches ends it with an error message and exit code 1.
pub(crate) fn guarded(program: fn() -> ExitCode) -> ExitCode {
    std::panic::set_hook(Box::new(keep));
    catch_unwind(program).unwrap_or_else(|_panic| {
        wgpu_video::output::remove_unfinished();
        let (error, place) = uncaught();
        console::tell_as(Label::Error, format_args!("strikeline has failed unexpectedly: {error}"));
        report::tell(Fault::Program, &error, Some(&place));
        ExitCode::Failed
    })
}

/// Where the panic in the message `error` happened; `None` if the message is not about a panic.
pub(crate) fn place_of(error: &str) -> Option<String> {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    let panic = panics.iter().find(|panic| !panic.message.is_empty() && error.contains(&panic.message))?;
    Some(panic.place.clone())
}

/// The message of the first panic, and where it and those after it happened.
fn uncaught() -> (String, String) {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((first, others)) = panics.split_first() else {
        return ("no message".to_owned(), "unknown".to_owned());
    };
    let others = others.iter().map(|panic| format!("\nthen: {} (in {})", panic.message, panic.place));
    (first.message.clone(), first.place.clone() + &others.collect::<String>())
}

/// Keeps what the panic hook is told. A panic in here would end the program without a message, so nothing in here may panic.
fn keep(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message").to_owned();
    let thread = std::thread::current();
    let mut place = format!("the thread {}", thread.name().unwrap_or("without a name"));
    if let Some(location) = panic.location() {
        place.push_str(&format!(", at {location}"));
    }
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        place.push_str(&format!("\n{backtrace}"));
    }
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    if panics.len() < KEPT {
        panics.push(KeptPanic { message, place });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the ignored test `name` of this module in a process of its own, and returns its exit code and standard error.
    fn in_child(name: &str) -> (Option<i32>, String) {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--ignored", "--exact", "--nocapture", &format!("cli::panics::tests::{name}")]);
        let output = child.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    #[test]
    #[ignore = "a process of its own"]
    fn a_program_that_panics() {
        std::process::exit(guarded(|| panic!("the sum is {}", 1 + 1)).number().into());
    }

    #[test]
    #[ignore = "a process of its own"]
    fn a_program_with_a_thread_that_panics() {
        std::process::exit(
            guarded(|| {
                let thread = std::thread::Builder::new().name("render".to_owned());
                let panicking = thread.spawn(|| assert_eq!(1, 2, "odd")).unwrap();
                let caught = panicking.join().unwrap_err();
                let message = caught.downcast_ref::<String>().unwrap();
                let text = format!("the render stage panicked ({message})");
                console::tell(place_of(&text).unwrap());
                assert_eq!(place_of("the disk is full"), None);
                ExitCode::Done
            })
            .number()
            .into(),
        );
    }

    #[test]
    fn a_panic_that_nothing_catches_ends_in_words_with_exit_code_1() {
        let (code, stderr) = in_child("a_program_that_panics");
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.starts_with("error: strikeline has failed unexpectedly: the sum is 2\n"), "{stderr}");
        for part in
            ["please report it at http", "\n  error: the sum is 2\n", "where: the thread ", "panics.rs:"]
        {
            assert!(stderr.contains(part), "{part}: {stderr}");
        }
    }

    #[test]
    fn a_panic_that_was_caught_is_told_once_with_its_place() {
        let (code, stderr) = in_child("a_program_with_a_thread_that_panics");
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.starts_with("the thread render, at src/cli/panics.rs:"), "{stderr}");
    }
}
