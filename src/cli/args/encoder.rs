//! Codec and quality: the options of every subcommand that encodes.

use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use wgpu_video::encode::{EncoderFactory, H264Quality};

use crate::cli::codecs::{CODECS, VideoCodec};

/// Codec and quality.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EncoderArgs {
    /// Constant quality on H.264's scale: 0 (best, largest file) to 51.
    #[arg(long, value_name = "QP", default_value_t = H264Quality::DEFAULT.qp(), value_parser = clap::value_parser!(u8).range(0..=51))]
    quality: u8,

    /// Codec of the pictures, or encoder of the codec [default: what is usual for the output, h264 for MP4].
    #[arg(long, alias = "encoder", value_name = "NAME", value_parser = codecs())]
    codec: Option<&'static VideoCodec>,
}

/// Parses the name of a codec.
fn codecs() -> impl TypedValueParser<Value = &'static VideoCodec> {
    let names = CODECS.iter().map(|codec| PossibleValue::new(codec.name).help(codec.about));
    PossibleValuesParser::new(names)
        .try_map(|name| VideoCodec::find(&name).ok_or_else(|| format!("there is no codec {name}")))
}

impl EncoderArgs {
    /// The quality to encode with.
    pub(crate) fn quality(&self) -> H264Quality {
        H264Quality::new(self.quality).unwrap_or_default()
    }

    /// The codec that was chosen; `None` for the usual one.
    pub(crate) fn codec(&self) -> Option<&'static VideoCodec> {
        self.codec
    }

    /// The factory of the encoders of `codec`.
    pub(crate) fn factory(&self, codec: &VideoCodec) -> Arc<dyn EncoderFactory> {
        codec.factory(self.quality())
    }
}
