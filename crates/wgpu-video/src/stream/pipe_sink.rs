//! The sink of what is written from front to back, for other programs: a pipe, or a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::sink::{FinishedSegment, Sink, SinkError, StreamInfo};
use crate::encode::Codec;
use crate::mux::{FragmentedMp4, Mp4Settings, VideoTrack};
use crate::output::{OutputError, OutputFile, Overwrite, describe};
use strikeline_audio::Packet;
use strikeline_picture::{PixelFormat, shown};

/// The program that reads the pipe has ended, or has closed it.
#[derive(Debug, thiserror::Error)]
#[error("{} was closed by its reader after {frames} of {of} frames", name(.pipe.as_deref()))]
pub struct ReaderGone {
    /// The pipe; `None` for standard output.
    pub pipe: Option<PathBuf>,
    /// Frames that were written before.
    pub frames: u64,
    /// Frames of the video.
    pub of: u64,
}

/// Writes segments in order as they are finished, and waits while the reader of a pipe has no room for them.
///
/// Frames that are not compressed ([`Codec::is_raw`]) are written as they are, without sound. All else is
/// written as fragmented MP4 ([`FragmentedMp4`]). A pipe has got all segments so far when the stream fails; a file appears only
/// when it is complete.
#[derive(Debug)]
pub struct PipeSink {
    output: Output,
    video: Option<VideoTrack>,
    /// `None` for frames that are not compressed.
    mp4: Option<FragmentedMp4>,
    tags: Tags,
    frames: u64,
    bytes: u64,
}

/// What players show about a file.
#[derive(Debug, Default)]
struct Tags {
    writing_tool: Option<&'static str>,
    title: Option<String>,
    artist: Option<String>,
}

#[derive(Debug)]
enum Output {
    File(OutputFile),
    /// The path is `None` for standard output.
    Pipe(File, Option<PathBuf>),
    /// The file was committed, or has failed.
    Ended,
}

impl PipeSink {
    /// For standard output.
    ///
    /// # Errors
    /// When the program was started without one.
    pub fn to_standard_output() -> io::Result<PipeSink> {
        #[expect(clippy::disallowed_methods, reason = "bytes for a program, not a text")]
        let stdout = io::stdout();
        #[cfg(unix)]
        let pipe = std::os::fd::AsFd::as_fd(&stdout).try_clone_to_owned()?;
        #[cfg(windows)]
        let pipe = std::os::windows::io::AsHandle::as_handle(&stdout).try_clone_to_owned()?;
        Ok(PipeSink::new(Output::Pipe(pipe.into(), None)))
    }

    /// For a file at `path`, or for the named pipe (FIFO) of that name: waits until a program reads from it.
    ///
    /// # Errors
    /// As [`OutputFile::create`].
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<PipeSink, OutputError> {
        if !is_pipe(path) {
            return Ok(PipeSink::new(Output::File(OutputFile::create(path, overwrite)?)));
        }
        let failed = |error| OutputError::Create { path: path.to_owned(), error };
        let pipe = File::options().write(true).open(path).map_err(failed)?;
        Ok(PipeSink::new(Output::Pipe(pipe, Some(path.to_owned()))))
    }

    fn new(output: Output) -> PipeSink {
        PipeSink { output, video: None, mp4: None, tags: Tags::default(), frames: 0, bytes: 0 }
    }

    /// The same with the name of the program that makes the file.
    #[must_use]
    pub fn with_writing_tool(mut self, writing_tool: &'static str) -> PipeSink {
        self.tags.writing_tool = Some(writing_tool);
        self
    }

