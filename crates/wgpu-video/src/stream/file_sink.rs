//! The sink that makes a file with an index, or an animated picture: all formats of [`Container`].

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strikeline_audio::Packet;

use super::sink::{FinishedSegment, Sink, SinkError, StreamInfo};
use crate::journal::Journal;
use crate::mux::{
    AnimationSettings, AnimationWriter, Container, MatroskaWriter, Mp4Settings, Mp4Writer, MuxError,
};
use crate::output::{OutputError, OutputFile, Overwrite};

/// Writes a file, which appears under its name when it is complete: an MP4 file, unless another format is set.
#[derive(Debug)]
pub struct FileSink {
    state: SinkState,
    container: Container,
    plays: Option<NonZeroU16>,
    writing_tool: Option<&'static str>,
    title: Option<String>,
    artist: Option<String>,
    language: Option<String>,
    /// Where the unfinished video of a stream that is stopped goes, and whether it has been made.
    partial: Option<(PathBuf, Overwrite)>,
    has_partial: bool,
    journal: Option<Arc<Journal>>,
}

#[derive(Debug)]
enum SinkState {
    Created(OutputFile),
    Writing(Writer),
    /// Finished, or failed: the file was committed, or is gone.
    Ended,
}

/// What writes the file.
#[derive(Debug)]
enum Writer {
    Mp4(Box<Mp4Writer<OutputFile>>),
    Matroska(Box<MatroskaWriter<OutputFile>>),
    Animation(Box<AnimationWriter<OutputFile>>),
}

impl Writer {
    /// For a file of the format that `settings` name; an animation is played `plays` times, or for ever.
    fn new(file: OutputFile, settings: Mp4Settings, plays: Option<NonZeroU16>) -> Result<Writer, MuxError> {
        match settings.container {
            Container::Gif | Container::Apng | Container::WebP => {
                if settings.sound.is_some() {
                    let reason = "an animated picture has no place for it: stream without sound".to_owned();
                    return Err(MuxError::Sound { reason });
                }
                let settings = AnimationSettings::new(settings.video, settings.container).with_plays(plays);
                AnimationWriter::new(file, settings).map(|writer| Writer::Animation(Box::new(writer)))
            }
            Container::Mp4 | Container::QuickTime => {
                Mp4Writer::new(file, settings).map(|writer| Writer::Mp4(Box::new(writer)))
            }
            Container::Matroska | Container::WebM => {
                MatroskaWriter::new(file, settings).map(|writer| Writer::Matroska(Box::new(writer)))
            }
        }
    }

    fn file(&self) -> &OutputFile {
        match self {
            Writer::Mp4(writer) => writer.get_ref(),
            Writer::Matroska(writer) => writer.get_ref(),
            Writer::Animation(writer) => writer.get_ref(),
        }
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), MuxError> {
        let FinishedSegment { segment, config, data, units } = segment;
        match self {
            Writer::Mp4(writer) => writer.write_segment(*segment, config, data, units),
            Writer::Matroska(writer) => writer.write_segment(*segment, config, data, units),
            Writer::Animation(writer) => writer.write_segment(*segment, config, data, units),
        }
    }

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), MuxError> {
        match self {
            Writer::Mp4(writer) => writer.write_sound(packets),
            Writer::Matroska(writer) => writer.write_sound(packets),
            Writer::Animation(_) => {
                Err(MuxError::Sound { reason: "an animated picture has no place for it".to_owned() })
            }
        }
    }

    fn finish(self) -> Result<(OutputFile, u64), MuxError> {
        match self {
            Writer::Mp4(writer) => writer.finish(),
            Writer::Matroska(writer) => writer.finish(),
            Writer::Animation(writer) => writer.finish(),
        }
    }

    fn finish_early(self) -> Result<(OutputFile, u64), MuxError> {
        match self {
            Writer::Mp4(writer) => writer.finish_early(),
            Writer::Matroska(writer) => writer.finish_early(),
            Writer::Animation(writer) => writer.finish_early(),
        }
    }
}

