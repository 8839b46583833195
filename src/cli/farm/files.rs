//! The files of the parts: a folder beside the plan, with a segment file for each.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use strikeline_files::open_regular;
use strikeline_picture::{SegmentIndex, shown};
use wgpu_video::encode::Codec;
use wgpu_video::journal::{Contents, JournalError, SegmentFile, SegmentKey};

use super::document::{Plan, Program};
use super::options;
use crate::cli::args::VideoArgs;
use crate::cli::job;
use crate::cli::words::count;

/// A plan, and its file.
#[derive(Debug)]
pub(super) struct PlanFile {
    /// The path of the file, as it was given.
    pub path: PathBuf,
    /// The folder of the file. Relative paths in the plan begin there.
    pub folder: PathBuf,
    /// The plan itself.
    pub plan: Plan,
}

/// What a part's file says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartOrigin {
    /// Its number.
    pub part: u64,
    /// The program that made it.
    pub program: Program,
    /// The graphics adapter that drew it; `None` for the sound.
    pub adapter: Option<String>,
}

/// The state of a part's file.
#[derive(Debug)]
pub(super) enum PartState {
    /// The part is complete.
    Complete {
        /// What made it.
        origin: PartOrigin,
    },
    /// The file can be used to continue the part.
    Unfinished {
        /// What the part lacks.
        trouble: PartTrouble,
    },
    /// There is no file, or nothing in it can be used.
    Nothing {
        /// Why.
        trouble: PartTrouble,
    },
}

/// Why a part is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PartTrouble {
    /// There is no file.
    Missing,
    /// It was interrupted, or is being made.
    NotFinished { segments: usize, of: u64 },
    /// The file is damaged from this byte on.
    Damaged { at: u64, segments: usize, of: u64 },
    /// The file is not a segment file, or its first bytes are damaged.
    Foreign,
    /// The file belongs to another plan.
    OtherPlan,
    /// The file cannot be read.
    Unreadable(String),
}

impl fmt::Display for PartTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartTrouble::Missing => f.write_str("missing"),
            PartTrouble::NotFinished { segments, of } => {
                write!(f, "not finished: {segments} of {} are whole", count(*of, "segment"))
            }
            PartTrouble::Damaged { at, segments, of } => {
                write!(f, "damaged from byte {at} on: {segments} of {} are whole", count(*of, "segment"))
            }
            PartTrouble::Foreign => f.write_str("damaged in its first bytes, so nothing in it can be used"),
            PartTrouble::OtherPlan => f.write_str("from another plan, or from another version of this plan"),
            PartTrouble::Unreadable(reason) => write!(f, "not readable: {reason}"),
        }
    }
}

impl PlanFile {
    /// Reads the plan at `path`.
    ///
    /// # Errors
    /// As [`Plan::open`].
    pub(super) fn open(path: &Path) -> anyhow::Result<PlanFile> {
        let plan = Plan::open(path)?;
        Ok(PlanFile { path: path.to_owned(), folder: folder_of(path)?, plan })
    }

    /// The options of the video.
    ///
    /// # Errors
    /// When the program does not accept them.
    pub(super) fn video_args(&self) -> anyhow::Result<VideoArgs> {
        options::video_args(&self.plan.options, &self.folder).map_err(|reason| {
            anyhow::anyhow!("the options in {} cannot be used: {reason}", shown(&self.path))
        })
    }

    /// The path of the song.
    pub(super) fn song(&self) -> PathBuf {
        options::found(&self.plan.song, &self.folder)
    }

    /// The paths of all files that the video is made from.
    pub(super) fn inputs(&self) -> impl Iterator<Item = PathBuf> {
        self.plan.inputs.iter().map(|input| options::found(&input.file, &self.folder))
    }

    /// The folder of the parts.
    pub(super) fn parts_folder(&self) -> PathBuf {
        parts_folder(&self.path)
    }

    /// The file of part `number`.
    pub(super) fn part_path(&self, number: u64) -> PathBuf {
        self.parts_folder().join(format!("part-{number:04}.segments"))
    }

