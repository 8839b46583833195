//! The formats of video files, and which of them a name or a codec asks for.

use std::path::Path;

use strikeline_picture::shown;
use wgpu_video::mux::Container;
use wgpu_video::output::{NumberedNames, has_number};

use super::UsageError;
use super::codecs::{CODECS, VideoCodec, some_codecs};
use super::formats::is_standard_stream;
use super::words::listed;

/// The format of a video file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VideoFormat {
    Mp4,
    /// QuickTime.
    Mov,
    Matroska,
    WebM,
    /// An animated picture.
    Gif,
    /// An animated picture, PNG.
    Apng,
    /// An animated picture, WebP.
    WebP,
    /// YUV4MPEG2: frames that are not compressed, with their size and rate.
    Y4m,
    /// Frames that are not compressed, one behind the other.
    Nv12,
    /// The same with alpha.
    Rgba,
    /// A PNG file for each frame.
    PngFiles,
    /// A QOI file for each frame.
    QoiFiles,
    /// A JPEG file for each frame.
    JpegFiles,
    /// A WebP file for each frame.
    WebPFiles,
}

impl VideoFormat {
    /// All of them.
    const ALL: [VideoFormat; 14] = [
        VideoFormat::Mp4,
        VideoFormat::Mov,
        VideoFormat::Matroska,
        VideoFormat::WebM,
        VideoFormat::Gif,
        VideoFormat::Apng,
        VideoFormat::WebP,
        VideoFormat::Y4m,
        VideoFormat::Nv12,
        VideoFormat::Rgba,
        VideoFormat::PngFiles,
        VideoFormat::QoiFiles,
        VideoFormat::JpegFiles,
        VideoFormat::WebPFiles,
    ];

