//! The times of frames, and times as the shaders take them: whole milliseconds of the song in 32 bits.
//!
//! The frames of a song lie on one grid: frame `n` of it is at `n / frame rate`. A video that begins at a frame of the grid shows
//! frames of the grid, whichever it begins at, so that a piece of a song shows what the whole shows.

use strikeline_picture::{FrameIndex, FrameRate, Time};

/// A time before all songs and one after all songs, in milliseconds. Both are near enough to zero that differences of
/// two times do not overflow 32 bits.
pub(super) const ALL_TIME: [i32; 2] = [-1_050_000_000, 1_050_000_000];

/// `time` in whole milliseconds, rounded down and limited to lie between the two times of [`ALL_TIME`].
pub(super) fn milliseconds(time: Time) -> i32 {
    let [begin, end] = ALL_TIME;
    time.as_nanos().div_euclid(1_000_000).clamp((begin + 1).into(), (end - 1).into()) as i32
}

/// How far from a frame of the grid a time may be that is taken as its time: what six decimals of a second may lack.
const OFF_GRID: i128 = 1_000;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The number on the grid of the last frame that is not later than `time`; negative before the song.
pub(super) fn frame_before(rate: FrameRate, time: Time) -> i64 {
    let frames = i128::from(time.as_nanos()) * i128::from(rate.numerator());
    saturated(frames.div_euclid(i128::from(rate.denominator()) * NANOS_PER_SECOND))
}

/// The number on the grid of the frame nearest to `time`; negative before the song.
pub(super) fn nearest_frame(rate: FrameRate, time: Time) -> i64 {
    let half = i128::from(rate.denominator()) * NANOS_PER_SECOND / (2 * i128::from(rate.numerator()));
    frame_before(rate, Time::from_nanos(saturated(i128::from(time.as_nanos()) + half)))
}

/// The number on the grid of the frame at `time`, to a microsecond; `None` where there is none.
pub(super) fn frame_at(rate: FrameRate, time: Time) -> Option<i64> {
    let near = frame_before(rate, time + Time::from_nanos(OFF_GRID as i64));
    let off = i128::from(time.as_nanos()) * i128::from(rate.numerator())
        - i128::from(near) * i128::from(rate.denominator()) * NANOS_PER_SECOND;
    (off.abs() <= OFF_GRID * i128::from(rate.numerator())).then_some(near)
}

/// The time of a frame of the grid, rounded down to a nanosecond.
pub(super) fn time_of(rate: FrameRate, frame: i64) -> Time {
    let nanos = i128::from(frame) * i128::from(rate.denominator()) * NANOS_PER_SECOND;
    Time::from_nanos(saturated(nanos.div_euclid(i128::from(rate.numerator()))))
}

/// The time of the song at `frame` of a video that begins at `start`.
pub(super) fn time_in_song(rate: FrameRate, start: Time, frame: FrameIndex) -> Time {
    match frame_at(rate, start) {
        Some(first) => time_of(rate, first.saturating_add(i64::try_from(frame.0).unwrap_or(i64::MAX))),
        None => start + rate.time_of(frame),
    }
}

fn saturated(number: i128) -> i64 {
    number.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_time_of_a_frame_does_not_depend_on_where_the_video_begins(
            rate in proptest::sample::select(vec!["23.976", "25", "29.97", "59.94", "60", "119.88", "144", "1000"]),
            first in -1_000_i64..1_000_000,
            frame in 0_u64..100_000,
            off in -900_i64..900,
        ) {
            let rate: FrameRate = rate.parse().unwrap();
            let start = time_of(rate, first) + Time::from_nanos(off);
            prop_assert_eq!(frame_at(rate, start), Some(first));
            prop_assert_eq!(time_in_song(rate, start, FrameIndex(frame)), time_of(rate, first + frame as i64));
            // A quarter of a frame later there is none.
            let quarter = Time::from_nanos((0.25e9 / rate.as_f64()) as i64);
            prop_assert_eq!(frame_at(rate, start + quarter), None);
            prop_assert_eq!(frame_before(rate, start + quarter), first);
        }
    }
}
