//! Times on the command line.

use strikeline_picture::Time;

/// A time in seconds, such as 12.5; may be negative. Within a year, so that sums do not overflow.
pub(crate) fn seconds(text: &str) -> Result<Time, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds, such as 12.5".to_owned())?;
    if seconds.abs() <= 31_536_000.0 {
        Ok(Time::from_seconds(seconds))
    } else {
        Err("must be a number of seconds within a year".to_owned())
    }
}

/// A length of time in seconds, more than 0.
pub(crate) fn positive_seconds(text: &str) -> Result<Time, String> {
    let time = seconds(text)?;
    if time > Time::ZERO { Ok(time) } else { Err("must be more than 0".to_owned()) }
}

/// A length of time in seconds, 0 or more.
pub(crate) fn span_seconds(text: &str) -> Result<Time, String> {
    let time = seconds(text)?;
    if time >= Time::ZERO { Ok(time) } else { Err("must be 0 or more".to_owned()) }
}
