//! Encoder and quality: the options of every subcommand that encodes.

use std::sync::Arc;

use wgpu_video::encode::h264::H264Factory;
#[cfg(feature = "openh264")]
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::{EncoderFactory, H264Quality};

/// Encoder and quality.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EncoderArgs {
    /// Constant quality on H.264's scale: 0 (best, largest file) to 51.
    #[arg(long, value_name = "QP", default_value_t = H264Quality::DEFAULT.qp(), value_parser = clap::value_parser!(u8).range(0..=51))]
    quality: u8,

    /// Encoder: h264 (the built-in encoder, made for rendered animation) or openh264.
    #[arg(long, value_name = "NAME", default_value = "h264")]
    encoder: EncoderChoice,
}

/// The encoders that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum EncoderChoice {
    #[cfg(feature = "openh264")]
    Openh264,
    H264,
}

impl EncoderArgs {
    /// The quality to encode with.
    pub(crate) fn quality(&self) -> H264Quality {
        H264Quality::new(self.quality).unwrap_or_default()
    }

    /// The factory of the chosen encoder.
    pub(crate) fn factory(&self) -> Arc<dyn EncoderFactory> {
        match self.encoder {
            #[cfg(feature = "openh264")]
            EncoderChoice::Openh264 => Arc::new(OpenH264::new(self.quality())),
            EncoderChoice::H264 => Arc::new(H264Factory::new(self.quality())),
        }
    }
}
