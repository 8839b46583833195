//! Context-adaptive variable-length coding of macroblocks (ITU-T H.264, 7.3.5, 9.1 and 9.2).

use super::cavlc_tables::{
    CHROMA_DC_TOKENS, CHROMA_DC_ZEROS, INTER_PATTERNS, INTRA_PATTERNS, RUNS, TOKEN_LENGTHS, TOKEN_VALUES,
    TOTAL_ZEROS,
};
use crate::bits::bit_writer::BitWriter;
use crate::macroblock::{BLOCK_ORDER, Levels, Macroblock, Prediction};
use crate::prediction::neighbours::{CodedMacroblock, Neighbours, PartitionShape};
use crate::residual::transform::CoefficientBlock;

/// The largest level that level_prefix 15 can express with any suffixLength (9.2.2.1). Larger prefixes belong to the
/// High profiles.
pub(crate) const LARGEST_LEVEL: i32 = 2063;

/// Codes the macroblocks of one slice.
#[derive(Debug)]
pub(crate) struct CavlcWriter {
    bits: BitWriter,
    intra_slice: bool,
    /// mb_skip_run so far.
    skipped: u32,
}

impl CavlcWriter {
    /// `bits` end with a slice header.
    pub(crate) fn new(bits: BitWriter, intra_slice: bool) -> CavlcWriter {
        CavlcWriter { bits, intra_slice, skipped: 0 }
    }

    /// P_Skip.
    pub(crate) fn skipped(&mut self) {
        self.skipped += 1;
    }

    /// P_Skip, `count` times.
    pub(crate) fn skip_run(&mut self, count: usize) {
        self.skipped += count as u32;
    }

    /// The finished slice, with its trailing bits.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.skipped > 0 {
            self.bits.ue(self.skipped);
        }
        self.bits.trailing_bits();
        std::mem::take(self.bits.bytes_mut())
    }

    /// [`Self::macroblock`], unless it takes more than `most` bits; returns whether it was written.
    pub(crate) fn macroblock_within(
        &mut self,
        most: usize,
        macroblock: &Macroblock,
        levels: &Levels,
        around: &Neighbours<'_>,
    ) -> bool {
        let mut trial = CavlcWriter { bits: BitWriter::default(), ..*self };
        trial.macroblock(macroblock, levels, around);
        let fits = trial.bits.length() <= most;
        if fits {
            self.macroblock(macroblock, levels, around);
        }
        fits
    }

    /// I_PCM with the samples of a macroblock: luma, Cb, Cr.
    pub(crate) fn pcm(&mut self, samples: &[u8; 384]) {
        if !self.intra_slice {
            self.bits.ue(self.skipped);
            self.skipped = 0;
        }
        self.bits.ue(if self.intra_slice { 25 } else { 30 });
        self.bits.align_with_zeros();
        self.bits.bytes_mut().extend_from_slice(samples);
    }

    /// macroblock_layer (7.3.5).
    pub(crate) fn macroblock(&mut self, macroblock: &Macroblock, levels: &Levels, around: &Neighbours<'_>) {
        let bits = &mut self.bits;
        if !self.intra_slice {
            bits.ue(self.skipped);
            self.skipped = 0;
        }
        let pattern = macroblock.coded.pattern;
        let intra_types = if self.intra_slice { 0 } else { 5 };
        match macroblock.prediction {
            Prediction::Inter { shape, references_in_use } => {
                append_motion(bits, macroblock, shape, references_in_use);
            }
            // B slices are written with CABAC only.
            Prediction::Bidirectional { .. } => {}
            Prediction::Intra16x16(mode) => {
                let luma = if pattern & 15 != 0 { 12 } else { 0 };
                bits.ue(intra_types + 1 + mode as u32 + u32::from(pattern >> 4) * 4 + luma);
                bits.ue(u32::from(macroblock.coded.chroma_mode));
            }
            Prediction::Intra4x4(_) => {
                bits.ue(intra_types);
                for block in BLOCK_ORDER {
                    match macroblock.coded_modes[block] {
                        None => bits.flag(true),
                        Some(remaining) => bits.put(u32::from(remaining), 4),
                    }
                }
                bits.ue(u32::from(macroblock.coded.chroma_mode));
            }
        }
        let is_16x16 = matches!(macroblock.prediction, Prediction::Intra16x16(_));
        if !is_16x16 {
            let inter = matches!(macroblock.prediction, Prediction::Inter { .. });
            let table = if inter { &INTER_PATTERNS } else { &INTRA_PATTERNS };
            // Every pattern is in both tables.
            let code = table.iter().position(|&entry| entry == pattern).unwrap_or(0);
            bits.ue(code as u32);
            if pattern == 0 {
                return;
            }
        }
        bits.se(macroblock.qp_delta);
        append_residual(bits, &macroblock.coded, levels, around, is_16x16);
    }
}

