//! Lengths of time on the command line, as [`GivenTime`] reads them. Points of a song are read by `SongPoint`.

use strikeline_picture::{ExactTime, GivenTime, Time};

/// A length of time, more than 0, as it was given.
pub(crate) fn positive_length(text: &str) -> Result<GivenTime, String> {
    let given: GivenTime = text.parse().map_err(describe)?;
    if given.time() > ExactTime::ZERO { Ok(given) } else { Err("must be more than 0".to_owned()) }
}

/// A length of time, 0 or more.
pub(crate) fn length(text: &str) -> Result<Time, String> {
    let time = time(text)?;
    if time >= Time::ZERO { Ok(time) } else { Err("must be 0 or more".to_owned()) }
}

/// A time; may be negative.
pub(crate) fn time(text: &str) -> Result<Time, String> {
    let given: GivenTime = text.parse().map_err(describe)?;
    Ok(given.time().rounded())
}

fn describe(error: strikeline_picture::TimeTextError) -> String {
    error.to_string()
}
