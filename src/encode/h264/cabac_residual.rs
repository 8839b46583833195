//! Residuals in context-adaptive binary arithmetic coding (ITU-T H.264, 7.3.5.3, 9.3.3.1.1.9 and 9.3.3.1.3).

use super::cabac::{CabacWriter, increment};
use super::macroblock::{BLOCK_ORDER, Levels};
use super::neighbours::{Coded, Kind, Neighbours};

/// ctxBlockCat (Table 9-42).
#[derive(Debug, Clone, Copy)]
enum Category {
    LumaDc,
    LumaAc,
    Luma,
    ChromaDc,
    ChromaAc,
}

impl CabacWriter {
    /// residual (7.3.5.3).
    pub(super) fn residual(&mut self, coded: &Coded, levels: &Levels, around: &Neighbours<'_>) {
        let intra = coded.kind.is_intra();
        // coded_block_flag of a DC block in a neighbour, and of a 4×4 block in one.
        let dc = |other: &Coded, bit: u8| {
            if other.kind.is_available() { other.dc_flags >> bit & 1 == 1 } else { intra }
        };
        let block = |other: &Coded, index: usize| {
            if other.kind.is_available() { other.counts[index] != 0 } else { intra }
        };
        let is_16x16 = coded.kind == Kind::Intra16x16;
        if is_16x16 {
            let flag = increment(dc(around.left, 0), dc(around.above, 0));
            self.block(Category::LumaDc, flag, dc(coded, 0), &levels.luma_dc);
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
                self.block(Category::LumaAc, flag, any, &levels.luma[index][1..]);
            } else {
                self.block(Category::Luma, flag, any, &levels.luma[index]);
            }
        }
        if coded.pattern >> 4 != 0 {
            for part in 0..2 {
                let bit = part as u8 + 1;
                let flag = increment(dc(around.left, bit), dc(around.above, bit));
                self.block(Category::ChromaDc, flag, dc(coded, bit), &levels.chroma_dc[part]);
            }
        }
        if coded.pattern >> 4 == 2 {
            for index in 0..8usize {
                let place = 16 + index;
                let left = if index.is_multiple_of(2) {
                    block(around.left, place + 1)
                } else {
                    block(coded, place - 1)
                };
                let above =
                    if index % 4 < 2 { block(around.above, place + 2) } else { block(coded, place - 2) };
                let any = coded.counts[place] != 0;
                self.block(Category::ChromaAc, increment(left, above), any, &levels.chroma_ac[index][1..]);
            }
        }
    }

    /// residual_block_cabac (7.3.5.3.3). `any`: whether any level is not zero; if not, `levels` are not looked at.
    fn block(&mut self, category: Category, flag_increment: usize, any: bool, levels: &[i16]) {
        let e = &mut self.encoder;
        let index = category as usize;
        e.bin(85 + 4 * index + flag_increment, any);
        if !any {
            return;
        }
        let Some(last) = levels.iter().rposition(|&level| level != 0) else { return };
        let offset = [0, 15, 29, 44, 47][index];
        let place = |position: usize| {
            let increment = if matches!(category, Category::ChromaDc) { position.min(2) } else { position };
            offset + increment
        };
        for (position, &level) in levels[..levels.len() - 1].iter().enumerate().take(last + 1) {
            e.bin(105 + place(position), level != 0);
            if level != 0 {
                e.bin(166 + place(position), position == last);
            }
        }
        let base = 227 + [0, 10, 20, 30, 39][index];
        let most_above_one = if matches!(category, Category::ChromaDc) { 3 } else { 4 };
        let (mut ones, mut above_one) = (0, 0);
        for &level in levels[..=last].iter().rev().filter(|&&level| level != 0) {
            let magnitude = u32::from(level.unsigned_abs()) - 1;
            let first = base + if above_one != 0 { 0 } else { 4.min(1 + ones) };
            let rest = base + 5 + above_one.min(most_above_one);
            // UEG0 with uCoff 14 (9.3.2.3).
            if magnitude == 0 {
                e.bin(first, false);
                ones += 1;
            } else {
                e.bin(first, true);
                (1..magnitude.min(14)).for_each(|_| e.bin(rest, true));
                if magnitude < 14 {
                    e.bin(rest, false);
                } else {
                    e.exp_golomb(magnitude - 14, 0);
                }
                above_one += 1;
            }
            e.bypass(u32::from(level < 0), 1);
        }
    }
}
