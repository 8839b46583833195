//! The codecs of videos: one row of [`CODECS`] for each.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use strikeline_picture::PixelFormat;
use wgpu_video::encode::animation::{GifFactory, LosslessFactory};
use wgpu_video::encode::ffmpeg::{EncoderOption, FfmpegCodec, FfmpegFactory, FfmpegProgram, ProgramError};
use wgpu_video::encode::h264::{Effort, H264Factory, RateControl};
#[cfg(feature = "openh264")]
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::pictures::{self, PictureFactory};
#[cfg(feature = "rav1e")]
use wgpu_video::encode::rav1e::Rav1eFactory;
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::encode::{EncoderFactory, H264Quality, Joining, Planes};

use super::args::BitRateArgs;
use super::messages::Messages;
use super::video_format::VideoFormat;
use super::words::listed;
use super::{UsageError, given};

/// A codec, or one of several encoders of a codec.
#[derive(Debug)]
pub(crate) struct VideoCodec {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The formats that can have it, the usual one first.
    pub formats: &'static [VideoFormat],
    /// Makes its encoders.
    maker: Maker,
}

/// What makes the encoders of a codec.
#[derive(Debug, Clone, Copy)]
enum Maker {
    /// The H.264 encoder of this program.
    H264,
    /// A part of this program.
    BuiltIn(fn(H264Quality) -> Arc<dyn EncoderFactory>),
    /// The same, for planes of luma and chroma in any format.
    AnyFormat(fn(H264Quality, PixelFormat) -> Arc<dyn EncoderFactory>),
    /// An installed ffmpeg. Its options are in [`FfmpegCodec`] under the same name.
    Ffmpeg,
}

/// What the encoders are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MakerSettings<'a> {
    pub quality: H264Quality,
    /// How fine chroma is, and how many bits samples have; `None` for what is usual for the codec.
    pub pixels: Option<PixelFormat>,
    /// The program to start, or its name.
    pub ffmpeg: &'a OsStr,
    pub options: &'a [EncoderOption],
    /// How much work goes into finding fewer bytes; `None` for what is usual.
    pub effort: Option<Effort>,
    /// The bits that the pictures may take.
    pub rate_control: RateControl,
    /// How long ffmpeg may do nothing.
    pub patience: Option<Duration>,
}

use VideoFormat::{
    Apng, Gif, JpegFiles, Matroska, Mov, Mp4, Nv12, PngFiles, QoiFiles, Rgba, WebM, WebP, WebPFiles, Y4m,
};

/// A row for a codec of ffmpeg.
const fn of_ffmpeg(name: &'static str, about: &'static str, formats: &'static [VideoFormat]) -> VideoCodec {
    VideoCodec { name, about, formats, maker: Maker::Ffmpeg }
}

