//! The sink that makes an MP4 file.

use std::path::Path;

use super::sink::{FinishedSegment, Sink, SinkError, StreamInfo};
use crate::mux::{Mp4Settings, Mp4Writer, MuxError};
use crate::output::{OutputError, OutputFile, Overwrite};

/// Writes an MP4 file, which appears under its name when it is complete.
#[derive(Debug)]
pub struct Mp4Sink {
    state: SinkState,
    writing_tool: Option<&'static str>,
}

#[derive(Debug)]
enum SinkState {
    Created(OutputFile),
    Writing(Box<Mp4Writer<OutputFile>>),
    /// Finished, or failed: the file was committed, or is gone.
    Ended,
}

impl Mp4Sink {
    /// For a file at `path`.
    ///
    /// # Errors
    /// When a file exists that may not be replaced, or the file cannot be created.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Mp4Sink, OutputError> {
        Ok(Mp4Sink { state: SinkState::Created(OutputFile::create(path, overwrite)?), writing_tool: None })
    }
}

impl Mp4Sink {
    /// The same with the name of the program that makes the file ([`Mp4Settings::with_writing_tool`]).
    #[must_use]
    pub fn with_writing_tool(self, writing_tool: &'static str) -> Mp4Sink {
        Mp4Sink { writing_tool: Some(writing_tool), ..self }
    }
}

impl Sink for Mp4Sink {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        let SinkState::Created(file) = std::mem::replace(&mut self.state, SinkState::Ended) else {
            return Err("a sink takes one stream only".into());
        };
        let mut settings = Mp4Settings::new(info.video);
        if let Some(tool) = self.writing_tool {
            settings = settings.with_writing_tool(tool);
        }
        self.state = SinkState::Writing(Box::new(Mp4Writer::new(file, settings)?));
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let SinkState::Writing(writer) = &mut self.state else { return Err("the stream has ended".into()) };
        match writer.write_segment(segment.segment, &segment.config, &segment.data, &segment.units) {
            Err(MuxError::Io(error)) => Err(writer.get_ref().error(error).into()),
            other => Ok(other?),
        }
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        let SinkState::Writing(writer) = std::mem::replace(&mut self.state, SinkState::Ended) else {
            return Err("the stream has ended".into());
        };
        let path = writer.get_ref().path().to_path_buf();
        let (file, bytes) = match writer.finish() {
            Err(MuxError::Io(error)) => return Err(OutputError::Write { path, error }.into()),
            finished => finished?,
        };
        file.commit()?;
        Ok(bytes)
    }
}
