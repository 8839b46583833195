//! Sinks: where finished segments go, in order.

use strikeline_audio::{AudioTrack, Packet};

use crate::encode::{AccessUnit, CodecConfig};
pub use crate::mux::VideoTrack;
use strikeline_picture::SegmentIndex;

/// What a sink must know before the first segment: the tracks of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// The pictures.
    pub video: VideoTrack,
    /// The sound, if any.
    pub sound: Option<AudioTrack>,
}

impl StreamInfo {
    /// A stream of pictures alone.
    pub const fn new(video: VideoTrack) -> StreamInfo {
        StreamInfo { video, sound: None }
    }

    /// The same with sound.
    #[must_use]
    pub fn with_sound(self, sound: AudioTrack) -> StreamInfo {
        StreamInfo { sound: Some(sound), ..self }
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

    /// Called before each segment if there is sound, with the packets that belong to the segment and have not been written yet,
    /// in order: those that begin before the tick [`VideoTrack::sound_until`]. There may be none.
    ///
    /// A sink that does not implement this method accepts no sound, and returns an error that says so.
    ///
    /// # Errors
    /// Ends the stream.
    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        let _ = packets;
        Err("this sink takes no sound: stream without sound, or use another sink".into())
    }

    /// Called in place of [`Sink::finish`] when the stream was stopped, if
    /// [`StreamOptions::finish_early`](super::StreamOptions::finish_early) is set. Makes a result from the segments so far, of
    /// which there is at least one. Returns its size in bytes. A sink that cannot do this returns `None` and leaves nothing
    /// behind.
    ///
    /// # Errors
    /// When there is no result.
    fn finish_early(&mut self) -> Result<Option<u64>, SinkError> {
        Ok(None)
    }

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

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        self.bytes += packets.iter().map(|packet| packet.data.len() as u64).sum::<u64>();
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        Ok(self.bytes)
    }
}

/// Keeps the segments' data in memory, one after the other, and the sound.
#[derive(Debug, Default)]
pub struct MemorySink {
    /// All access units so far.
    pub data: Vec<u8>,
    /// All packets of sound so far.
    pub sound: Vec<Packet>,
}

impl Sink for MemorySink {
    fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.data.extend_from_slice(&segment.data);
        Ok(())
    }

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        self.sound.extend(packets);
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        let sound = self.sound.iter().map(|packet| packet.data.len() as u64).sum::<u64>();
        Ok(self.data.len() as u64 + sound)
    }
}
