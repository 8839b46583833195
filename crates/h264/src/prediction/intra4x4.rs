//! The modes of Intra_4x4: each 4×4 luma block is predicted from the samples around it (ITU-T H.264, 8.3.1).

use super::neighbours::MODE_DC;
use crate::grid::AvailableSides;
use crate::simd::{difference_of_16, means};

/// Number of Intra4x4PredMode (Table 8-2): vertical, horizontal, DC, diagonal down left, diagonal down right,
/// vertical right, horizontal down, vertical left, horizontal up.
const MODES: u8 = 9;

/// The first mode that needs the means of neighbouring samples.
const FIRST_FILTERED: u8 = 3;

/// The 13 samples around a block: left of it from the bottom up, the corner, above it and above right of it from left
/// to right. Then the last one three times more.
pub(crate) type Edges = [u8; 16];

/// The modes that may be used, mode 0 in the lowest bit.
pub(crate) fn allowed_modes(sides: AvailableSides) -> u16 {
    match (sides.left, sides.above) {
        (true, true) => 0b1_1111_1111,
        (true, false) => 0b1_0000_0110,
        (false, true) => 0b0_1000_1101,
        (false, false) => 0b0_0000_0100,
    }
}

/// What a block's prediction mode is chosen from.
#[derive(Debug)]
pub(crate) struct Intra4x4Trial<'a> {
    /// The source samples, in raster order.
    pub(crate) block: &'a [u8; 16],
    pub(crate) edges: &'a Edges,
    /// What the DC mode predicts for each sample.
    pub(crate) dc: u8,
    /// The modes that may be used, mode 0 in the lowest bit.
    pub(crate) allowed: u16,
    pub(crate) predicted_mode: u8,
    /// What the predicted mode costs. Others cost four times as much.
    pub(crate) lambda: u32,
}

/// The mode that was chosen for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intra4x4Choice {
    /// Sum of absolute differences, plus what the mode costs.
    pub(crate) cost: u32,
    pub(crate) mode: u8,
    /// The predicted samples, in raster order.
    pub(crate) predicted: [u8; 16],
}

/// The samples around a block, and their means, from which all modes are built.
struct Filtered {
    edges: Edges,
    dc: u8,
    /// Whether the following are computed.
    is_filtered: bool,
    /// Mean of each sample and the next.
    two: [u8; 16],
    /// Weighted mean of each sample, counted twice, and its neighbours. Beyond the ends the outermost samples are
    /// repeated.
    three: [u8; 16],
}

impl Filtered {
    fn new(edges: Edges, dc: u8) -> Filtered {
        Filtered { edges, dc, is_filtered: false, two: [0; 16], three: [0; 16] }
    }

    /// Computes what the modes from [`FIRST_FILTERED`] on need, unless it is done already.
    #[inline]
    fn filter(&mut self) {
        if self.is_filtered {
            return;
        }
        self.is_filtered = true;
        // With one more on either side.
        let mut edges = [0; 18];
        edges[0] = self.edges[0];
        edges[1..17].copy_from_slice(&self.edges);
        (self.two, self.three) = means(&edges);
    }

    /// Predicted samples, rows first.
    #[inline(always)]
    fn predict(&self, mode: u8) -> [[u8; 4]; 4] {
        // The indices follow from equations 8-46 to 8-74 with p[x, −1] at 5 + x and p[−1, y] at 3 − y.
        let (e, t, h) = (&self.edges, &self.two, &self.three);
        #[inline(always)]
        fn four<const N: usize>(from: &[u8; N], start: usize) -> [u8; 4] {
            [from[start], from[start + 1], from[start + 2], from[start + 3]]
        }
        // One sample, then three of a row that begins at the next.
        let after = |first: u8, row: [u8; 4]| (u32::from_le_bytes(row) << 8 | u32::from(first)).to_le_bytes();
        match mode {
            0 => [four(e, 5); 4],
            1 => [[e[3]; 4], [e[2]; 4], [e[1]; 4], [e[0]; 4]],
            2 => [[self.dc; 4]; 4],
            3 => [four(h, 6), four(h, 7), four(h, 8), four(h, 9)],
            4 => [four(h, 4), four(h, 3), four(h, 2), four(h, 1)],
            5 => [four(t, 4), four(h, 4), after(h[3], four(t, 4)), after(h[2], four(h, 4))],
            6 => {
                let up = [t[0], h[1], t[1], h[2], t[2], h[3], t[3], h[4], h[5], h[6]];
                [four(&up, 6), four(&up, 4), four(&up, 2), four(&up, 0)]
            }
            7 => [four(t, 5), four(h, 6), four(t, 6), four(h, 7)],
            _ => {
                let down = [t[2], h[2], t[1], h[1], t[0], h[0], e[0], e[0], e[0], e[0]];
                [four(&down, 0), four(&down, 2), four(&down, 4), four(&down, 6)]
            }
        }
    }
}

