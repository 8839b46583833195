//! The residual of a macroblock (ITU-T H.264, 8.5).

use super::level_cost::LevelCost;
use super::quantiser::{Quantiser, chroma_qp};
use super::strips::{AnalyseChroma, AnalyseLuma, StripLevels};
use super::transform::ZIGZAG;
use crate::macroblock::{Levels, Macroblock};
use crate::prediction::neighbours::MacroblockKind;
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::simd::{Instructions, nonzero_mask};

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
    /// `largest_level`: the largest that the entropy coding can express.
    pub(crate) fn new(qp: u8, largest_level: i32) -> Quantisers {
        let chroma = chroma_qp(qp);
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
    pub(crate) source: MacroblockSamples<'a>,
    /// The prediction; becomes the reconstruction.
    pub(crate) predicted: &'a mut MacroblockBuffer,
    pub(crate) quantisers: &'a Quantisers,
    pub(crate) instructions: Instructions,
}

impl CodeResidual<'_> {
    pub(crate) fn run(mut self) {
        let quantisers = self.quantisers;
        match self.macroblock.coded.kind {
            MacroblockKind::Intra16x16 => self.luma_16x16(&quantisers.intra_luma),
            // Its luma is coded already, block by block, because each block is predicted from the ones before.
            MacroblockKind::Intra4x4 => {}
            _ => self.luma(&quantisers.luma),
        }
        let intra = self.macroblock.coded.kind.is_intra();
        self.chroma(if intra { &quantisers.intra_chroma } else { &quantisers.chroma });
    }

    /// Codes the luma of an inter macroblock.
    fn luma(&mut self, quantiser: &Quantiser) {
        let predicted = &mut self.predicted.luma;
        let mut strips = [[[0; 16]; 4]; 4];
        let masks = self.instructions.analyse_luma(AnalyseLuma {
            source: self.source.luma,
            predicted,
            quantiser,
            dc: None,
            strips: &mut strips,
            levels: &mut self.levels.luma,
        });
        if masks == [0; 16] {
            return;
        }
        for (index, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
            self.macroblock.add_block(index, LevelCost::of(&self.levels.luma[index], mask));
            self.macroblock.coded.pattern |= 1 << (index / 8 * 2 + index % 4 / 2);
        }
        let levels = StripLevels { strips: &strips, masks: &masks, dc: &[0; 16] };
        self.instructions.rebuild_luma(levels, quantiser, predicted);
    }

    /// Codes the luma of an Intra_16x16 macroblock, whose DC coefficients are transformed once more (8.5.2).
    fn luma_16x16(&mut self, quantiser: &Quantiser) {
        let predicted = &mut self.predicted.luma;
        let (mut strips, mut dc) = ([[[0; 16]; 4]; 4], [0; 16]);
        let masks = self.instructions.analyse_luma(AnalyseLuma {
            source: self.source.luma,
            predicted,
            quantiser,
            dc: Some(&mut dc),
            strips: &mut strips,
            levels: &mut self.levels.luma,
        });
        let any_ac = masks != [0; 16];
        if any_ac {
            for (index, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
                self.macroblock.add_block(index, LevelCost::of(&self.levels.luma[index], mask));
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
        self.macroblock.level_bits += LevelCost::of(&self.levels.luma_dc, mask).bits;
        if !any_ac && mask == 0 {
            return;
        }
        let dc = quantiser.scale_luma_dc(&dc_levels);
        let levels = StripLevels { strips: &strips, masks: &masks, dc: &dc };
        self.instructions.rebuild_luma(levels, quantiser, predicted);
    }

    /// Codes both chroma components (8.5.4).
    fn chroma(&mut self, quantiser: &Quantiser) {
        let predicted = &mut self.predicted.chroma;
        let (mut strips, mut dc) = ([[[0; 16]; 4]; 2], [[0; 4]; 2]);
        let masks = self.instructions.analyse_chroma(AnalyseChroma {
            source: self.source.chroma,
            predicted,
            quantiser,
            dc: &mut dc,
            strips: &mut strips,
            levels: &mut self.levels.chroma_ac,
        });
        let any_ac = masks != [0; 8];
        if any_ac {
            for (index, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
                self.macroblock.add_block(16 + index, LevelCost::of(&self.levels.chroma_ac[index], mask));
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
                self.macroblock.level_bits += LevelCost::of(&block, nonzero_mask(&block) as u16).bits;
            }
        }
        let dc = dc_levels.map(|levels| quantiser.scale_chroma_dc(&levels));
        let levels = StripLevels { strips: &strips, masks: &masks, dc: &dc };
        self.instructions.rebuild_chroma(levels, quantiser, predicted);
    }
}
