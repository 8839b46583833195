//! Times as the shaders take them: whole milliseconds of the song in 32 bits.

use strikeline_picture::Time;

/// A time before all songs and one after all songs, in milliseconds. Both are near enough to zero that differences of
/// two times do not overflow 32 bits.
pub(super) const ALL_TIME: [i32; 2] = [-1_050_000_000, 1_050_000_000];

/// `time` in whole milliseconds, rounded down and limited to lie between the two times of [`ALL_TIME`].
pub(super) fn milliseconds(time: Time) -> i32 {
    let [begin, end] = ALL_TIME;
    time.as_nanos().div_euclid(1_000_000).clamp((begin + 1).into(), (end - 1).into()) as i32
}
