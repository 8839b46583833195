//! `strikeline config`: shows where each default comes from.

use std::fmt::Write as _;

use clap::{Arg, ArgMatches, Command, FromArgMatches, Subcommand};
use serde_json::json;
use strikeline_picture::shown;

use super::keys::{KEYS, Key};
use super::{Config, option, path};
use crate::cli::args::JsonArgs;
use crate::cli::json_path::put_path;
use crate::cli::tuning::TuningError;
use crate::cli::{Cli, console, program};

/// Show the defaults of all options, and where each comes from.
///
/// Options on the command line come first, then environment variables, then the configuration file, then what `strikeline tune`
/// has found, then what is built in.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigArgs {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    json: JsonArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the path of the configuration file, which need not exist.
    Path,
    /// Print a file to start from: all keys with their defaults, as comments.
    Example,
}

/// A default, and where it comes from.
struct Shown {
    key: &'static Key,
    value: String,
    source: Source,
}

/// Where a default comes from.
enum Source {
    Environment(&'static str),
    /// The line of the file.
    File(usize),
    Tuned,
    BuiltIn,
}

/// Runs it. `is_used` is `false` with `--no-config`.
pub(in crate::cli) fn run(args: &ConfigArgs, is_used: bool) -> anyhow::Result<()> {
    let program = program();
    match args.what {
        Some(What::Path) => {
            let path = path().ok_or(TuningError::NoFolder)?;
            return Ok(console::print(&format!("{}\n", shown(&path)))?);
        }
        Some(What::Example) => return Ok(console::print(&example(&program))?),
        None => {}
    }
    let config = if is_used { Config::of_user(&program)? } else { Config::default() };
    let all: Vec<Shown> = shown_values(&config, &program);
    if args.json.json {
        return Ok(console::print_json(&json_of(&all))?);
    }
    Ok(console::print(&text(&all, is_used))?)
}

fn shown_values(config: &Config, program: &Command) -> Vec<Shown> {
    let tuned = tuned(config);
    let shown = |key: &'static Key| {
        let arg = option(program, key.name)?;
        let variable = key.variable.and_then(|name| Some((name, std::env::var(name).ok()?)));
        let (value, source) = if let Some((name, value)) = variable.filter(|(_, value)| !value.is_empty()) {
            (value, Source::Environment(name))
        } else if let Some(setting) = config.get(key.name) {
            (setting.value.clone(), Source::File(setting.line))
        } else if let Some((_, value)) = tuned.iter().find(|(name, _)| *name == key.name) {
            (value.to_string(), Source::Tuned)
        } else {
            (key.usual(arg), Source::BuiltIn)
        };
        Some(Shown { key, value, source })
    };
    KEYS.iter().filter_map(shown).collect()
}

/// The tuned settings that a render with these defaults would use.
fn tuned(config: &Config) -> Vec<(&'static str, usize)> {
    let words = ["strikeline", "render", "song.mid"];
    let matches = config.over(program()).try_get_matches_from(words);
    let parsed = matches.and_then(|matches: ArgMatches| Cli::from_arg_matches(&matches));
    let Some(split) = parsed.ok().and_then(|cli| cli.command.tuned_split()) else { return Vec::new() };
    let mut tuned =
        vec![("ring", split.ring_depth), ("jobs", split.jobs), ("segments", split.segments_in_flight)];
    tuned.extend(split.devices.map(|devices| ("devices", devices)));
    tuned
}

fn text(all: &[Shown], is_used: bool) -> String {
    let mut text = match path() {
        Some(path) if !is_used => format!("{} is not used, because of --no-config\n\n", shown(&path)),
        Some(path) if path.exists() => format!("configuration: {}\n\n", shown(&path)),
        Some(path) => format!(
            "{} does not exist; `strikeline config example` prints a file to start from\n\n",
            shown(&path)
        ),
        None => "there is no folder for settings: XDG_CONFIG_HOME and HOME are not set\n\n".to_owned(),
    };
    let width = |of: fn(&Shown) -> usize| all.iter().map(of).max().unwrap_or(0);
    let (names, values) = (width(|it| it.key.name.len()), width(|it| it.value.chars().count()).min(40));
    for Shown { key, value, source } in all {
        let from = match source {
            Source::Environment(name) => format!("environment variable {name}"),
            Source::File(line) => format!("line {line} of the file"),
            Source::Tuned => "strikeline tune".to_owned(),
            Source::BuiltIn => "built in".to_owned(),
        };
        // Writing to a String does not fail.
        let _ = writeln!(text, "{:names$}  {value:values$}  {from}", key.name);
    }
    text
}

