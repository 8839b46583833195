//! The measured settings by ring and jobs: the best of each pair, with any number of segments and devices.

use crate::cli::tuning::search::{MeasuredSetting, SearchOutcome};
use wgpu_video::stream::WorkSplit;

/// Frames per second by jobs (rows) and ring depth (columns).
pub(super) struct HeatMap {
    /// Ring depths that were measured, rising.
    pub rings: Vec<usize>,
    /// Jobs that were measured, rising.
    pub jobs: Vec<usize>,
    cells: Vec<Cell>,
}

/// One pair of ring depth and jobs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// Frames per second.
    pub rate: f64,
    /// As a share of the fastest, 0 to 1.
    pub share: f64,
    /// The place between the slowest (0) and the fastest (1).
    pub heat: f64,
    /// Whether the choice is here.
    pub chosen: bool,
    at: (usize, usize),
}

impl HeatMap {
    pub(super) fn new(outcome: &SearchOutcome) -> HeatMap {
        let axis = |value: fn(WorkSplit) -> usize| {
            let mut values: Vec<usize> = outcome.measured.iter().map(|found| value(found.split)).collect();
            values.sort_unstable();
            values.dedup();
            values
        };
        let rings = axis(|split| split.ring_depth);
        let jobs = axis(|split| split.jobs);
        let fastest = outcome.fastest.median();
        let mut cells = Vec::new();
        for &at_jobs in &jobs {
            for &ring in &rings {
                let here =
                    |found: &&MeasuredSetting| found.split.jobs == at_jobs && found.split.ring_depth == ring;
                let rates = outcome.measured.iter().filter(here).map(MeasuredSetting::median);
                let Some(best) = rates.reduce(f64::max) else { continue };
                let choice = outcome.choice.split;
                let chosen = (choice.jobs, choice.ring_depth) == (at_jobs, ring);
                // The choice is shown with its own figure, though another number of segments may be within noise.
                let rate = if chosen { outcome.choice.median() } else { best };
                cells.push(Cell {
                    rate,
                    share: rate / fastest.max(1e-9),
                    heat: 0.0,
                    chosen,
                    at: (at_jobs, ring),
                });
            }
        }
        let slowest = cells.iter().map(|cell| cell.rate).fold(fastest, f64::min);
        for cell in &mut cells {
            cell.heat = if fastest > slowest { (cell.rate - slowest) / (fastest - slowest) } else { 1.0 };
        }
        HeatMap { rings, jobs, cells }
    }

    /// What was measured for `jobs` and `ring`.
    pub(super) fn cell(&self, jobs: usize, ring: usize) -> Option<Cell> {
        self.cells.iter().find(|cell| cell.at == (jobs, ring)).copied()
    }
}