    /// Its name in texts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            VideoFormat::Mp4 => "MP4",
            VideoFormat::Mov => "QuickTime",
            VideoFormat::Matroska => "Matroska",
            VideoFormat::WebM => "WebM",
            VideoFormat::Gif => "GIF",
            VideoFormat::Apng => "APNG",
            VideoFormat::WebP => "animated WebP",
            VideoFormat::Y4m => "YUV4MPEG2",
            VideoFormat::Nv12 => "raw NV12",
            VideoFormat::Rgba => "raw RGBA",
            VideoFormat::PngFiles => "PNG sequence",
            VideoFormat::QoiFiles => "QOI sequence",
            VideoFormat::JpegFiles => "JPEG sequence",
            VideoFormat::WebPFiles => "WebP sequence",
        }
    }

    /// The same, as what an output is: `an MP4 file`, `a PNG sequence`.
    pub(crate) fn with_article(self) -> String {
        let name = self.name();
        // As the names are spoken: em-pee-four, ay-png.
        let article = match self {
            VideoFormat::Mp4 | VideoFormat::Apng | VideoFormat::WebP => "an",
            _ => "a",
        };
        match self {
            VideoFormat::Y4m | VideoFormat::Nv12 | VideoFormat::Rgba => format!("{name} video"),
            VideoFormat::WebP => format!("{article} {name}"),
            _ if self.is_sequence() => format!("{article} {name}"),
            _ => format!("{article} {name} file"),
        }
    }

    /// How names of such files end, in small letters, the usual ending first.
    fn endings(self) -> &'static [&'static str] {
        match self {
            VideoFormat::Mp4 => &["mp4", "m4v"],
            VideoFormat::Mov => &["mov"],
            VideoFormat::Matroska => &["mkv"],
            VideoFormat::WebM => &["webm"],
            VideoFormat::Gif => &["gif"],
            VideoFormat::Apng => &["apng"],
            VideoFormat::WebP => &["webp"],
            VideoFormat::Y4m => &["y4m"],
            VideoFormat::Nv12 => &["nv12"],
            VideoFormat::Rgba => &["rgba"],
            VideoFormat::PngFiles => &["png"],
            VideoFormat::QoiFiles => &["qoi"],
            VideoFormat::JpegFiles => &["jpg", "jpeg"],
            VideoFormat::WebPFiles => &["webp"],
        }
    }

    /// The usual ending of names.
    pub(super) fn ending(self) -> &'static str {
        self.endings()[0]
    }

    /// The container that it is; `None` for frames that are not compressed, and for pictures that are files of their own.
    pub(super) fn container(self) -> Option<Container> {
        match self {
            VideoFormat::Mp4 => Some(Container::Mp4),
            VideoFormat::Mov => Some(Container::QuickTime),
            VideoFormat::Matroska => Some(Container::Matroska),
            VideoFormat::WebM => Some(Container::WebM),
            VideoFormat::Gif => Some(Container::Gif),
            VideoFormat::Apng => Some(Container::Apng),
            VideoFormat::WebP => Some(Container::WebP),
            VideoFormat::Y4m | VideoFormat::Nv12 | VideoFormat::Rgba => None,
            VideoFormat::PngFiles | VideoFormat::QoiFiles => None,
            VideoFormat::JpegFiles | VideoFormat::WebPFiles => None,
        }
    }

    /// Whether it is a file for each frame.
    pub(super) fn is_sequence(self) -> bool {
        use VideoFormat::{JpegFiles, PngFiles, QoiFiles, WebPFiles};
        matches!(self, PngFiles | QoiFiles | JpegFiles | WebPFiles)
    }

    /// Whether it can have sound.
    pub(super) fn has_sound(self) -> bool {
        self.container().is_some_and(|container| !container.is_animation())
    }

    /// Whether it is an animated picture.
    pub(crate) fn is_animation(self) -> bool {
        self.container().is_some_and(Container::is_animation)
    }

    /// Whether it can be written to a pipe, whose bytes cannot be changed later: MP4 in fragments.
    fn fits_pipe(self) -> bool {
        matches!(self, VideoFormat::Mp4 | VideoFormat::Y4m | VideoFormat::Nv12 | VideoFormat::Rgba)
    }

    /// The codecs that it can have, the one that is used when none is chosen first.
    fn codecs(self) -> impl Iterator<Item = &'static VideoCodec> {
        CODECS.iter().filter(move |codec| codec.formats.contains(&self))
    }

    /// The format that the ending of `output` says. Of several, it is one that `codec` can be in, if one was chosen; else a
    /// file for each frame if there is a number in the name.
    pub(super) fn of_ending(output: &Path, codec: Option<&VideoCodec>) -> Option<VideoFormat> {
        let ending = output.extension()?;
        let name = output.file_name().unwrap_or_default();
        let is_numbered = has_number(name);
        let is =
            |format: &VideoFormat| format.endings().iter().any(|known| ending.eq_ignore_ascii_case(known));
        let suits = |format: &VideoFormat| match codec {
            Some(codec) => codec.formats.contains(format),
            None => format.is_sequence() == is_numbered,
        };
        let mut named: Vec<VideoFormat> = VideoFormat::ALL.into_iter().filter(is).collect();
        named.sort_by_key(|format| !suits(format));
        named.first().copied()
    }
}

/// What a video is written as.
#[derive(Debug, Clone, Copy)]
pub(super) struct VideoKind {
    pub format: VideoFormat,
    pub codec: &'static VideoCodec,
    /// Whether an MP4 file is written in fragments, from front to back.
    pub fragmented: bool,
}

impl VideoKind {
    /// For a video that is coded in `codec`, if one was chosen, in the format that is usual for it.
    pub(super) fn usual(codec: Option<&'static VideoCodec>) -> VideoKind {
        let codec = codec.unwrap_or(VideoCodec::DEFAULT);
        VideoKind { format: codec.formats[0], codec, fragmented: false }
    }

