//! `strikeline render`: songs to videos.

mod at_work;
mod bars;
mod batch;
mod estimate;
mod made;
mod outcome;
mod plan;
mod resume;
mod room;
mod sequence;
mod single;
mod songs;
mod summary;
mod table;
mod target;
mod video;

use std::path::PathBuf;

use super::args::{ForceArgs, JsonArgs, PlaysArgs, QuietArgs, ResumeArgs, VideoArgs};
use super::signals::Signals;
use super::video_format::VideoKind;
use batch::BatchArgs;
use plan::Plan;
use songs::Songs;

/// Render a song to a video, or a folder of songs to a folder of videos.
#[derive(Debug, clap::Args)]
pub(super) struct RenderArgs {
    /// MIDI file, or chart of a rhythm game: its folder, notes.mid, notes.chart, song.ini, or a .sng file; - for standard
    /// input. Also several songs, a folder of songs, or @LIST: a file with a path in each line.
    ///
    /// In a folder without a chart, all songs are rendered: the files that end in .mid, .midi, .kar, .rmi or .sng, and the
    /// folders that contain a chart, but nothing in deeper folders. In a list, empty lines and lines that begin with # are
    /// ignored; @- is a list on standard input.
    #[arg(value_name = "SONG", required = true)]
    songs: Vec<PathBuf>,

    /// Video file to write, or folder for the videos of several songs, which is created if it does not exist [default: the
    /// song's name, ending in .mp4 or what is usual for the codec, in the current folder].
    ///
    /// The ending says the format: .mp4 or .m4v, .mov, .mkv, .webm; .gif, .apng and .webp for animated pictures; .y4m, .nv12
    /// and .rgba for frames that are not compressed. To standard output (-) or a named pipe goes MP4 in fragments, or such
    /// frames: -o - --codec y4m.
    ///
    /// A name with a number makes a picture file of each frame: out/%06d.png is out/000001.png and so on, in a folder that is made
    /// if it does not exist. The endings are .png, .qoi, .jpg or .jpeg, and .webp.
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: Option<PathBuf>,

    /// Number of the first picture, where each frame is a file [default: 1].
    #[arg(long, value_name = "N")]
    start_number: Option<u32>,

    /// Write an MP4 file in fragments, as it is written to standard output: it can be played while it is made.
    #[arg(long)]
    fragmented: bool,

    #[command(flatten)]
    plays: PlaysArgs,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    quiet: QuietArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    video: VideoArgs,

    #[command(flatten)]
    batch: BatchArgs,

    #[command(flatten)]
    resume: ResumeArgs,
}

/// Runs it.
pub(super) fn run(mut args: RenderArgs, signals: &Signals) -> anyhow::Result<()> {
    let codec = args.video.stream.codec();
    let usual = VideoKind::usual(codec);
    let songs = Songs::of(&args.songs)?;
    sequence::check_output(&args, &songs, usual.format)?;
    let plan = Plan::of(songs, args.output.as_deref(), usual.format.ending())?;
    let kind = match &plan {
        Plan::One(video) => VideoKind::of("--output", &video.output, codec)?,
        // All names end in what is usual for the codec.
        Plan::Many { .. } => usual,
    };
    let kind = if args.fragmented { kind.in_fragments()? } else { kind };
    args.video.picture.suit(kind.codec);
    match plan {
        Plan::One(video) => single::run(&args, &video, kind, signals),
        Plan::Many { folder, videos } => batch::run(&args, (&folder, &videos), kind, signals),
    }
}
