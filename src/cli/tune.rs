//! `strikeline tune`: finds the settings that are fastest on this machine, and saves them for renders.

pub(super) mod apply;
mod bench;
mod display;
mod explain;
mod map;
mod svg;
mod table;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::cli::tuning::search::{SearchError, SearchOutcome, Space, search};
use crate::cli::tuning::{Key, SettingsFile, SizeClass, Tuned, TuningError};
use anyhow::Context;
use strikeline::song::{Song, SongOptions};
use strikeline_picture::{PictureSize, shown};
use wgpu_video::gpu::{AdapterDescription, Gpu};
use wgpu_video::output::OutputFile;
use wgpu_video::stream::{StreamError, WorkSplit, default_jobs};

use super::args::{
    EncoderArgs, ForceArgs, HighwayArgs, JsonArgs, MessageArgs, PictureArgs, SongSelection, headings, length,
};
use super::codecs::VideoCodec;
use super::console::{self, NotPrinted};
use super::files::CommandFiles;
use super::formats::OutputFormat;
use super::messages::Messages;
use super::signals::Signals;
use bench::StreamBench;
use display::SearchDisplay;

/// The song that is drawn when none is given.
const GROOVE: &[u8] = include_bytes!("../../examples/songs/groove.mid");

/// Memory for the deepest ring that is tried.
const MOST_RING_BYTES: u64 = 2 << 30;

/// Find and save the settings that are fastest on this machine.
///
/// These are the ring depth, jobs, segments and devices.
///
/// Renders short pieces of a song with different settings, and writes no video. Of the settings that are equally fast
/// within the noise, the default is chosen, or else the one with the fewest buffers. Do not use the machine while it runs. The result is for
/// this adapter, its driver and sizes like --size; `strikeline render` uses it from then on.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = headings::MEASURING)]
pub(super) struct TuneArgs {
    /// MIDI file to measure with [default: a groove that is built in]
    ///
    /// Or a chart of a rhythm game; - for standard input.
    #[arg(value_name = "SONG", help_heading = "Arguments")]
    song: Option<PathBuf>,

    /// Time that the search may take, such as 90 or 1:30
    ///
    /// From 5 seconds to an hour.
    #[arg(long, value_name = "TIME", default_value = "60", value_parser = budget)]
    budget: Duration,

    /// Show the result and save nothing
    #[arg(long)]
    dry_run: bool,

    /// Draw the speed by ring depth and jobs to this SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    #[command(flatten)]
    encoder: EncoderArgs,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    selection: SongSelection,

    #[command(flatten)]
    highway: HighwayArgs,

    #[command(flatten)]
    picture: PictureArgs,
}

