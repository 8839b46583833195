//! Macroblocks as Intra_4x4: the choice of modes, block by block, each predicted from the reconstruction of the ones
//! before (ITU-T H.264, 8.3.1).

use crate::grid::{AvailableSides, MacroblockPosition};
use crate::macroblock::{BLOCK_ORDER, Levels, Macroblock, Prediction};
use crate::prediction::intra4x4::{Intra4x4Choice, Intra4x4Trial, allowed_modes, dc, read_edges};
use crate::prediction::neighbours::{MODE_DC, MacroblockKind, Neighbours};
use crate::prediction::reference::PaddedSamples;
use crate::residual::level_cost::LevelCost;
use crate::residual::quantiser::Quantiser;
use crate::simd::Instructions;
use strikeline_picture::Plane;

/// Whether the block above right of block (column, row), which is not in the first row, is coded before it (6.4.11.4).
fn above_right_is_inside(column: usize, row: usize) -> bool {
    match column {
        0 | 2 => true,
        1 => row == 2,
        _ => false,
    }
}

/// Codes the luma of a macroblock as Intra_4x4.
pub(crate) struct CodeLuma4x4<'a> {
    pub(crate) position: MacroblockPosition,
    pub(crate) source: Plane<'a>,
    /// Of the picture being coded; takes the reconstruction.
    pub(crate) luma: &'a mut PaddedSamples,
    pub(crate) levels: &'a mut Levels,
    pub(crate) around: &'a Neighbours<'a>,
    pub(crate) quantiser: &'a Quantiser,
    /// Sum of absolute differences that a bit is worth.
    pub(crate) lambda: u32,
    /// The most that differences and mode bits may cost together.
    pub(crate) limit: u32,
    pub(crate) instructions: Instructions,
}

impl CodeLuma4x4<'_> {
    /// Chooses the mode of each block and codes its residual. Returns the macroblock, whose chroma is still to be
    /// coded; `None` as soon as the cost passes the limit.
    pub(crate) fn run(self) -> Option<Macroblock> {
        let CodeLuma4x4 {
            position,
            source,
            luma,
            levels: all,
            around,
            quantiser,
            lambda,
            limit,
            instructions,
        } = self;
        let (x, y) = (position.x(), position.y());
        let mut modes = [MODE_DC; 16];
        let mut macroblock = Macroblock::new(Prediction::Intra4x4(modes), MacroblockKind::Intra4x4);
        let mut total = 0;
        let stride = luma.stride();
        for index in BLOCK_ORDER {
            let (column, row) = (index % 4, index / 4);
            let (left_x, top_y) = ((x + column * 4) as isize, (y + row * 4) as isize);
            let sides = AvailableSides {
                left: column > 0 || around.left.kind.is_available(),
                above: row > 0 || around.above.kind.is_available(),
            };
            let above_right = match (column, row) {
                (3, 0) => around.above_right.kind.is_available(),
                (_, 0) => sides.above,
                _ => above_right_is_inside(column, row),
            };
            let edges = read_edges(luma.at(left_x - 1, top_y - 1), stride, above_right);
            let from = &source.data[row * 4 * source.stride + column * 4..];
            let mut block = [0; 16];
            for (y, row) in block.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                *row = *from[y * source.stride..].first_chunk().unwrap_or(&[0; 4]);
            }
            let predicted_mode = predicted_mode(around, &modes, column, row);
            let trial = Intra4x4Trial {
                block: &block,
                edges: &edges,
                dc: dc(&edges, sides),
                allowed: allowed_modes(sides),
                predicted_mode,
                lambda,
            };
            let Intra4x4Choice { cost, mode, mut predicted } = instructions.best_mode_4x4(&trial);
            total += cost;
            if total > limit {
                return None;
            }
            modes[index] = mode;
            macroblock.coded_modes[index] =
                (mode != predicted_mode).then(|| if mode < predicted_mode { mode } else { mode - 1 });
            // The bits of the mode make this a little higher than the differences are.
            if cost >= quantiser.smallest_effective_difference() {
                let levels = &mut all.luma[index];
                let mask = instructions.code_4x4(&block, &mut predicted, quantiser, levels);
                if mask != 0 {
                    macroblock.add_block(index, LevelCost::of(levels, mask));
                    macroblock.coded.pattern |= 1 << (row / 2 * 2 + column / 2);
                }
            }
            let out = luma.at_mut(left_x, top_y);
            for (y, row) in predicted.as_chunks::<4>().0.iter().enumerate() {
                out[y * stride..][..4].copy_from_slice(row);
            }
        }
        macroblock.prediction = Prediction::Intra4x4(modes);
        macroblock.coded.right_modes = std::array::from_fn(|row| modes[row * 4 + 3]);
        macroblock.coded.bottom_modes = std::array::from_fn(|column| modes[12 + column]);
        Some(macroblock)
    }
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
