//! A macroblock as it is written: its prediction, what its neighbours need to know of it, and its levels (ITU-T H.264,
//! 7.3.5).

use crate::prediction::bidirectional::ListUse;
use crate::prediction::intra::Mode16x16;
use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind, NOT_INTER, PartitionShape};
use crate::prediction::vectors::Vector;
use crate::residual::level_cost::LevelCost;
use crate::residual::transform::CoefficientBlock;

/// The 4×4 luma blocks (as raster indices) in coding order (Figure 6-10).
pub(crate) const BLOCK_ORDER: [usize; 16] = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];

/// The types of slices (slice_type, 7.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SliceKind {
    I,
    P,
    B,
}

/// How a macroblock is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prediction {
    Inter {
        shape: PartitionShape,
        /// num_ref_idx_l0_active_minus1 + 1.
        references_in_use: u8,
    },
    /// In a B slice: which lists each quarter is predicted from.
    Bidirectional {
        shape: PartitionShape,
        lists: [ListUse; 4],
    },
    Intra16x16(Mode16x16),
    /// Modes in raster order.
    Intra4x4([u8; 16]),
}

/// Quantised coefficients (levels) in zig-zag order. Blocks whose DC coefficient is coded separately hold 0 in its
/// place.
///
/// Only the blocks that [`CodedMacroblock`] counts or flags are valid: the others are those of an earlier macroblock.
#[derive(Debug, Clone)]
pub(crate) struct Levels {
    pub(crate) luma_dc: CoefficientBlock,
    /// In raster order.
    pub(crate) luma: [CoefficientBlock; 16],
    /// Cb, Cr.
    pub(crate) chroma_dc: [[i16; 4]; 2],
    /// Four of Cb, four of Cr.
    pub(crate) chroma_ac: [CoefficientBlock; 8],
}

impl Levels {
    pub(crate) const ZERO: Levels =
        Levels { luma_dc: [0; 16], luma: [[0; 16]; 16], chroma_dc: [[0; 4]; 2], chroma_ac: [[0; 16]; 8] };
}

/// A macroblock as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Macroblock {
    pub(crate) prediction: Prediction,
    /// As its neighbours see it.
    pub(crate) coded: CodedMacroblock,
    /// mvd_l0 of each quarter.
    pub(crate) differences: [Vector; 4],
    /// For Intra_4x4, per block in raster order: `None` when the predicted mode is used, otherwise
    /// rem_intra4x4_pred_mode.
    pub(crate) coded_modes: [Option<u8>; 16],
    pub(crate) qp_delta: i32,
    /// Estimated bits of its levels.
    pub(crate) level_bits: u32,
}

impl Macroblock {
    pub(crate) const fn new(prediction: Prediction, kind: MacroblockKind) -> Macroblock {
        Macroblock {
            prediction,
            coded: CodedMacroblock { kind, references: [NOT_INTER; 4], ..CodedMacroblock::UNAVAILABLE },
            differences: [Vector::ZERO; 4],
            coded_modes: [None; 16],
            qp_delta: 0,
            level_bits: 0,
        }
    }

    /// Estimated bits of mb_type and the vector differences.
    pub(crate) fn shape_and_vector_bits(&self) -> u32 {
        let Prediction::Inter { shape, .. } = self.prediction else { return 0 };
        let header = match shape {
            PartitionShape::Whole => 2,
            PartitionShape::Rows | PartitionShape::Columns => 4,
            PartitionShape::Quarters => 7,
        };
        let vectors = shape.first_quarters().iter().map(|&first| self.differences[first].bits());
        header + vectors.sum::<u32>()
    }

    /// Estimated bits of the residual.
    pub(crate) fn residual_bits(&self) -> u32 {
        let pattern = self.coded.pattern;
        3 + self.level_bits + 2 * (u32::from(pattern & 15 != 0) + u32::from(pattern >> 4 != 0))
    }

    /// Records the levels of a luma block (in raster order) or a chroma block (16 to 23).
    pub(crate) fn add_block(&mut self, index: usize, cost: LevelCost) {
        self.coded.counts[index] = cost.count;
        self.level_bits += cost.bits;
    }
}
