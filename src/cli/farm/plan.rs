//! `strikeline plan`: cuts a video into parts, and writes down everything that its bytes depend on.

use std::io::Write;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use strikeline_files::open_regular;
use strikeline_picture::{Time, shown};
use wgpu_video::encode::Joining;
use wgpu_video::output::{OutputError, OutputFile};

use super::document::{Plan, PlanHead, PlannedInput, PlannedOption, PlannedVideo};
use super::files::{folder_of, parts_folder, this_program};
use super::hash_of;
use super::measure::PartCost;
use super::options::{GivenVideo, planned_path, video_args};
use super::slurm::{SlurmScript, TaskLimits};
use crate::cli::UsageError;
use crate::cli::args::{
    ForceArgs, JsonArgs, MessageArgs, SoundArgs, VideoArgs, headings, length, whole_number,
};
use crate::cli::codecs::VideoCodec;
use crate::cli::console;
use crate::cli::files::CommandFiles;
use crate::cli::formats::{OutputFormat, is_standard_stream};
use crate::cli::given;
use crate::cli::job::{InputFile, RenderJob, VideoTags};
use crate::cli::json_path::put_path;
use crate::cli::messages::Messages;
use crate::cli::render;
use crate::cli::signals::Signals;
use crate::cli::sound;
use crate::cli::video_format::VideoKind;
use crate::cli::words::{count, decimals, length as video_length};

/// Plan a video that many processes or machines make together.
///
/// The plan fixes everything that the video's bytes depend on, and cuts the video into parts. `strikeline part PLAN K` makes
/// one of the parts, on any machine that has the same files; `strikeline join PLAN` joins the parts to the video.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(in crate::cli) struct PlanArgs {
    /// MIDI file, or chart of a rhythm game
    ///
    /// The chart's folder, notes.mid, notes.chart, song.ini, or a .sng file.
    #[arg(value_name = "SONG", help_heading = "Arguments")]
    song: PathBuf,

    /// Plan file to write
    ///
    /// The default is the song's name, ending in .plan.json, in the current folder.
    ///
    /// The parts go into a folder beside the plan. The plan names files below its own folder by relative paths, so that the
    /// whole folder can be moved, and all other files by absolute paths.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    /// Number of parts, without the sound, which is part 0
    ///
    /// The default is chosen by the program, which says why.
    #[arg(long, value_name = "N", help_heading = headings::CLUSTER, value_parser = whole_number(1_u32..=1_000_000))]
    parts: Option<u32>,

    /// Also write a shell script for Slurm
    ///
    /// It makes the video on a cluster with Slurm: it submits a job array for the parts, and a job that joins them and submits
    /// missing parts again. A few segments are drawn to measure the time and memory of a part.
    #[arg(long, value_name = "FILE", help_heading = headings::CLUSTER)]
    slurm: Option<PathBuf>,

    /// Processor cores for each part on the cluster
    #[arg(long, value_name = "N", default_value = "2", requires = "slurm", help_heading = headings::CLUSTER, value_parser = whole_number(1_u16..=1024))]
    part_cpus: u16,

    /// Time limit for each part, rounded up to minutes
    ///
    /// The default is three times the time that is expected from the measurement, at least 5 minutes.
    #[arg(long, value_name = "TIME", requires = "slurm", help_heading = headings::CLUSTER, value_parser = length)]
    part_time: Option<Time>,

    /// Memory limit for each part, in MiB
    ///
    /// The default is one and a half times the measured memory, at least 1024.
    #[arg(long, value_name = "MIB", requires = "slurm", help_heading = headings::CLUSTER, value_parser = whole_number(64_u64..=16_777_216))]
    part_memory: Option<u64>,

    #[command(flatten)]
    video: GivenVideo,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    json: JsonArgs,
}

/// Length of video in each part when nothing was measured, in seconds.
const USUAL_PART_SECONDS: f64 = 60.0;

/// The largest number of parts that the program chooses: the largest part number that Slurm accepts with its default
/// settings.
const MOST_CHOSEN: u64 = 1000;

/// The speed at which the sound is made, as a multiple of its playing speed. Machines are assumed to reach at least this.
const SOUND_SPEED: f64 = 10.0;

