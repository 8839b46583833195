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
    /// Print only errors, and the result if --json is given.
    #[arg(long)]
    pub quiet: bool,
}
