//! The fast paths of CABAC compared with the general one, bin by bin.

use super::cabac::CabacWriter;
use crate::grid::{MacroblockRun, TILE};
use crate::macroblock::{Levels, Macroblock, Prediction, SliceKind};
use crate::prediction::intra::{ChromaMode, Mode16x16};
use crate::prediction::neighbours::{
    CodedMacroblock, MacroblockKind, NOT_INTER, NeighbourRows, PartitionShape,
};
use crate::prediction::vectors::Vector;
use crate::simd::Instructions;

/// A generator of pseudo-random numbers.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % end
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// A macroblock of any kind.
    fn coded(&mut self) -> CodedMacroblock {
        let references = [NOT_INTER; 4];
        let dc_flags = self.below(8) as u8;
        let chroma_mode = self.below(4) as u8;
        let pattern = [0, 15, 16, 47][self.below(4)];
        match self.below(5) {
            0 => CodedMacroblock::skipped(Vector::ZERO),
            1 => CodedMacroblock::PCM,
            2 => CodedMacroblock {
                kind: MacroblockKind::Inter,
                references: [self.below(2) as i8; 4],
                differences: [[self.below(40) as u8, self.below(4) as u8]; 4],
                pattern,
                ..CodedMacroblock::UNAVAILABLE
            },
            3 => CodedMacroblock {
                kind: MacroblockKind::Intra16x16,
                dc_flags,
                chroma_mode,
                references,
                pattern,
                ..CodedMacroblock::UNAVAILABLE
            },
            _ => CodedMacroblock {
                kind: MacroblockKind::Intra4x4,
                chroma_mode,
                references,
                pattern,
                ..CodedMacroblock::UNAVAILABLE
            },
        }
    }

    /// A row above, unless there is none, of runs skipped with vector zero and of all other kinds; and `first`
    /// macroblocks of the current row.
    fn rows(&mut self, columns: usize, first: usize) -> NeighbourRows {
        let mut rows = NeighbourRows::new(columns);
        rows.begin_picture();
        if !self.one_in(4) {
            let mut column = 0;
            while column < columns {
                let end = (column + 1 + self.below(4 * TILE)).min(columns);
                if self.one_in(2) {
                    rows.set_skipped(MacroblockRun { row: 0, first: column, end });
                } else {
                    (column..end).for_each(|column| rows.set(column, self.coded()));
                }
                column = end;
            }
            rows.end_row();
        }
        (0..first).for_each(|column| rows.set(column, self.coded()));
        rows
    }

    /// Two equal writers with some bins coded already, which may have brought the skip flag to its likeliest state.
    fn writers(&mut self, slice: SliceKind) -> [CabacWriter; 2] {
        let (qp, certain, count) = (self.below(52) as u8, self.one_in(2), self.below(300));
        let bins: Vec<_> = (0..count).map(|_| (11 + self.below(3), certain || self.one_in(2))).collect();
        let has_delta = self.one_in(2);
        [(); 2].map(|()| {
            let mut writer = CabacWriter::new(Vec::new(), slice, qp, Instructions::detect());
            bins.iter().for_each(|&(context, bin)| writer.encoder.bin(context, bin));
            writer.last_delta_was_coded = has_delta;
            writer
        })
    }
}

/// What both have written, after more bins, which depend on the states of the contexts.
fn finished(writers: [CabacWriter; 2], is_finished: bool, context: impl Fn(usize) -> usize) -> [Vec<u8>; 2] {
    writers.map(|mut writer| {
        if !is_finished {
            for index in 0..200 {
                writer.encoder.bin(context(index), index % 7 == 3);
            }
            writer.encoder.bin(60 + usize::from(writer.last_delta_was_coded), true);
            writer.end_of_macroblock(true);
        }
        writer.finish()
    })
}

#[test]
fn a_run_of_skipped_macroblocks_is_what_each_of_them_would_be() {
    for seed in 1..=1000 {
        let mut numbers = Numbers(seed * 77_777);
        let columns = 1 + numbers.below([3, 40, 512][seed as usize % 3]);
        let first = numbers.below(columns);
        let count = 1 + numbers.below(columns - first);
        let last = first + count == columns && numbers.one_in(2);
        let mut rows = numbers.rows(columns, first);
        let [mut quick, mut general] = numbers.writers(SliceKind::P);
        quick.skip_run(&rows, MacroblockRun { row: 0, first, end: first + count }, last);
        for column in first..first + count {
            general.skipped(&rows.around(column));
            general.end_of_macroblock(last && column + 1 == first + count);
            rows.set(column, CodedMacroblock::skipped(Vector::ZERO));
        }
        let [quick, general] = finished([quick, general], last, |index| 11 + index % 3);
        assert!(quick == general, "{count} from {first} on of {columns}, last: {last}, {seed}");
    }
}

#[test]
fn an_intra_macroblock_without_residual_is_written_alike_both_ways() {
    for seed in 1..=2000 {
        let mut numbers = Numbers(seed * 99_991);
        let first = numbers.below(2);
        let rows = numbers.rows(3, first);
        let around = rows.around(first);
        let [mut quick, mut general] = numbers.writers(SliceKind::I);
        let mode = Mode16x16::ALL[numbers.below(4)];
        let chroma_mode = ChromaMode::ALL[numbers.below(4)];
        quick.predicted_intra(mode, chroma_mode, &around);
        let mut macroblock = Macroblock::new(Prediction::Intra16x16(mode), MacroblockKind::Intra16x16);
        macroblock.coded.chroma_mode = chroma_mode as u8;
        general.macroblock(&macroblock, &Levels::ZERO, &around, None);
        let [quick, general] = finished([quick, general], false, |index| 3 + index * 5 % 90);
        assert!(quick == general, "{mode:?}, {chroma_mode:?}, {seed}");
    }
}

#[test]
fn a_motion_as_predicted_is_written_alike_both_ways() {
    for seed in 1..=2000 {
        let mut numbers = Numbers(seed * 99_991);
        let first = numbers.below(2);
        let rows = numbers.rows(3, first);
        let around = rows.around(first);
        let [mut quick, mut general] = numbers.writers(SliceKind::P);
        let references_in_use = 1 + numbers.below(2) as u8;
        let reference = numbers.below(usize::from(references_in_use)) as u8;
        quick.predicted_motion(reference, references_in_use, &around);
        let shape = PartitionShape::Whole;
        let mut macroblock =
            Macroblock::new(Prediction::Inter { shape, references_in_use }, MacroblockKind::Inter);
        macroblock.coded.references = [reference as i8; 4];
        general.macroblock(&macroblock, &Levels::ZERO, &around, None);
        let [quick, general] = finished([quick, general], false, |index| 11 + index * 5 % 80);
        assert!(quick == general, "reference {reference} of {references_in_use}, {seed}");
    }
}