/// Runs it.
pub(in crate::cli) fn run(args: &PlanArgs, signals: &Signals) -> anyhow::Result<()> {
    let started = Instant::now();
    let cancel = signals.token();
    let (quiet, json) = (args.messages.quiet, args.json.json);
    let mut messages = Messages::new(args.messages, json);
    let output = args.output.clone().unwrap_or_else(|| crate::cli::default_output(&args.song, "plan.json"));
    check_files(args, &output)?;
    let overwrite = args.force.overwrite();
    let plan_file = OutputFile::create(&output, overwrite)?;
    let script_file = args.slurm.as_ref().map(|path| OutputFile::create(path, overwrite)).transpose()?;
    let folder = folder_of(&output)?;

    let mut options = args.video.planned(&folder)?;
    options.extend(system_soundfont(&args.video.args, &folder)?);
    let song = planned_path(&args.song, &folder)?;
    // Parsed from the plan's options, as the parts will do it.
    let video_args = video_args(&options, &folder).map_err(UsageError)?;
    let codec = video_args.stream.codec().unwrap_or(VideoCodec::DEFAULT);
    // Parts are joined to one file.
    if codec.joining() == Joining::Sequential || codec.formats[0].container().is_none() {
        let text =
            format!("a video in the codec {} cannot be made in parts: choose another --codec", codec.name);
        return Err(UsageError(text).into());
    }
    let mut job = RenderJob::prepare(&video_args, &args.song, codec, &cancel, &mut messages)?;
    job.options.check_encoder()?;
    let has_sound = codec.may_have_sound() && job.sound(&mut messages)?.is_some();
    if !codec.may_have_sound() && video_args.sound.is_given() {
        messages.warn(format_args!("{} has no place for sound, and gets none", codec.name));
    }
    if (!codec.may_have_sound() || video_args.sound.is_silent())
        && let Some(warning) = SoundArgs::without_sound()
    {
        messages.warn(warning);
    }
    if codec.uses_ffmpeg() {
        let why = "a plan does not name the ffmpeg; each part uses that of its machine";
        given::without_effect(&["ffmpeg"], why).iter().for_each(|warning| messages.warn(warning));
    }
    let inputs = planned_inputs(&job, &args.song, &folder)?;
    let video = planned_video(&job, has_sound)?;
    let head = PlanHead { program: this_program()?, song, options, inputs, video };

    let cost = match &args.slurm {
        // Everything is given, so nothing has to be measured.
        Some(_) if args.part_time.is_some() && args.part_memory.is_some() && args.parts.is_some() => None,
        Some(_) => Some(PartCost::measure(&mut job, started)?),
        None => None,
    };
    let seconds = job.frames as f64 / job.options.frame_rate.as_f64();
    let (parts, reason) = number_of_parts(args, cost.as_ref(), job.frames, seconds);
    let plan = Plan::new(head, parts);
    if let Some(asked) = args.parts
        && u64::from(asked) > plan.parts.len() as u64
    {
        messages.warn(format_args!(
            "the plan has {}, not {asked}: a part has at least one segment of {}",
            count(plan.parts.len(), "part"),
            count(plan.video.segment_frames.get(), "frame")
        ));
    }
    let script = match &args.slurm {
        Some(path) => Some(slurm_script(args, path, &output, &plan, (cost.as_ref(), seconds))?),
        None => None,
    };
    let script_text = script.as_ref().map(SlurmScript::text).transpose()?;
    write(plan_file, &plan.text()?)?;
    if let (Some(file), Some(text)) = (script_file, script_text) {
        write(file, &text)?;
    }
    if !quiet && !json {
        let speed = render::speed_of(&job.scene);
        console::tell(summary(&plan, &output, seconds, reason.as_deref(), &speed).trim_end());
        if let (Some(script), Some(path)) = (&script, &args.slurm) {
            console::tell(slurm_summary(script, path, cost.as_ref(), &plan).trim_end());
        }
    }
    if json {
        let numbers = plan.numbers();
        let limits = script.as_ref().map(|script| script.limits);
        let mut value = serde_json::json!({
            "frames": plan.video.frames,
            "size": plan.video.size,
            "frame_rate": plan.video.frame_rate,
            "segments": plan.video.segments().segments(),
            "parts": plan.parts.len(),
            "first_part": numbers.start(),
            "last_part": numbers.end(),
            "sound": plan.video.sound,
            "slurm": null,
            "part_minutes": limits.map(|limits| limits.minutes),
            "part_memory_mib": limits.map(|limits| limits.memory),
            "start_seconds": cost.map(|cost| cost.start),
            "frame_seconds": cost.map(|cost| cost.frame),
            "frame_cpu_seconds": cost.map(|cost| cost.frame_cpu),
            "warnings": messages.warnings(),
        });
        render::put_speed(&mut value, &job.scene);
        put_path(&mut value, "plan", &output);
        let mut done = format!("the plan is written: {}", shown(&output));
        if let Some(path) = &args.slurm {
            put_path(&mut value, "slurm", path);
            done.push_str(&format!(", and the script for Slurm: {}", shown(path)));
        }
        console::print_json(&value).map_err(|error| error.after(done))?;
    }
    Ok(())
}