/// mb_type, sub_mb_type, ref_idx_l0 and mvd_l0 of an inter macroblock.
fn append_motion(
    bits: &mut BitWriter,
    macroblock: &Macroblock,
    shape: PartitionShape,
    references_in_use: u8,
) {
    bits.ue(match shape {
        PartitionShape::Whole => 0,
        PartitionShape::Rows => 1,
        PartitionShape::Columns => 2,
        PartitionShape::Quarters => 3,
    });
    if shape == PartitionShape::Quarters {
        (0..4).for_each(|_| bits.ue(0));
    }
    if references_in_use > 1 {
        for &quarter in shape.first_quarters() {
            let reference = u32::from(macroblock.coded.references[quarter].unsigned_abs());
            bits.te(reference, u32::from(references_in_use) - 1);
        }
    }
    for &quarter in shape.first_quarters() {
        let difference = macroblock.differences[quarter];
        bits.se(i32::from(difference.x));
        bits.se(i32::from(difference.y));
    }
}

/// residual (7.3.5.3).
fn append_residual(
    bits: &mut BitWriter,
    coded: &CodedMacroblock,
    levels: &Levels,
    around: &Neighbours<'_>,
    is_16x16: bool,
) {
    const NOTHING: CoefficientBlock = [0; 16];
    let of = |other: &CodedMacroblock, index: usize| {
        other.kind.is_available().then_some(u32::from(other.counts[index]))
    };
    let luma_context = |index: usize| {
        let left = if index.is_multiple_of(4) { of(around.left, index + 3) } else { of(coded, index - 1) };
        let above = if index < 4 { of(around.above, index + 12) } else { of(coded, index - 4) };
        context(left, above)
    };
    if is_16x16 {
        append_block(bits, luma_context(0), if coded.dc_flags & 1 != 0 { &levels.luma_dc } else { &NOTHING });
    }
    for index in BLOCK_ORDER {
        if coded.pattern >> (index / 8 * 2 + index % 4 / 2) & 1 == 1 {
            let block = if coded.counts[index] != 0 { &levels.luma[index] } else { &NOTHING };
            append_block(bits, luma_context(index), &block[usize::from(is_16x16)..]);
        }
    }
    if coded.pattern >> 4 != 0 {
        for (levels, flag) in levels.chroma_dc.iter().zip([2, 4]) {
            let block = if coded.dc_flags & flag != 0 { levels } else { &[0; 4] };
            append_block(bits, Context::ChromaDc, block);
        }
    }
    if coded.pattern >> 4 == 2 {
        for index in 16..24usize {
            let left =
                if index.is_multiple_of(2) { of(around.left, index + 1) } else { of(coded, index - 1) };
            let above = if index % 4 < 2 { of(around.above, index + 2) } else { of(coded, index - 2) };
            let block = if coded.counts[index] != 0 { &levels.chroma_ac[index - 16] } else { &NOTHING };
            append_block(bits, context(left, above), &block[1..]);
        }
    }
}

/// nC.
#[derive(Debug, Clone, Copy)]
enum Context {
    /// −1.
    ChromaDc,
    Count(u32),
}

