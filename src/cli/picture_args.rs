//! The options of every subcommand that draws.

use strikeline_picture::{FrameRate, PictureSize, Time};
use wgpu_video::gpu::AdapterChoice;

/// What to draw, how large, and on what.
#[derive(Debug, Clone, clap::Args)]
pub struct PictureArgs {
    /// Picture size: WIDTHxHEIGHT (even, 64x64 to 8192x8192), or 720p, 1080p, 1440p, 2160p.
    #[arg(long, value_name = "SIZE", default_value = "1080p")]
    pub size: PictureSize,

    /// Frames per second, as a whole number or a ratio such as 30000/1001.
    #[arg(long, value_name = "RATE", default_value = "60")]
    pub fps: FrameRate,

    /// Graphics adapter, by part of its name or by its number.
    #[arg(long, value_name = "NAME|INDEX")]
    pub adapter: Option<AdapterChoice>,
}

impl PictureArgs {
    /// The adapter to draw on.
    pub fn adapter(&self) -> AdapterChoice {
        self.adapter.clone().unwrap_or_default()
    }
}

/// A time in seconds, such as 12.5; may be negative. Within a year, so that sums are safe.
pub fn seconds(text: &str) -> Result<Time, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds, such as 12.5".to_owned())?;
    if seconds.abs() <= 31_536_000.0 {
        Ok(Time::from_seconds(seconds))
    } else {
        Err("must be a number of seconds within a year".to_owned())
    }
}

/// A span in seconds, more than 0.
pub fn positive_seconds(text: &str) -> Result<Time, String> {
    let time = seconds(text)?;
    if time > Time::ZERO { Ok(time) } else { Err("must be more than 0".to_owned()) }
}

/// A span in seconds, 0 or more.
pub fn span_seconds(text: &str) -> Result<Time, String> {
    let time = seconds(text)?;
    if time >= Time::ZERO { Ok(time) } else { Err("must be 0 or more".to_owned()) }
}
