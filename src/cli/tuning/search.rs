//! The search for the best [`WorkSplit`], by any measure: on a coarse grid first, then around the best.
//!
//! Every setting is measured at least twice, in rounds: one run of each, then another of each in the opposite order, so
//! that a machine that grows slower or faster affects all settings equally. Settings that differ by less than the noise
//! are a tie: of these the default is chosen, or else the one with the fewest buffers.

mod choice;
mod grid;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use grid::Grid;
use wgpu_video::stream::WorkSplit;

/// Runs per setting; further runs add little.
const ENOUGH_RUNS: usize = 6;
/// Leading settings that are measured again, with those around them.
const LEADERS: usize = 3;
/// Latest runs whose times predict that of the next one; the first runs may be longer than all others.
const LATEST: usize = 8;
/// New settings of one round.
const FRESH: usize = 6;
/// Share of the budget for the coarse grid.
const COARSE_SHARE: f64 = 0.5;

/// The settings that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space {
    /// Cores that the process may use, at least 1.
    pub cores: usize,
    /// Deepest ring that there is memory for, at least 1.
    pub deepest_ring: usize,
    /// Most devices that may draw at the same time, at least 1.
    pub most_devices: usize,
    /// Where the search begins: the default without tuned settings.
    pub default: WorkSplit,
}

/// Measures settings.
pub(crate) trait Bench {
    /// An error that stops the search.
    type Error;

    /// Frames per second with `split`, from one run; `None` if it cannot be measured, for example for lack of memory or
    /// time.
    ///
    /// # Errors
    /// Any error ends the search.
    fn measure(&mut self, split: WorkSplit) -> Result<Option<f64>, Self::Error>;

    /// Time since the search was begun.
    fn elapsed(&self) -> Duration;
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SearchProgress {
    /// What is measured next.
    pub split: WorkSplit,
    /// Runs so far.
    pub runs: usize,
    /// The best so far, and its frames per second; `None` before any was measured twice.
    pub best: Option<(WorkSplit, f64)>,
    /// Time since the search was begun.
    pub elapsed: Duration,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SearchError<E> {
    /// A run failed.
    #[error("{0}")]
    Bench(E),
    /// Not even one setting could be measured twice. Allow more time.
    #[error("a run takes {:.1} s, and the search is to end after {:.0} s: allow at least {:.0} s", run.as_secs_f64(), budget.as_secs_f64(), run.as_secs_f64() * 12.0)]
    Budget {
        /// The time of one run.
        run: Duration,
        /// The time that was allowed.
        budget: Duration,
    },
}

/// A setting and its runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeasuredSetting {
    /// The setting.
    pub split: WorkSplit,
    /// Frames per second of each run, in order; at least two in an [`SearchOutcome`].
    pub runs: Vec<f64>,
}

impl MeasuredSetting {
    /// The median of its runs.
    pub(crate) fn median(&self) -> f64 {
        let mut runs = self.runs.clone();
        runs.sort_by(f64::total_cmp);
        let middle = |index: usize| runs.get(index).copied().unwrap_or_default();
        (middle(runs.len() / 2) + middle(runs.len().saturating_sub(1) / 2)) / 2.0
    }

    /// How far its runs are apart, as a share of their median.
    pub(crate) fn scatter(&self) -> f64 {
        let most = self.runs.iter().copied().fold(f64::MIN, f64::max);
        let least = self.runs.iter().copied().fold(f64::MAX, f64::min);
        let median = self.median();
        if median > 0.0 { (most - least) / median } else { 0.0 }
    }
}

/// What a search has found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SearchOutcome {
    /// All settings that were measured, by jobs, ring and segments.
    pub measured: Vec<MeasuredSetting>,
    /// The one to use.
    pub choice: MeasuredSetting,
    /// The fastest one; it may be the choice.
    pub fastest: MeasuredSetting,
    /// Settings equal to the fastest within the noise, the choice among them.
    pub ties: Vec<WorkSplit>,
    /// Standard deviation of a single run, as a share of its setting's speed.
    pub noise: f64,
    /// All runs, including those that do not count.
    pub runs: usize,
}

