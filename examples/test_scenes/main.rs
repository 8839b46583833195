//! Makes the scenes that encoders are tested with: pictures that change everywhere, as programs stream them.
//!
//! `cargo run --release --example test_scenes -- SCENE|all -o FOLDER [--frames N] [--size WIDTHxHEIGHT]`
//!
//! Writes `FOLDER/SCENE.y4m` (4:2:0, 8 bits, 60 frames per second; 300 frames of 1920x1080 unless asked otherwise: 933 MB).
//! The same scene has the same bytes in every run on the same adapter. Without arguments it lists the scenes.
//!
//! The highway itself, as further scenes:
//!
//! ```text
//! strikeline render examples/songs/groove.mid -o neon.y4m --theme neon --start 8 --duration 5
//! strikeline render examples/songs/groove.mid -o perspective.y4m --view perspective --start 8 --duration 5
//! strikeline render examples/songs/groove.mid -o exact.y4m --exact-speed --start 8 --duration 5
//! ```

mod scenes;

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strikeline_picture::{FrameRate, PictureSize, PixelFormat};
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::output::Overwrite;
use wgpu_video::stream::{PipeSink, StreamOptions, stream};

use scenes::{ALL, TestScene};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What to make.
struct Order {
    scenes: Vec<&'static TestScene>,
    folder: PathBuf,
    frames: NonZeroU64,
    size: PictureSize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        for scene in &ALL {
            println!("{:10} {}", scene.name, scene.about);
        }
        return Ok(());
    }
    let order = read(&arguments)?;
    std::fs::create_dir_all(&order.folder)?;
    for scene in &order.scenes {
        write(scene, &order, &order.folder.join(scene.name).with_extension("y4m"))?;
    }
    Ok(())
}

fn read(arguments: &[String]) -> Result<Order> {
    let mut order = Order {
        scenes: Vec::new(),
        folder: PathBuf::from("."),
        frames: NonZeroU64::new(300).ok_or("no frames")?,
        size: PictureSize::new(1920, 1080)?,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "-o" => order.folder = PathBuf::from(value()?),
            "--frames" => order.frames = value()?.parse()?,
            "--size" => {
                let (width, height) = value()?.split_once('x').ok_or("--size needs WIDTHxHEIGHT")?;
                order.size = PictureSize::new(width.parse()?, height.parse()?)?;
            }
            "all" => order.scenes.extend(&ALL),
            name => {
                let scene = ALL.iter().find(|scene| scene.name == name);
                order.scenes.push(scene.ok_or_else(|| format!("there is no scene {name:?}"))?);
            }
        }
    }
    Ok(order)
}

fn write(scene: &TestScene, order: &Order, path: &Path) -> Result<()> {
    let encoder = Arc::new(RawEncoder::Yuv4Mpeg2(PixelFormat::NV12));
    let options = StreamOptions::new(order.size, FrameRate::new(60, 1)?, order.frames, encoder);
    let mut sink = PipeSink::create(path, Overwrite::Replace)?;
    let report = stream(&mut *scene.make(), &options, &mut sink, &mut |progress| {
        eprint!("\r{} {}/{} ", scene.name, progress.frames, progress.total);
    })?;
    let speed = report.frames as f64 / report.wall.as_secs_f64();
    eprintln!("\r{}: {} frames, {speed:.1} frames/s, {}", path.display(), report.frames, report.adapter);
    Ok(())
}
