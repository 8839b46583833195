//! The outcomes of the songs of a batch.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use strikeline_picture::shown;
use wgpu_video::stream::{StreamError, process_cpu_time};

use super::plan::PlannedVideo;
use crate::cli::json_path::put_path;
use crate::cli::words::count;
use crate::cli::{describe, panics, remedies};

/// The outcome of one song.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The video was made. `about` is the JSON object that a render of this song alone would have printed.
    Made { frames: u64, kept: u64, took: Duration, about: Value },
    /// The video existed already.
    Skipped(Skipped),
    /// The video could not be made.
    Failed { took: Duration, error: Failed },
    /// The render of the song was interrupted.
    Interrupted(Kept),
    /// The batch was interrupted before the song was begun.
    NotBegun,
}

/// Why a song that has a video was not rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skipped {
    /// The same command made the video before it was interrupted.
    MadeBefore,
    /// The video exists, and `--skip-existing` is given.
    Exists,
}

/// What is kept of a song whose render was interrupted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The number of segments in the journal.
    pub segments: usize,
    /// The video of the finished beginning.
    pub partial: Option<PathBuf>,
}

/// The text of an error, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub text: String,
    pub help: Option<String>,
}

impl Failed {
    pub(super) fn of(error: &anyhow::Error) -> Failed {
        let text = describe(error);
        let reported = || {
            let place = panics::place_of(&text)?;
            Some(format!("please report it, with the output of this song rendered alone; it was in {place}"))
        };
        let help = remedies::of(error).map(str::to_owned).or_else(reported);
        Failed { text, help }
    }
}

impl Outcome {
    /// The outcome of a song whose render ended with `error`.
    pub(super) fn of_error(error: &anyhow::Error, took: Duration, kept: Kept) -> Outcome {
        match error.downcast_ref() {
            Some(StreamError::Cancelled) => Outcome::Interrupted(kept),
            _ => Outcome::Failed { took, error: Failed::of(error) },
        }
    }

    /// The word for it in JSON.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Outcome::Made { .. } => "made",
            Outcome::Skipped(_) => "skipped",
            Outcome::Failed { .. } => "failed",
            Outcome::Interrupted(_) => "interrupted",
            Outcome::NotBegun => "not begun",
        }
    }

    /// A short text for people.
    pub(super) fn text(&self) -> String {
        match self {
            Outcome::Made { kept: 0, .. } => "made".to_owned(),
            Outcome::Made { kept, .. } => {
                let (frames, were) = (count(*kept, "frame"), if *kept == 1 { "was" } else { "were" });
                format!("made; {frames} {were} kept from an interrupted run")
            }
            Outcome::Skipped(Skipped::MadeBefore) => "made before".to_owned(),
            Outcome::Skipped(Skipped::Exists) => "skipped: the video exists".to_owned(),
            // The error itself has been told when the song ended.
            Outcome::Failed { .. } => "failed".to_owned(),
            Outcome::Interrupted(kept) => {
                let mut text = "interrupted".to_owned();
                if kept.segments > 0 {
                    let are = if kept.segments == 1 { "is" } else { "are" };
                    text += &format!("; {} {are} kept", count(kept.segments, "segment"));
                }
                if let Some(partial) = &kept.partial {
                    text += &format!("; the finished beginning is in {}", shown(partial));
                }
                text
            }
            Outcome::NotBegun => "not begun".to_owned(),
        }
    }

    /// Frames of the video that was made.
    pub(super) fn frames(&self) -> Option<u64> {
        match self {
            Outcome::Made { frames, .. } => Some(*frames),
            _ => None,
        }
    }

    /// Seconds for which notes are in sight in the video that was made.
    pub(super) fn lookahead(&self) -> Option<f64> {
        match self {
            Outcome::Made { about, .. } => about["lookahead_seconds"].as_f64(),
            _ => None,
        }
    }

    /// The time from the reading of the song to its end; `None` for a song that was not rendered to its end.
    pub(super) fn took(&self) -> Option<Duration> {
        match self {
            Outcome::Made { took, .. } | Outcome::Failed { took, .. } => Some(*took),
            _ => None,
        }
    }

    /// The JSON object of the song.
    pub(super) fn json(&self, video: &PlannedVideo) -> Value {
        let mut object = match self {
            Outcome::Made { about, .. } => about.clone(),
            Outcome::Skipped(why) => {
                let why = match why {
                    Skipped::MadeBefore => "made before",
                    Skipped::Exists => "exists",
                };
                json!({ "why": why })
            }
            Outcome::Failed { error, took } => {
                json!({ "error": error.text, "help": error.help, "wall_seconds": took.as_secs_f64() })
            }
            Outcome::Interrupted(kept) => json!({ "kept_segments": kept.segments }),
            Outcome::NotBegun => json!({}),
        };
        if let Some(fields) = object.as_object_mut() {
            // It is the CPU time of the whole process, not of this song.
            fields.remove("cpu_seconds");
            fields.insert("type".to_owned(), "song".into());
            fields.insert("result".to_owned(), self.name().into());
        }
        put_path(&mut object, "song", &video.song);
        put_path(&mut object, "output", &video.output);
        if let Outcome::Interrupted(Kept { partial: Some(partial), .. }) = self {
            put_path(&mut object, "partial", partial);
        }
        object
    }
}

/// The number of songs with each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub made: usize,
    pub skipped: usize,
    pub failed: usize,
    /// Interrupted or not begun.
    pub left: usize,
    pub frames: u64,
}

impl Counts {
    pub(super) fn of(outcomes: &[Outcome]) -> Counts {
        let mut counts = Counts::default();
        for outcome in outcomes {
            counts.frames += outcome.frames().unwrap_or(0);
            *match outcome {
                Outcome::Made { .. } => &mut counts.made,
                Outcome::Skipped(_) => &mut counts.skipped,
                Outcome::Failed { .. } => &mut counts.failed,
                Outcome::Interrupted(_) | Outcome::NotBegun => &mut counts.left,
            } += 1;
        }
        counts
    }

    /// The JSON object of the whole batch.
    pub(super) fn json(&self, wall: Duration) -> Value {
        json!({
            "type": "batch",
            "songs": self.made + self.skipped + self.failed + self.left,
            "made": self.made,
            "skipped": self.skipped,
            "failed": self.failed,
            "left": self.left,
            "frames": self.frames,
            "wall_seconds": wall.as_secs_f64(),
            "cpu_seconds": process_cpu_time().as_secs_f64(),
        })
    }
}
