//! One macroblock: what is decided about it, its residual, and its reconstruction (ITU-T H.264, 7.3.5, 8.5).

use crate::prediction::intra::Mode16x16;
use crate::prediction::motion::vector_bits;
use crate::prediction::neighbours::{Coded, Kind, Shape, Vector};
use crate::prediction::reference::{Reconstruction, Samples};
use crate::residual::quantiser::Quantiser;
use crate::residual::transform::{Block, Weight, ZIGZAG};
use crate::simd::{Instructions, copy, nonzero_mask};

/// The 4×4 luma blocks (as raster indices) in coding order (Figure 6-10).
pub(crate) const BLOCK_ORDER: [usize; 16] = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];

/// How a macroblock is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prediction {
    Inter {
        shape: Shape,
        /// num_ref_idx_l0_active_minus1 + 1.
        references_in_use: u8,
    },
    Intra16x16(Mode16x16),
    /// Modes in raster order.
    Intra4x4([u8; 16]),
}

/// Quantised coefficients in zig-zag order. Blocks whose DC is coded apart hold 0 in its place.
///
/// Only what [`Coded`] counts or flags is there: the rest is of an earlier macroblock.
#[derive(Debug, Clone)]
pub(crate) struct Levels {
    pub(crate) luma_dc: Block,
    /// In raster order.
    pub(crate) luma: [Block; 16],
    pub(crate) chroma_dc: [[i16; 4]; 2],
    /// Four of Cb, four of Cr.
    pub(crate) chroma_ac: [Block; 8],
}

impl Levels {
    pub(crate) const ZERO: Levels =
        Levels { luma_dc: [0; 16], luma: [[0; 16]; 16], chroma_dc: [[0; 4]; 2], chroma_ac: [[0; 16]; 8] };
}

/// A macroblock as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Macroblock {
    pub(crate) prediction: Prediction,
    /// What its neighbours will see of it.
    pub(crate) coded: Coded,
    /// mvd_l0 of each quarter.
    pub(crate) differences: [Vector; 4],
    /// For Intra_4x4, per block in raster order: `None` when the predicted mode is used, otherwise
    /// rem_intra4x4_pred_mode.
    pub(crate) coded_modes: [Option<u8>; 16],
    pub(crate) qp_delta: i32,
    /// About how many bits its levels take.
    pub(crate) level_bits: u32,
}

impl Macroblock {
    pub(crate) const fn new(prediction: Prediction, kind: Kind) -> Macroblock {
        Macroblock {
            prediction,
            coded: Coded {
                kind,
                references: [crate::prediction::neighbours::NOT_INTER; 4],
                ..Coded::UNAVAILABLE
            },
            differences: [Vector::ZERO; 4],
            coded_modes: [None; 16],
            qp_delta: 0,
            level_bits: 0,
        }
    }
}

impl Macroblock {
    /// About how many bits mb_type and the vector differences take.
    pub(crate) fn shape_and_vector_bits(&self) -> u32 {
        let Prediction::Inter { shape, .. } = self.prediction else { return 0 };
        let header = match shape {
            Shape::Whole => 2,
            Shape::Rows | Shape::Columns => 4,
            Shape::Quarters => 7,
        };
        let vectors = shape.first_quarters().iter().map(|&first| vector_bits(self.differences[first]));
        header + vectors.sum::<u32>()
    }

    /// About how many bits the residual takes.
    pub(crate) fn residual_bits(&self) -> u32 {
        let pattern = self.coded.pattern;
        3 + self.level_bits + 2 * (u32::from(pattern & 15 != 0) + u32::from(pattern >> 4 != 0))
    }

    /// Takes down that a luma block (in raster order) or a block of chroma (16 to 23) has levels.
    pub(crate) fn add_block(&mut self, index: usize, weight: Weight) {
        self.coded.counts[index] = weight.count;
        self.level_bits += weight.bits;
    }
}

/// The source samples of a macroblock; rows of 16 bytes, `stride` apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceBlock<'a> {
    pub(crate) luma: &'a [u8],
    pub(crate) luma_stride: usize,
    pub(crate) chroma: &'a [u8],
    pub(crate) chroma_stride: usize,
}

