//! `strikeline part`: makes one part of a plan.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strikeline_picture::shown;

use anyhow::{Context, bail};
use wgpu_video::gpu::GpuAdapter;
use wgpu_video::journal::{SegmentFile, keep_sound};
use wgpu_video::stream::{NullSink, Progress, SegmentStore, StreamError, VideoTrack, process_cpu_time};

use super::files::{PartOrigin, PartState, PartTrouble, PlanFile, open_part, this_program};
use super::hash_of;
use crate::cli::UsageError;
use crate::cli::args::{JsonArgs, MessageArgs, whole_number};
use crate::cli::codecs::VideoCodec;
use crate::cli::console;
use crate::cli::files::make_folder;
use crate::cli::hang;
use crate::cli::job::{RenderJob, adapter_text};
use crate::cli::json_path::put_path;
use crate::cli::messages::Messages;
use crate::cli::progress::ProgressDisplay;
use crate::cli::signals::Signals;
use crate::cli::words::{count, took};

/// Make one part of a plan.
///
/// The part goes into a file in the folder PLAN.parts, beside the plan. The command may be repeated at any time: it leaves a
/// part that is complete as it is, and completes one that was interrupted or is damaged.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PartArgs {
    /// Plan file that `strikeline plan` has written
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Number of the part: from 1, or 0 for the sound, if there is any
    #[arg(value_name = "K", allow_negative_numbers = true, value_parser = whole_number(0_u64..=1_000_000))]
    number: u64,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    json: JsonArgs,
}

/// What was done.
struct Done {
    /// Whether anything had to be made.
    made: bool,
    frames: u64,
    kept_frames: u64,
    segments: u64,
    adapter: Option<String>,
    /// Time spent on the frames or the sound, without the preparations.
    making: Duration,
    /// The processor time for this, all cores together.
    making_cpu: Duration,
}

/// Runs it.
pub(in crate::cli) fn run(args: &PartArgs, signals: &Signals) -> anyhow::Result<()> {
    let started = Instant::now();
    let (quiet, json) = (args.messages.quiet, args.json.json);
    let mut messages = Messages::new(args.messages, json);
    let file = PlanFile::open(&args.plan)?;
    let number = args.number;
    let Some(range) = file.plan.range(number) else {
        let numbers = file.plan.numbers();
        let silent = if number == 0 { ", as the video has no sound" } else { "" };
        return Err(UsageError(format!(
            "{} has no part {number}: {}{silent}",
            shown(&args.plan),
            match numbers.start() == numbers.end() {
                true => format!("it has part {} only", numbers.start()),
                false => format!("its parts are {} to {}", numbers.start(), numbers.end()),
            }
        ))
        .into());
    };
    let path = file.part_path(number);
    let done = match file.look(number)? {
        PartState::Complete { origin } => {
            messages.note(format_args!("part {number} is complete: {}", shown(&path)));
            Done {
                made: false,
                frames: 0,
                kept_frames: 0,
                segments: range.count(),
                adapter: origin.adapter,
                making: Duration::ZERO,
                making_cpu: Duration::ZERO,
            }
        }
        state => {
            if let PartState::Unfinished { trouble: trouble @ PartTrouble::Damaged { .. } } = &state {
                messages.warn(format_args!("{} is {trouble}; the others are made again", shown(&path)));
            }
            let done = make(&file, number, signals, quiet, &mut messages);
            if let Err(error) = &done {
                tell_how_to_go_on(&file, number, error, &messages);
            }
            done?
        }
    };
    if done.made {
        messages.note(format_args!(
            "part {number} is complete: {}, {} in {}",
            shown(&path),
            match number {
                0 => format!("sound for {}", count(done.segments, "segment")),
                _ => format!("{}, {}", count(done.segments, "segment"), count(done.frames, "frame")),
            },
            took(started.elapsed())
        ));
    }
    if json {
        let mut value = serde_json::json!({
            "part": number,
            "made": done.made,
            "segments": done.segments,
            "frames": done.frames,
            "kept_frames": done.kept_frames,
            "adapter": done.adapter,
            "wall_seconds": started.elapsed().as_secs_f64(),
            "making_seconds": done.making.as_secs_f64(),
            "making_cpu_seconds": done.making_cpu.as_secs_f64(),
            "cpu_seconds": process_cpu_time().as_secs_f64(),
            "warnings": messages.warnings(),
        });
        put_path(&mut value, "file", &path);
        let done = format!("part {number} is complete: {}", shown(&path));
        console::print_json(&value).map_err(|error| error.after(done))?;
    }
    Ok(())
}

/// Makes what is missing of part `number`.
fn make(
    file: &PlanFile,
    number: u64,
    signals: &Signals,
    quiet: bool,
    messages: &mut Messages,
) -> anyhow::Result<Done> {
    let program = this_program()?;
    check_program(file, &program)?;
    check_inputs(file, number == 0)?;
    let args = file.video_args()?;
    let codec = args.stream.codec().unwrap_or(VideoCodec::DEFAULT);
    let mut job = RenderJob::prepare(&args, &file.song(), codec, &signals.token(), messages)?;
    check_scene(file, &job)?;
    make_folder(&file.parts_folder())?;
    let adapter = match number {
        0 => None,
        _ => Some(adapter_text(&GpuAdapter::find(&job.options.adapter)?.description)),
    };
    let origin = PartOrigin { part: number, program, adapter: adapter.clone() };
    let key = file.plan.key(number)?;
    let path = file.part_path(number);
    let codec = job.options.encoder.codec();
    let segments = open_part(&path, key, codec, &origin, &mut |note| messages.warn(note))?;
    let segments = Arc::new(segments);
    let done = match number {
        0 => make_sound(&job, &segments, signals, messages)?,
        _ => make_pictures(file, number, &mut job, &segments, (signals, quiet))?,
    };
    segments.complete()?;
    Ok(Done { adapter, ..done })
}

