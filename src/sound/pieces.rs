//! Which parts of a recording are heard one after the other, in a song that is slowed down, sped up or looped.

use strikeline_audio::AudioFormat;
use strikeline_picture::Time;

use crate::song::Timeline;

/// A part of a recording that is heard at one speed, directly behind the one before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordingPiece {
    /// Its first sample frame in the recording; negative where it begins before the recording does.
    pub start: i64,
    /// Its sample frames in the recording; some or all may lie before or behind it.
    pub frames: u64,
    /// How fast it is played: it is heard for `frames / speed` sample frames, rounded to the nearest.
    pub speed: f64,
}

impl RecordingPiece {
    /// How long it is heard, in sample frames.
    pub fn heard(&self) -> u64 {
        if self.speed == 1.0 { self.frames } else { (self.frames as f64 / self.speed).round() as u64 }
    }
}

/// The pieces of a recording that are heard from `start` to `end` of a song with this `timeline`, and when the first of
/// them begins; `None` where there is none.
///
/// `begins` is the moment of the song as written at which the recording begins. `format` is that of the recording; only its
/// rate counts.
///
/// What is rounded away of the length of a piece is made up for by the next one: each begins within a sample frame of where
/// it should, however many there are.
pub fn recording_pieces(
    timeline: &Timeline,
    begins: Time,
    start: Time,
    end: Time,
    format: AudioFormat,
) -> Option<(Time, Vec<RecordingPiece>)> {
    let first = timeline.pieces(start, end).next()?.start;
    let mut heard = 0;
    let mut pieces = Vec::new();
    for piece in timeline.pieces(start, end) {
        let ends = piece.start + piece.length - first;
        let wanted = format.frames_at(ends.as_nanos()).saturating_sub(heard).max(0);
        // A number of sample frames is scaled like a time.
        let frames = piece.speed.written(Time::from_nanos(wanted)).as_nanos();
        let piece = RecordingPiece {
            start: format.frames_at((piece.source - begins).as_nanos()),
            frames: frames.unsigned_abs(),
            speed: piece.speed.as_f64(),
        };
        heard = heard.saturating_add_unsigned(piece.heard());
        pieces.push(piece);
    }
    Some((first, pieces))
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

    /// Seconds of the first, and all.
    fn pieces(timeline: &Timeline, begins: f64, start: f64, end: f64) -> (f64, Vec<RecordingPiece>) {
        let format = AudioFormat::STEREO_48K;
        let (first, pieces) =
            recording_pieces(timeline, seconds(begins), seconds(start), seconds(end), format).unwrap();
        (first.as_seconds(), pieces)
    }

    #[test]
    fn a_song_as_written_is_one_piece() {
        let timeline = Timeline::as_written();
        // The recording begins a second before the song, the video two.
        let piece = RecordingPiece { start: -48_000, frames: 12 * SECOND, speed: 1.0 };
        assert_eq!(pieces(&timeline, -1.0, -2.0, 10.0), (-2.0, vec![piece]));
        // The recording begins a second after the song has begun, and what was 1 second before takes 2.
        let slow = timeline.at_speed(Speed::new(1, 2).unwrap());
        let piece = RecordingPiece { start: -2 * 48_000, frames: 6 * SECOND, speed: 0.5 };
        assert_eq!(pieces(&slow, 1.0, -2.0, 10.0), (-2.0, vec![piece]));
    }

    #[test]
    fn a_loop_is_a_piece_for_each_pass_and_nothing_is_heard_around_it() {
        let passage = Passage::new(seconds(8.0), seconds(10.0)).unwrap();
        let piece = RecordingPiece { start: 8 * 48_000, frames: 2 * SECOND, speed: 1.0 };
        let looped = Timeline::as_written().looped(passage, 3);
        assert_eq!(pieces(&looped, 0.0, -1.0, 9.0), (0.0, vec![piece; 3]));
        let format = AudioFormat::STEREO_48K;
        assert_eq!(recording_pieces(&looped, Time::ZERO, seconds(6.0), seconds(9.0), format), None);
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
            let (_, pieces) = recording_pieces(&looped, Time::ZERO, Time::ZERO, end, format).unwrap();
            prop_assert_eq!(pieces.len(), times as usize);
            let mut at = 0;
            for (pass, piece) in (0..).zip(&pieces) {
                let begins = speed.played(Time::from_nanos(length * pass));
                prop_assert!((at - format.frames_at(begins.as_nanos())).abs() <= 1);
                at += piece.heard() as i64;
            }
            prop_assert!((at - format.frames_at(end.as_nanos())).abs() <= 1);
        }
    }
}
