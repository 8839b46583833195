//! The result as text, as JSON and as a picture.

use std::io::Write;
use std::path::Path;

use crate::cli::json_path::put_path;
use crate::cli::tuning::search::MeasuredSetting;
use crate::cli::words::{count, decimals};
use wgpu_video::output::{OutputError, OutputFile};
use wgpu_video::stream::WorkSplit;

use super::{TuneSummary, short, svg, table};

/// Noise above which the result is of little use, as a share.
const UNSTEADY: f64 = 0.08;

impl TuneSummary<'_> {
    /// The measured settings and the chosen one.
    pub(super) fn text(&self) -> String {
        format!(
            "{}\non {}\n{}\n\n{}\n{}\n{}\n",
            self.title(),
            self.adapter,
            self.effort(),
            table::table(&self.outcome),
            table::heat_map(&self.outcome),
            self.explanation()
        )
    }

    fn title(&self) -> String {
        let picture = &self.args.picture;
        format!("strikeline tune, {} at {} fps, encoded by {}", picture.size(), picture.fps(), self.encoder)
    }

    fn effort(&self) -> String {
        let outcome = &self.outcome;
        let (settings, runs) = (count(outcome.measured.len(), "setting"), count(outcome.runs, "run"));
        format!("{settings}, {runs}, {}", decimals(self.seconds, 0))
    }

    /// Why this setting was chosen, in a sentence or two.
    fn explanation(&self) -> String {
        let outcome = &self.outcome;
        let (choice, fastest) = (&outcome.choice, &outcome.fastest);
        let noise = outcome.noise * 100.0;
        let is_default = choice.split == self.default;
        let reason = if outcome.measured.len() == 1 {
            "there was no time to measure any other; allow more with --budget".to_owned()
        } else if is_default && choice.split != fastest.split {
            format!(
                "it is the default, and no other is faster by more than the noise of {noise:.1} % (the fastest: {}, {:.1} fps)",
                short(fastest.split),
                fastest.median()
            )
        } else if outcome.ties.len() == 1 && outcome.noise > UNSTEADY {
            format!("the fastest, perhaps by chance, as single runs differ by {noise:.0} %")
        } else if outcome.ties.len() == 1 {
            format!("the fastest by more than the noise of {noise:.1} %")
        } else if is_default {
            format!("the fastest; no other is faster by more than the noise of {noise:.1} %")
        } else if choice.split == fastest.split {
            format!(
                "the fastest; {} equally fast within a noise of {noise:.1} %, and none of them is the default or has fewer buffers",
                match outcome.ties.len() - 1 {
                    1 => "1 other is".to_owned(),
                    others => format!("{others} others are"),
                }
            )
        } else {
            format!(
                "the fewest buffers of the {} that are equally fast within a noise of {noise:.1} % (the fastest: {}, \
                 {:.1} fps)",
                outcome.ties.len(),
                short(fastest.split),
                fastest.median()
            )
        };
        let against = match self.measured(self.default) {
            Some(_) if is_default && choice.split == fastest.split => " It is the default.".to_owned(),
            Some(_) if is_default => String::new(),
            Some(default) => {
                let gain = (choice.median() / default.median().max(1e-9) - 1.0) * 100.0;
                format!(" Compared with the default ({}) that is {gain:+.1} %.", short(self.default))
            }
            None => String::new(),
        };
        let unsteady = if outcome.noise > UNSTEADY {
            " The machine was busy or its speed changed: tune again when it is idle."
        } else {
            ""
        };
        format!(
            "Chosen: {} with {:.1} fps: {reason}.{against}{unsteady}",
            short(choice.split),
            choice.median()
        )
    }

    fn measured(&self, split: WorkSplit) -> Option<&MeasuredSetting> {
        self.outcome.measured.iter().find(|measured| measured.split == split)
    }

    /// Writes the heat map.
    pub(super) fn draw(&self, mut file: OutputFile) -> Result<(), OutputError> {
        let note = format!("{}. {}", self.effort(), self.explanation());
        let picture = svg::heat_map(&self.outcome, &self.title(), &self.adapter.to_string(), &note);
        file.write_all(picture.as_bytes()).map_err(|error| file.error(error))?;
        file.commit()
    }

    /// The whole result; `kept` is the path of the settings file that it was saved to.
    pub(super) fn json(&self, kept: Option<&Path>) -> serde_json::Value {
        let outcome = &self.outcome;
        let split = |split: WorkSplit| {
            serde_json::json!({
                "ring": split.ring_depth,
                "jobs": split.jobs,
                "segments": split.segments_in_flight,
                "devices": split.devices,
            })
        };
        let measured = |found: &MeasuredSetting| {
            serde_json::json!({
                "ring": found.split.ring_depth,
                "jobs": found.split.jobs,
                "segments": found.split.segments_in_flight,
                "devices": found.split.devices,
                "frames_per_second": found.median(),
                "scatter": found.scatter(),
                "runs": found.runs,
                "within_noise": outcome.ties.contains(&found.split),
            })
        };
        let mut json = serde_json::json!({
            "adapter": self.key.adapter,
            "driver": self.key.driver,
            "size_class": self.key.size.id(),
            "size": self.args.picture.size().to_string(),
            "frame_rate": self.args.picture.fps().to_string(),
            "encoder": self.encoder,
            "quality": self.args.encoder.quality().qp(),
            "seconds": self.seconds,
            "runs": outcome.runs,
            "noise": outcome.noise,
            "default": split(self.default),
            "chosen": measured(&outcome.choice),
            "fastest": measured(&outcome.fastest),
            "settings": outcome.measured.iter().map(measured).collect::<Vec<_>>(),
            "explanation": self.explanation(),
            "kept_in": null,
            "warnings": self.warnings,
        });
        if let Some(path) = kept {
            put_path(&mut json, "kept_in", path);
        }
        json
    }
}