/// Refuses files that cannot be what they are to be, before any is made.
///
/// # Errors
/// When an output is an input or says another format, or when the parts could not read an input again.
fn check_files(args: &PlanArgs, output: &Path) -> anyhow::Result<()> {
    let mut files = CommandFiles::default();
    files.write("--output", output, OutputFormat::Plan)?;
    if let Some(script) = &args.slurm {
        files.write("--slurm", script, OutputFormat::SlurmScript)?;
    }
    if is_standard_stream(&args.song) {
        let text = "the song of a plan cannot come from standard input, because every part reads the song again: save it to a \
                    file, and give the name of that (./- for one called -)";
        return Err(UsageError(text.to_owned()).into());
    }
    for input in std::iter::once(args.song.as_path()).chain(args.video.files()) {
        // What else is wrong with it is told when it is read.
        if let Err(error) = open_regular(input)
            && error.kind() == std::io::ErrorKind::InvalidInput
        {
            let text = format!("every part reads {} again: {error}", shown(input));
            return Err(UsageError(text).into());
        }
    }
    files.read_song(&args.song);
    args.video.args.add_files(&mut files)?;
    Ok(files.check()?)
}

fn write(mut file: OutputFile, text: &str) -> Result<(), OutputError> {
    file.write_all(text.as_bytes()).map_err(|error| file.error(error))?;
    file.commit()
}

/// What the files are that the video is made of.
fn planned_inputs(job: &RenderJob<'_>, song: &Path, folder: &Path) -> anyhow::Result<Vec<PlannedInput>> {
    let files = job.inputs(song)?;
    let planned = |input: InputFile| {
        let blake3 = hash_of(&input.path).with_context(|| format!("cannot read {}", shown(&input.path)))?;
        let file = planned_path(&input.path, folder)?;
        Ok(PlannedInput { file, blake3, sound_only: input.sound_only })
    };
    files.into_iter().map(planned).collect()
}

fn planned_video(job: &RenderJob<'_>, sound: bool) -> anyhow::Result<PlannedVideo> {
    let VideoTags { title, artist } = job.tags();
    let segment_frames = NonZeroU32::new(job.options.plan().segment_frames());
    Ok(PlannedVideo {
        size: job.options.size.to_string(),
        frame_rate: job.options.frame_rate.to_string(),
        frames: job.options.frames,
        segment_frames: segment_frames.context("segments are empty")?,
        scene: blake3::Hash::from(job.scene.fingerprint()).to_hex().to_string(),
        sound,
        title,
        artist,
    })
}

/// The number of parts, and the reason if the program chose it.
fn number_of_parts(
    args: &PlanArgs,
    cost: Option<&PartCost>,
    frames: u64,
    seconds: f64,
) -> (u64, Option<String>) {
    if let Some(parts) = args.parts {
        return (parts.into(), None);
    }
    let Some(cost) = cost else {
        let parts = ((seconds / USUAL_PART_SECONDS).ceil() as u64).clamp(1, MOST_CHOSEN);
        return (parts, Some("about a minute of the video each; --parts chooses another number".to_owned()));
    };
    let most = cost.most_parts(args.part_cpus, frames);
    let parts = most.clamp(1, MOST_CHOSEN);
    let reason = match most > MOST_CHOSEN {
        true => "as many as Slurm takes in a job array with its default settings".to_owned(),
        false => format!(
            "so long that the time before the first frame, {} here, is at most 5 % of each; --parts chooses another number",
            decimals(cost.start, 1)
        ),
    };
    (parts, Some(reason))
}

