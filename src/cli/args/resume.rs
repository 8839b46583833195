//! What happens to a render that is interrupted.

use std::time::Duration;

use strikeline_picture::Time;

use super::{headings, length};

/// What is kept of a render that is interrupted.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::RESUMING)]
pub(crate) struct ResumeArgs {
    /// Neither keep finished segments in a journal nor continue from one
    ///
    /// A render that takes longer than about ten seconds keeps its finished segments in a hidden file beside the output, the
    /// journal. If the render is interrupted, the same command continues from the journal. It is removed when the video is
    /// complete. `strikeline clean` lists and removes journals that are not needed any more.
    #[arg(long, hide_short_help = true)]
    pub no_resume: bool,

    /// When interrupted by Ctrl-C, make a video of the finished segments: NAME.partial.mp4
    ///
    /// It goes from the start up to the first segment that is missing. When the render is continued and interrupted again, that
    /// video is replaced by a longer one.
    #[arg(long, hide_short_help = true, conflicts_with = "no_resume")]
    pub keep_partial: bool,

    /// Time after which a journal is begun.
    #[arg(long, value_name = "TIME", default_value = "10", value_parser = length, hide = true)]
    journal_after: Time,
}

impl ResumeArgs {
    /// The time after which a journal is begun.
    pub(crate) fn journal_after(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.journal_after.as_nanos()).unwrap_or(0))
    }
}
