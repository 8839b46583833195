//! `strikeline clean`: what interrupted renders have left.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::json;
use strikeline_picture::shown;
use wgpu_video::journal::{JournalError, about_file, remove_unused};

use super::args::JsonArgs;
use super::console;
use super::journals::{Found, journals_in};
use super::json_path::put_path;

/// List what interrupted renders have left in a folder, and remove it.
#[derive(Debug, clap::Args)]
pub(super) struct CleanArgs {
    /// Folders to look in; their subfolders are not looked into.
    #[arg(value_name = "FOLDER", default_value = ".")]
    folders: Vec<PathBuf>,

    /// Remove what is listed. What a running program uses stays.
    #[arg(long)]
    remove: bool,

    /// Only what was last written to at least so many days ago.
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    older_than: u64,

    #[command(flatten)]
    json: JsonArgs,
}

/// A file, and what became of it.
#[derive(Debug, Clone)]
struct Dealt {
    found: Found,
    /// What it says about itself.
    about: Option<String>,
    fate: Fate,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Listed,
    Removed,
    InUse,
    Failed(String),
}

/// Runs it.
pub(super) fn run(args: &CleanArgs) -> anyhow::Result<()> {
    for folder in &args.folders {
        if !folder.is_dir() {
            return Err(
                super::UsageError(format!("{} is no folder: give one to look in", shown(folder))).into()
            );
        }
    }
    let found =
        args.folders.iter().flat_map(|folder| journals_in(folder)).filter(|found| is_old(found, args));
    let files: Vec<_> = found.map(|found| Dealt::with(found, args)).collect();
    if args.json.json {
        let list: Vec<_> = files.iter().map(json_of).collect();
        console::print_json(&json!({ "files": list }))?;
    } else {
        console::print(&text(&files))?;
    }
    let failed = files.iter().filter(|file| matches!(file.fate, Fate::Failed(_))).count();
    anyhow::ensure!(failed == 0, "{failed} files could not be removed");
    Ok(())
}

fn is_old(found: &Found, args: &CleanArgs) -> bool {
    let age = found.path.metadata().and_then(|about| about.modified()).map(|written| {
        // A clock that was put back makes files of the future.
        SystemTime::now().duration_since(written).unwrap_or_default()
    });
    age.unwrap_or_default() >= Duration::from_secs(args.older_than.saturating_mul(24 * 60 * 60))
}

impl Dealt {
    fn with(found: Found, args: &CleanArgs) -> Dealt {
        let about = about_file(&found.path).ok().flatten();
        let remove = || match remove_unused(&found.path) {
            Ok(()) => Fate::Removed,
            Err(JournalError::InUse { .. }) => Fate::InUse,
            Err(error) => Fate::Failed(error.to_string()),
        };
        let fate = if args.remove { remove() } else { Fate::Listed };
        Dealt { found, about, fate }
    }
}

fn text(files: &[Dealt]) -> String {
    if files.is_empty() {
        return "interrupted renders have left nothing here\n".to_owned();
    }
    let mut text = String::new();
    for Dealt { found, about, fate } in files {
        let about = about.as_ref().map(|about| format!(": finished segments of {about}")).unwrap_or_default();
        let fate = match fate {
            Fate::Listed => String::new(),
            Fate::Removed => "; removed".to_owned(),
            Fate::InUse => "; in use by a program that is running, and left".to_owned(),
            Fate::Failed(why) => format!("; could not be removed: {why}"),
        };
        text += &format!("{} ({:.1} MB){about}{fate}\n", shown(&found.path), found.bytes as f64 / 1e6);
    }
    if files.iter().any(|file| file.fate == Fate::Listed) {
        text += "--remove removes them; the same render command goes on from them instead\n";
    }
    text
}

fn json_of(file: &Dealt) -> serde_json::Value {
    let Dealt { found, about, fate } = file;
    let (fate, reason) = match fate {
        Fate::Listed => ("listed", None),
        Fate::Removed => ("removed", None),
        Fate::InUse => ("in use", None),
        Fate::Failed(why) => ("failed", Some(why)),
    };
    let mut json = json!({ "bytes": found.bytes, "about": about, "state": fate, "reason": reason });
    put_path(&mut json, "file", &found.path);
    json
}
