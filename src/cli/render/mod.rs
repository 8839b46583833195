//! `strikeline render`: songs to videos.

mod at_work;
mod bars;
mod batch;
mod estimate;
mod made;
mod outcome;
mod plan;
mod rates;
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

use wgpu_video::stream::WorkSplit;

use super::args::{
    FolderArgs, ForceArgs, JsonArgs, MessageArgs, PlaysArgs, ResumeArgs, VideoArgs, headings, whole_number,
};
use super::files::leaving_no_empty_folders;
use super::messages::Messages;
use super::signals::Signals;
use super::video_format::{VideoFormat, VideoKind};
use super::words::count;
use batch::BatchArgs;
use plan::Plan;
pub(super) use plan::in_folder;
use songs::Songs;
pub(super) use summary::{put_speed, speed_of};

/// Render a song to a video, or many songs.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(super) struct RenderArgs {
    /// MIDI file, chart, folder of songs, or @LIST
    ///
    /// A MIDI file, or a chart of a rhythm game: its folder, notes.mid, notes.chart, song.ini, or a .sng file; - for standard
    /// input. Also several songs, a folder of songs, or @LIST: a file with a path in each line.
    ///
    /// In a folder without a chart, all songs are rendered: the files that end in .mid, .midi, .kar, .rmi or .sng, and the
    /// folders that contain a chart, but nothing in deeper folders. In a list, empty lines and lines that begin with # are
    /// ignored; @- is a list on standard input.
    #[arg(value_name = "SONG", required = true, help_heading = "Arguments")]
    songs: Vec<PathBuf>,

    /// Video to write, or folder for several
    ///
    /// The default is the song's name, ending in .mp4 or what is usual for the codec, in the current folder. A folder is made if
    /// it does not exist.
    ///
    /// The ending says the format: .mp4 or .m4v, .mov, .mkv, .webm; .gif, .apng and .webp for animated pictures; .y4m, .nv12
    /// and .rgba for frames that are not compressed. To standard output (-) or a named pipe goes MP4 in fragments, or such
    /// frames: -o - --codec y4m.
    ///
    /// A name with a number makes a picture file of each frame: out/%06d.png is out/000001.png and so on, in a folder that is made
    /// if it does not exist. The endings are .png, .qoi, .jpg or .jpeg, and .webp.
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    folder: FolderArgs,

    /// Number of the first picture, where each frame is a file [default: 1]
    #[arg(long, value_name = "N", hide_short_help = true, value_parser = whole_number(0_u32..=u32::MAX))]
    start_number: Option<u32>,

    /// Write an MP4 file in fragments, as it is written to standard output: it can be played while it is made
    #[arg(long, hide_short_help = true)]
    fragmented: bool,

    #[command(flatten)]
    plays: PlaysArgs,

    #[command(flatten)]
    video: VideoArgs,

    #[command(flatten)]
    batch: BatchArgs,

    #[command(flatten)]
    resume: ResumeArgs,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    json: JsonArgs,
}

impl RenderArgs {
    /// The tuned settings that it uses; `None` if there are none for its adapter and size, or all are given.
    pub(super) fn tuned_split(&self) -> Option<WorkSplit> {
        self.video.stream.tuned_split(&self.video.picture)
    }
}

/// Runs it.
pub(super) fn run(args: RenderArgs, signals: &Signals) -> anyhow::Result<()> {
    let folder = args.folder.folder().to_path_buf();
    leaving_no_empty_folders(&folder, || render(args, signals))
}

fn render(mut args: RenderArgs, signals: &Signals) -> anyhow::Result<()> {
    let given = args.video.stream.given_codec();
    let usual = VideoKind::usual(args.video.stream.codec());
    let songs = Songs::of(&args.songs)?;
    sequence::check_output(&args, &songs, usual.format)?;
    if songs.repeated > 0 {
        let names = count(songs.repeated, "name");
        let text = format!("{names} left out: songs that are named twice are rendered once");
        Messages::new(args.messages, args.json.json).note(text);
    }
    let plan = Plan::of(songs, (args.output.as_deref(), args.folder.folder()), usual.format.ending())?;
    let kind = match &plan {
        Plan::One(video) => {
            // The codec of the configuration is for formats that can have it.
            let suits = VideoFormat::of_ending(&video.output, given.or(Some(usual.codec)));
            let suits = suits.is_none_or(|format| usual.codec.formats.contains(&format));
            let codec = given.or(args.video.stream.codec().filter(|_| suits));
            VideoKind::of("--output", &video.output, codec)?
        }
        // All names end in what is usual for the codec.
        Plan::Many { .. } => usual,
    };
    let kind = if args.fragmented { kind.in_fragments()? } else { kind };
    args.video.picture.suit(kind.codec);
    match plan {
        Plan::One(video) => single::run(&args, &video, kind, signals),
        Plan::Many { folder, videos } => {
            leaving_no_empty_folders(&folder, || batch::run(&args, (&folder, &videos), kind, signals))
        }
    }
}
