//! The script that makes a plan's video on a cluster with Slurm.

use std::path::{Path, PathBuf};
use strikeline_picture::shown;

use crate::cli::UsageError;

/// Limits of a task of a job array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TaskLimits {
    /// Processor cores.
    pub cpus: u16,
    /// Memory in MiB.
    pub memory: u64,
    /// Time in minutes.
    pub minutes: u64,
}

/// The shortest time limit, in minutes.
const LEAST_MINUTES: u64 = 5;

/// The least memory, in MiB.
const LEAST_MEMORY: u64 = 1024;

/// The time limit is this many times the expected time, because other machines may be slower.
const TIME_RESERVE: f64 = 3.0;

impl TaskLimits {
    /// Limits for tasks of which the longest is expected to take `seconds`, and `memory` MiB where that is known.
    pub(super) fn with_reserve(cpus: u16, seconds: f64, memory: Option<u64>) -> TaskLimits {
        let minutes = (seconds * TIME_RESERVE / 60.0).ceil() as u64;
        // In steps of a quarter of a gibibyte.
        let memory = memory.map_or(4096, |memory| (memory * 3 / 2).div_ceil(256) * 256);
        TaskLimits { cpus, memory: memory.max(LEAST_MEMORY), minutes: minutes.max(LEAST_MINUTES) }
    }
}

/// The values that are put into the script. All paths are absolute.
pub(super) struct SlurmScript {
    pub program: PathBuf,
    pub script: PathBuf,
    pub plan: PathBuf,
    pub parts: PathBuf,
    pub video: PathBuf,
    pub limits: TaskLimits,
}

impl SlurmScript {
    /// The text of the script.
    ///
    /// # Errors
    /// When a path is not UTF-8.
    pub(super) fn text(&self) -> Result<String, UsageError> {
        let TaskLimits { cpus, memory, minutes } = self.limits;
        let values = [
            ("@PROGRAM@", quoted(&self.program)?),
            ("@SCRIPT@", quoted(&self.script)?),
            ("@PLAN@", quoted(&self.plan)?),
            ("@PARTS@", quoted(&self.parts)?),
            ("@VIDEO@", quoted(&self.video)?),
            ("@CPUS@", cpus.to_string()),
            ("@MEMORY@", memory.to_string()),
            ("@MINUTES@", minutes.to_string()),
        ];
        let mut text = String::new();
        // Line by line, so that a path that contains a placeholder is not replaced.
        for line in TEMPLATE.lines() {
            let line = match values.iter().find(|(name, _)| line.contains(name)) {
                Some((name, value)) => line.replace(name, value),
                None => line.to_owned(),
            };
            text.push_str(&line);
            text.push('\n');
        }
        Ok(text)
    }
}

/// `path` as one word of the shell.
fn quoted(path: &Path) -> Result<String, UsageError> {
    let Some(text) = path.to_str() else {
        return Err(UsageError(format!(
            "{} is not UTF-8: give the file or folder another name",
            shown(&path)
        )));
    };
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

/// The script, with placeholders for the values.
const TEMPLATE: &str = include_str!("slurm.sh");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_a_reserve_and_are_never_too_small() {
        let limits = |seconds, memory| TaskLimits::with_reserve(2, seconds, memory);
        assert_eq!(limits(1.0, Some(100)), TaskLimits { cpus: 2, memory: 1024, minutes: 5 });
        assert_eq!(limits(600.0, Some(1000)), TaskLimits { cpus: 2, memory: 1536, minutes: 30 });
        assert_eq!(limits(600.0, None).memory, 4096);
    }

    #[test]
    fn the_script_has_all_values_and_quotes_paths() {
        let path = |name: &str| PathBuf::from(format!("/it's/{name} @CPUS@"));
        let script = SlurmScript {
            program: path("program"),
            script: path("script"),
            plan: path("plan"),
            parts: path("parts"),
            video: path("video"),
            limits: TaskLimits { cpus: 3, memory: 2048, minutes: 7 },
        };
        let text = script.text().unwrap();
        for part in
            [r"'/it'\''s/plan @CPUS@'", "cpus=${CPUS:-3}", "memory=${MEMORY:-2048}", "minutes=${MINUTES:-7}"]
        {
            assert!(text.contains(part), "{part}:\n{text}");
        }
        for name in ["@PROGRAM@", "@SCRIPT@", "@PLAN@", "@PARTS@", "@VIDEO@", "@MEMORY@", "@MINUTES@"] {
            assert!(!text.contains(name), "{name}");
        }
        assert_eq!(text.matches("@CPUS@").count(), 5);
    }
}
