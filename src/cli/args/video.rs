//! What a video shows, how it sounds, and how it is encoded: the options of every subcommand that makes one.

use strikeline::song::SongPoint;
use strikeline_picture::{GivenTime, Time};

use crate::cli::files::CommandFiles;

use super::{
    HighwayArgs, PictureArgs, PracticeArgs, SongSelection, SoundArgs, StreamArgs, headings, length,
    positive_length,
};

/// Everything that the bytes of a video depend on, except the song; and the work split, on which they do not depend.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct VideoArgs {
    #[command(flatten)]
    pub selection: SongSelection,

    #[command(flatten)]
    pub picture: PictureArgs,

    #[command(flatten)]
    pub span: SpanArgs,

    #[command(flatten)]
    pub highway: HighwayArgs,

    #[command(flatten)]
    pub practice: PracticeArgs,

    #[command(flatten)]
    pub sound: SoundArgs,

    #[command(flatten)]
    pub stream: StreamArgs,
}

/// Which part of the song the video shows.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::PICTURE)]
pub(crate) struct SpanArgs {
    /// Where to begin: 42.5, 1:02.5, bar:17, section:NAME
    ///
    /// A point of the song: a time (42.5, 1:02.5, 500ms, 119/30, -2), bar:17, or section:NAME. The default is 0, or earlier if
    /// the first note needs more time to come along the road.
    ///
    /// Times are in seconds, or minutes and seconds, or hours, minutes and seconds. A ratio of seconds is exact. A
    /// negative time begins before the song. All times on the command line can be written in these forms, and all points of
    /// a song can also be given as a bar or a section.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    pub start: Option<SongPoint>,

    /// Length of the video, such as 10 or 1:30
    ///
    /// Also 500ms or 119/30. The default is up to the last note, and --tail after it.
    ///
    /// A length that is a whole number of frames to within its last digit, or a microsecond, gives that number of frames:
    /// 119/30, 3.966667 and 3.967 are 119 frames at 30 frames per second. Any other length is rounded up to a whole frame.
    #[arg(long, value_name = "TIME", value_parser = positive_length, allow_hyphen_values = true)]
    pub duration: Option<GivenTime>,

    /// Time for which the video goes on after the last note [default: 3, or 6 with an end card]
    #[arg(long, hide_short_help = true, value_name = "TIME", value_parser = length, allow_hyphen_values = true)]
    tail: Option<Time>,
}

impl VideoArgs {
    /// Adds the files that are read besides the song.
    ///
    /// # Errors
    /// When the theme cannot be read.
    pub(crate) fn add_files(&self, files: &mut CommandFiles) -> anyhow::Result<()> {
        self.sound.add_files(files);
        self.stream.add_files(files);
        self.highway.add_files(files)
    }

    /// Time for which the video goes on after the last note.
    pub(crate) fn tail(&self) -> Time {
        self.span.tail.unwrap_or(Time::from_seconds(if self.highway.has_end_card() { 6.0 } else { 3.0 }))
    }
}
