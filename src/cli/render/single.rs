//! One song to one video.

use std::path::PathBuf;
use std::time::Instant;

use strikeline_picture::shown;
use wgpu_video::stream::Progress;

use super::RenderArgs;
use super::plan::PlannedVideo;
use super::video::{Display, Video};
use crate::cli::messages::Messages;
use crate::cli::progress::ProgressDisplay;
use crate::cli::signals::Signals;
use crate::cli::{console, inputs};

/// Renders it.
///
/// # Errors
/// When there is no video, or the summary could not be printed.
pub(super) fn run(args: &RenderArgs, video: &PlannedVideo, signals: &Signals) -> anyhow::Result<()> {
    let started = Instant::now();
    let (quiet, json) = (args.quiet.quiet, args.json.json);
    let mut messages = Messages::new(quiet, json);
    let PlannedVideo { song, output } = video;
    let sound_args = &args.video.sound;
    let files = [Some(song), sound_args.audio.as_ref(), sound_args.soundfont.as_ref()];
    inputs::refuse_replacing(output, files.into_iter().flatten().map(PathBuf::as_path))?;
    let overwrite = args.force.overwrite();
    let mut video =
        Video::prepare(args, (song, output), overwrite, None, &signals.token(), &mut messages)?;
    let mut display = ProgressDisplay::new(quiet, video.frames(), args.video.picture.fps);
    let result = signals.stream(|_| video.make(&mut display, &mut messages));
    display.finish();
    video.end(&result, &mut messages);
    let report = result?;
    let summary = video.summary(&report, started.elapsed(), &messages);
    if !quiet && !json {
        console::tell(summary.text());
    }
    if json {
        let done = format!("the video is complete: {}", shown(output));
        console::print_json(&summary.json()).map_err(|error| error.after(done))?;
    }
    Ok(())
}

impl Display for ProgressDisplay {
    fn update(&mut self, progress: &Progress) {
        ProgressDisplay::update(self, progress);
    }

    fn suspend(&mut self, print: &mut dyn FnMut()) {
        ProgressDisplay::suspend(self, print);
    }
}