/// Searches `space` for the setting with the most frames per second, within `budget`. `on_progress` is called
/// before every run.
///
/// # Errors
/// What `bench` fails with, and [`SearchError::Budget`].
pub(crate) fn search<B: Bench>(
    bench: &mut B,
    space: Space,
    budget: Duration,
    on_progress: &mut dyn FnMut(&SearchProgress),
) -> Result<SearchOutcome, SearchError<B::Error>> {
    let grid = Grid::new(space);
    let mut search = Search {
        bench,
        budget,
        default: space.default,
        on_progress,
        known: Vec::new(),
        refused: Vec::new(),
        runs: 0,
        times: VecDeque::new(),
    };
    // The first run fills caches that all others find filled, so it does not count.
    search.run(space.default)?;
    let mut coarse = grid.coarse();
    let affordable = search.affordable(budget.mul_f64(COARSE_SHARE)) / 2;
    coarse.truncate(affordable.max(1));
    search.rounds(&coarse, 2)?;
    loop {
        let leaders = choice::leaders(&search.complete(), space.default, LEADERS);
        let is_new = |split: &WorkSplit| !search.is_known(*split);
        let mut fresh: Vec<WorkSplit> = grid.around(&leaders).into_iter().filter(is_new).collect();
        let tired = |split: &WorkSplit| search.runs_of(*split) >= ENOUGH_RUNS;
        if leaders.is_empty() || (fresh.is_empty() && leaders.iter().all(tired)) {
            break;
        }
        let affordable = search.affordable(budget);
        let room = (affordable / 2).saturating_sub(leaders.len());
        fresh.truncate(room.min(FRESH));
        let mut batch = leaders;
        if fresh.is_empty() {
            // Too little time is left for new settings: it goes into more runs of the best ones.
            let ended = batch.iter().all(tired) || affordable < batch.len();
            if ended {
                break;
            }
            search.rounds(&batch, 1)?;
        } else {
            batch.extend(fresh);
            search.rounds(&batch, 2)?;
        }
    }
    let measured = search.complete();
    let (runs, run) = (search.runs, search.longest());
    choice::choose(measured, space.default, runs).ok_or(SearchError::Budget { run, budget })
}

/// A search that is running.
struct Search<'a, B> {
    bench: &'a mut B,
    budget: Duration,
    default: WorkSplit,
    on_progress: &'a mut dyn FnMut(&SearchProgress),
    known: Vec<MeasuredSetting>,
    /// Settings that cannot be measured.
    refused: Vec<WorkSplit>,
    runs: usize,
    /// Times of the latest runs, the last one first.
    times: VecDeque<Duration>,
}

impl<B: Bench> Search<'_, B> {
    /// Measures each of `batch` `rounds` times, one after the other, every second round in the opposite order; stops at
    /// the end of the budget.
    fn rounds(&mut self, batch: &[WorkSplit], rounds: usize) -> Result<(), SearchError<B::Error>> {
        let mut order = batch.to_vec();
        for _ in 0..rounds {
            for &split in &order {
                if self.affordable(self.budget) == 0 {
                    return Ok(());
                }
                if self.refused.contains(&split) {
                    continue;
                }
                let rate = self.run(split)?;
                match (self.known.iter_mut().find(|known| known.split == split), rate) {
                    (Some(known), Some(rate)) => known.runs.push(rate),
                    (None, Some(rate)) => self.known.push(MeasuredSetting { split, runs: vec![rate] }),
                    (None, None) => self.refused.push(split),
                    // It worked before: this run was cut short.
                    (Some(_), None) => {}
                }
            }
            order.reverse();
        }
        Ok(())
    }

    fn run(&mut self, split: WorkSplit) -> Result<Option<f64>, SearchError<B::Error>> {
        let before = self.bench.elapsed();
        let best = choice::choose(self.complete(), self.default, 0)
            .map(|found| (found.choice.split, found.choice.median()));
        (self.on_progress)(&SearchProgress { split, runs: self.runs, best, elapsed: before });
        let rate = self.bench.measure(split).map_err(SearchError::Bench)?;
        self.runs += 1;
        self.times.push_front(self.bench.elapsed().saturating_sub(before));
        self.times.truncate(LATEST);
        // A rate that is not a number does not count.
        Ok(rate.filter(|rate| rate.is_finite()))
    }

    /// Time of the longest of the latest runs.
    fn longest(&self) -> Duration {
        self.times.iter().max().copied().unwrap_or_default()
    }

    /// How many runs end before `end`, judged by the longest of the latest.
    fn affordable(&self, end: Duration) -> usize {
        let left = end.saturating_sub(self.bench.elapsed()).as_secs_f64();
        let run = self.longest().as_secs_f64().max(1e-6);
        (left / run) as usize
    }

    fn is_known(&self, split: WorkSplit) -> bool {
        self.refused.contains(&split) || self.known.iter().any(|known| known.split == split)
    }

    fn runs_of(&self, split: WorkSplit) -> usize {
        self.known.iter().find(|known| known.split == split).map_or(0, |known| known.runs.len())
    }

    /// Those with at least two runs.
    fn complete(&self) -> Vec<MeasuredSetting> {
        self.known.iter().filter(|known| known.runs.len() >= 2).cloned().collect()
    }
}
