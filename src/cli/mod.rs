//! The command line: one file per subcommand, and what they share.

mod about;
mod args;
mod choices;
mod clean;
mod codecs;
mod color;
mod completions;
mod config;
mod console;
mod doctor;
mod drum_map;
mod exit_code;
mod farm;
mod files;
mod formats;
mod frame;
mod given;
mod hang;
mod inspect;
mod job;
mod journal_about;
mod journals;
mod json_path;
mod man;
mod messages;
mod panics;
mod profile;
mod progress;
mod remedies;
mod render;
mod report;
mod signals;
mod sound;
mod theme;
mod tune;
mod tuning;
mod video_format;
mod words;

use std::num::NonZeroU64;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use strikeline_files::why_unreadable;
use wgpu_video::encode::Assembler;
use wgpu_video::stream::{ReaderGone, StreamError};

use args::headings;
use color::{ColorChoice, Label};
use config::{Config, ConfigError};
use console::NotPrinted;
use exit_code::ExitCode;
use report::Fault;
use signals::{Signal, Signals};

/// Turns a MIDI drum song into a finished note-highway video, several times faster than real time.
#[derive(Debug, Parser)]
#[command(
    name = "strikeline",
    version = long_version(),
    propagate_version = false,
    disable_help_flag = true,
    disable_version_flag = true,
    after_long_help = about::after_help(),
)]
struct Cli {
    /// Whether messages and help have colours
    ///
    /// NO_COLOR, CLICOLOR and CLICOLOR_FORCE are obeyed, too; this option wins over them.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_short_help = true, help_heading = headings::MESSAGES)]
    color: ColorChoice,

    /// Do not use the configuration file
    #[arg(long, global = true, hide_short_help = true, help_heading = headings::MESSAGES)]
    no_config: bool,

    /// Print the usual options; --help prints all
    #[arg(short, long, global = true, action = clap::ArgAction::Help, help_heading = headings::MESSAGES)]
    help: Option<bool>,

    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, help_heading = headings::MESSAGES)]
    version: Option<bool>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Render(Box<render::RenderArgs>),
    Profile(Box<profile::ProfileArgs>),
    Frame(frame::FrameArgs),
    Inspect(inspect::InspectArgs),
    Theme(theme::ThemeArgs),
    DrumMap(drum_map::DrumMapArgs),
    Tune(tune::TuneArgs),
    Clean(clean::CleanArgs),
    Doctor(doctor::DoctorArgs),
    Plan(Box<farm::PlanArgs>),
    Part(farm::PartArgs),
    Join(farm::JoinArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// Whether it makes pictures.
    fn draws(&self) -> bool {
        use Command::{Frame, Part, Plan, Profile, Render, Tune};
        matches!(self, Render(_) | Profile(_) | Frame(_) | Tune(_) | Plan(_) | Part(_))
    }

    /// Whether its options have the defaults of the configuration file.
    fn is_configured(&self) -> bool {
        !matches!(self, Command::Config(_) | Command::Completions(_) | Command::Man(_))
    }

    /// The tuned settings that it would use; `None` if there are none for its adapter and size, or it is no render.
    fn tuned_split(&self) -> Option<wgpu_video::stream::WorkSplit> {
        match self {
            Command::Render(args) => args.tuned_split(),
            _ => None,
        }
    }
}

/// The command line is valid but asks for something impossible.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// An output exists, and may not be replaced.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct AlreadyThere(String);

/// Runs the program, and returns its exit code.
pub(crate) fn main() -> u8 {
    panics::guarded(main_guarded).number()
}

fn main_guarded() -> ExitCode {
    ColorChoice::in_arguments(std::env::args_os()).apply();
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(reason) => {
            return failed(
                &anyhow::anyhow!(
                    "signals cannot be waited for ({reason}): end other programs, or raise the limit of open files (ulimit -n)"
                ),
                None,
            );
        }
    };
    let cli = match parse() {
        Ok(cli) => cli,
        Err(Unparsed::Words(error)) => return console::print_parsed(&error),
        Err(Unparsed::Config(error)) => return failed(&error.into(), None),
    };
    cli.color.apply();
    hang::end_program_on_hang(&signals);
    match run(cli.command, !cli.no_config, &signals) {
        Ok(()) => ExitCode::Done,
        Err(error) => failed(&error, signals.interrupted()),
    }
}

