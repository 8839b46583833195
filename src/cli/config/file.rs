//! Reads the configuration file.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use strikeline::drum_maps::NamedDrumMap;
use strikeline::theme::Theme;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::Key;
use super::{Config, ConfigError, Setting, option, path_in};

/// Largest file that is read, in bytes.
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// Reads the file at `path`, for the options of `program`; empty if there is no such file.
///
/// # Errors
/// When it cannot be read, or something in it is wrong.
pub(super) fn read(path: &Path, program: &Command) -> Result<Config, ConfigError> {
    let unreadable = |reason| ConfigError::Unreadable { path: path.to_owned(), reason };
    match fs::metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Config::default());
        }
        Err(error) => return Err(unreadable(error)),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    strikeline_files::open_regular(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::NotUtf8 { path: path.to_owned() })?;
    parse(&text, path, program)
}

/// Reads `text`, the content of `path`.
///
/// # Errors
/// When something in it is wrong.
pub(super) fn parse(text: &str, path: &Path, program: &Command) -> Result<Config, ConfigError> {
    let line = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let invalid =
        |at: usize, text: String| ConfigError::Invalid { path: path.to_owned(), line: line(at), text };
    let table = DeTable::parse(text).map_err(|error| {
        let reason = error.message().lines().collect::<Vec<_>>().join(" ");
        invalid(error.span().unwrap_or_default().start, format!("this is not TOML: {reason}"))
    })?;
    let mut config = Config::default();
    for (name, value) in table.get_ref().iter() {
        let start = name.span().start;
        let name: &str = name.get_ref();
        if matches!(value.get_ref(), DeValue::Table(_)) {
            return Err(invalid(
                start,
                format!(
                    "there is no table [{name}]: write each key in a line of its own, such as size = \"720p\""
                ),
            ));
        }
        let key = Key::find(name).ok_or_else(|| invalid(start, unknown(name, program)))?;
        let arg = option(program, key.option).ok_or_else(|| invalid(start, unknown(name, program)))?;
        let written =
            value_of(arg, value).map_err(|what| invalid(value.span().start, format!("{name}: {what}")))?;
        let value = with_path(key, arg, written, path);
        check(key, arg, &value).map_err(|what| invalid(start, format!("{name} = {value}: {what}")))?;
        config.set.insert(key.name, Setting { value, line: line(start) });
    }
    Ok(config)
}

/// The text about the key `name`, which is none.
fn unknown(name: &str, program: &Command) -> String {
    if option(program, name).is_some() {
        return format!("{name} cannot be set here: give --{name} on the command line");
    }
    let meant = Key::like(name).map(|meant| format!("; {meant} is one")).unwrap_or_default();
    format!("there is no key {name}{meant}; `strikeline config example` lists all")
}

/// Whether the option takes a value.
fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// The value as it is written on the command line.
fn value_of(arg: &Arg, value: &Spanned<DeValue<'_>>) -> Result<String, &'static str> {
    match (value.get_ref(), takes_value(arg)) {
        (DeValue::Boolean(value), false) => Ok(value.to_string()),
        (_, false) => Err("must be true or false"),
        (DeValue::Boolean(value), true) => Ok(value.to_string()),
        (DeValue::String(text), true) => Ok(text.to_string()),
        (DeValue::Integer(number), true) if number.radix() == 10 => Ok(number.as_str().replace('_', "")),
        (DeValue::Float(number), true) => Ok(number.as_str().replace('_', "")),
        _ => Err("must be a text in quotes or a number, as on the command line"),
    }
}

/// The value with its path, if it is one.
fn with_path(key: &Key, arg: &Arg, value: String, config: &Path) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let may_be_path = names.iter().any(|name| name.split('|').any(|name| matches!(name, "FILE" | "FOLDER")));
    let is_builtin = match key.name {
        "theme" => Theme::builtin(&value).is_some(),
        "drum-map" => NamedDrumMap::builtin(&value).is_some(),
        _ => false,
    };
    if !may_be_path || is_builtin {
        return value;
    }
    // A path that is not UTF-8 can only come from the folder of the file, and is named there.
    path_in(config, &value).to_str().map_or(value, str::to_owned)
}

/// Whether the option takes the value.
fn check(key: &Key, arg: &Arg, value: &str) -> Result<(), String> {
    match key.name {
        "theme" if Theme::builtin(value).is_none() && !Path::new(value).exists() => {
            return Err(format!(
                "there is no such theme, and no such file; the themes are {}",
                Theme::builtin_names().join(", ")
            ));
        }
        "drum-map" if NamedDrumMap::builtin(value).is_none() && !Path::new(value).exists() => {
            return Err(format!(
                "there is no such drum map, and no such file; the drum maps are {}",
                NamedDrumMap::builtin_names().join(", ")
            ));
        }
        _ => {}
    }
    if !takes_value(arg) {
        return Ok(());
    }
    // The option by itself, because others that it needs or excludes are not there.
    let alone = Arg::new("value").long("value").action(ArgAction::Set).allow_hyphen_values(true);
    let command = Command::new("config")
        .no_binary_name(true)
        .disable_help_flag(true)
        .arg(alone.value_parser(arg.get_value_parser().clone()));
    match command.try_get_matches_from([format!("--value={value}")]) {
        Ok(_) => Ok(()),
        Err(error) => Err(reason(&error)),
    }
}

/// What is wrong, without what the parser says around it.
fn reason(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("For more"));
    let first = lines.next().unwrap_or_default();
    let first = first.split_once("': ").map_or(first, |(_, what)| what);
    let first = if first.contains("--value") { "no such value" } else { first };
    let others = lines.map(|line| format!(" {line}"));
    first.to_owned() + &others.collect::<String>()
}
