//! Intra_4x4: each 4×4 luma block predicted from the samples around it (ITU-T H.264, 8.3.1).

use super::macroblock::{BLOCK_ORDER, Macroblock, Prediction, SourceBlock};
use super::neighbours::{Kind, MODE_DC, Neighbours};
use super::reference::Samples;
use super::transform::{Quantiser, Strip, forward, inverse, zigzag};

/// Number of Intra4x4PredMode (Table 8-2): vertical, horizontal, DC, diagonal down left, diagonal down right,
/// vertical right, horizontal down, vertical left, horizontal up.
const MODES: u8 = 9;

/// The 13 samples around a block: to the left from the bottom up, the corner, above from left to right and on.
type Edges = [u8; 13];

/// Which of them exist.
#[derive(Debug, Clone, Copy)]
struct Sides {
    left: bool,
    above: bool,
    corner: bool,
}

impl Sides {
    fn allow(self, mode: u8) -> bool {
        match mode {
            0 | 3 | 7 => self.above,
            1 | 8 => self.left,
            2 => true,
            _ => self.left && self.above && self.corner,
        }
    }
}

/// Predicted samples, rows first.
fn predict(mode: u8, edges: &Edges, sides: Sides) -> [[u8; 4]; 4] {
    let e = |index: usize| u32::from(edges[index]);
    let two = |a: usize| (e(a) + e(a + 1)).div_ceil(2);
    let three = |middle: usize| (e(middle - 1) + 2 * e(middle) + e(middle + 1) + 2) >> 2;
    let dc = || {
        let left: u32 = (0..4).map(e).sum();
        let above: u32 = (5..9).map(e).sum();
        match (sides.left, sides.above) {
            (true, true) => (left + above + 4) >> 3,
            (true, false) => (left + 2) >> 2,
            (false, true) => (above + 2) >> 2,
            (false, false) => 128,
        }
    };
    let dc = if mode == MODE_DC { dc() } else { 0 };
    // The indices follow from equations 8-46 to 8-74 with p[x, −1] at 5 + x and p[−1, y] at 3 − y.
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

/// Whether the block above and to the right is coded before block (column, row) of a macroblock (6.4.11.4);
/// for those of the first row it is a question of the macroblocks above.
fn above_right_is_inside(column: usize, row: usize) -> bool {
    match column {
        0 | 2 => true,
        1 => row == 2,
        _ => false,
    }
}

/// Chooses and codes the luma of a macroblock. The reconstruction goes into `luma`. Gives the macroblock, whose
/// chroma is still to be coded; `None` as soon as differences and mode bits pass `limit`.
pub(super) fn code_luma_4x4(
    luma: &mut Samples,
    (x, y): (usize, usize),
    source: SourceBlock<'_>,
    around: &Neighbours<'_>,
    quantiser: &Quantiser,
    lambda: u32,
    limit: u32,
) -> Option<Macroblock> {
    let mut modes = [MODE_DC; 16];
    let mut macroblock = Macroblock::new(Prediction::Intra4x4(modes), Kind::Intra4x4);
    let mut total = 0;
    for index in BLOCK_ORDER {
        let (column, row) = (index % 4, index / 4);
        let (left_x, top_y) = ((x + column * 4) as isize, (y + row * 4) as isize);
        let sides = Sides {
            left: column > 0 || around.left.kind.is_available(),
            above: row > 0 || around.above.kind.is_available(),
            corner: match (column, row) {
                (0, 0) => around.above_left.kind.is_available(),
                (0, _) => around.left.kind.is_available(),
                (_, 0) => around.above.kind.is_available(),
                _ => true,
            },
        };
        let above_right = match (column, row) {
            (3, 0) => around.above_right.kind.is_available(),
            (_, 0) => sides.above,
            _ => above_right_is_inside(column, row),
        };
        let edges = read_edges(luma, (left_x, top_y), sides, above_right);
        let from = &source.luma[row * 4 * source.luma_stride + column * 4..];
        let block: [[u8; 4]; 4] =
            std::array::from_fn(|y| std::array::from_fn(|x| from[y * source.luma_stride + x]));
        let predicted_mode = predicted_mode(around, &modes, column, row);
        let mut best = (u32::MAX, MODE_DC, [[0; 4]; 4]);
        for mode in (0..MODES).filter(|&mode| sides.allow(mode)) {
            let predicted = predict(mode, &edges, sides);
            let differences: u32 = predicted
                .as_flattened()
                .iter()
                .zip(block.as_flattened())
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum();
            let cost = differences + if mode == predicted_mode { lambda } else { 4 * lambda };
            if cost < best.0 {
                best = (cost, mode, predicted);
            }
        }
        let (cost, mode, mut predicted) = best;
        total += cost;
        if total > limit {
            return None;
        }
        modes[index] = mode;
        macroblock.coded_modes[index] =
            (mode != predicted_mode).then(|| if mode < predicted_mode { mode } else { mode - 1 });
        if let Some(levels) = code_block(&block, &mut predicted, quantiser) {
            macroblock.coded.counts[index] = levels.iter().filter(|&&level| level != 0).count() as u8;
            macroblock.coded.pattern |= 1 << (row / 2 * 2 + column / 2);
            macroblock.levels.luma[index] = levels;
        }
        for (y, row) in predicted.iter().enumerate() {
            luma.at_mut(left_x, top_y + y as isize)[..4].copy_from_slice(row);
        }
    }
    macroblock.prediction = Prediction::Intra4x4(modes);
    macroblock.coded.right_modes = std::array::from_fn(|row| modes[row * 4 + 3]);
    macroblock.coded.bottom_modes = std::array::from_fn(|column| modes[12 + column]);
    Some(macroblock)
}

fn read_edges(luma: &Samples, (x, y): (isize, isize), sides: Sides, above_right: bool) -> Edges {
    let mut edges = [0; 13];
    if sides.left {
        for (row, edge) in (0..4).rev().zip(&mut edges) {
            *edge = luma.at(x - 1, y + row)[0];
        }
    }
    if sides.corner {
        edges[4] = luma.at(x - 1, y - 1)[0];
    }
    if sides.above {
        let above = luma.at(x, y - 1);
        let count = if above_right { 8 } else { 4 };
        edges[5..5 + count].copy_from_slice(&above[..count]);
        if !above_right {
            let last = edges[8];
            edges[9..].fill(last);
        }
    }
    edges
}

/// predIntra4x4PredMode (8.3.1.1).
fn predicted_mode(around: &Neighbours<'_>, modes: &[u8; 16], column: usize, row: usize) -> u8 {
    let left = match column {
        0 if around.left.kind.is_available() => Some(around.left.right_modes[row]),
        0 => None,
        _ => Some(modes[row * 4 + column - 1]),
    };
    let above = match row {
        0 if around.above.kind.is_available() => Some(around.above.bottom_modes[column]),
        0 => None,
        _ => Some(modes[row * 4 + column - 4]),
    };
    match (left, above) {
        (Some(left), Some(above)) => left.min(above),
        _ => MODE_DC,
    }
}

/// Codes one block's residual; `predicted` becomes its reconstruction. `None` when all levels are zero.
fn code_block(
    block: &[[u8; 4]; 4],
    predicted: &mut [[u8; 4]; 4],
    quantiser: &Quantiser,
) -> Option<[i16; 16]> {
    let mut strip: Strip = [[0; 16]; 4];
    for ((out, block), predicted) in strip.iter_mut().zip(block).zip(predicted.iter()) {
        for x in 0..4 {
            out[x] = i16::from(block[x]) - i16::from(predicted[x]);
        }
    }
    let mut strip = forward(&strip);
    if !quantiser.quantise(&mut strip) {
        return None;
    }
    let levels = zigzag(&strip, 0);
    quantiser.scale(&mut strip);
    for (row, residual) in predicted.iter_mut().zip(&inverse(&strip)) {
        for (sample, &residual) in row.iter_mut().zip(residual) {
            *sample = i16::from(*sample).wrapping_add(residual).clamp(0, 255) as u8;
        }
    }
    Some(levels)
}