/// The samples around a block. `samples` begin with the one above left of it. Those of sides that are not available are
/// undefined.
#[inline]
pub(crate) fn read_edges(samples: &[u8], stride: usize, above_right: bool) -> Edges {
    let above: &[u8; 9] = samples.first_chunk().unwrap_or(&[0; 9]);
    let mut edges = [above[if above_right { 8 } else { 4 }]; 16];
    for (row, edge) in (1..5).rev().zip(&mut edges) {
        *edge = samples[row * stride];
    }
    edges[4..9].copy_from_slice(&above[..5]);
    if above_right {
        edges[9..13].copy_from_slice(&above[5..]);
    }
    edges
}

/// What the DC mode predicts (8.3.1.2.3).
#[inline]
pub(crate) fn dc(edges: &Edges, sides: AvailableSides) -> u8 {
    let sum = |first: usize| (first..first + 4).map(|index| u32::from(edges[index])).sum::<u32>();
    let dc = match (sides.left, sides.above) {
        (true, true) => (sum(0) + sum(5) + 4) >> 3,
        (true, false) => (sum(0) + 2) >> 2,
        (false, true) => (sum(5) + 2) >> 2,
        (false, false) => 128,
    };
    dc as u8
}

/// The cheapest mode of a block: of equals the predicted one, or else the first.
pub(crate) fn best_mode(trial: &Intra4x4Trial<'_>) -> Intra4x4Choice {
    let mut filtered = Filtered::new(*trial.edges, trial.dc);
    let mut best = Intra4x4Choice { cost: u32::MAX, mode: MODE_DC, predicted: [0; 16] };
    // The predicted mode takes fewer bits, so it is tried first.
    let mut consider = |mode: u8, mode_cost: u32| {
        if mode >= FIRST_FILTERED {
            filtered.filter();
        }
        let predicted = filtered.predict(mode);
        let predicted = predicted.as_flattened().as_array().unwrap_or(&[0; 16]);
        let cost = difference_of_16(predicted, trial.block) + mode_cost;
        if cost < best.cost {
            best = Intra4x4Choice { cost, mode, predicted: *predicted };
        }
        best.cost
    };
    consider(trial.predicted_mode, trial.lambda);
    for mode in 0..MODES {
        if trial.allowed >> mode & 1 == 1 && consider(mode, 4 * trial.lambda) <= 4 * trial.lambda {
            // No remaining mode can cost less.
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Equations 8-46 to 8-74, sample by sample.
    fn plain(mode: u8, edges: &Edges, sides: AvailableSides) -> [[u8; 4]; 4] {
        let e = |index: usize| u32::from(edges[index]);
        let two = |a: usize| (e(a) + e(a + 1)).div_ceil(2);
        let three = |middle: usize| (e(middle - 1) + 2 * e(middle) + e(middle + 1) + 2) >> 2;
        let left: u32 = (0..4).map(e).sum();
        let above: u32 = (5..9).map(e).sum();
        let dc = match (sides.left, sides.above) {
            (true, true) => (left + above + 4) >> 3,
            (true, false) => (left + 2) >> 2,
            (false, true) => (above + 2) >> 2,
            (false, false) => 128,
        };
        let sample = |x: usize, y: usize| match mode {
            0 => e(5 + x),
            1 => e(3 - y),
            2 => dc,
            3 if x + y == 6 => (e(11) + 3 * e(12) + 2) >> 2,
            3 => three(6 + x + y),
            4 => three(4 + x - y),
            5 => match (2 * x + 3).checked_sub(y) {
                Some(z) if z >= 3 && z % 2 == 1 => two(4 + x - y / 2),
                Some(z) if z >= 3 => three(4 + x - y / 2),
                Some(2) => three(4),
                _ => three(5 - y),
            },
            6 => match (2 * y + 3).checked_sub(x) {
                Some(z) if z >= 3 && z % 2 == 1 => two(3 - (y - x / 2)),
                Some(z) if z >= 3 => three(4 - (y - x / 2)),
                Some(2) => three(4),
                _ => three(3 + x),
            },
            7 if y.is_multiple_of(2) => two(5 + x + y / 2),
            7 => three(6 + x + y / 2),
            _ => match x + 2 * y {
                z @ (0 | 2 | 4) => two(2 - z / 2),
                z @ (1 | 3) => three(2 - z / 2),
                5 => (e(1) + 3 * e(0) + 2) >> 2,
                _ => e(0),
            },
        };
        std::array::from_fn(|y| std::array::from_fn(|x| sample(x, y) as u8))
    }

    #[test]
    fn all_modes_follow_their_equations() {
        for seed in 0..50u32 {
            let mut edges: Edges =
                std::array::from_fn(|index| (((seed + 3) * (index as u32 + 5) * 2_654_435) >> 7) as u8);
            let last = edges[12];
            edges[13..].fill(last);
            for (left, above) in [(true, true), (true, false), (false, true), (false, false)] {
                let sides = AvailableSides { left, above };
                for mode in (0..MODES).filter(|&mode| allowed_modes(sides) >> mode & 1 == 1) {
                    let mut filtered = Filtered::new(edges, dc(&edges, sides));
                    if mode >= FIRST_FILTERED {
                        filtered.filter();
                    }
                    assert_eq!(filtered.predict(mode), plain(mode, &edges, sides), "mode {mode}");
                }
            }
        }
    }
}
