//! Which parts of a recording are heard one after the other, in a song that is slowed down, sped up or looped.

use strikeline_audio::AudioFormat;
use strikeline_picture::Time;

use crate::song::Timeline;

/// A part of a recording that is heard at one speed, behind the one before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordingPiece {
    /// Silence in front of it, in sample frames: where the timeline or the recording has nothing.
    pub silence: u64,
    /// Its first sample frame in the recording.
    pub start: u64,
    /// Its sample frames in the recording; some or all may lie behind the recording's end.
    pub frames: u64,
    /// How fast it is played: it is heard for `frames / speed` sample frames, rounded to the nearest.
    pub speed: f64,
}

impl RecordingPiece {
    /// How long it is heard, in sample frames, without the silence in front of it.
    pub fn heard(&self) -> u64 {
        if self.speed == 1.0 { self.frames } else { (self.frames as f64 / self.speed).round() as u64 }
    }
}

/// The pieces of a recording that are heard from `start` to `end` of a song with this `timeline`.
///
/// `song_start` is the moment of the recording at which the song as written has its time 0: positive where the recording
/// begins before the song, negative where it begins later. `format` is that of the recording; only its rate counts.
///
/// The first piece is heard at the moment `start`, after the silence in front of it. Each piece begins within a sample
/// frame of where it should, however many there are.
pub fn recording_pieces(
    timeline: &Timeline,
    song_start: Time,
    start: Time,
    end: Time,
    format: AudioFormat,
) -> Vec<RecordingPiece> {
    let frames_to = |time: Time| u64::try_from(format.frames_at((time - start).as_nanos())).unwrap_or(0);
    let mut heard = 0;
    let mut pieces = Vec::new();
    for piece in timeline.pieces(start, end) {
        let mut from = piece.start;
        let mut source = piece.source + song_start;
        if source < Time::ZERO {
            from = from + piece.speed.played(Time::ZERO - source);
            source = Time::ZERO;
        }
        let (from, to) = (frames_to(from).max(heard), frames_to(piece.start + piece.length));
        let Some(wanted) = to.checked_sub(from).filter(|wanted| *wanted > 0) else {
            continue;
        };
        // A number of sample frames is scaled like a time.
        let wanted = Time::from_nanos(i64::try_from(wanted).unwrap_or(i64::MAX));
        let piece = RecordingPiece {
            silence: from - heard,
            start: u64::try_from(format.frames_at(source.as_nanos())).unwrap_or(0),
            frames: u64::try_from(piece.speed.written(wanted).as_nanos()).unwrap_or(0),
            speed: piece.speed.as_f64(),
        };
        heard += piece.silence + piece.heard();
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::{Passage, Speed};
    use proptest::prelude::*;

    fn seconds(seconds: f64) -> Time {
        Time::from_seconds(seconds)
    }

    const SECOND: u64 = 48_000;

    fn pieces(timeline: &Timeline, song_start: f64, start: f64, end: f64) -> Vec<RecordingPiece> {
        let format = AudioFormat::STEREO_48K;
        recording_pieces(timeline, seconds(song_start), seconds(start), seconds(end), format)
    }

    #[test]
    fn a_song_as_written_is_one_piece() {
        let timeline = Timeline::as_written();
        // The recording begins a second before the song, the video two.
        let piece = RecordingPiece { silence: SECOND, start: 0, frames: 11 * SECOND, speed: 1.0 };
        assert_eq!(pieces(&timeline, 1.0, -2.0, 10.0), [piece]);
        // The recording begins three seconds before the song.
        let piece = RecordingPiece { silence: 0, start: SECOND, frames: 12 * SECOND, speed: 1.0 };
        assert_eq!(pieces(&timeline, 3.0, -2.0, 10.0), [piece]);
        // It begins a second after the song has begun, and at half the speed this takes two.
        let slow = timeline.at_speed(Speed::new(1, 2).unwrap());
        let piece = RecordingPiece { silence: 4 * SECOND, start: 0, frames: 4 * SECOND, speed: 0.5 };
        assert_eq!(pieces(&slow, -1.0, -2.0, 10.0), [piece]);
    }

    #[test]
    fn a_loop_is_a_piece_for_each_pass_and_silent_before_the_first() {
        let passage = Passage::new(seconds(8.0), seconds(10.0)).unwrap();
        let piece = |silence| RecordingPiece { silence, start: 8 * SECOND, frames: 2 * SECOND, speed: 1.0 };
        let looped = Timeline::as_written().looped(passage, 3);
        assert_eq!(pieces(&looped, 0.0, -1.0, 9.0), [piece(SECOND), piece(0), piece(0)]);
        // Half a second of the passage is not in the recording.
        let piece = |silence| RecordingPiece { silence, start: 0, frames: SECOND * 3 / 2, speed: 1.0 };
        let half = SECOND / 2;
        assert_eq!(pieces(&looped, -8.5, -1.0, 9.0), [piece(SECOND + half), piece(half), piece(half)]);
    }

    proptest! {
        #[test]
        fn pieces_do_not_drift(
            length in 10_000_001_i64..50_000_000,
            times in 1_u32..200,
            speed in 500_u32..=2_000,
        ) {
            let passage = Passage::new(seconds(1.0), seconds(1.0) + Time::from_nanos(length)).unwrap();
            let speed = Speed::new(speed, 1_000).unwrap();
            let looped = Timeline::as_written().looped(passage, times).at_speed(speed);
            let end = speed.played(Time::from_nanos(length * i64::from(times)));
            let format = AudioFormat::STEREO_48K;
            let pieces = recording_pieces(&looped, Time::ZERO, Time::ZERO, end, format);
            prop_assert_eq!(pieces.len(), times as usize);
            let mut at = 0;
            for (pass, piece) in (0..).zip(&pieces) {
                let begins = speed.played(Time::from_nanos(length * pass));
                at += piece.silence;
                prop_assert!((at as i64 - format.frames_at(begins.as_nanos())).abs() <= 1);
                at += piece.heard();
            }
            prop_assert!((at as i64 - format.frames_at(end.as_nanos())).abs() <= 1);
        }
    }
}
