//! How far a search is: a bar on a terminal, a plain line every few seconds elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use crate::cli::tuning::search::Step;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::short;

/// How often a plain line is printed.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);

/// Tells how far a search is.
pub enum SearchDisplay {
    Quiet,
    Bar(ProgressBar),
    Plain { budget: Duration, last: Duration },
}

impl SearchDisplay {
    /// For a search of at most `budget`.
    pub fn new(quiet: bool, budget: Duration) -> SearchDisplay {
        if quiet {
            return SearchDisplay::Quiet;
        }
        if !std::io::stderr().is_terminal() {
            return SearchDisplay::Plain { budget, last: Duration::ZERO };
        }
        let bar = ProgressBar::with_draw_target(Some(millis(budget)), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:32.cyan/8} {msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        SearchDisplay::Bar(bar)
    }

    /// Takes the news.
    pub fn update(&mut self, step: &Step) {
        match self {
            SearchDisplay::Quiet => {}
            SearchDisplay::Bar(bar) => {
                bar.set_position(millis(step.elapsed));
                bar.set_message(describe(step));
            }
            SearchDisplay::Plain { budget, last } => {
                if step.runs == 0 || step.elapsed.saturating_sub(*last) >= PLAIN_INTERVAL {
                    eprintln!(
                        "{:.0} of {:.0} s  {}",
                        step.elapsed.as_secs_f64(),
                        budget.as_secs_f64(),
                        describe(step)
                    );
                    *last = step.elapsed;
                }
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let SearchDisplay::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn describe(step: &Step) -> String {
    let best = match step.best {
        Some((spread, rate)) => format!("best so far: {} with {rate:.0} fps", short(spread)),
        None => "starting".to_owned(),
    };
    format!("run {}: {}; {best}", step.runs + 1, short(step.spread))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
