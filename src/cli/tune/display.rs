//! The progress of a search: a bar on a terminal, a plain line every few seconds elsewhere.

use std::time::Duration;

use crate::cli::tuning::search::SearchProgress;
use indicatif::{ProgressBar, ProgressDrawTarget};

use super::short;
use crate::cli::progress::{BarStyle, styled, tell_beside};
use crate::cli::{console, hang};

/// How often a plain line is printed.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);

/// Shows how far a search is.
pub(super) enum SearchDisplay {
    Quiet,
    Bar(ProgressBar),
    Plain { budget: Duration, last: Duration },
}

impl SearchDisplay {
    /// For a search of at most `budget`.
    pub(super) fn new(quiet: bool, budget: Duration) -> SearchDisplay {
        if quiet {
            return SearchDisplay::Quiet;
        }
        if !console::has_terminal() {
            return SearchDisplay::Plain { budget, last: Duration::ZERO };
        }
        let bar = ProgressBar::with_draw_target(Some(millis(budget)), ProgressDrawTarget::stderr());
        SearchDisplay::Bar(styled(bar, BarStyle::Search))
    }

    /// Updates the display with a new state.
    pub(super) fn update(&mut self, progress: &SearchProgress) {
        match self {
            SearchDisplay::Quiet => {}
            SearchDisplay::Bar(bar) => {
                bar.set_position(millis(progress.elapsed));
                bar.set_message(describe(progress));
            }
            SearchDisplay::Plain { budget, last } => {
                if progress.runs == 0 || progress.elapsed.saturating_sub(*last) >= PLAIN_INTERVAL {
                    console::tell(format_args!(
                        "{:.0} of {:.0} s  {}",
                        progress.elapsed.as_secs_f64(),
                        budget.as_secs_f64(),
                        describe(progress)
                    ));
                    *last = progress.elapsed;
                }
            }
        }
    }

    /// Says with a line that shaders are compiled, if that takes a while.
    pub(super) fn say_when_compiling(&self) {
        let bar = match self {
            SearchDisplay::Quiet => return,
            SearchDisplay::Plain { .. } => None,
            SearchDisplay::Bar(bar) => Some(bar.clone()),
        };
        hang::say_when_compiling(move |text| tell_beside(bar.as_ref(), text));
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        if let SearchDisplay::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn describe(progress: &SearchProgress) -> String {
    let best = match progress.best {
        Some((split, rate)) => format!("best so far: {} with {rate:.0} fps", short(split)),
        None => "nothing is measured twice yet".to_owned(),
    };
    format!("run {}: {}; {best}", progress.runs + 1, short(progress.split))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