    /// The state of part `number`. Reads and checks its whole file.
    ///
    /// # Errors
    /// When there is no such part.
    pub(super) fn look(&self, number: u64) -> anyhow::Result<PartState> {
        let path = self.part_path(number);
        let key = self.plan.key(number)?;
        let nothing = |trouble| Ok(PartState::Nothing { trouble });
        let unreadable = |error: &std::io::Error| PartTrouble::Unreadable(error.to_string());
        let read = || -> std::io::Result<Option<(Contents, u64)>> {
            let file = open_regular(&path)?;
            let length = file.metadata()?.len();
            let contents = Contents::read(&mut std::io::BufReader::with_capacity(1 << 18, file))?;
            Ok(contents.map(|contents| (contents, length)))
        };
        let (contents, length) = match read() {
            Ok(Some(found)) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return nothing(PartTrouble::Missing);
            }
            Ok(None) => return nothing(PartTrouble::Foreign),
            Err(error) => return nothing(unreadable(&error)),
        };
        if contents.key != key {
            return nothing(PartTrouble::OtherPlan);
        }
        let Ok(origin) = serde_json::from_str::<PartOrigin>(&contents.about) else {
            return nothing(PartTrouble::Foreign);
        };
        let is_sound = number == 0;
        let range = self.plan.range(number).ok_or_else(|| anyhow::anyhow!("there is no part {number}"))?;
        let has = |segment: SegmentIndex| match is_sound {
            true => contents.has_sound(segment),
            false => contents.has(segment),
        };
        let segments = range.iter().filter(|segment| has(*segment)).count();
        let of = range.count();
        if contents.is_complete && segments as u64 == of && contents.sound_track.is_some() == is_sound {
            return Ok(PartState::Complete { origin });
        }
        let trouble = match contents.bytes() < length {
            true => PartTrouble::Damaged { at: contents.bytes(), segments, of },
            false => PartTrouble::NotFinished { segments, of },
        };
        Ok(PartState::Unfinished { trouble })
    }
}

/// Opens the file of a part at `path` for writing: the existing file if it was begun by `origin`, otherwise a new one. An
/// existing file that cannot be used is removed, and `note` is called with a text that says why.
///
/// # Errors
/// As [`SegmentFile::open`] and [`SegmentFile::create`].
pub(super) fn open_part(
    path: &Path,
    key: SegmentKey,
    codec: Codec,
    origin: &PartOrigin,
    note: &mut dyn FnMut(String),
) -> anyhow::Result<SegmentFile> {
    let about = serde_json::to_string(origin)?;
    let shown = shown(&path);
    // A pipe or a device would be written to.
    if path.exists() && !path.is_file() {
        bail!(
            "{shown} cannot be made, as something else than a file is there: remove it or give it another name"
        );
    }
    match SegmentFile::open(path, key, codec) {
        Ok(file) => {
            let contents = file.contents();
            if contents.about == about && !contents.is_complete {
                return Ok(file);
            }
            let by = serde_json::from_str::<PartOrigin>(&contents.about).ok().and_then(|by| by.adapter);
            match (contents.is_complete, by) {
                (false, Some(adapter)) => note(format!(
                    "{shown} is made again: it was begun on {adapter}, and pictures drawn by another adapter may differ"
                )),
                _ => {
                    note(format!("{shown} is made again: its content is not what the file says about itself"))
                }
            }
            file.remove()?;
        }
        Err(JournalError::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(JournalError::Foreign { .. }) if path.is_file() => {
            note(format!("{shown} is made again: it is {}", PartTrouble::Foreign));
            std::fs::remove_file(path).map_err(|error| {
                anyhow::anyhow!("{shown} cannot be removed: {}", wgpu_video::output::describe(&error))
            })?;
        }
        Err(JournalError::OtherKey { .. }) => {
            note(format!("{shown} is made again: it is {}", PartTrouble::OtherPlan));
            std::fs::remove_file(path).map_err(|error| {
                anyhow::anyhow!("{shown} cannot be removed: {}", wgpu_video::output::describe(&error))
            })?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(SegmentFile::create(path, key, codec, &about)?)
}

/// This build of the program.
///
/// # Errors
/// When its file cannot be read.
pub(super) fn this_program() -> anyhow::Result<Program> {
    let build = blake3::Hash::from(job::build_id()?);
    Ok(Program { version: env!("CARGO_PKG_VERSION").to_owned(), build: build.to_hex().to_string() })
}

/// The absolute path of the folder of the file at `path`.
///
/// # Errors
/// When the current folder no longer exists.
pub(super) fn folder_of(path: &Path) -> anyhow::Result<PathBuf> {
    let absolute =
        std::path::absolute(path).context("the current folder no longer exists; change to another")?;
    Ok(absolute.parent().unwrap_or(&absolute).to_owned())
}

/// The folder of the parts of the plan at `plan`.
pub(super) fn parts_folder(plan: &Path) -> PathBuf {
    plan.with_added_extension("parts")
}
