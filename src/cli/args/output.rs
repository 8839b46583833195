//! What is printed, where outputs go, and whether files are replaced.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use wgpu_video::output::Overwrite;

use super::headings;
use crate::cli::UsageError;
use crate::cli::video_format::VideoFormat;

/// `--force`.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(crate) struct ForceArgs {
    /// Replace output files that exist
    ///
    /// Without this option, an output that exists is an error (exit code 4), and nothing is done.
    #[arg(short, long)]
    force: bool,
}

impl ForceArgs {
    /// What to do with an output file that exists.
    pub(crate) fn overwrite(self) -> Overwrite {
        if self.force { Overwrite::Replace } else { Overwrite::Refuse }
    }
}

/// `--output-folder`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(crate) struct FolderArgs {
    /// Folder for outputs that --output does not name [default: the current folder]
    ///
    /// It is made if it does not exist. This is for the configuration file: see `strikeline config`.
    #[arg(long, value_name = "FOLDER", hide_short_help = true)]
    output_folder: Option<PathBuf>,
}

impl FolderArgs {
    /// The folder for an output that has no name: an empty path for the current one.
    pub(crate) fn folder(&self) -> &Path {
        self.output_folder.as_deref().unwrap_or(Path::new(""))
    }
}

/// `--plays`.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(crate) struct PlaysArgs {
    /// How often an animated picture is played, up to 65535 times; 0 for ever [default: 0]
    #[arg(long, value_name = "N", hide_short_help = true)]
    plays: Option<u16>,
}

impl PlaysArgs {
    /// How often a video in the format `format` is played; `None` for ever.
    ///
    /// # Errors
    /// When the option is given and the format does not say it.
    pub(crate) fn times(self, format: VideoFormat) -> Result<Option<NonZeroU16>, UsageError> {
        if self.plays.is_some() && !format.is_animation() {
            let name = format.with_article();
            let text =
                format!("--plays is for animated pictures (.gif, .apng, .webp), and the output is {name}");
            return Err(UsageError(text));
        }
        Ok(self.plays.and_then(NonZeroU16::new))
    }
}

/// `--json`.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = headings::MESSAGES)]
pub(crate) struct JsonArgs {
    /// Print the result as one JSON object on standard output
    #[arg(long, hide_short_help = true)]
    pub json: bool,
}

/// `--quiet` and `--verbose`.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
#[command(next_help_heading = headings::MESSAGES)]
pub(crate) struct MessageArgs {
    /// Print only errors
    ///
    /// With --json, the object is printed, too.
    #[arg(short, long)]
    pub quiet: bool,

    /// Also say what was chosen, and why
    ///
    /// The graphics adapter, the devices, whether tuned settings are used, how the work is divided, the encoder, the fonts, and
    /// how fast the notes really move.
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
}
