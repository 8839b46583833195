//! Macroblocks in context-adaptive binary arithmetic coding, down to their residual (ITU-T H.264, 7.3.5, 9.3.2, 9.3.3).

use super::arithmetic::{ArithmeticEncoder, BinCoder};
use super::cabac_bidirectional::{self, ListToWrite};
use super::cabac_contexts::{count_of, increment};
use super::cabac_residual::write_residual;
use crate::macroblock::{BLOCK_ORDER, Levels, Macroblock, Prediction, SliceKind};
use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind, Neighbours, PartitionShape};
use crate::simd::SimdKernel;

/// Writes a macroblock that is not skipped: mb_skip_flag and macroblock_layer (7.3.5).
pub(crate) struct WriteMacroblock<'a> {
    pub(crate) encoder: &'a mut ArithmeticEncoder,
    pub(crate) slice: SliceKind,
    pub(crate) last_delta_was_coded: &'a mut bool,
    pub(crate) macroblock: &'a Macroblock,
    pub(crate) levels: &'a Levels,
    pub(crate) around: &'a Neighbours<'a>,
    /// Of an inter macroblock of a B slice.
    pub(crate) second: Option<ListToWrite<'a>>,
}

impl SimdKernel for WriteMacroblock<'_> {
    #[inline(always)]
    fn run(self) {
        let WriteMacroblock { encoder, slice, last_delta_was_coded, macroblock, levels, around, second } =
            self;
        let coded = &macroblock.coded;
        let mut bins = encoder.start();
        let e = &mut bins;
        if slice != SliceKind::I {
            write_skip_flag(e, slice, false, around);
        }
        write_macroblock_type(e, macroblock, slice, around);
        match macroblock.prediction {
            Prediction::Bidirectional { shape, lists } => {
                let first = ListToWrite { coded, differences: &macroblock.differences, around };
                if let Some(second) = second {
                    cabac_bidirectional::write_motion(e, shape, lists, [first, second]);
                }
            }
            Prediction::Inter { shape, references_in_use } => {
                write_motion(e, macroblock, shape, references_in_use, around);
            }
            Prediction::Intra16x16(_) => write_chroma_mode(e, coded.chroma_mode, around),
            Prediction::Intra4x4(_) => {
                write_intra_4x4_modes(e, &macroblock.coded_modes);
                write_chroma_mode(e, coded.chroma_mode, around);
            }
        }
        let is_16x16 = matches!(macroblock.prediction, Prediction::Intra16x16(_));
        if !is_16x16 {
            write_coded_block_pattern(e, coded.pattern, around);
        }
        if coded.pattern == 0 && !is_16x16 {
            *last_delta_was_coded = false;
        } else {
            write_qp_delta(e, macroblock.qp_delta, *last_delta_was_coded);
            *last_delta_was_coded = macroblock.qp_delta != 0;
            write_residual(e, coded, levels, around);
        }
        bins.end();
    }
}

#[inline(always)]
pub(crate) fn write_skip_flag(
    e: &mut BinCoder<'_>,
    slice: SliceKind,
    skipped: bool,
    around: &Neighbours<'_>,
) {
    let first = if slice == SliceKind::B { 24 } else { 11 };
    let counts = |coded: &CodedMacroblock| {
        !matches!(coded.kind, MacroblockKind::Unavailable | MacroblockKind::Skipped)
    };
    e.bin(first + count_of(counts(around.left), counts(around.above)), skipped);
}

/// The bins before the first of an intra macroblock's type; returns the context of that bin.
#[inline(always)]
pub(crate) fn write_intra_type_prefix(
    e: &mut BinCoder<'_>,
    slice: SliceKind,
    around: &Neighbours<'_>,
) -> usize {
    match slice {
        SliceKind::I => {
            let counts = |coded: &CodedMacroblock| {
                !matches!(coded.kind, MacroblockKind::Unavailable | MacroblockKind::Intra4x4)
            };
            3 + count_of(counts(around.left), counts(around.above))
        }
        SliceKind::P => {
            e.bin(14, true);
            17
        }
        SliceKind::B => cabac_bidirectional::write_intra_prefix(e, around),
    }
}

/// mb_type (9.3.2.5, Tables 9-36 and 9-37).
#[inline(always)]
fn write_macroblock_type(
    e: &mut BinCoder<'_>,
    macroblock: &Macroblock,
    slice: SliceKind,
    around: &Neighbours<'_>,
) {
    if matches!(macroblock.prediction, Prediction::Bidirectional { .. }) {
        // It is written with the motion.
        return;
    }
    if let Prediction::Inter { shape, .. } = macroblock.prediction {
        e.bin(14, false);
        let (columns_or_rows, context, bin) = match shape {
            PartitionShape::Whole => (false, 16, false),
            PartitionShape::Quarters => (false, 16, true),
            PartitionShape::Columns => (true, 17, false),
            PartitionShape::Rows => (true, 17, true),
        };
        e.bin(15, columns_or_rows);
        e.bin(context, bin);
        return;
    }
    let first = write_intra_type_prefix(e, slice, around);
    // Contexts of the bins after the first: luma, chroma, whether chroma is 2, and two for the mode.
    let rest = match slice {
        SliceKind::I => [6, 7, 8, 9, 10],
        SliceKind::P => [18, 19, 19, 20, 20],
        SliceKind::B => [33, 34, 34, 35, 35],
    };
    let Prediction::Intra16x16(mode) = macroblock.prediction else {
        e.bin(first, false);
        return;
    };
    e.bin(first, true);
    e.terminate(false);
    let pattern = macroblock.coded.pattern;
    e.bin(rest[0], pattern & 15 != 0);
    e.bin(rest[1], pattern >> 4 != 0);
    if pattern >> 4 != 0 {
        e.bin(rest[2], pattern >> 4 == 2);
    }
    e.bin(rest[3], mode as u8 & 2 != 0);
    e.bin(rest[4], mode as u8 & 1 != 0);
}

