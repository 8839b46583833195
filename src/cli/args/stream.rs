//! Encoder, quality and work split: the options of every subcommand that streams a song once.

use std::num::NonZeroU64;
use std::sync::Arc;

use wgpu_video::encode::h264::RateControl;
use wgpu_video::encode::{EncoderFactory, H264Quality};
use wgpu_video::stream::{CancelToken, Redraw, StreamOptions, WorkSplit};

use super::{EncoderArgs, PictureArgs, headings, whole_number};
use crate::cli::codecs::VideoCodec;
use crate::cli::files::CommandFiles;
use crate::cli::messages::Messages;
use crate::cli::tune::apply::GivenSplit;
use crate::cli::tuning::SettingsFile;

/// Encoder, quality, and the work split.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::SPEED)]
pub(crate) struct StreamArgs {
    /// Ring depth: how many frames may be between drawing and encoding at the same time [default: 2 per job, plus 2]
    #[arg(long, hide_short_help = true, value_name = "DEPTH", value_parser = whole_number(1_u16..=256))]
    ring: Option<u16>,

    /// Encoding threads [default: number of cores + 1]
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = whole_number(1_u16..=256))]
    jobs: Option<u16>,

    /// Segments rendered and encoded at the same time [default: one per job, plus 1]
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = whole_number(1_u16..=256))]
    segments: Option<u16>,

    /// Logical devices that draw at the same time [default: 1; 2 on a software adapter, from four segments on]
    ///
    /// Each draws segments of its own.
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = whole_number(1_u16..=16))]
    devices: Option<u16>,

    /// Which part of each frame is drawn
    ///
    /// The video's bytes are the same.
    #[arg(long, hide_short_help = true, value_name = "PARTS", default_value = "changed")]
    redraw: RedrawChoice,

    /// Do not use the settings that `strikeline tune` found for this adapter and size
    #[arg(long, hide_short_help = true)]
    no_tuned: bool,

    // The last one: what follows would have its heading.
    #[command(flatten)]
    encoder: EncoderArgs,
}

/// How much of each frame is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RedrawChoice {
    /// Only what changed.
    Changed,
    /// The whole frame.
    All,
    /// Both, to compare them; slow.
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

    /// The codec that was given, or that of the configuration; `None` for the usual one.
    pub(crate) fn codec(&self) -> Option<&'static VideoCodec> {
        self.encoder.codec()
    }

    /// The codec that was given; `None` if the output may choose it.
    pub(crate) fn given_codec(&self) -> Option<&'static VideoCodec> {
        self.encoder.given_codec()
    }

    /// The tuned settings that are used for `picture`; `None` if there are none, or all are given.
    pub(crate) fn tuned_split(&self, picture: &PictureArgs) -> Option<WorkSplit> {
        let chosen = (!self.no_tuned).then(|| self.given_split().or_tuned(picture))?;
        chosen.note.is_some().then_some(chosen.split)
    }

    fn given_split(&self) -> GivenSplit {
        GivenSplit { ring: self.ring, jobs: self.jobs, segments: self.segments, devices: self.devices }
    }

    /// The factory of the encoders of `codec`.
    ///
    /// # Errors
    /// As [`VideoCodec::factory`].
    pub(crate) fn factory(&self, codec: &VideoCodec) -> anyhow::Result<Arc<dyn EncoderFactory>> {
        self.encoder.factory(codec)
    }

    /// The bits that the pictures may take.
    pub(crate) fn rate_control(&self) -> RateControl {
        // That it is possible was seen when the encoders were made.
        self.encoder.rate_control().unwrap_or_default()
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
        let given = self.given_split();
        let chosen = if self.no_tuned { given.or_default() } else { given.or_tuned(picture) };
        if let Some(warning) = chosen.warning {
            messages.warn(warning);
        }
        let why = match &chosen.note {
            Some(_) => "as tuned, where nothing is given",
            None if self.splits() => "as given, the rest by default",
            None => "the default",
        };
        messages.chosen("work", format_args!("{} ({why})", chosen.split));
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
