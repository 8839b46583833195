//! `strikeline frame`: one frame as a PNG file.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use strikeline::song::SongPoint;
use strikeline_picture::{FrameIndex, Time, shown};
use wgpu_video::encode::H264Quality;
use wgpu_video::encode::pictures::{PNG, Pixels};
use wgpu_video::gpu::Gpu;
use wgpu_video::output::OutputFile;
use wgpu_video::scene::still::render_still;

use super::UsageError;
use super::args::{
    FolderArgs, ForceArgs, HighwayArgs, JsonArgs, MessageArgs, PictureArgs, SongArgs, headings,
};
use super::console;
use super::files::{CommandFiles, leaving_no_empty_folders};
use super::formats::{OutputFormat, is_standard_stream};
use super::hang;
use super::json_path::put_path;
use super::messages::Messages;
use super::render;
use super::words::song_time;

/// Draw one frame to a PNG file.
///
/// With the code that draws the video.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(super) struct FrameArgs {
    /// Where: 42.5, 1:02.5, bar:17, section:NAME
    ///
    /// A point of the song: a time (42.5, 1:02.5, 500ms, 119/30; negative for the lead-in), bar:17, or section:NAME.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true, help_heading = headings::PICTURE)]
    at: SongPoint,

    /// PNG file to write, or - for standard output
    ///
    /// The default is the song's name, ending in .png, in the current folder.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    folder: FolderArgs,

    #[command(flatten)]
    song: SongArgs,

    #[command(flatten)]
    picture: PictureArgs,

    #[command(flatten)]
    highway: HighwayArgs,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    json: JsonArgs,
}

/// Runs it.
pub(super) fn run(args: &FrameArgs) -> anyhow::Result<()> {
    leaving_no_empty_folders(args.folder.folder(), || draw(args))
}

fn draw(args: &FrameArgs) -> anyhow::Result<()> {
    let mut messages = Messages::new(args.messages, args.json.json);
    let output = match &args.output {
        Some(output) => output.clone(),
        None => render::in_folder(args.folder.folder(), super::default_output(&args.song.song, "png"))?,
    };
    let is_piped = is_standard_stream(&output);
    if is_piped {
        check_standard_output(args)?;
    } else {
        let mut files = CommandFiles::default();
        files.read_song(&args.song.song);
        args.highway.add_files(&mut files)?;
        files.write("--output", &output, OutputFormat::Png)?;
        files.check()?;
    }
    let song = args.song.open(&mut messages)?;
    let at = args.at.of(&song)?.rounded();
    let last = song.last_note() + Time::from_seconds(6.0);
    if at > last {
        messages.warn(format_args!(
            "--at {} is after the end of the song, whose last note is at {}",
            song_time(at.as_seconds()),
            song_time(song.last_note().as_seconds())
        ));
    }
    let file = match is_piped {
        true => None,
        false => Some(OutputFile::create(&output, args.force.overwrite())?),
    };
    let picture = &args.picture;
    let mut scene = args.highway.highway(&song, Some(at), picture, &mut messages)?;
    if !args.messages.quiet && !args.json.json {
        hang::say_when_compiling(|text| console::tell(text));
    }
    let gpu = Gpu::open(&picture.adapter())?;
    messages.chosen("adapter", &gpu.description);
    messages.chosen("notes", format_args!("they move {}", render::speed_of(&scene)));
    let pixels = render_still(&gpu, &mut scene, picture.size(), picture.fps(), FrameIndex(0))?;
    let pixels = Pixels { size: picture.size(), has_alpha: true, data: &pixels };
    let mut png = Vec::new();
    PNG.write(&pixels, H264Quality::DEFAULT, &mut png).context("the picture could not be encoded")?;
    match file {
        Some(mut file) => {
            file.write_all(&png).map_err(|error| file.error(error))?;
            file.commit()?;
        }
        None => console::print_bytes(&png)?,
    }
    if args.json.json {
        let mut summary = serde_json::json!({
            "size": picture.size().to_string(),
            "song_seconds": at.as_seconds(),
            "adapter": gpu.description.to_string(),
            "drum_map": args.highway.drum_map(&song)?.report,
            "warnings": messages.warnings(),
        });
        render::put_speed(&mut summary, &scene);
        put_path(&mut summary, "output", &output);
        let done = format!("the picture is complete: {}", shown(&output));
        console::print_json(&summary).map_err(|error| error.after(done))?;
    } else {
        let place = if is_piped { "standard output".to_owned() } else { shown(&output).to_string() };
        messages.note(format_args!(
            "{place}: {} at {} of the song",
            picture.size(),
            song_time(at.as_seconds())
        ));
    }
    Ok(())
}

/// Refuses what cannot go to standard output.
fn check_standard_output(args: &FrameArgs) -> Result<(), UsageError> {
    let problem = if args.json.json {
        "--json prints on standard output, too: give the picture the name of a file"
    } else if console::prints_to_terminal() {
        "standard output is a terminal, which cannot show a picture: let it go to a file or a program, such as \
         `strikeline frame song.mid --at 10 -o - | display`, or give the name of a file (./- for one called -)"
    } else {
        return Ok(());
    };
    Err(UsageError(format!("--output -: {problem}")))
}
