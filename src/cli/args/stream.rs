//! Encoder, quality and work split: the options of every subcommand that streams a song once.

use std::num::NonZeroU64;
use std::sync::Arc;

use wgpu_video::encode::{EncoderFactory, H264Quality};
use wgpu_video::stream::{CancelToken, Redraw, StreamOptions};

use super::{EncoderArgs, PictureArgs};
use crate::cli::codecs::VideoCodec;
use crate::cli::files::CommandFiles;
use crate::cli::messages::Messages;
use crate::cli::tune::apply::GivenSplit;
use crate::cli::tuning::SettingsFile;

/// Encoder, quality, and the work split.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StreamArgs {
    #[command(flatten)]
    encoder: EncoderArgs,

    /// Ring depth: how many frames may be between drawing and encoding at the same time [default: 2 per job, plus 2].
    #[arg(long, value_name = "DEPTH", value_parser = clap::value_parser!(u16).range(1..=256))]
    ring: Option<u16>,

    /// Encoding threads [default: number of cores + 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,

    /// Segments rendered and encoded at the same time [default: one per job, plus 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    segments: Option<u16>,

    /// Logical devices that draw at the same time; each draws segments of its own [default: 1, or 2 on a
    /// software adapter].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    devices: Option<u16>,

    /// Which part of each frame is drawn: only what changed, the whole frame, or both to compare them (slow). The
    /// video's bytes are the same.
    #[arg(long, value_name = "PARTS", default_value = "changed")]
    redraw: RedrawChoice,

    /// Do not use the settings that `strikeline tune` found for this adapter and size.
    #[arg(long)]
    no_tuned: bool,
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

impl StreamArgs {
    /// Adds the files that are read.
    pub(crate) fn add_files(&self, files: &mut CommandFiles) {
        if let Some(settings) = SettingsFile::of_user().filter(|_| !self.no_tuned) {
            files.read(settings.path());
        }
    }

    /// The codec that was chosen; `None` for the usual one.
    pub(crate) fn codec(&self) -> Option<&'static VideoCodec> {
        self.encoder.codec()
    }

    /// The factory of the encoders of `codec`.
    ///
    /// # Errors
    /// As [`VideoCodec::factory`].
    pub(crate) fn factory(&self, codec: &VideoCodec) -> anyhow::Result<Arc<dyn EncoderFactory>> {
        self.encoder.factory(codec)
    }

    /// The quality that was given.
    pub(crate) fn quality(&self) -> H264Quality {
        self.encoder.quality()
    }

    /// Whether the command line sets any number of the work split.
    pub(crate) fn splits(&self) -> bool {
        [self.ring, self.jobs, self.segments, self.devices].iter().any(Option::is_some)
    }

    /// The stream options for `frames` frames of `picture`, encoded by `encoder`. Tells `messages` when tuned settings are used, or
    /// cannot be read.
    pub(crate) fn options(
        &self,
        picture: &PictureArgs,
        frames: NonZeroU64,
        encoder: Arc<dyn EncoderFactory>,
        cancel: CancelToken,
        messages: &mut Messages,
    ) -> StreamOptions {
        let given =
            GivenSplit { ring: self.ring, jobs: self.jobs, segments: self.segments, devices: self.devices };
        let chosen = if self.no_tuned { given.or_default() } else { given.or_tuned(picture) };
        if let Some(warning) = chosen.warning {
            messages.warn(warning);
        }
        if let Some(note) = chosen.note {
            messages.note(note);
        }
        StreamOptions::new(picture.size(), picture.fps(), frames, encoder)
            .with_adapter(picture.adapter())
            .with_split(chosen.split)
            .with_redraw(self.redraw.into())
            .with_cancel(cancel)
    }
}
