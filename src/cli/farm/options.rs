//! Writes the options of a video from the command line into a plan, and reads them back.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use strikeline::drum_maps::NamedDrumMap;
use strikeline::theme::Theme;
use strikeline_picture::shown;

use super::document::PlannedOption;
use crate::cli::UsageError;
use crate::cli::args::VideoArgs;
use crate::cli::codecs::VideoCodec;

/// The options of a video as they were given, so that they can be written into a plan.
#[derive(Debug, Clone)]
pub(super) struct GivenVideo {
    /// The parsed options, with defaults.
    pub args: VideoArgs,
    /// The options that were given on the command line.
    given: Vec<GivenOption>,
}

/// An option that was given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct GivenOption {
    /// Its name, with the two hyphens.
    name: String,
    value: Option<OsString>,
    is_file: bool,
}

impl Args for GivenVideo {
    fn augment_args(command: Command) -> Command {
        VideoArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        VideoArgs::augment_args_for_update(command)
    }
}

impl FromArgMatches for GivenVideo {
    fn from_arg_matches(matches: &ArgMatches) -> Result<GivenVideo, clap::Error> {
        Ok(GivenVideo { args: VideoArgs::from_arg_matches(matches)?, given: given(matches) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = GivenVideo::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The options of a video that were given on the command line or by the configuration, in the order of their definition.
fn given(matches: &ArgMatches) -> Vec<GivenOption> {
    let command = VideoArgs::augment_args(Command::new("video"));
    let mut given = Vec::new();
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        if !is_given(matches, arg) {
            continue;
        }
        let Some(long) = arg.get_long() else { continue };
        // Each machine has its own.
        if OF_MACHINE.contains(&long) {
            continue;
        }
        let name = format!("--{long}");
        if !arg.get_action().takes_values() {
            given.push(GivenOption { name, value: None, is_file: false });
            continue;
        }
        // The name of an option's value says whether it may be a file.
        let names = arg.get_value_names().unwrap_or_default();
        let may_be_file = names.iter().any(|name| name.split('|').any(|name| name == "FILE"));
        for value in matches.get_raw(id).into_iter().flatten() {
            let is_file = may_be_file && !is_builtin(long, value);
            given.push(GivenOption { name: name.clone(), value: Some(value.to_owned()), is_file });
        }
    }
    given
}

/// Whether the option was given, or has another default than the one that is built in.
fn is_given(matches: &ArgMatches, arg: &clap::Arg) -> bool {
    let id = arg.get_id().as_str();
    match matches.value_source(id) {
        None => false,
        Some(clap::parser::ValueSource::DefaultValue) if !arg.get_action().takes_values() => {
            matches.get_flag(id)
        }
        Some(clap::parser::ValueSource::DefaultValue) => {
            let values = matches.get_raw(id).into_iter().flatten();
            !values.eq(arg.get_default_values().iter().map(|value| value.as_os_str()))
        }
        Some(_) => true,
    }
}

/// Options about the machine. They are not written into plans, and not read from them: a plan names no program that is started.
const OF_MACHINE: [&str; 2] = ["ffmpeg", "ffmpeg-patience"];

/// Options that plans do not have, because ffmpeg would get them as they are, and plans may come from others.
const NOT_PLANNED: &str = "codec-option";

/// Whether `value` of the option `long` is the name of something built in, not of a file.
fn is_builtin(long: &str, value: &OsStr) -> bool {
    value.to_str().is_some_and(|value| match long {
        "theme" => Theme::builtin(value).is_some(),
        "drum-map" => NamedDrumMap::builtin(value).is_some(),
        _ => false,
    })
}

impl GivenVideo {
    /// The options for a plan in `folder`.
    ///
    /// # Errors
    /// When a value or path is not UTF-8, or an option cannot be planned.
    pub(super) fn planned(&self, folder: &Path) -> Result<Vec<PlannedOption>, UsageError> {
        if self.given.iter().any(|option| option.name.strip_prefix("--") == Some(NOT_PLANNED)) {
            let text = format!("--{NOT_PLANNED} cannot be used for a video in parts");
            return Err(UsageError(text));
        }
        self.given.iter().map(|option| option.planned(folder)).collect()
    }

    /// The files that were given.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.given.iter().filter_map(GivenOption::file)
    }
}

impl GivenOption {
    /// The file that is its value.
    fn file(&self) -> Option<&Path> {
        self.value.as_deref().filter(|_| self.is_file).map(Path::new)
    }

    fn planned(&self, folder: &Path) -> Result<PlannedOption, UsageError> {
        let mut planned = PlannedOption { name: self.name.clone(), value: None, file: None };
        match (self.file(), &self.value) {
            (Some(file), _) => planned.file = Some(planned_path(file, folder)?),
            (None, Some(value)) => planned.value = Some(text(value)?.to_owned()),
            (None, None) => {}
        }
        Ok(planned)
    }
}

/// `path` as it is written into a plan in `folder`: relative to `folder` if it is below it, otherwise absolute.
///
/// # Errors
/// When it is not UTF-8.
pub(super) fn planned_path(path: &Path, folder: &Path) -> Result<String, UsageError> {
    let absolute = std::path::absolute(path)
        .map_err(|error| UsageError(format!("cannot find the folder of {}: {error}", shown(path))))?;
    let is_below = |inside: &&Path| inside.components().all(|part| matches!(part, Component::Normal(_)));
    let inside = absolute.strip_prefix(folder).ok().filter(is_below);
    // The folder itself may be a chart.
    let inside = inside.map(|inside| if inside.as_os_str().is_empty() { Path::new(".") } else { inside });
    Ok(text(inside.unwrap_or(&absolute).as_os_str())?.to_owned())
}

fn text(value: &OsStr) -> Result<&str, UsageError> {
    value.to_str().ok_or_else(|| {
        let value = shown(value);
        UsageError(format!("{value} is not UTF-8, and a plan is text: give the file or folder another name"))
    })
}

/// Parses the `options` of a plan in `folder`.
///
/// # Errors
/// A text that says what is wrong with them.
pub(super) fn video_args(options: &[PlannedOption], folder: &Path) -> Result<VideoArgs, String> {
    let refused = |option: &&PlannedOption| {
        let name = option.name.trim_start_matches('-').split('=').next().unwrap_or_default();
        name == NOT_PLANNED || OF_MACHINE.contains(&name)
    };
    if let Some(option) = options.iter().find(refused) {
        return Err(format!("{} does not belong into a plan", option.name));
    }
    let words = options.iter().map(|option| {
        let mut word = OsString::from(&option.name);
        let value: Option<OsString> = match (&option.file, &option.value) {
            (Some(file), _) => Some(folder.join(file).into()),
            (None, Some(value)) => Some(value.into()),
            (None, None) => None,
        };
        if let Some(value) = value {
            word.push("=");
            word.push(value);
        }
        word
    });
    let command = VideoArgs::augment_args(Command::new("strikeline").no_binary_name(true));
    let matches = command.try_get_matches_from(words).map_err(|error| reason(&error))?;
    let mut args = VideoArgs::from_arg_matches(&matches).map_err(|error| reason(&error))?;
    args.picture.suit(args.stream.codec().unwrap_or(VideoCodec::DEFAULT));
    Ok(args)
}

/// The first line of the error's text, which says what is wrong.
fn reason(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The path of the file that a plan in `folder` names as `file`.
pub(super) fn found(file: &str, folder: &Path) -> PathBuf {
    folder.join(file)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    #[command(no_binary_name = true)]
    struct Line {
        #[command(flatten)]
        video: GivenVideo,
    }

    fn planned(words: &[&str]) -> Vec<String> {
        let line = Line::try_parse_from(words).unwrap();
        let planned = line.video.planned(Path::new("/plans")).unwrap();
        let text = |option: PlannedOption| match (option.value, option.file) {
            (Some(value), None) => format!("{}={value}", option.name),
            (None, Some(file)) => format!("{}=<{file}>", option.name),
            _ => option.name,
        };
        planned.into_iter().map(text).collect()
    }

    #[test]
    fn options_are_written_down_as_they_were_given_and_files_by_their_path() {
        assert_eq!(planned(&[]), [""; 0]);
        let words = ["--size", "360p", "--start=-2", "--theme", "/plans/a/mine.toml", "--end-card=/b.png"];
        let mut plan =
            planned(&[&words[..], &["--drum-map=gm.toml", "--click", "--channel", "9,10"]].concat());
        plan.sort();
        let gm = std::env::current_dir().unwrap().join("gm.toml");
        let mut expected = vec![
            "--channel=9,10".to_owned(),
            "--click".to_owned(),
            format!("--drum-map=<{}>", shown(&gm)),
            "--end-card=</b.png>".to_owned(),
            "--size=360p".to_owned(),
            "--start=-2".to_owned(),
            "--theme=<a/mine.toml>".to_owned(),
        ];
        expected.sort();
        assert_eq!(plan, expected);
        assert_eq!(planned(&["--theme", "neon", "--drum-map", "general-midi"]).len(), 2);
        assert!(planned(&["--theme", "neon"])[0].ends_with("=neon"));
    }

    #[test]
    fn only_what_is_below_the_folder_is_named_from_there() {
        for (path, planned) in [
            ("/plans/a/b.mid", "a/b.mid"),
            ("/plans", "."),
            ("/plans/../b.mid", "/plans/../b.mid"),
            ("/plans2/b.mid", "/plans2/b.mid"),
        ] {
            assert_eq!(planned_path(Path::new(path), Path::new("/plans")).unwrap(), planned);
        }
    }

    #[test]
    fn options_with_files_are_known_by_the_name_of_their_value() {
        let command = VideoArgs::augment_args(Command::new("video"));
        let path = std::any::TypeId::of::<PathBuf>();
        for arg in command.get_arguments() {
            let names = arg.get_value_names().unwrap_or_default();
            if arg.get_value_parser().type_id() == path {
                assert_eq!(names, ["FILE"], "{arg}");
            }
        }
    }
}
