//! Where a video goes.

use std::path::Path;

use strikeline_audio::Packet;
use wgpu_video::output::Overwrite;
use wgpu_video::stream::{FinishedSegment, Mp4Sink, RawSink, Sink, SinkError, StreamInfo};

use crate::cli::formats::is_standard_stream;
use crate::cli::job::VideoTags;
use crate::cli::video_format::VideoFormat;

/// The sink of a video.
pub(super) enum Target {
    /// A file with an index, which appears when it is complete.
    File(Mp4Sink),
    /// Frames that are not compressed, in a file or a pipe.
    Raw(RawSink),
}

impl Target {
    /// Begins the file `output`, or opens the pipe of that name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn create(
        output: &Path,
        format: VideoFormat,
        overwrite: Overwrite,
        tags: &VideoTags,
    ) -> anyhow::Result<Target> {
        Ok(match format {
            VideoFormat::Mp4 => Target::File(tags.on(Mp4Sink::create(output, overwrite)?)),
            VideoFormat::Y4m | VideoFormat::Nv12 if is_standard_stream(output) => {
                Target::Raw(RawSink::to_standard_output()?)
            }
            VideoFormat::Y4m | VideoFormat::Nv12 => Target::Raw(RawSink::create(output, overwrite)?),
        })
    }

    /// The same, and `change` is done to a file with an index.
    pub(super) fn map_file(self, change: impl FnOnce(Mp4Sink) -> Mp4Sink) -> Target {
        match self {
            Target::File(sink) => Target::File(change(sink)),
            other => other,
        }
    }

    /// The video of the finished beginning, if one was made.
    pub(super) fn partial(&self) -> Option<&Path> {
        match self {
            Target::File(sink) => sink.partial(),
            Target::Raw(_) => None,
        }
    }

    fn sink(&mut self) -> &mut dyn Sink {
        match self {
            Target::File(sink) => sink,
            Target::Raw(sink) => sink,
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
