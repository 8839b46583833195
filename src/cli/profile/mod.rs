//! `strikeline profile`: where the time of a render goes.

mod chrome;
mod compare;
mod measure;
mod prepared;
mod run_context;
mod summary;
mod svg;
mod verdict;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strikeline::highway::Highway;
use strikeline::song::{DrumMap, SongPoint};
use strikeline::steps::StepRunner;
use strikeline_audio::PacketSource;
use strikeline_picture::{FrameIndex, Time, shown};
use wgpu_video::gpu::Gpu;
use wgpu_video::output::OutputFile;
use wgpu_video::stream::trace::GpuTimes;
use wgpu_video::stream::{Stage, StreamOptions};

use super::args::{
    ForceArgs, HighwayArgs, JsonArgs, MessageArgs, PictureArgs, PlayedSong, PracticeArgs, SongArgs,
    SoundArgs, StreamArgs, headings, whole_number,
};
use super::codecs::VideoCodec;
use super::console::NotPrinted;
use super::files::CommandFiles;
use super::formats::OutputFormat;
use super::messages::Messages;
use super::progress::ProgressDisplay;
use super::signals::Signals;
use super::sound::{VideoSound, VideoSpan};
use super::words::{count, decimals};
use super::{console, given, hang, render};
use measure::{Floor, MeasuredRun, Side, measure};
use run_context::RunContext;
use summary::{ProfileSummary, StageSummary};
use verdict::{Evidence, Verdict};

/// Show where the time of a render goes.
///
/// Renders part of a song and writes no video.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = headings::MEASURING)]
pub(super) struct ProfileArgs {
    /// Frames to render
    #[arg(long, value_name = "N", default_value = "600", value_parser = whole_number(1_u32..=u32::MAX))]
    frames: u32,

    /// Where to begin: 42.5, 1:02.5, bar:17, section:NAME
    ///
    /// A point of the song: a time (42.5, 1:02.5, 500ms, 119/30), bar:17, or section:NAME. The default is that the frames are
    /// from the middle of the video.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    start: Option<SongPoint>,

    /// Do not encode: measure drawing and reading back
    #[arg(long, conflicts_with_all = ["null_render", "compare"])]
    null_encoder: bool,

    /// Do not draw: measure encoding alone
    ///
    /// A few frames are encoded again and again that were rendered beforehand.
    #[arg(long, conflicts_with = "compare")]
    null_render: bool,

    /// Measure this run only
    ///
    /// Skip the GPU times, and the runs of drawing alone and of encoding alone.
    #[arg(long)]
    brief: bool,

    /// Compare the speed of several ways of rendering, step by step from the naive one to the present one
    #[arg(long, hide_short_help = true, conflicts_with_all = ["trace", "svg"])]
    compare: bool,

    /// How often --compare runs each step
    #[arg(long, hide_short_help = true, value_name = "N", default_value = "5", requires = "compare", value_parser = whole_number(1_u32..=1000))]
    rounds: u32,

    /// Write what every thread did and when
    ///
    /// To this file, in Chrome's trace format, for ui.perfetto.dev or chrome://tracing.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// Draw what every thread did to this SVG file
    ///
    /// On the first frames, and the speed over time.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Frames in the timeline of --svg
    #[arg(long, hide_short_help = true, value_name = "N", default_value = "48", requires = "svg", value_parser = whole_number(1_u32..=1000))]
    svg_frames: u32,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    stream: StreamArgs,

    #[command(flatten)]
    song: SongArgs,

    #[command(flatten)]
    practice: PracticeArgs,

    #[command(flatten)]
    highway: HighwayArgs,

    #[command(flatten)]
    sound: SoundArgs,

    #[command(flatten)]
    picture: PictureArgs,
}

