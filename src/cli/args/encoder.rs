//! Codec and quality: the options of every subcommand that encodes.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use strikeline_picture::{PixelFormat, Time};
use wgpu_video::encode::ffmpeg::EncoderOption;
use wgpu_video::encode::{EncoderFactory, H264Quality};

use super::length;
use crate::cli::codecs::{CODECS, MakerSettings, VideoCodec};

/// Codec and quality.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EncoderArgs {
    /// Constant quality on H.264's scale: 0 (best, largest file) to 51.
    #[arg(long, value_name = "QP", default_value_t = H264Quality::DEFAULT.qp(), value_parser = clap::value_parser!(u8).range(0..=51))]
    quality: u8,

    /// Codec of the pictures, or encoder of the codec [default: what is usual for the output, h264 for MP4].
    #[arg(long, alias = "encoder", value_name = "NAME", value_parser = codecs())]
    codec: Option<&'static VideoCodec>,

    /// How fine colours are, and bits of a sample: 10 bits show no steps in gradients, and 4:4:4 keeps thin coloured lines sharp.
    /// Not all codecs and players take all [default: yuv420p, or what is usual for the codec].
    #[arg(long, value_name = "FORMAT", value_parser = pixel_formats())]
    pixel_format: Option<PixelFormat>,

    /// Option for an encoder of ffmpeg, such as preset=slow; may be repeated. `ffmpeg -h encoder=libx264` lists those of one.
    ///
    /// It takes the place of the option of that name that would be used. A list such as x265-params is added to that.
    #[arg(long, value_name = "KEY=VALUE", value_parser = codec_option)]
    codec_option: Vec<EncoderOption>,

    /// The ffmpeg that encodes, if the codec needs it [default: the environment variable STRIKELINE_FFMPEG, or ffmpeg].
    #[arg(long, value_name = "PROGRAM")]
    ffmpeg: Option<OsString>,

    /// Time that ffmpeg may do nothing.
    #[arg(long, value_name = "TIME", value_parser = length, hide = true)]
    ffmpeg_patience: Option<Time>,
}

/// Parses an option for an encoder of ffmpeg.
fn codec_option(text: &str) -> Result<EncoderOption, String> {
    let (name, value) = text.split_once('=').ok_or("give KEY=VALUE, such as preset=slow")?;
    EncoderOption::new(name, value).ok_or_else(|| format!("{name} is no option of an encoder"))
}

/// Parses the name of a format.
fn pixel_formats() -> impl TypedValueParser<Value = PixelFormat> {
    PossibleValuesParser::new(PixelFormat::ALL.map(PixelFormat::name)).try_map(|name| {
        let known = PixelFormat::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| format!("there is no format {name}"))
    })
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
    ///
    /// # Errors
    /// As [`VideoCodec::factory`].
    pub(crate) fn factory(&self, codec: &VideoCodec) -> anyhow::Result<Arc<dyn EncoderFactory>> {
        let patience = self.ffmpeg_patience.map(|time| u64::try_from(time.as_nanos()).unwrap_or(0));
        codec.factory(MakerSettings {
            quality: self.quality(),
            pixels: self.pixel_format,
            ffmpeg: &ffmpeg_or_usual(self.ffmpeg.as_deref()),
            options: &self.codec_option,
            patience: patience.map(Duration::from_nanos),
        })
    }
}

/// The ffmpeg that `--ffmpeg` names, or the usual one.
pub(crate) fn ffmpeg_or_usual(given: Option<&OsStr>) -> OsString {
    let usual = || std::env::var_os("STRIKELINE_FFMPEG").filter(|program| !program.is_empty());
    given.map(OsStr::to_owned).or_else(usual).unwrap_or_else(|| "ffmpeg".into())
}
