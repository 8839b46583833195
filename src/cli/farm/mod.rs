//! A video that is made by many processes or machines: `strikeline plan`, `part` and `join`.
//!
//! A plan fixes all that the bytes of a video depend on, and cuts it into parts. Each part is made alone, into a file of its
//! own beside the plan, and can be made again at any time. Joining them needs no graphics adapter, and gives the bytes that
//! `strikeline render` gives on one machine.

mod document;
mod files;
mod join;
mod measure;
mod options;
mod part;
mod plan;
mod slurm;

pub(super) use join::{JoinArgs, PartsMissing, run as run_join};
pub(super) use part::{PartArgs, run as run_part};
pub(super) use plan::{PlanArgs, run as run_plan};

use std::io;
use std::path::Path;

/// BLAKE3 of the file at `path`, in hexadecimal.
fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(strikeline_files::open_regular(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}
