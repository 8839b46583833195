//! Renders one song to one video.

use std::time::Instant;

use strikeline_picture::shown;
use wgpu_video::output::Overwrite;
use wgpu_video::stream::Progress;

use super::RenderArgs;
use super::plan::PlannedVideo;
use super::sequence;
use super::video::{Display, Video};
use crate::cli::args::SoundArgs;
use crate::cli::files::CommandFiles;
use crate::cli::formats::is_standard_stream;
use crate::cli::journals::remove_those_of_complete;
use crate::cli::json_path::put_path;
use crate::cli::messages::Messages;
use crate::cli::progress::ProgressDisplay;
use crate::cli::signals::Signals;
use crate::cli::video_format::VideoKind;
use crate::cli::{UsageError, console, given, hang};

/// Renders `video`, as a file of this `kind`.
///
/// # Errors
/// When the video could not be made, or the summary could not be printed.
pub(super) fn run(
    args: &RenderArgs,
    video: &PlannedVideo,
    kind: VideoKind,
    signals: &Signals,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let (quiet, json) = (args.messages.quiet, args.json.json);
    let mut messages = Messages::new(args.messages, json);
    let PlannedVideo { song, output } = video;
    let mut files = CommandFiles::default();
    files.read_song(song);
    args.video.add_files(&mut files)?;
    let is_piped = is_standard_stream(output);
    let is_sequence = kind.format.is_sequence();
    if args.start_number.is_some() && !is_sequence {
        let text = format!(
            "--start-number is for pictures in files of their own, and the output is {}",
            kind.format.with_article()
        );
        return Err(UsageError(text).into());
    }
    if is_piped {
        check_standard_output(args)?;
    } else if is_sequence {
        sequence::add_files(args, output, &mut files)?;
    } else {
        files.write_any("--output", output);
    }
    if !kind.format.has_sound() && args.video.sound.is_given() {
        let what = given::listed(&["audio", "click", "sound", "soundfont"]);
        let what = what.map(|given| format!(": {given} cannot be heard")).unwrap_or_default();
        messages
            .warn(format_args!("{} has no place for sound, and gets none{what}", kind.format.with_article()));
    }
    if (!kind.format.has_sound() || args.video.sound.is_silent())
        && let Some(warning) = SoundArgs::without_sound()
    {
        messages.warn(warning);
    }
    files.check()?;
    let overwrite = args.force.overwrite();
    if overwrite == Overwrite::Refuse && !args.resume.no_resume && !is_piped {
        remove_those_of_complete(output);
    }
    if args.batch.skip_existing && output.is_file() && !is_piped {
        messages.note(format_args!("{} exists and is left as it is", shown(output)));
        if json {
            let mut skipped = serde_json::json!({ "result": "skipped", "why": "exists" });
            put_path(&mut skipped, "song", song);
            put_path(&mut skipped, "output", output);
            console::print_json(&skipped)?;
        }
        return Ok(());
    }
    let mut video =
        Video::prepare(args, (song, output), kind, overwrite, None, &signals.token(), &mut messages)?;
    let mut display = ProgressDisplay::new(quiet, video.frames(), args.video.picture.fps());
    if !quiet && !json {
        hang::say_when_compiling(display.line_teller());
    }
    let result = signals.stream(|_| {
        if kind.format.is_animation() {
            video.tell_size(&mut messages)?;
        }
        video.make(&mut display, &mut messages)
    });
    display.finish();
    video.end(&result, &mut messages);
    let report = result?;
    let summary = video.summary(&report, started.elapsed(), &messages);
    if !quiet && !json {
        console::tell(summary.text());
    }
    if json {
        let what = if is_sequence { "the pictures are" } else { "the video is" };
        let done = format!("{what} complete: {}", shown(output));
        console::print_json(&summary.json()).map_err(|error| error.after(done))?;
    }
    Ok(())
}

/// Refuses what cannot go to standard output.
fn check_standard_output(args: &RenderArgs) -> Result<(), UsageError> {
    let problem = if args.json.json {
        "--json prints on standard output, too: give the video the name of a file"
    } else if console::prints_to_terminal() {
        "standard output is a terminal, which cannot show a video: let it go to a program, such as \
         `strikeline render song.mid -o - --codec y4m | mpv -`, or give the name of a file (./- for one called -)"
    } else {
        return Ok(());
    };
    Err(UsageError(format!("--output -: {problem}")))
}

impl Display for ProgressDisplay {
    fn update(&mut self, progress: &Progress) {
        ProgressDisplay::update(self, progress);
    }

    fn suspend(&mut self, print: &mut dyn FnMut()) {
        ProgressDisplay::suspend(self, print);
    }
}
