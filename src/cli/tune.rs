//! `strikeline tune`: finds the settings that are fastest on this machine, and keeps them for renders.

pub mod apply;
mod bench;
mod display;
mod explain;
mod map;
mod svg;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use strikeline::song::{Song, SongOptions};
use strikeline::tuning::search::{Outcome, SearchError, Space, search};
use strikeline::tuning::{Key, SettingsFile, SizeClass, Tuned, TuningError};
use strikeline_picture::PictureSize;
use wgpu_video::encode::Quality;
use wgpu_video::gpu::{AdapterDescription, Gpu};
use wgpu_video::output::{OutputFile, Overwrite};
use wgpu_video::stream::{Spread, StreamError, default_jobs};

use super::highway_args::HighwayArgs;
use super::picture_args::PictureArgs;
use super::render::{EncoderChoice, stop_on_signals};
use super::song_args::SongArgs;
use bench::StreamBench;
use display::SearchDisplay;

/// What is drawn when no song is given.
const GROOVE: &[u8] = include_bytes!("../../examples/songs/groove.mid");

/// Memory for the deepest ring that is tried.
const MOST_RING_BYTES: u64 = 2 << 30;

/// Find the ring depth, jobs, segments and devices that are fastest on this machine, and keep them for render.
///
/// Streams short pieces of a song with different settings, with nothing written to disk, and takes the fewest
/// buffers among those that cannot be told from the fastest. Leave the machine alone meanwhile. The result is
/// for this adapter, its driver and sizes like --size; `strikeline render` uses it from then on.
#[derive(Debug, clap::Args)]
pub struct TuneArgs {
    /// MIDI file to measure with [default: a groove that is built in].
    song: Option<PathBuf>,

    /// Time to search for, in seconds (5 to 3600).
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(5..=3600))]
    budget: u16,

    /// Constant quality on H.264's scale: 0 (best, largest file) to 51.
    #[arg(long, value_name = "QP", default_value_t = Quality::DEFAULT.qp(), value_parser = clap::value_parser!(u8).range(0..=51))]
    quality: u8,

    /// Encoder: h264, strikeline's own, made for rendered pictures; or openh264.
    #[arg(long, value_name = "NAME", default_value = "h264")]
    encoder: EncoderChoice,

    /// Show what was found, and keep nothing.
    #[arg(long)]
    dry_run: bool,

    /// Draw the heat map to this SVG file; one that exists is replaced.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,

    /// Print one JSON object with the result on stdout.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    song_args: SongArgs,

    #[command(flatten)]
    highway: HighwayArgs,

    #[command(flatten)]
    picture: PictureArgs,
}

/// Runs it.
pub fn run(args: &TuneArgs) -> anyhow::Result<()> {
    let cancel = stop_on_signals()?;
    let picture = &args.picture;
    let encoder = args.encoder.factory();
    let encoder_name = encoder.name();
    // What can be wrong without measuring is told before it.
    let file = SettingsFile::of_user();
    if !args.dry_run {
        file.as_ref().ok_or(TuningError::NoFolder)?.check()?;
    }
    let svg = match &args.svg {
        Some(path) => Some(OutputFile::create(path, Overwrite::Replace)?),
        None => None,
    };
    let adapters = Gpu::adapters();
    let index = picture.adapter().pick(&adapters)?;
    let adapter = adapters.into_iter().nth(index).context("the graphics adapter is gone")?;
    let song = song(args)?;
    // From the first note: the lanes are full from the first frame on.
    let start = song.notes().first().map(|note| note.time);
    let mut scene = args.highway.highway(&song, start, picture, args.quiet)?;

    let budget = Duration::from_secs(u64::from(args.budget));
    let jobs = default_jobs();
    let space = Space {
        cores: jobs.saturating_sub(1).max(1),
        deepest_ring: deepest_ring(picture.size),
        // A GPU has its own ways to do several things at once, and needs no more than a second device, if at all.
        most_devices: if adapter.software { jobs.max(2) } else { 2 },
        default: Spread { devices: Some(adapter.devices()), ..Spread::for_jobs(jobs) },
    };
    let mut bench = StreamBench {
        frames: super::at_least_one(picture.fps.frames_to_cover(song.last_note() - scene.start())),
        scene: &mut scene,
        size: picture.size,
        frame_rate: picture.fps,
        quality: Quality::new(args.quality).unwrap_or(Quality::DEFAULT),
        encoder,
        adapter: picture.adapter(),
        window: (budget / 80).clamp(Duration::from_millis(150), Duration::from_secs(3)),
        started: Instant::now(),
        budget,
        usual_ring: space.default.ring_depth,
        cancel: cancel.clone(),
    };
    let mut display = SearchDisplay::new(args.quiet || args.json, budget);
    let result = search(&mut bench, space, budget, &mut |step| display.update(step));
    display.finish();
    let outcome = result.map_err(|error| match error {
        SearchError::Bench(error) => anyhow::Error::new(error),
        error @ SearchError::Budget { .. } => anyhow::anyhow!("{error} with --budget"),
    })?;
    // Between the last frame and here.
    if cancel.is_cancelled() {
        return Err(StreamError::Cancelled.into());
    }

    let key = Key {
        adapter: adapter.name.clone(),
        driver: adapter.driver.clone(),
        size: SizeClass::of(picture.size),
    };
    let seconds = bench.started.elapsed().as_secs_f64();
    let findings =
        Findings { args, adapter, encoder: encoder_name, key, default: space.default, outcome, seconds };
    if let Some(svg) = svg {
        findings.draw(svg)?;
    }
    // The result is shown even when it cannot be kept.
    if !args.json && !args.quiet {
        print(&findings.text())?;
    }
    let kept = match file.filter(|_| !args.dry_run) {
        Some(file) => {
            file.store(&findings.key, &findings.tuned())?;
            Some(file)
        }
        None => None,
    };
    let path = kept.as_ref().map(SettingsFile::path);
    if args.json {
        print(&format!("{}\n", findings.json(path)))?;
    } else if !args.quiet {
        print(&match path {
            Some(path) => format!("kept in {}; `strikeline render` uses it from now on\n", path.display()),
            None => "kept nowhere, because of --dry-run\n".to_owned(),
        })?;
    }
    Ok(())
}

fn song(args: &TuneArgs) -> anyhow::Result<Song> {
    match &args.song {
        Some(path) => super::song_args::open(&args.song_args, path, args.quiet),
        None => Ok(Song::read(GROOVE, &SongOptions::default())?),
    }
}

/// As many slots for pictures of `size` as there is memory for.
fn deepest_ring(size: PictureSize) -> usize {
    let slot = u64::from(size.width()) * u64::from(size.height()) * 3 / 2;
    usize::try_from(MOST_RING_BYTES / slot).unwrap_or(usize::MAX).max(1)
}

fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// A setting in few words.
fn short(spread: Spread) -> String {
    spread.to_string()
}

/// What is told at the end.
struct Findings<'a> {
    args: &'a TuneArgs,
    adapter: AdapterDescription,
    encoder: &'static str,
    key: Key,
    default: Spread,
    outcome: Outcome,
    /// Time that the search took.
    seconds: f64,
}

impl Findings<'_> {
    fn tuned(&self) -> Tuned {
        let choice = &self.outcome.choice;
        Tuned {
            spread: choice.spread,
            frames_per_second: Some(choice.median()),
            encoder: Some(self.encoder.to_owned()),
        }
    }
}
