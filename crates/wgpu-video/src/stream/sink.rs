//! Sinks: where finished segments go, in order.

use crate::encode::{AccessUnit, CodecConfig};
pub use crate::mux::VideoTrack;
use strikeline_picture::SegmentIndex;

/// What a sink must know before the first segment: the tracks of the stream. There is no sound yet; it will
/// be a field here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// The pictures.
    pub video: VideoTrack,
}

impl StreamInfo {
    /// A stream of pictures alone.
    pub const fn new(video: VideoTrack) -> StreamInfo {
        StreamInfo { video }
    }
}

/// One encoded segment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FinishedSegment {
    /// Which one.
    pub segment: SegmentIndex,
    /// What a decoder must know; the same for all segments.
    pub config: CodecConfig,
    /// The access units, one after the other.
    pub data: Vec<u8>,
    /// Their lengths and kinds, in display order.
    pub units: Vec<AccessUnit>,
}

impl FinishedSegment {
    /// Segment `segment`, whose access units are `units` and lie one after the other in `data`.
    pub fn new(
        segment: SegmentIndex,
        config: CodecConfig,
        data: Vec<u8>,
        units: Vec<AccessUnit>,
    ) -> FinishedSegment {
        FinishedSegment { segment, config, data, units }
    }
}

/// Error of a sink.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes the segments of a video, in order, and makes a result from them, such as a file.
///
/// A sink that is dropped without [`Sink::finish`] leaves nothing behind.
pub trait Sink: Send {
    /// Called once, before anything is drawn. A sink that cannot write [`VideoTrack::codec`] says so here.
    ///
    /// # Errors
    /// Ends the stream.
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError>;

    /// Called for every segment, in order, without gaps. All have equal codec configurations.
    ///
    /// # Errors
    /// Ends the stream.
    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError>;

    /// Called once, after the last segment, when every frame was written: only now does the result appear
    /// under its name. Returns its size in bytes.
    ///
    /// # Errors
    /// Ends the stream; nothing is left behind.
    fn finish(&mut self) -> Result<u64, SinkError>;
}

/// Counts the bytes and drops them: for benchmarks.
#[derive(Debug, Default)]
pub struct NullSink {
    bytes: u64,
}

impl Sink for NullSink {
    fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.bytes += segment.data.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        Ok(self.bytes)
    }
}

/// Keeps the segments' data in memory, one after the other.
#[derive(Debug, Default)]
pub struct MemorySink {
    /// All access units so far.
    pub data: Vec<u8>,
}

impl Sink for MemorySink {
    fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.data.extend_from_slice(&segment.data);
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        Ok(self.data.len() as u64)
    }
}