/// The script for Slurm that is written to `path`, for the plan at `output`.
fn slurm_script(
    args: &PlanArgs,
    path: &Path,
    output: &Path,
    plan: &Plan,
    (cost, seconds): (Option<&PartCost>, f64),
) -> anyhow::Result<SlurmScript> {
    let frames = plan.parts.iter().map(|part| part.frames).max().unwrap_or(0);
    let pictures = cost.map_or(0.0, |cost| cost.part_on(args.part_cpus, frames));
    let sound = if plan.video.sound { seconds / SOUND_SPEED } else { 0.0 };
    let mut limits =
        TaskLimits::with_reserve(args.part_cpus, pictures.max(sound), cost.and_then(|cost| cost.memory));
    if let Some(time) = args.part_time {
        limits.minutes = ((time.as_seconds() / 60.0).ceil() as u64).max(1);
    }
    limits.memory = args.part_memory.unwrap_or(limits.memory);
    let kind = VideoKind::usual(args.video.args.stream.codec());
    let video = crate::cli::default_output(&args.song, kind.format.ending());
    Ok(SlurmScript {
        program: std::env::current_exe().context("the program does not find its own file")?,
        script: std::path::absolute(path)?,
        plan: std::path::absolute(output)?,
        parts: std::path::absolute(parts_folder(output))?,
        video: folder_of(output)?.join(video),
        limits,
    })
}

/// `--soundfont` with the SoundFont of this system, if one is needed and none is given, because other machines may have
/// another one.
fn system_soundfont(args: &VideoArgs, folder: &Path) -> anyhow::Result<Option<PlannedOption>> {
    if args.sound.soundfont.is_some() {
        return Ok(None);
    }
    let found = sound::soundfont(&args.sound)?;
    let file = found.map(|found| planned_path(&found, folder)).transpose()?;
    Ok(file.map(|file| PlannedOption { name: "--soundfont".to_owned(), value: None, file: Some(file) }))
}

/// The summary that is printed for people.
fn summary(plan: &Plan, output: &Path, seconds: f64, reason: Option<&str>, speed: &str) -> String {
    let frames: Vec<u64> = plan.parts.iter().map(|part| part.frames).collect();
    let (least, most) = (frames.iter().min().unwrap_or(&0), frames.iter().max().unwrap_or(&0));
    let lengths = match least == most {
        true => count(*most, "frame"),
        false => format!("{least} to {}", count(*most, "frame")),
    };
    let reason = reason.map(|reason| format!(", {reason}")).unwrap_or_default();
    let sound = if plan.video.sound { "part 0 is the sound\n" } else { "" };
    let numbers = plan.numbers();
    let shown = shown(&output);
    format!(
        "{shown}: {}, {} of {} at {} fps; notes move {speed}\n{} of {lengths}{reason}\n{sound}\
         make each: strikeline part {shown} K, for K from {} to {}; then: strikeline join {shown}\n",
        count(plan.video.frames.get(), "frame"),
        video_length(seconds),
        plan.video.size,
        plan.video.frame_rate,
        count(plan.parts.len(), "part"),
        numbers.start(),
        numbers.end(),
    )
}

fn slurm_summary(script: &SlurmScript, path: &Path, cost: Option<&PartCost>, plan: &Plan) -> String {
    let TaskLimits { cpus, memory, minutes } = script.limits;
    let mut text = format!(
        "limits for each part on the cluster: {}, {memory} MiB, {}",
        count(cpus, "core"),
        count(minutes, "minute")
    );
    if let Some(cost) = cost {
        let memory = cost.memory.map(|memory| format!(", {memory} MiB")).unwrap_or_default();
        text.push_str(&format!(
            " (measured here: {} to the first frame, {:.0} fps{memory})",
            decimals(cost.start, 1),
            1.0 / cost.frame.max(f64::MIN_POSITIVE)
        ));
    }
    text.push('\n');
    if plan.parts.len() as u64 > MOST_CHOSEN {
        text.push_str("Slurm takes no part numbers above 1000, unless its MaxArraySize is set to more than the default\n");
    }
    text.push_str(&format!("to submit all parts: sh {}\n", shown(&path)));
    text
}
