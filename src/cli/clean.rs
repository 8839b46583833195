//! `strikeline clean`: lists and removes files that interrupted renders left behind.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use serde_json::json;
use strikeline_picture::shown;
use wgpu_video::journal::{JournalError, about_file, is_in_use, remove_unused};
use wgpu_video::output::{Leftover, leftovers};

use super::args::{JsonArgs, headings, whole_number};
use super::color::Label;
use super::console;
use super::journal_about::AboutJournal;
use super::journals::{Found, batch_record_path, journals_in};
use super::json_path::put_path;
use super::words::{count, size};

/// List or remove what interrupted renders left in a folder.
///
/// These are hidden files beside the outputs.
#[derive(Debug, clap::Args)]
pub(super) struct CleanArgs {
    /// Folders to look in; subfolders are not searched
    #[arg(value_name = "FOLDER", default_value = ".")]
    folders: Vec<PathBuf>,

    /// Remove the files that are listed
    ///
    /// Files that a running program uses are kept.
    #[arg(long)]
    remove: bool,

    /// Only files of at least this many days
    ///
    /// Of such an age since they were last written to.
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = whole_number(0_u64..=1_000_000))]
    older_than: u64,

    /// List nothing; print only errors
    #[arg(short, long, help_heading = headings::MESSAGES)]
    quiet: bool,

    #[command(flatten)]
    json: JsonArgs,
}

/// A file that was found, and what was done with it.
#[derive(Debug, Clone)]
struct Dealt {
    found: Found,
    kind: Kind,
    /// The text in a journal that says what it belongs to; `None` if it cannot be read.
    about: Option<String>,
    fate: Fate,
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Journal,
    /// Says which songs of a batch have been begun.
    BatchRecord,
    /// An output file that its program could not complete.
    Incomplete,
}

/// What was done with a file.
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
            return Err(super::UsageError(format!(
                "{} is not a folder: give a folder to look in",
                shown(folder)
            ))
            .into());
        }
    }
    let mut files = Vec::new();
    for folder in &args.folders {
        let journals = journals_in(folder).into_iter().filter(|found| is_old(found, args));
        let batch_record = batch_record_path(folder);
        files.extend(journals.map(|found| match found.path == batch_record {
            true => Dealt::with_batch_record(found, args),
            false => Dealt::with_journal(found, args),
        }));
        let leftovers =
            leftovers(folder).with_context(|| format!("the folder {} cannot be read", shown(folder)))?;
        for leftover in leftovers {
            let found = Found { path: leftover.path.clone(), bytes: leftover.bytes };
            if is_old(&found, args) {
                files.push(Dealt::with_leftover(found, leftover, args));
            }
        }
    }
    if args.json.json {
        let list: Vec<_> = files.iter().map(json_of).collect();
        console::print_json(&json!({ "files": list }))?;
    } else if !args.quiet {
        console::print(&text(&files, args.older_than))?;
    } else {
        let failed = files.iter().filter_map(|file| Some((&file.found.path, file.fate.failure()?)));
        failed.for_each(|(path, why)| {
            console::tell_as(Label::Error, format_args!("{} could not be removed: {why}", shown(path)));
        });
    }
    let failed = files.iter().filter(|file| matches!(file.fate, Fate::Failed(_))).count();
    anyhow::ensure!(
        failed == 0,
        "{failed} of {} could not be removed; what is said of each above says why",
        count(files.len(), "file")
    );
    Ok(())
}

fn is_old(found: &Found, args: &CleanArgs) -> bool {
    let age = found.path.metadata().and_then(|about| about.modified()).map(|written| {
        // If the clock was set back, a file may seem to be from the future.
        SystemTime::now().duration_since(written).unwrap_or_default()
    });
    age.unwrap_or_default() >= Duration::from_secs(args.older_than.saturating_mul(24 * 60 * 60))
}

impl Dealt {
    fn with_journal(found: Found, args: &CleanArgs) -> Dealt {
        let about = about_file(&found.path).ok().flatten();
        let about = about.map(|about| AboutJournal::parse(&about).video);
        let fate = Fate::of_locked(&found, args);
        Dealt { found, kind: Kind::Journal, about, fate }
    }

    fn with_batch_record(found: Found, args: &CleanArgs) -> Dealt {
        let fate = Fate::of_locked(&found, args);
        Dealt { found, kind: Kind::BatchRecord, about: None, fate }
    }

    fn with_leftover(found: Found, leftover: Leftover, args: &CleanArgs) -> Dealt {
        let remove = || match leftover.remove() {
            Ok(()) => Fate::Removed,
            Err(error) => Fate::Failed(error.to_string()),
        };
        let fate = if args.remove { remove() } else { Fate::Listed };
        Dealt { found, kind: Kind::Incomplete, about: None, fate }
    }
}

impl Fate {
    /// Why the file could not be removed, if it should have been.
    fn failure(&self) -> Option<&str> {
        match self {
            Fate::Failed(why) => Some(why),
            _ => None,
        }
    }

    /// What becomes of `found`, which a program that uses it holds a lock on.
    fn of_locked(found: &Found, args: &CleanArgs) -> Fate {
        if !args.remove {
            return if is_in_use(&found.path) { Fate::InUse } else { Fate::Listed };
        }
        match remove_unused(&found.path) {
            Ok(()) => Fate::Removed,
            Err(JournalError::InUse { .. }) => Fate::InUse,
            Err(error) => Fate::Failed(error.to_string()),
        }
    }
}

fn text(files: &[Dealt], days: u64) -> String {
    if files.is_empty() {
        return match days {
            0 => "nothing to clean: interrupted renders left no files here\n".to_owned(),
            days => {
                format!(
                    "nothing to clean: there is no such file here that is at least {} old\n",
                    count(days, "day")
                )
            }
        };
    }
    let mut text = String::new();
    for Dealt { found, kind, about, fate } in files {
        let about = match (kind, about) {
            (Kind::Incomplete, _) => ": an output file that was not completed".to_owned(),
            (Kind::BatchRecord, _) => ": the record of a batch: which of its videos are finished".to_owned(),
            (Kind::Journal, Some(about)) => format!(": what is finished of {about}"),
            (Kind::Journal, None) => ": a journal in which nothing is finished".to_owned(),
        };
        let fate = match fate {
            Fate::Listed => String::new(),
            Fate::Removed => "; removed".to_owned(),
            Fate::InUse => "; in use by a program that is running".to_owned(),
            Fate::Failed(why) => format!("; could not be removed: {why}"),
        };
        let size = size(found.bytes);
        text += &format!("{} ({size}){about}{fate}\n", shown(&found.path));
    }
    if files.iter().any(|file| file.fate == Fate::Listed) {
        text += "--remove removes these files; to use what is finished instead, run the same render command again\n";
    }
    text
}

fn json_of(file: &Dealt) -> serde_json::Value {
    let Dealt { found, kind, about, fate } = file;
    let kind = match kind {
        Kind::Journal => "journal",
        Kind::BatchRecord => "batch record",
        Kind::Incomplete => "incomplete output",
    };
    let (fate, reason) = match fate {
        Fate::Listed => ("listed", None),
        Fate::Removed => ("removed", None),
        Fate::InUse => ("in use", None),
        Fate::Failed(why) => ("failed", Some(why)),
    };
    let mut json =
        json!({ "kind": kind, "bytes": found.bytes, "about": about, "state": fate, "reason": reason });
    put_path(&mut json, "file", &found.path);
    json
}
