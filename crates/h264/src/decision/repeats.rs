//! I slices, and in them runs of macroblocks whose source is that of the one to their left: flat backgrounds, and anything
//! that changes only from row to row. How an encoder chooses among predictions, the standard leaves open.

use crate::decision::mode_decision::Coding;
use crate::decision::slice::{Place, SliceEncoder};
use crate::prediction::intra::{ChromaMode, Mode16x16};
use crate::prediction::neighbours::{Coded, Kind, NOT_INTER, Vector};
use crate::prediction::reference::Samples;
use crate::source::differences::FindDifferences;

/// Rows of a macroblock's reconstruction that all hold one sample each: `N` bytes in luma and in chroma.
struct Constant<const N: usize, const ROWS: usize> {
    rows: [[u8; N]; ROWS],
    /// Whether all rows hold the same.
    is_flat: bool,
}

impl<const N: usize, const ROWS: usize> Constant<N, ROWS> {
    /// The 16 bytes from (x, y) on, if they are so.
    fn of(samples: &Samples, x: isize, y: isize) -> Option<Constant<N, ROWS>> {
        let (block, stride) = (samples.at(x, y), samples.stride());
        let mut rows = [[0; N]; ROWS];
        for (row, sample) in rows.iter_mut().enumerate() {
            let bytes = block[row * stride..].first_chunk::<16>()?;
            *sample = *bytes.first_chunk()?;
            if *bytes != repeated(*sample) {
                return None;
            }
        }
        Some(Constant { rows, is_flat: rows.iter().all(|sample| *sample == rows[0]) })
    }

    /// Repeats the rows from (x, y) on.
    fn fill(&self, samples: &mut Samples, (x, y): (usize, usize), bytes: usize) {
        let stride = samples.stride();
        let block = samples.at_mut(x as isize, y as isize);
        for (row, sample) in self.rows.iter().enumerate() {
            block[row * stride..][..bytes].as_chunks_mut::<16>().0.fill(repeated(*sample));
        }
    }

    /// Whether DC prediction from rows like these to the left and the 16 bytes above is what they are.
    fn is_dc(&self, above: Option<&[u8]>) -> bool {
        self.is_flat && above.is_none_or(|above| above.first_chunk() == Some(&repeated(self.rows[0])))
    }
}

/// 16 bytes of one sample.
fn repeated<const N: usize>(sample: [u8; N]) -> [u8; 16] {
    std::array::from_fn(|index| sample[index % N])
}

/// The samples from (x, y − 1) on, if they exist.
fn above(samples: &Samples, x: usize, y: usize) -> Option<&[u8]> {
    y.checked_sub(1).map(|y| samples.at(x as isize, y as isize))
}

impl SliceEncoder<'_> {
    /// A row of an I slice.
    pub(crate) fn intra_row(&mut self, row: usize, codings: &mut [Coding; 2]) {
        let repeats = self.find_repeats(row);
        let start = row * self.grid.columns;
        let mut column = 0;
        while column < self.grid.columns {
            let count = repeats[column..].iter().take_while(|&&repeats| repeats).count();
            if count > 0 && self.repeat(row, column, count) {
                column += count;
                continue;
            }
            let place = Place { column, row, index: start + column };
            self.new_block(place, Vector::ZERO, codings);
            self.writer.end_of_macroblock(place.index + 1 == self.grid.len());
            column += 1;
        }
    }

    /// For each macroblock of a row whether its source is that of the one to its left.
    fn find_repeats(&self, row: usize) -> Vec<bool> {
        let mut repeats = vec![false; self.grid.columns];
        let (width, height) = (self.picture.size.width() as usize, self.picture.size.height() as usize);
        // What reaches beyond the picture on the right is not looked at; below, the last row is only repeated.
        let Some(bytes) = (width & !15).checked_sub(16) else { return repeats };
        let mut differences = vec![0; bytes];
        let (top, bottom) = (row * 16, (row * 16 + 16).min(height));
        for (plane, top, bottom) in
            [(self.picture.luma, top, bottom), (self.picture.chroma, top / 2, bottom / 2)]
        {
            let from = &plane.data[top * plane.stride..];
            self.instructions.run(FindDifferences {
                samples: from.get(16..).unwrap_or(&[]),
                stride: plane.stride,
                earlier: from,
                earlier_stride: plane.stride,
                rows: bottom - top,
                differences: &mut differences,
            });
        }
        for (repeats, block) in repeats[1..].iter_mut().zip(differences.as_chunks::<16>().0) {
            *repeats = *block == [0; 16];
        }
        repeats
    }

    /// Codes `count` macroblocks from column `first` on like the one to their left, if each row of that holds one sample:
    /// then it is what horizontal prediction makes of it, errors and all. Whether it did.
    fn repeat(&mut self, row: usize, first: usize, count: usize) -> bool {
        let (x, y) = (first * 16, row * 16);
        let left = x as isize - 16;
        let Some(luma) = Constant::<1, 16>::of(&self.current.luma, left, y as isize) else { return false };
        let Some(chroma) = Constant::<2, 8>::of(&self.current.chroma, left, y as isize / 2) else {
            return false;
        };
        luma.fill(&mut self.current.luma, (x, y), count * 16);
        chroma.fill(&mut self.current.chroma, (x, y / 2), count * 16);
        let start = row * self.grid.columns;
        self.current.stamps[start + first..start + first + count].fill(self.stamp);
        self.calm.changed_run(row, first, first + count);
        for column in first..first + count {
            // DC costs the fewest bits.
            let x = column * 16;
            let is_dc = luma.is_dc(above(&self.current.luma, x, y));
            let mode = if is_dc { Mode16x16::Dc } else { Mode16x16::Horizontal };
            let is_dc = chroma.is_dc(above(&self.current.chroma, x, y / 2));
            let chroma_mode = if is_dc { ChromaMode::Dc } else { ChromaMode::Horizontal };
            self.writer.predicted_intra(mode, chroma_mode, &self.rows.around(column));
            self.writer.end_of_macroblock(start + column + 1 == self.grid.len());
            let coded = Coded {
                kind: Kind::Intra16x16,
                chroma_mode: chroma_mode as u8,
                references: [NOT_INTER; 4],
                ..Coded::UNAVAILABLE
            };
            self.rows.set(column, coded);
        }
        self.extend_borders(row, first, first + count);
        true
    }
}
