//! The summary of a render, which is printed at the end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use strikeline::highway::Highway;
use strikeline_picture::shown;
use wgpu_video::output::NumberedNames;
use wgpu_video::stream::{Report, WorkSplit, process_cpu_time};

use super::rates::VideoRates;
use crate::cli::args::{MapReport, VideoArgs};
use crate::cli::json_path::put_path;
use crate::cli::sound::SoundSummary;
use crate::cli::video_format::VideoKind;
use crate::cli::words::{self, count, decimals, length, song_time};

/// Seconds for which a note is in sight before it is struck: `--lookahead` as it became.
fn lookahead_of(scene: &Highway) -> f64 {
    scene.motion().lookahead().as_seconds()
}

/// For how long notes are in sight: `are in sight for 1.99 s`.
pub(super) fn in_sight(seconds: f64) -> String {
    format!("are in sight for {}", decimals(seconds, if seconds < 1.0 { 3 } else { 2 }))
}

/// How fast the notes move, and how long they are in sight.
pub(crate) fn speed_of(scene: &Highway) -> String {
    let motion = scene.motion();
    let in_turns = motion.pixels_over_frames().filter(|_| motion.has_even_steps());
    let speed = match (motion.pixels_per_frame(), in_turns) {
        (Some(pixels), _) => format!("{pixels} pixels per frame"),
        (None, Some((pixels, frames))) => format!("{pixels} pixels in {frames} frames"),
        (None, None) => format!("{:.1} pixels per second", motion.pixels_per_second()),
    };
    format!("{speed} and {}", in_sight(lookahead_of(scene)))
}

/// Puts the same into the object `json`.
pub(crate) fn put_speed(json: &mut serde_json::Value, scene: &Highway) {
    let motion = scene.motion();
    json["lookahead_seconds"] = lookahead_of(scene).into();
    json["pixels_per_frame"] = motion.pixels_per_frame().into();
    json["pixels_per_second"] = motion.pixels_per_second().into();
}

/// The summary of a render.
pub(super) struct RenderSummary<'a> {
    pub report: &'a Report,
    pub args: &'a VideoArgs,
    pub scene: &'a Highway,
    pub output: &'a Path,
    /// Format and codec.
    pub kind: VideoKind,
    /// How the encoder is given pictures: `yuv420p`, or `rgba`.
    pub pixel_format: &'static str,
    /// The names of the files, if each frame is one.
    pub pictures: Option<&'a NumberedNames>,
    pub drum_map: MapReport,
    /// As given, tuned or usual.
    pub split: WorkSplit,
    /// Time since the program was started.
    pub wall: Duration,
    /// `None` for a video without sound.
    pub sound: Option<&'a SoundSummary>,
    /// `None` where each picture is a file.
    pub rates: Option<VideoRates>,
    /// What [`Report::bytes`] was thought to be before; `None` where nothing was told.
    pub estimated_bytes: Option<u64>,
    pub warnings: &'a [String],
}

impl RenderSummary<'_> {
    /// Frames that were made in this run, per second.
    fn frames_per_second(&self) -> f64 {
        (self.report.frames - self.report.kept) as f64 / self.wall.as_secs_f64()
    }

    fn video_seconds(&self) -> f64 {
        self.report.frames as f64 / self.args.picture.fps().as_f64()
    }

    /// The paths of the first and the last picture, if each frame is one.
    fn first_and_last(&self) -> Option<[PathBuf; 2]> {
        let names = self.pictures?;
        Some([0, self.report.frames.saturating_sub(1)].map(|index| names.path(index)))
    }

    /// The summary as a text for people.
    pub(super) fn text(&self) -> String {
        let report = self.report;
        let stages: Vec<_> = report
            .stages
            .at_work()
            .map(|stage| format!("{stage} {:.0} %", report.stages.occupancy(stage) * 100.0))
            .collect();
        let sound = self.sound.map(|sound| "\n".to_owned() + &sound.text()).unwrap_or_default();
        let rates = self.rates.as_ref().and_then(VideoRates::text);
        let rates = rates.map(|text| format!("\n{text}")).unwrap_or_default();
        let start = song_time(self.scene.start().as_seconds());
        let kept = match report.kept {
            0 => String::new(),
            1 => "; 1 frame was kept from an interrupted run".to_owned(),
            kept => format!("; {kept} frames were kept from an interrupted run"),
        };
        let output = match self.first_and_last() {
            Some([first, last]) => format!("{} to {}", shown(&first), shown(&last)),
            None => shown(self.output).to_string(),
        };
        format!(
            "{output}: {}, {} of {} at {} fps, {}\n\
             took {}: {:.0} fps, {:.1}× real time; CPU {}{kept}\n\
             drawn on {}; encoded by {}\n\
             busy: {}; the limit was {}\n\
             notes move {}; the video starts at {start} of the song{rates}{sound}",
            count(report.frames, "frame"),
            length(self.video_seconds()),
            self.args.picture.size(),
            self.args.picture.fps(),
            words::size(report.bytes),
            words::took(self.wall),
            self.frames_per_second(),
            self.frames_per_second() / self.args.picture.fps().as_f64(),
            words::took(process_cpu_time()),
            report.adapter,
            report.encoder,
            stages.join(", "),
            report.stages.bottleneck().at_work(),
            speed_of(self.scene),
        )
    }

    /// The summary as a JSON object for scripts.
    pub(super) fn json(&self) -> serde_json::Value {
        let report = self.report;
        let stages: serde_json::Map<_, _> = report
            .stages
            .at_work()
            .map(|stage| {
                let times = report.stages.of(stage);
                let busy = report.stages.occupancy(stage);
                let value = serde_json::json!({
                    "busy": busy,
                    "stalled": 1.0 - busy,
                    "busy_seconds": times.busy.as_secs_f64(),
                    "waiting_for_input_seconds": times.waiting_for_input.as_secs_f64(),
                    "waiting_for_output_seconds": times.waiting_for_output.as_secs_f64(),
                    "workers": times.workers,
                    "frames": times.frames,
                });
                (stage.to_string(), value)
            })
            .collect();
        let content = self.scene.content();
        let mut json = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "title": content.title,
            "artist": content.artist,
            "container": self.kind.format.name(),
            "codec": self.kind.codec.name,
            "pixel_format": self.pixel_format,
            "frames": report.frames,
            "kept_frames": report.kept,
            "size": self.args.picture.size().to_string(),
            "frame_rate": self.args.picture.fps().to_string(),
            "wall_seconds": self.wall.as_secs_f64(),
            "cpu_seconds": process_cpu_time().as_secs_f64(),
            "frames_per_second": self.frames_per_second(),
            "bytes": report.bytes,
            "estimated_bytes": self.estimated_bytes,
            "bit_rate": self.rates.as_ref().map(VideoRates::json),
            "adapter": report.adapter,
            "encoder": report.encoder,
            "work": {
                "ring": self.split.ring_depth,
                "jobs": self.split.jobs,
                "segments": self.split.segments_in_flight,
                "devices": self.split.devices,
            },
            "bottleneck": report.stages.bottleneck().to_string(),
            "song_start_seconds": self.scene.start().as_seconds(),
            "sound": self.sound.map(SoundSummary::json),
            "drum_map": self.drum_map,
            "warnings": self.warnings,
            "stages": stages,
        });
        put_speed(&mut json, self.scene);
        put_path(&mut json, "output", self.output);
        if let Some([first, last]) = self.first_and_last() {
            put_path(&mut json, "first_picture", &first);
            put_path(&mut json, "last_picture", &last);
        }
        json
    }
}
