//! The residual of a macroblock (ITU-T H.264, 8.5).

use super::level_cost::LevelCost;
use super::quantiser::{Quantiser, chroma_qp};
use super::strips::{AnalyseChroma, AnalyseLuma, StripLevels};
use super::transform::{Strip, ZIGZAG};
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
    /// Whether the few small levels of a quarter are left out where they take more bits than they are worth.
    pub(crate) drops_single_levels: bool,
    pub(crate) instructions: Instructions,
}

/// Whether the levels of an 8×8 quarter, all of them 1 or −1, take more bits than the error is worth that they take away.
fn is_worthless(costs: &[LevelCost; 4]) -> bool {
    /// What a level of 1 or −1 is worth, in bits; found by measurement.
    const WORTH: u32 = 12;
    let count: u32 = costs.iter().map(|cost| u32::from(cost.count)).sum();
    let bits: u32 = costs.iter().map(|cost| cost.bits).sum();
    costs.iter().all(|cost| cost.is_small) && bits + 3 > count * WORTH
}

/// Clears the levels of blocks whose mask is zero.
fn clear_blocks(strip: &mut Strip, masks: &[u16; 4]) {
    for (block, _) in masks.iter().enumerate().filter(|(_, mask)| **mask == 0) {
        strip.iter_mut().for_each(|row| row[block * 4..][..4].fill(0));
    }
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
        let mut masks = self.instructions.analyse_luma(AnalyseLuma {
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
        for quarter in 0..4 {
            let first = quarter / 2 * 8 + quarter % 2 * 2;
            let blocks = [first, first + 1, first + 4, first + 5];
            let costs = blocks.map(|index| LevelCost::of(&self.levels.luma[index], masks[index]));
            if self.drops_single_levels && is_worthless(&costs) {
                blocks.iter().for_each(|&index| masks[index] = 0);
                continue;
            }
            for (index, cost) in blocks.into_iter().zip(costs).filter(|(index, _)| masks[*index] != 0) {
                self.macroblock.add_block(index, cost);
                self.macroblock.coded.pattern |= 1 << quarter;
            }
        }
        if self.macroblock.coded.pattern & 15 == 0 {
            return;
        }
        for (strip, masks) in strips.iter_mut().zip(masks.as_chunks::<4>().0) {
            clear_blocks(strip, masks);
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
        let dc_levels = [quantiser.quantise_chroma_dc(&dc[0]), quantiser.quantise_chroma_dc(&dc[1])];
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
