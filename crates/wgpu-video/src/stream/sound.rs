//! The sound stage: reads the packets of a [`PacketSource`] while pictures are made, at most a few segments ahead of the write
//! stage.

use crossbeam_channel::Sender;
use strikeline_audio::{AudioTrack, Packet, PacketSource};

use super::StreamError;
use super::failure::{CancelToken, Failure};
use super::store::SegmentSelection;
use super::trace::{Activity, Worker};
use crate::mux::VideoTrack;
use strikeline_picture::{SegmentRange, Time};

/// The largest number of segments whose sound waits for the write stage, besides the one that the sound stage works on. This
/// bounds the memory.
pub(super) const SEGMENTS_AHEAD: usize = 2;

/// The packets that belong to a segment.
#[derive(Debug)]
pub(super) struct SegmentSound {
    pub packets: Vec<Packet>,
}

impl SegmentSound {
    pub(super) fn bytes(&self) -> u64 {
        self.packets.iter().map(|packet| packet.data.len() as u64).sum()
    }
}

/// Reads the sound of `video` from the start of `source` to the end of the segments `range`, and hands it over segment by
/// segment. The first segment of `range` gets all sound before it, too. Packets behind the end of the track are not read.
///
/// # Errors
/// [`StreamError::Sound`] when the source fails or ends too early; [`StreamError::Cancelled`].
pub(super) fn read_sound(
    source: &mut dyn PacketSource,
    video: &VideoTrack,
    (range, segments): (SegmentRange, &Sender<SegmentSound>),
    mut worker: Worker<'_>,
    failure: &Failure,
    (cancel, selection): (&CancelToken, &SegmentSelection<'_>),
) -> Result<(), StreamError> {
    let track = source.track().clone();
    // A stream that is stopped needs the sound of what is finished if the sink makes a result of that.
    let ends = || failure.stopped() || cancel.is_cancelled() && !selection.finish_early;
    let mut ticks = 0;
    for segment in range.iter() {
        let until = video.sound_until(&track, segment);
        let packets = worker.busy(Activity::Segment(segment), || {
            let mut packets = Vec::new();
            while ticks < until && !ends() {
                let failed = |source| StreamError::Sound { at: heard_at(&track, ticks), source };
                let packet = source.next_packet().map_err(failed)?.ok_or_else(|| {
                    failed("it ends there, although its track is longer: this is a bug in its source".into())
                })?;
                ticks = ticks.saturating_add(packet.ticks.max(1).into());
                packets.push(packet);
            }
            Ok::<_, StreamError>(packets)
        });
        // An error of a source that was stopped is not a failure.
        if cancel.is_cancelled() && (packets.is_err() || !selection.finish_early) {
            // If segments are kept, those that have been begun are finished without sound.
            return if selection.finishes_segments() { Ok(()) } else { Err(StreamError::Cancelled) };
        }
        let packets = packets?;
        let sound = SegmentSound { packets };
        let bytes = sound.bytes();
        if failure.stopped() || worker.await_output(|| segments.send(sound)).is_err() {
            // Another stage has failed and recorded its error.
            return Ok(());
        }
        let frames = video.plan.frames_of(segment);
        worker.done(frames.end - frames.start, bytes);
    }
    Ok(())
}

/// The time in the video at which tick `ticks` of `track` is heard; 0 for ticks that are skipped.
fn heard_at(track: &AudioTrack, ticks: u64) -> Time {
    let heard = u128::from(ticks.saturating_sub(track.skip)) * 1_000_000_000;
    Time::from_nanos(i64::try_from(heard / u128::from(track.timescale.get())).unwrap_or(i64::MAX))
}