/// 9.2.1.
fn context(left: Option<u32>, above: Option<u32>) -> Context {
    Context::Count(match (left, above) {
        (Some(left), Some(above)) => (left + above).div_ceil(2),
        (left, above) => left.or(above).unwrap_or(0),
    })
}

/// residual_block_cavlc (7.3.5.3.2).
fn append_block(bits: &mut BitWriter, context: Context, levels: &[i16]) {
    // Non-zero levels from the highest frequency down, with the zeros before each.
    let mut values = [0i32; 16];
    let mut runs = [0usize; 16];
    let mut total = 0;
    for &level in levels.iter().rev() {
        if level != 0 {
            values[total] = i32::from(level);
            total += 1;
        } else if total > 0 {
            runs[total - 1] += 1;
        }
    }
    let values = &values[..total];
    let ones = values.iter().take(3).take_while(|value| value.abs() == 1).count();
    append_token(bits, context, total, ones);
    if total == 0 {
        return;
    }
    for &value in &values[..ones] {
        bits.flag(value < 0);
    }
    append_levels(bits, &values[ones..], total, ones);
    let mut zeros: usize = runs[..total].iter().sum();
    if total < levels.len() {
        let table = if levels.len() == 4 { CHROMA_DC_ZEROS[total - 1] } else { TOTAL_ZEROS[total - 1] };
        append_code(bits, table, zeros);
    }
    for &run in &runs[..total - 1] {
        if zeros == 0 {
            break;
        }
        append_code(bits, RUNS[zeros.min(7) - 1], run);
        zeros -= run;
    }
}

fn append_code(bits: &mut BitWriter, [lengths, values]: [&[u8]; 2], index: usize) {
    bits.put(u32::from(values[index]), u32::from(lengths[index]));
}

/// coeff_token (Table 9-5).
fn append_token(bits: &mut BitWriter, context: Context, total: usize, ones: usize) {
    let index = 4 * total + ones;
    let table = match context {
        Context::ChromaDc => {
            return append_code(bits, [&CHROMA_DC_TOKENS[0], &CHROMA_DC_TOKENS[1]], index);
        }
        Context::Count(0..2) => 0,
        Context::Count(2..4) => 1,
        Context::Count(4..8) => 2,
        Context::Count(_) => {
            return bits.put(if total == 0 { 3 } else { ((total - 1) * 4 + ones) as u32 }, 6);
        }
    };
    append_code(bits, [&TOKEN_LENGTHS[table], &TOKEN_VALUES[table]], index);
}

/// level_prefix and level_suffix (9.2.2.1) of the levels after the trailing ones.
fn append_levels(bits: &mut BitWriter, values: &[i32], total: usize, ones: usize) {
    let mut suffix_length = u32::from(total > 10 && ones < 3);
    for (index, &value) in values.iter().enumerate() {
        let mut code = value.unsigned_abs() * 2 - if value > 0 { 2 } else { 1 };
        if index == 0 && ones < 3 {
            // It cannot be ±1: otherwise it would be a trailing one.
            code -= 2;
        }
        match suffix_length {
            0 if code < 14 => bits.put(1, code + 1),
            0 if code < 30 => {
                bits.put(1, 15);
                bits.put(code - 14, 4);
            }
            0 => append_escape(bits, code - 30),
            length if code < 15 << length => {
                bits.put(1, (code >> length) + 1);
                bits.put(code & ((1 << length) - 1), length);
            }
            length => append_escape(bits, code - (15 << length)),
        }
        suffix_length = suffix_length.max(1);
        if value.unsigned_abs() > 3 << (suffix_length - 1) && suffix_length < 6 {
            suffix_length += 1;
        }
    }
}

/// level_prefix 15 with its suffix of 12 bits.
fn append_escape(bits: &mut BitWriter, suffix: u32) {
    bits.put(1, 16);
    bits.put(suffix.min(4095), 12);
}
