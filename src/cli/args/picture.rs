//! The options of every subcommand that draws.

use strikeline_picture::{FrameRate, PictureSize};
use wgpu_video::gpu::AdapterChoice;

/// Picture size, frame rate and graphics adapter.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Picture")]
pub(crate) struct PictureArgs {
    /// Picture size: WIDTHxHEIGHT (even, 64x64 to 8192x8192), or 720p, 1080p, 1440p, 2160p.
    #[arg(long, value_name = "SIZE", default_value = "1080p")]
    pub size: PictureSize,

    /// Frames per second, as a whole number or a ratio such as 30000/1001.
    #[arg(long, value_name = "RATE", default_value = "60")]
    pub fps: FrameRate,

    #[command(flatten)]
    adapter: AdapterArgs,
}

/// `--adapter`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AdapterArgs {
    /// Graphics adapter to draw on: a part of its name, or its number as `strikeline doctor` shows it [default: the
    /// fastest].
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<AdapterChoice>,
}

impl PictureArgs {
    /// The adapter to draw on.
    pub(crate) fn adapter(&self) -> AdapterChoice {
        self.adapter.choice()
    }
}

impl AdapterArgs {
    /// The adapter to use.
    pub(crate) fn choice(&self) -> AdapterChoice {
        self.adapter.clone().unwrap_or_default()
    }
}
