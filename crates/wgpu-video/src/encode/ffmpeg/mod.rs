//! Encoders of an installed ffmpeg: a process for each segment.
//!
//! Frames go into the process as raw planes, and come back coded, in a file of fragments from which they are taken. ffmpeg is
//! started directly, never through a shell, and with one thread, because as many processes run as segments are encoded: so the
//! bytes do not depend on how the work was split.

mod codecs;
mod fragments;
mod process;
mod program;

pub use codecs::{FFMPEG_CODECS, FfmpegCodec};
pub use process::kill_all;
pub use program::{FfmpegProgram, ProgramError};

use std::process::Command;
use std::time::Duration;

use strikeline_picture::{FrameChange, Picture, PixelFormat, Plane, RgbaPicture, SegmentIndex};

use self::fragments::Frames;
use self::process::Process;
use super::raw::write_nv12;
use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality,
    Planes,
};

/// How long a process may do nothing while it is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Options of ffmpeg that belong to no encoder, or that name files: those are not taken from users of this crate.
const NOT_OPTIONS: [&str; 26] = [
    "i",
    "f",
    "y",
    "n",
    "c",
    "codec",
    "vcodec",
    "map",
    "ss",
    "t",
    "to",
    "fs",
    "frames",
    "r",
    "s",
    "vf",
    "filter",
    "filter_complex",
    "pass",
    "passlogfile",
    "stats",
    "attach",
    "progress",
    "report",
    "threads",
    "movflags",
];

/// An option for the encoder that a user gives: its name and value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderOption {
    name: String,
    value: String,
}

impl EncoderOption {
    /// The option `name`, as `ffmpeg -h encoder=NAME` lists it without the hyphen. `None` if it is no name of an option of an
    /// encoder: one that names a file, say, or changes the number of frames.
    pub fn new(name: &str, value: &str) -> Option<EncoderOption> {
        let letters = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
        let is_name = name.bytes().all(letters) && name.bytes().next().is_some_and(|first| first != b'-');
        let is_refused = NOT_OPTIONS.contains(&name) || name.contains("filter") || name.ends_with("file");
        (is_name && !is_refused).then(|| EncoderOption { name: name.to_owned(), value: value.to_owned() })
    }
}

/// What a process is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// The pictures, or their colours if alpha is coded apart.
    Pictures,
    /// Alpha as luma.
    Alpha,
}

/// Makes encoders that each are a process of ffmpeg, or two where alpha is coded apart.
#[derive(Debug, Clone)]
pub struct FfmpegFactory {
    program: FfmpegProgram,
    codec: &'static FfmpegCodec,
    planes: Planes,
    quality: H264Quality,
    options: Vec<EncoderOption>,
    patience: Duration,
}

impl FfmpegFactory {
    /// Encoders in `codec`, of constant quality: `quality` is translated to the scale of the codec.
    ///
    /// # Errors
    /// [`ProgramError::NoEncoder`] when `program` has none for it.
    pub fn new(
        program: FfmpegProgram,
        codec: &'static FfmpegCodec,
        quality: H264Quality,
    ) -> Result<FfmpegFactory, ProgramError> {
        program.check(codec)?;
        Ok(FfmpegFactory {
            program,
            codec,
            planes: codec.planes(),
            quality,
            options: Vec::new(),
            patience: PATIENCE,
        })
    }

    /// The same with options for the encoder. Each takes the place of the one that would be given; lists of parameters
    /// (`x265-params`) are added to those.
    #[must_use]
    pub fn with_options(self, options: Vec<EncoderOption>) -> FfmpegFactory {
        FfmpegFactory { options, ..self }
    }

    /// The same, given planes of luma and chroma in `format`. `None` if the codec does not take them.
    #[must_use]
    pub fn with_pixel_format(self, format: PixelFormat) -> Option<FfmpegFactory> {
        self.codec.formats.contains(&format).then_some(FfmpegFactory { planes: Planes::Yuv(format), ..self })
    }

