//! Codec and quality: the options of every subcommand that encodes.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command};
use strikeline_picture::{PixelFormat, Time};
use wgpu_video::encode::ffmpeg::EncoderOption;
use wgpu_video::encode::h264::{Effort, RateControl};
use wgpu_video::encode::{EncoderFactory, H264Quality};

use super::bit_rate::BitRateArgs;
use super::{headings, length, whole_number};
use crate::cli::UsageError;
use crate::cli::codecs::{ALL_CODECS, CODECS, MakerSettings, VideoCodec, usual_codecs};

/// Codec and quality.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::ENCODING)]
pub(crate) struct EncoderArgs {
    /// Quality: 0 (best, largest file) to 51
    ///
    /// It is constant, on H.264's scale, unless --bitrate or --max-bitrate limits it. Lossless codecs, and frames that are not compressed, do not depend on it.
    #[arg(long, value_name = "QP", default_value_t = H264Quality::DEFAULT.qp(), value_parser = whole_number(0_u8..=51))]
    quality: u8,

    /// How much work goes into smaller files, with the codec h264 [default: fast]
    ///
    /// It matters where pictures change everywhere, as in perspective: there balanced makes files about a quarter smaller, in about two
    /// thirds more time and with more memory, or better at the same --bitrate. What stands still, or moves by whole pixels, costs the
    /// same time and bytes with each.
    #[arg(long, hide_short_help = true, value_name = "EFFORT", value_enum)]
    effort: Option<EffortChoice>,

    #[command(flatten)]
    bit_rate: BitRateArgs,

    /// Codec, such as h264, x265, svt-av1 or prores
    #[arg(long, alias = "encoder", value_name = "NAME", value_parser = CodecParser, hide_possible_values = true, long_help = about_codecs())]
    codec: Option<&'static VideoCodec>,

    /// Codec that is used where none is given and the output can have it.
    #[arg(long, value_name = "NAME", value_parser = CodecParser, hide = true)]
    usual_codec: Option<&'static VideoCodec>,

    /// How fine colours are, and bits of a sample [default: yuv420p, or what is usual for the codec]
    ///
    /// 10 bits show no steps in gradients, and 4:4:4 keeps thin coloured lines sharp. Not all codecs and players take all.
    #[arg(long, hide_short_help = true, value_name = "FORMAT", value_parser = pixel_formats())]
    pixel_format: Option<PixelFormat>,

    /// Option for an encoder of ffmpeg, such as preset=slow; may be repeated
    ///
    /// `ffmpeg -h encoder=libx264` lists those of one. It takes the place of the option of that name that would be used. A list such as x265-params is added to that.
    #[arg(long, hide_short_help = true, value_name = "KEY=VALUE", value_parser = codec_option)]
    codec_option: Vec<EncoderOption>,

    /// The ffmpeg that encodes, if the codec needs it [default: the environment variable STRIKELINE_FFMPEG, or ffmpeg]
    #[arg(long, hide_short_help = true, value_name = "PROGRAM")]
    ffmpeg: Option<OsString>,

    /// Time that ffmpeg may do nothing.
    #[arg(long, value_name = "TIME", value_parser = length, hide = true)]
    ffmpeg_patience: Option<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum EffortChoice {
    /// The least time.
    Fast,
    /// Fewer bytes, by searching for motion more carefully.
    Balanced,
    /// The fewest bytes.
    Small,
}

impl EffortChoice {
    fn effort(self) -> Effort {
        match self {
            EffortChoice::Fast => Effort::Fast,
            EffortChoice::Balanced => Effort::Balanced,
            EffortChoice::Small => Effort::Small,
        }
    }
}

/// The help of `--codec`, with all of them.
fn about_codecs() -> String {
    let mut text = "Codec of the pictures, or encoder of a codec\n\nThe default is what is usual for the output: h264 for MP4.\n"
        .to_owned();
    text.extend(CODECS.iter().map(|codec| format!("\n- {}: {}", codec.name, codec.about)));
    text
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

/// Parses the name of a codec. There are so many that an error names only the usual ones.
#[derive(Debug, Clone, Copy)]
struct CodecParser;

impl TypedValueParser for CodecParser {
    type Value = &'static VideoCodec;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<&'static VideoCodec, clap::Error> {
        if let Some(codec) = value.to_str().and_then(VideoCodec::find) {
            return Ok(codec);
        }
        let name = value.to_string_lossy();
        let option = arg.map_or_else(|| "--codec".to_owned(), ToString::to_string);
        let meant = VideoCodec::like(&name)
            .map(|codec| format!("\n\n  tip: there is a codec called '{}'", codec.name))
            .unwrap_or_default();
        let text = format!(
            "invalid value '{name}' for '{option}': there is no such codec; usual ones are {}, and {ALL_CODECS}{meant}\n",
            usual_codecs()
        );
        Err(clap::Error::raw(ErrorKind::InvalidValue, text).with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(CODECS.iter().map(|codec| PossibleValue::new(codec.name).help(codec.about))))
    }
}

impl EncoderArgs {
    /// The quality to encode with.
    pub(crate) fn quality(&self) -> H264Quality {
        H264Quality::new(self.quality).unwrap_or_default()
    }

    /// The bits that the pictures may take.
    ///
    /// # Errors
    /// When the options contradict each other.
    pub(crate) fn rate_control(&self) -> Result<RateControl, UsageError> {
        self.bit_rate.rate_control()
    }

    /// The codec that was given, or that of the configuration; `None` for the usual one.
    pub(crate) fn codec(&self) -> Option<&'static VideoCodec> {
        self.codec.or(self.usual_codec)
    }

    /// The codec that was given; `None` if the output may choose it.
    pub(crate) fn given_codec(&self) -> Option<&'static VideoCodec> {
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
            effort: self.effort.map(EffortChoice::effort),
            rate_control: self.rate_control()?,
            patience: patience.map(Duration::from_nanos),
        })
    }
}

/// The ffmpeg that `--ffmpeg` names, or the usual one.
pub(crate) fn ffmpeg_or_usual(given: Option<&OsStr>) -> OsString {
    let usual = || std::env::var_os("STRIKELINE_FFMPEG").filter(|program| !program.is_empty());
    given.map(OsStr::to_owned).or_else(usual).unwrap_or_else(|| "ffmpeg".into())
}