    /// For a video called `output`, which `option` names, coded in `codec`, if one was chosen. The ending of the name says the
    /// format; without one it is the usual format of the codec.
    ///
    /// # Errors
    /// When the ending is that of no video, the format cannot have this codec, `output` is a pipe and the format cannot go
    /// there, or it needs a number in the name ([`NumberedNames`]). The text says what can be.
    pub(super) fn of(
        option: &str,
        output: &Path,
        codec: Option<&'static VideoCodec>,
    ) -> Result<VideoKind, UsageError> {
        let is_pipe = is_standard_stream(output) || wgpu_video::stream::is_pipe(output);
        let ending = output.extension().filter(|ending| !ending.is_empty());
        let kind = match VideoFormat::of_ending(output, codec) {
            None if ending.is_some() && !is_pipe => {
                return Err(UsageError(format!(
                    "{option} {}: videos are written as {}; give a name that ends in {}",
                    shown(output),
                    listed(VideoFormat::ALL.map(VideoFormat::name), "or"),
                    listed(all_endings().into_iter().map(|ending| format!(".{ending}")), "or")
                )));
            }
            Some(format) => {
                let codec = codec.or_else(|| format.codecs().next()).unwrap_or(VideoCodec::DEFAULT);
                VideoKind { format, codec, fragmented: false }
            }
            None => VideoKind::usual(codec),
        };
        if !kind.codec.formats.contains(&kind.format) {
            return Err(UsageError(kind.mismatch(option, output)));
        }
        if is_pipe && !kind.format.fits_pipe() {
            let name = kind.format.name();
            let why = match kind.format.is_sequence() {
                true => format!("{} is many files", kind.format.with_article()),
                false => format!("{name} files are completed when all is there"),
            };
            return Err(UsageError(format!(
                "{option} {}: {why}, so it cannot go to standard output or a pipe; choose --codec {}, or give the name of a file \
                 (./- for one called -)",
                shown(output),
                some_codecs(piped(), "or"),
            )));
        }
        if kind.format.is_sequence() {
            let named = NumberedNames::parse(output, 1);
            named.map_err(|error| UsageError(format!("{option} {}: {error}", shown(output))))?;
        }
        let fragmented = is_pipe && kind.format == VideoFormat::Mp4;
        Ok(VideoKind { fragmented, ..kind })
    }

    /// The same, written in fragments from front to back.
    ///
    /// # Errors
    /// When the format has none.
    pub(super) fn in_fragments(self) -> Result<VideoKind, UsageError> {
        match self.format {
            VideoFormat::Mp4 => Ok(VideoKind { fragmented: true, ..self }),
            other => {
                let name = other.with_article();
                Err(UsageError(format!("--fragmented is for MP4 files, and the output is {name}")))
            }
        }
    }

    /// Says that the format cannot have the codec, and what can be.
    fn mismatch(self, option: &str, output: &Path) -> String {
        let endings =
            self.codec.formats.iter().flat_map(|format| format.endings()).map(|ending| format!(".{ending}"));
        format!(
            "{option} {}: {} files cannot have the codec {}; give a name that ends in {}, or choose --codec {}",
            shown(output),
            self.format.name(),
            self.codec.name,
            listed(endings, "or"),
            some_codecs(self.format.codecs(), "or"),
        )
    }
}

/// The endings of the names of all formats, each once.
fn all_endings() -> Vec<&'static str> {
    let mut endings: Vec<&'static str> = Vec::new();
    for ending in VideoFormat::ALL.iter().flat_map(|format| format.endings()) {
        if !endings.contains(ending) {
            endings.push(ending);
        }
    }
    endings
}