    /// The same with another time that a process may do nothing while it is waited for; two minutes unless set.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> FfmpegFactory {
        FfmpegFactory { patience, ..self }
    }

    /// The options of the encoder: those of the codec, of the quality, and those that were given.
    fn encoder_options(&self, settings: Option<&EncoderSettings>) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        if let Some(settings) = settings {
            // Longer than the segment: no picture but the first needs to be a sync sample.
            all.push(("g".to_owned(), settings.segment_frames.clamp(1, 1 << 20).to_string()));
        }
        let mut set = |name: &str, value: String| match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) if name.ends_with("-params") => *known = format!("{known}:{value}"),
            Some((_, known)) => *known = value,
            None => all.push((name.to_owned(), value)),
        };
        self.codec.options.iter().for_each(|(name, value)| set(name, (*value).to_owned()));
        (self.codec.quality)(self.quality.qp(), self.planes.pixel_format().unwrap_or_default())
            .into_iter()
            .for_each(|(name, value)| set(name, value));
        self.options.iter().for_each(|option| set(&option.name, option.value.clone()));
        all
    }

    /// The command that encodes a segment of what it is `given`.
    fn command(&self, settings: &EncoderSettings, given: Given) -> Command {
        let (size, rate) = (settings.size, settings.frame_rate);
        let mut command = Command::new(self.program.program());
        command.env("AV_LOG_FORCE_NOCOLOR", "1");
        command.args(["-hide_banner", "-nostdin", "-nostats", "-v", "error"]);
        for (name, value) in self.codec.device {
            command.arg(format!("-{name}")).arg(value);
        }
        let colours = |command: &mut Command| {
            command.args(["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709"]);
            command.args(["-color_trc", "bt709", "-chroma_sample_location", "left"]);
        };
        let planes = if given == Given::Alpha { Planes::NV12 } else { self.planes };
        let is_rgba = planes == Planes::Rgba;
        let pixels = match planes {
            Planes::Rgba => "rgba",
            Planes::NV12 => "nv12",
            Planes::Yuv(format) => codecs::planar_name(format),
        };
        command.args(["-f", "rawvideo", "-pix_fmt", pixels]);
        command.arg("-video_size").arg(format!("{}x{}", size.width(), size.height()));
        command.arg("-framerate").arg(format!("{}/{}", rate.numerator(), rate.denominator()));
        if !is_rgba {
            colours(&mut command);
        }
        command.args(["-i", "pipe:0", "-map", "0:v:0", "-c:v", self.codec.encoder]);
        command.args([
            "-pix_fmt",
            self.codec.encoder_pixels(planes),
            "-threads",
            "1",
            "-sws_flags",
            "bicubic+accurate_rnd+bitexact",
        ]);
        if !is_rgba || !self.keeps_rgb() {
            colours(&mut command);
        }
        command.args(["-flags:v", "+bitexact", "-fflags", "+bitexact"]);
        for (name, value) in self.encoder_options(Some(settings)) {
            // Alpha is no colour.
            if given == Given::Alpha && name == "filter" {
                continue;
            }
            command.arg(format!("-{name}:v")).arg(value);
        }
        command.args(["-movflags", "frag_every_frame+delay_moov+empty_moov+default_base_moof"]);
        command.args(["-f", self.codec.muxer, "pipe:1"]);
        command
    }

    fn failed(&self, reason: String) -> EncodeError {
        EncodeError::Failed { encoder: self.codec.name, reason }
    }
}

