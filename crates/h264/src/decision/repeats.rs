//! Runs of macroblocks in I slices whose source is that of the macroblock to their left: flat backgrounds, and whatever
//! changes only from row to row.

use super::context::SliceContext;
use crate::grid::{MacroblockPosition, MacroblockRun};
use crate::prediction::intra::{ChromaMode, Mode16x16};
use crate::prediction::reference::{PaddedSamples, Reconstruction};
use crate::source::differences::FindDifferences;
use strikeline_picture::{Picture, Plane};

/// The rows of a block of 16 bytes, each of which repeats one sample. A sample has `N` bytes.
struct ConstantRows<const N: usize, const ROWS: usize> {
    rows: [[u8; N]; ROWS],
    /// Whether all rows are equal.
    is_flat: bool,
}

impl<const N: usize, const ROWS: usize> ConstantRows<N, ROWS> {
    /// The block that begins at (x, y), if each row repeats one sample.
    fn of(samples: &PaddedSamples, x: isize, y: isize) -> Option<ConstantRows<N, ROWS>> {
        let (block, stride) = (samples.at(x, y), samples.stride());
        let mut rows = [[0; N]; ROWS];
        for (row, sample) in rows.iter_mut().enumerate() {
            let bytes = block[row * stride..].first_chunk::<16>()?;
            *sample = *bytes.first_chunk()?;
            if *bytes != repeated(*sample) {
                return None;
            }
        }
        Some(ConstantRows { rows, is_flat: rows.iter().all(|sample| *sample == rows[0]) })
    }

    /// Continues the rows in a block of `bytes` bytes that begins at (x, y).
    fn fill(&self, samples: &mut PaddedSamples, x: usize, y: usize, bytes: usize) {
        let stride = samples.stride();
        let block = samples.at_mut(x as isize, y as isize);
        for (row, sample) in self.rows.iter().enumerate() {
            block[row * stride..][..bytes].as_chunks_mut::<16>().0.fill(repeated(*sample));
        }
    }

    /// Whether DC prediction, with these rows to the left and the 16 bytes above, gives the same rows.
    fn is_dc(&self, above: Option<&[u8]>) -> bool {
        self.is_flat && above.is_none_or(|above| above.first_chunk() == Some(&repeated(self.rows[0])))
    }
}

/// 16 bytes of one sample.
fn repeated<const N: usize>(sample: [u8; N]) -> [u8; 16] {
    std::array::from_fn(|index| sample[index % N])
}

/// The samples that begin at (x, y − 1), if they lie in the picture.
fn above(samples: &PaddedSamples, x: usize, y: usize) -> Option<&[u8]> {
    y.checked_sub(1).map(|y| samples.at(x as isize, y as isize))
}

/// The reconstruction of a macroblock of which each row repeats one sample. Horizontal prediction continues it exactly.
pub(crate) struct RepeatedMacroblock {
    luma: ConstantRows<1, 16>,
    chroma: ConstantRows<2, 8>,
}

impl RepeatedMacroblock {
    /// The macroblock to the left of `run`, if it is such a one.
    pub(crate) fn left_of(run: MacroblockRun, current: &Reconstruction) -> Option<RepeatedMacroblock> {
        let (left, y) = ((run.first * 16) as isize - 16, (run.row * 16) as isize);
        let luma = ConstantRows::of(&current.luma, left, y)?;
        let chroma = ConstantRows::of(&current.chroma, left, y / 2)?;
        Some(RepeatedMacroblock { luma, chroma })
    }

    /// Continues it in a run of macroblocks.
    pub(crate) fn fill(&self, run: MacroblockRun, current: &mut Reconstruction) {
        let (x, y, bytes) = (run.first * 16, run.row * 16, run.len() * 16);
        self.luma.fill(&mut current.luma, x, y, bytes);
        self.chroma.fill(&mut current.chroma, x, y / 2, bytes);
    }

    /// The modes that predict a macroblock of the run exactly. DC takes the fewest bits.
    pub(crate) fn modes(
        &self,
        position: MacroblockPosition,
        current: &Reconstruction,
    ) -> (Mode16x16, ChromaMode) {
        let (x, y) = (position.x(), position.y());
        let is_dc = self.luma.is_dc(above(&current.luma, x, y));
        let mode = if is_dc { Mode16x16::Dc } else { Mode16x16::Horizontal };
        let is_dc = self.chroma.is_dc(above(&current.chroma, x, y / 2));
        (mode, if is_dc { ChromaMode::Dc } else { ChromaMode::Horizontal })
    }
}

/// For each macroblock of a row whether its source is that of the one to its left.
pub(crate) fn find_repeats(context: &SliceContext<'_>, picture: &Picture<'_>, row: usize) -> Vec<bool> {
    let mut repeats = vec![false; context.grid.columns];
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    // A macroblock that reaches beyond the picture on the right is not compared; below, the last row is only repeated.
    let Some(bytes) = (width & !15).checked_sub(16) else { return repeats };
    let mut differences = vec![0; bytes];
    let (top, bottom) = (row * 16, (row * 16 + 16).min(height));
    for (plane, top, bottom) in [(picture.luma, top, bottom), (picture.chroma, top / 2, bottom / 2)] {
        let from = &plane.data[top * plane.stride..];
        context.instructions.run(FindDifferences {
            samples: Plane { data: from.get(16..).unwrap_or(&[]), ..plane },
            earlier: Plane { data: from, ..plane },
            rows: bottom - top,
            differences: &mut differences,
        });
    }
    for (repeats, block) in repeats[1..].iter_mut().zip(differences.as_chunks::<16>().0) {
        *repeats = *block == [0; 16];
    }
    repeats
}
