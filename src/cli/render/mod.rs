//! `strikeline render`: a song to an MP4 video.

mod resume;
mod summary;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use strikeline_picture::shown;
use wgpu_video::stream::{Mp4Sink, Progress};

use super::args::{ForceArgs, JsonArgs, QuietArgs, ResumeArgs, VideoArgs};
use super::console;
use super::files::CommandFiles;
use super::formats::OutputFormat;
use super::hang;
use super::job::RenderJob;
use super::messages::Messages;
use super::progress::ProgressDisplay;
use super::signals::Signals;
use summary::RenderSummary;

/// Render a song to an MP4 video.
#[derive(Debug, clap::Args)]
pub(super) struct RenderArgs {
    /// MIDI file, or chart of a rhythm game: its folder, notes.mid, notes.chart, song.ini, or a .sng file; - for standard input.
    #[arg(value_name = "SONG")]
    song: PathBuf,

    /// MP4 file to write [default: the song's name, ending in .mp4, in the current folder].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    quiet: QuietArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    video: VideoArgs,

    #[command(flatten)]
    resume: ResumeArgs,
}

/// Runs it.
pub(super) fn run(args: &RenderArgs, signals: &Signals) -> anyhow::Result<()> {
    let started = Instant::now();
    let cancel = signals.token();
    let (quiet, json) = (args.quiet.quiet, args.json.json);
    let mut messages = Messages::new(quiet, json);
    let output = args.output.clone().unwrap_or_else(|| super::default_output(&args.song, "mp4"));
    let mut files = CommandFiles::default();
    files.read_song(&args.song);
    args.video.add_files(&mut files)?;
    files.write("--output", &output, OutputFormat::Mp4)?;
    files.check()?;
    let mut job = RenderJob::prepare(&args.video, &args.song, &cancel, &mut messages)?;
    let mut sound = job.sound(&mut messages)?;

    let mut sink = job.tagged(Mp4Sink::create(&output, args.force.overwrite())?);
    if args.resume.keep_partial {
        sink = sink.with_partial(resume::partial_path(&output)?);
        job.options.finish_early = true;
    }
    let journal = match args.resume.no_resume {
        true => None,
        false => resume::open(&output, &args.song, &job, args.resume.journal_after(), &mut messages),
    };
    job.options.store = journal.clone().map(|journal| journal as Arc<_>);
    if !quiet && !json {
        hang::say_when_compiling();
    }
    let mut display = ProgressDisplay::new(quiet, job.frames, args.video.picture.fps);
    let mut is_stopping = false;
    let mut progress = |progress: &Progress| {
        let journal = journal.as_ref();
        if cancel.is_cancelled() && !std::mem::replace(&mut is_stopping, true) {
            display.suspend(|| resume::tell_stopping(journal, &messages));
        }
        if let Some(error) = journal.and_then(|journal| journal.take_error()) {
            display.suspend(|| messages.warn(resume::without_journal(&error)));
        }
        display.update(progress);
    };
    let result = signals.stream(|_| job.stream(sound.as_mut(), &mut sink, &mut progress));
    display.finish();
    if let Some(journal) = &journal {
        resume::end(journal, &result, &mut messages);
    }
    if let Some(partial) = sink.partial() {
        messages.note(format_args!("{}: what there is of the video", shown(partial)));
    }
    let report = result?;
    let about = sound.map(|sound| sound.about);
    if let Some(about) = &about {
        about.warnings().iter().for_each(|warning| messages.warn(warning));
    }

    let summary = RenderSummary {
        report: &report,
        args: &args.video,
        scene: &job.scene,
        output: &output,
        drum_map: job.map_report(),
        wall: started.elapsed(),
        sound: about.as_ref(),
        warnings: messages.warnings(),
    };
    if !quiet && !json {
        console::tell(summary.text());
    }
    if json {
        let done = format!("the video is complete: {}", shown(&output));
        console::print_json(&summary.json()).map_err(|error| error.after(done))?;
    }
    Ok(())
}
