//! Which of the measured settings to use.

use super::{MeasuredSetting, SearchOutcome};
use wgpu_video::stream::WorkSplit;

/// Smaller differences do not count, however steady the runs are: they make no difference to a user.
const LEAST_TOLERANCE: f64 = 0.01;
/// Larger differences count, however noisy the machine.
const MOST_TOLERANCE: f64 = 0.1;

/// The fastest within the noise: `default` if it is among these, so that nothing is changed without a gain. Otherwise the fewest
/// buffers win ties, then the fewest devices, jobs and segments. `None` if `measured` is empty.
pub(super) fn choose(
    mut measured: Vec<MeasuredSetting>,
    default: WorkSplit,
    runs: usize,
) -> Option<SearchOutcome> {
    let noise = noise(&measured);
    let fastest = measured.iter().max_by(|a, b| a.median().total_cmp(&b.median()))?.clone();
    let is_tied = |candidate: &&MeasuredSetting| {
        candidate.median() >= fastest.median() * (1.0 - tolerance(noise, candidate, &fastest))
    };
    let tied: Vec<&MeasuredSetting> = measured.iter().filter(is_tied).collect();
    let is_default = |candidate: &&MeasuredSetting| candidate.split == default;
    // One with fewer runs has more tolerance: it may be within that, and slower than the default.
    let of_default = measured.iter().find(is_default).map_or(0.0, MeasuredSetting::median);
    let gains = tied.iter().filter(|candidate| candidate.median() >= of_default);
    let choice = match tied.iter().find(|candidate| is_default(candidate)) {
        Some(default) => (*default).clone(),
        None => (*gains.min_by_key(|candidate| frugality(candidate.split))?).clone(),
    };
    let ties = tied.into_iter().map(|candidate| candidate.split).collect();
    measured.sort_by_key(|measured| {
        let WorkSplit { ring_depth, jobs, segments_in_flight, devices } = measured.split;
        (devices, jobs, ring_depth, segments_in_flight)
    });
    Some(SearchOutcome { measured, choice, fastest, ties, noise, runs })
}

/// The settings to look around: the choice, the fastest, then the next best, up to `most`.
pub(super) fn leaders(measured: &[MeasuredSetting], default: WorkSplit, most: usize) -> Vec<WorkSplit> {
    let Some(outcome) = choose(measured.to_vec(), default, 0) else { return Vec::new() };
    let mut by_speed: Vec<&MeasuredSetting> = outcome.measured.iter().collect();
    by_speed.sort_by(|a, b| b.median().total_cmp(&a.median()));
    let mut leaders = vec![outcome.choice.split];
    for candidate in by_speed {
        let is_tied = outcome.ties.contains(&candidate.split);
        if is_tied && leaders.len() < most && !leaders.contains(&candidate.split) {
            leaders.push(candidate.split);
        }
    }
    leaders
}

/// The setting with the least is chosen first.
fn frugality(split: WorkSplit) -> (usize, Option<usize>, usize, usize) {
    (split.ring_depth, split.devices, split.jobs, split.segments_in_flight)
}

/// Standard deviation of one run, as a share of its setting's mean, from all settings together, as the two runs of
/// one setting are too few.
fn noise(measured: &[MeasuredSetting]) -> f64 {
    let (mut squares, mut degrees) = (0.0, 0);
    for MeasuredSetting { runs, .. } in measured {
        let mean = runs.iter().sum::<f64>() / runs.len().max(1) as f64;
        if runs.len() >= 2 && mean > 0.0 {
            squares += runs.iter().map(|run| (run / mean - 1.0).powi(2)).sum::<f64>();
            degrees += runs.len() - 1;
        }
    }
    if degrees > 0 { (squares / degrees as f64).sqrt() } else { 0.0 }
}

/// Two standard deviations of the difference between the two.
fn tolerance(noise: f64, a: &MeasuredSetting, b: &MeasuredSetting) -> f64 {
    let share = |measured: &MeasuredSetting| 1.0 / measured.runs.len().max(1) as f64;
    (2.0 * noise * (share(a) + share(b)).sqrt()).clamp(LEAST_TOLERANCE, MOST_TOLERANCE)
}
