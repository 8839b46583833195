//! Writes finished segments and their sound from files to a sink, without drawing or encoding anything.

use strikeline_audio::PacketSource;
use strikeline_picture::{SegmentIndex, Time};

use super::SegmentFile;
use crate::encode::CodecConfig;
use crate::stream::{CancelToken, SegmentStore, Sink, StreamError, StreamInfo, VideoTrack};

/// Writes all segments of a video from `segments` to `sink`. If [`StreamInfo::sound`] is set, the sound of each segment is read
/// from the file `sound` and written before the segment. The sink gets the same bytes as from
/// [`stream()`](crate::stream::stream()). Returns the number of bytes that the sink has written.
///
/// Only one segment at a time is in memory. `progress` is called with each segment that was written.
///
/// # Errors
/// As [`stream()`](crate::stream::stream()). If a segment or its sound is missing or cannot be read, the error is
/// [`StreamError::Kept`].
pub fn join(
    info: &StreamInfo,
    segments: &dyn SegmentStore,
    sound: Option<&SegmentFile>,
    sink: &mut dyn Sink,
    (cancel, progress): (&CancelToken, &mut dyn FnMut(SegmentIndex)),
) -> Result<u64, StreamError> {
    sink.begin(info).map_err(StreamError::Begin)?;
    let plan = info.video.plan;
    let mut config: Option<CodecConfig> = None;
    for segment in (0..plan.segments()).map(SegmentIndex) {
        if cancel.is_cancelled() {
            return Err(StreamError::Cancelled);
        }
        let kept = |source| StreamError::Kept { segment, source };
        let finished = segments.read(segment).map_err(kept)?;
        let frames = plan.frames_of(segment);
        if finished.segment != segment || finished.units.len() as u64 != frames.end - frames.start {
            return Err(StreamError::Incomplete { segment });
        }
        if *config.get_or_insert_with(|| finished.config.clone()) != finished.config {
            return Err(StreamError::ConfigDiffers { segment });
        }
        let failed = |source| StreamError::Write { segment, source };
        if info.sound.is_some() {
            let packets = sound.map(|sound| sound.sound(segment)).transpose();
            let packets = packets.map_err(|error| kept(error.into()))?.flatten();
            let packets = packets.ok_or_else(|| kept("its sound is not in the file of the sound".into()))?;
            sink.write_sound(packets).map_err(failed)?;
        }
        sink.write_segment(&finished).map_err(failed)?;
        progress(segment);
    }
    sink.finish().map_err(StreamError::Finish)
}

/// Reads all of `source`, the sound of `video`, and adds it to `file` segment by segment, as [`join`] needs it. The source is
/// always read from its start; sound that is in the file already is not added again. `progress` is called with each segment.
///
/// # Errors
/// [`StreamError::Sound`] when the source fails or ends too early, [`StreamError::Keep`] when the file cannot be written,
/// [`StreamError::Cancelled`].
pub fn keep_sound(
    source: &mut dyn PacketSource,
    video: &VideoTrack,
    file: &SegmentFile,
    (cancel, progress): (&CancelToken, &mut dyn FnMut(SegmentIndex)),
) -> Result<(), StreamError> {
    let track = source.track().clone();
    let keep = |segment, error: super::JournalError| StreamError::Keep { segment, source: error.into() };
    let before = file.contents();
    if before.sound_track.is_none() {
        file.add_sound_track(&track).map_err(|error| keep(SegmentIndex(0), error))?;
    }
    let mut ticks = 0;
    for segment in (0..video.plan.segments()).map(SegmentIndex) {
        let until = video.sound_until(&track, segment);
        let mut packets = Vec::new();
        while ticks < until {
            if cancel.is_cancelled() {
                return Err(StreamError::Cancelled);
            }
            let failed = |source| StreamError::Sound { at: track_time(ticks, track.timescale.get()), source };
            let packet = match source.next_packet() {
                // An error of a source that was stopped is not a failure.
                Err(_) if cancel.is_cancelled() => return Err(StreamError::Cancelled),
                packet => packet.map_err(failed)?.ok_or_else(|| {
                    failed("it ends there, although its track is longer: this is a bug in its source".into())
                })?,
            };
            ticks = ticks.saturating_add(packet.ticks.max(1).into());
            packets.push(packet);
        }
        if !before.has_sound(segment) {
            file.add_sound(segment, &packets).map_err(|error| keep(segment, error))?;
        }
        progress(segment);
    }
    Ok(())
}

/// The time of tick `ticks`, with `timescale` ticks per second.
fn track_time(ticks: u64, timescale: u32) -> Time {
    let nanos = u128::from(ticks) * 1_000_000_000 / u128::from(timescale.max(1));
    Time::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}
