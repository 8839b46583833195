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
///
/// As text:
///
/// * `60`, or `60.0`;
/// * `30000/1001`: a ratio of whole numbers;
/// * `23.976`, `23.98`, `29.97`, `59.94`, `119.88`: the rates of NTSC, which are 1000/1001 of 24, 30, 48, 60, 72, 90, 96,
///   120, 144 or 240 (as in ITU-R BT.709, 24/1.001 and so on), with at least two decimals, rounded or cut off;
/// * `12.5`: any other decimal is exact;
/// * `ntsc` (30000/1001), `pal` (25), `film` (24) and `ntsc-film` (24000/1001), as ffmpeg names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameRate {
    numerator: u32,
    denominator: u32,
}

/// The error of a frame rate that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "frame rate {given:?} is not usable: give frames per second from 1 to 1000, as a number such as 60, 29.97 or 12.5, as a \
     ratio such as 30000/1001, or as ntsc, pal, film or ntsc-film"
)]
pub struct FrameRateError {
    given: String,
}

/// The whole rates of which there is an NTSC rate, 1000/1001 of it.
const NTSC_OF: [u32; 10] = [24, 30, 48, 60, 72, 90, 96, 120, 144, 240];

impl FrameRate {
    /// 25 frames per second.
    pub const FPS_25: FrameRate = FrameRate { numerator: 25, denominator: 1 };
    /// 60 frames per second.
    pub const FPS_60: FrameRate = FrameRate { numerator: 60, denominator: 1 };

    /// `numerator / denominator` frames per second.
    ///
    /// # Errors
    /// When the ratio is not between 1 and 1000, or its lowest terms have a numerator over 1,000,000
    /// (media clocks count in 32 bits).
    pub fn new(numerator: u32, denominator: u32) -> Result<FrameRate, FrameRateError> {
        let rate = FrameRate::from_ratio(numerator.into(), denominator.into());
        rate.ok_or_else(|| FrameRateError { given: format!("{numerator}/{denominator}") })
    }

    fn from_ratio(numerator: u64, denominator: u64) -> Option<FrameRate> {
        if denominator == 0 || numerator < denominator || numerator / 1000 > denominator {
            return None;
        }
        let divisor = greatest_common_divisor(numerator, denominator);
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        if numerator > 1_000_000 || numerator > denominator * 1000 {
            return None;
        }
        Some(FrameRate {
            numerator: u32::try_from(numerator).ok()?,
            denominator: u32::try_from(denominator).ok()?,
        })
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
        let rate = match text.trim().to_ascii_lowercase().as_str() {
            "ntsc" => FrameRate::from_ratio(30_000, 1001),
            "pal" => FrameRate::from_ratio(25, 1),
            "film" => FrameRate::from_ratio(24, 1),
            "ntsc-film" => FrameRate::from_ratio(24_000, 1001),
            number => match number.split_once('/') {
                Some((numerator, denominator)) => whole(numerator.trim())
                    .zip(whole(denominator.trim()))
                    .and_then(|(numerator, denominator)| FrameRate::from_ratio(numerator, denominator)),
                None => decimal(number),
            },
        };
        rate.ok_or_else(|| FrameRateError { given: text.to_owned() })
    }
}

/// A whole number, of digits alone.
fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A rate such as `60`, `60.0`, `29.97` or `12.5`.
fn decimal(text: &str) -> Option<FrameRate> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
    // More decimals than any rate needs.
    let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= 12)?;
    let (integer, scale) = (whole(integer).filter(|integer| *integer <= 1000)?, 10_u64.pow(places));
    let value = integer * scale + whole(fraction)?;
    let is_written_as = |whole: &&u32| {
        // 1000/1001 of it in units of the last decimal.
        let (scaled, divisor) = (u64::from(**whole) * 1000 * scale, 1001);
        value == scaled / divisor || value == (2 * scaled + divisor) / (2 * divisor)
    };
    match NTSC_OF.iter().find(is_written_as).filter(|_| places >= 2) {
        Some(whole) => FrameRate::from_ratio(u64::from(*whole) * 1000, 1001),
        None => FrameRate::from_ratio(value, scale),
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

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
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
        assert_eq!("1000000000000/16666666666".parse::<FrameRate>().ok(), None);
        assert_eq!("1200000000000/20000000000".parse(), FrameRate::new(60, 1));
        for bad in [
            "",
            "0",
            "-1",
            "1/2",
            "60/0",
            "1001",
            "1000.001",
            "a/b",
            "4294967295/4294967",
            "0.5",
            "+60",
            "6e1",
        ] {
            let error = bad.parse::<FrameRate>().unwrap_err().to_string();
            assert!(error.contains("29.97") && error.contains("1 to 1000"), "{error}");
        }
        for bad in [".", "60.", "60..0", "60.0.0", "33.3333333", "nan", "30/1.001", "1.000000000000001", "٣٠"]
        {
            assert!(bad.parse::<FrameRate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn decimals_are_ntsc_rates_or_exact() {
        for (text, numerator, denominator) in [
            ("23.976", 24_000, 1001),
            ("23.98", 24_000, 1001),
            ("23.97", 24_000, 1001),
            ("23.976024", 24_000, 1001),
            ("23.976023976", 24_000, 1001),
            ("29.97", 30_000, 1001),
            ("29.970", 30_000, 1001),
            ("29.97003", 30_000, 1001),
            ("29.97002997", 30_000, 1001),
            ("47.952", 48_000, 1001),
            ("47.95", 48_000, 1001),
            ("59.94", 60_000, 1001),
            ("59.9401", 60_000, 1001),
            ("59.94006", 60_000, 1001),
            ("119.88", 120_000, 1001),
            ("119.880", 120_000, 1001),
            ("239.76", 240_000, 1001),
            ("ntsc", 30_000, 1001),
            ("NTSC", 30_000, 1001),
            ("ntsc-film", 24_000, 1001),
            ("pal", 25, 1),
            ("film", 24, 1),
            ("60.0", 60, 1),
            ("60.000", 60, 1),
            ("24.00", 24, 1),
            ("12.5", 25, 2),
            ("14.5", 29, 2),
            ("59.9", 599, 10),
            ("29.96", 749, 25),
            ("29.98", 1499, 50),
            ("2997/100", 2997, 100),
            ("7.25", 29, 4),
            (" 60 ", 60, 1),
            ("30000 / 1001", 30_000, 1001),
        ] {
            assert_eq!(text.parse(), FrameRate::new(numerator, denominator), "{text}");
        }
    }

    #[test]
    fn what_a_rate_is_shown_as_is_read_as_the_same_rate() {
        for whole in NTSC_OF {
            let ntsc = FrameRate::new(whole * 1000, 1001).unwrap();
            assert_eq!(ntsc.to_string().parse(), Ok(ntsc));
            for places in 2..10 {
                assert_eq!(format!("{:.places$}", ntsc.as_f64()).parse(), Ok(ntsc));
            }
            assert_eq!(format!("{:.3}", f64::from(whole)).parse(), FrameRate::new(whole, 1));
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