/// ref_idx_l0, then mvd_l0, of all partitions.
#[inline(always)]
fn write_motion(
    e: &mut BinCoder<'_>,
    macroblock: &Macroblock,
    shape: PartitionShape,
    references_in_use: u8,
    around: &Neighbours<'_>,
) {
    let coded = &macroblock.coded;
    if shape == PartitionShape::Quarters {
        // sub_mb_type P_L0_8x8, four times.
        e.set_bins(21, 4);
    }
    // The quarters to the left of and above a quarter: each as a macroblock and the index in it.
    let left = |quarter: usize| {
        if quarter.is_multiple_of(2) { (around.left, quarter + 1) } else { (coded, quarter - 1) }
    };
    let above = |quarter: usize| if quarter < 2 { (around.above, quarter + 2) } else { (coded, quarter - 2) };
    if references_in_use > 1 {
        for &quarter in shape.first_quarters() {
            let counts = |(coded, quarter): (&CodedMacroblock, usize)| coded.references[quarter] > 0;
            let first = 54 + increment(counts(left(quarter)), counts(above(quarter)));
            let index = coded.references[quarter];
            for bin in 0..=index {
                let context = match bin {
                    0 => first,
                    1 => 58,
                    _ => 59,
                };
                e.bin(context, bin < index);
            }
        }
    }
    for &quarter in shape.first_quarters() {
        let difference = macroblock.differences[quarter];
        for (part, base, value) in [(0, 40, difference.x), (1, 47, difference.y)] {
            // A partition's later quarters hold its difference already, but earlier partitions do not read it.
            let of =
                |(coded, quarter): (&CodedMacroblock, usize)| u32::from(coded.differences[quarter][part]);
            write_vector_difference(e, base, value, of(left(quarter)) + of(above(quarter)));
        }
    }
}

/// One component of mvd_l0 or mvd_l1: UEG3, signed, with uCoff 9 (9.3.2.3).
#[inline(always)]
pub(crate) fn write_vector_difference(e: &mut BinCoder<'_>, base: usize, value: i16, neighbours: u32) {
    let first = match neighbours {
        0..3 => base,
        3..=32 => base + 1,
        _ => base + 2,
    };
    let magnitude = u32::from(value.unsigned_abs());
    e.bin(first, magnitude != 0);
    if magnitude == 0 {
        return;
    }
    for bin in 1..magnitude.min(9) {
        e.bin(base + 2 + (bin as usize).min(4), true);
    }
    if magnitude < 9 {
        e.bin(base + 2 + (magnitude as usize).min(4), false);
    } else {
        e.exp_golomb(magnitude - 9, 3);
    }
    e.bypass(u32::from(value < 0), 1);
}

#[inline(always)]
fn write_intra_4x4_modes(e: &mut BinCoder<'_>, modes: &[Option<u8>; 16]) {
    for block in BLOCK_ORDER {
        e.bin(68, modes[block].is_none());
        if let Some(remaining) = modes[block] {
            for bit in 0..3 {
                e.bin(69, remaining >> bit & 1 == 1);
            }
        }
    }
}

#[inline(always)]
fn write_chroma_mode(e: &mut BinCoder<'_>, mode: u8, around: &Neighbours<'_>) {
    let counts = |coded: &CodedMacroblock| coded.kind.is_intra() && coded.chroma_mode != 0;
    e.bin(64 + count_of(counts(around.left), counts(around.above)), mode != 0);
    for bin in 1..3.min(mode + 1) {
        e.bin(67, bin < mode);
    }
}

#[inline(always)]
fn write_coded_block_pattern(e: &mut BinCoder<'_>, pattern: u8, around: &Neighbours<'_>) {
    // The condition holds where the neighbouring quarter exists and has no coded luma.
    let without = |coded: &CodedMacroblock, quarter: usize| {
        coded.kind.is_available() && coded.pattern >> quarter & 1 == 0
    };
    for quarter in 0..4usize {
        let own = |quarter: usize| pattern >> quarter & 1 == 0;
        let left =
            if quarter.is_multiple_of(2) { without(around.left, quarter + 1) } else { own(quarter - 1) };
        let above = if quarter < 2 { without(around.above, quarter + 2) } else { own(quarter - 2) };
        e.bin(73 + increment(left, above), !own(quarter));
    }
    let chroma = pattern >> 4;
    let any = |coded: &CodedMacroblock| coded.pattern >> 4 != 0;
    e.bin(77 + increment(any(around.left), any(around.above)), chroma != 0);
    if chroma != 0 {
        let both = |coded: &CodedMacroblock| coded.pattern >> 4 == 2;
        e.bin(81 + increment(both(around.left), both(around.above)), chroma == 2);
    }
}

/// mb_qp_delta: the mapping of 9.1.1, then unary. `after_delta`: whether that of the previous macroblock was not zero.
#[inline(always)]
fn write_qp_delta(e: &mut BinCoder<'_>, delta: i32, after_delta: bool) {
    let mapped = if delta > 0 { delta * 2 - 1 } else { -delta * 2 };
    let first = 60 + usize::from(after_delta);
    e.bin(first, mapped != 0);
    if mapped != 0 {
        e.bin(62, mapped > 1);
        if mapped > 1 {
            e.set_bins(63, mapped as u32 - 2);
            e.bin(63, false);
        }
    }
}
