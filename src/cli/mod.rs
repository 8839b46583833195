//! The command line: one file per subcommand, and what they share.

mod args;
mod clean;
mod codecs;
mod console;
mod doctor;
mod drum_map;
mod farm;
mod files;
mod formats;
mod frame;
mod hang;
mod inspect;
mod job;
mod journals;
mod json_path;
mod messages;
mod panics;
mod profile;
mod progress;
mod remedies;
mod render;
mod signals;
mod sound;
mod theme;
mod tune;
mod tuning;
mod video_format;

use std::num::NonZeroU64;

use clap::{CommandFactory, Parser, Subcommand};
use wgpu_video::encode::{Assembler, EncodeError};
use wgpu_video::stream::{ReaderGone, StreamError};

use console::NotPrinted;
use signals::{Signal, Signals};

/// Turns a MIDI drum song into a finished note-highway video, several times faster than real time.
#[derive(Debug, Parser)]
#[command(name = "strikeline", version = long_version(), propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Render a song to a video.
    Render(Box<render::RenderArgs>),
    /// Render part of a song, write nothing, and show where the time goes.
    Profile(Box<profile::ProfileArgs>),
    /// Draw one frame to a PNG file.
    Frame(frame::FrameArgs),
    /// Show what was read from a song.
    Inspect(inspect::InspectArgs),
    /// List the built-in themes, print one to start from, or check one of your own.
    Theme(theme::ThemeArgs),
    /// List the built-in drum maps, print one to start from, or check one of your own.
    DrumMap(drum_map::DrumMapArgs),
    /// Find the ring depth, jobs, segments and devices that are fastest on this machine, and save them for render.
    Tune(tune::TuneArgs),
    /// List the hidden files that interrupted renders left in a folder, or remove them.
    Clean(clean::CleanArgs),
    /// Show what strikeline finds on this machine, and what is missing.
    Doctor(doctor::DoctorArgs),
    /// Plan a video that many processes or machines make together.
    Plan(Box<farm::PlanArgs>),
    /// Make one part of a plan.
    Part(farm::PartArgs),
    /// Join the parts of a plan to one video.
    Join(farm::JoinArgs),
}

impl Command {
    /// Whether it makes pictures.
    fn draws(&self) -> bool {
        use Command::{Frame, Part, Plan, Profile, Render, Tune};
        matches!(self, Render(_) | Profile(_) | Frame(_) | Tune(_) | Plan(_) | Part(_))
    }
}

/// Exit code of a program that has done what it was told.
const SUCCESS: u8 = 0;

/// Exit code of a program that failed.
const FAILED: u8 = 1;

/// Exit code for a command line that is not valid, or that asks for something impossible.
const USAGE: u8 = 2;

/// Exit code when parts of a plan are still to be made.
const PARTS_MISSING: u8 = 3;

/// Exit code when the program that reads a video has closed the pipe: 128 plus the number of SIGPIPE, as shells have it for
/// other programs.
const PIPE_CLOSED: u8 = 128 + 13;

/// The command line is valid but asks for something impossible.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Runs the program, and returns its exit code.
pub(crate) fn main() -> u8 {
    panics::guarded(|| {
        let signals = match Signals::install() {
            Ok(signals) => signals,
            Err(reason) => return failed(&anyhow::anyhow!("signals cannot be waited for: {reason}"), None),
        };
        let cli = match Cli::try_parse() {
            Ok(cli) => cli,
            Err(error) => return console::print_parsed(&error),
        };
        hang::end_program_on_hang(&signals);
        match run(cli.command, &signals) {
            Ok(()) => SUCCESS,
            Err(error) => failed(&error, signals.interrupted()),
        }
    })
}

