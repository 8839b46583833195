//! Times as exact ratios, and times as people write them.
//!
//! A [`Time`] counts whole nanoseconds, in which a frame of 1/30 s cannot be told. What is given as text is kept as a
//! ratio of whole numbers instead, and is rounded once: where frames are counted, or where a [`Time`] is made of it.

use std::cmp::Ordering;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::timing::{FrameIndex, FrameRate, Time};

/// An instant or a duration in seconds, as an exact ratio in lowest terms; may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExactTime {
    /// At most 10^26 either way, so that products with rates and nanoseconds fit.
    numerator: i128,
    /// From 1 to 10^15, or a rate's numerator.
    denominator: u64,
}

/// Decimal places of a second that are told apart. What is written with more is rounded to these.
const PLACES: i64 = 15;
/// 10 to the power of [`PLACES`], which is the largest denominator of a ratio.
const FINEST: u64 = 1_000_000_000_000_000;
/// Seconds of the longest time that is read from text: a year of 365 days.
const LONGEST: i128 = 31_536_000;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

impl ExactTime {
    /// 0 s.
    pub const ZERO: ExactTime = ExactTime { numerator: 0, denominator: 1 };

    /// `numerator / denominator` seconds.
    pub fn new(numerator: i64, denominator: NonZeroU32) -> ExactTime {
        ExactTime::reduced(numerator.into(), u64::from(denominator.get()))
    }

    /// The upper term of the ratio of seconds.
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The lower term of the ratio of seconds; never 0.
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// Rounded to the nearest nanosecond; halves up.
    pub fn rounded(self) -> Time {
        let (nanos, denominator) = (self.numerator * NANOS_PER_SECOND, i128::from(self.denominator));
        let nanos = (2 * nanos + denominator).div_euclid(2 * denominator);
        Time::from_nanos(nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// In seconds, rounded to the nearest `f64`; for display.
    pub fn as_seconds(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    fn reduced(numerator: i128, denominator: u64) -> ExactTime {
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.into());
        // The divisor is at most the denominator.
        let divisor = u64::try_from(divisor).unwrap_or(1).max(1);
        ExactTime { numerator: numerator / i128::from(divisor), denominator: (denominator / divisor).max(1) }
    }
}

impl From<Time> for ExactTime {
    fn from(time: Time) -> ExactTime {
        ExactTime::reduced(time.as_nanos().into(), NANOS_PER_SECOND as u64)
    }
}

impl Ord for ExactTime {
    fn cmp(&self, other: &ExactTime) -> Ordering {
        let parts = |time: &ExactTime| {
            let denominator = i128::from(time.denominator);
            (time.numerator.div_euclid(denominator), time.numerator.rem_euclid(denominator))
        };
        let ((whole, rest), (other_whole, other_rest)) = (parts(self), parts(other));
        let rests =
            || (rest * i128::from(other.denominator)).cmp(&(other_rest * i128::from(self.denominator)));
        whole.cmp(&other_whole).then_with(rests)
    }
}

impl PartialOrd for ExactTime {
    fn partial_cmp(&self, other: &ExactTime) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FrameRate {
    /// The exact time of frame `frame`; that of frame 0 is 0.
    pub fn exact_time_of(self, frame: FrameIndex) -> ExactTime {
        ExactTime::reduced(i128::from(frame.0) * i128::from(self.denominator()), self.numerator().into())
    }
}

/// A time as it was written: its exact value, and how fine the digits are.
///
/// As text:
///
/// * `42`, `42.5`, `42.5s`: seconds;
/// * `500ms`: milliseconds;
/// * `0:42`, `1:02:03.5`: minutes and seconds, or hours, minutes and seconds;
/// * `119/30`: a ratio of seconds.
///
/// A sign may come first. Times are at most a year, and decimals are rounded to 15 places of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenTime {
    time: ExactTime,
    /// The last digit counts 1 / this of a second; `None` where no digit was left out.
    last_digit: Option<u64>,
}

/// Why a text was not understood as a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeTextError {
    /// It is of none of the forms of [`GivenTime`].
    #[error(
        "{given:?} is not a time: give seconds such as 42.5 or 500ms, minutes and seconds (below 60) such as 1:02.5, or a ratio of \
         seconds such as 119/30{}",
        if given.contains(',') { "; decimals follow a point, not a comma" } else { "" }
    )]
    NotATime {
        /// The text.
        given: String,
    },
    /// It is longer than a year.
    #[error("{given:?} is out of range: times are at most a year of seconds (31536000)")]
    TooLong {
        /// The text.
        given: String,
    },
}

