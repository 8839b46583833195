//! Which settings to measure.

use super::Space;
use crate::cli::tuning::MOST;
use wgpu_video::stream::WorkSplit;

/// The settings of a [`Space`].
pub(super) struct Grid {
    space: Space,
}

impl Grid {
    pub(super) fn new(space: Space) -> Grid {
        Grid { space }
    }

    /// The default first, then others by their distance from it: fewer and more jobs than cores, shallow and deep
    /// rings, one and two segments per job.
    pub(super) fn coarse(&self) -> Vec<WorkSplit> {
        let WorkSplit { ring_depth, jobs, devices, .. } = self.space.default;
        let cores = self.space.cores.max(1);
        let jobs = axis([cores.div_ceil(2), cores, jobs, cores * 2]);
        let rings = axis([ring_depth / 4, ring_depth / 2, ring_depth, ring_depth * 2]);
        let from = |axis: &[usize], value: usize, default: usize| {
            let place = |value| axis.iter().position(|known| *known >= value).unwrap_or(axis.len());
            place(value).abs_diff(place(default))
        };
        let mut settings = Vec::new();
        for &jobs_here in &jobs {
            for &ring in &rings {
                for factor in [1, 2] {
                    let segments_in_flight = jobs_here * factor;
                    let split = WorkSplit { ring_depth: ring, jobs: jobs_here, segments_in_flight, devices };
                    let distance = from(&jobs, jobs_here, self.space.default.jobs)
                        + from(&rings, ring, self.space.default.ring_depth)
                        + (factor - 1);
                    settings.push((distance, self.clamped(split)));
                }
            }
        }
        // Stable: shallow rings come before deep ones.
        settings.sort_by_key(|(distance, _)| *distance);
        let settings = settings.into_iter().map(|(_, split)| split);
        // One device more and one fewer come first: the number of devices matters most.
        let default = self.clamped(self.space.default);
        let devices = self.other_devices(default);
        without_repeats(std::iter::once(default).chain(devices).chain(settings))
    }

    /// The neighbours of each of `centres`: those with fewer buffers first.
    pub(super) fn around(&self, centres: &[WorkSplit]) -> Vec<WorkSplit> {
        let steps = centres.iter().map(|centre| self.neighbours(*centre));
        let steps: Vec<Vec<WorkSplit>> = steps.collect();
        let longest = steps.iter().map(Vec::len).max().unwrap_or_default();
        // The first step from each, then the second from each.
        let turns =
            (0..longest).flat_map(|turn| steps.iter().filter_map(move |steps| steps.get(turn).copied()));
        without_repeats(turns)
    }

    fn neighbours(&self, centre: WorkSplit) -> Vec<WorkSplit> {
        let WorkSplit { ring_depth, jobs, segments_in_flight, .. } = centre;
        let step = |value: usize| (value / 4).max(1);
        let ring = |ring_depth| WorkSplit { ring_depth, ..centre };
        // As many segments more or fewer as jobs.
        let jobs_at = |now: usize| WorkSplit {
            jobs: now,
            segments_in_flight: (segments_in_flight + now).saturating_sub(jobs),
            ..centre
        };
        let segments = |segments_in_flight| WorkSplit { segments_in_flight, ..centre };
        let devices = self.other_devices(centre);
        let steps = [
            ring(ring_depth.saturating_sub(step(ring_depth))),
            jobs_at(jobs.saturating_sub(step(jobs))),
            segments(segments_in_flight + step(segments_in_flight)),
            ring(ring_depth + step(ring_depth)),
            jobs_at(jobs + step(jobs)),
            segments(segments_in_flight.saturating_sub(step(segments_in_flight))),
            // Where steps are wide, the last ones are small.
            ring(ring_depth.saturating_sub(1)),
            jobs_at(jobs.saturating_sub(1)),
        ];
        let steps = steps.into_iter().chain(devices);
        steps.map(|split| self.clamped(split)).filter(|split| *split != centre).collect()
    }

    /// The same with one device more and one fewer, if the number of devices is part of the search.
    fn other_devices(&self, centre: WorkSplit) -> Vec<WorkSplit> {
        let Some(devices) = centre.devices else { return Vec::new() };
        let counts = [devices + 1, devices.saturating_sub(1)].into_iter();
        let splits = counts.map(|devices| self.clamped(WorkSplit { devices: Some(devices), ..centre }));
        splits.filter(|split| *split != centre).collect()
    }

    /// The nearest that is allowed.
    fn clamped(&self, split: WorkSplit) -> WorkSplit {
        WorkSplit {
            ring_depth: split.ring_depth.clamp(1, self.space.deepest_ring.clamp(1, MOST)),
            jobs: split.jobs.clamp(1, MOST),
            segments_in_flight: split.segments_in_flight.clamp(1, MOST),
            devices: split.devices.map(|devices| devices.clamp(1, self.space.most_devices.clamp(1, MOST))),
        }
    }
}

/// Values from 1, rising, each once.
fn axis(values: [usize; 4]) -> Vec<usize> {
    let mut values = values.map(|value| value.max(1)).to_vec();
    values.sort_unstable();
    values.dedup();
    values
}

fn without_repeats(settings: impl Iterator<Item = WorkSplit>) -> Vec<WorkSplit> {
    let mut kept: Vec<WorkSplit> = Vec::new();
    for split in settings {
        if !kept.contains(&split) {
            kept.push(split);
        }
    }
    kept
}