/// Why there is nothing to run.
enum Unparsed {
    /// The command line is wrong, or asks for help.
    Words(clap::Error),
    /// The configuration is wrong.
    Config(ConfigError),
}

/// Options of a video that the short help of `plan` and `profile` leaves out, because these have many of their own.
const FOR_RENDER: [&str; 9] =
    ["drum_map", "title", "lookahead", "speed", "passage", "soundfont", "click", "part_time", "part_memory"];

/// The program with all its commands and options.
fn program() -> clap::Command {
    let without = |command: clap::Command| {
        command.mut_args(|arg| match FOR_RENDER.contains(&arg.get_id().as_str()) {
            true => arg.hide_short_help(true),
            false => arg,
        })
    };
    // Of one picture, nothing depends on whether the video would be an animated picture.
    let still = |command: clap::Command| {
        command.mut_arg("size", |arg| {
            let about = arg.get_long_help().map(ToString::to_string).unwrap_or_default();
            arg.long_help(about.replace(" The default is 360p for animated pictures.", ""))
        })
    };
    let program = Cli::command().mut_subcommand("plan", without).mut_subcommand("profile", without);
    takes_negative_numbers(program.mut_subcommand("frame", still))
}

/// The same program, which takes `-1` after an option for its value, so that the error is about the value and not about an
/// unknown option.
fn takes_negative_numbers(command: clap::Command) -> clap::Command {
    let takes = |arg: clap::Arg| match arg.get_action().takes_values() && !arg.is_positional() {
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    command.mut_args(takes).mut_subcommands(takes_negative_numbers)
}

/// The command line, with the defaults of the configuration file.
fn parse() -> Result<Cli, Unparsed> {
    let program = || program().color(ColorChoice::in_arguments(std::env::args_os()).for_clap());
    let parsed = |mut program: clap::Command| {
        let matches = program.try_get_matches_from_mut(std::env::args_os())?;
        given::note(&matches);
        Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut program))
    };
    let cli = parsed(program()).map_err(Unparsed::Words)?;
    if cli.no_config || !cli.command.is_configured() {
        return Ok(cli);
    }
    let config = match Config::of_user(&program()) {
        // It helps to find out what is wrong.
        Err(error) if matches!(cli.command, Command::Doctor(_)) => {
            console::tell_as(Label::Warning, error);
            return Ok(cli);
        }
        config => config.map_err(Unparsed::Config)?,
    };
    config.note();
    match config.is_empty() {
        true => Ok(cli),
        false => parsed(config.over(program())).map_err(Unparsed::Words),
    }
}

fn run(command: Command, has_config: bool, signals: &Signals) -> anyhow::Result<()> {
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
        Command::Config(args) => config::run(&args, has_config),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
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
fn failed(error: &anyhow::Error, interrupted: Option<Signal>) -> ExitCode {
    if error.downcast_ref().is_some_and(NotPrinted::is_enough) {
        return ExitCode::Done;
    }
    if let Some(gone) = error.downcast_ref().and_then(reader_gone) {
        console::tell_as(Label::Error, gone);
        return ExitCode::PipeClosed;
    }
    if error.downcast_ref::<farm::PartsMissing>().is_some_and(farm::PartsMissing::is_answer) {
        return ExitCode::PartsMissing;
    }
    let text = describe(error);
    console::tell_as(Label::Error, &text);
    let remedy = remedies::of(error);
    if let Some(remedy) = remedy {
        console::tell_as(Label::Help, remedy);
    }
    let code = ExitCode::of(error, interrupted);
    if code == ExitCode::Wrong {
        let said = format!("{text} {}", remedy.unwrap_or_default());
        config::sources(&said).iter().for_each(|source| console::tell_as(Label::Help, source));
    }
    let place = panics::place_of(&text);
    let fault = Fault::of(error).or(place.is_some().then_some(Fault::Program));
    if let Some(fault) = fault.filter(|_| code == ExitCode::Failed) {
        report::tell(fault, &text, place.as_deref());
    }
    code
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
        let told = cause.to_string();
        // What was written has its own sentence; a bare error of the system is about something that was to be read.
        let sentence = cause.downcast_ref().map_or_else(|| told.clone(), why_unreadable);
        if text.is_empty() {
            text = sentence;
        } else if !text.contains(&told) && !text.contains(&sentence) {
            text = format!("{text}: {sentence}");
        }
    }
    text
}

/// The program's version, and what openh264 was built with.
fn long_version() -> String {
    let version = report::version();
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
