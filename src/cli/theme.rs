//! `strikeline theme`: lists and prints the built-in themes, and checks a theme's file.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use strikeline::theme::{Theme, ThemeFiles};
use strikeline_picture::shown;

use super::UsageError;
use super::args::ThemeFilesArgs;
use super::console;

/// List, print or check themes.
///
/// Lists the built-in themes, prints one to start from, or checks one of your own.
#[derive(Debug, clap::Args)]
pub(super) struct ThemeArgs {
    #[command(flatten)]
    what: What,

    #[command(flatten)]
    files: ThemeFilesArgs,
}

/// What is done, one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Print this built-in theme as a complete file, with a comment for each key
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(Theme::builtin_names()))]
    name: Option<String>,

    /// List the built-in themes
    #[arg(long)]
    list: bool,

    /// Check a theme's file, and list every error in it
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(args: &ThemeArgs) -> anyhow::Result<()> {
    let text = match &args.what.check {
        Some(path) => check(path, args.files.place())?,
        None => match args.what.name.as_deref().and_then(Theme::builtin) {
            Some(theme) => theme.to_toml(),
            None => list(),
        },
    };
    Ok(console::print(&text)?)
}

/// Names and descriptions, in columns.
fn list() -> String {
    let width = Theme::builtin_names().iter().map(|name| name.len()).max().unwrap_or_default();
    let themes = Theme::builtin_names().iter().filter_map(|name| Theme::builtin(name));
    themes.map(|theme| format!("{:<width$}  {}\n", theme.name, theme.description)).collect()
}

/// Whether the file is a theme, and the files that it names exist.
fn check(path: &Path, files: ThemeFiles) -> anyhow::Result<String> {
    let theme = Theme::open_with(path, files)?;
    let missing: Vec<String> = theme
        .files()
        .into_iter()
        .filter(|(_, file)| !file.is_file())
        .map(|(key, file)| {
            let wrong = if file.exists() { "that is not a regular file" } else { "there is no such file" };
            format!(
                "{}: {key} is {}, and {wrong}; correct the path, which starts from the theme's folder",
                shown(path),
                shown(file)
            )
        })
        .collect();
    if !missing.is_empty() {
        return Err(UsageError(missing.join("\n")).into());
    }
    Ok(format!("{} is a valid theme\n", shown(path)))
}
