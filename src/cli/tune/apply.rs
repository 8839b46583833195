//! The settings of a render: those given, then those tuned, then the defaults.

use crate::cli::tuning::{Key, SettingsFile, SizeClass, TuningError};
use strikeline_picture::shown;
use wgpu_video::gpu::Gpu;
use wgpu_video::stream::{WorkSplit, default_jobs};

use crate::cli::args::PictureArgs;

/// The settings of the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenSplit {
    /// `--ring`.
    pub ring: Option<u16>,
    /// `--jobs`.
    pub jobs: Option<u16>,
    /// `--segments`.
    pub segments: Option<u16>,
    /// `--devices`.
    pub devices: Option<u16>,
}

/// The settings to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChosenSplit {
    /// Ring depth, jobs, segments and devices.
    pub split: WorkSplit,
    /// One line about tuned settings that are used; `None` if there are none.
    pub note: Option<String>,
    /// One line about why the settings file was not used; `None` if nothing was wrong with it.
    pub warning: Option<String>,
}

impl GivenSplit {
    /// Uses the defaults for what is not given.
    pub(crate) fn or_default(self) -> ChosenSplit {
        let jobs = self.jobs.map_or_else(default_jobs, usize::from);
        ChosenSplit { split: self.over(WorkSplit::for_jobs(jobs)), note: None, warning: None }
    }

    /// Uses the tuned settings for what is not given, if there are any for the adapter and size of `picture`.
    pub(crate) fn or_tuned(self, picture: &PictureArgs) -> ChosenSplit {
        let untuned = self.or_default();
        let stages = [self.ring, self.jobs, self.segments];
        let stages_given = stages.iter().all(Option::is_some);
        if stages_given && self.devices.is_some() {
            return untuned;
        }
        let Some(file) = SettingsFile::of_user() else { return untuned };
        let tuned = match tuned_for(&file, picture) {
            Ok(Some(tuned)) => tuned,
            Ok(None) => return untuned,
            Err(error) => {
                let warning = format!("tuned settings are not used: {error}");
                return ChosenSplit { warning: Some(warning), ..untuned };
            }
        };
        // Settings files written before several devices existed have no number of devices.
        if stages_given && tuned.devices.is_none() {
            return untuned;
        }
        // Ring and segments were measured with these jobs and devices, and do not hold for others.
        let others = |given: Option<u16>, tuned| given.is_some_and(|given| usize::from(given) != tuned);
        if others(self.jobs, tuned.jobs) || tuned.devices.is_some_and(|tuned| others(self.devices, tuned)) {
            return untuned;
        }
        let split = self.over(tuned);
        let note = format!("tuned settings from {}: {split}", shown(file.path()));
        ChosenSplit { split, note: Some(note), warning: None }
    }

    fn over(self, below: WorkSplit) -> WorkSplit {
        WorkSplit {
            ring_depth: self.ring.map_or(below.ring_depth, usize::from),
            jobs: self.jobs.map_or(below.jobs, usize::from),
            segments_in_flight: self.segments.map_or(below.segments_in_flight, usize::from),
            devices: self.devices.map(usize::from).or(below.devices),
        }
    }
}

fn tuned_for(file: &SettingsFile, picture: &PictureArgs) -> Result<Option<WorkSplit>, TuningError> {
    let settings = file.read()?;
    // Listing adapters takes a moment, so it is skipped without a settings file.
    if settings.entries.is_empty() {
        return Ok(None);
    }
    let adapters = Gpu::adapters();
    // If something is wrong with the adapter, the render reports it.
    let Ok(index) = picture.adapter().pick(&adapters) else { return Ok(None) };
    let Some(adapter) = adapters.into_iter().nth(index) else { return Ok(None) };
    let key = Key { adapter: adapter.name, driver: adapter.driver, size: SizeClass::of(picture.size()) };
    Ok(settings.get(&key).map(|tuned| tuned.split))
}