fn run(command: Command, signals: &Signals) -> anyhow::Result<()> {
    if command.draws() {
        start_threads()?;
    }
    match command {
        Command::Render(args) => render::run(*args, signals),
        Command::Profile(args) => profile::run(*args, signals),
        Command::Frame(args) => frame::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Theme(args) => theme::run(&args),
        Command::DrumMap(args) => drum_map::run(&args),
        Command::Tune(args) => tune::run(args, signals),
        Command::Clean(args) => clean::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Plan(args) => farm::run_plan(&args, signals),
        Command::Part(args) => farm::run_part(&args, signals),
        Command::Join(args) => farm::run_join(&args, signals),
    }
}

/// Starts the threads that preparations are spread over. They would start by themselves, but panic where the system has none.
///
/// # Errors
/// When the system has none.
fn start_threads() -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().build_global().map_err(|error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        anyhow::anyhow!(
            "a thread could not be started ({reason}): end other programs, or raise the limit of processes (ulimit -u)"
        )
    })
}

/// Tells the error, and returns the exit code.
fn failed(error: &anyhow::Error, interrupted: Option<Signal>) -> u8 {
    if error.downcast_ref().is_some_and(NotPrinted::is_enough) {
        return SUCCESS;
    }
    if let Some(gone) = error.downcast_ref().and_then(reader_gone) {
        console::tell(gone);
        return PIPE_CLOSED;
    }
    let missing = error.downcast_ref::<farm::PartsMissing>();
    if missing.is_some_and(farm::PartsMissing::is_answer) {
        return PARTS_MISSING;
    }
    let text = describe(error);
    console::tell(format_args!("error: {text}"));
    if let Some(remedy) = remedies::of(error) {
        console::tell(format_args!("help: {remedy}"));
    }
    if let Some(place) = panics::place_of(&text) {
        console::tell(format_args!("help: {place}"));
    }
    if error.is::<UsageError>() {
        console::tell(format_args!("\n{}", Cli::command().render_usage()));
        return USAGE;
    }
    if missing.is_some() {
        return PARTS_MISSING;
    }
    // That the options ask for what the encoder cannot do shows only when it is asked.
    if error.chain().any(is_refusal) {
        return USAGE;
    }
    match error.downcast_ref::<StreamError>() {
        Some(StreamError::Cancelled | StreamError::FinishEarly(_)) => {
            interrupted.unwrap_or(Signal::INTERRUPT).exit_code()
        }
        _ => FAILED,
    }
}

/// Whether an encoder refuses what it is to do.
fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    let refusal = match error.downcast_ref() {
        Some(StreamError::Encoder(refusal)) => Some(refusal),
        _ => error.downcast_ref(),
    };
    matches!(refusal, Some(EncodeError::Unsupported { .. }))
}

/// That the reader of a pipe is gone, if that ended the stream.
fn reader_gone(error: &StreamError) -> Option<&ReaderGone> {
    match error {
        StreamError::Begin(source) | StreamError::Write { source, .. } => source.downcast_ref(),
        _ => None,
    }
}

/// The error, and those of its causes that its text does not contain.
fn describe(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// The program's version, and what openh264 was built with.
fn long_version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match Assembler::detect() {
        None => format!("{version}\nbuilt without the openh264 encoder"),
        Some(Assembler::None) => format!(
            "{version}\nopenh264 encoder, assembler: none; it takes three times as long without: install nasm and \
             build again"
        ),
        Some(assembler) => format!("{version}\nopenh264 encoder, assembler: {assembler}"),
    }
}

/// As many frames, or one where that would be none.
fn at_least_one(frames: u64) -> NonZeroU64 {
    NonZeroU64::new(frames).unwrap_or(NonZeroU64::MIN)
}

/// The song's file name with another extension, or its folder's name with it, in the current folder; `song` with it for
/// one from standard input.
fn default_output(song: &std::path::Path, extension: &str) -> std::path::PathBuf {
    let named = song.file_name().filter(|_| !formats::is_standard_stream(song));
    let name = std::path::Path::new(named.unwrap_or("song".as_ref()));
    // A dot in a folder's name begins no extension.
    if song.is_dir() { name.with_added_extension(extension) } else { name.with_extension(extension) }
}