/// Runs it.
pub(super) fn run(mut args: TuneArgs, signals: &Signals) -> anyhow::Result<()> {
    let codec = args.encoder.codec().unwrap_or(VideoCodec::DEFAULT);
    args.picture.suit(codec);
    let args = &args;
    let picture = &args.picture;
    codec.check_transparent(args.highway.is_transparent())?;
    let encoder = args.encoder.factory(codec)?;
    let encoder_name = encoder.name();
    // Errors that need no measurement are reported first.
    let file = SettingsFile::of_user();
    if !args.dry_run {
        file.as_ref().ok_or(TuningError::NoFolder)?.check()?;
    }
    let mut files = CommandFiles::default();
    args.song.iter().for_each(|song| files.read_song(song));
    args.highway.add_files(&mut files)?;
    if let Some(settings) = file.as_ref().filter(|_| !args.dry_run) {
        files.write_any("the file of tuned settings", settings.path());
    }
    if let Some(path) = &args.svg {
        files.write("--svg", path, OutputFormat::Svg)?;
    }
    files.check()?;
    let svg = match &args.svg {
        Some(path) => Some(OutputFile::create(path, args.force.overwrite())?),
        None => None,
    };
    let adapters = Gpu::adapters();
    let index = picture.adapter().pick(&adapters)?;
    let adapter = adapters
        .into_iter()
        .nth(index)
        .context("the graphics adapter disappeared; check `strikeline doctor`")?;
    let mut messages = Messages::new(args.messages, args.json.json);
    codec.tell_unused(&mut messages);
    messages.chosen("adapter", &adapter);
    messages.chosen("encoder", encoder_name);
    let song = song(args, &mut messages)?;
    // From the first note on: the lanes are full from the first frame.
    let start = song.notes().first().map(|note| note.time);
    let mut scene = args.highway.highway(&song, start, picture, &mut messages)?;

    let budget = args.budget;
    let jobs = default_jobs();
    let space = Space {
        cores: jobs.saturating_sub(1).max(1),
        deepest_ring: deepest_ring(picture.size()),
        // A GPU overlaps work by itself; a second device is the most that can help it.
        most_devices: if adapter.software { jobs.max(2) } else { 2 },
        default: WorkSplit { devices: Some(adapter.devices()), ..WorkSplit::for_jobs(jobs) },
    };
    messages.chosen(
        "work",
        format_args!(
            "the default is {}; rings up to {} and up to {} are tried",
            space.default,
            space.deepest_ring,
            super::words::count(space.most_devices, "device")
        ),
    );
    let mut bench = StreamBench {
        frames: super::at_least_one(picture.fps().frames_to_cover(song.last_note() - scene.start())),
        scene: &mut scene,
        size: picture.size(),
        frame_rate: picture.fps(),
        encoder,
        adapter: picture.adapter(),
        window: (budget / 80).clamp(Duration::from_millis(150), Duration::from_secs(3)),
        started: Instant::now(),
        budget,
        usual_ring: space.default.ring_depth,
        cancel: signals.token(),
    };
    let mut display = SearchDisplay::new(args.messages.quiet || args.json.json, budget);
    display.say_when_compiling();
    let result = signals.stream(|_| search(&mut bench, space, budget, &mut |step| display.update(step)));
    display.finish();
    let outcome = result.map_err(|error| match error {
        SearchError::Bench(error) => anyhow::Error::new(error),
        error @ SearchError::Budget { .. } => anyhow::anyhow!("{error} with --budget"),
    })?;
    // A signal may have come after the last frame.
    if signals.interrupted().is_some() {
        return Err(StreamError::Cancelled.into());
    }

    let key = Key {
        adapter: adapter.name.clone(),
        driver: adapter.driver.clone(),
        size: SizeClass::of(picture.size()),
    };
    let seconds = bench.started.elapsed().as_secs_f64();
    let summary = TuneSummary {
        args,
        adapter,
        encoder: encoder_name,
        key,
        default: space.default,
        outcome,
        seconds,
        warnings: messages.warnings(),
    };
    if let Some(svg) = svg {
        summary.draw(svg)?;
    }
    // The result is shown even when it cannot be saved, and saved even when it cannot be shown.
    let in_words = !args.json.json && !args.messages.quiet;
    let printed = if in_words { console::print(&summary.text()) } else { Ok(()) };
    let kept = match file.filter(|_| !args.dry_run) {
        Some(file) => {
            file.store(&summary.key, &summary.tuned())?;
            Some(file)
        }
        None => None,
    };
    let path = kept.as_ref().map(SettingsFile::path);
    let unprinted = |error: NotPrinted| match path {
        Some(path) if !error.is_enough() || args.json.json => {
            error.after(format_args!("the settings are saved: {}", shown(path)))
        }
        _ => error,
    };
    if args.json.json {
        console::print_json(&summary.json(path)).map_err(unprinted)?;
    } else if in_words {
        let saved = match path {
            Some(path) => format!(
                "saved to {}; `strikeline render` uses it from now on for sizes {}\n",
                shown(path),
                summary.key.size.about()
            ),
            None => "not saved, because of --dry-run\n".to_owned(),
        };
        printed.and_then(|()| console::print(&saved)).map_err(unprinted)?;
    }
    Ok(())
}

fn song(args: &TuneArgs, messages: &mut Messages) -> anyhow::Result<Song> {
    match &args.song {
        Some(path) => args.selection.open(path, messages),
        None => Ok(Song::read(GROOVE, &SongOptions::default())?),
    }
}

fn budget(text: &str) -> Result<Duration, String> {
    let budget = length(text).map(|time| Duration::from_nanos(time.as_nanos().unsigned_abs()))?;
    if (5..=3600).contains(&budget.as_secs()) && budget <= Duration::from_secs(3600) {
        Ok(budget)
    } else {
        Err("must be from 5 seconds to an hour".to_owned())
    }
}

/// The number of slots for pictures of `size` that fit into [`MOST_RING_BYTES`].
fn deepest_ring(size: PictureSize) -> usize {
    let slot = u64::from(size.width()) * u64::from(size.height()) * 3 / 2;
    usize::try_from(MOST_RING_BYTES / slot).unwrap_or(usize::MAX).max(1)
}

/// A setting in one line.
fn short(split: WorkSplit) -> String {
    split.to_string()
}

/// The result printed at the end.
struct TuneSummary<'a> {
    args: &'a TuneArgs,
    adapter: AdapterDescription,
    encoder: &'static str,
    key: Key,
    default: WorkSplit,
    outcome: SearchOutcome,
    /// Time that the search took.
    seconds: f64,
    warnings: &'a [String],
}

impl TuneSummary<'_> {
    fn tuned(&self) -> Tuned {
        let choice = &self.outcome.choice;
        Tuned {
            split: choice.split,
            frames_per_second: Some(choice.median()),
            encoder: Some(self.encoder.to_owned()),
        }
    }
}
