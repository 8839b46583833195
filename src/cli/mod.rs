//! The command line: one file per subcommand, and what they share.

mod args;
mod doctor;
mod drum_map;
mod frame;
mod hang;
mod inputs;
mod inspect;
mod messages;
mod profile;
mod progress;
mod remedies;
mod render;
mod sound;
mod theme;
mod tune;
mod tuning;

use std::num::NonZeroU64;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use wgpu_video::encode::Assembler;
use wgpu_video::stream::StreamError;

/// Turns a MIDI drum song into a finished note-highway video, several times faster than real time.
#[derive(Debug, Parser)]
#[command(name = "strikeline", version = long_version(), propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Render a song to an MP4 video.
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
    /// Show what strikeline finds on this machine, and what is missing.
    Doctor(doctor::DoctorArgs),
}

/// Exit code of an interrupted program: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// The command line is valid but asks for something impossible. Exit code 2, as for one that is not valid.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    hang::end_program_on_hang();
    let result = match cli.command {
        Command::Render(args) => render::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::Frame(args) => frame::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Theme(args) => theme::run(&args),
        Command::DrumMap(args) => drum_map::run(&args),
        Command::Tune(args) => tune::run(&args),
        Command::Doctor(args) => doctor::run(&args),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    if is_closed_pipe(&error) {
        // The reader closed the pipe (for example `| head`).
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {}", describe(&error));
    if let Some(remedy) = remedies::of(&error) {
        eprintln!("help: {remedy}");
    }
    if error.is::<UsageError>() {
        eprintln!("\n{}", Cli::command().render_usage());
        return ExitCode::from(2);
    }
    match error.downcast_ref::<StreamError>() {
        Some(StreamError::Cancelled) => ExitCode::from(INTERRUPTED),
        _ => ExitCode::FAILURE,
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

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.downcast_ref::<std::io::Error>().is_some_and(closed)
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

/// The song's file name with another extension, or its folder's name with it, in the current folder.
fn default_output(song: &std::path::Path, extension: &str) -> std::path::PathBuf {
    let name = std::path::Path::new(song.file_name().unwrap_or("song".as_ref()));
    // A dot in a folder's name begins no extension.
    if song.is_dir() { name.with_added_extension(extension) } else { name.with_extension(extension) }
}