impl FileSink {
    /// For a file at `path`.
    ///
    /// # Errors
    /// When a file exists that may not be replaced, or the file cannot be created.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<FileSink, OutputError> {
        Ok(FileSink {
            state: SinkState::Created(OutputFile::create(path, overwrite)?),
            container: Container::Mp4,
            plays: None,
            writing_tool: None,
            title: None,
            artist: None,
            language: None,
            partial: None,
            has_partial: false,
            journal: None,
        })
    }

    /// The same for a file of another format.
    #[must_use]
    pub fn with_container(self, container: Container) -> FileSink {
        FileSink { container, ..self }
    }

    /// The same for an animated picture that is played `plays` times; `None` for ever. Other formats do not say it.
    #[must_use]
    pub fn with_plays(self, plays: Option<NonZeroU16>) -> FileSink {
        FileSink { plays, ..self }
    }

    /// The same with a path for an unfinished video: when the stream is stopped ([`Sink::finish_early`]), the segments so far
    /// become a video at `path`, which must be in the same folder. `overwrite` says what happens if a file of that name exists.
    #[must_use]
    pub fn with_partial(self, path: impl Into<PathBuf>, overwrite: Overwrite) -> FileSink {
        FileSink { partial: Some((path.into(), overwrite)), ..self }
    }

    /// The path of the unfinished video of a stream that was stopped; `None` if none was made.
    pub fn partial(&self) -> Option<&Path> {
        self.partial.as_ref().filter(|_| self.has_partial).map(|(path, _)| path.as_path())
    }

    /// The same, and just before the video appears, it is noted in `journal` which file it is. So a journal that is left, because
    /// the program is killed before it can remove it, is known as that of a complete video
    /// ([`video_of_file`](crate::journal::video_of_file)).
    #[must_use]
    pub fn with_journal(self, journal: Arc<Journal>) -> FileSink {
        FileSink { journal: Some(journal), ..self }
    }

    /// The same with the name of the program that makes the file ([`Mp4Settings::with_writing_tool`]).
    #[must_use]
    pub fn with_writing_tool(self, writing_tool: &'static str) -> FileSink {
        FileSink { writing_tool: Some(writing_tool), ..self }
    }

    /// The same with a title, which players show.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> FileSink {
        FileSink { title: Some(title.into()), ..self }
    }

    /// The same with who made the video, which players show.
    #[must_use]
    pub fn with_artist(self, artist: impl Into<String>) -> FileSink {
        FileSink { artist: Some(artist.into()), ..self }
    }

    /// The same with the language of the sound: three small letters of ISO 639-2, such as `eng`.
    #[must_use]
    pub fn with_language(self, language: impl Into<String>) -> FileSink {
        FileSink { language: Some(language.into()), ..self }
    }
}

impl FileSink {
    /// Ends the writer with `finish`. Returns the file, which is still to be committed, and its length in bytes.
    fn end(
        &mut self,
        finish: impl FnOnce(Writer) -> Result<(OutputFile, u64), MuxError>,
    ) -> Result<(OutputFile, u64), SinkError> {
        let SinkState::Writing(writer) = std::mem::replace(&mut self.state, SinkState::Ended) else {
            return Err("the stream has ended".into());
        };
        let path = writer.file().path().to_path_buf();
        match finish(writer) {
            Err(MuxError::Io(error)) => Err(OutputError::Write { path, error }.into()),
            finished => Ok(finished?),
        }
    }
}

impl Sink for FileSink {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        let SinkState::Created(file) = std::mem::replace(&mut self.state, SinkState::Ended) else {
            return Err("a file sink takes only one stream: make a new sink for each stream".into());
        };
        let mut settings = Mp4Settings::new(info.video).with_container(self.container);
        settings.sound.clone_from(&info.sound);
        (settings.title, settings.artist, settings.language) =
            (self.title.take(), self.artist.take(), self.language.take());
        if let Some(tool) = self.writing_tool {
            settings = settings.with_writing_tool(tool);
        }
        self.state = SinkState::Writing(Writer::new(file, settings, self.plays)?);
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let SinkState::Writing(writer) = &mut self.state else { return Err("the stream has ended".into()) };
        match writer.write_segment(segment) {
            Err(MuxError::Io(error)) => Err(writer.file().error(error).into()),
            other => Ok(other?),
        }
    }

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        let SinkState::Writing(writer) = &mut self.state else { return Err("the stream has ended".into()) };
        Ok(writer.write_sound(packets)?)
    }

    fn finish_early(&mut self) -> Result<Option<u64>, SinkError> {
        let Some((path, overwrite)) = self.partial.clone() else { return Ok(None) };
        let (file, bytes) = self.end(Writer::finish_early)?;
        file.commit_as(&path, overwrite)?;
        self.has_partial = true;
        Ok(Some(bytes))
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        let (mut file, bytes) = self.end(Writer::finish)?;
        if let Some((journal, video)) = self.journal.take().zip(file.identity()) {
            journal.complete_as(video);
        }
        file.commit()?;
        Ok(bytes)
    }
}