impl EncoderFactory for FfmpegFactory {
    fn name(&self) -> &'static str {
        self.codec.name
    }

    fn codec(&self) -> Codec {
        self.codec.codec
    }

    fn planes(&self) -> Planes {
        self.planes
    }

    fn keeps_rgb(&self) -> bool {
        self.planes == Planes::Rgba && self.codec.is_lossless()
    }

    fn reorders(&self) -> bool {
        matches!(self.codec.codec, Codec::H264 | Codec::HEVC)
    }

    fn most_at_once(&self) -> Option<usize> {
        (!self.codec.on_processor).then_some(codecs::ON_DEVICE)
    }

    fn identity(&self) -> String {
        let (name, version, options) = (self.codec.name, self.program.version(), self.encoder_options(None));
        format!("{name} {version} {:?} {options:?}", self.planes)
    }

    /// Encodes two black pictures.
    fn check(&self, settings: &EncoderSettings) -> Result<(), EncodeError> {
        let (width, height) = (settings.size.width() as usize, settings.size.height() as usize);
        let format = self.planes.pixel_format().unwrap_or_default();
        let luma_row = format.luma_row_bytes(settings.size) as usize;
        let chroma_row = format.chroma_row_bytes(settings.size) as usize;
        // Of 16 bits, both bytes may be anything.
        let luma = vec![16; luma_row * height];
        let chroma = vec![128; chroma_row * format.chroma_rows(settings.size) as usize];
        fn plane(data: &[u8], stride: usize) -> Plane<'_> {
            Plane { data, stride }
        }
        let picture = Picture {
            size: settings.size,
            format,
            luma: plane(&luma, luma_row),
            chroma: plane(&chroma, chroma_row),
        };
        let pixels = vec![0; width * height * 4];
        let rgba = RgbaPicture { size: settings.size, pixels: plane(&pixels, width * 4), has_alpha: true };
        let try_out = || -> Result<(), EncodeError> {
            let (mut encoder, mut output) = (self.begin_segment(settings, SegmentIndex(0))?, Vec::new());
            for _ in 0..2 {
                match self.planes {
                    Planes::Yuv(_) => encoder.encode(&picture, &FrameChange::UNKNOWN, &mut output)?,
                    Planes::Rgba => encoder.encode_rgba(&rgba, &mut output)?,
                };
            }
            encoder.finish(&mut output).map(drop)
        };
        try_out().map_err(|error| match error {
            EncodeError::Failed { encoder, reason } => EncodeError::Failed {
                encoder,
                reason: format!("{reason} (when it was tried out, before anything was drawn)"),
            },
            other => other,
        })
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        let apart = self.codec.codec == Codec::VP9_ALPHA;
        Ok(Box::new(FfmpegSegment {
            pictures: Stream::new(self, settings, Given::Pictures),
            alpha: apart.then(|| Stream::new(self, settings, Given::Alpha)),
            config: None,
        }))
    }
}

/// The encoder of a segment.
struct FfmpegSegment {
    pictures: Stream,
    alpha: Option<Stream>,
    config: Option<CodecConfig>,
}

/// What goes through one process.
struct Stream {
    factory: FfmpegFactory,
    settings: EncoderSettings,
    given: Given,
    /// From the first picture on.
    process: Option<Process>,
    /// Pictures that were given to it.
    taken: usize,
    /// A picture without padding.
    frame: Vec<u8>,
}

impl Stream {
    fn new(factory: &FfmpegFactory, settings: &EncoderSettings, given: Given) -> Stream {
        let (factory, settings) = (factory.clone(), *settings);
        Stream { factory, settings, given, process: None, taken: 0, frame: Vec::new() }
    }

    /// Gives the picture that `write` writes to the process, which is started with the first one.
    fn give(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), EncodeError> {
        self.frame.clear();
        write(&mut self.frame);
        let process = match &mut self.process {
            Some(process) => process,
            none => {
                // Lossless pictures are never twice as large as raw ones.
                let frames = u64::from(self.settings.segment_frames) + 2;
                let most = frames * self.frame.len() as u64 * 4 + (64 << 20);
                let command = self.factory.command(&self.settings, self.given);
                let started = Process::start(command, self.factory.patience, most);
                let failed = |error| self.factory.failed(format!("ffmpeg could not be started ({error})"));
                none.insert(started.map_err(failed)?)
            }
        };
        process.give(&self.frame).map_err(|reason| self.factory.failed(format!("ffmpeg: {reason}")))?;
        self.taken += 1;
        Ok(())
    }

