//! `strikeline plan`: what the parts of a video are, and all that its bytes depend on.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wgpu_video::output::OutputFile;

use super::document::{Plan, PlanHead, PlannedInput, PlannedOption, PlannedVideo};
use super::files::{folder_of, this_program};
use super::hash_of;
use super::options::{GivenVideo, planned_path, video_args};
use crate::cli::UsageError;
use crate::cli::args::{ForceArgs, JsonArgs, QuietArgs, VideoArgs};
use crate::cli::inputs;
use crate::cli::job::RenderJob;
use crate::cli::messages::Messages;
use crate::cli::progress::clock;
use crate::cli::sound;

/// Plan a video that many processes or machines make together.
///
/// The plan fixes everything that the video's bytes depend on, and cuts it into parts. `strikeline part PLAN K` makes one of
/// them, on any machine that sees the same files; `strikeline join PLAN` makes the video of them.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PlanArgs {
    /// MIDI file, or chart of a rhythm game: its folder, notes.mid, notes.chart, song.ini, or a .sng file.
    #[arg(value_name = "SONG")]
    song: PathBuf,

    /// Plan file to write [default: the song's name, ending in .plan.json, in the current folder].
    ///
    /// The parts go into a folder beside it. Files below its folder are named in the plan from there, so that all of it can be
    /// moved; other files by their whole path.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Number of parts, without the sound, which is part 0 [default: chosen, with the reason].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    parts: Option<u32>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    quiet: QuietArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    video: GivenVideo,
}

/// How long the part of a video is that a part has, if nothing else is known, in seconds.
const USUAL_PART_SECONDS: f64 = 60.0;

/// The most parts that are chosen: the largest number that Slurm takes unless it is set up otherwise.
const MOST_CHOSEN: u64 = 1000;

/// Runs it.
pub(in crate::cli) fn run(args: &PlanArgs) -> anyhow::Result<()> {
    let cancel = crate::cli::render::stop_on_signals()?;
    let (quiet, json) = (args.quiet.quiet, args.json.json);
    let mut messages = Messages::new(quiet, json);
    let output = args.output.clone().unwrap_or_else(|| crate::cli::default_output(&args.song, "plan.json"));
    let mut file = OutputFile::create(&output, args.force.overwrite())?;
    let folder = folder_of(&output)?;

    let mut options = args.video.planned(&folder)?;
    options.extend(system_soundfont(&args.video.args, &folder)?);
    let song = planned_path(&args.song, &folder)?;
    // Read back from the plan, as the parts will.
    let args_of_video = video_args(&options, &folder).map_err(UsageError)?;
    let job = RenderJob::prepare(&args_of_video, &args.song, &cancel, &mut messages)?;
    let has_sound = job.sound(&mut messages)?.is_some();
    let files = job.inputs(&args.song)?;
    inputs::refuse_replacing(&output, files.iter().map(|input| input.path.as_path()))?;
    let mut planned = Vec::new();
    for input in files {
        let blake3 = hash_of(&input.path).with_context(|| format!("cannot read {}", input.path.display()))?;
        let file = planned_path(&input.path, &folder)?;
        planned.push(PlannedInput { file, blake3, sound_only: input.sound_only });
    }
    let tags = job.tags();
    let segments = job.options.plan();
    let video = PlannedVideo {
        size: job.options.size.to_string(),
        frame_rate: job.options.frame_rate.to_string(),
        frames: job.options.frames,
        segment_frames: std::num::NonZeroU32::new(segments.segment_frames()).context("segments are empty")?,
        scene: blake3::Hash::from(job.scene.fingerprint()).to_hex().to_string(),
        sound: has_sound,
        title: tags.title,
        artist: tags.artist,
    };
    let head = PlanHead { program: this_program()?, song, options, inputs: planned, video };
    let seconds = job.frames as f64 / job.options.frame_rate.as_f64();
    let (parts, reason) = match args.parts {
        Some(parts) => (u64::from(parts), None),
        None => {
            let parts = ((seconds / USUAL_PART_SECONDS).ceil() as u64).clamp(1, MOST_CHOSEN);
            (parts, Some("a part is about a minute of the video; --parts chooses another number"))
        }
    };
    let plan = Plan::new(head, parts);
    if let Some(asked) = args.parts
        && u64::from(asked) > plan.parts.len() as u64
    {
        messages.warn(format_args!(
            "the plan has {} parts, not {asked}: a part has a segment of {} frames at least",
            plan.parts.len(),
            segments.segment_frames()
        ));
    }
    file.write_all(plan.text()?.as_bytes()).map_err(|error| file.error(error))?;
    file.commit()?;
    if !quiet && !json {
        eprint!("{}", summary(&plan, &output, seconds, reason));
    }
    if json {
        let numbers = plan.numbers();
        let value = serde_json::json!({
            "plan": output.to_string_lossy(),
            "frames": plan.video.frames,
            "segments": segments.segments(),
            "parts": plan.parts.len(),
            "first_part": numbers.start(),
            "last_part": numbers.end(),
            "sound": plan.video.sound,
            "warnings": messages.warnings(),
        });
        writeln!(std::io::stdout(), "{value}")?;
    }
    Ok(())
}

/// `--soundfont` with the SoundFont of this system, where one is needed and none is given: other machines may have others.
fn system_soundfont(args: &VideoArgs, folder: &Path) -> anyhow::Result<Option<PlannedOption>> {
    if args.sound.soundfont.is_some() {
        return Ok(None);
    }
    let found = sound::soundfont(&args.sound)?;
    let file = found.map(|found| planned_path(&found, folder)).transpose()?;
    Ok(file.map(|file| PlannedOption { name: "--soundfont".to_owned(), value: None, file: Some(file) }))
}

/// For people.
fn summary(plan: &Plan, output: &Path, seconds: f64, reason: Option<&str>) -> String {
    let frames: Vec<u64> = plan.parts.iter().map(|part| part.frames).collect();
    let (least, most) = (frames.iter().min().unwrap_or(&0), frames.iter().max().unwrap_or(&0));
    let count = plan.parts.len();
    let lengths = if least == most { format!("{most}") } else { format!("{least} to {most}") };
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let sound = if plan.video.sound { "part 0 is the sound\n" } else { "" };
    let numbers = plan.numbers();
    let shown = output.display();
    format!(
        "{shown}: {} frames, {} of {} at {} fps\n{count} parts of {lengths} frames{reason}\n{sound}\
         make each: strikeline part {shown} K, for K from {} to {}; then: strikeline join {shown}\n",
        plan.video.frames,
        clock(seconds),
        plan.video.size,
        plan.video.frame_rate,
        numbers.start(),
        numbers.end(),
    )
}