/// Runs it.
pub(super) fn run(mut args: ProfileArgs, signals: &Signals) -> anyhow::Result<()> {
    let codec = args.stream.codec().unwrap_or(VideoCodec::DEFAULT);
    args.picture.suit(codec);
    let args = &args;
    let cancel = signals.token();
    let mut messages = Messages::new(args.messages, args.json.json);
    // Errors that need no measurement are reported first.
    codec.check_transparent(args.highway.is_transparent())?;
    check_files(args)?;
    let (song, events) = args.song.open_with_events(&mut messages)?;
    let played = args.practice.play(song, events)?;
    let overwrite = args.force.overwrite();
    let file = |path: &Option<PathBuf>| path.as_deref().map(|path| OutputFile::create(path, overwrite));
    let (trace_file, svg_file) = (file(&args.trace).transpose()?, file(&args.svg).transpose()?);

    let (start, frames) = part(args, &played)?;
    if frames < args.frames.into() && given::has("frames") {
        messages.warn(format_args!("--frames {}: the song has {} only", args.frames, count(frames, "frame")));
    }
    let encoder = args.stream.factory(codec)?;
    codec.tell_unused(&mut messages);
    let frame_count = super::at_least_one(frames);
    let options = args.stream.options(&args.picture, frame_count, encoder, cancel, &mut messages);
    let highway =
        |messages: &mut Messages| args.highway.highway(&played.song, Some(start), &args.picture, messages);
    let mut scene = highway(&mut messages)?;
    let drum_map = args.highway.drum_map(&played.song)?;
    let picture = &args.picture;
    let what = format!(
        "{}, {} from {} of the song, {} at {} fps, quality {}",
        shown(args.song.name()),
        count(frames, "frame"),
        decimals(start.as_seconds(), 2),
        picture.size(),
        picture.fps(),
        args.stream.quality().qp()
    );
    if args.compare {
        return compare_steps(args, signals, &options, &what, messages.warnings(), &|| {
            highway(&mut Messages::silent())
        });
    }

    let side = match (args.null_encoder, args.null_render) {
        (true, _) => Side::WithoutEncoder,
        (_, true) => Side::WithoutRender,
        _ => Side::Both,
    };
    // Progress is shown on terminals only: a run takes seconds, and a log gains nothing from it.
    let visible = !args.messages.quiet && console::has_terminal();
    let mut display = ProgressDisplay::new(!visible, frames, picture.fps());
    let mut sound = match side {
        Side::WithoutRender => None,
        _ if !codec.formats[0].has_sound() => None,
        _ => sound(args, &played, &drum_map.map, &scene, &options, &mut messages)?,
    };
    let heard = sound.as_ref().map(|sound| sound.about.clone());
    let packets = sound.as_mut().map(|sound| &mut *sound.packets as &mut dyn PacketSource);
    if !args.messages.quiet && !args.json.json {
        hang::say_when_compiling(display.line_teller());
    }
    let mut progress = |progress: &_| display.update(progress);
    let measured = signals.stream(|_| measure(side, &mut scene, packets, &options, &mut progress));
    display.finish();
    let measured = measured?;
    if visible && !args.brief {
        console::show_for_now("measuring drawing alone, then encoding alone …");
    }
    let floor = match side {
        Side::Both if !args.brief => {
            Some(signals.stream(|_| Floor::measure(&mut scene, &options))).transpose()
        }
        _ => Ok(None),
    };
    let gpu = match side {
        Side::Both | Side::WithoutEncoder if !args.brief => {
            Some(signals.stream(|_| measure::gpu_times(&mut scene, &options))).transpose()
        }
        _ => Ok(None),
    };
    if visible && !args.brief {
        console::show_nothing();
    }
    let (floor, gpu) = (floor?, gpu?);

    drop(sound);
    if let Some(about) = heard {
        about.warnings().iter().for_each(|warning| messages.warn(warning));
    }
    let context = RunContext::new(args.highway.look(), &options.adapter);
    let summary = summarize(side, &measured, floor, gpu, &options, &context, what);
    if let Some(file) = trace_file {
        write_file(file, |output| chrome::write(&measured.trace, output))?;
    }
    if let Some(file) = svg_file {
        let title = format!("{}: {:.0} fps", summary.what, summary.frames_per_second());
        let picture = svg::draw(&measured.trace, &title, args.svg_frames as usize)?;
        write_file(file, |output| output.write_all(picture.as_bytes()))?;
    }
    if args.json.json {
        let mut json = summary.json();
        render::put_speed(&mut json, &scene);
        json["drum_map"] = serde_json::to_value(drum_map.report)?;
        json["warnings"] = messages.warnings().into();
        console::print_json(&json).map_err(|error| unprinted(args, error))?;
    } else {
        console::print(&summary.text()).map_err(|error| unprinted(args, error))?;
    }
    Ok(())
}

/// Why the result could not be printed, with the files that are complete.
fn unprinted(args: &ProfileArgs, error: NotPrinted) -> NotPrinted {
    let files: Vec<_> = args.trace.iter().chain(&args.svg).map(|path| shown(path).to_string()).collect();
    match files.join(" and ") {
        // A reader of the text may have had enough.
        files if files.is_empty() || !args.json.json && error.is_enough() => error,
        files => error.after(format_args!("written in full: {files}")),
    }
}

