//! The configuration file: defaults of options, for all commands that have these options.
//!
//! What the command line says comes first, then the environment where there is a variable, then this file, then what
//! `strikeline tune` has found, then what is built in.

mod command;
mod error;
mod file;
mod keys;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::{Arg, Command};
use strikeline_picture::shown;

use super::given;
use super::tuning::location;

pub(super) use command::{ConfigArgs, run};
pub(crate) use error::ConfigError;
use keys::Key;

/// The defaults that a configuration file sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// The value and line of each key that is set, by name.
    set: BTreeMap<&'static str, Setting>,
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    /// As on the command line; `true` or `false` for an option that takes no value.
    value: String,
    /// From 1.
    line: usize,
}

/// Where the configuration file is: `strikeline/config.toml` in the user's folder for settings; `None` if the system has no such
/// folder.
pub(super) fn path() -> Option<PathBuf> {
    location::in_settings_folder("config.toml")
}

impl Config {
    /// The user's, for the options of `program`; empty if there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read, or something in it is wrong.
    pub(crate) fn of_user(program: &Command) -> Result<Config, ConfigError> {
        match path() {
            Some(path) => file::read(&path, program),
            None => Ok(Config::default()),
        }
    }

    /// Notes that it is in force.
    pub(crate) fn note(&self) {
        // There is one file.
        let _ = IN_FORCE.set(self.clone());
    }

    /// Whether it sets nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// `program`, with these defaults in all commands that have the options.
    pub(crate) fn over(&self, program: Command) -> Command {
        let names: Vec<String> = program.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        let program = self.over_options(program);
        names.iter().fold(program, |program, name| program.mut_subcommand(name, |sub| self.over_options(sub)))
    }

    fn over_options(&self, command: Command) -> Command {
        let named: Vec<(clap::Id, &Setting)> = self
            .set
            .iter()
            .filter_map(|(name, setting)| {
                let option = Key::find(name)?.option;
                Some((
                    command.get_arguments().find(|arg| arg.get_long() == Some(option))?.get_id().clone(),
                    setting,
                ))
            })
            .collect();
        named.into_iter().fold(command, |command, (id, setting)| {
            command.mut_arg(id, |arg| arg.default_value(setting.value.clone()))
        })
    }

    fn get(&self, name: &str) -> Option<&Setting> {
        self.set.get(name)
    }
}

/// What the file sets that is in force, for errors that come of it.
static IN_FORCE: OnceLock<Config> = OnceLock::new();

/// Where the defaults are set that an error is about, which says `text`: those whose option it names, or whose value. Those that
/// the command line gives are left out.
pub(super) fn sources(text: &str) -> Vec<String> {
    let Some((config, path)) = IN_FORCE.get().zip(path()) else { return Vec::new() };
    let is_meant = |(name, setting): &(&&str, &Setting)| {
        // A short value, such as a number, may be there by chance.
        let has_value = setting.value.len() >= 4 && text.contains(&setting.value);
        !given::has(name) && (has_value || text.contains(&format!("--{name}")))
    };
    let place = |(name, setting): (&&str, &Setting)| {
        format!("{name} is set in {}:{}; --no-config does without", shown(&path), setting.line)
    };
    config.set.iter().filter(is_meant).map(place).collect()
}

/// The option `long` of any command of `program`.
fn option<'p>(program: &'p Command, long: &str) -> Option<&'p Arg> {
    let commands = std::iter::once(program).chain(program.get_subcommands());
    commands.flat_map(Command::get_arguments).find(|arg| arg.get_long() == Some(long))
}

/// The path `text` in the configuration file at `config`: from its folder, or from the home folder after `~/`.
fn path_in(config: &Path, text: &str) -> PathBuf {
    let home = text.strip_prefix("~/").zip(std::env::home_dir()).map(|(rest, home)| home.join(rest));
    home.unwrap_or_else(|| config.parent().unwrap_or(Path::new("")).join(text))
}

#[cfg(test)]
mod tests {
    use clap::{FromArgMatches, Parser};

    use super::*;
    use crate::cli::{Cli, program};

    fn read(text: &str) -> Result<Config, ConfigError> {
        file::parse(text, Path::new("/etc/ann/config.toml"), &program())
    }

    #[test]
    fn each_key_is_an_option_and_its_usual_value_is_known() {
        let program = program();
        for key in keys::KEYS {
            assert!(option(&program, key.option).is_some(), "{}", key.name);
            let arg = option(&program, key.name).unwrap_or_else(|| unreachable!("no option --{}", key.name));
            assert!(!key.usual(arg).is_empty(), "{} has no usual value", key.name);
        }
    }

    #[test]
    fn the_command_line_comes_before_the_file_and_the_file_before_what_is_built_in() {
        let config = read("theme = \"plain\"\nfps = 30\nclick = true\nlookahead = 1.5\n").unwrap();
        let parse = |words: &[&str]| {
            let words_of = config.over(program());
            let matches = words_of.try_get_matches_from([&["strikeline"], words].concat()).unwrap();
            format!("{:?}", Cli::from_arg_matches(&matches).unwrap())
        };
        let plain = format!(
            "{:?}",
            Cli::parse_from([
                "strikeline",
                "render",
                "a.mid",
                "--theme=plain",
                "--fps=30",
                "--click",
                "--lookahead=1.5"
            ])
        );
        assert_eq!(parse(&["render", "a.mid"]), plain);
        let other = format!(
            "{:?}",
            Cli::parse_from([
                "strikeline",
                "render",
                "a.mid",
                "--theme=neon",
                "--fps=24",
                "--click",
                "--lookahead=3"
            ])
        );
        assert_eq!(parse(&["render", "a.mid", "--theme=neon", "--fps=24", "--lookahead=3"]), other);
        // A default is no option that was given: it contradicts none.
        parse(&["render", "a.mid", "--no-sound"]);
        parse(&["theme", "--list"]);
    }

    #[test]
    fn paths_are_those_from_the_folder_of_the_file() {
        let text =
            "audio-codec = \"flac\"\nend-card = \"b.png\"\noutput-folder = \"/videos\"\ntheme = \"neon\"\n";
        let config = read(text).unwrap();
        let value = |name: &str| config.get(name).map(|setting| setting.value.as_str());
        assert_eq!(value("end-card"), Some("/etc/ann/b.png"));
        assert_eq!(value("output-folder"), Some("/videos"));
        assert_eq!(value("theme"), Some("neon"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_what_helps() {
        for (text, parts) in [
            (
                "theme = \"neon\"\nsiez = 3\n",
                &["config.toml:2: ", "siez", "size", "strikeline config example"][..],
            ),
            ("\nfps = 0\n", &["config.toml:2: fps", "30000/1001"]),
            ("size = \"360\"\n", &["config.toml:1: size", "360p"]),
            ("click = 1\n", &["config.toml:1: click", "true or false"]),
            ("labels = true\n", &["config.toml:1: labels", "always"]),
            ("output = \"a.mp4\"\n", &["config.toml:1: ", "--output", "command line"]),
            ("size = [1, 2]\n", &["config.toml:1: size", "text"]),
            ("[render]\nsize = \"360p\"\n", &["config.toml:1: ", "render", "no table"]),
            ("size = \n", &["config.toml:1: ", "TOML"]),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }
}
