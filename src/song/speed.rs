//! How fast a song is played.

use std::fmt;
use std::str::FromStr;

use strikeline_picture::{ExactTime, Time};

/// How fast a song is played, as an exact ratio in lowest terms: 1 is as written, 1/2 takes twice as long.
///
/// As text: a number such as `0.75` (at most six decimals), a percentage such as `75%`, or a ratio such as `3/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Speed {
    numerator: u64,
    denominator: u64,
}

/// The error of a speed that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "speed {given:?} is not usable: give a number from 0.5 to 2, such as 0.75, or a percentage such as 75%"
)]
pub struct SpeedError {
    given: String,
}

/// Terms of a product of speeds are kept below this, so that times multiplied by them fit into 128 bits.
const LARGEST_TERM: u128 = 1 << 60;

impl Speed {
    /// As written.
    pub const NORMAL: Speed = Speed { numerator: 1, denominator: 1 };

    /// `numerator / denominator` times as fast as written.
    ///
    /// # Errors
    /// When the ratio is not from 1/2 to 2.
    pub fn new(numerator: u32, denominator: u32) -> Result<Speed, SpeedError> {
        let (wide, wide_denominator) = (u64::from(numerator), u64::from(denominator));
        if denominator == 0 || wide * 2 < wide_denominator || wide > wide_denominator * 2 {
            return Err(SpeedError { given: format!("{numerator}/{denominator}") });
        }
        Ok(Speed::reduced(wide.into(), wide_denominator.into()))
    }

    /// The upper term of the ratio.
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// The lower term of the ratio; never 0.
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// As a float, rounded.
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// How long it takes to play what lasts `written`, rounded to the nearest nanosecond.
    pub fn played(self, written: Time) -> Time {
        scaled(written, self.denominator, self.numerator)
    }

    /// The same for an exact time, rounded once.
    pub fn played_exactly(self, written: ExactTime) -> Time {
        let exact = || {
            let nanos =
                written.numerator().checked_mul(1_000_000_000)?.checked_mul(self.denominator.into())?;
            let divisor = i128::from(written.denominator()).checked_mul(self.numerator.into())?;
            let rounded = nanos.checked_add(divisor / 2)?.div_euclid(divisor);
            i64::try_from(rounded).ok().map(Time::from_nanos)
        };
        // Terms that are too large for that differ by less than a nanosecond.
        exact().unwrap_or_else(|| self.played(written.rounded()))
    }

    /// How much of what is written is played in a time of `played`, rounded to the nearest nanosecond.
    pub fn written(self, played: Time) -> Time {
        scaled(played, self.numerator, self.denominator)
    }

    /// This speed on top of another. Exact, but for products of very many speeds.
    pub(super) fn times(self, other: Speed) -> Speed {
        Speed::reduced(
            u128::from(self.numerator) * u128::from(other.numerator),
            u128::from(self.denominator) * u128::from(other.denominator),
        )
    }

    fn reduced(numerator: u128, denominator: u128) -> Speed {
        let divisor = greatest_common_divisor(numerator, denominator).max(1);
        let (mut numerator, mut denominator) = (numerator / divisor, denominator / divisor);
        while numerator >= LARGEST_TERM || denominator >= LARGEST_TERM {
            numerator >>= 1;
            denominator >>= 1;
        }
        Speed { numerator: (numerator as u64).max(1), denominator: (denominator as u64).max(1) }
    }
}

impl Default for Speed {
    fn default() -> Speed {
        Speed::NORMAL
    }
}

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Speed, SpeedError> {
        let refuse = || SpeedError { given: text.to_owned() };
        let trimmed = text.trim();
        let terms = if let Some(percent) = trimmed.strip_suffix('%') {
            decimal(percent.trim_end()).and_then(|(digits, scale)| Some((digits, scale.checked_mul(100)?)))
        } else if let Some((numerator, denominator)) = trimmed.split_once('/') {
            whole(numerator.trim()).zip(whole(denominator.trim()))
        } else {
            decimal(trimmed)
        };
        let (numerator, denominator) = terms.ok_or_else(refuse)?;
        Speed::new(numerator, denominator).map_err(|_| refuse())
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_f64())
    }
}

/// A whole number, of digits alone.
fn whole(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A decimal number as a ratio with a power of ten.
fn decimal(text: &str) -> Option<(u32, u32)> {
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    if after.len() > 6 || before.len() + after.len() == 0 {
        return None;
    }
    let digits = whole(&format!("{before}{after}"))?;
    Some((digits, 10_u32.pow(after.len() as u32)))
}

/// `time * numerator / denominator`, rounded to the nearest; what does not fit saturates.
fn scaled(time: Time, numerator: u64, denominator: u64) -> Time {
    let denominator = i128::from(denominator);
    let nanos =
        (i128::from(time.as_nanos()) * i128::from(numerator) + denominator / 2).div_euclid(denominator);
    let saturated = if nanos < 0 { i64::MIN } else { i64::MAX };
    Time::from_nanos(i64::try_from(nanos).unwrap_or(saturated))
}

fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_as_numbers_percentages_and_ratios() {
        let three_quarters = Speed::new(3, 4).unwrap();
        for text in ["0.75", ".75", "75%", "75 %", "75.0%", "3/4", " 0.750000 "] {
            assert_eq!(text.parse(), Ok(three_quarters), "{text}");
        }
        assert_eq!("1".parse(), Ok(Speed::NORMAL));
        assert_eq!("2.".parse(), Ok(Speed::new(2, 1).unwrap()));
        let bad =
            ["", ".", "%", "0.49", "2.01", "0", "-1", "+1", "1e0", "nan", "3/0", "1/3", "0.7500000", "49%"];
        for text in bad {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
        assert_eq!(three_quarters.to_string(), "0.75");
    }

    #[test]
    fn a_slow_song_takes_longer() {
        let speed = Speed::new(3, 4).unwrap();
        assert_eq!(speed.played(Time::from_seconds(3.0)), Time::from_seconds(4.0));
        assert_eq!(speed.written(Time::from_seconds(4.0)), Time::from_seconds(3.0));
        assert_eq!(speed.played(Time::from_nanos(-1)), Time::from_nanos(-1));
        assert_eq!(speed.played(Time::from_nanos(i64::MAX)), Time::from_nanos(i64::MAX));
        assert_eq!(speed.played(Time::from_nanos(i64::MIN)), Time::from_nanos(i64::MIN));
    }

    #[test]
    fn an_exact_time_is_rounded_once() {
        let third = ExactTime::new(1, std::num::NonZeroU32::new(3).unwrap());
        for (speed, nanos) in [
            ((1, 1), 333_333_333),
            ((2, 1), 166_666_667),
            ((3, 4), 444_444_444),
            ((4_294_967_295, 4_294_967_294), 333_333_333),
        ] {
            assert_eq!(Speed::new(speed.0, speed.1).unwrap().played_exactly(third), Time::from_nanos(nanos));
        }
        let longest = Time::from_nanos(i64::MAX);
        assert_eq!(Speed::new(1, 2).unwrap().played_exactly(longest.into()), longest);
    }

    #[test]
    fn speeds_multiply_exactly_and_never_overflow() {
        let speed = Speed::new(2, 3).unwrap();
        assert_eq!(speed.times(Speed::new(3, 2).unwrap()), Speed::NORMAL);
        let odd = Speed::new(999_983, 999_979).unwrap();
        let many = (0..100).fold(Speed::NORMAL, |product, _| product.times(odd));
        assert!((many.as_f64() - odd.as_f64().powi(100)).abs() < 1e-6);
    }
}
