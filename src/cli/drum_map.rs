//! `strikeline drum-map`: lists and prints the built-in drum maps, and checks a drum map's file.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use strikeline::drum_maps::NamedDrumMap;
use strikeline_picture::shown;

use super::console;
use super::words::count;

/// List, print or check drum maps.
///
/// Lists the built-in drum maps, prints one to start from, or checks one of your own.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct DrumMapArgs {
    /// Print this built-in drum map as a file, with its sources and a comment on what each drum may have.
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(NamedDrumMap::builtin_names()))]
    name: Option<String>,

    /// List the built-in drum maps.
    #[arg(long)]
    list: bool,

    /// Check a drum map's file, and list every error in it.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(args: &DrumMapArgs) -> anyhow::Result<()> {
    let text = match &args.check {
        Some(path) => check(path)?,
        None => args.name.as_deref().and_then(NamedDrumMap::builtin_file).unwrap_or_else(list),
    };
    Ok(console::print(&text)?)
}

/// Names and descriptions, in columns.
fn list() -> String {
    let width = NamedDrumMap::builtin_names().iter().map(|name| name.len()).max().unwrap_or_default();
    let maps = NamedDrumMap::builtin_names().iter().filter_map(|name| NamedDrumMap::builtin(name));
    maps.map(|map| format!("{:<width$}  {}\n", map.name, map.description)).collect()
}

/// Whether the file is a drum map.
fn check(path: &Path) -> anyhow::Result<String> {
    let map = NamedDrumMap::open(path)?;
    let keys = map.listed_keys().count();
    Ok(format!("{} is a valid drum map, with {} of its own\n", shown(path), count(keys, "key")))
}
