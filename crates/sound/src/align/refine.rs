//! Finds an offset that is roughly known to about a millisecond.

use strikeline_picture::Time;

use super::FEWEST_HITS;
use super::envelope::STEPS;
use super::rises::COARSE;
use super::search::{Hit, Search};

/// How far to both sides is looked, in steps of the envelope.
const NEAR: usize = 40;
/// So many steps behind a moment are compared with as many before it.
const SIDE: usize = 6;

impl Search<'_> {
    /// The offset with a number, where the levels behind the hits are highest above those before them.
    ///
    /// The low band has no say: it rises slowly. Nor have drums that are hit together, where there are enough others: humans
    /// do not hit them at the very same moment, and the first of them would count.
    pub(super) fn refined(&self, index: usize, hits: &[Hit]) -> Time {
        let offset = (self.first + index as i64) * COARSE as i64;
        let mut fits = [0_f64; 2 * NEAR + 1];
        let alone = hits.iter().filter(|hit| hit.alone).count() >= FEWEST_HITS;
        for hit in hits.iter().filter(|hit| hit.alone || !alone) {
            // The offsets are tried from the earliest on: the places in the recording from the last on.
            let last = (hit.time - offset as f64).round() as i64 + NEAR as i64;
            let Ok(first) = usize::try_from(last - 2 * NEAR as i64 - SIDE as i64) else { continue };
            for levels in &self.envelope.levels[1..] {
                let Some(near) = levels.get(first..first + 2 * NEAR + 2 * SIDE) else { continue };
                let sum = |levels: &[u8]| levels.iter().map(|level| i32::from(*level)).sum::<i32>();
                for (fit, sides) in fits.iter_mut().rev().zip(near.windows(2 * SIDE)) {
                    let rise = sum(&sides[SIDE..]) - sum(&sides[..SIDE]);
                    *fit += f64::from(hit.weight) * f64::from(rise.max(0));
                }
            }
        }
        let fits = smooth(&fits, reach(&fits));
        // Near the rough offset: what is farther away is of other hits.
        let middle = NEAR - NEAR / 2..NEAR + NEAR / 2;
        let best = middle.max_by(|a, b| fits[*a].total_cmp(&fits[*b])).unwrap_or(NEAR);
        // The top of a parabola through three values.
        let (before, top, behind) = (fits[best - 1], fits[best], fits[best + 1]);
        let bend = before - 2.0 * top + behind;
        let fraction = if bend < 0.0 { (0.5 * (before - behind) / bend).clamp(-0.5, 0.5) } else { 0.0 };
        let steps = (offset + best as i64 - NEAR as i64) as f64 + fraction;
        Time::from_nanos((steps * 1e9 / STEPS as f64).round() as i64)
    }
}

/// How far the values are averaged: as wide as the peak is, so that the middle of what a human plays counts.
fn reach(fits: &[f64]) -> usize {
    let mut sorted = fits.to_vec();
    sorted.sort_by(f64::total_cmp);
    let floor = sorted[sorted.len() / 2];
    let above = |fit: &f64| (fit - floor).max(0.0);
    let top = sorted.last().map_or(0.0, above);
    let area: f64 = fits.iter().map(above).sum();
    // A triangle as high and as large.
    if top > 0.0 { (0.8 * area / top).round().clamp(4.0, 24.0) as usize } else { 4 }
}

/// The mean of the values around each, those near counting more.
fn smooth(values: &[f64], reach: usize) -> Vec<f64> {
    let mean = |at: usize| {
        let range = at.saturating_sub(reach - 1)..(at + reach).min(values.len());
        let weight = |n: usize| (reach - n.abs_diff(at)) as f64;
        let (sum, weights) =
            range.fold((0.0, 0.0), |(sum, weights), n| (sum + weight(n) * values[n], weights + weight(n)));
        sum / weights
    };
    (0..values.len()).map(mean).collect()
}
