//! Macroblocks of P slices whose source has not changed: mostly skipped, now and then coded once more.

use crate::decision::ages::REFINEMENTS;
use crate::decision::mode_decision::Coding;
use crate::decision::motion_search::Division;
use crate::decision::slice::{Place, SliceEncoder};
use crate::prediction::motion::Reach;
use crate::prediction::neighbours::Vector;
use crate::prediction::reference::{Reconstruction, Samples};
use crate::residual::macroblock::{Predicted, SourceBlock};
use crate::simd::{difference_sum, equal_rows};
use crate::source::block::{Scratch, source_block};

impl SliceEncoder<'_> {
    /// A block that has stood still, but not for long, and whose P_Skip has vector zero.
    pub(crate) fn stand_still(&mut self, place: Place, codings: &mut [Coding; 2]) {
        let age = self.calm.age(place.index);
        if let Some(&(_, step)) = REFINEMENTS.iter().find(|(after, _)| *after == age) {
            let before = self.history.before();
            let mut scratch = Scratch { luma: [0; 256], chroma: [0; 128] };
            let source = source_block(&before, place, &mut scratch);
            if !self.is_close(source, place) {
                let mut kept = Predicted::EMPTY;
                kept.read(source);
                self.refine(place, kept.as_source(), self.qp.saturating_sub(step), codings);
                return;
            }
        }
        self.skip(place, Vector::ZERO);
    }

    /// A block that has not changed, but whose P_Skip would move it.
    pub(crate) fn keep_still(&mut self, place: Place, skip_vector: Vector) {
        if skip_vector.is_whole() && Reach::of(self.grid, place.column, place.row).contains(skip_vector) {
            if self.looks_the_same(place, skip_vector) {
                self.calm.put_off(place);
                self.skip(place, skip_vector);
                return;
            }
            if self.is_better_at(place, skip_vector) {
                self.copy_block(place, (0, skip_vector));
                self.calm.changed(place);
                self.skip(place, skip_vector);
                return;
            }
        }
        self.calm.put_off(place);
        let macroblock = self.inter_macroblock(place, &Division::whole((0, Vector::ZERO)));
        self.write_motion(place, macroblock);
    }

    /// Whether a block that has not changed is also seen where a vector points, and no worse than here.
    fn is_better_at(&self, place: Place, vector: Vector) -> bool {
        let before = self.history.before();
        if !self.is_exact(&before, place, (0, vector)) {
            return false;
        }
        let mut scratch = Scratch { luma: [0; 256], chroma: [0; 128] };
        let source = source_block(&before, place, &mut scratch);
        self.error_at(source, place, vector) <= self.error_at(source, place, Vector::ZERO)
    }

    /// Whether the first reference is the same at a whole-sample vector and here.
    fn looks_the_same(&self, place: Place, vector: Vector) -> bool {
        let Reconstruction { luma, chroma, .. } = self.references[0].picture;
        let (x, y) = (place.x() as isize, place.y() as isize);
        let (from_x, from_y) = (x + isize::from(vector.x / 4), y + isize::from(vector.y / 4));
        let same = |samples: &Samples, y: isize, from_y: isize, rows: usize| {
            let stride = samples.stride();
            equal_rows(samples.at(x, y), stride, samples.at(from_x, from_y), stride, 16, rows)
        };
        same(luma, y, from_y, 16) && same(chroma, y / 2, from_y / 2, 8)
    }

    /// Whether the first reference shows this block about as well as coding it once more would.
    fn is_close(&self, source: SourceBlock<'_>, place: Place) -> bool {
        let limit = if self.qp < 12 { 0 } else { 2 * u32::from(self.qp) };
        self.error_at(source, place, Vector::ZERO) <= limit
    }

    /// Sum of absolute differences to the first reference at a whole-sample vector.
    fn error_at(&self, source: SourceBlock<'_>, place: Place, vector: Vector) -> u32 {
        let reference = self.references[0].picture;
        let x = place.x() as isize + isize::from(vector.x / 4);
        let y = place.y() as isize + isize::from(vector.y / 4);
        let (luma, chroma) = (reference.luma.at(x, y), reference.chroma.at(x, y / 2));
        difference_sum(source.luma, source.luma_stride, luma, reference.luma.stride(), 16)
            + difference_sum(source.chroma, source.chroma_stride, chroma, reference.chroma.stride(), 8)
    }
}
