//! `strikeline frame`: one frame as a PNG file.

use std::path::PathBuf;

use anyhow::Context;
use strikeline_picture::{FrameIndex, Time};
use wgpu_video::gpu::Gpu;
use wgpu_video::output::OutputFile;
use wgpu_video::scene::still::render_still;

use super::args::{ForceArgs, HighwayArgs, PictureArgs, SongArgs, seconds};

/// Draw one frame to a PNG file, with the code that draws the video.
#[derive(Debug, clap::Args)]
pub(super) struct FrameArgs {
    /// Time of the song to show, in seconds; negative for the lead-in.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_hyphen_values = true)]
    at: Time,

    /// PNG file to write [default: the song's name, ending in .png, in the current folder].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    song: SongArgs,

    #[command(flatten)]
    highway: HighwayArgs,

    #[command(flatten)]
    picture: PictureArgs,
}

/// Runs it.
pub(super) fn run(args: &FrameArgs) -> anyhow::Result<()> {
    let song = args.song.open(false)?;
    let output = args.output.clone().unwrap_or_else(|| super::default_output(&args.song.song, "png"));
    let file = OutputFile::create(&output, args.force.overwrite())?;
    let picture = &args.picture;
    let mut scene = args.highway.highway(&song, Some(args.at), picture, false)?;
    let gpu = Gpu::open(&picture.adapter())?;
    let pixels = render_still(&gpu, &mut scene, picture.size, picture.fps, FrameIndex(0))?;
    write_png(file, picture, &pixels).with_context(|| format!("{} could not be written", output.display()))
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
