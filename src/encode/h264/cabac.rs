//! Context-adaptive binary arithmetic coding of macroblocks (ITU-T H.264, 7.3.5, 9.3.2, 9.3.3).

use super::arithmetic::ArithmeticEncoder;
use super::macroblock::{BLOCK_ORDER, Levels, Macroblock, Prediction};
use super::neighbours::{Coded, Kind, Neighbours, Rows, Shape, parts};

/// Codes the macroblocks of one slice.
#[derive(Debug)]
pub(super) struct CabacWriter {
    pub(super) encoder: ArithmeticEncoder,
    intra_slice: bool,
    /// Whether mb_qp_delta of the macroblock before was not zero.
    pub(super) last_delta_was_coded: bool,
}

impl CabacWriter {
    /// `bytes` end with an aligned slice header.
    pub(super) fn new(bytes: Vec<u8>, intra_slice: bool, qp: u8) -> CabacWriter {
        CabacWriter {
            encoder: ArithmeticEncoder::new(bytes, intra_slice, qp),
            intra_slice,
            last_delta_was_coded: false,
        }
    }

    /// P_Skip.
    #[inline]
    pub(super) fn skipped(&mut self, around: &Neighbours<'_>) {
        self.skip_flag(true, around);
        self.last_delta_was_coded = false;
    }

    /// P_Skip, `count` times from column `first` on, each with its end_of_slice_flag.
    pub(super) fn skip_run(&mut self, rows: &Rows, first: usize, count: usize, last: bool) {
        let counts = |coded: &Coded| !matches!(coded.kind, Kind::Unavailable | Kind::Skipped);
        let left = counts(rows.around(first).left);
        let above = |column: usize| counts(rows.around(column).above);
        self.encoder.bin(11 + count_of(left, above(first)), true);
        self.encoder.terminate(last && count == 1);
        let end = first + count - usize::from(last);
        // Tiles above that stand still need not be looked into, and often are many.
        let mut still = 0;
        for (tile, first, end) in parts(first + 1, end) {
            if rows.is_still_above(tile) {
                still += end - first;
                continue;
            }
            self.encoder.set_equal_bins_and_ends(11, std::mem::take(&mut still));
            self.encoder.set_bins_and_ends((first..end).map(|column| 11 + usize::from(above(column))));
        }
        self.encoder.set_equal_bins_and_ends(11, still);
        if last && count > 1 {
            self.encoder.bin(11 + usize::from(above(end)), true);
            self.encoder.terminate(true);
        }
        self.last_delta_was_coded = false;
    }

    #[inline]
    pub(super) fn end_of_macroblock(&mut self, last_of_slice: bool) {
        self.encoder.terminate(last_of_slice);
    }

