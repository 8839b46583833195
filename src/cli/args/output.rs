//! What is printed, and whether files are replaced.

use std::num::NonZeroU16;

use wgpu_video::output::Overwrite;

use crate::cli::UsageError;
use crate::cli::video_format::VideoFormat;

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

/// `--plays`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct PlaysArgs {
    /// How often an animated picture is played, up to 65535 times; 0 for ever [default: 0].
    #[arg(long, value_name = "N")]
    plays: Option<u16>,
}

impl PlaysArgs {
    /// How often a video in the format `format` is played; `None` for ever.
    ///
    /// # Errors
    /// When the option is given and the format does not say it.
    pub(crate) fn times(self, format: VideoFormat) -> Result<Option<NonZeroU16>, UsageError> {
        if self.plays.is_some() && !format.is_animation() {
            let name = format.name();
            let text =
                format!("--plays is for animated pictures (.gif, .apng, .webp), and the video is {name}");
            return Err(UsageError(text));
        }
        Ok(self.plays.and_then(NonZeroU16::new))
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
