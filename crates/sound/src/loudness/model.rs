//! What a gain and the limiter make of the loudness, told from the peaks and energies of 5 ms each.

use super::meter::{self, SEGMENTS_PER_SECOND, Segment};
use super::{LoudnessPlan, LoudnessTarget};
use crate::limiter;

/// How far true peaks are above samples, in dB; about what it is with drums.
const TRUE_PEAK_DB: f64 = 0.5;

/// The gain for a target.
pub(super) fn plan(
    segments: &[Segment],
    rate: u32,
    measured: Option<f64>,
    target: &LoudnessTarget,
) -> LoudnessPlan {
    let Some(measured_lufs) = measured else {
        return LoudnessPlan { measured_lufs: None, gain_db: 0.0, expected_lufs: None };
    };
    let expected = |gain: f64| limited(segments, rate, gain, target.ceiling_dbtp);
    let plain = target.lufs - measured_lufs;
    // Loudness and what the limiter takes both rise with the gain: halve the range in which one of them gets enough.
    let enough = |gain: f64| {
        expected(gain).is_none_or(|lufs| {
            lufs >= target.lufs - 0.005 || measured_lufs + gain - lufs >= target.max_limiting_lu
        })
    };
    let (mut low, mut high) =
        (f64::min(plain, 0.0), (plain + target.max_limiting_lu).min(target.max_gain_db));
    low = low.min(high);
    while high - low > 0.005 {
        let middle = 0.5 * (low + high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    let gain_db = (high * 100.0).round() / 100.0;
    LoudnessPlan { measured_lufs: Some(measured_lufs), gain_db, expected_lufs: expected(gain_db) }
}

/// The loudness behind the limiter.
fn limited(segments: &[Segment], rate: u32, gain_db: f64, ceiling_dbtp: f64) -> Option<f64> {
    let gain = libm::pow(10.0, gain_db / 20.0);
    let ceiling = libm::pow(10.0, (ceiling_dbtp - limiter::MARGIN_DB - TRUE_PEAK_DB) / 20.0) / gain;
    let rise = 1.0 / (limiter::RELEASE_SECONDS * SEGMENTS_PER_SECOND as f64);
    let asked = |segment: &Segment| {
        let peak = f64::from(segment.peak);
        if peak > ceiling { ceiling / peak } else { 1.0 }
    };
    let (mut held, mut before) = (1.0_f64, 1.0);
    let energies = segments.iter().enumerate().map(|(n, segment)| {
        // As the limiter does: the lowest of a window of about 5 ms ahead, that rises slowly, averaged over such a window.
        let next = segments.get(n + 1).map_or(1.0, asked);
        before = held;
        held = asked(segment).min(next).min(held + (1.0 - held) * rise);
        let factor = gain * 0.5 * (before + held);
        f64::from(segment.energy) * factor * factor
    });
    meter::integrated(energies, rate)
}
