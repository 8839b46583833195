//! What signals do to the program.
//!
//! | signal | while nothing is streamed | while something is streamed |
//! | --- | --- | --- |
//! | INT, TERM, HUP, QUIT | the program ends at once | the first cancels the stream, the second ends the program at once |
//! | ALRM, XCPU (`ulimit -t`) | the program ends at once | the program ends at once |
//! | XFSZ (`ulimit -f`) | no effect: writing fails with an error that says so | the same |
//!
//! Before the program ends, hidden files that are not complete are removed. The exit code is 128 plus the number of the signal.
//! If HUP was ignored when the program was started, as with `nohup`, it stays ignored.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use wgpu_video::stream::CancelToken;

use super::exit_code::ExitCode;

/// A signal that asked the program to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signal(i32);

impl Signal {
    /// SIGINT, which Ctrl-C sends.
    pub(crate) const INTERRUPT: Signal = Signal(signal_hook::consts::SIGINT);

    /// The exit code of a program that this signal stopped.
    pub(crate) fn exit_code(self) -> u8 {
        u8::try_from(self.0).unwrap_or(0).saturating_add(128)
    }
}

/// The program's answer to signals, from [`Signals::install`] on until the process has ended.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    state: Arc<State>,
}

/// What the answer to a signal depends on.
#[derive(Debug, Default)]
struct State {
    /// Calls of [`Signals::stream`] that have not returned yet.
    streams: AtomicUsize,
    cancel: CancelToken,
    /// Number of the first signal that cancelled a stream; 0 if there was none.
    first: AtomicI32,
}

impl Signals {
    /// Handles signals from now on.
    ///
    /// # Errors
    /// When the system has no thread or no file descriptors left for this.
    pub(crate) fn install() -> io::Result<Signals> {
        let state = Arc::new(State::default());
        watch::start(&state)?;
        Ok(Signals { state })
    }

    /// The token that the first signal cancels while something is streamed.
    pub(crate) fn token(&self) -> CancelToken {
        self.state.cancel.clone()
    }

    /// Does `work`, which gets the token and stops early when the token is cancelled. During this time, the first signal does
    /// nothing but cancel the token.
    pub(crate) fn stream<T>(&self, work: impl FnOnce(&CancelToken) -> T) -> T {
        let _streaming = Streaming::begin(&self.state);
        work(&self.state.cancel)
    }

    /// Ends the program at once, whatever its threads do, with the exit code of the signal that cancelled a stream, or `code`
    /// when none did.
    pub(crate) fn end_program(&self, code: ExitCode) -> ! {
        end_at_once(self.interrupted().map_or(code, ExitCode::Stopped).number())
    }

    /// The signal that cancelled a stream; `None` when none did.
    pub(crate) fn interrupted(&self) -> Option<Signal> {
        self.state.interrupted()
    }
}

impl State {
    fn interrupted(&self) -> Option<Signal> {
        Some(self.first.load(Ordering::Acquire)).filter(|first| *first != 0).map(Signal)
    }
}

/// A stream is running while this lives.
struct Streaming<'s>(&'s State);

impl Streaming<'_> {
    fn begin(state: &State) -> Streaming<'_> {
        state.streams.fetch_add(1, Ordering::AcqRel);
        Streaming(state)
    }
}

impl Drop for Streaming<'_> {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Removes the hidden files that are not complete, and ends the program, whatever its threads do.
fn end_at_once(code: u8) -> ! {
    wgpu_video::encode::ffmpeg::kill_all();
    wgpu_video::output::remove_unfinished();
    // Not `std::process::exit`: that runs what libraries, such as graphics drivers, want to do at the end, and other threads
    // are in the midst of them, or have come to a stop there.
    signal_hook::low_level::exit(code.into());
}

#[cfg(unix)]
mod watch {
    //! A thread that waits for signals: it may do what a signal handler may not, such as removing files. It is not joined, so
    //! that a signal ends the program also when a graphics driver hangs at the very end.

    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::Builder;

    use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ};
    use signal_hook::iterator::Signals;

    use super::{Signal, State};
    use crate::cli::hang;

    pub(super) fn start(state: &Arc<State>) -> io::Result<()> {
        let mut watched = vec![SIGINT, SIGTERM, SIGQUIT, SIGALRM, SIGXCPU];
        if !may_be_ignored(SIGHUP) {
            watched.push(SIGHUP);
        }
        let mut signals = Signals::new(watched)?;
        let state = Arc::clone(state);
        let answer = move || signals.forever().for_each(|signal| state.answer(Signal(signal)));
        Builder::new().name("signals".to_owned()).spawn(answer)?;
        // With a handler that does nothing, the signal does not end the program. Instead, the write beyond the limit fails.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        Ok(())
    }

    impl State {
        fn answer(&self, signal: Signal) {
            let limit = matches!(signal.0, SIGALRM | SIGXCPU);
            let streaming = self.streams.load(Ordering::Acquire) > 0;
            if limit || !streaming || self.interrupted().is_some() {
                hang::tell_kept_briefly();
                super::end_at_once(signal.exit_code());
            }
            self.first.store(signal.0, Ordering::Release);
            self.cancel.cancel();
        }
    }

    /// Whether `signal` was ignored when the program was started. If the system does not tell, it is assumed to have been
    /// ignored, and its default action stays.
    fn may_be_ignored(signal: i32) -> bool {
        let ignored = || {
            let status = std::fs::read_to_string("/proc/self/status").ok()?;
            let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
            let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
            Some(mask >> (signal - 1) & 1 == 1)
        };
        ignored().unwrap_or(true)
    }
}

#[cfg(not(unix))]
mod watch {
    //! Flags that signals set, because on these systems no thread can wait for signals.

    use std::io;
    use std::sync::Arc;

    use signal_hook::consts::{SIGINT, SIGTERM};

    use super::State;

    pub(super) fn start(state: &Arc<State>) -> io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, state.cancel.flag())?;
            signal_hook::flag::register(signal, state.cancel.flag())?;
        }
        Ok(())
    }
}