fn make_pictures(
    file: &PlanFile,
    number: u64,
    job: &mut RenderJob<'_>,
    segments: &Arc<SegmentFile>,
    (signals, quiet): (&Signals, bool),
) -> anyhow::Result<Done> {
    let range = file.plan.range(number).context("there is no such part")?;
    job.options.segments = Some(range);
    job.options.store = Some(Arc::clone(segments) as Arc<dyn SegmentStore>);
    let frames = range.frames(job.options.plan());
    let mut display = ProgressDisplay::new(quiet, frames.end - frames.start, job.options.frame_rate);
    hang::keep_part_at_end(segments);
    if !quiet {
        hang::say_when_compiling(display.line_teller());
    }
    let mut progress = |progress: &Progress| display.update(progress);
    // Before that there is nothing to be kept, and a signal ends the program at once.
    let result = signals.stream(|_| job.stream(None, &mut NullSink::default(), &mut progress));
    display.finish();
    if result.is_err() {
        // Best effort: the error of the render is the one to report.
        let _ = segments.sync();
    }
    let report = result?;
    Ok(Done {
        made: true,
        frames: report.frames,
        kept_frames: report.kept,
        segments: range.count(),
        adapter: None,
        making: report.wall,
        making_cpu: report.cpu,
    })
}

fn make_sound(
    job: &RenderJob<'_>,
    segments: &SegmentFile,
    signals: &Signals,
    messages: &mut Messages,
) -> anyhow::Result<Done> {
    let Some(mut sound) = job.sound(messages)? else {
        bail!("the plan has sound, and its options make none: this is a bug");
    };
    let (started, cpu_before) = (Instant::now(), process_cpu_time());
    let options = &job.options;
    let plan = options.plan();
    let video = VideoTrack::of_encoder(options.size, options.frame_rate, plan, &*options.encoder);
    signals.stream(|cancel| keep_sound(&mut *sound.packets, &video, segments, (cancel, &mut |_| ())))?;
    sound.about.warnings().iter().for_each(|warning| messages.warn(warning));
    messages.note(sound.about.text());
    Ok(Done {
        made: true,
        frames: 0,
        kept_frames: 0,
        segments: plan.segments(),
        adapter: None,
        making: started.elapsed(),
        making_cpu: process_cpu_time().saturating_sub(cpu_before),
    })
}

/// Checks that this program made the plan.
///
/// # Errors
/// When another version or build made the plan.
fn check_program(file: &PlanFile, program: &super::document::Program) -> anyhow::Result<()> {
    let planned = &file.plan.program;
    let plan = shown(&file.path);
    if planned.version != program.version {
        bail!(
            "{plan} was made by strikeline {}, but this is {}: use that version, or make the plan again with this one",
            planned.version,
            program.version
        );
    }
    if planned.build != program.build {
        bail!(
            "{plan} was made by another build of strikeline {}: use the same program file on all machines, or make the plan \
             again with this one",
            planned.version
        );
    }
    Ok(())
}

/// Checks the files that the part is made from. Files from which only the sound is made are checked only for the sound.
///
/// # Errors
/// When a file cannot be read, or has changed since the plan was made.
fn check_inputs(file: &PlanFile, is_sound: bool) -> anyhow::Result<()> {
    let plan = shown(&file.path);
    for input in file.plan.inputs.iter().filter(|input| is_sound || !input.sound_only) {
        let path = super::options::found(&input.file, &file.folder);
        let hash =
            hash_of(&path).with_context(|| format!("cannot read {}, which {plan} needs", shown(&path)))?;
        if hash != input.blake3 {
            bail!(
                "{} has changed since {plan} was made: restore the old file, or make the plan again",
                shown(&path)
            );
        }
    }
    Ok(())
}

/// Checks that this machine would draw the pictures of the plan.
///
/// # Errors
/// When it would draw something else.
fn check_scene(file: &PlanFile, job: &RenderJob<'_>) -> anyhow::Result<()> {
    let planned = &file.plan.video;
    let plan = shown(&file.path);
    let frames = planned.frames.get();
    let segments = planned.segments();
    if (job.frames, job.options.plan()) != (frames, segments) {
        bail!(
            "{plan} has {}, but its song and options give {}: make the plan again",
            count(frames, "frame"),
            job.frames
        );
    }
    let scene = blake3::Hash::from(job.scene.fingerprint()).to_hex();
    if scene.as_str() != planned.scene {
        bail!(
            "this machine would draw other pictures than the machine on which {plan} was made, although song and options are \
             the same: its fonts may be different; install the same fonts on all machines, or name a font file in a theme"
        );
    }
    Ok(())
}

/// After an interruption, tells how much of the part is done, and how to continue.
fn tell_how_to_go_on(file: &PlanFile, number: u64, error: &anyhow::Error, messages: &Messages) {
    let is_interrupted = matches!(error.downcast_ref(), Some(StreamError::Cancelled));
    if let (true, Ok(PartState::Unfinished { trouble })) = (is_interrupted, file.look(number)) {
        messages.note(format_args!("part {number} is {trouble}; run the same command to continue"));
    }
}
