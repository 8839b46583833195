//! Frame numbers, segment numbers, frame rates, and exact instants.
//!
//! Frame `n` of a video shows the instant `n · den / num` seconds, computed from the integers each
//! time it is needed; nothing is summed up in floating point.

use std::fmt;
use std::str::FromStr;

/// Number of a frame in the whole video, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameIndex(pub u64);

/// Number of a segment (the frames of one closed GOP) in the whole video, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentIndex(pub u64);

/// An instant or a duration in whole nanoseconds, up to 292 years; may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

impl Time {
    /// 0 s.
    pub const ZERO: Time = Time(0);

    /// From whole nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Time {
        Time(nanos)
    }

    /// From seconds, rounded to the nearest nanosecond; values out of range saturate, NaN is 0.
    pub fn from_seconds(seconds: f64) -> Time {
        Time((seconds * 1e9).round() as i64)
    }

    /// In whole nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// In seconds, rounded to the nearest `f64`; for display.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl std::ops::Add for Time {
    type Output = Time;
    fn add(self, other: Time) -> Time {
        Time(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Time {
    type Output = Time;
    fn sub(self, other: Time) -> Time {
        Time(self.0.saturating_sub(other.0))
    }
}

/// Frames per second as an exact ratio in lowest terms, from 1 to 1000 frames per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameRate {
    numerator: u32,
    denominator: u32,
}

/// The error of a frame rate that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "frame rate {given:?} is not usable: give frames per second as a whole number or a ratio between 1 and 1000, such as 60 or 30000/1001"
)]
pub struct FrameRateError {
    given: String,
}

impl FrameRate {
    /// `numerator / denominator` frames per second.
    ///
    /// # Errors
    /// When the ratio is not between 1 and 1000, or its lowest terms have a numerator over 1,000,000
    /// (media clocks count in 32 bits).
    pub fn new(numerator: u32, denominator: u32) -> Result<FrameRate, FrameRateError> {
        let refuse = || FrameRateError { given: format!("{numerator}/{denominator}") };
        if denominator == 0 || numerator < denominator || numerator as u64 > denominator as u64 * 1000 {
            return Err(refuse());
        }
        let divisor = greatest_common_divisor(numerator, denominator);
        let rate = FrameRate { numerator: numerator / divisor, denominator: denominator / divisor };
        if rate.numerator > 1_000_000 { Err(refuse()) } else { Ok(rate) }
    }

    /// Frames in `denominator()` seconds. Also the ticks per second of the video's media clock.
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// Ticks of the media clock (see [`FrameRate::numerator`]) that each frame lasts.
    pub const fn denominator(self) -> u32 {
        self.denominator
    }

    /// As a float, for display.
    pub fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// The time of frame `frame`, rounded down to a nanosecond; that of frame 0 is 0.
    pub fn time_of(self, frame: FrameIndex) -> Time {
        let nanos =
            u128::from(frame.0) * 1_000_000_000 * u128::from(self.denominator) / u128::from(self.numerator);
        Time(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// How many frames it takes to cover `span` (rounded up); 0 for a span that is not positive.
    pub fn frames_to_cover(self, span: Time) -> u64 {
        let nanos = u128::try_from(span.0).unwrap_or(0);
        let frames =
            (nanos * u128::from(self.numerator)).div_ceil(1_000_000_000 * u128::from(self.denominator));
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
}

impl FromStr for FrameRate {
    type Err = FrameRateError;

    fn from_str(text: &str) -> Result<FrameRate, FrameRateError> {
        let refuse = || FrameRateError { given: text.to_owned() };
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let numerator = numerator.trim().parse().map_err(|_| refuse())?;
        let denominator = denominator.trim().parse().map_err(|_| refuse())?;
        FrameRate::new(numerator, denominator).map_err(|_| refuse())
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_whole_numbers_and_ratios() {
        assert_eq!("60".parse(), FrameRate::new(60, 1));
        assert_eq!("30000/1001".parse(), FrameRate::new(30000, 1001));
        assert_eq!("120/2".parse(), FrameRate::new(60, 1));
        for bad in ["", "0", "-1", "1/2", "60/0", "1001", "29.97", "a/b", "4294967295/4294967"] {
            assert!(bad.parse::<FrameRate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_time_of_a_frame_does_not_drift() {
        let ntsc = FrameRate::new(30000, 1001).unwrap();
        assert_eq!(ntsc.time_of(FrameIndex(30000)), Time::from_nanos(1_001_000_000_000));
        assert_eq!(ntsc.time_of(FrameIndex(30000 * 3600)), Time::from_nanos(3_603_600_000_000_000));
    }

    #[test]
    fn a_span_is_covered_by_the_frames_that_begin_in_it() {
        let rate = FrameRate::new(60, 1).unwrap();
        assert_eq!(rate.frames_to_cover(Time::from_seconds(1.0)), 60);
        assert_eq!(rate.frames_to_cover(Time::from_nanos(1)), 1);
        assert_eq!(rate.frames_to_cover(Time::from_seconds(-1.0)), 0);
    }
}
