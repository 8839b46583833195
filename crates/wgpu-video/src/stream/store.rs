//! Keeps finished segments, so that another run need not make them again.

use std::collections::BTreeSet;

use super::StreamError;
use super::sink::{FinishedSegment, SinkError};
use strikeline_picture::{SegmentIndex, SegmentPlan, SegmentRange};

/// Keeps finished segments for another run, such as a [`Journal`](crate::journal::Journal).
///
/// The segments in a store must be from the same scene, settings, encoder and adapter as those of the stream; the streamer
/// cannot check this. A scene that must be drawn in order ([`FrameOrder::InOrder`](crate::scene::FrameOrder::InOrder)) is drawn
/// from its start, and no store is used for it.
pub trait SegmentStore: Send + Sync {
    /// Whether `segment` is in the store. If so, it is read and not made again. Called once for each segment, before the first
    /// one is made.
    fn has(&self, segment: SegmentIndex) -> bool;

    /// Reads a segment from the store.
    ///
    /// # Errors
    /// Ends the stream.
    fn read(&self, segment: SegmentIndex) -> Result<FinishedSegment, SinkError>;

    /// Keeps a segment that was made. Called once for each segment, as soon as it is finished, in any order, on the thread that
    /// writes. It should not take long, because the stream waits for it.
    ///
    /// # Errors
    /// Ends the stream. A store without which the video can still be made should return no error.
    fn keep(&self, segment: &FinishedSegment) -> Result<(), SinkError>;

    /// Whether the store outlasts this run. If so, a stream that is stopped by its
    /// [`CancelToken`](super::CancelToken) first finishes the segments that it has begun.
    fn lasts(&self) -> bool;
}

/// Which segments of a video a run makes, and where they are kept. The default is to make all segments and keep none.
#[derive(Clone, Copy, Default)]
pub struct SegmentSelection<'a> {
    /// The segments that the sink gets; `None` for all.
    pub range: Option<SegmentRange>,
    /// The store that contains some of them already, and keeps the others; `None` to keep none.
    pub store: Option<&'a dyn SegmentStore>,
    /// Whether the sink is to make a result from the segments that it has when the stream is stopped.
    pub finish_early: bool,
}

impl SegmentSelection<'_> {
    /// The segments of `plan` that the sink gets.
    pub(super) fn range(&self, plan: SegmentPlan) -> SegmentRange {
        let all = SegmentRange::all(plan);
        let range = self.range.unwrap_or(all);
        SegmentRange { first: range.first, end: range.end.min(all.end) }
    }

    /// The segments of this range that are in the store already.
    pub(super) fn kept(&self, plan: SegmentPlan) -> KeptSegments {
        let Some(store) = self.store else { return KeptSegments::default() };
        self.range(plan).iter().filter(|segment| store.has(*segment)).collect()
    }

    /// Whether a stream that is stopped finishes the segments that it has begun.
    pub(super) fn finishes_segments(&self) -> bool {
        self.finish_early || self.store.is_some_and(SegmentStore::lasts)
    }

    /// Keeps `segment` in the store, if there is one.
    pub(super) fn keep(&self, segment: &FinishedSegment) -> Result<(), StreamError> {
        let Some(store) = self.store else { return Ok(()) };
        store.keep(segment).map_err(|source| StreamError::Keep { segment: segment.segment, source })
    }

    /// Reads `segment`, which is in the store.
    pub(super) fn read(&self, segment: SegmentIndex) -> Result<FinishedSegment, StreamError> {
        let Some(store) = self.store else { return Err(StreamError::Incomplete { segment }) };
        let failed = |source| StreamError::Kept { segment, source };
        let read = store.read(segment).map_err(failed)?;
        match read.segment == segment {
            true => Ok(read),
            false => Err(failed(format!("the store gave segment {} in its place", read.segment.0).into())),
        }
    }
}

/// The segments that were in the store when a run began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptSegments(BTreeSet<SegmentIndex>);

impl FromIterator<SegmentIndex> for KeptSegments {
    fn from_iter<I: IntoIterator<Item = SegmentIndex>>(segments: I) -> KeptSegments {
        KeptSegments(segments.into_iter().collect())
    }
}

impl KeptSegments {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) fn contains(&self, segment: SegmentIndex) -> bool {
        self.0.contains(&segment)
    }

    /// How many frames they have.
    pub(super) fn frames(&self, plan: SegmentPlan) -> u64 {
        let frames = |segment: &SegmentIndex| plan.frames_of(*segment);
        self.0.iter().map(frames).map(|frames| frames.end - frames.start).sum()
    }
}
