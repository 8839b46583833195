//! Residuals in context-adaptive binary arithmetic coding (ITU-T H.264, 7.3.5.3, 9.3.3.1.1.9 and 9.3.3.1.3).

use super::arithmetic::BinCoder;
use super::cabac_contexts::increment;
use crate::macroblock::{BLOCK_ORDER, Levels};
use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind, Neighbours};
use crate::residual::transform::CoefficientBlock;
use crate::simd::nonzero_mask;

/// ctxBlockCat (Table 9-42).
const LUMA_DC: usize = 0;
const LUMA_AC: usize = 1;
const LUMA: usize = 2;
const CHROMA_DC: usize = 3;
const CHROMA_AC: usize = 4;

/// residual (7.3.5.3).
#[inline(always)]
pub(crate) fn write_residual(
    bins: &mut BinCoder<'_>,
    coded: &CodedMacroblock,
    levels: &Levels,
    around: &Neighbours<'_>,
) {
    let intra = coded.kind.is_intra();
    // coded_block_flag of a DC block in a neighbour, and of a 4×4 block in one.
    let dc = |other: &CodedMacroblock, bit: u8| {
        if other.kind.is_available() { other.dc_flags >> bit & 1 == 1 } else { intra }
    };
    let block = |other: &CodedMacroblock, index: usize| {
        if other.kind.is_available() { other.counts[index] != 0 } else { intra }
    };
    let is_16x16 = coded.kind == MacroblockKind::Intra16x16;
    if is_16x16 {
        let flag = increment(dc(around.left, 0), dc(around.above, 0));
        write_block::<LUMA_DC>(bins, flag, dc(coded, 0), &levels.luma_dc);
    }
    for index in BLOCK_ORDER {
        if coded.pattern >> (index / 8 * 2 + index % 4 / 2) & 1 == 0 {
            continue;
        }
        let left =
            if index.is_multiple_of(4) { block(around.left, index + 3) } else { block(coded, index - 1) };
        let above = if index < 4 { block(around.above, index + 12) } else { block(coded, index - 4) };
        let flag = increment(left, above);
        let any = coded.counts[index] != 0;
        if is_16x16 {
            write_block::<LUMA_AC>(bins, flag, any, &levels.luma[index]);
        } else {
            write_block::<LUMA>(bins, flag, any, &levels.luma[index]);
        }
    }
    if coded.pattern >> 4 != 0 {
        for part in 0..2 {
            let bit = part as u8 + 1;
            let flag = increment(dc(around.left, bit), dc(around.above, bit));
            let mut block = [0; 16];
            block[..4].copy_from_slice(&levels.chroma_dc[part]);
            write_block::<CHROMA_DC>(bins, flag, dc(coded, bit), &block);
        }
    }
    if coded.pattern >> 4 == 2 {
        for index in 0..8usize {
            let place = 16 + index;
            let left =
                if index.is_multiple_of(2) { block(around.left, place + 1) } else { block(coded, place - 1) };
            let above = if index % 4 < 2 { block(around.above, place + 2) } else { block(coded, place - 2) };
            let any = coded.counts[place] != 0;
            write_block::<CHROMA_AC>(bins, increment(left, above), any, &levels.chroma_ac[index]);
        }
    }
}

/// residual_block_cabac (7.3.5.3.3) of the category `CATEGORY`. `any`: whether any level is not zero; if not, `levels`
/// are not read.
#[inline(always)]
fn write_block<const CATEGORY: usize>(
    bins: &mut BinCoder<'_>,
    flag_increment: usize,
    any: bool,
    levels: &CoefficientBlock,
) {
    bins.bin(85 + 4 * CATEGORY + flag_increment, any);
    if !any {
        return;
    }
    const OFFSETS: [usize; 5] = [0, 15, 29, 44, 47];
    let (map, lasts) = (105 + OFFSETS[CATEGORY], 166 + OFFSETS[CATEGORY]);
    let is_chroma_dc = CATEGORY == CHROMA_DC;
    let most_above_one = if is_chroma_dc { 3 } else { 4 };
    let base = 227 + [0, 10, 20, 30, 39][CATEGORY];
    // The position of a DC coefficient that is coded separately is left out.
    let first = usize::from(matches!(CATEGORY, LUMA_AC | CHROMA_AC));
    let end = if is_chroma_dc { 3 } else { 15 - first };
    let mut left = nonzero_mask(levels) >> first;
    let Some(last) = left.checked_ilog2() else { return };
    for position in 0..end.min(last as usize + 1) {
        let is_level = left >> position & 1 == 1;
        let place = if is_chroma_dc { position.min(2) } else { position };
        bins.bin(map + place, is_level);
        if is_level {
            bins.bin(lasts + place, position == last as usize);
        }
    }
    let (mut ones, mut above_one) = (0, 0);
    while let Some(position) = left.checked_ilog2() {
        left ^= 1 << position;
        let level = levels[(position as usize + first) & 15];
        let magnitude = u32::from(level.unsigned_abs()) - 1;
        let first = base + if above_one != 0 { 0 } else { 4.min(1 + ones) };
        // UEG0 with uCoff 14 (9.3.2.3).
        bins.bin(first, magnitude != 0);
        if magnitude == 0 {
            ones += 1;
        } else {
            let rest = base + 5 + above_one.min(most_above_one);
            bins.set_bins(rest, magnitude.min(14) - 1);
            if magnitude < 14 {
                bins.bin(rest, false);
            } else {
                bins.exp_golomb(magnitude - 14, 0);
            }
            above_one += 1;
        }
        bins.bypass(u32::from(level < 0), 1);
    }
}
