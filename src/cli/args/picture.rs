//! The options of every subcommand that draws.

use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use strikeline_picture::{FrameRate, PictureSize};
use wgpu_video::gpu::AdapterChoice;

use super::headings;
use crate::cli::codecs::VideoCodec;
use crate::cli::given;

/// Picture size and frame rate.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::PICTURE)]
pub(crate) struct PictureArgs {
    /// Size, such as 720p or 1920x1080 [default: 1080p]
    ///
    /// WIDTHxHEIGHT (even, 64x64 to 8192x8192), or 360p, 480p (854x480), 540p, 720p, 1080p, 1440p, 2160p, 4k, uhd (both
    /// 3840x2160), 4320p, 8k (both 7680x4320), square (1080x1080), vertical or portrait (both 1080x1920). The default is 360p
    /// for animated pictures.
    #[arg(long, value_name = "SIZE", value_parser = picture_size)]
    size: Option<PictureSize>,

    /// Frames per second, 1 to 1000 [default: 60]
    ///
    /// A number, a ratio such as 30000/1001, or ntsc, pal, film, ntsc-film. 23.976, 23.98, 29.97, 47.95, 59.94 and 119.88 are
    /// the rates of NTSC: 24000/1001, 30000/1001 and so on. Other decimals are exact: 12.5 is 25/2. The default is 25 for
    /// animated pictures.
    #[arg(long, value_name = "RATE")]
    fps: Option<FrameRate>,

    #[command(flatten)]
    adapter: AdapterArgs,

    /// Whether the defaults are those of animated pictures.
    #[arg(skip)]
    animated: bool,
}

/// `--adapter`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::SPEED)]
pub(crate) struct AdapterArgs {
    /// Graphics adapter to draw on: a part of its name, or its number as `strikeline doctor` shows it [default: the fastest]
    #[arg(long, value_name = "NAME|INDEX", hide_short_help = true, value_parser = NonEmptyStringValueParser::new().try_map(|text| text.parse::<AdapterChoice>()))]
    adapter: Option<AdapterChoice>,
}

/// Parses a size. A number alone is no size: it may be meant as a height or as a width.
fn picture_size(text: &str) -> Result<PictureSize, String> {
    if !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit()) {
        return Err(format!(
            "give a height as {text}p (if that is one of 360p, 480p, 540p, 720p, 1080p, 1440p, 2160p and 4320p), or \
             WIDTHxHEIGHT, such as 640x360"
        ));
    }
    text.parse().map_err(|error: strikeline_picture::PictureSizeError| error.to_string())
}

impl PictureArgs {
    /// Picture size.
    pub(crate) fn size(&self) -> PictureSize {
        self.size.unwrap_or(if self.animated { PictureSize::P360 } else { PictureSize::P1080 })
    }

    /// Frames per second.
    pub(crate) fn fps(&self) -> FrameRate {
        self.fps.unwrap_or(if self.animated { FrameRate::FPS_25 } else { FrameRate::FPS_60 })
    }

    /// Lets what is not given be what is usual for videos in `codec`.
    pub(crate) fn suit(&mut self, codec: &VideoCodec) {
        self.animated = codec.is_animation();
        // A frame rate of the configuration file is for videos: animated pictures may not have it.
        if self.animated && self.fps.is_some() && !given::has("fps") {
            self.fps = None;
        }
    }

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
