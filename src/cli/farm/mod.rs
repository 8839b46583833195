//! A video that is made by many processes or machines: `strikeline plan`, `part` and `join`.
//!
//! A plan fixes everything that the bytes of a video depend on, and cuts the video into parts. Each part is made alone, into a
//! file of its own in a folder beside the plan, and can be made again at any time. Joining the parts needs no graphics adapter,
//! and gives the bytes that `strikeline render` gives on one machine.

mod document;
mod files;
mod join;
mod measure;
mod options;
mod part;
mod plan;
mod slurm;

pub(super) use document::PlanError;
pub(super) use join::{JoinArgs, PartsMissing, run as run_join};
pub(super) use part::{PartArgs, run as run_part};
pub(super) use plan::{PlanArgs, run as run_plan};

use std::io;
use std::path::Path;

/// The BLAKE3 hash of the file at `path`, in hexadecimal.
///
/// # Errors
/// When it cannot be read, or is not a regular file.
fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(strikeline_files::open_regular(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}
