//! What is printed, and whether files are replaced.

use wgpu_video::output::Overwrite;

/// `--force`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ForceArgs {
    /// Replace output files that exist.
    #[arg(long)]
    force: bool,
}

impl ForceArgs {
    /// What to do with an output file that exists.
    pub(crate) fn overwrite(self) -> Overwrite {
        if self.force { Overwrite::Replace } else { Overwrite::Refuse }
    }
}

/// `--json`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct JsonArgs {
    /// Print the result as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// `--quiet`, of subcommands whose result is a file.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct QuietArgs {
    /// Print nothing but errors and what --json asks for.
    #[arg(long)]
    pub quiet: bool,
}

/// What is printed on stderr in addition to errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageLevel {
    /// Warnings and notes.
    All,
    /// Warnings only: the JSON object has what the notes say.
    Warnings,
    /// Nothing.
    None,
}

impl MessageLevel {
    /// The level that `--quiet` and `--json` ask for.
    pub(crate) fn new(quiet: bool, json: bool) -> MessageLevel {
        match (quiet, json) {
            (true, _) => MessageLevel::None,
            (false, true) => MessageLevel::Warnings,
            (false, false) => MessageLevel::All,
        }
    }
}