/// Predicted samples of a macroblock: 16 rows of luma, 8 rows of interleaved chroma.
#[derive(Debug, Clone)]
pub(crate) struct Predicted {
    pub(crate) luma: [u8; 256],
    pub(crate) chroma: [u8; 128],
}

impl Predicted {
    pub(crate) const EMPTY: Predicted = Predicted { luma: [0; 256], chroma: [0; 128] };

    /// Takes the source as it is.
    pub(crate) fn read(&mut self, source: SourceBlock<'_>) {
        copy(source.luma, source.luma_stride, &mut self.luma, 16, 16);
        copy(source.chroma, source.chroma_stride, &mut self.chroma, 16, 8);
    }

    /// Sum of squared differences to the source.
    pub(crate) fn squared_error(&self, source: SourceBlock<'_>, instructions: Instructions) -> u32 {
        instructions.squared_error(source.luma, source.luma_stride, &self.luma, 16, 16)
            + instructions.squared_error(source.chroma, source.chroma_stride, &self.chroma, 16, 8)
    }

    /// As something to be coded.
    pub(crate) fn as_source(&self) -> SourceBlock<'_> {
        SourceBlock { luma: &self.luma, luma_stride: 16, chroma: &self.chroma, chroma_stride: 16 }
    }

    /// Takes the luma of a macroblock of the picture.
    pub(crate) fn read_luma(&mut self, luma: &Samples, column: usize, row: usize) {
        copy(luma.at(column as isize * 16, row as isize * 16), luma.stride(), &mut self.luma, 16, 16);
    }

    /// The samples of luma, then Cb, then Cr.
    pub(crate) fn planar(&self) -> [u8; 384] {
        std::array::from_fn(|index| match index {
            0..256 => self.luma[index],
            _ => self.chroma[index % 64 * 2 + (index - 256) / 64],
        })
    }

    /// Copies the prediction into the picture as it is.
    pub(crate) fn store(&self, picture: &mut Reconstruction, column: usize, row: usize) {
        let (x, y) = (column as isize * 16, row as isize * 16);
        let stride = picture.luma.stride();
        copy(&self.luma, 16, picture.luma.at_mut(x, y), stride, 16);
        let stride = picture.chroma.stride();
        copy(&self.chroma, 16, picture.chroma.at_mut(x, y / 2), stride, 8);
    }
}

/// The quantisers of one QP.
#[derive(Debug, Clone)]
pub(crate) struct Quantisers {
    pub(crate) luma: Quantiser,
    pub(crate) chroma: Quantiser,
    /// The rounding is finer for intra macroblocks.
    pub(crate) intra_luma: Quantiser,
    pub(crate) intra_chroma: Quantiser,
}

impl Quantisers {
    /// `largest_level`: what the entropy coding can express.
    pub(crate) fn new(qp: u8, largest_level: i32) -> Quantisers {
        let chroma = crate::residual::quantiser::chroma_qp(qp);
        // A third and a sixth, the usual choice for Laplacian residuals.
        Quantisers {
            luma: Quantiser::new(qp, 12, largest_level),
            chroma: Quantiser::new(chroma, 12, largest_level),
            intra_luma: Quantiser::new(qp, 21, largest_level),
            intra_chroma: Quantiser::new(chroma, 21, largest_level),
        }
    }
}

/// Codes the residual of a macroblock.
#[derive(Debug)]
pub(crate) struct CodeResidual<'a> {
    pub(crate) macroblock: &'a mut Macroblock,
    pub(crate) levels: &'a mut Levels,
    pub(crate) source: SourceBlock<'a>,
    /// Becomes the reconstruction.
    pub(crate) predicted: &'a mut Predicted,
    pub(crate) quantisers: &'a Quantisers,
    pub(crate) instructions: Instructions,
}