    /// What it made; `None` if it was given nothing. `codec` is that of the file.
    fn end(&mut self, codec: Codec) -> Result<Option<Frames>, EncodeError> {
        self.frame = Vec::new();
        let failed = |reason| self.factory.failed(format!("ffmpeg: {reason}"));
        let Some(mut process) = self.process.take() else { return Ok(None) };
        let file = process.end().map_err(failed)?;
        drop(process);
        let frames = fragments::read(&file, codec).map_err(failed)?;
        if frames.units.len() != self.taken {
            let (given, made) = (self.taken, frames.units.len());
            return Err(failed(format!("it was given {given} frames and made {made}")));
        }
        Ok(Some(frames))
    }
}

impl Encoder for FfmpegSegment {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        _output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        self.pictures.give(|frame| match picture.format {
            PixelFormat::NV12 => write_nv12(picture, frame),
            _ => picture.append_planar(frame),
        })?;
        Ok(None)
    }

    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        _output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        self.pictures.give(|frame| picture.append_straight(frame))?;
        if let Some(alpha) = &mut self.alpha {
            alpha.give(|frame| write_alpha(picture, frame))?;
        }
        Ok(None)
    }

    fn finish(&mut self, output: &mut Vec<u8>) -> Result<Vec<AccessUnit>, EncodeError> {
        let codec = self.pictures.factory.codec.codec;
        let Some(alpha) = &mut self.alpha else {
            let Some(frames) = self.pictures.end(codec)? else { return Ok(Vec::new()) };
            self.config = Some(frames.config);
            output.extend_from_slice(&frames.data);
            return Ok(frames.units);
        };
        // Two files of VP9.
        let (Some(colours), Some(alpha)) = (self.pictures.end(Codec::VP9)?, alpha.end(Codec::VP9)?) else {
            return Ok(Vec::new());
        };
        self.config = Some(CodecConfig::new(codec, []));
        let joined = join_alpha(&colours, &alpha, output);
        joined.ok_or_else(|| {
            let reason = "ffmpeg: its colours and its alpha do not fit together".to_owned();
            self.pictures.factory.failed(reason)
        })
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        self.config.clone()
    }
}

/// Alpha as the luma of an NV12 picture without colour.
fn write_alpha(picture: &RgbaPicture<'_>, output: &mut Vec<u8>) {
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    for y in 0..height {
        let row = picture.pixels.row(y, width * 4).as_chunks::<4>().0;
        output.extend(row.iter().map(|&[.., alpha]| if picture.has_alpha { alpha } else { 255 }));
    }
    output.resize(output.len() + width * height / 2, 128);
}

/// Appends the access units of [`Codec::VP9_ALPHA`] to `output`, and says what they are.
fn join_alpha(colours: &Frames, alpha: &Frames, output: &mut Vec<u8>) -> Option<Vec<AccessUnit>> {
    let (mut colour_data, mut alpha_data) = (&colours.data[..], &alpha.data[..]);
    let pairs = colours.units.iter().zip(&alpha.units).map(|(colour, alpha)| {
        let (coded_colour, colours_behind) = colour_data.split_at_checked(colour.bytes)?;
        let (coded_alpha, alpha_behind) = alpha_data.split_at_checked(alpha.bytes)?;
        (colour_data, alpha_data) = (colours_behind, alpha_behind);
        let start = output.len();
        output.extend(u32::try_from(coded_alpha.len()).ok()?.to_be_bytes());
        output.extend_from_slice(coded_alpha);
        output.extend_from_slice(coded_colour);
        // Decoding can begin where it can begin with both.
        Some(AccessUnit::new(output.len() - start, colour.sync && alpha.sync))
    });
    pairs.collect()
}
