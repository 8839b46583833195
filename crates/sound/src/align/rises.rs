//! Where a recording gets louder, as steps of 4 ms.

use super::envelope::{Envelope, PER_DB, STEPS};

/// Steps of the envelope in a step of the search.
pub(super) const COARSE: usize = 4;

/// The rises of the recording: of the low, the middle and the high band and of all, in standard deviations, about 0.
pub(super) struct Rises(pub(super) [Vec<f32>; 4]);

impl Rises {
    /// `None` where nothing rises.
    pub(super) fn new(envelope: &Envelope) -> Option<Rises> {
        let count = envelope.steps() / COARSE;
        let mut all = vec![0.0_f32; count];
        let mut any = false;
        let mut bands = [const { Vec::new() }; 4];
        for (band, levels) in bands.iter_mut().zip(&envelope.levels) {
            let mut rises = rises(levels);
            if standardise(&mut rises) {
                any = true;
                for (all, rise) in all.iter_mut().zip(&rises) {
                    *all += rise;
                }
            }
            *band = rises;
        }
        standardise(&mut all);
        bands[3] = all;
        any.then_some(Rises(bands))
    }
}

/// How far below the loudest hundredth of the recording a level still counts, in dB.
const DEPTH_DB: u8 = 45;

/// How far the 8 ms from each step on are above the 20 ms before, in dB.
fn rises(levels: &[u8]) -> Vec<f32> {
    let mut counts = [0_usize; 256];
    for level in levels {
        counts[usize::from(*level)] += 1;
    }
    let mut louder = 0;
    let loud = (0..=255_u8).rev().find(|level| {
        louder += counts[usize::from(*level)];
        louder * 100 > levels.len()
    });
    let floor = loud.unwrap_or(0).saturating_sub((f32::from(DEPTH_DB) * PER_DB) as u8);
    let mut sums = vec![0_u32; levels.len() + 1];
    for (n, level) in levels.iter().enumerate() {
        sums[n + 1] = sums[n].wrapping_add(u32::from((*level).max(floor)));
    }
    let mean = |from: usize, to: usize| sums[to].wrapping_sub(sums[from]) as f32 / (to - from) as f32;
    let rise = |n: usize| {
        if n < 22 || n + 8 > levels.len() { 0.0 } else { (mean(n, n + 8) - mean(n - 22, n - 2)).max(0.0) }
    };
    let coarse = |n: usize| rise(n).max(rise(n + COARSE / 2)).min(24.0 * PER_DB) / PER_DB;
    let sharp: Vec<f32> = (0..levels.len() / COARSE).map(|n| coarse(n * COARSE)).collect();
    // Humans are some milliseconds off.
    let at = |n: usize| sharp.get(n).copied().unwrap_or(0.0);
    (0..sharp.len()).map(|n| 0.5 * at(n) + 0.25 * (at(n.wrapping_sub(1)) + at(n + 1))).collect()
}

/// Takes the mean of two seconds around from each value, divides by the standard deviation, and bounds what is far off, so
/// that no hit counts for many. False where all are alike.
fn standardise(values: &mut [f32]) -> bool {
    let half = STEPS as usize / COARSE;
    let mut sums = vec![0.0_f64; values.len() + 1];
    for (n, value) in values.iter().enumerate() {
        sums[n + 1] = sums[n] + f64::from(*value);
    }
    let count = values.len();
    let mut power = 0.0;
    for (n, value) in values.iter_mut().enumerate() {
        let (from, to) = (n.saturating_sub(half), (n + half).min(count));
        *value -= ((sums[to] - sums[from]) / (to - from).max(1) as f64) as f32;
        power += f64::from(*value * *value);
    }
    let deviation = (power / count.max(1) as f64).sqrt();
    if deviation < 0.05 {
        values.fill(0.0);
        return false;
    }
    let scale = (1.0 / deviation) as f32;
    for value in values {
        *value = (*value * scale).clamp(-1.0, 4.0);
    }
    true
}