impl CodeResidual<'_> {
    pub(crate) fn run(mut self) {
        let quantisers = self.quantisers;
        match self.macroblock.coded.kind {
            Kind::Intra16x16 => self.luma_16x16(&quantisers.intra_luma),
            // Its luma is coded block by block, because each is predicted from the one before.
            Kind::Intra4x4 => {}
            _ => self.luma(&quantisers.luma),
        }
        let intra = self.macroblock.coded.kind.is_intra();
        self.chroma(if intra { &quantisers.intra_chroma } else { &quantisers.chroma });
    }

    /// Codes the luma of an inter macroblock.
    fn luma(&mut self, quantiser: &Quantiser) {
        let source = (self.source.luma, self.source.luma_stride);
        let predicted = &mut self.predicted.luma;
        let (mut strips, levels) = ([[[0; 16]; 4]; 4], &mut self.levels.luma);
        let masks = self.instructions.analyse_luma(source, predicted, quantiser, None, &mut strips, levels);
        if masks == [0; 16] {
            return;
        }
        for (index, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
            self.macroblock.add_block(index, Weight::of(&self.levels.luma[index], mask));
            self.macroblock.coded.pattern |= 1 << (index / 8 * 2 + index % 4 / 2);
        }
        self.instructions.rebuild_luma(&strips, &masks, &[0; 16], quantiser, predicted);
    }

    /// The same for Intra_16x16, whose DC coefficients are transformed once more (8.5.2).
    fn luma_16x16(&mut self, quantiser: &Quantiser) {
        let source = (self.source.luma, self.source.luma_stride);
        let predicted = &mut self.predicted.luma;
        let (mut strips, mut dc) = ([[[0; 16]; 4]; 4], [0; 16]);
        let levels = &mut self.levels.luma;
        let masks =
            self.instructions.analyse_luma(source, predicted, quantiser, Some(&mut dc), &mut strips, levels);
        let any_ac = masks != [0; 16];
        if any_ac {
            for (index, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
                self.macroblock.add_block(index, Weight::of(&self.levels.luma[index], mask));
            }
            self.macroblock.coded.pattern |= 15;
        } else if dc == [0; 16] {
            return;
        }
        let dc_levels = quantiser.quantise_luma_dc(&dc.map(i32::from));
        // The matrix of DC levels is scanned like a block (8.5.2, 8.5.6).
        self.levels.luma_dc = ZIGZAG.map(|(column, row)| dc_levels[row * 4 + column]);
        let mask = nonzero_mask(&self.levels.luma_dc) as u16;
        self.macroblock.coded.dc_flags |= u8::from(mask != 0);
        self.macroblock.level_bits += Weight::of(&self.levels.luma_dc, mask).bits;
        if !any_ac && mask == 0 {
            return;
        }
        let dc = quantiser.scale_luma_dc(&dc_levels);
        self.instructions.rebuild_luma(&strips, &masks, &dc, quantiser, predicted);
    }

    /// Codes both chroma components (8.5.4).
    fn chroma(&mut self, quantiser: &Quantiser) {
        let source = (self.source.chroma, self.source.chroma_stride);
        let predicted = &mut self.predicted.chroma;
        let (mut strips, mut dc) = ([[[0; 16]; 4]; 2], [[0; 4]; 2]);
        let levels = &mut self.levels.chroma_ac;
        let masks =
            self.instructions.analyse_chroma(source, predicted, quantiser, &mut dc, &mut strips, levels);
        let any_ac = masks != [0; 8];
        if any_ac {
            for (index, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
                self.macroblock.add_block(16 + index, Weight::of(&self.levels.chroma_ac[index], mask));
            }
        } else if dc == [[0; 4]; 2] {
            return;
        }
        let dc_levels = dc.map(|dc| quantiser.quantise_chroma_dc(&dc.map(i32::from)));
        let any_dc = dc_levels != [[0; 4]; 2];
        if !any_ac && !any_dc {
            return;
        }
        self.macroblock.coded.pattern |= if any_ac { 2 << 4 } else { 1 << 4 };
        self.levels.chroma_dc = dc_levels;
        for (levels, flag) in dc_levels.iter().zip([2, 4]) {
            if *levels != [0; 4] {
                self.macroblock.coded.dc_flags |= flag;
                let mut block = [0; 16];
                block[..4].copy_from_slice(levels);
                self.macroblock.level_bits += Weight::of(&block, nonzero_mask(&block) as u16).bits;
            }
        }
        let dc = dc_levels.map(|levels| quantiser.scale_chroma_dc(&levels));
        self.instructions.rebuild_chroma(&strips, &masks, &dc, quantiser, predicted);
    }
}
