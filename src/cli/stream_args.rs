//! How the video is encoded and how the work is spread: the options of every subcommand that streams.

use std::num::NonZeroU64;
use std::sync::Arc;

use wgpu_video::encode::h264::H264Factory;
#[cfg(feature = "openh264")]
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::{EncoderFactory, H264Quality};
use wgpu_video::stream::{CancelToken, Redraw, StreamOptions};

use super::picture_args::PictureArgs;
use super::tune::apply::GivenSpread;

/// Encoder, quality, and the spread of the work.
#[derive(Debug, Clone, clap::Args)]
pub struct StreamArgs {
    /// Constant quality on H.264's scale: 0 (best, largest file) to 51.
    #[arg(long, value_name = "QP", default_value_t = H264Quality::DEFAULT.qp(), value_parser = clap::value_parser!(u8).range(0..=51))]
    quality: u8,

    /// Encoder: h264, strikeline's own, made for rendered pictures; or openh264.
    #[arg(long, value_name = "NAME", default_value = "h264")]
    encoder: EncoderChoice,

    /// Staging buffers between GPU and encoders [default: two per job, and two].
    #[arg(long, value_name = "DEPTH", value_parser = clap::value_parser!(u16).range(1..=256))]
    ring: Option<u16>,

    /// Encoding threads [default: the number of cores, and one more].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,

    /// Segments rendered and encoded at once [default: one per job, and one].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    segments: Option<u16>,

    /// Logical devices that draw at the same time, each its own segments [default: 1; 2 where the processor
    /// draws].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    devices: Option<u16>,

    /// Draw of each frame what has changed, all, or both to compare them (slow). The bytes are the same.
    #[arg(long, value_name = "PARTS", default_value = "changed")]
    redraw: RedrawChoice,

    /// Do not use the settings that `strikeline tune` found for this adapter and size.
    #[arg(long)]
    no_tuned: bool,
}

/// An encoder to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EncoderChoice {
    #[cfg(feature = "openh264")]
    Openh264,
    H264,
}

/// How much of each frame is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RedrawChoice {
    Changed,
    All,
    Verify,
}

impl From<RedrawChoice> for Redraw {
    fn from(choice: RedrawChoice) -> Redraw {
        match choice {
            RedrawChoice::Changed => Redraw::Changed,
            RedrawChoice::All => Redraw::All,
            RedrawChoice::Verify => Redraw::Verify,
        }
    }
}

impl EncoderChoice {
    /// What makes its encoders.
    pub fn factory(self, quality: H264Quality) -> Arc<dyn EncoderFactory> {
        match self {
            #[cfg(feature = "openh264")]
            EncoderChoice::Openh264 => Arc::new(OpenH264::new(quality)),
            EncoderChoice::H264 => Arc::new(H264Factory::new(quality)),
        }
    }
}

/// What is said on stderr beside errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Messages {
    /// Warnings and notes.
    All,
    /// Only warnings: whoever reads the result knows it by its fields.
    Warnings,
    /// Nothing.
    None,
}

impl Messages {
    /// As `--quiet` and `--json` ask for.
    pub fn new(quiet: bool, json: bool) -> Messages {
        match (quiet, json) {
            (true, _) => Messages::None,
            (false, true) => Messages::Warnings,
            (false, false) => Messages::All,
        }
    }
}

impl StreamArgs {
    /// As given.
    pub fn quality(&self) -> H264Quality {
        H264Quality::new(self.quality).unwrap_or_default()
    }

    /// What to make of `frames` frames of `picture`. Says on stderr when tuned settings are used, or cannot be read.
    pub fn options(
        &self,
        picture: &PictureArgs,
        frames: NonZeroU64,
        cancel: CancelToken,
        messages: Messages,
    ) -> StreamOptions {
        let given =
            GivenSpread { ring: self.ring, jobs: self.jobs, segments: self.segments, devices: self.devices };
        let chosen = if self.no_tuned { given.or_default() } else { given.or_tuned(picture) };
        if let Some(warning) = chosen.warning.filter(|_| messages != Messages::None) {
            eprintln!("warning: {warning}");
        }
        if let Some(note) = chosen.note.filter(|_| messages == Messages::All) {
            eprintln!("{note}");
        }
        StreamOptions {
            adapter: picture.adapter(),
            spread: chosen.spread,
            redraw: self.redraw.into(),
            cancel,
            ..StreamOptions::new(picture.size, picture.fps, frames, self.encoder.factory(self.quality()))
        }
    }
}