impl GivenTime {
    /// The exact value.
    pub const fn time(self) -> ExactTime {
        self.time
    }

    /// How many frames of `rate` last this long: at least 1 for a time that is more than 0, and 0 for any other.
    ///
    /// A length of a whole number of frames gives that number, even if it is not written with all its digits: it may be
    /// longer by a unit of its last digit, or by a microsecond, but not by more than an eighth of a frame. (By a unit and
    /// not by half of it, since the difference of two rounded times may be off by as much.) Digits that are too coarse for
    /// that, as in `12.5` or `3`, are taken as exact: those of which half a unit is more than an eighth of a frame. Any other
    /// length is rounded up, so that the frames cover it.
    ///
    /// At 30 frames per second `119/30`, `3.966666666666667`, `3.966667` and `3.967` are 119 frames; `3.97` is 120.
    pub fn frames(self, rate: FrameRate) -> u64 {
        let ExactTime { numerator, denominator } = self.time;
        let Ok(numerator) = u128::try_from(numerator) else { return 0 };
        if numerator == 0 {
            return 0;
        }
        let rate_numerator = u128::from(rate.numerator());
        let per_frame = u128::from(denominator) * u128::from(rate.denominator());
        let (whole, rest) = (numerator * rate_numerator / per_frame, numerator * rate_numerator % per_frame);
        // Whether `rest` is at most 1 / `unit` of a second; all terms are below 10^36.
        let is_within = |unit: u64| rest * u128::from(unit) <= rate_numerator * u128::from(denominator);
        let is_fine = |unit: &u64| rate_numerator * 4 <= u128::from(*unit) * u128::from(rate.denominator());
        let is_small = rest * 8 <= per_frame
            && (is_within(1_000_000) || self.last_digit.filter(is_fine).is_some_and(is_within));
        let frames = if is_small { whole.max(1) } else { whole + 1 };
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
}

impl From<ExactTime> for GivenTime {
    fn from(time: ExactTime) -> GivenTime {
        GivenTime { time, last_digit: None }
    }
}

impl FromStr for GivenTime {
    type Err = TimeTextError;