/// All of them. Of the codecs that a format can have, the first is used when none is chosen.
pub(crate) const CODECS: &[VideoCodec] = &[
    VideoCodec {
        name: "h264",
        about: "H.264 by the built-in encoder, made for rendered animation",
        formats: &[Mp4, Mov, Matroska],
        maker: Maker::H264,
    },
    #[cfg(feature = "openh264")]
    VideoCodec {
        name: "openh264",
        about: "H.264 by openh264",
        formats: &[Mp4, Mov, Matroska],
        maker: Maker::BuiltIn(|quality| Arc::new(OpenH264::new(quality))),
    },
    of_ffmpeg("x264", "H.264 by x264 (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("x265", "HEVC by x265 (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("vp9", "VP9 by libvpx (ffmpeg)", &[WebM, Matroska, Mp4]),
    of_ffmpeg("svt-av1", "AV1 by SVT-AV1 (ffmpeg)", &[Mp4, Matroska, WebM]),
    of_ffmpeg("aom-av1", "AV1 by libaom, slow (ffmpeg)", &[Mp4, Matroska, WebM]),
    #[cfg(feature = "rav1e")]
    VideoCodec {
        name: "rav1e",
        about: "AV1 by rav1e, without another program; slow",
        formats: &[Mp4, Matroska, WebM],
        maker: Maker::AnyFormat(|quality, format| {
            Arc::new(Rav1eFactory::new(quality).with_pixel_format(format))
        }),
    },
    of_ffmpeg("prores", "ProRes 422, for editing (ffmpeg)", &[Mov]),
    of_ffmpeg("dnxhr", "DNxHR, for editing (ffmpeg)", &[Mov]),
    of_ffmpeg("ffv1", "FFV1, lossless (ffmpeg)", &[Matroska]),
    of_ffmpeg("prores4444", "ProRes 4444 with alpha, for editing (ffmpeg)", &[Mov]),
    of_ffmpeg("vp9-alpha", "VP9 with alpha, for web pages (ffmpeg)", &[WebM, Matroska]),
    of_ffmpeg("ffv1-rgba", "FFV1 with alpha, lossless (ffmpeg)", &[Matroska]),
    VideoCodec {
        name: "png",
        about: "PNG pictures with alpha, lossless: in one file, or a file for each frame",
        formats: &[Mov, PngFiles],
        maker: Maker::BuiltIn(|quality| Arc::new(PictureFactory::new(&pictures::PNG, quality))),
    },
    VideoCodec {
        name: "qoi",
        about: "a QOI picture with alpha for each frame, lossless, fastest",
        formats: &[QoiFiles],
        maker: Maker::BuiltIn(|quality| Arc::new(PictureFactory::new(&pictures::QOI, quality))),
    },
    VideoCodec {
        name: "jpeg",
        about: "a JPEG picture for each frame",
        formats: &[JpegFiles],
        maker: Maker::BuiltIn(|quality| Arc::new(PictureFactory::new(&pictures::JPEG, quality))),
    },
    VideoCodec {
        name: "webp",
        about: "a WebP picture with alpha for each frame, lossless",
        formats: &[WebPFiles],
        maker: Maker::BuiltIn(|quality| Arc::new(PictureFactory::new(&pictures::WEBP, quality))),
    },
    of_ffmpeg("h264_nvenc", "H.264 on NVIDIA GPUs (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("hevc_nvenc", "HEVC on NVIDIA GPUs (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("av1_nvenc", "AV1 on NVIDIA GPUs (ffmpeg)", &[Mp4, Matroska, WebM]),
    of_ffmpeg("h264_vaapi", "H.264 by VAAPI (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("hevc_vaapi", "HEVC by VAAPI (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("av1_vaapi", "AV1 by VAAPI (ffmpeg)", &[Mp4, Matroska, WebM]),
    of_ffmpeg("h264_qsv", "H.264 on Intel GPUs (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("hevc_qsv", "HEVC on Intel GPUs (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("av1_qsv", "AV1 on Intel GPUs (ffmpeg)", &[Mp4, Matroska, WebM]),
    of_ffmpeg("h264_videotoolbox", "H.264 on Apple devices (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("hevc_videotoolbox", "HEVC on Apple devices (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("h264_amf", "H.264 on AMD GPUs (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("hevc_amf", "HEVC on AMD GPUs (ffmpeg)", &[Mp4, Mov, Matroska]),
    of_ffmpeg("av1_amf", "AV1 on AMD GPUs (ffmpeg)", &[Mp4, Matroska, WebM]),
    VideoCodec {
        name: "gif",
        about: "GIF animation, up to 256 colours in each picture",
        formats: &[Gif],
        maker: Maker::BuiltIn(|_| Arc::new(GifFactory)),
    },
    VideoCodec {
        name: "apng",
        about: "PNG animation with alpha, lossless",
        formats: &[Apng],
        maker: Maker::BuiltIn(|_| Arc::new(LosslessFactory::APNG)),
    },
    VideoCodec {
        name: "webp-animation",
        about: "WebP animation with alpha, lossless",
        formats: &[WebP],
        maker: Maker::BuiltIn(|_| Arc::new(LosslessFactory::WEBP)),
    },
    VideoCodec {
        name: "y4m",
        about: "frames that are not compressed, with size and rate (YUV4MPEG2)",
        formats: &[Y4m],
        maker: Maker::AnyFormat(|_, format| Arc::new(RawEncoder::Yuv4Mpeg2(format))),
    },
    VideoCodec {
        name: "nv12",
        about: "frames that are not compressed, and nothing else",
        formats: &[Nv12],
        maker: Maker::BuiltIn(|_| Arc::new(RawEncoder::Nv12)),
    },
    VideoCodec {
        name: "rgba",
        about: "frames with alpha that are not compressed, and nothing else",
        formats: &[Rgba],
        maker: Maker::BuiltIn(|_| Arc::new(RawEncoder::Rgba)),
    },
];

/// The codecs that an error names: there are so many that a list of all is not read.
const USUAL: [&str; 9] = ["h264", "x264", "x265", "vp9", "svt-av1", "prores", "png", "gif", "y4m"];

/// The codecs for which a quality means nothing: they are lossless, or do not compress, or have no choice.
const WITHOUT_QUALITY: [&str; 12] = [
    "prores4444",
    "ffv1",
    "ffv1-rgba",
    "png",
    "qoi",
    "webp",
    "gif",
    "apng",
    "webp-animation",
    "y4m",
    "nv12",
    "rgba",
];

/// How to see all codecs, for an error.
pub(crate) const ALL_CODECS: &str = "`strikeline render --help` lists all";

/// The names of the usual codecs.
pub(crate) fn usual_codecs() -> String {
    USUAL.join(", ")
}

/// `codecs` by name, where there are few; else the usual ones of them, and how to see all.
pub(crate) fn some_codecs(codecs: impl Iterator<Item = &'static VideoCodec>, word: &str) -> String {
    let names: Vec<&str> = codecs.map(|codec| codec.name).collect();
    if names.len() <= USUAL.len() {
        return listed(names, word);
    }
    let usual: Vec<&str> = names.iter().copied().filter(|name| USUAL.contains(name)).collect();
    let first = if usual.is_empty() { names[..3].to_vec() } else { usual };
    format!("{} ({ALL_CODECS})", listed(first, word))
}

impl VideoCodec {
    /// The one that is used when nothing says another.
    pub(crate) const DEFAULT: &'static VideoCodec = &CODECS[0];

    /// The codec whose name is like `name`, which is none: the same letters in capitals or with other signs, or one that begins
    /// so.
    pub(crate) fn like(name: &str) -> Option<&'static VideoCodec> {
        let plain = |name: &str| {
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
        };
        let wanted = plain(name);
        let others = [
            ("hevc", "x265"),
            ("h265", "x265"),
            ("av1", "svt-av1"),
            ("libx264", "x264"),
            ("libx265", "x265"),
        ];
        let other =
            others.iter().find(|(other, _)| *other == wanted).and_then(|(_, name)| VideoCodec::find(name));
        let is_meant = |codec: &&VideoCodec| plain(codec.name) == wanted;
        let begins = |codec: &&VideoCodec| wanted.len() >= 3 && plain(codec.name).starts_with(&wanted);
        other.or_else(|| CODECS.iter().find(is_meant)).or_else(|| CODECS.iter().find(begins))
    }

    /// Whether its bits can be limited.
    pub(crate) fn is_limited(&self) -> bool {
        matches!(self.maker, Maker::H264)
    }

    /// The codec called `name`.
    pub(crate) fn find(name: &str) -> Option<&'static VideoCodec> {
        CODECS.iter().find(|codec| codec.name == name)
    }

    /// The planes that its encoders are given, the usual ones first.
    fn planes(&self) -> Vec<Planes> {
        let yuv = |formats: &[PixelFormat]| formats.iter().map(|&format| Planes::Yuv(format)).collect();
        match self.maker {
            Maker::H264 => vec![Planes::Yuv(PixelFormat::NV12)],
            Maker::BuiltIn(make) => vec![make(H264Quality::DEFAULT).planes()],
            Maker::AnyFormat(_) => yuv(&PixelFormat::ALL),
            Maker::Ffmpeg => match FfmpegCodec::find(self.name).map(|codec| codec.formats) {
                None | Some([]) => vec![Planes::Rgba],
                Some(formats) => yuv(formats),
            },
        }
    }

    /// Whether `--quality` means something for it.
    pub(crate) fn has_quality(&self) -> bool {
        !WITHOUT_QUALITY.contains(&self.name)
    }

    /// Whether it makes animated pictures.
    pub(crate) fn is_animation(&self) -> bool {
        self.formats.iter().any(|format| format.is_animation())
    }

    /// Whether a format that can have it can also have sound.
    pub(crate) fn may_have_sound(&self) -> bool {
        self.formats.iter().any(|format| format.has_sound())
    }

    /// Whether its pictures may have alpha.
    pub(crate) fn has_alpha(&self) -> bool {
        match self.maker {
            Maker::BuiltIn(make) => make(H264Quality::DEFAULT).keeps_alpha(),
            Maker::H264 | Maker::AnyFormat(_) => false,
            Maker::Ffmpeg => self.planes().contains(&Planes::Rgba),
        }
    }

    /// The formats of luma and chroma that it can have, the usual one first.
    pub(crate) fn pixel_formats(&self) -> impl Iterator<Item = PixelFormat> {
        self.planes().into_iter().filter_map(Planes::pixel_format)
    }

    /// The option --pixel-format, if it was given.
    ///
    /// # Errors
    /// When the codec cannot have that format. The text says which ones it can have, and which codecs can have it.
    fn check_pixels(&self, given: Option<PixelFormat>) -> Result<Option<PixelFormat>, UsageError> {
        let Some(wanted) = given else { return Ok(None) };
        if self.pixel_formats().any(|format| format == wanted) {
            return Ok(given);
        }
        let (name, wanted_name) = (self.name, wanted.name());
        let has = listed(self.pixel_formats().map(PixelFormat::name), "and");
        let has = if has.is_empty() { "no formats to choose from".to_owned() } else { format!("{has} only") };
        let others = CODECS.iter().filter(|codec| codec.pixel_formats().any(|format| format == wanted));
        let others = some_codecs(others, "or");
        Err(UsageError(format!(
            "--pixel-format {wanted_name}: {name} has {has}; for it, choose --codec {others}"
        )))
    }

    /// Refuses the option --transparent, if it `is_given`, where the pictures have no alpha.
    ///
    /// # Errors
    /// When it is.
    pub(crate) fn check_transparent(&self, is_given: bool) -> Result<(), UsageError> {
        if !is_given || self.has_alpha() {
            return Ok(());
        }
        let others = CODECS.iter().filter(|codec| codec.has_alpha());
        let others =
            listed(others.map(|codec| format!("{} (.{})", codec.name, codec.formats[0].ending())), "or");
        let name = self.name;
        Err(UsageError(format!(
            "--transparent: {name} has no alpha; with --codec, choose one that has: {others}"
        )))
    }

    /// How the pictures of a video are divided among its encoders.
    pub(crate) fn joining(&self) -> Joining {
        match self.maker {
            Maker::H264 => H264Factory::default().joining(),
            Maker::BuiltIn(make) => make(H264Quality::DEFAULT).joining(),
            Maker::AnyFormat(make) => make(H264Quality::DEFAULT, PixelFormat::NV12).joining(),
            Maker::Ffmpeg => Joining::Segments,
        }
    }

    /// Refuses limits of the bits that the command line gives for another codec than h264.
    fn check_rate_control(&self) -> Result<(), UsageError> {
        let Some(given) = BitRateArgs::given().filter(|_| !matches!(self.maker, Maker::H264)) else {
            return Ok(());
        };
        let instead = match self.maker {
            Maker::Ffmpeg => {
                "; its encoder may have options of its own for that, for each segment by itself, such as --codec-option \
                 maxrate=8M with --codec-option bufsize=8M"
            }
            _ => "",
        };
        let (verb, name) = (if given.contains(" and ") { "are" } else { "is" }, self.name);
        Err(UsageError(format!("{given} {verb} for the codec h264, and this is {name}{instead}")))
    }

    /// Whether an installed ffmpeg makes it.
    pub(crate) fn uses_ffmpeg(&self) -> bool {
        matches!(self.maker, Maker::Ffmpeg)
    }

    /// Warns of options that have no effect with this codec: its quality, if there is none to choose, and those for ffmpeg, if it
    /// does without.
    pub(crate) fn tell_unused(&self, messages: &mut Messages) {
        if !self.uses_ffmpeg() {
            let why = format!("the codec {} is a part of strikeline", self.name);
            given::without_effect(&["ffmpeg"], why).iter().for_each(|warning| messages.warn(warning));
        }
        if given::has("quality") && !self.has_quality() {
            messages.warn(format_args!("--quality has no effect: {} has none to choose", self.name));
        }
    }

    /// Makes the encoders.
    ///
    /// # Errors
    /// When ffmpeg is needed and missing, or lacks the encoder; when there are options and no ffmpeg to take them; when the
    /// pictures cannot have the format.
    pub(crate) fn factory(&self, settings: MakerSettings<'_>) -> anyhow::Result<Arc<dyn EncoderFactory>> {
        let pixels = self.check_pixels(settings.pixels)?;
        // A default of the configuration file is for the codec h264 alone.
        if given::has("effort") && settings.effort.is_some() && !matches!(self.maker, Maker::H264) {
            let instead = match self.maker {
                Maker::Ffmpeg => {
                    "; its encoder has options of its own for that, such as --codec-option preset=slow"
                }
                _ => "",
            };
            let text = format!("--effort is for the codec h264, and this is {}{instead}", self.name);
            return Err(UsageError(text).into());
        }
        self.check_rate_control()?;
        match self.maker {
            Maker::H264 | Maker::BuiltIn(_) | Maker::AnyFormat(_) if !settings.options.is_empty() => {
                let text =
                    format!("--codec-option is for the codecs of ffmpeg, and {} is none of them", self.name);
                Err(UsageError(text).into())
            }
            Maker::H264 => {
                let effort = settings.effort.unwrap_or_default();
                let factory = H264Factory::new(settings.quality).with_effort(effort);
                Ok(Arc::new(factory.with_rate_control(settings.rate_control)))
            }
            Maker::BuiltIn(make) => Ok(make(settings.quality)),
            Maker::AnyFormat(make) => Ok(make(settings.quality, pixels.unwrap_or_default())),
            Maker::Ffmpeg => {
                let codec = FfmpegCodec::find(self.name).context("ffmpeg has no such codec")?;
                let factory = FfmpegFactory::new(
                    found_ffmpeg(settings.ffmpeg, settings.patience)?,
                    codec,
                    settings.quality,
                )?;
                let factory = match pixels {
                    Some(format) => factory.with_pixel_format(format).context("ffmpeg has no such format")?,
                    None => factory,
                };
                let factory = factory.with_options(settings.options.to_vec());
                Ok(Arc::new(match settings.patience {
                    Some(patience) => factory.with_patience(patience),
                    None => factory,
                }))
            }
        }
    }
}

/// The ffmpeg called `program`. It is asked only once for what it has.
///
/// # Errors
/// When it cannot be used.
fn found_ffmpeg(program: &OsStr, patience: Option<Duration>) -> Result<FfmpegProgram, ProgramError> {
    static FOUND: Mutex<Vec<FfmpegProgram>> = Mutex::new(Vec::new());
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = found.iter().find(|known| known.program() == program) {
        return Ok(known.clone());
    }
    let new = match patience {
        Some(patience) => FfmpegProgram::find_within(program, patience)?,
        None => FfmpegProgram::find(program)?,
    };
    found.push(new.clone());
    Ok(new)
}