/// The codecs that can go to a pipe.
fn piped() -> impl Iterator<Item = &'static VideoCodec> {
    CODECS.iter().filter(|codec| codec.formats.iter().any(|format| format.fits_pipe()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(output: &str, codec: Option<&str>) -> Result<(VideoFormat, &'static str), String> {
        let codec = codec.map(|name| VideoCodec::find(name).unwrap());
        let kind = VideoKind::of("--output", Path::new(output), codec).map_err(|error| error.to_string())?;
        Ok((kind.format, kind.codec.name))
    }

    #[test]
    fn the_ending_chooses_the_format_and_the_format_the_codec() {
        use VideoFormat::{Mp4, Nv12, Y4m};
        for (output, codec, expected) in [
            ("song.mp4", None, (Mp4, "h264")),
            ("song.MP4", None, (Mp4, "h264")),
            ("a.b.m4v", None, (Mp4, "h264")),
            ("song", None, (Mp4, "h264")),
            ("song.", None, (Mp4, "h264")),
            (".mp4", None, (Mp4, "h264")),
            ("folder.webm/song", None, (Mp4, "h264")),
            ("./-", None, (Mp4, "h264")),
            ("/dev/null", None, (Mp4, "h264")),
            ("/dev/null", Some("y4m"), (Y4m, "y4m")),
            ("song.y4m", None, (Y4m, "y4m")),
            ("song.nv12", None, (Nv12, "nv12")),
            ("song", Some("nv12"), (Nv12, "nv12")),
            ("-", Some("y4m"), (Y4m, "y4m")),
            ("-", None, (Mp4, "h264")),
            ("song.mov", None, (VideoFormat::Mov, "h264")),
            ("song.mkv", None, (VideoFormat::Matroska, "h264")),
            ("song.webm", None, (VideoFormat::WebM, "vp9")),
            ("song.webm", Some("svt-av1"), (VideoFormat::WebM, "svt-av1")),
            ("song", Some("prores"), (VideoFormat::Mov, "prores")),
            ("song", Some("png"), (VideoFormat::Mov, "png")),
            ("out/%06d.png", None, (VideoFormat::PngFiles, "png")),
            ("out/%d.JPEG", None, (VideoFormat::JpegFiles, "jpeg")),
            ("%04d.jpg", Some("jpeg"), (VideoFormat::JpegFiles, "jpeg")),
            ("%04d", Some("webp"), (VideoFormat::WebPFiles, "webp")),
            ("%04d.webp", None, (VideoFormat::WebPFiles, "webp")),
            ("100%.webp", None, (VideoFormat::WebP, "webp-animation")),
            ("loop.gif", None, (VideoFormat::Gif, "gif")),
            ("loop.APNG", None, (VideoFormat::Apng, "apng")),
            ("loop.webp", None, (VideoFormat::WebP, "webp-animation")),
            ("loop", Some("webp-animation"), (VideoFormat::WebP, "webp-animation")),
        ] {
            assert_eq!(kind(output, codec), Ok(expected), "{output} {codec:?}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_can() {
        for (output, codec, words) in [
            ("song.avi", None, &["--output song.avi", ".mp4", ".y4m"][..]),
            ("song.mp4.png", None, &[".mp4"]),
            ("song.mp4", Some("y4m"), &["MP4 files cannot", ".y4m", "h264"]),
            ("song.y4m", Some("h264"), &["YUV4MPEG2 files cannot", ".mp4", "--codec y4m"]),
            ("-", Some("prores"), &["QuickTime files", "h264", "y4m", "./-"]),
            ("song.webm", Some("x264"), &["WebM files cannot", ".mkv", "vp9"]),
            ("song.mp4", Some("ffv1"), &["MP4 files cannot", ".mkv"]),
            ("out/still.png", None, &["--output out/still.png", "out/still-%06d.png"]),
            ("out/%d-%d.png", None, &["two numbers"]),
            ("out/%06d.png", Some("qoi"), &["PNG sequence files cannot", ".qoi", "--codec png"]),
            ("-", Some("qoi"), &["a QOI sequence is many files", "y4m"]),
            ("loop.gif", Some("h264"), &["GIF files cannot", ".mp4", "--codec gif"]),
            ("-", Some("apng"), &["APNG files", "y4m", "./-"]),
        ] {
            let error = kind(output, codec).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{output} {codec:?}: {error}");
        }
    }

    #[test]
    fn every_format_has_a_codec_and_every_codec_a_format_of_its_own_ending() {
        for format in VideoFormat::ALL {
            assert!(format.codecs().next().is_some(), "{}", format.name());
            assert_eq!(
                VideoFormat::of_ending(
                    Path::new(&format!(
                        "{}.{}",
                        if format.is_sequence() { "%d" } else { "a" },
                        format.ending()
                    )),
                    None
                ),
                Some(format)
            );
        }
        assert!(CODECS.iter().all(|codec| !codec.formats.is_empty()));
    }
}
