//! Which moment of a song is played when: what slowing down and looping do to time.

use strikeline_picture::Time;

use super::passage::Passage;
use super::speed::Speed;

/// Says which moment of the song, as it is in the file or in a recording, is played at each moment of the video.
///
/// It consists of pieces that follow each other, in each of which the song goes on at a constant speed. What is played
/// is called the *output* here, the song as it is in the file the *source*. Both are counted from the start of the
/// (transformed, or written) song, so the lead-in has negative times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// In order of time; they do not overlap.
    pieces: Vec<Piece>,
}

/// A stretch of the output in which the source goes on at one speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelinePiece {
    /// When it begins in the output.
    pub start: Time,
    /// How long it lasts in the output; more than 0.
    pub length: Time,
    /// The moment of the source that is played at `start`. The piece ends before the moment
    /// `source + speed.written(length)`.
    pub source: Time,
    /// The speed at which the source is played.
    pub speed: Speed,
}

/// A piece with an anchor, which stays where it is when a piece is cut: so cutting costs no precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// When it begins and ends in the output. The largest and smallest times are without end.
    from: Time,
    to: Time,
    /// A moment of the output, and the moment of the source that is played then.
    output: Time,
    source: Time,
    speed: Speed,
}

const FOREVER: Time = Time::from_nanos(i64::MAX);
const EVER_SINCE: Time = Time::from_nanos(i64::MIN);

impl Timeline {
    /// The song as written.
    pub fn as_written() -> Timeline {
        let piece = Piece {
            from: EVER_SINCE,
            to: FOREVER,
            output: Time::ZERO,
            source: Time::ZERO,
            speed: Speed::NORMAL,
        };
        Timeline { pieces: vec![piece] }
    }

    /// What this timeline plays, faster or slower.
    pub fn at_speed(&self, speed: Speed) -> Timeline {
        // The ends of time stay where they are.
        let scaled = |time| if time == FOREVER || time == EVER_SINCE { time } else { speed.played(time) };
        let pieces = self.pieces.iter().map(|piece| Piece {
            from: scaled(piece.from),
            to: scaled(piece.to),
            output: scaled(piece.output),
            source: piece.source,
            speed: piece.speed.times(speed),
        });
        Timeline { pieces: pieces.filter(|piece| piece.from < piece.to).collect() }
    }

    /// A passage of what this timeline plays, `times` times one after the other, the first time at 0. Before and after
    /// that nothing is played.
    pub fn looped(&self, passage: Passage, times: u32) -> Timeline {
        let within: Vec<Piece> =
            self.pieces.iter().filter_map(|piece| piece.cut(passage.from(), passage.to())).collect();
        let shifts = (0..i64::from(times))
            .map(|pass| Time::from_nanos(passage.length().as_nanos().saturating_mul(pass)) - passage.from());
        Timeline {
            pieces: shifts.flat_map(|shift| within.iter().map(move |piece| piece.shifted(shift))).collect(),
        }
    }

    /// The pieces of the output from `from` to before `to`, in order. Where there is none, nothing is played.
    pub fn pieces(&self, from: Time, to: Time) -> impl Iterator<Item = TimelinePiece> {
        self.pieces.iter().filter_map(move |piece| {
            let piece = piece.cut(from, to)?;
            Some(TimelinePiece {
                start: piece.from,
                length: piece.to - piece.from,
                source: piece.source_at(piece.from),
                speed: piece.speed,
            })
        })
    }

    /// The moment of the source that is played at `output`, to the nanosecond; `None` where nothing is played.
    pub fn source_at(&self, output: Time) -> Option<Time> {
        let after = self.pieces.partition_point(|piece| piece.from <= output);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        (output < piece.to).then(|| piece.source_at(output))
    }

    /// When the moment `source` of the source is played, in order: not at all, once, or in each pass of a loop.
    pub fn outputs_of(&self, source: Time) -> impl Iterator<Item = Time> {
        self.pieces.iter().filter_map(move |piece| {
            let output = piece.output + piece.speed.played(source - piece.source);
            (piece.from <= output && output < piece.to).then_some(output)
        })
    }
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline::as_written()
    }
}

impl Piece {
    fn cut(self, from: Time, to: Time) -> Option<Piece> {
        let (from, to) = (self.from.max(from), self.to.min(to));
        (from < to).then_some(Piece { from, to, ..self })
    }

    fn shifted(self, by: Time) -> Piece {
        Piece { from: self.from + by, to: self.to + by, output: self.output + by, ..self }
    }

    fn source_at(&self, output: Time) -> Time {
        self.source + self.speed.written(output - self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(seconds: f64) -> Time {
        Time::from_seconds(seconds)
    }

    #[test]
    fn a_slow_loop_is_two_pieces_that_follow_each_other() {
        let passage = Passage::new(seconds(8.0), seconds(12.0)).unwrap();
        let half = Speed::new(1, 2).unwrap();
        let timeline = Timeline::as_written().looped(passage, 2).at_speed(half);
        let piece = |start| TimelinePiece {
            start: seconds(start),
            length: seconds(8.0),
            source: seconds(8.0),
            speed: half,
        };
        let pieces: Vec<_> = timeline.pieces(seconds(-5.0), seconds(100.0)).collect();
        assert_eq!(pieces, [piece(0.0), piece(8.0)]);
        assert_eq!(timeline.source_at(seconds(-0.5)), None);
        assert_eq!(timeline.source_at(seconds(9.0)), Some(seconds(8.5)));
        assert_eq!(timeline.source_at(seconds(16.0)), None);
        let outputs: Vec<_> = timeline.outputs_of(seconds(11.0)).collect();
        assert_eq!(outputs, [seconds(6.0), seconds(14.0)]);
    }

    #[test]
    fn a_loop_of_a_loop_is_a_loop() {
        let inner = Timeline::as_written().looped(Passage::new(seconds(4.0), seconds(6.0)).unwrap(), 3);
        let outer = inner.looped(Passage::new(seconds(1.0), seconds(3.0)).unwrap(), 2);
        let pieces: Vec<_> = outer.pieces(EVER_SINCE, FOREVER).map(|piece| piece.source).collect();
        assert_eq!(pieces, [5.0, 4.0, 5.0, 4.0].map(seconds));
    }

    proptest! {
        #[test]
        fn pieces_cover_the_loop_and_time_maps_back(
            from in 0_i64..20_000_000_000,
            length in 1_i64..20_000_000_000,
            times in 1_u32..5,
            numerator in 500_u32..=2_000,
            at in 0.0_f64..1.0,
        ) {
            let speed = Speed::new(numerator, 1_000).unwrap();
            let passage = Passage::new(Time::from_nanos(from), Time::from_nanos(from + length)).unwrap();
            let timeline = Timeline::as_written().looped(passage, times).at_speed(speed);
            let total = speed.played(Time::from_nanos(length * i64::from(times)));
            let mut end = Time::ZERO;
            for piece in timeline.pieces(EVER_SINCE, FOREVER) {
                prop_assert_eq!(piece.start, end);
                end = end + piece.length;
            }
            prop_assert_eq!(end, total);
            let output = Time::from_nanos((total.as_nanos() as f64 * at) as i64);
            if let Some(source) = timeline.source_at(output) {
                let nearest = timeline.outputs_of(source).map(|found| (found - output).as_nanos().abs()).min();
                // At twice the speed, a nanosecond of the source is half a one.
                prop_assert!(nearest.is_some_and(|off| off <= 1) || source >= passage.to() - Time::from_nanos(1)
                    || source <= passage.from());
            }
        }
    }
}
