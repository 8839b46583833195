//! The sink that makes an MP4 file.

use std::path::Path;

use super::sink::{FinishedSegment, Sink, SinkError, StreamInfo};
use crate::mux::{Mp4Settings, Mp4Writer, MuxError};
use crate::output::{OutputError, OutputFile, Overwrite};

/// Writes an MP4 file, which appears under its name when it is complete.
#[derive(Debug)]
pub struct Mp4Sink {
    state: SinkState,
}

#[derive(Debug)]
enum SinkState {
    Created(OutputFile),
    Writing(Mp4Writer<OutputFile>),
    /// Finished, or failed: the file was committed, or is gone.
    Ended,
}

impl Mp4Sink {
    /// For a file at `path`.
    ///
    /// # Errors
    /// When there is a file already that may not be replaced, or none can be made.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Mp4Sink, OutputError> {
        Ok(Mp4Sink { state: SinkState::Created(OutputFile::create(path, overwrite)?) })
    }
}

impl Sink for Mp4Sink {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        let SinkState::Created(file) = std::mem::replace(&mut self.state, SinkState::Ended) else {
            return Err("a sink takes one stream only".into());
        };
        self.state = SinkState::Writing(Mp4Writer::new(file, Mp4Settings::new(info.video))?);
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
