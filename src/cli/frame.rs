//! `strikeline frame`: one frame as a PNG file.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use strikeline::song::SongPoint;
use strikeline_picture::FrameIndex;
use wgpu_video::gpu::Gpu;
use wgpu_video::output::OutputFile;
use wgpu_video::scene::still::render_still;

use super::args::{ForceArgs, HighwayArgs, JsonArgs, PictureArgs, QuietArgs, SongArgs};
use super::hang;
use super::messages::Messages;

/// Draw one frame to a PNG file, with the code that draws the video.
#[derive(Debug, clap::Args)]
pub(super) struct FrameArgs {
    /// Point of the song to show: a time (42.5, 1:02.5, 500ms, 119/30; negative for the lead-in), bar:17, or
    /// section:NAME.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    at: SongPoint,

    /// PNG file to write [default: the song's name, ending in .png, in the current folder].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    quiet: QuietArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    song: SongArgs,

    #[command(flatten)]
    highway: HighwayArgs,

    #[command(flatten)]
    picture: PictureArgs,
}

/// Runs it.
pub(super) fn run(args: &FrameArgs) -> anyhow::Result<()> {
    let mut messages = Messages::new(args.quiet.quiet, args.json.json);
    let song = args.song.open(&mut messages)?;
    let at = args.at.of(&song)?.rounded();
    let output = args.output.clone().unwrap_or_else(|| super::default_output(&args.song.song, "png"));
    let file = OutputFile::create(&output, args.force.overwrite())?;
    let picture = &args.picture;
    let mut scene = args.highway.highway(&song, Some(at), picture, &mut messages)?;
    if !args.quiet.quiet && !args.json.json {
        hang::say_when_compiling();
    }
    let gpu = Gpu::open(&picture.adapter())?;
    let pixels = render_still(&gpu, &mut scene, picture.size, picture.fps, FrameIndex(0))?;
    write_png(file, picture, &pixels)
        .with_context(|| format!("{} could not be written", output.display()))?;
    if args.json.json {
        let summary = serde_json::json!({
            "output": output.to_string_lossy(),
            "size": picture.size.to_string(),
            "song_seconds": at.as_seconds(),
            "adapter": gpu.description.to_string(),
            "drum_map": args.highway.drum_map(&song)?.report,
            "warnings": messages.warnings(),
        });
        writeln!(std::io::stdout(), "{summary}")?;
    }
    Ok(())
}

fn write_png(file: OutputFile, picture: &PictureArgs, pixels: &[u8]) -> anyhow::Result<()> {
    let mut file = file;
    let mut encoder = png::Encoder::new(&mut file, picture.size.width(), picture.size.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    file.commit()?;
    Ok(())
}
