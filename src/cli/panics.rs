//! Panics, which are bugs: where they were, for the report of an error.
//!
//! What panics in a stage of the stream, or in a library that is known to, is caught there and becomes an error. So nothing is
//! printed when it happens, but kept, and told with the error if that is what the panic led to.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use super::console;

/// Where bugs are reported.
const REPORTS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");

/// Panics that are kept: the first of those that follow from one another is the one that matters.
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
        console::tell(uncaught());
        ExitCode::FAILURE
    })
}

/// Where the panic was that `error` speaks of, if it speaks of one.
pub(crate) fn place_of(error: &str) -> Option<String> {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    let panic = panics.iter().find(|panic| !panic.message.is_empty() && error.contains(&panic.message))?;
    Some(format!("it was in {}; report it at {REPORTS}", panic.place))
}

fn uncaught() -> String {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    let listed: Vec<String> =
        panics.iter().map(|panic| format!("\n  {} (in {})", panic.message, panic.place)).collect();
    format!("error: this is a bug in strikeline, please report it at {REPORTS}:{}", listed.concat())
}

/// Keeps what the hook is told. A panic here would end the program without words, so nothing here can.
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
