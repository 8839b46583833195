//! Where a video goes.

use std::path::Path;
use std::sync::Arc;

use strikeline_audio::Packet;
use wgpu_video::output::Overwrite;
use wgpu_video::stream::{FileSink, FinishedSegment, PictureSequence, PipeSink, Sink, SinkError, StreamInfo};

use crate::cli::formats::is_standard_stream;
use crate::cli::job::VideoTags;
use crate::cli::video_format::VideoKind;

/// The sink of a video.
pub(super) enum Target {
    /// A file with an index, which appears when it is complete.
    File(Box<FileSink>),
    /// What is written from front to back, in a file or a pipe.
    Pipe(Box<PipeSink>),
    /// A file for each frame.
    Pictures(Arc<PictureSequence>),
}

impl Target {
    /// Begins the file `output`, or opens the pipe of that name. It is no sequence of pictures.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn create(
        output: &Path,
        kind: VideoKind,
        overwrite: Overwrite,
        tags: &VideoTags,
    ) -> anyhow::Result<Target> {
        Ok(match kind.format.container() {
            Some(container) if !kind.fragmented => Target::File(Box::new(
                tags.on(FileSink::create(output, overwrite)?).with_container(container),
            )),
            _ if is_standard_stream(output) => {
                Target::Pipe(Box::new(tags.on_pipe(PipeSink::to_standard_output()?)))
            }
            _ => Target::Pipe(Box::new(tags.on_pipe(PipeSink::create(output, overwrite)?))),
        })
    }

    /// The same, and `change` is done to a file with an index.
    pub(super) fn map_file(self, change: impl FnOnce(FileSink) -> FileSink) -> Target {
        match self {
            Target::File(sink) => Target::File(Box::new(change(*sink))),
            other => other,
        }
    }

    /// The video of the finished beginning, if one was made.
    pub(super) fn partial(&self) -> Option<&Path> {
        match self {
            Target::File(sink) => sink.partial(),
            Target::Pipe(_) | Target::Pictures(_) => None,
        }
    }

    /// The files for the frames, if each is one.
    pub(super) fn pictures(&self) -> Option<&Arc<PictureSequence>> {
        match self {
            Target::Pictures(sequence) => Some(sequence),
            _ => None,
        }
    }

    fn sink(&mut self) -> &mut dyn Sink {
        match self {
            Target::File(sink) => &mut **sink,
            Target::Pipe(sink) => &mut **sink,
            Target::Pictures(sequence) => sequence,
        }
    }
}

impl Sink for Target {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        self.sink().begin(info)
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.sink().write_segment(segment)
    }

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        self.sink().write_sound(packets)
    }

    fn finish_early(&mut self) -> Result<Option<u64>, SinkError> {
        self.sink().finish_early()
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        self.sink().finish()
    }
}
