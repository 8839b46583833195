//! How counts, lengths of time, sizes and lists are written in texts for people. All texts of the program are made with this, so
//! that the same thing reads the same everywhere.

use std::time::Duration;

/// `1 frame`, `2 frames`: `count` things that are called `noun` when there is one of them.
pub(crate) fn count(count: impl TryInto<u64>, noun: &str) -> String {
    // More than 2^64 of anything are not counted.
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The time that something still takes, or took, as `m:ss` or `h:mm:ss`, rounded up to whole seconds.
pub(crate) fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0).ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// The length of a video: `0.02 s`, `9.50 s`, from 10 seconds on as [`clock`], rounded to the nearest second.
pub(crate) fn length(seconds: f64) -> String {
    if seconds < 9.995 { decimals(seconds, 2) } else { clock(seconds.round()) }
}

/// A point of the song, or a difference of two: `-2.170 s`. Nothing is written as `-0.000`.
pub(crate) fn song_time(seconds: f64) -> String {
    decimals(seconds, 3)
}

/// The time that something took: `3.2 s`.
pub(crate) fn took(time: Duration) -> String {
    decimals(time.as_secs_f64(), 1)
}

/// `seconds` with this many decimals, and no sign for what is rounded to nothing.
pub(crate) fn decimals(seconds: f64, decimals: usize) -> String {
    let text = format!("{seconds:.decimals$}");
    let is_zero = !text.contains(|digit: char| matches!(digit, '1'..='9'));
    let text = text.strip_prefix('-').filter(|_| is_zero).unwrap_or(&text);
    format!("{text} s")
}

/// A number of bytes: `310 bytes`, `12.4 kB`, `3.1 MB`, `1.20 GB`.
pub(crate) fn size(bytes: u64) -> String {
    let amount = bytes as f64;
    match bytes {
        0..1_000 => count(bytes, "byte"),
        1_000..100_000 => format!("{:.1} kB", amount / 1e3),
        100_000..1_000_000_000 => format!("{:.1} MB", amount / 1e6),
        _ => format!("{:.2} GB", amount / 1e9),
    }
}

/// `names` with commas, and `word` (`and`, `or`) before the last.
pub(crate) fn listed(names: impl IntoIterator<Item = impl Into<String>>, word: &str) -> String {
    let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} {word} {last}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_no_plural() {
        assert_eq!([0_u64, 1, 2].map(|frames| count(frames, "frame")), ["0 frames", "1 frame", "2 frames"]);
        assert_eq!(count(1_usize, "song"), "1 song");
    }

    #[test]
    fn nothing_is_less_than_nothing() {
        for (seconds, text) in [
            (-0.0, "0.000 s"),
            (-0.0004, "0.000 s"),
            (-0.0006, "-0.001 s"),
            (2.17, "2.170 s"),
            (-2.17, "-2.170 s"),
        ] {
            assert_eq!(song_time(seconds), text);
        }
        assert_eq!(clock(-0.5), "0:00");
    }

    #[test]
    fn a_length_is_as_exact_as_it_is_short() {
        for (seconds, text) in [
            (1.0 / 60.0, "0.02 s"),
            (1.0, "1.00 s"),
            (9.99, "9.99 s"),
            (9.999, "0:10"),
            (61.4, "1:01"),
            (3599.6, "1:00:00"),
        ] {
            assert_eq!(length(seconds), text);
        }
        assert_eq!([0.2, 59.1, 3600.0].map(clock), ["0:01", "1:00", "1:00:00"]);
    }

    #[test]
    fn sizes_have_the_unit_that_fits() {
        for (bytes, text) in [
            (1, "1 byte"),
            (310, "310 bytes"),
            (12_400, "12.4 kB"),
            (99_999, "100.0 kB"),
            (3_100_000, "3.1 MB"),
            (1_200_000_000, "1.20 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_list_has_its_word_before_the_last() {
        assert_eq!(listed(["a"; 0], "and"), "");
        assert_eq!(listed(["a"], "and"), "a");
        assert_eq!(listed(["a", "b", "c"], "or"), "a, b or c");
    }
}
