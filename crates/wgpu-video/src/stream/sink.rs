//! Sinks: where finished segments go, in order.

use super::FinishedSegment;
use strikeline_picture::{FrameRate, PictureSize, SegmentPlan};

/// What a sink must know before the first segment.
#[derive(Debug, Clone, Copy)]
pub struct StreamInfo {
    /// Size of every picture.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// How many frames, in which segments.
    pub plan: SegmentPlan,
}

/// What a sink may fail with.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes the segments of a video, in order, and makes something of them.
///
/// A sink that is dropped without [`Sink::finish`] leaves nothing behind.
pub trait Sink: Send {
    /// Called once, before the first segment.
    ///
    /// # Errors
    /// Ends the stream.
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError>;

    /// Called for every segment, in order, without gaps.
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

/// Counts bytes and keeps none: for benchmarks.
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