    fn from_str(text: &str) -> Result<GivenTime, TimeTextError> {
        let not_a_time = || TimeTextError::NotATime { given: text.to_owned() };
        let too_long = || TimeTextError::TooLong { given: text.to_owned() };
        let trimmed = text.trim();
        let (sign, unsigned) = match trimmed.strip_prefix(['-', '−']) {
            Some(rest) => (-1, rest),
            None => (1, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let read = match (unsigned.contains(':'), unsigned.split_once('/')) {
            (true, _) => clock(unsigned),
            (false, Some((numerator, denominator))) => ratio(numerator, denominator),
            (false, None) => with_unit(unsigned),
        };
        let Seconds { numerator, denominator, last_digit } = match read {
            Ok(seconds) => seconds,
            Err(Unread::NotATime) => return Err(not_a_time()),
            Err(Unread::TooLong) => return Err(too_long()),
        };
        if numerator > LONGEST * i128::from(denominator) {
            return Err(too_long());
        }
        Ok(GivenTime { time: ExactTime::reduced(sign * numerator, denominator), last_digit })
    }
}

/// Seconds as they are read, not in lowest terms.
struct Seconds {
    numerator: i128,
    denominator: u64,
    last_digit: Option<u64>,
}

/// Why seconds could not be read.
enum Unread {
    NotATime,
    TooLong,
}

/// `42`, `42.5s` or `500ms`.
fn with_unit(text: &str) -> Result<Seconds, Unread> {
    if let Some(millis) = text.strip_suffix("ms") {
        return decimal(millis.trim_end(), 3);
    }
    decimal(text.strip_suffix('s').unwrap_or(text).trim_end(), 0)
}

/// `0:42` or `1:02:03.5`. All parts but the first are below 60.
fn clock(text: &str) -> Result<Seconds, Unread> {
    let mut parts = text.rsplit(':');
    let last = parts.next().unwrap_or_default();
    // Two digits before the point at most, and no exponent.
    let before_point = last.split('.').next().unwrap_or_default();
    if last.contains(['e', 'E']) || !(1..=2).contains(&before_point.len()) {
        return Err(Unread::NotATime);
    }
    let seconds = decimal(last, 0)?;
    let denominator = i128::from(seconds.denominator);
    let minutes = parts.next().unwrap_or_default();
    let hours = parts.next();
    if parts.next().is_some() || seconds.numerator >= 60 * denominator {
        return Err(Unread::NotATime);
    }
    let minutes = match hours {
        None => digits(minutes)?,
        Some(_) if minutes.len() > 2 => return Err(Unread::NotATime),
        Some(hours) => match digits(minutes)? {
            minutes @ 0..60 => digits(hours)? * 60 + minutes,
            _ => return Err(Unread::NotATime),
        },
    };
    Ok(Seconds { numerator: minutes * 60 * denominator + seconds.numerator, ..seconds })
}

/// `119` and `30` for 119/30.
fn ratio(numerator: &str, denominator: &str) -> Result<Seconds, Unread> {
    let numerator = digits(numerator.trim())?;
    let denominator = digits(denominator.strip_suffix('s').unwrap_or(denominator).trim())?;
    match u64::try_from(denominator) {
        Ok(denominator @ 1..=FINEST) => Ok(Seconds { numerator, denominator, last_digit: None }),
        _ => Err(Unread::NotATime),
    }
}

/// A whole number below 10^19, of digits alone.
fn digits(text: &str) -> Result<i128, Unread> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unread::NotATime);
    }
    let significant = text.trim_start_matches('0');
    match significant.len() {
        0 => Ok(0),
        1..20 => significant.parse().map_err(|_| Unread::TooLong),
        _ => Err(Unread::TooLong),
    }
}

/// A decimal number such as `42.5` or `4e-05`, divided by 10 to the power of `shift`.
fn decimal(text: &str, shift: i64) -> Result<Seconds, Unread> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().map_err(|_| Unread::NotATime)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
        return Err(Unread::NotATime);
    }
    let places = fraction.len() as i64 + shift - i64::from(exponent);
    // Digits beyond the last place are left out, and the first of them rounds.
    let left_out = usize::try_from(places - PLACES).unwrap_or(0);
    let kept = all.get(..all.len().saturating_sub(left_out)).unwrap_or_default();
    let rounds_up = left_out > 0 && all.len().checked_sub(left_out).and_then(|at| all.get(at)) >= Some(&b'5');
    // Digits before the point are written out.
    let zeros = usize::try_from(-places).unwrap_or(0);
    let mut number: i128 = 0;
    for digit in kept.iter().map(|byte| byte - b'0').chain(std::iter::repeat_n(0, zeros)) {
        number = number * 10 + i128::from(digit);
        // Too long whatever the denominator is.
        if number > LONGEST * i128::from(FINEST) {
            return Err(Unread::TooLong);
        }
    }
    let places = u32::try_from(places.clamp(0, PLACES)).unwrap_or(0);
    let denominator = 10_u64.pow(places);
    Ok(Seconds { numerator: number + i128::from(rounds_up), denominator, last_digit: Some(denominator) })
}

fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests;
