//! `strikeline theme`: lists and prints the built-in themes, and checks a theme file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::builder::PossibleValuesParser;
use strikeline::theme::{FontSource, Theme, builtin};

/// List the built-in themes, print one to start from, or check one of your own.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct ThemeArgs {
    /// Print the file of this built-in theme, with a comment for each key.
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(Theme::builtin_names()))]
    name: Option<String>,

    /// List the built-in themes.
    #[arg(long)]
    list: bool,

    /// Check a theme file and report what is wrong with it.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Runs it.
pub fn run(args: &ThemeArgs) -> anyhow::Result<()> {
    let text = match &args.check {
        Some(path) => check(path)?,
        None => match args.name.as_deref().and_then(builtin::source) {
            Some(source) => source.to_owned(),
            None => list(),
        },
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// Names and descriptions, in columns.
fn list() -> String {
    let width = Theme::builtin_names().iter().map(|name| name.len()).max().unwrap_or_default();
    let themes = Theme::builtin_names().iter().filter_map(|name| Theme::builtin(name));
    themes.map(|theme| format!("{:<width$}  {}\n", theme.name, theme.description)).collect()
}

/// Checks that the file is a theme, and that the files it names exist.
fn check(path: &Path) -> anyhow::Result<String> {
    let theme = Theme::open(path)?;
    let font = match &theme.text.font {
        Some(FontSource::File(font)) => Some(font),
        _ => None,
    };
    let named = [("background.image", theme.background.image.as_ref()), ("text.font.file", font)];
    for (key, file) in named {
        if let Some(file) = file.filter(|file| !file.is_file()) {
            bail!("{}: {key} is {}, and there is no such file", path.display(), file.display());
        }
    }
    Ok(format!("{} is good\n", path.display()))
}