/// Refuses outputs that are files of the song, or one and the same.
fn check_files(args: &ProfileArgs) -> anyhow::Result<()> {
    let mut files = CommandFiles::default();
    files.read_song(&args.song.song);
    args.sound.add_files(&mut files);
    args.stream.add_files(&mut files);
    args.highway.add_files(&mut files)?;
    let outputs = [("--trace", &args.trace, OutputFormat::Trace), ("--svg", &args.svg, OutputFormat::Svg)];
    for (option, path, format) in outputs {
        if let Some(path) = path {
            files.write(option, path, format)?;
        }
    }
    Ok(files.check()?)
}

/// The sound of the frames, as `render` makes it.
fn sound(
    args: &ProfileArgs,
    played: &PlayedSong,
    drum_map: &DrumMap,
    scene: &Highway,
    options: &StreamOptions,
    messages: &mut Messages,
) -> anyhow::Result<Option<VideoSound>> {
    let frames = options.frames.get();
    let span = VideoSpan { start: scene.start(), frames, rate: args.picture.fps(), tail: None };
    crate::cli::sound::prepare(&args.sound, played, drum_map, span, &options.cancel, &mut |warning| {
        messages.warn(warning);
    })
}

fn summarize<'m>(
    side: Side,
    measured: &'m MeasuredRun,
    floor: Option<Floor>,
    gpu: Option<Option<GpuTimes>>,
    options: &StreamOptions,
    context: &RunContext,
    what: String,
) -> ProfileSummary<'m> {
    let stages: Vec<_> = Stage::ALL
        .into_iter()
        .map(|stage| StageSummary::of(stage, &measured.trace))
        .filter(|summary| summary.threads > 0)
        .collect();
    let verdict = Verdict::new(&Evidence { measured, stages: &stages, split: options.split, floor, context });
    ProfileSummary { measured, side, floor, gpu, split: options.split, what, stages, verdict }
}

/// Where in the song the frames begin, and how many there are.
fn part(args: &ProfileArgs, played: &PlayedSong) -> anyhow::Result<(Time, u64)> {
    let frames = u64::from(args.frames);
    if let Some(start) = &args.start {
        return Ok((args.practice.played(start, &played.written)?, frames));
    }
    // Warnings are printed for the scene that is rendered.
    let whole = args.highway.highway(&played.song, None, &args.picture, &mut Messages::silent())?;
    let rate = args.picture.fps();
    let last = whole.content().notes.last().map_or(Time::ZERO, |note| note.time);
    let there = rate.frames_to_cover(last - whole.start()).max(1);
    let frames = frames.min(there);
    Ok((whole.start() + rate.time_of(FrameIndex((there - frames) / 2)), frames))
}

fn compare_steps(
    args: &ProfileArgs,
    signals: &Signals,
    options: &StreamOptions,
    what: &str,
    warnings: &[String],
    highway: &dyn Fn() -> anyhow::Result<Highway>,
) -> anyhow::Result<()> {
    if !args.messages.quiet && !args.json.json {
        hang::say_when_compiling(|text| console::tell(text));
    }
    let gpu = Arc::new(Gpu::open(&options.adapter)?);
    let runner = StepRunner { gpu: Arc::clone(&gpu), options };
    // Progress is shown on terminals only.
    let visible = !args.messages.quiet && console::has_terminal();
    let mut on_run = |round, step: strikeline::steps::Step| {
        if visible {
            console::show_for_now(format_args!("round {} of {}: {}", round + 1, args.rounds, step.name()));
        }
    };
    let results = signals.stream(|_| compare::compare(&runner, highway, args.rounds, &mut on_run));
    if visible {
        console::show_nothing();
    }
    let results = results?;
    if args.json.json {
        let mut json = compare::json(&results);
        json["warnings"] = warnings.into();
        console::print_json(&json)?;
    } else {
        let split = options.split;
        console::print(&format!(
            "{what}\n{}; encoder {}; {} rounds; segments with ring {}, jobs {}, segments {}\n\n{}\n",
            gpu.description,
            options.encoder.name(),
            args.rounds,
            split.ring_depth,
            split.jobs,
            split.segments_in_flight,
            compare::text(&results)
        ))?;
    }
    Ok(())
}

/// Lets `write` fill `file`, then lets it appear.
fn write_file(
    file: OutputFile,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let path: &Path = file.path();
    let path = path.to_owned();
    let failed = |error| wgpu_video::output::OutputError::Write { path, error };
    let mut output = BufWriter::new(file);
    let written = write(&mut output).and_then(|()| output.into_inner().map_err(|error| error.into_error()));
    written.map_err(failed)?.commit()?;
    Ok(())
}