    /// The finished slice data, after the bytes that were given at the start.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.encoder.flush();
        self.encoder.bytes
    }

    /// [`Self::macroblock`], unless it takes more than `most` bits; whether it did not.
    pub(super) fn macroblock_within(
        &mut self,
        most: usize,
        macroblock: &Macroblock,
        levels: &Levels,
        around: &Neighbours<'_>,
    ) -> bool {
        let (before, delta, mark) = (self.encoder.length(), self.last_delta_was_coded, self.encoder.mark());
        self.macroblock(macroblock, levels, around);
        if self.encoder.length() - before <= most {
            return true;
        }
        self.encoder.rewind(&mark);
        self.last_delta_was_coded = delta;
        false
    }

    /// P_L0_16x16 with the predicted vector and no residual: what [`Self::macroblock`] makes of it, in fewer steps.
    pub(super) fn predicted_motion(&mut self, reference: u8, references_in_use: u8, around: &Neighbours<'_>) {
        let Neighbours { left, above, .. } = around;
        self.skip_flag(false, around);
        self.encoder.bins(|e| {
            for context in 14..17 {
                e.bin(context, false);
            }
            if references_in_use > 1 {
                let first = 54 + increment(left.references[1] > 0, above.references[2] > 0);
                for bin in 0..=reference {
                    e.bin(if bin == 0 { first } else { 57 + usize::from(bin).min(2) }, bin < reference);
                }
            }
            for (part, base) in [(0, 40), (1, 47)] {
                let sum = u32::from(left.differences[1][part]) + u32::from(above.differences[2][part]);
                e.bin(base + usize::from(sum > 2) + usize::from(sum > 32), false);
            }
            // coded_block_pattern, all zero.
            let without = |coded: &Coded, quarter: usize| {
                coded.kind.is_available() && coded.pattern >> quarter & 1 == 0
            };
            e.bin(73 + increment(without(left, 1), without(above, 2)), false);
            e.bin(73 + increment(true, without(above, 3)), false);
            e.bin(73 + increment(without(left, 3), true), false);
            e.bin(73 + increment(true, true), false);
            let any = |coded: &Coded| coded.pattern >> 4 != 0;
            e.bin(77 + increment(any(left), any(above)), false);
        });
        self.last_delta_was_coded = false;
    }

    /// I_PCM with the samples of a macroblock: luma, Cb, Cr.
    pub(super) fn samples(&mut self, samples: &[u8; 384], around: &Neighbours<'_>) {
        if !self.intra_slice {
            self.skip_flag(false, around);
        }
        let first = self.intra_type_prefix(around);
        self.encoder.bin(first, true);
        self.encoder.terminate(true);
        self.encoder.flush();
        self.encoder.append_bytes(samples);
        self.last_delta_was_coded = false;
    }

    /// The bins before the first of an intra macroblock's type, and the context of that.
    fn intra_type_prefix(&mut self, around: &Neighbours<'_>) -> usize {
        if self.intra_slice {
            let counts = |coded: &Coded| !matches!(coded.kind, Kind::Unavailable | Kind::Intra4x4);
            3 + count_of(counts(around.left), counts(around.above))
        } else {
            self.encoder.bin(14, true);
            17
        }
    }

    fn skip_flag(&mut self, skipped: bool, around: &Neighbours<'_>) {
        let counts = |coded: &Coded| !matches!(coded.kind, Kind::Unavailable | Kind::Skipped);
        self.encoder.bin(11 + count_of(counts(around.left), counts(around.above)), skipped);
    }

    /// macroblock_layer (7.3.5).
    pub(super) fn macroblock(&mut self, macroblock: &Macroblock, levels: &Levels, around: &Neighbours<'_>) {
        if !self.intra_slice {
            self.skip_flag(false, around);
        }
        let pattern = macroblock.coded.pattern;
        self.macroblock_type(macroblock, around);
        match macroblock.prediction {
            Prediction::Inter { shape, references_in_use } => {
                self.motion(macroblock, shape, references_in_use, around);
            }
            Prediction::Intra16x16(_) => self.chroma_mode(macroblock, around),
            Prediction::Intra4x4(_) => {
                self.intra_4x4_modes(macroblock);
                self.chroma_mode(macroblock, around);
            }
        }
        let is_16x16 = matches!(macroblock.prediction, Prediction::Intra16x16(_));
        if !is_16x16 {
            self.coded_block_pattern(pattern, around);
        }
        if pattern == 0 && !is_16x16 {
            self.last_delta_was_coded = false;
            return;
        }
        self.qp_delta(macroblock.qp_delta);
        self.residual(&macroblock.coded, levels, around);
    }

    /// mb_type (9.3.2.5, Tables 9-36 and 9-37).
    fn macroblock_type(&mut self, macroblock: &Macroblock, around: &Neighbours<'_>) {
        if let Prediction::Inter { shape, .. } = macroblock.prediction {
            let e = &mut self.encoder;
            e.bin(14, false);
            match shape {
                Shape::Whole => [(15, false), (16, false)],
                Shape::Quarters => [(15, false), (16, true)],
                Shape::Columns => [(15, true), (17, false)],
                Shape::Rows => [(15, true), (17, true)],
            }
            .into_iter()
            .for_each(|(context, bin)| e.bin(context, bin));
            return;
        }
        let first = self.intra_type_prefix(around);
        // Contexts of the bins after the first: luma, chroma, chroma is 2, mode, mode.
        let rest = if self.intra_slice { [6, 7, 8, 9, 10] } else { [18, 19, 19, 20, 20] };
        let e = &mut self.encoder;
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
    fn motion(
        &mut self,
        macroblock: &Macroblock,
        shape: Shape,
        references_in_use: u8,
        around: &Neighbours<'_>,
    ) {
        let coded = &macroblock.coded;
        if shape == Shape::Quarters {
            // sub_mb_type P_L0_8x8, four times.
            (0..4).for_each(|_| self.encoder.bin(21, true));
        }
        // What lies to the left of and above a quarter: a macroblock and its quarter.
        let left = |quarter: usize| {
            if quarter.is_multiple_of(2) { (around.left, quarter + 1) } else { (coded, quarter - 1) }
        };
        let above =
            |quarter: usize| if quarter < 2 { (around.above, quarter + 2) } else { (coded, quarter - 2) };
        if references_in_use > 1 {
            for &quarter in shape.first_quarters() {
                let counts = |(coded, quarter): (&Coded, usize)| coded.references[quarter] > 0;
                let first = 54 + increment(counts(left(quarter)), counts(above(quarter)));
                let index = coded.references[quarter];
                for bin in 0..=index {
                    let context = match bin {
                        0 => first,
                        1 => 58,
                        _ => 59,
                    };
                    self.encoder.bin(context, bin < index);
                }
            }
        }
        for &quarter in shape.first_quarters() {
            // A partition's later quarters hold its difference already, but no earlier partition looks there.
            let sum = |part: usize| {
                let of = |(coded, quarter): (&Coded, usize)| u32::from(coded.differences[quarter][part]);
                of(left(quarter)) + of(above(quarter))
            };
            let difference = macroblock.differences[quarter];
            self.vector_difference(40, difference.x, sum(0));
            self.vector_difference(47, difference.y, sum(1));
        }
    }

    /// One component of mvd_l0: UEG3, signed, with uCoff 9 (9.3.2.3).
    fn vector_difference(&mut self, base: usize, value: i16, neighbours: u32) {
        self.encoder.bins(|e| {
            let first = match neighbours {
                0..3 => base,
                3..=32 => base + 1,
                _ => base + 2,
            };
            let magnitude = u32::from(value.unsigned_abs());
            for bin in 0..magnitude.min(9) {
                e.bin(if bin == 0 { first } else { base + 2 + (bin as usize).min(4) }, true);
            }
            if magnitude < 9 {
                e.bin(if magnitude == 0 { first } else { base + 2 + (magnitude as usize).min(4) }, false);
            } else {
                e.exp_golomb(magnitude - 9, 3);
            }
            if magnitude != 0 {
                e.bypass(u32::from(value < 0), 1);
            }
        });
    }

    fn intra_4x4_modes(&mut self, macroblock: &Macroblock) {
        self.encoder.bins(|e| {
            for block in BLOCK_ORDER {
                match macroblock.coded_modes[block] {
                    None => e.bin(68, true),
                    Some(remaining) => {
                        e.bin(68, false);
                        for bit in 0..3 {
                            e.bin(69, remaining >> bit & 1 == 1);
                        }
                    }
                }
            }
        });
    }

    fn chroma_mode(&mut self, macroblock: &Macroblock, around: &Neighbours<'_>) {
        let counts = |coded: &Coded| coded.kind.is_intra() && coded.chroma_mode != 0;
        let mode = macroblock.coded.chroma_mode;
        for bin in 0..3.min(mode + 1) {
            let context =
                if bin == 0 { 64 + count_of(counts(around.left), counts(around.above)) } else { 67 };
            self.encoder.bin(context, bin < mode);
        }
    }

    fn coded_block_pattern(&mut self, pattern: u8, around: &Neighbours<'_>) {
        // The condition holds where the neighbouring quarter exists and has no coded luma.
        let without =
            |coded: &Coded, quarter: usize| coded.kind.is_available() && coded.pattern >> quarter & 1 == 0;
        self.encoder.bins(|e| {
            for quarter in 0..4usize {
                let own = |quarter: usize| pattern >> quarter & 1 == 0;
                let left = if quarter.is_multiple_of(2) {
                    without(around.left, quarter + 1)
                } else {
                    own(quarter - 1)
                };
                let above = if quarter < 2 { without(around.above, quarter + 2) } else { own(quarter - 2) };
                e.bin(73 + increment(left, above), !own(quarter));
            }
            let chroma = pattern >> 4;
            let any = |coded: &Coded| coded.pattern >> 4 != 0;
            e.bin(77 + increment(any(around.left), any(around.above)), chroma != 0);
            if chroma != 0 {
                let both = |coded: &Coded| coded.pattern >> 4 == 2;
                e.bin(81 + increment(both(around.left), both(around.above)), chroma == 2);
            }
        });
    }

    /// mb_qp_delta: the mapping of 9.1.1, then unary.
    fn qp_delta(&mut self, delta: i32) {
        let mapped = if delta > 0 { delta * 2 - 1 } else { -delta * 2 };
        for bin in 0..=mapped {
            let context = match bin {
                0 => 60 + usize::from(self.last_delta_was_coded),
                1 => 62,
                _ => 63,
            };
            self.encoder.bin(context, bin < mapped);
        }
        self.last_delta_was_coded = delta != 0;
    }
}

/// condTermFlagA + 2 · condTermFlagB.
#[inline]
pub(super) fn increment(left: bool, above: bool) -> usize {
    usize::from(left) + 2 * usize::from(above)
}

/// condTermFlagA + condTermFlagB.
#[inline]
fn count_of(left: bool, above: bool) -> usize {
    usize::from(left) + usize::from(above)
}