fn json_of(all: &[Shown]) -> serde_json::Value {
    let value = |Shown { key, value, source }: &Shown| {
        let (source, line) = match source {
            Source::Environment(_) => ("environment", None),
            Source::File(line) => ("file", Some(line)),
            Source::Tuned => ("tuned", None),
            Source::BuiltIn => ("built in", None),
        };
        json!({ "key": key.name, "value": value, "source": source, "line": line })
    };
    let mut object =
        json!({ "exists": false, "path": null, "values": all.iter().map(value).collect::<Vec<_>>() });
    if let Some(path) = path() {
        object["exists"] = path.exists().into();
        put_path(&mut object, "path", &path);
    }
    object
}

/// A file with all keys as comments.
fn example(program: &Command) -> String {
    let mut text = "\
# Defaults for the options of strikeline. `strikeline config` shows those in force, and where each comes from.
# A line that begins with # has no effect: take the # away, and change the value.
# Paths are from the folder of this file; ~/ is the home folder.
"
    .to_owned();
    let mut heading = None;
    for key in KEYS {
        let Some(arg) = option(program, key.name) else { continue };
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            let _ = write!(text, "\n# {}\n", heading.unwrap_or_default());
        }
        let _ = write!(text, "\n# {}\n# {} = {}\n", help(arg), key.name, example_value(key, arg));
    }
    text
}

/// What the option is, in one line without its default, which stands below.
fn help(arg: &Arg) -> String {
    let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let text = text.split(" [default:").next().unwrap_or_default();
    let values: Vec<String> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    match values.as_slice() {
        // True or false, or so many that the help of the command is the place for them.
        [] | [_, _] if text.is_empty() || !takes(arg) => text.to_owned(),
        values if takes(arg) && (1..=8).contains(&values.len()) => format!("{text}: {}", values.join(", ")),
        _ => text.to_owned(),
    }
}

fn takes(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// A value that can be written in the file.
fn example_value(key: &Key, arg: &Arg) -> String {
    let value = match key.name {
        "output-folder" => "~/Videos",
        "text-encoding" => "windows-1252",
        "size" => "1080p",
        "tail" => "3",
        "fps" => "60",
        "drum-map" => "general-midi",
        "view" => "flat",
        "end-card" => "card.png",
        "sound" => "drums",
        "soundfont" => "font.sf2",
        "loudness" => "-14",
        "bitrate" => "8M",
        "max-bitrate" => "10M",
        "buffer" => "2",
        "audio-codec" => "aac",
        "codec" => "h264",
        "adapter" => "0",
        "ring" | "segments" | "jobs" => "4",
        "devices" => "1",
        "at-once" => "2",
        _ => &key.usual(arg),
    };
    let is_plain = value == "false" || value.parse::<f64>().is_ok();
    if is_plain { value.to_owned() } else { format!("{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_line_of_the_example_can_be_used() {
        let program = crate::cli::program();
        let example = example(&program);
        for key in KEYS {
            let line = format!("\n# {} = ", key.name);
            let Some(at) = example.find(&line) else { unreachable!("{} is missing", key.name) };
            let line = example[at + 3..].lines().next().unwrap_or_default();
            let read = super::super::file::parse(line, Path::new("/etc/ann/config.toml"), &program);
            assert!(read.is_ok_and(|config| config.get(key.name).is_some()), "{line}");
        }
        assert!(
            super::super::file::parse(&example, Path::new("/c.toml"), &program).is_ok_and(|it| it.is_empty())
        );
    }
}