    /// The same with a title, which players show.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> PipeSink {
        self.tags.title = Some(title.into());
        self
    }

    /// The same with who made the video, which players show.
    #[must_use]
    pub fn with_artist(mut self, artist: impl Into<String>) -> PipeSink {
        self.tags.artist = Some(artist.into());
        self
    }

    /// Frames one after the other.
    fn write_frames(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let mut rest = &segment.data[..];
        for unit in &segment.units {
            let Some((frame, behind)) = rest.split_at_checked(unit.bytes) else {
                return Err("a frame is cut short".into());
            };
            self.write(frame)?;
            self.frames += 1;
            rest = behind;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        match &mut self.output {
            Output::File(file) => file.write_all(bytes).map_err(|error| file.error(error))?,
            Output::Pipe(pipe, path) => pipe.write_all(bytes).map_err(|error| -> SinkError {
                if error.kind() == io::ErrorKind::BrokenPipe {
                    let of = self.video.map_or(0, |video| video.plan.frames());
                    return Box::new(ReaderGone { pipe: path.clone(), frames: self.frames, of });
                }
                format!("cannot write to {}: {}", name(path.as_deref()), describe(&error)).into()
            })?,
            Output::Ended => return Err("the stream has ended".into()),
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// The name of a pipe in texts; `None` is standard output.
fn name(pipe: Option<&Path>) -> String {
    pipe.map_or_else(|| "standard output".to_owned(), |path| shown(path).to_string())
}

/// Whether `path` is a pipe that has a name.
pub fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        path.metadata().is_ok_and(|about| about.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

impl Sink for PipeSink {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        let video = info.video;
        self.video = Some(video);
        if video.codec.is_raw() {
            if info.sound.is_some() {
                return Err(
                    "frames that are not compressed have no place for sound: stream without sound".into()
                );
            }
            return match video.codec {
                Codec::YUV4MPEG2 => self.write(y4m_header(&video).as_bytes()),
                _ => Ok(()),
            };
        }
        let mut settings = Mp4Settings::new(video);
        settings.sound.clone_from(&info.sound);
        let tags = std::mem::take(&mut self.tags);
        (settings.title, settings.artist) = (tags.title, tags.artist);
        if let Some(tool) = tags.writing_tool {
            settings = settings.with_writing_tool(tool);
        }
        self.mp4 = Some(FragmentedMp4::new(settings)?);
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let Some(mp4) = &mut self.mp4 else { return self.write_frames(segment) };
        let FinishedSegment { segment, config, data, units } = segment;
        let bytes = mp4.segment(*segment, config, data, units)?;
        self.write(&bytes)?;
        self.frames += units.len() as u64;
        Ok(())
    }

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        match &mut self.mp4 {
            Some(mp4) => Ok(mp4.take_sound(packets)?),
            None => Err("frames that are not compressed have no place for sound".into()),
        }
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        if let Some(mp4) = &self.mp4 {
            mp4.finish()?;
        }
        match std::mem::replace(&mut self.output, Output::Ended) {
            Output::File(file) => file.commit()?,
            // Closed, so that the reader of a pipe sees its end.
            Output::Pipe(..) => {}
            Output::Ended => return Err("the stream has ended".into()),
        }
        Ok(self.bytes)
    }
}

/// The first line of a YUV4MPEG2 file: size, rate, progressive, square pixels, chroma (4:2:0 as MPEG-2 has it, left-sited),
/// limited range.
fn y4m_header(video: &VideoTrack) -> String {
    let (size, rate) = (video.size, video.frame_rate);
    let (chroma, old_name) = match video.pixels {
        PixelFormat::NV16 => ("422", "422"),
        PixelFormat::NV24 => ("444", "444"),
        PixelFormat::P010 => ("420p10", "420P10"),
        PixelFormat::P210 => ("422p10", "422P10"),
        PixelFormat::P410 => ("444p10", "444P10"),
        _ => ("420mpeg2", "420MPEG2"),
    };
    format!(
        "YUV4MPEG2 W{} H{} F{}:{} Ip A1:1 C{chroma} XYSCSS={old_name} XCOLORRANGE=LIMITED\n",
        size.width(),
        size.height(),
        rate.numerator(),
        rate.denominator()
    )
}
